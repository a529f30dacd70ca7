/* SPDX-License-Identifier: Apache-2.0
 *
 * The shards of a mapping's source: which there are, in which order they are read, into how many
 * lanes each is cut.
 *
 * Rules
 *  1. A shard is read when those it came from are finished, so the order of a key holds over splits
 *     and merges.
 *  2. What is there when a mapping begins is read from its starting position, what comes later from
 *     its beginning.
 *  3. Another number of lanes is cut when all lanes have come to one position: none of them reads
 *     on behind the foremost meanwhile. So the order of a key holds over that, too.
 */
#include "base/mem.h"
#include "bus/hold.h"
#include "bus/sink.h"
#include "svc/lambda/mapping_ops.h"

#include <assert.h>

#define ROOM_MIN 25000       /* changes that must be left for one more shard in the same step */
#define SEEK_LANES_MAX 30000 /* sought in one step */

/* ---- memory ---- */

void shard_lanes(struct mapping_shard *shard, uint32_t count, uint64_t next)
{
    assert(count >= 1);
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        assert(shard->lanes[i].batch == NULL);
        mapping_text_set(&shard->lanes[i].window.state, STR_NONE);
    }
    mem_free(shard->lanes);
    shard->lanes = mem_zero(count * sizeof(struct lane));
    shard->lane_count = count;
    for (uint32_t i = 0; i < count; i++) {
        shard->lanes[i].shard = shard;
        shard->lanes[i].index = i;
        shard->lanes[i].next = shard->lanes[i].looked = next;
    }
}

/* Where a shard of that number is, or would be. */
static size_t place_of(const struct mapping *mapping, uint64_t number)
{
    size_t low = 0;
    size_t high = mapping->shard_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (mapping->shards[middle]->number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct mapping_shard *shard_find(const struct mapping *mapping, uint64_t number)
{
    size_t at = place_of(mapping, number);

    return at < mapping->shard_count && mapping->shards[at]->number == number
               ? mapping->shards[at]
               : NULL;
}

struct mapping_shard *shard_add(struct mapping *mapping, uint64_t number, struct str id)
{
    struct mapping_shard *shard = MEM_NEW(struct mapping_shard);
    size_t at = place_of(mapping, number);

    mapping->shards =
        mem_grow(mapping->shards, (mapping->shard_count + 1) * sizeof(struct mapping_shard *));
    memmove(&mapping->shards[at + 1], &mapping->shards[at],
            (mapping->shard_count - at) * sizeof(struct mapping_shard *));
    mapping->shards[at] = shard;
    mapping->shard_count++;
    shard->mapping = mapping;
    shard->number = number;
    mapping_text_set(&shard->id, id);
    return shard;
}

static void shard_free(struct mapping_shard *shard)
{
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        assert(shard->lanes[i].batch == NULL);
        mapping_text_set(&shard->lanes[i].window.state, STR_NONE);
    }
    mem_free(shard->lanes);
    mapping_text_set(&shard->id, STR_NONE);
    mem_free(shard);
}

void shards_done(struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->shard_count; i++) {
        shard_free(mapping->shards[i]);
    }
    mem_free(mapping->shards);
    mapping->shards = NULL;
    mapping->shard_count = 0;
}

/* ---- listing ---- */

static bool is_busy(const struct mapping_shard *shard)
{
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        if (shard->lanes[i].batch != NULL) {
            return true;
        }
    }
    return false;
}

static status begin(struct call *c, struct mapping *mapping, const struct source_shard *listed)
{
    struct source_start oldest = {SOURCE_HORIZON, 0};
    const struct source_start *start = mapping->listed ? &oldest : &mapping->settings.start;
    struct mapping_shard *shard;
    uint64_t next = 1;

    if (mapping->shard_count >= MAPPING_SHARDS_MAX) {
        return fail(c, &ERR_LIMIT, "more than %d shards", MAPPING_SHARDS_MAX);
    }
    TRY(bus_source_seek(c, mapping->source, listed->number, start, &next));
    shard = shard_add(mapping, listed->number, listed->id);
    shard->origin = listed->origin;
    shard->parent_count = listed->parent_count;
    memcpy(shard->parents, listed->parents, sizeof(shard->parents));
    shard->finished = !mapping->listed && listed->closed && start->from == SOURCE_LATEST;
    shard_lanes(shard, mapping->settings.lanes, next);
    shard_save(c, shard);
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        lane_save(c, &shard->lanes[i]);
    }
    return OK;
}

/* The stream was made anew: its shard of that number begins anew, too. */
static status begin_again(struct call *c, struct mapping_shard *shard,
                          const struct source_shard *listed)
{
    struct source_start oldest = {SOURCE_HORIZON, 0};
    uint64_t next;

    TRY(bus_source_seek(c, shard->mapping->source, shard->number, &oldest, &next));
    mapping_text_set(&shard->id, listed->id);
    shard->origin = listed->origin;
    shard->finished = false;
    shard->parent_count = listed->parent_count;
    memcpy(shard->parents, listed->parents, sizeof(shard->parents));
    shard_save(c, shard);
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        lane_seek(&shard->lanes[i], next);
        lane_save(c, &shard->lanes[i]);
    }
    return OK;
}

/* Those that the stream does not have any more go. */
static void forget_gone(struct call *c, struct mapping *mapping)
{
    size_t kept = 0;

    for (size_t i = 0; i < mapping->shard_count; i++) {
        struct mapping_shard *shard = mapping->shards[i];

        if (shard->listed || is_busy(shard) || txn_room(c->txn) < ROOM_MIN) {
            mapping->shards[kept++] = shard;
        } else {
            shard_erase(c, shard);
            shard_free(shard);
        }
    }
    mapping->shard_count = kept;
}

