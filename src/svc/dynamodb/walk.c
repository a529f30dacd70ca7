/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking rows.
 *
 * What a page costs is the sum of what it looked at, rounded up once, whatever the filter leaves;
 * items that are fetched from the table for a local index's entries are rounded one by one. Source:
 * developer guide, "Provisioned throughput considerations for local secondary indexes".
 *
 * A page's time in the cell is bounded by PAGE_BYTES_MAX and PAGE_ROWS_MAX: a few milliseconds.
 */
#include "svc/dynamodb/walk.h"

#include "svc/dynamodb/throttle.h"

#include <assert.h>

#define ITEMS_ROOM_MIN 32

static bool is_key(const struct key_schema *schema, struct str name)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        if (str_eq(schema->names[i], name)) {
            return true;
        }
    }
    return false;
}

bool index_projects(const struct table *table, const struct index *index, struct str name)
{
    if (index->projection == PROJECT_ALL || is_key(&table->schema, name) ||
        is_key(&index->schema, name)) {
        return true;
    }
    for (size_t i = 0; i < index->included_count; i++) {
        if (str_eq(index->included[i], name)) {
            return true;
        }
    }
    return false;
}

status index_of_name(struct call *c, const struct table *table, struct str name, bool consistent,
                     struct index **ret_index)
{
    struct index *index = NULL;

    if (name.bytes == 0) {
        *ret_index = NULL;
        return OK;
    }
    index = table_index(table, name);
    if (index != NULL && index->kind == INDEX_VECTOR) {
        return fail(c, &DDB_VALIDATION, "%.*s operation not supported on this index type.",
                    STR_ARG(call_name(c)));
    }
    if (index == NULL || index->state == INDEX_DELETING) {
        return fail(c, &DDB_VALIDATION, "The table does not have the specified index: %.*s",
                    STR_ARG(name));
    }
    if (index->state == INDEX_CREATING) {
        return fail(c, &DDB_VALIDATION, "Cannot read from backfilling global secondary index: "
                    "%.*s", STR_ARG(name));
    }
    if (consistent && index->kind == INDEX_GLOBAL) {
        return fail(c, &DDB_VALIDATION, "Consistent reads are not supported on global secondary "
                                        "indexes");
    }
    *ret_index = index;
    return OK;
}

/* ---- where ---- */

static struct str rows_below(struct call *c, const struct walk *walk)
{
    return walk->index == NULL
               ? rows_of(c->arena, "item", walk->table->number)
               : rows_of_index(c->arena, walk->table->number, walk->index->number);
}

static struct str joined(struct arena *arena, struct str a, struct str b)
{
    char *both = arena_alloc(arena, a.bytes + b.bytes + 1);

    memcpy(both, a.at, a.bytes);
    if (b.bytes > 0) {
        memcpy(both + a.bytes, b.at, b.bytes);
    }
    return str_of(both, a.bytes + b.bytes);
}

void walk_all(struct call *c, struct walk *walk)
{
    walk->from = rows_below(c, walk);
    walk->to = key_after_prefix(c->arena, walk->from);
}

void walk_segment(struct call *c, struct walk *walk, uint64_t segment, uint64_t count)
{
    struct str below = rows_below(c, walk);
    uint64_t width = UINT64_MAX / count;

    assert(segment < count);
    walk_all(c, walk);
    if (segment > 0) {
        walk->from = joined(c->arena, below, suffix_of_hash(c->arena, segment * width));
    }
    if (segment + 1 < count) {
        walk->to = joined(c->arena, below, suffix_of_hash(c->arena, (segment + 1) * width));
    }
}

void walk_query(struct call *c, struct walk *walk, const struct key_condition *condition)
{
    const struct key_schema *schema = walk_schema(walk);
    struct datum hashes[KEY_PARTS_MAX];
    struct str partition;

    for (uint8_t i = 0; i < schema->hashes; i++) {
        hashes[i] = condition->terms[i].values[0];
    }
    partition = suffix_of_partition(c->arena, hashes, schema->hashes);
    key_condition_range(c->arena, joined(c->arena, rows_below(c, walk), partition), condition,
                        &walk->from, &walk->to);
}

static struct str row_of_key(struct call *c, const struct walk *walk, const struct item *key)
{
    struct entry_of_index entry;

    if (walk->index == NULL) {
        return row_item(c->arena, walk->table,
                        suffix_of_item(c->arena, &walk->table->schema, key));
    }
    bool there = index_entry(c, walk->table, walk->index, key, &entry);

    assert(there);
    return entry.row;
}

bool walk_after(struct call *c, struct walk *walk, const struct item *key)
{
    struct str row = row_of_key(c, walk, key);

    if (str_cmp(row, walk->from) < 0 || str_cmp(row, walk->to) >= 0) {
        return false;
    }
    if (walk->descending) {
        walk->to = row;
    } else {
        walk->from = joined(c->arena, row, str_of("", 1));
    }
    return true;
}

/* ---- a page ---- */

/* A page being read. */
struct reading {
    struct call *c;             /* whose arena, whose txn */
    const struct walk *walk;    /* what is asked */
    struct walked walked;       /* so far */
    size_t room;                /* of walked.items */
    uint64_t bytes;             /* of the rows, as AWS counts */
    uint64_t fetched_bytes;     /* of the items from the table */
    uint64_t values;            /* about how many the items have */
    uint64_t fetched_halves;    /* what those cost */
};

