/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as frames of a log's segment: what reads them says that they are corrupt or gives
 * records that lie within them.
 *
 *   byte 0   bit 0: reseal every frame, so that changes get past the checksums
 *            bit 1: the rest of the input is the segment's beginning; otherwise it is changes
 */
#include "log_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Offsets in a frame's header, log_format.h. */
#define HEADER_CRC_AT 4
#define BODY_CRC_AT 8
#define COUNT_AT 12
#define DATA_BYTES_AT 48

static void reseal(char *image, size_t bytes)
{
    for (size_t at = 0; at + LOG_BLOCK_BYTES <= bytes; at += LOG_BLOCK_BYTES) {
        struct log_frame frame = {.count = 0};
        uint32_t magic = 0;
        uint32_t crc;

        memcpy(&magic, image + at, sizeof(magic));
        memcpy(&frame.count, image + at + COUNT_AT, sizeof(frame.count));
        memcpy(&frame.data_bytes, image + at + DATA_BYTES_AT, sizeof(frame.data_bytes));
        frame.slots_first = magic == LOG_FRAME_MAGIC_1;
        if (magic != LOG_FRAME_MAGIC && !frame.slots_first) {
            continue;
        }
        if (log_frame_body_bytes(&frame) <= bytes - at - LOG_FRAME_HEADER_BYTES) {
            size_t body = (size_t)log_frame_body_bytes(&frame);

            crc = crc32c(0, str_of(image + at + LOG_FRAME_HEADER_BYTES, body));
            memcpy(image + at + BODY_CRC_AT, &crc, sizeof(crc));
        }
        crc = crc32c(0, str_of(image + at + BODY_CRC_AT, LOG_FRAME_HEADER_BYTES - BODY_CRC_AT));
        memcpy(image + at + HEADER_CRC_AT, &crc, sizeof(crc));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faulty *disk = faulty_new(1);
    const struct files *files = faulty_files(disk);
    size_t bytes = 0;

    log_make_good(files);
    if (size > 0) {
        char *image = log_file_read(files, SEGMENT, &bytes);

        if ((data[0] & 2) != 0) {
            memcpy(image, data + 1, size - 1 < bytes ? size - 1 : bytes);
        } else {
            log_change(image, bytes, data + 1, size - 1);
        }
        if ((data[0] & 1) != 0) {
            reseal(image, bytes);
        }
        log_file_write(files, SEGMENT, str_of(image, bytes));
        mem_free(image);
    }
    log_look(files);
    faulty_free(disk);
    return 0;
}
