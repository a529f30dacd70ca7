/* SPDX-License-Identifier: Apache-2.0
 *
 * REST-JSON and REST-XML: which member of an input or output travels in the path, the query, a
 * header, the status code, or the body.
 */
#ifndef WEIR_WIRE_REST_H
#define WEIR_WIRE_REST_H

#include "wire/wire.h"

/* Fills an empty input. WIRE_SERIALIZATION, ERR_LIMIT. */
status rest_decode(const struct route *route, const struct http_request *request,
                   struct arena *arena, struct why *why, struct value *input);
/* Adds content-type, headers and body to an answer and sets its status. */
status rest_encode(const struct route *route, const struct value *output, struct arena *arena,
                   struct answer *answer);
/* Only what a structure puts in headers; NULL puts none. For errors. */
status rest_encode_headers(const struct route *route, const struct value *structure,
                           struct arena *arena, struct answer *answer);

#endif
