/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of event source mappings in memory, and when they look at their sources.
 *
 * A mapping looks when its source rang, when a batch of it ended, or at a moment that it set itself
 * (gathering, a window's end, the next try). A look is a step of its own: a call, one journal
 * entry if anything is staged. It stages nothing while the disk is full: then it comes again.
 */
#include "svc/lambda/mapping_ops.h"

#include "base/mem.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "sys/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define SCRATCH_BYTES_MAX (256u << 20)
#define CONCURRENCY_FIRST 5      /* as AWS begins */
#define REFUSED_MS_MIN 20        /* the function cannot take more: look again, later each time */
#define REFUSED_MS_MAX 1000
#define FULL_MS 1000             /* the disk is full: look again */
#define SWEEP_MAX 10000          /* rows of a deleted mapping that go in a step */

/* ---- texts ---- */

void mapping_text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes > 0 ? mem_dup(text.at, text.bytes) : NULL;

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

void mapping_result(struct mapping *mapping, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(mapping->result, sizeof(mapping->result), format, args);
    va_end(args);
}

/* ---- making, finding ---- */

/* What is in the source now is durable when the entry is that is made next. */
static void note_arrival(struct mapping *mapping)
{
    mapping->rang = journal_last(store_journal(cell_store(mapping->all->cell))) + 1;
}

static void rang(struct cell *cell, struct source_watch *watch, bool shards)
{
    struct mapping *mapping = LINK_OWNER(watch, struct mapping, watch);

    mapping->shards_changed |= shards;
    note_arrival(mapping);
    mapping_look_by(mapping, cell_now(cell));
}

static void look_fire(struct cell *cell, struct timer *timer);

struct mapping *mapping_new(struct mappings *all, struct str uuid)
{
    struct mapping *mapping = MEM_NEW(struct mapping);

    assert(uuid.bytes == UUID_BYTES);
    mapping->all = all;
    memcpy(mapping->uuid, uuid.at, UUID_BYTES);
    mapping->watch.woken = rang;
    mapping->timer.fire = look_fire;
    link_init(&mapping->batches);
    mapping->aside = map_new(MAPPING_ASIDE_MAX);
    mapping->concurrency = CONCURRENCY_FIRST;
    mapping->shards_changed = true;
    if (!map_set(all->by_uuid, uuid, mapping, NULL)) {
        map_free(mapping->aside);
        mem_free(mapping);
        return NULL;
    }
    return mapping;
}

static void settings_done(struct mapping_settings *settings)
{
    for (size_t i = 0; i < settings->filter_count; i++) {
        pattern_free(settings->filters[i]);
    }
    mapping_text_set(&settings->on_failure, STR_NONE);
    *settings = (struct mapping_settings){.batch_size = 0};
}

void mapping_free(struct mapping *mapping)
{
    struct str *const texts[] = {
        &mapping->arn, &mapping->target.account, &mapping->target.region, &mapping->target.name,
        &mapping->target.qualifier, &mapping->function_arn, &mapping->source, &mapping->config,
    };

    batches_done(mapping);
    bus_source_unwatch(mapping->all->cell, &mapping->watch);
    cell_timer_unset(mapping->all->cell, &mapping->timer);
    (void)map_remove(mapping->all->by_uuid, str_of(mapping->uuid, UUID_BYTES));
    shards_done(mapping);
    settings_done(&mapping->settings);
    map_free(mapping->aside);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mapping_text_set(texts[i], STR_NONE);
    }
    mem_free(mapping);
}

struct mapping *mapping_find(const struct mappings *all, struct str uuid)
{
    return map_get(all->by_uuid, uuid);
}

/* The last part of an ARN: a queue's or stream's name; of a table's stream the table's. */
static struct str source_name(struct str arn)
{
    size_t table = str_find_str(arn, STR(":table/"));
    struct str name = table < arn.bytes ? str_slice(arn, table + 7, arn.bytes) : arn;
    struct str last = name;

    if (table < arn.bytes) {
        return str_slice(name, 0, str_find(name, '/', 0));
    }
    name = str_slice(name, 0, str_find_str(name, STR("/consumer/")));
    for (struct str rest = name; rest.at != NULL;) {
        last = str_split(&rest, ':');
    }
    return str_starts(last, STR("stream/")) ? str_slice(last, 7, last.bytes) : last;
}

