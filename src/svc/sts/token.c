/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Web Tokens, RFC 7519: three parts in base64url, of which the second is an object of claims.
 *
 *   eyJhbGciOiJSUzI1NiJ9 . eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiIxIn0 . c2lnbmF0dXJl
 */
#include "base/codec.h"
#include "svc/sts/sts_int.h"
#include "wire/json.h"

/* base64url without padding becomes base64 with it. */
bool token_part(struct str part, struct arena *arena, struct str *ret_plain)
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

static struct str text_claim(const struct value *claims, const char *name)
{
    const struct value *claim = map_find(claims, str_c(name));

    return claim != NULL && claim->kind == VALUE_STR ? claim->str : STR_NONE;
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

static bool audiences_read(struct token *token)
{
    const struct value *claim = map_find(&token->claims, STR("aud"));

    if (claim == NULL) {
        return true;
    }
    if (claim->kind == VALUE_STR) {
        token->audiences[token->audience_count++] = claim->str;
        return true;
    }
    if (claim->kind != VALUE_LIST || claim->count > AUDIENCES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < claim->count; i++) {
        if (claim->items[i].kind != VALUE_STR) {
            return false;
        }
        token->audiences[token->audience_count++] = claim->items[i].str;
    }
    return true;
}

bool token_read(struct str text, struct arena *arena, struct token *ret_token)
{
    struct token token = {.audience_count = 0};
    struct str rest = text;
    struct str head = str_split(&rest, '.');
    struct str body = rest.at == NULL ? STR_NONE : str_split(&rest, '.');
    struct value header;
    struct str plain;
    struct why why;

    if (rest.at == NULL || str_find(rest, '.', 0) < rest.bytes || text.bytes > TOKEN_BYTES_MAX ||
        !token_part(head, arena, &plain) || json_read(plain, 0, arena, &why, &header) != OK ||
        header.kind != VALUE_MAP || !token_part(body, arena, &plain) ||
        json_read(plain, 0, arena, &why, &token.claims) != OK ||
        token.claims.kind != VALUE_MAP || !audiences_read(&token)) {
        return false;
    }
    token.algorithm = text_claim(&header, "alg");
    token.key_id = text_claim(&header, "kid");
    token.signed_text = str_slice(text, 0, head.bytes + 1 + body.bytes);
    if (rest.bytes > 0 && !token_part(rest, arena, &token.signature)) {
        return false;
    }
    token.issuer = text_claim(&token.claims, "iss");
    token.subject = text_claim(&token.claims, "sub");
    token.expires_ms = time_claim(&token.claims, "exp");
    token.issued_ms = time_claim(&token.claims, "iat");
    *ret_token = token;
    return token.issuer.bytes > 0 && token.subject.bytes > 0;
}
