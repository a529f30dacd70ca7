/* SPDX-License-Identifier: Apache-2.0
 *
 * GlobalSecondaryIndexUpdates of UpdateTable: an index that is made, deleted, or has its throughput
 * changed. One at a time is made or deleted.
 */
#include "svc/dynamodb/alter.h"
#include "svc/dynamodb/upkeep.h"
#include "svc/dynamodb/vector.h"

#include <assert.h>

#define INVALID "One or more parameter values were invalid: "

/* What one element does. */
struct index_action {
    const struct value *create, *update, *delete; /* one of them is there */
    struct str name;                              /* of the index */
};

static struct index_action action_of(const struct value *element)
{
    struct index_action action = {get(element, "Create"), get(element, "Update"),
                            get(element, "Delete"), STR_NONE};
    const struct value *there = action.create != NULL   ? action.create
                                : action.update != NULL ? action.update
                                                        : action.delete;

    if (there != NULL) {
        action.name = get_str(there, "IndexName");
    }
    return action;
}

bool index_updates_make(const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (!has(&list->items[i], "Update")) {
            return true;
        }
    }
    return false;
}

bool index_updates_tune(const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (has(&list->items[i], "Update")) {
            return true;
        }
    }
    return false;
}

/* ---- checking ---- */

status one_online(struct call *c)
{
    return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: Only 1 online index can be created or "
                               "deleted simultaneously per table");
}

status index_updates_check(struct call *c, const struct value *list)
{
    uint32_t online = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        struct index_action action = action_of(&list->items[i]);
        int count = (action.create != NULL) + (action.update != NULL) + (action.delete != NULL);

        if (count == 0) {
            return fail(c, &DDB_VALIDATION, INVALID "One of GlobalSecondaryIndexUpdate.Update, "
                        "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must "
                        "not be null");
        }
        if (count > 1) {
            return fail(c, &DDB_VALIDATION, INVALID "Only one global secondary index action is "
                        "allowed per GlobalSecondaryIndexUpdate object");
        }
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(action_of(&list->items[j]).name, action.name)) {
                return fail(c, &DDB_VALIDATION, INVALID "Only one global secondary index update "
                            "per index is allowed simultaneously. Index: %.*s",
                            STR_ARG(action.name));
            }
        }
        online += action.update == NULL;
    }
    return online > 1 ? one_online(c) : OK;
}

status online_check(struct call *c, const struct table *table, const struct index *but)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i] != but && table->indexes[i]->state != INDEX_ACTIVE) {
            return one_online(c);
        }
    }
    return OK;
}

/* An attribute that keys name already keeps its type. */
static status types_check(struct call *c, const struct table *table, const struct index *index)
{
    for (uint8_t i = 0; i < index->schema.count; i++) {
        for (size_t j = 0; j < table->attribute_count; j++) {
            struct str name = table->attributes[j].name;

            if (str_eq(name, index->schema.names[i]) &&
                table->attributes[j].type != index->schema.types[i]) {
                struct str key = i < index->schema.hashes ? STR("HASH") : STR("RANGE");

                return fail(c, &DDB_VALIDATION, INVALID "Attributes cannot be redefined. Please "
                            "check that your attribute has the same type as previously defined. "
                            "Existing schema: Schema:[SchemaElement: key{%.*s:%.*s:%.*s}] New "
                            "schema: Schema:[SchemaElement: key{%.*s:%.*s:%.*s}]", STR_ARG(name),
                            STR_ARG(datum_type_name(table->attributes[j].type)), STR_ARG(key),
                            STR_ARG(name), STR_ARG(datum_type_name(index->schema.types[i])),
                            STR_ARG(key));
            }
        }
    }
    return OK;
}

static size_t globals_count(const struct table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->index_count; i++) {
        count += table->indexes[i]->kind == INDEX_GLOBAL;
    }
    return count;
}

/* The new index in a draft of the table that has nothing else. */
static status draft_read(struct call *c, struct table_update *update, const struct value *given)
{
    const struct table *table = update->table;
    struct table *draft = update->draft;
    size_t included = 0;

    draft->on_demand = update->on_demand;
    TRY(attributes_read(c, arg(c, "AttributeDefinitions"), draft));
    TRY(index_read(c, draft, INDEX_GLOBAL, given, true));
    TRY(types_check(c, table, draft->indexes[0]));
    TRY(vectors_conflict(c, table, draft));
    for (size_t i = 0; i < table->index_count; i++) {
        included += table->indexes[i]->kind == INDEX_VECTOR ? 0 : table->indexes[i]->included_count;
    }
    if (included + draft->indexes[0]->included_count > PROJECTED_MAX) {
        return projected_too_many(c);
    }
    return OK;
}

static status create_read(struct call *c, struct table_update *update,
                          const struct index_action *action)
{
    const struct table *table = update->table;
    const struct value *attributes = arg(c, "AttributeDefinitions");

    if (attributes == NULL || attributes->count == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "AttributeDefinitions is not specified for index: "
                    "%.*s", STR_ARG(action->name));
    }
    if (table_index(table, action->name) != NULL) {
        return fail(c, &DDB_VALIDATION, "Attempting to create an index which already exists");
    }
    TRY(online_check(c, table, NULL));
    if (globals_count(table) >= GLOBAL_INDEXES_MAX) {
        return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: Number of global secondary indexes "
                    "exceeds per-table limit of %d", GLOBAL_INDEXES_MAX);
    }
    update->draft = table_new(table->account, table->region, table->name);
    return draft_read(c, update, action->create);
}

