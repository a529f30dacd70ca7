/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a document anew with changes at paths.
 *
 * Old document and sorted writes are walked side by side. Writes that share a step are a group: one
 * write whose path ends here replaces, adds or takes away; others go on inside. What no write leads
 * to is copied as bytes. Indexes are those of the old list: what is taken away closes up, and what
 * is set behind its end is appended in the order of the indexes.
 */
#include "svc/dynamodb/update_int.h"

#include <assert.h>

struct rewrite {
    const struct write *writes; /* sorted */
    size_t from, to;            /* those that lead here */
    uint32_t depth;             /* the step that chooses among them */
};

static char *rewrite_pairs(const struct rewrite *r, struct str body, char *to);
static char *rewrite_list(const struct rewrite *r, struct str body, char *to);

static const struct step *step_at(const struct rewrite *r, size_t at)
{
    return &r->writes[at].path->steps[r->depth];
}

static struct rewrite group_of(const struct rewrite *r, size_t from)
{
    struct rewrite group = {r->writes, from, from + 1, r->depth + 1};
    const struct step *step = step_at(r, from);

    while (group.to < r->to && step_at(r, group.to)->index == step->index &&
           str_eq(step_at(r, group.to)->name, step->name)) {
        group.to++;
    }
    return group;
}

static char *copy(char *to, const char *from, const char *end)
{
    size_t bytes = (size_t)(end - from);

    memcpy(to, from, bytes);
    return to + bytes;
}

static bool ends_here(const struct rewrite *group)
{
    return group->writes[group->from].path->count == group->depth;
}

/* The value that a group makes of the old one; nothing when it takes it away. */
static char *rewrite_value(const struct rewrite *group, struct datum old, char *to)
{
    char *end;

    if (ends_here(group)) {
        struct datum value = group->writes[group->from].value;

        return value.type == DATUM_NONE ? to : datum_put(to, value);
    }
    assert(old.type == (step_at(group, group->from)->is_index ? DATUM_L : DATUM_M));
    end = old.type == DATUM_L ? rewrite_list(group, old.body, datum_open(to))
                              : rewrite_pairs(group, old.body, datum_open(to));
    datum_close(to, old.type, end);
    return end;
}

/* A pair that was there, or (old absent) is new. */
static char *rewrite_pair(const struct rewrite *group, struct str name, struct datum old, char *to)
{
    char *inside = datum_put_str(to, name);
    char *end = rewrite_value(group, old, inside);

    return end > inside ? end : to;
}

/* Groups of names that sort before name (all, when there is no name); at moves on. */
static char *rewrite_new(const struct rewrite *r, size_t *at, const struct str *name, char *to)
{
    while (*at < r->to && (name == NULL || str_cmp(step_at(r, *at)->name, *name) < 0)) {
        struct rewrite group = group_of(r, *at);

        assert(ends_here(&group));
        to = rewrite_pair(&group, step_at(r, *at)->name, DATUM_ABSENT, to);
        *at = group.to;
    }
    return to;
}

static char *rewrite_pairs(const struct rewrite *r, struct str body, char *to)
{
    struct cursor cursor = cursor_of(body);
    size_t at = r->from;

    while (cursor.rest.bytes > 0) {
        const char *start = cursor.rest.at;
        struct str name;
        struct datum old = datum_read_pair(&cursor, &name);

        assert(cursor_ok(&cursor));
        to = rewrite_new(r, &at, &name, to);
        if (at < r->to && str_eq(step_at(r, at)->name, name)) {
            struct rewrite group = group_of(r, at);

            to = rewrite_pair(&group, name, old, to);
            at = group.to;
        } else {
            to = copy(to, start, old.body.at + old.body.bytes);
        }
    }
    return rewrite_new(r, &at, NULL, to);
}

static char *rewrite_list(const struct rewrite *r, struct str body, char *to)
{
    struct cursor cursor = cursor_of(body);
    size_t at = r->from;

    for (uint32_t index = 0; cursor.rest.bytes > 0; index++) {
        struct datum old = datum_read(&cursor);

        assert(cursor_ok(&cursor));
        if (at < r->to && step_at(r, at)->index == index) {
            struct rewrite group = group_of(r, at);

            to = rewrite_value(&group, old, to);
            at = group.to;
        } else {
            to = datum_put(to, old);
        }
    }
    while (at < r->to) {
        struct rewrite group = group_of(r, at);

        assert(ends_here(&group));
        to = rewrite_value(&group, DATUM_ABSENT, to);
        at = group.to;
    }
    return to;
}

char *rewrite_map(struct str body, const struct write *writes, size_t count, char *to)
{
    struct rewrite r = {writes, 0, count, 0};

    return rewrite_pairs(&r, body, to);
}
