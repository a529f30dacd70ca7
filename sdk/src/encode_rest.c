/* SPDX-License-Identifier: Apache-2.0
 *
 * REST: each member of the input goes where the tables say: into the address, a header, the query,
 * or the body, which is JSON, XML, or the payload as it is.
 */
#include "wire.h"

#include "sha256.h"
#include "text.h"

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"};

static bool is_xml(const struct weir_call *call)
{
    return call->service->protocol == PROTOCOL_REST_XML;
}

static void bad_input(struct weir_call *call, const char *message)
{
    call->code = "BadInput";
    call->message = message;
}

/* A scalar's text at the end of scratch. */
static struct weir_text scalar(struct weir_call *call, struct weir_text value, uint16_t node)
{
    size_t before = call->scratch->bytes;

    weir_scalar_add(call->scratch, value, model_kind(node) == KIND_LEAF ? node : LEAF_ANY);
    return (struct weir_text){call->scratch->at + before, call->scratch->bytes - before};
}

/* ---- the address ---- */

/* The value of the member that a label is; WEIR_NONE: not given. */
static struct weir_text label_value(struct weir_call *call, struct weir_text label,
                                    uint16_t *ret_node)
{
    struct model_members members = model_members(call->operation.input);
    struct model_member member;
    char name[MODEL_TEXT_MAX];

    while (model_member_next(&members, &member)) {
        if (member.location == AT_URI && model_wire_is(&member, label)) {
            *ret_node = member.node;
            model_text_put(name, member.name);
            return weir_json_member(call->json, weir_text(name));
        }
    }
    return WEIR_NONE;
}

static void add_label(struct weir_call *call, struct weir_text label)
{
    struct weir_text name = label;
    bool is_greedy = weir_text_ends(label, "+");
    uint16_t node = LEAF_ANY;

    name.bytes -= is_greedy ? 1 : 0;
    struct weir_text value = label_value(call, name, &node);
    struct weir_text text = value.at == NULL ? value : scalar(call, value, node);
    if (text.bytes == 0) {
        bad_input(call, "a member that is part of the address is missing");
        return;
    }
    weir_uri_add(&call->request->path, text, is_greedy ? "/" : "");
}

/* "/{Bucket}/{Key+}?acl": the path with its labels, and the query's fixed part. */
static void add_uri(struct weir_call *call)
{
    char uri[MODEL_TEXT_MAX];
    struct weir_text query;

    model_text_put(uri, call->operation.uri);
    query = weir_text(uri);
    struct weir_text path = weir_text_split(&query, '?');
    while (path.at != NULL && call->code == NULL) {
        weir_buf_add_text(&call->request->path, weir_text_split(&path, '{'));
        if (path.at != NULL) {
            add_label(call, weir_text_split(&path, '}'));
        }
    }
    while (query.at != NULL) {
        struct weir_text value = weir_text_split(&query, '&');
        struct weir_text name = weir_text_split(&value, '=');
        weir_request_query(call->request, name, value.at == NULL ? WEIR_TEXT("") : value);
    }
}

/* ---- query and headers ---- */

/* One value, or each of a list, under a name. */
static void add_values(struct weir_call *call, struct weir_text name, struct weir_text value,
                       uint16_t node)
{
    struct weir_json_each each = weir_json_each(value);

    if (weir_json_kind(value) != WEIR_JSON_ARRAY) {
        weir_request_query(call->request, name, scalar(call, value, node));
        return;
    }
    while (weir_json_next(&each)) {
        weir_request_query(call->request, name, scalar(call, each.value, node));
    }
}

/* A map's keys are names of their own. */
static void add_query(struct weir_call *call, struct weir_text value,
                      const struct model_member *member)
{
    struct weir_json_each each = weir_json_each(value);
    bool is_leaf = model_kind(member->node) == KIND_LEAF;
    uint16_t node = is_leaf ? member->node : model_many(member->node).node;
    char name[MODEL_TEXT_MAX];
    struct weir_buf key;

    model_wire_put(name, member);
    if (weir_json_kind(value) != WEIR_JSON_OBJECT) {
        add_values(call, weir_text(name), value, node);
        return;
    }
    weir_buf_init(&key, call->scratch->bytes_max);
    while (weir_json_next(&each)) {
        weir_buf_again(&key, &call->request->failed);
        weir_scalar_add(&key, each.key, LEAF_ANY);
        add_values(call, weir_buf_text(&key), each.value, node);
    }
    weir_buf_drop(&key, &call->request->failed);
}

