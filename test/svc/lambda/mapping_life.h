/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of mappings do: shards, records, the mapping, its batches, holds.
 */
#ifndef WEIR_TEST_SVC_LAMBDA_MAPPING_LIFE_H
#define WEIR_TEST_SVC_LAMBDA_MAPPING_LIFE_H

#include "../test/svc/lambda/mapping_world.h"

/* ---- shards and records ---- */

struct made_append {
    uint64_t shard;   /* number */
    const char *keys; /* one record of each letter */
};

static status append(struct call *c, void *arg)
{
    const struct made_append *what = arg;
    struct made_shard *shard = &made.shards[what->shard];

    for (const char *key = what->keys; *key != '\0'; key++) {
        assert(shard->count < MADE_RECORDS_MAX);
        shard->keys[shard->count] = *key;
        shard->at_ms[shard->count++] = c->now;
    }
    bus_source_ring(c->cell, MADE, false);
    return OK;
}

static inline void world_append(struct world *world, uint64_t shard, const char *keys)
{
    struct made_append what = {shard, keys};

    world_step(world, append, &what);
}

static status ring_shards(struct call *c, void *arg)
{
    (void)arg;
    bus_source_ring(c->cell, MADE, true);
    return OK;
}

static inline void world_shard(struct world *world, uint64_t number, int parent, int other)
{
    made.shards[number].there = true;
    made.shards[number].first = 1;
    made.shards[number].parents[0] = parent;
    made.shards[number].parents[1] = other;
    if (parent >= 0) {
        made.shards[parent].closed = true;
    }
    if (other >= 0) {
        made.shards[other].closed = true;
    }
    world_step(world, ring_shards, NULL);
}

/* ---- mappings ---- */

struct made_mapping {
    struct world *world; /* gets it */
    const char *config;  /* JSON members, without braces */
};

static status configure(struct call *c, void *arg)
{
    struct made_mapping *what = arg;
    struct world *world = what->world;
    struct str config = arena_printf(
        c->arena,
        "{\"EventSourceArn\":\"%.*s\",\"EventSourceMappingArn\":\"arn:aws:lambda:us-east-1:"
        "000000000000:event-source-mapping:11111111-1111-1111-1111-111111111111\",%s}",
        STR_ARG(MADE), what->config);
    status done;

    if (world->mapping == NULL) {
        world->mapping = mapping_new(mappings_of(c), STR("11111111-1111-1111-1111-111111111111"));
        mapping_text_set(&world->mapping->target.account, STR("000000000000"));
        mapping_text_set(&world->mapping->target.region, STR("us-east-1"));
        mapping_text_set(&world->mapping->target.name, STR("f"));
    }
    world->mapping->enabled = true;
    done = mapping_configure(c, world->mapping, config);
    assert(done == OK);
    mapping_save(c, world->mapping);
    done = shards_list(c, world->mapping);
    assert(done == OK);
    mapping_resume(c->cell, world->mapping);
    return OK;
}

/* Made, or changed. */
static inline void world_configure(struct world *world, const char *config)
{
    struct made_mapping what = {world, config};

    world_step(world, configure, &what);
}

/* ---- batches ---- */

struct made_end {
    struct batch *batch;
    struct ran_how how;
};

static void end_batch(struct cell *cell, void *arg)
{
    const struct made_end *end = arg;

    batch_done(cell, end->batch, &end->how);
}

/* The running batch at that place ends so. */
static inline void world_end(struct world *world, size_t at, enum ran ran, const char *answer)
{
    struct made_end end = {made.running[at], {ran, str_c(answer), STR("request"), STR("$LATEST")}};

    assert(at < made.running_count);
    made.running_count--;
    for (size_t i = at; i < made.running_count; i++) {
        made.running[i] = made.running[i + 1];
        memcpy(made.events[i], made.events[i + 1], sizeof(made.events[i]));
        memcpy(made.wholes[i], made.wholes[i + 1], sizeof(made.wholes[i]));
    }
    cell_visit(world->cell, end_batch, &end);
}

static inline bool world_runs(const char *ids)
{
    if (made.running_count == 1 && strcmp(made.events[0], ids) == 0) {
        return true;
    }
    printf("running: %zu", made.running_count);
    for (size_t i = 0; i < made.running_count; i++) {
        printf(" [%s]", made.events[i]);
    }
    printf(", not [%s]\n", ids);
    return false;
}

/* ---- holds ---- */

struct hold_of {
    struct str key; /* of the mapping; empty: all of it */
    bool release;   /* let it go on */
};

static status hold_key(struct call *c, void *arg)
{
    const struct hold_of *of = arg;
    struct held held = {HOLD_MAPPING,
                        STR("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:"
                            "11111111-1111-1111-1111-111111111111"),
                        of->key};
    bool changed;

    if (of->release) {
        (void)hold_clear(c, &held);
        return OK;
    }
    return hold_set(c, &held, &changed);
}

static inline void world_hold(struct world *world, struct str key, bool release)
{
    struct hold_of of = {key, release};

    world_step(world, hold_key, &of);
}

#endif
