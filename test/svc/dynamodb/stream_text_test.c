/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of streams: sequence numbers ascend as their records and borders do and come back as they
 * went; an iterator that was changed anywhere is none.
 */
#include "svc/dynamodb/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROUNDS 20000

static uint64_t seed = 20261201;

static uint64_t chance(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

static struct stream_sequence any_sequence(void)
{
    uint64_t record = chance(4) > 0 ? chance(4) : chance(UINT64_C(1) << 50);

    return (struct stream_sequence){record, (uint32_t)chance(chance(2) ? 4 : 1000000)};
}

static void numbers_ascend_and_come_back(void **state)
{
    struct arena *arena = arena_new(1u << 20);

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct stream_sequence a = any_sequence();
        struct stream_sequence b = any_sequence();
        struct str a_text = stream_sequence_text(arena, a);
        struct str b_text = stream_sequence_text(arena, b);
        struct stream_sequence back;
        int order = stream_sequence_cmp(a, b);
        int texts = str_cmp(a_text, b_text);

        assert_true(order == 0 ? texts == 0 : order < 0 ? texts < 0 : texts > 0);
        assert_in_range(a_text.bytes, 21, 40);
        assert_true(stream_sequence_read(a_text, &back));
        assert_int_equal(stream_sequence_cmp(a, back), 0);
        arena_clear(arena);
    }
    arena_free(arena);
}

static void what_is_no_number_is_not_read(void **state)
{
    static const char *const wrong[] = {
        "", "1", "10000000000000000000100000", "1000000000000000000010000000",
        "200000000000000000001000000", "10000000000000000000100000x",
        "199999999999999999999000000", "1 0000000000000000001000000",
        "109223372036854775808000000",
    };
    struct stream_sequence sequence;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(stream_sequence_read(str_c(wrong[i]), &sequence));
    }
    assert_true(stream_sequence_read(STR("109223372036854775807999999"), &sequence));
    assert_true(sequence.record == INT64_MAX);
    assert_int_equal(sequence.border, 999999);
}

static void borders_lie_between_records(void **state)
{
    struct stream_shard parent = {.number = 4, .first = 11, .last = 20};
    struct stream_shard empty = {.number = 5, .first = 21, .last = 20};
    struct stream_shard child = {.number = 6, .first = 21, .last = 30};
    struct stream_sequence order[] = {
        {10, 0}, stream_shard_starts(&parent), {11, 0}, {20, 0}, stream_shard_ends(&parent),
        stream_shard_starts(&empty), stream_shard_ends(&empty), stream_shard_starts(&child),
        {21, 0}, {30, 0}, stream_shard_ends(&child), {31, 0},
    };

    (void)state;
    for (size_t i = 1; i < sizeof(order) / sizeof(order[0]); i++) {
        assert_true(stream_sequence_cmp(order[i - 1], order[i]) < 0);
    }
}

static void an_iterator_is_whole_or_none(void **state)
{
    struct arena *arena = arena_new(1u << 24);
    struct stream_iterator iterator = {
        .arn = STR("arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/"
                   "2026-12-01T00:00:00.000"),
        .made_ms = INT64_C(1796083200000), .shard = 7, .next = UINT64_C(1) << 40};
    struct str text = stream_iterator_text(arena, &iterator);
    struct stream_iterator back;

    (void)state;
    assert_true(stream_iterator_read(arena, text, &back));
    assert_true(str_eq(back.arn, iterator.arn));
    assert_true(back.made_ms == iterator.made_ms);
    assert_true(back.shard == iterator.shard);
    assert_true(back.next == iterator.next);
    for (size_t i = 0; i < text.bytes; i++) {
        struct str other = arena_dup(arena, text);

        ((char *)(uintptr_t)other.at)[i] ^= 1;
        assert_false(stream_iterator_read(arena, other, &back));
        assert_false(stream_iterator_read(arena, str_slice(text, 0, i), &back));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_ascend_and_come_back),
        cmocka_unit_test(what_is_no_number_is_not_read),
        cmocka_unit_test(borders_lie_between_records),
        cmocka_unit_test(an_iterator_is_whole_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
