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
#include "cell/authorize_int.h"
#include "cell/directory.h"

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

void cell_address_set(struct cell *cell, struct str url)
{
    assert(url.bytes <= CELL_ADDRESS_BYTES_MAX);
    lock_take(&cell->lock);
    memcpy(cell->address, url.at, url.bytes);
    cell->address[url.bytes] = '\0';
    lock_give(&cell->lock);
}

struct str cell_address(struct cell *cell)
{
    return cell->address[0] == '\0' ? STR("http://127.0.0.1:4566") : str_c(cell->address);
}

bool cell_auth(const struct cell *cell)
{
    return cell->auth;
}

bool cell_allows_unknown(const struct cell *cell)
{
    return cell->unknown_types;
}

struct clock *cell_clock(struct cell *cell)
{
    return cell->clock;
}

const struct cell_service *cell_service_of_model(const struct cell *cell,
                                                 const struct service_model *model)
{
    return cell->by_model[model - model_services];
}

static bool is_host_page(const struct page *page)
{
    return page->path[0] != '/';
}

/* Is name what want says? A '*' stands for some bytes, at least one, of which none is part's end; a
 * last one for whatever follows, also nothing. */
static bool page_names(struct str want, struct str name, char end)
{
    while (want.bytes > 0 && want.at[0] != '*') {
        if (name.bytes == 0 || name.at[0] != want.at[0]) {
            return false;
        }
        want = str_slice(want, 1, want.bytes);
        name = str_slice(name, 1, name.bytes);
    }
    if (want.bytes <= 1) {
        return want.bytes == 1 || name.bytes == 0;
    }
    want = str_slice(want, 1, want.bytes);
    for (size_t i = 0; i < name.bytes && name.at[i] != end; i++) {
        if (page_names(want, str_slice(name, i + 1, name.bytes), end)) {
            return true;
        }
    }
    return false;
}

static bool page_fits(const struct page *page, struct str path, struct str host)
{
    struct str want = str_c(page->path);
    bool in_parts = want.bytes > 2 && (want.at[0] == '*' || want.at[1] == '*');

    if (is_host_page(page)) {
        return in_parts ? page_names(want, str_slice(host, 0, str_find(host, ':', 0)), '.')
                        : str_find_str(host, want) < host.bytes;
    }
    if (in_parts) {
        return page_names(want, path, '/');
    }
    return str_ends(want, STR("*")) ? str_starts(path, str_slice(want, 0, want.bytes - 1))
                                    : str_eq(path, want);
}