static bool is_named(const struct mapping *mapping, struct str name)
{
    size_t colon = str_find(name, ':', 0);

    return str_eq(name, mapping->arn) ||
           (str_eq(str_slice(name, 0, colon), mapping->target.name) && colon < name.bytes &&
            str_eq(str_slice(name, colon + 1, name.bytes), source_name(mapping->source)));
}

struct mapping *mapping_named(struct call *c, struct str name)
{
    const struct mappings *all = mappings_of(c);
    struct mapping *found = mapping_find(all, name);
    struct str uuid;
    void *value;

    for (size_t i = 0; found == NULL && map_next(all->by_uuid, &i, &uuid, &value);) {
        found = is_named(value, name) ? value : NULL;
    }
    return found;
}

/* ---- configuration ---- */

static bool reports(const struct value *config)
{
    const struct value *types = get(config, "FunctionResponseTypes");

    for (uint32_t i = 0; types != NULL && i < types->count; i++) {
        if (str_eq(types->items[i].str, STR("ReportBatchItemFailures"))) {
            return true;
        }
    }
    return false;
}

static void start_read(const struct value *config, struct source_start *start)
{
    struct str position = get_str(config, "StartingPosition");

    start->from = str_eq(position, STR("LATEST"))         ? SOURCE_LATEST
                  : str_eq(position, STR("AT_TIMESTAMP")) ? SOURCE_AT_TIME
                                                          : SOURCE_HORIZON;
    start->at_ms = get_time(config, "StartingPositionTimestamp", 0);
}

static status filters_read(const struct value *config, struct mapping_settings *settings)
{
    const struct value *criteria = get(config, "FilterCriteria");
    const struct value *filters = criteria == NULL ? NULL : get(criteria, "Filters");
    struct why why;

    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        struct str pattern = get_str(&filters->items[i], "Pattern");

        if (settings->filter_count == MAPPING_FILTERS_MAX ||
            filter_compile(pattern, &why, &settings->filters[settings->filter_count]) != OK) {
            return &ERR_CORRUPT;
        }
        settings->filter_count++;
    }
    return OK;
}

static void numbers_read(const struct value *config, struct mapping_settings *settings)
{
    const struct value *scaling = get(config, "ScalingConfig");
    const struct value *destinations = get(config, "DestinationConfig");
    const struct value *failure = destinations == NULL ? NULL : get(destinations, "OnFailure");
    int64_t age = get_int(config, "MaximumRecordAgeInSeconds", -1);

    settings->batch_size = (size_t)get_int(config, "BatchSize", 100);
    settings->gather_ms = get_int(config, "MaximumBatchingWindowInSeconds", 0) * 1000;
    settings->lanes = (uint32_t)get_int(config, "ParallelizationFactor", 1);
    settings->window_ms = get_int(config, "TumblingWindowInSeconds", 0) * 1000;
    settings->age_ms = age < 0 ? -1 : age * 1000;
    settings->retries = get_int(config, "MaximumRetryAttempts", -1);
    settings->bisect = get_bool(config, "BisectBatchOnFunctionError", false);
    settings->concurrency_max =
        scaling == NULL ? MAPPING_CONCURRENCY_MAX
                        : (size_t)get_int(scaling, "MaximumConcurrency", MAPPING_CONCURRENCY_MAX);
    mapping_text_set(&settings->on_failure,
                     failure == NULL ? STR_NONE : get_str(failure, "Destination"));
}

