/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside SQS: queues, messages, receiving. Everything here happens in the cell.
 *
 *   sent ──delay──► DELAYED ──┐
 *     └────────────────────►  READY ──receive──► IN FLIGHT ──delete──► gone
 *                               ▲                    │
 *                               └──time-out, or 0────┘ ──received too often──► the dead-letter
 *                               queue
 *
 * Invariants between the files:
 *   1. A message's content is in the store only ("message" row); its place in the states above is
 *      in memory, derived from the rows: a "state" row says when it is visible again, how often it
 *      was received, and which receipt is the newest. A message that was never received nor delayed
 *      has none.
 *   2. A handler checks everything, then stages, then changes memory in the same call.
 *   3. A standard message is in its queue's ready list or in its heap of moments. A FIFO message is
 *      always in its group's list, in order; a group is in the queue's ready groups when it has
 *      messages and none of them is in flight or delayed.
 */
#ifndef WEIR_SVC_SQS_INT_H
#define WEIR_SVC_SQS_INT_H

#include "base/map.h"
#include "cell/call.h"
#include "cell/timer.h"
#include "svc/sqs/sqs.h"

#define QUEUES_MAX 1000000
#define MESSAGES_MAX 20000000      /* of one queue, in memory at about 130 bytes each */
#define IN_FLIGHT_MAX 120000       /* AWS's, always enforced */
#define MESSAGE_BYTES_MAX (1024u * 1024)
#define BATCH_MAX 10
#define ATTRIBUTES_MAX 10
#define VISIBILITY_SECONDS_MAX 43200
#define DELAY_SECONDS_MAX 900
#define WAIT_SECONDS_MAX 20
#define DEDUPLICATION_MS (INT64_C(5) * 60 * 1000)
#define TAGS_MAX 50
#define MESSAGE_ID_BYTES 36

extern const struct error SQS_NO_QUEUE, SQS_QUEUE_EXISTS, SQS_DELETED_RECENTLY, SQS_BAD_NAME,
    SQS_BAD_VALUE, SQS_BAD_PARAMETER, SQS_MISSING_PARAMETER, SQS_BAD_CONTENTS, SQS_EMPTY_BATCH,
    SQS_TOO_MANY_ENTRIES, SQS_NOT_DISTINCT, SQS_BAD_ENTRY_ID, SQS_BATCH_TOO_LONG, SQS_BAD_HANDLE,
    SQS_NOT_IN_FLIGHT, SQS_OVER_LIMIT, SQS_PURGING, SQS_UNSUPPORTED, SQS_NOT_FOUND;

struct group;

/* A message, as far as it is in memory. */
struct message {
    struct timer timer;        /* while delayed or in flight: when that ends; first */
    struct link link;          /* in the ready list, or in its group's list */
    struct group *group;       /* FIFO; NULL: standard */
    uint64_t sequence;         /* order in the queue, and its rows' key */
    int64_t sent_ms;           /* for retention */
    uint32_t receives;         /* ApproximateReceiveCount */
    uint32_t receipt;          /* generation of the newest receipt handle; 0: none */
    bool delayed;              /* in the heap because of a delay, not because it is in flight */
    bool has_state;            /* it has a "state" row */
};

/* A message group of a FIFO queue; it lives while it has messages. */
struct group {
    struct str name;           /* owned */
    struct link messages;      /* in order */
    struct link link;          /* in the queue's ready groups */
    uint32_t count;            /* messages */
    uint32_t busy;             /* of them, in flight or delayed */
};

struct tag {
    struct str key, value;     /* owned */
};

struct queue {
    struct str account, region, name; /* owned */
    uint64_t id;               /* in its messages' keys; never used again */
    int64_t created_ms;        /* CreatedTimestamp */
    int64_t modified_ms;       /* LastModifiedTimestamp */
    bool fifo;                 /* FifoQueue */
    bool content_dedup;        /* ContentBasedDeduplication */
    bool dedup_by_group;       /* DeduplicationScope messageGroup */
    bool throughput_by_group;  /* FifoThroughputLimit perMessageGroupId */
    bool managed_sse;          /* SqsManagedSseEnabled */
    uint32_t delay_seconds;
    uint32_t visibility_seconds;
    uint32_t wait_seconds;     /* ReceiveMessageWaitTimeSeconds */
    uint32_t retention_seconds;
    uint32_t message_bytes_max;
    uint32_t kms_reuse_seconds;
    struct str kms_key;        /* owned */
    struct str policy;         /* owned */
    struct str redrive;        /* RedrivePolicy as given; owned */
    struct str redrive_allow;  /* RedriveAllowPolicy as given; owned */
    struct str dead_arn;       /* of redrive: deadLetterTargetArn; owned */
    uint32_t receives_max;     /* of redrive: maxReceiveCount; 0: none */
    struct tag *tags;          /* sorted by key; owned */
    size_t tag_count;          /* of them */

    uint64_t last;             /* sequence given last */
    struct message **slots;    /* by sequence: open addressing; owned, with the messages */
    size_t slot_count;         /* a power of two; 0: none yet */
    size_t message_count;      /* messages in slots */
    uint64_t in_flight;        /* of them */
    uint64_t delayed;          /* of them */
    struct link ready;         /* standard: messages to be received, oldest first */
    struct map *groups;        /* FIFO: name → struct group */
    struct link ready_groups;  /* FIFO: groups to be received from, longest waiting first */
    struct timers moments;     /* messages delayed or in flight */
    struct timer wake;         /* the cell's: the soonest of moments */
    struct waiters receivers;  /* parked ReceiveMessage */
    uint64_t duplicates;       /* sends that de-duplication swallowed since the start */
    int64_t purged_ms;         /* the last PurgeQueue */
    struct move *move;         /* the running or last StartMessageMoveTask out of it; NULL: none */
};

