/* SPDX-License-Identifier: Apache-2.0
 *
 * The authorization endpoint and its end: what a client asks for is checked, and answered once
 * somebody has signed in. Source: "The redirect and authorization endpoint", Amazon Cognito
 * developer guide; RFC 6749, 4.1 and 4.2; RFC 7636 (PKCE).
 *
 * Nobody is redirected to where the client has not said so: until client and redirect_uri are known
 * to belong together, errors are shown here.
 */
#include "base/buf.h"
#include "svc/cognito/browser.h"
#include "svc/cognito/grant.h"
#include "svc/cognito/token.h"

#define QUERY_BYTES_MAX (32u * 1024)

/* Text that may stand in a Location: the client's own, but without what would end the line. */
static bool is_header_text(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f) {
            return false;
        }
    }
    return text.bytes > 0;
}

/* The redirect_uri with a query or a fragment; it may have a query already. */
static struct str with(struct call *c, struct str uri, char mark, const struct buf *query)
{
    char sign = mark == '?' && str_find(uri, '?', 0) < uri.bytes ? '&' : mark;

    return arena_printf(c->arena, "%.*s%c%.*s", STR_ARG(uri), sign, STR_ARG(buf_str(query)));
}

void web_fail(struct call *c, const struct web *web, const char *error, struct str client_id)
{
    struct buf query;

    buf_init(&query, QUERY_BYTES_MAX);
    query_add(&query, "error", str_c(error));
    if (client_id.bytes > 0) {
        query_add(&query, "client_id", str_slice(client_id, 0, 128));
    }
    web_redirect(c, web_link(c, web, "/error", buf_str(&query)));
    buf_done(&query);
}

void grant_refuse(struct call *c, const struct grant_request *request, const char *error,
                  struct str description)
{
    struct buf query;

    buf_init(&query, QUERY_BYTES_MAX);
    if (description.bytes > 0) {
        query_add(&query, "error_description", description);
    }
    query_add(&query, "error", str_c(error));
    if (request->state.bytes > 0) {
        query_add(&query, "state", request->state);
    }
    web_redirect(c, with(c, request->redirect_uri, request->implicit ? '#' : '?', &query));
    buf_done(&query);
}

/* ---- what is asked for ---- */

static bool flow_allowed(const struct grant_request *request)
{
    return get_bool(request->client.about, "AllowedOAuthFlowsUserPoolClient", false) &&
           client_has(&request->client, "AllowedOAuthFlows",
                      request->implicit ? STR("implicit") : STR("code"));
}

/* Those that are asked for, or all that the client may have; false: one it may not. */
static bool scopes_of(struct call *c, const struct client *client, struct str asked,
                      struct str *ret_scopes)
{
    const struct value *allowed = get(client->about, "AllowedOAuthScopes");
    struct str made = STR("");
    bool openid = asked.bytes == 0;
    bool needs = false;

    for (uint32_t i = 0; asked.bytes == 0 && allowed != NULL && i < allowed->count; i++) {
        made = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(made), i == 0 ? "" : " ",
                            STR_ARG(allowed->items[i].str));
    }
    while (asked.bytes > 0 && asked.at != NULL) {
        struct str scope = str_split(&asked, ' ');

        if (scope.bytes == 0 || scopes_have(made, scope)) {
            continue;
        }
        if (!client_has(client, "AllowedOAuthScopes", scope)) {
            return false;
        }
        openid = openid || str_eq(scope, STR("openid"));
        needs = needs || str_eq(scope, STR("email")) || str_eq(scope, STR("phone")) ||
                str_eq(scope, STR("profile"));
        made = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(made), made.bytes == 0 ? "" : " ",
                            STR_ARG(scope));
    }
    *ret_scopes = made;
    return made.bytes > 0 && (openid || !needs);
}

static bool challenge_good(const struct web *web, struct grant_request *request)
{
    struct str method = param(&web->query, "code_challenge_method");

    request->challenge = param(&web->query, "code_challenge");
    if (request->challenge.bytes == 0 && method.bytes == 0) {
        return true;
    }
    return str_eq(method, STR("S256")) && request->challenge.bytes >= CHALLENGE_CHARS_MIN &&
           request->challenge.bytes <= CHALLENGE_CHARS_MAX;
}

/* Who asks, and where to go: what is wrong with these is shown here. */
static bool read_client(struct call *c, const struct web *web, struct grant_request *request)
{
    struct str id = param(&web->query, "client_id");

    if (web->query.broken || id.bytes == 0 || id.bytes > 128 ||
        client_find(c, id, &request->client) != OK ||
        !str_eq(request->client.pool, web->pool.id)) {
        web_fail(c, web, id.bytes == 0 ? "invalid_request" : "unauthorized_client", id);
        return false;
    }
    request->redirect_uri = param(&web->query, "redirect_uri");
    if (request->redirect_uri.bytes == 0) {
        web_fail(c, web, "invalid_request", id);
        return false;
    }
    if (!is_header_text(request->redirect_uri) ||
        !client_has(&request->client, "CallbackURLs", request->redirect_uri)) {
        web_fail(c, web, "redirect_mismatch", id);
        return false;
    }
    if (!client_has(&request->client, "SupportedIdentityProviders", STR("COGNITO"))) {
        web_fail(c, web, "login_pages_unavailable", id);
        return false;
    }
    return true;
}

