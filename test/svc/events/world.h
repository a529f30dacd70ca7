/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests: a disk in memory, a store on it, the cell with
 * EventBridge, SQS and a target that is busy as often as a test says; calls without a network.
 */
#ifndef WEIR_TEST_EVENTS_WORLD_H
#define WEIR_TEST_EVENTS_WORLD_H

#include "base/mem.h"
#include "bus/bus.h"
#include "bus/sink.h"
#include "cell/cell.h"
#include "svc/events/events.h"
#include "svc/sqs/sqs.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)
#define WORLD_ACCOUNT "000000000000"
#define WORLD_BUSY "arn:aws:busy:us-east-1:" WORLD_ACCOUNT ":target"
#define WORLD_QUEUE "arn:aws:sqs:us-east-1:" WORLD_ACCOUNT ":"

struct world {
    struct faulty *disk;   /* what it runs on */
    struct store *store;   /* open on it */
    struct clock clock;    /* stands still unless moved */
    struct cell *cell;     /* with the services below */
    struct arena *arena;   /* of calls */
    struct why why;        /* of the last call */
};

/* The target's: how often it is still busy, how many events it took. */
static struct {
    uint32_t busy, took;
} world_busy;

static status busy_check(struct call *c, const struct bus_event *event)
{
    (void)event;
    if (world_busy.busy > 0) {
        world_busy.busy--;
        return fail(c, &BUS_BUSY, "Not now");
    }
    return OK;
}

static status busy_take(struct call *c, const struct bus_event *event)
{
    (void)c;
    (void)event;
    world_busy.took++;
    return OK;
}

static status busy_open(struct cell *cell, void **ret_state)
{
    static const struct sink sink = {"busy", busy_check, busy_take, NULL};

    *ret_state = &world_busy;
    bus_sink_add(cell, &sink);
    return OK;
}

static const struct service busy_service = {.id = "busy", .open = busy_open};

static inline status world_open(struct world *world)
{
    static const struct service *const services[] = {&bus_service, &sqs_service, &events_service,
                                                     &busy_service, NULL};
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = 7};

    clock_init_manual(&world->clock, WORLD_START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static inline void world_close(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
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

static inline status world_queue(struct world *world, const char *name)
{
    struct value *in = world_input(world, "sqs", "CreateQueue");
    struct value *out;

    set_str(in, "QueueName", str_c(name));
    return world_call(world, "sqs", "CreateQueue", in, &out);
}

/* A rule for every event of source "s". */
static inline status world_rule(struct world *world, const char *name)
{
    struct value *in = world_input(world, "events", "PutRule");
    struct value *out;

    set_str(in, "Name", str_c(name));
    set_str(in, "EventPattern", STR("{\"source\":[\"s\"]}"));
    return world_call(world, "events", "PutRule", in, &out);
}

/* What a target is beside its rule and ARN. */
struct world_target {
    const char *dead;        /* its dead-letter queue; NULL: none */
    int64_t retries, age;    /* of its retry policy; -1: not said */
};

static inline status world_put_target(struct world *world, const char *rule, struct str arn,
                                      const struct world_target *more)
{
    struct value *in = world_input(world, "events", "PutTargets");
    struct value *item = list_add(world->arena, set_list(world->arena, in, "Targets", 1));
    struct value *out;

    set_str(in, "Rule", str_c(rule));
    set_str(item, "Id", STR("t"));
    set_str(item, "Arn", arn);
    if (more->dead != NULL) {
        set_str(set_struct(world->arena, item, "DeadLetterConfig"), "Arn",
                arena_printf(world->arena, WORLD_QUEUE "%s", more->dead));
    }
    if (more->retries >= 0 || more->age >= 0) {
        struct value *policy = set_struct(world->arena, item, "RetryPolicy");

        if (more->retries >= 0) {
            set_int(policy, "MaximumRetryAttempts", more->retries);
        }
        if (more->age >= 0) {
            set_int(policy, "MaximumEventAgeInSeconds", more->age);
        }
    }
    return world_call(world, "events", "PutTargets", in, &out);
}

/* An event of source "s" whose detail says a number. */
static inline status world_put(struct world *world, int number)
{
    struct value *in = world_input(world, "events", "PutEvents");
    struct value *entry = list_add(world->arena, set_list(world->arena, in, "Entries", 1));
    struct value *out;

    set_str(entry, "Source", STR("s"));
    set_str(entry, "DetailType", STR("t"));
    set_str(entry, "Detail", arena_printf(world->arena, "{\"n\":%d}", number));
    return world_call(world, "events", "PutEvents", in, &out);
}

/* At most ten messages of a queue, which stay invisible; NULL: none. */
static inline const struct value *world_receive(struct world *world, const char *queue)
{
    struct value *in = world_input(world, "sqs", "ReceiveMessage");
    struct value *out;
    const struct value *list;

    set_str(in, "QueueUrl",
            arena_printf(world->arena, "http://localhost/" WORLD_ACCOUNT "/%s", queue));
    set_int(in, "MaxNumberOfMessages", 10);
    list_add_str(set_list(world->arena, in, "MessageAttributeNames", 1), STR("All"));
    list = world_call(world, "sqs", "ReceiveMessage", in, &out) == OK ? get(out, "Messages")
                                                                      : NULL;
    return list == NULL || list->count == 0 ? NULL : list;
}

#endif