static status index_of_action(struct call *c, const struct table *table,
                              const struct index_action *action, struct index **ret_index)
{
    struct index *index = table_index(table, action->name);

    if (index == NULL) {
        return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Index: %.*s not found",
                    STR_ARG(action->name));
    }
    if (index->kind != INDEX_GLOBAL) {
        return fail(c, &DDB_VALIDATION, "Cannot %s an index that is not a GlobalSecondaryIndex: "
                    "%.*s", action->delete != NULL ? "delete" : "update", STR_ARG(action->name));
    }
    if (index->state == INDEX_DELETING ||
        (index->state == INDEX_CREATING && action->delete == NULL)) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Index is "
                    "being %s: %.*s", index->state == INDEX_DELETING ? "deleted" : "created",
                    STR_ARG(action->name));
    }
    *ret_index = index;
    return OK;
}

/* What an Update asks for; units are as they will be. */
struct tuned {
    struct throughput provisioned; /* zeros: not asked for */
    struct throughput on_demand_max; /* afterwards */
    struct throughput warm;        /* afterwards */
};

static status tune_read(struct call *c, const struct table_update *update,
                        const struct index_action *action, const struct index *index,
                        struct tuned *ret_tuned)
{
    const struct value *provisioned = get(action->update, "ProvisionedThroughput");
    const struct value *on_demand = get(action->update, "OnDemandThroughput");
    const struct value *warm = get(action->update, "WarmThroughput");
    struct throughput_of of = {index->name, update->on_demand, true};

    *ret_tuned = (struct tuned){{0, 0}, index->on_demand_max, index->warm};
    if (provisioned == NULL && on_demand == NULL && warm == NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "Both ReadCapacityUnits and WriteCapacityUnits "
                    "must be specified for index: %.*s", STR_ARG(index->name));
    }
    if (provisioned != NULL && update->on_demand) {
        return fail(c, &DDB_VALIDATION, INVALID "The only Updates for index: %.*s when "
                    "TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, "
                    "WarmThroughput", STR_ARG(index->name));
    }
    if (provisioned != NULL) {
        TRY(provisioned_change(c, update->table, index, provisioned, &ret_tuned->provisioned));
    }
    if (on_demand != NULL) {
        TRY(on_demand_read(c, &of, on_demand, &ret_tuned->on_demand_max));
    }
    if (warm != NULL) {
        TRY(warm_read(c, &of, warm, warm_of(update->on_demand, index->provisioned, index->warm),
                      &ret_tuned->warm));
    }
    return OK;
}

/* From on-demand to provisioned every index must be told its throughput. */
static status all_provisioned(struct call *c, const struct table_update *update,
                              const struct value *list)
{
    for (size_t i = 0; i < update->table->index_count; i++) {
        const struct index *index = update->table->indexes[i];
        bool given = index->kind != INDEX_GLOBAL;

        for (uint32_t j = 0; list != NULL && j < list->count && !given; j++) {
            struct index_action action = action_of(&list->items[j]);

            given = action.update != NULL && has(action.update, "ProvisionedThroughput") &&
                    str_eq(action.name, index->name);
        }
        if (!given) {
            return fail(c, &DDB_VALIDATION, INVALID "ProvisionedThroughput must be specified for "
                        "index: %.*s", STR_ARG(index->name));
        }
    }
    return OK;
}

status index_updates_read(struct call *c, struct table_update *update, const struct value *list)
{
    if (update->table->on_demand && !update->on_demand) {
        TRY(all_provisioned(c, update, list));
    }
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct index_action action = action_of(&list->items[i]);
        struct index *index;
        struct tuned tuned;

        if (action.create != NULL) {
            TRY(create_read(c, update, &action));
            continue;
        }
        TRY(index_of_action(c, update->table, &action, &index));
        if (action.delete != NULL) {
            TRY(online_check(c, update->table, index));
        } else {
            TRY(tune_read(c, update, &action, index, &tuned));
        }
    }
    return OK;
}

/* ---- doing ---- */

void index_begin(struct call *c, struct table_update *update)
{
    struct table *table = update->table;
    struct index *index;
    status added;

    index_adopt(table, update->draft);
    index = table->indexes[table->index_count - 1];
    index->state = INDEX_CREATING;
    added = attributes_read(c, arg(c, "AttributeDefinitions"), table);
    assert(added == OK);
    attributes_trim(table); /* definitions that no key needs are passed over */
    upkeep_table(dynamodb_of(c), table);
}

void index_end(struct call *c, struct table *table, struct index *index)
{
    index->state = INDEX_DELETING;
    text_set(&index->filled, STR_NONE);
    upkeep_table(dynamodb_of(c), table);
}

void index_updates_do(struct call *c, struct table_update *update, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct index_action action = action_of(&list->items[i]);
        struct index *index = table_index(update->table, action.name);
        struct tuned tuned;

        if (action.create != NULL) {
            index_begin(c, update);
        } else if (action.delete != NULL) {
            index_end(c, update->table, index);
        } else {
            status read = tune_read(c, update, &action, index, &tuned);

            assert(read == OK); /* it was checked */
            if (tuned.provisioned.read > 0) {
                provisioned_set(c, update->table, index, tuned.provisioned);
            }
            index->on_demand_max = tuned.on_demand_max;
            index->warm = tuned.warm;
        }
    }
}
