/* SPDX-License-Identifier: Apache-2.0
 *
 * What expressions may not do with key attributes: go into them, and change them.
 */
#include "svc/dynamodb/item_op.h"

struct paths_call {
    struct call *c;             /* hears of the first that leads where it must not */
    const struct table *table;  /* whose keys */
};

static bool is_key(const struct key_schema *schema, struct str name)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        if (str_eq(schema->names[i], name)) {
            return true;
        }
    }
    return false;
}

static status refuse(struct call *c, const char *kind, struct str name)
{
    return fail(c, &DDB_VALIDATION, "Key attributes must be scalars; list random access '[]' and "
                "map lookup '.' are not allowed: %s: %.*s", kind, STR_ARG(name));
}

static status path_check(struct call *c, const struct table *table, const struct path *path)
{
    struct str name = path->steps[0].name;

    if (path->count == 1) {
        return OK;
    }
    if (is_key(&table->schema, name)) {
        return refuse(c, "Key", name);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        if (is_key(&table->indexes[i]->schema, name)) {
            return refuse(c, "IndexKey", name);
        }
    }
    return OK;
}

static bool path_seen(void *context, const struct path *path)
{
    const struct paths_call *call = context;

    return path_check(call->c, call->table, path) == OK;
}

status key_paths_check_condition(struct call *c, const struct table *table,
                                 const struct expr *condition)
{
    struct paths_call call = {c, table};

    return condition == NULL || condition_paths(condition, path_seen, &call) ? OK
                                                                             : &DDB_VALIDATION;
}

status key_paths_check(struct call *c, const struct table *table, const struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        TRY(path_check(c, table, paths->at[i]));
    }
    return OK;
}

/* A vector index has a sentence of its own (vector_check). */
static bool is_keyed(const struct index *index)
{
    return index->state != INDEX_DELETING && index->kind != INDEX_VECTOR;
}

/* A value that the request gives to an index's key as it is must have its type. */
static status literal_check(struct call *c, const struct table *table, const struct action *action)
{
    struct str name = action->path->steps[0].name;

    if (action->path->count > 1 || action->value == NULL || action->value->op != OP_VALUE) {
        return OK;
    }
    for (size_t at = 0; at < table->index_count; at++) {
        const struct index *index = table->indexes[at];

        for (uint8_t i = 0; i < index->schema.count && is_keyed(index); i++) {
            uint8_t type = action->value->value.type;

            if (str_eq(index->schema.names[i], name) && type != index->schema.types[i]) {
                return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Type "
                            "mismatch for Index Key %.*s Expected: %.*s Actual: %.*s IndexName: "
                            "%.*s", STR_ARG(name),
                            STR_ARG(datum_type_name(index->schema.types[i])),
                            STR_ARG(datum_type_name(type)), STR_ARG(index->name));
            }
        }
    }
    return OK;
}

status key_paths_check_update(struct call *c, const struct table *table,
                              const struct update *update)
{
    for (uint8_t i = 0; i < table->schema.count; i++) {
        for (size_t j = 0; j < update->touched.count; j++) {
            struct str name = update->touched.at[j]->steps[0].name;

            if (str_eq(name, table->schema.names[i])) {
                return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: "
                            "Cannot update attribute %.*s. This attribute is part of the key",
                            STR_ARG(name));
            }
        }
    }
    for (const struct action *action = update->first; action != NULL; action = action->next) {
        TRY(literal_check(c, table, action));
    }
    for (const struct action *action = update->first; action != NULL; action = action->next) {
        TRY(path_check(c, table, action->path));
        TRY(key_paths_check_condition(c, table, action->value));
    }
    return OK;
}
