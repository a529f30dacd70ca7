/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources: who offers them, draining them, and who watches.
 *
 * Rules
 *  1. While a source looks the call is its own (its service's state, the ARN's account and region),
 *     as in sink.c.
 *  2. Watches hang at ARNs, not at what the ARNs name: what is deleted and made anew rings again.
 */
#include "bus/source.h"

#include "base/mem.h"
#include "bus/bus_int.h"
#include "cell/cell.h"

#include <assert.h>

/* Those who watch one ARN. */
struct bell {
    struct link watches;       /* of struct source_watch */
};

void bus_source_add(struct cell *cell, const struct source *source)
{
    struct bus *bus = bus_of(cell);

    assert(bus->source_count < SOURCES_MAX);
    assert(source->bell != NULL);
    assert(source->about != NULL);
    bus->sources[bus->source_count++] = source;
}

static const struct source *source_for(struct bus *bus, const struct arn *arn)
{
    for (size_t i = 0; i < bus->source_count; i++) {
        if (str_eq(str_c(bus->sources[i]->service), arn->service)) {
            return bus->sources[i];
        }
    }
    return NULL;
}

const struct source *bus_source_of(struct cell *cell, struct str text)
{
    struct arn arn;

    return arn_read(text, &arn) ? source_for(bus_of(cell), &arn) : NULL;
}

/* ---- draining ---- */

/* What of a call is the drainer's own. */
struct drainer {
    const struct source *source; /* whose the call is meanwhile */
    void *state;
    struct str account, region;
};

static status become(struct call *c, struct str text, struct drainer *was)
{
    struct arn arn;

    *was = (struct drainer){NULL, c->state, c->account, c->region};
    if (arn_read(text, &arn)) {
        was->source = source_for(bus_of(c->cell), &arn);
    }
    if (was->source == NULL) {
        return fail(c, &BUS_NO_TARGET, "weir has no event source %.*s",
                    STR_ARG(str_slice(text, 0, 512)));
    }
    c->state = cell_state(c->cell, was->source->service);
    c->account = arn.account.bytes > 0 ? arn.account : c->account;
    c->region = arn.region.bytes > 0 ? arn.region : c->region;
    return OK;
}

static void become_again(struct call *c, const struct drainer *was)
{
    c->state = was->state;
    c->account = was->account;
    c->region = was->region;
}

status bus_source_about(struct call *c, struct str arn, struct source_about *ret_about)
{
    struct drainer was;
    status found;

    TRY(become(c, arn, &was));
    found = was.source->about(c, arn, ret_about);
    become_again(c, &was);
    return found;
}

status bus_source_take(struct call *c, const struct source_ask *ask,
                       struct source_record *ret_records, size_t *ret_count)
{
    struct drainer was;
    status took;

    TRY(become(c, ask->arn, &was));
    assert(was.source->kind == SOURCE_QUEUE);
    took = was.source->take(c, ask, ret_records, ret_count);
    become_again(c, &was);
    return took;
}

void bus_source_remove(struct call *c, struct str arn, const struct source_record *records,
                       size_t count)
{
    struct drainer was;

    if (count > 0 && become(c, arn, &was) == OK) {
        was.source->remove(c, arn, records, count);
        become_again(c, &was);
    }
}

void bus_source_give_back(struct call *c, struct str arn, const struct source_record *records,
                          size_t count)
{
    struct drainer was;

    if (count > 0 && become(c, arn, &was) == OK) {
        was.source->give_back(c, arn, records, count);
        become_again(c, &was);
    }
}

size_t bus_source_visible(struct call *c, struct str arn)
{
    struct drainer was;
    size_t visible = 0;

    if (become(c, arn, &was) == OK) {
        visible = was.source->visible(c, arn);
        become_again(c, &was);
    }
    return visible;
}

status bus_source_shards(struct call *c, struct str arn, struct source_shard **ret_shards,
                         size_t *ret_count)
{
    struct drainer was;
    status listed;

    TRY(become(c, arn, &was));
    assert(was.source->kind == SOURCE_SHARDS);
    listed = was.source->shards(c, arn, ret_shards, ret_count);
    become_again(c, &was);
    return listed;
}

status bus_source_seek(struct call *c, struct str arn, uint64_t shard,
                       const struct source_start *start, uint64_t *ret_next)
{
    struct drainer was;
    status found;

    TRY(become(c, arn, &was));
    found = was.source->seek(c, arn, shard, start, ret_next);
    become_again(c, &was);
    return found;
}

status bus_source_read(struct call *c, const struct source_ask *ask,
                       struct source_reading *reading, struct source_record *ret_records,
                       size_t *ret_count)
{
    struct drainer was;
    status read;

    TRY(become(c, ask->arn, &was));
    assert(was.source->kind == SOURCE_SHARDS);
    read = was.source->read(c, ask, reading, ret_records, ret_count);
    become_again(c, &was);
    return read;
}

/* ---- watching ---- */

static struct str bell_of(struct bus *bus, struct str text)
{
    struct arn arn;
    const struct source *source = arn_read(text, &arn) ? source_for(bus, &arn) : NULL;

    return source == NULL ? text : source->bell(text);
}

status bus_source_watch(struct cell *cell, struct source_watch *watch, struct str arn)
{
    struct bus *bus = bus_of(cell);
    struct str name = bell_of(bus, arn);
    struct bell *bell = map_get(bus->bells, name);

    assert(watch->bell.bytes == 0);
    assert(watch->woken != NULL);
    if (bell == NULL) {
        bell = MEM_NEW(struct bell);
        link_init(&bell->watches);
        if (!map_set(bus->bells, name, bell, NULL)) {
            mem_free(bell);
            return &ERR_LIMIT;
        }
    }
    list_push(&bell->watches, &watch->link);
    watch->bell = str_of(mem_dup(name.at, name.bytes), name.bytes);
    return OK;
}

void bus_source_unwatch(struct cell *cell, struct source_watch *watch)
{
    struct bus *bus = bus_of(cell);
    struct bell *bell;

    if (watch->bell.bytes == 0) {
        return;
    }
    bell = map_get(bus->bells, watch->bell);
    assert(bell != NULL);
    link_remove(&watch->link);
    if (link_alone(&bell->watches)) {
        (void)map_remove(bus->bells, watch->bell);
        mem_free(bell);
    }
    mem_free((char *)(uintptr_t)watch->bell.at);
    watch->bell = STR_NONE;
}

bool bus_source_watched(struct cell *cell, struct str arn)
{
    struct bus *bus = bus_of(cell);

    return map_count(bus->bells) > 0 && map_get(bus->bells, arn) != NULL;
}

void bus_source_ring(struct cell *cell, struct str arn, bool shards)
{
    struct bus *bus = bus_of(cell);
    struct bell *bell;

    if (map_count(bus->bells) == 0) {
        return;
    }
    bell = map_get(bus->bells, arn);
    for (struct link *at = bell == NULL ? NULL : bell->watches.next;
         at != NULL && at != &bell->watches; at = at->next) {
        struct source_watch *watch = LINK_OWNER(at, struct source_watch, link);

        watch->woken(cell, watch, shards);
    }
}

void sources_open(struct bus *bus)
{
    bus->bells = map_new(SOURCE_WATCHES_MAX);
}

void sources_close(struct bus *bus)
{
    if (bus->bells != NULL) {
        assert(map_count(bus->bells) == 0); /* who watched has closed before */
        map_free(bus->bells);
    }
}
