/* SPDX-License-Identifier: Apache-2.0
 *
 * A value tree as a REST answer.
 *
 * Rules
 *  1. Status: the member that is one; 206 with a Content-Range (RFC 9110, 15.3.7); else the
 *     operation's.
 *  2. Content-Type is the member's that travels in it, else what the body is: octets or plain text
 *     for a payload that is a blob or a string, the protocol's own otherwise. Without a body there
 *     is none.
 *  3. Content-Length belongs to net, which knows the body; only an answer to HEAD, which has no
 *     body to know it by, carries the model's.
 *  4. An output none of whose members travel in the body has none; neither has a 204.
 */
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/json_int.h"
#include "wire/rest.h"
#include "wire/xml.h"

#include "base/codec.h"
#include "base/time.h"

#include <assert.h>

#define HEADER_BYTES_MAX ((size_t)64 * 1024)

/* ---- texts ---- */

static void add_time(struct buf *out, int64_t moment_ms, enum time_format format)
{
    if (format == TIME_ISO) {
        buf_add_iso(out, moment_ms);
    } else if (format == TIME_HTTP) {
        buf_add_http_date(out, moment_ms);
    } else {
        json_write_epoch(out, moment_ms);
    }
}

/* Elements that would be cut by a reader are quoted. */
static void add_element(struct buf *out, struct str s)
{
    if (str_find(s, ',', 0) == s.bytes && str_find(s, '"', 0) == s.bytes) {
        buf_add(out, s);
        return;
    }
    buf_add_c(out, '"');
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] == '"' || s.at[i] == '\\') {
            buf_add_c(out, '\\');
        }
        buf_add_c(out, s.at[i]);
    }
    buf_add_c(out, '"');
}

static void add_real(struct buf *out, double real)
{
    size_t from = out->bytes;

    json_write_double(out, real);
    if (out->bytes > from && out->at[from] == '"') { /* NaN and its kin, here without quotes */
        memmove(out->at + from, out->at + from + 1, out->bytes - from - 2);
        out->bytes -= 2;
    }
}

static void add_text(struct buf *out, const struct member *member, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_BOOL:
        buf_add(out, value->truth ? STR("true") : STR("false"));
        return;
    case VALUE_INT:
        buf_add_i64(out, value->number);
        return;
    case VALUE_DOUBLE:
        add_real(out, value->real);
        return;
    case VALUE_STR:
        if (member->flags & MEMBER_JSON_VALUE) {
            buf_add_base64(out, value->str);
        } else {
            buf_add(out, value->str);
        }
        return;
    case VALUE_BLOB:
        buf_add_base64(out, value->str);
        return;
    case VALUE_TIME:
        add_time(out, value->moment_ms, time_format_of(member, value->shape, TIME_HTTP));
        return;
    default:
        assert(false); /* the model has no trees in headers */
    }
}

static void add_list(struct buf *out, const struct value *list)
{
    const struct member *of = &model_members[model_shape(list->shape)->first];

    for (uint32_t i = 0; i < list->count; i++) {
        if (i > 0) {
            buf_add(out, STR(", "));
        }
        if (list->items[i].kind == VALUE_STR) {
            add_element(out, list->items[i].str);
        } else {
            add_text(out, of, &list->items[i]);
        }
    }
}

/* ---- headers ---- */

static struct str lower(struct arena *arena, struct str prefix, struct str key)
{
    char *text = arena_alloc(arena, prefix.bytes + key.bytes + 1);

    for (size_t i = 0; i < prefix.bytes + key.bytes; i++) {
        char c = i < prefix.bytes ? prefix.at[i] : key.at[i - prefix.bytes];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return str_of(text, prefix.bytes + key.bytes);
}

/* A header's value cannot break the message it travels in. */
static bool is_header_text(struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] == '\r' || s.at[i] == '\n' || s.at[i] == 0) {
            return false;
        }
    }
    return true;
}

static status add_header(const struct member *member, const struct value *value,
                         struct arena *arena, struct answer *answer)
{
    struct buf out;
    struct str text;

    buf_init(&out, HEADER_BYTES_MAX);
    if (value->kind == VALUE_LIST) {
        add_list(&out, value);
    } else {
        add_text(&out, member, value);
    }
    text = arena_dup(arena, buf_str(&out));
    bool good = !buf_spent(&out) && is_header_text(text);
    buf_done(&out);
    return good && answer_add(answer, lower(arena, model_text(member->wire_name), STR("")), text)
               ? OK
               : &ERR_LIMIT;
}