const struct page *cell_page(struct cell *cell, struct str path, struct str host,
                             const struct cell_service **ret_service)
{
    const char *owner;
    const struct page *claimed = hosts_page(&cell->hosts, host, &owner);

    if (claimed != NULL) {
        *ret_service = service_of(cell, owner);
        return claimed;
    }
    for (size_t i = 0; i < cell->service_count; i++) {
        const struct service *service = cell->services[i].service;

        if (path.bytes <= 1 && !cell->services[i].has_host_pages) {
            continue; /* the RPC protocols' every request */
        }
        for (size_t j = 0; j < service->page_count; j++) {
            if (page_fits(&service->pages[j], path, host)) {
                *ret_service = &cell->services[i];
                return &service->pages[j];
            }
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

    assert(model != NULL || service->op_count == 0 || !model_is_pinned);
    assert(cell->service_count < CELL_SERVICES_MAX);
    slot->service = service;
    slot->model = model;
    if (model != NULL) {
        slot->by_index = mem_zero(model->operation_count * sizeof(const struct op *));
        cell->by_model[model - model_services] = slot;
    }
    for (size_t i = 0; model != NULL && i < service->op_count; i++) {
        const struct operation *operation = model_operation(model, str_c(service->ops[i].name));

        if (operation == NULL) { /* nobody can ask for what older models do not have */
            assert(!model_is_pinned);
            continue;
        }
        slot->by_index[operation - &model_operations[model->operation_first]] = &service->ops[i];
    }
    for (size_t i = 0; i < service->page_count; i++) {
        slot->has_host_pages |= is_host_page(&service->pages[i]);
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

/* Housekeeping of a service; slot NULL: the cell's own. */
static void tick_of(struct cell *cell, const struct cell_service *slot,
                    status (*tick)(struct call *c))
{
    struct task task;

    arena_clear(cell->work);
    task_init(&task, cell, cell->work);
    task.doing = "Tick";
    task.run = tick;
    if (slot != NULL) {
        task.model = slot->model;
        task.service = slot->service;
        task.call.state = slot->state;
    }
    cell_run(cell, &task);
    assert(task.state == TASK_DONE);
    if (task.result != OK) {
        log_write(LOG_ERROR, slot == NULL ? "cell" : slot->service->id,
                  "housekeeping failed: %s", task.call.why.text);
    }
    task_done_with(&task);
}

static void tick_fire(struct cell *cell, struct timer *timer)
{
    tick_of(cell, NULL, identities_tick);
    for (size_t i = 0; i < cell->service_count; i++) {
        const struct cell_service *slot = &cell->services[i];

        if (slot->service->tick != NULL) {
            tick_of(cell, slot, slot->service->tick);
        }
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
        store_checkpoint_end(cell->store);
        lock_give(&cell->lock);
        store_checkpoint_clear(cell->store);
        lock_take(&cell->lock);
    }
    lock_give(&cell->lock);
}

/* When the cell has something to do by itself. */
static int64_t due_ms(const struct cell *cell)
{
    return cell->next_count > 0 || !link_alone(&cell->ready) ? cell->now
                                                             : timers_next(&cell->timers);
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
        cell->armed_ms = due_ms(cell);
        wait_ms = cell->armed_ms <= cell->now ? 0 : cell->armed_ms - clock_now_ms(cell->clock);
        if (wait_ms > (cell->clock->manual ? 0 : WAIT_MS_MAX)) {
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
    hosts_init(&cell->hosts);
    cond_init(&cell->checkpoint_wanted);
    cond_init(&cell->timer_sooner);
    cond_init(&cell->call_ended);
    link_init(&cell->ready);
    cell->by_model = mem_zero(model_service_count * sizeof(const struct cell_service *));
    cell->workers = pool_new("worker", CELL_WORKERS_MAX);
    cell->authorize = authorize_new(cell);
    cell->store = options->store;
    cell->clock = options->clock;
    cell->limits = options->limits;
    cell->unknown_types = options->unknown_types;
    cell->armed_ms = INT64_MAX;
    cell->work = arena_new(SCRATCH_BYTES_MAX);
    if (options->seed != 0) {
        rand_init(&cell->rand, options->seed);
    } else {
        rand_init_system(&cell->rand);
    }
    opened = clock_restore(cell, why);
    if (opened == OK) {
        opened = identities_open(cell, why, &cell->identities);
    }
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
    cell->closing = true;
    lock_give(&cell->lock);
    pool_settle(cell->workers); /* what is at work still comes in here */
    for (size_t i = cell->service_count; i-- > 0;) {
        if (cell->services[i].service->settle != NULL && cell->services[i].state != NULL) {
            cell->services[i].service->settle(cell->services[i].state);
        }
    }
    lock_take(&cell->lock);
    cell->stopping = true;
    cond_wake_all(&cell->checkpoint_wanted);
    cond_wake_all(&cell->timer_sooner);
    lock_give(&cell->lock);
    thread_join(&cell->checkpointer);
    thread_join(&cell->timekeeper);
    while (cell->timers.count > 0) { /* services free theirs one after the other */
        timer_unset(&cell->timers, cell->timers.heap[0]);
    }
    for (size_t i = cell->service_count; i-- > 0;) {
        if (cell->services[i].service->close != NULL) {
            cell->services[i].service->close(cell->services[i].state);
        }
        mem_free(cell->services[i].by_index);
    }
    identities_close(cell->identities);
    authorize_free(cell->authorize);
    timers_done(&cell->timers);
    pool_free(cell->workers);
    mem_free(cell->by_model);
    arena_free(cell->work);
    cond_done(&cell->call_ended);
    cond_done(&cell->checkpoint_wanted);
    cond_done(&cell->timer_sooner);
    hosts_done(&cell->hosts);
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

static struct str service_name(const struct task *task)
{
    if (task->service != NULL) {
        return str_c(task->service->id);
    }
    return task->model == NULL ? STR("weir") : model_text(task->model->id);
}

static struct str doing_name(const struct task *task)
{
    if (task->call.operation != NULL) {
        return model_text(task->call.operation->name);
    }
    return task->doing == NULL ? STR("Tick") : str_c(task->doing);
}

struct str call_name(const struct call *c)
{
    return doing_name(LINK_OWNER(c, const struct task, call));
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
        .service = service_name(task),
        .operation = doing_name(task),
        .resource = c->resource,
        .request_id = c->request_id,
    };

    return txn_commit(c->txn, &entry);
}

static bool may_change(const struct task *task)
{
    const struct operation *operation = task->call.operation;

    return operation == NULL ? !task->reads : (operation->flags & OPERATION_READ) == 0;
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

/* An operation's handler came to its end. */
static void tell_service(const struct cell *cell, struct task *task, status result)
{
    const struct service *service = cell_service_of_model(cell, task->model)->service;
    bool empty = txn_empty(task->call.txn);

    if (service->called != NULL) {
        service->called(&task->call, result);
        assert(empty == txn_empty(task->call.txn));
    }
}

/* What its commit may cost. A body that is larger than entries are (a package of code) is not what
 * will be in one. */
static uint64_t entry_bytes_expected(const struct task *task)
{
    uint64_t bytes = task->weight + ENTRY_BYTES_USUAL;

    return bytes < JOURNAL_BODY_BYTES_MAX ? bytes : JOURNAL_BODY_BYTES_MAX;
}

/* What it comes to is somebody's to say. */
static status tell_last(struct task *task, status result)
{
    while (task->last != NULL && (result != OK || task->state == TASK_NEW)) {
        status (*last)(struct call *c, status result, void *arg) = task->last;

        assert(result == OK || txn_empty(task->call.txn));
        task->last = NULL;
        result = last(&task->call, result, task->last_arg);
    }
    return result;
}

void cell_run(struct cell *cell, struct task *task)
{
    struct call *c = &task->call;
    status (*run)(struct call *c) = task->run;
    bool first = !task->streaming;
    status result;

    c->now = cell->now;
    c->txn = txn_new(cell->store, c->arena);
    task->state = TASK_NEW;
    task->event = NULL;
    task->gate = 0;
    if (may_change(task) && store_admit(cell->store, entry_bytes_expected(task)) != OK) {
        finish(task, fail(c, &ERR_FULL, "The disk that holds weir's data is full."));
        return;
    }
    if (first) {
        directory_used(c);
    }
    result = first && c->guarded ? authorize_call(c) : OK;
    if (result == OK) {
        result = run(c);
    }
    result = tell_last(task, result);
    assert(result == OK || txn_empty(c->txn));
    if (c->operation != NULL && task->state == TASK_NEW) {
        tell_service(cell, task, result);
    }
    if (!txn_empty(c->txn)) {
        assert(!task->reads);
        task->blob_kept |= c->body != NULL && c->body->blob.bytes > 0 &&
                           txn_keeps_blob(c->txn, c->body->blob);
        task->gate = commit(task);
    } else {
        task->gate = journal_last(store_journal(cell->store));
    }
    if (task->state == TASK_PARKED && result == OK) {
        if (cell->closing || task->gone) {
            cell_cancel(cell, task);
        }
        return;
    }
    if (task->state != TASK_NEW) { /* at work, or ready again already */
        assert(result == OK);
        assert(task->state != TASK_PARKED);
        return;
    }
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
    task->must_run = false;
    if (!task->one_arena) {
        if (task->scratch == NULL) {
            task->scratch = arena_new(SCRATCH_BYTES_MAX);
        } else {
            arena_clear(task->scratch);
        }
        task->call.arena = task->scratch;
    }
    cell_run(cell, task);
    if (task->state == TASK_DONE) {
        task->done(task);
    }
}

/* Lets happen what is due and resumes what was woken, until nothing is left to do now. */
static void settle(struct cell *cell)
{
    struct timer *due;

    while (cell->next_count > 0) {
        timer_set(&cell->timers, cell->next[--cell->next_count], cell->now);
    }
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
    /* What it was armed for may have passed when the clock was advanced. */
    if (due_ms(cell) < cell->armed_ms || cell->armed_ms <= cell->now) {
        cond_wake_one(&cell->timer_sooner);
    }
    lock_give(&cell->lock);
}

bool cell_may_cancel(const struct task *task)
{
    return task->state == TASK_PARKED || (task->state == TASK_READY && !task->must_run);
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

/* In the cell, on any thread: wakes the callers below; they look whether it was theirs. */
static void call_done(struct task *task)
{
    assert(task->state == TASK_DONE);
    cond_wake_all(&task->call.cell->call_ended);
}

/* What is to run: an operation's handler, or a page's. */
static status call_find(struct cell *cell, const struct cell_request *request, struct task *task,
                        struct why *why)
{
    const struct cell_service *slot = service_of(cell, request->service);
    struct call *c = &task->call;
    const struct op *op;

    if (slot == NULL) {
        return why_set(why, &WIRE_NOT_IMPLEMENTED, "%s is not implemented", request->service);
    }
    c->state = slot->state;
    task->model = slot->model;
    task->service = slot->service;
    if (request->page != NULL) {
        const struct page *page = cell_page(cell, str_c(request->page), STR_NONE, &slot);

        assert(page != NULL);
        task->run = page->run;
        task->doing = page->path;
        return OK;
    }
    assert(slot->model != NULL);
    c->operation = model_operation(slot->model, str_c(request->operation));
    assert(c->operation != NULL);
    op = cell_op(cell, c->operation);
    if (op == NULL) {
        return why_set(why, &WIRE_NOT_IMPLEMENTED, "%s is not implemented", request->operation);
    }
    task->run = op->run;
    c->in = request->input != NULL ? request->input
                                   : value_struct(c->arena, c->operation->input);
    c->out = value_struct(c->arena, c->operation->output);
    return wire_check(c->operation, c->in, c->arena, why);
}

static void call_tell(const struct call *c, struct cell_answer *answer)
{
    const struct call_reply *reply = c->reply;

    if (answer == NULL) {
        return;
    }
    *answer = (struct cell_answer){.resource = c->resource, .detail = c->detail};
    if (reply != NULL) {
        answer->http = reply->http;
        answer->headers = reply->headers;
        answer->header_count = reply->header_count;
        answer->body = reply->body;
        answer->extents = reply->extents;
        answer->extent_count = reply->extent_count;
    }
}

status cell_call(struct cell *cell, const struct cell_request *request, struct arena *arena,
                 struct why *why, struct value **ret_out)
{
    struct task *task = arena_alloc(arena, sizeof(*task));
    struct call *c = &task->call;

    task_init(task, cell, arena);
    task->done = call_done;
    task->one_arena = true;
    c->account = request->account.bytes > 0 ? request->account : c->account;
    c->region = request->region.bytes > 0 ? request->region : c->region;
    c->body = request->body;
    c->request = request->http;
    c->trace = request->trace;
    TRY(call_find(cell, request, task, why));
    cell_enter(cell);
    cell_run(cell, task);
    cell_leave(cell);
    lock_take(&cell->lock);
    while (task->state != TASK_DONE) {
        cond_wait(&cell->call_ended, &cell->lock);
    }
    lock_give(&cell->lock);
    if (journal_durable(store_journal(cell->store)) < task->gate) {
        journal_sync(store_journal(cell->store));
    }
    reply_unpin(cell, c->reply);
    call_tell(c, request->answer);
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
    int64_t until_ms = cell->now;

    while (due_ms(cell) <= until_ms) {
        cell_leave(cell);
        cell_enter(cell);
    }
    cell_leave(cell);
    if (journal_durable(store_journal(cell->store)) < position) {
        journal_sync(store_journal(cell->store));
    }
    return OK;
}
