/* SPDX-License-Identifier: Apache-2.0
 *
 * What a message says: its content, its row, its sums. Part of sqs_int.h.
 */
#ifndef WEIR_SVC_SQS_CONTENT_H
#define WEIR_SVC_SQS_CONTENT_H

#include "cell/call.h"

struct queue;

struct message_attribute {
    struct str name, type, value; /* value: text, or the bytes of a Binary */
};

/* A message's content; strings live in the call's arena. */
struct content {
    struct str id;             /* MessageId */
    struct str body;
    const struct message_attribute *attributes; /* sorted by name */
    size_t attribute_count;    /* of them */
    struct str trace;          /* AWSTraceHeader; STR_NONE: none */
    struct str sender;         /* SenderId */
    struct str group;          /* MessageGroupId; STR_NONE: none */
    struct str deduplication;  /* MessageDeduplicationId; STR_NONE: none */
    struct str dead_source;    /* DeadLetterQueueSourceArn; STR_NONE: never was dead */
    uint64_t number;           /* SequenceNumber's; kept when a message moves */
    int64_t sent_ms;           /* SentTimestamp */
    int64_t first_received_ms; /* ApproximateFirstReceiveTimestamp; 0: never */
};

/* A SendMessage or an entry of its batch, checked. */
status content_read(struct call *c, const struct queue *queue, const struct value *in,
                    struct content *ret_content);
size_t content_bytes(const struct content *content); /* as AWS counts them */
/* 32 hex digits; STR_NONE without attributes. */
struct str attributes_md5(struct arena *arena, const struct message_attribute *attributes,
                          size_t count);
struct str text_md5(struct arena *arena, struct str text);
bool characters_good(struct str body); /* XML's: #x9 #xA #xD #x20 to #xD7FF … */

#endif
