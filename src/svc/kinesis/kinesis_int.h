/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Kinesis: streams, shards, records, consumers, queues. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Memory mirrors the store: every stream, shard, consumer and queue record is loaded at open,
 *      and changed in memory in the same handler that stages the change. A handler checks
 *      everything before it touches either.
 *   2. A shard's records are one log; a record's number in its shard is its log sequence. The
 *      sequence number on the wire is made from it (sequence.c), never stored.
 *   3. Open shards cover the hash space 0 to 2^128-1 without gap or overlap.
 */
#ifndef WEIR_SVC_KINESIS_INT_H
#define WEIR_SVC_KINESIS_INT_H

#include "base/map.h"
#include "base/u128.h"
#include "cell/call.h"
#include "svc/kinesis/kinesis.h"

#define STREAMS_MAX 100000
#define SHARDS_PER_STREAM_MAX 10000
#define SHARD_ID_BYTES 20         /* shardId-000000000000 */
#define SEQUENCE_TEXT_BYTES 56
#define SEQUENCE_LAST UINT64_C(0x7fffffffffffffff) /* a closed shard's ending number, as on AWS */
#define CONSUMERS_PER_STREAM_MAX 50
#define TAGS_MAX 50
#define RETENTION_HOURS_MIN 24
#define RETENTION_HOURS_MAX 8760
#define ITERATOR_MS_MAX (5 * 60 * 1000)
#define RECORD_KIB_DEFAULT 1024
#define PUT_RECORDS_BYTES_MAX (10u * 1024 * 1024)
#define GET_RECORDS_BYTES_MAX (10u * 1024 * 1024)
#define GET_RECORDS_COUNT_MAX 10000

extern const struct error KINESIS_ACCESS_DENIED, KINESIS_EXPIRED_ITERATOR, KINESIS_EXPIRED_TOKEN,
    KINESIS_INTERNAL, KINESIS_INVALID_ARGUMENT, KINESIS_LIMIT, KINESIS_THROUGHPUT, KINESIS_IN_USE,
    KINESIS_NOT_FOUND, KINESIS_VALIDATION, KINESIS_DRY_RUN, KINESIS_THROTTLING;

/* Use within the running second, for --limits=aws. */
struct usage {
    int64_t second;      /* of weir's clock */
    uint64_t bytes;      /* so far in it */
    uint32_t count;      /* records or calls so far in it */
};

struct shard {
    struct stream *stream;     /* whose it is */
    uint32_t number;           /* in its name */
    uint32_t parent;           /* number + 1; 0: none */
    uint32_t adjacent;         /* the other parent after a merge: number + 1; 0: none */
    u128 from, to;             /* hash keys, both included */
    int64_t created_ms;        /* c->now when it was opened */
    int64_t closed_ms;         /* 0: open */
    uint64_t log;              /* its records */
    struct waiters waiters;    /* subscribers waiting for a record or for closing */
    struct link subscriptions; /* of SubscribeToShard, subscribe.c's */
    struct usage written;      /* records and bytes put this second */
    struct usage read;         /* calls and bytes got this second */
};

struct tag {
    struct str key, value; /* owned by the tag list */
};

/* Tags of a stream, consumer or queue; sorted by key. */
struct tags {
    struct tag *items;     /* owned */
    size_t count;          /* of them */
};

struct consumer {
    struct stream *stream;     /* whose it is */
    struct str name;           /* owned */
    int64_t created_ms;        /* RegisterStreamConsumer or CreateStream */
    struct tags tags;          /* owned */
    struct str policy;         /* owned; empty: none */
    struct consumer *next;     /* in the stream's list, by name */
};

