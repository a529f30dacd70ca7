/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies on their way in while signatures are checked: the head's before the body is asked for, the
 * chunks' as they come, the whole's hash at the end. What is not right leaves no blob.
 */
#include "door_fixture.h"

#include "base/codec.h"
#include "base/digest.h"
#include "wire/sigv4.h"

#define BYTES (1024u * 1024 + 100)
#define CHUNK_BYTES_EACH 65536u
#define DATE "20260921"
#define MOMENT "20260921T141320Z"
#define SCOPE DATE "/us-east-1/s3/aws4_request"

static int calls;
static char blob[BLOB_ID_BYTES + 1]; /* the newest; empty: it was inline */
static bool had_sha256;
static char *content; /* BYTES */

static status put_object(struct call *c)
{
    calls++;
    snprintf(blob, sizeof(blob), "%.*s", STR_ARG(c->body->blob));
    had_sha256 = c->body->has_sha256;
    if (c->body->blob.bytes > 0) {
        txn_blob_keep(c->txn, c->body->blob);
    }
    return OK;
}

static const struct op ops[] = {{"PutObject", put_object}};
static const struct service s3 = {.id = "s3", .ops = ops, .op_count = 1};
static const struct service *const services[] = {&s3, NULL};

struct world {
    struct fixture f;
    struct arena *arena;
    struct identity root; /* who signs */
    struct buf out;       /* a body being made */
};

static int set_up(void **state)
{
    static struct world w;
    struct why why;
    bool made;

    w = (struct world){.f.disk = faulty_new(1), .arena = arena_new(16u << 20)};
    fixture_open(&w.f, services, true);
    assert_ptr_equal(identity_root(cell_identities(w.f.cell), w.arena, &why, &w.root, &made), OK);
    content = mem_alloc(BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        content[i] = (char)(i * 2654435761u >> 11);
    }
    buf_init(&w.out, 4u << 20);
    calls = 0;
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    fixture_close(&w->f);
    faulty_free(w->f.disk);
    arena_free(w->arena);
    buf_done(&w->out);
    mem_free(content);
    return 0;
}

/* Says a signed head (decoded 0: not announced); *ret_signature is its signature. */
static void say_head(struct world *w, const char *sha256, size_t decoded, size_t length,
                     char ret_signature[65])
{
    struct http_header fields[] = {
        {STR("host"), STR("s3.localhost")},
        {STR("x-amz-date"), STR(MOMENT)},
        {STR("x-amz-content-sha256"), str_c(sha256)},
        {STR("x-amz-decoded-content-length"), arena_printf(w->arena, "%zu", decoded)},
    };
    struct http_request request = {.method = STR("PUT"), .target = STR("/bucket/key"),
                                   .path = STR("/bucket/key"), .authority = fields[0].value,
                                   .headers = fields, .header_count = decoded > 0 ? 4 : 3,
                                   .version = 11};
    struct str value = sigv4_sign(&request, w->root.access_key, w->root.secret, STR("us-east-1"),
                                  STR("s3"), START_MS, w->arena);
    struct str line = decoded == 0 ? STR_NONE
                                   : arena_printf(w->arena,
                                                  "x-amz-decoded-content-length: %zu\r\n", decoded);
    struct str head = arena_printf(
        w->arena,
        "PUT /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\nx-amz-date: " MOMENT "\r\n"
        "x-amz-content-sha256: %s\r\nauthorization: %.*s\r\n%.*scontent-length: %zu\r\n\r\n",
        sha256, STR_ARG(value), STR_ARG(line), length);

    memcpy(ret_signature, value.at + value.bytes - 64, 64);
    ret_signature[64] = 0;
    say(&w->f, head);
}

static void signing_key(const struct world *w, uint8_t key[SHA256_BYTES])
{
    static const char *const parts[] = {DATE, "us-east-1", "s3", "aws4_request"};
    struct str with = arena_printf(w->arena, "AWS4%.*s", STR_ARG(w->root.secret));

    for (size_t i = 0; i < 4; i++) {
        hmac_sha256(with, str_c(parts[i]), key);
        with = str_of(key, SHA256_BYTES);
    }
}

