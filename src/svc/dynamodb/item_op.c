/* SPDX-License-Identifier: Apache-2.0
 *
 * One item's reading and writing, whoever asks for it.
 */
#include "svc/dynamodb/item_op.h"

#include "svc/dynamodb/destination.h"
#include "svc/dynamodb/legacy.h"
#include "svc/dynamodb/throttle.h"
#include "svc/dynamodb/vector.h"

#include <assert.h>
#include <stdlib.h>

static bool is_there(const struct item *item)
{
    return item->packed.bytes > 0;
}

/* ---- from a request ---- */

/* Put, Delete and ConditionCheck have a ConditionExpression only. */
static const struct parameters parameters_action = {{"ConditionExpression"}, {NULL}};
static const struct parameters parameters_update_action = {
    {"UpdateExpression", "ConditionExpression"}, {NULL}};
static const struct parameters parameters_get_action = {{"ProjectionExpression"}, {NULL}};

static const struct parameters *parameters_of(enum write_kind kind, bool legacy)
{
    if (kind == WRITE_UPDATE) {
        return legacy ? &parameters_update_item : &parameters_update_action;
    }
    return legacy ? &parameters_put_item : &parameters_action;
}

/* PutItem and DeleteItem have nothing new to give back. */
static status returned_check(struct call *c, const struct value *in, enum write_kind kind)
{
    enum returned asked = returned_of(get_str(in, "ReturnValues"));

    if (kind != WRITE_UPDATE && asked != RETURN_NONE && asked != RETURN_ALL_OLD) {
        return fail(c, &DDB_VALIDATION, "Return values set to invalid value");
    }
    return OK;
}

static status legacy_read(struct call *c, const struct value *in, struct item_write *write)
{
    if (write->kind == WRITE_UPDATE && has(in, "AttributeUpdates")) {
        TRY(legacy_update(c->arena, in, &c->why, &write->update));
    }
    return legacy_expected(c->arena, in, &c->why, &write->condition);
}

static status expressions_read(struct call *c, const struct value *in, struct item_write *write)
{
    struct terms terms;

    TRY(terms_read(c->arena, get(in, "ExpressionAttributeNames"),
                   get(in, "ExpressionAttributeValues"), &c->why, &terms));
    if (write->kind == WRITE_UPDATE && has(in, "UpdateExpression")) {
        TRY(update_read(&terms, get_str(in, "UpdateExpression"), &write->update));
    }
    if (has(in, "ConditionExpression")) {
        TRY(condition_read(&terms, EXPR_CONDITION, get_str(in, "ConditionExpression"),
                           &write->condition));
    }
    return terms_all_used(&terms);
}

status write_read(struct call *c, const struct value *in, enum write_kind kind, bool legacy,
                  struct item_write *ret_write)
{
    struct item_write write = {.kind = (uint8_t)kind};

    TRY(parameters_check(c->arena, in, parameters_of(kind, legacy), &c->why));
    TRY(item_from_value(c->arena, get(in, kind == WRITE_PUT ? "Item" : "Key"), &c->why,
                        &write.given));
    if (kind == WRITE_PUT) {
        TRY(item_fits(&write.given, false, &c->why));
    }
    if (legacy) {
        TRY(returned_check(c, in, kind));
        TRY(legacy_read(c, in, &write));
    }
    TRY(expressions_read(c, in, &write));
    *ret_write = write;
    return OK;
}

/* ---- against the table ---- */

status write_bind(struct call *c, struct item_write *write)
{
    const struct table *table = write->table;

    if (write->kind == WRITE_PUT) {
        TRY(primary_of_item(c, table, &write->given, &write->suffix));
    } else {
        TRY(primary_of_key_item(c, table, &write->given, &write->suffix));
    }
    if (write->kind == WRITE_UPDATE) {
        TRY(key_paths_check_update(c, table, &write->update));
    }
    return key_paths_check_condition(c, table, write->condition);
}

/* ---- with the item ---- */

/* An update that only takes away makes no item where there is none, as on AWS. */
static bool only_removes(const struct update *update)
{
    const struct action *action = update->first;

    while (action != NULL &&
           (action->kind == ACTION_REMOVE || action->kind == ACTION_DELETE)) {
        action = action->next;
    }
    return update->first != NULL && action == NULL;
}

static status became(struct call *c, struct item_write *write)
{
    bool there = is_there(&write->old);

    switch ((enum write_kind)write->kind) {
    case WRITE_PUT:
        write->item = write->given;
        break;
    case WRITE_UPDATE:
        TRY(update_apply(c->arena, &write->update, there ? &write->old : &write->given, &c->why,
                         &write->item));
        TRY(index_keys_check(c, write->table, &write->item, true));
        TRY(vectors_check(c, write->table, &write->old, &write->item));
        if (!there && only_removes(&write->update)) {
            write->item = ITEM_ABSENT;
        }
        break;
    case WRITE_DELETE:
        write->item = ITEM_ABSENT;
        break;
    case WRITE_CHECK:
        write->item = write->old;
        break;
    }
    return OK;
}

