/* SPDX-License-Identifier: Apache-2.0
 *
 * Event source mappings as they run. A mapping drains its source (bus/source.h) into its function,
 * a batch at a time:
 *
 *   a queue      any number of batches at once, bounded by the mapping's concurrency
 *   a shard      a lane by partition keys for each batch that may be under way at once; a lane's
 *                records go one batch after the other, in order
 *
 *   source rings ──► timer, this turn ──► look: form batches ──► runner ──► function
 *                                           ▲                                  │
 *                                           └── finish: what was done is ◄─────┘
 *                                               committed, then look again
 *
 * Invariants between the files:
 *   1. Memory mirrors the rows (mapping_keys.c): a mapping, its shards, their lanes, what was set
 *      aside. Everything before lane.next is done, discarded or set aside, and nothing behind is.
 *   2. A batch under way is in memory only. After a crash its records are read again: at least
 *      once, and in order.
 *   3. A mapping is freed when no batch of it is under way. A batch that was overtaken (a seek, a
 *      delete) changes nothing when it ends.
 *   4. A batch whose records are durable does not wait for the end of the one before it to be so:
 *      after a crash both are read again, in order.
 *   5. Records of a held key, and all behind them of that key, are rows until released: they go
 *      before what comes then. Nothing is taken from a source that the function cannot take.
 */
#ifndef WEIR_SVC_LAMBDA_MAPPING_INT_H
#define WEIR_SVC_LAMBDA_MAPPING_INT_H

#include "base/list.h"
#include "base/map.h"
#include "bus/pattern.h"
#include "bus/source.h"
#include "cell/timer.h"
#include "svc/lambda/lambda_int.h"

#define MAPPINGS_MAX 10000
#define MAPPING_SHARDS_MAX 10000      /* of one mapping */
#define MAPPING_LANES_MAX 10          /* of one shard: ParallelizationFactor */
#define MAPPING_FILTERS_MAX 10
#define MAPPING_ASIDE_MAX 1000000     /* keys with records set aside, of one mapping */
#define MAPPING_ENDS_MAX 32           /* sub-batches within one another */
#define MAPPING_STATE_BYTES_MAX (1024 * 1024) /* of a window, as AWS bounds it */
#define MAPPING_EVENT_BYTES_MAX (5632u * 1024) /* of an event's records: 6 MB with all around */
#define MAPPING_CONCURRENCY_MAX 1000
#define UUID_BYTES 36

struct batch;
struct lane;
struct mapping;

/* What the configuration says. */
struct mapping_settings {
    size_t batch_size;         /* BatchSize */
    int64_t gather_ms;         /* MaximumBatchingWindowInSeconds */
    uint32_t lanes;            /* ParallelizationFactor */
    int64_t window_ms;         /* TumblingWindowInSeconds; 0: none */
    int64_t age_ms;            /* MaximumRecordAgeInSeconds; -1: any */
    int64_t retries;           /* MaximumRetryAttempts; -1: without end */
    bool bisect;               /* BisectBatchOnFunctionError */
    bool reports;              /* ReportBatchItemFailures */
    size_t concurrency_max;    /* MaximumConcurrency; else MAPPING_CONCURRENCY_MAX */
    struct source_start start; /* StartingPosition */
    struct str on_failure;     /* ARN; owned; empty: none */
    struct pattern *filters[MAPPING_FILTERS_MAX]; /* FilterCriteria; owned */
    size_t filter_count;       /* of them */
};

/* What became of a batch that ran. */
enum ran { RAN_OK, RAN_FAILED, RAN_NOT };

struct ran_how {
    enum ran ran;              /* answered; failed; nothing of the handler ran */
    struct str answer;         /* what the handler returned */
    struct str request_id;     /* of the invocation */
    struct str version;        /* "$LATEST", "3": what ran */
};

