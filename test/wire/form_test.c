/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that a posted form is taken apart as RFC 7578 and S3 have it, the same however it is cut
 * into pieces, and that what is none, or too much, is refused.
 */
#include "base/buf.h"
#include "wire/form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TYPE STR("multipart/form-data; boundary=XyZ")

static struct why why;

/* What a sink has seen. */
struct seen {
    struct buf content; /* of the file */
    int begun;          /* how often */
    status says;        /* what begun answers */
};

static status begun(void *arg, struct why *w)
{
    struct seen *seen = arg;

    (void)w;
    seen->begun++;
    return seen->says;
}

static status content(void *arg, struct str piece)
{
    struct seen *seen = arg;

    assert_true(piece.bytes > 0);
    assert_int_equal(seen->begun, 1);
    buf_add(&seen->content, piece);
    return OK;
}

/* Feeds text in pieces of that size; ends it when all was taken. */
static status feed(struct form *form, struct str text, size_t piece, struct seen *seen)
{
    struct form_sink sink = {begun, content, seen};
    status fed = OK;

    for (size_t at = 0; fed == OK && at < text.bytes; at += piece) {
        fed = form_feed(form, str_slice(text, at, at + piece), &sink, &why);
    }
    return fed == OK ? form_end(form, &why) : fed;
}

static status feed_whole(struct str type, struct str text)
{
    struct form *form = form_new(type);
    struct seen seen = {.begun = 0};
    status fed;

    buf_init(&seen.content, 1u << 20);
    fed = feed(form, text, text.bytes > 0 ? text.bytes : 1, &seen);
    buf_done(&seen.content);
    form_free(form);
    return fed;
}

#define FIELD(name, value) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_HEAD                                                                                  \
    "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\\\a b\\\\c.txt\"\r\n"           \
    "Content-Type: text/plain\r\n\r\n"

static const char whole[] = "a preamble\r\n--XyZ\r\n" FIELD("Key", "card/${filename}") "--XyZ  \r\n"
    FIELD("empty", "") "--XyZ\r\n" FIELD("lines", "a\r\nb\r\n--Xy\r\n\r\n") "--XyZ\r\n" FILE_HEAD
    "\r\r\n--XyY\r\n-\r\n--\r--XyZ\r\n--XyZ\r\n" FIELD("submit", "Upload") "--XyZ--\r\nan epilogue";

static void a_form_is_the_same_in_every_split(void **state)
{
    struct str text = str_c(whole);

    (void)state;
    for (size_t piece = 1; piece <= text.bytes; piece++) {
        struct form *form = form_new(TYPE);
        struct seen seen = {.begun = 0};
        const struct http_header *fields;

        buf_init(&seen.content, 1u << 20);
        assert_ptr_equal(feed(form, text, piece, &seen), OK);
        assert_int_equal(form_fields(form, &fields), 3);
        assert_true(str_eq(fields[0].name, STR("key")));
        assert_true(str_eq(fields[0].value, STR("card/${filename}")));
        assert_true(str_eq(fields[1].name, STR("empty")));
        assert_int_equal(fields[1].value.bytes, 0);
        assert_true(str_eq(fields[2].value, STR("a\r\nb\r\n--Xy\r\n\r\n")));
        assert_true(str_eq(form_filename(form), STR("c.txt")));
        assert_true(str_eq(buf_str(&seen.content), STR("\r\r\n--XyY\r\n-\r\n--\r--XyZ")));
        buf_done(&seen.content);
        form_free(form);
    }
}

static void boundaries_may_be_quoted(void **state)
{
    (void)state;
    assert_ptr_equal(feed_whole(STR("multipart/form-data; charset=utf-8; boundary=\"X; y\\\"Z\""),
                                STR("--X; y\"Z\r\n" FILE_HEAD "x\r\n--X; y\"Z--")),
                     OK);
}

static void what_is_no_form_is_refused(void **state)
{
    static const struct {
        struct str type; /* content type */
        struct str text; /* body */
    } bad[] = {
        {STR_INIT("multipart/form-data"), STR_INIT("--XyZ--")},
        {STR_INIT("multipart/form-data; boundary="), STR_INIT("----")},
        {STR_INIT("multipart/form-data; boundary=XyZ"), STR_INIT("")},
        {STR_INIT("multipart/form-data; boundary=XyZ"), STR_INIT("key=value")},
        {STR_INIT("multipart/form-data; boundary=XyZ"), STR_INIT("--XyZ more\r\n")},
        {STR_INIT("multipart/form-data; boundary=XyZ"), STR_INIT("--XyZ\r\n\r\nx\r\n--XyZ--")},
        {STR_INIT("multipart/form-data; boundary=XyZ"), STR_INIT("--XyZ\r\n" FILE_HEAD "x")},
        {STR_INIT("multipart/form-data; boundary=XyZ"),
         STR_INIT("--XyZ\r\n" FILE_HEAD "x\r\n--XyZ\r\n")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_ptr_equal(feed_whole(bad[i].type, bad[i].text), &FORM_MALFORMED);
    }
}

static void there_is_one_file(void **state)
{
    (void)state;
    assert_ptr_equal(feed_whole(TYPE, STR("--XyZ\r\n" FIELD("key", "k") "--XyZ--")),
                     &FORM_FILE_COUNT);
    assert_ptr_equal(feed_whole(TYPE, STR("--XyZ\r\n" FILE_HEAD "x\r\n--XyZ\r\n" FILE_HEAD
                                          "y\r\n--XyZ--")),
                     &FORM_FILE_COUNT);
}

static void fields_have_limits(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_add(&text, STR("--XyZ\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n"));
    for (size_t i = 0; i <= FORM_BYTES_MAX; i++) {
        buf_add_c(&text, 'x');
    }
    assert_ptr_equal(feed_whole(TYPE, buf_str(&text)), &FORM_TOO_LARGE);
    buf_clear(&text);
    buf_add(&text, STR("--XyZ\r\n"));
    for (size_t i = 0; i <= FORM_FIELDS_MAX; i++) {
        buf_add(&text, STR(FIELD("x-ignore", "") "--XyZ\r\n"));
    }
    assert_ptr_equal(feed_whole(TYPE, buf_str(&text)), &FORM_TOO_LARGE);
    buf_clear(&text);
    buf_add(&text, STR("--XyZ\r\nx: "));
    for (size_t i = 0; i < 8192; i++) {
        buf_add_c(&text, 'x');
    }
    assert_ptr_equal(feed_whole(TYPE, buf_str(&text)), &FORM_MALFORMED);
    buf_done(&text);
}

static void what_the_sink_says_ends_it(void **state)
{
    struct form *form = form_new(TYPE);
    struct seen seen = {.says = &ERR_FULL};

    (void)state;
    buf_init(&seen.content, 1024);
    assert_ptr_equal(feed(form, STR("--XyZ\r\n" FILE_HEAD "x\r\n--XyZ--"), 1, &seen), &ERR_FULL);
    assert_int_equal(seen.content.bytes, 0);
    buf_done(&seen.content);
    form_free(form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_the_same_in_every_split),
        cmocka_unit_test(boundaries_may_be_quoted),
        cmocka_unit_test(what_is_no_form_is_refused),
        cmocka_unit_test(there_is_one_file),
        cmocka_unit_test(fields_have_limits),
        cmocka_unit_test(what_the_sink_says_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
