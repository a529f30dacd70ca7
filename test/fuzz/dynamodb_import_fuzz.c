/* SPDX-License-Identifier: Apache-2.0
 *
 * Files to import: byte 0 chooses what they are (lines, CSV by delimiter, gzip, zstd), byte 1 in
 * how large pieces they come. Records are the same whatever the pieces; each is an item that the
 * packer would have written, or none.
 */
#include "svc/dynamodb/import.h"

#include <stdlib.h>

#define ARENA_BYTES (64u << 20)
#define PLAIN_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void one_record(struct arena *arena, char delimiter, struct str record)
{
    static const struct str names[] = {STR_INIT("pk"), STR_INIT("sk"), STR_INIT("b"),
                                       STR_INIT("text")};
    static const struct attribute attributes[] = {{STR_INIT("sk"), DATUM_N},
                                                  {STR_INIT("b"), DATUM_B}};
    struct csv csv = {names, 4, attributes, 2};
    struct csv_record taken = {NULL, 0};
    struct str *fields = arena_alloc(arena, CSV_FIELDS_MAX * sizeof(struct str));
    struct item item = ITEM_ABSENT;
    struct why why;
    status read;

    if (delimiter == 0) {
        struct import_record line = {.item = ITEM_ABSENT};

        read = import_put_line(arena, arena_dup(arena, record), &why, &line);
        item = line.item;
    } else {
        if (!csv_fields(arena, record, delimiter, fields, &taken.count)) {
            return;
        }
        check(taken.count > 0);
        taken.fields = fields;
        read = import_csv(arena, &csv, &taken, &why, &item);
    }
    check(read != OK || item_sound(item.packed));
}

/* Records of a text that comes in pieces: their number, and a sum of their lengths. */
static uint64_t records_of(struct str text, char delimiter, size_t piece, struct arena *arena)
{
    struct buf plain;
    uint64_t sum = 0;
    size_t taken = 0;

    buf_init(&plain, PLAIN_BYTES);
    for (size_t at = 0; at <= text.bytes; at += piece) {
        struct str record, rest;

        buf_add(&plain, str_slice(text, at, at + piece));
        rest = str_slice(buf_str(&plain), taken, plain.bytes);
        while (record_next(&rest, delimiter, at + piece > text.bytes, &record)) {
            sum = sum * 31 + record.bytes + 1;
            if (arena != NULL) {
                one_record(arena, delimiter, record);
            }
        }
        taken = plain.bytes - rest.bytes;
    }
    buf_done(&plain);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char delimiters[] = {0, ',', ';', '\t'};
    struct arena *arena;
    struct unpacking *unpacking;
    struct buf plain;
    size_t piece;

    if (bytes < 2 || bytes > PLAIN_BYTES / 2) {
        return 0;
    }
    arena = arena_new(ARENA_BYTES);
    piece = (size_t)data[1] + 1;
    struct str text = str_of((const char *)data + 2, bytes - 2);

    if ((data[0] & 4) == 0) {
        char delimiter = delimiters[data[0] & 3];

        check(records_of(text, delimiter, piece, arena) ==
              records_of(text, delimiter, PLAIN_BYTES, NULL));
    } else {
        unpacking = unpack_begin((data[0] & 1) != 0 ? COMPRESSION_GZIP : COMPRESSION_ZSTD);
        buf_init(&plain, PLAIN_BYTES);
        for (size_t at = 0; at < text.bytes; at += piece) {
            if (unpack_more(unpacking, str_slice(text, at, at + piece), &plain) != OK) {
                break;
            }
        }
        (void)unpack_whole(unpacking);
        buf_done(&plain);
        unpack_free(unpacking);
    }
    arena_free(arena);
    return 0;
}
