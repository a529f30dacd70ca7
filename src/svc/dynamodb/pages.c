/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages that look: show, diff, history.
 */
#include "svc/dynamodb/pages.h"

#include "base/codec.h"
#include "base/time.h"
#include "svc/dynamodb/export.h"
#include "wire/json.h"

#include <stdio.h>

#define TEXT_BYTES_MAX (64u << 20)
#define SENTENCE_BYTES_MAX 1024

/* ---- answers ---- */

void page_answer(struct call *c, struct buf *text)
{
    struct str body = buf_spent(text) ? STR("{\"message\":\"The answer is too large.\"}\n")
                                      : arena_dup(c->arena, buf_str(text));

    call_answer(c, buf_spent(text) ? 500 : 200, "application/json", body);
    buf_done(text);
}

void page_refuse(struct call *c, int http, const char *format, ...)
{
    char sentence[SENTENCE_BYTES_MAX];
    struct buf text;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    buf_init(&text, 16 * SENTENCE_BYTES_MAX);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, str_c(sentence));
    buf_add(&text, STR("}\n"));
    call_answer(c, http, "application/json", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    c->why.text[0] = '\0';
}

void page_member(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, ",\"%s\":", name);
    json_write_str(text, value);
}

static void answer_begin(struct call *c, struct buf *text, const struct table *table)
{
    buf_init(text, TEXT_BYTES_MAX);
    buf_add(text, STR("{\"table\":"));
    json_write_str(text, table_arn(c->arena, table));
}

static void add_after(struct call *c, struct buf *text, const struct past_step *step)
{
    char *hex = arena_alloc(c->arena, 2 * step->after.bytes + 1);

    if (!step->ended) {
        hex_encode(step->after, hex);
        page_member(text, "after", str_of(hex, 2 * step->after.bytes));
    }
}

static void add_item_member(struct call *c, struct buf *text, const char *name,
                            const struct item *item)
{
    if (item->packed.bytes > 0) {
        buf_printf(text, ",\"%s\":", name);
        item_text(text, c->arena, item);
    }
}

/* ---- what is asked for ---- */

/* The only table of that name, whosever it is and wherever; NULL: none, or several. */
static struct table *only_table(const struct dynamodb *dynamodb, struct str name)
{
    struct table *found = NULL;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(dynamodb->tables, &i, &key, &value);) {
        struct table *table = value;

        if (str_eq(table->name, name)) {
            if (found != NULL) {
                return NULL;
            }
            found = table;
        }
    }
    return found;
}

bool page_table(struct call *c, struct table **ret_table)
{
    struct str name = page_arg(c, "table");
    struct str account, region, plain;
    struct table *table = NULL;

    if (table_name_read(c, name, &account, &region, &plain) == OK) {
        table = table_find(dynamodb_of(c), account, region, plain);
        if (table == NULL && !str_starts(name, STR("arn:"))) {
            table = only_table(dynamodb_of(c), plain);
        }
    }
    if (table == NULL) {
        page_refuse(c, 404, "There is no table \"%.*s\"; several of one name are told apart by "
                    "their ARN.", STR_ARG(str_slice(name, 0, 256)));
        return false;
    }
    if (table->filling) {
        page_refuse(c, 409, "The table %.*s is being created.", STR_ARG(table->name));
        return false;
    }
    c->account = arena_dup(c->arena, table->account);
    c->region = arena_dup(c->arena, table->region);
    *ret_table = table;
    return true;
}

bool page_moment(struct call *c, const struct table *table, const char *name, int64_t *ret_at_ms,
                 uint64_t *ret_cut)
{
    struct str text = page_arg(c, name);
    status cut;

    if (str_eq(text, STR("now"))) {
        *ret_at_ms = c->now;
    } else if (text.bytes == 0 || !moment_from_text(text, c->now, ret_at_ms)) {
        page_refuse(c, 400, "\"%.*s\" is no moment; say 2026-11-23T08:55:00Z, 1795424100, "
                    "\"10m ago\" or now.", STR_ARG(str_slice(text, 0, 64)));
        return false;
    }
    if (*ret_at_ms > c->now) {
        page_refuse(c, 400, "%.*s is still to come.", STR_ARG(str_slice(text, 0, 64)));
        return false;
    }
    cut = past_cut(c, table, *ret_at_ms, ret_cut);
    if (cut != OK && cut != &ERR_NOT_FOUND) {
        page_refuse(c, 500, "The change log cannot be read.");
        return false;
    }
    if (cut != OK) {
        page_refuse(c, 410, "What was then is not kept any more; what is begins at %.*s.",
                    STR_ARG(time_iso(c->arena, past_earliest(table))));
        return false;
    }
    return true;
}

