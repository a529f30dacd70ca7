/* SPDX-License-Identifier: Apache-2.0
 *
 * What apps ask without a browser's user: tokens for codes, refresh tokens and client credentials;
 * who a token's user is; a token's end. Sources: "The token issuer endpoint", "The user attributes
 * endpoint", "The token revocation endpoint", Amazon Cognito developer guide; RFC 6749, 7009, 7636.
 */
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "svc/cognito/claims.h"
#include "svc/cognito/grant.h"
#include "svc/cognito/keys.h"
#include "svc/cognito/token.h"
#include "wire/json.h"
#include "wire/jwt.h"

#define ANSWER_BYTES_MAX (128u * 1024)

/* ---- who asks ---- */

/* "Basic base64(id:secret)"; false: there is such a field, and it is broken. */
static bool basic_read(struct call *c, struct str *ret_id, struct str *ret_secret)
{
    struct str field = http_header(c->request, STR("authorization"));
    struct str rest;
    char *plain;
    size_t bytes;

    if (!str_starts_nocase(field, STR("Basic "))) {
        return field.bytes == 0;
    }
    field = str_trim(str_slice(field, 6, field.bytes));
    plain = arena_alloc(c->arena, field.bytes + 4);
    if (!base64_decode(field, plain, &bytes)) {
        return false;
    }
    rest = str_of(plain, bytes);
    *ret_id = str_split(&rest, ':');
    *ret_secret = rest;
    return rest.at != NULL;
}

/* The client, by a Basic field or by members of the form. False: it was answered. */
static bool client_of(struct call *c, const struct web *web, int http,
                      struct client *ret_client)
{
    struct str id = param(&web->form, "client_id");
    struct str secret = param(&web->form, "client_secret");
    struct str basic_id = STR_NONE;

    if (!basic_read(c, &basic_id, &secret) ||
        (basic_id.bytes > 0 && id.bytes > 0 && !str_eq(basic_id, id))) {
        web_error(c, http, "invalid_client", STR_NONE);
        return false;
    }
    id = basic_id.bytes > 0 ? basic_id : id;
    if (id.bytes == 0) {
        web_error(c, 400, "invalid_request", STR_NONE);
        return false;
    }
    if (id.bytes > 128 || client_find(c, id, ret_client) != OK ||
        !str_eq(ret_client->pool, web->pool.id)) {
        web_error(c, http, "invalid_client", STR_NONE);
        return false;
    }
    if (!client_secret_fits(ret_client, secret)) {
        web_error(c, http, "invalid_client",
                  secret.bytes > 0 ? STR("invalid_client_secret") : STR_NONE);
        return false;
    }
    return true;
}

static bool allows(const struct client *client, const char *flow)
{
    return get_bool(client->about, "AllowedOAuthFlowsUserPoolClient", false) &&
           client_has(client, "AllowedOAuthFlows", str_c(flow));
}

/* ---- tokens ---- */

static status tokens_given(struct call *c, void *arg)
{
    struct tokens *const *given = arg;
    const struct tokens *tokens = *given;
    struct buf body;

    buf_init(&body, ANSWER_BYTES_MAX);
    buf_add_c(&body, '{');
    if (tokens->id.bytes > 0) {
        buf_printf(&body, "\"id_token\":\"%.*s\",", STR_ARG(tokens->id));
    }
    buf_printf(&body, "\"access_token\":\"%.*s\",", STR_ARG(tokens->access));
    if (tokens->refresh.bytes > 0) {
        buf_printf(&body, "\"refresh_token\":\"%.*s\",", STR_ARG(tokens->refresh));
    }
    buf_printf(&body, "\"expires_in\":%lld,\"token_type\":\"Bearer\"}",
               (long long)tokens->expires_s);
    web_json(c, 200, arena_dup(c->arena, buf_str(&body)));
    buf_done(&body);
    return OK;
}

/* Whatever keeps tokens from being made, OAuth has one word for it. */
static status tokens_refused(struct call *c, status result, void *arg)
{
    (void)arg;
    if (result == OK) {
        return OK;
    }
    if (result == &COGNITO_LAMBDA_VALIDATION || result == &COGNITO_LAMBDA_UNEXPECTED ||
        result == &COGNITO_LAMBDA_ANSWER) {
        web_error(c, 400, "invalid_grant", arena_dup(c->arena, str_c(c->why.text)));
        return OK;
    }
    web_error(c, result->http < 500 ? 400 : 500,
              result->http < 500 ? "invalid_grant" : "server_error", STR_NONE);
    return OK;
}

