/* SPDX-License-Identifier: Apache-2.0
 *
 * Journal entries as JSON lines. Values are not shown, only how large they are: they may be secret.
 */
#include "cell/journal_text.h"

#include "base/time.h"
#include "wire/json.h"

#define ENTRY_ARENA_BYTES_MAX (80u * 1024 * 1024)

static void add_field(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, ",\"%s\":", name);
    json_write_str(out, value);
}

static void add_change(struct buf *out, const struct change *change)
{
    switch ((enum change_kind)change->kind) {
    case CHANGE_PUT:
        buf_printf(out, "{\"change\":\"put\",\"key_bytes\":%zu,\"value_bytes\":%zu}",
                   change->key.bytes, change->data.bytes);
        return;
    case CHANGE_DELETE:
        buf_printf(out, "{\"change\":\"delete\",\"key_bytes\":%zu}", change->key.bytes);
        return;
    case CHANGE_APPEND:
        buf_printf(out, "{\"change\":\"append\",\"log\":%llu,\"sequence\":%llu,\"bytes\":%zu}",
                   (unsigned long long)change->log, (unsigned long long)change->sequence,
                   change->data.bytes);
        return;
    case CHANGE_TRIM:
        buf_printf(out, "{\"change\":\"trim\",\"log\":%llu,\"before\":%llu}",
                   (unsigned long long)change->log, (unsigned long long)change->sequence);
        return;
    case CHANGE_DROP:
    case CHANGE_LOG:
        buf_printf(out, "{\"change\":\"%s\",\"log\":%llu}",
                   change->kind == CHANGE_LOG ? "log" : "drop", (unsigned long long)change->log);
        return;
    case CHANGE_BLOB:
    case CHANGE_UNBLOB:
        buf_printf(out, "{\"change\":\"%s\",\"blob\":",
                   change->kind == CHANGE_BLOB ? "blob" : "unblob");
        json_write_str(out, change->key);
        buf_add_c(out, '}');
        return;
    }
}

static void add_entry(struct buf *out, uint64_t position, const struct entry *entry)
{
    buf_printf(out, "{\"position\":%llu,\"at\":\"", (unsigned long long)position);
    buf_add_iso(out, entry->at_ms);
    buf_add_c(out, '"');
    if (entry->cause != 0) {
        buf_printf(out, ",\"cause\":%llu", (unsigned long long)entry->cause);
    }
    add_field(out, "service", entry->service);
    add_field(out, "operation", entry->operation);
    add_field(out, "resource", entry->resource);
    add_field(out, "principal", entry->principal);
    add_field(out, "account", entry->account);
    add_field(out, "region", entry->region);
    add_field(out, "request_id", entry->request_id);
    buf_add(out, STR(",\"changes\":["));
    for (size_t i = 0; i < entry->change_count; i++) {
        if (i > 0) {
            buf_add_c(out, ',');
        }
        add_change(out, &entry->changes[i]);
    }
    buf_add(out, STR("]}\n"));
}

static bool wanted(const struct journal_filter *filter, const struct entry *entry)
{
    if (filter->from_ms != 0 && entry->at_ms < filter->from_ms) {
        return false;
    }
    if (filter->service.bytes > 0 && !str_eq(filter->service, entry->service)) {
        return false;
    }
    return filter->resource.bytes == 0 ||
           str_find_str(entry->resource, filter->resource) < entry->resource.bytes;
}

static status start_at(struct journal *journal, const struct journal_filter *filter,
                       uint64_t *ret_from)
{
    uint64_t from = filter->from;

    if (from < journal_first(journal)) {
        from = journal_first(journal);
    }
    if (filter->from_ms != 0) {
        uint64_t by_time;

        TRY(journal_position_at(journal, filter->from_ms, &by_time));
        from = by_time > from ? by_time : from;
    }
    *ret_from = from;
    return OK;
}

bool journal_place_read(struct str text, int64_t now_ms, uint64_t *ret_position, int64_t *ret_ms)
{
    return text.bytes == 0 || str_to_u64(text, ret_position) ||
           moment_from_text(text, now_ms, ret_ms);
}

status journal_text(struct journal *journal, const struct journal_filter *filter, struct buf *out,
                    struct why *why, uint64_t *ret_next)
{
    struct journal_reader *reader;
    struct journal_entry raw;
    struct arena *arena;
    uint64_t from;
    uint64_t next = 0;
    size_t count = 0;
    status read;

    TRY(start_at(journal, filter, &from));
    TRY(journal_read_open(journal, from, why, &reader));
    arena = arena_new(ENTRY_ARENA_BYTES_MAX);
    while ((read = journal_read_next(reader, why, &raw)) == OK) {
        struct entry entry;

        if (filter->to != 0 && raw.position > filter->to) {
            break;
        }
        if (count == filter->count_max) {
            next = raw.position;
            break;
        }
        arena_clear(arena);
        read = entry_read(raw.body, arena, why, &entry);
        if (read != OK) {
            break;
        }
        entry.at_ms = raw.at_ms;
        if (filter->to_ms != 0 && entry.at_ms > filter->to_ms) {
            break;
        }
        if (wanted(filter, &entry)) {
            add_entry(out, raw.position, &entry);
            count++;
        }
    }
    arena_free(arena);
    journal_read_close(reader);
    if (read != OK && read != &ERR_NOT_FOUND) {
        return read;
    }
    *ret_next = next;
    return OK;
}
