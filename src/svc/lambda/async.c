/* SPDX-License-Identifier: Apache-2.0
 *
 * Asynchronous invocations: a lane for each function that has events waiting, and a pump.
 *
 * Rules
 *  1. A lane's due rows are looked at in order, from behind the last that was begun (the cursor):
 *     what comes later is due later. After a crash, or when an end could not be written, from the
 *     first.
 *  2. The pump, one timer of the cell, looks at lanes that are ready; a lane is made ready by what
 *     it waits for: a new event, a moment, a run that ended, a release, another concurrency.
 *  3. The end of a try goes, with what it causes, into one entry.
 *  4. While a function is held its events do not age: they age from its release on.
 */
#include "svc/lambda/async.h"

#include "base/mem.h"
#include "base/time.h"
#include "bus/hold.h"
#include "bus/sink.h"
#include "bus/trace.h"
#include "svc/lambda/lineage.h"
#include "svc/lambda/live.h"

#include <assert.h>

#define LOOKS_MAX 32             /* due rows looked at in one step */
#define LOOK_BYTES_MAX (8u << 20) /* of their payloads: what ends untried is one entry */
#define LANES_MAX 1000           /* looked at in one turn */
#define ARENA_BYTES_MAX (256u << 20)
#define AGAIN_MS MS_PER_SECOND   /* a function that is not ready yet, a disk that is full */
#define STALL_MS_MAX (5 * MS_PER_MINUTE)
#define ROOM_MIN 200             /* changes that one more event may need */

struct lane {
    struct link link;            /* in lanes->ready, or alone */
    struct link starved;         /* in lanes->starved, or alone */
    struct lanes *lanes;         /* where */
    struct live_function *function; /* whose */
    struct target target;        /* owned; no qualifier */
    uint64_t count;              /* rows */
    uint32_t under_way;          /* of them */
    struct async_place cursor;   /* the last that was begun */
    struct timer timer;          /* the next that is due, or too old */
};

struct lanes {
    struct live *live;           /* where */
    struct link ready;           /* lanes to look at */
    struct link starved;         /* lanes that wait for the account's concurrency */
    struct timer pump;           /* looks at them */
    uint64_t last;               /* id given last */
    uint64_t count;              /* rows of all */
    size_t bytes;                /* of payloads under way */
};

/* One try. */
struct trial {
    struct lane *lane;           /* of which */
    struct async_place place;    /* the event's */
    size_t bytes;                /* of its payload */
};

/* ---- lanes ---- */

static void lane_ready(struct lane *lane)
{
    struct lanes *lanes = lane->lanes;

    link_remove(&lane->starved);
    if (link_alone(&lane->link)) {
        list_push(&lanes->ready, &lane->link);
    }
    cell_timer_set(lanes->live->cell, &lanes->pump, cell_now(lanes->live->cell));
}

static void lane_timer(struct cell *cell, struct timer *timer)
{
    (void)cell;
    lane_ready(LINK_OWNER(timer, struct lane, timer));
}

static struct lane *lane_of(struct lanes *lanes, const struct target *target)
{
    struct live_function *function = live_function_of(lanes->live, target);
    struct lane *lane;

    if (function == NULL || function->lane != NULL) {
        return function == NULL ? NULL : function->lane;
    }
    lane = MEM_NEW(struct lane);
    lane->lanes = lanes;
    lane->function = function;
    lane->target.account = owned(target->account);
    lane->target.region = owned(target->region);
    lane->target.name = owned(target->name);
    lane->timer.fire = lane_timer;
    link_init(&lane->link);
    link_init(&lane->starved);
    function->lane = lane;
    return lane;
}

static void lane_free(struct lane *lane)
{
    cell_timer_unset(lane->lanes->live->cell, &lane->timer);
    link_remove(&lane->link);
    link_remove(&lane->starved);
    lane->function->lane = NULL;
    owned_free(lane->target.account);
    owned_free(lane->target.region);
    owned_free(lane->target.name);
    mem_free(lane);
}

