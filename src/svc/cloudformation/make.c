/* SPDX-License-Identifier: Apache-2.0
 *
 * The phase that makes a stack what its template says. A resource begins when all that it needs are
 * passed: made, changed, or found to be as they shall be. The first that fails ends the beginning
 * of others and cancels what is under way.
 */
#include "svc/cloudformation/deploy.h"

#include <assert.h>

/* ---- reading what is to be ---- */

/* A wish that cannot be read again: the world changed behind its back (or it failed before it
 * began). */
static bool plan(struct call *c, struct deploy *d)
{
    struct str failed = map_str(d->stack.plan, "failed");

    if (d->planned) {
        return true;
    }
    if (failed.bytes > 0) {
        make_failed(c, d, failed);
        return false;
    }
    if (wish_of_stack(c, &d->stack, &d->wish) != OK) {
        make_failed(c, d, arena_dup(c->arena, str_c(c->why.text)));
        c->why.text[0] = '\0';
        return false;
    }
    d->wish.world.caller = d->caller;
    d->wish.world.resources = d->resources;
    d->wish.world.resource_count = d->count;
    d->planned = true;
    return true;
}

/* ---- one resource of the template ---- */

static struct stack_resource *current(struct deploy *d, const struct template_resource *resource)
{
    return world_resource(&d->wish.world, resource);
}

/* What the row keeps of the template beside properties. */
static status describe(struct call *c, struct deploy *d, uint32_t at, struct stack_resource *own)
{
    const struct template_resource *resource = &d->wish.template.resources[at];
    const struct value *metadata = doc_get(resource->definition, "Metadata");

    own->deletion = resource->deletion.at == NULL ? STR("") : resource->deletion;
    own->replacement = resource->replacement.at == NULL ? STR("") : resource->replacement;
    own->needs = ARENA_NEW(c->arena, struct value);
    own->needs->kind = VALUE_LIST;
    for (uint32_t i = 0; i < d->wish.run.need_count[at]; i++) {
        *doc_add(c->arena, own->needs) = (struct value){
            .kind = VALUE_STR,
            .str = d->wish.template.resources[d->wish.run.needs[at][i]].name};
    }
    own->metadata = NULL;
    if (metadata != NULL) {
        own->metadata = ARENA_NEW(c->arena, struct value);
        return wish_evaluate(&d->wish, metadata, true, own->metadata);
    }
    return OK;
}

/* A row and an event have room for both. */
static status size_check(struct call *c, struct deploy *d,
                         const struct template_resource *resource, const struct value *want)
{
    const struct value *metadata = doc_get(resource->definition, "Metadata");
    struct str properties = doc_json(c->arena, want);
    struct value computed = {.kind = VALUE_MAP};

    if (metadata != NULL) {
        TRY(wish_evaluate(&d->wish, metadata, true, &computed));
    }
    if (properties.at == NULL ||
        properties.bytes + doc_json(c->arena, &computed).bytes > PROPERTIES_BYTES_MAX) {
        return fail(c, &CFN_VALIDATION,
                    "Properties and metadata of resource %.*s exceed %u bytes",
                    STR_ARG(resource->name), PROPERTIES_BYTES_MAX);
    }
    return OK;
}

static status properties_of(struct call *c, struct deploy *d,
                            const struct template_resource *resource, struct value **ret)
{
    struct value *want = doc_map(c->arena);

    if (resource->properties != NULL) {
        TRY(wish_evaluate(&d->wish, resource->properties, true, want));
    }
    if (want->kind != VALUE_MAP) {
        want = doc_map(c->arena);
    }
    TRY(size_check(c, d, resource, want));
    *ret = want;
    return OK;
}

static void note_imports(struct call *c, struct deploy *d)
{
    const struct value *imported = &d->wish.world.imported;

    for (uint32_t i = 0; i < imported->count; i++) {
        import_put(c, &d->stack, imported->items[i].str);
    }
}

/* What it was, so that it may be that again. */
static void remember(struct call *c, struct stack_resource *own)
{
    struct value *before;

    if (own->before != NULL) { /* of an update that failed and was kept */
        return;
    }
    before = doc_map(c->arena);
    map_set_tree(c->arena, before, "properties", *own->properties);
    map_set_tree(c->arena, before, "needs", *own->needs);
    map_set_str(c->arena, before, "deletion", own->deletion);
    map_set_str(c->arena, before, "replacement", own->replacement);
    if (own->metadata != NULL) {
        map_set_tree(c->arena, before, "metadata", *own->metadata);
    }
    own->before = before;
}

static struct stack_resource *begin_new(struct call *c, struct deploy *d, uint32_t at,
                                        struct value *want, bool update)
{
    const struct template_resource *resource = &d->wish.template.resources[at];
    struct stack_resource *own = deploy_add(c, d);

    own->logical_id = resource->name;
    own->type = resource->type;
    own->properties = want;
    own->update = update;
    (void)describe(c, d, at, own);
    return own;
}

