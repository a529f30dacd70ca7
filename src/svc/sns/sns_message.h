/* SPDX-License-Identifier: Apache-2.0
 *
 * A message on its way. Part of sns_int.h.
 */
#ifndef WEIR_SVC_SNS_MESSAGE_H
#define WEIR_SVC_SNS_MESSAGE_H

#include "bus/sink.h"

struct topic;

/* A message on its way; strings live as long as the call. */
struct message {
    struct str id;             /* MessageId */
    struct str subject;        /* STR_NONE: none */
    struct str text;           /* for every protocol that has none of its own */
    const struct value *texts; /* MessageStructure json: by protocol; NULL: text for all */
    const struct bus_attribute *attributes; /* as given */
    size_t attribute_count;    /* of them */
    struct str group;          /* FIFO: MessageGroupId; STR_NONE: none */
    struct str deduplication;  /* FIFO: MessageDeduplicationId; STR_NONE: none */
    uint64_t number;           /* FIFO: SequenceNumber's */
    int64_t at_ms;             /* Timestamp */
    bool replayed;             /* comes from the archive */
};
/* A Publish, or an entry of its batch. topic NULL: to a phone or an endpoint. */
status message_read(struct call *c, const struct topic *topic, const struct value *in,
                    struct message *ret_message);
/* Of a Publish or an entry: its text and its attributes. */
size_t message_bytes_of(const struct value *in);
/* The text for a protocol: its own, or the one for all. */
struct str message_text_for(const struct message *message, uint8_t protocol);
struct str number_text(struct arena *arena, uint64_t number);
/* As the archive keeps it, and back. */
struct str message_pack(struct arena *arena, const struct message *message);
bool message_unpack(struct arena *arena, struct str packed, struct message *ret_message);

#endif
