/* SPDX-License-Identifier: Apache-2.0
 *
 * Event streams of value trees.
 *
 * Rules
 *  1. A message says what it is in :message-type (event, exception or error) and which in
 *     :event-type, :exception-type or :error-code.
 *  2. Members of an event that the model sends as headers are headers; a payload member is the
 *     payload: octets, text, or a structure in the protocol. Without a payload member the payload
 *     is a structure of all members that are no headers.
 *  3. Only the RPC protocols have an initial response: REST's went in the head, and is empty here.
 *  4. An error that is a member of the event stream is an exception with its members; any other is
 *     an error, which has a code and a message only.
 */
#include "wire/answer.h"
#include "wire/cbor.h"
#include "wire/events.h"
#include "wire/fault.h"
#include "wire/json_int.h"
#include "wire/xml.h"

#include <assert.h>

/* A message being made. */
struct writing {
    const struct route *route; /* whose stream */
    struct buf headers;        /* written so far */
    struct buf payload;        /* the same */
};

static void begin(struct writing *w, const struct route *route)
{
    w->route = route;
    buf_init(&w->headers, EVENT_HEADERS_BYTES_MAX);
    buf_init(&w->payload, EVENT_MESSAGE_BYTES_MAX);
}

static status end(struct writing *w, struct arena *arena, struct str *ret_message)
{
    status made = buf_spent(&w->headers) || buf_spent(&w->payload)
                      ? &ERR_LIMIT
                      : event_compose(buf_str(&w->headers), buf_str(&w->payload), arena,
                                      ret_message);

    buf_done(&w->headers);
    buf_done(&w->payload);
    return made;
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

static void write_tree(struct writing *w, const struct value *value)
{
    switch ((enum protocol)w->route->protocol) {
    case PROTOCOL_CBOR:
    case PROTOCOL_RPC_CBOR:
        cbor_write(&w->payload, value, w->route->protocol == PROTOCOL_CBOR);
        return;
    case PROTOCOL_JSON:
    case PROTOCOL_REST_JSON:
        json_write(&w->payload, value, TIME_EPOCH);
        return;
    default:
        xml_write(&w->payload, value, model_text(model_shape(value->shape)->name), STR_NONE);
    }
}

static void add_type(struct writing *w, const char *message_type, struct str kind_header,
                     struct str kind, struct str type)
{
    event_header_text(&w->headers, kind_header, kind);
    if (type.bytes > 0) {
        event_header_text(&w->headers, STR(":content-type"), type);
    }
    event_header_text(&w->headers, STR(":message-type"), str_c(message_type));
}

void wire_encode_event_head(const struct route *route, struct str request_id, struct arena *arena,
                            struct answer *ret_answer)
{
    answer_begin(route, request_id, arena, ret_answer);
    answer_add(ret_answer, STR("content-type"), STR("application/vnd.amazon.eventstream"));
}

/* The output without its event stream, which is not there as a whole. */
static void drop_streams(struct value *output)
{
    const struct shape *shape = model_shape(output->shape);

    for (uint32_t i = 0; i < output->count; i++) {
        if (model_shape(model_members[shape->first + i].shape)->flags & SHAPE_EVENTSTREAM) {
            output->items[i].kind = VALUE_NONE;
        }
    }
}

status wire_encode_event_first(const struct route *route, const struct value *output,
                               struct arena *arena, struct str *ret_message)
{
    struct value rest = *output;
    struct writing w;

    if (route->protocol == PROTOCOL_REST_JSON || route->protocol == PROTOCOL_REST_XML) {
        *ret_message = STR("");
        return OK;
    }
    rest.items = arena_alloc(arena, (output->count + 1) * sizeof(struct value));
    if (output->count > 0) {
        memcpy(rest.items, output->items, output->count * sizeof(struct value));
    }
    drop_streams(&rest);
    begin(&w, route);
    add_type(&w, "event", STR(":event-type"), STR("initial-response"), content_type(route));
    write_tree(&w, &rest);
    return end(&w, arena, ret_message);
}

/* ---- events ---- */

static void write_header(struct writing *w, const struct member *member, const struct value *value)
{
    struct event_header header = {.name = model_text(member->name)};

    switch ((enum value_kind)value->kind) {
    case VALUE_BOOL:
        header.type = value->truth ? EVENT_TRUE : EVENT_FALSE;
        break;
    case VALUE_INT:
        header.type = model_shape(value->shape)->kind == SHAPE_LONG ? EVENT_LONG : EVENT_INTEGER;
        header.number = value->number;
        break;
    case VALUE_TIME:
        header.type = EVENT_TIME;
        header.number = value->moment_ms;
        break;
    case VALUE_STR:
    case VALUE_BLOB:
        header.type = value->kind == VALUE_STR ? EVENT_TEXT : EVENT_BYTES;
        header.text = value->str;
        break;
    default:
        assert(false); /* the model has no trees in headers */
    }
    event_header_write(&w->headers, &header);
}

static void write_payload(struct writing *w, const struct value *value)
{
    if (value->kind == VALUE_STR || value->kind == VALUE_BLOB) {
        buf_add(&w->payload, value->str);
    } else {
        write_tree(w, value);
    }
}

static struct str type_of_payload(const struct route *route, const struct value *value)
{
    return value->kind == VALUE_STR    ? STR("text/plain")
           : value->kind == VALUE_BLOB ? STR("application/octet-stream")
                                       : content_type(route);
}

status wire_encode_event(const struct route *route, const char *event, const struct value *value,
                         struct arena *arena, struct str *ret_message)
{
    const struct shape *shape = model_shape(value->shape);
    const struct value *payload = NULL;
    struct value rest = *value;
    bool has_payload = false;
    struct writing w;

    assert(value->kind == VALUE_STRUCT);
    rest.items = arena_alloc(arena, (value->count + 1) * sizeof(struct value));
    begin(&w, route);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        const struct value *field = &value->items[i];

        rest.items[i] = *field;
        if (member->flags & MEMBER_EVENT_PAYLOAD) {
            has_payload = true;
            payload = field->kind == VALUE_NONE ? NULL : field;
        } else if (member->flags & MEMBER_EVENT_HEADER) {
            rest.items[i].kind = VALUE_NONE;
            if (field->kind != VALUE_NONE) {
                write_header(&w, member, field);
            }
        }
    }
    if (!has_payload && value->count > 0) {
        payload = &rest;
    }
    add_type(&w, "event", STR(":event-type"), str_c(event),
             payload == NULL ? STR_NONE : type_of_payload(route, payload));
    if (payload != NULL) {
        write_payload(&w, payload);
    }
    return end(&w, arena, ret_message);
}

