/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the door: a visit is a task with its exchange.
 */
#ifndef WEIR_CELL_DOOR_INT_H
#define WEIR_CELL_DOOR_INT_H

#include "cell/cell_int.h"
#include "cell/buffers.h"
#include "cell/door.h"
#include "cell/identity.h"
#include "cell/intake.h"
#include "cell/send.h"
#include "wire/sigv4.h"

#define LOOPS_MAX 64

struct posted;

/* Where a visit is, as its loop sees it. */
enum visit_place {
    VISIT_INTAKE,  /* its body is on the way into a blob */
    VISIT_BATCH,   /* read, waits for the loop's turn to end */
    VISIT_CELL,    /* parked in the cell, or posted back and not yet arrived */
    VISIT_GATE,    /* done, waits until what it saw is durable */
    VISIT_DRAIN,   /* a stream whose peer is slow */
    VISIT_SEND,    /* its answer is being sent from blobs */
};

struct visit {
    struct task task;            /* its way through the cell; first */
    struct exchange *x;          /* its request and answer */
    struct door_loop *home;      /* the loop it came from and is answered on */
    struct route route;          /* service, operation, protocol */
    enum visit_place place;
    bool head_sent;              /* streaming: the answer has begun */
    struct intake *intake;       /* of a large body, or NULL */
    struct sending *sending;     /* of what call_send() named, or NULL */
    struct posted *posted;       /* the form it is, or NULL */
    struct link at_home;         /* in the home's batch or gated list */
    struct loop_work back;       /* brings it back to its home from another thread */
    char request_id[36];         /* a UUID */
};

struct door_loop {
    struct door *door;           /* whose */
    struct loop *loop;           /* known with its first request */
    struct link batch;           /* visits to run at the end of this turn */
    struct link gated;           /* visits waiting for the gate, oldest first */
    size_t gated_count;
    uint64_t gated_bytes;        /* of their bodies */
    bool waiting;                /* atomic: wants to hear when something became durable */
    bool told;                   /* atomic: durable is posted and has not run */
    struct loop_work durable;    /* what it hears */
    struct sigv4_keys *keys;     /* derived signing keys */
    struct sigv4_seed seed;      /* of the signature checked last: for what follows at once */
    struct rand rand;            /* request ids */
};

struct door {
    struct cell *cell;             /* where calls run */
    struct journal *journal;       /* of its store: what the gate waits for */
    bool auth;                     /* signatures are checked */
    bool relaxed;                  /* every answer says that durability is relaxed */
    const char *version;           /* of weir */
    const char *ca_path;           /* the local authority's certificate, or NULL */
    struct http_app app;           /* what net calls */
    struct pool *pool;             /* for bodies on their way in and out */
    struct buffers buffers;        /* for the same */
    uint32_t uploads;              /* atomic: bodies on their way in, INTAKE_UPLOADS_MAX at most */
    struct door_loop loops[LOOPS_MAX]; /* by the loop's index */
};

/* door.c */
void door_to_batch(struct visit *visit); /* runs at the end of this turn */

/* door_caller.c: who calls; with auth on the signature is checked. */
status door_identify(struct visit *visit, const struct http_request *request,
                     const struct sigv4 *sigv4);
void door_anonymous(struct call *c); /* it is nobody's, for all that weir knows */
/* Its pieces, for forms. Auth off: the key says who it is. */
void door_believe(struct call *c, struct arena *arena, struct str access_key);
/* Auth on: whose key and token, before the signature is checked, and after. */
status door_caller(struct call *c, const struct sigv4 *sigv4, struct why *why);
status door_caller_in_time(struct call *c, const struct sigv4 *sigv4, struct why *why);

/* door_answer.c: each ends the visit, door_stream_on() once the stream does. */
void door_answer_output(struct visit *visit);
void door_answer_error(struct visit *visit, status code);
void door_answer_nobody(struct visit *visit); /* its caller is gone */
void door_end_visit(struct visit *visit);     /* without saying anything */
void door_add_header(struct answer *answer, struct str name, struct str value); /* or replaces */
void door_stream_on(struct visit *visit); /* says what a streaming call has to say next */

/* page.c: makes the visit that page's, if its caller may see it. */
status page_begin(struct visit *visit, const struct page *page, const struct cell_service *slot);

/* The same for what no operation is for; the service that is asked, NULL: none that weir has. */
bool other_asked(struct door *door, struct exchange *x, struct route *ret_route,
                 const struct cell_service **ret_slot);
status other_begin(struct visit *visit, const struct cell_service *slot);

/* admin.c: answers /_weir/… */
bool admin_is(const struct http_request *request);
void admin_answer(struct door *door, struct exchange *x);

#endif
