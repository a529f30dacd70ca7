/* SPDX-License-Identifier: Apache-2.0
 *
 * A made-up source for tests of mappings, "made": shards of records that the test appends. They
 * outlive the cell, as a stream's would. It is a sink, too: what it is told of failures are texts.
 * Records are named "SHARD.NUMBER".
 */
#ifndef WEIR_TEST_SVC_LAMBDA_MADE_H
#define WEIR_TEST_SVC_LAMBDA_MADE_H

#include "base/mem.h"
#include "bus/bus_int.h"
#include "bus/sink.h"
#include "cell/cell.h"
#include "svc/lambda/mapping_ops.h"

#include <assert.h>
#include <stdio.h>

#define MADE STR("arn:aws:made:us-east-1:000000000000:stream/one")
#define MADE_DEAD STR("arn:aws:made:us-east-1:000000000000:dead")
#define MADE_SHARDS_MAX 8
#define MADE_RECORDS_MAX 4000
#define RUNNING_MAX 64
#define TOLD_MAX 64

struct made_shard {
    bool there;                  /* it was opened */
    bool closed;                 /* nothing more comes */
    int parents[2];              /* numbers; -1: none */
    uint64_t first;              /* the oldest kept; from 1 */
    uint64_t count;              /* appended ever */
    char keys[MADE_RECORDS_MAX]; /* of each */
    int64_t at_ms[MADE_RECORDS_MAX]; /* of each */
};

/* All that is made up; one in a process. */
static struct made {
    struct made_shard shards[MADE_SHARDS_MAX];
    struct batch *running[RUNNING_MAX]; /* batches that were begun and not ended, oldest first */
    size_t running_count;        /* of them */
    char events[RUNNING_MAX][4096]; /* what each got: its records' ids, joined by blanks */
    char wholes[RUNNING_MAX][2048]; /* the events themselves, cut off */
    bool refuses;                /* the function takes no more */
    char told[TOLD_MAX][2048];   /* to the destination */
    size_t told_count;           /* of them */
} made;

/* ---- the source ---- */

static struct str made_bell(struct str arn)
{
    return arn;
}

static status made_about(struct call *c, struct str arn, struct source_about *ret_about)
{
    (void)c;
    (void)arn;
    *ret_about = (struct source_about){.kind = SOURCE_SHARDS, .by_time = true};
    return OK;
}

static status made_shards(struct call *c, struct str arn, struct source_shard **ret_shards,
                          size_t *ret_count)
{
    struct source_shard *listed = arena_zero(c->arena, MADE_SHARDS_MAX * sizeof(*listed));
    size_t count = 0;

    (void)arn;
    for (uint64_t i = 0; i < MADE_SHARDS_MAX; i++) {
        const struct made_shard *shard = &made.shards[i];

        if (!shard->there) {
            continue;
        }
        listed[count].id = arena_printf(c->arena, "shard-%llu", (unsigned long long)i);
        listed[count].number = i;
        listed[count].closed = shard->closed;
        for (int k = 0; k < 2; k++) {
            if (shard->parents[k] >= 0) {
                listed[count].parents[listed[count].parent_count++] = (uint64_t)shard->parents[k];
            }
        }
        count++;
    }
    *ret_shards = listed;
    *ret_count = count;
    return OK;
}

static status made_seek(struct call *c, struct str arn, uint64_t number,
                        const struct source_start *start, uint64_t *ret_next)
{
    const struct made_shard *shard = &made.shards[number];
    uint64_t next = shard->first;

    (void)c;
    (void)arn;
    if (start->from == SOURCE_LATEST) {
        next = shard->count + 1;
    }
    while (start->from == SOURCE_AT_TIME && next <= shard->count &&
           shard->at_ms[next - 1] < start->at_ms) {
        next++;
    }
    *ret_next = next;
    return OK;
}

static status made_read(struct call *c, const struct source_ask *ask,
                        struct source_reading *reading, struct source_record *ret_records,
                        size_t *ret_count)
{
    const struct made_shard *shard = &made.shards[reading->shard];
    uint64_t end = reading->before != 0 && reading->before <= shard->count ? reading->before
                                                                           : shard->count + 1;
    size_t count = 0;

    reading->lost = reading->next < shard->first ? shard->first - reading->next : 0;
    reading->next += reading->lost;
    for (; count < ask->count_max && reading->next < end; reading->next++) {
        struct str key = str_of(&shard->keys[reading->next - 1], 1);
        struct str id = arena_printf(c->arena, "%llu.%llu", (unsigned long long)reading->shard,
                                     (unsigned long long)reading->next);

        if (ask->wanted == NULL || ask->wanted(ask->arg, key)) {
            ret_records[count++] = (struct source_record){
                .text = arena_printf(c->arena, "{\"id\":\"%.*s\",\"key\":\"%.*s\"}", STR_ARG(id),
                                     STR_ARG(key)),
                .id = id, .key = arena_dup(c->arena, key), .number = reading->next,
                .at_ms = shard->at_ms[reading->next - 1],
            };
        }
    }
    reading->there = end - reading->next;
    reading->ended = shard->closed && reading->next > shard->count;
    reading->until_ms = INT64_MAX;
    *ret_count = count;
    return OK;
}

static const struct source made_source = {
    .service = "made", .kind = SOURCE_SHARDS, .bell = made_bell, .about = made_about,
    .shards = made_shards, .seek = made_seek, .read = made_read,
};

static status made_check(struct call *c, const struct bus_event *event)
{
    (void)c;
    (void)event;
    return OK;
}

static status made_take(struct call *c, const struct bus_event *event)
{
    (void)c;
    assert(made.told_count < TOLD_MAX);
    (void)snprintf(made.told[made.told_count++], 2048, "%.*s", STR_ARG(event->body));
    return OK;
}

static const struct sink made_sink = {"made", made_check, made_take, NULL};

static status made_open(struct cell *cell, void **ret_state)
{
    *ret_state = mem_zero(1);
    bus_source_add(cell, &made_source);
    bus_sink_add(cell, &made_sink);
    return OK;
}

static void made_close(void *state)
{
    mem_free(state);
}

static const struct service made_service = {.id = "made", .open = made_open, .close = made_close};

#endif
