/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the manifest of a checkpoint of logs: opening and fsck refuse it or read it, and
 * what they take can be read to the end.
 *
 *   byte 0   bit 0: reseal, so that changes get past the checksum
 *            bit 1: the rest of the input is the body; otherwise it is changes of a good manifest
 */
#include "log_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reseal(char *image, uint64_t bytes)
{
    uint64_t body_bytes = bytes - LOG_MANIFEST_HEADER_BYTES;
    uint32_t crc = crc32c(0, str_of(image + LOG_MANIFEST_HEADER_BYTES, (size_t)body_bytes));

    memcpy(image + 12, &crc, sizeof(crc));
    memcpy(image + 16, &body_bytes, sizeof(body_bytes));
}

static char *replace(char *image, const uint8_t *body, size_t size, size_t *bytes)
{
    image = mem_grow(image, LOG_MANIFEST_HEADER_BYTES + size);
    if (size > 0) {
        memcpy(image + LOG_MANIFEST_HEADER_BYTES, body, size);
    }
    *bytes = LOG_MANIFEST_HEADER_BYTES + size;
    return image;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faulty *disk = faulty_new(1);
    const struct files *files = faulty_files(disk);
    size_t bytes = 0;

    log_make_good(files);
    if (size > 0) {
        char *image = log_file_read(files, MANIFEST, &bytes);

        if ((data[0] & 2) != 0) {
            image = replace(image, data + 1, size - 1, &bytes);
        } else {
            log_change(image, bytes, data + 1, size - 1);
        }
        if ((data[0] & 1) != 0) {
            reseal(image, bytes);
        }
        log_file_write(files, MANIFEST, str_of(image, bytes));
        mem_free(image);
    }
    log_look(files);
    faulty_free(disk);
    return 0;
}
