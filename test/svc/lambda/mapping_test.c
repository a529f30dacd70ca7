/* SPDX-License-Identifier: Apache-2.0
 *
 * Mappings of shards: batches go in order, one after the other in a lane; what fails comes again as
 * it was, is cut in two, or is given up and told; windows carry their state; held keys wait beside;
 * and nothing is lost or passed over by a restart.
 */
#include "../test/svc/lambda/mapping_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HORIZON "\"StartingPosition\":\"TRIM_HORIZON\","

static struct world *begun(const char *config)
{
    struct world *world = world_begun(5);

    world_shard(world, 0, -1, -1);
    world_configure(world, config);
    return world;
}

static void good(struct world *world)
{
    world_end(world, 0, RAN_OK, "null");
}

static void bad(struct world *world)
{
    world_end(world, 0, RAN_FAILED, "{}");
}

/* ---- batches ---- */

static void batches_go_in_order_one_after_the_other(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":3");

    (void)state;
    assert_int_equal(made.running_count, 0);
    world_append(world, 0, "a");
    assert_true(world_runs("0.1"));
    world_append(world, 0, "bcde");
    assert_true(world_runs("0.1"));
    good(world);
    assert_true(world_runs("0.2 0.3 0.4"));
    good(world);
    assert_true(world_runs("0.5"));
    good(world);
    assert_int_equal(made.running_count, 0);
    world_ended(world);
}

static void latest_begins_behind_what_is_there(void **state)
{
    struct world *world = world_begun(5);

    (void)state;
    world_shard(world, 0, -1, -1);
    world_append(world, 0, "abc");
    world_configure(world, "\"StartingPosition\":\"LATEST\"");
    assert_int_equal(made.running_count, 0);
    world_append(world, 0, "d");
    assert_true(world_runs("0.4"));
    world_ended(world);
}

static void a_restart_goes_on_where_it_was_and_reads_again_what_ran(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":2");

    (void)state;
    world_append(world, 0, "abcde");
    good(world);
    assert_true(world_runs("0.3 0.4"));
    world_restart(world);
    assert_true(world_runs("0.3 0.4"));
    good(world);
    assert_true(world_runs("0.5"));
    world_ended(world);
}

static void records_are_gathered_until_there_are_enough_or_time_is_over(void **state)
{
    struct world *world =
        begun(HORIZON "\"BatchSize\":3,\"MaximumBatchingWindowInSeconds\":5");

    (void)state;
    world_append(world, 0, "ab");
    assert_int_equal(made.running_count, 0);
    world_append(world, 0, "c");
    assert_true(world_runs("0.1 0.2 0.3"));
    good(world);
    world_append(world, 0, "d");
    world_advance(world, 4999);
    assert_int_equal(made.running_count, 0);
    world_advance(world, 1);
    assert_true(world_runs("0.4"));
    world_ended(world);
}

static void what_the_stream_kept_no_longer_is_passed_over(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":10");

    (void)state;
    made.refuses = true;
    world_append(world, 0, "abcdef");
    made.shards[0].first = 4;
    made.refuses = false;
    world_advance(world, 1000);
    assert_true(world_runs("0.4 0.5 0.6"));
    world_ended(world);
}

static void what_the_function_cannot_take_stays_in_the_source(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":10");

    (void)state;
    made.refuses = true;
    world_append(world, 0, "ab");
    world_advance(world, 10000);
    assert_int_equal(made.running_count, 0);
    made.refuses = false;
    world_advance(world, 1000);
    assert_true(world_runs("0.1 0.2"));
    world_ended(world);
}

/* ---- failures ---- */

static void what_failed_comes_again_as_it_was_and_later_each_time(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":2");

    (void)state;
    world_append(world, 0, "a");
    world_append(world, 0, "bcd");
    bad(world);
    assert_int_equal(made.running_count, 0);
    world_advance(world, 99);
    assert_int_equal(made.running_count, 0);
    world_advance(world, 1);
    assert_true(world_runs("0.1"));
    bad(world);
    world_advance(world, 199);
    assert_int_equal(made.running_count, 0);
    world_restart(world);
    assert_true(world_runs("0.1"));
    good(world);
    assert_true(world_runs("0.2 0.3"));
    world_ended(world);
}