static void replace(struct call *c, struct deploy *d, uint32_t at, struct value *want)
{
    struct stack_resource *old = current(d, &d->wish.template.resources[at]);

    old->part = old->made_now ? PART_LEFTOVER : PART_BEFORE; /* nothing goes back to that one */
    old->replaced = true;
    resource_save(c, &d->stack, old);
    one_make(c, d, begin_new(c, d, at, want, true));
}

/* Metadata, policies and needs may be others though its properties are not. */
static void refresh(struct call *c, struct deploy *d, uint32_t at, struct stack_resource *own)
{
    struct stack_resource was = *own;

    (void)describe(c, d, at, own);
    own->passed = true;
    if (!doc_same(was.needs, own->needs) || !doc_same(was.metadata, own->metadata) ||
        !str_eq(was.deletion, own->deletion) || !str_eq(was.replacement, own->replacement)) {
        resource_save(c, &d->stack, own);
    }
}

static void update_one(struct call *c, struct deploy *d, uint32_t at, struct value *want)
{
    struct stack_resource *own = current(d, &d->wish.template.resources[at]);

    switch (resource_differs(c, d, own, want)) {
    case DIFFERS_NOT:
        refresh(c, d, at, own);
        return;
    case DIFFERS_REPLACES:
        replace(c, d, at, want);
        return;
    case DIFFERS_IN_PLACE:
    default:
        remember(c, own);
        (void)describe(c, d, at, own);
        own->properties = want;
        one_change(c, d, own);
    }
}

static void make_one(struct call *c, struct deploy *d, uint32_t at)
{
    const struct template_resource *resource = &d->wish.template.resources[at];
    struct stack_resource *own = current(d, resource);
    struct value *want = doc_map(c->arena);
    status known = properties_of(c, d, resource, &want);

    note_imports(c, d);
    if (known != OK) {
        struct str reason = arena_dup(c->arena, str_c(c->why.text));

        c->why.text[0] = '\0';
        if (own == NULL) {
            own = begin_new(c, d, at, want, false);
        }
        own->update = own->id.bytes > 0;
        one_fail(c, d, own, reason);
        return;
    }
    if (own != NULL && own->id.bytes > 0) {
        update_one(c, d, at, want);
        return;
    }
    if (own == NULL) {
        own = begin_new(c, d, at, want, false);
    }
    own->properties = want; /* of one that failed before there was anything */
    (void)describe(c, d, at, own);
    one_make(c, d, own);
}

/* ---- all of them ---- */

static bool is_ready(struct deploy *d, uint32_t at)
{
    const struct template_run *run = &d->wish.run;

    for (uint32_t i = 0; i < run->need_count[at]; i++) {
        const struct stack_resource *own =
            current(d, &d->wish.template.resources[run->needs[at][i]]);

        if (own == NULL || !own->passed) {
            return false;
        }
    }
    return true;
}

static bool any_failed(const struct deploy *d)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->resources[i].passed && str_ends(d->resources[i].status, STR("_FAILED")) &&
            deploy_passed(d, &d->resources[i])) {
            return true;
        }
    }
    return false;
}

/* Begins the next one; false: none can begin. What is found unchanged costs no entry. */
static bool begin_next(struct call *c, struct deploy *d)
{
    bool found = true;

    while (found) {
        found = false;
        for (uint32_t i = 0; i < d->wish.template.resource_count; i++) {
            const struct stack_resource *own;
            uint64_t event = (uint64_t)map_int(d->stack.plan, "next_event", 1);

            if (!d->wish.run.exists[i]) {
                continue;
            }
            own = current(d, &d->wish.template.resources[i]);
            if (own != NULL && (own->passed || own->doing != DOING_NOTHING)) {
                continue;
            }
            if (!is_ready(d, i)) {
                continue;
            }
            make_one(c, d, i);
            found = true;
            if ((uint64_t)map_int(d->stack.plan, "next_event", 1) != event) {
                return true;
            }
        }
    }
    return false;
}

static bool all_passed(struct deploy *d)
{
    for (uint32_t i = 0; i < d->wish.template.resource_count; i++) {
        const struct stack_resource *own = current(d, &d->wish.template.resources[i]);

        if (d->wish.run.exists[i] && (own == NULL || !own->passed)) {
            return false;
        }
    }
    return true;
}

/* ---- the end of the phase ---- */

static bool is_wanted(struct deploy *d, const struct stack_resource *own)
{
    const struct template_resource *resource =
        template_resource_find(&d->wish.template, own->logical_id);

    return resource != NULL && d->wish.run.exists[resource - d->wish.template.resources];
}

/* What was there before and is no longer wanted is left over. */
static void leave_over(struct call *c, struct deploy *d)
{
    for (size_t i = 0; i < d->count; i++) {
        struct stack_resource *own = &d->resources[i];
        bool left = own->part == PART_BEFORE ||
                    (own->part == PART_CURRENT && !is_wanted(d, own));

        if (left) {
            own->part = PART_LEFTOVER;
        }
        if (left || own->before != NULL || own->made_now) {
            own->before = NULL;
            own->made_now = false;
            resource_save(c, &d->stack, own);
        }
    }
}

