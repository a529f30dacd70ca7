/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests: a disk in memory, a store on it, the cell with IAM and
 * STS, and calls without a network.
 */
#ifndef WEIR_TEST_IAM_WORLD_H
#define WEIR_TEST_IAM_WORLD_H

#include "bus/bus.h"
#include "cell/cell_int.h"
#include "svc/iam/iam.h"
#include "svc/sts/sts.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)
#define WORLD_IAM "arn:aws:iam::000000000000:"

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena; /* of calls; cleared by the test */
    struct why why;      /* of the last call */
};

static const struct service *const world_services[] = {&bus_service, &iam_service, &sts_service,
                                                       NULL};

static inline status world_open_store(struct world *world, const struct store_options *store)
{
    struct cell_options cell = {.clock = &world->clock, .services = world_services, .seed = 7};

    clock_init_manual(&world->clock, WORLD_START_MS);
    TRY(store_open(store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static inline status world_open(struct world *world)
{
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};

    return world_open_store(world, &store);
}

static inline struct value *world_input(struct world *world, const char *service,
                                        const char *operation)
{
    const struct operation *found =
        model_operation(model_service(str_c(service)), str_c(operation));

    return value_struct(world->arena, found->input);
}

static inline status world_call(struct world *world, const char *service, const char *operation,
                                struct value *input, struct value **ret_out)
{
    struct cell_request request = {
        .service = service, .operation = operation, .input = input};

    world->why.text[0] = '\0';
    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

/* A call with at most three members, all texts; a NULL name ends them. */
struct world_member {
    const char *name;
    struct str text;
};

static inline status world_iam(struct world *world, const char *operation,
                               const struct world_member members[3], struct value **ret_out)
{
    struct value *in = world_input(world, "iam", operation);
    struct value *out;

    for (int i = 0; i < 3 && members[i].name != NULL; i++) {
        set_str(in, members[i].name, members[i].text);
    }
    return world_call(world, "iam", operation, in, ret_out == NULL ? &out : ret_out);
}

#endif
