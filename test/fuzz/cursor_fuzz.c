/* SPDX-License-Identifier: Apache-2.0
 *
 * Binary reading: the input's first half says which reads to make over the second half. No read
 * passes the end, a bad cursor stays bad and gives zeros, and a var that is accepted is written as
 * it was read.
 */
#include "base/cursor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void read_var_twice(struct cursor *cursor)
{
    struct str before = cursor->rest;
    uint64_t number = read_var(cursor);
    if (cursor_ok(cursor)) {
        struct buf buf;
        buf_init(&buf, 16);
        write_var(&buf, number);
        demand(str_eq(buf_str(&buf), str_slice(before, 0, before.bytes - cursor->rest.bytes)));
        buf_done(&buf);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t half = size / 2;
    struct cursor cursor = cursor_of(str_of(data + half, size - half));
    for (size_t i = 0; i < half; i++) {
        size_t left = cursor.rest.bytes;
        bool was_bad = !cursor_ok(&cursor);
        uint64_t number = 0;
        switch (data[i] % 8) {
        case 0: number = read_u8(&cursor); break;
        case 1: number = read_u16(&cursor); break;
        case 2: number = read_u32(&cursor); break;
        case 3: number = read_u64(&cursor); break;
        case 4: read_var_twice(&cursor); break;
        case 5: number = (uint64_t)read_zigzag(&cursor); break;
        case 6: number = read_str(&cursor).bytes; break;
        default: number = read_bytes(&cursor, data[i] / 8).bytes; break;
        }
        demand(cursor.rest.bytes <= left);
        demand(!was_bad || (!cursor_ok(&cursor) && number == 0));
        demand(cursor_ok(&cursor) || number == 0);
    }
    return 0;
}
