/* SPDX-License-Identifier: Apache-2.0
 *
 * Event streams, application/vnd.amazon.eventstream. A message, numbers big-endian:
 *
 *   u32 bytes of the message | u32 bytes of the headers | u32 CRC32 of the eight before
 *   headers: u8 length, name, u8 type, then for type 7 (text) and 6 (bytes) u16 length and value
 *   payload | u32 CRC32 of all before
 *
 * Source: "Event stream encoding", AWS Transcribe and S3 Select documentation.
 */
#include "base/digest.h"
#include "wire/answer.h"
#include "wire/cbor.h"
#include "wire/fault.h"
#include "wire/json.h"
#include "wire/pending.h"

#include <assert.h>

#define HEADERS_BYTES_MAX 8192
#define PAYLOAD_BYTES_MAX (24u * 1024 * 1024)
#define TYPE_BYTES 6
#define TYPE_TEXT 7

static void put_u32(char *at, uint32_t number)
{
    at[0] = (char)(number >> 24);
    at[1] = (char)(number >> 16);
    at[2] = (char)(number >> 8);
    at[3] = (char)number;
}

static void add_header(struct buf *headers, const char *name, uint8_t type, struct str value)
{
    size_t bytes = strlen(name);

    assert(bytes < 256);
    assert(value.bytes < 65536);
    buf_add_c(headers, (char)bytes);
    buf_add_bytes(headers, name, bytes);
    buf_add_c(headers, (char)type);
    buf_add_c(headers, (char)(value.bytes >> 8));
    buf_add_c(headers, (char)value.bytes);
    buf_add(headers, value);
}

static status compose(struct arena *arena, struct str headers, struct str payload,
                      struct str *ret_message)
{
    size_t bytes = 16 + headers.bytes + payload.bytes;
    char *at = arena_try(arena, bytes);

    if (at == NULL) {
        return &ERR_LIMIT;
    }
    put_u32(at, (uint32_t)bytes);
    put_u32(at + 4, (uint32_t)headers.bytes);
    put_u32(at + 8, crc32(0, str_of(at, 8)));
    memcpy(at + 12, headers.at, headers.bytes);
    if (payload.bytes > 0) {
        memcpy(at + 12 + headers.bytes, payload.at, payload.bytes);
    }
    put_u32(at + bytes - 4, crc32(0, str_of(at, bytes - 4)));
    *ret_message = str_of(at, bytes);
    return OK;
}

static struct str content_type(const struct route *route)
{
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_JSON:
        return route->json_minor == 0 ? STR("application/x-amz-json-1.0")
                                      : STR("application/x-amz-json-1.1");
    case PROTOCOL_CBOR:
        return STR("application/x-amz-cbor-1.1");
    case PROTOCOL_RPC_CBOR:
        return STR("application/cbor");
    case PROTOCOL_REST_JSON:
        return STR("application/json");
    default:
        return STR("text/xml");
    }
}

/* A structure (without the event stream member, if it has one) in the caller's protocol. */
static status write_payload(const struct route *route, const struct value *value, struct buf *out)
{
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_CBOR:
    case PROTOCOL_RPC_CBOR:
        cbor_write(out, value, route->protocol == PROTOCOL_CBOR);
        break;
    case PROTOCOL_JSON:
    case PROTOCOL_REST_JSON:
        json_write(out, value, TIME_EPOCH);
        break;
    default:
        return &WIRE_NOT_IMPLEMENTED; /* no service of weir's streams XML events */
    }
    return buf_spent(out) ? &ERR_LIMIT : OK;
}

static status message_of(const struct route *route, const char *type, const struct value *value,
                         struct arena *arena, struct str *ret_message)
{
    struct buf headers;
    struct buf payload;
    status made;

