/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs, in memory only: functions while something of them runs or waits, their versions as the
 * engine knows them, invocations on their way.
 *
 * Invariants
 *   1. Everything is touched in the cell, but for a run's way between gate and done: the lists
 *      gated, ended and pieces are the lock's; threads that sync and the engine's put runs there.
 *   2. A run is counted (function->running) from run_start() until its done was called.
 *   3. A version is not ready while a thread looks for its folders; runs wait in its list. One that
 *      was replaced or deleted is not found any more; its runs go on.
 */
#ifndef WEIR_SVC_LAMBDA_LIVE_H
#define WEIR_SVC_LAMBDA_LIVE_H

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "cell/doing.h"
#include "svc/lambda/run.h"
#include "sys/thread.h"

#include <stdatomic.h>

/* Texts that what runs keeps: a copy, and its end. */
static inline struct str owned(struct str s)
{
    return s.bytes == 0 ? STR_NONE : str_of(mem_dup(s.at, s.bytes), s.bytes);
}

static inline void owned_free(struct str s)
{
    mem_free((void *)(uintptr_t)s.at);
}

#define LIVE_FUNCTIONS_MAX 100000
#define LIVE_ACCOUNTS_MAX 10000  /* accounts and regions; those beyond are not limited */
#define LIVE_VERSIONS_MAX 32     /* of one function; beyond it the oldest makes room */

struct journal;
struct lane;
struct lanes;
struct output;

struct live_function {
    struct str key;              /* "account/region/name", owned */
    uint32_t running;            /* invocations on their way */
    bool refused;                /* somebody found its concurrency used up */
    bool reserved_known;         /* reserved was looked up */
    int64_t reserved;            /* ReservedConcurrentExecutions; -1: none */
    struct link versions;        /* struct live_version, oldest first */
    uint32_t version_count;      /* of them */
    struct lane *lane;           /* async.c's: what waits; NULL: nothing */
};

/* Of an account in a region. */
struct live_account {
    uint32_t unreserved;         /* runs of functions without reserved concurrency */
};

struct live_version {
    struct link link;            /* in its function's list */
    struct live_function *function; /* whose */
    struct live *live;           /* where */
    struct str qualifier;        /* "$LATEST" or its number, owned */
    uint64_t serial;             /* its row's */
    uint64_t gate;               /* position by which its row is durable */
    struct fn_version *version;  /* held; complete when ready */
    bool ready;                  /* its folders and keys are there */
    bool stale;                  /* replaced or deleted before it was ready */
    int64_t expires_ms;          /* of its keys; 0: never */
    uint32_t kept;               /* workers that stay: provisioned concurrency */
    struct link waiting;         /* runs, while it is not ready */
};

struct live {
    struct lambda *lambda;       /* whose */
    struct cell *cell;           /* where */
    struct journal *journal;     /* the cell's */
    struct map *functions;       /* "account/region/name" → struct live_function */
    struct map *accounts;        /* "account/region/all" → struct live_account */
    struct lanes *lanes;         /* async.c's: events that wait */
    struct output *output;       /* output.c's: log lines on their way */
    bool runs;                   /* the engine may be asked */
    uint32_t count;              /* runs on their way, of all */
    uint64_t bytes;              /* of their payloads */
    const char *reason;          /* of the last LAMBDA_TOO_MANY_REQUESTS */
    struct timer begin;          /* this turn's end: runs that began in it get their gate */
    struct link fresh;           /* those */
    struct timer refused;        /* this turn's end: runs ended in the cell itself */
    struct lock lock;            /* of what follows */
    struct fn *fn;               /* the engine; NULL: not yet, or not any more */
    bool closing;                /* nothing goes to the engine any more; set in the cell, too */
    struct link gated;           /* runs that wait for the journal */
    _Atomic uint32_t gated_count; /* of gated: looked at without the lock */
    struct link ended;           /* runs that the engine is done with */
    struct link pieces;          /* runs with new pieces */
};

struct run {
    struct fn_invocation invocation; /* the engine's view; its texts lie behind this struct */
    struct link link;            /* in its version's waiting, fresh, gated or ended */
    struct link piece_link;      /* in pieces */
    struct live *live;           /* where */
    struct live_function *function; /* counted there; NULL: done */
    struct live_account *account; /* counted there; NULL: its concurrency is reserved */
    uint64_t gate;               /* position that must be durable first; 0: this turn's last */
    struct buf pieces;           /* the lock's: streamed */
    size_t pieces_taken;         /* the lock's: of them */
    char content_type[128];      /* the lock's: of the stream */
    bool held;                   /* the lock's: no more comes until some was taken */
    bool dropped;                /* the lock's: nobody takes any */
    void (*piece)(struct cell *cell, struct run *run); /* the maker's, or NULL */
    void (*done)(struct cell *cell, struct run *run);  /* the maker's */
    void *user;                  /* the maker's */
};

/* run.c */
status live_open(struct lambda *lambda, struct cell *cell); /* lambda->live, whatever it says */
void live_settle(struct live *live);          /* outside the cell: nothing begins any more */
void live_close(struct live *live);           /* NULL is fine */
void run_go(struct run *run);                 /* its version is ready: to its gate */
void run_refuse(struct run *run, struct str why); /* in the cell: it ends without having run */

bool live_engine(struct call *c);             /* the engine is there, or was started now */

/* live.c */
struct live_function *live_function_find(struct live *live, const struct target *target);
/* Found or made; NULL: LIVE_FUNCTIONS_MAX are there. */
struct live_function *live_function_of(struct live *live, const struct target *target);
struct live_account *live_account_of(struct live *live, const struct target *target); /* or NULL */
/* Frees it when nobody needs it any more. */
void live_function_idle(struct live *live, struct live_function *function);
int64_t live_reserved(struct call *c, struct live_function *function,
                      const struct target *target);
/* The version as the engine knows it, made when it is new. */
struct live_version *live_version_of(struct call *c, struct live_function *function,
                                     const struct version *version);
void live_functions_free(struct live *live);
/* Functions may run now: those with provisioned concurrency get their workers. */
void live_provision_all(struct call *c);
/* Who found no concurrency free looks again. */
void live_wake_refused(struct live *live, struct live_function *function);

#endif
