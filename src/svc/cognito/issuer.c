/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools as issuers: how tokens spell them, their keys, and what discovery says of them.
 *
 *   AWS's names              https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI
 *   weir's own address       http://127.0.0.1:4566/us-east-1_AbCdEfGhI, the host as it was written
 *   a pool's domain of weir  http://app.auth.us-east-1.localhost:4566/…  is http://localhost:4566/…
 *
 * All of them are one issuer to bus/keyset.h, whatever the host: only the pool's keys count.
 */
#include "svc/cognito/issuer.h"

#include "bus/keyset.h"
#include "svc/cognito/keys.h"
#include "svc/cognito/token.h"
#include "wire/json.h"
#include "wire/jwt.h"

#define DOCUMENT_BYTES_MAX (64u * 1024)

/* ---- hosts ---- */

static struct str host_of(struct str authority)
{
    size_t colon = str_find(authority, ':', 0);

    return str_starts(authority, STR("[")) ? authority : str_slice(authority, 0, colon);
}

bool host_is_aws(struct str authority)
{
    struct str host = host_of(authority);

    return str_ends(host, STR(".amazonaws.com")) || str_ends(host, STR(".amazoncognito.com"));
}

/* "app.auth.us-east-1.localhost:4566" without what is in front of localhost. */
static struct str own_address(struct str authority)
{
    size_t at = str_find_str(authority, STR(".localhost"));

    return str_find_str(authority, STR(".auth.")) < at && at < authority.bytes
               ? str_slice(authority, at + 1, authority.bytes)
               : authority;
}

static struct str aws_issuer(struct call *c, struct str pool)
{
    return arena_printf(c->arena, "https://cognito-idp.%.*s.amazonaws.com/%.*s",
                        STR_ARG(str_slice(pool, 0, str_find(pool, '_', 0))), STR_ARG(pool));
}

/* What a host may be made of: it ends up in tokens and documents. */
static bool host_is_plain(struct str authority)
{
    for (size_t i = 0; i < authority.bytes; i++) {
        char ch = authority.at[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') &&
            ch != '.' && ch != '-' && ch != ':' && ch != '[' && ch != ']' && ch != '_') {
            return false;
        }
    }
    return authority.bytes > 0 && authority.bytes <= 255;
}

struct str token_issuer(struct call *c, const struct pool *pool)
{
    struct domain domain;

    if (c->request == NULL || host_is_aws(c->request->authority) ||
        !host_is_plain(c->request->authority) ||
        domain_find(c, host_of(c->request->authority), &domain)) {
        return aws_issuer(c, pool->id);
    }
    return arena_printf(c->arena, "%s://%.*s/%.*s", c->request->tls ? "https" : "http",
                        STR_ARG(own_address(c->request->authority)), STR_ARG(pool->id));
}

/* ---- keys ---- */

static struct str jwks_make(struct call *c, const struct pool *pool)
{
    struct pool_key keys[POOL_KEYS];
    struct str shown[POOL_KEYS];
    size_t count = 0;

    pool_keys(c, pool, keys);
    for (size_t i = 0; i < POOL_KEYS; i++) {
        struct jwt_key *key = jwt_key_read(keys[i].private_der);

        if (key != NULL) {
            shown[count++] = jwt_public(key, keys[i].kid, c->arena);
        }
        jwt_key_free(key);
    }
    return jwt_set(shown, count, c->arena);
}

struct str pool_jwks(struct call *c, const struct pool *pool)
{
    struct str text;

    return small_get(c, (struct small){"jwks", pool->id, STR_NONE}, &text) ? text
                                                                           : jwks_make(c, pool);
}

void pool_jwks_keep(struct call *c, const struct pool *pool)
{
    struct small row = {"jwks", pool->id, STR_NONE};
    struct str text;

    if (!small_get(c, row, &text)) {
        small_put(c, row, jwks_make(c, pool));
    }
}

/* "us-east-1_AbCdEfGhI" behind scheme and host; STR_NONE: it is no such text. */
struct str issuer_pool(struct str issuer)
{
    struct str rest = issuer;
    struct str host;

    if (str_starts(rest, STR("https://"))) {
        rest = str_slice(rest, 8, rest.bytes);
    } else if (str_starts(rest, STR("http://"))) {
        rest = str_slice(rest, 7, rest.bytes);
    } else {
        return STR_NONE;
    }
    host = str_split(&rest, '/');
    return host_is_plain(host) && rest.bytes > 0 && str_find(rest, '/', 0) == rest.bytes
               ? rest
               : STR_NONE;
}

static bool issuer_find(struct call *c, struct str issuer, struct issuer_facts *ret_facts)
{
    struct str id = issuer_pool(issuer);
    struct small row = {"pool", id, STR_NONE};
    struct pool pool = {.id = id};
    struct str text;

    if (id.bytes == 0 || id.bytes > 55 || !small_get(c, row, &text)) {
        return false;
    }
    ret_facts->name = aws_issuer(c, id);
    ret_facts->keys = pool_jwks(c, &pool);
    return true;
}

