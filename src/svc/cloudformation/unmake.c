/* SPDX-License-Identifier: Apache-2.0
 *
 * The phases that remove: all of a stack (unmake), or what an update left over (clean). A resource
 * goes when nothing that needs it is left; what cannot be removed keeps what it needs.
 */
#include "svc/cloudformation/deploy.h"

#include "bus/timer.h"

static bool is_clean(const struct deploy *d)
{
    return plan_is(d, "phase", PHASE_CLEAN);
}

static bool is_meant(const struct deploy *d, const struct stack_resource *own)
{
    return is_clean(d) ? own->part == PART_LEFTOVER : own->part != PART_GONE;
}

static bool needs(const struct stack_resource *own, struct str logical_id)
{
    for (uint32_t i = 0; i < own->needs->count; i++) {
        if (str_eq(own->needs->items[i].str, logical_id)) {
            return true;
        }
    }
    return false;
}

/* Nothing that is to go, or could not, needs it. */
static bool is_free(const struct deploy *d, const struct stack_resource *own)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct stack_resource *other = &d->resources[i];

        if (other != own && is_meant(d, other) && needs(other, own->logical_id)) {
            return false;
        }
    }
    return true;
}

/* ---- what is kept ---- */

static bool is_listed(const struct deploy *d, const char *member, struct str logical_id)
{
    const struct value *list = doc_get(d->stack.plan, member);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, logical_id)) {
            return true;
        }
    }
    return false;
}

static bool is_retained(const struct deploy *d, const struct stack_resource *own)
{
    struct str policy = own->replaced ? own->replacement : own->deletion;

    if (is_listed(d, "retain", own->logical_id)) {
        return true;
    }
    if (own->made_now && (str_eq(policy, STR("RetainExceptOnCreate")) ||
                          get_bool(d->stack.about, "RetainExceptOnCreate", false))) {
        return false;
    }
    return str_eq(policy, STR("Retain")) || str_eq(policy, STR("RetainExceptOnCreate"));
}

static void skip(struct call *c, struct deploy *d, struct stack_resource *own)
{
    deploy_pass(d, own);
    own->part = PART_GONE;
    deploy_mark(c, d, own, "DELETE_SKIPPED", STR(""));
}

/* ---- the end of the phase ---- */

static void finish_clean(struct call *c, struct deploy *d)
{
    bool rolled_back = map_true(d->stack.plan, "rolled_back");
    bool failed = deploy_names(c, d, "DELETE_FAILED").at != NULL;
    const char *what = rolled_back ? "Update rollback" : "Update";

    for (size_t i = 0; i < d->count; i++) {
        struct stack_resource *own = &d->resources[i];

        if (own->part == PART_GONE || own->part == PART_LEFTOVER) {
            resource_erase(c, &d->stack, own);
        } else if (own->made_now) {
            own->made_now = false;
            resource_save(c, &d->stack, own);
        }
    }
    map_unset(d->stack.plan, "rolled_back");
    stack_turn(c, &d->stack, rolled_back ? "UPDATE_ROLLBACK_COMPLETE" : "UPDATE_COMPLETE",
               failed ? arena_printf(c->arena, "%s successful. One or more resources could not be "
                                               "deleted.", what)
                      : STR(""));
    deploy_end(c, d);
}

static void purge_later(struct call *c, const struct stack *stack)
{
    bus_timer_set(c, CFN_SERVICE, stack_id(stack), c->now + STACK_KEPT_MS, STR(""));
}

static void finish_delete(struct call *c, struct deploy *d)
{
    outputs_drop(c, &d->stack);
    stack_name_erase(c, &d->stack);
    set_time(d->stack.about, "DeletionTime", c->now);
    stack_turn(c, &d->stack, "DELETE_COMPLETE", STR(""));
    purge_later(c, &d->stack);
    deploy_end(c, d);
}

static void finish_unmake(struct call *c, struct deploy *d)
{
    struct str failed = deploy_names(c, d, "DELETE_FAILED");
    bool deleting = plan_is(d, "kind", KIND_DELETE);

    if (failed.at != NULL && !(deleting && map_true(d->stack.plan, "force"))) {
        stack_turn(c, &d->stack, deleting ? "DELETE_FAILED" : "ROLLBACK_FAILED",
                   arena_printf(c->arena, "The following resource(s) failed to delete: %.*s. ",
                                STR_ARG(failed)));
        deploy_end(c, d);
        return;
    }
    if (deleting) {
        finish_delete(c, d);
        return;
    }
    outputs_drop(c, &d->stack);
    stack_turn(c, &d->stack, "ROLLBACK_COMPLETE", STR(""));
    deploy_end(c, d);
}

/* ---- a step ---- */

static struct stack_resource *next_to_go(struct deploy *d)
{
    for (size_t i = d->count; i > 0; i--) {
        struct stack_resource *own = &d->resources[i - 1];

        if (is_meant(d, own) && !own->passed && own->doing == DOING_NOTHING && is_free(d, own)) {
            return own;
        }
    }
    return NULL;
}

static void go(struct call *c, struct deploy *d, struct stack_resource *own)
{
    if (own->id.bytes > 0 && is_retained(d, own)) {
        skip(c, d, own);
    } else {
        one_remove(c, d, own);
    }
}

status unmake_step(struct call *c, struct deploy *d)
{
    int64_t event = map_int(d->stack.plan, "next_event", 1);
    struct stack_resource *due = deploy_due(d, c->now);
    struct stack_resource *next = next_to_go(d);

    if (next != NULL) {
        go(c, d, next);
    } else if (due != NULL) {
        one_look(c, d, due);
    } else if (deploy_soonest(d) < INT64_MAX) {
        d->next = DEPLOY_WAITS;
        d->due_ms = deploy_soonest(d);
    } else if (is_clean(d)) {
        finish_clean(c, d);
    } else {
        finish_unmake(c, d);
    }
    if (map_int(d->stack.plan, "next_event", 1) != event) {
        stack_save(c, &d->stack);
    }
    return OK;
}
