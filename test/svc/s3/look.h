/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at what lies in a world's store, and contents to put there.
 */
#ifndef WEIR_TEST_S3_LOOK_H
#define WEIR_TEST_S3_LOOK_H

#include "../test/svc/s3/world.h"

#include "bus/sink.h"
#include "cell/doing.h"

static inline void count_blob(void *arg, struct str id, bool good)
{
    (void)id;
    (void)good;
    ++*(size_t *)arg;
}

static inline size_t world_blob_count(struct world *world)
{
    size_t count = 0;

    blobs_each(store_blobs(world->store), false, count_blob, &count);
    return count;
}

/* Rows of a kind, as "shared". */
static inline size_t world_row_count(struct world *world, const char *kind)
{
    struct key prefix = key_of(world->arena, "s3");
    struct str key;
    struct str value;
    size_t count = 0;

    key_str(&prefix, str_c(kind));
    struct kv_scan *scan =
        store_scan(world->store, key_end(&prefix),
                   key_after_prefix(world->arena, key_end(&prefix)), false);

    while (store_scan_next(scan, &key, &value)) {
        count++;
    }
    store_scan_close(scan);
    return count;
}

/* Bytes that are each different from run to run of the number. */
static inline struct str world_bytes(struct world *world, uint64_t number, size_t bytes)
{
    struct rand rand;
    char *at = arena_alloc(world->arena, bytes + 1);

    rand_init(&rand, number + 1);
    rand_fill(&rand, at, bytes);
    return str_of(at, bytes);
}

/* Hands an event to the bus, as another service would. */
struct sending {
    const struct bus_event *event; /* what */
    status sent;                   /* how it went; the hop is noted either way */
};

static inline status send_event(struct call *c, void *arg)
{
    struct sending *sending = arg;

    sending->sent = bus_send(c, sending->event);
    return OK;
}

static inline status world_send(struct world *world, const struct bus_event *event)
{
    struct sending sending = {.event = event};
    struct doing doing = {.service = "s3", .name = "Send", .run = send_event, .arg = &sending};

    TRY(cell_do(world->cell, &doing, world->arena, &world->why));
    return sending.sent;
}

#endif
