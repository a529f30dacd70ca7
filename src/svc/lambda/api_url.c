/* SPDX-License-Identifier: Apache-2.0
 *
 * Configurations of function URLs; url.c serves them. A setting of kind "url" by function and alias
 * ("": the function's own), shaped as GetFunctionUrlConfig's output but for FunctionUrl, which has
 * the id alone: where weir is reached is said anew in each answer. Rows of kind "url-id" (no
 * account, no region, the id as name) find the function of an id.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

#define URLS_PAGE 50
#define ID_BYTES 32

static struct target id_target(struct str id)
{
    return (struct target){.account = STR(""), .region = STR(""), .name = id};
}

bool url_find(struct call *c, struct str id, struct target *ret_target, struct value **ret_url)
{
    struct target of_id = id_target(id);
    struct target target = {.account = STR_NONE};
    struct str arn;

    if (id.bytes != ID_BYTES || !setting_get(c, "url-id", &of_id, &arn) ||
        !target_parse(arn, &target) ||
        !setting_get_value(c, "url", &target, shape_of("GetFunctionUrlConfig", NULL), ret_url)) {
        return false;
    }
    *ret_target = target;
    return true;
}

static struct str id_new(struct call *c)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char *id = arena_alloc(c->arena, ID_BYTES);

    for (size_t i = 0; i < ID_BYTES; i++) {
        id[i] = letters[rand_below(c->rand, sizeof(letters) - 1)];
    }
    return str_of(id, ID_BYTES);
}

/* The configuration as it is told: with a URL that reaches this weir. */
static void url_tell(struct call *c, struct value *url, const struct target *target)
{
    struct str id = get_str(url, "FunctionUrl");

    set_str(url, "FunctionUrl",
            arena_printf(c->arena, "%s://%.*s.lambda-url.%.*s.localhost%.*s/",
                         call_tls(c) ? "https" : "http", STR_ARG(id), STR_ARG(target->region),
                         STR_ARG(call_port(c))));
    set_str(url, "FunctionArn", target_arn(c->arena, target));
}

/* ---- checks ---- */

static status no_resource(struct call *c)
{
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "The resource you requested does not exist.");
}

static status url_target(struct call *c, struct target *ret_target)
{
    struct function function;
    struct str json;

    TRY(target_read(c, arg_str(c, "FunctionName"), arg_str(c, "Qualifier"), ret_target));
    call_on(c, target_arn(c->arena, ret_target));
    if (!function_get(c, ret_target, &function) ||
        (ret_target->qualifier.bytes > 0 && !setting_get(c, "alias", ret_target, &json))) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND, "Function does not exist");
    }
    return OK;
}

static status url_of_call(struct call *c, struct target *ret_target, struct value **ret_url)
{
    TRY(target_read(c, arg_str(c, "FunctionName"), arg_str(c, "Qualifier"), ret_target));
    call_on(c, target_arn(c->arena, ret_target));
    return setting_get_value(c, "url", ret_target, shape_of("GetFunctionUrlConfig", NULL), ret_url)
               ? OK
               : no_resource(c);
}

static status cors_check(struct call *c)
{
    static const char *const known[] = {"*", "GET", "PUT", "HEAD", "POST", "PATCH", "DELETE"};
    const struct value *cors = arg(c, "Cors");
    const struct value *methods = cors == NULL ? NULL : get(cors, "AllowMethods");

    for (uint32_t i = 0; methods != NULL && i < methods->count; i++) {
        bool good = false;

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            good = good || str_eq(methods->items[i].str, str_c(known[k]));
        }
        if (!good) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE, "Invalid method %.*s in AllowMethods",
                               STR_ARG(methods->items[i].str));
        }
    }
    return OK;
}

/* ---- operations ---- */

static void url_apply(struct call *c, struct value *url)
{
    static const char *const members[] = {"AuthType", "Cors", "InvokeMode"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (arg_has(c, members[i])) {
            set_value(url, members[i], arg(c, members[i]));
        }
    }
    set_str(url, "LastModifiedTime", lambda_time(c->arena, c->now));
}

