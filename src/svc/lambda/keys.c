/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and records of Lambda; nobody else knows their bytes. Records begin with a version, 1.
 *
 *   ("lambda", "function", account, region, name)          var last version, zigzag created
 *   ("lambda", "version", account, region, name, number)   u64 serial, str code, var layers,
 *                                                  str …, str origin, str JSON of the configuration
 *   ("lambda", "usage", account, region)   zigzag functions, zigzag bytes of code
 *   ("lambda", "setting", kind, account, region, name, qualifier)   str JSON
 *   ("lambda", "package", sha256)   str blob, var zipped, var unzipped, var holders, zigzag unused
 */
#include "base/cursor.h"
#include "cell/cell.h"
#include "svc/lambda/package.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1

/* What belongs to a function, and goes with it. */
static const char *const function_kinds[] = {
    "alias",      "concurrency", "invoke-config",      "policy",  "provisioned",
    "recursion",  "resource-policy", "runtime-management", "scaling", "signing",
    "tags",       "url",
};

/* ---- packing ---- */

static bool get_packed(struct call *c, struct str key, struct cursor *ret_cursor)
{
    struct str value;

    if (!txn_get(c->txn, key, &value)) {
        return false;
    }
    *ret_cursor = cursor_of(arena_dup(c->arena, value));
    uint8_t version = read_u8(ret_cursor);

    assert(version == VERSION);
    return true;
}

static struct buf packing(void)
{
    struct buf packed;

    buf_init(&packed, ROW_BYTES_MAX);
    write_u8(&packed, VERSION);
    return packed;
}

/* ---- trees ---- */

struct str json_of_value(struct call *c, const struct value *value)
{
    struct str made;
    struct buf text;

    buf_init(&text, ROW_BYTES_MAX);
    json_write(&text, value, TIME_EPOCH);
    assert(!buf_spent(&text)); /* what callers say is bounded by the model's limits */
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

struct value *value_of_json(struct call *c, struct str json, uint32_t shape)
{
    struct value *value = ARENA_NEW(c->arena, struct value);
    struct why why;
    status read = json_read(arena_dup(c->arena, json), shape, c->arena, &why, value);

    assert(read == OK); /* weir wrote it */
    (void)read;
    return value;
}

void copy_members(struct value *to, const struct value *from)
{
    const struct shape *shape = model_shape(to->shape);

    assert(to->kind == VALUE_STRUCT);
    assert(from->kind == VALUE_STRUCT);
    for (uint32_t i = 0; i < shape->count; i++) {
        struct str name = model_text(model_members[shape->first + i].name);
        int index = model_member_index(model_shape(from->shape), name);

        if (index >= 0) {
            to->items[i] = from->items[index];
        }
    }
}

/* ---- scans ---- */

static struct key key_below(struct arena *arena, const char *kind, const struct target *target)
{
    struct key key = key_of(arena, "lambda");

    key_str(&key, str_c(kind));
    key_str(&key, target->account);
    key_str(&key, target->region);
    return key;
}

static void skip_parts(struct key_reader *reader, struct arena *arena, size_t count)
{
    struct str skipped;

    for (size_t i = 0; i < count; i++) {
        bool good = key_read_str(reader, arena, &skipped);

        assert(good);
    }
}

static struct str read_part(struct key_reader *reader, struct arena *arena)
{
    struct str part = STR_NONE;
    bool good = key_read_str(reader, arena, &part);

    assert(good);
    return part;
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

/* ---- functions ---- */

static struct str key_of_function(struct arena *arena, const struct target *target)
{
    struct key key = key_below(arena, "function", target);

