/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations inside calls, between two small services under real models' names: what both stage is
 * one entry, the model checks, errors come back with nothing staged, and who would wait is refused.
 * And hosts that a service claims.
 */
#include "cell/cell_int.h"
#include "cell/host.h"
#include "cell/inner.h"

#include "sys/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours is call.h's */

static const struct error REFUSED = {"InvalidArgumentException", NULL, 400, false};

static struct faulty *disk;
static struct store *store;
static struct clock clock_;
static struct cell *cell;
static struct arena *arena;
static int inner_state, outer_state;
static struct waiters nobody;

/* ---- the inner service ---- */

static void stage(struct call *c, const char *name)
{
    struct key key = key_of(c->arena, "test");

    key_str(&key, str_c(name));
    txn_put(c->txn, key_end(&key), STR("x"));
}

static status create(struct call *c)
{
    assert_ptr_equal(c->state, &inner_state);
    if (str_eq(arg_str(c, "StreamName"), STR("refuse"))) {
        return fail(c, &REFUSED, "not that one");
    }
    stage(c, "inner");
    call_on(c, STR("arn:aws:kinesis:us-east-1:000000000000:stream/x"));
    return OK;
}

static status never(struct call *c)
{
    (void)c;
    assert_true(false);
    return OK;
}

static status waits(struct call *c)
{
    call_park(c, &nobody, INT64_MAX, never);
    return OK;
}

static void work(void *arg)
{
    *(int *)arg += 1;
}

static status worked(struct call *c)
{
    put_int(c, "MillisBehindLatest", *(int *)c->kept);
    return OK;
}

static status works(struct call *c)
{
    c->kept = ARENA_NEW(c->keep, int);
    call_work(c, work, c->kept, worked);
    return OK;
}

static status streams(struct call *c)
{
    call_stream(c, never);
    return OK;
}

static int calleds;

static void called(struct call *c, status result)
{
    (void)c;
    (void)result;
    calleds++;
}

static const struct op inner_ops[] = {
    {"CreateStream", create},
    {"DescribeStream", waits},
    {"GetRecords", works},
    {"SubscribeToShard", streams},
};
static const struct page page = {"/claimed", true, never};

static status inner_open(struct cell *of, void **ret_state)
{
    (void)of;
    *ret_state = &inner_state;
    return OK;
}

static const struct service inner_service = {
    .id = "kinesis", .ops = inner_ops, .op_count = 4, .open = inner_open, .called = called};

/* ---- the outer ---- */

static status (*doing)(struct call *c);

static status outer(struct call *c)
{
    return doing(c);
}

static status outer_open(struct cell *of, void **ret_state)
{
    (void)of;
    *ret_state = &outer_state;
    return OK;
}

static const struct op outer_ops[] = {{"CreateQueue", outer}};
static const struct service outer_service = {
    .id = "sqs", .ops = outer_ops, .op_count = 1, .open = outer_open};

static status run(status (*what)(struct call *c))
{
    struct cell_request request = {.service = "sqs", .operation = "CreateQueue"};
    struct why why = {""};
    struct value *out;

    doing = what;
    request.input = value_struct(
        arena, model_operation(model_service(STR("sqs")), STR("CreateQueue"))->input);
    set_str(request.input, "QueueName", STR("q"));
    return cell_call(cell, &request, arena, &why, &out);
}

