/* SPDX-License-Identifier: Apache-2.0
 *
 * Updates: reading them, and what they make of an item.
 *
 * Rules
 *  1. Every action reads the old item; none sees another's outcome.
 *  2. First all outcomes are found, then faults are told in AWS's order: a parent of the wrong
 *     type, a wrong type, then from the last section to the first a path that leads nowhere and
 *     an attribute that is not there, then numbers out of range. Only then is anything written.
 *  3. Outcomes together never take more than ITEM_PACKED_BYTES_MAX; what would is too large anyway.
 */
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/number.h"
#include "svc/dynamodb/update_int.h"

#include <assert.h>
#include <stdlib.h>

#define LISTS_MAX (EXPR_OPERATORS_MAX + 2) /* lists that list_appends inside one another join */

enum fault { FAULT_NONE, FAULT_TYPE, FAULT_MISSING, FAULT_NUMBER, FAULT_SIZE };

struct applying {
    struct arena *arena;          /* for what is made */
    const struct update *update;  /* what is done */
    struct str attributes;        /* of the old item */
    struct write *writes;         /* outcomes; count of them */
    size_t count;                 /* at most one an action */
    size_t room;                  /* packed bytes they may take */
    struct datum *lists;          /* to be joined, LISTS_MAX; used like a stack; NULL: not yet */
    size_t list_count;            /* of them */
    struct why number_why;        /* the last number's sentence */
};

static enum fault value_of(struct applying *a, const struct expr *expr, struct datum *ret_value);

status update_read(struct terms *terms, struct str text, struct update *ret_update)
{
    struct parser parser;
    struct update update;

    TRY(parser_begin(&parser, terms, EXPR_UPDATE, text));
    TRY(parse_update(&parser, &update));
    TRY(check_update(terms, &update));
    *ret_update = update;
    return OK;
}

/* ---- values that are made ---- */

static enum fault sum_of(struct applying *a, struct datum x, struct datum y, enum expr_op op,
                         struct datum *ret_value)
{
    struct number left = {0};
    struct number right = {0};
    struct number sum;
    char *packed = NULL;
    status made;

    number_unpack(x.body, &left);
    number_unpack(y.body, &right);
    made = op == OP_MINUS ? number_subtract(&left, &right, &a->number_why, &sum)
                          : number_add(&left, &right, &a->number_why, &sum);
    if (made != OK) {
        return FAULT_NUMBER;
    }
    packed = arena_alloc(a->arena, NUMBER_PACKED_BYTES_MAX);
    *ret_value = (struct datum){DATUM_N, str_of(packed, number_pack(&sum, packed))};
    return FAULT_NONE;
}

/* x + y, x - y */
static enum fault arithmetic(struct applying *a, const struct expr *expr, struct datum *ret_value)
{
    struct datum x = DATUM_ABSENT;
    struct datum y = DATUM_ABSENT;
    enum fault fault = value_of(a, expr->first, &x);

    if (fault != FAULT_NONE) {
        return fault;
    }
    if (x.type != DATUM_N) {
        return FAULT_TYPE;
    }
    fault = value_of(a, expr->first->next, &y);
    if (fault != FAULT_NONE) {
        return fault;
    }
    return y.type != DATUM_N ? FAULT_TYPE
                             : sum_of(a, x, y, (enum expr_op)expr->op, ret_value);
}

static void list_push(struct applying *a, struct datum list)
{
    assert(list.type == DATUM_L);
    assert(a->list_count < LISTS_MAX);
    if (a->lists == NULL) {
        a->lists = arena_alloc(a->arena, LISTS_MAX * sizeof(*a->lists));
    }
    a->lists[a->list_count++] = list;
}

/* Pushes the lists that expr joins, in order, so that none is copied twice. */
static enum fault lists_of(struct applying *a, const struct expr *expr)
{
    struct datum list = DATUM_ABSENT;
    enum fault fault;

    if (expr->op == OP_LIST_APPEND) {
        fault = lists_of(a, expr->first);
        return fault != FAULT_NONE ? fault : lists_of(a, expr->first->next);
    }
    if (expr->op == OP_IF_NOT_EXISTS &&
        path_find(expr->first->path, a->attributes).type == DATUM_NONE) {
        return lists_of(a, expr->first->next);
    }
    fault = value_of(a, expr, &list);
    if (fault != FAULT_NONE) {
        return fault;
    }
    if (list.type != DATUM_L) {
        return FAULT_TYPE;
    }
    list_push(a, list);
    return FAULT_NONE;
}

/* All that was pushed, as one list. */
static enum fault lists_join(struct applying *a, struct datum *ret_value)
{
    size_t bytes = 0;
    char *body;
    char *to;

