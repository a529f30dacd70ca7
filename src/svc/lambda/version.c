/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions of functions: finding one, aliases followed; what changes with every change; publishing.
 *
 * A publication is of $LATEST as it is. Whether that is another than the newest version is told by
 * a digest of code and configuration that each published version keeps of the $LATEST it was made
 * of (version.origin).
 */
#include "base/codec.h"
#include "base/time.h"
#include "cell/cell.h"
#include "svc/lambda/package.h"

#include <assert.h>

/* ---- shapes ---- */

uint32_t shape_of(const char *operation, const char *member)
{
    const struct service_model *service = model_service(STR("lambda"));
    const struct operation *found = model_operation(service, str_c(operation));
    const struct shape *output;
    int index;

    assert(found != NULL);
    if (member == NULL) {
        return found->output;
    }
    output = model_shape(found->output);
    index = model_member_index(output, str_c(member));
    return index < 0 ? 0 : model_members[output->first + (uint32_t)index].shape;
}

uint32_t config_shape(void)
{
    return shape_of("GetFunctionConfiguration", NULL);
}

/* ---- finding ---- */

static status not_found(struct call *c, const struct target *target)
{
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "Function not found: %.*s",
                       STR_ARG(target_arn(c->arena, target)));
}

/* The version that this call of the alias is for. */
static struct str alias_choose(struct call *c, const struct value *alias)
{
    const struct value *routing = get(alias, "RoutingConfig");
    const struct value *weights =
        routing == NULL ? NULL : get(routing, "AdditionalVersionWeights");
    double drawn;

    if (weights == NULL || weights->count == 0) {
        return get_str(alias, "FunctionVersion");
    }
    drawn = (double)rand_below(c->rand, UINT64_C(1) << 32) / (double)(UINT64_C(1) << 32);
    for (uint32_t i = 0; i < weights->count; i++) {
        const struct value *weight = &weights->pairs[i].value;

        drawn -= weight->kind == VALUE_INT ? (double)weight->number : weight->real;
        if (drawn < 0) {
            return weights->pairs[i].key;
        }
    }
    return get_str(alias, "FunctionVersion");
}

status version_find(struct call *c, const struct target *target, struct version *ret_version)
{
    struct value *alias;
    uint64_t number;

    if (!qualifier_is_version(target->qualifier, &number)) {
        if (!setting_get_value(c, "alias", target, shape_of("GetAlias", NULL), &alias)) {
            return not_found(c, target);
        }
        bool good = qualifier_is_version(alias_choose(c, alias), &number);

        assert(good);
    }
    return version_get(c, target, number, ret_version) ? OK : not_found(c, target);
}

/* ---- changing ---- */

struct str revision_new(struct call *c)
{
    char *uuid = arena_alloc(c->arena, 36);

    rand_uuid(c->rand, uuid);
    return str_of(uuid, 36);
}

status revision_check(struct call *c, struct str is, const char *source)
{
    if (arg_has(c, "RevisionId") && !str_eq(arg_str(c, "RevisionId"), is)) {
        return lambda_fail(c, &LAMBDA_PRECONDITION,
                           "The Revision Id provided does not match the latest Revision Id. Call "
                           "the %s API to retrieve the latest Revision Id",
                           source);
    }
    return OK;
}

struct str lambda_time(struct arena *arena, int64_t moment_ms)
{
    struct time_parts at = time_parts_of(moment_ms);

    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+0000", at.year, at.month,
                        at.day, at.hour, at.minute, at.second, at.ms);
}

void version_touch(struct call *c, struct version *version)
{
    version->serial = rand_u64(c->rand);
    set_str(version->config, "RevisionId", revision_new(c));
    set_str(version->config, "LastModified", lambda_time(c->arena, c->now));
}

struct str version_digest(struct call *c, const struct version *version)
{
    struct value plain = *version->config;
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);

    plain.items = arena_alloc(c->arena, plain.count * sizeof(plain.items[0]));
    memcpy(plain.items, version->config->items, plain.count * sizeof(plain.items[0]));
    set_str(&plain, "RevisionId", STR_NONE);
    set_str(&plain, "LastModified", STR_NONE);
    sha256(json_of_value(c, &plain), sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, 2 * SHA256_BYTES);
}

/* ---- publishing ---- */

static void publish_make(struct call *c, const struct version *latest, struct str description,
                         struct version *made)
{
    struct target target;

    made->config = value_of_json(c, json_of_value(c, latest->config), config_shape());
    made->target.qualifier = arena_printf(c->arena, "%llu", (unsigned long long)made->number);
    target = made->target;
    set_str(made->config, "FunctionArn", target_arn(c->arena, &target));
    set_str(made->config, "Version", made->target.qualifier);
    if (description.at != NULL) {
        set_str(made->config, "Description", description);
    }
    if (get(made->config, "SnapStart") != NULL) {
        struct value *snap = set_struct(c->arena, made->config, "SnapStart");
        const struct value *was = get(latest->config, "SnapStart");
        bool on = str_eq(get_str(was, "ApplyOn"), STR("PublishedVersions"));

        set_str(snap, "ApplyOn", get_str(was, "ApplyOn"));
        set_str(snap, "OptimizationStatus", on ? STR("On") : STR("Off"));
    }
    version_touch(c, made);
    package_hold(c, made->code);
    usage_add(c, &made->target, 0, get_int(made->config, "CodeSize", 0));
    for (size_t i = 0; i < made->layer_count; i++) {
        package_hold(c, made->layers[i]);
    }
    version_put(c, made);
}

void version_publish(struct call *c, const struct version *latest, struct str description,
                     struct version *ret_version)
{
    struct str digest = version_digest(c, latest);
    struct function function;
    bool there = function_get(c, &latest->target, &function);

    assert(there);
    if (function.last_version > 0 &&
        version_get(c, &latest->target, function.last_version, ret_version) &&
        str_eq(ret_version->origin, digest)) {
        return;
    }
    function.last_version++;
    *ret_version = *latest;
    ret_version->number = function.last_version;
    ret_version->origin = digest;
    publish_make(c, latest, description, ret_version);
    function_put(c, &latest->target, &function);
}
