/* SPDX-License-Identifier: Apache-2.0
 *
 * Projections: an item's parts that paths name, as a new item.
 *
 * The paths are sorted and none is a beginning of another, so item and paths are walked side by
 * side once: the paths that share a step are a group, which either takes the value whole (one path,
 * its last step) or goes on inside. What a group finds nothing in is left out.
 */
#include "svc/dynamodb/expr_int.h"

#include <assert.h>

struct project {
    struct path *const *paths; /* sorted */
    size_t from, to;           /* those that lead here */
    uint32_t depth;            /* the step that chooses among them */
};

static char *project_inside(const struct project *p, struct datum datum, char *to);

status projection_read(struct terms *terms, struct str text, struct paths *ret_paths)
{
    struct parser parser;
    struct paths paths = {0};

    TRY(parser_begin(&parser, terms, EXPR_PROJECTION, text));
    TRY(parse_paths(&parser, &paths));
    TRY(check_paths(terms, &paths));
    *ret_paths = paths;
    return OK;
}

static const struct step *step_at(const struct project *p, size_t at)
{
    return &p->paths[at]->steps[p->depth];
}

static bool same_step(const struct step *a, const struct step *b)
{
    return a->is_index == b->is_index && a->index == b->index && str_eq(a->name, b->name);
}

/* The group that begins at from. */
static struct project group_of(const struct project *p, size_t from)
{
    struct project group = {p->paths, from, from + 1, p->depth + 1};

    while (group.to < p->to && same_step(step_at(p, from), step_at(p, group.to))) {
        group.to++;
    }
    return group;
}

/* What the group takes of datum, written at to; to itself when that is nothing. */
static char *project_group(const struct project *group, struct datum datum, char *to)
{
    bool inner_index;
    char *end;

    if (group->paths[group->from]->count == group->depth) {
        return datum_put(to, datum);
    }
    inner_index = step_at(group, group->from)->is_index;
    if (datum.type != (inner_index ? DATUM_L : DATUM_M)) {
        return to;
    }
    end = project_inside(group, datum, datum_open(to));
    if (end == datum_open(to)) {
        return to;
    }
    datum_close(to, datum.type, end);
    return end;
}

static char *project_map(const struct project *p, struct str body, char *to)
{
    struct cursor cursor = cursor_of(body);
    size_t at = p->from;

    while (cursor.rest.bytes > 0 && at < p->to) {
        struct str name;
        struct datum value = datum_read_pair(&cursor, &name);

        while (at < p->to && str_cmp(step_at(p, at)->name, name) < 0) {
            at++;
        }
        if (at < p->to && value.type != DATUM_NONE && str_eq(step_at(p, at)->name, name)) {
            struct project group = group_of(p, at);
            char *inside = datum_put_str(to, name);
            char *end = project_group(&group, value, inside);

            to = end > inside ? end : to;
            at = group.to;
        }
    }
    return to;
}

static char *project_list(const struct project *p, struct str body, char *to)
{
    struct cursor cursor = cursor_of(body);
    size_t at = p->from;

    for (uint32_t index = 0; cursor.rest.bytes > 0 && at < p->to; index++) {
        struct datum value = datum_read(&cursor);

        if (value.type != DATUM_NONE && step_at(p, at)->index == index) {
            struct project group = group_of(p, at);

            to = project_group(&group, value, to);
            at = group.to;
        }
    }
    return to;
}

static char *project_inside(const struct project *p, struct datum datum, char *to)
{
    return datum.type == DATUM_L ? project_list(p, datum.body, to)
                                 : project_map(p, datum.body, to);
}

status projection_apply(struct arena *arena, const struct paths *paths, const struct item *item,
                        struct item *ret_item)
{
    struct project p = {paths->at, 0, paths->count, 0};
    char *room = arena_try(arena, ITEM_HEAD_BYTES_MAX + item->attributes.bytes +
                                      2 * DATUM_HEAD_BYTES_MAX);
    char *body;

    if (room == NULL) {
        return &ERR_LIMIT;
    }
    body = room + ITEM_HEAD_BYTES_MAX;
    return item_make(body, project_map(&p, item->attributes, body), NULL, ret_item);
}
