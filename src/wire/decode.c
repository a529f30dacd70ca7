/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: the hand-over to the protocol's own reader.
 *
 * Rules
 *  1. A body that is nothing at all is broken JSON and broken CBOR, as AWS has it, unless the
 *     operation has no input.
 *  2. Bodies of operations without an input are not looked at.
 *  3. A body that says it is gzip is unpacked first (SDKs pack PutMetricData), unless the body is
 *     the caller's own bytes, as an object of S3 is.
 */
#include "wire/cbor.h"
#include "wire/gunzip.h"
#include "wire/json.h"
#include "wire/mismatch.h"
#include "wire/query.h"
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

/* Whether the whole body is one blob or text of the caller's. */
static bool is_opaque(const struct operation *operation)
{
    const struct shape *shape = model_shape(operation->input);

    for (uint32_t i = 0; i < shape->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        uint8_t kind = model_shape(member->shape)->kind;
        if (member->flags & MEMBER_PAYLOAD) {
            return kind == SHAPE_BLOB || kind == SHAPE_STRING;
        }
    }
    return false;
}

static status unpack(const struct route *route, struct http_request *request, struct arena *arena,
                     struct why *why)
{
    struct str coding = http_header(request, STR("content-encoding"));

    if (!str_eq_nocase(coding, STR("gzip")) || is_opaque(route->operation)) {
        return OK;
    }
    return gunzip(request->body, HTTP_BODY_BYTES_MAX, arena, why, &request->body);
}

/* S3 says the same of all that it cannot read in a body. */
static status rest_read(const struct route *route, const struct http_request *request,
                        struct arena *arena, struct why *why, struct value *input)
{
    status read = rest_decode(route, request, arena, why, input);

    if (read == &WIRE_SERIALIZATION && request->body.bytes > 0 &&
        str_eq(model_text(route->service->id), STR("s3"))) {
        return why_malformed_xml(why);
    }
    return read;
}

status wire_decode(const struct route *route, const struct http_request *request,
                   struct arena *arena, struct why *why, struct value **ret_input)
{
    struct http_request plain = *request;
    struct value *input;

    assert(route->operation != NULL);
    input = value_struct(arena, route->operation->input);
    TRY(unpack(route, &plain, arena, why));
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_REST_JSON:
    case PROTOCOL_REST_XML:
        TRY(rest_read(route, &plain, arena, why, input));
        break;
    case PROTOCOL_QUERY:
    case PROTOCOL_EC2:
        TRY(query_decode(route, &plain, arena, why, input));
        break;
    default:
        TRY(decode_rpc(route, &plain, arena, why, input));
    }
    *ret_input = input;
    return OK;
}
