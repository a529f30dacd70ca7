/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that carry state and are read back: sequence numbers, shard iterators, pagination tokens.
 */
#ifndef WEIR_SVC_KINESIS_SEQUENCE_H
#define WEIR_SVC_KINESIS_SEQUENCE_H

#include "svc/kinesis/kinesis_int.h"

/* The 56 digits of a record: number within its shard (0: the shard's own start) and moment. */
struct str sequence_text(struct arena *arena, const struct shard *shard, uint64_t sequence,
                         int64_t at_ms);
/* What a sequence number says. */
struct sequence {
    uint64_t number;           /* within the shard */
    int64_t shard_created_s;   /* which shard of that number: seconds */
    int64_t at_ms;             /* the record's moment, to the second */
    uint32_t shard;            /* the shard's number */
};
bool sequence_read(struct str text, struct sequence *ret_sequence);

struct iterator {
    int64_t made_ms;           /* good for five minutes */
    int64_t stream_created_ms; /* tells a stream from an earlier one of the same name */
    struct str stream;         /* name */
    uint32_t shard;            /* number */
    uint64_t next;             /* log sequence to read from */
};
struct str iterator_text(struct arena *arena, const struct iterator *iterator);
bool iterator_read(struct arena *arena, struct str text, struct iterator *ret_iterator);
/* Pagination tokens: the name to go on after, of what, and since when the token is good. */
struct str token_text(struct arena *arena, struct call *c, const char *kind, struct str subject,
                      struct str after);
/* ExpiredNextTokenException after five minutes, InvalidArgumentException for what is no token. */
status token_read(struct call *c, const char *kind, struct str token, struct str *ret_subject,
                  struct str *ret_after);

#endif
