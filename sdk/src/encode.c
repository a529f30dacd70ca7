/* SPDX-License-Identifier: Apache-2.0
 *
 * From an input document to a request. AWS JSON needs almost nothing: a target and the document
 * itself, with moments as seconds.
 */
#include "wire.h"

#include "sys.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define UUID_BYTES 36

void weir_comma(struct weir_buf *out)
{
    char last = out->bytes == 0 ? '{' : out->at[out->bytes - 1];

    if (last != '{' && last != '[' && last != ':' && last != ',') {
        weir_buf_add(out, ",", 1);
    }
}

/* ---- scalars ---- */

/* Seconds, with a fraction if there is one. */
static void add_epoch(struct weir_buf *out, int64_t ms)
{
    if (ms % 1000 == 0) {
        weir_buf_printf(out, "%lld", (long long)(ms / 1000));
    } else {
        weir_buf_printf(out, "%s%lld.%03lld", ms < 0 ? "-" : "",
                        (long long)((ms < 0 ? -ms : ms) / 1000),
                        (long long)((ms < 0 ? -ms : ms) % 1000));
    }
}

/* A moment in the form asked for; false: it is none. */
static bool add_moment(struct weir_buf *out, struct weir_text value, struct weir_text text,
                       uint16_t leaf)
{
    char formed[WEIR_MOMENT_BYTES_MAX];
    double seconds;
    int64_t ms;

    if (weir_json_double(value, &seconds) && seconds > -1e12 && seconds < 1e12) {
        ms = (int64_t)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
    } else if (text.at == NULL || !weir_moment_read(text, &ms)) {
        return false;
    }
    if (leaf == LEAF_TIME_EPOCH) {
        add_epoch(out, ms);
        return true;
    }
    if (leaf == LEAF_TIME_HTTP) {
        weir_moment_http(ms, formed);
    } else {
        weir_moment_iso(ms, formed);
    }
    weir_buf_add_c(out, formed);
    return true;
}

static bool is_time(uint16_t leaf)
{
    return leaf == LEAF_TIME_ISO || leaf == LEAF_TIME_EPOCH || leaf == LEAF_TIME_HTTP;
}

void weir_scalar_add(struct weir_buf *out, struct weir_text value, uint16_t leaf)
{
    struct weir_buf decoded;
    struct weir_text text;

    weir_buf_init(&decoded, out->bytes_max);
    text = weir_json_string(value, &decoded);
    if (leaf == LEAF_PACKED) {
        weir_base64_add(out, text.at != NULL ? text : value);
    } else if (!is_time(leaf) || !add_moment(out, value, text, leaf)) {
        weir_buf_add_text(out, text.at != NULL ? text : value);
    }
    weir_buf_drop(&decoded, &out->failed);
}

/* ---- documents ---- */

static void add_leaf(struct weir_buf *out, struct weir_text value, uint16_t leaf,
                     struct weir_buf *scratch)
{
    size_t before = out->bytes;

    if (!is_time(leaf)) {
        weir_buf_add_text(out, value);
        return;
    }
    weir_buf_add(out, "\"", leaf == LEAF_TIME_EPOCH ? 0 : 1);
    if (!add_moment(out, value, weir_json_string(value, scratch), leaf)) {
        out->bytes = out->failed ? out->bytes : before;
        weir_buf_add_text(out, value);
    } else {
        weir_buf_add(out, "\"", leaf == LEAF_TIME_EPOCH ? 0 : 1);
    }
}

static void add_many(struct weir_buf *out, struct weir_text value, uint16_t node,
                     struct weir_buf *scratch)
{
    struct weir_json_each each = weir_json_each(value);
    uint16_t inner = model_many(node).node;

    weir_buf_add(out, each.is_object ? "{" : "[", 1);
    while (weir_json_next(&each)) {
        weir_comma(out);
        if (each.is_object) {
            weir_buf_add_text(out, each.key);
            weir_buf_add(out, ":", 1);
        }
        weir_to_json(out, each.value, inner, scratch);
    }
    weir_buf_add(out, each.is_object ? "}" : "]", 1);
}

static void add_struct(struct weir_buf *out, struct weir_text value, uint16_t node,
                       struct weir_buf *scratch)
{
    struct weir_json_each each = weir_json_each(value);
    struct model_member member;

    weir_buf_add(out, "{", 1);
    while (weir_json_next(&each)) {
        if (weir_json_kind(each.value) == WEIR_JSON_NULL) {
            continue;
        }
        weir_comma(out);
        if (model_member_find(node, weir_json_string(each.key, scratch), &member)) {
            weir_buf_add(out, "\"", 1);
            model_wire_add(out, &member);
            weir_buf_add(out, "\"", 1);
        } else {
            weir_buf_add_text(out, each.key);
        }
        weir_buf_add(out, ":", 1);
        weir_to_json(out, each.value, member.node, scratch);
    }
    weir_buf_add(out, "}", 1);
}

