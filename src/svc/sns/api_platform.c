/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of platform applications and endpoints.
 */
#include "svc/sns/sns_ops.h"
#include "svc/sns/sns_platform.h"

#include <stdlib.h>

#define NAME_BYTES_MAX 256

static const char *const platforms[] = {
    "ADM",   "APNS",         "APNS_SANDBOX",      "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU",
    "GCM",   "MACOS",        "MACOS_SANDBOX",     "MPNS",      "WNS",
};

/* secret: taken and never shown again. */
static const struct {
    const char *name;
    bool secret;
} attributes[] = {
    {"ApplePlatformBundleID", false},    {"ApplePlatformTeamID", false},
    {"Enabled", false},                  {"EventDeliveryFailure", false},
    {"EventEndpointCreated", false},     {"EventEndpointDeleted", false},
    {"EventEndpointUpdated", false},     {"FailureFeedbackRoleArn", false},
    {"PlatformCredential", true},        {"PlatformPrincipal", true},
    {"SuccessFeedbackRoleArn", false},   {"SuccessFeedbackSampleRate", false},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_secret(struct str name)
{
    for (size_t i = 0; i < COUNT(attributes); i++) {
        if (str_eq(name, str_c(attributes[i].name))) {
            return attributes[i].secret;
        }
    }
    return true;
}

/* ---- applications ---- */

static status name_check(struct call *c, struct str name)
{
    bool good = name.bytes > 0 && name.bytes <= NAME_BYTES_MAX;

    for (size_t i = 0; i < name.bytes; i++) {
        char ch = name.at[i];

        good = good && (ch == '_' || ch == '-' || ch == '.' || (ch >= '0' && ch <= '9') ||
                        ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'));
    }
    return good ? OK
                : fail(c, &SNS_BAD_PARAMETER,
                       "Invalid parameter: Name Reason: must contain only characters 'a'-'z', "
                       "'A'-'Z', '0'-'9', '_', '-', and '.' and be at most 256 characters long");
}

static status platform_check(struct call *c, struct str platform)
{
    for (size_t i = 0; i < COUNT(platforms); i++) {
        if (str_eq(platform, str_c(platforms[i]))) {
            return OK;
        }
    }
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Platform Reason: %.*s is not supported",
                STR_ARG(str_slice(platform, 0, 128)));
}

static status app_attributes_check(struct call *c, const struct value *map)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        struct str name = map->pairs[i].key;
        struct str text = map->pairs[i].value.str;
        bool known = false;

        for (size_t k = 0; k < COUNT(attributes); k++) {
            known |= str_eq(name, str_c(attributes[k].name));
        }
        if (!known) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: Attributes Reason: Invalid attribute name: %.*s",
                        STR_ARG(str_slice(name, 0, 256)));
        }
        if (str_eq(name, STR("Enabled")) && !str_eq_nocase(text, STR("true")) &&
            !str_eq_nocase(text, STR("false"))) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: Attributes Reason: Invalid value for attribute: "
                        "Enabled: must be a boolean value");
        }
    }
    return OK;
}

/* Everybody's push service wants a credential, most a principal too. */
static status credentials_check(struct call *c, struct str platform, const struct value *map)
{
    bool principal = !str_eq(platform, STR("GCM")) && !str_eq(platform, STR("MPNS"));
    const struct value *credential = map_find(map, STR("PlatformCredential"));
    const struct value *who = map_find(map, STR("PlatformPrincipal"));

    if (str_eq(platform, STR("MPNS"))) {
        return OK; /* may be unauthenticated */
    }
    if (credential == NULL || credential->str.bytes == 0) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Attributes Reason: PlatformCredential is required");
    }
    if (principal && (who == NULL || who->str.bytes == 0)) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Attributes Reason: PlatformPrincipal is required");
    }
    return OK;
}

static void app_set(struct app *app, const struct value *map)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        setting_set(&app->attributes, map->pairs[i].key, map->pairs[i].value.str);
    }
}

