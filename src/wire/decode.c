/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: the hand-over to the protocol's own reader.
 *
 * Rules
 *  1. A body that is nothing at all is broken JSON and broken CBOR, as AWS has it, unless the
 *     operation has no input.
 *  2. Bodies of operations without an input are not looked at.
 */
#include "wire/cbor.h"
#include "wire/json.h"
#include "wire/mismatch.h"
#include "wire/pending.h"
#include "wire/rest.h"

#include <assert.h>

static status decode_rpc(const struct route *route, const struct http_request *request,
                         struct arena *arena, struct why *why, struct value *input)
{
    struct value body;

    if (route->operation->input == 0) {
        return OK;
    }
    if (route->protocol == PROTOCOL_JSON) {
        TRY(json_read(request->body, input->shape, arena, why, &body));
    } else {
        struct cbor_text text = {request->body, route->protocol == PROTOCOL_CBOR};
        TRY(cbor_read(text, input->shape, arena, why, &body));
    }
    if (body.kind != VALUE_STRUCT) { /* null */
        return malformed(why);
    }
    *input = body;
    return OK;
}

status wire_decode(const struct route *route, const struct http_request *request,
                   struct arena *arena, struct why *why, struct value **ret_input)
{
    struct value *input;

    assert(route->operation != NULL);
    input = value_struct(arena, route->operation->input);
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_REST_JSON:
    case PROTOCOL_REST_XML:
        TRY(rest_decode(route, request, arena, why, input));
        break;
    case PROTOCOL_QUERY:
    case PROTOCOL_EC2:
        TRY(query_decode(route, request, arena, why, input));
        break;
    default:
        TRY(decode_rpc(route, request, arena, why, input));
    }
    *ret_input = input;
    return OK;
}