static void hash_hex(struct str s, char hex[65])
{
    uint8_t hash[SHA256_BYTES];

    sha256(s, hash);
    hex_encode(str_of(hash, SHA256_BYTES), hex);
    hex[64] = 0;
}

/* previous becomes the chunk's own signature. */
static void sign_chunk(struct world *w, struct str chunk, char previous[65])
{
    uint8_t key[SHA256_BYTES];
    uint8_t made[SHA256_BYTES];
    char empty[65];
    char hash[65];

    hash_hex(STR(""), empty);
    hash_hex(chunk, hash);
    signing_key(w, key);
    hmac_sha256(str_of(key, SHA256_BYTES),
                arena_printf(w->arena,
                             "AWS4-HMAC-SHA256-PAYLOAD\n" MOMENT "\n" SCOPE "\n%s\n%s\n%s",
                             previous, empty, hash),
                made);
    hex_encode(str_of(made, SHA256_BYTES), previous);
}

static void make_chunks(struct world *w, size_t bytes, char signature[65])
{
    for (size_t at = 0; at <= bytes; at += CHUNK_BYTES_EACH) {
        size_t piece = bytes - at < CHUNK_BYTES_EACH ? bytes - at : CHUNK_BYTES_EACH;

        sign_chunk(w, str_of(content + at, piece), signature);
        buf_printf(&w->out, "%zx;chunk-signature=%s\r\n", piece, signature);
        buf_add(&w->out, str_of(content + at, piece));
        buf_add(&w->out, STR("\r\n"));
    }
    if (bytes % CHUNK_BYTES_EACH != 0) {
        sign_chunk(w, STR(""), signature);
        buf_printf(&w->out, "0;chunk-signature=%s\r\n\r\n", signature);
    }
}