static bool lane_is_done(const struct lane *lane)
{
    return lane->count == 0 && lane->under_way == 0;
}

void async_wake(struct live *live, struct live_function *function)
{
    (void)live;
    if (function->lane != NULL) {
        lane_ready(function->lane);
    }
}

void async_wake_starved(struct live *live)
{
    struct lanes *lanes = live->lanes;

    while (!link_alone(&lanes->starved)) {
        lane_ready(LINK_OWNER(lanes->starved.next, struct lane, starved));
    }
}

void async_deleted(struct call *c, const struct target *target)
{
    struct live *live = lambda_of(c)->live;
    struct live_function *function = live_function_find(live, target);

    if (function != NULL) {
        async_wake(live, function);
    }
}

/* ---- coming in ---- */

status async_add(struct call *c, const struct target *target, struct async_event *event)
{
    struct lanes *lanes = lambda_of(c)->live->lanes;
    struct lane *lane = NULL;
    char *id;

    if (lanes->count < ASYNC_EVENTS_MAX && txn_room(c->txn) >= ROOM_MIN) {
        lane = lane_of(lanes, target);
    }
    if (lane == NULL) {
        return lambda_fail(c, &LAMBDA_TOO_MANY_REQUESTS, "There are %d asynchronous invocations "
                           "waiting already.", ASYNC_EVENTS_MAX);
    }
    event->made_ms = c->now;
    event->qualifier = target->qualifier;
    if (event->trace.bytes == 0) {
        event->trace = trace_header(c);
    }
    if (event->request_id.bytes == 0) {
        id = arena_alloc(c->arena, 36);
        rand_uuid(c->rand, id);
        event->request_id = str_of(id, 36);
    }
    lanes->last++;
    lanes->count++;
    lane->count++;
    async_put(c, target, lanes->last, event);
    async_due_put(c, target, (struct async_place){c->now, lanes->last});
    lane_ready(lane);
    return OK;
}

/* ---- ending, in a step ---- */

static void hop_of(struct call *c, const struct lane *lane, const struct async_event *event,
                   struct str outcome)
{
    struct str function = target_arn(c->arena, &lane->target);
    struct hop hop = {event->source.bytes > 0 ? event->source : STR("async"), function, STR_NONE,
                      outcome, event->request_id};

    trace_hop(c, &hop);
}

static void erase(struct call *c, struct lane *lane, struct async_place place)
{
    async_erase(c, &lane->target, place);
    lane->count--;
    lane->lanes->count--;
}

static struct async_place put_off(struct call *c, struct lane *lane, struct async_place place,
                                  const struct async_event *event, int64_t delay_ms)
{
    struct async_place later = {c->now + delay_ms, place.id};

    async_due_erase(c, &lane->target, place);
    async_put(c, &lane->target, place.id, event);
    async_due_put(c, &lane->target, later);
    return later;
}

/* Who sent it hears that nothing will come of it. */
static void tell_source(struct call *c, const struct lane *lane, const struct async_event *event,
                        const char *why)
{
    struct bus_event sent = {.target = target_arn(c->arena, &lane->target),
                             .source = event->source,
                             .principal = STR("lambda.amazonaws.com"),
                             .body = event->payload,
                             .about = event->request_id};

    bus_given_up(c, &sent, str_c(why));
}

/* It is over: told to who is to hear of it, and gone. */
static void end_event(struct call *c, struct lane *lane, struct async_place place,
                      const struct async_event *event, const struct async_end *end)
{
    struct target target = target_with(&lane->target, event->qualifier);
    bool success = strcmp(end->condition, "Success") == 0;

    hop_of(c, lane, event, success ? STR("delivered")
                                   : arena_printf(c->arena, "given up: %s", end->condition));
    async_tell(c, &target, event, end);
    if (!success) {
        tell_source(c, lane, event, end->condition);
    }
    erase(c, lane, place);
}

