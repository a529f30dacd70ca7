/* SPDX-License-Identifier: Apache-2.0
 *
 * The cell with a small service of its own (under a real model's name) on a disk in memory: what a
 * handler stages is one entry, what it reads includes what it staged, parked calls go on when woken
 * or due, time and housekeeping follow weir's clock, and nothing changes when the disk is full.
 */
#include "cell/cell_int.h"

#include "sys/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours is call.h's */

#define START_MS INT64_C(1790000000000)

static const struct error REFUSED = {"InvalidArgumentException", NULL, 400, false};

struct fixture {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;
};

/* What the little service remembers; one at a time. */
static struct waiters doorbell;
static int ticks;
static int runs;

static struct str key_in(struct arena *arena, struct str name)
{
    struct key key = key_of(arena, "kinesis");

    key_str(&key, name);
    return key_end(&key);
}

/* CreateStream: stages three keys, looks at them, takes one back. */
static status stage_and_look(struct call *c)
{
    struct str name = arg_str(c, "StreamName");
    struct str value;

    if (str_eq(name, STR("refuse"))) {
        return fail(c, &REFUSED, "no %.*s today", STR_ARG(name));
    }
    txn_put(c->txn, key_in(c->arena, name), STR("first"));
    assert_true(txn_get(c->txn, key_in(c->arena, name), &value));
    assert_true(str_eq(value, STR("first")));
    txn_put(c->txn, key_in(c->arena, name), STR("second"));
    assert_true(txn_get(c->txn, key_in(c->arena, name), &value));
    assert_true(str_eq(value, STR("second")));
    txn_put(c->txn, key_in(c->arena, STR("zz-gone")), STR("x"));
    txn_delete(c->txn, key_in(c->arena, STR("zz-gone")));
    assert_false(txn_get(c->txn, key_in(c->arena, STR("zz-gone")), &value));
    call_on(c, STR("arn:aws:kinesis:us-east-1:000000000000:stream/x"));
    return OK;
}

/* ListStreams: the keys that a scan sees, with one staged over them. */
static status scan_all(struct call *c)
{
    struct key prefix = key_of(c->arena, "kinesis");
    struct value *names = put_list(c, "StreamNames", 100);
    struct txn_scan *scan;
    struct str key;
    struct str value;

    txn_put(c->txn, key_in(c->arena, STR("bb")), STR("staged"));
    txn_delete(c->txn, key_in(c->arena, STR("aa")));
    scan = txn_scan_prefix(c->txn, key_end(&prefix));
    while (txn_scan_next(scan, &key, &value)) {
        list_add_str(names, arena_dup(c->arena, value));
    }
    txn_scan_close(scan);
    put_bool(c, "HasMoreStreams", false);
    return OK;
}

static status resumed(struct call *c)
{
    runs++;
    put_int(c, "MillisBehindLatest", c->now);
    return OK;
}

/* GetRecords: waits for the doorbell, a minute at most. */
static status wait_for_bell(struct call *c)
{
    call_park(c, &doorbell, c->now + 60000, resumed);
    return OK;
}

/* DeleteStream: rings it. */
static status ring(struct call *c)
{
    waiters_wake(c->cell, &doorbell);
    return OK;
}

static status tick(struct call *c)
{
    (void)c;
    ticks++;
    return OK;
}

static const struct op ops[] = {
    {"CreateStream", stage_and_look},
    {"ListStreams", scan_all},
    {"GetRecords", wait_for_bell},
    {"DeleteStream", ring},
};

static const struct service service = {.id = "kinesis", .ops = ops, .op_count = 4, .tick = tick};

