/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Firehose. What waits in a delivery stream lies in *lanes*, each a log of the store; who
 * takes from a lane trims it in the entry that says what became of the records.
 *
 *     PutRecord ─┐            ┌─────────── (nothing to process) ──────────► bucket
 *     the bus ───┼─► RAW ─────┤
 *     a stream ──┘            └─ process.c ─┬► READY ── deliver.c, post.c ► bucket, HTTP endpoint
 *                                           ├► FAILED ─ deliver.c ────────► error prefix
 *                                           └► BACKUP ─ deliver.c ────────► backup bucket
 *
 * Rules
 *  1. A lane's position is its log's oldest record: it moves by trimming, and by nothing else. So
 *     memory says nothing that a start could not count again.
 *  2. A lane has one job at a time (busy): a thread that reads in the cell, works outside, and puts
 *     in the cell. The job finds its stream again by name and id; it may be gone, or another.
 *  3. When a lane is looked at is a timer in memory: at once when it is full, else when its oldest
 *     record has waited for the interval.
 *  4. A plan is what a stream's settings say, taken apart. Jobs hold it; a change makes another.
 */
#ifndef WEIR_SVC_FIREHOSE_INT_H
#define WEIR_SVC_FIREHOSE_INT_H

#include "base/map.h"
#include "base/time.h"
#include "base/zone.h"
#include "bus/source.h"
#include "cell/doing.h"

#define STREAMS_MAX 5000                           /* of all accounts */
#define RECORD_BYTES_MAX 1024000                   /* AWS's, before base64 */
#define BATCH_BYTES_MAX (4u * 1024 * 1024)         /* of a PutRecordBatch */
#define LANE_BYTES_MAX (UINT64_C(16) << 30)        /* waiting; beyond it PutRecord is refused */
#define SOURCE_AHEAD_BYTES_MAX (UINT64_C(64) << 20) /* waiting; beyond it a source is not read */
#define KEEP_TRYING_MS (24 * MS_PER_HOUR)          /* what was put directly; then it is lost */
#define RETRY_MS (5 * MS_PER_SECOND)               /* after a bucket refused */
#define PARTITIONS_MAX 500                         /* in one delivery */
#define PAIRS_MAX 50                               /* partition keys of a record */

extern const struct error FIREHOSE_CONCURRENT;
extern const struct error FIREHOSE_INVALID_ARGUMENT;
extern const struct error FIREHOSE_INVALID_KMS;
extern const struct error FIREHOSE_INVALID_SOURCE;
extern const struct error FIREHOSE_LIMIT;
extern const struct error FIREHOSE_IN_USE;
extern const struct error FIREHOSE_NOT_FOUND;
extern const struct error FIREHOSE_UNAVAILABLE;

enum lane_kind { LANE_RAW, LANE_READY, LANE_FAILED, LANE_BACKUP, LANES };

struct pool;
struct stream;

struct lane {
    struct stream *stream;      /* whose */
    enum lane_kind kind;        /* which of them */
    uint64_t log;               /* of the store */
    uint64_t bytes;             /* of waiting records' data */
    int64_t oldest_ms;          /* arrival of the first that waits; 0: none waits */
    int64_t not_before_ms;      /* after a failure: tried again then */
    uint32_t attempts;          /* failures since the last success */
    int64_t failing_ms;         /* when the first of them was */
    uint64_t held;              /* post.c: the batch that is tried again ends there; 0: none */
    bool busy;                  /* a job is at it */
    struct timer timer;         /* when it is looked at next */
};

/* A place in a bucket. */
struct target {
    struct str bucket;          /* name; empty: there is none */
    struct str role;            /* ARN */
    struct str prefix;          /* as given, with expressions */
    struct str error_prefix;    /* the same */
    struct str group, stream;   /* CloudWatch Logs; empty: not wanted */
    struct str extension;       /* FileExtension; empty: by compression */
    uint8_t packing;            /* enum packing */
    uint64_t size_bytes;        /* buffering hints */
    int64_t interval_ms;        /* the same */
};

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZIP, PACKING_SNAPPY, PACKING_HADOOP };

struct endpoint {
    struct str url;             /* empty: the destination is a bucket */
    struct str access_key;      /* may be empty */
    struct str attributes;      /* value of X-Amz-Firehose-Common-Attributes; empty: none */
    bool gzip;                  /* ContentEncoding */
    uint64_t size_bytes;        /* buffering hints */
    int64_t interval_ms;        /* the same */
    int64_t retry_ms;           /* RetryOptions */
    struct str group, stream;   /* CloudWatch Logs; empty: not wanted */
};

enum cutting { CUT_NONE, CUT_JSON, CUT_DELIMITED };

struct query;

struct processing {
    bool any;                   /* there is something to do before delivery */
    bool decompress;            /* records are gzip */
    bool messages;              /* CloudWatch Logs' messages are taken out of their envelope */
    uint8_t cutting;            /* enum cutting: RecordDeAggregation */
    struct str delimiter;       /* of CUT_DELIMITED, decoded */
    struct str function;        /* ARN; empty: none */
    struct str function_role;   /* who may invoke it; empty: the destination's role */
    uint32_t retries;           /* of it */
    uint64_t size_bytes;        /* its buffering hints */
    int64_t interval_ms;        /* the same */
    struct query *query;        /* MetadataExtraction; NULL: none */
    struct str appended;        /* AppendDelimiterToRecord, decoded; empty: nothing */
    bool backup;                /* records go to the backup bucket as they came */
};

