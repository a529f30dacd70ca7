/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside SQS: queues and the service's state. Messages in memory are in sqs_state.h, their rows in
 * sqs_rows.h, the handlers in sqs_ops.h. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. A message's content is in the store only ("message" row); where it stands is in memory,
 *      derived from the rows: a "state" row says when it is visible again, how often it was
 *      received here, and when. A message that was never received nor delayed has none.
 *   2. A handler checks everything, then stages, then changes memory in the same call.
 *   3. A number that names rows (a queue's id, the number of its message rows) is never given
 *      twice, also not after the queue is gone: its rows may still be being swept.
 */
#ifndef WEIR_SVC_SQS_INT_H
#define WEIR_SVC_SQS_INT_H

#include "base/map.h"
#include "cell/call.h"
#include "cell/timer.h"
#include "svc/sqs/seat.h"
#include "svc/sqs/sqs.h"

#define QUEUES_MAX 1000000
#define IN_FLIGHT_MAX 120000 /* AWS's, always enforced */
#define MESSAGE_BYTES_MAX (1024u * 1024)
#define BATCH_MAX 10
#define ATTRIBUTES_MAX 10
#define VISIBILITY_SECONDS_MAX 43200
#define DELAY_SECONDS_MAX 900
#define WAIT_SECONDS_MAX 20
#define DEDUPLICATION_MS (INT64_C(5) * 60 * 1000)
#define TAGS_MAX 50
#define POLICY_BYTES_MAX 8192
#define MOVES_MAX 10 /* remembered of a queue */
#define MESSAGE_ID_BYTES 36

extern const struct error SQS_NO_QUEUE, SQS_QUEUE_EXISTS, SQS_DELETED_RECENTLY, SQS_BAD_NAME,
    SQS_BAD_VALUE, SQS_BAD_PARAMETER, SQS_MISSING_PARAMETER, SQS_BAD_CONTENTS, SQS_EMPTY_BATCH,
    SQS_TOO_MANY_ENTRIES, SQS_NOT_DISTINCT, SQS_BAD_ENTRY_ID, SQS_BATCH_TOO_LONG, SQS_BAD_HANDLE,
    SQS_NOT_IN_FLIGHT, SQS_OVER_LIMIT, SQS_PURGING, SQS_UNSUPPORTED, SQS_NOT_FOUND;

struct tag {
    struct str key, value;     /* owned */
};

struct queue {
    struct str account, region, name; /* owned */
    struct str arn;            /* owned */
    uint64_t id;               /* in the keys of what is its own: twins, attempts, moves */
    uint64_t rows;             /* in its messages' keys; another one after a large purge */
    int64_t created_ms;        /* CreatedTimestamp */
    int64_t modified_ms;       /* LastModifiedTimestamp */
    bool fifo;                 /* FifoQueue */
    bool content_dedup;        /* ContentBasedDeduplication */
    bool dedup_by_group;       /* DeduplicationScope messageGroup */
    bool throughput_by_group;  /* FifoThroughputLimit perMessageGroupId */
    bool managed_sse;          /* SqsManagedSseEnabled */
    uint32_t delay_seconds;    /* DelaySeconds */
    uint32_t visibility_seconds; /* VisibilityTimeout */
    uint32_t wait_seconds;     /* ReceiveMessageWaitTimeSeconds */
    uint32_t retention_seconds; /* MessageRetentionPeriod */
    uint32_t message_bytes_max; /* MaximumMessageSize */
    uint32_t kms_reuse_seconds; /* KmsDataKeyReusePeriodSeconds */
    struct str kms_key;        /* owned */
    struct str policy;         /* owned */
    struct str redrive;        /* RedrivePolicy as given; owned */
    struct str redrive_allow;  /* RedriveAllowPolicy as given; owned */
    struct str dead_arn;       /* of redrive: deadLetterTargetArn; owned */
    uint32_t receives_max;     /* of redrive: maxReceiveCount; 0: none */
    struct tag *tags;          /* sorted by key; owned */
    size_t tag_count;          /* of them */

    struct seats *seats;       /* the service's: where messages and groups sit */
    uint64_t last;             /* sequence given last */
    int64_t oldest_ms;         /* no message was sent before; a lower bound */
    uint32_t *slots;           /* seats of messages by sequence: an open table; owned */
    size_t slot_count;         /* a power of two; 0: none yet */
    size_t message_count;      /* messages in slots */
    size_t in_flight;          /* of them */
    size_t delayed;            /* of them */
    uint32_t *heap;            /* seats of those delayed or in flight, the soonest first; owned */
    size_t heap_count;         /* of them: in_flight + delayed */
    size_t heap_room;          /* allocated */
    struct line ready;         /* standard: messages to be received, those waiting longest first */
    struct map *groups;        /* FIFO: name → struct group */
    struct line ready_groups;  /* FIFO: groups to be received from, those waiting longest first */
    struct timer wake;         /* the cell's: the soonest of the heap, while a receiver waits */
    struct waiters receivers;  /* parked ReceiveMessage */
    uint64_t duplicates;       /* sends that de-duplication swallowed */
    int64_t swept_slot;        /* twins and attempts of slots before this one are gone */
    struct txn_mark swept;     /* how far those of the next ones are */
    int64_t purged_ms;         /* the last PurgeQueue */
    struct move *moves[MOVES_MAX]; /* of messages out of it, newest first; owned */
    size_t move_count;         /* of them */
};

/* The service's state. */
struct sqs {
    struct cell *cell;         /* whose service this is */
    struct map *queues;        /* "account/region/name" → struct queue */
    struct map *deleted;       /* the same → when it was deleted, for 60 s and --limits=aws */
    struct seats seats;        /* of all queues */
    uint64_t numbers;          /* given last, to queues and their rows */
    struct timer sweep;        /* rows are waiting to be swept */
    struct txn_mark swept;     /* how far */
};

static inline struct sqs *sqs_of(const struct call *c)
{
    return c->state;
}

/* ---- queue.c ---- */

struct queue *queue_new(struct sqs *sqs, struct str account, struct str region, struct str name);
void queue_free(struct queue *queue); /* with its messages and groups */
struct queue *queue_find(const struct sqs *sqs, struct str account, struct str region,
                         struct str name); /* NULL: none */
status queue_add(struct sqs *sqs, struct queue *queue);  /* ERR_LIMIT */
void queue_remove(struct sqs *sqs, struct queue *queue); /* and frees it */
/* By the call's QueueUrl; QueueDoesNotExist. */
status queue_of_call(struct call *c, struct queue **ret_queue);
status queue_of_url(struct call *c, struct str url, struct queue **ret_queue);
struct queue *queue_of_arn(const struct sqs *sqs, struct str arn); /* NULL: none */
/* As people write it: ARN, URL, or a name, then anybody's. NULL: none. */
struct queue *queue_named(struct call *c, struct str text);
/* A copy: what leaves the cell with the answer may outlive the queue. */
struct str queue_arn(struct arena *arena, const struct queue *queue);
struct str queue_url(struct call *c, const struct queue *queue);
/* Replaces a text that its owner keeps on the heap. */
void text_set(struct str *owned, struct str text);
/* Queues of the call's account and region, sorted by name, in the call's arena. */
struct queue **queues_sorted(struct call *c, size_t *ret_count);

/* ---- attribute.c: of queues ---- */

/* Checks and sets what the map says; of an existing queue only what may change. */
struct queue_settings;
status settings_read(struct call *c, const struct queue *base, const struct value *map,
                     bool creating, struct queue_settings **ret_settings);
void settings_apply(struct queue *queue, const struct queue_settings *settings);
/* The first of the settings that the queue does not have; NULL: it has them all. */
const char *settings_differ(const struct queue *queue, const struct queue_settings *settings);
/* Fills the map of GetQueueAttributes. InvalidAttributeName. */
status settings_put(struct call *c, const struct queue *queue, const struct value *names);
/* A JSON object in the call's arena. */
bool document_read(struct call *c, struct str text, struct value *ret_document);
bool policy_good(struct call *c, struct str text); /* statements with what each must have */

/* ---- tag.c ---- */

void tag_set(struct queue *queue, struct str key, struct str value);
void tag_remove(struct queue *queue, struct str key);
void tags_done(struct queue *queue);
status tags_check(struct call *c, const struct queue *queue, const struct value *map);

/* ---- move.c ---- */

void moves_done(struct queue *queue);
status moves_load(struct sqs *sqs);

/* ---- sink.c, source.c, sweep.c, load.c ---- */

extern const struct source sqs_source;
void sqs_join_bus(struct cell *cell);
void sqs_join_policies(struct cell *cell); /* guard.c */
void sweep_init(struct sqs *sqs);
void sweep_soon(struct sqs *sqs, int64_t now_ms); /* something is doomed */
status sqs_tick(struct call *c);
status sqs_load(struct sqs *sqs);

#endif