static void open_cell(struct fixture *f)
{
    static const struct service *const services[] = {&service, NULL};
    struct store_options store = {.files = faulty_files(f->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = 1u << 30};
    struct cell_options cell = {.clock = &f->clock, .services = services, .seed = 1};
    struct why why = {""};

    assert_ptr_equal(store_open(&store, &why, &f->store), OK);
    cell.store = f->store;
    assert_ptr_equal(cell_open(&cell, &why, &f->cell), OK);
}

static int set_up(void **state)
{
    static struct fixture f;

    f.disk = faulty_new(1);
    f.arena = arena_new(64u << 20);
    clock_init_manual(&f.clock, START_MS);
    waiters_init(&doorbell);
    ticks = runs = 0;
    open_cell(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    cell_close(f->cell);
    store_close(f->store);
    faulty_free(f->disk);
    arena_free(f->arena);
    return 0;
}

static struct value *input_of(struct fixture *f, const char *operation)
{
    const struct operation *found =
        model_operation(model_service(STR("kinesis")), str_c(operation));

    return value_struct(f->arena, found->input);
}

static status create(struct fixture *f, const char *name, struct why *why)
{
    struct cell_request request = {.service = "kinesis", .operation = "CreateStream"};
    struct value *out;

    request.input = input_of(f, "CreateStream");
    set_str(request.input, "StreamName", str_c(name));
    return cell_call(f->cell, &request, f->arena, why, &out);
}

static void what_is_staged_becomes_one_durable_entry(void **state)
{
    struct fixture *f = *state;
    struct journal *journal = store_journal(f->store);
    uint64_t before = journal_last(journal);
    struct journal_reader *reader;
    struct journal_entry raw;
    struct entry entry;
    struct why why = {""};

    assert_ptr_equal(create(f, "aa", &why), OK);
    assert_int_equal(journal_last(journal), before + 1);
    assert_int_equal(journal_durable(journal), before + 1);
    assert_ptr_equal(journal_read_open(journal, before + 1, &why, &reader), OK);
    assert_ptr_equal(journal_read_next(reader, &why, &raw), OK);
    assert_ptr_equal(entry_read(raw.body, f->arena, &why, &entry), OK);
    assert_int_equal(raw.at_ms, START_MS);
    assert_true(str_eq(entry.service, STR("kinesis")));
    assert_true(str_eq(entry.operation, STR("CreateStream")));
    assert_true(str_eq(entry.principal, STR("arn:aws:iam::000000000000:root")));
    assert_true(str_ends(entry.resource, STR("stream/x")));
    assert_int_equal(entry.change_count, 4);
    journal_read_close(reader);
}

static void a_refused_call_leaves_no_entry(void **state)
{
    struct fixture *f = *state;
    uint64_t before = journal_last(store_journal(f->store));
    struct why why = {""};

    assert_ptr_equal(create(f, "refuse", &why), &REFUSED);
    assert_string_equal(why.text, "no refuse today");
    assert_int_equal(journal_last(store_journal(f->store)), before);
}

static void a_call_that_breaks_the_model_never_runs(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};

    assert_ptr_equal(create(f, "not a name", &why), &WIRE_VALIDATION);
}

static void an_operation_without_a_handler_is_not_implemented(void **state)
{
    struct fixture *f = *state;
    struct cell_request request = {.service = "kinesis", .operation = "CreateChannel"};
    struct why why = {""};
    struct value *out;

    assert_ptr_equal(cell_call(f->cell, &request, f->arena, &why, &out), &WIRE_NOT_IMPLEMENTED);
}

static void a_scan_sees_staged_keys_over_stored_ones(void **state)
{
    struct fixture *f = *state;
    struct cell_request request = {.service = "kinesis", .operation = "ListStreams"};
    struct why why = {""};
    const struct value *names;
    struct value *out;

    assert_ptr_equal(create(f, "aa", &why), OK);
    assert_ptr_equal(create(f, "cc", &why), OK);
    assert_ptr_equal(cell_call(f->cell, &request, f->arena, &why, &out), OK);
    names = get(out, "StreamNames");
    assert_int_equal(names->count, 2);
    assert_true(str_eq(names->items[0].str, STR("staged")));
    assert_true(str_eq(names->items[1].str, STR("second")));
}

static void when_done(struct task *task)
{
    (void)task;
}

/* A task of GetRecords, which parks. */
static void start_waiting(struct fixture *f, struct task *task)
{
    task_init(task, f->cell, f->arena);
    task->model = model_service(STR("kinesis"));
    task->call.operation = model_operation(task->model, STR("GetRecords"));
    task->call.out = value_struct(f->arena, task->call.operation->output);
    task->run = wait_for_bell;
    task->done = when_done;
    cell_enter(f->cell);
    cell_run(f->cell, task);
    cell_leave(f->cell);
    assert_int_equal(task->state, TASK_PARKED);
}

static void a_parked_call_goes_on_when_it_is_woken(void **state)
{
    struct fixture *f = *state;
    struct cell_request request = {.service = "kinesis", .operation = "DeleteStream"};
    struct why why = {""};
    struct value *out;
    struct task task;

    start_waiting(f, &task);
    assert_ptr_equal(cell_call(f->cell, &request, f->arena, &why, &out), OK);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(runs, 1);
    assert_false(waiters_any(&doorbell));
    task_done_with(&task);
}

static void a_parked_call_goes_on_at_its_deadline(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};
    struct task task;

    start_waiting(f, &task);
    assert_ptr_equal(cell_advance(f->cell, 59999, &why), OK);
    assert_int_equal(task.state, TASK_PARKED);
    assert_ptr_equal(cell_advance(f->cell, 1, &why), OK);
    assert_int_equal(task.state, TASK_DONE);
    assert_int_equal(get_int(task.call.out, "MillisBehindLatest", 0), START_MS + 60000);
    task_done_with(&task);
}

