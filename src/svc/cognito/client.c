/* SPDX-License-Identifier: Apache-2.0
 *
 * App clients: finding them, what they may do, their secrets.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/cognito/client.h"

#include <assert.h>

#define OLD_FLOWS 3

bool client_load(struct call *c, struct str pool, struct str id, struct client *ret_client)
{
    struct thing thing = {"client", pool, id};
    struct value *about = thing_load(c, &thing, shape_in("DescribeUserPoolClient",
                                                         "UserPoolClient"));
    struct secrets secrets = {.count = 0};

    if (about == NULL) {
        return false;
    }
    *ret_client = (struct client){.pool = pool, .id = id, .about = about};
    if (has(about, "ClientSecret")) {
        secrets_load(c, ret_client, &secrets);
        for (size_t i = 0; i < secrets.count; i++) {
            ret_client->secrets[i] = get_str(secrets.about[i], "ClientSecretValue");
        }
    }
    return true;
}

status client_find(struct call *c, struct str id, struct client *ret_client)
{
    struct str pool;

    if (id.bytes == 0 || !small_get(c, (struct small){"client-id", id, STR_NONE}, &pool) ||
        !client_load(c, pool, id, ret_client)) {
        return fail(c, &COGNITO_NOT_FOUND, "User pool client %.*s does not exist.", STR_ARG(id));
    }
    return OK;
}

bool client_has(const struct client *client, const char *member, struct str item)
{
    return list_has(get(client->about, member), item);
}

bool client_allows(const struct client *client, struct str flow)
{
    static const char *const old[OLD_FLOWS][2] = {
        {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"},
        {"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"},
        {"ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"}};
    const struct value *flows = get(client->about, "ExplicitAuthFlows");
    bool newer = false;

    for (uint32_t i = 0; flows != NULL && i < flows->count; i++) {
        newer |= str_starts(flows->items[i].str, STR("ALLOW_"));
    }
    if (newer) {
        return list_has(flows, flow);
    }
    for (size_t i = 0; i < OLD_FLOWS; i++) {
        if (str_eq(flow, str_c(old[i][0])) && list_has(flows, str_c(old[i][1]))) {
            return true;
        }
    }
    return str_eq(flow, STR("ALLOW_REFRESH_TOKEN_AUTH")) ||
           (str_eq(flow, STR("ALLOW_CUSTOM_AUTH"))) ||
           (str_eq(flow, STR("ALLOW_USER_SRP_AUTH")) &&
            !list_has(flows, STR("CUSTOM_AUTH_FLOW_ONLY")));
}

bool client_hides_users(const struct client *client)
{
    return str_eq(get_str(client->about, "PreventUserExistenceErrors"), STR("ENABLED"));
}

static int64_t unit_ms(struct str unit, int64_t fallback)
{
    return str_eq(unit, STR("seconds"))   ? MS_PER_SECOND
           : str_eq(unit, STR("minutes")) ? MS_PER_MINUTE
           : str_eq(unit, STR("hours"))   ? MS_PER_HOUR
           : str_eq(unit, STR("days"))    ? MS_PER_DAY
                                          : fallback;
}

int64_t validity_ms(const struct value *about, const char *token)
{
    bool refresh = str_eq(str_c(token), STR("RefreshToken"));
    const struct value *units = get(about, "TokenValidityUnits");
    const char *member = refresh                                   ? "RefreshTokenValidity"
                         : str_eq(str_c(token), STR("AccessToken")) ? "AccessTokenValidity"
                                                                    : "IdTokenValidity";
    int64_t usual = refresh ? MS_PER_DAY : MS_PER_HOUR;
    int64_t number = get_int(about, member, 0);

    if (number == 0) {
        return refresh ? 30 * MS_PER_DAY : MS_PER_HOUR;
    }
    return number * (units == NULL ? usual : unit_ms(get_str(units, token), usual));
}

int64_t client_validity_ms(const struct client *client, const char *token)
{
    return validity_ms(client->about, token);
}

/* ---- secrets ---- */

