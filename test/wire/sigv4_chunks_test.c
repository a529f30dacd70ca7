/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that chunked bodies are taken off as S3 documents them: its published examples, whole,
 * byte by byte and in random pieces, with and without signatures to check; that nothing changed
 * gets through, and that sizes have limits.
 */
#include "signed.h"

#define S3_SECRET STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

#define CHUNK_1 "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
#define CHUNK_2 "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
#define CHUNK_3 "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
#define S3_CHUNKED_AUTH(signed, signature)                                                         \
    "\nauthorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"      \
    "aws4_request,SignedHeaders=" signed ",Signature=" signature
#define S3_CHUNKED_HEADERS(hash, length)                                                           \
    "host:s3.amazonaws.com\nx-amz-date:20130524T000000Z\n"                                         \
    "x-amz-storage-class:REDUCED_REDUNDANCY\nx-amz-content-sha256:" hash                           \
    "\ncontent-encoding:aws-chunked\nx-amz-decoded-content-length:66560" length

static const struct sent chunked = {
    "PUT", "/examplebucket/chunkObject.txt",
    S3_CHUNKED_HEADERS("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "\ncontent-length:66824")
        S3_CHUNKED_AUTH("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                        "x-amz-decoded-content-length;x-amz-storage-class",
                        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
    NULL};
static const struct sent chunked_trailer = {
    "PUT", "/examplebucket/chunkObject.txt",
    S3_CHUNKED_HEADERS("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                       "\nx-amz-trailer:x-amz-checksum-crc32c")
        S3_CHUNKED_AUTH("content-encoding;host;x-amz-content-sha256;x-amz-date;"
                        "x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
                        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
    NULL};

/* Checks a head and begins with its chunks. */
static struct sigv4_chunks *chunks_of(const struct sent *sent, bool with_seed)
{
    struct http_request request = request_of(sent);
    struct sigv4 sigv4;
    struct sigv4_seed seed;

    assert_ptr_equal(sigv4_read(&request, arena, &why, &sigv4), OK);
    assert_ptr_equal(sigv4_check(&sigv4, &request, S3_SECRET, moment_of("20130524T000000Z"), keys,
                                 arena, &why, &seed),
                     OK);
    return sigv4_chunks_new(&sigv4, with_seed ? &seed : NULL);
}

static status take(void *arg, struct str plain)
{
    buf_add(arg, plain);
    return OK;
}

static status refuse(void *arg, struct str plain)
{
    (void)arg;
    (void)plain;
    return &ERR_FULL;
}

/* The three chunks of AWS's example: 65536, 1024 and 0 bytes. */
static void write_chunks(struct buf *body, const char *const signatures[3])
{
    static const size_t sizes[3] = {65536, 1024, 0};

    for (size_t i = 0; i < 3; i++) {
        buf_printf(body, "%zx", sizes[i]);
        if (signatures != NULL) {
            buf_printf(body, ";chunk-signature=%s", signatures[i]);
        }
        buf_add(body, STR("\r\n"));
        if (sizes[i] > 0) {
            memset(buf_reserve(body, sizes[i]), 'a', sizes[i]);
            buf_used(body, sizes[i]);
            buf_add(body, STR("\r\n"));
        }
    }
}

/* Feeds in pieces of 1 to step bytes; 0 feeds it whole. */
static status feed(struct sigv4_chunks *chunks, struct str body, size_t step, struct buf *plain)
{
    uint32_t seed = 1;

    for (size_t at = 0; at < body.bytes;) {
        size_t bytes = step == 0 ? body.bytes : 1 + (seed = seed * 1664525 + 1013904223) % step;
        struct str piece = str_slice(body, at, at + bytes);
        status s = sigv4_chunks_feed(chunks, piece, take, plain, &why);
        if (s != OK) {
            return s;
        }
        at += piece.bytes;
    }
    return OK;
}

static void assert_plain(const struct buf *plain)
{
    assert_int_equal(plain->bytes, 66560);
    for (size_t i = 0; i < plain->bytes; i++) {
        assert_int_equal(plain->at[i], 'a');
    }
}

static const char *const chunk_signatures[3] = {CHUNK_1, CHUNK_2, CHUNK_3};
static const char *const trailer_signatures[3] = {
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
};
#define TRAILER "x-amz-checksum-crc32c:sOO8/Q=="
#define TRAILER_SIGNATURE                                                                          \
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"

static void takes_the_published_chunks_in_any_pieces(void **state)
{
    static const size_t steps[] = {0, 1, 3, 100, 9000, 70000};
    struct buf body;
    struct buf plain;

    (void)state;
    buf_init(&body, 1u << 20);
    buf_init(&plain, 1u << 20);
    write_chunks(&body, chunk_signatures);
    buf_add(&body, STR("\r\n"));
    assert_int_equal(body.bytes, 66824);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (int with_seed = 0; with_seed < 2; with_seed++) {
            struct sigv4_chunks *chunks = chunks_of(&chunked, with_seed == 1);
            buf_clear(&plain);
            assert_ptr_equal(feed(chunks, str_slice(buf_str(&body), 0, body.bytes - 1), steps[i],
                                  &plain),
                             OK);
            assert_false(sigv4_chunks_done(chunks));
            assert_ptr_equal(feed(chunks, STR("\n"), 0, &plain), OK);
            assert_true(sigv4_chunks_done(chunks));
            assert_plain(&plain);
            sigv4_chunks_free(chunks);
        }
    }
    buf_done(&body);
    buf_done(&plain);
}

static void takes_the_published_trailer(void **state)
{
    static const char *const ends[] = {
        TRAILER "\r\n" TRAILER_SIGNATURE "\r\n\r\n",
        TRAILER "\n\r\n" TRAILER_SIGNATURE "\r\n\r\n", /* as some clients have it */
        "X-Amz-Checksum-CRC32C: sOO8/Q== \r\n" TRAILER_SIGNATURE "\r\n\r\n\r\n",
        "\r\n" TRAILER "\r\n" TRAILER_SIGNATURE "\r\n",
    };
    const struct http_header *trailers;
    struct buf body;
    struct buf plain;

    (void)state;
    buf_init(&body, 1u << 20);
    buf_init(&plain, 1u << 20);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        for (size_t step = 0; step < 3; step++) {
            struct sigv4_chunks *chunks = chunks_of(&chunked_trailer, step != 2);
            buf_clear(&body);
            buf_clear(&plain);
            write_chunks(&body, trailer_signatures);
            buf_add(&body, str_c(ends[i]));
            assert_ptr_equal(feed(chunks, buf_str(&body), step, &plain), OK);
            assert_true(sigv4_chunks_done(chunks));
            assert_plain(&plain);
            assert_int_equal(sigv4_chunks_trailers(chunks, &trailers), 1);
            assert_true(str_eq(trailers[0].name, STR("x-amz-checksum-crc32c")));
            assert_true(str_eq(trailers[0].value, STR("sOO8/Q==")));
            sigv4_chunks_free(chunks);
        }
    }
    buf_done(&body);
    buf_done(&plain);
}

static struct sigv4_chunks *unsigned_chunks(void)
{
    struct sigv4 sigv4 = {.payload = PAYLOAD_CHUNKED_UNSIGNED_TRAILER};

    return sigv4_chunks_new(&sigv4, NULL);
}

static void takes_unsigned_chunks_with_and_without_a_trailer(void **state)
{
    static const struct {
        const char *body, *plain;
        size_t trailers;
    } cases[] = {
        {"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "hello", 1},
        {"1\r\na\r\nB\r\nbcdefghijkl\r\n0\r\na:b\r\nc:d\r\n\r\n", "abcdefghijkl", 2},
        {"0\r\n\r\n", "", 0},
        {"2;ext=1\nab\n0\n\n", "ab", 0},
    };
    const struct http_header *trailers;
    struct buf plain;

    (void)state;
    buf_init(&plain, 4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t step = 0; step < 4; step++) {
            struct sigv4_chunks *chunks = unsigned_chunks();
            buf_clear(&plain);
            assert_ptr_equal(feed(chunks, str_c(cases[i].body), step, &plain), OK);
            assert_true(sigv4_chunks_done(chunks));
            assert_true(str_eq(buf_str(&plain), str_c(cases[i].plain)));
            assert_int_equal(sigv4_chunks_trailers(chunks, &trailers), cases[i].trailers);
            sigv4_chunks_free(chunks);
        }
    }
    buf_done(&plain);
}

static void refuses_chunks_that_are_none(void **state)
{
    static const char *const bad[] = {
        "x\r\n",  "\r\n",       "-1\r\na\r\n",  "5\r\nhello!\r\n", "00000000000000001\r\n",
        "1\r\nab\r\n", "0\r\nno colon\r\n", "0\r\n:v\r\n", "0\r\n\r\nmore", "1 1\r\na",
    };
    static const struct {
        const char *bytes;
        size_t count;
    } endless[] = {{"1", 2000}, {"0\r\n", 1}};
    struct buf plain;

    (void)state;
    buf_init(&plain, 4096);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sigv4_chunks *chunks = unsigned_chunks();
        assert_ptr_equal(feed(chunks, str_c(bad[i]), 0, &plain), &SIGV4_S3_BODY);
        sigv4_chunks_free(chunks);
    }
    struct sigv4_chunks *chunks = unsigned_chunks();
    status s = OK;
    for (size_t i = 0; i < endless[0].count && s == OK; i++) {
        s = feed(chunks, str_c(endless[0].bytes), 0, &plain);
    }
    assert_ptr_equal(s, &ERR_LIMIT);
    sigv4_chunks_free(chunks);
    chunks = unsigned_chunks();
    assert_ptr_equal(feed(chunks, STR("80000000001\r\n"), 0, &plain), &ERR_LIMIT);
    sigv4_chunks_free(chunks);
    chunks = unsigned_chunks();
    s = feed(chunks, str_c(endless[1].bytes), 0, &plain);
    for (size_t i = 0; i < 20 && s == OK; i++) {
        s = feed(chunks, STR("a:b\r\n"), 0, &plain);
    }
    assert_ptr_equal(s, &ERR_LIMIT);
    sigv4_chunks_free(chunks);
    chunks = unsigned_chunks();
    assert_ptr_equal(sigv4_chunks_feed(chunks, STR("1\r\na"), refuse, NULL, &why), &ERR_FULL);
    sigv4_chunks_free(chunks);
    sigv4_chunks_free(NULL);
    buf_done(&plain);
}

static void a_chunk_that_was_changed_reaches_nobody(void **state)
{
    struct buf body;
    struct buf plain;
    static const struct {
        size_t at;   /* in the body */
        size_t sure; /* bytes handed over before it is noticed */
    } places[] = {{30, 0}, {100, 0}, {65596, 0}, {65700, 65536}, {65736, 65536}, {66800, 66560}};

    (void)state;
    buf_init(&body, 1u << 20);
    buf_init(&plain, 1u << 20);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct sigv4_chunks *chunks = chunks_of(&chunked, true);
        buf_clear(&body);
        buf_clear(&plain);
        write_chunks(&body, chunk_signatures);
        buf_add(&body, STR("\r\n"));
        body.at[places[i].at] = body.at[places[i].at] == '0' ? '1' : '0';
        assert_ptr_equal(feed(chunks, buf_str(&body), 0, &plain), &SIGV4_MISMATCH);
        assert_int_equal(plain.bytes, places[i].sure);
        assert_false(sigv4_chunks_done(chunks));
        sigv4_chunks_free(chunks);
    }
    buf_done(&body);
    buf_done(&plain);
}

