/* SPDX-License-Identifier: Apache-2.0
 *
 * A streaming payload's announcement and outcome.
 *
 * Rules
 *  1. aws-chunked is what x-amz-content-sha256 calls STREAMING-…; the field content-encoding is the
 *     client's own affair.
 *  2. The checksum is the one that a field or a promised trailer names, else the one that
 *     x-amz-sdk-checksum-algorithm asks for, else CRC64NVME, as S3 has it. CRC64NVME is made
 *     in any case: parts with other sums become an object with that one.
 *  3. The hash of x-amz-content-sha256 is computed only when signatures are checked: it costs more
 *     than all the rest but MD5.
 *  4. A chunked body has to announce its decoded length, and to keep to it.
 *  5. The content of a form is its file, and its fields are what announces the file: known only
 *     when that begins.
 */
#include "cell/body_read.h"

#include "base/codec.h"
#include "base/digest.h"

#include <assert.h>

const struct error BODY_TOO_LARGE_S3 = {"EntityTooLarge", NULL, 400, false};
const struct error BODY_NO_LENGTH = {"MissingContentLength", NULL, 411, false};
const struct error BODY_TRAILER = {"MalformedTrailerError", NULL, 400, false};
const struct error BODY_SLOW_DOWN = {"SlowDown", NULL, 503, true};

#define FIELD_PREFIX "x-amz-checksum-"

static const struct {
    const char *name; /* behind FIELD_PREFIX */
    enum checksum_kind kind;
} kinds[] = {
    {"crc32", CHECKSUM_CRC32},         {"crc32c", CHECKSUM_CRC32C},
    {"crc64nvme", CHECKSUM_CRC64NVME}, {"sha1", CHECKSUM_SHA1},
    {"sha256", CHECKSUM_SHA256},       {"md5", CHECKSUM_MD5},
};

static enum checksum_kind kind_of(struct str name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_eq_nocase(name, str_c(kinds[i].name))) {
            return kinds[i].kind;
        }
    }
    return CHECKSUM_NONE;
}

static enum checksum_kind kind_of_field(struct str name)
{
    size_t prefix = sizeof(FIELD_PREFIX) - 1;

    return name.bytes > prefix && str_eq_nocase(str_slice(name, 0, prefix), STR(FIELD_PREFIX))
               ? kind_of(str_slice(name, prefix, name.bytes))
               : CHECKSUM_NONE;
}

/* Rule 2. */
static status choose_kind(struct body_read *read, const struct http_request *request,
                          struct why *why)
{
    struct call_body *body = &read->body;
    struct str trailer = str_trim(http_header(request, STR("x-amz-trailer")));

    body->kind = CHECKSUM_CRC64NVME;
    if (trailer.bytes > 0) {
        body->kind = kind_of_field(trailer);
        if (body->kind == CHECKSUM_NONE) {
            return why_set(why, &SIGV4_S3_INVALID,
                           "The value specified in the x-amz-trailer header is not supported");
        }
        read->trailer = trailer;
        body->kind_asked = true;
        return OK;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        enum checksum_kind kind = kind_of_field(request->headers[i].name);

        if (kind != CHECKSUM_NONE) {
            body->kind = kind;
            body->kind_asked = true;
            body->sum_sent = request->headers[i].value;
            return OK;
        }
    }
    enum checksum_kind asked = kind_of(http_header(request, STR("x-amz-sdk-checksum-algorithm")));

    if (asked != CHECKSUM_NONE) {
        body->kind = asked;
        body->kind_asked = true;
    }
    return OK;
}

static status too_large(struct why *why)
{
    return why_set(why, &BODY_TOO_LARGE_S3,
                   "Your proposed upload exceeds the maximum allowed size");
}

/* Rules 1 and 4. */
static status read_lengths(struct body_read *read, const struct http_request *request,
                           bool chunked, struct why *why)
{
    struct str decoded = http_header(request, STR("x-amz-decoded-content-length"));
    uint64_t length;

    read->body.declared_size = UINT64_MAX;
    read->size_max = BODY_BYTES_MAX;
    if (chunked && !str_to_u64(decoded, &read->body.declared_size)) {
        return why_set(why, &BODY_NO_LENGTH,
                       "You must provide the Content-Length HTTP header.");
    }
    if (!chunked && str_to_u64(http_header(request, STR("content-length")), &length) &&
        length > BODY_BYTES_MAX) {
        return too_large(why);
    }
    return read->body.declared_size != UINT64_MAX && read->body.declared_size > BODY_BYTES_MAX
               ? too_large(why)
               : OK;
}