static bool key_asked(struct call *c, const struct table *table, const char *name,
                      struct item *ret_key)
{
    struct str json = page_arg(c, name);

    *ret_key = ITEM_ABSENT;
    if (json.bytes > 0 && key_read(c, &table->schema, json, ret_key) != OK) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        page_refuse(c, 400, "%.*s", STR_ARG(why));
        return false;
    }
    return true;
}

static bool after_asked(struct call *c, struct str *ret_after)
{
    struct str hex = page_arg(c, "after");
    char *after = arena_alloc(c->arena, hex.bytes / 2 + 1);

    if (!hex_decode(hex, after)) {
        page_refuse(c, 400, "after is what an answer before said.");
        return false;
    }
    *ret_after = hex.bytes > 0 ? str_of(after, hex.bytes / 2) : STR_NONE;
    return true;
}

/* A cut that an answer before fixed; it must still be reached. */
static bool cut_asked(struct call *c, const struct table *table, const char *name,
                      uint64_t *cut)
{
    struct past_of of = past_of_table(table);
    struct str text = page_arg(c, name);

    if (text.bytes > 0 && (!str_to_u64(text, cut) || !past_reaches(c, &of, *cut))) {
        page_refuse(c, 410, "What was then is not kept any more.");
        return false;
    }
    return true;
}

bool page_asked(struct call *c, struct asked *asked)
{
    struct item key;

    if (!page_table(c, &asked->table) ||
        !page_moment(c, asked->table, "at", &asked->at_ms, &asked->cut) ||
        !cut_asked(c, asked->table, "cut", &asked->cut) ||
        !key_asked(c, asked->table, "key", &key) ||
        !key_asked(c, asked->table, "from", &asked->keys.from) ||
        !key_asked(c, asked->table, "to", &asked->keys.to) || !after_asked(c, &asked->after)) {
        return false;
    }
    if (key.packed.bytes > 0) {
        if (asked->keys.from.packed.bytes > 0 || asked->keys.to.packed.bytes > 0) {
            page_refuse(c, 400, "Say either a key or a range from and to.");
            return false;
        }
        asked->keys = (struct key_range){key, key};
    }
    asked->within = key_range_within(c->arena, &asked->table->schema, &asked->keys);
    return true;
}

static status gather(struct call *c, const struct past_range *range, struct past_step *step)
{
    status gathered = past_gather(c, range, step);

    if (gathered != OK) {
        page_refuse(c, 500, "The past cannot be read: %s", gathered->code);
    }
    return gathered;
}

/* ---- pages ---- */

status page_show(struct call *c)
{
    struct past_step step;
    struct asked asked;
    struct buf text;
    bool first = true;

    if (!page_asked(c, &asked)) {
        return OK;
    }
    struct past_range range = {.of = past_of_table(asked.table), .cut = asked.cut,
                               .within = asked.within, .after = asked.after};

    if (gather(c, &range, &step) != OK) {
        return OK;
    }
    answer_begin(c, &text, asked.table);
    page_member(&text, "at", time_iso(c->arena, asked.at_ms));
    buf_printf(&text, ",\"cut\":\"%llu\"", (unsigned long long)asked.cut);
    add_after(c, &text, &step);
    buf_add(&text, STR(",\"items\":["));
    for (size_t i = 0; i < step.count; i++) {
        if (key_range_has(&asked.table->schema, &asked.keys, &step.items[i].before)) {
            buf_add(&text, first ? STR("\n") : STR(",\n"));
            item_text(&text, c->arena, &step.items[i].before);
            first = false;
        }
    }
    buf_add(&text, STR("]}\n"));
    page_answer(c, &text);
    return OK;
}

static const char *change_of(const struct past_item *item)
{
    return item->before.packed.bytes == 0  ? "added"
           : item->after.packed.bytes == 0 ? "removed"
                                           : "changed";
}

/* Came and went, or became what it was: no difference. */
static bool differs(const struct past_item *item)
{
    return !str_eq(item->before.packed, item->after.packed);
}

