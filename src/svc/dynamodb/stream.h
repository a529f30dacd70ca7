/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams: a stream is a span of its table's change log, cut into shards by time alone. Nothing is
 * kept for it but struct stream in the table's row.
 *
 *   shard n of a stream: the records from its label + 4 n hours up to 4 hours later, or up to the
 *   stream's end. Each but the first has the one before it as its parent. A shard is open while
 *   weir's clock is within it, and is forgotten when its last possible record is a day old.
 */
#ifndef WEIR_SVC_DYNAMODB_STREAM_H
#define WEIR_SVC_DYNAMODB_STREAM_H

#include "svc/dynamodb/change.h"

#define STREAM_SHARD_MS (INT64_C(4) * 3600 * 1000)
#define STREAM_SHARDS_MAX 8 /* that one stream shows at a time: a day of them, begun and ended */
#define STREAM_ITERATOR_MS (INT64_C(15) * 60 * 1000)

/* ---- stream.c: finding them ---- */

/* Whether it can still be read: it goes on, or ended within a day. */
bool stream_readable(const struct stream *stream, int64_t now_ms);
/* A stream and whose it is. */
struct stream_place {
    struct table *table;         /* whose */
    const struct stream *stream; /* which */
};
/* By its ARN, also when the table was deleted. ResourceNotFoundException. From any service's
 * call. */
status stream_of_arn(struct call *c, struct str arn, struct stream_place *ret_place);

/* ---- stream_read.c: shards and records. All of it from any service's call. ---- */

struct stream_shard {
    struct stream_place place; /* of which stream */
    uint64_t number;           /* in it, from 0 */
    int64_t from_ms;           /* its first moment */
    int64_t to_ms;             /* behind its last */
    bool open;                 /* may still get records */
    uint64_t first;            /* sequence in the log of its first record */
    uint64_t last;             /* of its last so far; first - 1: none */
};

/* Those that still can be read, oldest first; ret_shards has room for STREAM_SHARDS_MAX. */
status stream_shards(struct call *c, const struct stream_place *place,
                     struct stream_shard *ret_shards, size_t *ret_count);
/* By number or by id. ResourceNotFoundException. */
status stream_shard_numbered(struct call *c, const struct stream_place *place, uint64_t number,
                             struct stream_shard *ret_shard);
status stream_shard_of_id(struct call *c, const struct stream_place *place, struct str id,
                          struct stream_shard *ret_shard);
/* The oldest record of it that is not a day old; last + 1: none. */
status stream_shard_horizon(struct call *c, const struct stream_shard *shard,
                            uint64_t *ret_sequence);

/* Records of a shard, as the model's Record structures. Whoever waits for more parks on
 * place.table->changed until shard.to_ms (time alone ends a shard), and then finds everything anew
 * by the stream's ARN. A stream's end and its table's wake, too. */
struct stream_reading {
    uint64_t next;             /* in: where to read; out: where to go on */
    size_t count_max;          /* records at most */
    uint64_t bytes_max;        /* of the log at most, but one record */
    bool ended;                /* out: the shard is closed and everything was read */
};
/* TrimmedDataAccessException. */
status stream_records_read(struct call *c, const struct stream_shard *shard,
                           struct stream_reading *reading, struct value *structure,
                           const char *member);

/* One change on its way out. */
struct stream_telling {
    const struct stream_place *place; /* which stream's */
    const struct changed *changed;    /* what the log says */
    uint64_t sequence;                /* in the log */
    int64_t at_ms;                    /* when */
};
/* As the model's Record. */
void stream_record_put(struct call *c, struct value *record, const struct stream_telling *telling);

/* ---- source.c: as a source of the bus, for functions ---- */

extern const struct source dynamodb_source;

/* ---- stream_text.c: texts that carry state and are read back ---- */

struct str stream_shard_id(struct arena *arena, const struct stream_place *place,
                           uint64_t number);

/* A sequence number: a record's, or a shard's border behind a record. */
struct stream_sequence {
    uint64_t record;           /* sequence in the log */
    uint32_t border;           /* 0: the record itself; else how many borders are behind it */
};
struct str stream_sequence_text(struct arena *arena, struct stream_sequence sequence);
bool stream_sequence_read(struct str text, struct stream_sequence *ret_sequence);
/* Where a shard begins and ends. */
struct stream_sequence stream_shard_starts(const struct stream_shard *shard);
struct stream_sequence stream_shard_ends(const struct stream_shard *shard);
/* Below 0, 0, above 0. */
int stream_sequence_cmp(struct stream_sequence a, struct stream_sequence b);

struct stream_iterator {
    struct str arn;            /* of the stream */
    int64_t made_ms;           /* good for a quarter of an hour */
    uint64_t shard;            /* number */
    uint64_t next;             /* sequence in the log to read from */
};
struct str stream_iterator_text(struct arena *arena, const struct stream_iterator *iterator);
bool stream_iterator_read(struct arena *arena, struct str text,
                          struct stream_iterator *ret_iterator);

#endif