static bool payload_of(struct str sent, enum sigv4_payload *ret_payload)
{
    static const struct {
        struct str says;
        enum sigv4_payload payload;
    } ways[] = {
        {STR_INIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), PAYLOAD_CHUNKED_SIGNED},
        {STR_INIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), PAYLOAD_CHUNKED_SIGNED_TRAILER},
        {STR_INIT("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), PAYLOAD_CHUNKED_UNSIGNED_TRAILER},
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (str_eq(sent, ways[i].says)) {
            *ret_payload = ways[i].payload;
            return true;
        }
    }
    return false;
}

static status announce(struct body_read *read, const struct body_source *source, struct why *why)
{
    const struct http_request *request = source->request;
    struct str sent = http_header(request, STR("x-amz-content-sha256"));
    struct sigv4 chunked = *source->sigv4;
    bool is_chunked = payload_of(sent, &chunked.payload);

    memset(read, 0, sizeof(*read));
    read->head = request;
    if (source->form != NULL) { /* rule 5 */
        read->form = source->form;
        read->body.declared_size = UINT64_MAX;
        read->body.kind = CHECKSUM_CRC64NVME;
        read->size_max = BODY_BYTES_MAX;
        return OK;
    }
    TRY(read_lengths(read, request, is_chunked, why));
    TRY(choose_kind(read, request, why));
    if (is_chunked) {
        read->chunks = sigv4_chunks_new(&chunked, source->seed);
    } else if (source->seed != NULL && sent.bytes == 2 * SHA256_BYTES) {
        read->hash_sent = sent;
    }
    return OK;
}

static void begin_sums(struct body_read *read)
{
    checksum_begin(&read->md5, CHECKSUM_MD5);
    if (read->body.kind != CHECKSUM_MD5) {
        checksum_begin(&read->sum, read->body.kind);
    }
    if (read->hash_sent.bytes > 0) {
        read->sha256 = sha256_begin();
        read->body.has_sha256 = true;
    }
}

status body_read_begin(struct body_read *read, const struct body_source *source, struct why *why)
{
    TRY(announce(read, source, why));
    begin_sums(read);
    return OK;
}

/* Who takes the content behind the sums. */
struct taking {
    struct body_read *read;                     /* the sums */
    status (*sink)(void *arg, struct str plain); /* the caller's */
    void *arg;                                  /* its argument */
    struct why *why;                            /* of what is wrong with the size */
};

static status take_plain(void *arg, struct str plain)
{
    struct taking *taking = arg;
    struct body_read *read = taking->read;

    if (plain.bytes > read->size_max - read->body.size) {
        return too_large(taking->why);
    }
    read->body.size += plain.bytes;
    checksum_add(&read->md5, plain);
    checksum_add(&read->sum, plain);
    if (read->body.kind != CHECKSUM_CRC64NVME) {
        read->body.crc64nvme = crc64nvme(read->body.crc64nvme, plain);
    }
    if (read->sha256 != NULL) {
        sha256_more(read->sha256, plain);
    }
    return taking->sink(taking->arg, plain);
}

/* Rule 5. */
static status file_begun(void *arg, struct why *why)
{
    struct taking *taking = arg;
    struct body_read *read = taking->read;

    TRY(read->form->begun(read->form->arg, &read->head, why));
    TRY(choose_kind(read, read->head, why));
    if (read->trailer.bytes > 0) {
        return why_set(why, &SIGV4_S3_INVALID, "A form has no trailer");
    }
    checksum_end(&read->sum, NULL);
    if (read->body.kind != CHECKSUM_MD5) {
        checksum_begin(&read->sum, read->body.kind);
    }
    return OK;
}

status body_read_take(struct body_read *read, struct str raw,
                      status (*sink)(void *arg, struct str plain), void *arg, struct why *why)
{
    struct taking taking = {read, sink, arg, why};

    if (read->form != NULL) {
        struct form_sink form_sink = {file_begun, take_plain, &taking};

        return form_feed(read->form->form, raw, &form_sink, why);
    }
    return read->chunks != NULL ? sigv4_chunks_feed(read->chunks, raw, take_plain, &taking, why)
                                : take_plain(&taking, raw);
}

static status read_trailer(struct body_read *read, struct why *why)
{
    const struct http_header *fields;
    size_t count = sigv4_chunks_trailers(read->chunks, &fields);

    for (size_t i = 0; i < count; i++) {
        struct str value = fields[i].value;

        if (!str_eq_nocase(fields[i].name, read->trailer)) {
            continue;
        }
        if (value.bytes > sizeof(read->sum_text)) {
            break;
        }
        memcpy(read->sum_text, value.at, value.bytes);
        read->body.sum_sent = str_of(read->sum_text, value.bytes);
        return OK;
    }
    return why_set(why, &BODY_TRAILER,
                   "The request contained trailing data that was not well-formed or did not "
                   "conform to our published schema.");
}

