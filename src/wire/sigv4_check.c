/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys, the comparison, and signing.
 *
 *   signature = hex(hmac(key, algorithm \n moment \n scope \n hex(hash of the canonical request)))
 *   key = hmac(hmac(hmac(hmac("AWS4" secret, date), region), service), "aws4_request")
 *
 * Rules
 *  1. Time first, then what must be signed, then the body's hash, then the signature: so says AWS
 *     which of several things is wrong.
 *  2. host is always signed; with S3 every x-amz- field is, too.
 *  3. A day's key is kept, ready for use, in a small table that a collision overwrites. What it was
 *     made of is compared whole.
 *  4. A header is good for SIGV4_SKEW_MS_MAX either way; a presigned URL from its moment (that skew
 *     before it) for as long as it says.
 */
#include "wire/sigv4_int.h"

#include "base/codec.h"
#include "base/mem.h"
#include "base/time.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#define KEY_SLOTS 64
#define KEY_TEXT_BYTES_MAX 256
#define SIGNED_HEADERS_MAX HTTP_HEADERS_MAX

struct key_slot {
    uint64_t hash;                 /* of text; 0: empty */
    size_t bytes;                  /* of text */
    char text[KEY_TEXT_BYTES_MAX]; /* secret, date, region and service */
    struct signing_key key;        /* made of them */
};

struct sigv4_keys {
    struct key_slot slots[KEY_SLOTS];
};

struct sigv4_keys *sigv4_keys_new(void)
{
    return MEM_NEW(struct sigv4_keys);
}

void sigv4_keys_free(struct sigv4_keys *keys)
{
    if (keys != NULL) {
        OPENSSL_cleanse(keys, sizeof(*keys));
        mem_free(keys);
    }
}

/* ---- keys ---- */

static void hmac_step(uint8_t key[SHA256_BYTES], struct str s)
{
    hmac_sha256(str_of(key, SHA256_BYTES), s, key);
}

static void derive(struct str secret, const struct sigv4 *scope, struct signing_key *ret_key)
{
    char first[512] = {'A', 'W', 'S', '4'};
    size_t bytes = secret.bytes < sizeof(first) - 4 ? secret.bytes : sizeof(first) - 4;

    if (bytes > 0) {
        memcpy(first + 4, secret.at, bytes);
    }
    hmac_sha256(str_of(first, 4 + bytes), scope->date, ret_key->plain);
    OPENSSL_cleanse(first, sizeof(first));
    hmac_step(ret_key->plain, scope->region);
    hmac_step(ret_key->plain, scope->service);
    hmac_step(ret_key->plain, STR("aws4_request"));
    hmac_key_of(str_of(ret_key->plain, SHA256_BYTES), &ret_key->hmac);
}

const struct signing_key *sigv4_key(struct sigv4_keys *keys, struct str secret,
                                    const struct sigv4 *scope, struct signing_key *scratch)
{
    const struct str parts[] = {secret, scope->date, scope->region, scope->service};
    char text[KEY_TEXT_BYTES_MAX];
    size_t bytes = 0;
    bool fits = keys != NULL;

    for (size_t i = 0; i < 4; i++) {
        if (!fits || parts[i].bytes >= sizeof(text) - bytes) {
            derive(secret, scope, scratch);
            return scratch;
        }
        if (parts[i].bytes > 0) {
            memcpy(text + bytes, parts[i].at, parts[i].bytes);
        }
        bytes += parts[i].bytes;
        text[bytes++] = '\n';
    }
    uint64_t hash = str_hash(str_of(text, bytes)) | 1;
    struct key_slot *slot = &keys->slots[hash / 2 % KEY_SLOTS];

    if (slot->hash != hash || slot->bytes != bytes || memcmp(slot->text, text, bytes) != 0) {
        derive(secret, scope, &slot->key);
        memcpy(slot->text, text, bytes);
        slot->bytes = bytes;
        slot->hash = hash;
    }
    return &slot->key;
}

/* ---- the signature ---- */

void sigv4_begin_text(const struct signing_key *key, const struct sigv4 *sigv4,
                      struct str algorithm, struct hashed_text *ret_text)
{
    hashed_begin(ret_text, &key->hmac.inner);
    hashed_add(ret_text, algorithm);
    hashed_add_c(ret_text, '\n');
    hashed_add(ret_text, sigv4->signed_at);
    hashed_add_c(ret_text, '\n');
    hashed_add(ret_text, sigv4->date);
    hashed_add_c(ret_text, '/');
    hashed_add(ret_text, sigv4->region);
    hashed_add_c(ret_text, '/');
    hashed_add(ret_text, sigv4->service);
    hashed_add(ret_text, STR("/aws4_request\n"));
}

