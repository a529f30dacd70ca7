/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded reading and writing of our own binary formats: journal entries, kv records, segment
 * headers. A reader that runs over its end turns *bad* and gives zeros from then on; its owner asks
 * cursor_ok() once at the end. Fixed numbers are little-endian; var is LEB128 (at most 10 bytes,
 * the shortest form only); str is var length and bytes.
 */
#ifndef WEIR_BASE_CURSOR_H
#define WEIR_BASE_CURSOR_H

#include "base/buf.h"
#include "base/str.h"

struct cursor {
    struct str rest; /* what is not yet read */
    bool bad;        /* something did not fit; every later read gives zeros */
};

static inline struct cursor cursor_of(struct str s)
{
    return (struct cursor){s, false};
}

uint8_t read_u8(struct cursor *cursor);
uint16_t read_u16(struct cursor *cursor);
uint32_t read_u32(struct cursor *cursor);
uint64_t read_u64(struct cursor *cursor);
uint64_t read_var(struct cursor *cursor);
int64_t read_zigzag(struct cursor *cursor);
struct str read_bytes(struct cursor *cursor, size_t bytes);
struct str read_str(struct cursor *cursor);
/* Everything was read and nothing was bad. */
bool cursor_done(const struct cursor *cursor);
static inline bool cursor_ok(const struct cursor *cursor)
{
    return !cursor->bad;
}

void write_u8(struct buf *buf, uint8_t number);
void write_u16(struct buf *buf, uint16_t number);
void write_u32(struct buf *buf, uint32_t number);
void write_u64(struct buf *buf, uint64_t number);
void write_var(struct buf *buf, uint64_t number);
void write_zigzag(struct buf *buf, int64_t number);
void write_str(struct buf *buf, struct str s);

#endif