static status add_headers(const struct member *member, const struct value *map,
                          struct arena *arena, struct answer *answer)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct pair *pair = &map->pairs[i];
        if (pair->value.kind != VALUE_STR || !is_header_text(pair->value.str)) {
            continue;
        }
        struct str name = lower(arena, model_text(member->wire_name), pair->key);
        if (!answer_add(answer, name, pair->value.str)) {
            return &ERR_LIMIT;
        }
    }
    return OK;
}

status rest_encode_headers(const struct route *route, const struct value *structure,
                           struct arena *arena, struct answer *answer)
{
    const struct shape *shape = structure == NULL ? NULL : model_shape(structure->shape);
    bool head = route->operation != NULL &&
                str_eq(model_method(route->operation->method), STR("HEAD"));

    for (uint32_t i = 0; shape != NULL && i < shape->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        const struct value *value = &structure->items[i];
        if (value->kind == VALUE_NONE) {
            continue;
        }
        if (member->location == AT_HEADERS) {
            TRY(add_headers(member, value, arena, answer));
        } else if (member->location == AT_HEADER &&
                   (head || !str_eq_nocase(model_text(member->wire_name), STR("content-length")))) {
            TRY(add_header(member, value, arena, answer));
        }
    }
    return OK;
}

/* ---- body ---- */

static bool has_header(const struct answer *answer, struct str name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (str_eq(answer->headers[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void set_type(struct answer *answer, struct str type)
{
    if (!has_header(answer, STR("content-type"))) {
        answer_add(answer, STR("content-type"), type);
    }
}

/* What a JSON body is written from. */
struct json_body {
    const struct value *value; /* the tree */
    bool members;              /* only those members that travel in the body */
};

static void write_json(struct buf *out, const void *what)
{
    const struct json_body *body = what;

    if (body->members) {
        json_write_body(out, body->value, TIME_EPOCH);
    } else {
        json_write(out, body->value, TIME_EPOCH);
    }
}

static status encode_tree(const struct route *route, const struct value *value,
                          const struct member *payload, struct arena *arena,
                          struct answer *answer)
{
    struct json_body body = {value, payload == NULL};

    if (route->protocol == PROTOCOL_REST_JSON) {
        set_type(answer, STR("application/json"));
        return body_make(arena, body_guess(value), write_json, &body, &answer->body);
    }
    set_type(answer, STR("application/xml"));
    return xml_encode(route, value, payload, arena, &answer->body);
}

static status encode_payload(const struct route *route, const struct member *payload,
                             const struct value *value, struct arena *arena,
                             struct answer *answer)
{
    uint8_t kind = model_shape(payload->shape)->kind;

    if (value->kind == VALUE_NONE) {
        return OK;
    }
    if (kind == SHAPE_STRING || kind == SHAPE_BLOB) {
        set_type(answer,
                 kind == SHAPE_STRING ? STR("text/plain") : STR("application/octet-stream"));
        answer->body = value->str;
        return OK;
    }
    return encode_tree(route, value, payload, arena, answer);
}

static status encode_body(const struct route *route, const struct value *output,
                          struct arena *arena, struct answer *answer)
{
    const struct shape *shape = model_shape(output->shape);
    bool any = false;

    for (uint32_t i = 0; i < shape->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        if (member->flags & MEMBER_PAYLOAD) {
            return encode_payload(route, member, &output->items[i], arena, answer);
        }
        any = any || in_answer_body(member);
    }
    return any && answer->http != 204 ? encode_tree(route, output, NULL, arena, answer) : OK;
}

static int status_of(const struct value *output, int otherwise)
{
    const struct shape *shape = model_shape(output->shape);

    for (uint32_t i = 0; i < shape->count; i++) {
        if (model_members[shape->first + i].location == AT_STATUS_CODE &&
            output->items[i].kind == VALUE_INT) {
            return (int)output->items[i].number;
        }
    }
    return otherwise;
}

status rest_encode(const struct route *route, const struct value *output, struct arena *arena,
                   struct answer *answer)
{
    answer->http = status_of(output, route->operation->http);
    TRY(rest_encode_headers(route, output, arena, answer));
    for (size_t i = 0; i < answer->header_count; i++) {
        if (answer->http == 200 && str_eq(answer->headers[i].name, STR("content-range"))) {
            answer->http = 206;
        }
    }
    return encode_body(route, output, arena, answer);
}
