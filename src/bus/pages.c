/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus's doors for the command line:
 *
 *   POST /_weir/hold?kind=queue&name=work[&key=K]      POST /_weir/release?…the same
 *   GET  /_weir/holds
 *   GET  /_weir/trace[?id=ID][&resource=NAME][&count=N][&before=SEQUENCE]   newest first
 *   GET  /_weir/outbox[?count=N]
 *   GET  /_weir/deliveries[?count=N]            POST /_weir/deliveries?now=1
 *
 * What may be long is given piece by piece, so that no page holds up the cell: a trace's answer has
 * "before" when there is more to look at, "now" makes some due and says how many; ask again.
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/bus_int.h"
#include "bus/delivery_int.h"
#include "cell/cell.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (32u * 1024 * 1024)
#define COUNT_DEFAULT 100
#define COUNT_MAX 10000
#define HOPS_AT_ONCE 512
#define HOPS_LOOKED_MAX 20000 /* by one page */

static const char *kind_name(enum hold_kind kind)
{
    static const char *const names[] = {
        [HOLD_QUEUE] = "queue",
        [HOLD_GROUP] = "group",
        [HOLD_SUBSCRIPTION] = "subscription",
        [HOLD_FUNCTION] = "function",
        [HOLD_MAPPING] = "mapping",
        [HOLD_ROUTE] = "route",
    };

    return names[kind];
}

static size_t count_of(struct call *c)
{
    uint64_t count;

    return str_to_u64(page_arg(c, "count"), &count) && count > 0 && count <= COUNT_MAX
               ? (size_t)count
               : COUNT_DEFAULT;
}

static bool is_post(struct call *c)
{
    return c->request == NULL || str_eq(c->request->method, STR("POST"));
}

/* ---- holds ---- */

static bool is_name_of(struct str name, struct str arn)
{
    return name.bytes > 0 &&
           (str_eq(name, arn) || (arn.bytes > name.bytes && str_ends(arn, name) &&
                                  arn.at[arn.bytes - name.bytes - 1] == ':'));
}

/* A hold whose thing is gone can still be released. */
static bool find_held(struct call *c, struct held *held, struct str name)
{
    struct txn_scan *scan = NULL;
    struct held read;
    int64_t since_ms;

    while (hold_next(c, &scan, &read, &since_ms)) {
        if (read.kind == held->kind && is_name_of(name, read.arn)) {
            held->arn = arena_dup(c->arena, read.arn);
            txn_scan_close(scan);
            return true;
        }
    }
    return false;
}

/* The kind as typed; a queue's key is a message group. 0: none that can be held. */
static enum hold_kind kind_of(struct str text, bool with_key)
{
    if (str_eq(text, STR("queue"))) {
        return with_key ? HOLD_GROUP : HOLD_QUEUE;
    }
    return str_eq(text, STR("group"))          ? HOLD_GROUP
           : str_eq(text, STR("subscription")) ? HOLD_SUBSCRIPTION
           : str_eq(text, STR("rule"))         ? HOLD_SUBSCRIPTION
           : str_eq(text, STR("function"))     ? HOLD_FUNCTION
           : str_eq(text, STR("mapping"))      ? HOLD_MAPPING
                                               : 0;
}