static status app_of_call(struct call *c, struct app **ret_app)
{
    struct arn arn;
    struct app *app;

    TRY(arn_of_call(c, "PlatformApplicationArn", &arn));
    if (!str_starts(arn.resource, STR("app/"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: PlatformApplicationArn Reason: "
                    "Wrong number of slashes in relative portion of the ARN.");
    }
    app = map_get(sns_of(c)->apps, arg_str(c, "PlatformApplicationArn"));
    if (app == NULL) {
        return fail(c, &SNS_NOT_FOUND, "PlatformApplication does not exist");
    }
    *ret_app = app;
    return OK;
}

/* CreatePlatformApplication: the same again gives its ARN, and takes the attributes given. */
status sns_create_platform_application(struct call *c)
{
    const struct value *map = arg(c, "Attributes");
    struct str platform = arg_str(c, "Platform");
    struct app *app;

    TRY(name_check(c, arg_str(c, "Name")));
    TRY(platform_check(c, platform));
    TRY(app_attributes_check(c, map));
    TRY(credentials_check(c, platform, map));
    app = map_get(sns_of(c)->apps, call_arn(c, "sns", "app/%.*s/%.*s", STR_ARG(platform),
                                            STR_ARG(arg_str(c, "Name"))));
    if (app == NULL) {
        app = app_new(c->account, c->region, platform, arg_str(c, "Name"));
        if (!map_set(sns_of(c)->apps, app->arn, app, NULL)) {
            app_free(app);
            return fail(c, &SNS_TOPIC_LIMIT, "weir keeps at most %d platform applications.",
                        APPS_MAX);
        }
    }
    app_set(app, map);
    app_save(c, app);
    put_str(c, "PlatformApplicationArn", arena_dup(c->arena, app->arn));
    call_on(c, arena_dup(c->arena, app->arn));
    return OK;
}

/* DeletePlatformApplication: with its endpoints; one that is not there is fine. */
status sns_delete_platform_application(struct call *c)
{
    struct app *app;
    status found = app_of_call(c, &app);

    if (found != OK) {
        return found == &SNS_NOT_FOUND ? OK : found;
    }
    call_on(c, arena_dup(c->arena, app->arn));
    app_erase(c, app);
    map_remove(sns_of(c)->apps, app->arn);
    app_free(app);
    return OK;
}

static void put_app_attributes(struct call *c, struct value *structure, const struct app *app)
{
    struct value *map =
        set_map(c->arena, structure, "Attributes", app->attributes.count + 1);

    if (setting_get(&app->attributes, "Enabled").at == NULL) {
        map_add_str(map, STR("Enabled"), STR("true"));
    }
    for (size_t i = 0; i < app->attributes.count; i++) {
        const struct setting *setting = &app->attributes.items[i];

        if (!is_secret(setting->name)) {
            map_add_str(map, setting->name, setting->text);
        }
    }
}

/* GetPlatformApplicationAttributes */
status sns_get_platform_application_attributes(struct call *c)
{
    struct app *app;

    TRY(app_of_call(c, &app));
    put_app_attributes(c, c->out, app);
    return OK;
}

/* SetPlatformApplicationAttributes */
status sns_set_platform_application_attributes(struct call *c)
{
    struct app *app;

    TRY(app_of_call(c, &app));
    TRY(app_attributes_check(c, arg(c, "Attributes")));
    app_set(app, arg(c, "Attributes"));
    app_save(c, app);
    call_on(c, arena_dup(c->arena, app->arn));
    return OK;
}

static int by_arn(const void *a, const void *b)
{
    return str_cmp((*(struct app *const *)a)->arn, (*(struct app *const *)b)->arn);
}

/* ListPlatformApplications */
status sns_list_platform_applications(struct call *c)
{
    struct map *apps = sns_of(c)->apps;
    struct app **all = arena_alloc(c->arena, (map_count(apps) + 1) * sizeof(*all));
    struct value *list = put_list(c, "PlatformApplications", PAGE_MAX);
    struct str after;
    size_t count = 0;
    struct str key;
    void *value;

    TRY(page_after(c, "NextToken", &after));
    for (size_t i = 0; map_next(apps, &i, &key, &value);) {
        struct app *app = value;

        if (str_eq(app->account, c->account) && str_eq(app->region, c->region) &&
            str_cmp(app->arn, after) > 0) {
            all[count++] = app;
        }
    }
    qsort(all, count, sizeof(*all), by_arn);
    for (size_t i = 0; i < count && i < PAGE_MAX; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "PlatformApplicationArn", all[i]->arn);
        put_app_attributes(c, item, all[i]);
    }
    if (count > PAGE_MAX) {
        put_page_token(c, "NextToken", all[PAGE_MAX - 1]->arn);
    }
    return OK;
}

