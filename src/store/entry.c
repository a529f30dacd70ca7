/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries to bytes and back.
 *
 * Rules
 *  1. Data of INLINE_BYTES_MAX and less is copied into the scratch; a part for it would cost more.
 *     Larger data is a part of its own, so a change makes at most two. A record's head is copied:
 *     it is there so that the record's data need not be.
 *  2. The scratch is reserved once, for exactly what is needed, so pieces of it do not move.
 *  3. Reading accepts one form only: numbers in their shortest form, nothing behind the last
 *     change. So reading and writing again gives the same bytes.
 */
#include "store/entry.h"

#include "base/cursor.h"
#include "store/journal.h"

#include <assert.h>

#define ENTRY_VERSION 1
#define INLINE_BYTES_MAX 256
#define TEXT_COUNT 7
#define CHANGE_COUNT_MAX (JOURNAL_PARTS_MAX / 2 - 1)

/* What a kind of change carries, in the order in which it is written. */
struct form {
    bool key;      /* str key */
    bool log;      /* var log */
    bool sequence; /* var sequence */
    bool moment;   /* zigzag at_ms */
    bool data;     /* str data */
};

static const struct form forms[] = {
    [CHANGE_PUT] = {.key = true, .data = true},
    [CHANGE_DELETE] = {.key = true},
    [CHANGE_APPEND] = {.log = true, .sequence = true, .moment = true, .data = true},
    [CHANGE_TRIM] = {.log = true, .sequence = true},
    [CHANGE_DROP] = {.log = true},
    [CHANGE_LOG] = {.log = true},
    [CHANGE_BLOB] = {.key = true},
    [CHANGE_UNBLOB] = {.key = true},
};

#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))

static const struct form *form_of(const struct change *change)
{
    assert(change->kind >= CHANGE_PUT);
    assert(change->kind < FORM_COUNT);
    return &forms[change->kind];
}

static void texts_of(const struct entry *entry, const struct str *ret_texts[TEXT_COUNT])
{
    ret_texts[0] = &entry->principal;
    ret_texts[1] = &entry->account;
    ret_texts[2] = &entry->region;
    ret_texts[3] = &entry->service;
    ret_texts[4] = &entry->operation;
    ret_texts[5] = &entry->resource;
    ret_texts[6] = &entry->request_id;
}

/* ---- sizes ---- */

static uint64_t var_bytes(uint64_t number)
{
    uint64_t bits = 64 - (uint64_t)__builtin_clzll(number | 1);

    return (bits + 6) / 7;
}

static uint64_t str_bytes(struct str s)
{
    return var_bytes(s.bytes) + s.bytes;
}

static uint64_t zigzag(int64_t number)
{
    return (uint64_t)number << 1 ^ (0 - ((uint64_t)number >> 63));
}

/* Of the record or value as one. */
static uint64_t data_bytes(const struct change *change)
{
    return change->data.bytes + (change->kind == CHANGE_APPEND ? change->head.bytes : 0);
}

static bool is_large(const struct change *change)
{
    return change->data.bytes > INLINE_BYTES_MAX;
}

/* What goes into the scratch. */
static uint64_t small_bytes(const struct entry *entry)
{
    const struct str *texts[TEXT_COUNT];
    uint64_t bytes = 1 + var_bytes(entry->cause) + var_bytes(entry->change_count);

    texts_of(entry, texts);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        bytes += str_bytes(*texts[i]);
    }
    for (size_t i = 0; i < entry->change_count; i++) {
        const struct change *change = &entry->changes[i];
        const struct form *form = form_of(change);

        bytes += 1;
        bytes += form->key ? str_bytes(change->key) : 0;
        bytes += form->log ? var_bytes(change->log) : 0;
        bytes += form->sequence ? var_bytes(change->sequence) : 0;
        bytes += form->moment ? var_bytes(zigzag(change->at_ms)) : 0;
        if (form->data) {
            bytes += var_bytes(data_bytes(change)) + data_bytes(change);
            bytes -= is_large(change) ? change->data.bytes : 0;
        }
    }
    return bytes;
}

uint64_t entry_bytes(const struct entry *entry)
{
    uint64_t bytes = small_bytes(entry);

    for (size_t i = 0; i < entry->change_count; i++) {
        const struct change *change = &entry->changes[i];

        bytes += form_of(change)->data && is_large(change) ? change->data.bytes : 0;
    }
    return bytes;
}

/* ---- writing ---- */

static char *put_var(char *to, uint64_t number)
{
    while (number >= 0x80) {
        *to++ = (char)(number | 0x80);
        number >>= 7;
    }
    *to++ = (char)number;
    return to;
}

static char *put_bytes(char *to, struct str s)
{
    if (s.bytes > 0) {
        memcpy(to, s.at, s.bytes);
    }
    return to + s.bytes;
}

static char *put_str(char *to, struct str s)
{
    return put_bytes(put_var(to, s.bytes), s);
}

