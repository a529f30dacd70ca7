/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of groups, streams and chunks; nobody else knows them. (Things have theirs
 * in things.c.) All version 1; var, str and zigzag as in base/cursor.h.
 *
 *   ("logs", "group", account, region, name)            the group
 *   ("logs", "subscription", account, region, name, filter)  a subscription filter
 *   ("logs", "stream-last")                             var number given last to a stream
 *   ("logs", "stream", group, name)                     the stream
 *   ("logs", "name", stream)                            u8 1, str name: it is there
 *   ("logs", "of-group", group, second, sequence)       var stream, var ms of its first event in
 *                                                       the second, var of its last: a chunk
 *   ("logs", "of-stream", stream, second, sequence)     the same
 *   ("logs", "gone-group", group)                       rows of that group are to be swept
 *   ("logs", "gone-stream", group, stream)              rows of that stream are to be swept
 */
#include "svc/logs/keys.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "bus/hold.h"
#include "cell/cell.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (64u * 1024)

static struct key row_kind(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, "logs");

    key_str(&key, str_c(kind));
    return key;
}

/* A key whose last part is only the beginning of a text: without what ends a text. */
static struct str key_begin(const struct key *key)
{
    return str_of(key->at, key->bytes - 2);
}

/* ---- groups ---- */

static struct key key_of_group(struct arena *arena, const char *kind, const struct group *group)
{
    struct key key = row_kind(arena, kind);

    key_str(&key, group->account);
    key_str(&key, group->region);
    key_str(&key, group->name);
    return key;
}

void group_save(struct call *c, const struct group *group)
{
    struct key key = key_of_group(c->arena, "group", group);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_var(&packed, group->log);
    write_zigzag(&packed, group->created_ms);
    write_var(&packed, group->retention_days);
    write_u8(&packed, group->class);
    write_u8(&packed, group->protected);
    write_str(&packed, group->key_id);
    write_var(&packed, group->metric_filters);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void group_erase(struct call *c, const struct group *group)
{
    struct key key = key_of_group(c->arena, "group", group);

    txn_delete(c->txn, key_end(&key));
    for (size_t i = 0; i < group->subscription_count; i++) {
        subscription_erase(c, group, group->subscriptions[i]);
    }
}

static struct str key_of_subscription(struct call *c, const struct group *group, struct str name)
{
    struct key key = key_of_group(c->arena, "subscription", group);

    key_str(&key, name);
    return key_end(&key);
}

void subscription_save(struct call *c, const struct group *group,
                       const struct subscription *subscription)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, subscription->pattern);
    write_str(&packed, subscription->destination);
    write_str(&packed, subscription->role);
    write_u8(&packed, subscription->random);
    write_zigzag(&packed, subscription->created_ms);
    txn_put_packed(c->txn, key_of_subscription(c, group, subscription->name), &packed);
}

void subscription_erase(struct call *c, const struct group *group,
                        const struct subscription *subscription)
{
    txn_delete(c->txn, key_of_subscription(c, group, subscription->name));
    hold_forget(c, HOLD_SUBSCRIPTION, subscription_arn(c, group, subscription));
}

static struct key groups_prefix(struct call *c, struct str name)
{
    struct key key = row_kind(c->arena, "group");

    key_str(&key, c->account);
    key_str(&key, c->region);
    key_str(&key, name);
    return key;
}

/* From behind after, or from the first with that prefix. */
struct txn_scan *groups_scan(struct call *c, struct str prefix, struct str after)
{
    struct key first = groups_prefix(c, prefix);
    struct key behind = groups_prefix(c, after);
    struct str to = key_after_prefix(c->arena, key_begin(&first));

    if (str_cmp(after, prefix) < 0) {
        return txn_scan(c->txn, key_begin(&first), to, false);
    }
    key_u64(&behind, 0); /* just behind that name */
    return txn_scan(c->txn, key_end(&behind), to, false);
}

struct group *groups_next(struct call *c, struct txn_scan *scan)
{
    struct str key, value, part, name;

    if (!txn_scan_next(scan, &key, &value)) {
        txn_scan_close(scan);
        return NULL;
    }
    struct key_reader reader = {key};
    bool good = key_read_str(&reader, c->arena, &part) && key_read_str(&reader, c->arena, &part) &&
                key_read_str(&reader, c->arena, &part) && key_read_str(&reader, c->arena, &part) &&
                key_read_str(&reader, c->arena, &name);
    struct group *group =
        good ? group_find(groups_of(c), c->account, c->region, name) : NULL;

    assert(group != NULL); /* memory mirrors the store */
    return group;
}