status mapping_configure(struct call *c, struct mapping *mapping, struct str json)
{
    uint32_t shape = shape_of("GetEventSourceMapping", NULL);
    const struct value *config = value_of_json(c, json, shape);
    struct mapping_settings settings = {.batch_size = 0};

    TRY(filters_read(config, &settings));
    numbers_read(config, &settings);
    settings.reports = reports(config);
    start_read(config, &settings.start);
    if (mapping->config.at != json.at) {
        mapping_text_set(&mapping->config, json);
    }
    mapping_text_set(&mapping->source, get_str(config, "EventSourceArn"));
    mapping_text_set(&mapping->arn, get_str(config, "EventSourceMappingArn"));
    mapping_text_set(&mapping->function_arn, target_arn(c->arena, &mapping->target));
    settings_done(&mapping->settings);
    mapping->settings = settings;
    mapping->table = bus_source_of(c->cell, mapping->source);
    mapping->fifo = str_ends(mapping->source, STR(".fifo"));
    mapping->concurrency = mapping->concurrency < settings.concurrency_max
                               ? mapping->concurrency
                               : settings.concurrency_max;
    return mapping->table == NULL ? &ERR_CORRUPT : OK;
}

/* ---- looking ---- */

void mapping_look_by(struct mapping *mapping, int64_t at_ms)
{
    if (mapping->timer.index == 0 || mapping->timer.at_ms > at_ms) {
        cell_timer_set(mapping->all->cell, &mapping->timer, at_ms);
    }
}

bool mapping_may_run(struct call *c, struct mapping *mapping, struct version *ret_version)
{
    status may = mapping->all->runner->check(c, mapping, ret_version);

    if (may == OK) {
        mapping->refused_ms = 0;
        return true;
    }
    if (may != &LAMBDA_TOO_MANY_REQUESTS) {
        mapping_result(mapping, "PROBLEM: %s", c->why.text);
    }
    mapping->refused_ms = mapping->refused_ms == 0 ? REFUSED_MS_MIN : 2 * mapping->refused_ms;
    mapping->refused_ms =
        mapping->refused_ms < REFUSED_MS_MAX ? mapping->refused_ms : REFUSED_MS_MAX;
    mapping_look_by(mapping, c->now + mapping->refused_ms);
    c->why.text[0] = '\0';
    return false;
}

/* Of what a deleted mapping left. True: nothing is left. */
static bool sweep(struct call *c, struct mapping *mapping)
{
    struct txn_scan *scan = NULL;
    struct aside aside;
    size_t swept = 0;
    bool more = true;

    while (swept < SWEEP_MAX && (more = aside_next(c, mapping, STR_NONE, &scan, &aside))) {
        aside_erase(c, aside.row);
        swept++;
    }
    txn_scan_close(scan);
    return !more && shards_sweep(c, mapping);
}

static bool is_held(struct call *c, const struct mapping *mapping)
{
    struct target whole = target_with(&mapping->target, STR_NONE);

    return hold_on(c, HOLD_MAPPING, mapping->arn, STR_NONE) ||
           hold_on(c, HOLD_FUNCTION, target_arn(c->arena, &whole), STR_NONE);
}

void mapping_look(struct call *c, struct mapping *mapping)
{
    if (mapping->deleting) {
        mapping_look_by(mapping, c->now); /* in a step of its own: it may be freed then */
    } else if (!mapping->enabled || is_held(c, mapping)) {
        return;
    } else if (mapping->table->kind == SOURCE_QUEUE) {
        queue_look(c, mapping);
    } else {
        aside_look(c, mapping);
        shards_look(c, mapping);
    }
}

static status look(struct call *c, void *arg)
{
    struct mapping *mapping = arg;

    call_on(c, arena_dup(c->arena, mapping->arn));
    if (!mapping->deleting) {
        mapping_look(c, mapping);
    } else if (mapping->batch_count == 0) {
        if (sweep(c, mapping)) {
            mapping_erase(c, mapping);
            mapping_free(mapping);
        } else {
            mapping_look_by(mapping, c->now);
        }
    }
    return OK;
}

status mapping_step(struct mapping *mapping, const char *name,
                    status (*run)(struct call *c, void *arg), void *arg)
{
    struct mappings *all = mapping->all;
    struct doing doing = {"lambda", name, STR_NONE, STR_NONE, run, arg};
    struct why why = {""};
    status went;

    arena_clear(all->scratch); /* the mapping may be freed in the step: it gets copies */
    doing.account = arena_dup(all->scratch, mapping->target.account);
    doing.region = arena_dup(all->scratch, mapping->target.region);
    went = cell_step(all->cell, &doing, all->scratch, &why);
    if (went != OK && went != &ERR_FULL) {
        log_write(LOG_ERROR, "lambda", "%s: %s %s", name, went->code, why.text);
    }
    return went;
}

