/* SPDX-License-Identifier: Apache-2.0
 *
 * The cell: enter, run handlers one after the other, leave. Its rules:
 *
 *  1. Whoever is between cell_enter and cell_leave is alone with the state.
 *  2. A handler's staged changes are one journal entry; one that fails has staged nothing.
 *  3. A task's gate is the newest position when it ran: a reader waits for what it may have seen.
 *  4. Before a call may change anything the store was asked for room; so a commit cannot fail.
 *  5. c->now never goes back, also not over a restart: it is at least the newest entry's moment.
 *  6. Everything woken in a turn is resumed in that turn, before the cell is left.
 */
#include "cell/cell_int.h"

#include "base/mem.h"
#include "base/time.h"
#include "sys/log.h"

#include <assert.h>

#define ENTRY_BYTES_USUAL (1024 * 1024) /* asked of the store before a call that changes */
#define READY_RUNS_MAX 100000           /* resumed calls in one turn; the rest waits for the next */
#define SCRATCH_BYTES_MAX (64u * 1024 * 1024)
#define TICK_MS MS_PER_MINUTE
#define WAIT_MS_MAX (10 * MS_PER_MINUTE)

static const struct cell_service *service_of(const struct cell *cell, const char *id)
{
    for (size_t i = 0; i < cell->service_count; i++) {
        if (strcmp(cell->services[i].service->id, id) == 0) {
            return &cell->services[i];
        }
    }
    return NULL;
}

void *cell_state(struct cell *cell, const char *service)
{
    const struct cell_service *found = service_of(cell, service);

    return found == NULL ? NULL : found->state;
}

struct store *cell_store(struct cell *cell)
{
    return cell->store;
}

struct clock *cell_clock(struct cell *cell)
{
    return cell->clock;
}

const struct cell_service *cell_service_of_model(const struct cell *cell,
                                                 const struct service_model *model)
{
    struct str id = model_text(model->id);

    for (size_t i = 0; i < cell->service_count; i++) {
        if (str_eq(str_c(cell->services[i].service->id), id)) {
            return &cell->services[i];
        }
    }
    return NULL;
}

const struct op *cell_op(const struct cell *cell, const struct operation *operation)
{
    const struct service_model *model = model_service_of(operation);
    const struct cell_service *service = cell_service_of_model(cell, model);

    if (service == NULL) {
        return NULL;
    }
    return service->by_index[operation - &model_operations[model->operation_first]];
}

/* ---- opening ---- */

static status service_add(struct cell *cell, const struct service *service, struct why *why)
{
    const struct service_model *model = model_service(str_c(service->id));
    struct cell_service *slot = &cell->services[cell->service_count];

    assert(model != NULL);
    assert(cell->service_count < CELL_SERVICES_MAX);
    slot->service = service;
    slot->by_index = mem_zero(model->operation_count * sizeof(const struct op *));
    for (size_t i = 0; i < service->op_count; i++) {
        const struct operation *operation = model_operation(model, str_c(service->ops[i].name));

        assert(operation != NULL);
        slot->by_index[operation - &model_operations[model->operation_first]] = &service->ops[i];
    }
    cell->service_count++;
    if (service->open != NULL) {
        status opened = service->open(cell, &slot->state);

        if (opened != OK) {
            return why_set(why, opened, "service %s could not read its state (%s)", service->id,
                           opened->code);
        }
    }
    return OK;
}

static void settle(struct cell *cell);
static void catch_up(struct cell *cell);

static void tick_fire(struct cell *cell, struct timer *timer)
{
    for (size_t i = 0; i < cell->service_count; i++) {
        struct cell_service *slot = &cell->services[i];
        struct task task;

        if (slot->service->tick == NULL) {
            continue;
        }
        arena_clear(cell->work);
        task_init(&task, cell, cell->work);
        task.model = model_service(str_c(slot->service->id));
        task.run = slot->service->tick;
        task.call.state = slot->state;
        cell_run(cell, &task);
        if (task.result != OK) {
            log_write(LOG_ERROR, slot->service->id, "housekeeping failed: %s",
                      task.call.why.text);
        }
        task_done_with(&task);
    }
    timer_set(&cell->timers, timer, cell->now + TICK_MS);
}

static struct str clock_key(struct arena *arena)
{
    struct key key = key_of(arena, "weir");

    key_str(&key, STR("clock"));
    return key_end(&key);
}