/* Items with commas between; strings with a comma or a quote in quotes of their own. */
static void add_items(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    struct weir_json_each each = weir_json_each(value);
    struct weir_buf item;
    bool first = true;

    weir_buf_init(&item, out->bytes_max);
    while (weir_json_next(&each)) {
        weir_buf_again(&item, &out->failed);
        weir_scalar_add(&item, each.value, model_kind(node) == KIND_LEAF ? node : LEAF_ANY);
        struct weir_text text = weir_buf_text(&item);
        bool quoted = false;
        for (size_t i = 0; i < text.bytes && node == LEAF_ANY; i++) {
            quoted = quoted || text.at[i] == '"' || text.at[i] == ',';
        }
        weir_buf_add(out, ",\"", first ? 0 : 1);
        first = false;
        weir_buf_add(out, "\"", quoted ? 1 : 0);
        for (size_t i = 0; i < text.bytes; i++) {
            weir_buf_add(out, "\\", quoted && text.at[i] == '"' ? 1 : 0);
            weir_buf_add(out, text.at + i, 1);
        }
        weir_buf_add(out, "\"", quoted ? 1 : 0);
    }
    weir_buf_drop(&item, &out->failed);
}

static void add_header(struct weir_call *call, struct weir_text value,
                       const struct model_member *member)
{
    struct weir_json_each each = weir_json_each(value);
    struct weir_buf text;
    struct weir_buf name;

    weir_buf_init(&text, call->scratch->bytes_max);
    weir_buf_init(&name, call->scratch->bytes_max);
    model_wire_add(&name, member);
    if (member->location == AT_HEADERS) {
        size_t prefix = name.bytes;
        while (weir_json_next(&each)) {
            name.bytes = name.failed ? name.bytes : prefix;
            weir_buf_again(&text, &call->request->failed);
            weir_scalar_add(&name, each.key, LEAF_ANY);
            weir_scalar_add(&text, each.value, LEAF_ANY);
            weir_request_header(call->request, weir_buf_text(&name), weir_buf_text(&text));
        }
    } else if (weir_json_kind(value) == WEIR_JSON_ARRAY) {
        add_items(&text, value,
                  model_kind(member->node) == KIND_LIST ? model_many(member->node).node : LEAF_ANY);
        if (text.bytes > 0) {
            weir_request_header(call->request, weir_buf_text(&name), weir_buf_text(&text));
        }
    } else {
        uint16_t leaf = model_kind(member->node) == KIND_LEAF ? member->node : LEAF_ANY;
        weir_scalar_add(&text, value, leaf);
        weir_request_header(call->request, weir_buf_text(&name), weir_buf_text(&text));
    }
    weir_buf_drop(&text, &call->request->failed);
    weir_buf_drop(&name, &call->request->failed);
}

/* ---- the body ---- */

static void add_payload(struct weir_call *call, struct weir_text value,
                        const struct model_member *member)
{
    struct weir_buf *out = &call->request->body;
    char name[MODEL_TEXT_MAX];
    struct weir_buf text;

    if (member->node == LEAF_RAW) {
        weir_buf_init(&text, out->bytes_max);
        if (!weir_base64_decode(out, weir_json_string(value, &text)) && !out->failed) {
            bad_input(call, "a payload in JSON is base64; bytes are given as a body");
        }
        weir_buf_drop(&text, &out->failed);
    } else if (member->node == LEAF_TEXT) {
        weir_scalar_add(out, value, LEAF_ANY);
    } else if (is_xml(call)) {
        model_wire_put(name, member);
        weir_to_xml(out, name, value, member->node, call->service->namespace);
    } else {
        weir_to_json(out, value, member->node, call->scratch);
    }
}

/* One body member of a JSON document. */
static void add_to_body(struct weir_call *call, const struct weir_json_each *each,
                        const struct model_member *member, bool is_listed)
{
    struct weir_buf *out = &call->request->body;

    weir_buf_add(out, "{", out->bytes == 0 ? 1 : 0);
    weir_comma(out);
    if (is_listed) {
        weir_buf_add(out, "\"", 1);
        model_wire_add(out, member);
        weir_buf_add(out, "\"", 1);
    } else {
        weir_buf_add_text(out, each->key);
    }
    weir_buf_add(out, ":", 1);
    weir_to_json(out, each->value, member->node, call->scratch);
}

/* Puts a member where it goes; true: it belongs into the body's document. */
static bool place(struct weir_call *call, const struct weir_json_each *each,
                  const struct model_member *member)
{
    switch (member->location) {
    case AT_URI:
        return false;
    case AT_QUERY:
        add_query(call, each->value, member);
        return false;
    case AT_HEADER:
    case AT_HEADERS:
        add_header(call, each->value, member);
        return false;
    case AT_PAYLOAD:
        add_payload(call, each->value, member);
        return false;
    default:
        return true;
    }
}

