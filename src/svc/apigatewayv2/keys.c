/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and record bytes; nobody else knows them. All begin with a version, 1; var and str as in
 * base/cursor.h.
 *
 *   ("apigatewayv2", kind, owner, id)            str JSON of the record
 *   ("apigatewayv2", "where", id)                str account, str region: of an API or VPC link
 *   ("apigatewayv2", "snapshot", api, deployment)   str JSON of the API; three times (routes,
 *                                                integrations, authorizers) var count, str JSON …
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/apigatewayv2/domain.h"
#include "svc/apigatewayv2/record.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1

static const struct {
    const char *row;  /* in keys */
    const char *get;  /* whose output is its shape */
} kinds[] = {
    [KIND_API] = {"api", "GetApi"},
    [KIND_DOMAIN] = {"domain", "GetDomainName"},
    [KIND_VPC_LINK] = {"vpc-link", "GetVpcLink"},
    [KIND_MAPPING] = {"mapping", "GetApiMapping"},
    [KIND_ROUTE] = {"route", "GetRoute"},
    [KIND_INTEGRATION] = {"integration", "GetIntegration"},
    [KIND_AUTHORIZER] = {"authorizer", "GetAuthorizer"},
    [KIND_STAGE] = {"stage", "GetStage"},
    [KIND_DEPLOYMENT] = {"deployment", "GetDeployment"},
    [KIND_MODEL] = {"model", "GetModel"},
    [KIND_ROUTE_RESPONSE] = {"route-response", "GetRouteResponse"},
    [KIND_INTEGRATION_RESPONSE] = {"integration-response", "GetIntegrationResponse"},
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == KIND_COUNT, "every kind");

/* ---- shapes ---- */

uint32_t record_shape(enum kind kind)
{
    const struct service_model *service = model_service(STR("apigatewayv2"));
    const struct operation *operation = model_operation(service, str_c(kinds[kind].get));

    assert(operation != NULL);
    return operation->output;
}

struct value *record_new(struct arena *arena, enum kind kind)
{
    return value_struct(arena, record_shape(kind));
}

static void write_record(struct buf *packed, const struct value *record)
{
    struct buf text;

    buf_init(&text, RECORD_BYTES_MAX);
    json_write(&text, record, TIME_EPOCH);
    assert(!buf_spent(&text)); /* a request's body is smaller */
    write_str(packed, buf_str(&text));
    buf_done(&text);
}

static struct value *read_record(struct cursor *cursor, struct arena *arena, enum kind kind)
{
    struct value *record = ARENA_NEW(arena, struct value);
    struct why why;
    status read = json_read(arena_dup(arena, read_str(cursor)), record_shape(kind), arena, &why,
                            record);

    assert(read == OK); /* weir wrote it */
    return read == OK ? record : NULL;
}

/* ---- keys ---- */

static struct key key_of_owner(struct arena *arena, enum kind kind, struct str owner)
{
    struct key key = key_of(arena, "apigatewayv2");

    key_str(&key, str_c(kinds[kind].row));
    key_str(&key, owner);
    return key;
}

static struct str key_of_record(struct arena *arena, enum kind kind, struct str owner,
                                struct str id)
{
    struct key key = key_of_owner(arena, kind, owner);

    key_str(&key, id);
    return key_end(&key);
}

static struct str key_of_where(struct arena *arena, struct str api)
{
    struct key key = key_of(arena, "apigatewayv2");

    key_str(&key, STR("where"));
    key_str(&key, api);
    return key_end(&key);
}

static struct key key_of_snapshots(struct arena *arena, struct str api)
{
    struct key key = key_of(arena, "apigatewayv2");

    key_str(&key, STR("snapshot"));
    key_str(&key, api);
    return key;
}

static struct str key_of_snapshot(struct arena *arena, struct str api, struct str deployment)
{
    struct key key = key_of_snapshots(arena, api);

    key_str(&key, deployment);
    return key_end(&key);
}

