/* SPDX-License-Identifier: Apache-2.0
 *
 * Checksums of objects: comparing what was sent with what was received, and telling what is stored.
 * Source: "Checking object integrity in Amazon S3". A sum is kept for every object: the kind that
 * was asked for, else CRC64NVME.
 */
#include "base/codec.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

struct kind {
    enum checksum_kind kind; /* which */
    const char *member;      /* in the model */
    struct str name;         /* ChecksumAlgorithm's word */
    const char *header;      /* x-amz-checksum-… */
};

static const struct kind kinds[] = {
    {CHECKSUM_CRC32, "ChecksumCRC32", STR_INIT("CRC32"), "crc32"},
    {CHECKSUM_CRC32C, "ChecksumCRC32C", STR_INIT("CRC32C"), "crc32c"},
    {CHECKSUM_CRC64NVME, "ChecksumCRC64NVME", STR_INIT("CRC64NVME"), "crc64nvme"},
    {CHECKSUM_SHA1, "ChecksumSHA1", STR_INIT("SHA1"), "sha1"},
    {CHECKSUM_SHA256, "ChecksumSHA256", STR_INIT("SHA256"), "sha256"},
    {CHECKSUM_MD5, "ChecksumMD5", STR_INIT("MD5"), "md5"},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *kind_of(uint8_t kind)
{
    size_t i = 0;

    while (i < KIND_COUNT && kinds[i].kind != kind) {
        i++;
    }
    assert(i < KIND_COUNT);
    return &kinds[i];
}

const char *checksum_member(uint8_t kind)
{
    return kind_of(kind)->member;
}

struct str checksum_kind_text(uint8_t kind)
{
    return kind_of(kind)->name;
}

bool checksum_kind_read(struct str text, uint8_t *ret_kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (str_eq(kinds[i].name, text)) {
            *ret_kind = (uint8_t)kinds[i].kind;
            return true;
        }
    }
    return false;
}

bool checksum_is_crc(uint8_t kind)
{
    return kind == CHECKSUM_CRC32 || kind == CHECKSUM_CRC32C || kind == CHECKSUM_CRC64NVME;
}

struct str base64_text(struct arena *arena, const void *at, size_t bytes)
{
    char *text = arena_alloc(arena, base64_encoded_bytes(bytes));

    base64_encode(str_of(at, bytes), text);
    return str_of(text, base64_encoded_bytes(bytes));
}

struct str checksum_text(struct arena *arena, const struct object_checksum *checksum)
{
    return base64_text(arena, checksum->sum, checksum_bytes(checksum->kind));
}

bool base64_exactly(struct str text, uint8_t *out, size_t bytes)
{
    char decoded[3 * ((CHECKSUM_BYTES_MAX + 2) / 3)];
    size_t length = 0;

    assert(bytes <= CHECKSUM_BYTES_MAX);
    if (text.bytes != base64_encoded_bytes(bytes) || !base64_decode(text, decoded, &length) ||
        length != bytes) {
        return false;
    }
    memcpy(out, decoded, bytes);
    return true;
}

bool checksum_sent(const struct value *structure, struct object_checksum *ret_kind,
                   struct str *ret_base64)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct str sent = member_str(structure, kinds[i].member);

        if (sent.at != NULL) {
            *ret_kind = (struct object_checksum){.is = true, .kind = (uint8_t)kinds[i].kind};
            *ret_base64 = sent;
            return true;
        }
    }
    return false;
}

void set_checksum(struct call *c, struct value *structure, const struct object_checksum *checksum,
                  uint32_t part_count)
{
    const char *member = checksum->is ? checksum_member(checksum->kind) : NULL;
    struct str text;

    if (member == NULL || !has_member(structure, member)) {
        return;
    }
    text = checksum_text(c->arena, checksum);
    if (checksum->composite) {
        text = arena_printf(c->arena, "%.*s-%u", STR_ARG(text), part_count);
    }
    set_str(structure, member, text);
    if (has_member(structure, "ChecksumType")) {
        set_str(structure, "ChecksumType",
                checksum->composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
    }
}

/* ---- what was received ---- */

static status md5_check(struct call *c, const struct call_body *body)
{
    struct str sent = arg_str_if(c, "ContentMD5");
    uint8_t md5[16];

    if (sent.at == NULL) {
        return OK;
    }
    if (!base64_exactly(sent, md5, sizeof(md5))) {
        return fail_with(c, &S3_INVALID_DIGEST, "Content-MD5", sent);
    }
    if (memcmp(md5, body->md5, sizeof(md5)) != 0) {
        char hex[2 * sizeof(md5)];
        status failed;

        hex_encode(str_of(md5, sizeof(md5)), hex);
        failed = fail_with(c, &S3_BAD_DIGEST, "ExpectedDigest", str_of(hex, sizeof(hex)));
        fail_more(c, "CalculatedDigest", base64_text(c->arena, body->md5, sizeof(body->md5)));
        return failed;
    }
    return OK;
}

/* At most one, and of a kind that weir computes. */
static status one_checksum(struct call *c)
{
    static const char *const others[] = {"ChecksumSHA512", "ChecksumXXHASH64", "ChecksumXXHASH3",
                                         "ChecksumXXHASH128"};
    size_t count = 0;
    struct str algorithm = arg_str_if(c, "ChecksumAlgorithm");
    uint8_t kind;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (arg_str_if(c, others[i]).at != NULL) {
            return fail(c, &S3_NOT_IMPLEMENTED, "weir does not compute %s", others[i]);
        }
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        count += arg_str_if(c, kinds[i].member).at != NULL;
    }
    if (count > 1) {
        return fail(c, &S3_INVALID_REQUEST, "Expecting a single x-amz-checksum- header. Multiple "
                                            "checksum Types are not allowed.");
    }
    if (algorithm.bytes > 0 && !checksum_kind_read(algorithm, &kind)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Value for x-amz-sdk-checksum-algorithm header is invalid.");
    }
    return OK;
}

status body_check(struct call *c, struct object_checksum *ret_checksum)
{
    const struct call_body *body = body_of_call(c);
    uint8_t sent[CHECKSUM_BYTES_MAX];
    size_t bytes = checksum_bytes(body->kind);

    if (body->declared_size != UINT64_MAX && body->declared_size != body->size) {
        return fail_s3(c, &S3_INCOMPLETE_BODY);
    }
    TRY(one_checksum(c));
    TRY(md5_check(c, body));
    if (body->sum_sent.at != NULL) {
        const struct kind *kind = kind_of((uint8_t)body->kind);

        if (!base64_exactly(body->sum_sent, sent, bytes)) {
            return fail(c, &S3_INVALID_REQUEST, "Value for x-amz-checksum-%s header is invalid.",
                        kind->header);
        }
        if (memcmp(sent, body->sum, bytes) != 0) {
            return fail(c, &S3_BAD_DIGEST,
                        "The %.*s you specified did not match the calculated checksum.",
                        STR_ARG(kind->name));
        }
    } else if (arg_str_if(c, "ChecksumAlgorithm").bytes > 0) {
        return fail(c, &S3_INVALID_REQUEST,
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding "
                    "x-amz-checksum-* or x-amz-trailer headers were found.");
    }
    *ret_checksum = (struct object_checksum){.is = bytes > 0, .kind = (uint8_t)body->kind};
    memcpy(ret_checksum->sum, body->sum, bytes);
    return OK;
}
