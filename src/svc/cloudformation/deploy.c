/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations under way: who steps when. One timer of the service goes through all operations that
 * have something to do, some steps each, and sets itself for the next turn while there is more, so
 * that requests come in between; else for the soonest look at what is not ready.
 */
#include "svc/cloudformation/deploy.h"

#include "base/mem.h"
#include "cell/cell.h"
#include "sys/log.h"

#include <assert.h>

#define WORN_OUT_BYTES (48u << 20) /* of an operation's arena: its rows are read again */
#define FAILED_STEP_MS 1000        /* after a step that was refused (a full disk) */
#define TURN_NS UINT64_C(4000000)  /* all operations' steps of a turn, but for the last */

/* ---- reading ---- */

static void unload(struct deploy *d)
{
    identity_drop(d->identity);
    d->identity = NULL;
    d->loaded = d->planned = false;
    arena_free(d->arena);
    d->arena = NULL;
}

static void load(struct call *c, struct deploy *d)
{
    bool there = stack_of_key(c, d->key, &d->stack);

    assert(there);
    d->count = d->room = stack_resources(c, &d->stack, &d->resources);
    for (size_t i = 0; i < d->count; i++) {
        d->resources[i].look_ms = c->now;
        d->resources[i].poll_ms = POLL_FIRST_MS;
        d->resources[i].passed = deploy_passed(d, &d->resources[i]);
    }
    identity_drop(d->identity);
    d->identity = stack_caller(c, &d->stack, &d->caller, &d->refused);
    d->loaded = true;
    d->planned = false;
}

struct stack_resource *deploy_add(struct call *c, struct deploy *d)
{
    struct stack_resource *own;

    if (d->count == d->room) {
        struct stack_resource *more;

        d->room = d->room == 0 ? 16 : d->room * 2;
        more = arena_alloc(c->arena, d->room * sizeof(more[0]));
        if (d->count > 0) {
            memcpy(more, d->resources, d->count * sizeof(more[0]));
        }
        d->resources = more;
    }
    own = &d->resources[d->count++];
    memset(own, 0, sizeof(*own));
    own->number = resource_number_next(c, &d->stack);
    own->properties = doc_map(c->arena);
    own->attributes = doc_map(c->arena);
    own->notes = doc_map(c->arena);
    own->more = doc_map(c->arena);
    own->needs = ARENA_NEW(c->arena, struct value);
    own->needs->kind = VALUE_LIST;
    d->wish.world.resources = d->resources;
    d->wish.world.resource_count = d->count;
    return own;
}

/* ---- stepping ---- */

static status step(struct call *c, void *arg)
{
    struct deploy *d = arg;
    struct str phase;
    char id[36];

    rand_uuid(c->rand, id);
    c->request_id = arena_dup(c->arena, str_of(id, sizeof(id)));
    if (!d->loaded) {
        load(c, d);
    }
    d->wish.world.c = c;
    d->wish.run.why = &c->why;
    d->wish.world.caller = d->caller;
    d->wish.world.resources = d->resources;
    d->wish.world.resource_count = d->count;
    d->next = DEPLOY_MORE;
    phase = map_str(d->stack.plan, "phase");
    if (str_eq(phase, STR(PHASE_MAKE))) {
        return make_step(c, d);
    }
    return str_eq(phase, STR(PHASE_RESTORE)) ? restore_step(c, d) : unmake_step(c, d);
}

static void deploy_free(struct deploy *d)
{
    unload(d);
    link_remove(&d->link);
    arena_free(d->own);
    mem_free(d);
}

/* Some steps, none begun behind end_ns; behind the last one it is gone. */
static void advance(struct deploy *d, uint64_t end_ns)
{
    struct doing doing = {.service = CFN_SERVICE, .name = "StackStep", .account = d->account,
                          .region = d->region, .run = step, .arg = d};
    struct why why;

    for (int i = 0; i < STEPS_PER_TURN; i++) {
        if (d->arena != NULL && arena_bytes(d->arena) > WORN_OUT_BYTES) {
            unload(d);
        }
        if (d->arena == NULL) {
            d->arena = arena_new(STEP_ARENA_BYTES_MAX);
        }
        if (cell_step(d->cell, &doing, d->arena, &why) != OK) {
            log_write(LOG_ERROR, CFN_SERVICE, "a stack's step failed: %s", why.text);
            unload(d);
            d->next = DEPLOY_WAITS;
            d->due_ms = cell_now(d->cell) + FAILED_STEP_MS;
        }
        if (d->next != DEPLOY_MORE || clock_monotonic_ns() > end_ns) {
            break;
        }
    }
    if (d->next == DEPLOY_OVER) {
        deploy_free(d);
    }
}

