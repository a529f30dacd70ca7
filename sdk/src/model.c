/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the tables that model.h draws.
 */
#include "model.h"

#include "text.h"

#include <assert.h>

#define STACK_MAX 64     /* pairs in pairs in pairs */
#define LEAD 246u        /* from this byte on a pair's number has a second byte */
#define SHORT_COUNT 149u /* pairs whose number has one byte */

/* Gives a packed text's characters one after the other. */
struct unpack {
    uint16_t held[STACK_MAX]; /* symbols yet to be given, the next one last */
    unsigned count;           /* how many */
    const uint8_t *at;        /* in model_texts */
};

static struct unpack unpack_of(uint32_t text)
{
    struct unpack u;

    u.count = 0;
    u.at = model_texts + text;
    return u;
}

/* The text's next symbol. */
static uint16_t next_symbol(struct unpack *u)
{
    unsigned byte = *u->at++;

    if (byte >= LEAD) {
        return (uint16_t)(256 + SHORT_COUNT + (byte - LEAD) * 256 + *u->at++);
    }
    if (byte >= 128) {
        return (uint16_t)(256 + 31 + byte - 128);
    }
    return (uint16_t)(byte > 0 && byte < 32 ? 256 + byte - 1 : byte);
}

/* 0: the end. */
static char next_char(struct unpack *u)
{
    uint16_t symbol = u->count > 0 ? u->held[--u->count] : next_symbol(u);

    while (symbol >= 256) {
        const uint16_t *pair = model_pairs + (size_t)2 * (symbol - 256u);
        assert(u->count < STACK_MAX);
        u->held[u->count++] = pair[1];
        symbol = pair[0];
    }
    return (char)symbol;
}

static bool is_text(uint32_t text, struct weir_text wanted, bool lower)
{
    struct unpack u = unpack_of(text);

    for (size_t i = 0; i < wanted.bytes; i++) {
        char c = next_char(&u);
        if (c == '\0' || (lower && i == 0 ? weir_lower(c) : c) != wanted.at[i]) {
            return false;
        }
    }
    return next_char(&u) == '\0';
}

static void add_text(struct weir_buf *out, uint32_t text, bool lower)
{
    struct unpack u = unpack_of(text);

    for (char c = next_char(&u); c != '\0'; c = next_char(&u)) {
        char first = lower ? weir_lower(c) : c;
        weir_buf_add(out, &first, 1);
        lower = false;
    }
}

static void put_text(char to[MODEL_TEXT_MAX], uint32_t text, bool lower)
{
    struct unpack u = unpack_of(text);
    size_t bytes = 0;

    do {
        assert(bytes < MODEL_TEXT_MAX); /* the generator sees to it */
        to[bytes] = next_char(&u);
    } while (to[bytes++] != '\0');
    to[0] = lower ? weir_lower(to[0]) : to[0];
}

void model_text_put(char to[MODEL_TEXT_MAX], uint32_t text)
{
    put_text(to, text, false);
}

void model_wire_put(char to[MODEL_TEXT_MAX], const struct model_member *member)
{
    put_text(to, member->rule == WIRE_OWN ? member->wire : member->name,
             member->rule == WIRE_LOWER);
}

bool model_text_is(uint32_t text, struct weir_text wanted)
{
    return is_text(text, wanted, false);
}

void model_text_add(struct weir_buf *out, uint32_t text)
{
    add_text(out, text, false);
}

bool model_wire_is(const struct model_member *member, struct weir_text wanted)
{
    return is_text(member->rule == WIRE_OWN ? member->wire : member->name, wanted,
                   member->rule == WIRE_LOWER);
}

void model_wire_add(struct weir_buf *out, const struct model_member *member)
{
    add_text(out, member->rule == WIRE_OWN ? member->wire : member->name,
             member->rule == WIRE_LOWER);
}

/* ---- references ---- */

static uint32_t take_text(const uint8_t **at)
{
    const uint8_t *b = *at;

    if (b[0] < 0x80) {
        *at += 2;
        return (uint32_t)b[0] << 8 | b[1];
    }
    *at += 3;
    return ((uint32_t)b[0] & 0x7F) << 16 | (uint32_t)b[1] << 8 | b[2];
}

static uint16_t take_u16(const uint8_t **at)
{
    uint16_t number = (uint16_t)((*at)[0] | (*at)[1] << 8);

    *at += 2;
    return number;
}