/* Is the verifier what the challenge is the hash of? Without a challenge there is none. */
static bool verifier_good(struct call *c, const struct grant_code *code, struct str verifier)
{
    uint8_t sum[SHA256_BYTES];

    if (code->challenge.bytes == 0) {
        return true;
    }
    if (verifier.bytes < CHALLENGE_CHARS_MIN || verifier.bytes > CHALLENGE_CHARS_MAX) {
        return false;
    }
    sha256(verifier, sum);
    return str_eq(code->challenge, jwt_part_write(str_of(sum, sizeof(sum)), c->arena));
}

static status grant_by_code(struct call *c, const struct web *web, const struct client *client)
{
    struct tokens **tokens = ARENA_NEW(c->keep, struct tokens *);
    struct str given = param(&web->form, "code");
    struct str redirect_uri = param(&web->form, "redirect_uri");
    struct grant_code code;
    struct user *user;

    if (given.bytes == 0 || redirect_uri.bytes == 0) {
        web_error(c, 400, "invalid_request", STR_NONE);
        return OK;
    }
    if (!allows(client, "code")) {
        web_error(c, 400, "unauthorized_client", STR_NONE);
        return OK;
    }
    if (!grant_code_take(c, &web->pool, given, &code) || !str_eq(code.client, client->id) ||
        !str_eq(code.redirect_uri, redirect_uri) ||
        !verifier_good(c, &code, param(&web->form, "code_verifier")) ||
        !user_of_sub(c, &web->pool, code.sub, &user) ||
        user->signed_out_ms != code.signed_out_ms) {
        web_error(c, 400, "invalid_grant", STR_NONE);
        return OK;
    }
    call_last(c, tokens_refused, NULL);
    return tokens_mint(c,
                       &(struct token_wish){.pool = web->pool.id, .client = client->id,
                                            .sub = code.sub, .scopes = code.scopes,
                                            .source = "TokenGeneration_HostedAuth",
                                            .nonce = code.nonce,
                                            .signed_in_ms = code.signed_in_ms},
                       (struct later){tokens_given, tokens}, tokens);
}

static status grant_by_refresh(struct call *c, const struct web *web, const struct client *client)
{
    struct tokens **tokens = ARENA_NEW(c->keep, struct tokens *);
    struct refresh_wish wish = {.client = client, .token = param(&web->form, "refresh_token")};

    if (wish.token.bytes == 0) {
        web_error(c, 400, "invalid_request", STR_NONE);
        return OK;
    }
    call_last(c, tokens_refused, NULL);
    return tokens_refresh(c, &wish, (struct later){tokens_given, tokens}, tokens);
}

/* The client's custom scopes that are asked for, or all of them; empty: one it may not have. */
static struct str machine_scopes(struct call *c, const struct client *client, struct str asked)
{
    const struct value *allowed = get(client->about, "AllowedOAuthScopes");
    struct scope_list *list = ARENA_NEW(c->arena, struct scope_list);

    if (asked.bytes > 0) {
        scopes_read(asked, list);
        for (size_t i = 0; i < list->count; i++) {
            if (!client_has(client, "AllowedOAuthScopes", list->at[i])) {
                return STR_NONE;
            }
        }
    }
    for (uint32_t i = 0; asked.bytes == 0 && allowed != NULL && i < allowed->count; i++) {
        if (str_find(allowed->items[i].str, '/', 0) < allowed->items[i].str.bytes) {
            scopes_add(list, allowed->items[i].str);
        }
    }
    return scopes_write(list, c->arena);
}

static status grant_by_secret(struct call *c, const struct web *web, const struct client *client)
{
    struct tokens **tokens = ARENA_NEW(c->keep, struct tokens *);
    struct token_wish wish = {.pool = web->pool.id, .client = client->id,
                              .source = "TokenGeneration_ClientCredentials", .no_refresh = true};

    if (client->secrets[0].bytes == 0 || !allows(client, "client_credentials")) {
        web_error(c, 400, "unauthorized_client", STR_NONE);
        return OK;
    }
    wish.scopes = machine_scopes(c, client, param(&web->form, "scope"));
    if (wish.scopes.bytes == 0) {
        web_error(c, 400, "invalid_scope", STR_NONE);
        return OK;
    }
    call_last(c, tokens_refused, NULL);
    return tokens_mint(c, &wish, (struct later){tokens_given, tokens}, tokens);
}