struct stream {
    struct str account, region, name;  /* owned */
    struct str arn;            /* of these; owned */
    int64_t created_ms;        /* RegisterStreamConsumer or CreateStream */
    bool on_demand;
    bool distribute_auto;      /* RecordDistributionStrategy AUTO */
    uint32_t retention_hours;  /* 24 to 8,760 */
    uint32_t max_record_kib;   /* MaxRecordSizeInKiB */
    uint32_t warm_mibps;       /* WarmThroughputMiBps; 0: none */
    uint32_t metrics;          /* bit per shard-level metric, in the enum's order */
    struct str key_id;         /* KMS key; empty: not encrypted; owned */
    struct tags tags;          /* owned */
    struct str policy;         /* resource policy; empty: none; owned */
    struct shard **shards;     /* by number; expired ones are NULL */
    uint32_t shard_count;      /* numbers given out */
    struct shard **open;       /* open shards by hash range */
    uint32_t open_count;
    struct consumer *consumers;
    uint32_t consumer_count;   /* of them */
    struct queue *queues;      /* queue.c's, by name */
    uint32_t queue_count;      /* of them */
    struct channel *channels;  /* channel.c's, by name */
    uint32_t channel_count;    /* of them */
};

/* The service's state. */
struct kinesis {
    struct cell *cell;         /* whose service this is */
    struct map *streams;       /* "account/region/name" → struct stream */
    struct map *queues;        /* queue.c's: queue ARN → struct queue */
    struct map *channels;      /* channel.c's: channel ARN → struct channel */
};

static inline struct kinesis *kinesis_of(const struct call *c)
{
    return c->state;
}

/* ---- keys.c: the only file that knows key and record bytes ---- */

struct buf;
struct cursor;
void write_tags(struct buf *packed, const struct tags *tags);
void read_tags(struct cursor *cursor, struct tags *tags);
void stream_save(struct call *c, const struct stream *stream);
void stream_erase(struct call *c, const struct stream *stream);
void shard_save(struct call *c, const struct shard *shard);
void shard_erase(struct call *c, const struct shard *shard);
void consumer_save(struct call *c, const struct consumer *consumer);
void consumer_erase(struct call *c, const struct consumer *consumer);
/* An account's commitment to a minimum throughput, in a region. */
struct account_settings {
    bool committed;      /* was ever enabled */
    int64_t started_ms;  /* of the newest */
    int64_t ended_ms;    /* 0: not ended */
};
void account_settings_get(struct call *c, struct account_settings *ret_settings);
void account_settings_save(struct call *c, const struct account_settings *settings);
/* Reads every stream, shard and consumer record into kinesis. */
status kinesis_load(struct kinesis *kinesis);

/* ---- stream.c ---- */

struct stream *stream_new(struct str account, struct str region, struct str name);
void stream_free(struct stream *stream);
/* By StreamARN or StreamName of the call. */
status stream_of_call(struct call *c, struct stream **ret_stream);
/* By an ARN of this account's; policies of other accounts' streams come with IAM. */
status stream_of_arn(struct call *c, struct str arn, struct stream **ret_stream);
struct stream *stream_find(const struct kinesis *kinesis, struct str account, struct str region,
                           struct str name); /* NULL: none */
status stream_add(struct kinesis *kinesis, struct stream *stream); /* ERR_LIMIT */
void stream_remove(struct kinesis *kinesis, struct stream *stream); /* and frees it */
struct str stream_arn(struct call *c, const struct stream *stream);
/* Replaces a text that its owner keeps on the heap. */
void text_set(struct str *owned, struct str text);
/* Streams of the call's account and region, sorted by name, in the call's arena. */
struct stream **streams_sorted(struct call *c, size_t *ret_count);
/* Encrypted at rest: "KMS", else STR_NONE. */
struct str stream_encryption(const struct stream *stream);

/* ---- tag.c ---- */

struct str *tags_find(struct tags *tags, struct str key);         /* the value, or NULL */
void tags_set(struct tags *tags, struct str key, struct str value); /* copies */
void tags_remove(struct tags *tags, struct str key);
void tags_done(struct tags *tags);
/* Checks a TagMap member against AWS's rules together with what is there already. */
status tags_check(struct call *c, const struct tags *there, const struct value *map);