/* ---- services and operations ---- */

const struct model_service *model_service_find(struct weir_text name)
{
    for (uint32_t i = 0; i < model_service_count; i++) {
        if (model_text_is(model_services[i].name, name)) {
            return &model_services[i];
        }
    }
    return NULL;
}

static bool is_rest(const struct model_service *service)
{
    return service->protocol == PROTOCOL_REST_JSON || service->protocol == PROTOCOL_REST_XML;
}

static uint32_t take_operation(const struct model_service *service, const uint8_t **at,
                               struct model_operation *op)
{
    uint32_t name = take_text(at);
    uint8_t bits = *(*at)++;

    *op = (struct model_operation){.method = bits & 7,
                                   .has_body = bits & 8,
                                   .wants_checksum = bits & 16,
                                   .has_prefix = bits & 32,
                                   .has_root = bits & 64};
    op->input = take_u16(at);
    op->output = take_u16(at);
    if (is_rest(service)) {
        op->uri = take_text(at);
    }
    if (op->has_prefix) {
        op->host_prefix = take_text(at);
    }
    if (op->has_root) {
        op->root = take_text(at);
    }
    return name;
}

bool model_operation_find(const struct model_service *service, struct weir_text name,
                          struct model_operation *ret_operation)
{
    const uint8_t *at = model_operations + service->operation_first;

    for (unsigned i = 0; i < service->operation_count; i++) {
        if (model_text_is(take_operation(service, &at, ret_operation), name)) {
            return true;
        }
    }
    *ret_operation = (struct model_operation){.method = METHOD_POST, .has_body = true};
    return !is_rest(service);
}

bool model_operation_name(const struct model_service *service, unsigned index, uint32_t *ret_name)
{
    const uint8_t *at = model_operations + service->operation_first;
    struct model_operation operation;

    if (index >= service->operation_count) {
        return false;
    }
    for (unsigned i = 0; i <= index; i++) {
        *ret_name = take_operation(service, &at, &operation);
    }
    return true;
}

/* ---- nodes ---- */

enum model_kind model_kind(uint16_t node)
{
    return node < LEAF_COUNT ? KIND_LEAF : (enum model_kind)(model_nodes[node] & 15);
}

struct model_members model_members(uint16_t node)
{
    if (model_kind(node) != KIND_STRUCT) {
        return (struct model_members){.left = 0};
    }
    return (struct model_members){.at = model_nodes + node + 2, .left = model_nodes[node + 1]};
}

bool model_member_next(struct model_members *members, struct model_member *ret_member)
{
    uint8_t bits;

    if (members->left == 0) {
        return false;
    }
    members->left--;
    ret_member->name = take_text(&members->at);
    bits = *members->at++;
    ret_member->location = bits & 7;
    ret_member->rule = bits >> 3 & 3;
    ret_member->is_token = bits & 32;
    ret_member->is_attribute = bits & 64;
    ret_member->wire = ret_member->rule == WIRE_OWN ? take_text(&members->at) : ret_member->name;
    ret_member->node = bits & 128 ? take_u16(&members->at) : LEAF_ANY;
    return true;
}

struct model_many model_many(uint16_t node)
{
    const uint8_t *at = model_nodes + node;
    struct model_many many = {.is_flat = *at & 16, .is_named = *at & 32};
    bool is_map = (*at++ & 15) == KIND_MAP;

    if (many.is_named) {
        many.names[0] = take_text(&at);
        many.names[1] = is_map ? take_text(&at) : 0;
    }
    many.node = take_u16(&at);
    return many;
}

bool model_member_find(uint16_t node, struct weir_text name, struct model_member *ret_member)
{
    struct model_members members = model_members(node);

    while (model_member_next(&members, ret_member)) {
        if (model_text_is(ret_member->name, name)) {
            return true;
        }
    }
    *ret_member = (struct model_member){.node = LEAF_ANY};
    return false;
}

bool model_member_find_wire(uint16_t node, struct weir_text wire, struct model_member *ret_member)
{
    struct model_members members = model_members(node);

    while (model_member_next(&members, ret_member)) {
        if (model_wire_is(ret_member, wire)) {
            return true;
        }
    }
    *ret_member = (struct model_member){.node = LEAF_ANY};
    return false;
}
