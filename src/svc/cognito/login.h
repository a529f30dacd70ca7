/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages for people: signing in, up, and what lies between. HTML made here, with nothing from
 * elsewhere: no scripts, one style that the policy (CSP) names by its hash. Whatever is not ours is
 * escaped where it is written. Every form carries the request it belongs to in its URL, and what
 * keeps other sites out in a field.
 *
 * What people do is done by the operations' own handlers and flows; their errors come back through
 * call_last() and are shown above the form.
 */
#ifndef WEIR_SVC_COGNITO_LOGIN_H
#define WEIR_SVC_COGNITO_LOGIN_H

#include "svc/cognito/grant.h"

#define VIEW_FIELDS_MAX 24
#define VIEW_LINKS_MAX 4

struct view_field {
    const char *name;          /* of the form's */
    struct str label;          /* shown; empty: a hidden field */
    const char *type;          /* "text", "password", "email", "radio" */
    const char *complete;      /* autocomplete */
    struct str value;          /* what is in it; of a radio: what it says */
};

struct view {
    const char *title;         /* of page and heading */
    struct str text;           /* a paragraph; empty: none */
    struct str problem;        /* why it is shown again; empty: no problem */
    const char *action;        /* path that the form goes to; NULL: there is no form */
    struct str query;          /* of that path and of links */
    const char *submit;        /* on the button */
    struct view_field fields[VIEW_FIELDS_MAX]; /* in order */
    size_t field_count;        /* of them */
    struct {
        const char *path, *text; /* a page of ours */
    } links[VIEW_LINKS_MAX];
    size_t link_count;         /* of them */
};
void view_field(struct view *view, struct view_field field);
void view_hidden(struct view *view, const char *name, struct str value);
void view_link(struct view *view, const char *path, const char *text);
/* Answers with the page. */
void view_show(struct call *c, const struct web *web, int http, const struct view *view);

status web_error_page(struct call *c, const struct web *web);
status web_login(struct call *c, const struct web *web);
status web_signup(struct call *c, const struct web *web);
status web_confirm(struct call *c, const struct web *web);
status web_resend(struct call *c, const struct web *web);
status web_forgot(struct call *c, const struct web *web);
status web_reset(struct call *c, const struct web *web);
status web_challenge(struct call *c, const struct web *web);

/* ---- between login.c and account.c ---- */

/* The form is ours: it has what keeps other sites out. False: it was answered. */
bool form_good(struct call *c, const struct web *web);
/* In a later step: the pool as it is now, and the request. False: it was answered. */
bool web_again(struct call *c, struct web *web, struct grant_request *ret_request);
/* SECRET_HASH of a client with a secret; empty: it has none. In c->keep. */
struct str secret_hash(struct call *c, const struct client *client, struct str username);
void login_view(struct call *c, const struct web *web, struct view *view);

#endif
