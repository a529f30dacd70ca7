/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Web Tokens, RFC 7519: three parts in base64url, of which the second is an object of claims.
 *
 *   eyJhbGciOiJSUzI1NiJ9 . eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiIxIn0 . c2lnbmF0dXJl
 */
#include "base/codec.h"
#include "wire/json.h"
#include "wire/jwt.h"

/* base64url without padding becomes base64 with it. */
bool jwt_part_read(struct str part, struct arena *arena, struct str *ret_plain)
{
    size_t padded = (part.bytes + 3) / 4 * 4;
    char *text = arena_try(arena, padded + 1);
    size_t bytes;

    if (text == NULL || part.bytes == 0 || part.bytes % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < padded; i++) {
        char ch = i < part.bytes ? part.at[i] : '=';

        if (ch == '+' || ch == '/' || (ch == '=' && i < part.bytes)) {
            return false;
        }
        text[i] = (char)(ch == '-' ? '+' : ch == '_' ? '/' : ch);
    }
    if (!base64_decode(str_of(text, padded), text, &bytes)) {
        return false;
    }
    *ret_plain = str_of(text, bytes);
    return true;
}

struct str jwt_part_write(struct str plain, struct arena *arena)
{
    size_t bytes = base64_encoded_bytes(plain.bytes);
    char *text = arena_alloc(arena, bytes + 1);

    base64_encode(plain, text);
    while (bytes > 0 && text[bytes - 1] == '=') {
        bytes--;
    }
    for (size_t i = 0; i < bytes; i++) {
        text[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    }
    return str_of(text, bytes);
}

/* ---- claims ---- */

static struct str text_claim(const struct value *claims, const char *name)
{
    const struct value *claim = map_find(claims, str_c(name));

    return claim != NULL && claim->kind == VALUE_STR ? claim->str : STR_NONE;
}

struct str jwt_text(const struct jwt *jwt, const char *claim)
{
    return text_claim(&jwt->claims, claim);
}

/* Seconds since 1970, as a number. */
static int64_t time_claim(const struct value *claims, const char *name)
{
    const struct value *claim = map_find(claims, str_c(name));
    int64_t limit = INT64_MAX / 1000;

    if (claim != NULL && claim->kind == VALUE_INT && claim->number > 0 &&
        claim->number < limit) {
        return claim->number * 1000;
    }
    if (claim != NULL && claim->kind == VALUE_DOUBLE && claim->real > 0 &&
        claim->real < (double)limit) {
        return (int64_t)claim->real * 1000;
    }
    return 0;
}

static bool audiences_read(struct jwt *jwt)
{
    const struct value *claim = map_find(&jwt->claims, STR("aud"));

    if (claim == NULL) {
        return true;
    }
    if (claim->kind == VALUE_STR) {
        jwt->audiences[jwt->audience_count++] = claim->str;
        return true;
    }
    if (claim->kind != VALUE_LIST || claim->count > JWT_AUDIENCES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < claim->count; i++) {
        if (claim->items[i].kind != VALUE_STR) {
            return false;
        }
        jwt->audiences[jwt->audience_count++] = claim->items[i].str;
    }
    return true;
}

/* An object in base64url. */
static bool object_read(struct str part, struct arena *arena, struct value *ret_object)
{
    struct str plain;
    struct why why;

    return jwt_part_read(part, arena, &plain) &&
           json_read(plain, 0, arena, &why, ret_object) == OK && ret_object->kind == VALUE_MAP;
}

/* What a header may say. With "crit" it says that whoever does not know more must refuse. */
static bool header_read(struct str part, struct arena *arena, struct jwt *jwt)
{
    struct value header;

    if (part.bytes > JWT_HEADER_BYTES_MAX || !object_read(part, arena, &header) ||
        map_find(&header, STR("crit")) != NULL) {
        return false;
    }
    jwt->algorithm = text_claim(&header, "alg");
    jwt->key_id = text_claim(&header, "kid");
    return true;
}

bool jwt_read(struct str text, struct arena *arena, struct jwt *ret_jwt)
{
    struct jwt jwt = {.audience_count = 0};
    struct str rest = text;
    struct str head;
    struct str body;

    if (text.bytes > JWT_BYTES_MAX) {
        return false;
    }
    head = str_split(&rest, '.');
    body = rest.at == NULL ? STR_NONE : str_split(&rest, '.');
    if (rest.at == NULL || str_find(rest, '.', 0) < rest.bytes ||
        !header_read(head, arena, &jwt) || !object_read(body, arena, &jwt.claims) ||
        !audiences_read(&jwt) ||
        (rest.bytes > 0 && !jwt_part_read(rest, arena, &jwt.signature))) {
        return false;
    }
    jwt.signed_text = str_slice(text, 0, head.bytes + 1 + body.bytes);
    jwt.issuer = text_claim(&jwt.claims, "iss");
    jwt.subject = text_claim(&jwt.claims, "sub");
    jwt.expires_ms = time_claim(&jwt.claims, "exp");
    jwt.not_before_ms = time_claim(&jwt.claims, "nbf");
    jwt.issued_ms = time_claim(&jwt.claims, "iat");
    *ret_jwt = jwt;
    return true;
}
