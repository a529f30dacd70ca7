/* SPDX-License-Identifier: Apache-2.0
 *
 * Event stream messages, application/vnd.amazon.eventstream. Numbers are big-endian:
 *
 *   u32 bytes of the message | u32 bytes of the headers | u32 CRC-32 of these eight
 *   headers, one after the other: u8 length, name, u8 type, value
 *   payload
 *   u32 CRC-32 of all before
 *
 * Types: 0 true, 1 false, 2 byte, 3 short, 4 integer, 5 long, 6 bytes and 7 text with a u16 length,
 * 8 timestamp (milliseconds as a long), 9 UUID. wire.h has the functions that make messages of
 * value trees; here are the bytes.
 */
#ifndef WEIR_WIRE_EVENTS_H
#define WEIR_WIRE_EVENTS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/arena.h"

#define EVENT_HEADERS_MAX 64                          /* in one message read */
#define EVENT_HEADERS_BYTES_MAX ((size_t)128 * 1024)
#define EVENT_MESSAGE_BYTES_MAX ((size_t)24 * 1024 * 1024)  /* AWS's own limit for a message */
#define EVENT_TEXT_BYTES_MAX 32767                    /* a text or bytes in a header */

enum event_type {
    EVENT_TRUE,
    EVENT_FALSE,
    EVENT_BYTE,
    EVENT_SHORT,
    EVENT_INTEGER,
    EVENT_LONG,
    EVENT_BYTES,
    EVENT_TEXT,
    EVENT_TIME,
    EVENT_UUID,
};

struct event_header {
    struct str name;     /* 1 to 255 bytes */
    uint8_t type;        /* enum event_type */
    int64_t number;      /* BYTE to LONG; TIME: milliseconds since 1970 */
    struct str text;     /* BYTES, TEXT; the 16 bytes of a UUID */
};

struct event_message {
    struct event_header headers[EVENT_HEADERS_MAX]; /* in order */
    size_t header_count;
    struct str payload;  /* lies in what was read */
};

/* Appends a header. A name or text beyond its limit makes headers spent. */
void event_header_write(struct buf *headers, const struct event_header *header);
void event_header_text(struct buf *headers, struct str name, struct str text);
/* A message of headers as written above. ERR_LIMIT: too large, or no room. */
status event_compose(struct str headers, struct str payload, struct arena *arena,
                     struct str *ret_message);

/* How many bytes the first message in bytes has: 0 when its first twelve are not all there yet.
 * ERR_MALFORMED: a checksum or length that cannot be. */
status event_bytes(struct str bytes, size_t *ret_bytes);
/* Exactly one message. ERR_MALFORMED; ERR_LIMIT for more headers than EVENT_HEADERS_MAX. */
status event_read(struct str bytes, struct event_message *ret_message);
/* The first header of that name; NULL where there is none. */
const struct event_header *event_header_find(const struct event_message *message,
                                             struct str name);

#endif
