/* SPDX-License-Identifier: Apache-2.0
 *
 * Event source mappings with a made-up source (made.h) and a made-up runner, on a disk in memory
 * and a clock that stands still. The runner keeps every batch that is begun until the test says how
 * it went.
 */
#ifndef WEIR_TEST_SVC_LAMBDA_MAPPING_WORLD_H
#define WEIR_TEST_SVC_LAMBDA_MAPPING_WORLD_H

#include "../test/svc/lambda/made.h"
#include "cell/doing.h"
#include "svc/lambda/lambda.h"
#include "sys/faulty.h"

#define START_MS INT64_C(1790000000000)

/* ---- the runner ---- */

static status made_may(struct call *c, const struct mapping *mapping, struct version *ret_version)
{
    (void)c;
    (void)mapping;
    (void)ret_version;
    return made.refuses ? &LAMBDA_TOO_MANY_REQUESTS : OK;
}

static status made_start(struct call *c, const struct mapping_wish *wish, struct batch *batch)
{
    char *event = made.events[made.running_count];

    (void)c;
    assert(made.running_count < RUNNING_MAX);
    event[0] = '\0';
    for (size_t i = 0; i < batch->count; i++) {
        size_t used = strlen(event);

        (void)snprintf(event + used, 4096 - used, "%s%.*s", i == 0 ? "" : " ",
                       STR_ARG(batch->records[i].id));
    }
    (void)snprintf(made.wholes[made.running_count], 2048, "%.*s", STR_ARG(wish->event));
    made.running[made.running_count++] = batch;
    return OK;
}

static const struct mapping_runner made_runner = {made_may, made_start};

/* ---- the world ---- */

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;     /* of calls */
    struct why why;          /* of the last call */
    struct mapping *mapping; /* the one; NULL: none */
    int64_t now_ms;          /* where the clock begins */
};

static inline void world_step(struct world *world, status (*run)(struct call *c, void *arg),
                              void *arg)
{
    struct doing doing = {"lambda", "Test", STR_NONE, STR_NONE, run, arg};
    status done = cell_do(world->cell, &doing, world->arena, &world->why);

    assert(done == OK);
}

static status use_runner(struct call *c, void *arg)
{
    struct world *world = arg;
    struct str uuid;
    size_t at = 0;
    void *mapping;

    mappings_of(c)->runner = &made_runner;
    world->mapping = map_next(mappings_of(c)->by_uuid, &at, &uuid, &mapping) ? mapping : NULL;
    return OK;
}

static inline status world_open(struct world *world)
{
    static const struct service *const services[] = {&bus_service, &made_service, &lambda_service,
                                                     NULL};
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = 7};

    made.refuses = true; /* until the runner is ours */
    clock_init_manual(&world->clock, world->now_ms);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    TRY(cell_open(&cell, &world->why, &world->cell));
    world_step(world, use_runner, world);
    made.refuses = false;
    return OK;
}

static inline struct world *world_begun(uint64_t seed)
{
    struct world *world = MEM_NEW(struct world);
    status opened;

    memset(&made, 0, sizeof(made));
    world->disk = faulty_new(seed);
    world->arena = arena_new(512u << 20);
    world->now_ms = START_MS;
    opened = world_open(world);
    assert(opened == OK);
    return world;
}

static inline void world_close(struct world *world)
{
    made.running_count = 0; /* what runs is forgotten */
    cell_close(world->cell);
    store_close(world->store);
}

static inline void world_ended(struct world *world)
{
    world_close(world);
    faulty_free(world->disk);
    arena_free(world->arena);
    mem_free(world);
}

static inline void world_advance(struct world *world, int64_t by_ms)
{
    status advanced = cell_advance(world->cell, by_ms, &world->why);

    assert(advanced == OK);
}

static inline void world_restart(struct world *world)
{
    status opened;

    world->now_ms = clock_now_ms(&world->clock);
    world_close(world);
    opened = world_open(world);
    assert(opened == OK);
    world_advance(world, 2000); /* those that were refused look again */
}

#endif