/* What an ARN names and may have tags and a policy: a stream, a consumer or a queue. */
struct tagged {
    struct tags *tags;         /* its */
    struct str *policy;        /* its */
    struct stream *stream;     /* it or its own */
    struct consumer *consumer; /* NULL: not a consumer */
    struct queue *queue;       /* NULL: not a queue */
    struct channel *channel;   /* NULL: not a channel */
};
status tagged_find(struct call *c, struct str arn, struct tagged *ret_tagged);
void tagged_save(struct call *c, const struct tagged *tagged);

/* ---- shard.c ---- */

/* Adds an open shard to stream, in memory and staged. parent, adjacent: number + 1 or 0. */
struct shard_range {
    u128 from, to;             /* hash keys, both included */
    uint32_t parent, adjacent; /* number + 1; 0: none */
};
struct shard *shard_open(struct call *c, struct stream *stream, const struct shard_range *range);
void shard_close(struct call *c, struct shard *shard);
void shard_attach(struct stream *stream, struct shard *shard); /* loading */
/* Out of memory, with its subscriptions told; what is staged is the caller's doing. */
void shard_free(struct shard *shard);
struct shard *shard_of_hash(const struct stream *stream, u128 hash);
/* The number in "shardId-000000000003", "any-3" or "3": AWS looks at what follows the hyphen. */
bool shard_number_read(struct str id, uint32_t *ret_number);
/* By its id; ResourceNotFoundException otherwise. */
status shard_of_id(struct call *c, struct stream *stream, struct str id, struct shard **ret_shard);
struct str shard_id(struct arena *arena, uint32_t number);
/* Splits the whole space evenly. */
void stream_open_shards(struct call *c, struct stream *stream, uint32_t count);
/* Children of a closed shard, as GetRecords and SubscribeToShard list them. */
void put_children(struct call *c, struct value *structure, const struct shard *shard);
/* A Shard structure, as DescribeStream and ListShards list them. */
void put_shard(struct call *c, struct value *item, const struct shard *shard);

/* ---- record.c ---- */

/* Where a consumer begins; type as in ShardIteratorType. */
struct start {
    struct str type;            /* as asked */
    struct str sequence_number; /* for AT_ and AFTER_SEQUENCE_NUMBER */
    bool has_time;              /* at_ms was given */
    int64_t at_ms;              /* for AT_TIMESTAMP */
};
status start_sequence(struct call *c, struct shard *shard, const struct start *start,
                      uint64_t *ret_next);

/* Records of a shard from a log sequence on, as the model's Record structures. */
struct reading {
    uint64_t next;             /* in: where to read; out: where to go on */
    size_t count_max;          /* records at most */
    uint64_t bytes_max;        /* of data at most */
    int64_t behind_ms;         /* out: MillisBehindLatest */
    bool ended;                /* out: the shard is closed and everything was read */
    uint64_t bytes;            /* out: of data */
    int64_t last_at_ms;        /* out: moment of the last record given; 0: none */
};
status records_read(struct call *c, struct shard *shard, struct reading *reading,
                    struct value *structure, const char *member);
/* Drops what is older than the stream keeps, and closed shards that have nothing left; part of the
 * minute's tick. */
void stream_expire(struct call *c, struct stream *stream);
/* A record as it lies in the log, taken apart. */
struct stored_record {
    struct str partition_key; /* as it came */
    struct str data;          /* the blob */
    bool encrypted;           /* put while the stream was */
};
bool record_read(struct str stored, struct stored_record *ret_record);
/* How a record put now begins in the log; its data follow. */
struct str record_head(struct arena *arena, const struct stream *stream, struct str partition_key);

/* Limits of AWS, when asked for: true when so much more still fits in this second. */
bool usage_take(struct usage *usage, int64_t now_ms, const struct usage *more,
                const struct usage *limit);

#endif
