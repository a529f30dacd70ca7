/* SPDX-License-Identifier: Apache-2.0
 *
 * What a message says, and the rows of everything.
 */
#ifndef WEIR_SVC_SQS_ROWS_H
#define WEIR_SVC_SQS_ROWS_H

#include "base/cursor.h"
#include "svc/sqs/sqs_state.h"

struct message_attribute {
    struct str name, type, value; /* value: text, or the bytes of a Binary */
};

/* A message's content; strings live in the call's arena. */
struct content {
    struct str id;             /* MessageId */
    struct str body;           /* UTF-8 */
    const struct message_attribute *attributes; /* sorted by name */
    size_t attribute_count;    /* of them */
    struct str trace;          /* AWSTraceHeader; STR_NONE: none */
    struct str sender;         /* SenderId */
    struct str group;          /* MessageGroupId; STR_NONE: none */
    struct str deduplication;  /* MessageDeduplicationId; STR_NONE: none */
    struct str dead_source;    /* DeadLetterQueueSourceArn; STR_NONE: never was dead */
    uint64_t number;           /* SequenceNumber's */
    uint64_t receives_before;  /* in the queues where it died */
    int64_t sent_ms;           /* SentTimestamp */
};

/* When a message was received; zeros: never. */
struct received {
    int64_t first_ms;          /* ApproximateFirstReceiveTimestamp */
    int64_t last_ms;           /* the receive that the newest receipt is of */
};

/* ---- content.c ---- */

/* A SendMessage or an entry of its batch, checked. */
status content_read(struct call *c, const struct queue *queue, const struct value *in,
                    struct content *ret_content);
size_t content_bytes(const struct content *content); /* as AWS counts them */
size_t unchecked_bytes(const struct value *in);          /* the same of what is not checked yet */
/* By name, as their sum wants them. */
void attributes_sort(struct message_attribute *attributes, size_t count);
/* 32 hex digits; STR_NONE without attributes. */
struct str attributes_md5(struct arena *arena, const struct message_attribute *attributes,
                          size_t count);
struct str text_md5(struct arena *arena, struct str text);
bool id_good(struct str id); /* of groups, de-duplication, attempts: 1 to 128 visible characters */
bool characters_good(struct str body); /* XML's: #x9 #xA #xD #x20 to #xD7FF … */

/* ---- keys.c, twin.c: the only files that know key and record bytes ---- */

struct key row_kind(struct arena *arena, const char *kind);
/* Keys end with that number: ("sqs", kind, number, …). */
struct key row_below(struct arena *arena, const char *kind, uint64_t number);
void row_put(struct call *c, struct str key, struct buf *packed); /* and is done with packed */

void queue_save(struct call *c, const struct queue *queue);
void queue_erase(struct call *c, const struct queue *queue); /* its own row only */
uint64_t number_new(struct call *c);                         /* given once and for all */
void number_doom(struct call *c, uint64_t number);           /* what is below it is to be swept */
/* One more send was swallowed. */
void duplicates_save(struct call *c, const struct queue *queue);

void content_save(struct call *c, const struct queue *queue, uint64_t sequence,
                  const struct content *content);
/* It is there, unless there is a bug. */
void content_load(struct call *c, const struct queue *queue, uint64_t sequence,
                  struct content *ret_content);
/* Strings lie in packed, a message's row. */
void content_unpack(struct str packed, struct arena *arena, struct content *ret_content);
/* What of a message's row memory needs. */
bool content_peek(struct str packed, int64_t *ret_sent_ms, struct str *ret_group);
void state_save(struct call *c, const struct queue *queue, struct message *message,
                const struct received *received);
void state_load(struct call *c, const struct queue *queue, const struct message *message,
                struct received *ret_received);
bool state_unpack(struct str packed, struct message *ret_state, struct received *ret_received);
void message_erase(struct call *c, const struct queue *queue, const struct message *message);

/* De-duplication: the message that was sent with this id in the last five minutes. */
struct twin {
    struct str id;             /* its MessageId */
    uint64_t number;           /* its SequenceNumber's */
};
bool twin_find(struct call *c, const struct queue *queue, const struct content *content,
               struct twin *ret_twin);
void twin_save(struct call *c, const struct queue *queue, const struct content *content);

/* A ReceiveMessage with a ReceiveRequestAttemptId, in the last five minutes. */
struct attempt {
    struct str id;             /* ReceiveRequestAttemptId */
    uint64_t sequences[BATCH_MAX]; /* of what it received */
    uint32_t receives[BATCH_MAX];  /* their newest receipts then */
    size_t count;              /* of them */
};
bool attempt_find(struct call *c, const struct queue *queue, struct str id,
                  struct attempt *ret_attempt);
void attempt_save(struct call *c, const struct queue *queue, const struct attempt *attempt);
/* Deletes rows of slots that are over, at most so many changes; false: some are left. */
bool slots_sweep(struct call *c, struct queue *queue, size_t changes_max);

/* Deletes what is below doomed numbers, at most so many changes; false: some is left. */
bool doomed_sweep(struct call *c, size_t changes_max);

/* ---- send.c ---- */

/* What a send became. */
struct sent {
    struct str id;             /* MessageId */
    uint64_t number;           /* SequenceNumber's; FIFO only */
};
/* Puts a checked message into a queue; delay_seconds -1: the queue's. OverLimit. */
status queue_push(struct call *c, struct queue *queue, struct content *content,
                  int64_t delay_seconds, struct sent *ret_sent);
/* A message goes to another queue: dead, or (not dying) sent anew. False: all seats are taken, it
 * stays. */
struct move_to {
    struct queue *queue;       /* where to */
    bool dying;                /* received too often; else redriven */
};
bool message_move(struct call *c, struct queue *from, struct message *message,
                  const struct move_to *to, size_t *ret_bytes);
struct str number_text(struct arena *arena, uint64_t number); /* 20 digits */

/* ---- receipt.c ---- */

struct str handle_text(struct arena *arena, const struct queue *queue,
                       const struct message *message);
/* The message of a handle: NULL when it is gone; newest: the handle is of its last receive.
 * ReceiptHandleIsInvalid. */
status handle_message(struct call *c, struct queue *queue, struct str handle,
                      struct message **ret_message, bool *ret_newest);

#endif