/* ---- endpoints ---- */

static status endpoint_of_call(struct call *c, struct endpoint *ret_endpoint)
{
    struct arn arn;

    TRY(arn_of_call(c, "EndpointArn", &arn));
    if (!arn_is_endpoint(arg_str(c, "EndpointArn"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: EndpointArn Reason: Wrong number of "
                    "slashes in relative portion of the ARN.");
    }
    return endpoint_find(c, arg_str(c, "EndpointArn"), ret_endpoint)
               ? OK
               : fail(c, &SNS_NOT_FOUND, "Endpoint does not exist");
}

/* Checks attributes and puts them into endpoint. */
static status endpoint_set(struct call *c, const struct value *map, struct endpoint *endpoint)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        struct str name = map->pairs[i].key;
        struct str text = map->pairs[i].value.str;

        if (str_eq(name, STR("Token"))) {
            endpoint->token = text;
        } else if (str_eq(name, STR("CustomUserData"))) {
            endpoint->custom = text;
        } else if (str_eq(name, STR("Enabled")) && (str_eq_nocase(text, STR("true")) ||
                                                    str_eq_nocase(text, STR("false")))) {
            endpoint->enabled = str_eq_nocase(text, STR("true"));
        } else {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: Attributes Reason: Invalid %s: %.*s",
                        str_eq(name, STR("Enabled")) ? "value for attribute" : "attribute name",
                        STR_ARG(str_slice(name, 0, 256)));
        }
    }
    if (endpoint->token.bytes == 0 || endpoint->token.bytes > DEVICE_TOKEN_BYTES_MAX) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Token Reason: %s",
                    endpoint->token.bytes == 0 ? "cannot be empty" : "is too long");
    }
    return endpoint->custom.bytes < CUSTOM_DATA_BYTES_MAX
               ? OK
               : fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: CustomUserData Reason: must be "
                      "less than 2048 bytes in UTF-8 encoding");
}

/* One that has the token already: fine when all that was asked for is the same. */
static status same_endpoint(struct call *c, const struct endpoint *there,
                            const struct endpoint *asked)
{
    struct str arn = endpoint_arn(c->arena, there);

    if (!str_eq(there->custom, asked->custom) || there->enabled != asked->enabled) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Token Reason: Endpoint %.*s already exists with the same "
                    "Token, but different attributes.", STR_ARG(arn));
    }
    put_str(c, "EndpointArn", arn);
    return OK;
}

