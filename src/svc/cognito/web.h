/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool's domain: OAuth 2.0 and OpenID Connect endpoints, and pages to sign in. Reached at
 *
 *     http://DOMAIN.auth.REGION.localhost:PORT/…      (and DOMAIN.auth.REGION.amazoncognito.com)
 *     http://HOST:PORT/_aws/cognito/DOMAIN/…          for tools without wildcard names
 *     http://auth.example.com:PORT/…                  a custom domain, once the name leads to weir
 *
 * web.c finds the domain and whose turn it is; what a page needs of the request is in struct web.
 */
#ifndef WEIR_SVC_COGNITO_WEB_H
#define WEIR_SVC_COGNITO_WEB_H

#include "cell/service.h"
#include "svc/cognito/cognito_int.h"

#define PARAMS_MAX 64
#define WEB_BODY_BYTES_MAX (64u * 1024)

/* A query or a form, decoded. */
struct params {
    struct param {
        struct str name, value; /* decoded */
    } at[PARAMS_MAX];          /* in order */
    size_t count;              /* of them */
    bool broken;               /* more than fit, a name twice, a broken escape, no UTF-8, a zero */
};
void params_read(struct str text, struct arena *arena, struct params *ret_params);
struct str param(const struct params *params, const char *name); /* STR_NONE: it is not there */

struct web {
    struct pool pool;          /* whose domain */
    struct str base;           /* what stands before path: "", "/_aws/cognito/app" */
    struct str path;           /* "/oauth2/token" */
    struct params query;       /* of the URL */
    struct params form;        /* of the body; empty when it is none */
    bool is_form;              /* the body is one */
    bool post;                 /* else GET or HEAD */
};

/* Any request of a domain's host, or below its path. */
status page_web(struct call *c);
extern const struct page web_host_page; /* the same, for hosts of custom domains */
void domains_open(struct cell *cell);   /* in the service's open(): claims those hosts */

/* ---- answers ---- */

/* 302. to is a URL of ours, or one that the client has registered. */
void web_redirect(struct call *c, struct str to);
/* A page of ours beside this one: base and path, and a query with what is given. */
struct str web_link(struct call *c, const struct web *web, const char *path, struct str query);
void web_json(struct call *c, int http, struct str body);
/* {"error":…,"error_description":…}; no description: STR_NONE. */
void web_error(struct call *c, int http, const char *error, struct str description);
/* name=value for a query, with '&' in front unless it is the first. */
void query_add(struct buf *query, const char *name, struct str value);
/* A cookie of the request; STR_NONE: it has none. */
struct str web_cookie(struct call *c, const char *name);
/* HttpOnly, SameSite=Lax, for base; seconds 0: it goes away. */
void web_set_cookie(struct call *c, const struct web *web, const char *name, struct str value,
                    int64_t seconds);

/* ---- what answers: oauth.c, authorize.c, and the pages ---- */

status web_token(struct call *c, const struct web *web);
status web_revoke(struct call *c, const struct web *web);
status web_user_info(struct call *c, const struct web *web);
status web_authorize(struct call *c, const struct web *web);
status web_logout(struct call *c, const struct web *web);

#endif
