/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything with an ARN can be a sink. Services never call each other: whoever has an event hands it
 * to the bus by the target's ARN, inside its own call; the target's service stages what it makes of
 * it in the same txn. So an object, its notification, the topic's fan-out and every queue message
 * are one journal entry.
 */
#ifndef WEIR_BUS_SINK_H
#define WEIR_BUS_SINK_H

#include "cell/call.h"

#define BUS_DEPTH_MAX 8          /* hand-offs inside one another: topic to queue to … */
#define BUS_ATTRIBUTES_MAX 32

struct bus_attribute {
    struct str name;  /* "Attribute" */
    struct str type;  /* "String", "Number", "Binary", "String.Array", "Number.int" */
    struct str value; /* text, or the bytes of a Binary */
};

/* One event on its way. Strings live as long as the call; the taker copies what it keeps. */
struct bus_event {
    struct str target;       /* ARN of the sink */
    struct str source;       /* ARN of what sends: a bucket, a topic, a rule */
    struct str principal;    /* the sending service: "sns.amazonaws.com" */
    struct str via;          /* ARN of what joins both (a subscription), for holds and traces */
    struct str account;      /* of source, 12 digits; the bucket's ARN does not say it */
    struct str body;         /* text as the sink's consumer will see it */
    struct str subject;      /* a topic's Subject; STR_NONE: none */
    struct str group;        /* FIFO: message group; STR_NONE: not FIFO */
    struct str deduplication; /* FIFO: de-duplication id; STR_NONE: of the content, if allowed */
    struct str key;          /* a bucket: the object's key; a stream: the partition key */
    struct str about;        /* what it tells of, for traces: an object's key, a message's id */
    struct str dead;         /* ARN of who gets it when the target refuses it; STR_NONE: nobody */
    const struct call_body *content; /* a bucket: a large content instead of body; NULL: body */
    bool allowed;            /* who asked for it may do it: the target's policy is not asked */
    bool quiet;              /* no hop tells of it: logs, which are many and tell of themselves */
    const struct bus_attribute *attributes; /* message attributes; a bucket: headers of the PUT */
    size_t attribute_count;  /* at most BUS_ATTRIBUTES_MAX */
};

struct sink {
    const char *service; /* as ARNs have it: "sqs" */
    /* There is such a target and it may take from event->source (body and the rest may be empty):
     * OK, or one of the errors below with c->why. Stages nothing. */
    status (*check)(struct call *c, const struct bus_event *event);
    /* Stages what the event becomes; has staged nothing when it does not answer OK. */
    status (*take)(struct call *c, const struct bus_event *event);
    /* What the service sent as that source (event->source, body and target as sent) was taken, and
     * given up later, in this txn; c is the source's. NULL: nobody wants to know. */
    void (*given_up)(struct call *c, const struct bus_event *event, struct str why);
};

extern const struct error BUS_NO_TARGET;   /* nothing of that ARN, or of a service not there */
extern const struct error BUS_REFUSED;     /* the target's policy or kind does not take it */
extern const struct error BUS_BUSY;        /* throttled, held, not ready: later is of use */
extern const struct error BUS_TOO_LARGE;   /* larger than the target takes */

/* In a service's open(). Inside check and take, c->state is the sink's service's state and
 * c->account and c->region are the target's; c->txn, c->now, c->arena are the sender's. */
void bus_sink_add(struct cell *cell, const struct sink *sink);

/* Checks, then takes, notes the hop; what is held (event->via) is kept until released and counts as
 * taken. Anything but OK: the target staged nothing, c->why says why, c is otherwise as before, and
 * event->dead got the event. The hop notes a refusal too, so that nobody wonders where an event
 * went; so whoever was refused goes on, and does not fail. */
status bus_send(struct call *c, const struct bus_event *event);
status bus_check(struct call *c, const struct bus_event *event);
/* For a sink that took an event and cannot do what it stands for. */
void bus_given_up(struct call *c, const struct bus_event *event, struct str why);

#endif