/* CreatePlatformEndpoint */
status sns_create_platform_endpoint(struct call *c)
{
    struct endpoint endpoint = {.token = arg_str(c, "Token"), .enabled = true};
    struct endpoint there;
    char *id = arena_alloc(c->arena, ID_BYTES);

    TRY(app_of_call(c, &endpoint.app));
    if (arg_has(c, "CustomUserData")) {
        endpoint.custom = arg_str(c, "CustomUserData");
    }
    TRY(endpoint_set(c, arg(c, "Attributes"), &endpoint));
    if (endpoint_of_token(c, endpoint.app, endpoint.token, &there)) {
        return same_endpoint(c, &there, &endpoint);
    }
    if (endpoint.app->endpoints >= ENDPOINTS_PER_APP_MAX) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: PlatformApplicationArn Reason: weir keeps at most %d "
                    "endpoints of an application", ENDPOINTS_PER_APP_MAX);
    }
    rand_uuid(c->rand, id);
    endpoint.id = str_of(id, ID_BYTES);
    endpoint.app->endpoints++;
    app_save(c, endpoint.app);
    endpoint_save(c, &endpoint);
    endpoint_tell(c, &endpoint, "EndpointCreated");
    put_str(c, "EndpointArn", endpoint_arn(c->arena, &endpoint));
    call_on(c, endpoint_arn(c->arena, &endpoint));
    return OK;
}

/* DeleteEndpoint: one that is not there is fine. */
status sns_delete_endpoint(struct call *c)
{
    struct endpoint endpoint;
    status found = endpoint_of_call(c, &endpoint);

    if (found != OK) {
        return found == &SNS_NOT_FOUND ? OK : found;
    }
    call_on(c, arg_str(c, "EndpointArn"));
    endpoint_erase(c, &endpoint);
    endpoint.app->endpoints--;
    app_save(c, endpoint.app);
    endpoint_tell(c, &endpoint, "EndpointDeleted");
    return OK;
}

static void put_endpoint_attributes(struct call *c, struct value *structure,
                                    const struct endpoint *endpoint)
{
    struct value *map = set_map(c->arena, structure, "Attributes", 3);

    map_add_str(map, STR("Enabled"), endpoint->enabled ? STR("true") : STR("false"));
    map_add_str(map, STR("Token"), endpoint->token);
    if (endpoint->custom.at != NULL) {
        map_add_str(map, STR("CustomUserData"), endpoint->custom);
    }
}

/* GetEndpointAttributes */
status sns_get_endpoint_attributes(struct call *c)
{
    struct endpoint endpoint;

    TRY(endpoint_of_call(c, &endpoint));
    put_endpoint_attributes(c, c->out, &endpoint);
    return OK;
}

/* SetEndpointAttributes: a new token may not be another endpoint's. */
status sns_set_endpoint_attributes(struct call *c)
{
    struct endpoint former;
    struct endpoint endpoint;
    struct endpoint other;

    TRY(endpoint_of_call(c, &former));
    endpoint = former;
    TRY(endpoint_set(c, arg(c, "Attributes"), &endpoint));
    if (endpoint_of_token(c, endpoint.app, endpoint.token, &other) &&
        !str_eq(other.id, endpoint.id)) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Token Reason: Endpoint %.*s already exists with the same "
                    "Token, but different attributes.", STR_ARG(endpoint_arn(c->arena, &other)));
    }
    endpoint_erase(c, &former); /* its token's row with it */
    endpoint_save(c, &endpoint);
    endpoint_tell(c, &endpoint, "EndpointUpdated");
    call_on(c, arg_str(c, "EndpointArn"));
    return OK;
}

/* ListEndpointsByPlatformApplication */
status sns_list_endpoints(struct call *c)
{
    struct value *list = put_list(c, "Endpoints", PAGE_MAX);
    struct txn_scan *scan = NULL;
    struct endpoint endpoint;
    struct str last = STR_NONE;
    struct str after;
    struct app *app;

    TRY(app_of_call(c, &app));
    TRY(page_after(c, "NextToken", &after));
    while (endpoint_next(c, app, after, &scan, &endpoint)) {
        struct value *item;

        if (list->count == PAGE_MAX) {
            put_page_token(c, "NextToken", last);
            txn_scan_close(scan);
            break;
        }
        item = list_add(c->arena, list);
        set_str(item, "EndpointArn", endpoint_arn(c->arena, &endpoint));
        put_endpoint_attributes(c, item, &endpoint);
        last = endpoint.id;
    }
    return OK;
}
