/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus's doors for the command line:
 *
 *   POST /_weir/hold?kind=queue&name=work[&key=K]      POST /_weir/release?…the same
 *   GET  /_weir/holds
 *   GET  /_weir/trace[?id=TRACE][&resource=ARN][&count=N]   newest first; a trace oldest first
 *   GET  /_weir/outbox[?count=N]
 *   GET  /_weir/deliveries            POST /_weir/deliveries?now=1
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/bus_int.h"
#include "bus/delivery_int.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (32u * 1024 * 1024)
#define COUNT_DEFAULT 100
#define COUNT_MAX 10000
#define HOPS_AT_ONCE 512

static const struct {
    const char *name;    /* as people type it */
    enum hold_kind kind;
} kinds[] = {
    {"queue", HOLD_QUEUE},       {"group", HOLD_GROUP},     {"subscription", HOLD_SUBSCRIPTION},
    {"function", HOLD_FUNCTION}, {"mapping", HOLD_MAPPING}, {"route", HOLD_ROUTE},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *kind_name(enum hold_kind kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return "?";
}

static size_t count_of(struct call *c)
{
    uint64_t count;

    return str_to_u64(page_arg(c, "count"), &count) && count > 0 && count < COUNT_MAX
               ? (size_t)count
               : COUNT_DEFAULT;
}

static bool is_post(struct call *c)
{
    return c->request == NULL || str_eq(c->request->method, STR("POST"));
}

/* ---- holds ---- */

/* What is to be held or released; false: answered already. */
static bool held_of_page(struct call *c, struct held *ret_held)
{
    struct str kind = page_arg(c, "kind");
    struct str name = page_arg(c, "name");
    struct held held = {.key = page_arg(c, "key")};

    if (!is_post(c)) {
        page_problem(c, 405, "POST this.");
        return false;
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (str_eq(kind, str_c(kinds[i].name))) {
            held.kind = kinds[i].kind;
        }
    }
    if (held.kind == 0) {
        page_problem(c, 400,
                     "kind is one of queue, group, subscription, function, mapping, route.");
        return false;
    }
    if (held.kind == HOLD_GROUP && held.key.bytes == 0) {
        page_problem(c, 400, "A group is held by its queue's name and its own: give key.");
        return false;
    }
    if (name.bytes == 0 || hold_find(c, held.kind, name, &held.arn) != OK) {
        page_problem(c, 404, "There is no %s \"%.*s\" here.", kind_name(held.kind),
                     STR_ARG(str_slice(name, 0, 256)));
        return false;
    }
    held.key = held.key.at == NULL ? STR("") : held.key;
    *ret_held = held;
    return true;
}

static void held_members(struct buf *text, const struct held *held)
{
    json_member(text, "kind", str_c(kind_name(held->kind)), true);
    json_member(text, "arn", held->arn, false);
    if (held->key.bytes > 0) {
        json_member(text, "key", held->key, false);
    }
}

static void answer_held(struct call *c, const struct held *held, const char *what, bool changed)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add_c(&text, '{');
    held_members(&text, held);
    buf_printf(&text, ",\"%s\":%s}\n", what, changed ? "true" : "false");
    page_json(c, 200, &text);
}

status page_hold(struct call *c)
{
    struct held held;

    if (held_of_page(c, &held)) {
        answer_held(c, &held, "changed", hold_set(c, &held));
    }
    return OK;
}

status page_release(struct call *c)
{
    struct held held;

    if (held_of_page(c, &held)) {
        answer_held(c, &held, "changed", hold_clear(c, &held));
    }
    return OK;
}

status page_holds(struct call *c)
{
    struct txn_scan *scan = NULL;
    struct held held;
    struct buf text;
    int64_t since_ms;
    bool first = true;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"holds\":["));
    while (hold_next(c, &scan, &held, &since_ms)) {
        buf_add(&text, first ? STR("\n{") : STR(",\n{"));
        held_members(&text, &held);
        json_member(&text, "since", time_iso(c->arena, since_ms), false);
        buf_add_c(&text, '}');
        first = false;
    }
    buf_add(&text, STR("]}\n"));
    page_json(c, 200, &text);
    return OK;
}

/* ---- traces ---- */

static void hop_text(struct call *c, struct buf *text, const struct read_hop *read, int64_t at_ms)
{
    buf_add(text, STR("{"));
    json_member(text, "time", time_iso(c->arena, at_ms), true);
    json_member(text, "trace", read->trace, false);
    json_member(text, "request", read->request_id, false);
    json_member(text, "from", read->hop.from, false);
    json_member(text, "to", read->hop.to, false);
    if (read->hop.via.bytes > 0) {
        json_member(text, "via", read->hop.via, false);
    }
    json_member(text, "outcome", read->hop.outcome, false);
    buf_add_c(text, '}');
}

