/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of event source mappings. All begin with u8 1; var, str and zigzag as in base/cursor.h.
 *
 *   ("lambda", "mapping", uuid)                 u8 flags (1 enabled, 2 deleting, 4 shards were
 *                                               listed), str account, region, function, qualifier,
 *                                               str config (JSON)
 *   ("lambda", "mapping-shard", uuid, shard)    str id, u8 finished, var origin, var lanes,
 *                                               var count of parents, var each
 *   ("lambda", "mapping-lane", uuid, shard, lane)  var next, var tries, var count of ends, var
 *                                               each, u8 flags (1 window open, 2 given over early),
 *                                               zigzag its start, str its state
 *   ("lambda", "mapping-aside", uuid, key, shard, number)  str id, zigzag moment, str text
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/lambda/mapping_ops.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (8u << 20)
#define ARENA_BYTES_MAX (64u << 20)

enum flag { FLAG_ENABLED = 1, FLAG_DELETING = 2, FLAG_LISTED = 4 };
enum window_flag { WINDOW_OPEN = 1, WINDOW_EARLY = 2 };

static struct key key_begin(struct arena *arena, const char *kind, const struct mapping *mapping)
{
    struct key key = key_of(arena, "lambda");

    key_str(&key, str_c(kind));
    if (mapping != NULL) {
        key_str(&key, str_of(mapping->uuid, UUID_BYTES));
    }
    return key;
}

static void put(struct call *c, struct str key, struct buf *packed)
{
    assert(!buf_spent(packed));
    txn_put(c->txn, key, arena_dup(c->arena, buf_str(packed)));
    buf_done(packed);
}

static void begin(struct buf *packed)
{
    buf_init(packed, VALUE_BYTES_MAX);
    write_u8(packed, VERSION);
}

/* ---- writing ---- */

void mapping_save(struct call *c, const struct mapping *mapping)
{
    struct key key = key_begin(c->arena, "mapping", mapping);
    struct buf packed;

    begin(&packed);
    write_u8(&packed, (uint8_t)((mapping->enabled ? FLAG_ENABLED : 0) |
                                (mapping->deleting ? FLAG_DELETING : 0) |
                                (mapping->listed ? FLAG_LISTED : 0)));
    write_str(&packed, mapping->target.account);
    write_str(&packed, mapping->target.region);
    write_str(&packed, mapping->target.name);
    write_str(&packed, mapping->target.qualifier);
    write_str(&packed, mapping->config);
    put(c, key_end(&key), &packed);
}

static struct str shard_key(struct call *c, const struct mapping_shard *shard)
{
    struct key key = key_begin(c->arena, "mapping-shard", shard->mapping);

    key_u64(&key, shard->number);
    return key_end(&key);
}

static struct str lane_key(struct call *c, const struct lane *lane)
{
    struct key key = key_begin(c->arena, "mapping-lane", lane->shard->mapping);

    key_u64(&key, lane->shard->number);
    key_u64(&key, lane->index);
    return key_end(&key);
}

void shard_save(struct call *c, const struct mapping_shard *shard)
{
    struct buf packed;

    begin(&packed);
    write_str(&packed, shard->id);
    write_u8(&packed, shard->finished);
    write_var(&packed, shard->origin);
    write_var(&packed, shard->lane_count);
    write_var(&packed, shard->parent_count);
    for (size_t i = 0; i < shard->parent_count; i++) {
        write_var(&packed, shard->parents[i]);
    }
    put(c, shard_key(c, shard), &packed);
}

void lane_save(struct call *c, const struct lane *lane)
{
    const struct window *window = &lane->window;
    struct buf packed;

    begin(&packed);
    write_var(&packed, lane->next);
    write_var(&packed, lane->tries);
    write_var(&packed, lane->end_count);
    for (size_t i = 0; i < lane->end_count; i++) {
        write_var(&packed, lane->ends[i]);
    }
    write_u8(&packed, (uint8_t)((window->open ? WINDOW_OPEN : 0) |
                                (window->early ? WINDOW_EARLY : 0)));
    write_zigzag(&packed, window->start_ms);
    write_str(&packed, window->state);
    put(c, lane_key(c, lane), &packed);
}

