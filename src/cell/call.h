/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler sees: one call of one operation, with everything it may use. A handler is a plain
 * function that runs to completion inside the cell, as if it were the only code in the world:
 *
 *     check everything → stage changes in c->txn → fill c->out → return OK
 *     or: return fail(c, &ERROR_LINE, "sentence") with nothing staged
 *
 * It takes time from c->now and chance from c->rand, never from the system. What must wait is
 * parked; it goes on later, again inside the cell.
 */
#ifndef WEIR_CELL_CALL_H
#define WEIR_CELL_CALL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "cell/arn.h"
#include "cell/body.h"
#include "cell/txn.h"
#include "net/http.h"
#include "sys/rand.h"
#include "wire/value.h"

struct cell;
struct fault_more;
struct identity;

/* A form that a browser posted. */
struct call_form {
    const struct http_header *fields; /* before its file, in order; names in lower case */
    size_t count;                     /* of them */
    struct str filename;              /* what the browser calls the file; empty: nothing */
    struct value *in;                 /* the call's, to be completed */
};

struct call {
    struct cell *cell;                 /* where it runs */
    struct arena *arena;               /* freed when the answer left; in a resumed call: fresh */
    struct txn *txn;                   /* reading and changing state */
    int64_t now;                       /* milliseconds since 1970; never goes back */
    struct rand *rand;
    struct str account;                /* 12 digits */
    struct str region;                 /* us-east-1 */
    struct str principal;              /* ARN of the caller */
    struct str access_key;             /* id, or empty when unsigned */
    const struct identity *identity;   /* of the access key; NULL: unsigned, or not known */
    bool verified;                     /* its signature was checked: auth is on */
    bool guarded;                      /* auth is on: it may what policies allow, authorize.h */
    struct str request_id;
    struct str trace;                  /* X-Amzn-Trace-Id as it came; empty: none */
    const struct http_request *request; /* as it came; NULL: weir's own doing */
    const struct operation *operation; /* what was asked; NULL: a page, a tick */
    const struct value *in;            /* checked against the model */
    struct value *out;                 /* to be filled; shaped as the operation's output */
    void *state;                       /* the service's own, from its open() */
    void *kept;                        /* a parked call's own notes; in an arena that outlives it */
    struct arena *keep;                /* lives as long as the whole call, parked or not */
    bool limits;                       /* --limits=aws: throttle as AWS would */
    const struct call_body *body;      /* a streaming payload, received; NULL: none */
    const struct call_form *form;      /* a browser's form, whose file is body; NULL: none */
    struct call_reply *reply;          /* what the model does not say about the answer, or NULL */
    struct str resource;               /* ARN of what is changed, for the journal; see call_on() */
    struct value *detail;              /* members of the error's shape, or NULL; fail_detail() */
    struct fault_more *more;           /* further elements of S3's errors, or NULL; fail_more() */
    size_t more_count;                 /* of them */
    struct why why;                    /* the error's sentence */
};

/* The caller's mistake, in AWS's words. */
status fail(struct call *c, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));
/* The exception's members beside its message, to be filled; code must be modelled. */
struct value *fail_detail(struct call *c, status code);

/* One more element of an S3 error, which models do not know: "BucketName", "Key". At most
 * CALL_MORE_MAX; the name is a constant. */
#define CALL_MORE_MAX 6
void fail_more(struct call *c, const char *element, struct str value);

/* What the journal says it does: the operation's name, or that of weir's own doing. */
struct str call_name(const struct call *c);

