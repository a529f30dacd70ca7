/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies on their way in: small ones stay in memory, large ones become blobs, chunks are taken off,
 * sums are right, and whatever goes wrong leaves no blob behind.
 */
#include "door_fixture.h"

#include "base/codec.h"
#include "base/digest.h"
#include "cell/cipher.h"
#include "sys/rand.h"

#define LARGE_BYTES (3u * 1024 * 1024 + 17)

/* What PutObject saw. */
static struct {
    int calls;
    uint64_t sizes[8]; /* of the calls, in order */
    bool inline_bytes;
    char blob[BLOB_ID_BYTES + 1];
    uint64_t size;
    uint8_t md5[16];
    enum checksum_kind kind;
    bool kind_asked;
    uint8_t sum[CHECKSUM_BYTES_MAX];
    char sent[80];
    bool enciphered;
    struct call_cipher cipher;
    bool good_content;
} seen;

static char *content; /* LARGE_BYTES of it */
static bool publish;

static status put_object(struct call *c)
{
    const struct call_body *body = c->body;

    assert_non_null(body);
    seen.sizes[seen.calls++ % 8] = body->size;
    seen.inline_bytes = body->blob.bytes == 0;
    seen.size = body->size;
    seen.kind = body->kind;
    seen.kind_asked = body->kind_asked;
    memcpy(seen.md5, body->md5, 16);
    memcpy(seen.sum, body->sum, checksum_bytes(body->kind));
    snprintf(seen.sent, sizeof(seen.sent), "%.*s", STR_ARG(body->sum_sent));
    if (seen.inline_bytes) {
        seen.good_content = body->bytes.bytes == body->size &&
                            memcmp(body->bytes.at, content, body->size) == 0;
    } else {
        snprintf(seen.blob, sizeof(seen.blob), "%.*s", STR_ARG(body->blob));
        seen.enciphered = body->cipher != NULL;
        if (seen.enciphered) {
            seen.cipher = *body->cipher;
        }
        if (publish) {
            txn_blob_keep(c->txn, body->blob);
        }
    }
    put_str(c, "ETag", STR("\"x\""));
    return OK;
}

static const struct op ops[] = {{"PutObject", put_object}};
static const struct service s3 = {.id = "s3", .ops = ops, .op_count = 1};
static const struct service *const services[] = {&s3, NULL};

static int set_up(void **state)
{
    static struct fixture f;
    struct rand rand;

    f = (struct fixture){.disk = faulty_new(1)};
    fixture_open(&f, services, false);
    content = mem_alloc(LARGE_BYTES);
    rand_init(&rand, 7);
    rand_fill(&rand, content, LARGE_BYTES);
    memset(&seen, 0, sizeof(seen));
    publish = true;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    faulty_free(f->disk);
    mem_free(content);
    return 0;
}

static void say_text(struct fixture *f, const char *text)
{
    say(f, str_c(text));
}

static void put_head(struct fixture *f, const char *fields, size_t bytes)
{
    char head[2048];

    snprintf(head, sizeof(head),
             "PUT /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\n%scontent-length: %zu\r\n\r\n",
             fields, bytes);
    say_text(f, head);
}

static void put_plain(struct fixture *f, const char *fields, size_t bytes)
{
    put_head(f, fields, bytes);
    say(f, str_of(content, bytes));
}

/* Blobs on the disk, good or not. */
static void count_blob(void *arg, struct str id, bool good)
{
    size_t *count = arg;

    (void)id;
    assert_true(good);
    (*count)++;
}

static size_t blob_count(struct fixture *f)
{
    size_t count = 0;

    settle(f);
    assert_ptr_equal(blobs_each(store_blobs(f->store), true, count_blob, &count), OK);
    return count;
}

static void assert_blob_is_content(struct fixture *f, size_t bytes)
{
    struct blob *blob;
    char *read = mem_alloc(bytes + 1);
    size_t got = 0;

    assert_ptr_equal(blob_open(store_blobs(f->store), str_c(seen.blob), &blob), OK);
    assert_int_equal(blob_bytes(blob), bytes);
    assert_ptr_equal(blob_read(blob, 0, read, bytes, &got), OK);
    assert_int_equal(got, bytes);
    if (seen.enciphered) {
        struct cipher_run *run = cipher_begin(&seen.cipher, 0);

        assert_memory_not_equal(read, content, bytes);
        cipher_apply(run, read, bytes);
        cipher_end(run);
    }
    assert_memory_equal(read, content, bytes);
    blob_close(blob);
    mem_free(read);
}

