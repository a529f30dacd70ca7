/* SPDX-License-Identifier: Apache-2.0
 *
 * Depots: who gives what to read, and reading it.
 *
 * While a depot looks, the call is its own (its service's state, its account), as in sink.c.
 */
#include "bus/depot.h"

#include "bus/bus_int.h"
#include "cell/cell.h"

#include <assert.h>

void bus_depot_add(struct cell *cell, const struct depot *depot)
{
    struct bus *bus = bus_of(cell);

    assert(bus->depot_count < DEPOTS_MAX);
    bus->depots[bus->depot_count++] = depot;
}

static status depot_of(struct call *c, struct str target, const struct depot **ret_depot)
{
    struct bus *bus = bus_of(c->cell);
    struct arn arn;

    if (!arn_read(target, &arn)) {
        return fail(c, &BUS_NO_TARGET, "%.*s is not an ARN", STR_ARG(str_slice(target, 0, 512)));
    }
    for (size_t i = 0; i < bus->depot_count; i++) {
        if (str_eq(str_c(bus->depots[i]->service), arn.service)) {
            *ret_depot = bus->depots[i];
            return OK;
        }
    }
    return fail(c, &BUS_NO_TARGET, "Nothing of %.*s can be read", STR_ARG(arn.service));
}

/* What of a call is the reader's own. */
struct reader {
    void *state;
    struct str principal;
};

static struct reader become(struct call *c, const struct depot *depot, const struct depot_ask *ask)
{
    struct reader was = {c->state, c->principal};

    c->state = cell_state(c->cell, depot->service);
    c->principal = ask->principal;
    return was;
}

static void become_again(struct call *c, const struct reader *was)
{
    c->state = was->state;
    c->principal = was->principal;
}

status bus_list(struct call *c, const struct depot_ask *ask, const struct depot_span *span,
                struct depot_thing *ret_things, size_t *ret_count)
{
    const struct depot *depot;
    struct reader was;
    status listed;

    TRY(depot_of(c, ask->target, &depot));
    was = become(c, depot, ask);
    listed = depot->list(c, ask, span, ret_things, ret_count);
    become_again(c, &was);
    return listed;
}

status bus_read(struct call *c, const struct depot_ask *ask, const struct depot_piece *piece,
                struct depot_bytes *ret_bytes)
{
    struct blobs *blobs = store_blobs(cell_store(c->cell));
    const struct depot *depot;
    struct reader was;
    status read;

    TRY(depot_of(c, ask->target, &depot));
    was = become(c, depot, ask);
    read = depot->read(c, ask, piece, ret_bytes);
    become_again(c, &was);
    for (size_t i = 0; read == OK && i < ret_bytes->count; i++) {
        if (ret_bytes->extents[i].blob.bytes > 0) {
            blobs_pin(blobs, ret_bytes->extents[i].blob);
        }
    }
    return read;
}

static status fetch_one(struct blobs *blobs, const struct call_extent *extent, char *out)
{
    struct blob *blob;
    size_t got = 0;
    status read;

    if (extent->blob.bytes == 0) {
        memcpy(out, extent->bytes.at + extent->offset, extent->size);
        return OK;
    }
    TRY(blob_open(blobs, extent->blob, &blob));
    read = blob_read(blob, extent->offset, out, (size_t)extent->size, &got);
    blob_close(blob);
    return read == OK && got != extent->size ? &ERR_CORRUPT : read;
}

status bus_fetch(struct cell *cell, const struct depot_bytes *bytes, char *out)
{
    struct blobs *blobs = store_blobs(cell_store(cell));
    status fetched = OK;

    for (size_t i = 0; i < bytes->count; i++) {
        const struct call_extent *extent = &bytes->extents[i];

        assert(extent->cipher == NULL); /* a depot gives no bytes that its reader cannot read */
        if (fetched == OK) {
            fetched = fetch_one(blobs, extent, out);
            out += extent->size;
        }
        if (extent->blob.bytes > 0) {
            blobs_unpin(blobs, extent->blob);
        }
    }
    return fetched;
}