/* The ARN of something of this call's account and region. */
struct str call_arn(struct call *c, const char *service, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Names what is changed, for the journal. */
static inline void call_on(struct call *c, struct str resource)
{
    c->resource = resource;
}

/* Answers beyond the model. A header goes out with the answer or the error, at most
 * CALL_HEADERS_MAX; its strings live as long as the call's arena. */
void put_header(struct call *c, const char *name, struct str value);
/* The same beside others of that name, where put_header() comes in their place. */
void put_header_more(struct call *c, const char *name, struct str value);
/* The whole answer by hand instead of c->out: for pages, websites, forms. */
void call_answer(struct call *c, int http, const char *content_type, struct str body);
/* What follows the head: the streaming payload of the output, piece by piece. Blobs among the
 * extents are kept until they were sent, also when they are dropped meanwhile. */
void call_send(struct call *c, const struct call_extent *extents, size_t count);
/* What was said of the answer so far: call_answer()'s status (0: none), bytes of call_send(). */
int call_answered(const struct call *c);
uint64_t call_sends(const struct call *c);

/* A page's argument, from the query or a form's body; STR_NONE without. */
struct str page_arg(struct call *c, const char *name);

/* Arguments and answers, at the top level of the operation's input and output. */
static inline struct str arg_str(const struct call *c, const char *member)
{
    return get_str(c->in, member);
}
static inline bool arg_has(const struct call *c, const char *member)
{
    return has(c->in, member);
}
static inline int64_t arg_int(const struct call *c, const char *member, int64_t fallback)
{
    return get_int(c->in, member, fallback);
}
static inline bool arg_bool(const struct call *c, const char *member, bool fallback)
{
    return get_bool(c->in, member, fallback);
}
static inline const struct value *arg(const struct call *c, const char *member)
{
    return get(c->in, member);
}
static inline void put_str(struct call *c, const char *member, struct str s)
{
    set_str(c->out, member, s);
}
static inline void put_int(struct call *c, const char *member, int64_t number)
{
    set_int(c->out, member, number);
}
static inline void put_bool(struct call *c, const char *member, bool truth)
{
    set_bool(c->out, member, truth);
}
static inline void put_time(struct call *c, const char *member, int64_t moment_ms)
{
    set_time(c->out, member, moment_ms);
}
static inline struct value *put_struct(struct call *c, const char *member)
{
    return set_struct(c->arena, c->out, member);
}
static inline struct value *put_list(struct call *c, const char *member, size_t count_max)
{
    return set_list(c->arena, c->out, member, count_max);
}

/* Waiting. A list of parked calls belongs to what they wait for (a queue, a shard); its owner lives
 * in the service's state. */
struct waiters {
    struct link head; /* of parked calls */
};
void waiters_init(struct waiters *waiters);

/* Nothing leaves now. resume runs in the cell when on is woken or c->now reached until_ms,
 * whichever is first (on may be NULL); it may park again, or answer. Return OK right after it. */
void call_park(struct call *c, struct waiters *on, int64_t until_ms,
               status (*resume)(struct call *c));
/* Resumes every call parked there, still in this turn. */
void waiters_wake(struct cell *cell, struct waiters *waiters);
/* At most so many, those who wait longest first: each of them takes, or wakes the next. */
void waiters_wake_some(struct cell *cell, struct waiters *waiters, size_t count);
bool waiters_any(const struct waiters *waiters);
/* Long linear work (reading a large body, compressing) outside the cell: run happens on a worker
 * thread and touches nothing but what arg holds, blobs and files; then resume runs in the cell.
 * The caller of a gone call still gets its resume. Return OK right after it. */
void call_work(struct call *c, void (*run)(void *arg), void *arg,
               status (*resume)(struct call *c));
/* What the call comes to, in whichever step, goes to last, still in that step: it answers in its
 * place, or returns what it was given. For pages, which show errors in words of their own, and run
 * operations' handlers. Once; last may say it again, and may park and work. What failed has staged
 * nothing. */
void call_last(struct call *c, status (*last)(struct call *c, status result, void *arg),
               void *arg);
/* ended runs in the cell when the call is over: answered, failed, or its caller gone. */
void call_on_end(struct call *c, void (*ended)(struct call *c));

/* Event streams. The operation's handler fills c->out (the first message) and calls call_stream();
 * next then runs, in the cell, whenever the peer can take more. Each time it emits one event, or
 * parks (with itself or another resume), or does neither: then the stream ends. */
void call_stream(struct call *c, status (*next)(struct call *c));
/* An empty structure for that event, to be filled; sent when next returns. */
struct value *call_emit(struct call *c, const char *event);
/* A page's answer in pieces: call_answer() gives head and first piece, call_stream() the rest, each
 * run of next a piece that is not empty, in the call's arena. */
void call_emit_piece(struct call *c, struct str piece);

/* By which host the caller reached weir, "localhost:4566"; where nobody called (a stack's steps),
 * weir's own address. For links that are handed out. */
struct str call_host(const struct call *c);
struct str call_port(const struct call *c); /* ":4566" of it; empty: it has none */
bool call_tls(const struct call *c);

#endif
