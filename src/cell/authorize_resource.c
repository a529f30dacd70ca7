/* SPDX-License-Identifier: Apache-2.0
 *
 * Which actions on which resources a call must be allowed: the model's templates (overlay/resources
 * says how they are written) filled with the call's input.
 *
 * Rules
 *  1. A pair whose member is not set is not asked for; when no pair is left, the operation's own
 *     action on "*" is.
 *  2. A list gives a resource for each of its values; the same one twice is asked for once. More
 *     than GUARDS_MAX: the action on "*" is asked for.
 */
#include "cell/authorize_int.h"

#include "base/buf.h"

#include <assert.h>

/* A template being filled. */
struct filling {
    struct call *c;            /* its input is filled in */
    struct str values[GUARDS_MAX + 1]; /* of one member; one more than there may be guards */
    size_t index;              /* which value of lists */
    size_t most;               /* values of the member that has most */
    struct buf *out;           /* what there is so far: the cell's, kept between calls */
    bool missing;              /* a member is not set */
};

/* ---- members ---- */

struct walk {
    struct arena *arena;       /* for texts of numbers */
    struct str *values;        /* found */
    size_t count;              /* of them */
    size_t count_max;          /* room for them */
};

static void walk(struct walk *walking, const struct value *value, struct str path);

static void walk_leaf(struct walk *walking, const struct value *value)
{
    if (walking->count == walking->count_max) {
        return;
    }
    if (value->kind == VALUE_STR && value->str.bytes > 0) {
        walking->values[walking->count++] = value->str;
    } else if (value->kind == VALUE_INT) {
        walking->values[walking->count++] =
            arena_printf(walking->arena, "%lld", (long long)value->number);
    } else if (value->kind == VALUE_BOOL) {
        walking->values[walking->count++] = value->truth ? STR("true") : STR("false");
    }
}

static void walk_struct(struct walk *walking, const struct value *value, struct str path)
{
    struct str rest = path;
    struct str name = str_split(&rest, '.');
    int index = model_member_index(model_shape(value->shape), name);

    if (index >= 0) {
        walk(walking, &value->items[index], rest);
    }
}

static void walk_map(struct walk *walking, const struct value *value, struct str path)
{
    if (!str_eq(path, STR("*"))) {
        return;
    }
    for (uint32_t i = 0; i < value->count && walking->count < walking->count_max; i++) {
        walking->values[walking->count++] = value->pairs[i].key;
    }
}

/* Lists stand for each of their items; trees are only as deep as the path is long. */
static void walk(struct walk *walking, const struct value *value, struct str path)
{
    switch (value->kind) {
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->count; i++) {
            walk(walking, &value->items[i], path);
        }
        return;
    case VALUE_STRUCT:
        if (path.bytes > 0) {
            walk_struct(walking, value, path);
        }
        return;
    case VALUE_MAP:
        walk_map(walking, value, path);
        return;
    default:
        if (path.bytes == 0) {
            walk_leaf(walking, value);
        }
    }
}

/* What "@…" stands for. */
static struct str constant(struct call *c, struct str name)
{
    if (str_eq(name, STR("@account"))) {
        return c->account;
    }
    if (str_eq(name, STR("@region"))) {
        return c->region;
    }
    if (str_eq(name, STR("@partition"))) {
        return arn_partition(c->region);
    }
    if (str_eq(name, STR("@caller"))) {
        return c->identity != NULL ? c->identity->source : c->principal;
    }
    return str_slice(name, 1, name.bytes);
}

size_t authorize_values(struct call *c, struct str names, struct str *values, size_t count_max)
{
    while (names.at != NULL) {
        struct walk walking = {c->arena, values, 0, count_max};
        struct str name = str_split(&names, '|');

        if (name.bytes > 0 && name.at[0] == '@') {
            values[0] = constant(c, name);
            return 1;
        }
        if (c->in != NULL) {
            walk(&walking, c->in, name);
        }
        if (walking.count > 0) {
            return walking.count;
        }
    }
    return 0;
}

static size_t values_of(struct filling *filling, struct str names)
{
    return authorize_values(filling->c, names, filling->values, GUARDS_MAX + 1);
}

/* ---- filling in ---- */

/* ".../123456789012/name": the account replaces the one written before. */
static void add_url(struct filling *filling, struct str url)
{
    struct str rest = url;
    struct str account = STR_NONE;
    struct str name = STR_NONE;
    struct str mine = filling->c->account;

    while (rest.at != NULL) {
        account = name;
        name = str_split(&rest, '/');
    }
    if (account.bytes == 12 && filling->out->bytes > mine.bytes + 1 &&
        str_eq(str_of(filling->out->at + filling->out->bytes - mine.bytes - 1, mine.bytes), mine)) {
        filling->out->bytes -= mine.bytes + 1;
        buf_add(filling->out, account);
        buf_add_c(filling->out, ':');
    }
    buf_add(filling->out, name);
}

