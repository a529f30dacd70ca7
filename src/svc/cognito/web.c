/* SPDX-License-Identifier: Apache-2.0
 *
 * Domains: whose request is it, and what answers.
 */
#include "svc/cognito/web.h"

#include "base/buf.h"
#include "base/codec.h"
#include "svc/cognito/keys.h"
#include "svc/cognito/login.h"
#include "svc/cognito/text.h"
#include "wire/json.h"

#define PATH_BEGIN "/_aws/cognito/"
#define TEXT_BYTES_MAX (64u * 1024)

static const struct endpoint {
    const char *path;          /* behind the base */
    bool get, post;            /* which methods it takes */
    bool cors;                 /* scripts of every origin may ask */
    status (*run)(struct call *c, const struct web *web);
} endpoints[] = {
    {"/oauth2/token", false, true, true, web_token},
    {"/oauth2/revoke", false, true, true, web_revoke},
    {"/oauth2/userInfo", true, true, true, web_user_info},
    {"/oauth2/authorize", true, false, false, web_authorize},
    {"/logout", true, false, false, web_logout},
    {"/error", true, false, false, web_error_page},
    {"/login", true, true, false, web_login},
    {"/signup", true, true, false, web_signup},
    {"/confirmUser", true, true, false, web_resend},
    {"/confirm", true, true, false, web_confirm},
    {"/forgotPassword", true, true, false, web_forgot},
    {"/confirmForgotPassword", true, true, false, web_reset},
    {"/changePassword", true, true, false, web_challenge},
    {"/mfa", true, true, false, web_challenge},
};

/* ---- whose it is ---- */

/* "app.auth.us-east-1.localhost:4566" or "app.auth.us-east-1.amazoncognito.com": "app". */
static struct str domain_of_host(struct str host)
{
    struct str name = str_slice(host, 0, str_find(host, ':', 0));
    size_t at = str_find_str(name, STR(".auth."));
    struct str rest = str_slice(name, at + 6, name.bytes);
    size_t dot = str_find(rest, '.', 0);
    struct str end = str_slice(rest, dot, rest.bytes);

    return at > 0 && at < name.bytes && str_find(name, '.', 0) == at &&
                   (str_eq(end, STR(".localhost")) || str_eq(end, STR(".amazoncognito.com")))
               ? str_slice(name, 0, at)
               : STR_NONE;
}

static bool web_find(struct call *c, struct web *web)
{
    struct str name = domain_of_host(c->request->authority);
    struct str rest = str_slice(c->request->path, sizeof(PATH_BEGIN) - 1, c->request->path.bytes);
    struct domain domain;

    web->base = STR("");
    web->path = c->request->path;
    if (name.bytes == 0 && !str_starts(web->path, STR(PATH_BEGIN))) {
        name = str_slice(c->request->authority, 0, str_find(c->request->authority, ':', 0));
        name = lowered(c->arena, name);
    } else if (name.bytes == 0) {
        name = str_split(&rest, '/');
        web->base = str_slice(c->request->path, 0, sizeof(PATH_BEGIN) - 1 + name.bytes);
        web->path = str_slice(c->request->path, web->base.bytes, c->request->path.bytes);
    }
    return domain_find(c, name, &domain) &&
           pool_load(c, get_str(domain.about, "UserPoolId"), &web->pool);
}

static const struct endpoint *endpoint_of(struct str path)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (str_eq(path, str_c(endpoints[i].path))) {
            return &endpoints[i];
        }
    }
    return NULL;
}

/* ---- answers ---- */

void query_add(struct buf *query, const char *name, struct str value)
{
    if (query->bytes > 0) {
        buf_add_c(query, '&');
    }
    buf_add(query, str_c(name));
    buf_add_c(query, '=');
    buf_add_percent(query, value, false);
}

struct str web_link(struct call *c, const struct web *web, const char *path, struct str query)
{
    return arena_printf(c->arena, "%.*s%s%s%.*s", STR_ARG(web->base), path,
                        query.bytes > 0 ? "?" : "", STR_ARG(query));
}

void web_redirect(struct call *c, struct str to)
{
    put_header(c, "location", to);
    put_header(c, "cache-control", STR("no-store"));
    call_answer(c, 302, NULL, STR_NONE);
}

