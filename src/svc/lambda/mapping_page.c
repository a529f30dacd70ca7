/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's own doors to event source mappings:
 *
 *   GET  /_weir/lambda/mappings?name=NAME     without a name: all, without their lanes
 *        {"mappings": [{"uuid", "function", "source", "state", "result", "held", "held_keys",
 *         "behind": records or messages that wait, "age_ms": of the oldest, "in_flight": batches,
 *         "aside": keys with records set aside, "batches", "records", "failures": since the start,
 *         "lanes": [{"shard", "lane", "state", "position": the next record's, "behind", "age_ms",
 *         "tries", "held"}]}]}
 *   POST /_weir/lambda/seek?name=NAME&at=T|TRIM_HORIZON|LATEST&shard=ID
 *        {"uuid", "shards": so many}
 *
 * NAME is a UUID, an ARN, or FUNCTION:SOURCE.
 */
#include "base/time.h"
#include "bus/hold.h"
#include "svc/lambda/mapping_ops.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (16u << 20)
#define SHOWN_MAX 1000

static status answer(struct call *c, int http, struct buf *text)
{
    buf_add_c(text, '\n');
    call_answer(c, http, "application/json", arena_dup(c->arena, buf_str(text)));
    buf_done(text);
    c->why.text[0] = '\0';
    return OK;
}

static status problem(struct call *c, int http, const char *sentence)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, arena_dup(c->arena, str_c(sentence)));
    buf_add_c(&text, '}');
    return answer(c, http, &text);
}

static void add_str(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "%s\"%s\":", text->at[text->bytes - 1] == '{' ? "" : ",", name);
    json_write_str(text, value);
}

static void add_number(struct buf *text, const char *name, uint64_t number)
{
    buf_printf(text, ",\"%s\":%llu", name, (unsigned long long)number);
}

/* ---- mappings ---- */

/* How far behind something is. */
struct lag {
    uint64_t behind;           /* records */
    int64_t age_ms;            /* of the oldest of them */
    struct str position;       /* its number; empty: there is none */
};

static struct lag lane_lag(struct call *c, const struct lane *lane)
{
    const struct mapping *mapping = lane->shard->mapping;
    struct source_record record = {.at_ms = c->now};
    struct source_ask ask = {.arn = mapping->source, .count_max = 1,
                             .bytes_max = MAPPING_EVENT_BYTES_MAX};
    struct source_reading reading = {.shard = lane->shard->number, .next = lane->looked};
    size_t count = 0;

    if (bus_source_read(c, &ask, &reading, &record, &count) != OK) {
        c->why.text[0] = '\0';
    }
    return (struct lag){reading.there + count, count > 0 ? c->now - record.at_ms : 0, record.id};
}

static const char *lane_state(const struct lane *lane)
{
    return lane->shard->finished ? "finished"
           : lane->batch != NULL ? "running"
           : lane->tries > 0     ? "failing"
                                 : "waiting";
}

static void add_lanes(struct call *c, struct buf *text, const struct mapping *mapping,
                      struct lag *sum, bool shown)
{
    size_t count = 0;

    for (size_t i = 0; i < mapping->shard_count; i++) {
        const struct mapping_shard *shard = mapping->shards[i];

        for (uint32_t k = 0; k < shard->lane_count && count < SHOWN_MAX; k++, count++) {
            const struct lane *lane = &shard->lanes[k];
            struct lag lag = lane_lag(c, lane);

            sum->behind = lag.behind > sum->behind || k == 0 ? sum->behind + lag.behind
                                                             : sum->behind;
            sum->age_ms = lag.age_ms > sum->age_ms ? lag.age_ms : sum->age_ms;
            if (!shown) {
                continue;
            }
            buf_add(text, count == 0 ? STR("{") : STR(",{"));
            add_str(text, "shard", shard->id);
            add_number(text, "lane", lane->index);
            add_str(text, "state", str_c(lane_state(lane)));
            add_str(text, "position", lag.position);
            add_number(text, "behind", lag.behind);
            add_number(text, "age_ms", (uint64_t)lag.age_ms);
            add_number(text, "tries", lane->tries);
            buf_printf(text, ",\"held\":%s}",
                       hold_on(c, HOLD_MAPPING, mapping->arn, shard->id) ? "true" : "false");
        }
    }
}

static struct str state_of(const struct mapping *mapping)
{
    return mapping->deleting  ? STR("Deleting")
           : mapping->enabled ? STR("Enabled")
                              : STR("Disabled");
}

static struct str function_name(struct call *c, const struct mapping *mapping)
{
    const struct target *target = &mapping->target;

    return target->qualifier.bytes == 0
               ? target->name
               : arena_printf(c->arena, "%.*s:%.*s", STR_ARG(target->name),
                              STR_ARG(target->qualifier));
}