static char *put_head(char *to, const struct entry *entry)
{
    const struct str *texts[TEXT_COUNT];

    texts_of(entry, texts);
    *to++ = ENTRY_VERSION;
    to = put_var(to, entry->cause);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        to = put_str(to, *texts[i]);
    }
    return put_var(to, entry->change_count);
}

/* Everything but the data's bytes. */
static char *put_change(char *to, const struct change *change)
{
    const struct form *form = form_of(change);

    *to++ = (char)change->kind;
    if (form->key) {
        to = put_str(to, change->key);
    }
    if (form->log) {
        to = put_var(to, change->log);
    }
    if (form->sequence) {
        to = put_var(to, change->sequence);
    }
    if (form->moment) {
        to = put_var(to, zigzag(change->at_ms));
    }
    to = form->data ? put_var(to, data_bytes(change)) : to;
    return change->kind == CHANGE_APPEND ? put_bytes(to, change->head) : to;
}

size_t entry_parts(const struct entry *entry, struct buf *scratch, struct str *parts)
{
    size_t bytes = (size_t)small_bytes(entry);
    size_t count = 0;
    char *from = NULL;
    char *to = NULL;

    assert(entry->change_count <= CHANGE_COUNT_MAX);
    buf_clear(scratch);
    from = buf_reserve(scratch, bytes);
    assert(from != NULL); /* the owner of the scratch bounds what an entry holds */
    to = put_head(from, entry);
    for (size_t i = 0; i < entry->change_count; i++) {
        const struct change *change = &entry->changes[i];

        to = put_change(to, change);
        if (!form_of(change)->data) {
            continue;
        }
        if (!is_large(change)) {
            to = put_bytes(to, change->data);
            continue;
        }
        parts[count++] = str_of(from, (size_t)(to - from));
        parts[count++] = change->data;
        from = to;
    }
    if (to > from) {
        parts[count++] = str_of(from, (size_t)(to - from));
    }
    assert((size_t)(to - scratch->at) == bytes);
    buf_used(scratch, bytes);
    return count;
}

/* ---- reading ---- */

static bool read_change(struct cursor *cursor, struct change *ret_change)
{
    struct change change = {.kind = read_u8(cursor)};
    const struct form *form = NULL;

    if (change.kind < CHANGE_PUT || change.kind >= FORM_COUNT) {
        return false;
    }
    form = form_of(&change);
    change.key = form->key ? read_str(cursor) : STR_NONE;
    change.log = form->log ? read_var(cursor) : 0;
    change.sequence = form->sequence ? read_var(cursor) : 0;
    change.at_ms = form->moment ? read_zigzag(cursor) : 0;
    change.data = form->data ? read_str(cursor) : STR_NONE;
    *ret_change = change;
    return cursor_ok(cursor);
}

static status read_changes(struct cursor *cursor, struct arena *arena, struct why *why,
                           struct entry *entry)
{
    uint64_t count = read_var(cursor);

    /* A change has at least two bytes, so a made-up count cannot ask for much. */
    if (!cursor_ok(cursor) || count > CHANGE_COUNT_MAX || count > cursor->rest.bytes / 2) {
        return why_set(why, &ERR_CORRUPT, "the entry ends within its head");
    }
    entry->change_count = (size_t)count;
    entry->changes = arena_try(arena, (size_t)count * sizeof(entry->changes[0]));
    if (entry->changes == NULL) {
        return why_set(why, &ERR_LIMIT, "no memory for the entry's %llu changes",
                       (unsigned long long)count);
    }
    for (size_t i = 0; i < entry->change_count; i++) {
        if (!read_change(cursor, &entry->changes[i])) {
            return why_set(why, &ERR_CORRUPT, "change %zu of %zu is malformed", i + 1,
                           entry->change_count);
        }
    }
    return cursor_done(cursor)
               ? OK
               : why_set(why, &ERR_CORRUPT, "%zu bytes follow the entry's last change",
                         cursor->rest.bytes);
}

status entry_read(struct str body, struct arena *arena, struct why *why, struct entry *ret_entry)
{
    struct cursor cursor = cursor_of(body);
    struct entry entry = {.at_ms = 0};
    uint8_t version = read_u8(&cursor);

    if (version > ENTRY_VERSION) {
        return why_set(why, &ERR_VERSION, "the entry has version %u; this program knows up to %u",
                       version, ENTRY_VERSION);
    }
    if (version == 0) {
        return why_set(why, &ERR_CORRUPT, "the entry has no version");
    }
    entry.cause = read_var(&cursor);
    entry.principal = read_str(&cursor);
    entry.account = read_str(&cursor);
    entry.region = read_str(&cursor);
    entry.service = read_str(&cursor);
    entry.operation = read_str(&cursor);
    entry.resource = read_str(&cursor);
    entry.request_id = read_str(&cursor);
    TRY(read_changes(&cursor, arena, why, &entry));
    *ret_entry = entry;
    return OK;
}
