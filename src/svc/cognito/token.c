/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens that come back: access tokens of users' operations, refresh tokens, and their end. Error
 * texts are AWS's as far as they are known.
 */
#include "svc/cognito/token.h"

#include "svc/cognito/issuer.h"
#include "svc/cognito/mint.h"
#include "svc/cognito/user.h"
#include "wire/jwt.h"

/* ---- access tokens ---- */

static status invalid(struct call *c)
{
    return fail(c, &COGNITO_NOT_AUTHORIZED, "Invalid Access Token");
}

static status revoked(struct call *c)
{
    return fail(c, &COGNITO_NOT_AUTHORIZED, "Access Token has been revoked");
}

status token_verify(struct call *c, struct str access_token, const char *needed,
                    struct verified *ret_verified)
{
    struct verified verified = {.user = NULL};
    struct sign_in sign_in;
    struct jwt jwt;

    if (!jwt_read(access_token, c->arena, &jwt) ||
        !str_eq(jwt_text(&jwt, "token_use"), STR("access")) ||
        !pool_load(c, issuer_pool(jwt.issuer), &verified.pool) ||
        jwt_check(&jwt, pool_jwks(c, &verified.pool), c->arena) != JWT_GOOD) {
        return invalid(c);
    }
    if (jwt.expires_ms <= c->now) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Access Token has expired");
    }
    verified.scopes = jwt_text(&jwt, "scope");
    verified.sign_in = jwt_text(&jwt, "event_id");
    if (!sign_in_load(c, verified.pool.id, verified.sign_in, &sign_in) || sign_in.revoked) {
        return revoked(c);
    }
    TRY(client_find(c, sign_in.client, &verified.client));
    if (!user_of_sub(c, &verified.pool, sign_in.sub, &verified.user)) {
        return fail(c, &COGNITO_NO_USER, "User does not exist.");
    }
    if (verified.user->disabled) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "User is disabled.");
    }
    if (verified.user->signed_out_ms != sign_in.signed_out_ms) {
        return revoked(c);
    }
    if (!scopes_have(verified.scopes, str_c(needed))) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Access Token does not have required scopes");
    }
    *ret_verified = verified;
    return OK;
}

/* ---- refresh tokens ---- */

status refresh_check(struct call *c, const struct client *client, struct str token,
                     struct sign_in *ret_sign_in, struct refresh *ret_refresh)
{
    struct sign_in sign_in;
    struct refresh refresh;
    struct user *user;
    struct pool pool;

    TRY(pool_find(c, client->pool, &pool));
    if (!refresh_load(c, client->pool, token, &refresh) ||
        !sign_in_load(c, client->pool, refresh.sign_in, &sign_in) ||
        !str_eq(sign_in.client, client->id)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Invalid Refresh Token");
    }
    if (refresh.until_ms <= c->now) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Refresh Token has expired");
    }
    if (refresh.retired_ms > 0 && refresh.retired_ms <= c->now) {
        return fail(c, &COGNITO_REUSED, "Refresh Token has been rotated");
    }
    if (!user_of_sub(c, &pool, sign_in.sub, &user)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Invalid Refresh Token");
    }
    if (sign_in.revoked || user->signed_out_ms != sign_in.signed_out_ms) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Refresh Token has been revoked");
    }
    *ret_sign_in = sign_in;
    *ret_refresh = refresh;
    return OK;
}

status token_revoke(struct call *c, const struct client *client, struct str refresh_token)
{
    struct sign_in sign_in;
    struct refresh refresh;

    if (!get_bool(client->about, "EnableTokenRevocation", false)) {
        return fail(c, &COGNITO_UNSUPPORTED, "Token revocation is not enabled for this client");
    }
    if (str_find(refresh_token, '.', 0) < refresh_token.bytes) {
        return fail(c, &COGNITO_UNSUPPORTED_TOKEN, "Unsupported token type");
    }
    if (!refresh_load(c, client->pool, refresh_token, &refresh) ||
        !sign_in_load(c, client->pool, refresh.sign_in, &sign_in)) {
        return OK;
    }
    if (!str_eq(sign_in.client, client->id)) {
        return fail(c, &COGNITO_UNAUTHORIZED, "Invalid token");
    }
    sign_in.revoked = true;
    sign_in_save(c, &sign_in);
    return OK;
}

void tokens_sign_out(struct call *c, const struct pool *pool, struct user *user)
{
    /* later than the last time, though the clock may stand still */
    user->signed_out_ms = c->now > user->signed_out_ms ? c->now : user->signed_out_ms + 1;
    user_save(c, pool, user);
}

/* ---- operations ---- */

void tokens_answer(struct call *c, const struct tokens *tokens)
{
    struct value *result = put_struct(c, "AuthenticationResult");

    set_str(result, "AccessToken", tokens->access);
    set_int(result, "ExpiresIn", tokens->expires_s);
    set_str(result, "TokenType", STR("Bearer"));
    if (tokens->refresh.bytes > 0) {
        set_str(result, "RefreshToken", tokens->refresh);
    }
    if (tokens->id.bytes > 0) {
        set_str(result, "IdToken", tokens->id);
    }
}

/* RevokeToken */
status cognito_revoke_token(struct call *c)
{
    struct client client;

    TRY(client_find(c, arg_str(c, "ClientId"), &client));
    if (!client_secret_fits(&client, arg_str(c, "ClientSecret"))) {
        return fail(c, &COGNITO_UNAUTHORIZED, "Unable to verify secret for client");
    }
    return token_revoke(c, &client, arg_str(c, "Token"));
}

/* GlobalSignOut */
status cognito_global_sign_out(struct call *c)
{
    struct verified verified;

    TRY(token_verify(c, arg_str(c, "AccessToken"), SCOPE_API, &verified));
    tokens_sign_out(c, &verified.pool, verified.user);
    call_on(c, pool_arn(c->keep, &verified.pool));
    return OK;
}

/* AdminUserGlobalSignOut */
status cognito_admin_user_global_sign_out(struct call *c)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    tokens_sign_out(c, &pool, user);
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

static status answer_tokens(struct call *c, void *arg)
{
    struct tokens *const *tokens = arg;

    tokens_answer(c, *tokens);
    return OK;
}

/* GetTokensFromRefreshToken */
status cognito_get_tokens_from_refresh_token(struct call *c)
{
    struct tokens **tokens = ARENA_NEW(c->keep, struct tokens *);
    struct refresh_wish wish = {.token = arg_str(c, "RefreshToken"),
                                .metadata = arg(c, "ClientMetadata")};
    struct client client;

    TRY(client_find(c, arg_str(c, "ClientId"), &client));
    if (!client_secret_fits(&client, arg_str(c, "ClientSecret"))) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Unable to verify secret hash for client %.*s",
                    STR_ARG(client.id));
    }
    wish.client = &client;
    return tokens_refresh(c, &wish, (struct later){answer_tokens, tokens}, tokens);
}