/* What the write would have cost, where the bucket is to know it. */
static void condition_costs(struct call *c, const struct item_write *write)
{
    struct cost cost = {.table = write->table, .write_units = write_units(write->old.bytes)};

    throttle_take(c, &cost, 1);
}

/* A global index that the write goes to must have room, too. */
static status indexes_admit(struct call *c, const struct item_write *write)
{
    struct table *table = write->table;

    for (size_t i = 0; c->limits && i < table->index_count; i++) {
        struct index *index = table->indexes[i];
        struct entry_of_index before = {STR_NONE, ITEM_ABSENT};
        struct entry_of_index after = {STR_NONE, ITEM_ABSENT};

        if (index->kind != INDEX_GLOBAL || index->state == INDEX_DELETING) {
            continue;
        }
        index_entry(c, table, index, &write->old, &before);
        index_entry(c, table, index, &write->item, &after);
        if (!str_eq(before.row, after.row) ||
            !str_eq(before.item.packed, after.item.packed)) {
            TRY(throttle_write(c, table, index));
        }
    }
    return OK;
}

/* What the write adds to its item collection, as AWS counts it. */
static int64_t collection_growth(struct call *c, const struct item_write *write)
{
    int64_t growth = (int64_t)write->item.bytes - (int64_t)write->old.bytes;

    for (size_t i = 0; i < write->table->index_count; i++) {
        const struct index *index = write->table->indexes[i];
        struct entry_of_index before = {STR_NONE, ITEM_ABSENT};
        struct entry_of_index after = {STR_NONE, ITEM_ABSENT};

        if (index->kind == INDEX_LOCAL) {
            index_entry(c, write->table, index, &write->old, &before);
            index_entry(c, write->table, index, &write->item, &after);
            growth += (int64_t)after.item.bytes - (int64_t)before.item.bytes;
        }
    }
    return growth;
}

static status collection_fits(struct call *c, const struct item_write *write)
{
    int64_t growth;

    if (!table_has_collections(write->table)) {
        return OK;
    }
    growth = collection_growth(c, write);
    if (growth > 0 && collection_bytes(c, write->table, &write->item) + (uint64_t)growth >
                          COLLECTION_BYTES_MAX) {
        return fail(c, &DDB_COLLECTION_SIZE, "Collection size exceeded.");
    }
    return OK;
}

status write_judge(struct call *c, struct item_write *write)
{
    if (write->kind == WRITE_PUT) {
        TRY(index_keys_check(c, write->table, &write->given, false));
    }
    TRY(throttle_write(c, write->table, NULL));
    write->old = item_load(c, write->table, write->suffix);
    if (write->condition != NULL &&
        !condition_holds(write->condition, write->old.attributes)) {
        condition_costs(c, write);
        return fail(c, &DDB_CONDITION_FAILED, "The conditional request failed");
    }
    if (write->inserts && is_there(&write->old)) {
        condition_costs(c, write);
        return fail(c, &DDB_DUPLICATE_ITEM, "Duplicate primary key exists in table");
    }
    TRY(became(c, write));
    TRY(indexes_admit(c, write));
    return collection_fits(c, write);
}

void write_stage(struct call *c, struct item_write *write, struct cost *cost)
{
    assert(cost->table == write->table);
    write->staged = true;
    if (write->kind == WRITE_CHECK) {
        cost->write_units += write_units(write->old.bytes);
        return;
    }
    item_change(c, write->table, &write->old, &write->item, cost);
}

size_t write_weight(const struct item_write *write)
{
    size_t copies = 2 + write->table->index_count;

    return write->kind == WRITE_CHECK
               ? 0
               : write->old.packed.bytes + copies * write->item.packed.bytes +
                     destinations_weight(write->table, &write->old, &write->item);
}

/* ---- several at once ---- */

/* Which item. */
struct named {
    const struct table *table;
    struct str suffix;
};

static int named_cmp(const void *a, const void *b)
{
    const struct named *x = a;
    const struct named *y = b;

    if (x->table != y->table) {
        return x->table->number < y->table->number ? -1 : 1;
    }
    return str_cmp(x->suffix, y->suffix);
}

static bool named_apart(struct named *named, size_t count)
{
    qsort(named, count, sizeof(named[0]), named_cmp);
    for (size_t i = 1; i < count; i++) {
        if (named_cmp(&named[i - 1], &named[i]) == 0) {
            return false;
        }
    }
    return true;
}

