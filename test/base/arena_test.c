/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that pieces are aligned and never overlap, that the maximum holds for arena_try and turns
 * the arena spent, that growing keeps the content, and what clearing keeps.
 */
#include "base/arena.h"

#include "base/mem.h"
#include "seeded.h"

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    struct seeded seeded = {21};
    struct arena *arena = arena_new(64 << 20);
    enum { PIECES = 2000 };
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = seeded_below(&seeded, seeded_below(&seeded, 50) == 0 ? 70000 : 200);
        pieces[i] = i % 2 == 0 ? arena_alloc(arena, sizes[i]) : arena_try(arena, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(pieces[i][k], i % 251);
        }
    }
    assert_false(arena_spent(arena));
    arena_free(arena);
    arena_free(NULL);
}

static void nothing_is_asked_for_before_the_first_piece(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    uint64_t before = mem_count();
    assert_int_equal(arena_bytes(arena), 0);
    arena_clear(arena);
    assert_int_equal(mem_count(), before);
    (void)arena_alloc(arena, 1);
    assert_int_equal(arena_bytes(arena), 4096);
    arena_free(arena);
}

static void blocks_double_to_a_mebibyte(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)16 << 20);
    size_t expected = 4096;
    size_t held = 0;
    for (size_t pieces = 0; held < (6 << 20); pieces++) {
        (void)arena_alloc(arena, 1000);
        if (arena_bytes(arena) != held) {
            assert_int_equal(arena_bytes(arena) - held, expected);
            held = arena_bytes(arena);
            expected = expected < (1 << 20) ? expected * 2 : expected;
        }
    }
    assert_int_equal(expected, 1 << 20);
    arena_free(arena);
}

static void a_cleared_arena_asks_for_nothing_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (int i = 0; i < 100; i++) {
        (void)arena_alloc(arena, 400);
    }
    arena_clear(arena);
    uint64_t before = mem_count();
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 50; i++) {
            (void)arena_alloc(arena, 400);
        }
        arena_clear(arena);
    }
    assert_int_equal(mem_count(), before);
    arena_free(arena);
}

static void clearing_keeps_at_most_64_kibibytes(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)64 << 20);
    for (size_t bytes = 100; bytes < (8 << 20); bytes *= 3) {
        assert_non_null(arena_try(arena, bytes));
        arena_clear(arena);
        assert_in_range(arena_bytes(arena), 0, 64 << 10);
        (void)arena_alloc(arena, 100);
        (void)arena_alloc(arena, 30000);
        (void)arena_alloc(arena, bytes);
        arena_clear(arena);
        assert_in_range(arena_bytes(arena), 4096, 64 << 10);
    }
    arena_free(arena);
}