    buf_init(&headers, HEADERS_BYTES_MAX);
    buf_init(&payload, PAYLOAD_BYTES_MAX);
    add_header(&headers, ":event-type", TYPE_TEXT, str_c(type));
    add_header(&headers, ":content-type", TYPE_TEXT, content_type(route));
    add_header(&headers, ":message-type", TYPE_TEXT, STR("event"));
    made = write_payload(route, value, &payload);
    if (made == OK) {
        made = compose(arena, buf_str(&headers), buf_str(&payload), ret_message);
    }
    buf_done(&headers);
    buf_done(&payload);
    return made;
}

void wire_encode_event_head(const struct route *route, struct str request_id, struct arena *arena,
                            struct answer *ret_answer)
{
    ret_answer->http = 200;
    ret_answer->body = STR_NONE;
    answer_begin(route, request_id, arena, ret_answer);
    answer_add(ret_answer, STR("content-type"), STR("application/vnd.amazon.eventstream"));
}

status wire_encode_event_first(const struct route *route, const struct value *output,
                               struct arena *arena, struct str *ret_message)
{
    return message_of(route, "initial-response", output, arena, ret_message);
}

/* An event whose members travel in headers and a payload of their own. */
static status message_of_parts(const char *type, const struct value *value, struct arena *arena,
                               struct str *ret_message)
{
    const struct shape *shape = model_shape(value->shape);
    struct str payload = STR_NONE;
    struct buf headers;
    status made;

    buf_init(&headers, HEADERS_BYTES_MAX);
    add_header(&headers, ":event-type", TYPE_TEXT, str_c(type));
    add_header(&headers, ":message-type", TYPE_TEXT, STR("event"));
    for (uint32_t i = 0; i < value->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        const struct value *field = &value->items[i];
        bool text = field->kind == VALUE_STR;

        if (field->kind != VALUE_STR && field->kind != VALUE_BLOB) {
            continue;
        }
        if (member->flags & MEMBER_EVENT_PAYLOAD) {
            payload = field->str;
            add_header(&headers, ":content-type", TYPE_TEXT,
                       text ? STR("text/plain") : STR("application/octet-stream"));
        } else if (member->flags & MEMBER_EVENT_HEADER) {
            add_header(&headers, model_text(member->name).at, text ? TYPE_TEXT : TYPE_BYTES,
                       field->str);
        }
    }
    made = buf_spent(&headers) ? &ERR_LIMIT
                               : compose(arena, buf_str(&headers), payload, ret_message);
    buf_done(&headers);
    return made;
}

status wire_encode_event(const struct route *route, const char *event, const struct value *value,
                         struct arena *arena, struct str *ret_message)
{
    const struct shape *shape = model_shape(value->shape);

    for (uint32_t i = 0; i < shape->count; i++) {
        if (model_members[shape->first + i].flags & (MEMBER_EVENT_PAYLOAD | MEMBER_EVENT_HEADER)) {
            return message_of_parts(event, value, arena, ret_message);
        }
    }
    return message_of(route, event, value, arena, ret_message);
}

status wire_encode_event_error(const struct route *route, const struct fault *fault,
                               struct arena *arena, struct str *ret_message)
{
    struct fault_words words = fault_words(route, fault);
    struct buf headers;
    struct buf payload;
    status made;

    buf_init(&headers, HEADERS_BYTES_MAX);
    buf_init(&payload, HEADERS_BYTES_MAX);
    add_header(&headers, ":exception-type", TYPE_TEXT, words.code);
    add_header(&headers, ":content-type", TYPE_TEXT, STR("application/json"));
    add_header(&headers, ":message-type", TYPE_TEXT, STR("exception"));
    buf_add(&payload, STR("{\"message\":"));
    json_write_str(&payload, fault->message);
    buf_add_c(&payload, '}');
    made = buf_spent(&payload) || buf_spent(&headers)
               ? &ERR_LIMIT
               : compose(arena, buf_str(&headers), buf_str(&payload), ret_message);
    buf_done(&headers);
    buf_done(&payload);
    return made;
}