static void what_failed_too_often_is_given_up_and_told(void **state)
{
    struct world *world = begun(
        HORIZON "\"BatchSize\":2,\"MaximumRetryAttempts\":1,\"DestinationConfig\":{\"OnFailure\":{"
                "\"Destination\":\"arn:aws:made:us-east-1:000000000000:dead\"}}");

    (void)state;
    world_append(world, 0, "a");
    world_append(world, 0, "bcd");
    good(world);
    assert_true(world_runs("0.2 0.3"));
    bad(world);
    world_advance(world, 100);
    assert_true(world_runs("0.2 0.3"));
    assert_int_equal(made.told_count, 0);
    bad(world);
    assert_true(world_runs("0.4"));
    assert_int_equal(made.told_count, 1);
    assert_non_null(strstr(made.told[0], "\"condition\":\"RetryAttemptsExhausted\","
                                         "\"approximateInvokeCount\":2}"));
    assert_non_null(strstr(made.told[0], "\"shardId\":\"shard-0\",\"startSequenceNumber\":\"0.2\","
                                         "\"endSequenceNumber\":\"0.3\""));
    assert_non_null(strstr(made.told[0], "\"batchSize\":2"));
    world_ended(world);
}

static void cutting_in_two_finds_the_record_that_is_wrong(void **state)
{
    static const char *const runs[] = {"0.2 0.3 0.4 0.5 0.6", "0.2 0.3", "0.4 0.5 0.6", "0.4"};
    struct world *world = begun(HORIZON "\"BatchSize\":5,\"BisectBatchOnFunctionError\":true,"
                                        "\"MaximumRetryAttempts\":0,\"DestinationConfig\":{"
                                        "\"OnFailure\":{\"Destination\":\"arn:aws:made:us-east-1:"
                                        "000000000000:dead\"}}");

    (void)state;
    world_append(world, 0, "a");
    world_append(world, 0, "bcdefg");
    good(world);
    for (int i = 0; i < 4; i++) { /* 0.4 is wrong */
        assert_true(world_runs(runs[i]));
        if (i == 1) {
            good(world);
        } else {
            bad(world);
        }
    }
    assert_int_equal(made.told_count, 1);
    assert_non_null(strstr(made.told[0], "\"startSequenceNumber\":\"0.4\","
                                         "\"endSequenceNumber\":\"0.4\""));
    assert_true(world_runs("0.5 0.6"));
    world_restart(world); /* where it is to end outlives it */
    assert_true(world_runs("0.5 0.6"));
    good(world);
    assert_true(world_runs("0.7"));
    world_ended(world);
}

static void a_function_that_says_how_far_it_came_is_tried_from_there(void **state)
{
    struct world *world =
        begun(HORIZON "\"BatchSize\":4,\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"]");

    (void)state;
    world_append(world, 0, "a");
    world_append(world, 0, "bcde");
    world_end(world, 0, RAN_OK, "{\"batchItemFailures\":[]}");
    assert_true(world_runs("0.2 0.3 0.4 0.5"));
    world_end(world, 0, RAN_OK,
              "{\"batchItemFailures\":[{\"itemIdentifier\":\"0.5\"},"
              "{\"itemIdentifier\":\"0.4\"}]}");
    world_advance(world, 100);
    assert_true(world_runs("0.4 0.5"));
    world_end(world, 0, RAN_OK, "{\"batchItemFailures\":[{\"itemIdentifier\":\"0.9\"}]}");
    world_advance(world, 200); /* one that is not there: all failed */
    assert_true(world_runs("0.4 0.5"));
    world_end(world, 0, RAN_OK, "{}");
    assert_int_equal(made.running_count, 0);
    world_ended(world);
}

