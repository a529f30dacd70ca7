/* SPDX-License-Identifier: Apache-2.0
 *
 * Depots: what can be read by ARN, as sinks are what can be written to. A job of one service lists
 * and reads what lies in another's bucket without knowing it: it asks in the cell, which says where
 * the bytes are and holds them fast, and reads them outside.
 */
#ifndef WEIR_BUS_DEPOT_H
#define WEIR_BUS_DEPOT_H

#include "cell/call.h"

/* Who reads where. Strings live as long as the call. */
struct depot_ask {
    struct str target;       /* ARN of the bucket */
    struct str principal;    /* the reading service: "dynamodb.amazonaws.com" */
    struct str account;      /* for whom it reads, 12 digits */
    struct str owner;        /* account that the bucket is to belong to; empty: whoever */
};

/* One thing of a depot; in the call's arena. */
struct depot_thing {
    struct str key;          /* its name */
    uint64_t bytes;          /* of its content */
    struct str tag;          /* another when its content is another */
    struct str version;      /* that was asked for; STR_NONE: its newest */
};

struct depot_span {
    struct str prefix;       /* only keys that begin so */
    struct str after;        /* only keys behind this one; empty: from the first */
    size_t count_max;        /* at most so many */
    struct str version;      /* of the key that is prefix, and nothing else; STR_NONE: the newest */
};

/* A piece of a thing's content. */
struct depot_piece {
    struct depot_thing thing; /* as listed */
    uint64_t offset;          /* first byte */
    uint64_t bytes;           /* of it, at most what is there behind the offset */
};

/* Where a piece's bytes are. */
struct depot_bytes {
    const struct call_extent *extents; /* in the call's arena */
    size_t count;                      /* of them */
};

struct depot {
    const char *service;     /* as ARNs have it: "s3" */
    /* In key order. ret_things has room for span->count_max. */
    status (*list)(struct call *c, const struct depot_ask *ask, const struct depot_span *span,
                   struct depot_thing *ret_things, size_t *ret_count);
    /* ERR_CLOSED: it is gone, or another. */
    status (*read)(struct call *c, const struct depot_ask *ask, const struct depot_piece *piece,
                   struct depot_bytes *ret_bytes);
};

/* In a service's open(). */
void bus_depot_add(struct cell *cell, const struct depot *depot);

/* BUS_NO_TARGET, BUS_REFUSED (bus/sink.h), with c->why. */
status bus_list(struct call *c, const struct depot_ask *ask, const struct depot_span *span,
                struct depot_thing *ret_things, size_t *ret_count);
/* The bytes are held until bus_fetch(), which is to be called for all that was got here. */
status bus_read(struct call *c, const struct depot_ask *ask, const struct depot_piece *piece,
                struct depot_bytes *ret_bytes);
/* Outside the cell: the bytes, one after the other; out has room for all. */
status bus_fetch(struct cell *cell, const struct depot_bytes *bytes, char *out);

#endif