static void sign_hash(const struct signing_key *key, const struct sigv4 *sigv4,
                      const uint8_t hash[SHA256_BYTES], char out[SIGV4_HEX_BYTES])
{
    struct hashed_text text;
    char hex[SIGV4_HEX_BYTES];
    uint8_t digest[SHA256_BYTES];

    hex_encode(str_of(hash, SHA256_BYTES), hex);
    sigv4_begin_text(key, sigv4, STR(SIGV4_ALGORITHM), &text);
    hashed_add(&text, str_of(hex, sizeof(hex)));
    hmac_end(&key->hmac, &text, digest);
    hex_encode(str_of(digest, sizeof(digest)), out);
}

/* ---- the answers ---- */

static status mismatch(bool s3, struct why *why)
{
    if (s3) {
        return why_set(why, &SIGV4_MISMATCH,
                       "The request signature we calculated does not match the signature you "
                       "provided. Check your key and signing method.");
    }
    return why_set(why, &SIGV4_MISMATCH,
                   "The request signature we calculated does not match the signature you provided. "
                   "Check your AWS Secret Access Key and signing method. Consult the service "
                   "documentation for details.");
}

status sigv4_missing(bool s3, struct why *why)
{
    if (s3) {
        return why_set(why, &SIGV4_S3_DENIED, "Access Denied");
    }
    return why_set(why, &SIGV4_MISSING_TOKEN, "Request is missing Authentication Token");
}

status sigv4_unknown_key(const struct sigv4 *sigv4, struct why *why)
{
    if (sigv4->s3) {
        return why_set(why, &SIGV4_S3_UNKNOWN_KEY,
                       "The AWS Access Key Id you provided does not exist in our records.");
    }
    return why_set(why, &SIGV4_UNKNOWN_KEY,
                   "The security token included in the request is invalid.");
}

status sigv4_token_invalid(const struct sigv4 *sigv4, struct why *why)
{
    if (sigv4->s3) {
        return why_set(why, &SIGV4_S3_TOKEN,
                       "The provided token is malformed or otherwise invalid.");
    }
    return sigv4_unknown_key(sigv4, why);
}

status sigv4_token_expired(const struct sigv4 *sigv4, struct why *why)
{
    if (sigv4->s3) {
        return why_set(why, &SIGV4_S3_TOKEN_EXPIRED, "The provided token has expired.");
    }
    return why_set(why, &SIGV4_TOKEN_EXPIRED,
                   "The security token included in the request is expired");
}

/* ---- time ---- */

static status skewed(const struct sigv4 *sigv4, int64_t now_ms, int64_t slack_ms, struct why *why)
{
    bool late = now_ms > sigv4->signed_at_ms;
    struct buf text;

    buf_init(&text, 512);
    buf_add(&text, late ? STR("Signature expired: ") : STR("Signature not yet current: "));
    buf_add(&text, sigv4->signed_at);
    buf_add(&text, late ? STR(" is now earlier than ") : STR(" is still later than "));
    buf_add_sigv4_date(&text, late ? now_ms - slack_ms : now_ms + slack_ms);
    buf_add(&text, STR(" ("));
    buf_add_sigv4_date(&text, now_ms);
    buf_printf(&text, late ? " - %d min.)" : " + %d min.)", (int)(slack_ms / MS_PER_MINUTE));
    why_set(why, &SIGV4_SKEWED, "%.*s", STR_ARG(buf_str(&text)));
    buf_done(&text);
    return &SIGV4_SKEWED;
}

static status time_check(const struct sigv4 *sigv4, int64_t now_ms, struct why *why)
{
    int64_t late_ms = now_ms - sigv4->signed_at_ms;
    int64_t good_ms = sigv4->presigned && (sigv4->s3 || sigv4->expires_ms > 0)
                          ? sigv4->expires_ms
                          : SIGV4_SKEW_MS_MAX;

    if (late_ms <= good_ms && late_ms >= -SIGV4_SKEW_MS_MAX) {
        return OK;
    }
    if (!sigv4->s3) {
        return skewed(sigv4, now_ms, late_ms > 0 ? good_ms : SIGV4_SKEW_MS_MAX, why);
    }
    if (sigv4->presigned) {
        return why_set(why, &SIGV4_EXPIRED,
                       late_ms > 0 ? "Request has expired" : "Request is not valid yet");
    }
    return why_set(why, &SIGV4_S3_SKEWED,
                   "The difference between the request time and the current time is too large.");
}