void secrets_load(struct call *c, const struct client *client, struct secrets *ret_secrets)
{
    struct things things = {.kind = "secret", .pool = client->pool,
                            .after = pair_of(c, client->id, STR("")),
                            .shape = shape_in("AddUserPoolClientSecret",
                                              "ClientSecretDescriptor")};
    struct thing thing;
    struct value *about;

    ret_secrets->count = 0;
    while (things_next(c, &things, &thing, &about)) {
        if (!str_starts(thing.name, pair_of(c, client->id, STR(""))) ||
            ret_secrets->count == SECRETS_MAX) {
            things_close(&things);
            return;
        }
        ret_secrets->names[ret_secrets->count] = thing.name;
        ret_secrets->about[ret_secrets->count++] = about;
    }
}

struct value *secret_add(struct call *c, const struct client *client, struct str secret)
{
    struct value *about = value_struct(c->arena, shape_in("AddUserPoolClientSecret",
                                                          "ClientSecretDescriptor"));
    struct str id = arena_printf(c->arena, "%.*s--%013lld", STR_ARG(client->id),
                                 (long long)c->now);
    struct thing thing = {"secret", client->pool, pair_of(c, client->id, id)};

    while (thing_there(c, &thing)) {
        id = arena_printf(c->arena, "%.*s0", STR_ARG(id));
        thing.name = pair_of(c, client->id, id);
    }
    set_str(about, "ClientSecretId", id);
    set_str(about, "ClientSecretValue", secret);
    set_time(about, "ClientSecretCreateDate", c->now);
    thing_save(c, &thing, about);
    return about;
}

bool client_secret_fits(const struct client *client, struct str secret)
{
    bool fits = client->secrets[0].bytes == 0 && client->secrets[1].bytes == 0 &&
                secret.bytes == 0; /* it has none, and gives none */

    for (size_t i = 0; i < SECRETS_MAX; i++) {
        struct str mine = client->secrets[i];

        fits |= mine.bytes > 0 && mine.bytes == secret.bytes &&
                bytes_eq_const_time(mine.at, secret.at, secret.bytes);
    }
    return fits;
}

static bool hash_fits(struct call *c, const struct client *client, struct str username,
                      struct str hash)
{
    struct str text = arena_printf(c->arena, "%.*s%.*s", STR_ARG(username), STR_ARG(client->id));
    char shown[44];
    uint8_t sum[SHA256_BYTES];
    bool fits = false;

    static_assert(sizeof(shown) == (SHA256_BYTES + 2) / 3 * 4, "base64 of a SHA-256");
    for (size_t i = 0; i < SECRETS_MAX; i++) {
        if (client->secrets[i].bytes > 0) {
            hmac_sha256(client->secrets[i], text, sum);
            base64_encode(str_of(sum, sizeof(sum)), shown);
            fits |= hash.bytes == sizeof(shown) &&
                    bytes_eq_const_time(hash.at, shown, sizeof(shown));
        }
    }
    return fits;
}

status client_check_hash(struct call *c, const struct client *client, struct str username,
                         struct str secret_hash)
{
    if (client->secrets[0].bytes == 0 && client->secrets[1].bytes == 0) {
        return secret_hash.bytes == 0
                   ? OK
                   : fail(c, &COGNITO_NOT_AUTHORIZED,
                          "Client %.*s is not configured for secret but secret was received",
                          STR_ARG(client->id));
    }
    if (secret_hash.bytes == 0) {
        return fail(c, &COGNITO_NOT_AUTHORIZED,
                    "Client %.*s is configured with secret but SECRET_HASH was not received",
                    STR_ARG(client->id));
    }
    if (!hash_fits(c, client, username, secret_hash)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Unable to verify secret hash for client %.*s",
                    STR_ARG(client->id));
    }
    return OK;
}
