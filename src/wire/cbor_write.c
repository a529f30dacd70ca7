/* SPDX-License-Identifier: Apache-2.0
 *
 * A value tree as CBOR. A moment is tag 1 and a whole number where it is whole in the protocol's
 * unit, else a double.
 */
#include "wire/cbor.h"
#include "wire/json_int.h"

#include <assert.h>

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE };

static void write_bits(struct buf *out, uint8_t first, uint64_t number, unsigned bytes)
{
    uint8_t text[9] = {first};

    for (unsigned i = 0; i < bytes; i++) {
        text[1 + i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
    buf_add_bytes(out, text, 1 + bytes);
}

static void write_head(struct buf *out, enum major major, uint64_t number)
{
    uint8_t first = (uint8_t)(major << 5);

    if (number < 24) {
        write_bits(out, (uint8_t)(first | number), 0, 0);
    } else if (number <= UINT8_MAX) {
        write_bits(out, first | 24, number, 1);
    } else if (number <= UINT16_MAX) {
        write_bits(out, first | 25, number, 2);
    } else if (number <= UINT32_MAX) {
        write_bits(out, first | 26, number, 4);
    } else {
        write_bits(out, first | 27, number, 8);
    }
}

static void write_whole(struct buf *out, int64_t number)
{
    if (number >= 0) {
        write_head(out, UNSIGNED, (uint64_t)number);
    } else {
        write_head(out, NEGATIVE, (uint64_t)(-1 - number));
    }
}

static void write_real(struct buf *out, double real, bool single)
{
    uint64_t bits;

    if (single) {
        float f = (float)real;
        uint32_t few;
        memcpy(&few, &f, sizeof(few));
        write_bits(out, SIMPLE << 5 | 26, few, 4);
        return;
    }
    memcpy(&bits, &real, sizeof(bits));
    write_bits(out, SIMPLE << 5 | 27, bits, 8);
}

static void write_moment(struct buf *out, int64_t moment_ms, bool times_ms)
{
    write_head(out, TAG, 1);
    if (times_ms) {
        write_whole(out, moment_ms);
    } else if (moment_ms % 1000 == 0) {
        write_whole(out, moment_ms / 1000);
    } else {
        write_real(out, (double)moment_ms / 1000, false);
    }
}

static void write_structure(struct buf *out, const struct value *value, bool times_ms)
{
    const struct shape *shape = model_shape(value->shape);
    uint32_t set = 0;

    assert(value->count == (value->kind == VALUE_ONE ? 1 : shape->count));
    for (uint32_t i = 0; i < value->count; i++) {
        set += value->items[i].kind != VALUE_NONE;
    }
    write_head(out, MAP, set);
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->items[i].kind != VALUE_NONE) {
            uint32_t place = shape->first + value_place(value, i);

            cbor_write_text(out, json_key(&model_members[place]));
            cbor_write(out, &value->items[i], times_ms);
        }
    }
}

static void write_many(struct buf *out, const struct value *value, bool times_ms)
{
    bool list = value->kind == VALUE_LIST;

    write_head(out, list ? LIST : MAP, value->count);
    for (uint32_t i = 0; i < value->count; i++) {
        if (!list) {
            cbor_write_text(out, value->pairs[i].key);
        }
        cbor_write(out, list ? &value->items[i] : &value->pairs[i].value, times_ms);
    }
}

void cbor_write(struct buf *out, const struct value *value, bool times_ms)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NONE:
    case VALUE_NULL:
        write_bits(out, SIMPLE << 5 | 22, 0, 0);
        return;
    case VALUE_BOOL:
        write_bits(out, SIMPLE << 5 | (value->truth ? 21 : 20), 0, 0);
        return;
    case VALUE_INT:
        write_whole(out, value->number);
        return;
    case VALUE_DOUBLE:
        write_real(out, value->real, model_shape(value->shape)->kind == SHAPE_FLOAT);
        return;
    case VALUE_STR:
        cbor_write_text(out, value->str);
        return;
    case VALUE_BLOB:
        write_head(out, BYTES, value->str.bytes);
        buf_add(out, value->str);
        return;
    case VALUE_TIME:
        write_moment(out, value->moment_ms, times_ms);
        return;
    case VALUE_STRUCT:
    case VALUE_ONE:
        write_structure(out, value, times_ms);
        return;
    case VALUE_LIST:
    case VALUE_MAP:
        write_many(out, value, times_ms);
        return;
    }
}

void cbor_write_open(struct buf *out)
{
    buf_add_c(out, (char)0xbf);
}

void cbor_write_text(struct buf *out, struct str text)
{
    write_head(out, TEXT, text.bytes);
    buf_add(out, text);
}

void cbor_write_close(struct buf *out)
{
    buf_add_c(out, (char)0xff);
}
