/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's record: four bytes of magic, a message of Protocol Buffers, its MD5. Source: "KPL
 * aggregated record format", awslabs/amazon-kinesis-producer.
 *
 *   1 string  partition key, by index    2 string  explicit hash key, by index
 *   3 message record: 1 varint index of its partition key, 2 varint, 3 bytes data, 4 tags
 */
#include "svc/firehose/aggregate.h"

#include "base/cursor.h"
#include "base/digest.h"

#define MAGIC "\xf3\x89\x9a\xc2"
#define MAGIC_BYTES 4

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* A field of a message. */
struct field {
    uint64_t number;     /* which */
    uint64_t value;      /* of a varint */
    struct str bytes;    /* of a string, bytes or a message */
};

/* Any length up to ten bytes, as the format allows. */
static uint64_t read_varint(struct cursor *cursor)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = read_u8(cursor);

        number |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80) {
            return number;
        }
    }
    cursor->bad = true;
    return 0;
}

static bool next_field(struct cursor *cursor, struct field *field)
{
    uint64_t tag;
    uint64_t bytes = 0;

    if (cursor->rest.bytes == 0 || cursor->bad) {
        return false;
    }
    tag = read_varint(cursor);
    *field = (struct field){.number = tag >> 3};
    switch (tag & 7) {
    case WIRE_VARINT:
        field->value = read_varint(cursor);
        break;
    case WIRE_FIXED64:
        (void)read_u64(cursor);
        break;
    case WIRE_FIXED32:
        (void)read_u32(cursor);
        break;
    case WIRE_BYTES:
        bytes = read_varint(cursor);
        if (bytes > cursor->rest.bytes) {
            cursor->bad = true;
        } else {
            field->bytes = read_bytes(cursor, (size_t)bytes);
        }
        break;
    default:
        cursor->bad = true;
    }
    return cursor_ok(cursor);
}

static bool read_record(struct str message, const struct str *keys, size_t key_count,
                        struct sub_record *ret_record)
{
    struct cursor cursor = cursor_of(message);
    struct sub_record record = {STR_NONE, STR_NONE};
    struct field field;
    bool has_data = false;

    while (next_field(&cursor, &field)) {
        if (field.number == 1 && field.value < key_count) {
            record.key = keys[field.value];
        } else if (field.number == 3) {
            record.data = field.bytes;
            has_data = true;
        }
    }
    *ret_record = record;
    return cursor_done(&cursor) && has_data;
}

/* How many fields of that number there are; false: it is no message. */
static bool count_fields(struct str message, uint64_t number, size_t *ret_count)
{
    struct cursor cursor = cursor_of(message);
    struct field field;

    *ret_count = 0;
    while (next_field(&cursor, &field)) {
        *ret_count += field.number == number;
    }
    return cursor_done(&cursor) && *ret_count <= AGGREGATE_RECORDS_MAX;
}

static bool read_message(struct str message, struct arena *arena, struct sub_record **ret_records,
                         size_t *ret_count)
{
    struct cursor cursor = cursor_of(message);
    struct sub_record *records;
    struct field field;
    struct str *keys;
    size_t key_count;
    size_t room;
    size_t at = 0;

    if (!count_fields(message, 1, &key_count) || !count_fields(message, 3, &room) || room == 0) {
        return false;
    }
    keys = arena_zero(arena, (key_count + 1) * sizeof(*keys));
    records = arena_zero(arena, room * sizeof(*records));
    while (next_field(&cursor, &field)) {
        if (field.number == 1) {
            keys[at++] = field.bytes;
        }
    }
    cursor = cursor_of(message);
    at = 0;
    while (next_field(&cursor, &field)) {
        if (field.number == 3 && !read_record(field.bytes, keys, key_count, &records[at++])) {
            return false;
        }
    }
    *ret_records = records;
    *ret_count = room;
    return true;
}

bool aggregate_read(struct str data, struct arena *arena, struct sub_record **ret_records,
                    size_t *ret_count)
{
    uint8_t digest[MD5_BYTES];
    struct str message;

    if (data.bytes <= MAGIC_BYTES + MD5_BYTES || !str_starts(data, STR(MAGIC))) {
        return false;
    }
    message = str_slice(data, MAGIC_BYTES, data.bytes - MD5_BYTES);
    md5(message, digest);
    return memcmp(digest, data.at + data.bytes - MD5_BYTES, MD5_BYTES) == 0 &&
           read_message(message, arena, ret_records, ret_count);
}

/* ---- cutting ---- */

static bool is_between(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == ',';
}

bool cut_json(struct str *rest, struct str *ret_part)
{
    struct str text = *rest;
    size_t from = 0;
    size_t depth = 0;
    bool quoted = false;

    while (from < text.bytes && is_between(text.at[from])) {
        from++;
    }
    *rest = str_slice(text, from, text.bytes);
    if (from == text.bytes || text.at[from] != '{') {
        return false;
    }
    for (size_t i = from; i < text.bytes; i++) {
        char ch = text.at[i];

        if (quoted) {
            i += ch == '\\';
            quoted = ch != '"';
        } else if (ch == '"') {
            quoted = true;
        } else if (ch == '{') {
            depth++;
        } else if (ch == '}' && --depth == 0) {
            *ret_part = str_slice(text, from, i + 1);
            *rest = str_slice(text, i + 1, text.bytes);
            return true;
        }
    }
    return false;
}

bool cut_delimited(struct str *rest, struct str delimiter, struct str *ret_part)
{
    while (rest->bytes > 0) {
        size_t at = str_find_str(*rest, delimiter);

        *ret_part = str_slice(*rest, 0, at);
        *rest = str_slice(*rest, at + delimiter.bytes, rest->bytes);
        if (ret_part->bytes > 0) {
            return true;
        }
    }
    return false;
}
