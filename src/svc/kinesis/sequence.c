/* SPDX-License-Identifier: Apache-2.0
 *
 * Sequence numbers, shard iterators and pagination tokens: texts that carry state and are read
 * back.
 *
 * A sequence number is 188 bits as 56 decimal digits, laid out as AWS's are, in hex digits:
 *
 *   2 | 9: the shard's creation, seconds | 1: low digit of the shard's number
 *     | 16: number within the shard | 2: zero | 9: the record's moment, seconds
 *     | 8: the shard's number | 2
 *
 * So later records of a shard have larger numbers, and a number tells its shard and time. Number 0
 * within the shard is the shard's own beginning.
 *
 * Iterators and tokens are base64 of a small record that ends in its CRC32C: enough to tell a
 * broken one, not a secret.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/sequence.h"

#include <assert.h>

#define TEXT_VERSION 1
#define TOKEN_MS_MAX (5 * 60 * 1000)
#define PACKED_BYTES_MAX 4096

/* Takes bits off the low end. */
static uint64_t pop(struct u256 *number, unsigned bits)
{
    uint64_t value = bits == 64 ? number->word[3] : number->word[3] & ((UINT64_C(1) << bits) - 1);

    for (unsigned i = 4; i-- > 0;) {
        if (bits == 64) {
            number->word[i] = i == 0 ? 0 : number->word[i - 1];
        } else {
            uint64_t carry = i == 0 ? 0 : number->word[i - 1] << (64 - bits);

            number->word[i] = number->word[i] >> bits | carry;
        }
    }
    return value;
}

struct str sequence_text(struct arena *arena, const struct shard *shard, uint64_t sequence,
                         int64_t at_ms)
{
    uint64_t created_s = (uint64_t)(shard->created_ms / 1000) & 0xfffffffff;
    uint64_t at_s = (uint64_t)(at_ms / 1000) & 0xfffffffff;
    uint64_t digit = shard->number & 0xf;
    struct u256 number = {{
        0,
        UINT64_C(2) << 56 | created_s << 20 | digit << 16 | sequence >> 48,
        sequence << 16 | at_s >> 28,
        at_s << 36 | (uint64_t)shard->number << 4 | 2,
    }};
    char *text = arena_alloc(arena, U256_TEXT_BYTES_MAX);
    size_t bytes = u256_to_text(number, text);

    assert(bytes == SEQUENCE_TEXT_BYTES);
    return str_of(text, bytes);
}

bool sequence_read(struct str text, struct sequence *ret_sequence)
{
    struct sequence sequence;
    struct u256 number;

    if (text.bytes != SEQUENCE_TEXT_BYTES || !u256_from_text(text, &number) ||
        pop(&number, 4) != 2) {
        return false;
    }
    sequence.shard = (uint32_t)pop(&number, 32);
    sequence.at_ms = (int64_t)pop(&number, 36) * 1000;
    pop(&number, 8);
    sequence.number = pop(&number, 64);
    pop(&number, 4);
    sequence.shard_created_s = (int64_t)pop(&number, 36);
    if (pop(&number, 4) != 2 || sequence.number > SEQUENCE_LAST || sequence.shard > INT32_MAX) {
        return false;
    }
    *ret_sequence = sequence;
    return true;
}

/* ---- sealed texts ---- */

static struct str seal(struct arena *arena, struct buf *packed)
{
    struct str text;
    char *at;

    write_u32(packed, crc32c(0, buf_str(packed)));
    assert(!buf_spent(packed));
    text.bytes = base64_encoded_bytes(packed->bytes);
    at = arena_alloc(arena, text.bytes + 1);
    base64_encode(buf_str(packed), at);
    text.at = at;
    buf_done(packed);
    return text;
}

/* What was sealed, without its checksum. */
static bool unseal(struct arena *arena, struct str text, struct cursor *ret_cursor)
{
    struct cursor sum;
    size_t bytes;
    char *at;

    if (text.bytes == 0 || text.bytes > base64_encoded_bytes(PACKED_BYTES_MAX)) {
        return false;
    }
    at = arena_alloc(arena, text.bytes);
    if (!base64_decode(text, at, &bytes) || bytes < 5) {
        return false;
    }
    sum = cursor_of(str_of(at + bytes - 4, 4));
    if (crc32c(0, str_of(at, bytes - 4)) != read_u32(&sum)) {
        return false;
    }
    *ret_cursor = cursor_of(str_of(at, bytes - 4));
    return read_u8(ret_cursor) == TEXT_VERSION;
}

struct str iterator_text(struct arena *arena, const struct iterator *iterator)
{
    struct buf packed;

    buf_init(&packed, PACKED_BYTES_MAX);
    write_u8(&packed, TEXT_VERSION);
    write_str(&packed, STR("i"));
    write_zigzag(&packed, iterator->made_ms);
    write_zigzag(&packed, iterator->stream_created_ms);
    write_str(&packed, iterator->stream);
    write_var(&packed, iterator->shard);
    write_var(&packed, iterator->next);
    return seal(arena, &packed);
}

bool iterator_read(struct arena *arena, struct str text, struct iterator *ret_iterator)
{
    struct cursor cursor;
    struct iterator iterator;

    if (!unseal(arena, text, &cursor) || !str_eq(read_str(&cursor), STR("i"))) {
        return false;
    }
    iterator.made_ms = read_zigzag(&cursor);
    iterator.stream_created_ms = read_zigzag(&cursor);
    iterator.stream = read_str(&cursor);
    iterator.shard = (uint32_t)read_var(&cursor);
    iterator.next = read_var(&cursor);
    if (!cursor_done(&cursor)) {
        return false;
    }
    *ret_iterator = iterator;
    return true;
}

struct str token_text(struct arena *arena, struct call *c, const char *kind, struct str subject,
                      struct str after)
{
    struct buf packed;

    buf_init(&packed, PACKED_BYTES_MAX);
    write_u8(&packed, TEXT_VERSION);
    write_str(&packed, str_c(kind));
    write_zigzag(&packed, c->now);
    write_str(&packed, subject);
    write_str(&packed, after);
    return seal(arena, &packed);
}

status token_read(struct call *c, const char *kind, struct str token, struct str *ret_subject,
                  struct str *ret_after)
{
    struct cursor cursor;
    int64_t made_ms;
    struct str subject;
    struct str after;

    if (!unseal(c->arena, token, &cursor) || !str_eq(read_str(&cursor), str_c(kind))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "NextToken is invalid.");
    }
    made_ms = read_zigzag(&cursor);
    subject = read_str(&cursor);
    after = read_str(&cursor);
    if (!cursor_done(&cursor)) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "NextToken is invalid.");
    }
    if (c->now - made_ms > TOKEN_MS_MAX) {
        return fail(c, &KINESIS_EXPIRED_TOKEN, "NextToken has expired.");
    }
    *ret_subject = subject;
    *ret_after = after;
    return OK;
}
