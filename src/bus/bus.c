/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus as a part of the cell: its table, its life, its pages, and the timers that are its own.
 */
#include "bus/bus_int.h"

#include "base/mem.h"
#include "cell/cell.h"
#include "wire/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define PAGE_TEXT_BYTES_MAX 1024

struct bus *bus_of(struct cell *cell)
{
    struct bus *bus = cell_state(cell, "bus");

    assert(bus != NULL);
    return bus;
}

static status bus_timer_fire(struct call *c, struct str name, struct str payload)
{
    (void)payload;
    if (str_starts(name, STR("gone/"))) {
        return hold_drop(c, str_slice(name, 5, name.bytes));
    }
    assert(str_starts(name, STR("kept/")));
    return hold_go_on(c, str_slice(name, 5, name.bytes));
}

static status bus_open(struct cell *cell, void **ret_state)
{
    struct bus *bus = MEM_NEW(struct bus);

    bus->cell = cell;
    *ret_state = bus; /* closed by the cell also when opening failed */
    bus->timer_owners[bus->timer_owner_count++] = (struct timer_owner){"bus", bus, bus_timer_fire};
    sources_open(bus);
    keysets_open(bus);
    TRY(holds_open(bus));
    TRY(traces_open(bus));
    TRY(outbox_open(bus));
    TRY(deliveries_open(bus));
    timers_arm(bus);
    return OK;
}

static void bus_close(void *state)
{
    struct bus *bus = state;

    if (bus == NULL) {
        return;
    }
    deliveries_close(bus);
    holds_close(bus);
    sources_close(bus);
    keysets_close(bus);
    mem_free(bus);
}

static void bus_settle(void *state)
{
    struct bus *bus = state;

    if (bus->deliveries != NULL) {
        deliveries_settle(bus);
    }
}

static status bus_tick(struct call *c)
{
    traces_tick(c, c->state);
    return OK;
}

/* ---- answers of pages ---- */

void page_json(struct call *c, int http, struct buf *text)
{
    struct str body = buf_spent(text) ? STR("{\"message\":\"The answer is too large.\"}\n")
                                      : arena_dup(c->arena, buf_str(text));

    call_answer(c, buf_spent(text) ? 500 : http, "application/json", body);
    buf_done(text);
}

void page_problem(struct call *c, int http, const char *format, ...)
{
    char sentence[PAGE_TEXT_BYTES_MAX];
    struct buf text;
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    assert(bytes >= 0);
    buf_init(&text, 8 * PAGE_TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, str_c(sentence));
    buf_add(&text, STR("}\n"));
    page_json(c, http, &text);
}

void json_member(struct buf *text, const char *name, struct str value, bool first)
{
    buf_printf(text, "%s\"%s\":", first ? "" : ",", name);
    json_write_str(text, value);
}

static const struct page pages[] = {
    {"/_weir/hold", false, page_hold},
    {"/_weir/release", false, page_release},
    {"/_weir/holds", false, page_holds},
    {"/_weir/trace", false, page_trace},
    {"/_weir/outbox", false, page_outbox},
    {"/_weir/deliveries", false, page_deliveries},
};

const struct service bus_service = {
    .id = "bus",
    .open = bus_open,
    .close = bus_close,
    .settle = bus_settle,
    .tick = bus_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
};