/* ---- streams ---- */

static struct key key_of_stream(struct arena *arena, uint64_t group, struct str name)
{
    struct key key = row_kind(arena, "stream");

    key_u64(&key, group);
    key_str(&key, name);
    return key;
}

static struct str key_of_name(struct arena *arena, uint64_t stream)
{
    struct key key = row_kind(arena, "name");

    key_u64(&key, stream);
    return key_end(&key);
}

static bool stream_unpack(struct str packed, struct stream *stream)
{
    struct cursor cursor = cursor_of(packed);
    bool known = read_u8(&cursor) == VERSION;

    stream->number = read_var(&cursor);
    stream->created_ms = read_zigzag(&cursor);
    stream->last_ms = read_zigzag(&cursor);
    stream->ingested_ms = read_zigzag(&cursor);
    return known && cursor_done(&cursor);
}

bool stream_load(struct call *c, struct group *group, struct str name, struct stream *ret_stream)
{
    struct key key = key_of_stream(c->arena, group->log, name);
    struct stream stream = {.group = group, .name = name};
    struct str packed;
    bool good;

    if (!txn_get(c->txn, key_end(&key), &packed)) {
        return false;
    }
    good = stream_unpack(packed, &stream);
    assert(good);
    *ret_stream = stream;
    return true;
}

void stream_save(struct call *c, const struct stream *stream)
{
    struct key key = key_of_stream(c->arena, stream->group->log, stream->name);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_var(&packed, stream->number);
    write_zigzag(&packed, stream->created_ms);
    write_zigzag(&packed, stream->last_ms);
    write_zigzag(&packed, stream->ingested_ms);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void stream_add(struct call *c, const struct stream *stream)
{
    struct key last = row_kind(c->arena, "stream-last");
    struct buf packed;

    stream_save(c, stream);
    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, stream->name);
    txn_put_packed(c->txn, key_of_name(c->arena, stream->number), &packed);
    buf_init(&packed, VALUE_BYTES_MAX);
    write_var(&packed, stream->number);
    txn_put_packed(c->txn, key_end(&last), &packed);
}

void stream_erase(struct call *c, const struct stream *stream)
{
    struct key key = key_of_stream(c->arena, stream->group->log, stream->name);

    txn_delete(c->txn, key_end(&key));
    txn_delete(c->txn, key_of_name(c->arena, stream->number));
}

struct txn_scan *streams_scan(struct call *c, const struct streams_span *span)
{
    struct key first = key_of_stream(c->arena, span->group->log, span->prefix);
    struct key place = key_of_stream(c->arena, span->group->log, span->after);
    struct str from = key_begin(&first);
    struct str to = key_after_prefix(c->arena, from);

    if (span->descending) {
        return txn_scan(c->txn, from, span->after.bytes > 0 ? key_end(&place) : to, true);
    }
    if (span->after.bytes > 0) {
        key_u64(&place, 0); /* just behind that name */
        from = key_end(&place);
    }
    return txn_scan(c->txn, from, to, false);
}

bool streams_next(struct call *c, struct group *group, struct txn_scan *scan,
                  struct stream *ret_stream)
{
    struct str key, value, part;
    uint64_t number;

    if (!txn_scan_next(scan, &key, &value)) {
        txn_scan_close(scan);
        return false;
    }
    struct key_reader reader = {key};
    bool good = key_read_str(&reader, c->arena, &part) && key_read_str(&reader, c->arena, &part) &&
                key_read_u64(&reader, &number) &&
                key_read_str(&reader, c->arena, &ret_stream->name) &&
                stream_unpack(value, ret_stream);

    assert(good);
    ret_stream->group = group;
    return true;
}

bool stream_name_of(struct call *c, uint64_t stream, struct str *ret_name)
{
    struct str packed;

    if (!txn_get(c->txn, key_of_name(c->arena, stream), &packed)) {
        return false;
    }
    struct cursor cursor = cursor_of(packed);
    bool known = read_u8(&cursor) == VERSION;

    *ret_name = read_str(&cursor);
    assert(known);
    assert(cursor_done(&cursor));
    return true;
}

/* ---- chunks ---- */

static struct key key_of_chunk(struct arena *arena, const char *kind, uint64_t whose,
                               uint64_t second)
{
    struct key key = row_kind(arena, kind);

    key_u64(&key, whose);
    key_u64(&key, second);
    return key;
}

