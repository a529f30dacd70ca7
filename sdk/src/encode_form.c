/* SPDX-License-Identifier: Apache-2.0
 *
 * Query and EC2: a form whose names are paths. What a value is, its JSON says; only maps, other
 * names and lists without a "member" part are in the tables.
 *
 *   {"A":{"B":[1,2]}}   A.B.member.1=1&A.B.member.2=2      (EC2, flattened: A.B.1=1&A.B.2=2)
 *   a map M {"k":"v"}   M.entry.1.key=k&M.entry.1.value=v  (flattened: M.1.key=k&M.1.value=v)
 */
#include "wire.h"

#include "text.h"

/* The form under way. */
struct form {
    struct weir_buf *out; /* the form */
    struct weir_buf path; /* of the value at hand */
    struct weir_buf text; /* of the value at hand */
    bool is_ec2;          /* its lists have no parts of their own */
};

static void add_value(struct form *f, struct weir_text value, uint16_t node);

static void add_pair(struct form *f, struct weir_text text)
{
    weir_buf_add(f->out, "&", f->out->bytes == 0 ? 0 : 1);
    weir_uri_add(f->out, weir_buf_text(&f->path), "");
    weir_buf_add(f->out, "=", 1);
    weir_uri_add(f->out, text, "");
}

static void add_dot(struct form *f)
{
    weir_buf_add(&f->path, ".", f->path.bytes == 0 ? 0 : 1);
}

static void cut(struct form *f, size_t bytes)
{
    f->path.bytes = f->path.failed ? f->path.bytes : bytes;
}

static void add_struct(struct form *f, struct weir_text value, uint16_t node)
{
    struct weir_json_each each = weir_json_each(value);
    size_t before = f->path.bytes;
    struct model_member member;

    while (weir_json_next(&each)) {
        weir_buf_again(&f->text, &f->out->failed);
        struct weir_text name = weir_json_string(each.key, &f->text);
        add_dot(f);
        if (model_member_find(node, name, &member)) {
            model_wire_add(&f->path, &member);
        } else {
            weir_buf_add_text(&f->path, name);
        }
        add_value(f, each.value, member.node);
        cut(f, before);
    }
}

static void add_list(struct form *f, struct weir_text value, uint16_t node)
{
    struct model_many many = {.node = LEAF_ANY};
    struct weir_json_each each = weir_json_each(value);
    size_t whole = f->path.bytes;
    size_t before;
    unsigned count = 0;

    if (model_kind(node) == KIND_LIST) {
        many = model_many(node);
    }
    if (many.is_named) {
        add_dot(f);
        model_text_add(&f->path, many.names[0]);
    } else if (!many.is_flat && !f->is_ec2) {
        weir_buf_add_c(&f->path, ".member");
    }
    before = f->path.bytes;
    while (weir_json_next(&each)) {
        weir_buf_printf(&f->path, ".%u", ++count);
        add_value(f, each.value, many.node);
        cut(f, before);
    }
    cut(f, whole);
    if (count == 0 && !f->is_ec2) {
        add_pair(f, WEIR_TEXT(""));
    }
}

static void add_map(struct form *f, struct weir_text value, uint16_t node)
{
    struct model_many many = model_many(node);
    struct weir_json_each each = weir_json_each(value);
    size_t whole = f->path.bytes;
    size_t before;
    unsigned count = 0;

    if (!many.is_flat) {
        weir_buf_add_c(&f->path, ".entry");
    }
    before = f->path.bytes;
    while (weir_json_next(&each)) {
        const struct weir_text halves[2] = {each.key, each.value};
        count++;
        for (unsigned i = 0; i < 2; i++) {
            weir_buf_printf(&f->path, ".%u.", count);
            if (many.is_named) {
                model_text_add(&f->path, many.names[i]);
            } else {
                weir_buf_add_c(&f->path, i == 0 ? "key" : "value");
            }
            add_value(f, halves[i], i == 0 ? LEAF_ANY : many.node);
            cut(f, before);
        }
    }
    cut(f, whole);
}

static void add_value(struct form *f, struct weir_text value, uint16_t node)
{
    switch (weir_json_kind(value)) {
    case WEIR_JSON_NULL:
        break;
    case WEIR_JSON_OBJECT:
        if (model_kind(node) == KIND_MAP) {
            add_map(f, value, node);
        } else {
            add_struct(f, value, node);
        }
        break;
    case WEIR_JSON_ARRAY:
        add_list(f, value, node);
        break;
    default:
        weir_buf_again(&f->text, &f->out->failed);
        weir_scalar_add(&f->text, value, model_kind(node) == KIND_LEAF ? node : LEAF_ANY);
        add_pair(f, weir_buf_text(&f->text));
    }
}

void weir_encode_form(struct weir_call *call)
{
    struct form f = {.out = &call->request->body,
                     .is_ec2 = call->service->protocol == PROTOCOL_EC2};

    weir_buf_init(&f.path, f.out->bytes_max);
    weir_buf_init(&f.text, f.out->bytes_max);
    weir_request_header(call->request, WEIR_TEXT("content-type"),
                        WEIR_TEXT("application/x-www-form-urlencoded; charset=utf-8"));
    weir_buf_add_c(f.out, "Action=");
    weir_uri_add(f.out, call->operation_name, "");
    weir_buf_add_c(f.out, "&Version=");
    model_text_add(f.out, call->service->api_version);
    add_struct(&f, call->json, call->operation.input);
    weir_buf_drop(&f.path, &f.out->failed);
    weir_buf_drop(&f.text, &f.out->failed);
}