/* The key attributes of an item, of the table and of the index. */
static struct item key_of_item(struct reading *r, const struct item *item)
{
    const struct table *table = r->walk->table;
    const struct index *index = r->walk->index;
    struct cursor cursor = cursor_of(item->attributes);
    char *body = (char *)arena_alloc(r->c->arena, ITEM_HEAD_BYTES_MAX + item->attributes.bytes) +
                 ITEM_HEAD_BYTES_MAX;
    char *at = body;
    struct item key = ITEM_ABSENT;

    while (cursor.rest.bytes > 0) {
        const char *from = cursor.rest.at;
        struct str name;

        datum_read_pair(&cursor, &name);
        if (is_key(&table->schema, name) || (index != NULL && is_key(&index->schema, name))) {
            memcpy(at, from, (size_t)(cursor.rest.at - from));
            at += cursor.rest.at - from;
        }
    }
    status made = item_make(body, at, NULL, &key);

    assert(made == OK);
    return key;
}

uint64_t datum_values(struct datum datum)
{
    struct cursor cursor = cursor_of(datum.body);
    uint64_t count = 1;

    if (datum_is_set(datum.type)) {
        return 1 + datum_count(datum);
    }
    while ((datum.type == DATUM_L || datum.type == DATUM_M) && cursor.rest.bytes > 0) {
        struct str name;

        count += datum_values(datum.type == DATUM_L ? datum_read(&cursor)
                                                    : datum_read_pair(&cursor, &name));
    }
    return count;
}

static struct item fetched(struct reading *r, const struct item *entry)
{
    const struct table *table = r->walk->table;
    struct str suffix = suffix_of_item(r->c->arena, &table->schema, entry);
    struct item item = item_load(r->c, table, suffix);

    assert(item.packed.bytes > 0); /* an entry and its item are one change */
    r->fetched_bytes += item.bytes;
    r->fetched_halves += read_halves(item.bytes, r->walk->consistent);
    return item;
}

static status item_keep(struct reading *r, const struct item *row)
{
    const struct walk *walk = r->walk;
    struct arena *arena = r->c->arena;
    struct item item = *row;

    if (walk->whole) {
        item = fetched(r, row);
    }
    if (walk->paths != NULL && walk->paths->count > 0) {
        TRY(projection_apply(arena, walk->paths, &item, &item));
    } else if (!walk->whole) {
        bool good = item_open(arena_dup(arena, row->packed), &item); /* rows pass by */

        assert(good);
    }
    if (r->walked.count == r->room) {
        size_t room = r->room == 0 ? ITEMS_ROOM_MIN : 2 * r->room;
        struct item *items = arena_alloc(arena, room * sizeof(items[0]));

        if (r->room > 0) {
            memcpy(items, r->walked.items, r->room * sizeof(items[0]));
        }
        r->walked.items = items;
        r->room = room;
    }
    r->walked.items[r->walked.count] = item;
    r->values += datum_values((struct datum){DATUM_M, item.attributes});
    return OK;
}

static bool is_full(const struct reading *r)
{
    return (r->walk->limit > 0 && r->walked.scanned >= r->walk->limit) ||
           r->walk->bytes + r->bytes + r->fetched_bytes >= PAGE_BYTES_MAX ||
           r->walked.scanned >= PAGE_ROWS_MAX || r->values >= PAGE_VALUES_MAX;
}

static status rows_read(struct reading *r, struct txn_scan *scan)
{
    const struct walk *walk = r->walk;
    struct str key, value;

    while (txn_scan_next(scan, &key, &value)) {
        struct item row;
        bool good = item_open(value, &row);

        assert(good);
        r->walked.scanned++;
        r->bytes += row.bytes;
        if (walk->filter == NULL || condition_holds(walk->filter, row.attributes)) {
            if (!walk->counts) {
                TRY(item_keep(r, &row));
            }
            r->walked.count++;
        }
        if (is_full(r)) {
            r->walked.last = key_of_item(r, &row);
            break;
        }
    }
    return OK;
}

static void count_cost(const struct reading *r, struct cost *cost)
{
    const struct walk *walk = r->walk;
    uint64_t halves = read_halves(r->bytes, walk->consistent);
    size_t at = 0;

    cost->read_halves += r->fetched_halves;
    if (walk->index == NULL) {
        cost->read_halves += halves;
        return;
    }
    while (walk->table->indexes[at] != walk->index) {
        at++;
    }
    cost->index_read_halves[at] += halves;
}

status walk_read(struct call *c, const struct walk *walk, struct walked *ret_walked,
                 struct cost *cost)
{
    struct reading r = {.c = c, .walk = walk, .walked = {.last = ITEM_ABSENT}};
    struct txn_scan *scan;
    status read;

    TRY(throttle_read(c, walk->table, walk->index));
    scan = txn_scan(c->txn, walk->from, walk->to, walk->descending);
    read = rows_read(&r, scan);
    txn_scan_close(scan);
    TRY(read);
    count_cost(&r, cost);
    r.walked.bytes = r.bytes + r.fetched_bytes;
    *ret_walked = r.walked;
    return OK;
}
