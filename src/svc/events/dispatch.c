/* SPDX-License-Identifier: Apache-2.0
 *
 * An event's way through a bus: to each rule that it matches, in the order of their names, and from
 * a rule to its targets.
 *
 * Rules
 *  1. A rule gets its event as a hand-off of the bus, to the rule's own ARN: so a held rule keeps
 *     it, and traces show the rule.
 *  2. All of it is one entry, until that has little room left; what is behind goes on in an entry
 *     of its own, with the name of the last rule that was served. Both are in the sender's entry:
 *     nothing is lost, and nothing is done twice.
 *  3. Rules that do not match leave a hop while a bus has few rules.
 */
#include "base/cursor.h"
#include "bus/timer.h"
#include "bus/trace.h"
#include "svc/events/events_int.h"

#include <assert.h>

#define ROOM_MIN 20000                    /* changes left for a rule and all that it causes */
#define BYTES_MAX (8u * 1024 * 1024)      /* staged before a rule gets its event */
#define HOPS_OF_OTHERS_MAX 16             /* rules of a bus whose passing by is noted */
#define PAYLOAD_BYTES_MAX (1024u * 1024)
#define VERSION 1

/* ---- what does not fit goes on later ---- */

static void put_off(struct call *c, const struct event_bus *bus, const struct event *event,
                    struct str after)
{
    struct buf packed;
    char uuid[36];

    rand_uuid(c->rand, uuid);
    buf_init(&packed, PAYLOAD_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, bus->arn);
    write_str(&packed, event->text);
    write_zigzag(&packed, event->ingested_ms);
    write_u8(&packed, event->forwarded);
    write_str(&packed, after);
    assert(!buf_spent(&packed)); /* an event is smaller */
    bus_timer_set(c, "events", arena_printf(c->arena, "go-on/%.36s", uuid), c->now,
                  arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

void dispatch_go_on(struct call *c, struct str payload)
{
    struct cursor cursor = cursor_of(payload);
    struct bus_event sent = {.target = STR_NONE};
    struct event event;
    struct event_bus *bus;
    struct str after;
    int64_t ingested_ms;
    bool forwarded;

    if (read_u8(&cursor) != VERSION) {
        return;
    }
    sent.target = read_str(&cursor);
    sent.body = read_str(&cursor);
    ingested_ms = read_zigzag(&cursor);
    forwarded = read_u8(&cursor) != 0;
    after = read_str(&cursor);
    bus = bus_of_arn(events_of(c), sent.target);
    if (!cursor_done(&cursor) || bus == NULL || event_read(c, &sent, &event) != OK) {
        return; /* the bus is gone */
    }
    event.ingested_ms = ingested_ms;
    event.forwarded = forwarded;
    dispatch(c, bus, &event, after);
}

/* ---- to rules ---- */

static void pass_by(struct call *c, const struct rule *rule, const struct event *event)
{
    struct hop hop = {rule->bus->arn, rule->arn, STR_NONE, STR("no match: the event pattern"),
                      event->id};

    if (rule->bus->rules.count <= HOPS_OF_OTHERS_MAX) {
        trace_hop(c, &hop);
    }
}

static void rule_give(struct call *c, const struct rule *rule, const struct event *event)
{
    struct bus_event told = {
        .target = rule->arn,
        .source = rule->bus->arn,
        .principal = STR("events.amazonaws.com"),
        .via = rule->arn,
        .account = rule->bus->account,
        .body = event->text,
        .subject = event->forwarded ? STR("forwarded") : STR_NONE,
        .key = arena_printf(c->arena, "%lld", (long long)event->ingested_ms),
        .about = event->id,
    };

    (void)bus_send(c, &told);
    c->why.text[0] = '\0';
}

/* The bus's rules behind a name, or those that may match. */
struct rules {
    const struct event_bus *bus; /* behind a name: whose */
    size_t at;                   /* the next of them */
    struct rule_walk walk;       /* else */
};

static struct rule *rules_next(struct rules *rules)
{
    while (rules->bus != NULL) {
        if (rules->at >= rules->bus->rules.count) {
            return NULL;
        }
        struct rule *rule = rules->bus->rules.rules[rules->at++];

        if (rule->pattern != NULL) {
            return rule;
        }
    }
    return rule_walk_next(&rules->walk);
}

static struct rules rules_behind(struct event_bus *bus, const struct event *event,
                                 struct str after)
{
    struct rules rules = {.bus = bus};

    if (after.at == NULL) {
        return (struct rules){.walk = rules_for(bus, event->source)};
    }
    while (rules.at < bus->rules.count && str_cmp(bus->rules.rules[rules.at]->name, after) <= 0) {
        rules.at++;
    }
    return rules;
}

static bool has_room(struct call *c)
{
    return txn_room(c->txn) >= ROOM_MIN && txn_bytes(c->txn) <= BYTES_MAX;
}

/* How many rules it matched; stops where there is no room. */
static size_t give_all(struct call *c, struct event_bus *bus, const struct event *event,
                       struct str after)
{
    struct rules rules = rules_behind(bus, event, after);
    struct str last = after.at == NULL ? STR("") : after;
    size_t matched = 0;
    struct rule *rule;

    while ((rule = rules_next(&rules)) != NULL) {
        if (!rule_is_on(rule)) {
            continue;
        }
        if (!pattern_match(rule->pattern, event->document)) {
            pass_by(c, rule, event);
            continue;
        }
        matched++;
        if (!has_room(c)) {
            put_off(c, bus, event, last);
            break;
        }
        rule_give(c, rule, event);
        last = rule->name;
    }
    return matched;
}

void dispatch(struct call *c, struct event_bus *bus, const struct event *event, struct str after)
{
    struct events *events = events_of(c);
    const struct event *outer = events->current;
    size_t matched;

    events->current = event;
    matched = give_all(c, bus, event, after);
    events->current = outer;
    if (matched == 0 && after.at == NULL) {
        struct hop hop = {bus->arn, STR("-"), STR_NONE,
                          arena_printf(c->arena, "no match: none of %zu rules", bus->rules.count),
                          event->id};

        trace_hop(c, &hop);
    }
}

void rule_run(struct call *c, const struct rule *rule, const struct event *event)
{
    for (const struct target *at = rule->targets; at != NULL; at = at->next) {
        target_send(c, rule, at, event);
    }
}
