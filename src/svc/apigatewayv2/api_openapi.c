/* SPDX-License-Identifier: Apache-2.0
 *
 * ImportApi, ReimportApi, ExportApi. A definition is read outside of the cell when it is large;
 * what it says is checked by the same rules as what operations say, all of it, before anything is
 * staged.
 */
#include "svc/apigatewayv2/openapi.h"
#include "svc/apigatewayv2/ops.h"
#include "wire/json.h"
#include "wire/yaml.h"

#define READ_AT_ONCE_BYTES (64u * 1024)

/* A definition on its way; in the call's keep. */
struct importing {
    struct openapi_text text;  /* what came */
    struct arena *arena;       /* of the records */
    struct openapi openapi;    /* what it says */
    struct why why;            /* why not */
    status read;               /* of openapi_read() */
};

static void import_done(struct call *c)
{
    struct importing *importing = c->kept;

    arena_free(importing->arena);
}

static void import_read(void *arg)
{
    struct importing *importing = arg;

    importing->read = openapi_read(&importing->text, importing->arena, &importing->why,
                                   &importing->openapi);
}

/* Reads, here or elsewhere, and goes on. */
static status import_begin(struct call *c, status (*go_on)(struct call *c))
{
    struct importing *importing = ARENA_NEW(c->keep, struct importing);

    importing->text = (struct openapi_text){arena_dup(c->keep, arg_str(c, "Body")),
                                            arena_dup(c->keep, arg_str(c, "Basepath")),
                                            arena_dup(c->keep, c->account),
                                            arena_dup(c->keep, c->region)};
    importing->arena = arena_new(OPENAPI_ARENA_BYTES_MAX);
    c->kept = importing;
    call_on_end(c, import_done);
    if (importing->text.body.bytes > READ_AT_ONCE_BYTES) {
        call_work(c, import_read, importing, go_on);
        return OK;
    }
    import_read(importing);
    return go_on(c);
}

/* ---- checking ---- */

static status routes_check(struct call *c, const struct openapi *openapi)
{
    for (size_t i = 0; i < openapi->route_count; i++) {
        struct str key = get_str(openapi->routes[i].record, "RouteKey");

        TRY(record_lengths_check(c, openapi->routes[i].record));
        TRY(size_check(c, KIND_ROUTE, openapi->routes[i].record));
        TRY(route_key_check(c, key));
        for (size_t k = 0; k < i; k++) {
            struct str other = get_str(openapi->routes[k].record, "RouteKey");

            if (str_eq(other, key)) {
                return fail(c, &GATEWAY_CONFLICT,
                            "Route with key %.*s already exists for this API", STR_ARG(key));
            }
            if (route_keys_clash(other, key)) {
                return fail(c, &GATEWAY_CONFLICT, "The provided route key \"%.*s\" has a "
                            "conflicting variable on the same hierarchical level as \"%.*s\"",
                            STR_ARG(key), STR_ARG(other));
            }
        }
    }
    return OK;
}

static status warnings_check(struct call *c, const struct notes *warnings)
{
    struct str all = STR_NONE;

    if (!arg_bool(c, "FailOnWarnings", false) || warnings->count == 0) {
        return OK;
    }
    for (size_t i = 0; i < warnings->count; i++) {
        all = arena_printf(c->arena, "%.*s\n\t%.*s", STR_ARG(all), STR_ARG(warnings->texts[i]));
    }
    return bad_request(c, "Warnings found during import:%.*s", STR_ARG(str_slice(all, 0, 1024)));
}

static status import_check(struct call *c, const struct importing *importing)
{
    const struct openapi *openapi = &importing->openapi;

    if (importing->read != OK) {
        return bad_request(c, "%s", importing->why.text);
    }
    TRY(record_lengths_check(c, openapi->api));
    TRY(api_check(c, openapi->api));
    for (size_t i = 0; i < openapi->authorizer_count; i++) {
        TRY(record_lengths_check(c, openapi->authorizers[i]));
        TRY(authorizer_check(c, openapi->authorizers[i]));
    }
    for (size_t i = 0; i < openapi->integration_count; i++) {
        TRY(record_lengths_check(c, openapi->integrations[i]));
        TRY(integration_check(c, openapi->integrations[i]));
    }
    TRY(routes_check(c, openapi));
    return warnings_check(c, &openapi->warnings);
}

/* ---- staging ---- */

static void put_routes(struct call *c, struct str api, struct openapi *openapi)
{
    for (size_t i = 0; i < openapi->route_count; i++) {
        struct openapi_route *route = &openapi->routes[i];
        struct value *record = route->record;

        if (route->integration >= 0) {
            struct str target = get_str(openapi->integrations[route->integration],
                                        "IntegrationId");

            set_str(record, "Target",
                    arena_printf(c->arena, "integrations/%.*s", STR_ARG(target)));
        }
        if (route->authorizer >= 0) {
            set_str(record, "AuthorizerId",
                    get_str(openapi->authorizers[route->authorizer], "AuthorizerId"));
        }
        set_str(record, "RouteId", id_new(c, KIND_ROUTE, api, ROUTE_ID_LETTERS));
        route_complete(record);
        record_put(c, KIND_ROUTE, api, get_str(record, "RouteId"), record);
    }
}