static bool hop_wanted(const struct read_hop *read, struct str id, struct str resource)
{
    return (id.bytes == 0 || str_eq(read->trace, id) || str_eq(read->request_id, id)) &&
           (resource.bytes == 0 || str_eq(read->hop.from, resource) ||
            str_eq(read->hop.to, resource) || str_eq(read->hop.via, resource));
}

/* The hops wanted, newest first, as texts in the arena. */
static status hops_find(struct call *c, struct str *texts, size_t count, size_t *ret_found)
{
    uint64_t log = bus_of(c->cell)->trace_log;
    struct str id = page_arg(c, "id");
    struct str resource = page_arg(c, "resource");
    struct log_record *records = arena_alloc(c->arena, HOPS_AT_ONCE * sizeof(*records));
    struct log_state state = {0};
    size_t found = 0;

    if (log != 0) {
        state = txn_log_state(c->txn, log);
    }
    for (uint64_t end = state.last + 1; found < count && end > state.first && state.last > 0;) {
        uint64_t begin = end > state.first + HOPS_AT_ONCE ? end - HOPS_AT_ONCE : state.first;
        struct log_range range = {log, begin, (size_t)(end - begin), TEXT_BYTES_MAX};
        size_t got = 0;

        TRY(txn_log_read(c->txn, &range, records, &got));
        for (size_t i = got; i > 0 && found < count; i--) {
            struct read_hop read;

            if (hop_read(records[i - 1].data, &read) && hop_wanted(&read, id, resource)) {
                struct buf text;

                buf_init(&text, 64 * 1024);
                hop_text(c, &text, &read, records[i - 1].at_ms);
                texts[found++] = arena_dup(c->arena, buf_str(&text));
                buf_done(&text);
            }
        }
        end = begin;
    }
    *ret_found = found;
    return OK;
}

status page_trace(struct call *c)
{
    bool one = page_arg(c, "id").bytes > 0;
    size_t count = one ? COUNT_MAX : count_of(c);
    struct str *texts = arena_alloc(c->arena, count * sizeof(*texts));
    struct buf text;
    size_t found;

    TRY(hops_find(c, texts, count, &found));
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"hops\":["));
    for (size_t i = 0; i < found; i++) {
        buf_add(&text, i == 0 ? STR("\n") : STR(",\n"));
        buf_add(&text, texts[one ? found - 1 - i : i]);
    }
    buf_add(&text, STR("]}\n"));
    page_json(c, 200, &text);
    return OK;
}

/* ---- the outbox ---- */

status page_outbox(struct call *c)
{
    size_t count = count_of(c);
    struct txn_scan *scan = NULL;
    struct outbox_read read;
    struct buf text;
    size_t shown = 0;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"messages\":["));
    while (shown < count && outbox_next(c, &scan, &read)) {
        buf_add(&text, shown == 0 ? STR("\n{") : STR(",\n{"));
        json_member(&text, "time", time_iso(c->arena, read.at_ms), true);
        json_member(&text, "kind", read.message.kind, false);
        json_member(&text, "from", read.message.from, false);
        json_member(&text, "to", read.message.to, false);
        if (read.message.subject.at != NULL) {
            json_member(&text, "subject", read.message.subject, false);
        }
        json_member(&text, "body", read.message.body, false);
        buf_add_c(&text, '}');
        shown++;
    }
    if (shown == count) {
        txn_scan_close(scan);
    }
    buf_add(&text, STR("]}\n"));
    page_json(c, 200, &text);
    return OK;
}

/* ---- deliveries ---- */

static void delivery_text(struct call *c, struct buf *text, uint64_t id,
                          const struct delivery_row *row)
{
    buf_printf(text, "{\"id\":%llu", (unsigned long long)id);
    json_member(text, "carrier", row->delivery.carrier, false);
    json_member(text, "target", row->delivery.target, false);
    json_member(text, "via", row->delivery.via, false);
    json_member(text, "since", time_iso(c->arena, row->made_ms), false);
    buf_printf(text, ",\"attempts\":%u", row->attempts);
    json_member(text, "last", row->answer, false);
    buf_add_c(text, '}');
}

status page_deliveries(struct call *c)
{
    struct txn_scan *scan = NULL;
    struct delivery_row row;
    struct buf text;
    size_t shown = 0;
    uint64_t count;
    uint64_t id;

    if (page_arg(c, "now").bytes > 0 && is_post(c)) {
        TRY(delivery_all_now(c, &count));
        buf_init(&text, 256);
        buf_printf(&text, "{\"due\":%llu}\n", (unsigned long long)count);
        page_json(c, 200, &text);
        return OK;
    }
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"deliveries\":["));
    while (delivery_next(c, &scan, &id, &row)) {
        if (shown < COUNT_MAX) {
            buf_add(&text, shown == 0 ? STR("\n") : STR(",\n"));
            delivery_text(c, &text, id, &row);
        }
        shown++;
    }
    buf_printf(&text, "],\"waiting\":%zu}\n", shown);
    page_json(c, 200, &text);
    return OK;
}
