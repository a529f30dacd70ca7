/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of SNS; nobody else knows them. All version 1.
 *
 *   ("sns", "topic", account, region, name)            the topic
 *   ("sns", "subscription", account, region, name, id) a subscription of it
 *   ("sns", "twin", ARN, scope, dedup id)              u8 1, zigzag sent_ms, var number, str id
 *   ("sns", "thing", kind, name)                       a text
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "svc/sns/sns_int.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (2u * 1024 * 1024)
#define SWEEP_MAX 10000

static struct key key_of_topic(struct arena *arena, const char *kind, const struct topic *topic)
{
    struct key key = key_of(arena, "sns");

    key_str(&key, str_c(kind));
    key_str(&key, topic->account);
    key_str(&key, topic->region);
    key_str(&key, topic->name);
    return key;
}

static void put_packed(struct call *c, struct str key, struct buf *packed)
{
    assert(!buf_spent(packed));
    txn_put(c->txn, key, arena_dup(c->arena, buf_str(packed)));
    buf_done(packed);
}

static void write_settings(struct buf *packed, const struct settings *settings)
{
    write_var(packed, settings->count);
    for (size_t i = 0; i < settings->count; i++) {
        write_str(packed, settings->items[i].name);
        write_str(packed, settings->items[i].text);
    }
}

static void read_settings(struct cursor *cursor, struct settings *settings)
{
    uint64_t count = read_var(cursor);

    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        struct str name = read_str(cursor);

        setting_set(settings, name, read_str(cursor));
    }
}

void topic_save(struct call *c, const struct topic *topic)
{
    struct key key = key_of_topic(c->arena, "topic", topic);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, topic->created_ms);
    write_settings(&packed, &topic->attributes);
    write_settings(&packed, &topic->tags);
    write_var(&packed, topic->archive);
    write_zigzag(&packed, topic->archive_began_ms);
    put_packed(c, key_end(&key), &packed);
}

void topic_erase(struct call *c, const struct topic *topic)
{
    struct key key = key_of_topic(c->arena, "topic", topic);

    for (const struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        subscription_erase(c, at);
    }
    txn_delete(c->txn, key_end(&key));
}

static struct str key_of_subscription(struct call *c, const struct subscription *subscription)
{
    struct key key = key_of_topic(c->arena, "subscription", subscription->topic);

    key_str(&key, str_of(subscription->id, ID_BYTES));
    return key_end(&key);
}

void subscription_save(struct call *c, const struct subscription *subscription)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u8(&packed, subscription->protocol);
    write_str(&packed, subscription->endpoint);
    write_str(&packed, subscription->owner);
    write_u8(&packed, (uint8_t)(subscription->pending | subscription->authenticated << 1));
    write_str(&packed, subscription->token);
    write_settings(&packed, &subscription->attributes);
    write_zigzag(&packed, subscription->replay_to_ms);
    write_var(&packed, subscription->replay_next);
    put_packed(c, key_of_subscription(c, subscription), &packed);
}

void subscription_erase(struct call *c, const struct subscription *subscription)
{
    txn_delete(c->txn, key_of_subscription(c, subscription));
    hold_forget(c, HOLD_SUBSCRIPTION, subscription->arn);
}

/* ---- twins ---- */

static struct str key_of_twin(struct call *c, const struct topic *topic, struct str scope,
                              struct str id)
{
    struct key key = key_of(c->arena, "sns");

    key_str(&key, STR("twin"));
    key_str(&key, topic_arn(c->arena, topic));
    key_str(&key, scope);
    key_str(&key, id);
    return key_end(&key);
}

bool twin_find(struct call *c, const struct topic *topic, struct str scope, struct str id,
               struct twin *ret_twin)
{
    struct cursor cursor;
    struct twin twin;
    struct str value;

    if (!txn_get(c->txn, key_of_twin(c, topic, scope, id), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    twin.sent_ms = read_zigzag(&cursor);
    twin.number = read_var(&cursor);
    twin.id = read_str(&cursor);
    assert(cursor_done(&cursor));
    if (c->now - twin.sent_ms >= DEDUPLICATION_MS) {
        return false;
    }
    *ret_twin = twin;
    return true;
}

void twin_save(struct call *c, const struct topic *topic, struct str scope, struct str id,
               const struct twin *twin)
{
    struct buf packed;

    buf_init(&packed, 256);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, twin->sent_ms);
    write_var(&packed, twin->number);
    write_str(&packed, twin->id);
    put_packed(c, key_of_twin(c, topic, scope, id), &packed);
}

void twins_sweep(struct call *c)
{
    struct key prefix = key_of(c->arena, "sns");
    struct txn_scan *scan;
    struct str key;
    struct str value;
    int seen = 0;

    key_str(&prefix, STR("twin"));
    scan = txn_scan_prefix(c->txn, key_end(&prefix));
    while (seen++ < SWEEP_MAX && txn_scan_next(scan, &key, &value)) {
        struct cursor cursor = cursor_of(value);

        (void)read_u8(&cursor);
        if (c->now - read_zigzag(&cursor) >= DEDUPLICATION_MS) {
            txn_delete(c->txn, arena_dup(c->arena, key));
        }
    }
    txn_scan_close(scan);
}

/* ---- things ---- */

static struct key key_of_things(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, "sns");