    key_str(&key, target->name);
    return key_end(&key);
}

static bool function_read(struct cursor *cursor, struct function *ret_function)
{
    ret_function->last_version = read_var(cursor);
    ret_function->created_ms = read_zigzag(cursor);
    return cursor_done(cursor);
}

bool function_get(struct call *c, const struct target *target, struct function *ret_function)
{
    struct cursor cursor;

    if (!get_packed(c, key_of_function(c->arena, target), &cursor)) {
        return false;
    }
    bool good = function_read(&cursor, ret_function);

    assert(good);
    return true;
}

void function_put(struct call *c, const struct target *target, const struct function *function)
{
    struct buf packed = packing();

    write_var(&packed, function->last_version);
    write_zigzag(&packed, function->created_ms);
    txn_put_packed(c->txn, key_of_function(c->arena, target), &packed);
}

struct function_scan {
    struct call *call;           /* whose */
    struct txn_scan *rows;       /* of the store */
};

struct function_scan *function_scan(struct call *c, struct str after)
{
    struct function_scan *scan = ARENA_NEW(c->arena, struct function_scan);
    struct target own = {.account = c->account, .region = c->region, .name = after};
    struct key below = key_below(c->arena, "function", &own);
    struct str from = key_end(&below);

    if (after.bytes > 0) {
        from = key_after_prefix(c->arena, key_of_function(c->arena, &own));
    }
    scan->call = c;
    scan->rows =
        txn_scan(c->txn, from, key_after_prefix(c->arena, key_end(&below)), false);
    return scan;
}

bool function_scan_next(struct function_scan *scan, struct target *ret_target,
                        struct function *ret_function)
{
    struct call *c = scan->call;
    struct key_reader reader;
    struct cursor cursor;
    struct str value;
    struct str key;

    if (!txn_scan_next(scan->rows, &key, &value)) {
        return false;
    }
    reader = (struct key_reader){key};
    skip_parts(&reader, c->arena, 4);
    *ret_target = (struct target){c->account, c->region, read_part(&reader, c->arena), STR_NONE};
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    bool good = function_read(&cursor, ret_function);

    assert(good);
    return true;
}

void function_scan_close(struct function_scan *scan)
{
    txn_scan_close(scan->rows);
}

/* ---- versions ---- */

static struct key key_of_versions(struct call *c, const struct target *target)
{
    struct key key = key_below(c->arena, "version", target);

    key_str(&key, target->name);
    return key;
}

static struct str key_of_version(struct call *c, const struct target *target, uint64_t number)
{
    struct key key = key_of_versions(c, target);

    key_u64(&key, number);
    return key_end(&key);
}

/* Where a package's bytes are; it is held. */
static struct str blob_of(struct call *c, struct str sha256)
{
    struct package package;
    bool there = package_get(c, sha256, &package);

    assert(there);
    return there ? package.blob : STR_NONE;
}

static void version_read(struct call *c, struct cursor *cursor, struct version *version)
{
    version->serial = read_u64(cursor);
    version->code = read_str(cursor);
    version->layer_count = (size_t)read_var(cursor);
    assert(version->layer_count <= LAYERS_MAX);
    for (size_t i = 0; i < version->layer_count; i++) {
        version->layers[i] = read_str(cursor);
        version->layer_blobs[i] = blob_of(c, version->layers[i]);
    }
    version->origin = read_str(cursor);
    version->config = value_of_json(c, read_str(cursor), config_shape());
    assert(cursor_done(cursor));
    version->code_blob = blob_of(c, version->code);
    version->target.qualifier =
        version->number == 0
            ? STR("$LATEST")
            : arena_printf(c->arena, "%llu", (unsigned long long)version->number);
}

bool version_is(struct call *c, const struct target *target, uint64_t number)
{
    struct str value;

    return txn_get(c->txn, key_of_version(c, target, number), &value);
}

bool version_get(struct call *c, const struct target *target, uint64_t number,
                 struct version *ret_version)
{
    struct cursor cursor;