static void say_chunks(struct world *w, size_t bytes, size_t changed_at)
{
    static const size_t line = 17 + 64 + 2;
    size_t chunks = bytes / CHUNK_BYTES_EACH;
    size_t length = chunks * (5 + line + CHUNK_BYTES_EACH + 2) + 1 + line + 2;
    char text[32];
    char signature[65];

    if (bytes % CHUNK_BYTES_EACH != 0) {
        length += (size_t)snprintf(text, sizeof(text), "%zx", bytes % CHUNK_BYTES_EACH) + line +
                  bytes % CHUNK_BYTES_EACH + 2;
    }
    say_head(w, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", bytes, length, signature);
    make_chunks(w, bytes, signature);
    assert_int_equal(w->out.bytes, length);
    if (changed_at > 0) {
        w->out.at[changed_at] = (char)(w->out.at[changed_at] ^ 1);
    }
    say(&w->f, buf_str(&w->out));
}

static void count_blob(void *arg, struct str id, bool good)
{
    size_t *count = arg;

    (void)id;
    assert_true(good);
    (*count)++;
}

static size_t blob_count(struct world *w)
{
    size_t count = 0;

    assert_ptr_equal(blobs_each(store_blobs(w->f.store), true, count_blob, &count), OK);
    return count;
}

static void assert_content(struct world *w)
{
    struct blob *opened;
    char *read = mem_alloc(BYTES);
    size_t got;

    assert_ptr_equal(blob_open(store_blobs(w->f.store), str_c(blob), &opened), OK);
    assert_ptr_equal(blob_read(opened, 0, read, BYTES, &got), OK);
    assert_int_equal(got, BYTES);
    assert_memory_equal(read, content, BYTES);
    blob_close(opened);
    mem_free(read);
}

static void assert_refused(struct world *w, const char *http, const char *code)
{
    struct str heard = hear(&w->f);

    assert_true(holds(heard, http));
    assert_true(holds(heard, code));
    assert_int_equal(calls, 0);
    assert_int_equal(blob_count(w), 0);
}

static void signed_chunks_are_taken(void **state)
{
    struct world *w = *state;

    say_chunks(w, BYTES, 0);
    assert_true(holds(hear(&w->f), "HTTP/1.1 200"));
    assert_content(w);
}

static void small_signed_chunks_are_taken(void **state)
{
    struct world *w = *state;

    say_chunks(w, 100, 0);
    assert_true(holds(hear(&w->f), "HTTP/1.1 200"));
    assert_int_equal(calls, 1);
    assert_string_equal(blob, "");
}

static void a_changed_chunk_is_refused(void **state)
{
    struct world *w = *state;

    say_chunks(w, BYTES, 700000);
    assert_refused(w, "HTTP/1.1 403", "<Code>SignatureDoesNotMatch</Code>");
}

static void a_small_changed_chunk_is_refused(void **state)
{
    struct world *w = *state;

    say_chunks(w, 1000, 500);
    assert_refused(w, "HTTP/1.1 403", "<Code>SignatureDoesNotMatch</Code>");
}

static void a_body_is_held_against_its_hash(void **state)
{
    struct world *w = *state;
    char signature[65];
    char hash[65];

    hash_hex(str_of(content, BYTES), hash);
    say_head(w, hash, 0, BYTES, signature);
    say(&w->f, str_of(content, BYTES));
    assert_true(holds(hear(&w->f), "HTTP/1.1 200"));
    assert_true(had_sha256);
    assert_content(w);
}

static void a_body_of_another_hash_is_refused(void **state)
{
    struct world *w = *state;
    char signature[65];
    char hash[65];

    hash_hex(str_of(content, BYTES - 1), hash);
    say_head(w, hash, 0, BYTES, signature);
    say(&w->f, str_of(content, BYTES));
    assert_refused(w, "HTTP/1.1 400", "<Code>XAmzContentSHA256Mismatch</Code>");
}

static void an_unsigned_payload_is_taken(void **state)
{
    struct world *w = *state;
    char signature[65];

    say_head(w, "UNSIGNED-PAYLOAD", 0, BYTES, signature);
    say(&w->f, str_of(content, BYTES));
    assert_true(holds(hear(&w->f), "HTTP/1.1 200"));
    assert_content(w);
}

static void a_head_that_is_not_signed_is_refused_at_once(void **state)
{
    struct world *w = *state;

    say(&w->f, STR("PUT /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\n"
                   "expect: 100-continue\r\ncontent-length: 1000000\r\n\r\n"));
    assert_refused(w, "HTTP/1.1 403", "<Code>AccessDenied</Code>");
    assert_false(holds(hear(&w->f), "100 Continue"));
}

static void an_unknown_key_is_refused_at_once(void **state)
{
    struct world *w = *state;
    char signature[65];

    w->root.access_key = STR("AKIAAAAAAAAAAAAAAAAA");
    say_head(w, "UNSIGNED-PAYLOAD", 0, BYTES, signature);
    assert_refused(w, "HTTP/1.1 403", "<Code>InvalidAccessKeyId</Code>");
}

static void a_head_signed_with_another_secret_is_refused_at_once(void **state)
{
    struct world *w = *state;
    char signature[65];

    w->root.secret = STR("not the secret");
    say_head(w, "UNSIGNED-PAYLOAD", 0, BYTES, signature);
    assert_refused(w, "HTTP/1.1 403", "<Code>SignatureDoesNotMatch</Code>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(signed_chunks_are_taken),
        CASE(small_signed_chunks_are_taken),
        CASE(a_changed_chunk_is_refused),
        CASE(a_small_changed_chunk_is_refused),
        CASE(a_body_is_held_against_its_hash),
        CASE(a_body_of_another_hash_is_refused),
        CASE(an_unsigned_payload_is_taken),
        CASE(a_head_that_is_not_signed_is_refused_at_once),
        CASE(an_unknown_key_is_refused_at_once),
        CASE(a_head_signed_with_another_secret_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
