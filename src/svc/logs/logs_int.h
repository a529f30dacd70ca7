/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside CloudWatch Logs: groups, streams, events. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Groups and their subscription filters are in memory and mirror the store: changed in the
 *      same handler that stages the change. Streams, of which there may be any number, are rows
 *      only.
 *   2. A group's events are one log of the store, in the order of their arrival, as *chunks*:
 *      events of one stream within one second. Index rows say which chunks a second has, of the
 *      group and of each stream (event.h). Reading by time costs what it reads.
 *   3. Numbers of groups and streams are never used again. What was deleted is out of reach at
 *      once, because nothing leads from a name to its number any more; its rows are swept later.
 *   4. What a subscription filter lets through is handed to its destination in the entry that has
 *      the events.
 */
#ifndef WEIR_SVC_LOGS_INT_H
#define WEIR_SVC_LOGS_INT_H

#include "base/map.h"
#include "base/time.h"
#include "cell/call.h"
#include "svc/logs/filter.h"
#include "svc/logs/logs.h"

#define GROUPS_MAX 100000
#define SUBSCRIPTIONS_MAX 2           /* of a group */
#define METRIC_FILTERS_MAX 100        /* of a group */
#define REGEX_FILTERS_MAX 5           /* filters of a group that have regular expressions */
#define TAGS_MAX 50
#define TAGS_TOLD 100                 /* remembered for policies that are asked */
#define RESOURCE_POLICIES_MAX 10      /* of an account in a region */
#define QUERY_DEFINITIONS_MAX 1000
#define DESTINATIONS_MAX 1000
#define PAGE_DEFAULT 50
#define STREAM_NAMES_MAX 100          /* asked for at once */
#define EVENT_EXTRA_BYTES 26          /* what AWS counts for an event beside its message */
#define BATCH_BYTES_MAX (1024u * 1024)
#define BATCH_EVENTS_MAX 10000
#define READ_BYTES_MAX (1024u * 1024) /* of a page of events */
#define READ_EVENTS_MAX 10000
#define TOO_NEW_MS (2 * MS_PER_HOUR)
#define TOO_OLD_MS (14 * MS_PER_DAY)
#define LOGS_NAME_BYTES_MAX 512
#define TIME_MS_MAX INT64_C(9999999999999) /* 13 digits: the year 2286 */

extern const struct error LOGS_INVALID, LOGS_EXISTS, LOGS_NOT_FOUND, LOGS_LIMIT, LOGS_ABORTED,
    LOGS_OPERATION, LOGS_TAGS, LOGS_UNAVAILABLE, LOGS_VALIDATION;

enum group_class { CLASS_STANDARD, CLASS_INFREQUENT, CLASS_DELIVERY, CLASS_ESSENTIALS };

/* A subscription filter. */
struct subscription {
    struct str name;           /* owned */
    struct str pattern;        /* owned */
    struct str destination;    /* ARN; owned */
    struct str role;           /* ARN; may be empty; owned */
    bool random;               /* Distribution Random, else ByLogStream */
    int64_t created_ms;
    struct filter *filter;     /* of pattern; owned */
};

struct group {
    struct str account, region, name; /* owned */
    uint64_t log;              /* its chunks; also its number */
    int64_t created_ms;
    uint32_t retention_days;   /* 0: for ever */
    uint8_t class;             /* enum group_class */
    bool protected;            /* deletionProtectionEnabled */
    struct str key_id;         /* KMS key; empty: none; owned */
    uint32_t metric_filters;   /* how many there are */
    struct subscription *subscriptions[SUBSCRIPTIONS_MAX]; /* by name */
    size_t subscription_count; /* of them */
    int64_t expires_ms;        /* not before then has it anything to expire; 0: not known */
};

/* The service's state. */
struct log_groups {
    struct cell *cell;         /* whose service this is */
    struct map *groups;        /* "account/region/name" → struct group */
    uint64_t stream_last;      /* number given last to a stream */
    struct waiters tails;      /* who waits for events of any group */
    bool export_runs;          /* export.c's thread is there */
    struct str told[TAGS_TOLD]; /* guard.c's: tags that policies asked for; owned */
    size_t told_next;          /* how many were told */
};

