/* SPDX-License-Identifier: Apache-2.0
 *
 * Sinks: who takes events for which service, and one event's hand-off.
 *
 * Rules
 *  1. While a sink looks at an event the call is its own: its service's state, its target's account
 *     and region. Afterwards the call is the sender's again, whatever happened.
 *  2. A refusal has staged nothing but the hop that tells of it.
 *  3. Hand-offs inside one another end at BUS_DEPTH_MAX: two topics cannot feed each other for
 *     ever.
 */
#include "bus/bus_int.h"

#include "base/cursor.h"
#include "cell/cell.h"

#include <assert.h>

const struct error BUS_NO_TARGET = {"NoSuchTarget", NULL, 404, false};
const struct error BUS_REFUSED = {"TargetRefused", NULL, 403, false};
const struct error BUS_BUSY = {"TargetBusy", NULL, 503, true};
const struct error BUS_TOO_LARGE = {"TargetTooLarge", NULL, 413, false};

void bus_sink_add(struct cell *cell, const struct sink *sink)
{
    struct bus *bus = bus_of(cell);

    assert(bus->sink_count < SINKS_MAX);
    bus->sinks[bus->sink_count++] = (struct sink_entry){sink, NULL};
}

/* A service's state is known once it is open, which is after it registered. */
static void *state_of(struct bus *bus, struct sink_entry *entry)
{
    if (entry->state == NULL) {
        entry->state = cell_state(bus->cell, entry->sink->service);
    }
    return entry->state;
}

static struct sink_entry *sink_of(struct bus *bus, struct str service)
{
    for (size_t i = 0; i < bus->sink_count; i++) {
        if (str_eq(str_c(bus->sinks[i].sink->service), service)) {
            return &bus->sinks[i];
        }
    }
    return NULL;
}

struct bus_sender bus_become(struct call *c, const struct bus_event *event, void *state,
                             const struct arn *arn)
{
    struct bus_sender was = {c->state, c->account, c->region, c->principal, c->resource};

    c->state = state;
    c->account = arn->account.bytes > 0 ? arn->account : c->account;
    c->region = arn->region.bytes > 0 ? arn->region : c->region;
    c->principal = event->principal;
    return was;
}

void bus_become_again(struct call *c, const struct bus_sender *was)
{
    c->state = was->state;
    c->account = was->account;
    c->region = was->region;
    c->principal = was->principal;
    c->resource = was->resource;
}