static void what_is_too_old_is_given_up(void **state)
{
    struct world *world = begun(
        HORIZON "\"BatchSize\":9,\"MaximumRecordAgeInSeconds\":60,\"DestinationConfig\":{"
                "\"OnFailure\":{\"Destination\":\"arn:aws:made:us-east-1:000000000000:dead\"}}");

    (void)state;
    world_append(world, 0, "a");
    world_advance(world, 1000);
    world_append(world, 0, "b");
    good(world);
    assert_true(world_runs("0.2"));
    bad(world);
    world_advance(world, 61000);
    world_append(world, 0, "c");
    world_end(world, 0, RAN_FAILED, "");
    world_advance(world, 1000);
    assert_true(world_runs("0.3"));
    assert_int_equal(made.told_count, 1);
    assert_non_null(strstr(made.told[0], "\"condition\":\"RecordAgeExceeded\""));
    world_ended(world);
}

/* ---- windows ---- */

static bool whole_has(const char *part)
{
    if (made.running_count != 1 || strstr(made.wholes[0], part) == NULL) {
        printf("%zu: %s\n", made.running_count, made.wholes[0]);
        return false;
    }
    return true;
}

static void a_window_carries_its_state_and_is_closed_at_its_end(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9,\"TumblingWindowInSeconds\":10");

    (void)state;
    world_append(world, 0, "a");
    assert_true(whole_has("\"window\":{\"start\":\"2026-09-21T14:13:20Z\","
                          "\"end\":\"2026-09-21T14:13:30Z\"},\"state\":{},"));
    assert_true(whole_has("\"shardId\":\"shard-0\""));
    assert_true(whole_has("\"isFinalInvokeForWindow\":false,\"isWindowTerminatedEarly\":false}"));
    world_end(world, 0, RAN_OK, "{\"nothing\":1}"); /* no state: it failed */
    world_advance(world, 100);
    world_end(world, 0, RAN_OK, "{\"state\":{\"sum\":1}}");
    world_append(world, 0, "b");
    assert_true(whole_has("\"state\":{\"sum\":1}"));
    world_end(world, 0, RAN_OK, "{\"state\":{\"sum\":2}}");
    world_restart(world);
    assert_int_equal(made.running_count, 0);
    world_advance(world, 8000);
    assert_true(whole_has("{\"Records\":[],\"window\":{\"start\":\"2026-09-21T14:13:20Z\","));
    assert_true(whole_has("\"state\":{\"sum\":2},"));
    assert_true(whole_has("\"isFinalInvokeForWindow\":true"));
    world_append(world, 0, "c");
    good(world);
    assert_true(whole_has("\"state\":{},"));
    assert_true(world_runs("0.3"));
    world_ended(world);
}

static void records_of_a_later_window_close_the_one_before(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9,\"TumblingWindowInSeconds\":10");

    (void)state;
    made.refuses = true;
    world_append(world, 0, "a");
    world_advance(world, 10000);
    world_append(world, 0, "b");
    made.refuses = false;
    world_advance(world, 1000);
    assert_true(world_runs("0.1"));
    world_end(world, 0, RAN_OK, "{\"state\":{\"n\":1}}");
    assert_true(world_runs(""));
    assert_true(whole_has("\"isFinalInvokeForWindow\":true"));
    good(world);
    assert_true(world_runs("0.2"));
    assert_true(whole_has("\"start\":\"2026-09-21T14:13:30Z\""));
    world_ended(world);
}

