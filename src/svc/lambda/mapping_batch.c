/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches: the event that a function gets, and the step in which its end is committed.
 *
 *   batch_new ──keep──► batch_start ──runner──► batch_done ──step──► freed
 *                                                   └── the disk is full: a second later
 *
 * In the step of its end the mapping looks again, so that one entry of the journal ends a batch and
 * takes the next.
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/trace.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/lambda/mapping_ops.h"
#include "wire/json.h"

#include <assert.h>

#define BATCH_BYTES_MAX (64u << 20)
#define EVENT_BYTES_MAX (64u << 20)
#define AGAIN_MS 1000

static void again_fire(struct cell *cell, struct timer *timer);

struct batch *batch_new(struct mapping *mapping, struct lane *lane)
{
    struct batch *batch = MEM_NEW(struct batch);

    batch->mapping = mapping;
    batch->lane = lane;
    batch->arena = arena_new(BATCH_BYTES_MAX);
    batch->again.fire = again_fire;
    list_push(&mapping->batches, &batch->link);
    mapping->batch_count++;
    if (lane != NULL) {
        assert(lane->batch == NULL);
        batch->epoch = lane->epoch;
        lane->batch = batch;
    }
    return batch;
}

static void batch_free(struct batch *batch)
{
    struct mapping *mapping = batch->mapping;

    assert(mapping->batch_count > 0);
    mapping->batch_count--;
    link_remove(&batch->link);
    cell_timer_unset(mapping->all->cell, &batch->again);
    if (batch->lane != NULL) {
        assert(batch->lane->batch == batch);
        batch->lane->batch = NULL;
    }
    if (mapping->aside_batch == batch) {
        mapping->aside_batch = NULL;
    }
    arena_free(batch->arena);
    mem_free(batch);
}

void batches_done(struct mapping *mapping)
{
    while (!link_alone(&mapping->batches)) {
        batch_free(LINK_OWNER(mapping->batches.next, struct batch, link));
    }
}

void batch_keep(struct batch *batch, const struct source_record *records, size_t count)
{
    batch->records = arena_alloc(batch->arena, (count + 1) * sizeof(*records));
    batch->count = count;
    for (size_t i = 0; i < count; i++) {
        struct source_record *kept = &batch->records[i];

        *kept = records[i];
        kept->text = kept->data = STR_NONE;
        kept->id = arena_dup(batch->arena, kept->id);
        kept->key = batch->aside ? arena_dup(batch->arena, kept->key) : STR_NONE;
        kept->trace = i == 0 && kept->trace.bytes > 0 ? arena_dup(batch->arena, kept->trace)
                                                      : STR_NONE;
    }
}

/* ---- the event ---- */

static void add_moment(struct buf *event, const char *name, int64_t at_ms)
{
    buf_printf(event, "\"%s\":\"", name);
    buf_add_iso(event, at_ms);
    buf_add_c(event, '"');
}

/* What the event of a window says beside its records. */
static void add_window(struct buf *event, const struct batch *batch)
{
    const struct mapping *mapping = batch->mapping;
    const struct lane *lane = batch->lane;
    const struct window *window = &lane->window;
    bool early = batch->final && window->early;

    buf_add(event, STR(",\"window\":{"));
    add_moment(event, "start", window->start_ms);
    buf_add_c(event, ',');
    add_moment(event, "end", window->start_ms + mapping->settings.window_ms);
    buf_add(event, STR("},\"state\":"));
    buf_add(event, window->state.bytes > 0 ? window->state : STR("{}"));
    buf_add(event, STR(",\"shardId\":"));
    json_write_str(event, lane->shard->id);
    buf_add(event, STR(",\"eventSourceARN\":"));
    json_write_str(event, mapping->source);
    buf_printf(event, ",\"isFinalInvokeForWindow\":%s,\"isWindowTerminatedEarly\":%s",
               batch->final ? "true" : "false", early ? "true" : "false");
}

static void add_event(struct buf *event, const struct batch *batch,
                      const struct source_record *records)
{
    buf_add(event, STR("{\"Records\":["));
    for (size_t i = 0; i < batch->count; i++) {
        if (i > 0) {
            buf_add_c(event, ',');
        }
        buf_add(event, records[i].text);
    }
    buf_add_c(event, ']');
    if (batch->lane != NULL && batch->mapping->settings.window_ms > 0) {
        add_window(event, batch);
    }
    buf_add_c(event, '}');
}

/* A bucket is told of failures with the whole event. */
static bool event_wanted(const struct mapping *mapping)
{
    return str_find_str(mapping->settings.on_failure, STR(":s3:")) <
           mapping->settings.on_failure.bytes;
}

static struct str role_of(struct arena *arena, const struct version *version)
{
    return version->config == NULL ? STR_NONE
                                   : arena_dup(arena, get_str(version->config, "Role"));
}

