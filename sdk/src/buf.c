/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts, buffers that grow, and base64.
 */
#include "weir_json.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 256

struct weir_text weir_text(const char *c)
{
    return c == NULL ? WEIR_NONE : (struct weir_text){c, strlen(c)};
}

bool weir_text_is(struct weir_text text, const char *c)
{
    return text.at != NULL && strlen(c) == text.bytes && memcmp(text.at, c, text.bytes) == 0;
}

void weir_buf_init(struct weir_buf *buf, size_t bytes_max)
{
    *buf = (struct weir_buf){.bytes_max = bytes_max};
}

void weir_buf_done(struct weir_buf *buf)
{
    free(buf->at);
    *buf = (struct weir_buf){.bytes_max = buf->bytes_max};
}

void weir_buf_clear(struct weir_buf *buf)
{
    buf->bytes = 0;
    buf->failed = false;
    if (buf->at != NULL) {
        buf->at[0] = '\0';
    }
}

char *weir_buf_need(struct weir_buf *buf, size_t count)
{
    size_t room = buf->room < ROOM_MIN ? ROOM_MIN : buf->room;
    char *grown;

    if (buf->failed || count > buf->bytes_max || buf->bytes > buf->bytes_max - count) {
        buf->failed = true;
        return NULL;
    }
    if (buf->at != NULL && buf->bytes + count < buf->room) {
        return buf->at + buf->bytes;
    }
    while (room <= buf->bytes + count) {
        room *= 2;
    }
    grown = realloc(buf->at, room);
    if (grown == NULL) {
        buf->failed = true;
        return NULL;
    }
    buf->at = grown;
    buf->room = room;
    return grown + buf->bytes;
}

void weir_buf_add(struct weir_buf *buf, const void *bytes, size_t count)
{
    char *to = weir_buf_need(buf, count);

    if (to != NULL) {
        if (count > 0) {
            memcpy(to, bytes, count);
        }
        buf->bytes += count;
        buf->at[buf->bytes] = '\0';
    }
}

void weir_buf_add_c(struct weir_buf *buf, const char *text)
{
    weir_buf_add(buf, text, strlen(text));
}

struct weir_text weir_buf_text(const struct weir_buf *buf)
{
    return (struct weir_text){buf->at == NULL ? "" : buf->at, buf->bytes};
}

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void weir_base64_add(struct weir_buf *buf, struct weir_text bytes)
{
    const unsigned char *from = (const unsigned char *)bytes.at;
    size_t count = (bytes.bytes + 2) / 3 * 4;
    char *to = weir_buf_need(buf, count);

    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < bytes.bytes; i += 3) {
        size_t left = bytes.bytes - i;
        uint32_t three = (uint32_t)from[i] << 16 | (left > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
                         (left > 2 ? from[i + 2] : 0);
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = left > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[three & 63] : '=';
    }
    buf->bytes += count;
    buf->at[buf->bytes] = '\0';
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool weir_base64_decode(struct weir_buf *buf, struct weir_text text)
{
    size_t bytes = text.bytes;
    size_t count;
    uint32_t held = 0;
    int bits = 0;
    char *to;

    while (bytes > 0 && text.bytes - bytes < 2 && text.at[bytes - 1] == '=') {
        bytes--;
    }
    count = bytes / 4 * 3 + (bytes % 4 > 0 ? bytes % 4 - 1 : 0);
    if (bytes % 4 == 1 || text.at == NULL || (to = weir_buf_need(buf, count)) == NULL) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        int digit = digit_of(text.at[i]);
        if (digit < 0) {
            buf->at[buf->bytes] = '\0';
            return false;
        }
        held = held << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (char)(held >> bits & 255);
        }
    }
    buf->bytes += count;
    buf->at[buf->bytes] = '\0';
    return true;
}
