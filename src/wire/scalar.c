/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts into scalars. Rules
 *  1. Strings are taken as they are; everything else loses white space around it first.
 *  2. Base64 may be broken into lines, as old tools do.
 */
#include "wire/scalar.h"
#include "wire/wire.h"

#include "base/codec.h"
#include "base/time.h"

#include <assert.h>

static inline bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str trim(struct str s)
{
    while (s.bytes > 0 && is_space(s.at[0])) {
        s = str_slice(s, 1, s.bytes);
    }
    while (s.bytes > 0 && is_space(s.at[s.bytes - 1])) {
        s.bytes--;
    }
    return s;
}

static bool read_truth(struct str text, bool *ret_truth)
{
    if (str_eq_nocase(text, STR("true")) || str_eq(text, STR("1"))) {
        *ret_truth = true;
        return true;
    }
    *ret_truth = false;
    return str_eq_nocase(text, STR("false")) || str_eq(text, STR("0"));
}

static bool read_time(const struct scalar *scalar, struct str text, int64_t *ret_moment_ms)
{
    uint8_t format = scalar->time_format != TIME_DEFAULT ? scalar->time_format
                                                         : model_shape(scalar->shape)->time_format;

    if (format == TIME_EPOCH && time_from_epoch_seconds(text, ret_moment_ms)) {
        return true;
    }
    return time_from_iso(text, ret_moment_ms) || time_from_http_date(text, ret_moment_ms) ||
           time_from_sigv4(text, ret_moment_ms) || time_from_epoch_seconds(text, ret_moment_ms);
}

static status read_blob(struct str text, struct arena *arena, struct value *ret)
{
    char *at = arena_try(arena, text.bytes + 1);
    size_t bytes = 0;

    if (at == NULL) {
        return &ERR_LIMIT;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        if (!is_space(text.at[i])) {
            at[bytes++] = text.at[i];
        }
    }
    if (!base64_decode(str_of(at, bytes), at, &bytes)) {
        return &ERR_MALFORMED;
    }
    ret->kind = VALUE_BLOB;
    ret->str = str_of(at, bytes);
    return OK;
}

static bool read_integer(const struct shape *shape, struct str text, int64_t *ret_number)
{
    if (text.bytes > WIRE_NUMBER_BYTES_MAX || !str_to_i64(text, ret_number)) {
        return false;
    }
    if (shape->kind == SHAPE_INTEGER) {
        *ret_number = *ret_number > INT32_MAX   ? INT32_MAX
                      : *ret_number < INT32_MIN ? INT32_MIN
                                                : *ret_number;
    }
    return true;
}

status scalar_read(struct scalar scalar, struct str text, struct arena *arena,
                   struct value *ret_value)
{
    const struct shape *shape = model_shape(scalar.shape);
    struct value value = {.kind = VALUE_NONE, .shape = scalar.shape};
    struct str bare = trim(text);
    bool good = true;

    switch ((enum shape_kind)shape->kind) {
    case SHAPE_STRING:
    case SHAPE_DOCUMENT:
        value.kind = VALUE_STR;
        value.str = text;
        break;
    case SHAPE_BLOB:
        TRY(read_blob(text, arena, &value));
        break;
    case SHAPE_BOOLEAN:
        value.kind = VALUE_BOOL;
        good = read_truth(bare, &value.truth);
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        value.kind = VALUE_INT;
        good = read_integer(shape, bare, &value.number);
        break;
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        value.kind = VALUE_DOUBLE;
        good = bare.bytes <= WIRE_NUMBER_BYTES_MAX && str_to_double(bare, &value.real);
        break;
    case SHAPE_TIMESTAMP:
        value.kind = VALUE_TIME;
        good = bare.bytes <= WIRE_NUMBER_BYTES_MAX && read_time(&scalar, bare, &value.moment_ms);
        break;
    default:
        assert(false); /* structures, lists and maps are no scalars */
    }
    if (!good) {
        return &ERR_MALFORMED;
    }
    *ret_value = value;
    return OK;
}