void shard_erase(struct call *c, const struct mapping_shard *shard)
{
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        txn_delete(c->txn, lane_key(c, &shard->lanes[i]));
    }
    txn_delete(c->txn, shard_key(c, shard));
}

void mapping_erase(struct call *c, const struct mapping *mapping)
{
    struct key key = key_begin(c->arena, "mapping", mapping);

    txn_delete(c->txn, key_end(&key));
}

/* ---- set aside ---- */

static struct str aside_row(struct call *c, const struct mapping *mapping,
                            const struct aside *aside)
{
    struct key key = key_begin(c->arena, "mapping-aside", mapping);

    key_str(&key, aside->key);
    key_u64(&key, aside->shard);
    key_u64(&key, aside->number);
    return key_end(&key);
}

bool aside_there(struct call *c, const struct mapping *mapping, const struct aside *aside)
{
    struct str value;

    return txn_get(c->txn, aside_row(c, mapping, aside), &value);
}

void aside_save(struct call *c, const struct mapping *mapping, const struct aside *aside)
{
    struct buf packed;

    begin(&packed);
    write_str(&packed, aside->record.id);
    write_zigzag(&packed, aside->record.at_ms);
    write_str(&packed, aside->record.text);
    put(c, aside_row(c, mapping, aside), &packed);
}

void aside_erase(struct call *c, struct str row)
{
    txn_delete(c->txn, row);
}

bool aside_next(struct call *c, const struct mapping *mapping, struct str key,
                struct txn_scan **scan, struct aside *ret_aside)
{
    struct str skipped;
    struct str value;

    if (*scan == NULL) {
        struct key prefix = key_begin(c->arena, "mapping-aside", mapping);

        if (key.at != NULL) {
            key_str(&prefix, key);
        }
        *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    }
    if (!txn_scan_next(*scan, &ret_aside->row, &value)) {
        return false;
    }
    ret_aside->row = arena_dup(c->arena, ret_aside->row);
    struct key_reader reader = {ret_aside->row};
    struct cursor cursor = cursor_of(arena_dup(c->arena, value));
    bool good = key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &ret_aside->key) &&
                key_read_u64(&reader, &ret_aside->shard) &&
                key_read_u64(&reader, &ret_aside->number) && read_u8(&cursor) == VERSION;

    assert(good);
    ret_aside->record = (struct source_record){.id = read_str(&cursor), .key = ret_aside->key,
                                               .number = ret_aside->number};
    ret_aside->record.at_ms = read_zigzag(&cursor);
    ret_aside->record.text = read_str(&cursor);
    assert(cursor_done(&cursor));
    return true;
}

/* ---- loading ---- */

/* A row on its way into memory. */
struct loading {
    struct mappings *all;      /* gets it */
    struct arena *arena;       /* of the row */
    struct key_reader key;     /* behind the UUID */
    struct str uuid;           /* of the mapping */
    struct cursor value;       /* behind the version */
};

static status load_mapping(struct loading *loading)
{
    struct mapping *mapping = mapping_new(loading->all, loading->uuid);
    struct cursor *cursor = &loading->value;
    uint8_t flags = read_u8(cursor);

    if (mapping == NULL) {
        return &ERR_LIMIT;
    }
    mapping->enabled = (flags & FLAG_ENABLED) != 0;
    mapping->deleting = (flags & FLAG_DELETING) != 0;
    mapping->listed = (flags & FLAG_LISTED) != 0;
    mapping_text_set(&mapping->target.account, read_str(cursor));
    mapping_text_set(&mapping->target.region, read_str(cursor));
    mapping_text_set(&mapping->target.name, read_str(cursor));
    mapping_text_set(&mapping->target.qualifier, read_str(cursor));
    mapping_text_set(&mapping->config, read_str(cursor));
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
}

