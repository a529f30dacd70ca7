/* SPDX-License-Identifier: Apache-2.0
 *
 * How logs lie on disk, byte by byte. Numbers are little-endian; var, zigzag and str as in
 * base/cursor.h.
 *
 *   DIR/logs/<log, 16 hex digits>-<segment, 8 hex digits>.seg
 *
 * A segment is frames one after the other, each beginning at a block of 4,096 bytes. A frame is one
 * chunk of records:
 *
 *    0  u32  LOG_FRAME_MAGIC
 *    4  u32  CRC32C of the header from offset 8 on
 *    8  u32  CRC32C of the body
 *   12  u32  count of records, at least 1
 *   16  u64  log
 *   24  u64  sequence of the first record; the others follow without gaps
 *   32  i64  moment of the first record, ms
 *   40  i64  moment of the last record, ms
 *   48  u32  data bytes
 *   52       12 bytes of zero
 *   64  body: the records one after the other; zeros to the next multiple of 8;
 *       count slots, one per record: u32 offset in data where it ends, u32 ms after the first
 *       then zeros to the next block
 *
 * Slots lie in memory as they lie in the file, so a frame is used as it was read. They stand behind
 * the data so that a chunk can be written from where its records were gathered. Frames of data
 * format 1 (LOG_FRAME_MAGIC_1) have them in front, and no zeros in between.
 *
 *   DIR/logs/manifest-<position, 20 digits>
 *
 * says what the logs were at a checkpoint:
 *
 *    0  8 bytes "WEIRLOGS"
 *    8  u32  version = 1
 *   12  u32  CRC32C of the body
 *   16  u64  body bytes
 *   24  body: u64 position, var highest log number ever made, var count of logs, then per log
 *         var number, var first, var last, zigzag moment of the last record, var next segment,
 *         var count of segments, each:
 *           var number, var first, var count of records, zigzag first moment,
 *           var ms to the last moment, var file bytes, var data bytes
 *         var count of tail records: the newest ones, too few for a frame, each:
 *           zigzag moment, str data
 *
 * A segment file may be longer than its manifest says (written after the checkpoint, cut at the
 * next start) and never shorter.
 */
#ifndef WEIR_STORE_LOG_FORMAT_H
#define WEIR_STORE_LOG_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_FRAME_MAGIC 0x32434c57u   /* "WLC2" */
#define LOG_FRAME_MAGIC_1 0x31434c57u /* "WLC1" */
#define LOG_FRAME_HEADER_BYTES 64u
#define LOG_BLOCK_BYTES 4096u
#define LOG_FRAME_RECORDS_MAX 16384u

#define LOG_MANIFEST_MAGIC "WEIRLOGS"
#define LOG_MANIFEST_VERSION 1u
#define LOG_MANIFEST_HEADER_BYTES 24u
#define LOG_MANIFEST_BYTES_MAX (UINT64_C(1) << 30)

/* Where a record ends and when it was; on disk as in memory. */
struct log_slot {
    uint32_t end;      /* offset in the chunk's data behind the record */
    uint32_t after_ms; /* its moment, after the chunk's first */
};
_Static_assert(sizeof(struct log_slot) == 8, "a slot is eight bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "slots are written as they are");

struct log_frame {
    uint64_t log;        /* whose */
    uint64_t first;      /* sequence of the first record */
    int64_t first_at_ms; /* its moment */
    int64_t last_at_ms;  /* of the last record */
    uint32_t count;      /* of records */
    uint32_t data_bytes; /* of all of them */
    uint32_t body_crc;   /* of data, zeros and slots */
    bool slots_first;    /* as in data format 1 */
};

/* Where slots and data begin in the body. */
static inline uint64_t log_frame_slots_at(const struct log_frame *frame)
{
    return frame->slots_first ? 0 : ((uint64_t)frame->data_bytes + 7) / 8 * 8;
}

static inline uint64_t log_frame_data_at(const struct log_frame *frame)
{
    return frame->slots_first ? (uint64_t)frame->count * sizeof(struct log_slot) : 0;
}

static inline uint64_t log_frame_body_bytes(const struct log_frame *frame)
{
    uint64_t slots = (uint64_t)frame->count * sizeof(struct log_slot);

    return slots + (frame->slots_first ? frame->data_bytes : log_frame_slots_at(frame));
}

/* In the file, with the zeros behind it. */
static inline uint64_t log_frame_bytes(const struct log_frame *frame)
{
    uint64_t bytes = LOG_FRAME_HEADER_BYTES + log_frame_body_bytes(frame);

    return (bytes + LOG_BLOCK_BYTES - 1) / LOG_BLOCK_BYTES * LOG_BLOCK_BYTES;
}

#endif
