/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of change sets; nobody else knows them.
 */
#include "cell/authorize.h"
#include "svc/cloudformation/changeset.h"
#include "svc/cloudformation/rows.h"

#include <assert.h>

#define VERSION 1

enum part { PART_ABOUT, PART_WANTED, PART_PLAN, PART_ORIGINAL, PART_PROCESSED, PARTS };

uint32_t change_set_shape(void)
{
    return model_operation(model_service(STR(CFN_SERVICE)), STR("DescribeChangeSet"))->output;
}

/* ---- keys ---- */

static struct key sets_key(struct call *c, const struct stack *stack)
{
    struct key key = key_of(c->arena, CFN_SERVICE);

    key_str(&key, STR("changeset"));
    key_str(&key, stack->account);
    key_str(&key, stack->region);
    key_str(&key, stack->key);
    return key;
}

static struct str part_key(struct call *c, const struct stack *stack, struct str name,
                           enum part part)
{
    struct key key = sets_key(c, stack);

    key_str(&key, name);
    key_u64(&key, part);
    return key_end(&key);
}

static struct str id_key(struct call *c, struct str uuid)
{
    struct key key = shelf_key(c, CFN_SERVICE, "changeset-id");

    key_str(&key, uuid);
    return key_end(&key);
}

/* ---- reading ---- */

static struct str text_get(struct call *c, struct str key)
{
    struct str packed;

    return txn_get(c->txn, key, &packed)
               ? arena_dup(c->arena, str_slice(packed, 1, packed.bytes))
               : STR_NONE;
}

bool change_set_find(struct call *c, const struct stack *stack, struct str name,
                     struct change_set *ret_set)
{
    struct change_set set = {.stack = *stack, .name = name};

    set.about = shelf_get(c, part_key(c, stack, name, PART_ABOUT), change_set_shape());
    if (set.about == NULL) {
        return false;
    }
    set.wanted = shelf_get(c, part_key(c, stack, name, PART_WANTED), stack_shape());
    set.plan = shelf_get(c, part_key(c, stack, name, PART_PLAN), 0);
    set.original = text_get(c, part_key(c, stack, name, PART_ORIGINAL));
    set.processed = text_get(c, part_key(c, stack, name, PART_PROCESSED));
    assert(set.wanted != NULL);
    assert(set.plan != NULL);
    *ret_set = set;
    return true;
}

static status not_found(struct call *c, struct str text)
{
    return fail(c, &CFN_NO_CHANGE_SET, "ChangeSet [%.*s] does not exist",
                STR_ARG(str_slice(text, 0, 1600)));
}

static bool find_by_id(struct call *c, struct str id, struct change_set *ret_set)
{
    struct value *map = shelf_get(c, id_key(c, last_part(id)), 0);
    struct stack stack;

    return map != NULL && stack_of_key(c, map_str(map, "stack"), &stack) &&
           change_set_find(c, &stack, map_str(map, "name"), ret_set) &&
           str_eq(get_str(ret_set->about, "ChangeSetId"), id);
}

/* A change set's ARN does not say whose it is, so this is asked here. */
static status may(struct call *c, struct str stack)
{
    return call_may(c, arena_printf(c->arena, CFN_SERVICE ":%.*s", STR_ARG(call_name(c))).at,
                    stack);
}

status change_set_of_call(struct call *c, struct change_set *ret_set)
{
    struct str text = arg_str(c, "ChangeSetName");
    struct str whose = arg_str(c, "StackName");
    struct stack stack;

    if (str_starts(text, STR("arn:"))) {
        bool found = find_by_id(c, text, ret_set);

        TRY(may(c, found ? stack_id(&ret_set->stack) : STR("*")));
        return found ? OK : not_found(c, text);
    }
    if (whose.bytes == 0) {
        return fail(c, &CFN_VALIDATION,
                    "StackName must be specified if ChangeSetName is not specified as an ARN.");
    }
    bool there = stack_lookup(c, whose, &stack);

    TRY(may(c, there ? stack_id(&stack)
                     : call_arn(c, CFN_SERVICE, "stack/%.*s/*", STR_ARG(whose))));
    if (!there) {
        return fail(c, &CFN_VALIDATION, "Stack [%.*s] does not exist",
                    STR_ARG(str_slice(whose, 0, 512)));
    }
    return change_set_find(c, &stack, text, ret_set) ? OK : not_found(c, text);
}

size_t change_sets(struct call *c, const struct stack *stack, struct change_set **ret_sets)
{
    struct change_set *sets = arena_alloc(c->arena, CHANGE_SETS_MAX * sizeof(*sets));
    struct key prefix = sets_key(c, stack);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, packed;
    size_t count = 0;

    while (count < CHANGE_SETS_MAX && txn_scan_next(scan, &key, &packed)) {
        struct key_reader reader = {str_slice(key, key_end(&prefix).bytes, key.bytes)};
        struct str name;
        uint64_t part = PARTS;

        if (key_read_str(&reader, c->arena, &name) && key_read_u64(&reader, &part) &&
            part == PART_ABOUT) {
            sets[count++] = (struct change_set){.stack = *stack, .name = name};
        }
    }
    txn_scan_close(scan);
    for (size_t i = 0; i < count; i++) {
        bool found = change_set_find(c, stack, sets[i].name, &sets[i]);

        assert(found);
    }
    *ret_sets = sets;
    return count;
}

/* ---- writing ---- */

static void text_put(struct call *c, struct str key, struct str text)
{
    struct buf packed;

    if (text.at == NULL) {
        return;
    }
    buf_init(&packed, TEMPLATE_BYTES_MAX * 4);
    buf_add_c(&packed, VERSION);
    buf_add(&packed, text);
    txn_put_packed(c->txn, key, &packed);
}

void change_set_told(struct call *c, const struct change_set *set)
{
    shelf_put(c, part_key(c, &set->stack, set->name, PART_ABOUT), set->about);
    shelf_put(c, part_key(c, &set->stack, set->name, PART_PLAN), set->plan);
    call_on(c, get_str(set->about, "ChangeSetId"));
}

void change_set_save(struct call *c, const struct change_set *set)
{
    struct value *map = doc_map(c->arena);

    change_set_told(c, set);
    shelf_put(c, part_key(c, &set->stack, set->name, PART_WANTED), set->wanted);
    text_put(c, part_key(c, &set->stack, set->name, PART_ORIGINAL), set->original);
    text_put(c, part_key(c, &set->stack, set->name, PART_PROCESSED), set->processed);
    doc_put_text(c->arena, map, "stack", set->stack.key);
    doc_put_text(c->arena, map, "name", set->name);
    shelf_put(c, id_key(c, last_part(get_str(set->about, "ChangeSetId"))), map);
}

void change_set_erase(struct call *c, const struct change_set *set)
{
    for (int part = 0; part < PARTS; part++) {
        struct str key = part_key(c, &set->stack, set->name, (enum part)part);
        struct str packed;

        if (txn_get(c->txn, key, &packed)) {
            txn_delete(c->txn, key);
        }
    }
    txn_delete(c->txn, id_key(c, last_part(get_str(set->about, "ChangeSetId"))));
}

void change_sets_drop(struct call *c, const struct stack *stack, const struct change_set *keep)
{
    struct change_set *sets;
    size_t count = change_sets(c, stack, &sets);

    for (size_t i = 0; i < count; i++) {
        if (keep == NULL || !str_eq(keep->name, sets[i].name)) {
            change_set_erase(c, &sets[i]);
        }
    }
}
