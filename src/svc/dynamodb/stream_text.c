/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of streams that carry state and are read back.
 *
 *   shard id         shardId-TTTTTTTTTTTTTTTTTTTT-xxxxxxxx: the millisecond it begins, and a hash
 *                    of the table and the stream
 *   sequence number  1RRRRRRRRRRRRRRRRRRRRBBBBBB: a record's sequence in the change log and, for
 *                    a shard's border, how many borders there were, begins and ends. So they
 *                    ascend within a stream, as numbers and as texts, whether a shard has records
 *                    or not
 *   iterator         ARN|1|base64 of a small record that ends in its CRC32C, the ARN's included:
 *                    enough to tell a broken one, not a secret
 */
#include "svc/dynamodb/stream.h"

#include "base/codec.h"
#include "base/digest.h"

#include <assert.h>

#define SEQUENCE_BYTES 27
#define SEQUENCE_RECORD_DIGITS 20
#define BORDER_MAX 999999
#define ITERATOR_VERSION 1
#define ITERATOR_BYTES_MAX 64

struct str stream_shard_id(struct arena *arena, const struct stream_place *place, uint64_t number)
{
    struct str id = str_of(place->table->id, TABLE_ID_BYTES);
    int64_t from_ms = place->stream->label_ms + (int64_t)number * STREAM_SHARD_MS;
    uint32_t sum = crc32c(0, id);

    sum = crc32c(sum, str_of(&place->stream->label_ms, sizeof(place->stream->label_ms)));
    return arena_printf(arena, "shardId-%020lld-%08x", (long long)from_ms,
                        crc32c(sum, str_of(&number, sizeof(number))));
}

/* ---- sequence numbers ---- */

struct str stream_sequence_text(struct arena *arena, struct stream_sequence sequence)
{
    assert(sequence.border <= BORDER_MAX);
    return arena_printf(arena, "1%020llu%06u", (unsigned long long)sequence.record,
                        sequence.border);
}

static bool is_digits(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
    }
    return true;
}

bool stream_sequence_read(struct str text, struct stream_sequence *ret_sequence)
{
    uint64_t record = 0;
    uint32_t border = 0;

    if (text.bytes != SEQUENCE_BYTES || text.at[0] != '1' || !is_digits(text)) {
        return false;
    }
    for (size_t i = 1; i <= SEQUENCE_RECORD_DIGITS; i++) {
        uint64_t digit = (uint64_t)(text.at[i] - '0');

        if (record > (INT64_MAX - digit) / 10) {
            return false;
        }
        record = record * 10 + digit;
    }
    for (size_t i = 1 + SEQUENCE_RECORD_DIGITS; i < SEQUENCE_BYTES; i++) {
        border = border * 10 + (uint32_t)(text.at[i] - '0');
    }
    *ret_sequence = (struct stream_sequence){record, border};
    return true;
}

struct stream_sequence stream_shard_starts(const struct stream_shard *shard)
{
    return (struct stream_sequence){shard->first - 1, 2 * (uint32_t)shard->number + 1};
}

struct stream_sequence stream_shard_ends(const struct stream_shard *shard)
{
    return (struct stream_sequence){shard->last, 2 * (uint32_t)shard->number + 2};
}

int stream_sequence_cmp(struct stream_sequence a, struct stream_sequence b)
{
    if (a.record != b.record) {
        return a.record < b.record ? -1 : 1;
    }
    return a.border == b.border ? 0 : a.border < b.border ? -1 : 1;
}

/* ---- iterators ---- */

struct str stream_iterator_text(struct arena *arena, const struct stream_iterator *iterator)
{
    struct buf packed, text;
    struct str made;

    buf_init(&packed, ITERATOR_BYTES_MAX);
    write_u8(&packed, ITERATOR_VERSION);
    write_zigzag(&packed, iterator->made_ms);
    write_var(&packed, iterator->shard);
    write_var(&packed, iterator->next);
    write_u32(&packed, crc32c(crc32c(0, iterator->arn), buf_str(&packed)));
    assert(!buf_spent(&packed));
    buf_init(&text, iterator->arn.bytes + 2u * ITERATOR_BYTES_MAX);
    buf_add(&text, iterator->arn);
    buf_add(&text, STR("|1|"));
    buf_add_base64(&text, buf_str(&packed));
    assert(!buf_spent(&text));
    made = arena_dup(arena, buf_str(&text));
    buf_done(&packed);
    buf_done(&text);
    return made;
}

bool stream_iterator_read(struct arena *arena, struct str text,
                          struct stream_iterator *ret_iterator)
{
    struct stream_iterator iterator = {.arn = str_slice(text, 0, str_find(text, '|', 0))};
    struct str rest = str_slice(text, iterator.arn.bytes, text.bytes);
    char *packed = arena_alloc(arena, text.bytes + 1);
    struct cursor cursor;
    size_t bytes;
    uint32_t sum;

    if (!str_starts(rest, STR("|1|")) ||
        !base64_decode(str_slice(rest, 3, rest.bytes), packed, &bytes) || bytes < sizeof(sum)) {
        return false;
    }
    cursor = cursor_of(str_of(packed + bytes - sizeof(sum), sizeof(sum)));
    sum = read_u32(&cursor);
    bytes -= sizeof(sum);
    cursor = cursor_of(str_of(packed, bytes));
    if (sum != crc32c(crc32c(0, iterator.arn), cursor.rest) ||
        read_u8(&cursor) != ITERATOR_VERSION) {
        return false;
    }
    iterator.made_ms = read_zigzag(&cursor);
    iterator.shard = read_var(&cursor);
    iterator.next = read_var(&cursor);
    if (!cursor_done(&cursor)) {
        return false;
    }
    *ret_iterator = iterator;
    return true;
}