static void add_mapping(struct call *c, struct buf *text, const struct mapping *mapping,
                        bool lanes)
{
    struct lag sum = {0, 0, STR_NONE};
    struct buf shown;

    buf_add_c(text, '{');
    add_str(text, "uuid", str_of(mapping->uuid, UUID_BYTES));
    add_str(text, "function", function_name(c, mapping));
    add_str(text, "source", mapping->source);
    add_str(text, "state", state_of(mapping));
    add_str(text, "result", str_c(mapping->result));
    buf_printf(text, ",\"held\":%s,\"held_keys\":%s",
               hold_on(c, HOLD_MAPPING, mapping->arn, STR_NONE) ? "true" : "false",
               hold_on_any_key(c, HOLD_MAPPING, mapping->arn) ? "true" : "false");
    buf_init(&shown, TEXT_BYTES_MAX);
    if (mapping->table->kind == SOURCE_QUEUE) {
        sum.behind = bus_source_visible(c, mapping->source);
    } else {
        add_lanes(c, &shown, mapping, &sum, lanes);
    }
    add_number(text, "behind", sum.behind);
    add_number(text, "age_ms", (uint64_t)sum.age_ms);
    add_number(text, "in_flight", mapping->batch_count);
    add_number(text, "aside", map_count(mapping->aside));
    add_number(text, "batches", mapping->batches_run);
    add_number(text, "records", mapping->records_run);
    add_number(text, "failures", mapping->failures);
    if (lanes) {
        buf_add(text, STR(",\"lanes\":["));
        buf_add(text, buf_str(&shown));
        buf_add_c(text, ']');
    }
    buf_add_c(text, '}');
    buf_done(&shown);
}

/* GET /_weir/lambda/mappings */
status page_mappings(struct call *c)
{
    struct str name = page_arg(c, "name");
    const struct mapping *one = name.bytes == 0 ? NULL : mapping_named(c, name);
    size_t count = 0;
    struct buf text;
    struct str uuid;
    void *mapping;

    if (name.bytes > 0 && one == NULL) {
        return problem(c, 404, "There is no such mapping. Name it by its UUID, or as "
                               "FUNCTION:SOURCE.");
    }
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"mappings\":["));
    if (one != NULL) {
        add_mapping(c, &text, one, true);
    }
    for (size_t i = 0; one == NULL && count < SHOWN_MAX &&
                       map_next(mappings_of(c)->by_uuid, &i, &uuid, &mapping);) {
        buf_add(&text, count++ == 0 ? STR("\n") : STR(",\n"));
        add_mapping(c, &text, mapping, false);
    }
    buf_add(&text, STR("]}"));
    return answer(c, 200, &text);
}

/* ---- seeking ---- */

static bool start_of_page(struct call *c, struct source_start *ret_start)
{
    struct str at = page_arg(c, "at");

    *ret_start = (struct source_start){SOURCE_AT_TIME, 0};
    if (str_eq(at, STR("TRIM_HORIZON")) || str_eq(at, STR("LATEST"))) {
        ret_start->from = str_eq(at, STR("LATEST")) ? SOURCE_LATEST : SOURCE_HORIZON;
        return true;
    }
    return at.bytes > 0 && moment_from_text(at, c->now, &ret_start->at_ms);
}

/* POST /_weir/lambda/seek */
status page_seek(struct call *c)
{
    struct str name = page_arg(c, "name");
    struct mapping *mapping = name.bytes == 0 ? NULL : mapping_named(c, name);
    struct source_start start;
    struct buf text;

    if (!str_eq(c->request->method, STR("POST"))) {
        return problem(c, 405, "POST this.");
    }
    if (mapping == NULL || mapping->deleting) {
        return problem(c, 404, "There is no such mapping. Name it by its UUID, or as "
                               "FUNCTION:SOURCE.");
    }
    if (mapping->table->kind != SOURCE_SHARDS) {
        return problem(c, 400, "A queue has no positions; `weir redrive` sends messages back.");
    }
    if (!start_of_page(c, &start)) {
        return problem(c, 400, "Say where: TRIM_HORIZON, LATEST, or a moment, such as 10m or "
                               "2026-12-01T05:00:00Z.");
    }
    if (shards_seek(c, mapping, page_arg(c, "shard"), &start) != OK) {
        return problem(c, 400, c->why.text);
    }
    call_on(c, arena_dup(c->arena, mapping->arn));
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add_c(&text, '{');
    add_str(&text, "uuid", str_of(mapping->uuid, UUID_BYTES));
    add_number(&text, "shards", page_arg(c, "shard").bytes > 0 ? 1 : mapping->shard_count);
    buf_add_c(&text, '}');
    return answer(c, 200, &text);
}