static int set_up(void **state)
{
    static const struct service *const services[] = {&inner_service, &outer_service, NULL};
    struct store_options options = {.dir = "/d", .memory_index = true,
                                    .keep_bytes = 1u << 30, .keep_ms = 1u << 30};
    struct cell_options cells = {.clock = &clock_, .services = services, .seed = 1};
    struct why why = {""};

    (void)state;
    disk = faulty_new(1);
    arena = arena_new(64u << 20);
    clock_init_manual(&clock_, INT64_C(1790000000000));
    waiters_init(&nobody);
    options.files = faulty_files(disk);
    assert_ptr_equal(store_open(&options, &why, &store), OK);
    cells.store = store;
    assert_ptr_equal(cell_open(&cells, &why, &cell), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cell_close(cell);
    store_close(store);
    faulty_free(disk);
    arena_free(arena);
    return 0;
}

static status both(struct call *c)
{
    struct inner inner;

    assert_ptr_equal(inner_begin(c, "kinesis", "CreateStream", &inner), OK);
    set_str(inner.in, "StreamName", STR("s"));
    stage(c, "outer");
    assert_ptr_equal(inner_run(c, &inner), OK);
    assert_ptr_equal(c->state, &outer_state);
    assert_true(str_ends(inner.resource, STR("stream/x")));
    return OK;
}

static void what_both_stage_is_one_entry(void **state)
{
    uint64_t before = journal_last(store_journal(store));
    int told = calleds;

    (void)state;
    assert_ptr_equal(run(both), OK);
    assert_int_equal(journal_last(store_journal(store)), before + 1);
    assert_int_equal(calleds, told + 1);
}

static status refused(struct call *c)
{
    struct inner inner;

    assert_ptr_equal(inner_begin(c, "kinesis", "CreateStream", &inner), OK);
    set_str(inner.in, "StreamName", STR("refuse"));
    assert_ptr_equal(inner_run(c, &inner), &REFUSED);
    assert_string_equal(inner.why.text, "not that one");
    assert_ptr_equal(inner_begin(c, "kinesis", "CreateStream", &inner), OK);
    set_str(inner.in, "StreamName", STR("no name"));
    assert_ptr_equal(inner_run(c, &inner), &WIRE_VALIDATION);
    assert_ptr_equal(inner_begin(c, "kinesis", "MergeShards", &inner), &WIRE_NOT_IMPLEMENTED);
    assert_ptr_equal(inner_begin(c, "nothing", "MergeShards", &inner), &WIRE_NOT_IMPLEMENTED);
    return OK;
}

static void an_error_comes_back_with_nothing_staged(void **state)
{
    uint64_t before = journal_last(store_journal(store));

    (void)state;
    assert_ptr_equal(run(refused), OK);
    assert_int_equal(journal_last(store_journal(store)), before);
}

static status waiting(struct call *c)
{
    struct inner inner;

    assert_ptr_equal(inner_begin(c, "kinesis", "DescribeStream", &inner), OK);
    set_str(inner.in, "StreamName", STR("s"));
    assert_ptr_equal(inner_run(c, &inner), &INNER_WAITS);
    assert_false(waiters_any(&nobody));
    assert_ptr_equal(inner_begin(c, "kinesis", "SubscribeToShard", &inner), OK);
    set_str(inner.in, "ConsumerARN",
            STR("arn:aws:kinesis:us-east-1:000000000000:stream/x/consumer/c:1"));
    set_str(inner.in, "ShardId", STR("s"));
    set_str(set_struct(c->arena, inner.in, "StartingPosition"), "Type", STR("LATEST"));
    assert_ptr_equal(inner_run(c, &inner), &INNER_WAITS);
    return OK;
}

static void who_would_wait_is_refused(void **state)
{
    (void)state;
    assert_ptr_equal(run(waiting), OK);
}

static status working(struct call *c)
{
    struct inner inner;

    assert_ptr_equal(inner_begin(c, "kinesis", "GetRecords", &inner), OK);
    set_str(inner.in, "ShardIterator", STR("s"));
    assert_ptr_equal(inner_run(c, &inner), OK);
    assert_int_equal(get_int(inner.out, "MillisBehindLatest", 0), 1);
    return OK;
}

static void work_elsewhere_is_done_in_place(void **state)
{
    (void)state;
    assert_ptr_equal(run(working), OK);
}

static bool is_claimed(const char *host)
{
    const struct cell_service *slot;

    return cell_page(cell, STR("/"), str_c(host), &slot) == &page &&
           slot->service == &inner_service;
}

static void a_claimed_host_is_its_services(void **state)
{
    (void)state;
    assert_false(is_claimed("api.example.com"));
    assert_ptr_equal(cell_host_claim(cell, STR("api.example.com"), "kinesis", &page), OK);
    assert_ptr_equal(cell_host_claim(cell, STR("api.example.com"), "kinesis", &page), OK);
    assert_ptr_equal(cell_host_claim(cell, STR("*.wide.org"), "kinesis", &page), OK);
    assert_true(is_claimed("API.example.com:4566"));
    assert_true(is_claimed("a.wide.org"));
    assert_false(is_claimed("wide.org"));
    assert_false(is_claimed("a.b.wide.org"));
    assert_false(is_claimed(".wide.org"));
    assert_ptr_equal(cell_host_claim(cell, STR("localhost"), "kinesis", &page), &ERR_MALFORMED);
    assert_ptr_equal(cell_host_claim(cell, STR("*.localhost"), "kinesis", &page),
                     &ERR_MALFORMED);
    assert_ptr_equal(cell_host_claim(cell, STR("127.0.0.1"), "kinesis", &page), &ERR_MALFORMED);
    assert_ptr_equal(cell_host_claim(cell, STR("s3.amazonaws.com"), "kinesis", &page),
                     &ERR_MALFORMED);
    assert_ptr_equal(cell_host_claim(cell, STR("shop.localhost"), "kinesis", &page), OK);
    cell_host_leave(cell, STR("api.example.com"));
    cell_host_leave(cell, STR("never.example.com"));
    assert_false(is_claimed("api.example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_both_stage_is_one_entry),
        cmocka_unit_test(an_error_comes_back_with_nothing_staged),
        cmocka_unit_test(who_would_wait_is_refused),
        cmocka_unit_test(work_elsewhere_is_done_in_place),
        cmocka_unit_test(a_claimed_host_is_its_services),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
