/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources: what can be drained by ARN, as sinks are what can be filled. A queue hands out messages
 * that are then in flight; shards are read from a position on. Either gives each record as the JSON
 * text that a function's event carries, so whoever drains it knows no service.
 *
 * Nobody asks again and again: who drains a source watches it, and is woken when something arrived,
 * in the call in which it arrived. So it looks in a step of its own, after that call: set a timer
 * for now. While nobody watches anything, ringing costs one comparison.
 */
#ifndef WEIR_BUS_SOURCE_H
#define WEIR_BUS_SOURCE_H

#include "base/list.h"
#include "cell/call.h"

#define SOURCE_WATCHES_MAX 100000
#define SOURCE_PARENTS_MAX 4      /* of one shard */
#define SOURCE_RECORDS_MAX 10000  /* of one batch */

enum source_kind { SOURCE_QUEUE, SOURCE_SHARDS };

/* What an ARN names. */
struct source_about {
    enum source_kind kind;     /* how it is drained */
    bool fifo;                 /* a queue: ordered by group */
    int64_t visibility_ms;     /* a queue: what is taken is in flight for so long */
    bool by_time;              /* shards: they can be read from a moment of the caller's on */
};

/* One record; in the call's arena. */
struct source_record {
    struct str text;           /* as an event's Records have it, a JSON object */
    struct str data;           /* what its sender put into it: body, data; STR_NONE: see text */
    struct str id;             /* as a function reports it to have failed */
    struct str key;            /* partition key, message group; may be empty */
    struct str trace;          /* trace header that came with it; STR_NONE: none */
    uint64_t number;           /* its place in the queue or shard */
    uint32_t receipt;          /* a queue: of this taking */
    int64_t at_ms;             /* when it arrived */
};

/* What is wanted. */
struct source_ask {
    struct str arn;            /* of the source, as texts name it */
    struct str identity;       /* ARN of who reads, for texts that say it */
    size_t count_max;          /* at most SOURCE_RECORDS_MAX; 0: only look */
    uint64_t bytes_max;        /* of texts, but at least one record */
    /* Whether a record of that key is wanted, before more is done for it; NULL: all are. Of a queue
     * only groups of FIFO queues are asked about. */
    bool (*wanted)(void *arg, struct str key);
    void *arg;                 /* wanted's */
};

struct source_shard {
    struct str id;             /* as the service names it; in the call's arena */
    uint64_t number;           /* in its stream, for the functions below */
    uint64_t origin;           /* another for a shard of that number in a stream made anew */
    uint64_t parents[SOURCE_PARENTS_MAX]; /* numbers of those that came before it */
    size_t parent_count;       /* of them */
    bool closed;               /* nothing will be appended any more */
};

enum source_from { SOURCE_HORIZON, SOURCE_LATEST, SOURCE_AT_TIME };

struct source_start {
    enum source_from from;     /* the oldest record, behind the newest, the first at or after: */
    int64_t at_ms;             /* that moment */
};

/* Reading a shard; a position is the place of the next record, from 1. */
struct source_reading {
    uint64_t shard;            /* number */
    uint64_t next;             /* in: where to read; out: behind what was given or passed over */
    uint64_t before;           /* reads nothing at or behind it; 0: to the end */
    bool ended;                /* out: closed, and next is behind its last record */
    uint64_t lost;             /* out: records between next and the oldest one kept */
    uint64_t there;            /* out: records from next on, before before */
    int64_t until_ms;          /* out: when time alone may close it; INT64_MAX: never */
};

/* A service's table; inside its functions c->state is the service's own. Those of the other kind
 * are NULL. */
struct source {
    const char *service;       /* as ARNs have it: "sqs" */
    enum source_kind kind;     /* how it is drained */
    /* Where in a record's text, as filters see it, its data stands: within "kinesis" is "data". */
    const char *within, *data; /* NULL: the text itself; nowhere */
    /* The beginning of the ARN that rings, for all that are drained through it: of a stream's
     * consumer the stream. */
    struct str (*bell)(struct str arn);
    status (*about)(struct call *c, struct str arn, struct source_about *ret_about);

    /* A queue: takes what is there, at most ask->count_max; it is in flight until it is removed,
     * given back, or its visibility is over. What was received too often goes where the queue's
     * redrive policy says. */
    status (*take)(struct call *c, const struct source_ask *ask, struct source_record *ret_records,
                   size_t *ret_count);
    /* By number and receipt; what was received again since stays. */
    void (*remove)(struct call *c, struct str arn, const struct source_record *records,
                   size_t count);
    void (*give_back)(struct call *c, struct str arn, const struct source_record *records,
                      size_t count);
    size_t (*visible)(struct call *c, struct str arn); /* messages that could be taken */

    /* Shards, parents before children; in the call's arena. */
    status (*shards)(struct call *c, struct str arn, struct source_shard **ret_shards,
                     size_t *ret_count);
    status (*seek)(struct call *c, struct str arn, uint64_t shard,
                   const struct source_start *start, uint64_t *ret_next);
    status (*read)(struct call *c, const struct source_ask *ask, struct source_reading *reading,
                   struct source_record *ret_records, size_t *ret_count);
};

/* In a service's open(). */
void bus_source_add(struct cell *cell, const struct source *source);
/* The table for an ARN; NULL: nothing of that service can be drained. */
const struct source *bus_source_of(struct cell *cell, struct str arn);

/* BUS_NO_TARGET (bus/sink.h): there is no such thing (any more); c->why says it. */
status bus_source_about(struct call *c, struct str arn, struct source_about *ret_about);
status bus_source_take(struct call *c, const struct source_ask *ask,
                       struct source_record *ret_records, size_t *ret_count);
void bus_source_remove(struct call *c, struct str arn, const struct source_record *records,
                       size_t count);
void bus_source_give_back(struct call *c, struct str arn, const struct source_record *records,
                          size_t count);
size_t bus_source_visible(struct call *c, struct str arn);
status bus_source_shards(struct call *c, struct str arn, struct source_shard **ret_shards,
                         size_t *ret_count);
status bus_source_seek(struct call *c, struct str arn, uint64_t shard,
                       const struct source_start *start, uint64_t *ret_next);
status bus_source_read(struct call *c, const struct source_ask *ask,
                       struct source_reading *reading, struct source_record *ret_records,
                       size_t *ret_count);

/* ---- watching ---- */

/* Who watches; in what it belongs to, which unwatches before it goes. */
struct source_watch {
    struct link link;          /* among those of its source */
    struct str bell;           /* owned: the watched ARN's; empty: it does not watch */
    /* In the call in which it arrived, or in a timer's fire: stages and changes nothing but a
     * timer. shards: there may be new ones, too. */
    void (*woken)(struct cell *cell, struct source_watch *watch, bool shards);
};

/* ERR_LIMIT; also what is not there yet may be watched. In the cell. */
status bus_source_watch(struct cell *cell, struct source_watch *watch, struct str arn);
void bus_source_unwatch(struct cell *cell, struct source_watch *watch); /* fine when it does not */

/* For services: arn is a bell's. Something can be taken or read; shards: there are others now. */
void bus_source_ring(struct cell *cell, struct str arn, bool shards);
bool bus_source_watched(struct cell *cell, struct str arn);

#endif
