/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches: BatchGetItem, BatchWriteItem. They save round trips and promise nothing together: what
 * there is no room for comes back as unprocessed. A batch of writes is one journal entry here.
 */
#include "svc/dynamodb/item_op.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/throttle.h"

#include <stdlib.h>

#define GETS_MAX 100
#define WRITES_MAX 25
#define ANSWER_BYTES_MAX 16000000 /* of items; AWS's example: of 100 items of 300 KB 52 come */
#define DUPLICATES "Provided list of item keys contains duplicates"

/* ---- BatchGetItem ---- */

/* What is asked of one table. */
struct wanted {
    const struct pair *pair;  /* of the request: name and KeysAndAttributes */
    const struct value *keys; /* of it */
    struct item_read read;    /* what they share; key by key the key */
    struct item *items;       /* the keys, as items */
    bool consistent;          /* ConsistentRead */
};

/* Items found and keys left over, of all tables. */
struct getting {
    struct costs costs;         /* by table */
    struct value *responses;    /* by table */
    struct value *unprocessed;  /* by table */
    size_t bytes;               /* of the items so far */
    bool full;                  /* the next one did not fit */
    size_t done;                /* keys that were looked up */
    status refused;             /* why the first was not */
};

static int packed_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct item *)a)->packed, ((const struct item *)b)->packed);
}

/* Equal keys are equal bytes. */
static bool keys_apart(struct call *c, const struct item *keys, size_t count)
{
    struct item *sorted = arena_alloc(c->arena, (count + 1) * sizeof(sorted[0]));

    memcpy(sorted, keys, count * sizeof(sorted[0]));
    qsort(sorted, count, sizeof(sorted[0]), packed_cmp);
    for (size_t i = 1; i < count; i++) {
        if (packed_cmp(&sorted[i - 1], &sorted[i]) == 0) {
            return false;
        }
    }
    return true;
}

static status wanted_read(struct call *c, const struct pair *pair, size_t *total,
                          struct wanted *wanted)
{
    const struct value *in = &pair->value;

    wanted->pair = pair;
    wanted->keys = get(in, "Keys");
    wanted->consistent = get_bool(in, "ConsistentRead", false);
    wanted->items = arena_alloc(c->arena, (wanted->keys->count + 1) * sizeof(struct item));
    TRY(read_read(c, in, true, false, &wanted->read));
    for (uint32_t i = 0; i < wanted->keys->count; i++) {
        TRY(item_from_value(c->arena, &wanted->keys->items[i], &c->why, &wanted->items[i]));
    }
    *total += wanted->keys->count;
    if (*total > GETS_MAX) {
        return fail(c, &DDB_VALIDATION, "Too many items requested for the BatchGetItem call");
    }
    if (!keys_apart(c, wanted->items, wanted->keys->count)) {
        return fail(c, &DDB_VALIDATION, DUPLICATES);
    }
    return OK;
}

static status wanted_bind(struct call *c, struct wanted *wanted)
{
    for (uint32_t i = 0; i < wanted->keys->count; i++) {
        struct item_read read = wanted->read;

        read.key = wanted->items[i];
        TRY(read_bind(c, &read));
    }
    return OK;
}

/* The request's own words, with only the keys from there on. */
static void leave(struct call *c, struct getting *getting, const struct wanted *wanted,
                  uint32_t from)
{
    static const char *const members[] = {"AttributesToGet", "ConsistentRead",
                                          "ProjectionExpression", "ExpressionAttributeNames"};
    struct value *left = map_add(c->arena, getting->unprocessed, wanted->pair->key);
    struct value *keys = set_list(c->arena, left, "Keys", wanted->keys->count - from);

    for (uint32_t i = from; i < wanted->keys->count; i++) {
        *list_add(c->arena, keys) = wanted->keys->items[i];
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (has(&wanted->pair->value, members[i])) {
            set_value(left, members[i], get(&wanted->pair->value, members[i]));
        }
    }
}

