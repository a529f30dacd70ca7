/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests of CloudWatch Logs: a disk in memory, a store on it, the
 * cell with the bus, logs and a service that sends, and calls without a network.
 */
#ifndef WEIR_TEST_LOGS_WORLD_H
#define WEIR_TEST_LOGS_WORLD_H

#include "base/mem.h"
#include "bus/bus.h"
#include "bus/sink.h"
#include "cell/cell_int.h"
#include "cell/doing.h"
#include "svc/logs/logs.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)

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
    static const struct service *const services[] = {&bus_service, &logs_service, NULL};
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

/* With the group's name, and the stream's where it is not NULL. */
static inline struct value *world_input(struct world *world, const char *operation,
                                        const char *group, const char *stream)
{
    const struct operation *found = model_operation(model_service(STR("logs")), str_c(operation));
    struct value *in = value_struct(world->arena, found->input);

    set_str(in, "logGroupName", str_c(group));
    if (stream != NULL) {
        set_str(in, "logStreamName", str_c(stream));
    }
    return in;
}

static inline status world_call(struct world *world, const char *operation, struct value *input,
                                struct value **ret_out)
{
    struct cell_request request = {.service = "logs", .operation = operation, .input = input};

    world->why.text[0] = '\0';
    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

/* An operation that needs nothing but names. */
static inline status world_do(struct world *world, const char *operation, const char *group,
                              const char *stream)
{
    struct value *out;

    return world_call(world, operation, world_input(world, operation, group, stream), &out);
}

/* The list that events are added to. */
static inline struct value *world_batch(struct world *world, const char *group, const char *stream,
                                        size_t count, struct value **ret_list)
{
    struct value *in = world_input(world, "PutLogEvents", group, stream);

    *ret_list = set_list(world->arena, in, "logEvents", count);
    return in;
}

static inline void world_event(struct world *world, struct value *list, int64_t ms,
                               struct str message)
{
    struct value *item = list_add(world->arena, list);

    set_int(item, "timestamp", ms);
    set_str(item, "message", message);
}

/* One message, at that moment. */
static inline status world_put(struct world *world, const char *group, const char *stream,
                               int64_t ms, struct str message)
{
    struct value *list;
    struct value *in = world_batch(world, group, stream, 1, &list);
    struct value *out;

    world_event(world, list, ms, message);
    return world_call(world, "PutLogEvents", in, &out);
}

/* A hand-off of another service's, as the bus does it. */
static inline status world_send_run(struct call *c, void *arg)
{
    return bus_send(c, arg);
}

static inline status world_send(struct world *world, const struct bus_event *event)
{
    struct doing doing = {.service = "bus", .name = "Send", .run = world_send_run,
                          .arg = (void *)(uintptr_t)event};

    world->why.text[0] = '\0';
    return cell_do(world->cell, &doing, world->arena, &world->why);
}

/* Failed with that code; the service's error lines are its own. */
static inline bool world_failed(status code, const char *text)
{
    return code != OK && strcmp(code->code, text) == 0;
}

#endif