static status check_hash(struct body_read *read, struct why *why)
{
    char hex[2 * SHA256_BYTES];

    sha256_end(read->sha256, read->body.sha256);
    read->sha256 = NULL;
    hex_encode(str_of(read->body.sha256, SHA256_BYTES), hex);
    if (!str_eq_nocase(str_of(hex, sizeof(hex)), read->hash_sent)) {
        return why_set(why, &SIGV4_S3_HASH,
                       "The provided 'x-amz-content-sha256' header does not match what was "
                       "computed.");
    }
    return OK;
}

status body_read_end(struct body_read *read, struct why *why)
{
    struct call_body *body = &read->body;
    uint8_t md5[CHECKSUM_BYTES_MAX];

    if (read->form != NULL) {
        TRY(form_end(read->form->form, why));
    }
    if (read->chunks != NULL &&
        (!sigv4_chunks_done(read->chunks) || body->size != body->declared_size)) {
        return why_set(why, &SIGV4_S3_BODY,
                       "You did not provide the number of bytes specified by the Content-Length "
                       "HTTP header");
    }
    if (read->chunks != NULL && read->trailer.bytes > 0) {
        TRY(read_trailer(read, why));
    }
    if (read->sha256 != NULL) {
        TRY(check_hash(read, why));
    }
    checksum_end(&read->md5, md5);
    memcpy(body->md5, md5, sizeof(body->md5));
    memcpy(body->sum, md5, sizeof(body->md5)); /* asked for, or replaced now */
    checksum_end(&read->sum, body->sum);
    return OK;
}

void body_read_done(struct body_read *read)
{
    sigv4_chunks_free(read->chunks);
    read->chunks = NULL;
    checksum_end(&read->md5, NULL);
    checksum_end(&read->sum, NULL);
    sha256_end(read->sha256, NULL);
    read->sha256 = NULL;
}

/* ---- small ones, at once ---- */

static status gather(void *arg, struct str plain)
{
    struct str *gathered = arg;

    /* What is taken off is never longer than what it is taken from. */
    memmove((char *)gathered->at + gathered->bytes, plain.at, plain.bytes);
    gathered->bytes += plain.bytes;
    return OK;
}

static status read_wrapped(struct body_read *read, struct arena *arena, struct str raw,
                           struct why *why)
{
    struct str gathered = str_of(arena_alloc(arena, raw.bytes + 1), 0);
    status went = body_read_take(read, raw, gather, &gathered, why);

    if (went == OK) {
        went = body_read_end(read, why);
    }
    read->body.bytes = gathered;
    return went;
}

static void sum_whole(struct body_read *read, struct str content)
{
    struct call_body *body = &read->body;
    struct checksum sum;

    body->bytes = content;
    body->size = content.bytes;
    md5(content, body->md5);
    if (body->kind != CHECKSUM_CRC64NVME) {
        body->crc64nvme = crc64nvme(0, content);
    }
    if (body->kind == CHECKSUM_MD5) {
        memcpy(body->sum, body->md5, sizeof(body->md5));
        return;
    }
    checksum_begin(&sum, body->kind);
    checksum_add(&sum, content);
    checksum_end(&sum, body->sum);
}

status body_read_whole(const struct body_source *source, struct arena *arena, struct why *why,
                       struct call_body **ret_body)
{
    struct body_read *read = ARENA_NEW(arena, struct body_read);
    struct str body = source->request->body;
    status went = announce(read, source, why);

    if (went == OK && body_is_wrapped(read)) {
        begin_sums(read);
        went = read_wrapped(read, arena, body, why);
    } else if (went == OK) {
        sum_whole(read, body);
        /* The signature's check has found it to be the body's. */
        read->body.has_sha256 = read->hash_sent.bytes > 0 &&
                                hex_decode(read->hash_sent, (char *)read->body.sha256);
    }
    body_read_done(read);
    TRY(went);
    *ret_body = &read->body;
    return OK;
}

bool body_cipher_key(const struct http_request *request, uint8_t ret_key[32])
{
    struct str text =
        http_header(request, STR("x-amz-server-side-encryption-customer-key"));
    char key[48];
    size_t bytes;

    if (text.bytes != base64_encoded_bytes(32) || !base64_decode(text, key, &bytes) ||
        bytes != 32) {
        return false;
    }
    memcpy(ret_key, key, 32);
    return true;
}