static void a_trailer_that_was_changed_is_a_mismatch(void **state)
{
    static const char *const ends[] = {
        "x-amz-checksum-crc32c:sOO8/R==\r\n" TRAILER_SIGNATURE "\r\n\r\n",
        TRAILER "\r\nx-other:1\r\n" TRAILER_SIGNATURE "\r\n\r\n",
        TRAILER_SIGNATURE "\r\n\r\n",
        TRAILER "\r\nx-amz-trailer-signature:d81f\r\n\r\n",
    };
    struct buf body;
    struct buf plain;

    (void)state;
    buf_init(&body, 1u << 20);
    buf_init(&plain, 1u << 20);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct sigv4_chunks *chunks = chunks_of(&chunked_trailer, true);
        buf_clear(&body);
        buf_clear(&plain);
        write_chunks(&body, trailer_signatures);
        buf_add(&body, str_c(ends[i]));
        assert_ptr_equal(feed(chunks, buf_str(&body), 0, &plain), &SIGV4_MISMATCH);
        assert_false(sigv4_chunks_done(chunks));
        sigv4_chunks_free(chunks);
    }
    buf_done(&body);
    buf_done(&plain);
}

static void a_trailer_without_its_signature_has_no_end(void **state)
{
    struct sigv4_chunks *chunks = chunks_of(&chunked_trailer, true);
    struct buf body;
    struct buf plain;

    (void)state;
    buf_init(&body, 1u << 20);
    buf_init(&plain, 1u << 20);
    write_chunks(&body, trailer_signatures);
    buf_add(&body, STR(TRAILER "\r\n\r\n\r\n"));
    assert_ptr_equal(feed(chunks, buf_str(&body), 0, &plain), OK);
    assert_false(sigv4_chunks_done(chunks));
    assert_ptr_equal(feed(chunks, STR(TRAILER_SIGNATURE "\r\nmore:1\r\n"), 0, &plain),
                     &SIGV4_S3_BODY);
    sigv4_chunks_free(chunks);
    buf_done(&body);
    buf_done(&plain);
}

static void signed_chunks_have_a_least_and_a_largest_size(void **state)
{
    struct sigv4_chunks *chunks = chunks_of(&chunked, true);
    struct buf plain;

    (void)state;
    buf_init(&plain, 4096);
    assert_ptr_equal(feed(chunks, STR("1000001;chunk-signature=" CHUNK_1 "\r\n"), 0, &plain),
                     &ERR_LIMIT);
    sigv4_chunks_free(chunks);
    chunks = chunks_of(&chunked, true);
    assert_ptr_equal(feed(chunks, STR("10000\r\n"), 0, &plain), &SIGV4_MISMATCH);
    sigv4_chunks_free(chunks);
    buf_done(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_published_chunks_in_any_pieces),
        cmocka_unit_test(takes_the_published_trailer),
        cmocka_unit_test(takes_unsigned_chunks_with_and_without_a_trailer),
        cmocka_unit_test(refuses_chunks_that_are_none),
        cmocka_unit_test(a_chunk_that_was_changed_reaches_nobody),
        cmocka_unit_test(a_trailer_that_was_changed_is_a_mismatch),
        cmocka_unit_test(a_trailer_without_its_signature_has_no_end),
        cmocka_unit_test(signed_chunks_have_a_least_and_a_largest_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
