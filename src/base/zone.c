/* SPDX-License-Identifier: Apache-2.0
 *
 * A TZif file has two parts, each a header with counts and the data: the first with moments of 32
 * bits, which is stepped over, the second with 64. Numbers are big-endian.
 */
#include "base/zone.h"

#include "base/cursor.h"
#include "base/mem.h"

#define HEADER_BYTES 44
#define NAME_BYTES_MAX 512

struct zone_type {
    int32_t offset_s;      /* to be added to UTC */
    uint8_t name;          /* offset of its abbreviation */
};

struct zone {
    int64_t *changes;      /* seconds since 1970, ascending */
    uint8_t *kinds;        /* type from each change on */
    struct zone_type *types;
    char *names;           /* abbreviations, each ended by a zero */
    size_t change_count, type_count, name_bytes; /* of them */
};

struct counts {
    uint32_t ut, standard, leaps, changes, types, name_bytes; /* as the header has them */
};

static uint32_t be32(struct cursor *cursor)
{
    uint32_t number = 0;

    for (int i = 0; i < 4; i++) {
        number = number << 8 | read_u8(cursor);
    }
    return number;
}

static int64_t be64(struct cursor *cursor)
{
    uint64_t high = be32(cursor);

    return (int64_t)(high << 32 | be32(cursor));
}

static bool read_header(struct cursor *cursor, struct counts *counts)
{
    struct str magic = read_bytes(cursor, 4);
    uint8_t version = read_u8(cursor);

    (void)read_bytes(cursor, 15);
    counts->ut = be32(cursor);
    counts->standard = be32(cursor);
    counts->leaps = be32(cursor);
    counts->changes = be32(cursor);
    counts->types = be32(cursor);
    counts->name_bytes = be32(cursor);
    return cursor_ok(cursor) && str_eq(magic, STR("TZif")) && version >= '2' &&
           counts->changes <= ZONE_CHANGES_MAX && counts->types <= ZONE_TYPES_MAX &&
           counts->name_bytes <= NAME_BYTES_MAX && counts->leaps <= ZONE_CHANGES_MAX &&
           counts->ut <= ZONE_TYPES_MAX && counts->standard <= ZONE_TYPES_MAX;
}

static size_t part_bytes(const struct counts *counts, size_t moment_bytes)
{
    return counts->changes * (moment_bytes + 1) + counts->types * 6u + counts->name_bytes +
           counts->leaps * (moment_bytes + 4) + counts->standard + counts->ut;
}

static bool read_part(struct cursor *cursor, const struct counts *counts, struct zone *zone)
{
    struct str names;

    zone->change_count = counts->changes;
    zone->type_count = counts->types;
    zone->name_bytes = counts->name_bytes;
    zone->changes = mem_zero((counts->changes + 1) * sizeof(int64_t));
    zone->kinds = mem_zero(counts->changes + 1);
    zone->types = mem_zero((counts->types + 1) * sizeof(struct zone_type));
    for (size_t i = 0; i < zone->change_count; i++) {
        zone->changes[i] = be64(cursor);
        if (i > 0 && zone->changes[i] <= zone->changes[i - 1]) {
            return false;
        }
    }
    for (size_t i = 0; i < zone->change_count; i++) {
        zone->kinds[i] = read_u8(cursor);
        if (zone->kinds[i] >= zone->type_count) {
            return false;
        }
    }
    for (size_t i = 0; i < zone->type_count; i++) {
        zone->types[i].offset_s = (int32_t)be32(cursor);
        (void)read_u8(cursor);
        zone->types[i].name = read_u8(cursor);
        if (zone->types[i].name >= zone->name_bytes || zone->types[i].offset_s < -93600 ||
            zone->types[i].offset_s > 93600) {
            return false;
        }
    }
    names = read_bytes(cursor, counts->name_bytes);
    zone->names = mem_dup(names.at, names.bytes);
    return cursor_ok(cursor) && zone->type_count > 0;
}

status zone_read(struct str bytes, struct zone **ret_zone)
{
    struct cursor cursor = cursor_of(bytes);
    struct counts counts;
    struct zone *zone;

    if (bytes.bytes > ZONE_BYTES_MAX || !read_header(&cursor, &counts)) {
        return &ERR_MALFORMED;
    }
    (void)read_bytes(&cursor, part_bytes(&counts, 4));
    if (!read_header(&cursor, &counts)) {
        return &ERR_MALFORMED;
    }
    zone = MEM_NEW(struct zone);
    if (!read_part(&cursor, &counts, zone)) {
        zone_free(zone);
        return &ERR_MALFORMED;
    }
    *ret_zone = zone;
    return OK;
}

void zone_free(struct zone *zone)
{
    if (zone != NULL) {
        mem_free(zone->changes);
        mem_free(zone->kinds);
        mem_free(zone->types);
        mem_free(zone->names);
        mem_free(zone);
    }
}

struct zone_time zone_at(const struct zone *zone, int64_t moment_ms)
{
    int64_t moment_s = moment_ms >= 0 ? moment_ms / 1000 : (moment_ms - 999) / 1000;
    size_t low = 0;
    size_t high;
    const struct zone_type *type;

    if (zone == NULL) {
        return (struct zone_time){0, STR("UTC")};
    }
    for (high = zone->change_count; low < high;) {
        size_t middle = low + (high - low) / 2;

        *(zone->changes[middle] <= moment_s ? &low : &high) =
            zone->changes[middle] <= moment_s ? middle + 1 : middle;
    }
    type = &zone->types[low == 0 ? 0 : zone->kinds[low - 1]];
    return (struct zone_time){type->offset_s, str_c(zone->names + type->name)};
}
