/* SPDX-License-Identifier: Apache-2.0
 *
 * What is packed comes out the same again: Snappy in both its frames, zip, gzip, at sizes around
 * their blocks.
 */
#include "base/compress.h"

#include "seeded.h"

#include "base/mem.h"

#include <snappy-c.h>
#include <string.h>
#include <zlib.h>

static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 262144, 262145, 1000000};

static struct str plain_of(size_t bytes)
{
    struct seeded seeded = {7};
    char *at = mem_alloc(bytes + 1);

    for (size_t i = 0; i < bytes; i++) {
        at[i] = (char)('a' + seeded_below(&seeded, 4));
    }
    return str_of(at, bytes);
}

static size_t number(const char *at, size_t bytes, bool big)
{
    size_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | (unsigned char)at[big ? i : bytes - 1 - i];
    }
    return value;
}

/* A packed piece is the next of plain; moves on in both. */
static void same(struct str packed, struct str plain, size_t *at)
{
    char *out = mem_alloc(256u * 1024);
    size_t bytes = 256u * 1024;

    assert_int_equal(snappy_uncompress(packed.at, packed.bytes, out, &bytes), SNAPPY_OK);
    assert_true(*at + bytes <= plain.bytes);
    assert_memory_equal(out, plain.at + *at, bytes);
    *at += bytes;
    mem_free(out);
}

static void snappy_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct str plain = plain_of(sizes[i]);
        struct buf out;
        size_t at = 10;
        size_t done = 0;

        buf_init(&out, 4u << 20);
        assert_ptr_equal(compress_add(&out, COMPRESSION_SNAPPY, plain), OK);
        assert_memory_equal(out.at, "\xff\x06\0\0sNaPpY", 10);
        while (at < out.bytes) {
            size_t bytes = number(out.at + at + 1, 3, false);

            assert_int_equal(out.at[at], 0);
            same(str_of(out.at + at + 8, bytes - 4), plain, &done);
            at += 4 + bytes;
        }
        assert_int_equal(done, plain.bytes);
        buf_done(&out);
        mem_free((void *)(uintptr_t)plain.at);
    }
}

static void hadoops_blocks_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct str plain = plain_of(sizes[i]);
        struct buf out;
        size_t done = 0;

        buf_init(&out, 4u << 20);
        assert_ptr_equal(compress_add(&out, COMPRESSION_HADOOP_SNAPPY, plain), OK);
        for (size_t at = 0; at < out.bytes;) {
            size_t bytes = number(out.at + at + 4, 4, true);

            same(str_of(out.at + at + 8, bytes), plain, &done);
            at += 8 + bytes;
        }
        assert_int_equal(done, plain.bytes);
        buf_done(&out);
        mem_free((void *)(uintptr_t)plain.at);
    }
}

static void a_zip_says_what_is_in_it(void **state)
{
    struct zip_file file = {STR("name.txt"), INT64_C(1795424709012), plain_of(1000)};
    char plain[1000];
    z_stream stream = {0};
    struct buf out;

    (void)state;
    buf_init(&out, 1u << 20);
    assert_ptr_equal(compress_zip(&out, &file), OK);
    assert_memory_equal(out.at, "PK\3\4", 4);
    assert_int_equal(number(out.at + 22, 4, false), 1000);
    assert_memory_equal(out.at + 30, "name.txt", 8);
    assert_int_equal(inflateInit2(&stream, -15), Z_OK);
    stream.next_in = (Bytef *)out.at + 38;
    stream.avail_in = (uInt)number(out.at + 18, 4, false);
    stream.next_out = (Bytef *)plain;
    stream.avail_out = sizeof(plain);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_memory_equal(plain, file.plain.at, sizeof(plain));
    assert_int_equal(inflateEnd(&stream), Z_OK);
    buf_done(&out);
    mem_free((void *)(uintptr_t)file.plain.at);
}

static void what_does_not_fit_says_so(void **state)
{
    static const enum compression kinds[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD,
                                             COMPRESSION_SNAPPY, COMPRESSION_HADOOP_SNAPPY};
    struct str plain = plain_of(100000);

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct buf out;

        buf_init(&out, 100);
        assert_ptr_equal(compress_add(&out, kinds[i], plain), &ERR_LIMIT);
        buf_done(&out);
    }
    mem_free((void *)(uintptr_t)plain.at);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(snappy_comes_back), cmocka_unit_test(hadoops_blocks_come_back),
        cmocka_unit_test(a_zip_says_what_is_in_it), cmocka_unit_test(what_does_not_fit_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
