/* SPDX-License-Identifier: Apache-2.0
 *
 * What Firehose reads and writes: prefixes, aggregates, sub-records, what functions and endpoints
 * answer, heads of records.
 */
#include "svc/firehose/aggregate.h"
#include "svc/firehose/firehose_ops.h"
#include "svc/firehose/post.h"
#include "svc/firehose/prefix.h"
#include "svc/firehose/transform.h"

#include "base/digest.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define MOMENT INT64_C(1795424709012) /* 2026-11-23T09:05:09.012Z */

static struct arena *arena;

/* ---- prefixes ---- */

static const char *written(const char *prefix, const char *error_type)
{
    struct pair_text pairs[] = {{STR("card"), STR("A1"), false}, {STR("n"), STR("7"), true}};
    struct rand rand;
    struct prefix_for what = {.at = {.moment_ms = MOMENT}, .error_type = str_c(error_type),
                              .pairs = pairs_write(arena, pairs, 2), .rand = &rand};
    struct buf out;
    struct str copy;

    rand_init(&rand, 1);
    buf_init(&out, 65536);
    prefix_add(&out, str_c(prefix), &what);
    copy = arena_dup(arena, buf_str(&out));
    buf_done(&out);
    return copy.at;
}

static void prefixes_are_written(void **state)
{
    (void)state;
    assert_string_equal(written("", ""), "2026/11/23/09/");
    assert_string_equal(written("in/", ""), "in/2026/11/23/09/");
    assert_string_equal(written("in/!{timestamp:yyyy}/", ""), "in/2026/");
    assert_string_equal(written("!{partitionKeyFromQuery:card}/!{partitionKeyFromLambda:n}/", ""),
                        "A1/7/");
    assert_string_equal(written("!{partitionKeyFromQuery:n}/", ""), "/");
    assert_string_equal(written("in/", "processing-failed"),
                        "in/processing-failed/2026/11/23/09/");
    assert_string_equal(written("e/!{firehose:error-output-type}/", "processing-failed"),
                        "e/processing-failed/");
    assert_int_equal(strlen(written("!{firehose:random-string}", "x")), 11 + 2);
}

static void prefixes_are_read(void **state)
{
    static const char *const bad[] = {"!{", "!{x}", "!{timestamp:}", "!{timestamp:ii}",
                                      "!{firehose:other}", "!{other:x}",
                                      "!{partitionKeyFromQuery:}", "a!{timestamp:yyyy"};
    struct prefix_has has;
    struct why why;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_ptr_equal(prefix_read(str_c(bad[i]), &why, &has), &ERR_MALFORMED);
    }
    assert_ptr_equal(prefix_read(STR("a!b{c}!{firehose:random-string}"), &why, &has), OK);
    assert_true(has.expressions);
    assert_true(has.random);
    assert_false(has.timestamp);
}

/* ---- heads ---- */

static void heads_come_back(void **state)
{
    struct origin origin = {STR("shardId-000000000001"), STR("key"), STR("495"), 3};
    struct str head = head_of_origin(arena, &origin, -5);
    struct str whole = arena_printf(arena, "%.*sdata", STR_ARG(head));
    struct stored stored;

    (void)state;
    whole = str_of(whole.at, head.bytes + 4);
    memcpy((char *)(uintptr_t)whole.at, head.at, head.bytes);
    memcpy((char *)(uintptr_t)whole.at + head.bytes, "data", 4);
    assert_true(stored_read(whole, 9, &stored));
    assert_int_equal(stored.at_ms, -5);
    assert_true(str_eq(stored.origin.shard, origin.shard));
    assert_int_equal(stored.origin.sub_sequence, 3);
    assert_true(str_eq(stored.data, STR("data")));
    assert_true(stored_read(STR("\0plain"), 9, &stored));
    assert_int_equal(stored.at_ms, 9);
    assert_true(str_eq(stored.data, STR("plain")));
    assert_false(stored_read(STR(""), 9, &stored));
    assert_false(stored_read(STR("\x01"), 9, &stored));
    assert_false(stored_read(STR("\x07"), 9, &stored));
}

/* ---- aggregates ---- */

static struct str sealed(struct str message)
{
    char *at = arena_alloc(arena, 4 + message.bytes + MD5_BYTES);

    memcpy(at, "\xf3\x89\x9a\xc2", 4);
    memcpy(at + 4, message.at, message.bytes);
    md5(message, (uint8_t *)at + 4 + message.bytes);
    return str_of(at, 4 + message.bytes + MD5_BYTES);
}

