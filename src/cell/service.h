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

struct service {
    const char *id;                  /* the model's, "kinesis" */
    const struct op *ops;            /* in the order of the API reference */
    size_t op_count;
    /* Makes the service's in-memory state from the store; NULL: it has none. */
    status (*open)(struct cell *cell, void **ret_state);
    void (*close)(void *state);
    /* Housekeeping (retention, expiry), as a call of its own about once a minute of weir's clock;
     * NULL: none. */
    status (*tick)(struct call *c);
};

#define OPS(array) (array), sizeof(array) / sizeof((array)[0])

#endif
