/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations of app clients.
 */
#include "svc/cognito/client.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/pool.h"

#define CLIENT_ID_BYTES 26
#define SECRET_BYTES 52

static const char *const settings[] = {
    "RefreshTokenValidity", "AccessTokenValidity", "IdTokenValidity", "TokenValidityUnits",
    "ReadAttributes", "WriteAttributes", "ExplicitAuthFlows", "SupportedIdentityProviders",
    "CallbackURLs", "LogoutURLs", "DefaultRedirectURI", "AllowedOAuthFlows", "AllowedOAuthScopes",
    "AllowedOAuthFlowsUserPoolClient", "AnalyticsConfiguration", "PreventUserExistenceErrors",
    "EnableTokenRevocation", "EnablePropagateAdditionalUserContextData", "AuthSessionValidity",
    "RefreshTokenRotation", NULL};

/* ---- checks ---- */

static status validity_check(struct call *c, const struct value *about)
{
    static const struct {
        const char *token;  /* as TokenValidityUnits has it */
        int64_t min, max;   /* milliseconds */
    } bounds[] = {{"AccessToken", 5 * MS_PER_MINUTE, MS_PER_DAY},
                  {"IdToken", 5 * MS_PER_MINUTE, MS_PER_DAY},
                  {"RefreshToken", MS_PER_HOUR, 3650 * MS_PER_DAY}};

    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        int64_t ms = validity_ms(about, bounds[i].token);

        if (ms < bounds[i].min || ms > bounds[i].max) {
            return fail(c, &COGNITO_INVALID, "Invalid range for token validity.");
        }
    }
    if (validity_ms(about, "RefreshToken") < validity_ms(about, "AccessToken") ||
        validity_ms(about, "RefreshToken") < validity_ms(about, "IdToken")) {
        return fail(c, &COGNITO_INVALID,
                    "Invalid Refresh Token value. Should be greater than Access and ID Token "
                    "values.");
    }
    return OK;
}

static status attributes_check(struct call *c, const struct pool *pool, const char *member,
                               const char *verb)
{
    const struct value *list = arg(c, member);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (pool_attribute(pool, list->items[i].str) == NULL) {
            return fail(c, &COGNITO_INVALID,
                        "Invalid %s attributes specified while creating a client", verb);
        }
    }
    return OK;
}

static status flows_check(struct call *c)
{
    const struct value *flows = arg(c, "ExplicitAuthFlows");
    bool newer = false, older = false;

    for (uint32_t i = 0; flows != NULL && i < flows->count; i++) {
        bool allow = str_starts(flows->items[i].str, STR("ALLOW_"));

        newer |= allow;
        older |= !allow;
    }
    if (newer && older) {
        return fail(c, &COGNITO_INVALID,
                    "Invalid ExplicitAuthFlows: values that begin with ALLOW_ cannot be used "
                    "along with values that do not.");
    }
    return OK;
}

/* AWS lets plain HTTP go back to localhost only. Here APIs and websites have names below it, and a
 * template that sends people there is to be good for both. */
static bool is_local(struct str url)
{
    struct str rest = str_slice(url, str_find_str(url, STR("://")) + 3, url.bytes);
    struct str host = str_split(&rest, '/');

    if (str_starts(host, STR("127.0.0.1")) || str_starts(host, STR("[::1]"))) {
        return true;
    }
    host = str_split(&host, ':');
    return str_eq(host, STR("localhost")) || str_ends(host, STR(".localhost"));
}

static status url_check(struct call *c, struct str url)
{
    size_t scheme = str_find_str(url, STR("://"));

    if (str_find(url, '#', 0) < url.bytes ||
        (scheme == url.bytes && str_find(url, ':', 0) == url.bytes)) {
        return fail(c, &COGNITO_INVALID,
                    "%.*s is not a valid redirect URL: it must be absolute, and without a "
                    "fragment.",
                    STR_ARG(url));
    }
    if (str_starts(url, STR("http://")) && !is_local(url)) {
        return fail(c, &COGNITO_INVALID, "%.*s cannot use the HTTP protocol.", STR_ARG(url));
    }
    return OK;
}

static status urls_check(struct call *c)
{
    static const char *const members[] = {"CallbackURLs", "LogoutURLs"};

    for (size_t m = 0; m < 2; m++) {
        const struct value *urls = arg(c, members[m]);

        for (uint32_t i = 0; urls != NULL && i < urls->count; i++) {
            TRY(url_check(c, urls->items[i].str));
        }
    }
    if (arg_has(c, "DefaultRedirectURI") &&
        !list_has(arg(c, "CallbackURLs"), arg_str(c, "DefaultRedirectURI"))) {
        return fail(c, &COGNITO_INVALID, "DefaultRedirectURI is not in CallbackURLs.");
    }
    return OK;
}