static status hand_over(struct call *c, const struct bus_event *event, bool take)
{
    struct bus *bus = bus_of(c->cell);
    struct sink_entry *entry;
    struct arn arn;
    status done;

    if (!arn_read(event->target, &arn)) {
        return fail(c, &BUS_NO_TARGET, "%.*s is not an ARN",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    entry = sink_of(bus, arn.service);
    if (entry == NULL) {
        return fail(c, &BUS_NO_TARGET, "weir cannot deliver to %.*s yet",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    if (bus->depth >= BUS_DEPTH_MAX) {
        return fail(c, &BUS_REFUSED, "An event was handed on more than %d times", BUS_DEPTH_MAX);
    }
    struct bus_sender was = bus_become(c, event, state_of(bus, entry), &arn);

    bus->depth++;
    done = entry->sink->check(c, event);
    if (done == OK && take) {
        done = entry->sink->take(c, event);
    }
    bus->depth--;
    bus_become_again(c, &was);
    return done;
}

void bus_given_up(struct call *c, const struct bus_event *event, struct str why)
{
    struct bus *bus = bus_of(c->cell);
    struct sink_entry *entry = NULL;
    struct arn arn;

    if (arn_read(event->source, &arn)) {
        entry = sink_of(bus, arn.service);
    }
    if (entry == NULL || entry->sink->given_up == NULL) {
        return;
    }
    struct bus_sender was = bus_become(c, event, state_of(bus, entry), &arn);

    entry->sink->given_up(c, event, why);
    bus_become_again(c, &was);
}

status bus_check(struct call *c, const struct bus_event *event)
{
    return hand_over(c, event, false);
}

status bus_send(struct call *c, const struct bus_event *event)
{
    struct hop hop = {event->source, event->target, event->via, STR("held"), event->about};

    if (event->quiet) {
        return hand_over(c, event, true);
    }
    if (event->via.bytes > 0 && hold_keep(c, event)) {
        trace_hop(c, &hop);
        return OK;
    }
    return bus_send_now(c, event);
}

/* Refused: to its dead-letter end, if it has one. c->why stays. */
static void bury(struct call *c, const struct bus_event *event)
{
    struct why why = c->why;
    struct bus_event dead = *event;
    struct hop hop = {event->source, event->dead, event->via, STR_NONE, event->about};

    dead.target = event->dead;
    dead.via = STR_NONE;
    hop.outcome = hand_over(c, &dead, true) == OK
                      ? arena_printf(c->arena, "dead-letter: %s", why.text)
                      : arena_printf(c->arena, "lost: the dead-letter end refused, too: %s",
                                     c->why.text);
    c->why = why;
    trace_hop(c, &hop);
}

status bus_send_now(struct call *c, const struct bus_event *event)
{
    struct bus *bus = bus_of(c->cell);
    struct hop hop = {event->source, event->target, event->via, STR("taken"), event->about};
    uint32_t step = bus->step++; /* before those of what it causes */
    status sent;

    assert(event->attribute_count <= BUS_ATTRIBUTES_MAX);
    sent = hand_over(c, event, true);
    if (sent != OK) {
        hop.outcome = arena_printf(c->arena, "refused: %s", c->why.text);
    }
    trace_hop_step(c, &hop, step);
    if (sent != OK && event->dead.bytes > 0) {
        bury(c, event);
    }
    return sent;
}

/* ---- events as rows ---- */

void bus_event_write(struct buf *packed, const struct bus_event *event)
{
    assert(event->content == NULL); /* large contents go at once, or not at all */
    write_str(packed, event->target);
    write_str(packed, event->source);
    write_str(packed, event->principal);
    write_str(packed, event->via);
    write_str(packed, event->account);
    write_str(packed, event->body);
    write_u8(packed, event->subject.at != NULL);
    write_str(packed, event->subject);
    write_u8(packed, event->group.at != NULL);
    write_str(packed, event->group);
    write_u8(packed, event->deduplication.at != NULL);
    write_str(packed, event->deduplication);
    write_str(packed, event->key);
    write_str(packed, event->about);
    write_str(packed, event->dead);
    write_var(packed, event->attribute_count);
    for (size_t i = 0; i < event->attribute_count; i++) {
        write_str(packed, event->attributes[i].name);
        write_str(packed, event->attributes[i].type);
        write_str(packed, event->attributes[i].value);
    }
}

static struct str read_maybe(struct cursor *cursor, struct arena *arena)
{
    bool there = read_u8(cursor) != 0;
    struct str text = read_str(cursor);

    return there ? arena_dup(arena, text) : STR_NONE;
}

void bus_event_read(struct cursor *cursor, struct arena *arena, struct bus_event *ret_event)
{
    struct bus_event event = {.target = arena_dup(arena, read_str(cursor))};
    struct bus_attribute *attributes;
    uint64_t count;

    event.source = arena_dup(arena, read_str(cursor));
    event.principal = arena_dup(arena, read_str(cursor));
    event.via = arena_dup(arena, read_str(cursor));
    event.account = arena_dup(arena, read_str(cursor));
    event.body = arena_dup(arena, read_str(cursor));
    event.subject = read_maybe(cursor, arena);
    event.group = read_maybe(cursor, arena);
    event.deduplication = read_maybe(cursor, arena);
    event.key = arena_dup(arena, read_str(cursor));
    event.about = arena_dup(arena, read_str(cursor));
    event.dead = arena_dup(arena, read_str(cursor));
    count = read_var(cursor);
    assert(count <= BUS_ATTRIBUTES_MAX);
    attributes = arena_alloc(arena, (count + 1) * sizeof(*attributes));
    for (uint64_t i = 0; i < count; i++) {
        attributes[i].name = arena_dup(arena, read_str(cursor));
        attributes[i].type = arena_dup(arena, read_str(cursor));
        attributes[i].value = arena_dup(arena, read_str(cursor));
    }
    event.attributes = attributes;
    event.attribute_count = count;
    *ret_event = event;
}