static void set_pump(struct cloudformation *cfn)
{
    int64_t soonest_ms = INT64_MAX;

    for (struct link *at = cfn->deploys.next; at != &cfn->deploys; at = at->next) {
        const struct deploy *d = LINK_OWNER(at, struct deploy, link);

        if (d->next == DEPLOY_MORE) {
            cell_timer_next_turn(cfn->cell, &cfn->pump);
            return;
        }
        soonest_ms = d->due_ms < soonest_ms ? d->due_ms : soonest_ms;
    }
    if (soonest_ms < INT64_MAX) {
        cell_timer_set(cfn->cell, &cfn->pump, soonest_ms);
    }
}

static void pump_fire(struct cell *cell, struct timer *timer)
{
    struct cloudformation *cfn = LINK_OWNER(timer, struct cloudformation, pump);
    uint64_t end_ns = clock_monotonic_ns() + TURN_NS;
    struct link *next;

    for (struct link *at = cfn->deploys.next; at != &cfn->deploys; at = next) {
        struct deploy *d = LINK_OWNER(at, struct deploy, link);

        next = at->next; /* a step ends no operation but its own; what it begins is behind */
        if (d->next == DEPLOY_MORE || d->due_ms <= cell_now(cell)) {
            advance(d, end_ns);
        }
    }
    set_pump(cfn);
}

/* ---- beginning and ending ---- */

static struct deploy *deploy_find(struct cloudformation *cfn, const struct stack *stack)
{
    for (struct link *at = cfn->deploys.next; at != &cfn->deploys; at = at->next) {
        struct deploy *d = LINK_OWNER(at, struct deploy, link);

        if (str_eq(d->key, stack->key)) {
            return d;
        }
    }
    return NULL;
}

static struct deploy *deploy_new(struct cloudformation *cfn, const struct stack *stack)
{
    struct deploy *d = MEM_NEW(struct deploy);

    d->cell = cfn->cell;
    d->own = arena_new(4096);
    d->account = arena_dup(d->own, stack->account);
    d->region = arena_dup(d->own, stack->region);
    d->key = arena_dup(d->own, stack->key);
    d->refused = STR_NONE;
    list_push(&cfn->deploys, &d->link);
    return d;
}

static void goes_on(struct cloudformation *cfn, struct deploy *d)
{
    d->loaded = false;
    d->next = DEPLOY_MORE;
    cell_timer_next_turn(cfn->cell, &cfn->pump);
}

void deploy_begin(struct call *c, const struct stack *stack)
{
    struct cloudformation *cfn = cell_state(c->cell, CFN_SERVICE);
    struct deploy *d = deploy_find(cfn, stack);

    underway_put(c, stack);
    goes_on(cfn, d != NULL ? d : deploy_new(cfn, stack));
}

void deploy_forget(struct call *c, const struct stack *stack)
{
    struct cloudformation *cfn = cell_state(c->cell, CFN_SERVICE);
    struct deploy *d = deploy_find(cfn, stack);

    if (d != NULL) {
        goes_on(cfn, d);
    }
}

/* A parent looks at once. */
static void wake_parent(struct call *c, const struct stack *stack)
{
    struct stack parent;

    if (has(stack->about, "ParentId") &&
        stack_lookup(c, get_str(stack->about, "ParentId"), &parent)) {
        deploy_forget(c, &parent);
    }
}

void deploy_end(struct call *c, struct deploy *d)
{
    struct stack parent = {.account = d->account, .region = d->region,
                           .key = last_part(get_str(d->stack.about, "ParentId"))};

    map_unset(d->stack.plan, "phase");
    underway_erase(c, &d->stack);
    d->next = DEPLOY_OVER;
    deploy_forget(c, &parent); /* it waits for this one */
    wake_parent(c, &d->stack);
}

