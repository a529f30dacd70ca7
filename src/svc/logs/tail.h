/* SPDX-License-Identifier: Apache-2.0
 *
 * Following a group: its events in the order of their arrival, from a point in its log on. What
 * comes late with an early time is not missed; nothing comes twice.
 */
#ifndef WEIR_SVC_LOGS_TAIL_H
#define WEIR_SVC_LOGS_TAIL_H

#include "svc/logs/event.h"

#define TAIL_EVENTS_MAX 500 /* read at once, as a Live Tail update has at most */

/* How far a follower came. */
struct tail {
    uint64_t log;         /* the group's */
    uint64_t sequence;    /* of the chunk to look at next */
    uint64_t index;       /* of the event in it */
};

/* Which events. */
struct tail_wish {
    const struct filter *filter; /* NULL: all */
    const struct str *names;     /* only of these streams; NULL: of all */
    size_t name_count;           /* of them */
    bool prefixes;               /* names are how streams' names begin */
};

/* What is there now for a new follower: nothing; only what comes. */
struct tail tail_begin(struct call *c, const struct group *group);
bool tail_any(struct call *c, const struct tail *tail); /* there is something to look at */
/* Looks on, and gives at most TAIL_EVENTS_MAX events, in the call's arena; fewer, or none, also
 * when there is more. */
status tail_read(struct call *c, struct tail *tail, const struct tail_wish *wish,
                 struct found *ret_events, size_t *ret_count);

#endif
