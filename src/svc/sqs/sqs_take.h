/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking messages out of a queue: who takes (ReceiveMessage, the bus) says how many, and gets each
 * one as it goes in flight.
 */
#ifndef WEIR_SVC_SQS_TAKE_H
#define WEIR_SVC_SQS_TAKE_H

#include "svc/sqs/sqs_rows.h"

/* A message on its way out. */
struct given {
    const struct message *message; /* received already */
    struct content content;        /* of it */
    struct received received;      /* with this time */
};

/* One go at taking messages. */
struct taking {
    struct queue *queue;              /* from where */
    size_t count, count_max;          /* messages taken, and at most */
    uint64_t bytes_left;              /* of contents; the first message may be larger */
    int64_t visibility_ms;            /* in flight for so long */
    size_t burials_left;              /* messages that may still be buried */
    size_t burial_bytes_left;         /* and their bytes */
    /* Whether messages of that group are taken; NULL: of all. FIFO only. */
    bool (*wanted)(void *arg, struct str group);
    void *arg;                        /* wanted's */
    void (*give)(struct call *c, struct taking *taking, const struct given *given);
    void *to;                         /* give's own */
};

/* Burials and bytes: as many as one go may; the rest is the caller's. */
void taking_init(struct taking *taking, struct queue *queue);
/* What is there and not held, in order; false: nothing. The queue's next moment is armed. */
bool messages_take(struct call *c, struct taking *taking);
/* A message goes in flight, with the receipt it has. */
void message_give(struct call *c, struct taking *taking, struct message *message);

#endif
