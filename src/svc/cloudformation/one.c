/* SPDX-License-Identifier: Apache-2.0
 *
 * One resource: its type's functions, and what of them is written down. Whatever a function did
 * before it failed stays staged with the row that says so; what has an id will be removed.
 */
#include "svc/cloudformation/deploy.h"

#include <assert.h>

#define RECORD_ONLY "record only"
#define UNKNOWN "record only: weir does not know this type"

static const struct resource_type nothing = {.name = "", .service = CFN_SERVICE};

void resource_of_row(struct call *c, const struct stack *stack, const struct stack_resource *own,
                     const struct inner_caller *caller, struct resource *ret_resource)
{
    const struct resource_type *type = type_of(c->cell, own->type);

    memset(ret_resource, 0, sizeof(*ret_resource));
    ret_resource->c = c;
    ret_resource->type = type == NULL ? &nothing : type;
    ret_resource->caller = *caller;
    ret_resource->stack_id = stack_id(stack);
    ret_resource->stack_name = stack_name(stack);
    ret_resource->logical_id = own->logical_id;
    ret_resource->type_name = own->type;
    ret_resource->id = own->id;
    ret_resource->want = own->properties;
    ret_resource->had = own->before == NULL ? NULL : doc_get(own->before, "properties");
    ret_resource->stack_tags = tags_document(c, get(stack->about, "Tags"));
    ret_resource->token = map_str(stack->plan, "id");
    ret_resource->attributes = own->attributes;
    ret_resource->notes = own->notes;
    ret_resource->since_ms = own->since_ms;
}

/* ---- dynamic references ---- */

static bool is_dynamic(const struct value *value)
{
    return value->kind == VALUE_STR &&
           str_find_str(value->str, STR("{{resolve:")) < value->str.bytes;
}

static status resolve(struct stack_wish *wish, struct arena *arena, struct value *value)
{
    if (is_dynamic(value)) {
        return wish_evaluate(wish, value, false, value);
    }
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->count; i++) {
            TRY(resolve(wish, arena, &value->items[i]));
        }
    }
    if (value->kind == VALUE_MAP) {
        for (uint32_t i = 0; i < value->count; i++) {
            TRY(resolve(wish, arena, &value->pairs[i].value));
        }
    }
    return OK;
}

static bool any_dynamic(const struct value *value)
{
    bool any = is_dynamic(value);

    for (uint32_t i = 0; !any && value->kind == VALUE_LIST && i < value->count; i++) {
        any = any_dynamic(&value->items[i]);
    }
    for (uint32_t i = 0; !any && value->kind == VALUE_MAP && i < value->count; i++) {
        any = any_dynamic(&value->pairs[i].value);
    }
    return any;
}

/* Wants what the references stand for now. */
static status resolve_wants(struct call *c, struct deploy *d, struct resource *r)
{
    struct value *want;

    if (!d->planned || !any_dynamic(r->want)) {
        return OK;
    }
    want = doc_copy(c->arena, r->want);
    TRY(resolve(&d->wish, c->arena, want));
    r->want = want;
    return OK;
}

/* ---- what came of it ---- */

static void take(struct call *c, struct stack_resource *own, const struct resource *r)
{
    own->id = r->id.bytes > 0 ? arena_dup(c->arena, r->id) : own->id;
    own->attributes = r->attributes;
    own->notes = r->notes;
}

void one_fail(struct call *c, struct deploy *d, struct stack_resource *own, struct str reason)
{
    deploy_pass(d, own);
    deploy_mark_made(c, d, own, "_FAILED", reason);
}

static struct str done_reason(const struct resource *r)
{
    if (r->type == &nothing) {
        return STR(UNKNOWN);
    }
    return r->type->record_only ? STR(RECORD_ONLY) : STR("");
}

static void complete(struct call *c, struct deploy *d, struct stack_resource *own,
                     struct resource *r)
{
    status told = r->type->tell == NULL ? OK : r->type->tell(r);

    take(c, own, r);
    if (told != OK) {
        one_fail(c, d, own, str_c(r->why.text));
        return;
    }
    if (plan_is(d, "phase", PHASE_RESTORE)) {
        own->before = NULL;
    }
    deploy_pass(d, own);
    deploy_mark_made(c, d, own, "_COMPLETE", done_reason(r));
}

/* A change gave it another id: what it was before is left over. own may be elsewhere then. */
static void leave_former(struct call *c, struct deploy *d, const struct stack_resource *own,
                         const struct stack_resource *former)
{
    struct stack_resource now = *own;
    struct stack_resource *left = deploy_add(c, d);

    left->part = PART_LEFTOVER;
    left->replaced = true;
    left->former = true;
    left->update = true;
    left->logical_id = now.logical_id;
    left->type = now.type;
    left->id = former->id;
    left->status = now.status;
    left->at_ms = c->now;
    left->properties = former->properties;
    left->needs = now.needs;
    left->replacement = now.replacement;
    resource_save(c, &d->stack, left);
}

/* Is it ready? save: the row is to be written even when it is not. */
static void settle(struct call *c, struct deploy *d, struct stack_resource *own,
                   struct resource *r, bool save)
{
    struct stack_resource former = {.id = own->id, .properties = own->properties,
                                    .doing = own->doing};
    const struct value *notes = doc_copy(c->arena, r->notes);
    const struct value *attributes = doc_copy(c->arena, r->attributes);
    status settled = r->type->settled == NULL ? OK : r->type->settled(r);

