/* SPDX-License-Identifier: Apache-2.0
 *
 * Health checks, as records: weir does not check anything.
 */
#include "base/buf.h"
#include "svc/route53/route53_ops.h"

static status check_of_call(struct call *c, struct value **ret_check)
{
    struct str id = arg_str(c, "HealthCheckId");

    *ret_check = check_load(c, id);
    return *ret_check != NULL ? OK
                              : fail(c, &R53_NO_CHECK,
                                     "No health check exists with the specified ID %.*s",
                                     STR_ARG(id));
}

static bool is_same(struct call *c, const struct value *a, const struct value *b)
{
    struct value *copy = value_struct(c->arena, a->shape);
    struct buf one, other;
    bool same;

    set_members(c->arena, copy, b);
    buf_init(&one, SHELF_BYTES_MAX);
    buf_init(&other, SHELF_BYTES_MAX);
    value_dump(&one, a);
    value_dump(&other, copy);
    same = str_eq(buf_str(&one), buf_str(&other));
    buf_done(&one);
    buf_done(&other);
    return same;
}

/* What is not said is as AWS takes it. */
static void defaults_set(struct value *config)
{
    struct str type = get_str(config, "Type");
    bool http = str_starts(type, STR("HTTP"));

    if (http || str_eq(type, STR("TCP"))) {
        if (!has(config, "RequestInterval")) {
            set_int(config, "RequestInterval", 30);
        }
        if (!has(config, "FailureThreshold")) {
            set_int(config, "FailureThreshold", 3);
        }
        if (!has(config, "MeasureLatency")) {
            set_bool(config, "MeasureLatency", false);
        }
        if (http && !has(config, "Port")) {
            set_int(config, "Port", str_starts(type, STR("HTTPS")) ? 443 : 80);
        }
        if (http && !has(config, "EnableSNI")) {
            set_bool(config, "EnableSNI", str_starts(type, STR("HTTPS")));
        }
    }
    if (!has(config, "Inverted")) {
        set_bool(config, "Inverted", false);
    }
    if (!has(config, "Disabled")) {
        set_bool(config, "Disabled", false);
    }
}

static status config_check(struct call *c, const struct value *config)
{
    struct str type = get_str(config, "Type");
    bool http = str_starts(type, STR("HTTP"));

    if ((http || str_eq(type, STR("TCP"))) && !has(config, "IPAddress") &&
        !has(config, "FullyQualifiedDomainName")) {
        return fail(c, &R53_INPUT, "Invalid parameter : Either IPAddress or "
                    "FullyQualifiedDomainName must be specified.");
    }
    if (str_ends(type, STR("_STR_MATCH")) != has(config, "SearchString")) {
        return fail(c, &R53_INPUT, "Invalid parameter : SearchString is for checks that match a "
                    "string.");
    }
    return OK;
}

/* CreateHealthCheck */
status r53_create_check(struct call *c)
{
    struct value *check = value_struct(c->arena, shelf_shape(ROUTE53_SERVICE, "GetHealthCheck",
                                                             "HealthCheck"));
    char *id = arena_alloc(c->arena, 36);
    struct value *config, *other, *same = NULL;
    struct txn_scan *scan;

    TRY(config_check(c, arg(c, "HealthCheckConfig")));
    config = set_struct(c->arena, check, "HealthCheckConfig");
    set_members(c->arena, config, arg(c, "HealthCheckConfig"));
    defaults_set(config);
    scan = checks_scan(c, STR_NONE);
    while ((other = checks_next(c, scan)) != NULL) {
        same = str_eq(get_str(other, "CallerReference"), arg_str(c, "CallerReference")) ? other
                                                                                       : same;
    }
    if (same != NULL && !is_same(c, config, get(same, "HealthCheckConfig"))) {
        return fail(c, &R53_CHECK_EXISTS, "A health check with the specified caller reference "
                    "already exists, with other settings.");
    }
    if (same == NULL) {
        rand_uuid(c->rand, id);
        set_str(check, "Id", str_of(id, 36));
        set_str(check, "CallerReference", arg_str(c, "CallerReference"));
        set_int(check, "HealthCheckVersion", 1);
        check_save(c, check);
        same = check;
    }
    set_value(c->out, "HealthCheck", same);
    put_str(c, "Location", arena_printf(c->arena,
                                        "https://route53.amazonaws.com/2013-04-01/healthcheck/"
                                        "%.*s", STR_ARG(get_str(same, "Id"))));
    return OK;
}

/* GetHealthCheck */
status r53_get_check(struct call *c)
{
    struct value *check;

    TRY(check_of_call(c, &check));
    set_value(c->out, "HealthCheck", check);
    return OK;
}

/* DeleteHealthCheck */
status r53_delete_check(struct call *c)
{
    struct value *check;

    TRY(check_of_call(c, &check));
    check_erase(c, get_str(check, "Id"));
    return OK;
}

static void elements_reset(struct call *c, struct value *config)
{
    const struct value *list = arg(c, "ResetElements");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        unset(config, arena_dup(c->arena, list->items[i].str).at);
    }
}

/* UpdateHealthCheck */
status r53_update_check(struct call *c)
{
    struct value *check, *config;
    int64_t version;

    TRY(check_of_call(c, &check));
    version = get_int(check, "HealthCheckVersion", 1);
    if (arg_int(c, "HealthCheckVersion", version) != version) {
        return fail(c, &R53_CHECK_VERSION, "The health check's version is %lld.",
                    (long long)version);
    }
    config = (struct value *)(uintptr_t)get(check, "HealthCheckConfig");
    elements_reset(c, config);
    set_members(c->arena, config, c->in);
    set_int(check, "HealthCheckVersion", version + 1);
    check_save(c, check);
    set_value(c->out, "HealthCheck", check);
    return OK;
}

/* GetHealthCheckCount */
status r53_get_check_count(struct call *c)
{
    struct txn_scan *scan = checks_scan(c, STR_NONE);
    int64_t count = 0;

    while (checks_next(c, scan) != NULL) {
        count++;
    }
    put_int(c, "HealthCheckCount", count);
    return OK;
}

/* ListHealthChecks */
status r53_list_checks(struct call *c)
{
    struct txn_scan *scan;
    struct value *list, *check;
    size_t count_max;

    TRY(max_items(c, LIST_PAGE, &count_max));
    list = put_list(c, "HealthChecks", count_max);
    put_bool(c, "IsTruncated", false);
    put_str(c, "Marker", arg_has(c, "Marker") ? arg_str(c, "Marker") : STR(""));
    scan = checks_scan(c, STR_NONE);
    while ((check = checks_next(c, scan)) != NULL) {
        if (arg_has(c, "Marker") && str_cmp(get_str(check, "Id"), arg_str(c, "Marker")) < 0) {
            continue;
        }
        if (list->count == count_max) {
            put_bool(c, "IsTruncated", true);
            put_str(c, "NextMarker", get_str(check, "Id"));
            txn_scan_close(scan);
            break;
        }
        set_members(c->arena, list_add(c->arena, list), check);
    }
    return OK;
}