/* The owner and the id that a key names. */
static void key_parts(struct str key, struct arena *arena, struct str *ret_owner,
                      struct str *ret_id)
{
    struct key_reader reader = {key};
    struct str part;
    bool good = key_read_str(&reader, arena, &part) && key_read_str(&reader, arena, &part) &&
                key_read_str(&reader, arena, ret_owner) && key_read_str(&reader, arena, ret_id);

    assert(good);
}

static bool packed_get(struct call *c, struct str key, struct cursor *ret_cursor)
{
    struct str value;

    if (!txn_get(c->txn, key, &value)) {
        return false;
    }
    *ret_cursor = cursor_of(value);
    uint8_t version = read_u8(ret_cursor);

    assert(version == VERSION);
    return true;
}

static struct buf packing(size_t bytes_max)
{
    struct buf packed;

    buf_init(&packed, bytes_max);
    write_u8(&packed, VERSION);
    return packed;
}

/* ---- records ---- */

bool record_read(struct call *c, const struct record_name *name, struct arena *arena,
                 struct value **ret_record)
{
    struct cursor cursor;

    if (name->id.bytes == 0 ||
        !packed_get(c, key_of_record(c->arena, name->kind, name->owner, name->id), &cursor)) {
        return false;
    }
    *ret_record = read_record(&cursor, arena, name->kind);
    assert(cursor_done(&cursor));
    return true;
}

bool record_get(struct call *c, enum kind kind, struct str owner, struct str id,
                struct value **ret_record)
{
    return record_read(c, &(struct record_name){kind, owner, id}, c->arena, ret_record);
}

bool record_is(struct call *c, enum kind kind, struct str owner, struct str id)
{
    struct str value;

    return id.bytes > 0 && txn_get(c->txn, key_of_record(c->arena, kind, owner, id), &value);
}

void record_put(struct call *c, enum kind kind, struct str owner, struct str id,
                const struct value *record)
{
    struct buf packed = packing(RECORD_BYTES_MAX);

    write_record(&packed, record);
    txn_put_packed(c->txn, key_of_record(c->arena, kind, owner, id), &packed);
}

void record_erase(struct call *c, enum kind kind, struct str owner, struct str id)
{
    txn_delete(c->txn, key_of_record(c->arena, kind, owner, id));
}

static void rows_erase(struct call *c, struct str prefix)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    struct str key, value;

    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

void records_erase(struct call *c, enum kind kind, struct str owner)
{
    struct key key = key_of_owner(c->arena, kind, owner);

    rows_erase(c, key_end(&key));
    if (kind == KIND_DEPLOYMENT) {
        key = key_of_snapshots(c->arena, owner);
        rows_erase(c, key_end(&key));
    }
}

size_t records_count(struct call *c, enum kind kind, struct str owner)
{
    struct key prefix = key_of_owner(c->arena, kind, owner);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, value;
    size_t count = 0;

    while (txn_scan_next(scan, &key, &value)) {
        count++;
    }
    txn_scan_close(scan);
    return count;
}

struct record_scan {
    struct txn_scan *rows;     /* of the store */
    struct arena *arena;       /* where records go */
    enum kind kind;            /* of them */
};

struct record_scan *record_scan(struct call *c, struct arena *arena, enum kind kind,
                                struct str owner, struct str after)
{
    struct record_scan *scan = ARENA_NEW(c->arena, struct record_scan);
    struct key prefix = key_of_owner(c->arena, kind, owner);
    struct str to = key_after_prefix(c->arena, key_end(&prefix));
    struct str from = key_end(&prefix);

    if (after.bytes > 0) {
        from = key_after_prefix(c->arena, key_of_record(c->arena, kind, owner, after));
    }
    *scan = (struct record_scan){txn_scan(c->txn, from, to, false), arena, kind};
    return scan;
}

