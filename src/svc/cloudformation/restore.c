/* SPDX-License-Identifier: Apache-2.0
 *
 * The phase that takes an update back: what was changed in place is changed to what it was, what
 * was replaced is again what it was before, and what was made is left over for the cleaning.
 */
#include "svc/cloudformation/deploy.h"
#include "wire/json.h"

#include <assert.h>

/* ---- what the stack tells of itself ---- */

static const char *const MEMBERS[] = {"Description", "Parameters", "Capabilities", "Tags",
                                      "NotificationARNs", "RollbackConfiguration"};

static void restore_about(struct call *c, struct deploy *d)
{
    struct str text = map_str(d->stack.plan, "before");
    struct value before;
    status read;

    if (text.bytes == 0) {
        return;
    }
    read = json_read(arena_dup(c->arena, text), stack_shape(), c->arena, NULL, &before);
    assert(read == OK);
    for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
        if (has(&before, MEMBERS[i])) {
            set_value(d->stack.about, MEMBERS[i], get(&before, MEMBERS[i]));
        } else {
            unset(d->stack.about, MEMBERS[i]);
        }
    }
    map_unset(d->stack.plan, "before");
    stack_template_put(c, &d->stack, TEMPLATE_ORIGINAL,
                       stack_template(c, &d->stack, TEMPLATE_ORIGINAL_BEFORE));
    stack_template_put(c, &d->stack, TEMPLATE_PROCESSED,
                       stack_template(c, &d->stack, TEMPLATE_PROCESSED_BEFORE));
    stack_template_put(c, &d->stack, TEMPLATE_ORIGINAL_BEFORE, STR_NONE);
    stack_template_put(c, &d->stack, TEMPLATE_PROCESSED_BEFORE, STR_NONE);
}

static void restore_tags(struct call *c, struct deploy *d, const struct value *had)
{
    map_unset(d->stack.plan, "tags_had");
    if (had != NULL) {
        map_set_tree(c->arena, d->stack.plan, "tags_had", *had);
    }
}

/* ---- rows ---- */

/* What it is and what it was change places: the change is made from the one to the other. */
static void turn_round(struct call *c, struct stack_resource *own)
{
    struct value *was = doc_map(c->arena);
    const struct value *before = own->before;
    const struct value *metadata = doc_get(before, "metadata");

    map_set_tree(c->arena, was, "properties", *own->properties);
    own->properties = (struct value *)(uintptr_t)doc_get(before, "properties");
    own->needs = (struct value *)(uintptr_t)doc_get(before, "needs");
    own->metadata = (struct value *)(uintptr_t)metadata;
    own->deletion = map_str(before, "deletion");
    own->replacement = map_str(before, "replacement");
    own->before = was;
    own->update = true;
}

static void row_back(struct call *c, struct deploy *d, struct stack_resource *own)
{
    if (own->former) { /* its type says again what it is */
        own->part = PART_GONE;
        resource_save(c, &d->stack, own);
    } else if (own->part == PART_CURRENT && own->made_now) {
        own->part = PART_LEFTOVER;
        resource_save(c, &d->stack, own);
    } else if (own->part == PART_BEFORE) {
        own->part = PART_CURRENT;
        own->replaced = false;
        own->update = true;
        deploy_pass(d, own);
        deploy_mark(c, d, own, "UPDATE_COMPLETE", STR(""));
    } else if (own->part == PART_CURRENT && own->before != NULL) {
        turn_round(c, own);
        resource_save(c, &d->stack, own);
    }
}

void restore_begin(struct call *c, struct deploy *d)
{
    const struct value *had = tags_document(c, get(d->stack.about, "Tags"));

    deploy_phase(c, d, PHASE_RESTORE);
    restore_about(c, d);
    restore_tags(c, d, had);
    for (size_t i = 0; i < d->count; i++) {
        row_back(c, d, &d->resources[i]);
    }
    d->loaded = false; /* the template is another */
}

/* ---- a step ---- */

static struct stack_resource *next_to_change(struct deploy *d)
{
    for (size_t i = 0; i < d->count; i++) {
        struct stack_resource *own = &d->resources[i];

        if (own->part == PART_CURRENT && own->before != NULL && !own->passed &&
            own->doing == DOING_NOTHING) {
            return own;
        }
    }
    return NULL;
}

static void finish(struct call *c, struct deploy *d)
{
    struct str failed = deploy_names(c, d, "UPDATE_FAILED");

    if (failed.at != NULL) {
        stack_turn(c, &d->stack, "UPDATE_ROLLBACK_FAILED",
                   arena_printf(c->arena, "The following resource(s) failed to update: %.*s. ",
                                STR_ARG(failed)));
        deploy_end(c, d);
        return;
    }
    imports_settle(c, d);
    map_set_bool(c->arena, d->stack.plan, "rolled_back", true);
    map_unset(d->stack.plan, "tags_had");
    stack_turn(c, &d->stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", STR(""));
    deploy_phase(c, d, PHASE_CLEAN);
}

status restore_step(struct call *c, struct deploy *d)
{
    int64_t event = map_int(d->stack.plan, "next_event", 1);
    struct stack_resource *due = deploy_due(d, c->now);
    struct stack_resource *next = next_to_change(d);

    if (!d->planned) { /* for references that are looked up; else they stay as they are */
        d->planned = wish_of_stack(c, &d->stack, &d->wish) == OK;
        d->wish.world.caller = d->caller;
        c->why.text[0] = '\0';
    }
    if (next != NULL) {
        one_change(c, d, next);
    } else if (due != NULL) {
        one_look(c, d, due);
    } else if (deploy_soonest(d) < INT64_MAX) {
        d->next = DEPLOY_WAITS;
        d->due_ms = deploy_soonest(d);
    } else {
        finish(c, d);
    }
    if (map_int(d->stack.plan, "next_event", 1) != event) {
        stack_save(c, &d->stack);
    }
    return OK;
}