    if (!get_packed(c, key_of_version(c, target, number), &cursor)) {
        return false;
    }
    *ret_version = (struct version){.target = *target, .number = number};
    version_read(c, &cursor, ret_version);
    return true;
}

void version_put(struct call *c, const struct version *version)
{
    struct buf packed = packing();

    write_u64(&packed, version->serial);
    write_str(&packed, version->code);
    write_var(&packed, version->layer_count);
    for (size_t i = 0; i < version->layer_count; i++) {
        write_str(&packed, version->layers[i]);
    }
    write_str(&packed, version->origin);
    write_str(&packed, json_of_value(c, version->config));
    txn_put_packed(c->txn, key_of_version(c, &version->target, version->number), &packed);
}

static void version_drop_packages(struct call *c, const struct version *version)
{
    package_drop(c, version->code);
    for (size_t i = 0; i < version->layer_count; i++) {
        package_drop(c, version->layers[i]);
    }
}

void version_erase(struct call *c, const struct version *version)
{
    version_drop_packages(c, version);
    usage_add(c, &version->target, 0, -get_int(version->config, "CodeSize", 0));
    txn_delete(c->txn, key_of_version(c, &version->target, version->number));
}

struct version_scan {
    struct call *call;           /* whose */
    struct txn_scan *rows;       /* of the store */
    struct target target;        /* of which function */
};

struct version_scan *version_scan(struct call *c, const struct target *target, uint64_t from)
{
    struct version_scan *scan = ARENA_NEW(c->arena, struct version_scan);
    struct key below = key_of_versions(c, target);

    scan->call = c;
    scan->target = *target;
    scan->rows = txn_scan(c->txn, key_of_version(c, target, from),
                          key_after_prefix(c->arena, key_end(&below)), false);
    return scan;
}

bool version_scan_next(struct version_scan *scan, struct version *ret_version)
{
    struct call *c = scan->call;
    struct key_reader reader;
    struct cursor cursor;
    struct str value;
    struct str key;

    if (!txn_scan_next(scan->rows, &key, &value)) {
        return false;
    }
    *ret_version = (struct version){.target = scan->target};
    reader = (struct key_reader){key};
    skip_parts(&reader, c->arena, 5);
    bool good = key_read_u64(&reader, &ret_version->number);

    assert(good);
    cursor = cursor_of(arena_dup(c->arena, value));
    (void)read_u8(&cursor);
    version_read(c, &cursor, ret_version);
    return true;
}

void version_scan_close(struct version_scan *scan)
{
    txn_scan_close(scan->rows);
}

/* ---- settings ---- */

/* Up to the name where the target has one. */
static struct key key_of_settings(struct arena *arena, const char *kind,
                                  const struct target *target)
{
    struct key key = key_of(arena, "lambda");

    key_str(&key, STR("setting"));
    key_str(&key, str_c(kind));
    if (target->account.at == NULL) {
        return key;
    }
    key_str(&key, target->account);
    key_str(&key, target->region);
    if (target->name.bytes > 0) {
        key_str(&key, target->name);
    }
    return key;
}

static struct str key_of_setting(struct arena *arena, const char *kind,
                                 const struct target *target)
{
    struct key key = key_of_settings(arena, kind, target);

    assert(target->name.bytes > 0);
    key_str(&key, target->qualifier);
    return key_end(&key);
}

static struct str setting_read(struct cursor *cursor)
{
    struct str json = read_str(cursor);

    assert(cursor_done(cursor));
    return json;
}

bool setting_get(struct call *c, const char *kind, const struct target *target,
                 struct str *ret_json)
{
    struct cursor cursor;