bool record_next(struct record_scan *scan, struct str *ret_id, struct value **ret_record)
{
    struct str key, value, owner;

    if (!txn_scan_next(scan->rows, &key, &value)) {
        return false;
    }
    struct cursor cursor = cursor_of(value);
    uint8_t version = read_u8(&cursor);

    assert(version == VERSION);
    key_parts(key, scan->arena, &owner, ret_id);
    *ret_record = read_record(&cursor, scan->arena, scan->kind);
    assert(cursor_done(&cursor));
    return true;
}

void record_scan_close(struct record_scan *scan)
{
    txn_scan_close(scan->rows);
}

/* ---- whose an API is ---- */

bool api_where(struct call *c, struct str id, struct str *ret_account, struct str *ret_region)
{
    struct cursor cursor;

    if (id.bytes == 0 || !packed_get(c, key_of_where(c->arena, id), &cursor)) {
        return false;
    }
    *ret_account = arena_dup(c->arena, read_str(&cursor));
    *ret_region = arena_dup(c->arena, read_str(&cursor));
    assert(cursor_done(&cursor));
    return true;
}

void api_where_put(struct call *c, struct str id)
{
    struct buf packed = packing(RECORD_BYTES_MAX);

    write_str(&packed, c->account);
    write_str(&packed, c->region);
    txn_put_packed(c->txn, key_of_where(c->arena, id), &packed);
}

void api_where_erase(struct call *c, struct str id)
{
    txn_delete(c->txn, key_of_where(c->arena, id));
}

/* ---- outside of a call ---- */

bool record_peek(struct cell *cell, const struct record_name *name, struct arena *arena,
                 struct value **ret_record)
{
    struct cursor cursor;
    struct str value;

