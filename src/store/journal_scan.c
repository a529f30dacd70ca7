/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking one segment file: group by group, entry by entry, each checked before it is given out.
 *
 * Rules
 *  1. The file is read through a window of WINDOW_BYTES, larger only for an entry that needs it. A
 *     group's size comes from a header whose checksum is right, so a wild length never allocates.
 *     The first read is small and each further one doubles: a look at one entry, or at the newest
 *     ones again and again, does not read a megabyte.
 *  2. An entry and the padding behind a group's last one are in the window together.
 *  3. Sentences name the position, the segment's file and the offset.
 */
#include "store/journal_scan.h"

#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>

#define WINDOW_BYTES ((size_t)1024 * 1024)
#define WINDOW_BYTES_MIN ((size_t)64 * 1024)

void scan_init(struct scan *scan)
{
    *scan = (struct scan){.file = NULL};
}

void scan_done(struct scan *scan)
{
    mem_free(scan->window);
    scan->window = NULL;
}

void scan_forget(struct scan *scan)
{
    scan->window_bytes = 0;
    scan->ahead = WINDOW_BYTES_MIN;
}

void scan_start(struct scan *scan, struct file *file, const struct journal_segment_header *header,
                struct segment_mark from)
{
    scan->file = file;
    scan->header = *header;
    scan->offset = from.offset;
    scan->next = from.position;
    scan->reach = 0;
    scan->reach_before = 0;
    scan->left = 0;
    scan_forget(scan);
}

static status corrupt(const struct scan *scan, struct why *why, const char *what)
{
    return why_set(why, &ERR_CORRUPT, "position %llu, segment %016llu.wj, offset %llu: %s",
                   (unsigned long long)scan->next, (unsigned long long)scan->header.generation,
                   (unsigned long long)scan->offset, what);
}

static void window_grow(struct scan *scan, uint64_t bytes)
{
    uint64_t room = bytes < WINDOW_BYTES ? WINDOW_BYTES : bytes;

    if (scan->window_room >= room) {
        return;
    }
    mem_free(scan->window);
    scan->window = mem_aligned(JOURNAL_BLOCK_BYTES, room);
    scan->window_room = room;
    scan->window_bytes = 0;
}

static status window_read(struct scan *scan, uint64_t from, uint64_t bytes, struct why *why)
{
    uint64_t rest = scan->header.bytes - from;
    uint64_t wanted = scan->ahead < bytes ? bytes : scan->ahead;
    size_t got = 0;

    window_grow(scan, bytes);
    wanted = wanted < rest ? wanted : rest;
    assert(wanted <= scan->window_room);
    scan->window_bytes = 0;
    if (file_read(scan->file, from, scan->window, wanted, &got) != OK) {
        return why_set(why, &ERR_IO, "segment %016llu.wj, offset %llu: cannot be read",
                       (unsigned long long)scan->header.generation, (unsigned long long)from);
    }
    scan->window_at = from;
    scan->window_bytes = got;
    scan->ahead = scan->ahead < WINDOW_BYTES / 2 ? scan->ahead * 2 : WINDOW_BYTES;
    return got >= bytes ? OK : corrupt(scan, why, "the file is shorter than its header says");
}

/* The bytes at offset, in the window. They lie within the segment. */
static status look(struct scan *scan, uint64_t offset, uint64_t bytes, struct why *why,
                   const char **ret_at)
{
    assert(offset + bytes <= scan->header.bytes);
    if (offset < scan->window_at || offset + bytes > scan->window_at + scan->window_bytes) {
        uint64_t from = offset / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;

        TRY(window_read(scan, from, journal_padded(offset + bytes - from), why));
    }
    *ret_at = scan->window + (offset - scan->window_at);
    return OK;
}

/* Is that the header of a group that begins there? */
static bool is_group(const struct scan *scan, const struct journal_group_header *group,
                     uint64_t offset, bool salted)
{
    return group->magic == JOURNAL_GROUP_MAGIC && group->generation == scan->header.generation &&
           group->offset == offset &&
           (!salted || group->crc == group_header_crc(group, scan->header.salt));
}

static status group_check(const struct scan *scan, const struct journal_group_header *group,
                          struct why *why)
{
    uint64_t least = sizeof(*group) + (uint64_t)group->count * sizeof(struct journal_entry_header);

    if (group->first_position != scan->next) {
        return corrupt(scan, why, "a group of another position begins here");
    }
    if (group->bytes < least || group->bytes > scan->header.bytes - scan->offset ||
        (group->count == 0 && group->bytes != sizeof(*group)) ||
        (scan->reach != 0 && journal_padded(group->bytes) > scan->reach)) {
        return corrupt(scan, why, "the group's size cannot be");
    }
    return OK;
}

status scan_group(struct scan *scan, struct why *why)
{
    struct journal_group_header group;
    const char *at = NULL;

    assert(scan->left == 0);
    for (;;) {
        if (scan->offset + JOURNAL_BLOCK_BYTES > scan->header.bytes) {
            return &ERR_NOT_FOUND;
        }
        TRY(look(scan, scan->offset, JOURNAL_BLOCK_BYTES, why, &at));
        memcpy(&group, at, sizeof(group));
        if (!is_group(scan, &group, scan->offset, true)) {
            return &ERR_NOT_FOUND;
        }
        TRY(group_check(scan, &group, why));
        scan->reach_before = scan->reach;
        scan->reach = (uint64_t)group.reach * JOURNAL_BLOCK_BYTES;
        if (group.count > 0 && group.first_position + group.count > scan->skip_before) {
            break;
        }
        scan->offset = journal_padded(scan->offset + group.bytes);
        scan->next += group.count;
    }
    scan->group = group;
    scan->seed = journal_seed(group.salt);
    scan->left = group.count;
    scan->offset += sizeof(group);
    return OK;
}