static void deploy_found(void *to, const struct stack *stack)
{
    deploy_new(to, stack);
}

void deploys_open(struct cloudformation *cfn)
{
    link_init(&cfn->deploys);
    cfn->pump.fire = pump_fire;
    underway_each(cfn->cell, cfn, deploy_found);
    if (!link_alone(&cfn->deploys)) {
        cell_timer_next_turn(cfn->cell, &cfn->pump);
    }
}

void deploys_close(struct cloudformation *cfn)
{
    while (!link_alone(&cfn->deploys)) {
        deploy_free(LINK_OWNER(cfn->deploys.next, struct deploy, link));
    }
}

/* ---- what phases have in common ---- */

void deploy_phase(struct call *c, struct deploy *d, const char *phase)
{
    map_set_str(c->arena, d->stack.plan, "phase", str_c(phase));
    for (size_t i = 0; i < d->count; i++) {
        d->resources[i].passed = false;
    }
}

bool plan_is(const struct deploy *d, const char *member, const char *text)
{
    return str_eq(map_str(d->stack.plan, member), str_c(text));
}

void deploy_mark(struct call *c, struct deploy *d, struct stack_resource *own,
                 const char *to, struct str reason)
{
    own->status = str_c(to);
    own->reason = arena_dup(c->arena, reason);
    own->at_ms = c->now;
    resource_save(c, &d->stack, own);
    event_add(c, &d->stack, own);
}

void deploy_mark_made(struct call *c, struct deploy *d, struct stack_resource *own,
                      const char *ending, struct str reason)
{
    deploy_mark(c, d, own,
                arena_printf(c->arena, "%s%s", own->update ? "UPDATE" : "CREATE", ending).at,
                reason);
}

/* Of which phase: a resource that was made may be removed in the same operation. */
static struct str pass_mark(struct arena *arena, const struct deploy *d)
{
    return arena_printf(arena, "%.*s/%.*s", STR_ARG(map_str(d->stack.plan, "id")),
                        STR_ARG(map_str(d->stack.plan, "phase")));
}

void deploy_pass(struct deploy *d, struct stack_resource *own)
{
    own->passed = true;
    own->doing = DOING_NOTHING;
    own->done = pass_mark(d->arena, d);
}

bool deploy_passed(const struct deploy *d, const struct stack_resource *own)
{
    return own->doing == DOING_NOTHING && own->done.bytes > 0 &&
           str_eq(own->done, pass_mark(d->arena, d));
}

struct stack_resource *deploy_due(struct deploy *d, int64_t now_ms)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->resources[i].doing != DOING_NOTHING && d->resources[i].look_ms <= now_ms) {
            return &d->resources[i];
        }
    }
    return NULL;
}

int64_t deploy_soonest(const struct deploy *d)
{
    int64_t soonest_ms = INT64_MAX;

    for (size_t i = 0; i < d->count; i++) {
        if (d->resources[i].doing != DOING_NOTHING && d->resources[i].look_ms < soonest_ms) {
            soonest_ms = d->resources[i].look_ms;
        }
    }
    return soonest_ms;
}

void deploy_look_later(struct call *c, struct stack_resource *own)
{
    own->poll_ms = own->poll_ms < POLL_FIRST_MS ? POLL_FIRST_MS : own->poll_ms;
    own->look_ms = c->now + own->poll_ms;
    own->poll_ms = own->poll_ms * 2 < POLL_LAST_MS ? own->poll_ms * 2 : POLL_LAST_MS;
}

struct str deploy_names(struct call *c, const struct deploy *d, const char *of)
{
    struct str all;
    struct buf names;

    buf_init(&names, 128 * 1024);
    for (size_t i = 0; i < d->count; i++) {
        const struct stack_resource *own = &d->resources[i];

        if (str_eq(own->status, str_c(of)) && deploy_passed(d, own)) {
            buf_printf(&names, "%s%.*s", names.bytes == 0 ? "[" : ", ", STR_ARG(own->logical_id));
        }
    }
    if (names.bytes == 0) {
        buf_done(&names);
        return STR_NONE;
    }
    buf_add_c(&names, ']');
    all = arena_dup(c->arena, buf_str(&names));
    buf_done(&names);
    return all;
}