struct plan {
    struct arena *arena;        /* everything below */
    uint32_t holds;             /* the stream's, and jobs'; counted in the cell */
    uint64_t version;           /* of the settings */
    struct target main;         /* the bucket, also for what an endpoint did not take */
    struct target backup;       /* of source records */
    struct endpoint endpoint;   /* instead of the bucket */
    struct processing processing; /* before delivery */
    bool partitioned;           /* dynamic partitioning */
    struct zone *zone;          /* CustomTimeZone; NULL: UTC; owned */
    struct str zone_name;       /* of it */
};

struct ingest;

struct stream {
    struct firehose *firehose;  /* whose */
    struct str account, region, name; /* owned */
    struct str arn;             /* of these; owned */
    struct str about;           /* DeliveryStreamDescription, as JSON; owned */
    struct str access_key;      /* of an HTTP endpoint; owned */
    struct str tags;            /* as JSON of TagDeliveryStreamInputTagList; empty: none; owned */
    bool encrypted;             /* what PutRecord answers */
    struct plan *plan;          /* of about */
    struct lane lanes[LANES];   /* by kind */
    struct ingest *ingest;      /* of a stream as source; NULL: records are put directly */
    int64_t second;             /* --limits=aws: which second is counted */
    uint64_t second_bytes, second_records, second_calls; /* in it */
};

struct firehose {
    struct cell *cell;          /* where it is */
    struct map *streams;        /* "account/region/name" → stream */
    struct pool *posts;         /* threads that wait for HTTP endpoints */
    bool settled;               /* weir stops: no job begins any more */
};

static inline struct firehose *firehose_of(struct call *c)
{
    return c->state;
}

/* ---- stream.c ---- */

struct stream *stream_new(struct firehose *firehose, struct str account, struct str region,
                          struct str name);
void stream_free(struct stream *stream);
bool stream_add(struct stream *stream);    /* false: too many */
void stream_remove(struct stream *stream); /* and frees it */
struct stream *stream_find(const struct firehose *firehose, struct str account, struct str region,
                           struct str name);
struct stream *stream_of_arn(const struct firehose *firehose, struct str arn); /* NULL: none */
status stream_of_call(struct call *c, struct stream **ret_stream);
/* Those of the call's account and region, by name. */
struct stream **streams_sorted(struct call *c, size_t *ret_count);
void text_set(struct str *owned, struct str text);
/* The description as a tree; to be changed and given to stream_describe(). */
struct value *stream_about(const struct stream *stream, struct arena *arena);
/* Takes a changed description: its text, its plan. */
void stream_describe(struct stream *stream, const struct value *about);
const struct value *about_destination(const struct value *about); /* the one there is */
uint32_t firehose_shape(const char *operation, bool output); /* of its input or output */

/* ---- lane.c ---- */

void lanes_init(struct stream *stream);
void lanes_done(struct stream *stream);
void lane_arm(struct lane *lane);
/* Stages a record, head and data one after the other; both live as long as the call. */
void lane_append(struct call *c, struct lane *lane, struct str head, struct str data);
/* Stages that everything before next is done with. bytes: of the data among it. */
status lane_trim(struct call *c, struct lane *lane, uint64_t next, uint64_t bytes);
/* A failure: tried again after so long. */
void lane_failed(struct call *c, struct lane *lane, int64_t after_ms);
/* Counts what lies there, when a service opens. */
void lane_count(struct lane *lane);

/* ---- plan.c ---- */

struct plan *plan_of(const struct value *about, struct str access_key);
void plan_drop(struct plan *plan);

/* ---- keys.c ---- */

void stream_save(struct call *c, const struct stream *stream);
void stream_erase(struct call *c, const struct stream *stream); /* with its logs and positions */
status streams_load(struct firehose *firehose);

/* ---- record.c: how records lie in lanes ---- */

struct pair_text {
    struct str name, value;     /* of a partition key */
    bool from_function;         /* partitionKeyFromLambda; else …FromQuery */
};

struct origin {
    struct str shard, key, sequence; /* of a stream's record; shard empty: put directly */
    uint64_t sub_sequence;      /* in an aggregate */
};

struct stored {
    struct str data;            /* the record */
    int64_t at_ms;              /* arrival */
    struct origin origin;       /* raw records */
    struct str pairs;           /* READY: partition keys, packed; FAILED: kind of failure */
};

#define HEAD_DIRECT STR_INIT("\0")
struct str head_of_origin(struct arena *arena, const struct origin *origin, int64_t at_ms);
struct str head_ready(struct arena *arena, int64_t at_ms, struct str pairs);
struct str head_failed(struct arena *arena, int64_t at_ms, struct str kind);
bool stored_read(struct str bytes, int64_t at_ms, struct stored *ret_stored);
struct str pairs_write(struct arena *arena, const struct pair_text *pairs, size_t count);
bool pairs_find(struct str packed, bool from_function, struct str name, struct str *ret_value);
/* As PutRecord answers, and as functions see it. */
struct str record_id(struct call *c);
struct str record_number(struct arena *arena, uint64_t log, uint64_t sequence, uint64_t sub);
/* From whomever: staged, lanes told. */
void record_put(struct call *c, struct stream *stream, struct str data);

#endif
