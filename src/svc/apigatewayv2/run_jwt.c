/* SPDX-License-Identifier: Apache-2.0
 *
 * JWT authorizers. Source: "Control access to HTTP APIs with JWT authorizers", API Gateway
 * developer guide; RFC 6750 for what is said to who is refused.
 *
 * Rules
 *  1. In this order: a token, its issuer, a key of the issuer that signed it, its times, its
 *     audience, its scopes. A wrong token is 401, one without the route's scopes 403.
 *  2. aud counts; client_id only when there is no aud.
 *  3. exp is as the clock says; nbf and iat may be a minute ahead of ours.
 */
#include "bus/keyset.h"
#include "svc/apigatewayv2/run.h"
#include "svc/apigatewayv2/run_token.h"
#include "wire/json.h"
#include "wire/jwt.h"

#define AHEAD_MS INT64_C(60000)
#define CLAIMS_BYTES_MAX (256u * 1024)

static status refuse(struct call *c, struct meeting *meeting, const char *why)
{
    put_header(c, "www-authenticate",
               why == NULL ? STR("Bearer")
                           : arena_printf(c->keep,
                                          "Bearer error=\"invalid_token\" "
                                          "error_description=\"%s\"",
                                          why));
    return meeting_unauthorized(c, meeting, why == NULL ? "no token" : why);
}

static bool token_of(struct call *c, struct meeting *meeting, struct str *ret_token)
{
    struct str *identity;
    struct str token;

    if (meeting->route->identity_count == 0 || !auth_identity(c, meeting, &identity)) {
        return false;
    }
    token = identity[0];
    if (str_starts_nocase(token, STR("Bearer "))) {
        token = str_trim(str_slice(token, 7, token.bytes));
    }
    *ret_token = token;
    return token.bytes > 0;
}

/* ---- what it says ---- */

static bool list_has(const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, text)) {
            return true;
        }
    }
    return false;
}

static bool audience_fits(const struct jwt *jwt, const struct value *wanted)
{
    for (size_t i = 0; i < jwt->audience_count; i++) {
        if (list_has(wanted, jwt->audiences[i])) {
            return true;
        }
    }
    return jwt->audience_count == 0 && list_has(wanted, jwt_text(jwt, "client_id"));
}

/* NULL: nothing is wrong with it. */
static const char *wrong_with(struct call *c, const struct jwt *jwt, const struct value *wanted)
{
    if (jwt->expires_ms == 0) {
        return "the token does not have an expiration";
    }
    if (jwt->expires_ms <= c->now) {
        return "the token has expired";
    }
    if (jwt->not_before_ms > c->now + AHEAD_MS) {
        return "the token is not valid yet";
    }
    if (jwt->issued_ms > c->now + AHEAD_MS) {
        return "the token is used before it was issued";
    }
    if (!audience_fits(jwt, get(wanted, "Audience"))) {
        return "the token does not have a valid audience";
    }
    return NULL;
}

/* ---- scopes ---- */

/* scope is a text with spaces between; scp is that, or a list. */
static bool next_scope(const struct value *scopes, size_t *position, struct str *ret_scope)
{
    if (scopes->kind == VALUE_LIST) {
        if (*position >= scopes->count) {
            return false;
        }
        *ret_scope = scopes->items[(*position)++].str;
        return true;
    }
    while (scopes->kind == VALUE_STR && *position < scopes->str.bytes) {
        size_t end = str_find(scopes->str, ' ', *position);

        *ret_scope = str_slice(scopes->str, *position, end);
        *position = end + 1;
        if (ret_scope->bytes > 0) {
            return true;
        }
    }
    return false;
}

static const struct value *scopes_of(const struct jwt *jwt)
{
    static const struct value nothing = {.kind = VALUE_NONE};
    const struct value *scopes = map_find(&jwt->claims, STR("scope"));

    if (scopes == NULL) {
        scopes = map_find(&jwt->claims, STR("scp"));
    }
    if (scopes != NULL && scopes->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < scopes->count; i++) {
            if (scopes->items[i].kind != VALUE_STR) {
                return &nothing;
            }
        }
    }
    return scopes == NULL ? &nothing : scopes;
}

static bool scopes_fit(const struct value *wanted, const struct value *scopes)
{
    size_t position = 0;
    struct str scope;

    while (next_scope(scopes, &position, &scope)) {
        if (list_has(wanted, scope)) {
            return true;
        }
    }
    return wanted == NULL || wanted->count == 0;
}

static void add_scopes(struct buf *text, const struct value *wanted, const struct value *scopes)
{
    size_t position = 0;
    struct str scope;
    bool first = true;

    if (wanted == NULL || wanted->count == 0) {
        buf_add(text, STR("null"));
        return;
    }
    buf_add_c(text, '[');
    while (next_scope(scopes, &position, &scope)) {
        buf_add(text, first ? STR("") : STR(","));
        json_write_str(text, scope);
        first = false;
    }
    buf_add_c(text, ']');
}

