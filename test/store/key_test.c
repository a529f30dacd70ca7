/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys sort as their parts do, whatever bytes are in them, and come apart into the same parts.
 */
#include "store/key.h"

#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Two texts with a number between them. */
struct tuple {
    struct str first;  /* any bytes */
    uint64_t number;   /* any number */
    struct str second; /* any bytes */
};

static struct str text_of(struct arena *arena, struct rand *rand)
{
    static const char bytes[] = {0, 1, 2, 5, 'a', 'b', (char)0xfe, (char)0xff};
    size_t count = (size_t)rand_below(rand, 5);
    char *at = arena_alloc(arena, count + 1);

    for (size_t i = 0; i < count; i++) {
        at[i] = bytes[rand_below(rand, sizeof(bytes))];
    }
    return str_of(at, count);
}

static struct tuple tuple_of(struct arena *arena, struct rand *rand)
{
    struct tuple tuple;

    tuple.first = text_of(arena, rand);
    tuple.number = rand_u64(rand) >> rand_below(rand, 64);
    tuple.second = text_of(arena, rand);
    return tuple;
}

static struct str key_made(struct arena *arena, const struct tuple *tuple)
{
    struct key key = key_of(arena, "test");

    key_str(&key, tuple->first);
    key_u64(&key, tuple->number);
    key_str(&key, tuple->second);
    return key_end(&key);
}

static int compare(const struct tuple *a, const struct tuple *b)
{
    int order = str_cmp(a->first, b->first);

    if (order == 0 && a->number != b->number) {
        order = a->number < b->number ? -1 : 1;
    }
    return order != 0 ? order : str_cmp(a->second, b->second);
}

static int sign(int number)
{
    return number < 0 ? -1 : number > 0;
}

static void keys_sort_as_their_parts(void **state)
{
    struct arena *arena = arena_new(1u << 26);
    struct rand rand;

    (void)state;
    rand_init(&rand, 1);
    for (int i = 0; i < 20000; i++) {
        struct tuple a = tuple_of(arena, &rand);
        struct tuple b = tuple_of(arena, &rand);

        if (i % 2 == 0) {
            b.first = a.first;
        }
        assert_int_equal(sign(str_cmp(key_made(arena, &a), key_made(arena, &b))),
                         sign(compare(&a, &b)));
    }
    arena_free(arena);
}

static void keys_come_apart_again(void **state)
{
    struct arena *arena = arena_new(1u << 26);
    struct rand rand;

    (void)state;
    rand_init(&rand, 2);
    for (int i = 0; i < 5000; i++) {
        struct tuple a = tuple_of(arena, &rand);
        struct key_reader reader = {key_made(arena, &a)};
        struct str part = STR_NONE;
        uint64_t number = 0;

        assert_true(key_read_str(&reader, arena, &part));
        assert_true(str_eq(part, STR("test")));
        assert_false(key_read_u64(&reader, &number)); /* another kind comes next */
        assert_true(key_read_str(&reader, arena, &part));
        assert_true(str_eq(part, a.first));
        assert_false(key_read_str(&reader, arena, &part));
        assert_true(key_read_u64(&reader, &number));
        assert_int_equal(number, a.number);
        assert_true(key_read_str(&reader, arena, &part));
        assert_true(str_eq(part, a.second));
        assert_int_equal(reader.rest.bytes, 0);
        assert_false(key_read_str(&reader, arena, &part));
        assert_false(key_read_u64(&reader, &number));
    }
    arena_free(arena);
}

static void the_bytes_are_as_stated(void **state)
{
    static const char expected[] = "\x02s3\0\0\x02" "a\0\xff" "b\0\0\x05\0\0\0\0\0\0\x01\x02";
    struct arena *arena = arena_new(1u << 16);
    struct key key = key_of(arena, "s3");

    (void)state;
    key_str(&key, str_of("a\0b", 3));
    key_u64(&key, 0x102);
    assert_int_equal(key_end(&key).bytes, sizeof(expected) - 1);
    assert_memory_equal(key_end(&key).at, expected, sizeof(expected) - 1);
    arena_free(arena);
}

static void a_prefix_covers_exactly_its_keys(void **state)
{
    struct arena *arena = arena_new(1u << 26);
    struct rand rand;

    (void)state;
    rand_init(&rand, 3);
    for (int i = 0; i < 20000; i++) {
        struct tuple a = tuple_of(arena, &rand);
        struct tuple b = tuple_of(arena, &rand);
        struct key prefix = key_of(arena, "test");
        struct str whole = key_made(arena, &b);
        bool within = false;

        if (i % 4 == 0) {
            a.first = b.first;
        }
        key_str(&prefix, a.first);
        within = str_cmp(whole, key_end(&prefix)) >= 0 &&
                 str_cmp(whole, key_after_prefix(arena, key_end(&prefix))) < 0;
        assert_int_equal(within, str_starts(whole, key_end(&prefix)));
        assert_int_equal(within, str_eq(a.first, b.first));
    }
    assert_true(str_eq(key_after_prefix(arena, STR("a\xff\xff")), STR("b")));
    arena_free(arena);
}

static void broken_keys_are_not_read(void **state)
{
    static const struct str broken[] = {
        STR_INIT(""),
        STR_INIT("\x02"),
        STR_INIT("\x02" "ab"),
        STR_INIT("\x02" "ab\0"),
        STR_INIT("\x02" "ab\0\x01\0\0"),
        STR_INIT("\x02" "ab\0\xff"),
        STR_INIT("\x05\0\0\0\0\0\0\0"),
        STR_INIT("\x03" "ab\0\0"),
    };
    struct arena *arena = arena_new(1u << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct key_reader reader = {broken[i]};
        struct str part = STR("untouched");
        uint64_t number = 7;

        assert_false(key_read_str(&reader, arena, &part));
        assert_false(key_read_u64(&reader, &number));
        assert_true(str_eq(part, STR("untouched")));
        assert_int_equal(number, 7);
        assert_true(str_eq(reader.rest, broken[i]));
    }
    arena_free(arena);
}

static void long_keys_grow(void **state)
{
    static char text[4000];
    struct arena *arena = arena_new(1u << 20);
    struct key key = key_of(arena, "test");
    struct key_reader reader;
    struct str part = STR_NONE;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)i; /* every sixteenth of a kilobyte a zero */
    }
    key_str(&key, str_of(text, sizeof(text)));
    key_str(&key, str_of(text, sizeof(text)));
    reader.rest = key_end(&key);
    assert_true(key_read_str(&reader, arena, &part));
    for (int i = 0; i < 2; i++) {
        assert_true(key_read_str(&reader, arena, &part));
        assert_true(str_eq(part, str_of(text, sizeof(text))));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_sort_as_their_parts),
        cmocka_unit_test(keys_come_apart_again),
        cmocka_unit_test(the_bytes_are_as_stated),
        cmocka_unit_test(a_prefix_covers_exactly_its_keys),
        cmocka_unit_test(broken_keys_are_not_read),
        cmocka_unit_test(long_keys_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