/* A try that ended: which, and how. */
struct ending {
    struct trial *trial;         /* which */
    struct run *run;             /* how */
};

static void end_failed(struct call *c, const struct ending *ending, struct async_event *event)
{
    struct lane *lane = ending->trial->lane;
    struct async_end end = {"RetriesExhausted", run_version(ending->run),
                            run_answer(ending->run), true};
    struct async_config config;
    int64_t delay_ms;

    event->attempts++;
    event->stalls = 0;
    async_config_of(c, &lane->target, event->qualifier, &config);
    if (event->attempts > config.retries) {
        end_event(c, lane, ending->trial->place, event, &end);
        return;
    }
    delay_ms = event->attempts == 1 ? MS_PER_MINUTE : 2 * MS_PER_MINUTE;
    (void)put_off(c, lane, ending->trial->place, event, delay_ms);
    hop_of(c, lane, event, arena_printf(c->arena, "retry in %lld ms: the function failed",
                                        (long long)delay_ms));
}

static void end_stalled(struct call *c, const struct ending *ending, struct async_event *event)
{
    struct lane *lane = ending->trial->lane;
    int64_t delay_ms = event->stalls < 9 ? MS_PER_SECOND << event->stalls : STALL_MS_MAX;

    delay_ms = delay_ms < STALL_MS_MAX ? delay_ms : STALL_MS_MAX;
    event->stalls++;
    (void)put_off(c, lane, ending->trial->place, event, delay_ms);
    hop_of(c, lane, event, arena_printf(c->arena, "retry in %lld ms: %.*s", (long long)delay_ms,
                                        STR_ARG(str_slice(run_answer(ending->run), 0, 256))));
}

static status end_trial(struct call *c, void *arg)
{
    const struct ending *ending = arg;
    struct trial *trial = ending->trial;
    struct async_end end = {"Success", run_version(ending->run), run_answer(ending->run), false};
    struct async_event event;

    if (!async_get(c, &trial->lane->target, trial->place.id, &event)) {
        return OK; /* the function was deleted, its events with it */
    }
    c->trace = event.trace;
    call_on(c, target_arn(c->arena, &trial->lane->target));
    switch (run_outcome(ending->run)) {
    case FN_ANSWERED:
        end_event(c, trial->lane, trial->place, &event, &end);
        break;
    case FN_FAILED:
        end_failed(c, ending, &event);
        break;
    case FN_NOT_RUN:
        end_stalled(c, ending, &event);
        break;
    }
    return OK;
}

/* In a visit. */
static void trial_done(struct cell *cell, struct run *run)
{
    struct trial *trial = run_user(run);
    struct lane *lane = trial->lane;
    struct ending ending = {trial, run};
    struct doing doing = {"lambda", "EndAsync", lane->target.account, lane->target.region,
                          end_trial, &ending};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;

    lane->under_way--;
    lane->lanes->bytes -= trial->bytes;
    if (lane->lanes->live->closing) {
        /* as if it had not begun: it is due at the next start */
    } else if (cell_step(cell, &doing, arena, &why) == OK) {
        lane_ready(lane);
    } else { /* the disk is full: again, later */
        lane->cursor = (struct async_place){0, 0};
        cell_timer_set(cell, &lane->timer, cell_now(cell) + AGAIN_MS);
    }
    arena_free(arena);
    mem_free(trial);
    run_free(run);
}

/* ---- beginning, in a step ---- */

/* What a look at a lane is to find out. */
struct look {
    struct lane *lane;           /* which */
    int64_t next_ms;             /* when to look again; INT64_MAX: when woken */
    bool more;                   /* there may be more to begin at once */
    bool starved;                /* it waits for the account's concurrency */
    size_t bytes;                /* of payloads looked at */
    int64_t released_ms;         /* since when its events age */
    struct str qualifier;        /* of the event before */
    status found;                /* of version_find() for it */
    struct version version;      /* for it */
    bool known;                  /* the three above are */
};

