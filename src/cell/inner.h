/* SPDX-License-Identifier: Apache-2.0
 *
 * A call that runs an operation of another service inside itself, as if it had come through the
 * door: the input is shaped and checked by the model, policies are asked, the handler stages into
 * the caller's txn. So what it did and what the caller does of it are one journal entry. For API
 * Gateway's integrations of AWS services; stacks and workflows will need it as well.
 *
 * A handler that fails has staged nothing, and who asked may go on. One that would park cannot:
 * nothing waits inside another call (INNER_WAITS). Work on other threads is done at once, in place.
 */
#ifndef WEIR_CELL_INNER_H
#define WEIR_CELL_INNER_H

#include "cell/call.h"
#include "cell/identity.h"

#define INNER_DEPTH_MAX 4 /* inside one another */

extern const struct error INNER_WAITS;   /* its handler would have parked */
extern const struct error INNER_NO_ROLE; /* no such role, or the service may not assume it */

/* As whom. */
struct inner_caller {
    struct str account;       /* 12 digits; where it happens */
    struct str region;        /* the same */
    struct str principal;     /* ARN */
    const struct identity *identity; /* NULL: nobody's policies are asked */
};

/* Ready to run: in->in is to be filled. */
struct inner {
    const char *service;      /* the model's id */
    const struct operation *operation; /* of it */
    struct inner_caller caller; /* as whom */
    struct value *in;         /* shaped as the operation's input */
    struct value *out;        /* of one that went well */
    struct str resource;      /* what it changed; empty: nothing in particular */
    const struct value *detail; /* members of its error's shape; NULL: none */
    struct why why;           /* the error's sentence */
};

/* WIRE_NOT_IMPLEMENTED: weir does not have that operation. The caller begins as c's own, with
 * nobody's policies. */
status inner_begin(struct call *c, const char *service, const char *operation,
                   struct inner *ret_inner);
/* A session of that role, opened by a service ("apigateway.amazonaws.com") that the role has to
 * trust where policies are asked. INNER_NO_ROLE with c->why. */
status inner_as_role(struct call *c, struct inner *inner, struct str role, const char *by);
/* Runs it. OK, or the operation's error (code, HTTP status), its sentence in inner->why. */
status inner_run(struct call *c, struct inner *inner);

#endif