static void assert_sums(size_t bytes, enum checksum_kind kind)
{
    uint8_t want[CHECKSUM_BYTES_MAX];
    struct checksum sum;

    md5(str_of(content, bytes), want);
    assert_memory_equal(seen.md5, want, 16);
    assert_int_equal(seen.kind, kind);
    checksum_begin(&sum, kind);
    checksum_add(&sum, str_of(content, bytes));
    checksum_end(&sum, want);
    assert_memory_equal(seen.sum, want, checksum_bytes(kind));
}

static void a_small_body_stays_in_memory(void **state)
{
    struct fixture *f = *state;

    put_plain(f, "", 1000);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_true(seen.inline_bytes);
    assert_true(seen.good_content);
    assert_int_equal(seen.size, 1000);
    assert_sums(1000, CHECKSUM_CRC64NVME);
    assert_false(seen.kind_asked);
    assert_int_equal(blob_count(f), 0);
}

static void a_body_of_the_largest_inline_size_stays_in_memory(void **state)
{
    struct fixture *f = *state;

    put_plain(f, "", CALL_BODY_INLINE_MAX);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_true(seen.inline_bytes);
    loopback_forget(f->loopback, f->peer);
    put_plain(f, "", CALL_BODY_INLINE_MAX + 1);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_false(seen.inline_bytes);
    assert_blob_is_content(f, CALL_BODY_INLINE_MAX + 1);
}

static void a_large_body_becomes_a_blob(void **state)
{
    struct fixture *f = *state;

    put_plain(f, "x-amz-checksum-sha1: abc=\r\n", LARGE_BYTES);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_int_equal(seen.calls, 1);
    assert_false(seen.inline_bytes);
    assert_sums(LARGE_BYTES, CHECKSUM_SHA1);
    assert_true(seen.kind_asked);
    assert_string_equal(seen.sent, "abc=");
    assert_blob_is_content(f, LARGE_BYTES);
    assert_int_equal(blob_count(f), 1);
}

static void a_blob_that_was_not_published_is_removed(void **state)
{
    struct fixture *f = *state;

    publish = false;
    put_plain(f, "", LARGE_BYTES);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_false(seen.inline_bytes);
    assert_int_equal(blob_count(f), 0);
}

static void a_body_cut_off_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    put_head(f, "", LARGE_BYTES);
    say(f, str_of(content, LARGE_BYTES - 1));
    settle(f);
    loopback_close(f->loopback, f->peer);
    settle(f);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(blob_count(f), 0);
    assert_int_equal(f->door->uploads, 0);
}

static void a_body_for_a_customers_key_is_enciphered(void **state)
{
    struct fixture *f = *state;
    char key[33] = "0123456789abcdef0123456789abcdef";
    char text[64] = "";
    char field[128];

    base64_encode(str_of(key, 32), text);
    snprintf(field, sizeof(field), "x-amz-server-side-encryption-customer-key: %s\r\n", text);
    put_plain(f, field, LARGE_BYTES);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_true(seen.enciphered);
    assert_sums(LARGE_BYTES, CHECKSUM_CRC64NVME);
    assert_blob_is_content(f, LARGE_BYTES);
}

/* ---- aws-chunked ---- */

/* The content in unsigned chunks of 64 KiB, with a trailer. */
static struct str chunked(struct buf *out, size_t bytes, const char *trailer)
{
    buf_init(out, 2 * LARGE_BYTES + 4096);
    for (size_t at = 0; at < bytes; at += 65536) {
        size_t piece = bytes - at < 65536 ? bytes - at : 65536;

        buf_printf(out, "%zx\r\n", piece);
        buf_add(out, str_of(content + at, piece));
        buf_add(out, STR("\r\n"));
    }
    buf_printf(out, "0\r\n%s\r\n", trailer);
    return buf_str(out);
}

