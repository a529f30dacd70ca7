/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices of users.
 */
#include "svc/cognito/device.h"

#include "base/codec.h"
#include "base/cursor.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/token.h"

#include <assert.h>

#define DEVICE_BYTES_MAX 8192
#define VERIFIER_BYTES_MAX 1024
#define GROUP_LETTERS 9

static struct small device_row(struct call *c, const struct user *user, struct str key)
{
    return (struct small){"device", user->pool, pair_of(c, user->sub, key)};
}

static bool unpack(struct str packed, struct device *device)
{
    struct cursor cursor = cursor_of(packed);

    device->group = read_str(&cursor);
    device->name = read_str(&cursor);
    device->salt = read_str(&cursor);
    device->verifier = read_str(&cursor);
    device->remembered = read_u8(&cursor) != 0;
    device->created_ms = read_zigzag(&cursor);
    device->changed_ms = read_zigzag(&cursor);
    device->used_ms = read_zigzag(&cursor);
    return cursor_done(&cursor);
}

bool device_load(struct call *c, const struct user *user, struct str key,
                 struct device *ret_device)
{
    struct str packed;
    bool good;

    if (key.bytes == 0 || !small_get(c, device_row(c, user, key), &packed)) {
        return false;
    }
    ret_device->key = arena_dup(c->arena, key);
    good = unpack(packed, ret_device);
    assert(good);
    return true;
}

void device_save(struct call *c, const struct user *user, const struct device *device)
{
    struct buf packed;

    buf_init(&packed, DEVICE_BYTES_MAX);
    write_str(&packed, device->group);
    write_str(&packed, device->name);
    write_str(&packed, device->salt);
    write_str(&packed, device->verifier);
    write_u8(&packed, device->remembered);
    write_zigzag(&packed, device->created_ms);
    write_zigzag(&packed, device->changed_ms);
    write_zigzag(&packed, device->used_ms);
    assert(!buf_spent(&packed));
    small_put(c, device_row(c, user, device->key), buf_str(&packed));
    buf_done(&packed);
}

bool pool_tracks(const struct pool *pool)
{
    return has(pool->about, "DeviceConfiguration");
}

bool device_known(struct call *c, const struct pool *pool, const struct user *user,
                  struct str key, struct device *ret_device)
{
    return pool_tracks(pool) && device_load(c, user, key, ret_device) &&
           ret_device->verifier.bytes > 0 && ret_device->remembered;
}

bool device_signed_in(struct call *c, const struct pool *pool, const struct user *user,
                      struct str key, struct device *ret_new)
{
    struct device device;

    if (!pool_tracks(pool)) {
        return false;
    }
    if (device_load(c, user, key, &device) && device.verifier.bytes > 0) {
        device.used_ms = c->now;
        device_save(c, user, &device);
        return false;
    }
    device = (struct device){.created_ms = c->now, .changed_ms = c->now, .used_ms = c->now};
    device.key = arena_printf(c->arena, "%.*s_%.*s", STR_ARG(pool->region),
                              STR_ARG(uuid_new(c)));
    device.group = arena_printf(c->arena, "-%.*s", STR_ARG(random_text(c, GROUP_LETTERS - 1,
                                                                       true)));
    device_save(c, user, &device);
    *ret_new = device;
    return true;
}

/* ---- operations ---- */

/* Whose devices: by AccessToken, or as an administrator says. */
static status owner_of_call(struct call *c, struct pool *ret_pool, struct user **ret_user)
{
    struct verified *verified;

    if (str_starts(call_name(c), STR("Admin"))) {
        return user_of_admin(c, ret_pool, ret_user);
    }
    if (!arg_has(c, "AccessToken")) {
        return fail(c, &COGNITO_INVALID, "Missing required parameter AccessToken");
    }
    verified = ARENA_NEW(c->arena, struct verified);
    TRY(token_verify(c, arg_str(c, "AccessToken"), SCOPE_API, verified));
    *ret_pool = verified->pool;
    *ret_user = verified->user;
    return OK;
}

static status device_of_call(struct call *c, struct pool *ret_pool, struct user **ret_user,
                             struct device *ret_device)
{
    TRY(owner_of_call(c, ret_pool, ret_user));
    if (!device_load(c, *ret_user, arg_str(c, "DeviceKey"), ret_device)) {
        return fail(c, &COGNITO_NOT_FOUND, "Device does not exist.");
    }
    call_on(c, pool_arn(c->keep, ret_pool));
    return OK;
}

static void put_attribute(struct call *c, struct value *list, const char *name, struct str value)
{
    struct value *one = list_add(c->arena, list);

    set_str(one, "Name", str_c(name));
    set_str(one, "Value", value);
}