static void add_value(struct filling *filling, struct str value)
{
    static const struct str function = STR_INIT("function:");
    bool plain = str_find(value, ':', 0) == value.bytes; /* as most are */
    size_t at = plain ? value.bytes : str_find_str(value, function);

    if (str_starts(value, STR("arn:")) || str_eq(value, STR("*"))) {
        buf_clear(filling->out);
        buf_add(filling->out, value);
    } else if (plain) {
        buf_add(filling->out, value);
    } else if (str_find_str(value, STR("://")) < value.bytes) {
        add_url(filling, value);
    } else if (at < value.bytes && str_ends(buf_str(filling->out), function)) {
        buf_add(filling->out, str_slice(value, at + function.bytes, value.bytes));
    } else {
        buf_add(filling->out, value);
    }
}

static void add_member(struct filling *filling, struct str names)
{
    size_t count = values_of(filling, names);

    if (count == 0) {
        filling->missing = true;
        return;
    }
    filling->most = count > filling->most ? count : filling->most;
    add_value(filling, filling->values[filling->index < count ? filling->index : count - 1]);
}

/* Text with {members}; what stands in [] was cut out before. */
static void add_text(struct filling *filling, struct str text)
{
    while (text.bytes > 0) {
        size_t open = str_find(text, '{', 0);
        size_t close = str_find(text, '}', open);

        buf_add(filling->out, str_slice(text, 0, open));
        if (open < text.bytes) {
            add_member(filling, str_slice(text, open + 1, close));
        }
        text = str_slice(text, close + 1, text.bytes);
    }
}

static void add_option(struct filling *filling, struct str text)
{
    size_t open = str_find(text, '{', 0);
    size_t close = str_find(text, '}', open);

    if (values_of(filling, str_slice(text, open + 1, close)) > 0) {
        add_text(filling, text);
    }
}

/* What most templates begin with, written at once; gives what follows. */
static struct str fill_prefix(struct filling *filling, struct str template)
{
    static const struct str begin = STR_INIT("arn:{@partition}:");
    static const struct str end = STR_INIT(":{@region}:{@account}:");
    struct str partition;
    size_t service = 0;

    if (!str_starts(template, begin)) {
        return template;
    }
    template = str_slice(template, begin.bytes, template.bytes);
    while (service < template.bytes && template.at[service] != ':') {
        service++;
    }
    partition = arn_partition(filling->c->region);
    buf_add(filling->out, STR("arn:"));
    buf_add(filling->out, partition);
    buf_add_c(filling->out, ':');
    buf_add(filling->out, str_slice(template, 0, service));
    template = str_slice(template, service, template.bytes);
    if (!str_starts(template, end)) { /* IAM and S3 have no regions */
        return template;
    }
    buf_add_c(filling->out, ':');
    buf_add(filling->out, filling->c->region);
    buf_add_c(filling->out, ':');
    buf_add(filling->out, filling->c->account);
    buf_add_c(filling->out, ':');
    return str_slice(template, end.bytes, template.bytes);
}

static void fill(struct filling *filling, struct str template)
{
    buf_clear(filling->out);
    template = fill_prefix(filling, template);
    while (template.bytes > 0) {
        size_t open = str_find(template, '[', 0);
        size_t close = str_find(template, ']', open);

        add_text(filling, str_slice(template, 0, open));
        if (open < template.bytes) {
            add_option(filling, str_slice(template, open + 1, close));
        }
        template = str_slice(template, close + 1, template.bytes);
    }
}

/* ---- guards ---- */

static void guard_add(struct guard *guards, size_t *count, const struct guard *guard)
{
    for (size_t i = *count; i > 0; i--) {
        if (str_eq(guards[i - 1].resource, guard->resource) &&
            str_eq(guards[i - 1].action, guard->action)) {
            return;
        }
    }
    if (*count == GUARDS_MAX) { /* who may not do it on all of them is refused */
        guards[GUARDS_MAX - 1] = (struct guard){guard->action, STR("*")};
        return;
    }
    guards[(*count)++] = *guard;
}

/* The name in an ARN that its service knows better: IAM's users have paths. */
static struct str resolved(struct call *c, struct str action, struct str resource)
{
    const struct resource_source *source = resource_source_of(
        c->cell->authorize, str_slice(action, 0, str_find(action, ':', 0)));
    struct str found;

    return source != NULL && source->resolve != NULL &&
                   source->resolve(c->cell, resource, c->arena, &found)
               ? found : resource;
}

static void pair_guards(struct filling *filling, struct str pair, struct guard *guards,
                        size_t *count)
{
    struct str template = pair;
    struct guard guard = {.action = str_split(&template, '=')};

    filling->index = 0;
    filling->most = 1;
    filling->missing = false;
    while (filling->index < filling->most) {
        fill(filling, template);
        if (filling->missing || buf_spent(filling->out)) {
            return;
        }
        guard.resource = resolved(filling->c, guard.action,
                                  arena_dup(filling->c->arena, buf_str(filling->out)));
        guard_add(guards, count, &guard);
        filling->index++;
    }
}

size_t authorize_guards(struct call *c, struct guard guards[GUARDS_MAX])
{
    struct str pairs = model_text(c->operation->guards);
    struct str first = str_slice(pairs, 0, str_find(pairs, '=', 0));
    struct filling filling;
    size_t count = 0;

    filling.c = c;
    filling.out = &c->cell->authorize->scratch;
    while (pairs.at != NULL) {
        pair_guards(&filling, str_split(&pairs, ' '), guards, &count);
    }
    if (count == 0) { /* rule 1 */
        guards[count++] = (struct guard){first, STR("*")};
    }
    return count;
}