static void import_put(struct call *c, struct str api, struct openapi *openapi)
{
    for (size_t i = 0; i < openapi->authorizer_count; i++) {
        struct value *record = openapi->authorizers[i];

        set_str(record, "AuthorizerId", id_new(c, KIND_AUTHORIZER, api, OTHER_ID_LETTERS));
        authorizer_complete(record);
        record_put(c, KIND_AUTHORIZER, api, get_str(record, "AuthorizerId"), record);
    }
    for (size_t i = 0; i < openapi->integration_count; i++) {
        struct value *record = openapi->integrations[i];

        set_str(record, "IntegrationId", id_new(c, KIND_INTEGRATION, api, ROUTE_ID_LETTERS));
        integration_complete(record);
        record_put(c, KIND_INTEGRATION, api, get_str(record, "IntegrationId"), record);
    }
    put_routes(c, api, openapi);
}

static void tell_notes(struct call *c, const char *member, const struct notes *notes)
{
    struct value *list;

    if (notes->count == 0) {
        return;
    }
    list = put_list(c, member, notes->count);
    for (size_t i = 0; i < notes->count; i++) {
        list_add_str(list, arena_dup(c->arena, notes->texts[i]));
    }
}

/* The answer outlives what was read. */
static void import_tell(struct call *c, const struct value *record,
                        const struct openapi *openapi)
{
    struct value *kept = NULL;
    bool there = record_get(c, KIND_API, owner_of(c), get_str(record, "ApiId"), &kept);

    if (there) {
        set_str(kept, "ApiEndpoint", api_endpoint(c, get_str(kept, "ApiId"), c->region));
        copy_members(c->out, kept);
    }
    tell_notes(c, "ImportInfo", &openapi->info);
    tell_notes(c, "Warnings", &openapi->warnings);
}

/* ---- operations ---- */

static status import_end(struct call *c)
{
    struct importing *importing = c->kept;
    struct value *record = importing->openapi.api;
    struct str id;

    TRY(import_check(c, importing));
    TRY(room_check(c, KIND_API, owner_of(c), APIS_MAX));
    id = id_new(c, KIND_API, owner_of(c), API_ID_LETTERS);
    set_str(record, "ApiId", id);
    set_time(record, "CreatedDate", c->now);
    api_complete(c, record);
    call_on(c, apigw_arn(c, "/apis/%.*s", STR_ARG(id)));
    api_where_put(c, id);
    record_put(c, KIND_API, owner_of(c), id, record);
    import_put(c, id, &importing->openapi);
    import_tell(c, record, &importing->openapi);
    return OK;
}

/* ImportApi */
status apigw_import_api(struct call *c)
{
    return import_begin(c, import_end);
}

static status reimport_end(struct call *c)
{
    struct importing *importing = c->kept;
    struct value *record = importing->openapi.api;
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(import_check(c, importing));
    set_str(record, "ApiId", api.id);
    set_time(record, "CreatedDate", get_time(api.record, "CreatedDate", c->now));
    if (!has(record, "Tags")) {
        set_value(record, "Tags", get(api.record, "Tags"));
    }
    api_complete(c, record);
    api.record = record;
    api_clear(c, api.id);
    record_put(c, KIND_API, owner_of(c), api.id, record);
    import_put(c, api.id, &importing->openapi);
    api_changed(c, &api);
    import_tell(c, record, &importing->openapi);
    return OK;
}

/* ReimportApi */
status apigw_reimport_api(struct call *c)
{
    return import_begin(c, reimport_end);
}

/* ---- export ---- */

static status export_check(struct call *c)
{
    struct str version = arg_str(c, "ExportVersion");

    if (!str_eq(arg_str(c, "Specification"), STR("OAS30"))) {
        return bad_request(c, "Invalid specification specified. Only OAS30 is supported");
    }
    if (!str_eq(arg_str(c, "OutputType"), STR("JSON")) &&
        !str_eq(arg_str(c, "OutputType"), STR("YAML"))) {
        return bad_request(c, "Invalid output type specified. Supported values are JSON and YAML");
    }
    return version.bytes == 0 || str_eq(version, STR("1.0"))
               ? OK
               : bad_request(c, "Invalid export version specified. Only 1.0 is supported");
}

/* What the API is now, as a stage would have it. */
static void export_now(struct call *c, const struct api *api, struct openapi_export *export)
{
    struct snapshot snapshot;

    snapshot_now(c, c->arena, api, &snapshot);
    export->api = snapshot.api;
    export->routes = live_routes(c->arena, &snapshot);
    export->route_count = snapshot.route_count;
}

static struct str export_text(struct call *c, const struct value *document)
{
    struct buf text;
    struct str made;

    buf_init(&text, SNAPSHOT_BYTES_MAX);
    if (str_eq(arg_str(c, "OutputType"), STR("JSON"))) {
        json_write(&text, document, TIME_ISO);
    } else {
        yaml_write(&text, document);
    }
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

/* ExportApi */
status apigw_export_api(struct call *c)
{
    struct openapi_export export = {.extensions = arg_bool(c, "IncludeExtensions", true),
                                    .stage = arg_str(c, "StageName")};
    struct value *stage;
    struct live *live;
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(export_check(c));
    if (export.stage.bytes > 0) {
        TRY(record_of_call(c, KIND_STAGE, api.id, &stage));
        live = live_of(c, api.id, export.stage);
        export.api = live->api;
        export.routes = live->routes;
        export.route_count = live->route_count;
    } else {
        export_now(c, &api, &export);
    }
    export.endpoint = api_endpoint(c, api.id, c->region);
    set_blob(c->out, "body", export_text(c, openapi_document(&export, c->arena)));
    return OK;
}
