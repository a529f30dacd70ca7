/* SPDX-License-Identifier: Apache-2.0
 *
 * What DynamoDB keeps in memory: tables, their indexes, streams and settings. All of it is in the
 * tables' rows, too (table_keys.c), but what is derived.
 */
#ifndef WEIR_SVC_DYNAMODB_STATE_H
#define WEIR_SVC_DYNAMODB_STATE_H

#include "base/list.h"
#include "base/map.h"
#include "cell/call.h"
#include "cell/timer.h"
#include "svc/dynamodb/expr.h"

#define TABLES_MAX 100000
#define LOCAL_INDEXES_MAX 5
#define GLOBAL_INDEXES_MAX 20
#define VECTOR_INDEXES_MAX 5
#define INDEXES_MAX (LOCAL_INDEXES_MAX + GLOBAL_INDEXES_MAX + VECTOR_INDEXES_MAX)
#define TABLE_STREAMS_MAX 100   /* of one table, those that ended within a day too */
#define STREAM_MS (INT64_C(24) * 3600 * 1000)
#define TABLE_ID_BYTES 36

struct jobs;

struct dynamodb {
    struct cell *cell;         /* whose service this is */
    struct jobs *jobs;         /* job.c's: what takes long */
    struct map *tables;        /* "account/region/name" → struct table */
    uint64_t number;           /* the last that a table got */
    struct timer upkeep;       /* the next step of long work (upkeep.h) */
    struct link busy;          /* tables with long work, those first that waited longest */
    struct link gone;          /* deleted tables whose streams can still be read */
    bool doomed;               /* rows of deleted tables are still there */
    struct txn_mark swept;     /* how far they are gone */
};

/* How many items, and what AWS counts for them. */
struct tally {
    uint64_t items;            /* how many */
    uint64_t bytes;            /* of them, as AWS counts */
};

struct throughput {
    int64_t read, write;       /* units a second; 0: not said */
};

struct attribute {
    struct str name;           /* owned */
    uint8_t type;              /* DATUM_S, DATUM_N, DATUM_B */
};

enum projection_kind { PROJECT_ALL, PROJECT_KEYS_ONLY, PROJECT_INCLUDE };

enum index_kind { INDEX_LOCAL, INDEX_GLOBAL, INDEX_VECTOR };

enum index_state {
    INDEX_ACTIVE,   /* has an entry for every item that it is to have one for */
    INDEX_CREATING, /* is being filled; changes of items are in it already */
    INDEX_DELETING, /* is being swept; changes of items pass it by */
};

/* What may still be used, for --limits=aws (throttle.h): what a second brings flows in all the
 * time, and up to five minutes' worth is kept. In memory only. */
struct usage {
    int64_t at_ms;             /* when something flowed in last; 0: never */
    int64_t read_left;         /* thousandths of a read unit; below 0: owed */
    int64_t write_left;        /* of a write unit */
};

enum distance { DISTANCE_COSINE, DISTANCE_EUCLIDEAN, DISTANCE_DOT_PRODUCT };

/* An attribute of a vector index's search schema. */
struct vector_element {
    struct str name;           /* owned */
    uint8_t type;              /* DATUM_S, DATUM_N, DATUM_B */
    bool hash;                 /* HASH; else INLINE_FILTER */
};

/* What only a vector index has. */
struct vector_spec {
    struct str attribute;      /* whose vectors; owned */
    uint32_t dimensions;       /* of each vector */
    uint8_t distance;          /* enum distance */
    struct vector_element *elements; /* the search schema, as given; owned */
    size_t element_count;      /* of them; at most one is HASH */
};

struct index {
    uint32_t number;           /* in its table's rows; never used twice there */
    uint8_t kind;              /* enum index_kind */
    uint8_t state;             /* enum index_state */
    uint8_t projection;        /* enum projection_kind */
    struct str name;           /* owned */
    struct key_schema schema;  /* names owned; a vector index: its HASH element, or none */
    struct str *included;      /* PROJECT_INCLUDE: names, sorted; owned */
    size_t included_count;     /* of them */
    struct throughput provisioned; /* zeros: on demand */
    struct throughput on_demand_max; /* OnDemandThroughput; zeros: none */
    struct throughput warm;    /* WarmThroughput as asked; zeros: AWS's */
    int64_t raised_ms, lowered_ms; /* LastIncreaseDateTime, LastDecreaseDateTime; 0: never */
    uint32_t lowered_today;    /* NumberOfDecreasesToday, on the day of lowered_ms */
    struct str extra;          /* packed: what only its kind has; owned */
    struct vector_spec *vector; /* a vector index's extra, unpacked; NULL: another kind; owned */
    struct str filled;         /* INDEX_CREATING: items up to this suffix are in it; owned */
    int64_t created_ms;        /* c->now when it was made */
    struct tally tally;        /* its entries */
    struct usage usage;        /* --limits=aws; a local index: its table's */
};