    for (size_t i = 0; i < a->list_count; i++) {
        bytes += a->lists[i].body.bytes;
    }
    if (bytes > ITEM_PACKED_BYTES_MAX) {
        return FAULT_SIZE;
    }
    to = body = arena_alloc(a->arena, bytes + 1);
    for (size_t i = 0; i < a->list_count; i++) {
        struct str part = a->lists[i].body;

        if (part.bytes > 0) {
            memcpy(to, part.at, part.bytes);
            to += part.bytes;
        }
    }
    *ret_value = (struct datum){DATUM_L, str_of(body, bytes)};
    return FAULT_NONE;
}

static enum fault list_append(struct applying *a, const struct expr *expr, struct datum *ret_value)
{
    enum fault fault;

    a->list_count = 0;
    fault = lists_of(a, expr);
    return fault != FAULT_NONE ? fault : lists_join(a, ret_value);
}

static enum fault value_of(struct applying *a, const struct expr *expr, struct datum *ret_value)
{
    switch ((enum expr_op)expr->op) {
    case OP_PLUS:
    case OP_MINUS:
        return arithmetic(a, expr, ret_value);
    case OP_LIST_APPEND:
        return list_append(a, expr, ret_value);
    case OP_IF_NOT_EXISTS:
        *ret_value = path_find(expr->first->path, a->attributes);
        return ret_value->type != DATUM_NONE ? FAULT_NONE
                                             : value_of(a, expr->first->next, ret_value);
    case OP_VALUE:
        *ret_value = expr->value;
        return FAULT_NONE;
    default:
        assert(expr->op == OP_PATH);
        *ret_value = path_find(expr->path, a->attributes);
        return ret_value->type != DATUM_NONE ? FAULT_NONE : FAULT_MISSING;
    }
}

/* ---- sets ---- */

/* Members of a and b together, or (minus) those of a that b has not. */
static struct datum sets_merge(struct arena *arena, struct datum a, struct datum b, bool minus)
{
    char *body = arena_alloc(arena, a.body.bytes + b.body.bytes + 1);
    char *to = body;
    struct cursor left = cursor_of(a.body);
    struct cursor right = cursor_of(b.body);
    struct datum x = left.rest.bytes > 0 ? datum_read_member(&left, a.type) : DATUM_ABSENT;
    struct datum y = right.rest.bytes > 0 ? datum_read_member(&right, b.type) : DATUM_ABSENT;

    while (x.type != DATUM_NONE || y.type != DATUM_NONE) {
        int order = x.type == DATUM_NONE   ? 1
                    : y.type == DATUM_NONE ? -1
                                           : str_cmp(x.body, y.body);

        if (order < 0 || (order == 0 && !minus)) {
            to = datum_put_str(to, x.body);
        } else if (order > 0 && !minus) {
            to = datum_put_str(to, y.body);
        }
        if (order <= 0) {
            x = left.rest.bytes > 0 ? datum_read_member(&left, a.type) : DATUM_ABSENT;
        }
        if (order >= 0) {
            y = right.rest.bytes > 0 ? datum_read_member(&right, b.type) : DATUM_ABSENT;
        }
    }
    return (struct datum){a.type, str_of(body, (size_t)(to - body))};
}

static enum fault add(struct applying *a, struct datum old, struct datum operand,
                      struct datum *ret_value)
{
    if (old.type == DATUM_NONE) {
        *ret_value = operand;
        return FAULT_NONE;
    }
    if (old.type != operand.type) {
        return FAULT_TYPE;
    }
    if (operand.type == DATUM_N) {
        return sum_of(a, old, operand, OP_PLUS, ret_value);
    }
    if (operand.type == DATUM_L) {
        assert(a->update->legacy);
        a->list_count = 0;
        list_push(a, old);
        list_push(a, operand);
        return lists_join(a, ret_value);
    }
    *ret_value = sets_merge(a->arena, old, operand, false);
    return FAULT_NONE;
}

/* ---- actions ---- */

static struct datum parent_of(const struct path *path, struct str attributes)
{
    struct path parent = *path;

    parent.count--;
    return path_find(&parent, attributes);
}

static bool parent_fits(const struct path *path, struct datum parent)
{
    return parent.type == (path->steps[path->count - 1].is_index ? DATUM_L : DATUM_M);
}

static bool writable(const struct path *path, struct str attributes)
{
    return path->count == 1 || parent_fits(path, parent_of(path, attributes));
}

/* What the action writes; changes false: nothing. */
static enum fault outcome(struct applying *a, const struct action *action, bool *ret_changes,
                          struct datum *ret_value)
{
    struct datum old = DATUM_ABSENT;

    *ret_changes = true;
    *ret_value = DATUM_ABSENT;
    if (action->kind == ACTION_REMOVE) {
        return FAULT_NONE;
    }
    if (action->kind == ACTION_SET) {
        return value_of(a, action->value, ret_value);
    }
    old = path_find(action->path, a->attributes);
    if (action->kind == ACTION_ADD) {
        return add(a, old, action->value->value, ret_value);
    }
    *ret_changes = old.type != DATUM_NONE;
    if (old.type != DATUM_NONE && old.type != action->value->value.type) {
        return FAULT_TYPE;
    }
    if (old.type != DATUM_NONE) {
        struct datum left = sets_merge(a->arena, old, action->value->value, true);

        *ret_value = left.body.bytes > 0 ? left : DATUM_ABSENT;
    }
    return FAULT_NONE;
}

