/* SPDX-License-Identifier: Apache-2.0
 *
 * Key bytes of everything below a table; nobody else knows them. Every key begins with "dynamodb"
 * and its kind:
 *
 *   ("item", table, SUFFIX)                          the packed item (item.h)
 *   ("index", table, index, SUFFIX there, key parts) what is projected, as a packed item
 *   ("past", table, SUFFIX, sequence)                empty: a record of the change log is about it
 *   ("expiry", table, second, SUFFIX)                empty: the item is gone after that second
 *   ("collection", table, SUFFIX)                    u8 version 1, var bytes of a partition's items
 *                                                    and their entries in local indexes
 *   ("tally", table)                                 counts as they were at some record of the
 *                                                    change log; see tally.c
 *   ("token", …), ("due", …)                         tokens of transactions; see token.c
 *   ("doomed", table), ("gone", table)               sweep.c
 *   ("number")                                       u8 version 1, var: the last table's number
 *
 * SUFFIX is (hash, hash attributes, range attributes): a hash of the partition in front, so that a
 * parallel scan's segments are ranges and a scan's order is no order, as on AWS; queries know the
 * partition. The bytes of S, N and B are text parts as they are. An index's entry ends with the
 * table's key attributes, so that items with the same key in the index have entries of their own.
 */
#include "svc/dynamodb/dynamodb_int.h"

#include "base/cursor.h"
#include "base/digest.h"
#include "cell/cell.h"

#include <assert.h>

#define VERSION 1
#define ROW_BEGIN_BYTES_MAX 64 /* "dynamodb", a kind, a table's number */

struct key row_kind(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, "dynamodb");

    key_str(&key, str_c(kind));
    return key;
}

static struct key row_below(struct arena *arena, const char *kind, uint64_t table_number)
{
    struct key key = row_kind(arena, kind);

    key_u64(&key, table_number);
    return key;
}

/* Bytes that are parts already. */
static void key_raw(struct key *key, struct str parts)
{
    assert(key->bytes + parts.bytes <= key->room);
    assert(key->bytes + parts.bytes <= KEY_BYTES_MAX);
    if (parts.bytes > 0) { /* a walk's first place has none, and no address */
        memcpy(key->at + key->bytes, parts.at, parts.bytes);
    }
    key->bytes += parts.bytes;
}

/* The same as row_below, with room for so much behind it. */
static struct key row_begin(struct arena *arena, const char *kind, uint64_t number, size_t more)
{
    size_t room = ROW_BEGIN_BYTES_MAX + more;
    struct key key = {arena, arena_alloc(arena, room), 0, room};

    key_str(&key, STR("dynamodb"));
    key_str(&key, str_c(kind));
    key_u64(&key, number);
    assert(key.room == room);
    return key;
}

static struct str row_with(struct arena *arena, const char *kind, uint64_t number, struct str rest)
{
    struct key key = row_begin(arena, kind, number, rest.bytes);

    key_raw(&key, rest);
    return key_end(&key);
}

struct str row_item(struct arena *arena, const struct table *table, struct str suffix)
{
    return row_with(arena, "item", table->number, suffix);
}

struct str row_index(struct arena *arena, const struct table *table, const struct index *index,
                     struct str entry)
{
    struct key key = row_begin(arena, "index", table->number, 9 + entry.bytes);

    key_u64(&key, index->number);
    key_raw(&key, entry);
    return key_end(&key);
}

struct str row_collection(struct arena *arena, const struct table *table, struct str suffix)
{
    return row_with(arena, "collection", table->number, suffix);
}

struct str row_past(struct arena *arena, const struct table *table, struct str suffix,
                    uint64_t sequence)
{
    struct key key = row_begin(arena, "past", table->number, suffix.bytes + 9);

    key_raw(&key, suffix);
    key_u64(&key, sequence);
    return key_end(&key);
}

struct str row_expiry(struct arena *arena, const struct table *table, int64_t second,
                      struct str suffix)
{
    struct key key = row_begin(arena, "expiry", table->number, 9 + suffix.bytes);

    assert(second >= 0);
    key_u64(&key, (uint64_t)second);
    key_raw(&key, suffix);
    return key_end(&key);
}

bool expiry_row_read(struct str rest, int64_t *ret_second, struct str *ret_suffix)
{
    struct key_reader reader = {rest};
    uint64_t second;

    if (!key_read_u64(&reader, &second)) {
        return false;
    }
    *ret_second = (int64_t)second;
    *ret_suffix = reader.rest;
    return true;
}

struct str row_rest(struct str key, struct str prefix)
{
    assert(str_starts(key, prefix));
    return str_slice(key, prefix.bytes, key.bytes);
}

struct str rows_of(struct arena *arena, const char *kind, uint64_t table_number)
{
    struct key key = row_below(arena, kind, table_number);

    return key_end(&key);
}