static void try_refuses_to_pass_the_maximum(void **state)
{
    (void)state;
    struct arena *arena = arena_new(10000);
    assert_non_null(arena_try(arena, 3000));
    assert_null(arena_try(arena, 8000));
    assert_true(arena_spent(arena));
    assert_true(arena_bytes(arena) <= 10000);
    arena_clear(arena);
    assert_false(arena_spent(arena));
    size_t taken = 0;
    while (arena_try(arena, 64) != NULL) {
        taken += 64;
        assert_true(taken < 10000);
    }
    assert_true(taken > 9000); /* the last block is cut to what is left, not refused */
    assert_true(arena_spent(arena));
    assert_true(arena_bytes(arena) <= 10000);
    arena_free(arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (size_t less = 0; less < 40; less++) {
        assert_null(arena_try(arena, SIZE_MAX - less));
        assert_null(arena_grow_try(arena, NULL, 0, SIZE_MAX - less));
    }
    char *piece = arena_alloc(arena, 10);
    assert_null(arena_grow_try(arena, piece, 10, SIZE_MAX));
    assert_true(arena_spent(arena));
    arena_free(arena);
}

static void alloc_goes_over_the_maximum_and_leaves_the_arena_spent(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    uint64_t before = mem_count();
    for (int i = 0; i < 200; i++) {
        memset(arena_alloc(arena, 100), 1, 100);
    }
    assert_true(arena_spent(arena));
    assert_true(arena_bytes(arena) > 4096);
    assert_true(mem_count() - before < 20); /* not one request per piece */
    assert_null(arena_try(arena, 100000));
    arena_free(arena);
}

static void try_without_memory_is_null_and_spends(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    mem_fail_after(1);
    assert_null(arena_try(arena, 10));
    assert_true(arena_spent(arena));
    assert_int_equal(arena_bytes(arena), 0);
    assert_non_null(arena_try(arena, 10));
    arena_free(arena);
}

static void the_newest_piece_grows_in_place(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    char *piece = arena_try(arena, 10);
    memcpy(piece, "0123456789", 10);
    assert_ptr_equal(arena_grow_try(arena, piece, 10, 500), piece);
    char *other = arena_alloc(arena, 16);
    assert_true(other >= piece + 500);
    char *moved = arena_grow_try(arena, piece, 500, 600);
    assert_ptr_not_equal(moved, piece);
    assert_memory_equal(moved, "0123456789", 10);
    assert_ptr_equal(arena_grow_try(arena, other, 16, 8), other); /* smaller stays, newest or not */
    arena_free(arena);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    struct seeded seeded = {22};
    struct arena *arena = arena_new((size_t)64 << 20);
    for (int round = 0; round < 50; round++) {
        size_t bytes = 0;
        unsigned char *piece = NULL;
        while (bytes < 100000) {
            size_t more = bytes + 1 + seeded_below(&seeded, bytes + 100);
            piece = arena_grow_try(arena, piece, bytes, more);
            assert_non_null(piece);
            for (size_t i = bytes; i < more; i++) {
                piece[i] = (unsigned char)(i * 7);
            }
            bytes = more;
            if (seeded_below(&seeded, 3) == 0) {
                memset(arena_alloc(arena, 40), 0xee, 40);
            }
        }
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(piece[i], (unsigned char)(i * 7));
        }
        arena_clear(arena);
    }
    arena_free(arena);
}

static void a_refused_growth_leaves_the_old_piece_of_the_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    char *piece = arena_try(arena, 4);
    memcpy(piece, "kept", 4);
    assert_null(arena_grow_try(arena, piece, 4, 5000));
    assert_memory_equal(piece, "kept", 4);
    arena_free(arena);
}

static void zeroed_pieces_are_zero_also_in_used_blocks(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    memset(arena_alloc(arena, 3000), 0xff, 3000);
    arena_clear(arena);
    unsigned char *piece = arena_zero(arena, 3000);
    for (size_t i = 0; i < 3000; i++) {
        assert_int_equal(piece[i], 0);
    }
    arena_free(arena);
}

static void texts_have_a_zero_behind_them(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct str copy = arena_dup(arena, STR("abc"));
    assert_str(copy, "abc");
    assert_int_equal(copy.at[3], 0);
    copy = arena_dup(arena, STR_NONE);
    assert_int_equal(copy.bytes, 0);
    assert_string_equal(copy.at, "");
    /* Every length around what is left of the first block. */
    for (int length = 0; length < 5000; length += 37) {
        struct str text = arena_printf(arena, "<%*d>", length, 7);
        assert_int_equal(text.bytes, strlen(text.at));
        assert_int_equal(text.bytes, length > 1 ? length + 2 : 3);
        assert_int_equal(text.at[0], '<');
        assert_int_equal(text.at[text.bytes - 2], '7');
        struct str next = arena_dup(arena, STR("guard"));
        assert_int_equal(text.at[text.bytes], 0);
        assert_str(next, "guard");
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(nothing_is_asked_for_before_the_first_piece),
        cmocka_unit_test(blocks_double_to_a_mebibyte),
        cmocka_unit_test(a_cleared_arena_asks_for_nothing_again),
        cmocka_unit_test(clearing_keeps_at_most_64_kibibytes),
        cmocka_unit_test(try_refuses_to_pass_the_maximum),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(alloc_goes_over_the_maximum_and_leaves_the_arena_spent),
        cmocka_unit_test(try_without_memory_is_null_and_spends),
        cmocka_unit_test(the_newest_piece_grows_in_place),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(a_refused_growth_leaves_the_old_piece_of_the_arena),
        cmocka_unit_test(zeroed_pieces_are_zero_also_in_used_blocks),
        cmocka_unit_test(texts_have_a_zero_behind_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
