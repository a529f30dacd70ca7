/* SPDX-License-Identifier: Apache-2.0
 *
 * From an answer to the output document. JSON is copied with other names and moments as texts; XML
 * is read into a tree; of REST, headers and the status are members too.
 */
#include "wire.h"

#include "net.h"
#include "sys.h"
#include "text.h"

#define XML_BYTES_MAX ((size_t)1 << 30)

/* ---- leaves ---- */

static void add_moment(struct weir_buf *out, int64_t ms)
{
    char text[WEIR_MOMENT_BYTES_MAX];

    weir_moment_iso(ms, text);
    weir_json_add_string(out, weir_text(text));
}

static bool is_number(struct weir_text text)
{
    return weir_json_kind(text) == WEIR_JSON_NUMBER && weir_json_check(text);
}

/* Seconds since 1970 in milliseconds. */
static bool epoch_of(struct weir_text text, int64_t *ret_ms)
{
    double seconds;

    if (!weir_json_double(text, &seconds) || seconds < -1e11 || seconds > 1e12) {
        return false;
    }
    *ret_ms = (int64_t)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
    return true;
}

/* JSON in base64; null when it is none. */
static void add_packed(struct weir_buf *out, struct weir_text text)
{
    struct weir_buf json;

    weir_buf_init(&json, text.bytes + 1);
    if (weir_base64_decode(&json, text) && weir_json_check(weir_buf_text(&json))) {
        weir_buf_add_text(out, weir_buf_text(&json));
    } else {
        weir_buf_add_c(out, "null");
    }
    weir_buf_drop(&json, &out->failed);
}

void weir_leaf_from_text(struct weir_buf *out, struct weir_text text, uint16_t leaf)
{
    int64_t ms;

    if (leaf == LEAF_NUMBER && is_number(text)) {
        weir_buf_add_text(out, text);
    } else if (leaf == LEAF_PACKED) {
        add_packed(out, text);
    } else if (leaf == LEAF_BOOLEAN) {
        weir_buf_add_c(out, weir_text_same(text, WEIR_TEXT("true")) ? "true" : "false");
    } else if (leaf == LEAF_TIME_EPOCH && epoch_of(text, &ms)) {
        add_moment(out, ms);
    } else if (leaf == LEAF_TIME_HTTP && weir_moment_read(text, &ms)) {
        add_moment(out, ms);
    } else {
        weir_json_add_string(out, text);
    }
}

/* ---- JSON ---- */

static void add_leaf(struct weir_buf *out, struct weir_text value, uint16_t leaf)
{
    struct weir_buf text;
    int64_t ms;

    if (leaf == LEAF_TIME_EPOCH && epoch_of(value, &ms)) {
        add_moment(out, ms);
    } else if (leaf == LEAF_TIME_HTTP && weir_json_kind(value) == WEIR_JSON_STRING) {
        weir_buf_init(&text, value.bytes + 1);
        weir_leaf_from_text(out, weir_json_string(value, &text), leaf);
        weir_buf_drop(&text, &out->failed);
    } else {
        weir_buf_add_text(out, value);
    }
}

static void add_struct_member(struct weir_buf *out, const struct weir_json_each *each,
                              uint16_t node)
{
    struct model_member member;
    struct weir_buf text;

    weir_buf_init(&text, each->key.bytes + 1);
    if (model_member_find_wire(node, weir_json_string(each->key, &text), &member)) {
        weir_buf_add(out, "\"", 1);
        model_text_add(out, member.name);
        weir_buf_add(out, "\"", 1);
    } else {
        weir_buf_add_text(out, each->key);
    }
    weir_buf_drop(&text, &out->failed);
    weir_buf_add(out, ":", 1);
    weir_from_json(out, each->value, member.node);
}

/* Members without braces; null ones are not there. */
static void add_members(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    struct weir_json_each each = weir_json_each(value);

    while (each.is_object && weir_json_next(&each)) {
        if (weir_json_kind(each.value) != WEIR_JSON_NULL) {
            weir_comma(out);
            add_struct_member(out, &each, node);
        }
    }
}

static void add_many(struct weir_buf *out, struct weir_text value, uint16_t node)
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
        weir_from_json(out, each.value, inner);
    }
    weir_buf_add(out, each.is_object ? "}" : "]", 1);
}

void weir_from_json(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    enum model_kind kind = model_kind(node);
    enum weir_json_kind is = weir_json_kind(value);

    if (kind == KIND_STRUCT && is == WEIR_JSON_OBJECT) {
        weir_buf_add(out, "{", 1);
        add_members(out, value, node);
        weir_buf_add(out, "}", 1);
    } else if ((kind == KIND_LIST && is == WEIR_JSON_ARRAY) ||
               (kind == KIND_MAP && is == WEIR_JSON_OBJECT)) {
        add_many(out, value, node);
    } else if (kind == KIND_LEAF) {
        add_leaf(out, value, node);
    } else {
        weir_buf_add_text(out, value);
    }
}

/* ---- headers ---- */

static void add_name(struct weir_buf *out, const struct model_member *member)
{
    weir_comma(out);
    weir_buf_add(out, "\"", 1);
    model_text_add(out, member->name);
    weir_buf_add(out, "\":", 2);
}

/* Items with commas between them. */
static void add_header_list(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    struct weir_text rest = value;

    weir_buf_add(out, "[", 1);
    while (rest.at != NULL) {
        weir_comma(out);
        weir_leaf_from_text(out, weir_text_trim(weir_text_split(&rest, ',')), node);
    }
    weir_buf_add(out, "]", 1);
}