/* POST /oauth2/token */
status web_token(struct call *c, const struct web *web)
{
    struct str type = param(&web->form, "grant_type");
    struct client client;

    if (!web->is_form || web->form.broken || type.bytes == 0) {
        web_error(c, 400, "invalid_request", STR_NONE);
        return OK;
    }
    if (!client_of(c, web, 400, &client)) {
        return OK;
    }
    if (str_eq(type, STR("authorization_code"))) {
        return grant_by_code(c, web, &client);
    }
    if (str_eq(type, STR("refresh_token"))) {
        return grant_by_refresh(c, web, &client);
    }
    if (str_eq(type, STR("client_credentials"))) {
        return grant_by_secret(c, web, &client);
    }
    web_error(c, 400, "unsupported_grant_type", STR_NONE);
    return OK;
}

/* ---- the end of one ---- */

/* POST /oauth2/revoke */
status web_revoke(struct call *c, const struct web *web)
{
    struct str token = param(&web->form, "token");
    struct client client;
    status revoked;

    if (!web->is_form || web->form.broken || token.bytes == 0) {
        web_error(c, 400, "invalid_request", token.bytes == 0 ? STR("Token is missing") : STR_NONE);
        return OK;
    }
    if (!client_of(c, web, 401, &client)) {
        return OK;
    }
    revoked = token_revoke(c, &client, token);
    if (revoked == &COGNITO_UNSUPPORTED_TOKEN) {
        web_error(c, 400, "unsupported_token_type", STR_NONE);
    } else if (revoked == &COGNITO_UNAUTHORIZED) {
        web_error(c, 400, "unauthorized_client", STR_NONE);
    } else if (revoked != OK) {
        web_error(c, 400, "invalid_request", STR_NONE);
    } else {
        web_json(c, 200, STR_NONE);
    }
    return OK;
}

/* ---- who it is ---- */

static void refuse_token(struct call *c, int http, const char *error, const char *words)
{
    put_header(c, "www-authenticate",
               arena_printf(c->arena, "error=\"%s\", error_description=\"%s\"", error, words));
    web_error(c, http, error, str_c(words));
}

static void add_pair(struct buf *body, struct str name, struct str value)
{
    buf_add_c(body, body->bytes == 0 ? '{' : ',');
    json_write_str(body, name);
    buf_add_c(body, ':');
    json_write_str(body, value);
}

static void answer_user(struct call *c, const struct verified *verified)
{
    const struct user *user = verified->user;
    struct buf body;

    buf_init(&body, ANSWER_BYTES_MAX);
    add_pair(&body, STR("sub"), user->sub);
    for (size_t i = 0; i < user->attribute_count; i++) {
        struct str name = user->attributes[i].name;

        if (!str_eq(name, STR("sub")) && client_reads(&verified->client, name) &&
            scopes_show(verified->scopes, name)) {
            add_pair(&body, name, user->attributes[i].value);
        }
    }
    add_pair(&body, STR("username"), user->username);
    buf_add_c(&body, '}');
    web_json(c, 200, arena_dup(c->arena, buf_str(&body)));
    buf_done(&body);
}

/* GET /oauth2/userInfo */
status web_user_info(struct call *c, const struct web *web)
{
    struct str field = http_header(c->request, STR("authorization"));
    struct verified verified;

    if (!str_starts_nocase(field, STR("Bearer ")) || str_trim(field).bytes <= 7) {
        refuse_token(c, 400, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint");
        return OK;
    }
    if (token_verify(c, str_trim(str_slice(field, 7, field.bytes)), "openid", &verified) != OK ||
        !str_eq(verified.pool.id, web->pool.id)) {
        refuse_token(c, 401, "invalid_token",
                     "Access token is expired, disabled, or deleted, or the user has globally "
                     "signed out.");
        return OK;
    }
    answer_user(c, &verified);
    return OK;
}
