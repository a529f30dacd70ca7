/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests: a disk in memory, a store on it, the cell with Kinesis,
 * and calls without a network.
 */
#ifndef WEIR_TEST_KINESIS_WORLD_H
#define WEIR_TEST_KINESIS_WORLD_H

#include "cell/cell_int.h"
#include "bus/bus.h"
#include "svc/kinesis/kinesis.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena; /* of calls; cleared by the test */
    struct why why;      /* of the last call */
};

static inline status world_open(struct world *world)
{
    static const struct service *const services[] = {&bus_service, &kinesis_service, NULL};
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = 7};

    clock_init_manual(&world->clock, WORLD_START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static inline struct value *world_input(struct world *world, const char *operation)
{
    const struct operation *found =
        model_operation(model_service(STR("kinesis")), str_c(operation));

    return value_struct(world->arena, found->input);
}

static inline status world_call(struct world *world, const char *operation, struct value *input,
                                struct value **ret_out)
{
    struct cell_request request = {.service = "kinesis", .operation = operation, .input = input};

    world->why.text[0] = '\0';
    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

static inline status world_create(struct world *world, const char *name, int64_t shards)
{
    struct value *in = world_input(world, "CreateStream");
    struct value *out;

    set_str(in, "StreamName", str_c(name));
    set_int(in, "ShardCount", shards);
    return world_call(world, "CreateStream", in, &out);
}

static inline status world_put(struct world *world, const char *name, struct str key,
                               struct str data)
{
    struct value *in = world_input(world, "PutRecord");
    struct value *out;

    set_str(in, "StreamName", str_c(name));
    set_str(in, "PartitionKey", key);
    set_blob(in, "Data", data);
    return world_call(world, "PutRecord", in, &out);
}

/* Everything in a shard, as GetRecords' list; NULL when a call fails. */
static inline const struct value *world_records(struct world *world, const char *name,
                                                const char *shard)
{
    struct value *in = world_input(world, "GetShardIterator");
    struct value *out;

    set_str(in, "StreamName", str_c(name));
    set_str(in, "ShardId", str_c(shard));
    set_str(in, "ShardIteratorType", STR("TRIM_HORIZON"));
    if (world_call(world, "GetShardIterator", in, &out) != OK) {
        return NULL;
    }
    in = world_input(world, "GetRecords");
    set_str(in, "ShardIterator", get_str(out, "ShardIterator"));
    return world_call(world, "GetRecords", in, &out) == OK ? get(out, "Records") : NULL;
}

#endif
