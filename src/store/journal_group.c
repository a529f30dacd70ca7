/* SPDX-License-Identifier: Apache-2.0
 *
 * Gathering entries in memory, in the form in which they go to disk.
 *
 * Rules
 *  1. An entry is copied once, and its checksum is taken from the copy while that is still in the
 *     processor's cache: a step of SEAL_STEP bytes at a time.
 *  2. A buffer starts at GROUP_ROOM_MIN and doubles; beyond group_bytes_max it grows only for a
 *     single entry that needs it. It is given back when the journal is idle (journal_commit.c).
 *  3. Where a group will lie is not known before it is written (the segment may be full by then),
 *     so entries are sealed with the group's own salt and only the header names the place.
 */
#include "store/journal_int.h"

#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>

#define GROUP_ROOM_MIN ((size_t)64 * 1024)
#define SEAL_STEP ((size_t)16 * 1024)

/* An entry being copied. */
struct sealing {
    char *to;     /* where the next byte goes */
    char *sealed; /* up to here the checksum was taken */
    uint32_t crc; /* so far */
};

uint32_t journal_seed(uint64_t salt)
{
    return crc32c(0, str_of(&salt, sizeof(salt)));
}

uint32_t group_header_crc(const struct journal_group_header *header, uint64_t segment_salt)
{
    size_t from = offsetof(struct journal_group_header, generation);
    struct str sealed = str_of((const char *)header + from, sizeof(*header) - from);

    return crc32c(journal_seed(segment_salt), sealed);
}

uint64_t group_bytes_with(const struct group *group, uint64_t body_bytes)
{
    uint64_t bytes = group->bytes == 0 ? sizeof(struct journal_group_header) : group->bytes;

    return journal_padded(bytes + sizeof(struct journal_entry_header) + body_bytes);
}

bool group_is_large(const struct group *group)
{
    return group->room > GROUP_ROOM_MIN;
}

void group_done(struct group *group)
{
    assert(group->bytes == 0);
    mem_free(group->at);
    group->at = NULL;
    group->room = 0;
}

void group_clear(struct group *group)
{
    group->bytes = 0;
    group->count = 0;
}

static void group_grow(struct journal *journal, struct group *group, uint64_t needed)
{
    uint64_t room = group->room < GROUP_ROOM_MIN ? GROUP_ROOM_MIN : group->room * 2;
    uint64_t room_max = journal_padded(journal->options.group_bytes_max);
    char *at = NULL;

    room = room > room_max ? room_max : room;
    room = room < needed ? needed : room;
    at = mem_aligned(JOURNAL_BLOCK_BYTES, room);
    if (group->bytes > 0) {
        memcpy(at, group->at, group->bytes);
    }
    mem_free(group->at);
    group->at = at;
    group->room = room;
    if (!journal->grown && group_is_large(group)) {
        journal->grown = true;
        cond_wake_one(&journal->work);
    }
}

static void group_begin(struct journal *journal, struct group *group,
                        const struct journal_entry_header *entry)
{
    group->bytes = sizeof(struct journal_group_header);
    group->count = 0;
    group->first = entry->position;
    group->first_at_ms = entry->at_ms;
    group->salt = rand_u64(&journal->rand);
    group->seed = journal_seed(group->salt);
}

void group_begin_empty(struct journal *journal)
{
    const struct journal_entry_header next = {.position = atomic_load(&journal->last) + 1};

    assert(journal->filling->bytes == 0);
    if (journal->filling->room < JOURNAL_BLOCK_BYTES) {
        group_grow(journal, journal->filling, JOURNAL_BLOCK_BYTES);
    }
    group_begin(journal, journal->filling, &next);
}

static void seal_up(struct sealing *sealing)
{
    size_t bytes = (size_t)(sealing->to - sealing->sealed);

    sealing->crc = crc32c(sealing->crc, str_of(sealing->sealed, bytes));
    sealing->sealed = sealing->to;
}

static void seal_copy(struct sealing *sealing, struct str part)
{
    while (part.bytes > 0) {
        size_t room = SEAL_STEP - (size_t)(sealing->to - sealing->sealed);
        size_t bytes = part.bytes < room ? part.bytes : room;

        memcpy(sealing->to, part.at, bytes);
        sealing->to += bytes;
        part.at += bytes;
        part.bytes -= bytes;
        if (bytes == room) {
            seal_up(sealing);
        }
    }
}

void group_add(struct journal *journal, struct journal_entry_header *entry,
               const struct str *parts, size_t part_count)
{
    struct group *group = journal->filling;
    uint64_t needed = group_bytes_with(group, entry->bytes);
    size_t from = offsetof(struct journal_entry_header, bytes);
    struct sealing sealing;
    char *at = NULL;

    if (needed > group->room) {
        group_grow(journal, group, needed);
    }
    if (group->bytes == 0) {
        group_begin(journal, group, entry);
    }
    at = group->at + group->bytes;
    sealing = (struct sealing){at + from, at + from, group->seed};
    seal_copy(&sealing, str_of((const char *)entry + from, sizeof(*entry) - from));
    for (size_t i = 0; i < part_count; i++) {
        seal_copy(&sealing, parts[i]);
    }
    seal_up(&sealing);
    memcpy(at, &sealing.crc, sizeof(sealing.crc));
    group->bytes = (size_t)(sealing.to - group->at);
    group->count++;
    assert(journal_padded(group->bytes) == needed);
    assert(group->bytes <= group->room);
}

size_t group_seal(struct group *group, const struct segment *segment, struct group_place place)
{
    size_t padded = journal_padded(group->bytes);
    struct journal_group_header header = {
        .magic = JOURNAL_GROUP_MAGIC,
        .generation = segment->header.generation,
        .offset = place.offset,
        .first_position = group->first,
        .salt = group->salt,
        .bytes = group->bytes,
        .count = group->count,
        .reach = (uint32_t)(place.reach / JOURNAL_BLOCK_BYTES),
    };

    assert(group->bytes >= sizeof(header));
    assert(place.offset % JOURNAL_BLOCK_BYTES == 0);
    assert(place.reach / JOURNAL_BLOCK_BYTES <= UINT32_MAX);
    header.crc = group_header_crc(&header, segment->header.salt);
    memcpy(group->at, &header, sizeof(header));
    memset(group->at + group->bytes, 0, padded - group->bytes);
    return padded;
}