status batch_start(struct call *c, struct batch *batch, const struct version *version,
                   const struct source_record *records)
{
    struct mapping *mapping = batch->mapping;
    struct mapping_wish wish = {.version = version};
    struct buf event;
    status started;

    buf_init(&event, EVENT_BYTES_MAX);
    add_event(&event, batch, records);
    wish.event = buf_str(&event);
    c->trace = batch->count > 0 ? batch->records[0].trace : STR_NONE;
    wish.trace = trace_header(c);
    batch->trace = arena_dup(batch->arena, wish.trace);
    batch->role = role_of(batch->arena, version);
    c->trace = STR_NONE;
    wish.durable = !batch->aside && mapping->rang <= journal_durable(store_journal(
                                                         cell_store(mapping->all->cell)));
    started = buf_spent(&event) ? &ERR_LIMIT : mapping->all->runner->start(c, &wish, batch);
    if (started == OK) {
        mapping->batches_run++;
        mapping->records_run += batch->count;
        if (event_wanted(mapping)) {
            batch->event = arena_dup(batch->arena, buf_str(&event));
        }
    } else {
        mapping_result(mapping, "PROBLEM: %s", c->why.text);
        mapping_look_by(mapping, c->now + AGAIN_MS);
        c->why.text[0] = '\0';
        batch_free(batch);
    }
    buf_done(&event);
    return started;
}

/* ---- its end ---- */

static void result_of(struct mapping *mapping, const struct batch *batch)
{
    if (batch->how.ran == RAN_OK) {
        mapping_result(mapping, "OK");
    } else if (batch->how.ran == RAN_FAILED) {
        mapping->failures++;
        mapping_result(mapping, "PROBLEM: Function call failed");
    } else {
        mapping->failures++;
        mapping_result(mapping, "PROBLEM: the function did not run: %.*s",
                       STR_ARG(str_slice(batch->how.answer, 0, 100)));
    }
}

/* The step: what it did is committed, and the next batches are taken. */
static status finish(struct call *c, void *arg)
{
    struct batch *batch = arg;
    struct mapping *mapping = batch->mapping;
    bool overtaken = mapping->deleting ||
                     (batch->lane != NULL && batch->lane->epoch != batch->epoch);

    call_on(c, arena_dup(c->arena, mapping->arn));
    c->trace = arena_dup(c->arena, batch->trace);
    result_of(mapping, batch);
    if (!overtaken && batch->aside) {
        aside_finish(c, batch);
    } else if (!overtaken && batch->lane != NULL) {
        lane_finish(c, batch);
    } else if (batch->lane == NULL && !batch->aside) {
        queue_finish(c, batch); /* also of one that is being deleted: it was done */
    }
    batch_free(batch);
    c->trace = STR_NONE;
    mapping_look(c, mapping);
    return OK;
}

static void commit(struct cell *cell, struct batch *batch)
{
    if (mapping_step(batch->mapping, "FinishBatch", finish, batch) != OK) {
        cell_timer_set(cell, &batch->again, cell_now(cell) + AGAIN_MS);
    }
}

static void again_fire(struct cell *cell, struct timer *timer)
{
    commit(cell, LINK_OWNER(timer, struct batch, again));
}

void batch_done(struct cell *cell, struct batch *batch, const struct ran_how *how)
{
    assert(!batch->ended);
    batch->ended = true;
    batch->how = *how;
    batch->how.answer = arena_dup(batch->arena, how->answer);
    batch->how.request_id = arena_dup(batch->arena, how->request_id);
    batch->how.version = arena_dup(batch->arena, how->version);
    commit(cell, batch);
}

/* ---- what the function answered ---- */

static bool fail_one(struct str id, const struct source_record *records, size_t count,
                     bool *ret_failed)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(records[i].id, id)) {
            ret_failed[i] = true;
            return true;
        }
    }
    return false;
}

enum items batch_report(struct str answer, const struct source_record *records, size_t count,
                        struct arena *arena, bool *ret_failed)
{
    const struct value *document = pattern_document(answer, arena);
    const struct value *list;

    if (document->kind == VALUE_NULL || answer.bytes == 0) {
        return ITEMS_NONE;
    }
    if (document->kind != VALUE_MAP) {
        return ITEMS_ALL;
    }
    list = map_find(document, STR("batchItemFailures"));
    if (list == NULL || list->kind == VALUE_NULL) {
        return ITEMS_NONE;
    }
    if (list->kind != VALUE_LIST) {
        return ITEMS_ALL;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *item = &list->items[i];
        const struct value *id =
            item->kind == VALUE_MAP ? map_find(item, STR("itemIdentifier")) : NULL;

        if (id == NULL || id->kind != VALUE_STR ||
            !fail_one(id->str, records, count, ret_failed)) {
            return ITEMS_ALL;
        }
    }
    return list->count == 0 ? ITEMS_NONE : ITEMS_SOME;
}

bool batch_state(struct str answer, struct arena *arena, struct str *ret_state)
{
    const struct value *document = pattern_document(answer, arena);
    const struct value *state = document->kind == VALUE_MAP ? map_find(document, STR("state"))
                                                            : NULL;
    struct buf text;

    if (state == NULL || state->kind != VALUE_MAP) {
        return false;
    }
    buf_init(&text, EVENT_BYTES_MAX);
    json_write(&text, state, TIME_EPOCH);
    *ret_state = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return true;
}
