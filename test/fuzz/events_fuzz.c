/* SPDX-License-Identifier: Apache-2.0
 *
 * Event stream messages from anywhere, their checksums put right first (nothing else would get
 * through). A message that reads is written again, byte by byte the same.
 */
#include "base/arena.h"
#include "base/digest.h"
#include "wire/events.h"

#include <assert.h>

static void put_u32(char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (char)(number >> (24 - 8 * i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_message message;
    struct arena *arena = arena_new(1u << 20);
    struct str bytes = arena_dup(arena, str_of(data, size));
    char *at = (char *)(uintptr_t)bytes.at;
    struct str again;
    struct buf headers;
    size_t whole;

    (void)event_read(bytes, &message);
    if (size >= 16) {
        put_u32(at, (uint32_t)size);
        put_u32(at + 8, crc32(0, str_of(at, 8)));
        put_u32(at + size - 4, crc32(0, str_of(at, size - 4)));
    }
    (void)event_bytes(bytes, &whole);
    if (event_read(bytes, &message) == OK) {
        buf_init(&headers, EVENT_HEADERS_BYTES_MAX);
        for (size_t i = 0; i < message.header_count; i++) {
            event_header_write(&headers, &message.headers[i]);
        }
        if (!buf_spent(&headers)) { /* texts of more than 32 KiB are read, but not written */
            assert(event_compose(buf_str(&headers), message.payload, arena, &again) == OK);
            assert(str_eq(bytes, again));
        }
        buf_done(&headers);
    }
    arena_free(arena);
    return 0;
}