/* CreateFunctionUrlConfig */
status lambda_create_url(struct call *c)
{
    struct value *url = value_struct(c->arena, shape_of("GetFunctionUrlConfig", NULL));
    struct target of_id = id_target(id_new(c));
    struct target target;
    struct str json;

    TRY(url_target(c, &target));
    TRY(cors_check(c));
    if (setting_get(c, "url", &target, &json)) {
        return lambda_fail(c, &LAMBDA_CONFLICT,
                           "Failed to create function url config for [functionArn = %.*s]. Error "
                           "message:  FunctionUrlConfig exists for this Lambda function",
                           STR_ARG(target_arn(c->arena, &target)));
    }
    set_str(url, "FunctionUrl", of_id.name);
    set_str(url, "CreationTime", lambda_time(c->arena, c->now));
    set_str(url, "InvokeMode", STR("BUFFERED"));
    url_apply(c, url);
    setting_put_value(c, "url", &target, url);
    setting_put(c, "url-id", &of_id, target_arn(c->arena, &target));
    url_tell(c, url, &target);
    copy_members(c->out, url);
    return OK;
}

/* UpdateFunctionUrlConfig */
status lambda_update_url(struct call *c)
{
    struct target target;
    struct value *url;

    TRY(url_target(c, &target));
    TRY(url_of_call(c, &target, &url));
    TRY(cors_check(c));
    url_apply(c, url);
    setting_put_value(c, "url", &target, url);
    url_tell(c, url, &target);
    copy_members(c->out, url);
    return OK;
}

/* GetFunctionUrlConfig */
status lambda_get_url(struct call *c)
{
    struct target target;
    struct value *url;

    TRY(url_of_call(c, &target, &url));
    url_tell(c, url, &target);
    copy_members(c->out, url);
    return OK;
}

/* DeleteFunctionUrlConfig */
status lambda_delete_url(struct call *c)
{
    struct target target;
    struct target of_id;
    struct value *url;

    TRY(url_of_call(c, &target, &url));
    of_id = id_target(get_str(url, "FunctionUrl"));
    setting_delete(c, "url-id", &of_id);
    setting_delete(c, "url", &target);
    return OK;
}

/* ListFunctionUrlConfigs */
status lambda_list_urls(struct call *c)
{
    size_t max = page_size(c, URLS_PAGE);
    struct value *list = put_list(c, "FunctionUrlConfigs", max);
    struct str last = STR_NONE;
    struct setting_scan *scan;
    struct target target;
    struct target found;
    struct str json;

    TRY(target_read(c, arg_str(c, "FunctionName"), STR_NONE, &target));
    target.qualifier = STR_NONE;
    TRY(function_check(c, &target, "Function does not exist"));
    TRY(marker_read(c, &target.qualifier));
    scan = setting_scan(c, "url", &target);
    while (setting_scan_next(scan, &found, &json)) {
        struct value *url;

        if (list->count == max) {
            put_str(c, "NextMarker", last);
            break;
        }
        url = value_of_json(c, json, shape_of("GetFunctionUrlConfig", NULL));
        url_tell(c, url, &found);
        last = found.qualifier.bytes > 0 ? found.qualifier : STR("$LATEST");
        copy_members(list_add(c->arena, list), url);
    }
    setting_scan_close(scan);
    return OK;
}

void urls_forget(struct call *c, const struct target *target)
{
    struct setting_scan *scan = setting_scan(c, "url", &(struct target){
                                    target->account, target->region, target->name, STR_NONE});
    struct target found;
    struct str json;

    while (setting_scan_next(scan, &found, &json)) {
        struct value *url = value_of_json(c, json, shape_of("GetFunctionUrlConfig", NULL));
        struct target of_id = id_target(get_str(url, "FunctionUrl"));

        if (target->qualifier.bytes == 0 || str_eq(target->qualifier, found.qualifier)) {
            setting_delete(c, "url-id", &of_id);
        }
    }
    setting_scan_close(scan);
}