bool writes_apart(struct call *c, const struct item_write *writes, size_t count)
{
    struct named *named = arena_alloc(c->arena, (count + 1) * sizeof(named[0]));

    for (size_t i = 0; i < count; i++) {
        named[i] = (struct named){writes[i].table, writes[i].suffix};
    }
    return named_apart(named, count);
}

bool reads_apart(struct call *c, const struct item_read *reads, size_t count)
{
    struct named *named = arena_alloc(c->arena, (count + 1) * sizeof(named[0]));

    for (size_t i = 0; i < count; i++) {
        named[i] = (struct named){reads[i].table, reads[i].suffix};
    }
    return named_apart(named, count);
}

static bool same_collection(const struct item_write *a, const struct item_write *b)
{
    struct str hash = a->table->schema.names[0];

    return a->table == b->table && datum_eq(datum_find(a->given.attributes, hash),
                                            datum_find(b->given.attributes, hash));
}

static bool collection_told(const struct item_write *writes, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (writes[i].staged && writes[i].kind != WRITE_CHECK &&
            same_collection(&writes[i], &writes[at])) {
            return true;
        }
    }
    return false;
}

void answer_collections(struct call *c, const struct costs *costs,
                        const struct item_write *writes, size_t count)
{
    struct value *map = NULL;

    for (size_t i = 0; i < costs->count; i++) {
        const struct cost *cost = &costs->at[i];
        struct value *list = NULL;

        for (size_t j = 0; j < count && collection_asked(c, cost->table); j++) {
            if (writes[j].table != cost->table || !writes[j].staged ||
                writes[j].kind == WRITE_CHECK || collection_told(writes, j)) {
                continue;
            }
            if (map == NULL) {
                map = set_map(c->arena, c->out, "ItemCollectionMetrics", costs->count);
            }
            if (list == NULL) {
                list = map_add_list(c->arena, map, cost->name, count);
            }
            put_collection(c, list_add(c->arena, list), cost->table, &writes[j].given);
        }
    }
}

/* ---- what is given back ---- */

enum returned returned_of(struct str word)
{
    return str_eq(word, STR("ALL_OLD"))       ? RETURN_ALL_OLD
           : str_eq(word, STR("UPDATED_OLD")) ? RETURN_UPDATED_OLD
           : str_eq(word, STR("ALL_NEW"))     ? RETURN_ALL_NEW
           : str_eq(word, STR("UPDATED_NEW")) ? RETURN_UPDATED_NEW
                                              : RETURN_NONE;
}

status write_returns(struct call *c, const struct item_write *write, enum returned what,
                     struct item *ret_item)
{
    bool old = what == RETURN_ALL_OLD || what == RETURN_UPDATED_OLD;
    struct item item = what == RETURN_NONE ? ITEM_ABSENT : old ? write->old : write->item;

    if (is_there(&item) && (what == RETURN_UPDATED_OLD || what == RETURN_UPDATED_NEW)) {
        TRY(projection_apply(c->arena, &write->update.touched, &item, &item));
        if (item.attributes.bytes == 0) {
            item = ITEM_ABSENT;
        }
    }
    *ret_item = item;
    return OK;
}

/* ---- reading ---- */

status read_read(struct call *c, const struct value *in, bool legacy, bool keyed,
                 struct item_read *ret_read)
{
    struct item_read read = {0};
    struct terms terms;

    TRY(parameters_check(c->arena, in, legacy ? &parameters_get_item : &parameters_get_action,
                         &c->why));
    if (keyed) {
        TRY(item_from_value(c->arena, get(in, "Key"), &c->why, &read.key));
    }
    TRY(terms_read(c->arena, get(in, "ExpressionAttributeNames"), NULL, &c->why, &terms));
    if (has(in, "ProjectionExpression")) {
        TRY(projection_read(&terms, get_str(in, "ProjectionExpression"), &read.paths));
    } else if (legacy && has(in, "AttributesToGet")) {
        TRY(legacy_paths(c->arena, in, &c->why, &read.paths));
    }
    TRY(terms_all_used(&terms));
    *ret_read = read;
    return OK;
}

status read_bind(struct call *c, struct item_read *read)
{
    TRY(primary_of_key_item(c, read->table, &read->key, &read->suffix));
    return key_paths_check(c, read->table, &read->paths);
}

status read_item(struct call *c, const struct item_read *read, struct item *ret_item,
                 size_t *ret_bytes)
{
    struct item item = item_load(c, read->table, read->suffix);
    size_t bytes = item.bytes;

    if (is_there(&item) && read->paths.count > 0) {
        TRY(projection_apply(c->arena, &read->paths, &item, &item));
    }
    *ret_item = item;
    *ret_bytes = bytes;
    return OK;
}