static status told(const struct applying *a, enum fault fault, struct why *why)
{
    switch (fault) {
    case FAULT_TYPE:
        return why_set(why, &DDB_VALIDATION, "%s",
                       a->update->legacy
                           ? "Type mismatch for attribute to update"
                           : "An operand in the update expression has an incorrect data type");
    case FAULT_MISSING:
        return why_set(why, &DDB_VALIDATION, "The provided expression refers to an attribute that "
                                             "does not exist in the item");
    case FAULT_NUMBER:
        return why_set(why, &DDB_VALIDATION, "%s", a->number_why.text);
    case FAULT_SIZE:
        return why_set(why, &DDB_VALIDATION,
                       "Item size to update has exceeded the maximum allowed size");
    case FAULT_NONE:
        break;
    }
    return OK;
}

static status path_refused(struct why *why)
{
    return why_set(why, &DDB_VALIDATION, "The document path provided in the update expression is "
                                         "invalid for update");
}

/* Parents that are there must be what the paths take them for. */
static status check_parents(const struct applying *a, struct why *why)
{
    for (const struct action *action = a->update->first; action != NULL; action = action->next) {
        if (action->path->count > 1) {
            struct datum parent = parent_of(action->path, a->attributes);

            if (parent.type != DATUM_NONE && !parent_fits(action->path, parent)) {
                return path_refused(why);
            }
        }
    }
    return OK;
}

/* Finds every outcome. faults has one an action. */
static status find_outcomes(struct applying *a, enum fault *faults, struct why *why)
{
    size_t at = 0;

    for (const struct action *action = a->update->first; action != NULL; action = action->next) {
        struct datum value;
        bool changes = false;
        size_t bytes;

        faults[at] = outcome(a, action, &changes, &value);
        if (faults[at] == FAULT_TYPE) {
            return told(a, FAULT_TYPE, why);
        }
        if (faults[at++] != FAULT_NONE || !changes) {
            continue;
        }
        bytes = datum_packed_bytes_max(value) + DATUM_HEAD_BYTES_MAX +
                action->path->steps[action->path->count - 1].name.bytes;
        a->room += bytes;
        if (a->room > 2 * ITEM_PACKED_BYTES_MAX) {
            return told(a, FAULT_SIZE, why);
        }
        a->writes[a->count++] = (struct write){action->path, value};
    }
    return OK;
}

/* Paths that lead nowhere and attributes that are missing, from the last section back. */
static status check_sections(const struct applying *a, const enum fault *faults, struct why *why)
{
    for (int section = a->update->last->section; section >= 0; section--) {
        const struct action *action;
        bool missing = false;
        size_t at = 0;

        for (action = a->update->first; action != NULL; action = action->next, at++) {
            if (action->section != section) {
                continue;
            }
            if (!writable(action->path, a->attributes)) {
                return path_refused(why);
            }
            missing = missing || faults[at] == FAULT_MISSING;
        }
        if (missing) {
            return told(a, FAULT_MISSING, why);
        }
    }
    return OK;
}

static int write_cmp(const void *a, const void *b)
{
    return path_cmp(((const struct write *)a)->path, ((const struct write *)b)->path);
}

static status check_all(struct applying *a, struct why *why)
{
    enum fault *faults = arena_alloc(a->arena, (a->update->count + 1) * sizeof(*faults));

    TRY(check_parents(a, why));
    TRY(find_outcomes(a, faults, why));
    TRY(check_sections(a, faults, why));
    for (size_t i = 0; i < a->update->count; i++) {
        TRY(told(a, faults[i], why));
    }
    return OK;
}

status update_apply(struct arena *arena, const struct update *update, const struct item *old,
                    struct why *why, struct item *ret_item)
{
    struct applying a = {.arena = arena, .update = update, .attributes = old->attributes};
    struct item item;
    char *room;
    char *body;

    a.writes = arena_alloc(arena, (update->count + 1) * sizeof(*a.writes));
    if (update->count > 0) {
        TRY(check_all(&a, why));
    }
    qsort(a.writes, a.count, sizeof(*a.writes), write_cmp);
    room = arena_try(arena, ITEM_HEAD_BYTES_MAX + old->attributes.bytes + a.room + 1);
    if (room == NULL) {
        return why_set(why, &ERR_LIMIT, "no memory for the item");
    }
    body = room + ITEM_HEAD_BYTES_MAX;
    TRY(item_make(body, rewrite_map(old->attributes, a.writes, a.count, body), why, &item));
    TRY(item_fits(&item, true, why));
    *ret_item = item;
    return OK;
}