static void finish(struct call *c, struct deploy *d)
{
    if (outputs_settle(c, d) != OK) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        c->why.text[0] = '\0';
        make_failed(c, d, why);
        return;
    }
    leave_over(c, d);
    map_unset(d->stack.plan, "before");
    map_unset(d->stack.plan, "tags_had");
    stack_template_put(c, &d->stack, TEMPLATE_ORIGINAL_BEFORE, STR_NONE);
    stack_template_put(c, &d->stack, TEMPLATE_PROCESSED_BEFORE, STR_NONE);
    if (plan_is(d, "kind", KIND_CREATE)) {
        stack_turn(c, &d->stack, "CREATE_COMPLETE", STR(""));
        deploy_end(c, d);
        return;
    }
    stack_turn(c, &d->stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", STR(""));
    deploy_phase(c, d, PHASE_CLEAN);
}

/* ---- failing ---- */

void make_cancel(struct call *c, struct deploy *d)
{
    for (size_t i = 0; i < d->count; i++) {
        struct stack_resource *own = &d->resources[i];

        if (own->doing != DOING_NOTHING) {
            one_fail(c, d, own, own->update ? STR("Resource update cancelled")
                                            : STR("Resource creation cancelled"));
        }
    }
}

static struct str failed_reason(struct call *c, struct deploy *d, struct str why)
{
    struct str created = deploy_names(c, d, "CREATE_FAILED");
    struct str updated = deploy_names(c, d, "UPDATE_FAILED");
    struct str all;
    struct buf text;

    if (why.bytes > 0) {
        return plan_is(d, "kind", KIND_UPDATE)
                   ? why
                   : arena_printf(c->arena, "%.*s%s", STR_ARG(why),
                                  str_ends(why, STR(".")) ? " " : ". ");
    }
    buf_init(&text, 256 * 1024);
    if (created.at != NULL) {
        buf_printf(&text, "The following resource(s) failed to create: %.*s. ", STR_ARG(created));
    }
    if (updated.at != NULL) {
        buf_printf(&text, "The following resource(s) failed to update: %.*s. ", STR_ARG(updated));
    }
    all = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return all;
}

static void create_failed(struct call *c, struct deploy *d, struct str reason)
{
    if (plan_is(d, "on_failure", "DO_NOTHING")) {
        stack_turn(c, &d->stack, "CREATE_FAILED", reason);
        deploy_end(c, d);
        return;
    }
    if (plan_is(d, "on_failure", "DELETE")) {
        map_set_str(c->arena, d->stack.plan, "kind", STR(KIND_DELETE));
        stack_turn(c, &d->stack, "DELETE_IN_PROGRESS",
                   arena_printf(c->arena, "%.*sDelete requested by user.", STR_ARG(reason)));
    } else {
        stack_turn(c, &d->stack, "ROLLBACK_IN_PROGRESS",
                   arena_printf(c->arena, "%.*sRollback requested by user.", STR_ARG(reason)));
    }
    deploy_phase(c, d, PHASE_UNMAKE);
}

void make_failed(struct call *c, struct deploy *d, struct str why)
{
    struct str reason;

    make_cancel(c, d);
    reason = failed_reason(c, d, why);
    map_unset(d->stack.plan, "failed");
    if (plan_is(d, "kind", KIND_CREATE)) {
        create_failed(c, d, reason);
    } else if (map_true(d->stack.plan, "keep_failed")) {
        stack_turn(c, &d->stack, "UPDATE_FAILED", reason);
        deploy_end(c, d);
    } else {
        stack_turn(c, &d->stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason);
        restore_begin(c, d);
    }
    stack_save(c, &d->stack);
}

/* ---- a step ---- */

static void wait_more(struct deploy *d, int64_t deadline_ms)
{
    int64_t soonest_ms = deploy_soonest(d);

    assert(soonest_ms < INT64_MAX); /* else a circle, which templates do not have */
    d->next = DEPLOY_WAITS;
    d->due_ms = soonest_ms < deadline_ms ? soonest_ms : deadline_ms;
}

status make_step(struct call *c, struct deploy *d)
{
    int64_t deadline_ms = map_int(d->stack.plan, "deadline_ms", INT64_MAX);
    int64_t event = map_int(d->stack.plan, "next_event", 1);
    struct stack_resource *due;

    if (!plan(c, d)) {
        return OK;
    }
    due = deploy_due(d, c->now);
    if (any_failed(d)) {
        make_failed(c, d, STR(""));
    } else if (c->now >= deadline_ms) {
        make_failed(c, d, STR("Stack creation time exceeded the specified timeout."));
    } else if (begin_next(c, d)) {
        /* it is written down */
    } else if (due != NULL) {
        one_look(c, d, due);
    } else if (all_passed(d)) {
        finish(c, d);
    } else {
        wait_more(d, deadline_ms);
    }
    if (map_int(d->stack.plan, "next_event", 1) != event) {
        stack_save(c, &d->stack);
    }
    return OK;
}