/* What a stream shows of a change. */
enum stream_view { VIEW_KEYS_ONLY, VIEW_NEW_IMAGE, VIEW_OLD_IMAGE, VIEW_NEW_AND_OLD_IMAGES };

/* A stream: a span of the change log. */
struct stream {
    uint8_t view;              /* enum stream_view */
    int64_t label_ms;          /* when it began: its label */
    uint64_t first;            /* sequence of its first record in the log */
    uint64_t last;             /* of its last; 0: it goes on */
    int64_t ended_ms;          /* 0: it goes on */
};

/* Settings that only their own operations look at, as JSON of the model's shape or text. New ones
 * are added at the end. */
enum extra {
    EXTRA_TAGS,         /* Tags */
    EXTRA_POLICY,       /* the resource policy, text */
    EXTRA_POLICY_REVISION,
    EXTRA_SSE,          /* KMSMasterKeyArn, text; empty: encrypted by default */
    EXTRA_INSIGHTS,     /* Contributor Insights of the table and its indexes */
    EXTRA_DESTINATIONS, /* Kinesis streaming destinations */
    EXTRA_RESTORE,      /* RestoreSummary */
    EXTRA_STREAM_POLICY, /* of its stream, text */
    EXTRA_STREAM_POLICY_REVISION,
    EXTRA_COUNT,
};

struct table {
    struct str account, region, name; /* owned */
    struct str arn;            /* of those three; owned */
    char id[TABLE_ID_BYTES];   /* TableId */
    uint64_t number;           /* in its rows */
    uint64_t log;              /* the change log */
    int64_t created_ms;        /* c->now when it was made */
    struct key_schema schema;  /* names owned */
    struct attribute *attributes; /* AttributeDefinitions, as given; owned */
    size_t attribute_count;    /* of them */
    struct index **indexes;    /* in the order they were made; owned */
    size_t index_count;        /* of them */
    uint32_t index_number;     /* the last that an index got */
    bool on_demand;            /* PAY_PER_REQUEST */
    bool protected;            /* DeletionProtectionEnabled */
    bool infrequent;           /* STANDARD_INFREQUENT_ACCESS */
    bool filling;              /* CREATING: a restore or an import brings its items; for the data
                                * plane it is not there yet */
    int64_t trimmed_ms;        /* moment of the newest record that the log let go; 0: none */
    bool pitr;                 /* PointInTimeRecoveryStatus ENABLED */
    uint32_t pitr_days;        /* RecoveryPeriodInDays */
    int64_t pitr_ms;           /* when it was enabled */
    int64_t on_demand_ms;      /* LastUpdateToPayPerRequestDateTime; 0: never */
    int64_t billing_ms;        /* when the billing mode was said last; 0: never */
    struct throughput provisioned;   /* zeros: on demand */
    struct throughput on_demand_max; /* OnDemandThroughput */
    struct throughput warm;    /* WarmThroughput as asked; zeros: AWS's */
    int64_t raised_ms, lowered_ms; /* LastIncreaseDateTime, LastDecreaseDateTime; 0: never */
    uint32_t lowered_today;    /* NumberOfDecreasesToday, on the day of lowered_ms */
    int64_t class_ms;          /* when the table class was said last; 0: never */
    struct stream *streams;    /* oldest first; the last may be going on; owned */
    size_t stream_count;       /* of them */
    struct str ttl_name;       /* attribute; empty: items do not expire; owned */
    int64_t ttl_ms;            /* when that was changed last; 0: never */
    struct str ttl_filled;     /* items up to this suffix have their expiry row; owned */
    bool ttl_filling;          /* the rest still gets it */
    bool ttl_sweeping;         /* expiry rows of a time when items expired are still there */
    struct txn_mark swept;     /* how far they are gone, or a deleted index is */
    struct str extras[EXTRA_COUNT]; /* owned */
    struct tally tally;        /* its items */
    uint64_t noted;            /* sequence of the change log's newest record */
    struct waiters changed;    /* woken by a change: who drains the change log */
    struct usage usage;        /* --limits=aws */
    struct link place;         /* among the busy or the gone ones */
    struct timer expiry;       /* when the soonest item expires */
    bool expiring;             /* items have expired and are still there */
};

#endif
