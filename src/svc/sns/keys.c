/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of SNS; nobody else knows them. All version 1.
 *
 *   ("sns", "topic", account, region, name)            the topic
 *   ("sns", "subscription", account, region, name, id) a subscription of it
 *   ("sns", "twin", ARN, scope, dedup id)              u8 1, zigzag sent_ms, var number, str id
 *   ("sns", "thing", kind, name)                       a text
 *   ("sns", "app", account, region, platform, name)    var endpoints, settings
 *   ("sns", "endpoint", app's ARN, id)                 str token, u8 has custom, str custom,
 *                                                      u8 enabled
 *   ("sns", "token", app's ARN, SHA-256 of the token)  an endpoint's id
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "svc/sns/sns_platform.h"

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
    txn_put_packed(c->txn, key_end(&key), &packed);
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

static void write_subscription(struct buf *packed, const struct subscription *subscription)
{
    write_u8(packed, VERSION);
    write_u8(packed, subscription->protocol);
    write_str(packed, subscription->endpoint);
    write_str(packed, subscription->owner);
    write_u8(packed, (uint8_t)(subscription->pending | subscription->authenticated << 1));
    write_str(packed, subscription->token);
    write_settings(packed, &subscription->attributes);
    write_zigzag(packed, subscription->replay_to_ms);
    write_var(packed, subscription->replay_next);
}

/* Behind the version. */
static bool read_subscription(struct cursor *cursor, struct subscription *subscription)
{
    uint8_t flags;

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
    return cursor_done(cursor) && subscription->protocol < PROTOCOLS &&
           subscription_settle(subscription) == OK;
}

void subscription_save(struct call *c, const struct subscription *subscription)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_subscription(&packed, subscription);
    txn_put_packed(c->txn, key_of_subscription(c, subscription), &packed);
}

/* str topic's ARN, str id, the subscription as its row */
struct str subscription_pack(struct arena *arena, const struct subscription *subscription)
{
    struct buf packed;
    struct str made;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_str(&packed, topic_arn(arena, subscription->topic));
    write_str(&packed, str_of(subscription->id, ID_BYTES));
    write_subscription(&packed, subscription);
    assert(!buf_spent(&packed));
    made = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return made;
}

bool subscription_unpack(struct sns *sns, struct str packed,
                         struct subscription **ret_subscription)
{
    struct cursor cursor = cursor_of(packed);
    struct topic *topic = topic_find(sns, read_str(&cursor));
    struct str id = read_str(&cursor);
    struct subscription *subscription;

    if (topic == NULL || id.bytes != ID_BYTES || read_u8(&cursor) != VERSION) {
        return false;
    }
    subscription = subscription_new(topic, id);
    if (!read_subscription(&cursor, subscription)) {
        subscription_free(subscription);
        return false;
    }
    *ret_subscription = subscription;
    return true;
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
    txn_put_packed(c->txn, key_of_twin(c, topic, scope, id), &packed);
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

bool thing_next(struct call *c, struct things *things, struct str *ret_name, struct str *ret_text)
{
    struct str skipped;
    struct str key;
    struct str value;

    if (things->scan == NULL) {
        struct key prefix = key_of_things(c->arena, things->kind);
        struct str from = key_end(&prefix);

        if (things->after.bytes > 0) {
            from = key_after_prefix(c->arena, key_of_thing(c, things->kind, things->after));
        }
        things->scan =
            txn_scan(c->txn, from, key_after_prefix(c->arena, key_end(&prefix)), false);
    }
    if (!txn_scan_next(things->scan, &key, &value)) {
        txn_scan_close(things->scan);
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

/* ---- platform applications and endpoints ---- */

static struct str key_of_app(struct arena *arena, const struct app *app)
{
    struct key key = key_of(arena, "sns");

    key_str(&key, STR("app"));
    key_str(&key, app->account);
    key_str(&key, app->region);
    key_str(&key, app->platform);
    key_str(&key, app->name);
    return key_end(&key);
}

void app_save(struct call *c, const struct app *app)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_var(&packed, app->endpoints);
    write_settings(&packed, &app->attributes);
    txn_put_packed(c->txn, key_of_app(c->arena, app), &packed);
}

static struct key key_below_app(struct arena *arena, const char *kind, const struct app *app)
{
    struct key key = key_of(arena, "sns");

    key_str(&key, str_c(kind));
    key_str(&key, app->arn);
    return key;
}

static struct str key_of_endpoint(struct arena *arena, const struct app *app, struct str id)
{
    struct key key = key_below_app(arena, "endpoint", app);

    key_str(&key, id);
    return key_end(&key);
}

static struct str key_of_token(struct arena *arena, const struct app *app, struct str token)
{
    struct key key = key_below_app(arena, "token", app);

    key_str(&key, digest_text(arena, token));
    return key_end(&key);
}

static void rows_erase(struct call *c, struct str prefix)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    struct str key;
    struct str value;

    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

void app_erase(struct call *c, const struct app *app)
{
    struct key endpoints = key_below_app(c->arena, "endpoint", app);
    struct key tokens = key_below_app(c->arena, "token", app);

    rows_erase(c, key_end(&endpoints));
    rows_erase(c, key_end(&tokens));
    txn_delete(c->txn, key_of_app(c->arena, app));
}

void endpoint_save(struct call *c, const struct endpoint *endpoint)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, endpoint->token);
    write_u8(&packed, endpoint->custom.at != NULL);
    write_str(&packed, endpoint->custom);
    write_u8(&packed, endpoint->enabled);
    txn_put_packed(c->txn, key_of_endpoint(c->arena, endpoint->app, endpoint->id), &packed);
    txn_put(c->txn, key_of_token(c->arena, endpoint->app, endpoint->token),
            arena_dup(c->arena, endpoint->id));
}

void endpoint_erase(struct call *c, const struct endpoint *endpoint)
{
    txn_delete(c->txn, key_of_endpoint(c->arena, endpoint->app, endpoint->id));
    txn_delete(c->txn, key_of_token(c->arena, endpoint->app, endpoint->token));
}

static void endpoint_read(struct call *c, struct str value, struct endpoint *endpoint)
{
    struct cursor cursor = cursor_of(arena_dup(c->arena, value));
    bool has_custom;

    (void)read_u8(&cursor);
    endpoint->token = read_str(&cursor);
    has_custom = read_u8(&cursor) != 0;
    endpoint->custom = read_str(&cursor);
    endpoint->custom = has_custom ? endpoint->custom : STR_NONE;
    endpoint->enabled = read_u8(&cursor) != 0;
    assert(cursor_done(&cursor));
}

bool endpoint_load(struct call *c, struct app *app, struct str id, struct endpoint *ret_endpoint)
{
    struct endpoint endpoint = {.app = app, .id = arena_dup(c->arena, id)};
    struct str value;

    if (!txn_get(c->txn, key_of_endpoint(c->arena, app, id), &value)) {
        return false;
    }
    endpoint_read(c, value, &endpoint);
    *ret_endpoint = endpoint;
    return true;
}

bool endpoint_of_token(struct call *c, struct app *app, struct str token,
                       struct endpoint *ret_endpoint)
{
    struct str id;

    return txn_get(c->txn, key_of_token(c->arena, app, token), &id) &&
           endpoint_load(c, app, id, ret_endpoint);
}

bool endpoint_next(struct call *c, struct app *app, struct str after, struct txn_scan **scan,
                   struct endpoint *ret_endpoint)
{
    struct endpoint endpoint = {.app = app};
    struct str skipped;
    struct str key;
    struct str value;

    if (*scan == NULL) {
        struct key prefix = key_below_app(c->arena, "endpoint", app);
        struct str from = key_end(&prefix);

        if (after.bytes > 0) {
            from = key_after_prefix(c->arena, key_of_endpoint(c->arena, app, after));
        }
        *scan = txn_scan(c->txn, from, key_after_prefix(c->arena, key_end(&prefix)), false);
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        return false;
    }
    struct key_reader reader = {key};
    bool good = key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &endpoint.id);

    assert(good);
    endpoint_read(c, value, &endpoint);
    *ret_endpoint = endpoint;
    return true;
}