static void look_fire(struct cell *cell, struct timer *timer)
{
    struct mapping *mapping = LINK_OWNER(timer, struct mapping, timer);

    if (mapping_step(mapping, "DrainSource", look, mapping) != OK) {
        mapping_look_by(mapping, cell_now(cell) + FULL_MS);
    }
}

void mapping_resume(struct cell *cell, struct mapping *mapping)
{
    if (mapping->enabled && !mapping->deleting) {
        if (mapping->watch.bell.bytes == 0 &&
            bus_source_watch(cell, &mapping->watch, mapping->source) != OK) {
            mapping_result(mapping, "PROBLEM: too many sources are watched");
        }
        mapping->shards_changed = mapping->aside_changed = true;
        note_arrival(mapping);
    } else {
        bus_source_unwatch(cell, &mapping->watch);
    }
    mapping_look_by(mapping, cell_now(cell));
}

void mapping_delete(struct call *c, struct mapping *mapping)
{
    mapping->deleting = true;
    mapping_save(c, mapping);
    hold_forget(c, HOLD_MAPPING, mapping->arn);
    mapping_resume(c->cell, mapping);
}

void mappings_function_changed(struct call *c, const struct target *target)
{
    struct str uuid;
    void *value;

    for (size_t i = 0; map_next(mappings_of(c)->by_uuid, &i, &uuid, &value);) {
        struct mapping *mapping = value;

        if (target == NULL || (str_eq(mapping->target.name, target->name) &&
                               str_eq(mapping->target.account, target->account) &&
                               str_eq(mapping->target.region, target->region))) {
            mapping_look_by(mapping, c->now);
        }
    }
}

/* ---- holds ---- */

static status find_held(struct call *c, struct str name, struct str *ret_arn)
{
    const struct mapping *mapping = mapping_named(c, name);

    if (mapping == NULL) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = arena_dup(c->arena, mapping->arn);
    return OK;
}

static void hold_changed(struct call *c, struct str arn, struct str key, bool held)
{
    struct mapping *mapping = mapping_named(c, arn);

    (void)key;
    if (mapping != NULL && !held) {
        mapping->aside_changed = true;
        mapping_look_by(mapping, c->now);
    }
}

static const struct hold_owner holds = {HOLD_MAPPING, "lambda", find_held, hold_changed};

/* ---- life ---- */

static status configure_all(struct mappings *all)
{
    struct arena *arena = arena_new(SCRATCH_BYTES_MAX);
    struct call bare = {.cell = all->cell, .arena = arena}; /* enough for reading */
    status configured = OK;
    struct str uuid;
    void *value;

    for (size_t i = 0; configured == OK && map_next(all->by_uuid, &i, &uuid, &value);) {
        struct mapping *mapping = value;

        configured = mapping_configure(&bare, mapping, mapping->config);
        mapping_result(mapping, "No records processed");
        mapping_resume(all->cell, mapping);
        arena_clear(arena);
    }
    arena_free(arena);
    return configured;
}

status mappings_open(struct cell *cell, struct lambda *lambda)
{
    struct mappings *all = MEM_NEW(struct mappings);

    all->cell = cell;
    all->runner = &mapping_runner;
    all->by_uuid = map_new(MAPPINGS_MAX);
    all->scratch = arena_new(SCRATCH_BYTES_MAX);
    lambda->mappings = all;
    hold_owner_add(cell, &holds);
    TRY(mappings_load(all));
    return configure_all(all); /* they look in the first turn, when every service is open */
}

void mappings_close(struct lambda *lambda)
{
    struct mappings *all = lambda->mappings;
    size_t at = 0;
    struct str uuid;
    void *value;

    if (all == NULL) {
        return;
    }
    while (map_next(all->by_uuid, &at, &uuid, &value)) {
        mapping_free(value);
        at = 0; /* the map has changed */
    }
    map_free(all->by_uuid);
    arena_free(all->scratch);
    mem_free(all);
    lambda->mappings = NULL;
}