static void add_change(struct call *c, struct buf *text, const struct asked *asked,
                       const struct past_item *item)
{
    struct item key = item_of_suffix(c->arena, &asked->table->schema, item->suffix);

    buf_printf(text, "{\"change\":\"%s\"", change_of(item));
    add_item_member(c, text, "key", &key);
    add_item_member(c, text, "before", &item->before);
    add_item_member(c, text, "after", &item->after);
    buf_add_c(text, '}');
}

/* The other end of a difference: a moment, or now; fixed by its cut. */
static bool until_asked(struct call *c, const struct asked *asked, int64_t *ret_at_ms,
                        uint64_t *ret_cut)
{
    *ret_at_ms = c->now;
    *ret_cut = txn_log_state(c->txn, asked->table->log).last;
    if (page_arg(c, "until").bytes > 0 &&
        !page_moment(c, asked->table, "until", ret_at_ms, ret_cut)) {
        return false;
    }
    if (!cut_asked(c, asked->table, "until-cut", ret_cut)) {
        return false;
    }
    if (*ret_cut < asked->cut) {
        page_refuse(c, 400, "The second moment is before the first.");
        return false;
    }
    return true;
}

status page_diff(struct call *c)
{
    struct past_range range = {.changes = true};
    struct past_step step;
    struct asked asked;
    int64_t until_ms;
    struct buf text;
    bool first = true;

    if (!page_asked(c, &asked) || !until_asked(c, &asked, &until_ms, &range.until)) {
        return OK;
    }
    range.of = past_of_table(asked.table);
    range.cut = asked.cut;
    range.within = asked.within;
    range.after = asked.after;
    if (gather(c, &range, &step) != OK) {
        return OK;
    }
    answer_begin(c, &text, asked.table);
    page_member(&text, "at", time_iso(c->arena, asked.at_ms));
    page_member(&text, "until", time_iso(c->arena, until_ms));
    buf_printf(&text, ",\"cut\":\"%llu\",\"until-cut\":\"%llu\"", (unsigned long long)asked.cut,
               (unsigned long long)range.until);
    add_after(c, &text, &step);
    buf_add(&text, STR(",\"changes\":["));
    for (size_t i = 0; i < step.count; i++) {
        const struct past_item *item = &step.items[i];

        if (differs(item) &&
            key_range_has(&asked.table->schema, &asked.keys,
                          item->before.packed.bytes > 0 ? &item->before : &item->after)) {
            buf_add(&text, first ? STR("\n") : STR(",\n"));
            add_change(c, &text, &asked, item);
            first = false;
        }
    }
    buf_add(&text, STR("]}\n"));
    page_answer(c, &text);
    return OK;
}

/* ---- history ---- */

static void add_version(struct call *c, struct buf *text, const struct past_version *version)
{
    bool there = version->item.packed.bytes > 0;

    buf_printf(text, "{\"sequence\":\"%llu\"", (unsigned long long)version->sequence);
    page_member(text, "change",
                version->sequence == 0 ? STR("known")
                : there                ? STR("put")
                : version->expired     ? STR("expired")
                                       : STR("deleted"));
    if (version->sequence != 0) {
        page_member(text, "time", time_iso(c->arena, version->at_ms));
        page_member(text, "operation", version->operation);
        page_member(text, "principal", version->principal);
        page_member(text, "request", version->request_id);
    }
    add_item_member(c, text, "item", &version->item);
    buf_add_c(text, '}');
}

status page_history(struct call *c)
{
    struct past_versions versions;
    struct table *table;
    struct item key;
    struct buf text;
    uint64_t from = 0;

    if (!page_table(c, &table) || !key_asked(c, table, "key", &key)) {
        return OK;
    }
    if (datum_count((struct datum){DATUM_M, key.attributes}) != table->schema.count) {
        page_refuse(c, 400, "A history is of one item: say its whole key.");
        return OK;
    }
    (void)str_to_u64(page_arg(c, "next"), &from);
    if (past_versions(c, table, suffix_of_item(c->arena, &table->schema, &key), from,
                      &versions) != OK) {
        page_refuse(c, 500, "The past cannot be read.");
        return OK;
    }
    answer_begin(c, &text, table);
    if (versions.next != 0) {
        buf_printf(&text, ",\"next\":\"%llu\"", (unsigned long long)versions.next);
    }
    buf_add(&text, STR(",\"versions\":["));
    for (size_t i = 0; i < versions.count; i++) {
        buf_add(&text, i == 0 ? STR("\n") : STR(",\n"));
        add_version(c, &text, &versions.list[i]);
    }
    buf_add(&text, STR("]}\n"));
    page_answer(c, &text);
    return OK;
}
