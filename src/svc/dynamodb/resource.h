/* SPDX-License-Identifier: Apache-2.0
 *
 * What a ResourceArn names: a table or its newest stream.
 */
#ifndef WEIR_SVC_DYNAMODB_RESOURCE_H
#define WEIR_SVC_DYNAMODB_RESOURCE_H

#include "svc/dynamodb/tables.h"

struct resource {
    struct table *table; /* which, or whose */
    bool stream;         /* its newest stream */
};

/* By the call's ResourceArn. streams: they may be named. ValidationException,
 * ResourceNotFoundException. */
status resource_of_call(struct call *c, bool streams, struct resource *ret_resource);

#endif
