/* SPDX-License-Identifier: Apache-2.0
 *
 * One invocation's way to the engine and back.
 *
 * Rules
 *  1. What was staged in this turn is committed when the turn ends; only then is a run's gate
 *     known. A run whose event came from outside (alone) needs only its version's row to be
 *     durable.
 *  2. A run goes to the engine on whichever thread made its gate durable, at once when it is
 *     already: no thread is switched for that.
 *  3. What the engine is done with is told in one visit of the cell for a turn of its thread.
 *  4. The journal's hook is taken away before the engine stops, so nobody hands it anything later.
 */
#include "base/mem.h"
#include "bus/trace.h"
#include "cell/cell.h"
#include "fn/part.h"
#include "svc/lambda/async.h"
#include "svc/lambda/lineage.h"
#include "svc/lambda/live.h"
#include "svc/lambda/mapping.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/output.h"

#include <assert.h>

#define ARENA_BYTES_MAX (64u << 20)
#define PIECES_BYTES_MAX (4u << 20) /* streamed and not taken: the worker is held back beyond it */

/* ---- to the engine ---- */

static void on_ended(struct fn_invocation *invocation)
{
    struct run *run = LINK_OWNER(invocation, struct run, invocation);

    lock_take(&run->live->lock);
    if (run->piece != NULL && invocation->outcome == FN_ANSWERED) { /* who did not stream */
        buf_add_bytes(&run->pieces, invocation->answer, invocation->answer_bytes);
    }
    list_push(&run->live->ended, &run->link);
    lock_give(&run->live->lock);
}

static void end_with(struct run *run, struct str why)
{
    run->invocation.outcome = FN_NOT_RUN;
    run->invocation.answer = mem_dup(why.at, why.bytes);
    run->invocation.answer_bytes = why.bytes;
    on_ended(&run->invocation);
}

/* On any thread. */
static void submit(struct run *run)
{
    struct live *live = run->live;

    lock_take(&live->lock);
    bool closing = live->closing;

    if (!closing) {
        fn_submit(live->fn, &run->invocation);
    }
    lock_give(&live->lock);
    if (closing) {
        end_with(run, STR("weir is stopping"));
    }
}

/* On whichever thread synced. */
static void on_durable(void *arg)
{
    struct live *live = arg;
    uint64_t durable = journal_durable(live->journal);
    struct link go;
    struct link *next;

    if (atomic_load(&live->gated_count) == 0) {
        return;
    }
    link_init(&go);
    lock_take(&live->lock);
    for (struct link *l = live->gated.next; l != &live->gated; l = next) {
        struct run *run = LINK_OWNER(l, struct run, link);

        next = l->next;
        if (run->gate <= durable) {
            link_remove(&run->link);
            list_push(&go, &run->link);
            (void)atomic_fetch_sub(&live->gated_count, 1);
        }
    }
    lock_give(&live->lock);
    while (!link_alone(&go)) {
        struct run *run = LINK_OWNER(go.next, struct run, link);

        link_remove(&run->link);
        submit(run);
    }
}

/* Its gate is known. In the cell. */
static void to_gate(struct run *run)
{
    struct live *live = run->live;

    if (live->closing) {
        run_refuse(run, STR("weir is stopping"));
        return;
    }
    if (run->gate <= journal_durable(live->journal)) {
        submit(run);
        return;
    }
    lock_take(&live->lock);
    list_push(&live->gated, &run->link);
    (void)atomic_fetch_add(&live->gated_count, 1);
    lock_give(&live->lock);
    journal_wake(live->journal);
    on_durable(live); /* it may have become so before we said that we wait */
}

/* The turn ends: what was staged in it is committed. */
static void begin(struct cell *cell, struct timer *timer)
{
    struct live *live = LINK_OWNER(timer, struct live, begin);
    uint64_t last = journal_last(live->journal);

    (void)cell;
    while (!link_alone(&live->fresh)) {
        struct run *run = LINK_OWNER(live->fresh.next, struct run, link);

        link_remove(&run->link);
        run->gate = last;
        to_gate(run);
    }
}

void run_go(struct run *run)
{
    struct live *live = run->live;

    if (run->gate > 0) {
        to_gate(run);
        return;
    }
    list_push(&live->fresh, &run->link);
    cell_timer_set(live->cell, &live->begin, cell_now(live->cell));
}

/* ---- and back ---- */

static bool on_piece(struct fn_invocation *invocation, struct str content_type, struct str piece)
{
    struct run *run = LINK_OWNER(invocation, struct run, invocation);
    size_t bytes = content_type.bytes < sizeof(run->content_type) ? content_type.bytes : 0;

    lock_take(&run->live->lock);
    if (!run->dropped) {
        memcpy(run->content_type, content_type.at, bytes);
        run->content_type[bytes] = '\0';
        buf_add(&run->pieces, piece);
        run->held = run->pieces.bytes - run->pieces_taken > PIECES_BYTES_MAX;
    }
    if (!run->dropped && link_alone(&run->piece_link)) {
        list_push(&run->live->pieces, &run->piece_link);
    }
    bool more = !run->held;

    lock_give(&run->live->lock);
    return more;
}

