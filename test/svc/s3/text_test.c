/* SPDX-License-Identifier: Apache-2.0
 *
 * Small things by themselves: ranges and common prefixes against tables, version ids, the cipher.
 * Links the service with its insides (svc/s3.o.all).
 */
#include "svc/s3/s3_core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static void a_range_says_where_and_how_much(void **state)
{
    static const struct {
        const char *header;    /* as sent */
        uint64_t size;         /* of the object */
        enum range_kind kind;  /* what it is */
        uint64_t offset, bytes; /* RANGE_OK */
    } rows[] = {
        {"bytes=0-0", 10, RANGE_OK, 0, 1},
        {"bytes=0-9", 10, RANGE_OK, 0, 10},
        {"bytes=0-10", 10, RANGE_OK, 0, 10},
        {"bytes=9-", 10, RANGE_OK, 9, 1},
        {"bytes=-1", 10, RANGE_OK, 9, 1},
        {"bytes=-10", 10, RANGE_OK, 0, 10},
        {"bytes=-11", 10, RANGE_OK, 0, 10},
        {"bytes= 2 - 3 ", 10, RANGE_OK, 2, 2},
        {"bytes=5-18446744073709551615", 10, RANGE_OK, 5, 5},
        {"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"", 10, RANGE_NONE, 0, 0},
        {"bytes=", 10, RANGE_NONE, 0, 0},
        {"bytes=-", 10, RANGE_NONE, 0, 0},
        {"bytes=5", 10, RANGE_NONE, 0, 0},
        {"bytes=5-4", 10, RANGE_NONE, 0, 0},
        {"bytes=0-1,3-4", 10, RANGE_NONE, 0, 0},
        {"bytes=a-b", 10, RANGE_NONE, 0, 0},
        {"bytes=1-2-3", 10, RANGE_NONE, 0, 0},
        {"items=0-1", 10, RANGE_NONE, 0, 0},
        {"bytes=18446744073709551616-", 10, RANGE_NONE, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t offset = 0;
        uint64_t bytes = 0;
        enum range_kind kind = range_read(str_c(rows[i].header), rows[i].size, &offset, &bytes);

        assert_int_equal(kind, rows[i].kind);
        if (kind == RANGE_OK) {
            assert_true(offset == rows[i].offset);
            assert_true(bytes == rows[i].bytes);
        }
    }
}

static void a_key_is_rolled_up_at_the_delimiter_behind_the_prefix(void **state)
{
    (void)state;
    assert_true(str_eq(key_rolled(STR("a/b/c"), STR(""), STR("/")), STR("a/")));
    assert_true(str_eq(key_rolled(STR("a/b/c"), STR("a/"), STR("/")), STR("a/b/")));
    assert_true(str_eq(key_rolled(STR("a/b/c"), STR("a"), STR("/")), STR("a/")));
    assert_true(str_eq(key_rolled(STR("/"), STR(""), STR("/")), STR("/")));
    assert_true(str_eq(key_rolled(STR("a--b--c"), STR("a"), STR("--")), STR("a--")));
    assert_int_equal(key_rolled(STR("a/b/c"), STR("a/b/"), STR("/")).bytes, 0);
    assert_int_equal(key_rolled(STR("abc"), STR(""), STR("/")).bytes, 0);
    assert_int_equal(key_rolled(STR("a/b"), STR(""), STR("")).bytes, 0);
}

static void version_ids_say_their_sequence_and_nothing_else_does(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    uint64_t sequence = 0;

    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t number = i * i * i * UINT64_C(0x9e3779b97f4a7c15) + i;
        struct str text = version_text(arena, number);
        char broken[VERSION_TEXT_BYTES];

        assert_true(version_text_read(text, &sequence));
        assert_true(sequence == number);
        assert_false(upload_text_read(text, &sequence));
        memcpy(broken, text.at, sizeof(broken));
        broken[i % sizeof(broken)] = broken[i % sizeof(broken)] == 'x' ? 'y' : 'x';
        assert_false(version_text_read(str_of(broken, sizeof(broken)), &sequence));
    }
    assert_false(version_text_read(STR(""), &sequence));
    assert_false(version_text_read(STR("null"), &sequence));
    arena_free(arena);
}

static void a_cipher_begins_anywhere(void **state)
{
    uint8_t key[32];
    uint8_t iv[16];
    char plain[1000];
    char whole[1000];
    char part[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (char)(i * 7);
    }
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)i;
    }
    memset(iv, 0xff, sizeof(iv)); /* so that the counter carries over all its bytes */
    cipher_bytes(key, iv, 0, str_of(plain, sizeof(plain)), whole);
    assert_memory_not_equal(plain, whole, sizeof(plain));
    for (size_t at = 0; at < sizeof(plain); at += 13) {
        size_t bytes = sizeof(plain) - at;

        cipher_bytes(key, iv, at, str_of(plain + at, bytes), part);
        assert_memory_equal(part, whole + at, bytes);
        cipher_bytes(key, iv, at, str_of(whole + at, bytes), part);
        assert_memory_equal(part, plain + at, bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_says_where_and_how_much),
        cmocka_unit_test(a_key_is_rolled_up_at_the_delimiter_behind_the_prefix),
        cmocka_unit_test(version_ids_say_their_sequence_and_nothing_else_does),
        cmocka_unit_test(a_cipher_begins_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