/* Who runs batches: run.h (mapping_run.c), or a test. */
struct mapping_wish {
    const struct version *version; /* of the mapping's function; NULL in tests */
    struct str event;          /* copied */
    struct str trace;          /* X-Ray header; STR_NONE: the call's */
    bool durable;              /* its records are: it need not wait for what is staged */
};
struct mapping_runner {
    /* The function is there and may run once more; ret_version is filled for start. */
    status (*check)(struct call *c, const struct mapping *mapping, struct version *ret_version);
    /* Then batch_done(), once, in a visit or a timer's fire. */
    status (*start)(struct call *c, const struct mapping_wish *wish, struct batch *batch);
};
extern const struct mapping_runner mapping_runner;

struct window {
    bool open;                 /* it has begun */
    bool early;                /* its state is too large: it is given over before its time */
    int64_t start_ms;          /* it began */
    struct str state;          /* JSON; owned; empty: {} */
};

/* A part of a shard's keys. */
struct lane {
    struct mapping_shard *shard; /* of which */
    uint32_t index;            /* among its lanes */
    uint64_t next;             /* row: everything before is done */
    uint64_t looked;           /* nothing of this lane is before; at least next */
    uint64_t ends[MAPPING_ENDS_MAX]; /* row: a batch ends before the last of these; falling */
    size_t end_count;          /* of them; 0: wherever it is full */
    uint32_t tries;            /* row: of the batch at next, failed */
    struct window window;      /* row */
    int64_t not_before_ms;     /* the next try */
    int64_t gather_since_ms;   /* records are gathered since; 0: they are not */
    uint64_t epoch;            /* another after every seek */
    struct batch *batch;       /* under way; NULL: none */
};

struct mapping_shard {
    struct mapping *mapping;   /* whose */
    struct str id;             /* owned */
    uint64_t number;           /* in its stream */
    uint64_t origin;           /* row: of the stream that it is of */
    uint64_t parents[SOURCE_PARENTS_MAX]; /* numbers of those to be finished before */
    size_t parent_count;       /* of them */
    bool finished;             /* row: it was closed and everything of it is done */
    bool listed;               /* its stream still has it */
    struct lane *lanes;        /* owned */
    uint32_t lane_count;       /* of them */
};

struct mapping {
    struct mappings *all;      /* among which */
    char uuid[UUID_BYTES];     /* its name */
    struct str arn;            /* of it; owned */
    struct target target;      /* the function; strings owned */
    struct str function_arn;   /* of target; owned */
    struct str source;         /* ARN; owned */
    const struct source *table; /* of its service */
    bool fifo;                 /* a FIFO queue */
    bool enabled;              /* row */
    bool deleting;             /* row: goes when nothing is under way */
    bool listed;               /* row: its shards were listed once: others begin at their oldest */
    struct str config;         /* row: EventSourceMappingConfiguration, JSON; owned */
    struct mapping_settings settings; /* of config */
    struct source_watch watch; /* on the source, while enabled */
    uint64_t rang;             /* position of the journal that what arrived last is not behind */
    struct timer timer;        /* the next look */
    bool shards_changed;       /* they are to be listed at the next look */
    struct link batches;       /* of struct batch, under way */
    size_t batch_count;        /* of them */
    size_t concurrency;        /* a queue: batches at once, for now */
    int64_t gather_since_ms;   /* a queue: messages are gathered since; 0: they are not */
    int64_t refused_ms;        /* waits so long after a refusal of the function's; 0: none */
    struct mapping_shard **shards; /* by number; owned */
    size_t shard_count;        /* of them */
    struct map *aside;         /* key → number of its records set aside */
    bool aside_changed;        /* some of it may go on */
    size_t aside_max;          /* records of its next batch; 0: BatchSize */
    struct batch *aside_batch; /* of what was set aside; NULL: none is under way */
    uint32_t aside_tries;      /* of it, failed */
    int64_t aside_not_before_ms; /* the next try */
    char result[160];          /* LastProcessingResult */
    uint64_t batches_run, records_run, failures; /* since the start: counts for people */
};

struct mappings {
    struct cell *cell;         /* where they are */
    const struct mapping_runner *runner; /* who runs batches */
    struct map *by_uuid;       /* UUID → struct mapping */
    struct arena *scratch;     /* of one step */
};

static inline struct mappings *mappings_of(struct call *c)
{
    return lambda_of(c)->mappings;
}

#endif