void weir_to_json(struct weir_buf *out, struct weir_text value, uint16_t node,
                  struct weir_buf *scratch)
{
    enum model_kind kind = model_kind(node);
    enum weir_json_kind is = weir_json_kind(value);

    if (kind == KIND_STRUCT && is == WEIR_JSON_OBJECT) {
        add_struct(out, value, node, scratch);
    } else if ((kind == KIND_LIST && is == WEIR_JSON_ARRAY) ||
               (kind == KIND_MAP && is == WEIR_JSON_OBJECT)) {
        add_many(out, value, node, scratch);
    } else if (kind == KIND_LEAF) {
        add_leaf(out, value, node, scratch);
    } else {
        weir_buf_add_text(out, value); /* the service says what is wrong with it */
    }
}

/* ---- calls ---- */

static void make_uuid(char to[UUID_BYTES + 1])
{
    unsigned long long one = weir_random();
    unsigned long long other = weir_random();

    (void)snprintf(to, UUID_BYTES + 1, "%08llx-%04llx-4%03llx-%04llx-%012llx", one >> 32,
                   one >> 16 & 0xFFFF, one & 0xFFF, (other >> 48 & 0x3FFF) | 0x8000,
                   other & 0xFFFFFFFFFFFF);
}

/* Members that make a call idempotent are made up when they are missing, as the SDKs do. */
static void add_tokens(struct weir_call *call, struct weir_buf *out)
{
    struct model_members members = model_members(call->operation.input);
    struct model_member member;
    char uuid[UUID_BYTES + 1];
    char name[MODEL_TEXT_MAX];

    while (model_member_next(&members, &member)) {
        if (!member.is_token) {
            continue;
        }
        model_text_put(name, member.name);
        if (weir_json_member(call->json, weir_text(name)).at == NULL) {
            make_uuid(uuid);
            weir_json_add(out, "%j%s:%s", out->bytes == 0 ? WEIR_TEXT("{") : WEIR_TEXT(","), name,
                          uuid);
        }
    }
    if (out->bytes > 0) {
        struct weir_json_each each = weir_json_each(call->json);
        weir_buf_add(out, ",", weir_json_next(&each) ? 1 : 0);
        each = weir_json_each(call->json);
        weir_buf_add_text(out, each.rest);
        call->json = weir_buf_text(out);
    }
}

static void encode_json(struct weir_call *call)
{
    struct weir_request *request = call->request;
    char target[MODEL_TEXT_MAX * 2];

    model_text_put(target, call->service->target_prefix);
    size_t bytes = strlen(target);
    (void)snprintf(target + bytes, sizeof target - bytes, ".%.*s", WEIR_ARG(call->operation_name));
    weir_request_header(request, WEIR_TEXT("x-amz-target"), weir_text(target));
    weir_request_header(request, WEIR_TEXT("content-type"),
                        call->service->json_minor == 0 ? WEIR_TEXT("application/x-amz-json-1.0")
                                                       : WEIR_TEXT("application/x-amz-json-1.1"));
    if (call->service->query_compatible) {
        weir_request_header(request, WEIR_TEXT("x-amzn-query-mode"), WEIR_TEXT("true"));
    }
    weir_to_json(&request->body, call->json, call->operation.input, call->scratch);
}

static bool has_events(uint16_t node)
{
    struct model_members members = model_members(node);
    struct model_member member;

    while (model_member_next(&members, &member)) {
        if (member.location == AT_EVENTS) {
            return true;
        }
    }
    return false;
}

bool weir_encode(struct weir_call *call)
{
    struct weir_request *request = call->request;
    struct weir_buf with_tokens;

    if (has_events(call->operation.input) || has_events(call->operation.output)) {
        call->code = "NotSupported";
        call->message = "event streams are not supported";
        return false;
    }
    weir_buf_init(&with_tokens, call->scratch->bytes_max);
    add_tokens(call, &with_tokens);
    switch (call->service->protocol) {
    case PROTOCOL_JSON:
        encode_json(call);
        break;
    case PROTOCOL_QUERY:
    case PROTOCOL_EC2:
        weir_encode_form(call);
        break;
    default:
        weir_encode_rest(call);
    }
    if (request->payload.bytes == 0) {
        request->payload = weir_buf_text(&request->body);
    }
    if (call->code == NULL &&
        (request->failed || request->body.failed || request->words.failed || request->path.failed ||
         with_tokens.failed || call->scratch->failed)) {
        call->code = "NoMemory";
        call->message = "the request is too large";
    }
    weir_buf_done(&with_tokens);
    return call->code == NULL;
}