/* Brings the clock to where it was advanced to, and never before the newest entry. */
static status clock_restore(struct cell *cell, struct why *why)
{
    struct str text;
    struct journal_reader *reader = NULL;
    struct journal *journal = store_journal(cell->store);
    int64_t moment_ms;

    if (store_get(cell->store, cell->work, clock_key(cell->work), &text) &&
        str_to_i64(text, &moment_ms)) {
        int64_t behind_ms = cell->clock->manual ? moment_ms - clock_now_ms(cell->clock)
                                                : moment_ms;

        if (behind_ms > 0) {
            clock_advance(cell->clock, behind_ms);
        }
    }
    cell->now = clock_now_ms(cell->clock);
    if (journal_last(journal) < journal_first(journal)) {
        return OK;
    }
    TRY(journal_read_open(journal, journal_last(journal), why, &reader));
    struct journal_entry entry;
    status read = journal_read_next(reader, why, &entry);

    if (read == OK && entry.at_ms > cell->now) {
        cell->now = entry.at_ms;
    }
    journal_read_close(reader);
    return read;
}

static void checkpointer_run(void *arg)
{
    struct cell *cell = arg;

    lock_take(&cell->lock);
    while (!cell->stopping) {
        if (!store_wants_checkpoint(cell->store)) {
            cond_wait(&cell->checkpoint_wanted, &cell->lock);
            continue;
        }
        /* Most of it is made durable outside, so that the sync inside is short. */
        lock_give(&cell->lock);
        journal_sync(store_journal(cell->store));
        lock_take(&cell->lock);
        store_checkpoint_begin(cell->store);
        lock_give(&cell->lock);
        if (store_checkpoint_wait(cell->store) != OK) {
            sys_die("cell", "a checkpoint could not be written");
        }
        lock_take(&cell->lock);
    }
    lock_give(&cell->lock);
}

/* Enters the cell whenever the soonest timer is due. A made-up clock only moves by being advanced,
 * and whoever advances it settles what that made due. */
static void timekeeper_run(void *arg)
{
    struct cell *cell = arg;

    lock_take(&cell->lock);
    while (!cell->stopping) {
        int64_t wait_ms;

        catch_up(cell);
        settle(cell);
        cell->armed_ms = link_alone(&cell->ready) ? timers_next(&cell->timers) : cell->now;
        wait_ms = cell->armed_ms - clock_now_ms(cell->clock);
        if (cell->clock->manual || wait_ms > WAIT_MS_MAX) {
            wait_ms = WAIT_MS_MAX;
        }
        if (wait_ms > 0) {
            cond_wait_ms(&cell->timer_sooner, &cell->lock, (uint32_t)wait_ms);
        } else { /* more is due at once: others go first */
            lock_give(&cell->lock);
            lock_take(&cell->lock);
        }
    }
    lock_give(&cell->lock);
}

status cell_open(const struct cell_options *options, struct why *why, struct cell **ret_cell)
{
    struct cell *cell = MEM_NEW(struct cell);
    status opened;

    lock_init(&cell->lock);
    cond_init(&cell->checkpoint_wanted);
    cond_init(&cell->timer_sooner);
    link_init(&cell->ready);
    cell->store = options->store;
    cell->clock = options->clock;
    cell->limits = options->limits;
    cell->armed_ms = INT64_MAX;
    cell->work = arena_new(SCRATCH_BYTES_MAX);
    if (options->seed != 0) {
        rand_init(&cell->rand, options->seed);
    } else {
        rand_init_system(&cell->rand);
    }
    opened = clock_restore(cell, why);
    for (size_t i = 0; opened == OK && options->services[i] != NULL; i++) {
        opened = service_add(cell, options->services[i], why);
    }
    cell->tick.fire = tick_fire;
    timer_set(&cell->timers, &cell->tick, cell->now + TICK_MS);
    thread_start(&cell->checkpointer, "checkpoint", checkpointer_run, cell);
    thread_start(&cell->timekeeper, "timekeeper", timekeeper_run, cell);
    if (opened != OK) {
        cell_close(cell);
        return opened;
    }
    *ret_cell = cell;
    return OK;
}