/* The service's state. */
struct sqs {
    struct cell *cell;         /* whose service this is */
    struct map *queues;        /* "account/region/name" → struct queue */
    struct map *deleted;       /* the same → when it was deleted, for 60 s and --limits=aws */
    uint64_t queue_id;         /* given last */
};

static inline struct sqs *sqs_of(const struct call *c)
{
    return c->state;
}

/* ---- queue.c ---- */

struct queue *queue_new(struct str account, struct str region, struct str name);
void queue_free(struct queue *queue); /* with its messages and groups */
struct queue *queue_find(const struct sqs *sqs, struct str account, struct str region,
                         struct str name); /* NULL: none */
status queue_add(struct sqs *sqs, struct queue *queue); /* ERR_LIMIT */
void queue_remove(struct sqs *sqs, struct queue *queue);   /* and frees it */
/* By the call's QueueUrl; QueueDoesNotExist. */
status queue_of_call(struct call *c, struct queue **ret_queue);
status queue_of_url(struct call *c, struct str url, struct queue **ret_queue);
struct queue *queue_of_arn(const struct sqs *sqs, struct str arn); /* NULL: none */
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
/* Those of CreateQueue are what the queue has. NULL: yes; else the first that differs. */
const char *settings_differ(const struct queue *queue, const struct queue_settings *settings);
/* Fills the map of GetQueueAttributes. InvalidAttributeName. */
status settings_put(struct call *c, const struct queue *queue, const struct value *names);
/* A number of an approximate attribute. */
uint64_t queue_visible(const struct queue *queue);

/* ---- tag.c ---- */

void tag_set(struct queue *queue, struct str key, struct str value);
void tag_remove(struct queue *queue, struct str key);
void tags_done(struct queue *queue);
status tags_check(struct call *c, const struct queue *queue, const struct value *map);

/* ---- message.c: the states in memory ---- */

struct message *message_find(const struct queue *queue, uint64_t sequence); /* NULL: none */
/* A new one, ready; group STR_NONE: standard. NULL: the queue has MESSAGES_MAX. */
struct message *message_add(struct queue *queue, uint64_t sequence, struct str group);
void message_remove(struct queue *queue, struct message *message); /* frees it */
/* In the heap until that moment, delayed or in flight; or ready when it has passed. */
void message_wait(struct queue *queue, struct message *message, int64_t until_ms, bool delayed,
                  int64_t now_ms);
void message_ready(struct queue *queue, struct message *message);
/* What is due in the heap becomes ready. */
void queue_settle(struct queue *queue, int64_t now_ms);
/* The cell's timer for the soonest moment; wakes receivers when there is something to receive. */
void queue_arm(struct cell *cell, struct queue *queue);
void queue_wake(struct cell *cell, struct queue *queue, size_t count);
void queue_wake_fire(struct cell *cell, struct timer *timer);

#include "svc/sqs/sqs_content.h"

/* ---- keys.c: the only file that knows key and record bytes ---- */

struct buf;
struct cursor;
void queue_save(struct call *c, const struct queue *queue);
void queue_erase(struct call *c, const struct queue *queue); /* its own row only */
void content_save(struct call *c, const struct queue *queue, uint64_t sequence,
                  const struct content *content);
/* False: it is gone (a bug, or a purge under way). */
bool content_load(struct call *c, const struct queue *queue, uint64_t sequence,
                  struct content *ret_content);
void state_save(struct call *c, const struct queue *queue, struct message *message,
                int64_t first_received_ms);
int64_t state_first_received(struct call *c, const struct queue *queue, uint64_t sequence);
void message_erase(struct call *c, const struct queue *queue, const struct message *message);
/* De-duplication: the message that was sent with this id in the last five minutes. */
struct twin {
    uint64_t number;           /* its SequenceNumber's */
    struct str id;             /* its MessageId */
    int64_t sent_ms;           /* when */
};
bool twin_find(struct call *c, const struct queue *queue, const struct content *content,
               struct twin *ret_twin);
void twin_save(struct call *c, const struct queue *queue, const struct content *content);
/* Rows of gone queues and of twins that are too old, a bounded number. */
void rows_sweep(struct call *c);
void queue_rows_doom(struct call *c, const struct queue *queue); /* to be swept */
status sqs_load(struct sqs *sqs);

/* ---- send.c ---- */

/* What a send became. */
struct sent {
    struct str id;             /* MessageId */
    uint64_t number;           /* SequenceNumber's; FIFO only */
    bool duplicate;            /* a twin got it */
};
/* Puts a checked message into a queue; delay_seconds -1: the queue's. OverLimit. */
status queue_push(struct call *c, struct queue *queue, struct content *content,
                  int64_t delay_seconds, struct sent *ret_sent);
/* A message as it is goes to another queue: dead letters, moves. */
void message_move(struct call *c, struct queue *from, struct message *message, struct queue *to,
                  bool dying);
struct str number_text(struct arena *arena, uint64_t number); /* 20 digits */

/* ---- receive.c ---- */
/* The message of a handle: NULL when it is gone or the handle is an older one's.
 * ReceiptHandleIsInvalid. */
status handle_message(struct call *c, struct queue *queue, struct str handle,
                      struct message **ret_message, bool *ret_newest);

/* ---- move.c: StartMessageMoveTask and redrive ---- */
void moves_done(struct queue *queue);
status moves_load(struct sqs *sqs);
status moves_timer(struct call *c, struct str name, struct str payload);
status page_redrive(struct call *c);
status page_queues(struct call *c);

/* ---- sink.c ---- */
void sqs_join_bus(struct cell *cell);

#endif
