/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the chunked reader: a table of bodies, each read whole, byte by byte and in every cut.
 */
#include "net/http1_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Reads in two pieces cut at cut (and byte by byte when that is 0); false when refused. */
static bool read_cut(struct str text, size_t cut, struct buf *ret_body, bool *ret_done,
                     size_t *ret_read)
{
    struct chunk_reader reader = {.state = CHUNK_SIZE};
    size_t at = 0;
    bool fine = true;

    while (at < text.bytes && reader.state != CHUNK_DONE) {
        size_t end = cut == 0 ? at + 1 : at < cut ? cut : text.bytes;
        struct str data;

        at += chunk_read(&reader, str_slice(text, at, end), &data, &fine);
        if (!fine) {
            return false;
        }
        buf_add(ret_body, data);
    }
    *ret_done = reader.state == CHUNK_DONE;
    *ret_read = at;
    return true;
}

static const struct {
    const char *text;
    const char *body; /* NULL: refused */
} table[] = {
    {"0\r\n\r\n", ""},
    {"5\r\nhello\r\n0\r\n\r\n", "hello"},
    {"1\r\na\r\n2\r\nbc\r\n00a\r\n0123456789\r\n000\r\n\r\n", "abc0123456789"},
    {"A;x=\"y\";z\r\n0123456789\r\n0;last\r\n\r\n", "0123456789"},
    {"3\r\n\r\n0\r\n0\r\nTrailer: one\r\nX-Two:\r\n\r\n", "\r\n0"},
    {"\r\n\r\n", NULL},
    {"g\r\n", NULL},
    {"0x1\r\na\r\n0\r\n\r\n", NULL},
    {"-1\r\n", NULL},
    {"+1\r\na\r\n", NULL},
    {" 1\r\na\r\n", NULL},
    {"1 \r\na\r\n", NULL},
    {"1\na\r\n0\r\n\r\n", NULL},
    {"1\r\na\n0\r\n\r\n", NULL},
    {"1\r\nab\r\n0\r\n\r\n", NULL},
    {"1\r\na\r0\r\n\r\n", NULL},
    {"1;\n\r\na\r\n", NULL},
    {"1;a\x01\r\na\r\n", NULL},
    {"1;a\rb\r\na\r\n", NULL},
    {"0\r\n\n", NULL},
    {"0\r\nnot a trailer\r\n\r\n", NULL},
    {"0\r\n: no name\r\n\r\n", NULL},
    {"0\r\nA : b\r\n\r\n", NULL},
    {"0\r\nA: b\n\r\n", NULL},
    {"0\r\nA: b\r\n c\r\n\r\n", NULL},
    {"0\r\n\rx", NULL},
    {"1000000000000000\r\n", NULL},
    {"ffffffffffffffffffff\r\n", NULL},
};

static void every_body_of_the_table_is_read_alike_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct str text = str_c(table[i].text);

        for (size_t cut = 0; cut <= text.bytes; cut++) {
            struct buf body;
            bool done = false;
            size_t read = 0;
            bool fine;

            buf_init(&body, 4096);
            fine = read_cut(text, cut, &body, &done, &read);
            if (fine != (table[i].body != NULL)) {
                fail_msg("%s: %s", fine ? "taken" : "refused", table[i].text);
            }
            if (fine) {
                assert_true(done);
                assert_int_equal(read, text.bytes);
                assert_true(str_eq(buf_str(&body), str_c(table[i].body)));
            }
            buf_done(&body);
        }
    }
}

static void what_follows_the_body_is_left(void **state)
{
    struct buf body;
    bool done = false;
    size_t read = 0;

    (void)state;
    buf_init(&body, 4096);
    assert_true(read_cut(STR("1\r\na\r\n0\r\n\r\nGET /"), 1000, &body, &done, &read));
    assert_true(done);
    assert_int_equal(read, 11);
    buf_done(&body);
}

static void extensions_and_trailers_have_an_end(void **state)
{
    static const char *const starts[] = {"1;", "0\r\nA:"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct chunk_reader reader = {.state = CHUNK_SIZE};
        struct str data;
        bool fine = true;
        size_t count = 0;

        (void)chunk_read(&reader, str_c(starts[i]), &data, &fine);
        assert_true(fine);
        while (fine && count < 100000) {
            (void)chunk_read(&reader, STR("a"), &data, &fine);
            count++;
        }
        assert_in_range(count, 1000, 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_body_of_the_table_is_read_alike_in_every_cut),
        cmocka_unit_test(what_follows_the_body_is_left),
        cmocka_unit_test(extensions_and_trailers_have_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