static bool all_zero(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

status scan_entry(struct scan *scan, struct why *why, struct journal_entry *ret_entry)
{
    struct journal_entry_header entry;
    uint64_t group_end = scan->group.offset + scan->group.bytes;
    size_t sealed_from = offsetof(struct journal_entry_header, bytes);
    uint64_t bytes = sizeof(entry);
    uint64_t padding = 0;
    const char *at = NULL;

    assert(scan->left > 0);
    if (scan->offset + bytes > group_end) {
        return corrupt(scan, why, "the group ends before the entry");
    }
    TRY(look(scan, scan->offset, bytes, why, &at));
    memcpy(&entry, at, sizeof(entry));
    bytes += entry.bytes;
    if (entry.position != scan->next || scan->offset + bytes > group_end) {
        return corrupt(scan, why, "no entry of that position lies here");
    }
    if (scan->left == 1) {
        if (scan->offset + bytes != group_end) {
            return corrupt(scan, why, "the group's last entry does not end it");
        }
        padding = journal_padded(group_end) - group_end;
    }
    TRY(look(scan, scan->offset, bytes + padding, why, &at));
    if (crc32c(scan->seed, str_of(at + sealed_from, bytes - sealed_from)) != entry.crc) {
        return corrupt(scan, why, "the entry's checksum is wrong");
    }
    if (!all_zero(at + bytes, padding)) {
        return corrupt(scan, why, "the padding behind the entry is not zero");
    }
    scan->left--;
    scan->offset += bytes + padding;
    scan->next++;
    ret_entry->position = entry.position;
    ret_entry->at_ms = entry.at_ms;
    ret_entry->body = str_of(at + sizeof(entry), entry.bytes);
    return OK;
}

status scan_group_within(struct scan *scan, struct scan_range range, bool salted, bool *ret_found)
{
    uint64_t to = range.to < scan->header.bytes ? range.to : scan->header.bytes;
    struct journal_group_header group;
    const char *at = NULL;

    for (uint64_t offset = range.from; offset < to; offset += JOURNAL_BLOCK_BYTES) {
        TRY(look(scan, offset, JOURNAL_BLOCK_BYTES, NULL, &at));
        memcpy(&group, at, sizeof(group));
        if (is_group(scan, &group, offset, salted)) {
            *ret_found = true;
            return OK;
        }
    }
    *ret_found = false;
    return OK;
}

static status header_check(const char *block, uint64_t generation, uint64_t file_bytes,
                           struct why *why, struct journal_segment_header *ret_header)
{
    struct journal_segment_header header;
    uint32_t crc = 0;
    size_t crc_at = offsetof(struct journal_segment_header, crc);
    size_t crc_end = crc_at + sizeof(header.crc);
    static const char zero[sizeof(header.crc)];

    memcpy(&header, block, sizeof(header));
    crc = crc32c(0, str_of(block, crc_at));
    crc = crc32c(crc, str_of(zero, sizeof(zero)));
    crc = crc32c(crc, str_of(block + crc_end, JOURNAL_BLOCK_BYTES - crc_end));
    if (memcmp(header.magic, JOURNAL_SEGMENT_MAGIC, sizeof(header.magic)) != 0 ||
        crc != header.crc) {
        return why_set(why, &ERR_MALFORMED, "segment %016llu.wj, offset 0: the header is damaged",
                       (unsigned long long)generation);
    }
    if (header.version > JOURNAL_VERSION) {
        return why_set(why, &ERR_VERSION,
                       "segment %016llu.wj has format %u; this program knows up to %u",
                       (unsigned long long)generation, header.version, JOURNAL_VERSION);
    }
    if (header.generation != generation) {
        return why_set(why, &ERR_CORRUPT, "segment %016llu.wj is really %016llu.wj, renamed",
                       (unsigned long long)generation, (unsigned long long)header.generation);
    }
    if (header.bytes != file_bytes || header.bytes % JOURNAL_BLOCK_BYTES != 0) {
        return why_set(why, &ERR_CORRUPT, "segment %016llu.wj should have %llu bytes and has %llu",
                       (unsigned long long)generation, (unsigned long long)header.bytes,
                       (unsigned long long)file_bytes);
    }
    *ret_header = header;
    return OK;
}

status scan_header(struct file *file, uint64_t generation, struct why *why,
                   struct journal_segment_header *ret_header)
{
    uint64_t file_bytes = 0;
    size_t got = 0;
    char *block = mem_aligned(JOURNAL_BLOCK_BYTES, JOURNAL_BLOCK_BYTES);
    status checked = file_size(file, &file_bytes);

    memset(block, 0, JOURNAL_BLOCK_BYTES);
    if (checked == OK) {
        checked = file_read(file, 0, block, JOURNAL_BLOCK_BYTES, &got);
    }
    if (checked == OK) {
        checked = header_check(block, generation, file_bytes, why, ret_header);
    } else {
        (void)why_set(why, checked, "segment %016llu.wj cannot be read",
                      (unsigned long long)generation);
    }
    mem_free(block);
    return checked;
}
