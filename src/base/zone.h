/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones as the system's database has them (TZif, RFC 8536): which offset holds at a moment.
 * Reading the file is sys/zone_file.h's.
 */
#ifndef WEIR_BASE_ZONE_H
#define WEIR_BASE_ZONE_H

#include "base/error.h"
#include "base/str.h"

#define ZONE_BYTES_MAX (64u * 1024) /* of a file; the largest has 4 KiB */
#define ZONE_TYPES_MAX 256
#define ZONE_CHANGES_MAX 4096

struct zone;

/* What holds at a moment. */
struct zone_time {
    int32_t offset_s;  /* to be added to UTC */
    struct str name;   /* "CEST"; lives as long as the zone */
};

/* ERR_MALFORMED: no TZif of version 2 or later. Moments behind its last change have what that
 * change brought. */
status zone_read(struct str bytes, struct zone **ret_zone);
void zone_free(struct zone *zone); /* NULL is fine */
struct zone_time zone_at(const struct zone *zone, int64_t moment_ms); /* NULL: UTC */

#endif
