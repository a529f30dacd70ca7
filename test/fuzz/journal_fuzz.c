/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a journal's segment: opening, reading and fsck refuse or read, and agree.
 *
 * The segment is a good one of three groups, then changed as the input says:
 *   byte 0   bit 0: reseal every group and entry, so that changes get past the checksums
 *            bit 1: the rest of the input replaces the blocks from the second one on
 *            otherwise the rest is changes: u16 offset, u8 byte
 */
#include "store/journal.h"
#include "store/journal_scan.h"

#include "base/digest.h"
#include "base/mem.h"
#include "sys/faulty.h"

#include <assert.h>

#define SEGMENT_BYTES (8u * JOURNAL_BLOCK_BYTES)
#define DIR "/d/journal"
#define FILE_NAME DIR "/0000000000000001.wj"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct journal_options options_of(const struct files *files)
{
    return (struct journal_options){
        .files = files,
        .dir = DIR,
        .segment_bytes = SEGMENT_BYTES,
        .keep_bytes = 1u << 30,
        .keep_ms = 1u << 30,
        .reserve_bytes = 1,
        .group_bytes_max = 2u * JOURNAL_BLOCK_BYTES,
    };
}

static void make_good(const struct files *files)
{
    static const char body[3000] = "body";
    struct journal_options options = options_of(files);
    struct journal *journal = NULL;
    status opened = journal_open(&options, NULL, &journal);

    assert(opened == OK);
    for (size_t i = 0; i < 9; i++) {
        struct str part = str_of(body, i * 300);

        (void)journal_append(journal, (int64_t)i, &part, 1);
        if (i % 3 == 2) {
            journal_sync(journal);
        }
    }
    journal_abandon(journal);
}

static void change(char *image, const uint8_t *data, size_t size)
{
    if ((data[0] & 2) != 0) {
        size_t room = SEGMENT_BYTES - JOURNAL_BLOCK_BYTES;

        memcpy(image + JOURNAL_BLOCK_BYTES, data + 1, size - 1 < room ? size - 1 : room);
        return;
    }
    for (size_t i = 1; i + 3 <= size; i += 3) {
        image[(data[i] | (size_t)data[i + 1] << 8) % SEGMENT_BYTES] = (char)data[i + 2];
    }
}

static void reseal_entries(char *at, const struct journal_group_header *group, size_t room)
{
    size_t offset = sizeof(*group);
    struct journal_entry_header entry;

    for (uint32_t i = 0; i < group->count; i++) {
        size_t from = offset + sizeof(entry.crc);

        if (offset + sizeof(entry) > room) {
            return;
        }
        memcpy(&entry, at + offset, sizeof(entry));
        if (entry.bytes > room - offset - sizeof(entry)) {
            return;
        }
        offset += sizeof(entry) + entry.bytes;
        entry.crc = crc32c(journal_seed(group->salt), str_of(at + from, offset - from));
        memcpy(at + from - sizeof(entry.crc), &entry.crc, sizeof(entry.crc));
    }
}

static void reseal(char *image)
{
    struct journal_segment_header header;

    memcpy(&header, image, sizeof(header));
    for (size_t at = JOURNAL_BLOCK_BYTES; at < SEGMENT_BYTES; at += JOURNAL_BLOCK_BYTES) {
        struct journal_group_header group;

        memcpy(&group, image + at, sizeof(group));
        if (group.magic == JOURNAL_GROUP_MAGIC) {
            group.crc = group_header_crc(&group, header.salt);
            memcpy(image + at, &group, sizeof(group));
            reseal_entries(image + at, &group, SEGMENT_BYTES - at);
        }
    }
    header.crc = 0;
    memcpy(image, &header, sizeof(header));
    header.crc = crc32c(0, str_of(image, JOURNAL_BLOCK_BYTES));
    memcpy(image, &header, sizeof(header));
}

static uint64_t read_all(struct journal *journal)
{
    struct journal_reader *reader = NULL;
    struct journal_entry entry;
    struct why why = {""};
    uint64_t count = 0;
    uint64_t first = journal_first(journal);
    status read = journal_read_open(journal, first, &why, &reader);

    assert(read == OK);
    while ((read = journal_read_next(reader, &why, &entry)) == OK) {
        assert(entry.position == first + count);
        count++;
    }
    assert(read == &ERR_NOT_FOUND);
    assert(first + count == journal_last(journal) + 1);
    journal_read_close(reader);
    return count;
}

static void look(const struct files *files)
{
    struct journal_options options = options_of(files);
    struct journal *journal = NULL;
    struct why why = {""};
    uint64_t entries = 0;
    status good = journal_fsck(files, DIR, NULL, NULL, &entries);
    status opened = journal_open(&options, &why, &journal);

    assert((good == OK) == (opened == OK));
    if (opened == OK) {
        assert(read_all(journal) == entries);
        journal_abandon(journal);
    } else {
        assert(why.text[0] != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faulty *disk = faulty_new(1);
    const struct files *files = faulty_files(disk);
    char *image = mem_zero(SEGMENT_BYTES);
    struct file *file = NULL;
    status done = OK;
    size_t got = 0;

    make_good(files);
    done = file_open(files, FILE_NAME, FILE_WRITE, &file);
    assert(done == OK);
    done = file_read(file, 0, image, SEGMENT_BYTES, &got);
    assert(done == OK);
    if (size > 0) {
        change(image, data, size);
        if ((data[0] & 1) != 0) {
            reseal(image);
        }
    }
    done = file_write(file, 0, image, SEGMENT_BYTES);
    assert(done == OK);
    file_close(file);
    look(files);
    mem_free(image);
    faulty_free(disk);
    return 0;
}