void cell_close(struct cell *cell)
{
    if (cell == NULL) {
        return;
    }
    lock_take(&cell->lock);
    cell->stopping = true;
    cond_wake_all(&cell->checkpoint_wanted);
    cond_wake_all(&cell->timer_sooner);
    lock_give(&cell->lock);
    thread_join(&cell->checkpointer);
    thread_join(&cell->timekeeper);
    for (size_t i = cell->service_count; i-- > 0;) {
        if (cell->services[i].service->close != NULL) {
            cell->services[i].service->close(cell->services[i].state);
        }
        mem_free(cell->services[i].by_index);
    }
    timers_done(&cell->timers);
    arena_free(cell->work);
    cond_done(&cell->checkpoint_wanted);
    cond_done(&cell->timer_sooner);
    lock_done(&cell->lock);
    mem_free(cell);
}

/* ---- running ---- */

void task_init(struct task *task, struct cell *cell, struct arena *arena)
{
    memset(task, 0, offsetof(struct task, call) + offsetof(struct call, why) + 1);
    memset((char *)task + sizeof(struct call), 0, sizeof(*task) - sizeof(struct call));
    link_init(&task->link);
    task->call.cell = cell;
    task->call.arena = arena;
    task->call.keep = arena;
    task->call.rand = &cell->rand;
    task->call.limits = cell->limits;
    task->call.account = STR("000000000000");
    task->call.region = STR("us-east-1");
    task->call.principal = STR("arn:aws:iam::000000000000:root");
}

void task_done_with(struct task *task)
{
    arena_free(task->scratch);
    task->scratch = NULL;
}

static void catch_up(struct cell *cell)
{
    int64_t now = clock_now_ms(cell->clock);

    if (now > cell->now) {
        cell->now = now;
    }
}

void cell_enter(struct cell *cell)
{
    lock_take(&cell->lock);
    catch_up(cell);
}

/* What staged changes become: one journal entry that says who and why. */
static uint64_t commit(struct task *task)
{
    struct call *c = &task->call;
    struct entry entry = {
        .at_ms = c->now,
        .principal = c->principal,
        .account = c->account,
        .region = c->region,
        .service = task->model == NULL ? STR("weir") : model_text(task->model->id),
        .operation = c->operation == NULL ? STR("Tick") : model_text(c->operation->name),
        .resource = c->resource,
        .request_id = c->request_id,
    };

    return txn_commit(c->txn, &entry);
}

static bool may_change(const struct task *task)
{
    const struct operation *operation = task->call.operation;

    return operation == NULL || (operation->flags & OPERATION_READ) == 0;
}

static void finish(struct task *task, status result)
{
    task->state = TASK_DONE;
    task->result = result;
    if (task->ended != NULL && (!task->streaming || result != OK || task->event == NULL)) {
        void (*ended)(struct call *c) = task->ended;

        task->ended = NULL;
        ended(&task->call);
    }
}

void cell_run(struct cell *cell, struct task *task)
{
    struct call *c = &task->call;
    status (*run)(struct call *c) = task->run;
    bool first = task->state == TASK_NEW && !task->streaming;
    status result;

    c->now = cell->now;
    c->txn = txn_new(cell->store, c->arena);
    task->state = TASK_NEW;
    task->event = NULL;
    task->gate = 0;
    if (may_change(task) && store_admit(cell->store, task->weight + ENTRY_BYTES_USUAL) != OK) {
        finish(task, fail(c, &ERR_FULL, "The disk that holds weir's data is full."));
        return;
    }
    result = run(c);
    assert(result == OK || txn_empty(c->txn));
    if (!txn_empty(c->txn)) {
        task->gate = commit(task);
    } else {
        task->gate = journal_last(store_journal(cell->store));
    }
    if (task->state == TASK_PARKED && result == OK) {
        if (cell->closing) {
            cell_cancel(cell, task);
        }
        return;
    }
    assert(task->state != TASK_PARKED);
    /* The first run of a stream gives its head; the stream goes on by later runs. */
    if (first && task->streaming && result == OK) {
        task->state = TASK_DONE;
        task->result = OK;
        return;
    }
    finish(task, result);
}

static void resume(struct cell *cell, struct task *task)
{
    assert(task->state == TASK_READY);
    link_remove(&task->link);
    if (task->scratch == NULL) {
        task->scratch = arena_new(SCRATCH_BYTES_MAX);
    } else {
        arena_clear(task->scratch);
    }
    task->call.arena = task->scratch;
    cell_run(cell, task);
    if (task->state == TASK_DONE) {
        task->done(task);
    }
}