static void put_chunked(struct fixture *f, size_t bytes, const char *trailer, size_t declared)
{
    char fields[512];
    struct buf out;
    struct str body = chunked(&out, bytes, trailer);

    snprintf(fields, sizeof(fields),
             "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
             "content-encoding: aws-chunked\r\nx-amz-trailer: x-amz-checksum-crc32c\r\n"
             "x-amz-decoded-content-length: %zu\r\n", declared);
    put_head(f, fields, body.bytes);
    say(f, body);
    buf_done(&out);
}

static void chunks_are_taken_off_a_large_body(void **state)
{
    struct fixture *f = *state;

    put_chunked(f, LARGE_BYTES, "x-amz-checksum-crc32c:AAAAAA==\r\n", LARGE_BYTES);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_sums(LARGE_BYTES, CHECKSUM_CRC32C);
    assert_string_equal(seen.sent, "AAAAAA==");
    assert_blob_is_content(f, LARGE_BYTES);
}

static void chunks_are_taken_off_a_small_body(void **state)
{
    struct fixture *f = *state;

    put_chunked(f, 5000, "x-amz-checksum-crc32c:AAAAAA==\r\n", 5000);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_true(seen.inline_bytes);
    assert_true(seen.good_content);
    assert_sums(5000, CHECKSUM_CRC32C);
    assert_string_equal(seen.sent, "AAAAAA==");
}

static void a_body_whose_chunks_make_it_look_large_stays_in_memory(void **state)
{
    struct fixture *f = *state;

    put_chunked(f, CALL_BODY_INLINE_MAX, "x-amz-checksum-crc32c:AAAAAA==\r\n",
                CALL_BODY_INLINE_MAX);
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_true(seen.inline_bytes);
    assert_true(seen.good_content);
    assert_int_equal(blob_count(f), 0);
}

static void assert_refused(struct fixture *f, const char *http, const char *code)
{
    struct str heard = hear(f);

    assert_true(holds(heard, http));
    assert_true(holds(heard, code));
    assert_int_equal(seen.calls, 0);
    assert_int_equal(blob_count(f), 0);
    assert_int_equal(f->door->uploads, 0);
}

static void a_decoded_length_that_is_wrong_is_refused(void **state)
{
    struct fixture *f = *state;

    put_chunked(f, LARGE_BYTES, "x-amz-checksum-crc32c:AAAAAA==\r\n", LARGE_BYTES - 1);
    assert_refused(f, "HTTP/1.1 400", "<Code>IncompleteBody</Code>");
}

static void a_small_body_with_a_wrong_decoded_length_is_refused(void **state)
{
    struct fixture *f = *state;

    put_chunked(f, 5000, "x-amz-checksum-crc32c:AAAAAA==\r\n", 4999);
    assert_refused(f, "HTTP/1.1 400", "<Code>IncompleteBody</Code>");
}

static void a_promised_trailer_has_to_come(void **state)
{
    struct fixture *f = *state;

    put_chunked(f, LARGE_BYTES, "", LARGE_BYTES);
    assert_refused(f, "HTTP/1.1 400", "<Code>MalformedTrailerError</Code>");
}

static void chunks_that_are_none_are_refused_on_the_way(void **state)
{
    struct fixture *f = *state;

    put_head(f,
             "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
             "x-amz-decoded-content-length: 3145728\r\n",
             LARGE_BYTES);
    say_text(f, "what is this?\r\n");
    say(f, str_of(content, LARGE_BYTES / 2));
    assert_refused(f, "HTTP/1.1 400", "<Code>IncompleteBody</Code>");
}

static void a_chunked_body_has_to_announce_its_length(void **state)
{
    struct fixture *f = *state;

    put_head(f, "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n", LARGE_BYTES);
    assert_refused(f, "HTTP/1.1 411", "<Code>MissingContentLength</Code>");
}

static void more_than_five_gigabytes_are_refused_by_the_head(void **state)
{
    struct fixture *f = *state;

    put_head(f, "expect: 100-continue\r\n", ((size_t)5 << 30) + 1);
    assert_refused(f, "HTTP/1.1 400", "<Code>EntityTooLarge</Code>");
    assert_false(holds(hear(f), "100 Continue"));
}