static void a_state_that_grows_too_large_ends_its_window_early(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9,\"TumblingWindowInSeconds\":10");
    size_t bytes = MAPPING_STATE_BYTES_MAX + 100;
    char *answer = mem_zero(bytes + 100);

    (void)state;
    (void)snprintf(answer, 100, "{\"state\":{\"large\":\"");
    memset(answer + strlen(answer), 'x', bytes);
    (void)snprintf(answer + strlen(answer), 20, "\"}}");
    world_append(world, 0, "a");
    world_end(world, 0, RAN_OK, answer);
    assert_true(world_runs(""));
    assert_true(whole_has("\"state\":{\"large\":\"xxx"));
    world_append(world, 0, "b");
    good(world);
    assert_true(whole_has("\"state\":{},"));
    assert_true(whole_has("\"start\":\"2026-09-21T14:13:20Z\"")); /* the same window */
    mem_free(answer);
    world_ended(world);
}

static void a_window_that_cannot_be_closed_is_given_up_as_records_are(void **state)
{
    struct world *world = begun(
        HORIZON "\"BatchSize\":9,\"TumblingWindowInSeconds\":10,\"MaximumRetryAttempts\":0");

    (void)state;
    world_append(world, 0, "a");
    world_end(world, 0, RAN_OK, "{\"state\":{\"n\":1}}");
    world_advance(world, 10000);
    assert_true(whole_has("\"isFinalInvokeForWindow\":true"));
    bad(world);
    world_append(world, 0, "b");
    assert_true(world_runs("0.2"));
    assert_true(whole_has("\"state\":{},"));
    world_ended(world);
}

/* ---- shards and lanes ---- */

static void children_wait_for_their_parents(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9");

    (void)state;
    world_shard(world, 1, -1, -1);
    world_append(world, 0, "a");
    world_append(world, 1, "b");
    assert_int_equal(made.running_count, 2);
    world_shard(world, 2, 0, 1);
    world_append(world, 2, "a");
    good(world);
    assert_true(world_runs("1.1"));
    world_restart(world);
    assert_true(world_runs("1.1"));
    good(world);
    assert_true(world_runs("2.1"));
    world_ended(world);
}

static void lanes_run_beside_each_other_and_are_cut_anew_where_they_meet(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9,\"ParallelizationFactor\":4");

    (void)state;
    made.refuses = true;
    world_append(world, 0, "abcdefghab");
    made.refuses = false;
    world_advance(world, 1000);
    assert_true(made.running_count > 1);
    world_configure(world, HORIZON "\"BatchSize\":9,\"ParallelizationFactor\":1");
    world_append(world, 0, "ab");
    while (made.running_count > 1) { /* nobody reads on meanwhile */
        assert_null(strstr(made.events[0], "0.11"));
        good(world);
    }
    good(world);
    assert_true(world_runs("0.11 0.12"));
    world_ended(world);
}

/* ---- holds ---- */

static void a_held_key_waits_beside_and_goes_on_in_order(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":3");

    (void)state;
    world_hold(world, STR("k"), false);
    world_append(world, 0, "akbk");
    assert_true(world_runs("0.1 0.3"));
    good(world);
    assert_int_equal(made.running_count, 0);
    world_restart(world);
    world_append(world, 0, "kc");
    assert_true(world_runs("0.6"));
    good(world);
    world_hold(world, STR("k"), true);
    assert_true(world_runs("0.2 0.4 0.5"));
    world_append(world, 0, "kd");
    assert_int_equal(made.running_count, 2);
    assert_string_equal(made.events[1], "0.8"); /* k waits behind those before it */
    world_end(world, 1, RAN_OK, "");
    bad(world);
    assert_int_equal(made.running_count, 0);
    world_advance(world, 100);
    assert_true(world_runs("0.2 0.4 0.5"));
    good(world);
    assert_true(world_runs("0.7"));
    good(world);
    world_append(world, 0, "k");
    assert_true(world_runs("0.9"));
    world_ended(world);
}

static void a_record_that_fails_can_be_held_out_of_its_batch(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":3");

    (void)state;
    world_append(world, 0, "a");
    world_append(world, 0, "pbc");
    good(world);
    bad(world);
    world_hold(world, STR("p"), false);
    world_advance(world, 100);
    assert_true(world_runs("0.3 0.4"));
    good(world);
    assert_int_equal(made.running_count, 0);
    world_ended(world);
}

