/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of event stream messages, both ways; events.h draws them. Reading trusts nothing: the
 * lengths have a checksum of their own, which is compared before they are believed, and headers end
 * exactly where they say.
 *
 * Source: "Event stream encoding", AWS Transcribe and S3 Select documentation.
 */
#include "wire/events.h"

#include "base/digest.h"

#include <assert.h>

#define PRELUDE_BYTES 12
#define FRAME_BYTES 16 /* prelude and the message's own checksum */
#define UUID_BYTES 16

static void put_u32(char *at, uint32_t number)
{
    at[0] = (char)(number >> 24);
    at[1] = (char)(number >> 16);
    at[2] = (char)(number >> 8);
    at[3] = (char)number;
}

static uint64_t get_number(const char *at, size_t bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char)at[i];
    }
    return number;
}

static uint32_t get_u32(const char *at)
{
    return (uint32_t)get_number(at, 4);
}

/* Bytes of a number's value; 0 for what is none. */
static size_t number_bytes(uint8_t type)
{
    switch ((enum event_type)type) {
    case EVENT_BYTE: return 1;
    case EVENT_SHORT: return 2;
    case EVENT_INTEGER: return 4;
    case EVENT_LONG:
    case EVENT_TIME: return 8;
    default: return 0;
    }
}

/* ---- writing ---- */

static void write_text(struct buf *headers, struct str text)
{
    if (text.bytes > EVENT_TEXT_BYTES_MAX) {
        headers->spent = true;
        return;
    }
    buf_add_c(headers, (char)(text.bytes >> 8));
    buf_add_c(headers, (char)text.bytes);
    buf_add(headers, text);
}

void event_header_write(struct buf *headers, const struct event_header *header)
{
    if (header->name.bytes == 0 || header->name.bytes > 255) {
        headers->spent = true;
        return;
    }
    buf_add_c(headers, (char)header->name.bytes);
    buf_add(headers, header->name);
    buf_add_c(headers, (char)header->type);
    for (size_t i = number_bytes(header->type); i > 0; i--) {
        buf_add_c(headers, (char)((uint64_t)header->number >> (8 * (i - 1))));
    }
    if (header->type == EVENT_BYTES || header->type == EVENT_TEXT) {
        write_text(headers, header->text);
    } else if (header->type == EVENT_UUID) {
        assert(header->text.bytes == UUID_BYTES);
        buf_add(headers, header->text);
    }
}

void event_header_text(struct buf *headers, struct str name, struct str text)
{
    event_header_write(headers,
                       &(struct event_header){.name = name, .type = EVENT_TEXT, .text = text});
}

status event_compose(struct str headers, struct str payload, struct arena *arena,
                     struct str *ret_message)
{
    size_t bytes = FRAME_BYTES + headers.bytes + payload.bytes;
    char *at;

    if (headers.bytes > EVENT_HEADERS_BYTES_MAX || payload.bytes > EVENT_MESSAGE_BYTES_MAX ||
        bytes > EVENT_MESSAGE_BYTES_MAX) {
        return &ERR_LIMIT;
    }
    at = arena_try(arena, bytes);
    if (at == NULL) {
        return &ERR_LIMIT;
    }
    put_u32(at, (uint32_t)bytes);
    put_u32(at + 4, (uint32_t)headers.bytes);
    put_u32(at + 8, crc32(0, str_of(at, 8)));
    if (headers.bytes > 0) {
        memcpy(at + PRELUDE_BYTES, headers.at, headers.bytes);
    }
    if (payload.bytes > 0) {
        memcpy(at + PRELUDE_BYTES + headers.bytes, payload.at, payload.bytes);
    }
    put_u32(at + bytes - 4, crc32(0, str_of(at, bytes - 4)));
    *ret_message = str_of(at, bytes);
    return OK;
}

/* ---- reading ---- */

status event_bytes(struct str bytes, size_t *ret_bytes)
{
    size_t total;
    size_t headers;

    if (bytes.bytes < PRELUDE_BYTES) {
        *ret_bytes = 0;
        return OK;
    }
    total = get_u32(bytes.at);
    headers = get_u32(bytes.at + 4);
    if (crc32(0, str_of(bytes.at, 8)) != get_u32(bytes.at + 8) ||
        total > EVENT_MESSAGE_BYTES_MAX || headers > EVENT_HEADERS_BYTES_MAX ||
        total < FRAME_BYTES + headers) {
        return &ERR_MALFORMED;
    }
    *ret_bytes = total;
    return OK;
}

/* The first bytes of *rest; false when there are not so many. */
static bool take(struct str *rest, size_t bytes, struct str *ret_taken)
{
    if (rest->bytes < bytes) {
        return false;
    }
    *ret_taken = str_of(rest->at, bytes);
    *rest = str_of(rest->at + bytes, rest->bytes - bytes);
    return true;
}

static bool take_value(struct str *rest, struct event_header *header)
{
    size_t bytes = number_bytes(header->type);
    struct str taken;

    switch ((enum event_type)header->type) {
    case EVENT_TRUE:
    case EVENT_FALSE:
        header->number = header->type == EVENT_TRUE;
        return true;
    case EVENT_UUID:
        return take(rest, UUID_BYTES, &header->text);
    case EVENT_BYTES:
    case EVENT_TEXT:
        return take(rest, 2, &taken) &&
               take(rest, (size_t)get_number(taken.at, 2), &header->text);
    case EVENT_BYTE:
    case EVENT_SHORT:
    case EVENT_INTEGER:
    case EVENT_LONG:
    case EVENT_TIME:
        if (!take(rest, bytes, &taken)) {
            return false;
        }
        /* The sign is the first bit of as many bytes as there are. */
        header->number = (int64_t)(get_number(taken.at, bytes) << (64 - 8 * bytes)) >>
                         (64 - 8 * bytes);
        return true;
    }
    return false; /* a type that there is not */
}

static bool take_header(struct str *rest, struct event_header *ret_header)
{
    struct event_header header = {.text = STR_NONE};
    struct str taken;

    if (!take(rest, 1, &taken) || taken.at[0] == 0 ||
        !take(rest, (unsigned char)taken.at[0], &header.name) || !take(rest, 1, &taken)) {
        return false;
    }
    header.type = (uint8_t)taken.at[0];
    if (!take_value(rest, &header)) {
        return false;
    }
    *ret_header = header;
    return true;
}

status event_read(struct str bytes, struct event_message *ret_message)
{
    size_t total;
    struct str rest;

    TRY(event_bytes(bytes, &total));
    if (total == 0 || total != bytes.bytes ||
        crc32(0, str_of(bytes.at, total - 4)) != get_u32(bytes.at + total - 4)) {
        return &ERR_MALFORMED;
    }
    rest = str_of(bytes.at + PRELUDE_BYTES, get_u32(bytes.at + 4));
    ret_message->payload = str_of(rest.at + rest.bytes, total - FRAME_BYTES - rest.bytes);
    ret_message->header_count = 0;
    while (rest.bytes > 0) {
        if (ret_message->header_count == EVENT_HEADERS_MAX) {
            return &ERR_LIMIT;
        }
        if (!take_header(&rest, &ret_message->headers[ret_message->header_count])) {
            return &ERR_MALFORMED;
        }
        ret_message->header_count++;
    }
    return OK;
}

const struct event_header *event_header_find(const struct event_message *message, struct str name)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (str_eq(message->headers[i].name, name)) {
            return &message->headers[i];
        }
    }
    return NULL;
}