/* What is to be held or released; false: answered already. */
static bool held_of_page(struct call *c, bool release, struct held *ret_held)
{
    struct str kind = page_arg(c, "kind");
    struct str name = page_arg(c, "name");
    struct held held = {.key = page_arg(c, "key")};

    held.key = held.key.at == NULL ? STR("") : held.key;
    held.kind = kind_of(kind, held.key.bytes > 0);
    if (!is_post(c)) {
        page_problem(c, 405, "POST this.");
        return false;
    }
    if (held.kind == 0) {
        page_problem(c, 400, "A %.*s cannot be held; what can: queue, group, subscription, "
                             "rule, function, mapping.",
                     STR_ARG(str_slice(kind, 0, 64)));
        return false;
    }
    if (held.kind == HOLD_GROUP && held.key.bytes == 0) {
        page_problem(c, 400, "A group is named by its queue and its own name: give the key.");
        return false;
    }
    if (held.kind == HOLD_SUBSCRIPTION && held.key.bytes > 0) {
        page_problem(c, 400, "A subscription is held as a whole; one message group of it is held "
                             "at its queue: kind group.");
        return false;
    }
    if (held.kind == HOLD_FUNCTION && held.key.bytes > 0) {
        page_problem(c, 400, "A function is held as a whole; one key of what it is fed with is "
                             "held at its mapping: kind mapping.");
        return false;
    }
    if (held.key.bytes > HOLD_KEY_BYTES_MAX) {
        page_problem(c, 400, "A key has at most %d bytes.", HOLD_KEY_BYTES_MAX);
        return false;
    }
    if (name.bytes == 0 || (hold_find(c, held.kind, name, &held.arn) != OK &&
                            !(release && find_held(c, &held, name)))) {
        page_problem(c, 404, "There is no %s \"%.*s\".%s",
                     held.kind == HOLD_GROUP ? "queue" : kind_name(held.kind),
                     STR_ARG(str_slice(name, 0, 256)),
                     held.kind == HOLD_SUBSCRIPTION
                         ? " Name it by its ARN, or as TOPIC:ENDPOINT."
                         : "");
        return false;
    }
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
    bool changed;

    if (!held_of_page(c, false, &held)) {
        return OK;
    }
    if (hold_set(c, &held, &changed) != OK) {
        page_problem(c, 400,
                     "There are too many holds: %d of all, %d keys of one thing. Release some.",
                     HOLDS_MAX, HOLD_KEYS_MAX);
    } else {
        answer_held(c, &held, "changed", changed);
    }
    return OK;
}

status page_release(struct call *c)
{
    struct held held;

    if (held_of_page(c, true, &held)) {
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
    size_t count = 0;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"holds\":["));
    while (hold_next(c, &scan, &held, &since_ms)) {
        if (count++ < COUNT_MAX) {
            buf_add(&text, count == 1 ? STR("\n{") : STR(",\n{"));
            held_members(&text, &held);
            json_member(&text, "since", time_iso(c->arena, since_ms), false);
            buf_add_c(&text, '}');
        }
    }
    buf_printf(&text, "],\"count\":%zu}\n", count);
    page_json(c, 200, &text);
    return OK;
}

/* ---- traces ---- */

static void hop_text(struct call *c, struct buf *text, const struct read_hop *read, int64_t at_ms)
{
    buf_add_c(text, '{');
    json_member(text, "time", time_iso(c->arena, at_ms), true);
    json_member(text, "trace", read->trace, false);
    json_member(text, "request", read->request_id, false);
    if (read->hop.about.bytes > 0) {
        json_member(text, "about", read->hop.about, false);
    }
    json_member(text, "from", read->hop.from, false);
    json_member(text, "to", read->hop.to, false);
    if (read->hop.via.bytes > 0) {
        json_member(text, "via", read->hop.via, false);
    }
    json_member(text, "outcome", read->hop.outcome, false);
    buf_printf(text, ",\"depth\":%u,\"step\":%u}", read->depth, read->step);
}

/* What a page of hops looks for, and where it is. */
struct hop_search {
    struct str id, resource;     /* wanted; empty: any */
    size_t count_max;            /* hops wanted at most */
    size_t found, looked;        /* so far */
    uint64_t end;                /* looks at what is before it */
    struct log_state state;      /* of the log */
    struct log_record *records;  /* room for HOPS_AT_ONCE */
};

static bool hop_wanted(const struct read_hop *read, const struct hop_search *search)
{
    struct str id = search->id;
    struct str resource = search->resource;

    return (id.bytes == 0 || str_eq(read->trace, id) || str_eq(read->request_id, id) ||
            str_eq(read->hop.about, id)) &&
           (resource.bytes == 0 || is_name_of(resource, read->hop.from) ||
            is_name_of(resource, read->hop.to) || is_name_of(resource, read->hop.via));
}

/* One piece of the log, newest first. scratch holds it meanwhile. */
static status hops_look(struct call *c, struct hop_search *search, struct arena *scratch,
                        struct buf *text)
{
    uint64_t first = search->state.first;
    uint64_t begin = search->end > first + HOPS_AT_ONCE ? search->end - HOPS_AT_ONCE : first;
    struct log_range range = {bus_of(c->cell)->trace_log, begin, (size_t)(search->end - begin),
                              TEXT_BYTES_MAX};
    size_t got = 0;