    if (settled == OK) {
        settled = signals_settled(c, d, own, &r->why);
    }
    take(c, own, r);
    if (own->doing == DOING_CHANGE && own->before != NULL) {
        former.properties = (struct value *)(uintptr_t)doc_get(own->before, "properties");
    }
    if (settled == OK) {
        complete(c, d, own, r);
        if (former.id.bytes > 0 && former.doing == DOING_CHANGE &&
            !str_eq(former.id, own->id)) {
            leave_former(c, d, own, &former);
        }
        return;
    }
    if (settled != &RESOURCE_WAITS) {
        one_fail(c, d, own, str_c(r->why.text));
        return;
    }
    deploy_look_later(c, own);
    if (save || !str_eq(former.id, own->id) || !doc_same(own->notes, notes) ||
        !doc_same(own->attributes, attributes)) {
        resource_save(c, &d->stack, own);
    }
}

/* ---- make ---- */

static struct str invalid_reason(struct call *c, const struct stack_resource *own,
                                 const struct resource *r)
{
    return arena_printf(c->arena,
                        "Properties validation failed for resource %.*s with message:\n%s",
                        STR_ARG(own->logical_id), r->why.text);
}

static bool may_begin(struct call *c, struct deploy *d, struct stack_resource *own,
                      struct resource *r)
{
    if (d->refused.at != NULL) {
        one_fail(c, d, own, d->refused);
        return false;
    }
    if (r->type != &nothing && resource_check(r->type, r->want, &r->why) != OK) {
        one_fail(c, d, own, invalid_reason(c, own, r));
        return false;
    }
    if (resolve_wants(c, d, r) != OK) {
        one_fail(c, d, own, str_c(c->why.text));
        return false;
    }
    return true;
}

static status record(struct resource *r)
{
    r->id = resource_name(r, "", 128, false);
    return OK;
}

void one_make(struct call *c, struct deploy *d, struct stack_resource *own)
{
    struct resource r;
    status made;

    own->since_ms = c->now;
    own->doing = DOING_MAKE;
    own->made_now = true;
    own->poll_ms = 0;
    deploy_mark_made(c, d, own, "_IN_PROGRESS",
                     own->update ? STR("Requested update requires the creation of a new physical "
                                       "resource; hence creating one.")
                                 : STR(""));
    resource_of_row(c, &d->stack, own, &d->caller, &r);
    if (!may_begin(c, d, own, &r)) {
        return;
    }
    made = r.type->make == NULL ? record(&r) : r.type->make(&r);
    take(c, own, &r);
    if (made != OK && made != &RESOURCE_WAITS) {
        one_fail(c, d, own, str_c(r.why.text));
        return;
    }
    deploy_mark_made(c, d, own, "_IN_PROGRESS", STR("Resource creation Initiated"));
    settle(c, d, own, &r, true);
}

/* ---- change ---- */

void one_change(struct call *c, struct deploy *d, struct stack_resource *own)
{
    struct resource r;
    status changed;

    own->since_ms = c->now;
    own->update = true;
    own->doing = DOING_CHANGE;
    own->poll_ms = 0;
    deploy_mark_made(c, d, own, "_IN_PROGRESS", STR(""));
    resource_of_row(c, &d->stack, own, &d->caller, &r);
    r.stack_tags_had = doc_get(d->stack.plan, "tags_had");
    if (!may_begin(c, d, own, &r)) {
        return;
    }
    changed = r.type->change == NULL ? OK : r.type->change(&r);
    take(c, own, &r);
    if (changed != OK && changed != &RESOURCE_WAITS) {
        one_fail(c, d, own, str_c(r.why.text));
        return;
    }
    settle(c, d, own, &r, true);
}

/* ---- remove ---- */

static void removed(struct call *c, struct deploy *d, struct stack_resource *own,
                    struct resource *r, status how)
{
    if (how == &RESOURCE_WAITS) {
        deploy_look_later(c, own);
        return;
    }
    deploy_pass(d, own);
    if (how != OK && !resource_is_gone(how)) {
        deploy_mark(c, d, own, "DELETE_FAILED", str_c(r->why.text));
        return;
    }
    own->part = PART_GONE;
    deploy_mark(c, d, own, "DELETE_COMPLETE", STR(""));
}

void one_remove(struct call *c, struct deploy *d, struct stack_resource *own)
{
    struct resource r;
    status how;

    own->since_ms = c->now;
    own->doing = DOING_REMOVE;
    own->poll_ms = 0;
    resource_of_row(c, &d->stack, own, &d->caller, &r);
    if (own->id.bytes == 0) { /* nothing was made */
        removed(c, d, own, &r, OK);
        return;
    }
    deploy_mark(c, d, own, "DELETE_IN_PROGRESS", STR(""));
    if (d->refused.at != NULL) {
        (void)resource_fail(&r, &CFN_DENIED, "%.*s", STR_ARG(d->refused));
        removed(c, d, own, &r, &CFN_DENIED);
        return;
    }
    how = r.type->remove == NULL ? OK : r.type->remove(&r);
    take(c, own, &r);
    if (how == OK && r.type->gone != NULL) {
        how = r.type->gone(&r);
    }
    removed(c, d, own, &r, how);
    if (own->doing != DOING_NOTHING) {
        resource_save(c, &d->stack, own);
    }
}

/* ---- looking again ---- */

void one_look(struct call *c, struct deploy *d, struct stack_resource *own)
{
    struct resource r;

    resource_of_row(c, &d->stack, own, &d->caller, &r);
    if (own->doing == DOING_REMOVE) {
        status how = r.type->gone == NULL ? OK : r.type->gone(&r);

        take(c, own, &r);
        removed(c, d, own, &r, how);
        return;
    }
    if (resolve_wants(c, d, &r) != OK) {
        one_fail(c, d, own, str_c(c->why.text));
        return;
    }
    settle(c, d, own, &r, false);
}
