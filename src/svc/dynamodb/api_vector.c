/* SPDX-License-Identifier: Apache-2.0
 *
 * SearchVectors: the k items whose vectors are nearest to one, exactly: every entry is looked at,
 * of the index or of the partition that the condition names.
 *
 * A step looks at STEP_BYTES or STEP_ENTRIES and others come in between, so an entry that is
 * written meanwhile is seen or not. What is answered is as it is at the end, with its score then.
 * Sources: API reference, SearchVectors; developer guide, "Creating and searching vector indexes".
 */
#include "svc/dynamodb/ops.h"

#include "cell/cell.h"
#include "svc/dynamodb/search.h"
#include "svc/dynamodb/walk.h"

#include <assert.h>

#define STEP_BYTES ((size_t)4 << 20)
#define STEP_ENTRIES 4000
#define ANSWER_BYTES_MAX ((uint64_t)16 << 20) /* AWS's */
#define LOADED_BYTES_MAX ((size_t)40 << 20)   /* of the entries, whatever is shown of them */
#define ANSWER_VALUES_MAX 450000 /* the largest k of the longest vectors, and some */

/* ---- looking ---- */

static double rank_of(const struct search *search, const char *floats)
{
    double score = quarry_score(&search->quarry, floats);

    return search->quarry.distance == DISTANCE_DOT_PRODUCT ? -score : score;
}

static uint64_t counted_bytes(const struct index *index, const struct item *rest)
{
    return rest->bytes + index->vector->attribute.bytes +
           index->vector->dimensions * sizeof(float);
}

static void look(const struct index *index, struct search *search, struct str key,
                 struct str value)
{
    const char *floats;
    struct item rest;

    vector_entry_open(index, value, &floats, &rest);
    search->bytes += counted_bytes(index, &rest);
    if (search->condition == NULL || condition_holds(search->condition, rest.attributes)) {
        nearest_offer(&search->nearest, rank_of(search, floats), key);
    }
}

/* The next step is behind that key. */
static void go_on_behind(struct call *c, struct search *search, struct str key)
{
    if (search->from_room == NULL) {
        search->from_room = arena_alloc(c->keep, KEY_BYTES_MAX + 1);
    }
    assert(key.bytes <= KEY_BYTES_MAX);
    memcpy(search->from_room, key.at, key.bytes);
    search->from_room[key.bytes] = '\0';
    search->from = str_of(search->from_room, key.bytes + 1);
}

/* False: more is to be looked at. */
static bool look_some(struct call *c, const struct index *index, struct search *search)
{
    struct txn_scan *scan = txn_scan(c->txn, search->from, search->to, false);
    struct str key, value;
    size_t bytes = 0;
    size_t entries = 0;
    bool more = true;

    while (bytes < STEP_BYTES && entries < STEP_ENTRIES &&
           (more = txn_scan_next(scan, &key, &value))) {
        look(index, search, key, value);
        bytes += value.bytes;
        entries++;
    }
    if (more) {
        go_on_behind(c, search, key);
    }
    txn_scan_close(scan);
    return !more;
}

/* ---- answering ---- */

static status too_large(struct call *c)
{
    return fail(c, &DDB_VALIDATION, "The response exceeds the limit of 16 MB. Use a narrower "
                                    "projection or a lower TopK.");
}

/* The nearest as they are now; those that are gone are dropped. */
static status look_again(struct call *c, const struct index *index, struct search *search)
{
    struct nearest *nearest = &search->nearest;
    size_t count = 0;
    size_t bytes = 0;

    for (size_t i = 0; i < nearest->count; i++) {
        struct near *near = &nearest->at[i];
        const char *floats;
        struct item rest;

        if (!txn_get(c->txn, near->key, &near->value)) {
            continue;
        }
        bytes += near->value.bytes;
        if (bytes > LOADED_BYTES_MAX) {
            return too_large(c);
        }
        vector_entry_open(index, near->value, &floats, &rest);
        if (search->condition == NULL || condition_holds(search->condition, rest.attributes)) {
            near->rank = rank_of(search, floats);
            nearest->at[count++] = *near;
        }
    }
    nearest->count = count;
    nearest_sort(nearest);
    return OK;
}

