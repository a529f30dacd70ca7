/* SPDX-License-Identifier: Apache-2.0
 *
 * Which attributes the expressions of a reading request may name.
 */
#include "svc/dynamodb/query.h"

#define INVALID "One or more parameter values were invalid: "

/* ---- filters ---- */

static bool is_other(void *context, const struct path *path)
{
    const struct str *name = context;

    return !str_eq(*name, path->steps[0].name);
}

status filter_keys_check(struct call *c, const struct query *query)
{
    const struct key_schema *schema = walk_schema(&query->walk);
    bool legacy = arg_has(c, "QueryFilter");

    for (uint8_t i = 0; query->filter != NULL && i < schema->count; i++) {
        struct str name = schema->names[i];

        if (!condition_paths(query->filter, is_other, &name)) {
            return fail(c, &DDB_VALIDATION, "%s can only contain non-primary key attributes: "
                        "Primary key attribute: %.*s",
                        legacy ? "QueryFilter" : "Filter Expression", STR_ARG(name));
        }
    }
    return OK;
}

/* ---- what an index projects ---- */

#define MISSING_MAX 32 /* in one sentence */

/* Names that an index does not project, each once. */
struct missing {
    const struct walk *walk;         /* which index */
    struct str names[MISSING_MAX];   /* in the order they were met */
    size_t count;                    /* of them */
};

static bool miss(void *context, const struct path *path)
{
    struct missing *missing = context;
    struct str name = path->steps[0].name;

    if (index_projects(missing->walk->table, missing->walk->index, name)) {
        return true;
    }
    for (size_t i = 0; i < missing->count; i++) {
        if (str_eq(missing->names[i], name)) {
            return true;
        }
    }
    if (missing->count < MISSING_MAX) {
        missing->names[missing->count++] = name;
    }
    return true;
}

/* "a, b" */
static struct str missing_text(struct call *c, const struct missing *missing)
{
    struct str text = missing->names[0];

    for (size_t i = 1; i < missing->count; i++) {
        text = arena_printf(c->arena, "%.*s, %.*s", STR_ARG(text), STR_ARG(missing->names[i]));
    }
    return text;
}

status filter_projected(struct call *c, const struct walk *walk)
{
    struct missing missing = {.walk = walk};

    condition_paths(walk->filter, miss, &missing);
    if (missing.count == 0) {
        return OK;
    }
    return fail(c, &DDB_VALIDATION, INVALID "Secondary index %.*s does not project one or more "
                "filter attributes: [%.*s]", STR_ARG(walk->index->name),
                STR_ARG(missing_text(c, &missing)));
}

status paths_projected(struct call *c, struct walk *walk, const struct paths *paths)
{
    struct missing missing = {.walk = walk};

    for (size_t i = 0; i < paths->count; i++) {
        miss(&missing, paths->at[i]);
    }
    if (missing.count == 0) {
        return OK;
    }
    if (walk->index->kind == INDEX_LOCAL) {
        walk->whole = true;
        return OK;
    }
    return fail(c, &DDB_VALIDATION, INVALID "Global secondary index %.*s does not project [%.*s]",
                STR_ARG(walk->index->name), STR_ARG(missing_text(c, &missing)));
}

status projected_check(struct call *c, struct query *query)
{
    const struct index *index = query->walk.index;
    bool all = str_eq(arg_str(c, "Select"), STR("ALL_ATTRIBUTES"));

    if (index == NULL || index->projection == PROJECT_ALL) {
        return OK;
    }
    if (all && index->kind != INDEX_LOCAL) {
        return fail(c, &DDB_VALIDATION, INVALID "Select type ALL_ATTRIBUTES is not supported for "
                    "global secondary index %.*s because its projection type is not ALL",
                    STR_ARG(index->name));
    }
    query->walk.whole = all;
    TRY(paths_projected(c, &query->walk, &query->paths));
    return query->scans || query->walk.filter == NULL ? OK : filter_projected(c, &query->walk);
}
