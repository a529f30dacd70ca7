/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing of a buffer, and the writers on top of it.
 *
 * Rules
 *  1. bytes <= room <= bytes_max (room is at least 1 once something is allocated), and one byte
 *     more than room is allocated: vsnprintf wants a place for its zero, also when the text fills
 *     the buffer to the maximum.
 *  2. The room doubles from 64 bytes, cut to the maximum.
 *  3. A spent buffer takes nothing until it is cleared; what it holds stays readable but is not
 *     the whole.
 */
#include "base/buf.h"

#include "base/digits_int.h"
#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define ROOM_MIN ((size_t)64)
#define NUMBER_BYTES_MAX 20

void buf_init(struct buf *buf, size_t bytes_max)
{
    assert(bytes_max < SIZE_MAX / 2);
    *buf = (struct buf){.bytes_max = bytes_max};
}

void buf_done(struct buf *buf)
{
    if (buf == NULL) {
        return;
    }
    mem_free(buf->at);
    *buf = (struct buf){.bytes_max = buf->bytes_max};
}

void buf_clear(struct buf *buf)
{
    buf->bytes = 0;
    buf->spent = false;
}

bool buf_spent(const struct buf *buf)
{
    return buf->spent;
}

#define SMALL_BYTES (64u * 1024) /* up to this, no memory ends the process; above, it is refused */

static bool grow(struct buf *buf, size_t needed)
{
    size_t room = buf->room < ROOM_MIN / 2 ? ROOM_MIN : buf->room * 2;
    room = room < needed ? needed : room;
    room = room > buf->bytes_max ? buf->bytes_max : room;
    /* Small ones are our own records, which have to be written; large ones somebody asked for. */
    char *at = room <= SMALL_BYTES ? mem_grow(buf->at, room + 1) : mem_grow_try(buf->at, room + 1);
    if (at == NULL) {
        return false;
    }
    buf->at = at;
    buf->room = room;
    return true;
}

char *buf_reserve(struct buf *buf, size_t bytes)
{
    assert(buf->bytes <= buf->room);
    if (buf->spent) {
        return NULL;
    }
    if (buf->at == NULL || bytes > buf->room - buf->bytes) {
        if (bytes > buf->bytes_max - buf->bytes || !grow(buf, buf->bytes + bytes)) {
            buf->spent = true;
            return NULL;
        }
    }
    return buf->at + buf->bytes;
}

void buf_add_bytes(struct buf *buf, const void *at, size_t bytes)
{
    if (bytes == 0) {
        return;
    }
    char *to = buf_reserve(buf, bytes);
    if (to != NULL) {
        memcpy(to, at, bytes);
        buf->bytes += bytes;
    }
}

void buf_add(struct buf *buf, struct str s)
{
    buf_add_bytes(buf, s.at, s.bytes);
}

void buf_add_c(struct buf *buf, char c)
{
    char *to = buf_reserve(buf, 1);
    if (to != NULL) {
        *to = c;
        buf->bytes++;
    }
}

void buf_add_u64(struct buf *buf, uint64_t number)
{
    char text[NUMBER_BYTES_MAX];
    char *end = text + sizeof(text);
    char *from = digits_put(number, end);
    buf_add_bytes(buf, from, (size_t)(end - from));
}

void buf_add_i64(struct buf *buf, int64_t number)
{
    char text[NUMBER_BYTES_MAX];
    char *end = text + sizeof(text);
    char *from = digits_put(number < 0 ? 0 - (uint64_t)number : (uint64_t)number, end);
    if (number < 0) {
        *--from = '-'; /* 19 digits at most, so there is a place for it */
    }
    buf_add_bytes(buf, from, (size_t)(end - from));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    char *to = buf_reserve(buf, 0);
    if (to == NULL) {
        return;
    }
    size_t room = buf->room - buf->bytes;
    va_start(args, format);
    int length = vsnprintf(to, room + 1, format, args);
    va_end(args);
    if (length < 0) {
        buf->spent = true;
        return;
    }
    if ((size_t)length > room) {
        to = buf_reserve(buf, (size_t)length);
        if (to == NULL) {
            return;
        }
        va_start(args, format);
        (void)vsnprintf(to, (size_t)length + 1, format, args);
        va_end(args);
    }
    buf->bytes += (size_t)length;
}
