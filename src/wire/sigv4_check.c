/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical request, its signature, and the comparison. Derived signing keys are kept per thread
 * in a small table that a collision overwrites: a day's key costs four HMACs, a signature one.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "base/time.h"
#include "wire/sigv4_int.h"

#include <assert.h>
#include <stdlib.h>

#define KEY_SLOTS 64
#define CANONICAL_BYTES_MAX (256u * 1024)
#define QUERY_PARTS_MAX 512

struct key_slot {
    uint64_t hash;                /* of secret and scope; 0: empty */
    uint8_t check[SHA256_BYTES];  /* SHA-256 of the same */
    uint8_t key[SHA256_BYTES];
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
    mem_free(keys);
}

static void derive(struct str secret, const struct sigv4 *scope, uint8_t key[SHA256_BYTES])
{
    struct buf first;

    buf_init(&first, 4096);
    buf_add(&first, STR("AWS4"));
    buf_add(&first, secret);
    hmac_sha256(buf_str(&first), scope->date, key);
    buf_done(&first);
    hmac_sha256(str_of(key, SHA256_BYTES), scope->region, key);
    hmac_sha256(str_of(key, SHA256_BYTES), scope->service, key);
    hmac_sha256(str_of(key, SHA256_BYTES), STR("aws4_request"), key);
}

void sigv4_key(struct sigv4_keys *keys, struct str secret, const struct sigv4 *scope,
               uint8_t ret_key[SHA256_BYTES])
{
    char text[512];
    uint8_t check[SHA256_BYTES];
    struct key_slot *slot;
    int bytes = snprintf(text, sizeof(text), "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(secret),
                         STR_ARG(scope->date), STR_ARG(scope->region), STR_ARG(scope->service));

    if (keys == NULL || bytes < 0 || (size_t)bytes >= sizeof(text)) {
        derive(secret, scope, ret_key);
        return;
    }
    uint64_t hash = str_hash(str_of(text, (size_t)bytes)) | 1;

    slot = &keys->slots[hash / 2 % KEY_SLOTS];
    sha256(str_of(text, (size_t)bytes), check);
    if (slot->hash != hash || memcmp(slot->check, check, SHA256_BYTES) != 0) {
        derive(secret, scope, slot->key);
        memcpy(slot->check, check, SHA256_BYTES);
        slot->hash = hash;
    }
    memcpy(ret_key, slot->key, SHA256_BYTES);
}

/* ---- the canonical request ---- */

/* The path: S3's as it was sent, decoded and encoded once; everybody else's encoded once more. */
static bool add_path(const struct canonical *canonical, struct arena *arena, struct buf *out)
{
    struct str path = canonical->request->path;
    struct str plain;

    if (path.bytes == 0) {
        buf_add_c(out, '/');
        return true;
    }
    if (canonical->encode_path_twice) {
        buf_add_percent(out, path, true);
        return true;
    }
    if (!percent_decode(arena, path, false, &plain)) {
        return false;
    }
    buf_add_percent(out, plain, true);
    return true;
}

struct query_part {
    struct str name, value; /* encoded */
};

static int by_name(const void *a, const void *b)
{
    const struct query_part *one = a;
    const struct query_part *other = b;
    int order = str_cmp(one->name, other->name);

    return order != 0 ? order : str_cmp(one->value, other->value);
}

static bool encode_again(struct arena *arena, struct str text, struct str *ret_encoded)
{
    struct str plain;
    struct buf encoded;

    if (!percent_decode(arena, text, true, &plain)) {
        return false;
    }
    buf_init(&encoded, CANONICAL_BYTES_MAX);
    buf_add_percent(&encoded, plain, false);
    *ret_encoded = arena_dup(arena, buf_str(&encoded));
    buf_done(&encoded);
    return true;
}