static void put_device(struct call *c, struct value *structure, const struct device *device)
{
    struct value *list = set_list(c->arena, structure, "DeviceAttributes", 3);

    put_attribute(c, list, "device_status", STR("valid"));
    if (device->name.bytes > 0) {
        put_attribute(c, list, "device_name", device->name);
    }
    put_attribute(c, list, "dev:device_remembered_status",
                  device->remembered ? STR("remembered") : STR("not_remembered"));
    set_str(structure, "DeviceKey", device->key);
    set_time(structure, "DeviceCreateDate", device->created_ms);
    set_time(structure, "DeviceLastModifiedDate", device->changed_ms);
    set_time(structure, "DeviceLastAuthenticatedDate", device->used_ms);
}

static bool bytes_of(struct call *c, struct str base64, struct str *ret_bytes)
{
    char *at = arena_alloc(c->arena, base64.bytes + 4);
    size_t bytes = 0;

    if (base64.bytes == 0 || base64.bytes > VERIFIER_BYTES_MAX ||
        !base64_decode(base64, at, &bytes)) {
        return false;
    }
    *ret_bytes = str_of(at, bytes);
    return true;
}

/* ConfirmDevice */
status cognito_confirm_device(struct call *c)
{
    const struct value *config = arg(c, "DeviceSecretVerifierConfig");
    struct device device;
    struct user *user;
    struct pool pool;
    bool prompt;

    TRY(device_of_call(c, &pool, &user, &device));
    if (device.verifier.bytes > 0) {
        return fail(c, &COGNITO_DEVICE_EXISTS, "Device already exists.");
    }
    if (!pool_tracks(&pool)) {
        return fail(c, &COGNITO_POOL_CONFIG, "User pool does not track devices.");
    }
    if (config == NULL || !bytes_of(c, get_str(config, "Salt"), &device.salt) ||
        !bytes_of(c, get_str(config, "PasswordVerifier"), &device.verifier) ||
        device.salt.bytes > 256 || device.verifier.bytes > 385) {
        return fail(c, &COGNITO_INVALID, "Invalid DeviceSecretVerifierConfig.");
    }
    prompt = get_bool(get(pool.about, "DeviceConfiguration"), "DeviceOnlyRememberedOnUserPrompt",
                      false);
    device.name = arg_str(c, "DeviceName");
    device.remembered = !prompt;
    device.changed_ms = c->now;
    device_save(c, user, &device);
    put_bool(c, "UserConfirmationNecessary", prompt);
    return OK;
}

/* GetDevice, AdminGetDevice */
status cognito_get_device(struct call *c)
{
    struct device device;
    struct user *user;
    struct pool pool;

    TRY(device_of_call(c, &pool, &user, &device));
    put_device(c, put_struct(c, "Device"), &device);
    return OK;
}

/* ForgetDevice, AdminForgetDevice */
status cognito_forget_device(struct call *c)
{
    struct device device;
    struct user *user;
    struct pool pool;

    TRY(device_of_call(c, &pool, &user, &device));
    small_erase(c, device_row(c, user, device.key));
    return OK;
}

/* UpdateDeviceStatus, AdminUpdateDeviceStatus */
status cognito_update_device(struct call *c)
{
    struct device device;
    struct user *user;
    struct pool pool;

    TRY(device_of_call(c, &pool, &user, &device));
    if (arg_has(c, "DeviceRememberedStatus")) {
        device.remembered = str_eq(arg_str(c, "DeviceRememberedStatus"), STR("remembered"));
        device.changed_ms = c->now;
        device_save(c, user, &device);
    }
    return OK;
}

/* ListDevices, AdminListDevices: those that were confirmed. */
status cognito_list_devices(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "Limit", 60);
    struct smalls rows = {.kind = "device"};
    struct str begin, pair, packed, after, last = STR_NONE;
    struct user *user;
    struct pool pool;
    struct value *list;

    limit = limit == 0 ? 60 : limit;
    TRY(owner_of_call(c, &pool, &user));
    TRY(token_read(c, "PaginationToken", &after));
    begin = pair_of(c, user->sub, STR(""));
    rows.first = pool.id;
    rows.after = pair_of(c, user->sub, after);
    list = put_list(c, "Devices", limit);
    while (smalls_next(c, &rows, &pair, &packed)) {
        struct device device = {.key = pair_rest(pair, user->sub)};

        if (!str_starts(pair, begin) || list->count == limit) {
            if (str_starts(pair, begin)) {
                put_str(c, "PaginationToken", token_of(c, last));
            }
            smalls_close(&rows);
            break;
        }
        last = device.key;
        if (unpack(packed, &device) && device.verifier.bytes > 0) {
            put_device(c, list_add(c->arena, list), &device);
        }
    }
    return OK;
}