    key_str(&key, STR("thing"));
    key_str(&key, str_c(kind));
    return key;
}

static struct str key_of_thing(struct call *c, const char *kind, struct str name)
{
    struct key key = key_of_things(c->arena, kind);

    key_str(&key, name);
    return key_end(&key);
}

struct str thing_get(struct call *c, const char *kind, struct str name)
{
    struct str text;

    return txn_get(c->txn, key_of_thing(c, kind, name), &text) ? text : STR_NONE;
}

void thing_set(struct call *c, const char *kind, struct str name, struct str text)
{
    txn_put(c->txn, key_of_thing(c, kind, name), arena_dup(c->arena, text));
}

void thing_erase(struct call *c, const char *kind, struct str name)
{
    txn_delete(c->txn, key_of_thing(c, kind, name));
}

bool thing_next(struct call *c, const char *kind, struct txn_scan **scan, struct str *ret_name,
                struct str *ret_text)
{
    struct str skipped;
    struct str key;
    struct str value;

    if (*scan == NULL) {
        struct key prefix = key_of_things(c->arena, kind);

        *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        return false;
    }
    struct key_reader reader = {key};
    bool good = key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, ret_name);

    assert(good);
    *ret_text = arena_dup(c->arena, value);
    return true;
}

/* ---- loading ---- */

struct loader {
    struct sns *sns;                  /* gets what is read */
    struct arena *arena;              /* of the current row */
    struct key_reader rest;           /* of the key, behind the topic's name */
    struct str account, region, name; /* of the topic */
};

static status load_topic(struct loader *loader, struct cursor *cursor)
{
    struct topic *topic = topic_new(loader->account, loader->region, loader->name);

    topic->created_ms = read_zigzag(cursor);
    read_settings(cursor, &topic->attributes);
    read_settings(cursor, &topic->tags);
    topic->archive = read_var(cursor);
    topic->archive_began_ms = read_zigzag(cursor);
    if (!cursor_done(cursor) || !topic_add(loader->sns, topic)) {
        topic_free(topic);
        return &ERR_CORRUPT;
    }
    for (size_t i = 0; i < topic->attributes.count; i++) { /* the fields that follow from them */
        struct str text = arena_dup(loader->arena, topic->attributes.items[i].text);

        topic_attribute_set(topic, arena_dup(loader->arena, topic->attributes.items[i].name), text);
    }
    return OK;
}

static status load_subscription(struct loader *loader, struct cursor *cursor)
{
    struct arn arn = {arn_partition(loader->region), STR("sns"), loader->region, loader->account,
                      loader->name};
    struct topic *topic = topic_find(loader->sns, arn_write(loader->arena, &arn));
    struct subscription *subscription;
    struct str id;
    uint8_t flags;

    if (topic == NULL || !key_read_str(&loader->rest, loader->arena, &id) || id.bytes != ID_BYTES) {
        return &ERR_CORRUPT;
    }
    subscription = subscription_new(topic, id);
    subscription->protocol = read_u8(cursor);
    text_set(&subscription->endpoint, read_str(cursor));
    text_set(&subscription->owner, read_str(cursor));
    flags = read_u8(cursor);
    subscription->pending = flags & 1;
    subscription->authenticated = flags & 2;
    text_set(&subscription->token, read_str(cursor));
    read_settings(cursor, &subscription->attributes);
    subscription->replay_to_ms = read_zigzag(cursor);
    subscription->replay_next = read_var(cursor);
    if (!cursor_done(cursor) || subscription->protocol >= PROTOCOLS ||
        subscription_settle(subscription) != OK ||
        !subscription_add(loader->sns, subscription)) {
        subscription_free(subscription);
        return &ERR_CORRUPT;
    }
    return OK;
}

static status load_kind(struct loader *loader, const char *kind,
                        status (*load)(struct loader *loader, struct cursor *cursor))
{
    struct arena *arena = arena_new(1u << 20);
    struct key prefix = key_of(arena, "sns");
    status loaded = OK;
    struct str key;
    struct str value;

    key_str(&prefix, str_c(kind));
    struct kv_scan *scan = store_scan(cell_store(loader->sns->cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct cursor cursor = cursor_of(value);
        struct str skipped;

        arena_clear(loader->arena);
        loader->rest = (struct key_reader){key};
        if (!key_read_str(&loader->rest, loader->arena, &skipped) ||
            !key_read_str(&loader->rest, loader->arena, &skipped) ||
            !key_read_str(&loader->rest, loader->arena, &loader->account) ||
            !key_read_str(&loader->rest, loader->arena, &loader->region) ||
            !key_read_str(&loader->rest, loader->arena, &loader->name) ||
            read_u8(&cursor) != VERSION) {
            loaded = &ERR_CORRUPT;
        } else {
            loaded = load(loader, &cursor);
        }
    }
    store_scan_close(scan);
    arena_free(arena);
    return loaded;
}

status sns_load(struct sns *sns)
{
    struct loader loader = {.sns = sns, .arena = arena_new(16u << 20)};
    status loaded = load_kind(&loader, "topic", load_topic);

    if (loaded == OK) {
        loaded = load_kind(&loader, "subscription", load_subscription);
    }
    arena_free(loader.arena);
    return loaded;
}
