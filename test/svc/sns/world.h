/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests: a disk in memory, a store on it, the cell with SNS and
 * SQS, and calls without a network.
 */
#ifndef WEIR_TEST_SNS_WORLD_H
#define WEIR_TEST_SNS_WORLD_H

#include "bus/bus.h"
#include "cell/cell_int.h"
#include "svc/sns/sns.h"
#include "svc/sqs/sqs.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)
#define WORLD_ACCOUNT "000000000000"
#define WORLD_TOPIC "arn:aws:sns:us-east-1:" WORLD_ACCOUNT ":"

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena; /* of calls; cleared by the test */
    struct why why;      /* of the last call */
};

static const struct service *const world_services[] = {&bus_service, &sqs_service, &sns_service,
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

static inline struct str world_topic_arn(struct world *world, const char *name)
{
    return arena_printf(world->arena, WORLD_TOPIC "%s", name);
}

static inline status world_topic(struct world *world, const char *name)
{
    struct value *in = world_input(world, "sns", "CreateTopic");
    struct value *out;

    set_str(in, "Name", str_c(name));
    return world_call(world, "sns", "CreateTopic", in, &out);
}

static inline status world_queue(struct world *world, const char *name)
{
    struct value *in = world_input(world, "sqs", "CreateQueue");
    struct value *out;

    set_str(in, "QueueName", str_c(name));
    return world_call(world, "sqs", "CreateQueue", in, &out);
}

/* A queue, raw. */
static inline status world_subscribe(struct world *world, const char *topic, const char *queue)
{
    struct value *in = world_input(world, "sns", "Subscribe");
    struct value *map = set_map(world->arena, in, "Attributes", 1);
    struct value *out;

    set_str(in, "TopicArn", world_topic_arn(world, topic));
    set_str(in, "Protocol", STR("sqs"));
    set_str(in, "Endpoint",
            arena_printf(world->arena, "arn:aws:sqs:us-east-1:" WORLD_ACCOUNT ":%s", queue));
    map_add_str(map, STR("RawMessageDelivery"), STR("true"));
    return world_call(world, "sns", "Subscribe", in, &out);
}

static inline status world_publish(struct world *world, const char *topic, struct str message)
{
    struct value *in = world_input(world, "sns", "Publish");
    struct value *out;

    set_str(in, "TopicArn", world_topic_arn(world, topic));
    set_str(in, "Message", message);
    return world_call(world, "sns", "Publish", in, &out);
}

/* At most ten messages of a queue, which stay invisible; NULL when the call fails. */
static inline const struct value *world_receive(struct world *world, const char *queue)
{
    struct value *in = world_input(world, "sqs", "ReceiveMessage");
    struct value *out;

    set_str(in, "QueueUrl",
            arena_printf(world->arena, "http://localhost/" WORLD_ACCOUNT "/%s", queue));
    set_int(in, "MaxNumberOfMessages", 10);
    return world_call(world, "sqs", "ReceiveMessage", in, &out) == OK ? get(out, "Messages")
                                                                      : NULL;
}

#endif
