/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the engine. Everything here is touched by one thread: loop 0 of the server that speaks the
 * Runtime API.
 */
#ifndef WEIR_FN_INT_H
#define WEIR_FN_INT_H

#include "base/buf.h"
#include "fn/fn.h"
#include "net/server.h"

#define TICK_MS 5            /* how often time limits are looked at while somebody runs */
#define FREEZE_MS 20         /* idle that long: frozen */
#define IDLE_MS 600000       /* idle that long: ended */
#define LINE_BYTES_MAX (256u * 1024)
#define PORT_SLOTS 1024      /* of the table of workers by port */
#define WORKER_UID_FIRST 70000

struct pool_of_version;

enum worker_state { WORKER_STARTING, WORKER_IDLE, WORKER_BUSY, WORKER_ENDING };

struct worker {
    struct link link;            /* in its pool's list: idle ones first */
    struct worker *next_by_port; /* in the engine's table */
    struct pool_of_version *pool; /* whose */
    struct fn *fn;               /* the engine */
    uint64_t id;                 /* the keeper's */
    enum worker_state state;
    bool frozen;                 /* has no processor time now */
    bool gone;                   /* the keeper said so: to be freed */
    bool answered;               /* BUSY: the response has come, next has not */
    bool retire;                 /* ends as soon as it is idle */
    bool first;                  /* its first invocation: a cold start */
    uint16_t port;               /* of its Runtime API */
    struct listener *listener;   /* there */
    struct exchange *waiting;    /* its "next", unanswered; NULL: none */
    struct fn_invocation *invocation; /* BUSY: what it works at */
    uint64_t since_ns;           /* when its state began */
    uint64_t init_ns;            /* how long its beginning took */
    uint64_t deadline_ns;        /* BUSY, STARTING: it must be done by then */
    struct str failure;          /* why it ends, owned; a JSON document */
    char stream[80];             /* its log stream */
    int out_fd;                  /* its output */
    uv_poll_t *out_poll;         /* watches it */
    struct buf line;             /* an unfinished line */
    struct buf answer;           /* BUSY: a streamed response so far */
    bool streams;                /* BUSY: the response comes in pieces */
    uint64_t streamed;           /* BUSY: bytes of them so far */
    struct exchange *held;       /* BUSY: its response, which is to come no faster; NULL: none */
    struct link extensions;      /* extension.c's: those that registered */
};

/* All workers and waiting invocations of one version. */
struct pool_of_version {
    struct link link;            /* in the engine's list */
    struct fn_version *version;  /* held */
    struct link workers;         /* all that are not gone */
    struct link waiting;         /* invocations, oldest first */
    uint32_t worker_count;       /* of workers */
    uint32_t starting;           /* of them, not idle yet */
    uint32_t waiting_count;      /* of waiting */
    uint32_t kept;               /* as many stay although they are idle (provisioned) */
    bool forgotten;              /* freed with its last worker */
};

struct fn {
    struct fn_options options;   /* texts copied */
    struct server *server;       /* the Runtime API */
    struct loop *loop;           /* its loop 0: the engine's thread */
    struct link pools;           /* struct pool_of_version */
    struct worker *by_port[PORT_SLOTS]; /* chains */
    uint32_t worker_count;       /* of all pools */
    uint32_t waiting_count;      /* of all pools */
    uint64_t next_id;            /* the keeper's next */
    uint64_t streams;            /* log streams made so far */
    uv_poll_t keeper_poll;       /* watches the keeper */
    struct loop_timer *tick;     /* NULL: nobody runs */
    struct http_app app;         /* the Runtime API's */
    bool stopping;               /* nothing new begins */
    bool told;                   /* what the kernel does not allow was logged */
    char *python, *python_prefix, *node, *node_prefix; /* interpreters; NULL: none */
    char *root;                  /* mount point */
    char *runtime_dir;           /* weir's bootstraps */
};

/* ---- pool.c: who works at what ---- */

struct pool_of_version *pool_of(struct fn *fn, struct fn_version *version); /* found or made */
void pool_run(struct fn *fn, struct pool_of_version *pool); /* hands out, starts workers */
void pool_idle(struct fn *fn, struct worker *worker);       /* it asks for the next */
void pool_gone(struct fn *fn, struct worker *worker);       /* it ended: freed */
void pools_tick(struct fn *fn);                             /* time limits */
void pools_end(struct fn *fn);                              /* all of them, at once */
void invocation_end(struct fn_invocation *invocation, enum fn_outcome outcome, struct str answer);

/* ---- worker.c: one worker's life ---- */

status worker_start(struct fn *fn, struct pool_of_version *pool, struct why *why);
struct worker *worker_of_port(struct fn *fn, uint16_t port);  /* NULL: none */
struct worker *worker_of_id(struct fn *fn, uint64_t id);      /* NULL: none */
void worker_give(struct fn *fn, struct worker *worker, struct fn_invocation *invocation);
/* The response (or error) of what it works at. */
void worker_answer(struct fn *fn, struct worker *worker, enum fn_outcome outcome,
                   struct str answer);
/* It is to end, at once; failure: what its invocation fails with, a JSON document. */
void worker_end(struct fn *fn, struct worker *worker, struct str failure);
void worker_ended(struct fn *fn, struct worker *worker, const struct keeper_news *news);
void worker_free(struct fn *fn, struct worker *worker);

/* ---- environment.c: what a worker is started with ---- */

status runtimes_find(struct fn *fn, struct why *why);
void runtimes_done(struct fn *fn);
status worker_spawn(struct fn *fn, struct worker *worker, int out_fd, struct why *why);

/* ---- output.c: what workers say ---- */

status output_open(struct fn *fn, struct worker *worker, int *ret_write_fd, struct why *why);
void output_close(struct worker *worker);
void output_drain(struct fn *fn, struct worker *worker);   /* what is there now */
void output_begin(struct fn *fn, struct worker *worker);   /* START */
void output_end(struct fn *fn, struct worker *worker, const char *status); /* END, REPORT */
void output_say(struct fn *fn, struct worker *worker, struct str line);

/* ---- runtime_api.c ---- */

void runtime_api_init(struct fn *fn);
/* Hands the invocation to the "next" that waits. */
void runtime_api_give(struct worker *worker);
void runtime_api_flow(struct worker *worker); /* its response may go on; fine when it is not held */

/* ---- extension.c: the Extensions and Telemetry APIs ---- */

/* Whether the path is one of theirs: then it is answered, or parked. */
bool extension_request(struct worker *worker, struct exchange *x);
void extensions_tell(struct worker *worker, struct str event); /* JSON, to who registered for it */
bool extension_gone(struct worker *worker, const struct exchange *x); /* it was one of theirs */
void extensions_done(struct worker *worker);

#endif
