/* SPDX-License-Identifier: Apache-2.0
 *
 * What the index's backings offer to the store alone.
 */
#ifndef WEIR_STORE_KV_INT_H
#define WEIR_STORE_KV_INT_H

#include "store/kv.h"

/* Keys that start with this byte are the index's own; nobody else uses them (key.h never does). */
#define KV_OWN_KEY_BYTE '\0'

/* Every backing's struct kv_scan begins with this. */
struct kv_scan_head {
    const struct kv_ops *ops; /* of the index it scans */
};
static inline const struct kv_ops *kv_scan_ops(const struct kv_scan *scan)
{
    return ((const struct kv_scan_head *)(const void *)scan)->ops;
}

/* What lies under kv_rocks_open(): applied to and checkpointed on one thread, read on another. */
status kv_rocks_open_under(const char *dir, uint64_t cache_bytes, struct why *why,
                           struct kv **ret_kv);
/* For fsck: nothing on disk changes; apply and checkpoints are bugs. ERR_NOT_FOUND when there is no
 * index in dir. */
status kv_rocks_open_read(const char *dir, uint64_t cache_bytes, struct why *why,
                          struct kv **ret_kv);
/* Reads every block of the index and compares its checksum. ERR_CORRUPT. */
status kv_rocks_verify(struct kv *kv, struct why *why);

#endif