/* The lock is held. */
static void let_flow(struct run *run)
{
    if (run->held && run->live->fn != NULL && !run->live->closing) {
        run->held = false;
        fn_flow(run->live->fn, run->invocation.request_id);
    }
}

/* The first of a list that other threads fill; NULL: none. */
static struct link *take_first(struct live *live, struct link *list)
{
    struct link *first;

    lock_take(&live->lock);
    first = link_alone(list) ? NULL : list->next;
    if (first != NULL) {
        link_remove(first);
    }
    lock_give(&live->lock);
    return first;
}

static void end(struct cell *cell, struct run *run)
{
    struct live *live = run->live;
    struct live_function *function = run->function;

    assert(function->running > 0);
    function->running--;
    live->count--;
    live->bytes -= run->invocation.payload.bytes;
    if (run->account != NULL) {
        run->account->unreserved--;
    }
    run->function = NULL;
    lock_take(&live->lock);
    link_remove(&run->piece_link);
    lock_give(&live->lock);
    run->done(cell, run); /* may free it */
    async_wake(live, function);
    async_wake_starved(live);
    live_wake_refused(live, function);
    live_function_idle(live, function);
}

static void come_in(struct cell *cell, void *arg)
{
    struct live *live = arg;
    struct link *link;

    while ((link = take_first(live, &live->pieces)) != NULL) {
        struct run *run = LINK_OWNER(link, struct run, piece_link);

        run->piece(cell, run);
    }
    while ((link = take_first(live, &live->ended)) != NULL) {
        end(cell, LINK_OWNER(link, struct run, link));
    }
}

static void flush(struct cell *cell, void *arg)
{
    output_flush(cell, ((struct live *)arg)->output);
}

/* On the engine's thread, after each of its turns. */
static void on_turn(void *state)
{
    struct live *live = ((struct lambda *)state)->live;
    bool any;

    lock_take(&live->lock);
    any = !link_alone(&live->ended) || !link_alone(&live->pieces);
    lock_give(&live->lock);
    if (any) {
        cell_visit(live->cell, come_in, live);
    }
    if (output_is_due(live->output)) { /* by itself: no answer waits until its log is on disk */
        cell_visit(live->cell, flush, live);
    }
}

static void on_log(void *state, const struct fn_line *line)
{
    output_add(((struct lambda *)state)->live->output, line);
}

static status begin_all(struct call *c, void *arg)
{
    (void)arg;
    live_provision_all(c);
    mappings_function_changed(c, NULL);
    return OK;
}

static void let_run(struct cell *cell, void *arg)
{
    struct live *live = arg;
    struct doing doing = {"lambda", "LetRun", STR_NONE, STR_NONE, begin_all, NULL};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;

    live->runs = true;
    async_ready(live->lanes);
    (void)cell_step(cell, &doing, arena, &why);
    arena_free(arena);
}

/* The engine may be asked from now on. Not in the cell. */
static void on_ready(void *state)
{
    struct live *live = ((struct lambda *)state)->live;

    cell_visit(live->cell, let_run, live);
}

static void tell_refused(struct cell *cell, struct timer *timer)
{
    come_in(cell, LINK_OWNER(timer, struct live, refused));
}

void run_refuse(struct run *run, struct str why)
{
    end_with(run, why);
    cell_timer_set(run->live->cell, &run->live->refused, cell_now(run->live->cell));
}

/* What came from itself too often fails before its handler hears of it. */
static void end_loop(struct run *run)
{
    struct str document = STR("{\"errorType\":\"RecursiveInvocationException\",\"errorMessage\":"
                              "\"Lambda has detected your function being invoked in a recursive "
                              "loop and stopped it.\"}");

    run_refuse(run, document);
    run->invocation.outcome = FN_FAILED;
}

/* ---- starting ---- */

static status too_many(struct call *c, const char *reason)
{
    status refused = lambda_fail(c, &LAMBDA_TOO_MANY_REQUESTS, "Rate Exceeded.");

    lambda_of(c)->live->reason = reason;
    if (c->detail != NULL) {
        set_str(c->detail, "Reason", str_c(reason));
    }
    return refused;
}

bool live_engine(struct call *c)
{
    struct live *live = lambda_of(c)->live;

    if (live->fn == NULL && live->runs && !live->closing) {
        struct fn *fn = fn_of(c->cell);

        lock_take(&live->lock);
        live->fn = fn;
        lock_give(&live->lock);
    }
    return live->fn != NULL && !live->closing;
}