static void a_held_shard_and_a_held_mapping_wait(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":3");

    (void)state;
    world_shard(world, 1, -1, -1);
    world_hold(world, STR("shard-0"), false);
    world_append(world, 0, "a");
    world_append(world, 1, "b");
    assert_true(world_runs("1.1"));
    world_hold(world, STR(""), false);
    good(world);
    world_append(world, 1, "c");
    assert_int_equal(made.running_count, 0);
    world_hold(world, STR(""), true);
    assert_true(world_runs("1.2"));
    good(world);
    world_hold(world, STR("shard-0"), true);
    assert_true(world_runs("0.1"));
    world_ended(world);
}

/* ---- seeking, deleting ---- */

static status seek_to(struct call *c, void *arg)
{
    const struct world *world = arg;
    struct source_start start = {SOURCE_AT_TIME, START_MS + 1000};

    return shards_seek(c, world->mapping, STR(""), &start);
}

static void what_was_done_is_read_again_after_a_seek(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9");

    (void)state;
    world_append(world, 0, "a");
    good(world);
    world_advance(world, 1000);
    world_append(world, 0, "b");
    good(world);
    world_append(world, 0, "c");
    assert_true(world_runs("0.3"));
    world_step(world, seek_to, world);
    good(world); /* overtaken: it moves nothing */
    assert_true(world_runs("0.2 0.3"));
    world_ended(world);
}

static status delete_it(struct call *c, void *arg)
{
    const struct world *world = arg;

    mapping_delete(c, world->mapping);
    return OK;
}

static void a_deleted_mapping_goes_when_nothing_runs(void **state)
{
    struct world *world = begun(HORIZON "\"BatchSize\":9");

    (void)state;
    world_append(world, 0, "a");
    world_step(world, delete_it, world);
    world_append(world, 0, "b");
    assert_true(world_runs("0.1"));
    good(world);
    assert_int_equal(made.running_count, 0);
    world_restart(world);
    assert_null(world->mapping);
    world_ended(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_go_in_order_one_after_the_other),
        cmocka_unit_test(latest_begins_behind_what_is_there),
        cmocka_unit_test(a_restart_goes_on_where_it_was_and_reads_again_what_ran),
        cmocka_unit_test(records_are_gathered_until_there_are_enough_or_time_is_over),
        cmocka_unit_test(what_the_stream_kept_no_longer_is_passed_over),
        cmocka_unit_test(what_the_function_cannot_take_stays_in_the_source),
        cmocka_unit_test(what_failed_comes_again_as_it_was_and_later_each_time),
        cmocka_unit_test(what_failed_too_often_is_given_up_and_told),
        cmocka_unit_test(cutting_in_two_finds_the_record_that_is_wrong),
        cmocka_unit_test(a_function_that_says_how_far_it_came_is_tried_from_there),
        cmocka_unit_test(what_is_too_old_is_given_up),
        cmocka_unit_test(a_window_carries_its_state_and_is_closed_at_its_end),
        cmocka_unit_test(records_of_a_later_window_close_the_one_before),
        cmocka_unit_test(a_state_that_grows_too_large_ends_its_window_early),
        cmocka_unit_test(a_window_that_cannot_be_closed_is_given_up_as_records_are),
        cmocka_unit_test(children_wait_for_their_parents),
        cmocka_unit_test(lanes_run_beside_each_other_and_are_cut_anew_where_they_meet),
        cmocka_unit_test(a_held_key_waits_beside_and_goes_on_in_order),
        cmocka_unit_test(a_record_that_fails_can_be_held_out_of_its_batch),
        cmocka_unit_test(a_held_shard_and_a_held_mapping_wait),
        cmocka_unit_test(what_was_done_is_read_again_after_a_seek),
        cmocka_unit_test(a_deleted_mapping_goes_when_nothing_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
