/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents from texts with holes (sam_node.h: node_make). The texts are literals of the transform
 * itself, so what is wrong in them is a bug of ours and asserts.
 */
#include "svc/cloudformation/sam_node.h"

#include <assert.h>

/* Where in the text, and what the holes are filled with. */
struct reading {
    const char *at;      /* the next character */
    struct arena *arena; /* where the document is made */
    va_list args;        /* of the holes that are still to come */
};

static struct value read_value(struct reading *r);

static void skip(struct reading *r)
{
    while (*r->at == ' ' || *r->at == '\n') {
        r->at++;
    }
}

static bool take(struct reading *r, char c)
{
    skip(r);
    if (*r->at != c) {
        return false;
    }
    r->at++;
    return true;
}

static struct str read_quoted(struct reading *r)
{
    const char *from = r->at;

    while (*r->at != '\'') {
        assert(*r->at != 0);
        r->at++;
    }
    return str_of(from, (size_t)(r->at++ - from));
}

static struct value read_hole(struct reading *r)
{
    const struct value *given;

    switch (*r->at++) {
    case 's':
        return node_str(va_arg(r->args, struct str));
    case 'c':
        return node_c(va_arg(r->args, const char *));
    default:
        assert(r->at[-1] == 'v');
        given = va_arg(r->args, const struct value *);
        return given == NULL ? (struct value){.kind = VALUE_NONE} : *given;
    }
}

static struct str read_word(struct reading *r)
{
    const char *from = r->at;

    while ((*r->at >= 'a' && *r->at <= 'z') || (*r->at >= 'A' && *r->at <= 'Z') ||
           (*r->at >= '0' && *r->at <= '9') || *r->at == '$' || *r->at == '_') {
        r->at++;
    }
    assert(r->at > from);
    return str_of(from, (size_t)(r->at - from));
}

static struct str read_key(struct reading *r)
{
    if (take(r, '\'')) {
        return read_quoted(r);
    }
    return take(r, '%') ? read_hole(r).str : read_word(r);
}

static struct value read_many(struct reading *r, enum value_kind kind, char end)
{
    struct value made = {.kind = (uint8_t)kind};

    while (!take(r, end)) {
        struct str key = STR_NONE;
        struct value value;

        if (kind == VALUE_MAP) {
            key = read_key(r);
            if (!take(r, ':')) {
                assert(false);
            }
        }
        value = read_value(r);
        if (kind == VALUE_MAP) {
            node_set(r->arena, &made, key, &value);
        } else if (value.kind != VALUE_NONE) {
            node_push(r->arena, &made, value);
        }
        take(r, ',');
    }
    return made;
}

static struct value read_plain(struct reading *r)
{
    struct str word = read_word(r);
    struct value made = {.kind = VALUE_INT};

    if (str_eq(word, STR("true")) || str_eq(word, STR("false"))) {
        return node_bool(word.bytes == 4);
    }
    if (!str_to_i64(word, &made.number)) {
        assert(false);
    }
    return made;
}

static struct value read_value(struct reading *r)
{
    if (take(r, '{')) {
        return read_many(r, VALUE_MAP, '}');
    }
    if (take(r, '[')) {
        return read_many(r, VALUE_LIST, ']');
    }
    if (take(r, '\'')) {
        return node_str(read_quoted(r));
    }
    return take(r, '%') ? read_hole(r) : read_plain(r);
}

struct value node_make(struct arena *arena, const char *format, ...)
{
    struct reading r = {.at = format, .arena = arena};
    struct value made;

    va_start(r.args, format);
    made = read_value(&r);
    va_end(r.args);
    skip(&r);
    assert(*r.at == 0);
    return made;
}
