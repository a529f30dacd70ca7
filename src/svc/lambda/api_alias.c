/* SPDX-License-Identifier: Apache-2.0
 *
 * Aliases: a name for a version, with a weight for a second one. A row is shaped as
 * AliasConfiguration.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

#define ALIASES_PAGE 50

static const struct value *weights_of(const struct value *alias)
{
    const struct value *routing = get(alias, "RoutingConfig");

    return routing == NULL ? NULL : get(routing, "AdditionalVersionWeights");
}

bool alias_uses(const struct value *alias, struct str version)
{
    const struct value *weights = weights_of(alias);

    return str_eq(get_str(alias, "FunctionVersion"), version) ||
           (weights != NULL && map_find(weights, version) != NULL);
}

/* ---- checks ---- */

static status version_there(struct call *c, const struct target *target, struct str qualifier)
{
    struct target wanted = target_with(target, qualifier);
    uint64_t number;

    if (qualifier_is_version(qualifier, &number) && version_is(c, target, number)) {
        return OK;
    }
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "Function not found: %.*s",
                       STR_ARG(target_arn(c->arena, &wanted)));
}

/* What the call says of weights, for an alias of that version. */
static status routing_check(struct call *c, const struct target *target, struct str version)
{
    const struct value *weights = arg_has(c, "RoutingConfig") ? weights_of(c->in) : NULL;
    struct str other;

    if (weights == NULL || weights->count == 0) {
        return OK;
    }
    if (weights->count > 1) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Number of items in AdditionalVersionWeights cannot be greater than 1");
    }
    other = weights->pairs[0].key;
    if (str_eq(other, version)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Invalid function version %.*s. Function version %.*s is already "
                           "included in routing configuration.", STR_ARG(other), STR_ARG(other));
    }
    if (qualifier_is_latest(version)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "$LATEST is not supported for an alias pointing to more than 1 version");
    }
    return version_there(c, target, other);
}

/* Function and alias that the call names; NULL: there is none of that name. */
static status alias_of_call(struct call *c, struct target *ret_target, struct value **ret_alias)
{
    TRY(target_of_call(c, ret_target));
    ret_target->qualifier = arg_str(c, "Name");
    call_on(c, target_arn(c->arena, ret_target));
    if (!setting_get_value(c, "alias", ret_target, shape_of("GetAlias", NULL), ret_alias)) {
        *ret_alias = NULL;
    }
    return OK;
}

static status no_alias(struct call *c, const struct target *target)
{
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "Cannot find alias arn: %.*s",
                       STR_ARG(target_arn(c->arena, target)));
}

/* ---- operations ---- */

static void alias_apply(struct call *c, struct value *alias)
{
    if (arg_has(c, "FunctionVersion")) {
        set_str(alias, "FunctionVersion", arg_str(c, "FunctionVersion"));
    }
    if (arg_has(c, "Description")) {
        set_str(alias, "Description", arg_str(c, "Description"));
    }
    if (arg_has(c, "RoutingConfig")) {
        const struct value *weights = weights_of(c->in);

        set_value(alias, "RoutingConfig",
                  weights != NULL && weights->count > 0 ? arg(c, "RoutingConfig")
                                                        : &(struct value){.kind = VALUE_NONE});
    }
    set_str(alias, "RevisionId", revision_new(c));
}

/* CreateAlias */
status lambda_create_alias(struct call *c)
{
    struct target target;
    struct value *alias;

    TRY(alias_of_call(c, &target, &alias));
    TRY(version_there(c, &target, arg_str(c, "FunctionVersion")));
    if (alias != NULL) {
        return lambda_fail(c, &LAMBDA_CONFLICT, "Alias already exists: %.*s",
                           STR_ARG(target_arn(c->arena, &target)));
    }
    TRY(routing_check(c, &target, arg_str(c, "FunctionVersion")));
    put_str(c, "AliasArn", target_arn(c->arena, &target));
    put_str(c, "Name", target.qualifier);
    put_str(c, "Description", STR(""));
    alias_apply(c, c->out);
    setting_put_value(c, "alias", &target, c->out);
    return OK;
}

/* UpdateAlias */
status lambda_update_alias(struct call *c)
{
    struct target target;
    struct value *alias;
    struct str version;

    TRY(alias_of_call(c, &target, &alias));
    if (alias == NULL) {
        return no_alias(c, &target);
    }
    TRY(revision_check(c, get_str(alias, "RevisionId"), "GetFunction/GetAlias"));
    version = arg_has(c, "FunctionVersion") ? arg_str(c, "FunctionVersion")
                                            : get_str(alias, "FunctionVersion");
    TRY(version_there(c, &target, version));
    TRY(routing_check(c, &target, version));
    alias_apply(c, alias);
    setting_put_value(c, "alias", &target, alias);
    *c->out = *alias;
    live_changed(c, &target);
    return OK;
}

/* GetAlias */
status lambda_get_alias(struct call *c)
{
    struct target target;
    struct value *alias;

    TRY(alias_of_call(c, &target, &alias));
    if (alias == NULL) {
        return no_alias(c, &target);
    }
    *c->out = *alias;
    return OK;
}

/* DeleteAlias: fine when there is none. */
status lambda_delete_alias(struct call *c)
{
    struct target target;
    struct value *alias;

    TRY(alias_of_call(c, &target, &alias));
    if (alias != NULL) {
        urls_forget(c, &target);
        settings_erase(c, &target);
        live_deleted(c, &target);
    }
    return OK;
}

/* ListAliases */
status lambda_list_aliases(struct call *c)
{
    size_t max = page_size(c, ALIASES_PAGE);
    struct value *list = put_list(c, "Aliases", max);
    struct str last = STR_NONE;
    struct setting_scan *scan;
    struct target target;
    struct target found;
    struct str json;

    TRY(target_of_call(c, &target));
    TRY(marker_read(c, &target.qualifier));
    scan = setting_scan(c, "alias", &target);
    while (setting_scan_next(scan, &found, &json)) {
        struct value *alias = value_of_json(c, json, shape_of("GetAlias", NULL));

        if (arg_has(c, "FunctionVersion") && !alias_uses(alias, arg_str(c, "FunctionVersion"))) {
            continue;
        }
        if (list->count == max) {
            put_str(c, "NextMarker", last);
            break;
        }
        last = found.qualifier;
        *list_add(c->arena, list) = *alias;
    }
    setting_scan_close(scan);
    return OK;
}