void chunk_index(struct call *c, const struct group *group, const struct chunk_row *row)
{
    struct key of_group = key_of_chunk(c->arena, "of-group", group->log, row->second);
    struct key of_stream = key_of_chunk(c->arena, "of-stream", row->stream, row->second);
    struct buf packed;
    struct str value;

    key_u64(&of_group, row->sequence);
    key_u64(&of_stream, row->sequence);
    buf_init(&packed, VALUE_BYTES_MAX);
    write_var(&packed, row->stream);
    write_var(&packed, (uint64_t)row->first_ms % 1000);
    write_var(&packed, (uint64_t)row->last_ms % 1000);
    value = arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    txn_put(c->txn, key_end(&of_group), value);
    txn_put(c->txn, key_end(&of_stream), value);
}

void chunk_forget(struct call *c, uint64_t group, const struct chunk_row *row)
{
    struct key of_group = key_of_chunk(c->arena, "of-group", group, row->second);
    struct key of_stream = key_of_chunk(c->arena, "of-stream", row->stream, row->second);

    key_u64(&of_group, row->sequence);
    key_u64(&of_stream, row->sequence);
    txn_delete(c->txn, key_end(&of_group));
    txn_delete(c->txn, key_end(&of_stream));
}

struct txn_scan *chunks_scan(struct call *c, const struct chunk_span *span)
{
    const char *kind = span->stream == 0 ? "of-group" : "of-stream";
    uint64_t whose = span->stream == 0 ? span->group : span->stream;
    struct key from = key_of_chunk(c->arena, kind, whose, span->from);
    struct key to = key_of_chunk(c->arena, kind, whose, span->to);

    return txn_scan(c->txn, key_end(&from), key_after_prefix(c->arena, key_end(&to)),
                    span->descending);
}

#define INDEX_TAIL_BYTES 18 /* the last two parts of a key: a tag and eight bytes each */

bool chunks_next(struct txn_scan *scan, struct chunk_row *ret_row)
{
    struct str key, value;
    struct chunk_row row;

    if (!txn_scan_next(scan, &key, &value)) {
        return false;
    }
    assert(key.bytes > INDEX_TAIL_BYTES);
    struct key_reader reader = {str_slice(key, key.bytes - INDEX_TAIL_BYTES, key.bytes)};
    bool good = key_read_u64(&reader, &row.second) && key_read_u64(&reader, &row.sequence);

    struct cursor cursor = cursor_of(value);

    row.stream = read_var(&cursor);
    row.first_ms = (int64_t)(row.second * 1000 + read_var(&cursor));
    row.last_ms = (int64_t)(row.second * 1000 + read_var(&cursor));
    assert(good);
    assert(cursor_done(&cursor));
    *ret_row = row;
    return true;
}

/* ---- what is gone ---- */

void gone_group(struct call *c, uint64_t group)
{
    struct key key = row_kind(c->arena, "gone-group");

    key_u64(&key, group);
    txn_put(c->txn, key_end(&key), STR(""));
}

void gone_stream(struct call *c, uint64_t group, uint64_t stream)
{
    struct key key = row_kind(c->arena, "gone-stream");

    key_u64(&key, group);
    key_u64(&key, stream);
    txn_put(c->txn, key_end(&key), STR(""));
}

/* Rows of chunks of a group or stream; false: there are more. */
static bool sweep_chunks(struct call *c, const struct chunk_span *span, size_t spare)
{
    struct txn_scan *scan = chunks_scan(c, span);
    struct chunk_row row;
    bool any = true;

    while (txn_room(c->txn) > spare && (any = chunks_next(scan, &row))) {
        chunk_forget(c, span->group, &row);
    }
    txn_scan_close(scan);
    return !any;
}