void web_json(struct call *c, int http, struct str body)
{
    put_header(c, "cache-control", STR("no-cache, no-store, max-age=0, must-revalidate"));
    put_header(c, "pragma", STR("no-cache"));
    call_answer(c, http, "application/json;charset=UTF-8", body);
}

void web_error(struct call *c, int http, const char *error, struct str description)
{
    struct buf body;

    buf_init(&body, TEXT_BYTES_MAX);
    buf_printf(&body, "{\"error\":\"%s\"", error);
    if (description.bytes > 0) {
        buf_add(&body, STR(",\"error_description\":"));
        json_write_str(&body, description);
    }
    buf_add_c(&body, '}');
    web_json(c, http, buf_spent(&body) ? STR("{}") : arena_dup(c->arena, buf_str(&body)));
    buf_done(&body);
}

struct str web_cookie(struct call *c, const char *name)
{
    for (size_t i = 0; i < c->request->header_count; i++) {
        struct str rest = c->request->headers[i].value;

        while (str_eq(c->request->headers[i].name, STR("cookie")) && rest.at != NULL) {
            struct str piece = str_trim(str_split(&rest, ';'));
            size_t equals = str_find(piece, '=', 0);

            if (str_eq(str_slice(piece, 0, equals), str_c(name))) {
                return str_slice(piece, equals + 1, piece.bytes);
            }
        }
    }
    return STR_NONE;
}

void web_set_cookie(struct call *c, const struct web *web, const char *name, struct str value,
                    int64_t seconds)
{
    put_header(c, "set-cookie",
               arena_printf(c->arena, "%s=%.*s; Path=%.*s/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                            name, STR_ARG(value), STR_ARG(web->base), (long long)seconds,
                            c->request->tls ? "; Secure" : ""));
}

/* ---- what answers ---- */

static void allow_origins(struct call *c)
{
    put_header(c, "access-control-allow-origin", STR("*"));
}

static status preflight(struct call *c, const struct endpoint *endpoint)
{
    struct str headers = http_header(c->request, STR("access-control-request-headers"));

    if (endpoint->cors) {
        allow_origins(c);
        put_header(c, "access-control-allow-methods",
                   endpoint->get ? STR("GET, POST, OPTIONS") : STR("POST, OPTIONS"));
        put_header(c, "access-control-allow-headers",
                   headers.bytes > 0 ? headers : STR("authorization, content-type"));
        put_header(c, "access-control-max-age", STR("7200"));
    }
    call_answer(c, endpoint->cors ? 200 : 403, NULL, STR_NONE);
    return OK;
}

static void read_params(struct call *c, struct web *web)
{
    web->is_form = str_starts_nocase(http_header(c->request, STR("content-type")),
                                     STR("application/x-www-form-urlencoded"));
    params_read(c->request->query, c->keep, &web->query);
    if (web->is_form && web->post && c->request->body.bytes <= WEB_BODY_BYTES_MAX) {
        params_read(c->request->body, c->keep, &web->form);
    }
    web->form.broken = web->form.broken || c->request->body.bytes > WEB_BODY_BYTES_MAX;
}

/* A request of a domain, or below /_aws/cognito/ */
status page_web(struct call *c)
{
    struct web *web = ARENA_NEW(c->keep, struct web);
    struct str method = c->request->method;
    const struct endpoint *endpoint;
    bool get = str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"));

    web->post = str_eq(method, STR("POST"));
    if (!web_find(c, web)) {
        call_answer(c, 404, "text/plain;charset=UTF-8", STR("There is no such domain.\n"));
        return OK;
    }
    endpoint = endpoint_of(web->path);
    if (endpoint == NULL) {
        call_answer(c, 404, "text/plain;charset=UTF-8", STR("There is no such page.\n"));
        return OK;
    }
    if (str_eq(method, STR("OPTIONS"))) {
        return preflight(c, endpoint);
    }
    if (endpoint->cors) {
        allow_origins(c);
    }
    if (!((get && endpoint->get) || (web->post && endpoint->post))) {
        web_error(c, 405, "invalid_request", STR("Request method is not supported"));
        return OK;
    }
    web->pool.id = arena_dup(c->keep, web->pool.id);
    read_params(c, web);
    return endpoint->run(c, web);
}

const struct page web_host_page = {"custom domain", true | PAGE_CHANGES, page_web};
