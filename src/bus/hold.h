/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds: a queue, a message group, a subscription, a function … can be held and released, whole or
 * by key. What is held waits durably; nothing is lost, others flow. A hold is a row of the store
 * ("bus", "hold", kind, ARN, key) and a line in memory; asking is a hash lookup, and none at all
 * while there are no holds. What is kept for a held subscription is bounded by the disk, whose
 * reserve answers 503 before it is full.
 */
#ifndef WEIR_BUS_HOLD_H
#define WEIR_BUS_HOLD_H

#include "cell/call.h"

#define HOLDS_MAX 100000
#define HOLD_KEYS_MAX 10000 /* of one thing */
#define HOLD_KEY_BYTES_MAX 1024

enum hold_kind {
    HOLD_QUEUE = 1,    /* nothing is handed out; sends accumulate */
    HOLD_GROUP,        /* key: the message group of a FIFO queue */
    HOLD_SUBSCRIPTION, /* events wait with the bus until released */
    HOLD_FUNCTION,
    HOLD_MAPPING,      /* key: a shard or record key; empty: all of it */
    HOLD_ROUTE,
};

/* Held as a whole, or (key not empty) that key of it. */
bool hold_on(struct call *c, enum hold_kind kind, struct str arn, struct str key);
/* Any hold on some key of it: what is drained key by key looks closer only then. */
bool hold_on_any_key(struct call *c, enum hold_kind kind, struct str arn);

/* In a service's open(): told, in the releasing or holding call, after a hold of that kind came or
 * went (to wake who waits; of a kind with several owners, the first). find turns a NAME as people
 * type it (queue name, URL, ARN) into an ARN: OK, or ERR_NOT_FOUND, and the next owner is asked.
 * c->state is the service's in both. */
struct hold_owner {
    enum hold_kind kind; /* that it can say something about */
    const char *service; /* whose state c->state is: "sqs" */
    status (*find)(struct call *c, struct str name, struct str *ret_arn);
    void (*changed)(struct call *c, struct str arn, struct str key, bool held); /* or NULL */
};
/* It is gone for ever: so are its holds, of every key, and what was kept for it. */
void hold_forget(struct call *c, enum hold_kind kind, struct str arn);
void hold_owner_add(struct cell *cell, const struct hold_owner *owner);

#endif
