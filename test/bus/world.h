/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus in a cell with the probe (probe.h), on a disk in memory and a clock that stands still.
 */
#ifndef WEIR_TEST_BUS_WORLD_H
#define WEIR_TEST_BUS_WORLD_H

#include "../test/bus/probe.h"
#include "cell/doing.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)

struct world {
    struct faulty *disk;     /* what it runs on */
    struct store *store;     /* open on it */
    struct clock clock;      /* stands still unless moved */
    struct cell *cell;       /* with the bus and the probe */
    struct arena *arena;     /* of calls */
    struct why why;          /* of the last call */
    struct carried *carried; /* the carrier's */
    int64_t now_ms;          /* where the clock begins */
};

static inline status world_open(struct world *world)
{
    static const struct service *const services[] = {&bus_service, &probe_service, NULL};
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = 7};

    world_carried = world->carried;
    clock_init_manual(&world->clock, world->now_ms);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static inline void world_close(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
    world->cell = NULL;
}

static inline struct world *world_new(uint64_t seed)
{
    struct world *world = MEM_NEW(struct world);

    world->disk = faulty_new(seed);
    world->arena = arena_new(256u << 20);
    world->carried = MEM_NEW(struct carried);
    world->now_ms = WORLD_START_MS;
    lock_init(&world->carried->lock);
    cond_init(&world->carried->free);
    return world;
}

static inline void world_free(struct world *world)
{
    if (world->cell != NULL) {
        world_close(world);
    }
    faulty_free(world->disk);
    arena_free(world->arena);
    lock_done(&world->carried->lock);
    cond_done(&world->carried->free);
    mem_free(world->carried);
    mem_free(world);
}

/* A stop and a start; the clock stays where it was. */
static inline void world_restart(struct world *world)
{
    world->now_ms = clock_now_ms(&world->clock);
    world_close(world);
    status opened = world_open(world);

    assert(opened == OK);
}

/* Runs something in the cell, as a call of the probe's. */
static inline status world_do(struct world *world, status (*run)(struct call *c, void *arg),
                              void *arg)
{
    struct doing doing = {"probe", "Test", STR_NONE, STR_NONE, run, arg};

    world->why.text[0] = '\0';
    return cell_do(world->cell, &doing, world->arena, &world->why);
}

static inline void world_advance(struct world *world, int64_t by_ms)
{
    status advanced = cell_advance(world->cell, by_ms, &world->why);

    assert(advanced == OK);
}

struct count {
    const char *kind; /* of the probe's rows */
    size_t count;     /* of them */
};

static status count_in_cell(struct call *c, void *arg)
{
    struct count *count = arg;

    count->count = probe_count(c, count->kind);
    return OK;
}

/* How many rows the probe has of a kind: "taken", "fired". */
static inline size_t world_count(struct world *world, const char *kind)
{
    struct count count = {kind, 0};
    status counted = world_do(world, count_in_cell, &count);

    assert(counted == OK);
    return count.count;
}

struct text {
    const char *kind;  /* of the probe's rows */
    uint64_t number;   /* which */
    struct str text;   /* what it says */
};

static status text_in_cell(struct call *c, void *arg)
{
    struct text *text = arg;

    if (!txn_get(c->txn, probe_key(c->arena, text->kind, text->number), &text->text)) {
        text->text = STR("nothing");
    }
    return OK;
}

/* What the probe noted as the number-th of a kind. */
static inline struct str world_text(struct world *world, const char *kind, uint64_t number)
{
    struct text text = {kind, number, STR_NONE};
    status found = world_do(world, text_in_cell, &text);

    assert(found == OK);
    return text.text;
}

static status send_in_cell(struct call *c, void *arg)
{
    (void)bus_send(c, arg);
    return OK;
}

static inline status world_send(struct world *world, struct str target, struct str via,
                                const char *body)
{
    struct bus_event event = {.target = target, .source = TARGET("test"),
                              .principal = STR("probe.amazonaws.com"), .via = via,
                              .account = STR("111122223333"), .body = str_c(body),
                              .about = str_c(body)};

    return world_do(world, send_in_cell, &event);
}

/* A page's answer, as text. */
static inline struct str world_page(struct world *world, const char *path, const char *query)
{
    struct cell_answer answer;
    struct http_request http = {.method = STR("POST"), .path = str_c(path), .query = str_c(query)};
    struct cell_request request = {.service = "bus", .page = path, .http = &http,
                                   .answer = &answer};
    struct value *out;
    status asked = cell_call(world->cell, &request, world->arena, &world->why, &out);

    assert(asked == OK);
    return answer.body;
}

static inline bool world_says(struct world *world, const char *path, const char *query,
                              const char *text)
{
    struct str answer = world_page(world, path, query);

    return str_find_str(answer, str_c(text)) < answer.bytes;
}

static inline size_t world_times(struct world *world, const char *path, const char *query,
                                 const char *text)
{
    struct str answer = world_page(world, path, query);
    struct str wanted = str_c(text);
    size_t times = 0;

    for (;;) {
        size_t at = str_find_str(answer, wanted);

        if (at >= answer.bytes) {
            return times;
        }
        answer = str_slice(answer, at + wanted.bytes, answer.bytes);
        times++;
    }
}

#endif
