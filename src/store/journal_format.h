/* SPDX-License-Identifier: Apache-2.0
 *
 * How the journal lies on disk, byte by byte. Numbers are little-endian; a block is 4,096 bytes.
 *
 *   DIR/journal/<generation, 16 digits>.wj    a segment, its size never changes while it is in use
 *   DIR/journal/<generation, 16 digits>.new   one being made or recycled; removed at the next start
 *
 * A segment is one header block, then groups, each starting at a block. Its generation is never
 * used twice; segments are taken into use in the order of their generations.
 *
 * Header block (the whole block has the checksum):
 *
 *    0  8 bytes "WEIRJRNL"
 *    8  u32  version = 1
 *   12  u32  CRC32C of the block with this field zero
 *   16  u64  generation, as in the name
 *   24  u64  salt: chance, other in every life of the file
 *   32  u64  bytes of the file
 *   40  u64  position of the first entry; 0: ready, not yet in use
 *   48  i64  moment of the first entry, ms
 *   56  u64  generation of the segment in use before this one; 0: none
 *   64       zeros
 *
 * Group: what one write and one sync made durable.
 *
 *    0  u32  JOURNAL_GROUP_MAGIC
 *    4  u32  CRC32C of the header from offset 8 on, begun with the CRC32C of the segment's salt
 *    8  u64  generation of the segment
 *   16  u64  offset of the group in the segment
 *   24  u64  position of its first entry (of the next one when the group is empty)
 *   32  u64  salt: other in every group ever begun
 *   40  u64  bytes: header and entries, without the padding
 *   48  u32  count of entries; 0: written by a clean stop, so that the group before is not the last
 *   52  u32  reach: the group that follows has at most so many blocks; 0: nothing is promised
 *   56       8 bytes of zero
 *   64  entries one after the other, then zeros up to the next block
 *
 * Entry:
 *
 *    0  u32  CRC32C of what follows, begun with the CRC32C of the group's salt
 *    4  u32  bytes of the body
 *    8  u64  position
 *   16  i64  moment, ms
 *   24  body
 *
 * Why old bytes never come back: a header names generation and offset and is sealed with the salt
 * of the file's present life, so no group of an earlier life begins anywhere. Entries are sealed
 * with the salt of their group, so inside a group whose blocks did not all arrive, whatever lay
 * there before (of an earlier life, or of a group torn at an earlier crash) has a wrong checksum.
 *
 * Torn or corrupt: a group is written only after the one before it is durable. So a bad group is
 * the torn last write exactly when no group begins anywhere behind it in its segment and no later
 * segment is in use; then nothing of it was ever acknowledged, and it is cut as a whole. Blocks of
 * it that arrived out of order do not matter: a group has only one header. Anything else is
 * corruption.
 *
 * How far "anywhere behind it" is: a good group says how large the next one may be, and the writer
 * keeps to it (a larger one is announced first, by an empty group that says so and is synced
 * alone). So if the group behind the last good one was ever durable and followed by another, that
 * other begins within the reach. Opening looks through twice the reach, which is at least 4 MiB and
 * 512 KiB behind a clean stop: what it could take for a torn write, and is none, is damage to the
 * headers of all groups for so long. fsck, which has time, looks through the whole segment. The
 * first group of a segment was promised nothing: if it is bad, so does opening.
 *
 * In the same way a segment's header, which is rewritten and synced alone before the
 * first group, may only be bad while no group of its generation lies behind it.
 */
#ifndef WEIR_STORE_JOURNAL_FORMAT_H
#define WEIR_STORE_JOURNAL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_BLOCK_BYTES 4096u
#define JOURNAL_SEGMENT_MAGIC "WEIRJRNL"
#define JOURNAL_VERSION 1u
#define JOURNAL_GROUP_MAGIC 0x31474a57u /* "WJG1" */

/* The three as they lie on disk. */
struct journal_segment_header {
    char magic[8];           /* JOURNAL_SEGMENT_MAGIC */
    uint32_t version;        /* JOURNAL_VERSION */
    uint32_t crc;            /* of the block */
    uint64_t generation;     /* as in the name */
    uint64_t salt;           /* of this life of the file */
    uint64_t bytes;          /* of the file */
    uint64_t first_position; /* 0: ready, not yet in use */
    int64_t first_at_ms;     /* moment of the first entry */
    uint64_t before;         /* generation in use before this one */
};

struct journal_group_header {
    uint32_t magic;          /* JOURNAL_GROUP_MAGIC */
    uint32_t crc;            /* of the header behind this field */
    uint64_t generation;     /* of the segment */
    uint64_t offset;         /* of the group in it */
    uint64_t first_position; /* of the first entry */
    uint64_t salt;           /* seals the entries */
    uint64_t bytes;          /* header and entries */
    uint32_t count;          /* of entries */
    uint32_t reach;          /* blocks of the next group, at most */
    uint32_t zero[2];        /* reserved */
};

struct journal_entry_header {
    uint32_t crc;      /* of the entry behind this field */
    uint32_t bytes;    /* of the body */
    uint64_t position; /* of the entry */
    int64_t at_ms;     /* its moment */
};

_Static_assert(sizeof(struct journal_segment_header) == 64, "a segment's header has 64 bytes");
_Static_assert(sizeof(struct journal_group_header) == 64, "a group's header has 64 bytes");
_Static_assert(sizeof(struct journal_entry_header) == 24, "an entry's header has 24 bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are written as they are");

/* The first byte behind `bytes` at which a block begins. */
static inline uint64_t journal_padded(uint64_t bytes)
{
    return (bytes + JOURNAL_BLOCK_BYTES - 1) / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
}

#endif