static bool add_query(const struct canonical *canonical, struct arena *arena, struct buf *out)
{
    struct query_part parts[QUERY_PARTS_MAX];
    struct str rest = canonical->request->query;
    size_t count = 0;

    while (rest.at != NULL) {
        struct str part = str_split(&rest, '&');
        size_t equals = str_find(part, '=', 0);

        if (part.bytes == 0) {
            continue;
        }
        if (count == QUERY_PARTS_MAX ||
            !encode_again(arena, str_slice(part, 0, equals), &parts[count].name) ||
            !encode_again(arena, str_slice(part, equals + 1, part.bytes), &parts[count].value)) {
            return false;
        }
        count += !str_eq(parts[count].name, canonical->skip);
    }
    qsort(parts, count, sizeof(parts[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_add_c(out, '&');
        }
        buf_add(out, parts[i].name);
        buf_add_c(out, '=');
        buf_add(out, parts[i].value);
    }
    return true;
}

/* A value without spaces at its ends, runs of spaces made one. */
static void add_folded(struct buf *out, struct str value)
{
    bool space = false;

    value = str_trim(value);
    for (size_t i = 0; i < value.bytes; i++) {
        bool is_space = value.at[i] == ' ';

        if (!is_space || !space) {
            buf_add_c(out, value.at[i]);
        }
        space = is_space;
    }
}

static bool add_headers(const struct canonical *canonical, struct buf *out)
{
    const struct http_request *request = canonical->request;
    struct str rest = canonical->signed_headers;

    while (rest.at != NULL) {
        struct str name = str_split(&rest, ';');
        bool found = false;

        buf_add(out, name);
        buf_add_c(out, ':');
        for (size_t i = 0; i < request->header_count; i++) {
            if (!str_eq(request->headers[i].name, name)) {
                continue;
            }
            if (found) {
                buf_add_c(out, ',');
            }
            add_folded(out, request->headers[i].value);
            found = true;
        }
        if (!found && str_eq(name, STR("host"))) { /* HTTP/2 has it as :authority */
            add_folded(out, request->authority);
            found = true;
        }
        if (!found && !str_eq(name, STR("content-length"))) {
            return false;
        }
        buf_add_c(out, '\n');
    }
    return true;
}

bool sigv4_canonical(const struct canonical *canonical, struct arena *arena, struct buf *out)
{
    buf_add(out, canonical->request->method);
    buf_add_c(out, '\n');
    if (!add_path(canonical, arena, out)) {
        return false;
    }
    buf_add_c(out, '\n');
    if (!add_query(canonical, arena, out)) {
        return false;
    }
    buf_add_c(out, '\n');
    if (!add_headers(canonical, out)) {
        return false;
    }
    buf_add_c(out, '\n');
    buf_add(out, canonical->signed_headers);
    buf_add_c(out, '\n');
    buf_add(out, canonical->payload_hash);
    return !buf_spent(out);
}

void sigv4_signature(const uint8_t key[SHA256_BYTES], const struct sigv4 *sigv4,
                     struct str canonical, char out[64])
{
    uint8_t digest[SHA256_BYTES];
    char hex[64];
    struct buf text;

    sha256(canonical, digest);
    hex_encode(str_of(digest, SHA256_BYTES), hex);
    buf_init(&text, 4096);
    buf_add(&text, STR(SIGV4_ALGORITHM "\n"));
    buf_add_sigv4_date(&text, sigv4->signed_at_ms);
    buf_printf(&text, "\n%.*s/%.*s/%.*s/aws4_request\n", STR_ARG(sigv4->date),
               STR_ARG(sigv4->region), STR_ARG(sigv4->service));
    buf_add_bytes(&text, hex, sizeof(hex));
    hmac_sha256(str_of(key, SHA256_BYTES), buf_str(&text), digest);
    buf_done(&text);
    hex_encode(str_of(digest, SHA256_BYTES), out);
}

/* ---- checking ---- */

static status time_check(const struct sigv4 *sigv4, int64_t now_ms, struct why *why)
{
    struct buf text;
    bool late = now_ms > sigv4->signed_at_ms;
    int64_t edge_ms = late ? now_ms - SIGV4_SKEW_MS_MAX : now_ms + SIGV4_SKEW_MS_MAX;

    if (sigv4->presigned && now_ms > sigv4->signed_at_ms + sigv4->expires_ms) {
        return why_set(why, &SIGV4_EXPIRED, "Request has expired");
    }
    if ((sigv4->presigned && late) ||
        (late ? sigv4->signed_at_ms >= edge_ms : sigv4->signed_at_ms <= edge_ms)) {
        return OK;
    }
    buf_init(&text, 512);
    buf_add(&text, late ? STR("Signature expired: ") : STR("Signature not yet current: "));
    buf_add_sigv4_date(&text, sigv4->signed_at_ms);
    buf_add(&text, late ? STR(" is now earlier than ") : STR(" is still later than "));
    buf_add_sigv4_date(&text, edge_ms);
    buf_add(&text, STR(" ("));
    buf_add_sigv4_date(&text, now_ms);
    buf_printf(&text, " %c %d min.)", late ? '-' : '+', SIGV4_SKEW_MS_MAX / 60000);
    why_set(why, &SIGV4_SKEWED, "%.*s", STR_ARG(buf_str(&text)));
    buf_done(&text);
    return &SIGV4_SKEWED;
}

static status mismatch(struct why *why)
{
    return why_set(why, &SIGV4_MISMATCH,
                   "The request signature we calculated does not match the signature you provided. "
                   "Check your AWS Secret Access Key and signing method. Consult the service "
                   "documentation for details.");
}

static struct str payload_hash(const struct sigv4 *sigv4, const struct http_request *request,
                               char hex[64])
{
    uint8_t digest[SHA256_BYTES];

    if (sigv4->payload != PAYLOAD_HASHED) {
        return sigv4->payload == PAYLOAD_UNSIGNED ? STR("UNSIGNED-PAYLOAD") : sigv4->content_hash;
    }
    sha256(request->body, digest);
    hex_encode(str_of(digest, SHA256_BYTES), hex);
    return str_of(hex, 64);
}

status sigv4_check(const struct sigv4 *sigv4, const struct http_request *request, struct str secret,
                   int64_t now_ms, struct sigv4_keys *keys, struct arena *arena, struct why *why,
                   struct sigv4_seed *ret_seed)
{
    char hash[64];
    char signature[64];
    uint8_t key[SHA256_BYTES];
    struct buf text;
    struct canonical canonical = {
        .request = request,
        .signed_headers = sigv4->signed_headers,
        .payload_hash = payload_hash(sigv4, request, hash),
        .skip = sigv4->presigned ? STR("X-Amz-Signature") : STR_NONE,
        .encode_path_twice = !str_eq(sigv4->service, STR("s3")),
    };
    bool good;

    TRY(time_check(sigv4, now_ms, why));
    if (sigv4->payload == PAYLOAD_HASHED && sigv4->content_hash.bytes > 0 &&
        !str_eq(sigv4->content_hash, canonical.payload_hash)) {
        return mismatch(why);
    }
    buf_init(&text, CANONICAL_BYTES_MAX);
    good = sigv4_canonical(&canonical, arena, &text);
    if (good) {
        sigv4_key(keys, secret, sigv4, key);
        sigv4_signature(key, sigv4, buf_str(&text), signature);
        good = sigv4->signature.bytes == sizeof(signature) &&
               bytes_eq_const_time(sigv4->signature.at, signature, sizeof(signature));
    }
    buf_done(&text);
    if (!good) {
        return mismatch(why);
    }
    if (ret_seed != NULL) {
        memcpy(ret_seed->key, key, sizeof(key));
        memcpy(ret_seed->previous, signature, sizeof(signature));
    }
    return OK;
}

/* ---- signing ---- */

struct str sigv4_sign(const struct http_request *request, struct str access_key, struct str secret,
                      struct str region, struct str service, int64_t now_ms, struct arena *arena)
{
    struct sigv4 sigv4 = {.region = region, .service = service, .signed_at_ms = now_ms};
    struct canonical canonical = {.request = request,
                                  .encode_path_twice = !str_eq(service, STR("s3"))};
    char hash[64];
    char signature[64];
    uint8_t key[SHA256_BYTES];
    struct buf text;

    buf_init(&text, CANONICAL_BYTES_MAX);
    buf_add_sigv4_date(&text, now_ms);
    sigv4.date = arena_dup(arena, str_slice(buf_str(&text), 0, 8));
    buf_clear(&text);
    for (size_t i = 0; i < request->header_count; i++) { /* they come sorted by name */
        if (i > 0) {
            buf_add_c(&text, ';');
        }
        buf_add(&text, request->headers[i].name);
    }
    canonical.signed_headers = arena_dup(arena, buf_str(&text));
    buf_clear(&text);
    canonical.payload_hash = payload_hash(&sigv4, request, hash);
    bool good = sigv4_canonical(&canonical, arena, &text);

    assert(good);
    sigv4_key(NULL, secret, &sigv4, key);
    sigv4_signature(key, &sigv4, buf_str(&text), signature);
    buf_done(&text);
    return arena_printf(arena,
                        SIGV4_ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, "
                                        "SignedHeaders=%.*s, Signature=%.64s",
                        STR_ARG(access_key), STR_ARG(sigv4.date), STR_ARG(region),
                        STR_ARG(service), STR_ARG(canonical.signed_headers), signature);
}