static status oauth_check(struct call *c, const struct pool *pool, bool secret)
{
    const struct value *flows = arg(c, "AllowedOAuthFlows");
    const struct value *scopes = arg(c, "AllowedOAuthScopes");
    bool machine = list_has(flows, STR("client_credentials"));
    bool any = flows != NULL && flows->count > 0;

    if (machine && flows->count > 1) {
        return fail(c, &COGNITO_OAUTH_FLOW,
                    "client_credentials flow can not be selected along with code flow or implicit "
                    "flow.");
    }
    if (machine && !secret) {
        return fail(c, &COGNITO_OAUTH_FLOW,
                    "client_credentials flow can not be selected if client does not have a client "
                    "secret.");
    }
    if (arg_bool(c, "AllowedOAuthFlowsUserPoolClient", false) &&
        (!any || scopes == NULL || scopes->count == 0)) {
        return fail(c, &COGNITO_INVALID,
                    "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is "
                    "allowed to use OAuth flows.");
    }
    if (any && !machine && (arg(c, "CallbackURLs") == NULL || arg(c, "CallbackURLs")->count == 0)) {
        return fail(c, &COGNITO_INVALID,
                    "CallbackURLs are required for the code and implicit flows.");
    }
    for (uint32_t i = 0; scopes != NULL && i < scopes->count; i++) {
        struct str scope = scopes->items[i].str;

        if (!scope_known(c, pool, scope)) {
            return fail(c, &COGNITO_SCOPE, "Scope %.*s does not exist.", STR_ARG(scope));
        }
    }
    return urls_check(c);
}

static status check(struct call *c, const struct pool *pool, const struct value *about,
                    bool secret)
{
    TRY(validity_check(c, about));
    TRY(attributes_check(c, pool, "ReadAttributes", "read"));
    TRY(attributes_check(c, pool, "WriteAttributes", "write"));
    TRY(flows_check(c));
    return oauth_check(c, pool, secret);
}

static void put_defaults(struct call *c, struct value *about)
{
    copy_members(c, about, settings);
    if (get_int(about, "RefreshTokenValidity", 0) == 0) {
        set_int(about, "RefreshTokenValidity", 30);
    }
    if (!has(about, "TokenValidityUnits")) {
        (void)set_struct(c->arena, about, "TokenValidityUnits");
    }
    if (!has(about, "AllowedOAuthFlowsUserPoolClient")) {
        set_bool(about, "AllowedOAuthFlowsUserPoolClient", false);
    }
    if (!has(about, "EnableTokenRevocation")) {
        set_bool(about, "EnableTokenRevocation", true);
    }
    if (!has(about, "EnablePropagateAdditionalUserContextData")) {
        set_bool(about, "EnablePropagateAdditionalUserContextData", false);
    }
    if (!has(about, "AuthSessionValidity")) {
        set_int(about, "AuthSessionValidity", 3);
    }
    set_time(about, "LastModifiedDate", c->now);
}

static void client_save(struct call *c, const struct pool *pool, const struct client *client)
{
    struct thing thing = {"client", client->pool, client->id};

    thing_save(c, &thing, client->about);
    call_on(c, pool_arn(c->keep, pool));
}

/* ---- operations ---- */

/* CreateUserPoolClient */
status cognito_create_client(struct call *c)
{
    bool secret = arg_bool(c, "GenerateSecret", false) || arg_has(c, "ClientSecret");
    struct client client;
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    client = (struct client){.pool = pool.id, .id = random_text(c, CLIENT_ID_BYTES, false)};
    client.about = value_struct(c->arena, shape_in("DescribeUserPoolClient", "UserPoolClient"));
    put_defaults(c, client.about);
    TRY(check(c, &pool, client.about, secret));
    if (things_count(c, "client", pool.id) >= CLIENTS_MAX) {
        return fail(c, &COGNITO_LIMIT, "Maximum user pool clients exceeded.");
    }
    set_str(client.about, "UserPoolId", pool.id);
    set_str(client.about, "ClientName", arg_str(c, "ClientName"));
    set_str(client.about, "ClientId", client.id);
    set_time(client.about, "CreationDate", c->now);
    if (secret) {
        set_str(client.about, "ClientSecret",
                arg_has(c, "ClientSecret") ? arg_str(c, "ClientSecret")
                                           : random_text(c, SECRET_BYTES, false));
        (void)secret_add(c, &client, get_str(client.about, "ClientSecret"));
    }
    small_put(c, (struct small){"client-id", client.id, STR_NONE}, pool.id);
    client_save(c, &pool, &client);
    set_value(c->out, "UserPoolClient", client.about);
    return OK;
}

/* UserPoolId and ClientId. */
static status client_of_call(struct call *c, struct pool *ret_pool, struct client *ret_client)
{
    struct str id = arg_str(c, "ClientId");

    TRY(pool_of_call(c, ret_pool));
    if (!client_load(c, ret_pool->id, id, ret_client)) {
        return fail(c, &COGNITO_NOT_FOUND, "User pool client %.*s does not exist.", STR_ARG(id));
    }
    return OK;
}

/* DescribeUserPoolClient */
status cognito_describe_client(struct call *c)
{
    struct client client;
    struct pool pool;

    TRY(client_of_call(c, &pool, &client));
    set_value(c->out, "UserPoolClient", client.about);
    return OK;
}

