/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests of DynamoDB: a disk in memory (or a real directory), a
 * store on it, the cell with the bus and DynamoDB, calls in JSON without a network. In JSON here '
 * stands for ".
 */
#ifndef WEIR_TEST_SVC_DYNAMODB_WEIR_H
#define WEIR_TEST_SVC_DYNAMODB_WEIR_H

#include "../test/svc/dynamodb/world.h"

#include "bus/bus.h"
#include "cell/cell_int.h"
#include "svc/dynamodb/change.h"
#include "sys/faulty.h"

#define WEIR_START_MS INT64_C(1790000000000)

struct weir {
    struct faulty *disk;       /* what it runs on; NULL: a directory of the real one */
    struct store *store;       /* open on it */
    struct clock clock;        /* stands still unless moved */
    struct cell *cell;         /* with its services */
    struct arena *arena;       /* of calls; cleared by the test */
    struct why why;            /* of the last call */
    uint64_t opens;            /* so far */
};

static inline status weir_open_at(struct weir *weir, const char *dir)
{
    static const struct service *const services[] = {&bus_service, &dynamodb_service,
                                                     &dynamodbstreams_service, NULL};
    bool real = weir->disk == NULL;
    struct store_options store = {.files = real ? files_real() : faulty_files(weir->disk),
                                  .dir = dir, .memory_index = !real, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &weir->clock, .services = services,
                                .seed = 7 + weir->opens++}; /* as chance: never the same again */

    clock_init_manual(&weir->clock, WEIR_START_MS);
    TRY(store_open(&store, &weir->why, &weir->store));
    cell.store = weir->store;
    return cell_open(&cell, &weir->why, &weir->cell);
}

static inline status weir_open(struct weir *weir)
{
    return weir_open_at(weir, "/d");
}

static inline void weir_close(struct weir *weir)
{
    cell_close(weir->cell);
    store_close(weir->store);
    weir->cell = NULL;
}

/* An operation with its input in JSON. */
static inline status weir_call(struct weir *weir, const char *operation, const char *json,
                               struct value **ret_out)
{
    struct cell_request request = {.service = "dynamodb", .operation = operation};

    request.input = input_of(weir->arena, operation, json);
    weir->why.text[0] = '\0';
    return cell_call(weir->cell, &request, weir->arena, &weir->why, ret_out);
}

static inline struct table *weir_table(struct weir *weir, const char *name)
{
    return table_find(cell_state(weir->cell, "dynamodb"), STR("000000000000"), STR("us-east-1"),
                      str_c(name));
}

#endif