/* Rows of a group's streams; false: there are more. */
static bool sweep_streams(struct call *c, uint64_t group, size_t spare)
{
    struct key prefix = row_kind(c->arena, "stream");
    struct stream stream;
    struct txn_scan *scan;
    struct str key, value;
    bool any = true;

    key_u64(&prefix, group);
    scan = txn_scan_prefix(c->txn, key_end(&prefix));
    while (txn_room(c->txn) > spare && (any = txn_scan_next(scan, &key, &value))) {
        bool good = stream_unpack(value, &stream);

        assert(good);
        txn_delete(c->txn, key_of_name(c->arena, stream.number));
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
    return !any;
}

/* What one row of "gone-group" or "gone-stream" says. */
static bool sweep_row(struct call *c, struct str key, bool whole_group, size_t spare)
{
    struct chunk_span span = {.to = UINT64_MAX};
    struct key_reader reader = {key};
    struct str part;
    bool good = key_read_str(&reader, c->arena, &part) && key_read_str(&reader, c->arena, &part) &&
                key_read_u64(&reader, &span.group) &&
                (whole_group || key_read_u64(&reader, &span.stream));

    assert(good);
    if (!sweep_chunks(c, &span, spare)) {
        return false;
    }
    return !whole_group || sweep_streams(c, span.group, spare);
}

static bool sweep_kind(struct call *c, const char *kind, bool whole_group, size_t spare)
{
    struct key prefix = row_kind(c->arena, kind);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, value;
    bool done = true;

    while (done && txn_scan_next(scan, &key, &value)) {
        struct str row = arena_dup(c->arena, key);

        done = sweep_row(c, row, whole_group, spare);
        if (done) {
            txn_delete(c->txn, row);
        }
    }
    txn_scan_close(scan);
    return done;
}

bool gone_sweep(struct call *c, size_t spare)
{
    return sweep_kind(c, "gone-group", true, spare) && sweep_kind(c, "gone-stream", false, spare);
}

/* ---- loading ---- */

struct name_parts {
    struct str account, region, name; /* of the group */
    struct str last;                  /* of a subscription filter */
};

static bool parts_read(struct arena *arena, struct str key, bool four, struct name_parts *parts)
{
    struct key_reader reader = {key};
    struct str part;

    return key_read_str(&reader, arena, &part) && key_read_str(&reader, arena, &part) &&
           key_read_str(&reader, arena, &parts->account) &&
           key_read_str(&reader, arena, &parts->region) &&
           key_read_str(&reader, arena, &parts->name) &&
           (!four || key_read_str(&reader, arena, &parts->last));
}

static status load_group(struct log_groups *logs, const struct name_parts *parts,
                         struct cursor *cursor)
{
    struct group *group = group_new(parts->account, parts->region, parts->name);

    group->log = read_var(cursor);
    group->created_ms = read_zigzag(cursor);
    group->retention_days = (uint32_t)read_var(cursor);
    group->class = read_u8(cursor);
    group->protected = read_u8(cursor) != 0;
    text_set(&group->key_id, read_str(cursor));
    group->metric_filters = (uint32_t)read_var(cursor);
    if (!cursor_done(cursor) || group->class > CLASS_ESSENTIALS || !group_enter(logs, group)) {
        group_free(group);
        return &ERR_CORRUPT;
    }
    return OK;
}

static status load_subscription(struct log_groups *logs, const struct name_parts *parts,
                                struct cursor *cursor)
{
    struct group *group = group_find(logs, parts->account, parts->region, parts->name);
    struct subscription *subscription;
    struct why why;

    if (group == NULL || group->subscription_count == SUBSCRIPTIONS_MAX) {
        return &ERR_CORRUPT;
    }
    subscription = MEM_NEW(struct subscription);
    group->subscriptions[group->subscription_count++] = subscription;
    text_set(&subscription->name, parts->last);
    text_set(&subscription->pattern, read_str(cursor));
    text_set(&subscription->destination, read_str(cursor));
    text_set(&subscription->role, read_str(cursor));
    subscription->random = read_u8(cursor) != 0;
    subscription->created_ms = read_zigzag(cursor);
    if (!cursor_done(cursor)) {
        return &ERR_CORRUPT;
    }
    return filter_new(subscription->pattern, &why, &subscription->filter);
}

typedef status load_row(struct log_groups *logs, const struct name_parts *parts,
                        struct cursor *cursor);

static status load_kind(struct log_groups *logs, const char *kind, bool four, load_row *load)
{
    struct arena *arena = arena_new(1u << 20);
    struct arena *one = arena_new(1u << 20);
    struct key prefix = row_kind(arena, kind);
    struct kv_scan *scan = store_scan(cell_store(logs->cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);
    struct str key, value;
    status loaded = OK;

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct cursor cursor = cursor_of(value);
        struct name_parts parts;

        arena_clear(one);
        loaded = parts_read(one, key, four, &parts) && read_u8(&cursor) == VERSION
                     ? load(logs, &parts, &cursor)
                     : &ERR_CORRUPT;
    }
    store_scan_close(scan);
    arena_free(one);
    arena_free(arena);
    return loaded;
}

status logs_load(struct log_groups *logs)
{
    struct arena *arena = arena_new(64u * 1024);
    struct key last = row_kind(arena, "stream-last");
    struct str value;

    if (store_get(cell_store(logs->cell), arena, key_end(&last), &value)) {
        struct cursor cursor = cursor_of(value);

        logs->stream_last = read_var(&cursor);
    }
    arena_free(arena);
    TRY(load_kind(logs, "group", false, load_group));
    return load_kind(logs, "subscription", true, load_subscription);
}