/* Lets happen what is due and resumes what was woken, until nothing is left to do now. */
static void settle(struct cell *cell)
{
    struct timer *due;

    while ((due = timers_due(&cell->timers, cell->now)) != NULL) {
        due->fire(cell, due);
    }
    for (int i = 0; i < READY_RUNS_MAX && !link_alone(&cell->ready); i++) {
        resume(cell, LINK_OWNER(cell->ready.next, struct task, link));
    }
    if (store_wants_checkpoint(cell->store)) {
        cond_wake_one(&cell->checkpoint_wanted);
    }
}

void cell_leave(struct cell *cell)
{
    settle(cell);
    if (!link_alone(&cell->ready) || timers_next(&cell->timers) < cell->armed_ms) {
        cond_wake_one(&cell->timer_sooner);
    }
    lock_give(&cell->lock);
}

void cell_cancel(struct cell *cell, struct task *task)
{
    assert(task->state == TASK_PARKED || task->state == TASK_READY);
    timer_unset(&cell->timers, &task->timer);
    link_remove(&task->link);
    task->event = NULL;
    finish(task, &ERR_CLOSED);
}

void cell_wait_no_more(struct cell *cell)
{
    cell_enter(cell);
    cell->closing = true;
    for (size_t i = 0; i < cell->timers.count;) {
        struct timer *timer = cell->timers.heap[i];

        if (timer->fire != task_deadline) {
            i++;
            continue;
        }
        struct task *task = LINK_OWNER(timer, struct task, timer);

        cell_cancel(cell, task); /* takes the timer out of the heap: look at this place again */
        task->done(task);
        i = 0;
    }
    cell_leave(cell);
}

void cell_end(struct cell *cell, struct task *task)
{
    (void)cell;
    assert(task->state == TASK_DONE);
    task->event = NULL;
    finish(task, &ERR_CLOSED);
}

/* ---- calls without a network ---- */

/* Not a task that a loop waits for: cell_call() polls its state under the lock. */
static void call_done(struct task *task)
{
    assert(task->state == TASK_DONE);
}

status cell_call(struct cell *cell, const struct cell_request *request, struct arena *arena,
                 struct why *why, struct value **ret_out)
{
    const struct service_model *model = model_service(str_c(request->service));
    const struct operation *operation =
        model == NULL ? NULL : model_operation(model, str_c(request->operation));
    struct task *task = arena_alloc(arena, sizeof(*task));
    struct call *c = &task->call;

    assert(operation != NULL);
    task_init(task, cell, arena);
    const struct op *op = cell_op(cell, operation);

    if (op == NULL) {
        return why_set(why, &WIRE_NOT_IMPLEMENTED, "%s is not implemented", request->operation);
    }
    task->model = model;
    task->run = op->run;
    task->done = call_done;
    c->operation = operation;
    c->state = cell_service_of_model(cell, model)->state;
    c->in = request->input != NULL ? request->input : value_struct(arena, operation->input);
    c->out = value_struct(arena, operation->output);
    c->account = request->account.bytes > 0 ? request->account : c->account;
    c->region = request->region.bytes > 0 ? request->region : c->region;
    TRY(wire_check(operation, c->in, arena, why));
    cell_enter(cell);
    cell_run(cell, task);
    cell_leave(cell);
    assert(task->state == TASK_DONE);
    if (journal_durable(store_journal(cell->store)) < task->gate) {
        journal_sync(store_journal(cell->store));
    }
    if (task->result != OK) {
        return why_set(why, task->result, "%s", c->why.text);
    }
    *ret_out = c->out;
    return OK;
}

status cell_advance(struct cell *cell, int64_t by_ms, struct why *why)
{
    struct change change = {.kind = CHANGE_PUT};
    uint64_t position;

    if (by_ms < 0) {
        return why_set(why, &ERR_MALFORMED, "a clock is never set back");
    }
    cell_enter(cell);
    arena_clear(cell->work);
    clock_advance(cell->clock, by_ms);
    cell->now = clock_now_ms(cell->clock);
    change.key = clock_key(cell->work);
    change.data = arena_printf(cell->work, "%lld",
                               (long long)(cell->clock->manual ? cell->now
                                                               : cell->clock->ahead_ms));
    struct entry entry = {
        .at_ms = cell->now,
        .principal = STR("arn:aws:iam::000000000000:root"),
        .account = STR("000000000000"),
        .service = STR("weir"),
        .operation = STR("AdvanceClock"),
        .changes = &change,
        .change_count = 1,
    };
    position = store_commit(cell->store, &entry);
    cell_leave(cell);
    if (journal_durable(store_journal(cell->store)) < position) {
        journal_sync(store_journal(cell->store));
    }
    return OK;
}