/* ---- what is signed ---- */

static bool is_signed(struct str signed_headers, struct str name)
{
    while (signed_headers.at != NULL) {
        if (str_eq(str_split(&signed_headers, ';'), name)) {
            return true;
        }
    }
    return false;
}

/* Rule 2. */
static status cover_check(const struct sigv4 *sigv4, const struct http_request *request,
                          struct why *why)
{
    if (!is_signed(sigv4->signed_headers, STR("host")) &&
        !is_signed(sigv4->signed_headers, STR(":authority"))) {
        return why_set(why, sigv4->s3 ? &SIGV4_S3_DENIED : &SIGV4_MISMATCH,
                       sigv4->s3 ? "There were headers present in the request which were not signed"
                                 : "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
                                   "Authorization.");
    }
    for (size_t i = 0; sigv4->s3 && i < request->header_count; i++) {
        struct str name = request->headers[i].name;
        if (str_starts(name, STR("x-amz-")) && !is_signed(sigv4->signed_headers, name) &&
            !(sigv4->presigned && str_eq(name, STR("x-amz-content-sha256")))) {
            return why_set(why, &SIGV4_S3_DENIED,
                           "There were headers present in the request which were not signed");
        }
    }
    return OK;
}

static bool is_hash(struct str s)
{
    uint8_t hash[SHA256_BYTES];

    return s.bytes == SIGV4_HEX_BYTES && hex_decode(s, (char *)hash);
}

