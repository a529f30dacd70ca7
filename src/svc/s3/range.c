/* SPDX-License-Identifier: Apache-2.0
 *
 * The Range header (RFC 9110, 14.2): one range of bytes. What is not well-formed, of another unit,
 * or of several ranges is as if it were not there; S3 does the same.
 */
#include "svc/s3/s3_core.h"

enum range_kind range_read(struct str header, uint64_t size, uint64_t *ret_offset,
                           uint64_t *ret_size)
{
    struct str rest = header;
    struct str first;
    uint64_t from;
    uint64_t to = UINT64_MAX;

    if (!str_starts(header, STR("bytes="))) {
        return RANGE_NONE;
    }
    rest = str_slice(header, 6, header.bytes);
    if (str_find(rest, '-', 0) == rest.bytes) {
        return RANGE_NONE;
    }
    first = str_trim(str_split(&rest, '-'));
    rest = str_trim(rest);
    if (first.bytes == 0) { /* the last so many */
        if (!str_to_u64(rest, &to)) {
            return RANGE_NONE;
        }
        if (to == 0 || size == 0) {
            return RANGE_UNSATISFIABLE;
        }
        *ret_size = to < size ? to : size;
        *ret_offset = size - *ret_size;
        return RANGE_OK;
    }
    if (!str_to_u64(first, &from) || (rest.bytes > 0 && !str_to_u64(rest, &to)) || to < from) {
        return RANGE_NONE;
    }
    if (from >= size) {
        return RANGE_UNSATISFIABLE;
    }
    *ret_offset = from;
    *ret_size = (to < size ? to + 1 : size) - from;
    return RANGE_OK;
}
