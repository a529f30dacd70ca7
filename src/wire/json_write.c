/* SPDX-License-Identifier: Apache-2.0
 *
 * A value tree as JSON, as AWS writes it.
 *
 * Rules
 *  1. Escaped are the quote, the backslash and the control characters, these by their letter (\n)
 *     or as \u00XX in upper case; everything else, '/' too, stays the UTF-8 that it is.
 *  2. A moment is seconds since 1970 with up to three digits behind the point, or a text where the
 *     member or the protocol says so.
 *  3. A number with a fraction is the shortest text that reads back as the same number. What JSON
 *     has no number for is a text: "NaN", "Infinity", "-Infinity".
 *  4. Unset members are left out, unset elements (which handlers do not make) are null.
 */
#include "wire/json_int.h"

#include "base/codec.h"
#include "base/time.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* Where the writing goes and what it needs on the way. */
struct writer {
    struct buf *out;           /* the text */
    enum time_format fallback; /* of moments whose member and shape do not say */
};

/* ---- texts ---- */

static void write_escape(struct buf *out, char c)
{
    static const char letters[0x5d] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                       ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    static const char hex[] = "0123456789ABCDEF";
    unsigned char code = (unsigned char)c;
    char text[6] = {'\\', 'u', '0', '0', hex[code >> 4], hex[code & 15]};

    assert(code < sizeof(letters));
    if (letters[code] != 0) {
        text[1] = letters[code];
        buf_add_bytes(out, text, 2);
    } else {
        buf_add_bytes(out, text, 6);
    }
}

void json_write_str(struct buf *out, struct str s)
{
    unsigned high = 0;
    size_t run = plain_run(s.at, s.bytes, &high);
    char *to;

    if (run == s.bytes) { /* nearly always */
        to = buf_reserve(out, run + 2);
        if (to != NULL) {
            to[0] = '"';
            memcpy(to + 1, run > 0 ? s.at : "", run);
            to[run + 1] = '"';
            buf_used(out, run + 2);
        }
        return;
    }
    buf_add_c(out, '"');
    buf_add_bytes(out, s.at, run);
    for (size_t at = run; at < s.bytes; at += run) {
        write_escape(out, s.at[at++]);
        run = plain_run(s.at + at, s.bytes - at, &high);
        buf_add_bytes(out, s.at + at, run);
    }
    buf_add_c(out, '"');
}

static void write_blob(struct buf *out, struct str s)
{
    size_t bytes = base64_encoded_bytes(s.bytes);
    char *to = buf_reserve(out, bytes + 2);

    if (to == NULL) {
        return;
    }
    to[0] = '"';
    base64_encode(s, to + 1);
    to[bytes + 1] = '"';
    buf_used(out, bytes + 2);
}

/* ---- numbers ---- */

/* Text that reads back as number, or, when single, as the float it is. */
static void write_shortest(struct buf *out, double number, bool single)
{
    char text[40];
    int bytes = 0;
    double back;

    for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
        bytes = snprintf(text, sizeof(text), "%.*g", digits, number);
        assert(bytes > 0);
        if (str_to_double(str_of(text, (size_t)bytes), &back) &&
            (single ? (float)back == (float)number : back == number)) {
            break;
        }
    }
    buf_add_bytes(out, text, (size_t)bytes);
    if (memchr(text, '.', (size_t)bytes) == NULL && memchr(text, 'e', (size_t)bytes) == NULL) {
        buf_add(out, STR(".0"));
    }
}

static void write_real(struct buf *out, double number, bool single)
{
    if (isnan(number)) {
        buf_add(out, STR("\"NaN\""));
    } else if (isinf(number)) {
        buf_add(out, number > 0 ? STR("\"Infinity\"") : STR("\"-Infinity\""));
    } else if (number == 0 && !signbit(number)) {
        buf_add(out, STR("0.0"));
    } else if (fabs(number) < 1e15 && (double)(int64_t)number == number && number != 0) {
        buf_add_i64(out, (int64_t)number);
        buf_add(out, STR(".0"));
    } else {
        write_shortest(out, number, single);
    }
}

void json_write_double(struct buf *out, double number)
{
    write_real(out, number, false);
}

/* ---- moments ---- */

void json_write_epoch(struct buf *out, int64_t moment_ms)
{
    uint64_t size = moment_ms < 0 ? 0 - (uint64_t)moment_ms : (uint64_t)moment_ms;
    unsigned part = (unsigned)(size % 1000);
    char text[4] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10),
                    (char)('0' + part % 10)};
    size_t bytes = part == 0 ? 0 : part % 10 != 0 ? 4 : part % 100 != 0 ? 3 : 2;

    if (moment_ms < 0) {
        buf_add_c(out, '-');
    }
    buf_add_u64(out, size / 1000);
    buf_add_bytes(out, text, bytes);
}

