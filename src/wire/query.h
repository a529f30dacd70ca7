/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Query and EC2's dialect of it: a form in, XML out. The route's protocol says which.
 *
 *   structures  Member.Inner=…
 *   lists       Member.member.N=…, Member.Name.N=… with the element's own name, Member.N=… when
 *               flattened (Query) or always (EC2)
 *   maps        Member.entry.N.key=… and Member.entry.N.value=…, with the names of the model;
 *               Member.N.key=… when flattened
 *
 * N counts from anything in any order; items come in the order of N, gaps close. Parameters that
 * the model does not know are passed over (Query) or refused (EC2).
 */
#ifndef WEIR_WIRE_QUERY_H
#define WEIR_WIRE_QUERY_H

#include "wire/wire.h"

#define QUERY_PARAMS_MAX 200000 /* in one request */
#define QUERY_NAME_BYTES_MAX 1024

extern const struct error QUERY_UNKNOWN_PARAMETER; /* EC2's UnknownParameter, 400 */

/* Fills an empty input from the body of a POST or the query of a GET. WIRE_SERIALIZATION,
 * QUERY_UNKNOWN_PARAMETER, ERR_LIMIT. */
status query_decode(const struct route *route, const struct http_request *request,
                    struct arena *arena, struct why *why, struct value *input);
/* <XResponse><XResult>…</XResult><ResponseMetadata><RequestId>… or EC2's <XResponse><requestId>….
 * output may be of shape 0. ERR_LIMIT: no room. */
status query_encode(const struct route *route, const struct value *output, struct str request_id,
                    struct arena *arena, struct str *ret_body);
/* <ErrorResponse><Error>… or EC2's <Response><Errors>…. ERR_LIMIT: no room. */
status query_encode_error(const struct route *route, const struct fault *fault,
                          struct str request_id, struct arena *arena, struct str *ret_body);

#endif
