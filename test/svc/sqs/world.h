/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests of SQS: a disk in memory, a store on it, the cell with the
 * bus and SQS, and calls without a network.
 */
#ifndef WEIR_TEST_SQS_WORLD_H
#define WEIR_TEST_SQS_WORLD_H

#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell_int.h"
#include "svc/sqs/sqs.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)
#define WORLD_HOME "arn:aws:sqs:us-east-1:000000000000:"

struct world {
    struct faulty *disk;       /* what it runs on */
    struct store *store;       /* open on it */
    struct clock clock;        /* stands still unless moved */
    struct cell *cell;         /* with its services */
    struct arena *arena;       /* of calls; cleared by the test */
    struct why why;            /* of the last call */
    uint64_t opens;            /* so far */
};

/* On a disk of its own, or in a directory of the real one. */
static inline status world_open_at(struct world *world, const char *dir)
{
    static const struct service *const services[] = {&bus_service, &sqs_service, NULL};
    bool real = world->disk == NULL;
    struct store_options store = {.files = real ? files_real() : faulty_files(world->disk),
                                  .dir = dir, .memory_index = !real, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services,
                                .seed = 7 + world->opens++}; /* as chance: never the same again */

    clock_init_manual(&world->clock, WORLD_START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static inline status world_open(struct world *world)
{
    return world_open_at(world, "/d");
}

static inline void world_close(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
    world->cell = NULL;
}

static inline struct value *world_input(struct world *world, const char *operation,
                                        const char *queue)
{
    const struct operation *found = model_operation(model_service(STR("sqs")), str_c(operation));
    struct value *in = value_struct(world->arena, found->input);

    if (queue != NULL) {
        set_str(in, "QueueUrl", str_c(queue));
    }
    return in;
}

static inline status world_call(struct world *world, const char *operation, struct value *input,
                                struct value **ret_out)
{
    struct cell_request request = {.service = "sqs", .operation = operation, .input = input};

    world->why.text[0] = '\0';
    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

static inline void world_attribute(struct world *world, struct value *in, const char *name,
                                   const char *value)
{
    struct value *map = (struct value *)(uintptr_t)get(in, "Attributes");

    if (map == NULL) {
        map = set_map(world->arena, in, "Attributes", 8);
    }
    map_add_str(map, str_c(name), str_c(value));
}

/* A queue, FIFO when its name says so; dead: name of its dead-letter queue, for the third receive;
 * or NULL. */
static inline status world_create(struct world *world, const char *name, const char *dead)
{
    struct value *in = world_input(world, "CreateQueue", NULL);
    struct value *out;

    set_str(in, "QueueName", str_c(name));
    if (str_ends(str_c(name), STR(".fifo"))) {
        world_attribute(world, in, "FifoQueue", "true");
        world_attribute(world, in, "ContentBasedDeduplication", "true");
    }
    if (dead != NULL) {
        struct str policy =
            arena_printf(world->arena,
                         "{\"deadLetterTargetArn\":\"" WORLD_HOME "%s\",\"maxReceiveCount\":2}",
                         dead);

        world_attribute(world, in, "RedrivePolicy", policy.at);
    }
    return world_call(world, "CreateQueue", in, &out);
}

/* group: NULL for a standard queue. */
static inline status world_send(struct world *world, const char *queue, const char *group,
                                struct str body, int64_t delay_seconds)
{
    struct value *in = world_input(world, "SendMessage", queue);
    struct value *out;

    set_str(in, "MessageBody", body);
    if (group != NULL) {
        set_str(in, "MessageGroupId", str_c(group));
    } else {
        set_int(in, "DelaySeconds", delay_seconds);
    }
    return world_call(world, "SendMessage", in, &out);
}

/* The list of messages; NULL: none, or the call failed with *ret_status. */
static inline const struct value *world_receive(struct world *world, const char *queue,
                                                int64_t count, int64_t visibility_seconds,
                                                status *ret_status)
{
    struct value *in = world_input(world, "ReceiveMessage", queue);
    struct value *out = NULL;

    set_int(in, "MaxNumberOfMessages", count);
    set_int(in, "VisibilityTimeout", visibility_seconds);
    *ret_status = world_call(world, "ReceiveMessage", in, &out);
    return *ret_status == OK ? get(out, "Messages") : NULL;
}

static inline status world_delete(struct world *world, const char *queue, struct str handle)
{
    struct value *in = world_input(world, "DeleteMessage", queue);
    struct value *out;

    set_str(in, "ReceiptHandle", handle);
    return world_call(world, "DeleteMessage", in, &out);
}

/* Failed with that code; the service's error lines are its own. */
static inline bool world_failed(status code, const char *text)
{
    return code != OK && strcmp(code->code, text) == 0;
}

#endif