static const struct local_issuer pools_issue = {"cognito-idp", issuer_find};

void issuers_open(struct cell *cell)
{
    keyset_issuer_add(cell, &pools_issue);
}

/* ---- discovery ---- */

struct str domain_base(struct call *c, const struct pool *pool)
{
    struct str prefix = domain_of_pool(c, pool, false);
    struct str custom = domain_of_pool(c, pool, true);
    struct str authority = c->request->authority;
    struct str own = own_address(authority);
    struct str host = host_of(own);
    const char *scheme = c->request->tls ? "https" : "http";

    if (prefix.bytes == 0 && custom.bytes == 0) {
        return STR_NONE;
    }
    if (host_is_aws(authority) || !host_is_plain(authority)) {
        return prefix.bytes > 0
                   ? arena_printf(c->arena, "https://%.*s.auth.%.*s.amazoncognito.com",
                                  STR_ARG(prefix), STR_ARG(pool->region))
                   : arena_printf(c->arena, "https://%.*s", STR_ARG(custom));
    }
    if (prefix.bytes > 0 && str_eq(host, STR("localhost"))) {
        return arena_printf(c->arena, "%s://%.*s.auth.%.*s.%.*s", scheme, STR_ARG(prefix),
                            STR_ARG(pool->region), STR_ARG(own));
    }
    return arena_printf(c->arena, "%s://%.*s/_aws/cognito/%.*s", scheme, STR_ARG(own),
                        STR_ARG(prefix.bytes > 0 ? prefix : custom));
}

static void endpoint(struct buf *out, const char *name, struct str base, const char *path)
{
    buf_printf(out, ",\"%s\":", name);
    buf_printf(out, "\"%.*s%s\"", STR_ARG(base), path);
}

static struct str discovery(struct call *c, const struct pool *pool)
{
    struct str issuer = token_issuer(c, pool);
    struct str base = domain_base(c, pool);
    struct str made;
    struct buf out;

    buf_init(&out, DOCUMENT_BYTES_MAX);
    buf_add_c(&out, '{');
    if (base.bytes > 0) {
        buf_printf(&out, "\"authorization_endpoint\":\"%.*s/oauth2/authorize\"", STR_ARG(base));
        endpoint(&out, "end_session_endpoint", base, "/logout");
        buf_add_c(&out, ',');
    }
    buf_add(&out, STR("\"id_token_signing_alg_values_supported\":[\"RS256\"],\"issuer\":"));
    json_write_str(&out, issuer);
    endpoint(&out, "jwks_uri", issuer, "/.well-known/jwks.json");
    buf_add(&out, STR(",\"response_types_supported\":[\"code\",\"token\"]"));
    if (base.bytes > 0) {
        endpoint(&out, "revocation_endpoint", base, "/oauth2/revoke");
    }
    buf_add(&out, STR(",\"scopes_supported\":[\"openid\",\"email\",\"phone\",\"profile\"],"
                      "\"subject_types_supported\":[\"public\"]"));
    if (base.bytes > 0) {
        endpoint(&out, "token_endpoint", base, "/oauth2/token");
        buf_add(&out, STR(",\"token_endpoint_auth_methods_supported\":"
                          "[\"client_secret_basic\",\"client_secret_post\"]"));
        endpoint(&out, "userinfo_endpoint", base, "/oauth2/userInfo");
    }
    buf_add_c(&out, '}');
    made = arena_dup(c->arena, buf_str(&out));
    buf_done(&out);
    return made;
}

/* /POOL/.well-known/jwks.json and openid-configuration, for everybody and every origin */
status page_well_known(struct call *c)
{
    struct str rest = str_slice(c->request->path, 1, c->request->path.bytes);
    struct str id = str_split(&rest, '/');
    struct pool pool;

    put_header(c, "access-control-allow-origin", STR("*"));
    if (!pool_load(c, id, &pool)) {
        struct buf out;

        buf_init(&out, DOCUMENT_BYTES_MAX);
        buf_add(&out, STR("{\"code\":\"ResourceNotFoundException\",\"message\":"));
        json_write_str(&out, arena_printf(c->arena, "User pool %.*s does not exist.",
                                          STR_ARG(str_slice(id, 0, 128))));
        buf_add_c(&out, '}');
        call_answer(c, 400, "application/json", arena_dup(c->arena, buf_str(&out)));
        buf_done(&out);
        return OK;
    }
    put_header(c, "cache-control", STR("public, max-age=86400"));
    call_answer(c, 200, "application/json",
                str_ends(c->request->path, STR("/jwks.json")) ? pool_jwks(c, &pool)
                                                              : discovery(c, &pool));
    return OK;
}