/* What does not fit any more is not charged, and neither is what comes behind it. */
static status get_one(struct call *c, struct getting *getting, const struct wanted *wanted,
                      uint32_t at, struct item *ret_item)
{
    struct cost one = {.table = wanted->read.table};
    struct item_read read = wanted->read;
    size_t bytes;

    TRY(throttle_read(c, read.table, NULL));
    read.key = wanted->items[at];
    TRY(read_bind(c, &read));
    TRY(read_item(c, &read, ret_item, &bytes));
    if (getting->bytes + bytes > ANSWER_BYTES_MAX) {
        getting->full = true;
        return OK;
    }
    one.read_halves = read_halves(bytes, wanted->consistent);
    cost_add(costs_of(&getting->costs, read.table, wanted->pair->key), &one);
    throttle_take(c, &one, 1);
    getting->bytes += bytes;
    return OK;
}

static status get_all(struct call *c, struct getting *getting, const struct wanted *wanted)
{
    struct value *list = map_add_list(c->arena, getting->responses, wanted->pair->key,
                                      wanted->keys->count);

    for (uint32_t i = 0; i < wanted->keys->count; i++) {
        struct item item = ITEM_ABSENT;
        status got = getting->full ? OK : get_one(c, getting, wanted, i, &item);

        if (got == &DDB_THROUGHPUT || got == &DDB_THROTTLED) {
            getting->refused = got;
        } else {
            TRY(got);
        }
        if (got != OK || getting->full) {
            leave(c, getting, wanted, i);
            return OK;
        }
        getting->done++;
        if (item.packed.bytes > 0) {
            item_to_list(c->arena, &item, list);
        }
    }
    return OK;
}

/* BatchGetItem */
status ddb_batch_get_item(struct call *c)
{
    const struct value *map = arg(c, "RequestItems");
    struct wanted *wanted = arena_zero(c->arena, (map->count + 1) * sizeof(wanted[0]));
    struct getting getting = {.costs = costs_new(c, map->count)};
    size_t total = 0;

    for (uint32_t i = 0; i < map->count; i++) {
        TRY(wanted_read(c, &map->pairs[i], &total, &wanted[i]));
    }
    for (uint32_t i = 0; i < map->count; i++) {
        TRY(table_of_name(c, map->pairs[i].key, &wanted[i].read.table));
    }
    for (uint32_t i = 0; i < map->count; i++) {
        TRY(wanted_bind(c, &wanted[i]));
    }
    getting.responses = set_map(c->arena, c->out, "Responses", map->count);
    getting.unprocessed = set_map(c->arena, c->out, "UnprocessedKeys", map->count);
    for (uint32_t i = 0; i < map->count; i++) {
        TRY(get_all(c, &getting, &wanted[i]));
    }
    if (getting.done == 0 && getting.refused != OK) {
        return getting.refused;
    }
    c->detail = NULL; /* of what was refused; others were not */
    answer_costs(c, &getting.costs, 1);
    return OK;
}

/* ---- BatchWriteItem ---- */

struct writing {
    const struct value *map;    /* RequestItems */
    struct item_write *writes;  /* all, in the order of the request */
    size_t count;               /* of them */
    struct costs costs;         /* by table */
    struct value *unprocessed;  /* by table */
    size_t weight;              /* staged so far */
    bool full;                  /* the next one would be too much */
    size_t done;                /* writes that were staged */
    status refused;             /* why the first was not */
    struct why why;             /* its sentence */
};

static status request_read(struct call *c, const struct value *request, struct item_write *write)
{
    bool put = has(request, "PutRequest");

    if (put == has(request, "DeleteRequest")) {
        return fail(c, &DDB_VALIDATION, "Supplied AttributeValue has more than one datatypes set, "
                    "must contain exactly one of the supported datatypes");
    }
    write->kind = put ? WRITE_PUT : WRITE_DELETE;
    TRY(item_from_value(c->arena, put ? get(get(request, "PutRequest"), "Item")
                                      : get(get(request, "DeleteRequest"), "Key"),
                        &c->why, &write->given));
    return put ? item_fits(&write->given, false, &c->why) : OK;
}

