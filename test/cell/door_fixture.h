/* SPDX-License-Identifier: Apache-2.0
 *
 * A door over a cell on a disk in memory, spoken to without sockets. The tests bring the service.
 */
#ifndef WEIR_TEST_CELL_DOOR_FIXTURE_H
#define WEIR_TEST_CELL_DOOR_FIXTURE_H

#include "base/mem.h"
#include "cell/door_int.h"
#include "net/server.h"
#include "sys/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours is call.h's */

#define START_MS INT64_C(1790000000000)

struct fixture {
    struct faulty *disk;         /* under the store */
    struct store *store;
    struct clock clock;          /* stands still */
    struct cell *cell;
    struct door *door;
    struct loopback *loopback;   /* the network */
    uint32_t peer;               /* its one connection */
};

static inline void fixture_open_in(struct fixture *f, const struct service *const *services,
                                   bool auth, const struct files *files, const char *dir)
{
    struct store_options store = {.files = files, .dir = dir, .memory_index = true,
                                  .keep_bytes = 1u << 30, .keep_ms = 1u << 30};
    struct cell_options cell = {.clock = &f->clock, .services = services, .seed = 1};
    struct door_options door = {.auth = auth, .version = "test"};
    struct why why = {""};

    clock_init_manual(&f->clock, START_MS);
    assert_ptr_equal(store_open(&store, &why, &f->store), OK);
    cell.store = f->store;
    assert_ptr_equal(cell_open(&cell, &why, &f->cell), OK);
    door.cell = f->cell;
    f->door = door_new(&door);
    f->loopback = loopback_new(door_app(f->door));
    f->peer = loopback_connect(f->loopback);
}

static inline void fixture_open(struct fixture *f, const struct service *const *services, bool auth)
{
    fixture_open_in(f, services, auth, faulty_files(f->disk), "/d");
}

static inline void fixture_close(struct fixture *f)
{
    cell_wait_no_more(f->cell);
    door_settle(f->door);
    loopback_free(f->loopback);
    door_free(f->door);
    cell_close(f->cell);
    store_close(f->store);
}

/* Until nothing moves any more, on the loop or on the door's threads. */
static inline void settle(struct fixture *f)
{
    for (int i = 0; i < 64; i++) {
        door_settle(f->door);
        loopback_run(f->loopback);
    }
}

static inline void say(struct fixture *f, struct str bytes)
{
    loopback_send(f->loopback, f->peer, bytes);
}

/* The whole answer so far; what came before is forgotten. */
static inline struct str hear(struct fixture *f)
{
    settle(f);
    return loopback_received(f->loopback, f->peer);
}

static inline bool holds(struct str text, const char *part)
{
    return str_find_str(text, str_c(part)) < text.bytes;
}

#endif