/* UpdateUserPoolClient: what is not said goes back to its default. */
status cognito_update_client(struct call *c)
{
    static const char *const kept[] = {"UserPoolId", "ClientName", "ClientId", "ClientSecret",
                                       "CreationDate"};
    struct client client;
    struct pool pool;
    struct value *about;

    TRY(client_of_call(c, &pool, &client));
    about = value_struct(c->arena, client.about->shape);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (has(client.about, kept[i])) {
            set_value(about, kept[i], get(client.about, kept[i]));
        }
    }
    put_defaults(c, about);
    if (arg_has(c, "ClientName")) {
        set_str(about, "ClientName", arg_str(c, "ClientName"));
    }
    TRY(check(c, &pool, about, has(about, "ClientSecret")));
    client.about = about;
    client_save(c, &pool, &client);
    set_value(c->out, "UserPoolClient", about);
    return OK;
}

/* DeleteUserPoolClient */
status cognito_delete_client(struct call *c)
{
    struct secrets secrets;
    struct client client;
    struct pool pool;

    TRY(client_of_call(c, &pool, &client));
    secrets_load(c, &client, &secrets);
    for (size_t i = 0; i < secrets.count; i++) {
        (void)thing_erase(c, &(struct thing){"secret", pool.id, secrets.names[i]});
    }
    (void)thing_erase(c, &(struct thing){"client", pool.id, client.id});
    small_erase(c, (struct small){"client-id", client.id, STR_NONE});
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* ListUserPoolClients */
status cognito_list_clients(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "MaxResults", 60);
    struct value *list = put_list(c, "UserPoolClients", limit);
    struct things things = {.kind = "client"};
    struct thing thing, last = {.kind = "client"};
    struct value *about;
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    TRY(token_read(c, "NextToken", &things.after));
    things.pool = pool.id;
    things.shape = shape_in("DescribeUserPoolClient", "UserPoolClient");
    while (things_next(c, &things, &thing, &about)) {
        if (list->count == limit) {
            put_str(c, "NextToken", token_of(c, last.name));
            things_close(&things);
            break;
        }
        struct value *one = list_add(c->arena, list);

        set_str(one, "ClientId", thing.name);
        set_str(one, "UserPoolId", pool.id);
        set_str(one, "ClientName", get_str(about, "ClientName"));
        last = thing;
    }
    return OK;
}

/* AddUserPoolClientSecret */
status cognito_add_secret(struct call *c)
{
    struct secrets secrets;
    struct client client;
    struct pool pool;
    struct value *about;

    TRY(client_of_call(c, &pool, &client));
    secrets_load(c, &client, &secrets);
    if (secrets.count == 0) {
        return fail(c, &COGNITO_INVALID, "Client %.*s is not configured with a secret.",
                    STR_ARG(client.id));
    }
    if (secrets.count == SECRETS_MAX) {
        return fail(c, &COGNITO_LIMIT, "Client %.*s already has %d secrets.", STR_ARG(client.id),
                    SECRETS_MAX);
    }
    about = secret_add(c, &client,
                       arg_has(c, "ClientSecret") ? arg_str(c, "ClientSecret")
                                                  : random_text(c, SECRET_BYTES, false));
    call_on(c, pool_arn(c->keep, &pool));
    set_value(c->out, "ClientSecretDescriptor", about);
    return OK;
}

/* ListUserPoolClientSecrets: without their values. */
status cognito_list_secrets(struct call *c)
{
    struct value *list = put_list(c, "ClientSecrets", SECRETS_MAX);
    struct secrets secrets;
    struct client client;
    struct pool pool;

    TRY(client_of_call(c, &pool, &client));
    secrets_load(c, &client, &secrets);
    for (size_t i = 0; i < secrets.count; i++) {
        struct value *one = list_add(c->arena, list);

        set_str(one, "ClientSecretId", get_str(secrets.about[i], "ClientSecretId"));
        set_value(one, "ClientSecretCreateDate",
                  get(secrets.about[i], "ClientSecretCreateDate"));
    }
    return OK;
}

/* DeleteUserPoolClientSecret: one has to stay. */
status cognito_delete_secret(struct call *c)
{
    struct str id = arg_str(c, "ClientSecretId");
    struct secrets secrets;
    struct client client;
    struct pool pool;

    TRY(client_of_call(c, &pool, &client));
    secrets_load(c, &client, &secrets);
    for (size_t i = 0; i < secrets.count; i++) {
        if (!str_eq(get_str(secrets.about[i], "ClientSecretId"), id)) {
            continue;
        }
        if (secrets.count == 1) {
            return fail(c, &COGNITO_INVALID, "The only secret of a client cannot be deleted.");
        }
        (void)thing_erase(c, &(struct thing){"secret", pool.id, secrets.names[i]});
        set_str(client.about, "ClientSecret",
                get_str(secrets.about[1 - i], "ClientSecretValue"));
        client_save(c, &pool, &client);
        return OK;
    }
    return fail(c, &COGNITO_NOT_FOUND, "Client secret %.*s does not exist.", STR_ARG(id));
}
