/* SPDX-License-Identifier: Apache-2.0
 *
 * What every protocol needs to know of an error before it writes it.
 */
#ifndef WEIR_WIRE_FAULT_H
#define WEIR_WIRE_FAULT_H

#include "wire/wire.h"

struct fault_words {
    const struct shape *shape; /* of the exception; NULL: not in the model */
    struct str code;           /* the exception's name, as JSON and CBOR have it */
    struct str query_code;     /* its code in Query, XML and x-amzn-query-error */
    struct str message_key;    /* "message" or "Message" */
    int message_member;        /* of the shape; -1: it has none */
};

struct fault_words fault_words(const struct route *route, const struct fault *fault);
/* The code as AWS JSON 1.0 and Smithy RPC write it: with its name space. */
struct str fault_full_name(const struct route *route, const struct fault_words *words,
                           struct arena *arena);

#endif
