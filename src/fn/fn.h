/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine of functions: workers (confined processes that speak the Lambda Runtime API), kept
 * warm, given one invocation at a time, frozen in between, ended when they are too slow, too large
 * or no longer wanted. It knows nothing of the cell: invocations come from any thread and are told
 * done on the engine's own.
 *
 *   fn_submit ──► waiting ──► a worker ──► done(invocation)
 *                    └── a new worker is started when all are busy, up to workers_max in all
 *
 * A worker:
 *
 *   STARTING ──next──► IDLE ──invocation──► BUSY ──response, then next──► IDLE
 *      │                └─ frozen after FREEZE_MS, ended after IDLE_MS     │
 *      └──init error, exit, init time over──► ENDING ◄──exit, time over────┘
 *
 * Sources: Lambda developer guide, "Lambda runtime API", "Understanding the Lambda execution
 * environment lifecycle", "Configuring Lambda function timeout".
 */
#ifndef WEIR_FN_FN_H
#define WEIR_FN_FN_H

#include "base/error.h"
#include "base/list.h"
#include "base/str.h"
#include "sys/clock.h"
#include "sys/keeper.h"
#include "sys/loop.h"

#define FN_WORKERS_MAX 512
#define FN_PAYLOAD_BYTES_MAX (6u * 1024 * 1024) /* synchronous, in and out */
#define FN_STREAM_BYTES_MAX (200u * 1024 * 1024) /* of a streamed response */
#define FN_WAITING_MAX 100000                   /* invocations that have no worker yet */
#define FN_INIT_MS 10000                        /* a worker's own beginning may take this long */
#define FN_TAIL_BYTES 4096                      /* LogResult */
#define FN_VARIABLES_MAX 256                    /* of a version's environment */

struct fn;

struct fn_variable {
    struct str name, value;      /* owned by the version */
};

/* A version of a function as it runs: counted, never changed. Texts are its own. */
struct fn_version {
    unsigned count;              /* who holds it; atomic access only */
    struct str account, region;  /* whose and where */
    struct str arn;              /* qualified with the version's number, but for $LATEST */
    struct str name;             /* of the function */
    struct str version;          /* "$LATEST", "3" */
    struct str runtime;          /* "python3.12", "nodejs20.x", "provided.al2023" */
    struct str handler;          /* "module.function" */
    struct str code_dir;         /* the unpacked package, a folder outside */
    struct str opt_dir;          /* the unpacked layers; empty: none */
    struct str log_group;        /* "/aws/lambda/NAME" */
    bool log_json;               /* LogFormat JSON */
    uint32_t timeout_ms;         /* of an invocation */
    uint32_t memory_mb;          /* at most so much */
    uint32_t tmp_mb;             /* EphemeralStorage */
    struct fn_variable *variables; /* as set by the user, and the role's credentials */
    size_t variable_count;       /* at most FN_VARIABLES_MAX */
};

struct fn_version *fn_version_new(void);                  /* held once, empty */
void fn_version_variable(struct fn_version *version, struct str name, struct str value);
struct fn_version *fn_version_hold(struct fn_version *version);
void fn_version_drop(struct fn_version *version);         /* NULL is fine */

/* How an invocation went. */
enum fn_outcome {
    FN_ANSWERED,   /* answer is what the handler returned */
    FN_FAILED,     /* answer is the error's document: FunctionError Unhandled */
    FN_NOT_RUN,    /* there is no worker for it: answer says why; nothing of the handler ran */
};

/* One invocation. Made by who wants it, who keeps it until done was called. */
struct fn_invocation {
    struct fn_version *version;  /* held */
    char request_id[36];         /* a UUID, told to the handler */
    struct str payload;          /* the event; lives as long as the invocation */
    struct str client_context;   /* JSON; empty: none */
    struct str trace;            /* X-Ray header; empty: none */
    struct str invoked_arn;      /* as it was invoked */
    bool tail;                   /* the log's last bytes are wanted */
    /* On the engine's thread: a piece of a streamed response; NULL: it is wanted whole. False: the
     * worker is held back until fn_flow(); a piece that is on its way may still come. */
    bool (*piece)(struct fn_invocation *invocation, struct str content_type, struct str piece);
    /* On the engine's thread, once. */
    void (*done)(struct fn_invocation *invocation);
    void *user;                  /* the maker's own */
    enum fn_outcome outcome;     /* from here on: set before done */
    char *answer;                /* owned; of answer_bytes */
    size_t answer_bytes;
    char log_tail[FN_TAIL_BYTES]; /* the last of what it logged */
    size_t log_tail_bytes;
    uint64_t took_us;            /* the handler's time */
    struct link link;            /* the engine's: among the waiting */
    struct loop_work work;       /* the engine's: on its way there */
    struct fn *fn;               /* the engine's */
};
void fn_invocation_done_with(struct fn_invocation *invocation); /* frees answer, drops version */

/* One line of a log, on the engine's thread. */
struct fn_line {
    const struct fn_version *version; /* whose */
    struct str stream;           /* log stream: 2026/12/01/[$LATEST]0123… */
    int64_t at_ms;               /* weir's clock */
    struct str text;             /* without its end */
};

struct fn_options {
    struct keeper *keeper;       /* the caller's, for longer than the engine */
    const struct clock *clock;   /* for log lines */
    const char *dir;             /* a folder of the engine's own: runtimes, mount point */
    const char *python;          /* an interpreter; NULL: the newest found */
    const char *node;            /* the same */
    uint32_t workers_max;        /* 0: 64 */
    struct str endpoint;         /* AWS_ENDPOINT_URL inside */
    void (*log)(void *ctx, const struct fn_line *line);
    void (*turn)(void *ctx);     /* after every turn of the engine's thread, or NULL */
    void *ctx;                   /* of both */
};

status fn_start(const struct fn_options *options, struct why *why, struct fn **ret_fn);
/* Ends all workers; invocations under way and waiting are told FN_NOT_RUN. NULL is fine. */
void fn_stop(struct fn *fn);

/* From any thread. */
void fn_submit(struct fn *fn, struct fn_invocation *invocation);
/* More of the streamed response with that request id (36 characters, copied) may come; fine when
 * there is none any more. */
void fn_flow(struct fn *fn, const char *request_id);
/* Workers of that version end as soon as they are idle: it was replaced or deleted. */
void fn_forget(struct fn *fn, struct fn_version *version);
/* Starts workers of that version until there are so many (provisioned concurrency). */
void fn_prepare(struct fn *fn, struct fn_version *version, uint32_t count);

#endif
