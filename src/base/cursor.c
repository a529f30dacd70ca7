/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded binary reading and writing.
 *
 * Rules
 *  1. The first thing that does not fit makes the cursor bad and empties its rest, so a loop over
 *     what is left ends too.
 *  2. A var has one form only: no byte 0 at the end of a longer one, and a tenth byte of at most 1.
 *     Two texts of the same number would otherwise have two checksums.
 *  3. Byte order is written out with shifts; compilers make one load or store of it.
 */
#include "base/cursor.h"

#include <assert.h>

#define VAR_BYTES_MAX 10

static const unsigned char *take(struct cursor *cursor, size_t bytes)
{
    if (cursor->bad || cursor->rest.bytes < bytes) {
        cursor->bad = true;
        cursor->rest = STR_NONE;
        return NULL;
    }
    const unsigned char *at = (const unsigned char *)cursor->rest.at;
    if (bytes > 0) {
        cursor->rest.at += bytes;
        cursor->rest.bytes -= bytes;
    }
    return at;
}

static inline uint32_t little32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint8_t read_u8(struct cursor *cursor)
{
    const unsigned char *at = take(cursor, 1);
    return at == NULL ? 0 : at[0];
}

uint16_t read_u16(struct cursor *cursor)
{
    const unsigned char *at = take(cursor, 2);
    return (uint16_t)(at == NULL ? 0 : at[0] | at[1] << 8);
}

uint32_t read_u32(struct cursor *cursor)
{
    const unsigned char *at = take(cursor, 4);
    return at == NULL ? 0 : little32(at);
}

uint64_t read_u64(struct cursor *cursor)
{
    const unsigned char *at = take(cursor, 8);
    return at == NULL ? 0 : (uint64_t)little32(at) | (uint64_t)little32(at + 4) << 32;
}

uint64_t read_var(struct cursor *cursor)
{
    uint64_t number = 0;
    size_t limit = cursor->rest.bytes < VAR_BYTES_MAX ? cursor->rest.bytes : VAR_BYTES_MAX;
    for (size_t i = 0; i < limit && !cursor->bad; i++) {
        unsigned char byte = (unsigned char)cursor->rest.at[i];
        number |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte >= 0x80) {
            continue;
        }
        if ((byte == 0 && i > 0) || (i == VAR_BYTES_MAX - 1 && byte > 1)) {
            break;
        }
        (void)take(cursor, i + 1);
        return number;
    }
    (void)take(cursor, SIZE_MAX);
    return 0;
}

int64_t read_zigzag(struct cursor *cursor)
{
    uint64_t number = read_var(cursor);
    return (int64_t)(number >> 1 ^ (0 - (number & 1)));
}

struct str read_bytes(struct cursor *cursor, size_t bytes)
{
    const unsigned char *at = take(cursor, bytes);
    return cursor->bad ? STR_NONE : str_of(at, bytes);
}

struct str read_str(struct cursor *cursor)
{
    uint64_t bytes = read_var(cursor);
    return read_bytes(cursor, bytes);
}

bool cursor_done(const struct cursor *cursor)
{
    return !cursor->bad && cursor->rest.bytes == 0;
}

static void write_little(struct buf *buf, uint64_t number, size_t bytes)
{
    unsigned char text[8];
    for (size_t i = 0; i < 8; i++) {
        text[i] = (unsigned char)(number >> (8 * i));
    }
    buf_add_bytes(buf, text, bytes);
}

void write_u8(struct buf *buf, uint8_t number)
{
    buf_add_c(buf, (char)number);
}

void write_u16(struct buf *buf, uint16_t number)
{
    write_little(buf, number, 2);
}

void write_u32(struct buf *buf, uint32_t number)
{
    write_little(buf, number, 4);
}

void write_u64(struct buf *buf, uint64_t number)
{
    write_little(buf, number, 8);
}

void write_var(struct buf *buf, uint64_t number)
{
    unsigned char text[VAR_BYTES_MAX];
    size_t bytes = 0;
    while (number >= 0x80) {
        text[bytes++] = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    text[bytes++] = (unsigned char)number;
    assert(bytes <= VAR_BYTES_MAX);
    buf_add_bytes(buf, text, bytes);
}

void write_zigzag(struct buf *buf, int64_t number)
{
    write_var(buf, (uint64_t)number << 1 ^ (0 - ((uint64_t)number >> 63)));
}

void write_str(struct buf *buf, struct str s)
{
    write_var(buf, s.bytes);
    buf_add(buf, s);
}