    TRY(logs_read(store_logs(cell_store(c->cell)), &range, scratch, search->records, &got));
    for (size_t i = got; i > 0 && search->found < search->count_max; i--) {
        struct read_hop read;

        search->looked++;
        search->end = begin + i - 1;
        if (hop_read(search->records[i - 1].data, &read) && hop_wanted(&read, search)) {
            buf_add(text, search->found++ == 0 ? STR("\n") : STR(",\n"));
            hop_text(c, text, &read, search->records[i - 1].at_ms);
        }
    }
    if (got == 0) {
        search->end = begin;
    }
    return OK;
}

status page_trace(struct call *c)
{
    struct hop_search search = {.id = page_arg(c, "id"), .resource = page_arg(c, "resource"),
                                .count_max = count_of(c)};
    struct arena *scratch = arena_new(2 * TEXT_BYTES_MAX);
    status looked = OK;
    struct buf text;
    uint64_t before;

    search.records = arena_alloc(c->arena, HOPS_AT_ONCE * sizeof(*search.records));
    if (bus_of(c->cell)->trace_log != 0) {
        search.state = txn_log_state(c->txn, bus_of(c->cell)->trace_log);
    }
    search.end = search.state.last + 1;
    if (str_to_u64(page_arg(c, "before"), &before) && before < search.end) {
        search.end = before;
    }
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"hops\":["));
    while (looked == OK && search.state.last > 0 && search.end > search.state.first &&
           search.found < search.count_max && search.looked < HOPS_LOOKED_MAX) {
        looked = hops_look(c, &search, scratch, &text);
        arena_clear(scratch);
    }
    arena_free(scratch);
    buf_add(&text, STR("]"));
    if (search.state.last > 0 && search.end > search.state.first) {
        buf_printf(&text, ",\"before\":%llu", (unsigned long long)search.end);
    }
    buf_add(&text, STR("}\n"));
    if (looked != OK) {
        buf_done(&text);
        return fail(c, looked, "The log of hops cannot be read.");
    }
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

static void delivery_text(struct call *c, struct buf *text, uint64_t id, int64_t at_ms)
{
    struct arena *scratch = arena_new(TEXT_BYTES_MAX);
    struct delivery_row row;

    if (delivery_get(c, id, scratch, &row)) {
        buf_printf(text, "{\"id\":%llu", (unsigned long long)id);
        json_member(text, "carrier", row.delivery.carrier, false);
        json_member(text, "target", row.delivery.target, false);
        json_member(text, "via", row.delivery.via, false);
        json_member(text, "about", row.delivery.dead.about, false);
        json_member(text, "since", time_iso(scratch, row.made_ms), false);
        json_member(text, "next", time_iso(scratch, at_ms), false);
        buf_printf(text, ",\"attempts\":%u", row.attempts);
        json_member(text, "last", row.answer, false);
        buf_add_c(text, '}');
    }
    arena_free(scratch);
}

status page_deliveries(struct call *c)
{
    struct txn_scan *scan = NULL;
    size_t count = count_of(c);
    struct buf text;
    size_t shown = 0;
    int64_t at_ms;
    uint64_t id;

    buf_init(&text, TEXT_BYTES_MAX);
    if (page_arg(c, "now").bytes > 0 && is_post(c)) {
        buf_printf(&text, "{\"due\":%llu}\n", (unsigned long long)deliveries_now(c));
        page_json(c, 200, &text);
        return OK;
    }
    buf_add(&text, STR("{\"deliveries\":["));
    while (shown < count && delivery_next(c, &scan, &id, &at_ms)) {
        buf_add(&text, shown++ == 0 ? STR("\n") : STR(",\n"));
        delivery_text(c, &text, id, at_ms);
    }
    if (shown == count) {
        txn_scan_close(scan);
    }
    buf_printf(&text, "],\"waiting\":%llu}\n",
               (unsigned long long)deliveries_count(bus_of(c->cell)));
    page_json(c, 200, &text);
    return OK;
}
