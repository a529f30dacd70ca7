/* SPDX-License-Identifier: Apache-2.0
 *
 * What a service gives the cell: one constant table. The list of services is in svc/services.c.
 */
#ifndef WEIR_CELL_SERVICE_H
#define WEIR_CELL_SERVICE_H

#include "cell/call.h"

/* One operation; its name is the model's. What is not in a service's table answers 501 by name. */
struct op {
    const char *name;                /* "PutRecord" */
    status (*run)(struct call *c);
};

/* Something that a service answers beside its model: weir's own doors (/_weir/holds) and what
 * AWS serves without an operation (a signing certificate). Runs in the cell, as a call with
 * c->request, without c->in and c->out; answers by call_answer(). GET and HEAD change nothing. */
struct page {
    const char *path;                /* "/_weir/holds", or a beginning that ends with '*'; without
                                      * '/' in front what the host's name contains, whatever the
                                      * path: ".s3-website". Either may begin with a '*', for a
                                      * part of it, and have more: "*.auth.*.localhost" */
    uint8_t open;                    /* true: for anybody; PAGE_TOLD: and it is told who signed
                                      * (c->verified; else nobody); else this machine only, and no
                                      * web page */
    status (*run)(struct call *c);
};
#define PAGE_TOLD 2
#define PAGE_CHANGES 4 /* with one of the others: GET and HEAD may change something, too */

struct resource_type;

struct service {
    const char *id;                  /* the model's, "kinesis"; its own without operations */
    const struct op *ops;            /* in the order of the API reference */
    size_t op_count;
    /* Makes the service's in-memory state from the store; NULL: it has none. */
    status (*open)(struct cell *cell, void **ret_state);
    void (*close)(void *state);
    /* Before any service closes, outside the cell: what it does on threads of its own comes to its
     * end, may still enter the cell, and begins nothing new. NULL: nothing. */
    void (*settle)(void *state);
    /* Housekeeping (retention, expiry), as a call of its own about once a minute of weir's clock;
     * NULL: none. */
    status (*tick)(struct call *c);
    /* An operation's handler has come to its end with that result (it is neither parked nor at
     * work), and what it staged is not committed yet: where there is something (and only there),
     * more may be staged. For logs of requests. NULL: none. */
    void (*called)(struct call *c, status result);
    /* A request of the service's host or scope that no operation is for: a browser's preflight.
     * c->in and c->out are NULL; answers by call_answer(). ERR_NOT_FOUND: it is not about what is
     * the service's. NULL: none. */
    status (*other)(struct call *c);
    /* A browser's form with a file, which no model has: it runs as that operation, with c->form,
     * and in c->in what the form's fields say as header fields; answers by call_answer(). */
    const char *form_operation;      /* NULL: none */
    status (*form)(struct call *c);
    const struct page *pages;        /* NULL: none */
    size_t page_count;
    const struct resource_type *const *types; /* for templates, see resource.h; NULL: none */
    size_t type_count;
};

#define OPS(array) (array), sizeof(array) / sizeof((array)[0])

#endif