static inline struct log_groups *groups_of(const struct call *c)
{
    return c->state;
}

/* A stream as its row says; lies in a call's arena. */
struct stream {
    struct group *group;       /* whose it is */
    uint64_t number;           /* its own */
    struct str name;           /* unique in its group */
    int64_t created_ms;
    int64_t last_ms;           /* of its newest event; -1: it had none */
    int64_t ingested_ms;       /* when its last events came; -1: none did */
};

/* ---- text.c ---- */

void text_set(struct str *owned, struct str text);
/* A list's page token, from the last name told and back: InvalidParameterException. */
struct str token_of(struct call *c, struct str name);
status token_read(struct call *c, const char *member, struct str *ret_name); /* empty: none */
struct str uuid_new(struct call *c);
size_t limit_of_call(struct call *c, const char *member, size_t fallback);

/* ---- group.c ---- */

struct group *group_new(struct str account, struct str region, struct str name);
void group_free(struct group *group);
bool group_enter(struct log_groups *logs, struct group *group); /* false: too many */
void group_remove(struct log_groups *logs, struct group *group); /* and frees it */
struct group *group_find(const struct log_groups *logs, struct str account, struct str region,
                         struct str name); /* NULL: none */
/* By logGroupName: ResourceNotFoundException. */
status group_of_call(struct call *c, struct group **ret_group);
/* By a name or an ARN, with or without ":*" at its end. */
status group_of_identifier(struct call *c, struct str identifier, struct group **ret_group);
/* By logGroupName or logGroupIdentifier, of which there is to be one. */
status group_of_either(struct call *c, struct group **ret_group);
/* By an ARN, or by a name: of the call's account and region, or the only one; NULL: none. */
struct group *group_anywhere(struct call *c, struct str name);
struct str group_arn(struct call *c, const struct group *group); /* without ":*" */
struct str stream_arn(struct call *c, const struct stream *stream);
struct str class_text(uint8_t class);
uint8_t class_of(struct str text); /* empty: STANDARD */
/* Events before that moment are not there any more. */
int64_t group_horizon_ms(const struct call *c, const struct group *group);
void subscription_free(struct subscription *subscription);
struct subscription *subscription_find(const struct group *group, struct str name);
/* Made and staged. */
struct group *group_create(struct call *c, struct str name, uint8_t class);
status stream_create(struct call *c, struct group *group, struct str name,
                     struct stream *ret_stream);
/* By its name: ResourceNotFoundException. */
status stream_of_name(struct call *c, struct group *group, struct str name,
                      struct stream *ret_stream);

/* ---- expire.c ---- */

/* What is older than groups keep, and rows of what was deleted. */
void logs_expire(struct call *c);
/* A step of sweeping soon, and again until nothing is left. */
void sweep_soon(struct call *c);
status logs_timer(struct call *c, struct str name, struct str payload);

/* ---- subscription.c ---- */

struct put;
/* What the group's subscription filters let through goes to their destinations. */
void subscriptions_give(struct call *c, const struct put *put);
/* There is such a destination: InvalidParameterException. Then: it hears that it is one now. */
status subscription_check(struct call *c, const struct group *group,
                          const struct subscription *subscription);
void subscription_greet(struct call *c, const struct group *group,
                        const struct subscription *subscription);
/* What it is called in traces and holds: the group's ARN, ":subscription-filter:" and its name. */
struct str subscription_arn(struct call *c, const struct group *group,
                            const struct subscription *subscription);
void subscriptions_join_bus(struct cell *cell);
/* Where a destination of PutDestination leads to; STR_NONE: it is not there. */
struct str destination_target(struct call *c, const struct arn *arn);

/* ---- sink.c, guard.c ---- */

void logs_join_bus(struct cell *cell);
void logs_join_policies(struct cell *cell);

#endif