    if (!get_packed(c, key_of_setting(c->arena, kind, target), &cursor)) {
        return false;
    }
    *ret_json = setting_read(&cursor);
    return true;
}

void setting_put(struct call *c, const char *kind, const struct target *target, struct str json)
{
    struct buf packed = packing();

    write_str(&packed, json);
    txn_put_packed(c->txn, key_of_setting(c->arena, kind, target), &packed);
}

void setting_delete(struct call *c, const char *kind, const struct target *target)
{
    txn_delete(c->txn, key_of_setting(c->arena, kind, target));
}

void setting_put_value(struct call *c, const char *kind, const struct target *target,
                       const struct value *value)
{
    setting_put(c, kind, target, json_of_value(c, value));
}

bool setting_look(struct cell *cell, struct arena *arena, const char *kind,
                  const struct target *target, struct str *ret_json)
{
    struct cursor cursor;
    struct str value;

    if (!store_get(cell_store(cell), arena, key_of_setting(arena, kind, target), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    *ret_json = setting_read(&cursor);
    return true;
}

bool function_look(struct cell *cell, struct arena *arena, const struct target *target)
{
    struct str value;

    return store_get(cell_store(cell), arena, key_of_function(arena, target), &value);
}

bool setting_get_value(struct call *c, const char *kind, const struct target *target,
                       uint32_t shape, struct value **ret_value)
{
    struct str json;

    if (!setting_get(c, kind, target, &json)) {
        return false;
    }
    *ret_value = value_of_json(c, json, shape);
    return true;
}

struct setting_scan {
    struct call *call;           /* whose */
    struct txn_scan *rows;       /* of the store */
};

static struct setting_scan *setting_scan_from(struct call *c, struct str from, struct str below)
{
    struct setting_scan *scan = ARENA_NEW(c->arena, struct setting_scan);

    scan->call = c;
    scan->rows = txn_scan(c->txn, from, key_after_prefix(c->arena, below), false);
    return scan;
}

struct setting_scan *setting_scan(struct call *c, const char *kind, const struct target *target)
{
    struct key below = key_of_settings(c->arena, kind, target);
    struct str from = key_end(&below);

    if (target->qualifier.bytes > 0) {
        from = key_after_prefix(c->arena, key_of_setting(c->arena, kind, target));
    }
    return setting_scan_from(c, from, key_end(&below));
}

struct setting_scan *setting_scan_behind(struct call *c, const char *kind,
                                         const struct target *target)
{
    struct target all = {target->account, target->region, STR_NONE, STR_NONE};
    struct key below = key_of_settings(c->arena, kind, &all);
    struct key name = key_of_settings(c->arena, kind, target);
    struct str from = key_end(&below);

    if (target->name.bytes > 0) {
        from = key_after_prefix(c->arena, key_end(&name));
    }
    return setting_scan_from(c, from, key_end(&below));
}

bool setting_scan_next(struct setting_scan *scan, struct target *ret_target, struct str *ret_json)
{
    struct arena *arena = scan->call->arena;
    struct key_reader reader;
    struct cursor cursor;
    struct str value;
    struct str key;

    if (!txn_scan_next(scan->rows, &key, &value)) {
        return false;
    }
    reader = (struct key_reader){key};
    skip_parts(&reader, arena, 3);
    ret_target->account = read_part(&reader, arena);
    ret_target->region = read_part(&reader, arena);
    ret_target->name = read_part(&reader, arena);
    ret_target->qualifier = read_part(&reader, arena);
    cursor = cursor_of(arena_dup(arena, value));
    (void)read_u8(&cursor);
    *ret_json = setting_read(&cursor);
    return true;
}

void setting_scan_close(struct setting_scan *scan)
{
    txn_scan_close(scan->rows);
}

void settings_erase(struct call *c, const struct target *target)
{
    for (size_t i = 0; i < sizeof(function_kinds) / sizeof(function_kinds[0]); i++) {
        setting_delete(c, function_kinds[i], target);
    }
}

void function_erase(struct call *c, const struct target *target)
{
    struct version_scan *scan = version_scan(c, target, 0);
    struct version version;

    while (version_scan_next(scan, &version)) {
        version_erase(c, &version);
    }
    version_scan_close(scan);
    for (size_t i = 0; i < sizeof(function_kinds) / sizeof(function_kinds[0]); i++) {
        struct key key = key_of_settings(c->arena, function_kinds[i], target);

        rows_erase(c, key_end(&key));
    }
    usage_add(c, target, -1, 0);
    txn_delete(c->txn, key_of_function(c->arena, target));
}

/* ---- usage ---- */

static struct str key_of_usage(struct call *c, const struct target *target)
{
    struct key key = key_below(c->arena, "usage", target);

    return key_end(&key);
}

struct usage usage_get(struct call *c, const struct target *target)
{
    struct usage usage = {.functions = 0};
    struct cursor cursor;

    if (get_packed(c, key_of_usage(c, target), &cursor)) {
        usage.functions = read_zigzag(&cursor);
        usage.code_bytes = read_zigzag(&cursor);
        assert(cursor_done(&cursor));
    }
    return usage;
}

void usage_add(struct call *c, const struct target *target, int64_t functions, int64_t code_bytes)
{
    struct usage usage = usage_get(c, target);
    struct buf packed = packing();

    usage.functions += functions;
    usage.code_bytes += code_bytes;
    assert(usage.functions >= 0);
    assert(usage.code_bytes >= 0);
    write_zigzag(&packed, usage.functions);
    write_zigzag(&packed, usage.code_bytes);
    txn_put_packed(c->txn, key_of_usage(c, target), &packed);
}

/* ---- packages ---- */

static struct str key_of_package(struct call *c, struct str sha256_hex)
{
    struct key key = key_of(c->arena, "lambda");

    assert(sha256_hex.bytes == 2 * SHA256_BYTES);
    key_str(&key, STR("package"));
    key_str(&key, sha256_hex);
    return key_end(&key);
}

static void package_read(struct cursor *cursor, struct package *package)
{
    package->blob = read_str(cursor);
    package->zip_bytes = read_var(cursor);
    package->bytes = read_var(cursor);
    package->holders = read_var(cursor);
    package->unused_ms = read_zigzag(cursor);
    assert(cursor_done(cursor));
}

bool package_get(struct call *c, struct str sha256_hex, struct package *ret_package)
{
    struct cursor cursor;

    if (!get_packed(c, key_of_package(c, sha256_hex), &cursor)) {
        return false;
    }
    ret_package->sha256 = sha256_hex;
    package_read(&cursor, ret_package);
    return true;
}

void package_put(struct call *c, const struct package *package)
{
    struct buf packed = packing();

    write_str(&packed, package->blob);
    write_var(&packed, package->zip_bytes);
    write_var(&packed, package->bytes);
    write_var(&packed, package->holders);
    write_zigzag(&packed, package->unused_ms);
    txn_put_packed(c->txn, key_of_package(c, package->sha256), &packed);
}

void package_erase(struct call *c, struct str sha256_hex)
{
    txn_delete(c->txn, key_of_package(c, sha256_hex));
}

void package_hold(struct call *c, struct str sha256_hex)
{
    struct package package;
    bool there = package_get(c, sha256_hex, &package);

    assert(there);
    if (there) {
        package.holders++;
        package_put(c, &package);
    }
}

void package_drop(struct call *c, struct str sha256_hex)
{
    struct package package;
    bool there = package_get(c, sha256_hex, &package);

    assert(there);
    if (there) {
        assert(package.holders > 0);
        package.holders--;
        package.unused_ms = c->now;
        package_put(c, &package);
    }
}

bool package_known(struct call *c, struct str digits)
{
    struct key from = key_of(c->arena, "lambda");
    struct key all = key_of(c->arena, "lambda");
    struct txn_scan *scan;
    struct str value;
    struct str key;
    bool known = false;

    key_str(&all, STR("package"));
    key_str(&from, STR("package"));
    key_str(&from, digits);
    scan = txn_scan(c->txn, key_end(&from), key_after_prefix(c->arena, key_end(&all)), false);
    if (txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};

        skip_parts(&reader, c->arena, 2);
        known = str_starts(read_part(&reader, c->arena), digits);
    }
    txn_scan_close(scan);
    return known;
}

struct package_scan {
    struct call *call;           /* whose */
    struct txn_scan *rows;       /* of the store */
};

struct package_scan *package_scan(struct call *c, struct str after)
{
    struct package_scan *scan = ARENA_NEW(c->arena, struct package_scan);
    struct key below = key_of(c->arena, "lambda");
    struct str from;

    key_str(&below, STR("package"));
    from = after.bytes > 0 ? key_after_prefix(c->arena, key_of_package(c, after))
                           : key_end(&below);
    scan->call = c;
    scan->rows = txn_scan(c->txn, from, key_after_prefix(c->arena, key_end(&below)), false);
    return scan;
}

bool package_scan_next(struct package_scan *scan, struct package *ret_package)
{
    struct arena *arena = scan->call->arena;
    struct key_reader reader;
    struct cursor cursor;
    struct str value;
    struct str key;

    if (!txn_scan_next(scan->rows, &key, &value)) {
        return false;
    }
    reader = (struct key_reader){key};
    skip_parts(&reader, arena, 2);
    ret_package->sha256 = read_part(&reader, arena);
    cursor = cursor_of(arena_dup(arena, value));
    (void)read_u8(&cursor);
    package_read(&cursor, ret_package);
    return true;
}

void package_scan_close(struct package_scan *scan)
{
    txn_scan_close(scan->rows);
}