static void find_version(struct call *c, struct look *look, struct str qualifier)
{
    struct target target = target_with(&look->lane->target, qualifier);

    if (!look->known || !str_eq(qualifier, look->qualifier)) {
        look->found = version_find(c, &target, &look->version);
        look->qualifier = qualifier;
        look->known = true;
    }
}

/* Events that are not to be tried any more. True: this one is not. */
static bool ends_untried(struct call *c, struct look *look, struct async_place place,
                         const struct async_event *event)
{
    struct lane *lane = look->lane;
    struct async_end end = {.condition = NULL};
    struct async_config config;
    int64_t since_ms = event->made_ms > look->released_ms ? event->made_ms : look->released_ms;

    find_version(c, look, event->qualifier);
    c->trace = event->trace;
    if (look->found != OK) {
        hop_of(c, lane, event, STR("lost: the function is not there any more"));
        tell_source(c, lane, event, "FunctionNotFound");
        erase(c, lane, place);
        return true;
    }
    async_config_of(c, &lane->target, event->qualifier, &config);
    look->next_ms = since_ms + config.age_ms_max + 1;
    if (c->now - since_ms > config.age_ms_max) {
        end.condition = "EventAgeExceeded";
    } else if (live_reserved(c, lane->function, &lane->target) == 0) {
        end.condition = "ZeroReservedConcurrency";
    } else if (lineage_is_loop(c, &lane->target, event->trace)) {
        end.condition = "RecursiveInvocation";
    }
    if (end.condition != NULL) {
        end_event(c, lane, place, event, &end);
    }
    return end.condition != NULL;
}

static bool may_begin(struct call *c, struct look *look, size_t bytes)
{
    struct lane *lane = look->lane;
    struct lanes *lanes = lane->lanes;
    struct str state = get_str(look->version.config, "State");

    if (str_eq(state, STR("Pending"))) {
        look->next_ms = c->now + AGAIN_MS;
        return false;
    }
    if (lane->under_way >= ASYNC_AT_ONCE_MAX) {
        return false;
    }
    if (lanes->bytes > 0 && lanes->bytes + bytes > ASYNC_BYTES_MAX) {
        look->starved = true;
        return false;
    }
    if (run_check(c, &lane->target) != OK) { /* its own runs wake it, of others any */
        look->starved = lane->function->running == 0 ||
                        live_reserved(c, lane->function, &lane->target) < 0;
        return false;
    }
    return true;
}

static bool begin_run(struct call *c, struct look *look, struct async_place place,
                      const struct async_event *event)
{
    struct trial *trial = MEM_NEW(struct trial);
    struct run_wish wish = {
        .version = &look->version,
        .qualifier = event->qualifier,
        .payload = event->payload,
        .request_id = event->request_id,
        .trace = event->trace,
        .done = trial_done,
        .user = trial,
    };
    struct run *run;

    if (run_start(c, &wish, &run) != OK) {
        mem_free(trial);
        look->next_ms = c->now + AGAIN_MS;
        return false;
    }
    *trial = (struct trial){look->lane, place, event->payload.bytes};
    look->lane->under_way++;
    look->lane->lanes->bytes += trial->bytes;
    return true;
}

/* False: this one waits, and those behind it. */
static bool begin_one(struct call *c, struct look *look, struct async_place place)
{
    struct async_event event;

    if (!async_get(c, &look->lane->target, place.id, &event)) {
        async_due_erase(c, &look->lane->target, place);
        return true;
    }
    look->bytes += event.payload.bytes;
    return ends_untried(c, look, place, &event) ||
           (may_begin(c, look, event.payload.bytes) && begin_run(c, look, place, &event));
}