bool grant_read(struct call *c, const struct web *web, struct grant_request *ret_request)
{
    struct grant_request request = {.implicit = false};
    struct str type = param(&web->query, "response_type");

    if (!read_client(c, web, &request)) {
        return false;
    }
    request.state = param(&web->query, "state");
    request.nonce = param(&web->query, "nonce");
    request.prompt = param(&web->query, "prompt");
    request.implicit = str_eq(type, STR("token"));
    if ((!request.implicit && !str_eq(type, STR("code"))) || !challenge_good(web, &request)) {
        grant_refuse(c, &request, "invalid_request", STR_NONE);
        return false;
    }
    if (!flow_allowed(&request)) {
        grant_refuse(c, &request, "unauthorized_client", STR_NONE);
        return false;
    }
    if (!scopes_of(c, &request.client, param(&web->query, "scope"), &request.scopes)) {
        grant_refuse(c, &request, "invalid_scope", STR_NONE);
        return false;
    }
    *ret_request = request;
    return true;
}

struct str grant_query(struct call *c, const struct web *web)
{
    static const char *const names[] = {
        "client_id", "response_type", "scope", "redirect_uri", "state", "nonce", "code_challenge",
        "code_challenge_method", "prompt", "login_hint", "lang"};
    struct str made = STR("");
    struct buf query;

    buf_init(&query, QUERY_BYTES_MAX);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct str value = param(&web->query, names[i]);

        if (value.at != NULL) {
            query_add(&query, names[i], value);
        }
    }
    if (!buf_spent(&query)) {
        made = arena_dup(c->arena, buf_str(&query));
    }
    buf_done(&query);
    return made;
}

/* ---- what is given ---- */

/* An implicit grant, while its tokens are made; in c->keep. */
struct implicit {
    struct tokens *tokens;     /* they are here then */
    struct str redirect_uri, state; /* of the request */
};

static status implicit_given(struct call *c, void *arg)
{
    const struct implicit *implicit = arg;
    struct buf query;

    buf_init(&query, QUERY_BYTES_MAX * 2);
    if (implicit->tokens->id.bytes > 0) {
        query_add(&query, "id_token", implicit->tokens->id);
    }
    query_add(&query, "access_token", implicit->tokens->access);
    buf_printf(&query, "&expires_in=%lld&token_type=Bearer",
               (long long)implicit->tokens->expires_s);
    if (implicit->state.bytes > 0) {
        query_add(&query, "state", implicit->state);
    }
    web_redirect(c, with(c, implicit->redirect_uri, '#', &query));
    buf_done(&query);
    return OK;
}

static status give_tokens(struct call *c, const struct web *web,
                          const struct grant_request *request, const struct user *user,
                          int64_t signed_in_ms)
{
    struct implicit *implicit = ARENA_NEW(c->keep, struct implicit);
    struct token_wish wish = {.pool = web->pool.id, .client = request->client.id,
                              .sub = user->sub, .source = "TokenGeneration_HostedAuth",
                              .scopes = request->scopes, .nonce = request->nonce,
                              .signed_in_ms = signed_in_ms, .no_refresh = true};

    implicit->redirect_uri = arena_dup(c->keep, request->redirect_uri);
    implicit->state = arena_dup(c->keep, request->state);
    return tokens_mint(c, &wish, (struct later){implicit_given, implicit}, &implicit->tokens);
}

static void give_code(struct call *c, const struct web *web, const struct grant_request *request,
                      const struct user *user, int64_t signed_in_ms)
{
    struct grant_code code = {.client = request->client.id, .redirect_uri = request->redirect_uri,
                        .sub = user->sub, .scopes = request->scopes, .nonce = request->nonce,
                        .challenge = request->challenge, .signed_in_ms = signed_in_ms,
                        .signed_out_ms = user->signed_out_ms};
    struct buf query;

    buf_init(&query, QUERY_BYTES_MAX);
    query_add(&query, "code", grant_code_make(c, &web->pool, &code));
    if (request->state.bytes > 0) {
        query_add(&query, "state", request->state);
    }
    web_redirect(c, with(c, request->redirect_uri, '?', &query));
    buf_done(&query);
}

status grant_give(struct call *c, const struct web *web, const struct grant_request *request,
                  const struct user *user, int64_t signed_in_ms)
{
    if (request->implicit) {
        return give_tokens(c, web, request, user, signed_in_ms);
    }
    give_code(c, web, request, user, signed_in_ms);
    return OK;
}

/* GET /oauth2/authorize */
status web_authorize(struct call *c, const struct web *web)
{
    struct grant_request request;
    struct browser browser;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    if (!str_eq(request.prompt, STR("login")) && browser_load(c, web, &browser)) {
        return grant_give(c, web, &request, browser.user, browser.signed_in_ms);
    }
    if (str_eq(request.prompt, STR("none"))) {
        grant_refuse(c, &request, "login_required", STR_NONE);
        return OK;
    }
    web_redirect(c, web_link(c, web, "/login", grant_query(c, web)));
    return OK;
}

/* GET /logout: out of this browser, and on to logout_uri, or to sign in again */
status web_logout(struct call *c, const struct web *web)
{
    struct str id = param(&web->query, "client_id");
    struct str to = param(&web->query, "logout_uri");
    struct client client;

    if (web->query.broken || id.bytes == 0 || id.bytes > 128 || client_find(c, id, &client) != OK ||
        !str_eq(client.pool, web->pool.id)) {
        web_fail(c, web, "invalid_request", id);
        return OK;
    }
    browser_end(c, web);
    if (to.bytes > 0 && is_header_text(to) && client_has(&client, "LogoutURLs", to)) {
        web_redirect(c, to);
        return OK;
    }
    if (to.bytes == 0 && param(&web->query, "redirect_uri").bytes > 0) {
        web_redirect(c, web_link(c, web, "/login", grant_query(c, web)));
        return OK;
    }
    web_fail(c, web, "redirect_mismatch", id);
    return OK;
}