static status engine_of(struct call *c)
{
    return live_engine(c) ? OK
                          : lambda_fail(c, &LAMBDA_SERVICE,
                                        "Functions cannot run here; weir's log says why.");
}

/* The sum of what is reserved is only looked for where it may matter. */
static bool account_is_full(struct call *c, const struct target *target)
{
    const struct live_account *account = live_account_of(lambda_of(c)->live, target);

    return account != NULL && account->unreserved >= CONCURRENCY_UNRESERVED_MIN &&
           account->unreserved >= concurrency_unreserved(c, target);
}

static status check_concurrency(struct call *c, struct live_function *function,
                                const struct target *target)
{
    const struct live *live = lambda_of(c)->live;
    int64_t reserved = live_reserved(c, function, target);

    function->refused = true; /* unless … */
    if (reserved >= 0 && function->running >= reserved) {
        return too_many(c, "ReservedFunctionConcurrentInvocationLimitExceeded");
    }
    if (live->count >= RUNS_MAX || (c->limits && reserved < 0 && account_is_full(c, target))) {
        return too_many(c, "ConcurrentInvocationLimitExceeded");
    }
    function->refused = false;
    return OK;
}

static status function_of_run(struct call *c, const struct target *target,
                              struct live_function **ret_function)
{
    struct live_function *function = live_function_of(lambda_of(c)->live, target);

    if (function == NULL) {
        return too_many(c, "ConcurrentInvocationLimitExceeded");
    }
    TRY(check_concurrency(c, function, target));
    *ret_function = function;
    return OK;
}

status run_check(struct call *c, const struct target *target)
{
    struct live_function *function;

    TRY(engine_of(c));
    return function_of_run(c, target, &function);
}


static struct str put_text(char **at, struct str text)
{
    struct str put = {*at, text.bytes};

    if (text.bytes > 0) {
        memcpy(*at, text.at, text.bytes);
    }
    *at += text.bytes;
    return put;
}

/* NULL: there is no memory for its payload. */
static struct run *run_new(struct call *c, const struct run_wish *wish, struct str arn)
{
    struct target whole = target_with(&wish->version->target, STR_NONE);
    uint32_t depth;
    struct str trace = lineage_next(wish->trace.bytes > 0 ? wish->trace : trace_header(c),
                                    target_arn(c->arena, &whole), c->arena, &depth);
    size_t bytes = wish->payload.bytes + wish->client_context.bytes + trace.bytes + arn.bytes;
    struct run *run = mem_try(sizeof(*run) + bytes);
    struct fn_invocation *invocation;
    char *at;

    if (run == NULL) {
        return NULL;
    }
    memset(run, 0, sizeof(*run));
    at = (char *)(run + 1);
    invocation = &run->invocation;
    invocation->payload = put_text(&at, wish->payload);
    invocation->client_context = put_text(&at, wish->client_context);
    invocation->trace = put_text(&at, trace);
    invocation->invoked_arn = put_text(&at, arn);
    invocation->tail = wish->tail;
    invocation->piece = wish->piece == NULL ? NULL : on_piece;
    invocation->done = on_ended;
    if (wish->request_id.bytes == sizeof(invocation->request_id)) {
        memcpy(invocation->request_id, wish->request_id.at, sizeof(invocation->request_id));
    } else {
        rand_uuid(c->rand, invocation->request_id);
    }
    link_init(&run->link);
    link_init(&run->piece_link);
    buf_init(&run->pieces, FN_STREAM_BYTES_MAX);
    run->live = lambda_of(c)->live;
    run->piece = wish->piece;
    run->done = wish->done;
    run->user = wish->user;
    return run;
}

status run_start(struct call *c, const struct run_wish *wish, struct run **ret_run)
{
    const struct target *target = &wish->version->target;
    struct target invoked = target_with(target, wish->qualifier);
    struct live *live = lambda_of(c)->live;
    struct live_function *function;
    struct live_version *known;
    struct run *run;

    assert(wish->done != NULL);
    TRY(engine_of(c));
    TRY(function_of_run(c, target, &function));
    if (live->bytes > 0 && live->bytes + wish->payload.bytes > RUNS_BYTES_MAX) {
        return too_many(c, "ConcurrentInvocationLimitExceeded");
    }
    run = run_new(c, wish, target_arn(c->arena, &invoked));
    if (run == NULL) {
        return too_many(c, "ConcurrentInvocationLimitExceeded");
    }
    known = live_version_of(c, function, wish->version);
    run->invocation.version = fn_version_hold(known->version);
    run->function = function;
    run->gate = wish->alone ? known->gate : 0;
    run->account = live_reserved(c, function, target) < 0 ? live_account_of(run->live, target)
                                                          : NULL;
    function->running++;
    live->count++;
    live->bytes += run->invocation.payload.bytes;
    if (run->account != NULL) {
        run->account->unreserved++;
    }
    *ret_run = run;
    if (lineage_is_loop(c, target, wish->trace)) {
        end_loop(run);
    } else if (known->ready) {
        run_go(run);
    } else {
        list_push(&known->waiting, &run->link);
    }
    return OK;
}

