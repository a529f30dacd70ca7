/* SPDX-License-Identifier: Apache-2.0
 *
 * Adding headers to an answer.
 */
#ifndef WEIR_WIRE_ANSWER_H
#define WEIR_WIRE_ANSWER_H

#include "wire/wire.h"

/* Name in lower case. False when the answer has as many headers as it can hold. */
static inline bool answer_add(struct answer *answer, struct str name, struct str value)
{
    if (answer->header_count == WIRE_HEADERS_MAX) {
        return false;
    }
    answer->headers[answer->header_count++] = (struct http_header){name, value};
    return true;
}

/* The headers of every answer: request id, and CORS where the route has an origin. */
void answer_begin(const struct route *route, struct str request_id, struct arena *arena,
                  struct answer *answer);

#endif
