/* SPDX-License-Identifier: Apache-2.0
 *
 * VectorIndexUpdates of UpdateTable: a vector index that is made or deleted, one at a time and not
 * while another index is.
 */
#include "svc/dynamodb/alter.h"
#include "svc/dynamodb/vector.h"

#define INVALID "One or more parameter values were invalid: "

status vector_updates_check(struct call *c, const struct value *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        bool create = has(&list->items[i], "Create");
        bool delete = has(&list->items[i], "Delete");

        if (!create && !delete) {
            return fail(c, &DDB_VALIDATION, INVALID "One of VectorIndexUpdate.Create, "
                        "VectorIndexUpdate.Delete must not be null");
        }
        if (create && delete) {
            return fail(c, &DDB_VALIDATION, INVALID "Only one vector index action is allowed per "
                        "VectorIndexUpdate object");
        }
    }
    return list->count > 1 ? one_online(c) : OK;
}

/* An attribute that the table has keeps its type. */
static status types_check(struct call *c, const struct table *table, const struct table *draft)
{
    for (size_t i = 0; i < draft->attribute_count; i++) {
        const struct attribute *known = attribute_find(table, draft->attributes[i].name);

        if (known != NULL && known->type != draft->attributes[i].type &&
            vector_uses(draft->indexes[0], known->name)) {
            return fail(c, &DDB_VALIDATION, INVALID "Attributes cannot be redefined. Please check "
                        "that your attribute has the same type as previously defined. Attribute: "
                        "%.*s", STR_ARG(known->name));
        }
    }
    return OK;
}

static status create_read(struct call *c, struct table_update *update, const struct value *given)
{
    const struct table *table = update->table;
    struct str name = get_str(given, "IndexName");
    const struct index *former = table_index(table, name);

    if (!update->on_demand) {
        return vectors_need_on_demand(c);
    }
    if (former != NULL && former->state == INDEX_CREATING) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Index is "
                    "being created.  Table: %.*s Index: %.*s", STR_ARG(table->name),
                    STR_ARG(name));
    }
    if (former != NULL) {
        return fail(c, &DDB_VALIDATION, "Attempting to create an index which already exists");
    }
    TRY(online_check(c, table, NULL));
    if (vectors_count(table) >= VECTOR_INDEXES_MAX) {
        return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: Number of vector secondary indexes "
                    "exceeds per-table limit of %d", VECTOR_INDEXES_MAX);
    }
    update->draft = table_new(table->account, table->region, table->name);
    TRY(attributes_read(c, arg(c, "AttributeDefinitions"), update->draft));
    TRY(vector_read(c, update->draft, table, given));
    TRY(types_check(c, table, update->draft));
    return vectors_conflict(c, table, update->draft);
}

static status delete_read(struct call *c, const struct table *table, struct str name)
{
    const struct index *index = table_index(table, name);

    if (index == NULL || index->kind != INDEX_VECTOR) {
        return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Index: %.*s not found",
                    STR_ARG(name));
    }
    if (index->state == INDEX_DELETING) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Index is "
                    "being deleted: %.*s", STR_ARG(name));
    }
    if (index->state == INDEX_CREATING && index->filled.bytes == 0) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Index "
                    "creation is in resource allocation phase. Retry deletion during backfilling "
                    "phase or when the index is active. Table: %.*s Index: %.*s",
                    STR_ARG(table->name), STR_ARG(name));
    }
    return online_check(c, table, index);
}

status vector_updates_read(struct call *c, struct table_update *update, const struct value *list)
{
    if (list == NULL || list->count == 0) {
        return OK;
    }
    if (has(&list->items[0], "Create")) {
        return create_read(c, update, get(&list->items[0], "Create"));
    }
    return delete_read(c, update->table,
                       get_str(get(&list->items[0], "Delete"), "IndexName"));
}

void vector_updates_do(struct call *c, struct table_update *update, const struct value *list)
{
    struct table *table = update->table;

    if (list == NULL || list->count == 0) {
        return;
    }
    if (has(&list->items[0], "Create")) {
        index_begin(c, update);
    } else {
        index_end(c, table, table_index(table, get_str(get(&list->items[0], "Delete"),
                                                       "IndexName")));
    }
}