static status load_shard(struct loading *loading)
{
    struct mapping *mapping = mapping_find(loading->all, loading->uuid);
    struct cursor *cursor = &loading->value;
    struct mapping_shard *shard;
    uint64_t number;
    struct str id;
    bool finished;
    uint64_t origin;
    uint64_t lanes;

    if (mapping == NULL || !key_read_u64(&loading->key, &number)) {
        return &ERR_CORRUPT;
    }
    id = read_str(cursor);
    finished = read_u8(cursor) != 0;
    origin = read_var(cursor);
    lanes = read_var(cursor);
    if (lanes < 1 || lanes > MAPPING_LANES_MAX) {
        return &ERR_CORRUPT;
    }
    shard = shard_add(mapping, number, id);
    shard->finished = finished;
    shard->origin = origin;
    shard->parent_count = (size_t)read_var(cursor);
    if (shard->parent_count > SOURCE_PARENTS_MAX) {
        return &ERR_CORRUPT;
    }
    for (size_t i = 0; i < shard->parent_count; i++) {
        shard->parents[i] = read_var(cursor);
    }
    shard_lanes(shard, (uint32_t)lanes, 1);
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
}

static void read_lane(struct cursor *cursor, struct lane *lane)
{
    uint8_t flags;
    uint64_t count;

    lane->next = lane->looked = read_var(cursor);
    lane->tries = (uint32_t)read_var(cursor);
    count = read_var(cursor);
    cursor->bad |= count > MAPPING_ENDS_MAX;
    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        lane->ends[i] = read_var(cursor);
    }
    lane->end_count = cursor_ok(cursor) ? (size_t)count : 0;
    flags = read_u8(cursor);
    lane->window.open = (flags & WINDOW_OPEN) != 0;
    lane->window.early = (flags & WINDOW_EARLY) != 0;
    lane->window.start_ms = read_zigzag(cursor);
    mapping_text_set(&lane->window.state, read_str(cursor));
}

static status load_lane(struct loading *loading)
{
    const struct mapping *mapping = mapping_find(loading->all, loading->uuid);
    const struct mapping_shard *shard;
    uint64_t number;
    uint64_t index;

    if (mapping == NULL || !key_read_u64(&loading->key, &number) ||
        !key_read_u64(&loading->key, &index)) {
        return &ERR_CORRUPT;
    }
    shard = shard_find(mapping, number);
    if (shard == NULL || index >= shard->lane_count) {
        return &ERR_CORRUPT;
    }
    read_lane(&loading->value, &shard->lanes[index]);
    return cursor_done(&loading->value) ? OK : &ERR_CORRUPT;
}

static status load_aside(struct loading *loading)
{
    struct mapping *mapping = mapping_find(loading->all, loading->uuid);
    struct str key;

    if (mapping == NULL || !key_read_str(&loading->key, loading->arena, &key)) {
        return &ERR_CORRUPT;
    }
    return aside_count(mapping, key, 1) ? OK : &ERR_LIMIT;
}

static status load_kind(struct mappings *all, const char *kind,
                        status (*load)(struct loading *loading))
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct arena *prefix_arena = arena_new(ARENA_BYTES_MAX);
    struct key prefix = key_begin(prefix_arena, kind, NULL);
    struct kv_scan *scan =
        store_scan(cell_store(all->cell), key_end(&prefix),
                   key_after_prefix(prefix_arena, key_end(&prefix)), false);
    status loaded = OK;
    struct str key;
    struct str value;

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct loading loading = {.all = all, .arena = arena, .key = {key},
                                  .value = cursor_of(value)};
        struct str skipped;

        if (!key_read_str(&loading.key, arena, &skipped) ||
            !key_read_str(&loading.key, arena, &skipped) ||
            !key_read_str(&loading.key, arena, &loading.uuid) ||
            loading.uuid.bytes != UUID_BYTES || read_u8(&loading.value) != VERSION) {
            loaded = &ERR_CORRUPT;
        } else {
            loaded = load(&loading);
        }
        arena_clear(arena);
    }
    store_scan_close(scan);
    arena_free(prefix_arena);
    arena_free(arena);
    return loaded;
}

status mappings_load(struct mappings *all)
{
    TRY(load_kind(all, "mapping", load_mapping));
    TRY(load_kind(all, "mapping-shard", load_shard));
    TRY(load_kind(all, "mapping-lane", load_lane));
    return load_kind(all, "mapping-aside", load_aside);
}