static void aggregates_are_taken_apart(void **state)
{
    struct str good = sealed(STR("\x0a\x01"
                                 "a\x0a\x01"
                                 "b\x1a\x05\x08\x01\x1a\x01x\x1a\x05\x08\x00\x1a\x01y"));
    struct sub_record *records;
    size_t count;

    (void)state;
    assert_true(aggregate_read(good, arena, &records, &count));
    assert_int_equal(count, 2);
    assert_true(str_eq(records[0].key, STR("b")));
    assert_true(str_eq(records[0].data, STR("x")));
    assert_true(str_eq(records[1].key, STR("a")));
    ((char *)(uintptr_t)good.at)[5] ^= 1;
    assert_false(aggregate_read(good, arena, &records, &count)); /* the sum */
    assert_false(aggregate_read(sealed(STR("\x0a\x05"
                                           "a")), arena, &records, &count));
    assert_false(aggregate_read(sealed(STR("\x1a\x02\x08\x01")), arena, &records, &count));
    assert_false(aggregate_read(sealed(STR("\x0a\x01"
                                           "a")), arena, &records, &count));
    assert_false(aggregate_read(STR("plain"), arena, &records, &count));
}

static void objects_are_cut(void **state)
{
    struct str rest = STR(" {\"a\":\"}\\\"{\"}\n,{\"b\":{}}{\"c\":1} ");
    struct str part;

    (void)state;
    assert_true(cut_json(&rest, &part));
    assert_true(str_eq(part, STR("{\"a\":\"}\\\"{\"}")));
    assert_true(cut_json(&rest, &part));
    assert_true(str_eq(part, STR("{\"b\":{}}")));
    assert_true(cut_json(&rest, &part));
    assert_false(cut_json(&rest, &part));
    assert_int_equal(rest.bytes, 0);
    rest = STR("[1]");
    assert_false(cut_json(&rest, &part));
    assert_int_equal(rest.bytes, 3);
}

/* ---- answers ---- */

static struct stored stored_one = {.data = STR_INIT("x"), .at_ms = 1};

static void answers_are_sorted_to_their_records(void **state)
{
    struct item items[5] = {0};
    const char *answer =
        "{\"records\":[{\"recordId\":\"1\",\"result\":\"Ok\",\"data\":\"QQ==\",\"metadata\":"
        "{\"partitionKeys\":{\"k\":\"v\"}}},{\"recordId\":\"0\",\"result\":\"Dropped\"},"
        "{\"recordId\":\"2\",\"result\":\"Ok\",\"data\":\"!\"},{\"recordId\":\"3\",\"result\":"
        "\"Ok\",\"data\":\"QQ==\"},{\"recordId\":\"3\",\"result\":\"Ok\",\"data\":\"QQ==\"},"
        "{\"recordId\":\"9\",\"result\":\"Ok\"},7]}";

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        items[i].from = &stored_one;
        items[i].id = arena_printf(arena, "%zu", i);
    }
    transform_answer(arena_dup(arena, str_c(answer)), arena, items, 5);
    assert_int_equal(items[0].state, ITEM_DROPPED);
    assert_int_equal(items[1].state, ITEM_GOOD);
    assert_true(str_eq(items[1].data, STR("A")));
    assert_non_null(map_find(items[1].keys_of_function, STR("k")));
    assert_string_equal(items[2].code, "Lambda.JsonProcessingException");
    assert_string_equal(items[3].code, "Lambda.DuplicatedRecordId");
    assert_string_equal(items[4].code, "Lambda.MissingRecordId");
    transform_answer(arena_dup(arena, STR("no json")), arena, items, 5);
    assert_string_equal(items[0].code, "Lambda.JsonProcessingException");
}

static void endpoints_answer_with_the_id_and_a_time(void **state)
{
    static const char *const bad[] = {"", "{}", "[]", "{\"requestId\":\"a\"}",
                                      "{\"requestId\":\"b\",\"timestamp\":1}",
                                      "{\"requestId\":\"a\",\"timestamp\":\"1\"}"};
    char one[POST_ID_BYTES];
    char other[POST_ID_BYTES];

    (void)state;
    assert_true(post_answer_is_good(
        arena_dup(arena, STR("{\"requestId\":\"a\",\"timestamp\":1,\"errorMessage\":null}")),
        STR("a"), arena));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(post_answer_is_good(arena_dup(arena, str_c(bad[i])), STR("a"), arena));
    }
    post_id(one, 1, 2, 3);
    post_id(other, 1, 2, 3);
    assert_memory_equal(one, other, POST_ID_BYTES);
    post_id(other, 1, 2, 4);
    assert_memory_not_equal(one, other, POST_ID_BYTES);
    assert_int_equal(one[14], '4');
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(64u << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_written),
        cmocka_unit_test(prefixes_are_read),
        cmocka_unit_test(heads_come_back),
        cmocka_unit_test(aggregates_are_taken_apart),
        cmocka_unit_test(objects_are_cut),
        cmocka_unit_test(answers_are_sorted_to_their_records),
        cmocka_unit_test(endpoints_answer_with_the_id_and_a_time),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
