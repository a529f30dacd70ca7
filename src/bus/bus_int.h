/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the bus: one state for all its parts. Everything here happens in the cell.
 */
#ifndef WEIR_BUS_INT_H
#define WEIR_BUS_INT_H

#include "base/buf.h"
#include "base/map.h"
#include "bus/bus.h"
#include "bus/delivery.h"
#include "bus/depot.h"
#include "bus/hold.h"
#include "bus/keyset.h"
#include "bus/invoke.h"
#include "bus/outbox.h"
#include "bus/sink.h"
#include "bus/source.h"
#include "bus/timer.h"
#include "bus/trace.h"
#include "cell/timer.h"

#define SINKS_MAX 32
#define DEPOTS_MAX 8
#define SOURCES_MAX 16
#define OWNERS_MAX 64
#define CARRIERS_MAX 16
#define LOCAL_ISSUERS_MAX 4

struct sink_entry {
    const struct sink *sink;       /* its table */
    void *state;                   /* of its service */
};

struct timer_owner {
    const char *service;           /* whose timers */
    void *state;                   /* of it; NULL: not looked up yet */
    status (*fire)(struct call *c, struct str name, struct str payload);
};

struct carrier_entry {
    const struct carrier *carrier; /* its table */
    void *state;                   /* its own */
};

struct bus {
    struct cell *cell;             /* where it is */
    struct sink_entry sinks[SINKS_MAX];
    size_t sink_count;             /* of them */
    const struct depot *depots[DEPOTS_MAX];
    size_t depot_count;            /* of them */
    const struct source *sources[SOURCES_MAX];
    size_t source_count;           /* of them */
    const struct invoker *invoker; /* who has functions; NULL: nobody */
    struct map *bells;             /* ARN → source.c's struct bell; who watches what */
    struct timer_owner timer_owners[OWNERS_MAX];
    size_t timer_owner_count;      /* of them */
    const struct hold_owner *hold_owners[OWNERS_MAX];
    size_t hold_owner_count;       /* of them */
    struct carrier_entry carriers[CARRIERS_MAX];
    size_t carrier_count;          /* of them */
    uint32_t depth;                /* hand-offs inside one another, now */
    uint32_t step;                 /* of the next hop */
    struct timer soonest;          /* the cell's, for the first row that is due */
    bool firing;                   /* timers fire now; who sets one need not arm soonest */
    struct map *holds;             /* "kind/ARN\0key" → itself; what is held */
    struct map *held_keys;         /* "kind/ARN" → number of its keys that are held */
    struct map *backlog;           /* released subscriptions with kept events still to go */
    uint64_t trace_log;            /* the log of hops */
    uint64_t outbox_last;          /* sequence of the newest message */
    uint64_t outbox_count;         /* messages kept */
    struct deliveries *deliveries; /* delivery.c's */
    struct keysets *keysets;       /* keyset.c's */
};

/* The one bus of the cell. */
struct bus *bus_of(struct cell *cell);

/* Parts, opened and closed with the bus. */
void sources_open(struct bus *bus);
void sources_close(struct bus *bus);
status holds_open(struct bus *bus);
void holds_close(struct bus *bus);
status traces_open(struct bus *bus);
void traces_tick(struct call *c, struct bus *bus);
status outbox_open(struct bus *bus);
void timers_arm(struct bus *bus); /* the cell's timer for the soonest row */
status deliveries_open(struct bus *bus);
void deliveries_settle(struct bus *bus); /* outside the cell: no try is under way any more */
void deliveries_close(struct bus *bus);
void keysets_open(struct bus *bus);
void keysets_close(struct bus *bus);

/* Events as rows: what is kept while held, and what a delivery ends as. */
void bus_event_write(struct buf *packed, const struct bus_event *event);
struct cursor;
void bus_event_read(struct cursor *cursor, struct arena *arena, struct bus_event *ret_event);

/* sink.c: sends whether held or not. */
status bus_send_now(struct call *c, const struct bus_event *event);

/* sink.c: for a while a call is that of whose ARN it is, with its service's state; what it was. */
struct bus_sender {
    void *state;                   /* c->state, … */
    struct str account, region, principal, resource;
};
struct bus_sender bus_become(struct call *c, const struct bus_event *event, void *state,
                             const struct arn *arn);
void bus_become_again(struct call *c, const struct bus_sender *was);

/* hold.c: for the pages. */
struct held {
    enum hold_kind kind;           /* of what */
    struct str arn, key;           /* key empty: all of it */
};
status hold_find(struct call *c, enum hold_kind kind, struct str name, struct str *ret_arn);
/* ERR_LIMIT: HOLDS_MAX are there, or HOLD_KEYS_MAX of this thing. */
status hold_set(struct call *c, const struct held *held, bool *ret_changed);
bool hold_clear(struct call *c, const struct held *held); /* false: it was not */
/* The holds one after the other; *scan NULL at first; false at the end. */
bool hold_next(struct call *c, struct txn_scan **scan, struct held *ret_held,
               int64_t *ret_since_ms);

/* hold.c: keeps an event of a held subscription; true when it did. */
bool hold_keep(struct call *c, const struct bus_event *event);
/* trace.c and outbox.c: for the pages. Strings lie in the record, or in the call's arena. */
struct read_hop {
    struct str trace, request_id;  /* which trace, whose request */
    struct hop hop;
    uint8_t depth;                 /* hand-offs around it */
    uint32_t step;                 /* rises in the order in which hops began */
};
void trace_hop_step(struct call *c, const struct hop *hop, uint32_t step);
bool hop_read(struct str record, struct read_hop *ret_hop);
struct outbox_read {
    uint64_t sequence;             /* 1, 2, 3, … */
    int64_t at_ms;                 /* when */
    struct outbox_message message;
};
/* Newest first; *scan NULL at first; false at the end. */
bool outbox_next(struct call *c, struct txn_scan **scan, struct outbox_read *ret_read);

/* The bus's own timer "kept/VIA": what was held goes on, a piece at a time. */
status hold_go_on(struct call *c, struct str via);
/* "gone/VIA": what was kept for a subscription that is gone, a piece at a time. */
status hold_drop(struct call *c, struct str via);

/* Answers of pages. */
void page_json(struct call *c, int http, struct buf *text);
void page_problem(struct call *c, int http, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "name":"text", with a comma before it unless first. */
void json_member(struct buf *text, const char *name, struct str value, bool first);

/* pages.c: /_weir/holds and its like. */
status page_hold(struct call *c);
status page_release(struct call *c);
status page_holds(struct call *c);
status page_trace(struct call *c);
status page_outbox(struct call *c);
status page_deliveries(struct call *c);

#endif