status shards_list(struct call *c, struct mapping *mapping)
{
    struct source_shard *listed;
    size_t count;

    TRY(bus_source_shards(c, mapping->source, &listed, &count));
    for (size_t i = 0; i < mapping->shard_count; i++) {
        mapping->shards[i]->listed = false;
    }
    for (size_t i = 0; i < count; i++) {
        struct mapping_shard *shard = shard_find(mapping, listed[i].number);

        if (txn_room(c->txn) < ROOM_MIN) { /* the others in the next step */
            mapping_look_by(mapping, c->now);
            return OK;
        }
        if (shard == NULL) {
            TRY(begin(c, mapping, &listed[i]));
        } else if (shard->origin != listed[i].origin) {
            TRY(begin_again(c, shard, &listed[i]));
        }
        shard_find(mapping, listed[i].number)->listed = true;
    }
    forget_gone(c, mapping);
    if (!mapping->listed) {
        mapping->listed = true;
        mapping_save(c, mapping);
    }
    mapping->shards_changed = false;
    return OK;
}

/* ---- looking ---- */

static bool may_be_read(struct call *c, const struct mapping_shard *shard)
{
    const struct mapping *mapping = shard->mapping;

    if (shard->finished || hold_on(c, HOLD_MAPPING, mapping->arn, shard->id)) {
        return false;
    }
    for (size_t i = 0; i < shard->parent_count; i++) {
        const struct mapping_shard *parent = shard_find(mapping, shard->parents[i]);

        if (parent != NULL && !parent->finished) {
            return false;
        }
    }
    return true;
}

/* The position at which lanes meet, to be cut anew: of the foremost. */
static uint64_t meeting_point(const struct mapping_shard *shard)
{
    uint64_t point = 0;

    for (uint32_t i = 0; i < shard->lane_count; i++) {
        const struct lane *lane = &shard->lanes[i];

        point = lane->looked > point ? lane->looked : point;
        if (lane->batch != NULL && lane->batch->next > point) {
            point = lane->batch->next;
        }
        if (lane->end_count > 0 && lane->ends[0] > point) {
            point = lane->ends[0];
        }
    }
    return point;
}

static void cut(struct call *c, struct mapping_shard *shard, uint64_t point)
{
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        const struct lane *lane = &shard->lanes[i];

        if (lane->batch != NULL || lane->looked < point || lane->window.open) {
            return;
        }
    }
    shard_erase(c, shard);
    shard_lanes(shard, shard->mapping->settings.lanes, point);
    shard_save(c, shard);
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        lane_save(c, &shard->lanes[i]);
    }
}

static void shard_look(struct call *c, struct mapping_shard *shard)
{
    bool recut = shard->lane_count != shard->mapping->settings.lanes;
    uint64_t point = recut ? meeting_point(shard) : 0;

    for (uint32_t i = 0; i < shard->lane_count; i++) {
        lane_look(c, &shard->lanes[i], point);
    }
    if (recut) {
        cut(c, shard, point);
        if (shard->lane_count == shard->mapping->settings.lanes) {
            mapping_look_by(shard->mapping, c->now);
        }
    }
}

void shards_look(struct call *c, struct mapping *mapping)
{
    if (mapping->shards_changed && shards_list(c, mapping) != OK) {
        mapping_result(mapping, "PROBLEM: %s", c->why.text);
        c->why.text[0] = '\0';
        return;
    }
    for (size_t i = 0; i < mapping->shard_count; i++) {
        if (txn_room(c->txn) < ROOM_MIN) { /* the others in the next step */
            mapping_look_by(mapping, c->now);
            return;
        }
        if (may_be_read(c, mapping->shards[i])) {
            shard_look(c, mapping->shards[i]);
        }
    }
}

bool shards_sweep(struct call *c, struct mapping *mapping)
{
    while (mapping->shard_count > 0) {
        struct mapping_shard *shard = mapping->shards[mapping->shard_count - 1];

        if (txn_room(c->txn) < ROOM_MIN) {
            return false;
        }
        shard_erase(c, shard);
        shard_free(shard);
        mapping->shard_count--;
    }
    return true;
}

/* ---- seeking ---- */

static status seek_one(struct call *c, struct mapping_shard *shard,
                       const struct source_start *start)
{
    struct mapping *mapping = shard->mapping;
    uint64_t next;

    TRY(bus_source_seek(c, mapping->source, shard->number, start, &next));
    shard->finished = false;
    shard_save(c, shard);
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        lane_seek(&shard->lanes[i], next);
        lane_save(c, &shard->lanes[i]);
    }
    return OK;
}

status shards_seek(struct call *c, struct mapping *mapping, struct str id,
                   const struct source_start *start)
{
    bool found = false;

    TRY(shards_list(c, mapping));
    if (id.bytes == 0 && mapping->shard_count * mapping->settings.lanes > SEEK_LANES_MAX) {
        return fail(c, &LAMBDA_BAD_VALUE, "These are too many shards for one step: seek them one "
                    "by one.");
    }
    for (size_t i = 0; i < mapping->shard_count; i++) {
        struct mapping_shard *shard = mapping->shards[i];

        if (!shard->listed || (id.bytes > 0 && !str_eq(id, shard->id))) {
            continue;
        }
        found = true;
        TRY(seek_one(c, shard, start));
    }
    mapping_look_by(mapping, c->now);
    return found ? OK : fail(c, &LAMBDA_NOT_FOUND, "There is no such shard.");
}
