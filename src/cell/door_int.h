/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the door: a visit is a task with its exchange.
 */
#ifndef WEIR_CELL_DOOR_INT_H
#define WEIR_CELL_DOOR_INT_H

#include "cell/cell_int.h"
#include "cell/door.h"
#include "wire/sigv4.h"

#define LOOPS_MAX 64

/* Where a visit is, as its loop sees it. */
enum visit_place {
    VISIT_BATCH,   /* read, waits for the loop's turn to end */
    VISIT_CELL,    /* parked in the cell, or posted back and not yet arrived */
    VISIT_GATE,    /* done, waits until what it saw is durable */
    VISIT_DRAIN,   /* a stream whose peer is slow */
};

struct visit {
    struct task task;            /* its way through the cell; first */
    struct exchange *x;          /* its request and answer */
    struct door_loop *home;      /* the loop it came from and is answered on */
    struct route route;          /* service, operation, protocol */
    enum visit_place place;
    bool head_sent;              /* streaming: the answer has begun */
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
    bool waiting;                /* atomic: wants to hear when something became durable */
    struct loop_work durable;    /* what it hears */
    struct sigv4_keys *keys;     /* derived signing keys */
    struct rand rand;            /* request ids */
};

struct door {
    struct cell *cell;             /* where calls run */
    struct journal *journal;       /* of its store: what the gate waits for */
    struct identities *identities; /* access keys */
    bool auth;                     /* signatures are checked */
    bool relaxed;                  /* every answer says that durability is relaxed */
    const char *version;           /* of weir */
    const char *ca_path;           /* the local authority's certificate, or NULL */
    struct http_app app;           /* what net calls */
    struct door_loop loops[LOOPS_MAX]; /* by the loop's index */
};

/* admin.c: answers /_weir/… */
bool admin_is(const struct http_request *request);
void admin_answer(struct door *door, struct exchange *x);

#endif