static status begin_some(struct call *c, void *arg)
{
    struct look *look = arg;
    struct lane *lane = look->lane;
    struct txn_scan *scan = NULL;
    struct async_place place;
    int looks = 0;

    if (hold_on(c, HOLD_FUNCTION, target_arn(c->arena, &lane->target), STR_NONE)) {
        return OK;
    }
    look->released_ms = async_released_get(c, &lane->target);
    while (async_due_next(c, &lane->target, lane->cursor, &scan, &place)) {
        if (place.at_ms > c->now) {
            look->next_ms = place.at_ms;
            break;
        }
        look->more = looks == LOOKS_MAX || look->bytes > LOOK_BYTES_MAX ||
                     txn_room(c->txn) < ROOM_MIN;
        if (look->more || !begin_one(c, look, place)) {
            break;
        }
        look->next_ms = INT64_MAX;
        lane->cursor = place;
        looks++;
    }
    if (scan != NULL) {
        txn_scan_close(scan);
    }
    return OK;
}

/* ---- the pump ---- */

static void look_at(struct lane *lane, struct arena *arena)
{
    struct cell *cell = lane->lanes->live->cell;
    struct look look = {.lane = lane, .next_ms = INT64_MAX};
    struct doing doing = {"lambda", "BeginAsync", lane->target.account, lane->target.region,
                          begin_some, &look};
    struct why why;

    cell_timer_unset(cell, &lane->timer);
    if (cell_step(cell, &doing, arena, &why) != OK) {
        look.next_ms = cell_now(cell) + AGAIN_MS;
    }
    if (look.more) {
        list_push(&lane->lanes->ready, &lane->link);
    } else if (look.next_ms < INT64_MAX) {
        cell_timer_set(cell, &lane->timer, look.next_ms);
    }
    if (look.starved) {
        list_push(&lane->lanes->starved, &lane->starved);
    }
}

static void pump(struct cell *cell, struct timer *timer)
{
    struct lanes *lanes = LINK_OWNER(timer, struct lanes, pump);
    struct arena *arena;
    struct link *last = lanes->ready.prev;

    if (!lanes->live->runs || lanes->live->closing) {
        return;
    }
    arena = arena_new(ARENA_BYTES_MAX);
    for (int i = 0; i < LANES_MAX && !link_alone(&lanes->ready); i++) {
        struct link *first = lanes->ready.next;
        struct lane *lane = LINK_OWNER(first, struct lane, link);
        struct live_function *function = lane->function;

        link_remove(first);
        arena_clear(arena);
        look_at(lane, arena);
        if (lane_is_done(lane)) {
            lane_free(lane);
            live_function_idle(lanes->live, function);
        }
        if (first == last) {
            break; /* those that came meanwhile are for the next turn */
        }
    }
    arena_free(arena);
    if (!link_alone(&lanes->ready)) {
        cell_timer_next_turn(cell, &lanes->pump);
    }
}

/* ---- life ---- */

static void row_read(void *arg, const struct target *target, struct async_place place)
{
    struct lanes *lanes = arg;
    struct lane *lane = lane_of(lanes, target);

    assert(lane != NULL);
    lanes->last = place.id > lanes->last ? place.id : lanes->last;
    lanes->count++;
    lane->count++;
    if (link_alone(&lane->link)) {
        list_push(&lanes->ready, &lane->link);
    }
}

status async_open(struct live *live, struct lanes **ret_lanes)
{
    struct lanes *lanes = MEM_NEW(struct lanes);

    lanes->live = live;
    lanes->pump.fire = pump;
    link_init(&lanes->ready);
    link_init(&lanes->starved);
    *ret_lanes = lanes;
    return async_rows_read(cell_store(live->cell), row_read, lanes);
}

void async_ready(struct lanes *lanes)
{
    cell_timer_set(lanes->live->cell, &lanes->pump, cell_now(lanes->live->cell));
}

void async_close(struct lanes *lanes)
{
    struct str key;
    void *value;

    if (lanes == NULL) {
        return;
    }
    for (size_t i = 0; map_next(lanes->live->functions, &i, &key, &value);) {
        struct live_function *function = value;

        if (function->lane != NULL) {
            lane_free(function->lane);
        }
    }
    mem_free(lanes);
}