/* ---- loading ---- */

struct loader {
    struct sns *sns;                  /* gets what is read */
    struct arena *arena;              /* of the current row */
    struct key_reader rest;           /* of the key, behind the topic's name */
    struct str account, region, name; /* of the topic: the key's parts behind its kind */
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

    if (topic == NULL || !key_read_str(&loader->rest, loader->arena, &id) || id.bytes != ID_BYTES) {
        return &ERR_CORRUPT;
    }
    subscription = subscription_new(topic, id);
    if (!read_subscription(cursor, subscription) ||
        !subscription_add(loader->sns, subscription)) {
        subscription_free(subscription);
        return &ERR_CORRUPT;
    }
    return OK;
}

/* name is the platform here. */
static status load_app(struct loader *loader, struct cursor *cursor)
{
    struct app *app;
    struct str name;

    if (!key_read_str(&loader->rest, loader->arena, &name)) {
        return &ERR_CORRUPT;
    }
    app = app_new(loader->account, loader->region, loader->name, name);
    app->endpoints = read_var(cursor);
    read_settings(cursor, &app->attributes);
    if (!cursor_done(cursor) || !map_set(loader->sns->apps, app->arn, app, NULL)) {
        app_free(app);
        return &ERR_CORRUPT;
    }
    return OK;
}

/* account is the topic's ARN here: numbers go on where they were, also with a clock that stands. */
static status load_twin(struct loader *loader, struct cursor *cursor)
{
    struct topic *topic = topic_find(loader->sns, loader->account);
    uint64_t number;

    (void)read_zigzag(cursor);
    number = read_var(cursor);
    if (topic != NULL && number > topic->last) {
        topic->last = number;
    }
    return cursor_ok(cursor) ? OK : &ERR_CORRUPT;
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
    if (loaded == OK) {
        loaded = load_kind(&loader, "app", load_app);
    }
    if (loaded == OK) {
        loaded = load_kind(&loader, "twin", load_twin);
    }
    arena_free(loader.arena);
    return loaded;
}