static void a_head_that_is_fine_is_asked_to_go_on(void **state)
{
    struct fixture *f = *state;

    put_head(f, "expect: 100-continue\r\n", LARGE_BYTES);
    assert_true(holds(hear(f), "HTTP/1.1 100 Continue\r\n\r\n"));
    say(f, str_of(content, LARGE_BYTES));
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_blob_is_content(f, LARGE_BYTES);
}

static void a_body_of_unknown_length_is_taken(void **state)
{
    struct fixture *f = *state;
    char size[32];

    say_text(f, "PUT /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\n"
                "transfer-encoding: chunked\r\n\r\n");
    snprintf(size, sizeof(size), "%x\r\n", LARGE_BYTES);
    say_text(f, size);
    say(f, str_of(content, LARGE_BYTES));
    say_text(f, "\r\n0\r\n\r\n");
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_blob_is_content(f, LARGE_BYTES);
    loopback_forget(f->loopback, f->peer);
    say_text(f, "PUT /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\n"
                "transfer-encoding: chunked\r\n\r\n3e8\r\n");
    say(f, str_of(content, 1000));
    say_text(f, "\r\n0\r\n\r\n");
    assert_true(holds(hear(f), "HTTP/1.1 200"));
    assert_true(seen.inline_bytes);
    assert_true(seen.good_content);
}

static void a_full_disk_refuses_a_body_by_its_head(void **state)
{
    struct fixture *f = *state;

    faulty_space(f->disk, 100u << 20);
    put_head(f, "", (size_t)1 << 30);
    assert_refused(f, "HTTP/1.1 503", "<Code>ServiceUnavailable</Code>");
}

static void uploads_have_a_limit(void **state)
{
    struct fixture *f = *state;

    f->door->uploads = INTAKE_UPLOADS_MAX;
    put_head(f, "", LARGE_BYTES);
    assert_true(holds(hear(f), "<Code>SlowDown</Code>"));
    f->door->uploads = 0;
}

static void pipelined_bodies_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    struct str heard;

    put_plain(f, "", LARGE_BYTES);
    put_plain(f, "", 10);
    put_plain(f, "", 200000);
    heard = hear(f);
    for (int i = 0; i < 3; i++) {
        assert_true(str_starts(heard, STR("HTTP/1.1 200")));
        heard = str_slice(heard, str_find_str(heard, STR("\r\n\r\n")) + 4, heard.bytes);
    }
    assert_int_equal(heard.bytes, 0);
    assert_int_equal(seen.calls, 3);
    assert_int_equal(seen.sizes[0], LARGE_BYTES); /* and worked on in order, too */
    assert_int_equal(seen.sizes[1], 10);
    assert_int_equal(seen.sizes[2], 200000);
    assert_int_equal(blob_count(f), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(a_small_body_stays_in_memory),
        CASE(a_body_of_the_largest_inline_size_stays_in_memory),
        CASE(a_large_body_becomes_a_blob),
        CASE(a_blob_that_was_not_published_is_removed),
        CASE(a_body_cut_off_leaves_nothing),
        CASE(a_body_for_a_customers_key_is_enciphered),
        CASE(chunks_are_taken_off_a_large_body),
        CASE(chunks_are_taken_off_a_small_body),
        CASE(a_body_whose_chunks_make_it_look_large_stays_in_memory),
        CASE(a_decoded_length_that_is_wrong_is_refused),
        CASE(a_small_body_with_a_wrong_decoded_length_is_refused),
        CASE(a_promised_trailer_has_to_come),
        CASE(chunks_that_are_none_are_refused_on_the_way),
        CASE(a_chunked_body_has_to_announce_its_length),
        CASE(more_than_five_gigabytes_are_refused_by_the_head),
        CASE(a_head_that_is_fine_is_asked_to_go_on),
        CASE(a_body_of_unknown_length_is_taken),
        CASE(a_full_disk_refuses_a_body_by_its_head),
        CASE(uploads_have_a_limit),
        CASE(pipelined_bodies_are_answered_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
