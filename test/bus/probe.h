/* SPDX-License-Identifier: Apache-2.0
 *
 * A made-up service for tests of the bus, the probe: a sink whose targets take, refuse or hand on
 * by their name, an owner of timers and of a subscription, and a carrier that succeeds or fails by
 * what its target says. What the probe takes becomes rows, so that a test sees it also after a
 * crash.
 *
 *   arn:aws:probe:::take-X     takes            arn:aws:probe:::refuse-X   refuses
 *   arn:aws:probe:::on-X       hands on to take-1 and refuse-1
 *   arn:aws:probe:::loop-X     hands on to itself
 */
#ifndef WEIR_TEST_BUS_PROBE_H
#define WEIR_TEST_BUS_PROBE_H

#include "base/cursor.h"
#include "base/mem.h"
#include "bus/bus_int.h"
#include "bus/delivery_int.h"
#include "cell/cell.h"
#include "sys/thread.h"

#include <assert.h>

#define TARGET(name) STR("arn:aws:probe:us-east-1:111122223333:" name)
#define VIA STR("arn:aws:probe:us-east-1:111122223333:subscription")

/* What the carrier was given; on its threads, so locked. */
struct carried {
    struct lock lock;
    uint64_t tries;        /* of all */
    uint64_t at_once;      /* under way now */
    uint64_t at_once_most; /* ever */
    bool blocked;          /* carry waits */
    struct cond free;      /* no more */
    char texts[65536];     /* payloads that were delivered, one a line */
};

static struct carried *world_carried; /* for the probe's open() */

static inline struct str probe_key(struct arena *arena, const char *kind, uint64_t number)
{
    struct key key = key_of(arena, "probe");

    key_str(&key, str_c(kind));
    key_u64(&key, number);
    return key_end(&key);
}

static inline size_t probe_count(struct call *c, const char *kind)
{
    struct key key = key_of(c->arena, "probe");
    struct txn_scan *scan;
    struct str at;
    struct str value;
    size_t count = 0;

    key_str(&key, str_c(kind));
    scan = txn_scan_prefix(c->txn, key_end(&key));
    while (txn_scan_next(scan, &at, &value)) {
        count++;
    }
    txn_scan_close(scan);
    return count;
}

static inline void probe_note(struct call *c, const char *kind, struct str text)
{
    txn_put(c->txn, probe_key(c->arena, kind, probe_count(c, kind) + 1), arena_dup(c->arena, text));
}

static inline struct str probe_name(struct str arn)
{
    struct arn parts;
    bool good = arn_read(arn, &parts);

    assert(good);
    return parts.resource;
}

static status probe_check(struct call *c, const struct bus_event *event)
{
    if (str_starts(probe_name(event->target), STR("refuse"))) {
        return fail(c, &BUS_REFUSED, "the probe refuses");
    }
    return OK;
}

static status probe_take(struct call *c, const struct bus_event *event)
{
    struct str name = probe_name(event->target);
    struct bus_event next = *event;

    next.source = event->target;
    if (str_starts(name, STR("loop"))) {
        (void)bus_send(c, &next);
        return OK;
    }
    if (str_starts(name, STR("on-"))) {
        next.target = TARGET("take-1");
        (void)bus_send(c, &next);
        next.target = TARGET("refuse-1");
        (void)bus_send(c, &next);
        return OK;
    }
    probe_note(c, "taken", event->body);
    return OK;
}

static void probe_given_up(struct call *c, const struct bus_event *event, struct str why)
{
    probe_note(c, "given-up", arena_printf(c->arena, "%.*s %.*s", STR_ARG(event->body),
                                           STR_ARG(why)));
}

static const struct sink probe_sink = {"probe", probe_check, probe_take, probe_given_up};

static status probe_find(struct call *c, struct str name, struct str *ret_arn)
{
    if (!str_eq(name, STR("subscription"))) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = arena_dup(c->arena, VIA);
    return OK;
}

static const struct hold_owner probe_holds = {HOLD_SUBSCRIPTION, "probe", probe_find, NULL};

/* "again": sets itself once more, now; "fail": fails while a row says so. */
static status probe_timer(struct call *c, struct str name, struct str payload)
{
    struct str value;

    if (str_eq(name, STR("fail")) && txn_get(c->txn, probe_key(c->arena, "broken", 1), &value)) {
        return fail(c, &ERR_IO, "the probe is broken");
    }
    probe_note(c, "fired", arena_printf(c->arena, "%.*s %.*s", STR_ARG(name), STR_ARG(payload)));
    if (str_eq(name, STR("again")) && probe_count(c, "fired") < 100) {
        bus_timer_set(c, "probe", name, c->now, payload);
    }
    return OK;
}

/* The target says how it goes: "good", "bad" (later perhaps), "never" (for good). */
static status probe_carry(void *state, struct carrying *carrying)
{
    struct carried *carried = state;
    struct str target = carrying->delivery->target;

    lock_take(&carried->lock);
    carried->tries++;
    carried->at_once++;
    if (carried->at_once > carried->at_once_most) {
        carried->at_once_most = carried->at_once;
    }
    while (carried->blocked) {
        cond_wait(&carried->free, &carried->lock);
    }
    carried->at_once--;
    if (str_starts(target, STR("good"))) {
        strncat(carried->texts, carrying->delivery->payload.at,
                sizeof(carried->texts) - strlen(carried->texts) - 1);
        strncat(carried->texts, "\n", sizeof(carried->texts) - strlen(carried->texts) - 1);
    }
    lock_give(&carried->lock);
    carrying->fatal = str_starts(target, STR("never"));
    return str_starts(target, STR("good"))
               ? OK
               : why_set(&carrying->why, &ERR_IO, "the endpoint answered %d", 500);
}

static const struct carrier probe_carrier = {"probe", probe_carry};

static status probe_open(struct cell *cell, void **ret_state)
{
    *ret_state = mem_zero(1);
    bus_sink_add(cell, &probe_sink);
    hold_owner_add(cell, &probe_holds);
    bus_timer_owner(cell, "probe", probe_timer);
    bus_carrier_add(cell, &probe_carrier, world_carried);
    return OK;
}

static void probe_close(void *state)
{
    mem_free(state);
}

static const struct service probe_service = {.id = "probe", .open = probe_open,
                                             .close = probe_close};

#endif
