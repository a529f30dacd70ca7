/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside DynamoDB: tables, their indexes, and how an item changes. Everything here happens in the
 * cell.
 *
 * Invariants between the files:
 *   1. Memory mirrors the store: every table is loaded at open, and changed in memory in the same
 *      handler that stages the change (table_save). Items are in the store only.
 *   2. An item changes in item_change() and nowhere else (change.c). It stages the item, its index
 *      entries, its expiry, the tally, the change log's record and the row that finds that record:
 *      one journal entry.
 *   3. The change log holds what an item was before each change. So any moment within its reach can
 *      be read (past.c), and the table's stream is a view of it.
 *   4. A table's number is never used twice, and every row below it begins with it: a table that is
 *      deleted is forgotten at once, and its rows are swept later.
 */
#ifndef WEIR_SVC_DYNAMODB_INT_H
#define WEIR_SVC_DYNAMODB_INT_H

#include "base/map.h"
#include "cell/call.h"
#include "svc/dynamodb/dynamodb.h"
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/expr.h"
#include "svc/dynamodb/item.h"

#define TABLES_MAX 100000
#define LOCAL_INDEXES_MAX 5
#define GLOBAL_INDEXES_MAX 20
#define VECTOR_INDEXES_MAX 5
#define INDEXES_MAX (LOCAL_INDEXES_MAX + GLOBAL_INDEXES_MAX + VECTOR_INDEXES_MAX)
#define TABLE_STREAMS_MAX 100   /* of one table, those that ended within a day too */
#define STREAM_MS (INT64_C(24) * 3600 * 1000)
#define TABLE_ID_BYTES 36

struct dynamodb {
    struct cell *cell;         /* whose service this is */
    struct map *tables;        /* "account/region/name" → struct table */
    uint64_t number;           /* the last that a table got */
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

struct index {
    uint32_t number;           /* in its table's rows; never used twice there */
    uint8_t kind;              /* enum index_kind */
    uint8_t state;             /* enum index_state */
    uint8_t projection;        /* enum projection_kind */
    struct str name;           /* owned */
    struct key_schema schema;  /* names owned; a vector index: none */
    struct str *included;      /* PROJECT_INCLUDE: names, sorted; owned */
    size_t included_count;     /* of them */
    struct throughput provisioned; /* zeros: on demand */
    struct throughput on_demand_max; /* OnDemandThroughput; zeros: none */
    struct throughput warm;    /* WarmThroughput as asked; zeros: AWS's */
    struct str extra;          /* JSON of what only its kind has (a vector index); owned */
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
    EXTRA_SSE,          /* SSESpecification */
    EXTRA_INSIGHTS,     /* Contributor Insights of the table and its indexes */
    EXTRA_DESTINATIONS, /* Kinesis streaming destinations */
    EXTRA_RESTORE,      /* RestoreSummary */
    EXTRA_STREAM_POLICY, /* of its stream, text */
    EXTRA_COUNT,
};

struct table {
    struct str account, region, name; /* owned */
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
    bool pitr;                 /* PointInTimeRecoveryStatus ENABLED */
    uint32_t pitr_days;        /* RecoveryPeriodInDays */
    int64_t pitr_ms;           /* when it was enabled */
    int64_t on_demand_ms;      /* LastUpdateToPayPerRequestDateTime; 0: never */
    int64_t billing_ms;        /* when the billing mode was said last; 0: never */
    struct throughput provisioned;   /* zeros: on demand */
    struct throughput on_demand_max; /* OnDemandThroughput */
    struct throughput warm;    /* WarmThroughput as asked; zeros: AWS's */
    int64_t raised_ms, lowered_ms; /* LastIncreaseDateTime, LastDecreaseDateTime; 0: never */
    uint32_t lowered_today;    /* NumberOfDecreasesToday */
    struct stream *streams;    /* oldest first; the last may be going on; owned */
    size_t stream_count;       /* of them */
    struct str ttl_name;       /* attribute; empty: items do not expire; owned */
    int64_t ttl_ms;            /* when that was changed last; 0: never */
    struct str ttl_filled;     /* items up to this suffix have their expiry row; owned */
    bool ttl_filling;          /* the rest still gets it */
    struct str extras[EXTRA_COUNT]; /* owned */
    struct tally tally;        /* its items */
    struct waiters changed;    /* woken by a change: who drains the change log */
    struct usage usage;        /* --limits=aws */
};

static inline struct dynamodb *dynamodb_of(const struct call *c)
{
    return c->state;
}

/* ---- table.c ---- */

void text_set(struct str *owned, struct str text); /* replaces a text that its owner keeps */
struct table *table_new(struct str account, struct str region, struct str name);
void table_free(struct table *table);
struct index *index_new(struct table *table);      /* added to it, with its number */
void index_remove(struct table *table, struct index *index); /* and freed */
void schema_add(struct key_schema *schema, struct str name, uint8_t type, bool hash); /* copies */
struct index *table_index(const struct table *table, struct str name); /* NULL: none */
struct table *table_find(const struct dynamodb *dynamodb, struct str account, struct str region,
                         struct str name);         /* NULL: none */
status table_add(struct dynamodb *dynamodb, struct table *table); /* ERR_LIMIT */
void table_remove(struct dynamodb *dynamodb, struct table *table); /* and frees it */
/* A table read from a request becomes one: number, log, row, memory. */
void table_make(struct call *c, struct table *table);
/* By the call's TableName, a name or an ARN. ResourceNotFoundException in the data plane's
 * words; also while it is filled (filling). */
status table_of_call(struct call *c, struct table **ret_table);
status table_of_name(struct call *c, struct str name_or_arn, struct table **ret_table);
/* What names it: "name" or an ARN's; ValidationException. */
status table_name_read(struct call *c, struct str name_or_arn, struct str *ret_account,
                       struct str *ret_region, struct str *ret_name);
struct str table_arn(struct arena *arena, const struct table *table);
struct str stream_arn(struct arena *arena, const struct table *table,
                      const struct stream *stream);
struct stream *table_stream(const struct table *table);      /* that goes on; NULL: none */
/* Of the call's account and region, sorted by name, in the call's arena. */
struct table **tables_sorted(struct call *c, size_t *ret_count);

/* ---- table_keys.c: bytes of the table's row ---- */

void table_save(struct call *c, const struct table *table);
/* The row's value, also as a backup keeps it; and a table of it, which nobody finds yet. NULL: of
 * no version known here. */
void table_pack(struct buf *packed, const struct table *table);
struct table *table_unpack(struct str account, struct str region, struct str name,
                           struct str packed);
void table_erase(struct call *c, const struct table *table); /* its row; the rest is doomed */
status tables_load(struct dynamodb *dynamodb);

#include "svc/dynamodb/keys.h"

#endif