static void a_parked_call_whose_caller_is_gone_ends(void **state)
{
    struct fixture *f = *state;
    struct task task;

    start_waiting(f, &task);
    cell_enter(f->cell);
    cell_cancel(f->cell, &task);
    cell_leave(f->cell);
    assert_int_equal(task.state, TASK_DONE);
    assert_ptr_equal(task.result, &ERR_CLOSED);
    assert_false(waiters_any(&doorbell));
    assert_int_equal(runs, 0);
}

static void housekeeping_follows_weirs_clock(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};

    assert_int_equal(ticks, 0);
    assert_ptr_equal(cell_advance(f->cell, 60000, &why), OK);
    assert_int_equal(ticks, 1);
    assert_ptr_equal(cell_advance(f->cell, 60000, &why), OK);
    assert_int_equal(ticks, 2);
}

static void time_goes_on_where_it_was_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};

    assert_ptr_equal(cell_advance(f->cell, 3 * 86400000, &why), OK);
    cell_close(f->cell);
    store_close(f->store);
    clock_init_manual(&f->clock, START_MS);
    open_cell(f);
    assert_int_equal(clock_now_ms(&f->clock), START_MS + 3 * 86400000);
    assert_int_equal(f->cell->now, START_MS + 3 * 86400000);
}

static void a_full_disk_refuses_changes_and_still_reads(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};
    struct task task;
    uint64_t before;

    assert_ptr_equal(create(f, "aa", &why), OK);
    cell_close(f->cell);
    store_close(f->store);
    faulty_space(f->disk, 100u << 20); /* less than the reserve */
    open_cell(f);
    before = journal_last(store_journal(f->store));
    assert_ptr_equal(create(f, "bb", &why), &ERR_FULL);
    assert_string_equal(why.text, "The disk that holds weir's data is full.");
    assert_int_equal(journal_last(store_journal(f->store)), before);
    start_waiting(f, &task); /* a call that only reads is let in */
    cell_enter(f->cell);
    cell_cancel(f->cell, &task);
    cell_leave(f->cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(what_is_staged_becomes_one_durable_entry),
        CASE(a_refused_call_leaves_no_entry),
        CASE(a_call_that_breaks_the_model_never_runs),
        CASE(an_operation_without_a_handler_is_not_implemented),
        CASE(a_scan_sees_staged_keys_over_stored_ones),
        CASE(a_parked_call_goes_on_when_it_is_woken),
        CASE(a_parked_call_goes_on_at_its_deadline),
        CASE(a_parked_call_whose_caller_is_gone_ends),
        CASE(housekeeping_follows_weirs_clock),
        CASE(time_goes_on_where_it_was_after_a_restart),
        CASE(a_full_disk_refuses_changes_and_still_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
