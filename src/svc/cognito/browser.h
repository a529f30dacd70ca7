/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions of browsers at a domain: a cookie of chance, and a row under its SHA-256 that says who
 * has signed in. An hour long, as AWS's; over once the user signs out everywhere.
 */
#ifndef WEIR_SVC_COGNITO_BROWSER_H
#define WEIR_SVC_COGNITO_BROWSER_H

#include "svc/cognito/web.h"

#define BROWSER_COOKIE "cognito"
#define BROWSER_MS MS_PER_HOUR

struct browser {
    struct user *user;         /* who has signed in; enabled */
    int64_t signed_in_ms;      /* when */
};
bool browser_load(struct call *c, const struct web *web, struct browser *ret_browser);
/* Just signed in; puts the cookie into the answer. */
void browser_begin(struct call *c, const struct web *web, const struct user *user);
void browser_end(struct call *c, const struct web *web); /* fine when there is none */

/* What keeps other sites' forms out: a cookie, and the same in the form. */
#define CSRF_COOKIE "XSRF-TOKEN"
#define CSRF_FIELD "_csrf"
struct str csrf_give(struct call *c, const struct web *web); /* the browser's, or a new one */
bool csrf_good(struct call *c, const struct web *web);

#endif