struct str rows_of_index(struct arena *arena, uint64_t table_number, uint32_t index_number)
{
    struct key key = row_below(arena, "index", table_number);

    key_u64(&key, index_number);
    return key_end(&key);
}

/* ---- suffixes ---- */

/* Spreads what a checksum leaves together (the finaliser of splitmix64). */
static uint64_t spread(uint64_t hash)
{
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* more: bytes of what follows behind the hash attributes. */
static struct key suffix_begin(struct arena *arena, const struct datum *hashes, size_t count,
                               size_t more)
{
    struct key key = {arena, NULL, 0, 9 + more};
    uint64_t hash = 0;

    for (size_t i = 0; i < count; i++) {
        key.room += hashes[i].body.bytes + 3;
    }
    key.at = arena_alloc(arena, key.room); /* zeros in the parts make it grow */

    for (size_t i = 0; i < count; i++) {
        hash = spread(crc64nvme(hash, hashes[i].body));
    }
    key_u64(&key, hash);
    for (size_t i = 0; i < count; i++) {
        key_datum(&key, hashes[i]);
    }
    return key;
}

struct str suffix_of_partition(struct arena *arena, const struct datum *hashes, size_t count)
{
    struct key key = suffix_begin(arena, hashes, count, 0);

    return key_end(&key);
}

struct str suffix_of_item(struct arena *arena, const struct key_schema *schema,
                          const struct item *item)
{
    struct datum parts[KEY_PARTS_MAX];
    size_t more = 0;
    struct key key;

    for (uint8_t i = 0; i < schema->count; i++) {
        parts[i] = datum_find(item->attributes, schema->names[i]);
        assert(parts[i].type == schema->types[i]);
        more += i < schema->hashes ? 0 : parts[i].body.bytes + 3;
    }
    key = suffix_begin(arena, parts, schema->hashes, more);
    for (uint8_t i = schema->hashes; i < schema->count; i++) {
        key_datum(&key, parts[i]);
    }
    return key_end(&key);
}

struct str suffix_of_hash(struct arena *arena, uint64_t hash)
{
    struct key key = {arena, NULL, 0, 0};

    key_u64(&key, hash);
    return key_end(&key);
}

struct item item_of_suffix(struct arena *arena, const struct key_schema *schema,
                           struct str suffix)
{
    struct key_reader reader = {suffix};
    struct datum parts[KEY_PARTS_MAX];
    size_t bytes = ITEM_HEAD_BYTES_MAX;
    struct item item = ITEM_ABSENT;
    uint64_t hash;
    bool good = key_read_u64(&reader, &hash);
    char *body;
    char *at;

    for (uint8_t i = 0; good && i < schema->count; i++) {
        good = key_read_datum(&reader, arena, schema->types[i], &parts[i]);
        bytes += good ? datum_packed_bytes_max(parts[i]) + schema->names[i].bytes +
                            DATUM_HEAD_BYTES_MAX
                      : 0;
    }
    if (!good) {
        return ITEM_ABSENT;
    }
    body = (char *)arena_alloc(arena, bytes) + ITEM_HEAD_BYTES_MAX;
    at = body;
    for (uint8_t i = 0; i < schema->count; i++) { /* a map's names ascend */
        uint8_t least = schema->count;

        for (uint8_t j = 0; j < schema->count; j++) {
            if (parts[j].type != DATUM_NONE &&
                (least == schema->count ||
                 str_cmp(schema->names[j], schema->names[least]) < 0)) {
                least = j;
            }
        }
        at = datum_put_str(at, schema->names[least]);
        at = datum_put(at, parts[least]);
        parts[least].type = DATUM_NONE;
    }
    return item_make(body, at, NULL, &item) == OK ? item : ITEM_ABSENT;
}

/* ---- items ---- */

struct item item_load(struct call *c, const struct table *table, struct str suffix)
{
    struct str packed;
    struct item item;

    if (!txn_get(c->txn, row_item(c->arena, table, suffix), &packed)) {
        return ITEM_ABSENT;
    }
    bool good = item_open(packed, &item);

    assert(good);
    return item;
}

void number_take(struct call *c, struct table *table)
{
    struct dynamodb *dynamodb = dynamodb_of(c);
    struct key key = row_kind(c->arena, "number");
    struct buf packed;

    table->number = ++dynamodb->number;
    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_var(&packed, table->number);
    txn_put(c->txn, key_end(&key), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

void number_load(struct dynamodb *dynamodb)
{
    struct arena *arena = arena_new(1u << 20);
    struct key key = row_kind(arena, "number");
    struct str packed;

    if (store_get(cell_store(dynamodb->cell), arena, key_end(&key), &packed)) {
        struct cursor cursor = cursor_of(packed);

        dynamodb->number = read_u8(&cursor) == VERSION ? read_var(&cursor) : 0;
    }
    arena_free(arena);
}