/* ---- what its maker sees ---- */

void *run_user(const struct run *run)
{
    return run->user;
}

void run_leave(struct run *run)
{
    run->user = NULL;
    lock_take(&run->live->lock);
    run->dropped = true;
    buf_done(&run->pieces);
    buf_init(&run->pieces, FN_STREAM_BYTES_MAX);
    run->pieces_taken = 0;
    let_flow(run);
    lock_give(&run->live->lock);
}

struct str run_request_id(const struct run *run)
{
    return str_of(run->invocation.request_id, sizeof(run->invocation.request_id));
}

struct str run_version(const struct run *run)
{
    return run->invocation.version->version;
}

struct str run_trace(const struct run *run)
{
    return run->invocation.trace;
}

enum fn_outcome run_outcome(const struct run *run)
{
    return run->invocation.outcome;
}

struct str run_answer(const struct run *run)
{
    return str_of(run->invocation.answer, run->invocation.answer_bytes);
}

struct str run_log_tail(const struct run *run)
{
    return str_of(run->invocation.log_tail, run->invocation.log_tail_bytes);
}

uint64_t run_took_us(const struct run *run)
{
    return run->invocation.took_us;
}

struct str run_piece_take(struct run *run, struct arena *arena)
{
    struct str piece;

    lock_take(&run->live->lock);
    piece = str_slice(buf_str(&run->pieces), run->pieces_taken,
                      run->pieces_taken + RUN_PIECE_BYTES_MAX);
    run->pieces_taken += piece.bytes;
    piece = piece.bytes == 0 ? STR_NONE : arena_dup(arena, piece);
    if (run->pieces_taken == run->pieces.bytes) {
        buf_done(&run->pieces);
        buf_init(&run->pieces, FN_STREAM_BYTES_MAX);
        run->pieces_taken = 0;
        let_flow(run);
    }
    lock_give(&run->live->lock);
    return piece;
}

bool run_has_piece(struct run *run)
{
    lock_take(&run->live->lock);
    bool has = run->pieces.bytes > run->pieces_taken;

    lock_give(&run->live->lock);
    return has;
}

struct str run_content_type(struct run *run, struct arena *arena)
{
    struct str type;

    lock_take(&run->live->lock);
    type = arena_dup(arena, str_c(run->content_type));
    lock_give(&run->live->lock);
    return type;
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    assert(run->function == NULL);
    buf_done(&run->pieces);
    fn_invocation_done_with(&run->invocation);
    mem_free(run);
}

/* ---- life ---- */

status live_open(struct lambda *lambda, struct cell *cell)
{
    struct live *live = MEM_NEW(struct live);
    struct fn_listener listener = {on_log, on_turn, on_ready, lambda};

    live->lambda = lambda;
    live->cell = cell;
    live->journal = store_journal(cell_store(cell));
    live->functions = map_new(LIVE_FUNCTIONS_MAX);
    live->accounts = map_new(LIVE_ACCOUNTS_MAX);
    live->begin.fire = begin;
    live->refused.fire = tell_refused;
    link_init(&live->fresh);
    lock_init(&live->lock);
    link_init(&live->gated);
    link_init(&live->ended);
    link_init(&live->pieces);
    journal_on_durable(live->journal, on_durable, live);
    live->output = lambda_output_open(live);
    lambda->live = live;
    fn_listen(cell, &listener);
    return async_open(live, &live->lanes);
}

static void give_up(struct cell *cell, void *arg)
{
    struct live *live = arg;

    while (!link_alone(&live->gated)) {
        struct run *run = LINK_OWNER(live->gated.next, struct run, link);

        link_remove(&run->link);
        end_with(run, STR("weir is stopping"));
    }
    come_in(cell, live);
    flush(cell, live);
}

/* In the cell and with the lock: who has either of them may look. */
static void close_door(struct cell *cell, void *arg)
{
    struct live *live = arg;

    (void)cell;
    lock_take(&live->lock);
    live->closing = true;
    lock_give(&live->lock);
}

void live_settle(struct live *live)
{
    cell_visit(live->cell, close_door, live);
    journal_off_durable(live->journal, on_durable, live);
    cell_visit(live->cell, give_up, live);
}

void live_close(struct live *live)
{
    if (live == NULL) {
        return;
    }
    assert(live->count == 0);
    journal_off_durable(live->journal, on_durable, live);
    async_close(live->lanes);
    live_functions_free(live);
    lambda_output_close(live->output);
    lock_done(&live->lock);
    mem_free(live);
}