/* Whether the input has a payload, and whether that is a document. */
static bool payload_of(const struct weir_call *call, struct model_member *ret_member)
{
    struct model_members members = model_members(call->operation.input);

    while (model_member_next(&members, ret_member)) {
        if (ret_member->location == AT_PAYLOAD) {
            return true;
        }
    }
    return false;
}

static void end_body(struct weir_call *call, bool has_members)
{
    struct weir_request *request = call->request;
    struct model_member payload = {.node = LEAF_ANY};
    char root[MODEL_TEXT_MAX];
    bool has_payload = payload_of(call, &payload);
    bool is_raw = has_payload && (payload.node == LEAF_RAW || payload.node == LEAF_TEXT);

    if (call->body.at != NULL) {
        if (!is_raw) {
            bad_input(call, "this operation has no payload");
        }
        request->payload = call->body;
        return;
    }
    if (!is_xml(call)) {
        weir_buf_add(&request->body, "}", has_members ? 1 : 0);
        if (request->body.bytes == 0 && call->operation.has_body && !is_raw) {
            weir_buf_add_c(&request->body, "{}");
        }
    } else if (has_members && call->operation.has_root) {
        model_text_put(root, call->operation.root);
        weir_to_xml(&request->body, root, call->json, call->operation.input,
                    call->service->namespace);
    }
    if (request->body.bytes > 0 && !is_raw && !weir_request_has(request, "content-type")) {
        weir_request_header(request, WEIR_TEXT("content-type"),
                            is_xml(call) ? WEIR_TEXT("application/xml")
                                         : WEIR_TEXT("application/json"));
    }
}

/* ---- checksums ---- */

static bool has_checksum(const struct weir_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct weir_text name = weir_request_name(request, &request->headers[i]);
        if (weir_text_is(name, "content-md5") || weir_text_starts(name, "x-amz-checksum-")) {
            return true;
        }
    }
    return false;
}

/* The body's, where it is wanted or one of these two was asked for. */
static void add_checksum(struct weir_call *call)
{
    struct weir_request *request = call->request;
    struct weir_text body =
        request->payload.bytes > 0 ? request->payload : weir_buf_text(&request->body);
    struct weir_text asked = WEIR_TEXT("");
    unsigned char digest[WEIR_SHA256_BYTES];
    uint32_t crc;
    struct weir_buf text;

    for (size_t i = 0; i < request->header_count; i++) {
        if (weir_text_is(weir_request_name(request, &request->headers[i]),
                         "x-amz-sdk-checksum-algorithm")) {
            asked = weir_request_value(request, &request->headers[i]);
        }
    }
    if ((!call->operation.wants_checksum && asked.bytes == 0) || has_checksum(request)) {
        return;
    }
    weir_buf_init(&text, 64);
    if (weir_text_is(asked, "SHA256")) {
        weir_sha256(body, digest);
        weir_base64_add(&text, (struct weir_text){(const char *)digest, sizeof digest});
        weir_request_header(request, WEIR_TEXT("x-amz-checksum-sha256"), weir_buf_text(&text));
    } else if (asked.bytes == 0 || weir_text_is(asked, "CRC32")) {
        crc = weir_crc32(body);
        for (int i = 0; i < 4; i++) {
            digest[i] = (unsigned char)(crc >> (24 - i * 8));
        }
        weir_base64_add(&text, (struct weir_text){(const char *)digest, 4});
        weir_request_header(request, WEIR_TEXT("x-amz-checksum-crc32"), weir_buf_text(&text));
    }
    weir_buf_drop(&text, &request->failed);
}

void weir_encode_rest(struct weir_call *call)
{
    struct weir_json_each each = weir_json_each(call->json);
    struct weir_buf key;
    bool has_members = false;

    call->request->method = methods[call->operation.method];
    weir_buf_init(&key, call->scratch->bytes_max);
    add_uri(call);
    while (call->code == NULL && weir_json_next(&each)) {
        struct model_member member;
        weir_buf_again(&key, &call->request->failed);
        bool is_listed =
            model_member_find(call->operation.input, weir_json_string(each.key, &key), &member);
        if (weir_json_kind(each.value) == WEIR_JSON_NULL || !place(call, &each, &member)) {
            continue;
        }
        has_members = true;
        if (!is_xml(call)) {
            add_to_body(call, &each, &member, is_listed);
        }
    }
    weir_buf_drop(&key, &call->request->failed);
    if (call->code == NULL) {
        end_body(call, has_members);
    }
    if (call->code == NULL) {
        add_checksum(call);
    }
    if (!is_xml(call) && !weir_request_has(call->request, "accept")) {
        weir_request_header(call->request, WEIR_TEXT("accept"), WEIR_TEXT("application/json"));
    }
}