static struct str body_hash(const struct http_request *request, char hex[SIGV4_HEX_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    SHA256_CTX sha;

    if (request->body.bytes == 0) {
        return STR(SIGV4_EMPTY_HASH);
    }
    SHA256_Init(&sha);
    SHA256_Update(&sha, request->body.at, request->body.bytes);
    SHA256_Final(digest, &sha);
    hex_encode(str_of(digest, SHA256_BYTES), hex);
    return str_of(hex, SIGV4_HEX_BYTES);
}

/* The canonical request's last line; what does not fit is said. hex: room for it. */
static status payload_hash(const struct sigv4 *sigv4, const struct http_request *request,
                           struct why *why, char hex[SIGV4_HEX_BYTES], struct str *ret_hash)
{
    struct str sent = sigv4->content_hash;

    if (sigv4->payload != PAYLOAD_HASHED) {
        *ret_hash = sent.bytes > 0 ? sent : STR("UNSIGNED-PAYLOAD");
        return OK;
    }
    if (sigv4->s3 && sent.bytes == 0) {
        return why_set(why, &SIGV4_S3_INVALID,
                       "Missing required header for this request: x-amz-content-sha256");
    }
    if (sigv4->s3 && !is_hash(sent)) {
        return why_set(why, &SIGV4_S3_ARGUMENT,
                       "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                       "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                       "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.");
    }
    if (sigv4->body_later && is_hash(sent)) {
        *ret_hash = sent;
        return OK;
    }
    *ret_hash = body_hash(request, hex);
    if (sent.bytes > 0 && !str_eq_nocase(sent, *ret_hash)) {
        return sigv4->s3 ? why_set(why, &SIGV4_S3_HASH,
                                   "The provided 'x-amz-content-sha256' header does not match what "
                                   "was computed.")
                         : mismatch(false, why);
    }
    return OK;
}

status sigv4_check(const struct sigv4 *sigv4, const struct http_request *request, struct str secret,
                   int64_t now_ms, struct sigv4_keys *keys, struct arena *arena, struct why *why,
                   struct sigv4_seed *ret_seed)
{
    char hash_hex[SIGV4_HEX_BYTES];
    char signature[SIGV4_HEX_BYTES];
    uint8_t hash[SHA256_BYTES];
    struct signing_key scratch;
    const struct signing_key *key;
    struct canonical canonical = {
        .request = request,
        .signed_headers = sigv4->signed_headers,
        .presigned = sigv4->presigned,
        .s3 = sigv4->s3,
    };

    assert(sigv4->present);
    if (sigv4->version_two) {
        return sigv4_unsupported(why);
    }
    assert(sigv4->signed_at.bytes == SIGV4_DATE_BYTES);
    TRY(time_check(sigv4, now_ms, why));
    TRY(cover_check(sigv4, request, why));
    TRY(payload_hash(sigv4, request, why, hash_hex, &canonical.payload_hash));
    if (!sigv4_canonical_hash(&canonical, arena, hash)) {
        return mismatch(sigv4->s3, why);
    }
    key = sigv4_key(keys, secret, sigv4, &scratch);
    sign_hash(key, sigv4, hash, signature);
    if (sigv4->signature.bytes != sizeof(signature) ||
        !bytes_eq_const_time(sigv4->signature.at, signature, sizeof(signature))) {
        return mismatch(sigv4->s3, why);
    }
    if (ret_seed != NULL) {
        memcpy(ret_seed->key, key->plain, sizeof(ret_seed->key));
        memcpy(ret_seed->previous, signature, sizeof(signature));
    }
    return OK;
}

status sigv4_check_policy(const struct sigv4 *scope, struct str policy, struct str secret,
                          struct sigv4_keys *keys, struct why *why)
{
    char signature[SIGV4_HEX_BYTES];
    uint8_t digest[SHA256_BYTES];
    struct signing_key scratch;
    struct hashed_text text;
    const struct signing_key *key = sigv4_key(keys, secret, scope, &scratch);

    hashed_begin(&text, &key->hmac.inner);
    hashed_add(&text, policy);
    hmac_end(&key->hmac, &text, digest);
    hex_encode(str_of(digest, sizeof(digest)), signature);
    if (scope->signature.bytes != sizeof(signature) ||
        !bytes_eq_const_time(scope->signature.at, signature, sizeof(signature))) {
        return mismatch(true, why);
    }
    return OK;
}

/* ---- signing ---- */

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* a;b;c of the request's fields and host. */
static struct str names_of(const struct http_request *request, struct arena *arena)
{
    struct str names[SIGNED_HEADERS_MAX + 1];
    size_t count = 1;
    size_t room = 5;
    size_t bytes = 0;

    assert(request->header_count <= SIGNED_HEADERS_MAX);
    names[0] = STR("host");
    for (size_t i = 0; i < request->header_count; i++) {
        names[count++] = request->headers[i].name;
        room += request->headers[i].name.bytes + 1;
    }
    qsort(names, count, sizeof(names[0]), by_text);
    char *text = arena_alloc(arena, room);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(names[i], names[i - 1])) {
            continue;
        }
        if (i > 0) {
            text[bytes++] = ';';
        }
        memcpy(text + bytes, names[i].at, names[i].bytes);
        bytes += names[i].bytes;
    }
    return str_of(text, bytes);
}

struct str sigv4_sign(const struct http_request *request, struct str access_key, struct str secret,
                      struct str region, struct str service, int64_t now_ms, struct arena *arena)
{
    bool s3 = str_eq(service, STR("s3"));
    struct sigv4 sigv4 = {.region = region, .service = service, .signed_at_ms = now_ms};
    struct canonical canonical = {
        .request = request,
        .signed_headers = names_of(request, arena),
        .payload_hash = http_header(request, STR("x-amz-content-sha256")),
        .s3 = s3,
    };
    char hash_hex[SIGV4_HEX_BYTES];
    char signature[SIGV4_HEX_BYTES];
    uint8_t hash[SHA256_BYTES];
    struct signing_key key;
    struct buf text;

    buf_init(&text, 64);
    buf_add_sigv4_date(&text, now_ms);
    sigv4.signed_at = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    sigv4.date = str_slice(sigv4.signed_at, 0, 8);
    if (canonical.payload_hash.bytes == 0) {
        canonical.payload_hash = body_hash(request, hash_hex);
    }
    bool good = sigv4_canonical_hash(&canonical, arena, hash);

    assert(good); /* all signed fields are there, and the target is our own */
    derive(secret, &sigv4, &key);
    sign_hash(&key, &sigv4, hash, signature);
    return arena_printf(arena,
                        SIGV4_ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                                        "SignedHeaders=%.*s, Signature=%.64s",
                        STR_ARG(access_key), STR_ARG(sigv4.date), STR_ARG(region),
                        STR_ARG(service), STR_ARG(canonical.signed_headers), signature);
}