/* The item with its vector, as the index has it. A map's names ascend. */
static struct item with_vector(struct call *c, const struct index *index, const char *floats,
                               const struct item *rest)
{
    struct datum list = vector_list(c->arena, floats, index->vector->dimensions);
    struct str name = index->vector->attribute;
    struct cursor cursor = cursor_of(rest->attributes);
    size_t bytes = ITEM_HEAD_BYTES_MAX + rest->attributes.bytes + DATUM_HEAD_BYTES_MAX +
                   name.bytes + datum_packed_bytes_max(list);
    char *body = (char *)arena_alloc(c->arena, bytes) + ITEM_HEAD_BYTES_MAX;
    size_t before = 0;
    struct item item = ITEM_ABSENT;
    struct str other;
    char *at = body;

    while (cursor.rest.bytes > 0) {
        datum_read_pair(&cursor, &other);
        if (str_cmp(other, name) < 0) {
            before = rest->attributes.bytes - cursor.rest.bytes;
        }
    }
    memcpy(at, rest->attributes.at, before);
    at = datum_put(datum_put_str(at + before, name), list);
    memcpy(at, rest->attributes.at + before, rest->attributes.bytes - before);
    at += rest->attributes.bytes - before;
    status made = item_make(body, at, NULL, &item);

    assert(made == OK);
    return item;
}

static bool shows_vector(const struct index *index, const struct search *search)
{
    for (size_t i = 0; i < search->paths.count; i++) {
        if (str_eq(search->paths.at[i]->steps[0].name, index->vector->attribute)) {
            return true;
        }
    }
    return false;
}

static status item_shown(struct call *c, const struct index *index, const struct search *search,
                         struct str value, struct item *ret_item)
{
    const char *floats;

    vector_entry_open(index, value, &floats, ret_item);
    if (search->paths.count == 0) {
        return OK;
    }
    if (shows_vector(index, search)) {
        *ret_item = with_vector(c, index, floats, ret_item);
    }
    return projection_apply(c->arena, &search->paths, ret_item, ret_item);
}

static status search_end(struct call *c, const struct index *index, struct search *search)
{
    struct nearest *nearest = &search->nearest;
    struct item items[SEARCH_K_MAX];
    uint64_t bytes = 0;
    uint64_t values = 0;
    struct value *list;

    TRY(look_again(c, index, search));
    for (size_t i = 0; i < nearest->count; i++) {
        TRY(item_shown(c, index, search, nearest->at[i].value, &items[i]));
        bytes += items[i].bytes;
        values += datum_values((struct datum){DATUM_M, items[i].attributes});
        if (bytes > ANSWER_BYTES_MAX || values > ANSWER_VALUES_MAX) {
            return too_large(c);
        }
    }
    list = put_list(c, "SearchResults", nearest->count);
    for (size_t i = 0; i < nearest->count; i++) {
        struct value *one = list_add(c->arena, list);
        double rank = nearest->at[i].rank;

        item_to_value(c->arena, &items[i], one, "Item");
        set_double(one, "Score",
                   search->quarry.distance == DISTANCE_DOT_PRODUCT ? 0 - rank : rank);
    }
    if (!str_eq(arg_str(c, "ReturnConsumedCapacity"), STR("NONE")) &&
        arg_has(c, "ReturnConsumedCapacity")) {
        uint64_t least = VECTOR_REQUEST_BYTES_MIN;

        set_double(put_struct(c, "ConsumedCapacity"), "VectorSearchRequestBytes",
                   (double)(search->bytes > least ? search->bytes : least));
    }
    return OK;
}

/* ---- in steps ---- */

static status search_on(struct call *c);

static status search_step(struct call *c, struct search *search, const struct index *index)
{
    while (!look_some(c, index, search)) {
        if (!cell_clock(c->cell)->manual) { /* a made-up clock would not go on by itself */
            call_park(c, NULL, c->now, search_on);
            return OK;
        }
    }
    return search_end(c, index, search);
}

static status search_on(struct call *c)
{
    struct search *search = c->kept;
    struct table *table;
    struct index *index;

    TRY(table_of_call(c, &table));
    TRY(search_index(c, table, &index));
    if (table->number != search->table_number || index->number != search->index_number) {
        return search_no_index(c); /* another one of that name */
    }
    return search_step(c, search, index);
}

status ddb_search_vectors(struct call *c)
{
    struct search *search = ARENA_NEW(c->keep, struct search);
    struct index *index;

    TRY(search_read(c, search));
    TRY(search_bind(c, search, &index));
    c->kept = search;
    return search_step(c, search, index);
}