static status requests_read(struct call *c, struct writing *writing)
{
    size_t total = 0;

    for (uint32_t i = 0; i < writing->map->count; i++) {
        total += writing->map->pairs[i].value.count;
    }
    if (total > WRITES_MAX) {
        return fail(c, &DDB_VALIDATION, "Too many items requested for the BatchWriteItem call");
    }
    writing->writes = arena_zero(c->arena, (total + 1) * sizeof(writing->writes[0]));
    for (uint32_t i = 0; i < writing->map->count; i++) {
        const struct value *list = &writing->map->pairs[i].value;

        for (uint32_t j = 0; j < list->count; j++) {
            TRY(request_read(c, &list->items[j], &writing->writes[writing->count++]));
        }
    }
    return OK;
}

static status tables_find(struct call *c, struct writing *writing)
{
    struct item_write *write = writing->writes;

    for (uint32_t i = 0; i < writing->map->count; i++) {
        const struct pair *pair = &writing->map->pairs[i];
        struct table *table;

        TRY(table_of_name(c, pair->key, &table));
        for (uint32_t j = 0; j < pair->value.count; j++, write++) {
            write->table = table;
        }
    }
    return OK;
}

static status requests_bind(struct call *c, struct writing *writing)
{
    TRY(tables_find(c, writing));
    for (size_t i = 0; i < writing->count; i++) {
        struct item_write *write = &writing->writes[i];

        TRY(write_bind(c, write));
        if (write->kind == WRITE_PUT) {
            TRY(index_keys_check(c, write->table, &write->given, false));
        }
    }
    return writes_apart(c, writing->writes, writing->count)
               ? OK
               : fail(c, &DDB_VALIDATION, DUPLICATES);
}

/* Whether it was written; else it stays unprocessed. */
static bool write_next(struct call *c, struct writing *writing, struct item_write *write,
                       struct str name)
{
    struct cost one = {.table = write->table};
    status judged;

    if (writing->full) {
        return false;
    }
    judged = write_judge(c, write);
    if (judged != OK) {
        if (writing->refused == OK) {
            writing->refused = judged;
            writing->why = c->why;
        }
        return false;
    }
    if (writing->done > 0 && writing->weight + write_weight(write) > WEIGHT_MAX) {
        writing->full = true;
        return false;
    }
    write_stage(c, write, &one);
    throttle_take(c, &one, 1);
    cost_add(costs_of(&writing->costs, write->table, name), &one);
    writing->weight += write_weight(write);
    writing->done++;
    return true;
}

static void write_all(struct call *c, struct writing *writing, const struct pair *pair,
                      struct item_write *writes)
{
    struct value *left = NULL;

    for (uint32_t i = 0; i < pair->value.count; i++) {
        if (write_next(c, writing, &writes[i], pair->key)) {
            continue;
        }
        if (left == NULL) {
            left = map_add_list(c->arena, writing->unprocessed, pair->key, pair->value.count);
        }
        *list_add(c->arena, left) = pair->value.items[i];
    }
}

/* BatchWriteItem */
status ddb_batch_write_item(struct call *c)
{
    struct writing writing = {.map = arg(c, "RequestItems")};
    struct item_write *write;

    TRY(requests_read(c, &writing));
    TRY(requests_bind(c, &writing));
    write = writing.writes;
    writing.costs = costs_new(c, writing.map->count);
    writing.unprocessed = set_map(c->arena, c->out, "UnprocessedItems", writing.map->count);
    for (uint32_t i = 0; i < writing.map->count; i++) {
        write_all(c, &writing, &writing.map->pairs[i], write);
        write += writing.map->pairs[i].value.count;
    }
    if (writing.done == 0) {
        c->why = writing.why;
        return writing.refused;
    }
    c->detail = NULL; /* of what was refused; others were not */
    call_on(c, table_arn(c->arena, writing.writes[0].table));
    answer_costs(c, &writing.costs, 1);
    answer_collections(c, &writing.costs, writing.writes, writing.count);
    return OK;
}