    if (name->id.bytes == 0 ||
        !store_get(cell_store(cell), arena,
                   key_of_record(arena, name->kind, name->owner, name->id), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    *ret_record = read_record(&cursor, arena, name->kind);
    return true;
}

bool api_where_peek(struct cell *cell, struct str id, struct arena *arena, struct str *ret_owner)
{
    struct cursor cursor;
    struct str value, account, region;

    if (id.bytes == 0 || !store_get(cell_store(cell), arena, key_of_where(arena, id), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    account = read_str(&cursor);
    region = read_str(&cursor);
    *ret_owner = arena_printf(arena, "%.*s/%.*s", STR_ARG(account), STR_ARG(region));
    return cursor_done(&cursor);
}

/* ---- snapshots ---- */

static void write_records(struct buf *packed, struct value *const *records, size_t count)
{
    write_var(packed, count);
    for (size_t i = 0; i < count; i++) {
        write_record(packed, records[i]);
    }
}

static struct value **read_records(struct cursor *cursor, struct arena *arena, enum kind kind,
                                   size_t *ret_count)
{
    size_t count = (size_t)read_var(cursor);
    struct value **records;

    assert(count <= cursor->rest.bytes); /* each has a byte at least */
    records = arena_zero(arena, (count + 1) * sizeof(records[0]));
    for (size_t i = 0; i < count; i++) {
        records[i] = read_record(cursor, arena, kind);
    }
    *ret_count = count;
    return records;
}

bool snapshot_get(struct call *c, struct arena *arena, struct str api, struct str deployment,
                  struct snapshot *ret_snapshot)
{
    struct cursor cursor;

    if (!packed_get(c, key_of_snapshot(c->arena, api, deployment), &cursor)) {
        return false;
    }
    ret_snapshot->api = read_record(&cursor, arena, KIND_API);
    ret_snapshot->routes =
        read_records(&cursor, arena, KIND_ROUTE, &ret_snapshot->route_count);
    ret_snapshot->integrations =
        read_records(&cursor, arena, KIND_INTEGRATION, &ret_snapshot->integration_count);
    ret_snapshot->authorizers =
        read_records(&cursor, arena, KIND_AUTHORIZER, &ret_snapshot->authorizer_count);
    assert(cursor_done(&cursor));
    return true;
}

bool snapshot_is(struct call *c, struct str api, struct str deployment)
{
    struct str value;

    return txn_get(c->txn, key_of_snapshot(c->arena, api, deployment), &value);
}

void snapshot_put(struct call *c, struct str api, struct str deployment,
                  const struct snapshot *snapshot)
{
    struct buf packed = packing(SNAPSHOT_BYTES_MAX);

    write_record(&packed, snapshot->api);
    write_records(&packed, snapshot->routes, snapshot->route_count);
    write_records(&packed, snapshot->integrations, snapshot->integration_count);
    write_records(&packed, snapshot->authorizers, snapshot->authorizer_count);
    txn_put_packed(c->txn, key_of_snapshot(c->arena, api, deployment), &packed);
}

void snapshot_erase(struct call *c, struct str api, struct str deployment)
{
    txn_delete(c->txn, key_of_snapshot(c->arena, api, deployment));
}

static struct value **records_now(struct call *c, struct arena *arena, enum kind kind,
                                  struct str api, size_t *ret_count)
{
    size_t count = records_count(c, kind, api);
    struct value **records = arena_zero(arena, (count + 1) * sizeof(records[0]));
    struct record_scan *scan = record_scan(c, arena, kind, api, STR_NONE);
    struct str id;

    for (size_t i = 0; record_next(scan, &id, &records[i]);) {
        i++;
        assert(i <= count);
    }
    record_scan_close(scan);
    *ret_count = count;
    return records;
}

void snapshot_now(struct call *c, struct arena *arena, const struct api *api,
                  struct snapshot *ret_snapshot)
{
    struct record_name name = {KIND_API, api_owner(c, api), api->id};
    bool there = record_read(c, &name, arena, &ret_snapshot->api);

    assert(there);
    ret_snapshot->routes =
        records_now(c, arena, KIND_ROUTE, api->id, &ret_snapshot->route_count);
    ret_snapshot->integrations =
        records_now(c, arena, KIND_INTEGRATION, api->id, &ret_snapshot->integration_count);
    ret_snapshot->authorizers =
        records_now(c, arena, KIND_AUTHORIZER, api->id, &ret_snapshot->authorizer_count);
}

/* ---- loading ---- */

/* "account/region/name" */
static void load_domain(struct gateway *gateway, struct str owner, struct str name,
                        const struct value *record)
{
    struct str account = str_split(&owner, '/');
    struct str region = str_split(&owner, '/');

    (void)domain_enter(gateway, account, region, name);
    domain_certificate(gateway, name, record);
}

static void load_mapping(struct gateway *gateway, struct str owner, const struct value *record)
{
    struct str account = str_split(&owner, '/');
    struct str region = str_split(&owner, '/');
    struct domain *domain = domain_named(gateway, account, region, owner);

    if (domain != NULL) {
        domain_map(domain, record);
    }
}

static void load_kind(struct gateway *gateway, enum kind kind)
{
    struct arena *arena = arena_new(1u << 20);
    struct arena *one = arena_new(RECORD_BYTES_MAX);
    struct key prefix = key_of(arena, "apigatewayv2");
    struct kv_scan *scan;
    struct str key, value, owner, id;

    key_str(&prefix, str_c(kinds[kind].row));
    scan = store_scan(cell_store(gateway->cell), key_end(&prefix),
                      key_after_prefix(arena, key_end(&prefix)), false);
    while (store_scan_next(scan, &key, &value)) {
        struct cursor cursor = cursor_of(value);

        arena_clear(one);
        key_parts(key, one, &owner, &id);
        (void)read_u8(&cursor);
        if (kind == KIND_DOMAIN) {
            load_domain(gateway, owner, id, read_record(&cursor, one, kind));
        } else {
            load_mapping(gateway, owner, read_record(&cursor, one, kind));
        }
    }
    store_scan_close(scan);
    arena_free(one);
    arena_free(arena);
}

status domains_load(struct gateway *gateway)
{
    load_kind(gateway, KIND_DOMAIN);
    load_kind(gateway, KIND_MAPPING);
    return OK;
}