/* ---- errors ---- */

/* The member of the output's event stream that is this exception; STR_NONE: there is none. */
static struct str exception_name(const struct route *route, const struct shape *exception)
{
    const struct shape *output =
        route->operation == NULL ? model_shape(0) : model_shape(route->operation->output);

    for (uint32_t i = 0; exception != NULL && i < output->count; i++) {
        const struct shape *stream = model_shape(model_members[output->first + i].shape);
        for (uint32_t j = 0; (stream->flags & SHAPE_EVENTSTREAM) && j < stream->count; j++) {
            const struct member *member = &model_members[stream->first + j];
            if (model_shape(member->shape) == exception) {
                return model_text(member->name);
            }
        }
    }
    return STR_NONE;
}

/* The exception as a tree, with its message; a copy, in the arena. */
static struct value *exception_tree(const struct fault *fault, const struct fault_words *words,
                                    struct arena *arena)
{
    struct value *tree = value_struct(arena, (uint32_t)(words->shape - model_shapes));

    if (fault->detail != NULL && fault->detail->shape == tree->shape) {
        memcpy(tree->items, fault->detail->items, tree->count * sizeof(struct value));
    }
    if (words->message_member >= 0 && fault->message.bytes > 0) {
        struct value *message = &tree->items[words->message_member];
        *message = (struct value){
            .kind = VALUE_STR,
            .shape = model_members[words->shape->first + (uint32_t)words->message_member].shape};
        message->str = fault->message;
    }
    return tree;
}

status wire_encode_event_error(const struct route *route, const struct fault *fault,
                               struct arena *arena, struct str *ret_message)
{
    struct fault_words words = fault_words(route, fault);
    struct str name = exception_name(route, words.shape);
    struct writing w;

    begin(&w, route);
    if (name.bytes > 0) {
        add_type(&w, "exception", STR(":exception-type"), name, content_type(route));
        write_tree(&w, exception_tree(fault, &words, arena));
    } else {
        event_header_text(&w.headers, STR(":error-message"),
                          str_slice(fault->message, 0, EVENT_TEXT_BYTES_MAX));
        add_type(&w, "error", STR(":error-code"), words.code, STR_NONE);
    }
    return end(&w, arena, ret_message);
}