enum time_format time_format_of(const struct member *member, uint32_t shape,
                                enum time_format fallback)
{
    if (member != NULL && member->time_format != TIME_DEFAULT) {
        return (enum time_format)member->time_format;
    }
    if (model_shape(shape)->time_format != TIME_DEFAULT) {
        return (enum time_format)model_shape(shape)->time_format;
    }
    return fallback;
}

static void write_moment(struct buf *out, int64_t moment_ms, enum time_format format)
{
    if (format == TIME_ISO) {
        buf_add_c(out, '"');
        buf_add_iso(out, moment_ms);
        buf_add_c(out, '"');
    } else if (format == TIME_HTTP) {
        buf_add_c(out, '"');
        buf_add_http_date(out, moment_ms);
        buf_add_c(out, '"');
    } else {
        json_write_epoch(out, moment_ms);
    }
}

/* ---- trees ---- */

static void write_value(const struct writer *w, const struct value *value,
                        const struct member *member);

/* What stands before a member's value. The model's names need no escaping. */
static void write_key(struct buf *out, char before, struct str key)
{
    char *to = buf_reserve(out, key.bytes + 4);

    if (to == NULL) {
        return;
    }
    to[0] = before;
    to[1] = '"';
    memcpy(to + 2, key.at, key.bytes);
    to[key.bytes + 2] = '"';
    to[key.bytes + 3] = ':';
    buf_used(out, key.bytes + 4);
}

static void write_structure(const struct writer *w, const struct value *value, bool body_only)
{
    const struct shape *shape = model_shape(value->shape);
    char before = '{';

    assert(value->count == (value->kind == VALUE_ONE ? 1 : shape->count));
    for (uint32_t i = 0; i < value->count; i++) {
        const struct member *member = &model_members[shape->first + value_place(value, i)];
        if (value->items[i].kind == VALUE_NONE || (body_only && !in_answer_body(member))) {
            continue;
        }
        write_key(w->out, before, json_key(member));
        before = ',';
        write_value(w, &value->items[i], member);
    }
    if (before == '{') {
        buf_add_c(w->out, '{');
    }
    buf_add_c(w->out, '}');
}

static void write_list(const struct writer *w, const struct value *value)
{
    const struct shape *shape = model_shape(value->shape);
    const struct member *member = shape->kind == SHAPE_LIST ? &model_members[shape->first] : NULL;

    buf_add_c(w->out, '[');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i > 0) {
            buf_add_c(w->out, ',');
        }
        write_value(w, &value->items[i], member);
    }
    buf_add_c(w->out, ']');
}

static void write_map(const struct writer *w, const struct value *value)
{
    const struct shape *shape = model_shape(value->shape);
    const struct member *member =
        shape->kind == SHAPE_MAP ? &model_members[shape->first + 1] : NULL;

    buf_add_c(w->out, '{');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i > 0) {
            buf_add_c(w->out, ',');
        }
        json_write_str(w->out, value->pairs[i].key);
        buf_add_c(w->out, ':');
        write_value(w, &value->pairs[i].value, member);
    }
    buf_add_c(w->out, '}');
}

static void write_value(const struct writer *w, const struct value *value,
                        const struct member *member)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NONE:
    case VALUE_NULL:
        buf_add(w->out, STR("null"));
        return;
    case VALUE_BOOL:
        buf_add(w->out, value->truth ? STR("true") : STR("false"));
        return;
    case VALUE_INT:
        buf_add_i64(w->out, value->number);
        return;
    case VALUE_DOUBLE:
        write_real(w->out, value->real, model_shape(value->shape)->kind == SHAPE_FLOAT);
        return;
    case VALUE_STR:
        json_write_str(w->out, value->str);
        return;
    case VALUE_BLOB:
        write_blob(w->out, value->str);
        return;
    case VALUE_TIME:
        write_moment(w->out, value->moment_ms, time_format_of(member, value->shape, w->fallback));
        return;
    case VALUE_LIST:
        write_list(w, value);
        return;
    case VALUE_MAP:
        write_map(w, value);
        return;
    case VALUE_STRUCT:
    case VALUE_ONE:
        write_structure(w, value, false);
        return;
    }
}

void json_write(struct buf *out, const struct value *value, enum time_format fallback)
{
    struct writer w = {out, fallback};

    write_value(&w, value, NULL);
}

void json_write_body(struct buf *out, const struct value *structure, enum time_format fallback)
{
    struct writer w = {out, fallback};

    assert(structure->kind == VALUE_STRUCT);
    write_structure(&w, structure, true);
}