/* Headers with a beginning in common, as a map. */
static void add_header_map(struct weir_buf *out, const struct model_member *member,
                           struct weir_text head)
{
    char wire[MODEL_TEXT_MAX];
    struct weir_text prefix;
    struct weir_text name;
    struct weir_text value;
    bool found = false;

    model_wire_put(wire, member);
    prefix = weir_text(wire);
    while (weir_http_next(&head, &name, &value)) {
        if (name.bytes <= prefix.bytes ||
            !weir_text_same((struct weir_text){name.at, prefix.bytes}, prefix)) {
            continue;
        }
        if (!found) {
            add_name(out, member);
            weir_buf_add(out, "{", 1);
            found = true;
        }
        weir_comma(out);
        weir_json_add_string(out,
                             (struct weir_text){name.at + prefix.bytes, name.bytes - prefix.bytes});
        weir_buf_add(out, ":", 1);
        weir_json_add_string(out, value);
    }
    weir_buf_add(out, "}", found ? 1 : 0);
}

static void add_header(struct weir_buf *out, const struct model_member *member,
                       struct weir_text head)
{
    char name[MODEL_TEXT_MAX];
    struct weir_text value;

    model_wire_put(name, member);
    value = weir_http_header(head, name);
    if (value.at == NULL) {
        return;
    }
    add_name(out, member);
    if (model_kind(member->node) == KIND_LIST) {
        add_header_list(out, value, model_many(member->node).node);
    } else {
        weir_leaf_from_text(out, value, member->node);
    }
}

/* What is not in the body. *ret_payload is the member that is all of the body, if there is one. */
static bool add_outside(struct weir_buf *out, const struct weir_call *call,
                        const struct weir_reply *reply, struct model_member *ret_payload)
{
    struct model_members members = model_members(call->operation.output);
    struct model_member member;
    bool found = false;

    while (model_member_next(&members, &member)) {
        if (member.location == AT_HEADER) {
            add_header(out, &member, reply->head);
        } else if (member.location == AT_HEADERS) {
            add_header_map(out, &member, reply->head);
        } else if (member.location == AT_STATUS) {
            add_name(out, &member);
            weir_buf_printf(out, "%d", reply->status);
        } else if (member.location == AT_PAYLOAD) {
            *ret_payload = member;
            found = true;
        }
    }
    return found;
}

/* ---- bodies ---- */

static bool decode_json(struct weir_buf *out, struct weir_text body, uint16_t node)
{
    if (weir_text_trim(body).bytes == 0) {
        return true;
    }
    if (!weir_json_check(body)) {
        return false;
    }
    add_members(out, body, node);
    return true;
}

/* The element that has the members: of Query, the root's only child named …Result. */
static uint32_t result_of(struct weir_xml *xml, const struct weir_call *call)
{
    uint32_t child = weir_xml_child(xml, 1, NULL);

    while (call->service->protocol == PROTOCOL_QUERY && child != WEIR_XML_NONE) {
        if (weir_text_ends(weir_xml_at(xml, child)->name, "Result")) {
            return child;
        }
        child = weir_xml_at(xml, child)->next;
    }
    return call->service->protocol == PROTOCOL_QUERY ? WEIR_XML_NONE : 1;
}

static bool decode_xml(struct weir_buf *out, const struct weir_call *call, struct weir_text body,
                       const struct model_member *payload)
{
    struct weir_xml xml;
    bool good;

    if (weir_text_trim(body).bytes == 0) {
        return true;
    }
    weir_xml_init(&xml, XML_BYTES_MAX);
    good = weir_xml_read(&xml, (char *)body.at, body.bytes);
    if (good && payload != NULL) {
        add_name(out, payload);
        weir_from_xml(out, &xml, 1, payload->node);
    } else if (good && result_of(&xml, call) != WEIR_XML_NONE) {
        if (call->service->protocol == PROTOCOL_EC2) {
            uint32_t id = weir_xml_child(&xml, 1, "requestId");
            if (id != WEIR_XML_NONE) {
                weir_xml_at(&xml, id)->taken = true;
            }
        }
        weir_members_from_xml(out, &xml, result_of(&xml, call), call->operation.output);
    }
    weir_xml_done(&xml);
    return good;
}

static bool decode_body(struct weir_buf *out, const struct weir_call *call,
                        const struct weir_reply *reply, const struct model_member *payload)
{
    bool is_json =
        call->service->protocol == PROTOCOL_JSON || call->service->protocol == PROTOCOL_REST_JSON;

    if (payload != NULL && payload->node == LEAF_RAW) {
        return true; /* the caller has the body */
    }
    if (payload != NULL && payload->node == LEAF_TEXT) {
        add_name(out, payload);
        weir_json_add_string(out, reply->body);
        return true;
    }
    if (!is_json) {
        return decode_xml(out, call, reply->body, payload);
    }
    if (payload == NULL) {
        return decode_json(out, reply->body, call->operation.output);
    }
    if (reply->body.bytes == 0) {
        return true;
    }
    if (!weir_json_check(reply->body)) {
        return false;
    }
    add_name(out, payload);
    weir_from_json(out, weir_text_trim(reply->body), payload->node);
    return true;
}

bool weir_decode(const struct weir_call *call, const struct weir_reply *reply, struct weir_buf *out)
{
    struct model_member payload;
    bool has_payload;
    bool good;

    weir_buf_clear(out);
    weir_buf_add(out, "{", 1);
    has_payload = weir_is_rest(call) && add_outside(out, call, reply, &payload);
    good = decode_body(out, call, reply, has_payload ? &payload : NULL);
    weir_buf_add(out, "}", 1);
    return good && !out->failed;
}