/* ---- what the integration is told ---- */

/* A list is told as "[a b]", whatever else is no text as its JSON. */
static void add_claim(struct buf *text, const struct value *claim)
{
    struct buf plain;

    if (claim->kind == VALUE_STR) {
        json_write_str(text, claim->str);
        return;
    }
    buf_init(&plain, CLAIMS_BYTES_MAX);
    if (claim->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < claim->count; i++) {
            buf_add(&plain, i == 0 ? STR("[") : STR(" "));
            if (claim->items[i].kind == VALUE_STR) {
                buf_add(&plain, claim->items[i].str);
            } else {
                value_dump(&plain, &claim->items[i]);
            }
        }
        buf_add(&plain, claim->count == 0 ? STR("[]") : STR("]"));
    } else {
        value_dump(&plain, claim);
    }
    json_write_str(text, buf_str(&plain));
    buf_done(&plain);
}

static void tell(struct call *c, struct meeting *meeting, const struct jwt *jwt)
{
    const struct value *wanted = get(meeting->route->live->route, "AuthorizationScopes");
    struct value *claims = arena_alloc(c->keep, sizeof(*claims));
    struct buf text;

    buf_init(&text, 4 * CLAIMS_BYTES_MAX);
    buf_add(&text, STR("{\"claims\":{"));
    for (uint32_t i = 0; i < jwt->claims.count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(","));
        json_write_str(&text, jwt->claims.pairs[i].key);
        buf_add_c(&text, ':');
        add_claim(&text, &jwt->claims.pairs[i].value);
    }
    buf_add(&text, STR("},\"scopes\":"));
    add_scopes(&text, wanted, scopes_of(jwt));
    buf_add_c(&text, '}');
    meeting->authorizer_1 = arena_dup(c->keep, buf_str(&text));
    meeting->authorizer =
        arena_printf(c->keep, "{\"jwt\":%.*s}", STR_ARG(meeting->authorizer_1));
    buf_done(&text);
    *claims = jwt->claims;
    meeting->claims = claims;
}

/* ---- in order ---- */

static status judge(struct call *c, struct meeting *meeting, const struct jwt *jwt,
                    const struct value *configuration)
{
    const struct value *wanted = get(meeting->route->live->route, "AuthorizationScopes");
    const char *wrong = wrong_with(c, jwt, configuration);

    if (wrong != NULL) {
        return refuse(c, meeting, wrong);
    }
    if (!scopes_fit(wanted, scopes_of(jwt))) {
        put_header(c, "www-authenticate",
                   STR("Bearer error=\"insufficient_scope\" error_description=\"the token does "
                       "not have the scopes of the route\""));
        meeting->authorizer_error = STR("insufficient scope");
        return meeting_fail(c, meeting, 403, "Forbidden");
    }
    tell(c, meeting, jwt);
    return meeting_integrate(c);
}

static enum jwt_signature signature_of(struct call *c, const struct jwt *jwt, struct str token,
                                       struct str keys)
{
    struct tokens *known = run_of(c)->tokens;
    enum jwt_signature signature;

    if (tokens_know(known, token, keys)) {
        return JWT_GOOD;
    }
    signature = jwt_check(jwt, keys, c->arena);
    if (signature == JWT_GOOD) {
        tokens_keep(known, token, keys);
    }
    return signature;
}

static status fetched(struct call *c)
{
    (void)keyset_fetched(c);
    meeting_of(c)->fetched = true;
    return jwt_authorize(c);
}

status jwt_authorize(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct value *configuration =
        get(meeting->route->live->authorizer, "JwtConfiguration");
    struct str issuer = configuration == NULL ? STR_NONE : get_str(configuration, "Issuer");
    enum jwt_signature signature = JWT_NO_KEY;
    struct str token, keys;
    struct jwt jwt;

    if (!token_of(c, meeting, &token)) {
        return refuse(c, meeting, NULL);
    }
    if (!jwt_read(token, c->keep, &jwt)) {
        return refuse(c, meeting, "the token is malformed");
    }
    if (issuer.bytes == 0 || jwt.issuer.bytes == 0 || !keyset_same(c, issuer, jwt.issuer)) {
        return refuse(c, meeting, "the token's issuer is not the authorizer's");
    }
    if (keyset_known(c, issuer, &keys)) {
        signature = signature_of(c, &jwt, token, keys);
    }
    if (signature == JWT_NO_KEY && !meeting->fetched && keyset_fetch(c, issuer, fetched)) {
        return OK;
    }
    if (signature != JWT_GOOD) {
        return refuse(c, meeting, signature == JWT_BAD ? "the token's signature is invalid"
                                                       : "signing key is unknown");
    }
    return judge(c, meeting, &jwt, configuration);
}
