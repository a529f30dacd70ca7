/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of parameters; nobody else knows them. Records are trees (cell/shelf.h).
 *
 *   ("ssm", "parameter", account, region, name)        an item of DescribeParameters
 *   ("ssm", "version", account, region, name, number)  an item of GetParameterHistory
 *   ("ssm", "tags", account, region, name)             ListTagsForResource
 *   ("ssm", "policy", account, region, name)           an item of GetResourcePolicies
 */
#include "cell/cell.h"
#include "svc/ssm/ssm_int.h"

static uint32_t about_shape(void)
{
    return shelf_shape(SSM_SERVICE, "DescribeParameters", "Parameters");
}

static uint32_t version_shape(void)
{
    return shelf_shape(SSM_SERVICE, "GetParameterHistory", "Parameters");
}

static struct key key_in(struct arena *arena, const char *kind, const struct parameter *parameter)
{
    struct key key = key_of(arena, SSM_SERVICE);

    key_str(&key, str_c(kind));
    key_str(&key, parameter->account);
    key_str(&key, parameter->region);
    key_str(&key, parameter->name);
    return key;
}

static struct str row(struct call *c, const char *kind, const struct parameter *parameter)
{
    struct key key = key_in(c->arena, kind, parameter);

    return key_end(&key);
}

/* ---- parameters ---- */

struct str parameter_arn(struct call *c, struct str name)
{
    return call_arn(c, SSM_SERVICE, "parameter%s%.*s", str_starts(name, STR("/")) ? "" : "/",
                    STR_ARG(name));
}

struct value *parameter_about_new(struct call *c)
{
    return value_struct(c->arena, about_shape());
}

static bool load(struct call *c, struct parameter *parameter)
{
    parameter->about = shelf_get(c, row(c, "parameter", parameter), about_shape());
    return parameter->about != NULL;
}

bool parameter_of_name(struct call *c, struct str name, struct parameter *ret_parameter)
{
    struct parameter parameter = {c->account, c->region, name, NULL};

    if (!load(c, &parameter)) {
        return false;
    }
    *ret_parameter = parameter;
    return true;
}

/* Account, region and name behind "parameter", with its slash. */
static bool place_of_arn(struct str text, struct parameter *ret_place)
{
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR(SSM_SERVICE)) ||
        !str_starts(arn.resource, STR("parameter/"))) {
        return false;
    }
    *ret_place = (struct parameter){
        arn.account, arn.region,
        str_slice(arn.resource, STR("parameter").bytes, arn.resource.bytes), NULL};
    return true;
}

status parameter_of_text(struct call *c, struct str text, struct parameter *ret_parameter)
{
    struct parameter place;

    if (!str_starts(text, STR("arn:"))) {
        return parameter_of_name(c, text, ret_parameter) ? OK : fail(c, &SSM_NOT_FOUND, "%s", "");
    }
    if (place_of_arn(text, &place)) {
        bool found = load(c, &place);

        if (!found) { /* a name without a slash */
            place.name = str_slice(place.name, 1, place.name.bytes);
            found = load(c, &place);
        }
        if (found) {
            *ret_parameter = place;
            return OK;
        }
    }
    return fail(c, &SSM_NOT_FOUND, "%s", "");
}

struct value *parameter_peek(struct cell *cell, struct arena *arena, struct str arn,
                             struct parameter *ret_place)
{
    struct parameter place;
    struct value *about;
    struct key key;

    if (!place_of_arn(arn, &place)) {
        return NULL;
    }
    key = key_in(arena, "parameter", &place);
    about = shelf_peek(cell, arena, key_end(&key), about_shape());
    if (about == NULL) {
        place.name = str_slice(place.name, 1, place.name.bytes);
        key = key_in(arena, "parameter", &place);
        about = shelf_peek(cell, arena, key_end(&key), about_shape());
    }
    *ret_place = place;
    return about;
}

void parameter_save(struct call *c, const struct parameter *parameter)
{
    shelf_put(c, row(c, "parameter", parameter), parameter->about);
    call_on(c, get_str(parameter->about, "ARN"));
}

static void erase(struct call *c, struct str key)
{
    struct str packed;

    if (txn_get(c->txn, key, &packed)) {
        txn_delete(c->txn, key);
    }
}

void parameter_purge(struct call *c, const struct parameter *parameter)
{
    struct txn_scan *scan = versions_scan(c, parameter);
    struct str key, packed;

    while (txn_scan_next(scan, &key, &packed)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
    erase(c, row(c, "tags", parameter));
    erase(c, row(c, "policy", parameter));
    txn_delete(c->txn, row(c, "parameter", parameter));
    call_on(c, get_str(parameter->about, "ARN"));
}

struct txn_scan *parameters_scan(struct call *c, struct str prefix, struct str after)
{
    struct parameter first = {c->account, c->region, prefix, NULL};
    struct key key = key_in(c->arena, "parameter", &first);
    struct str begin = str_of(key.at, key.bytes - 2); /* the name may go on */
    struct str to = key_after_prefix(c->arena, begin);

    if (str_cmp(after, prefix) < 0) {
        return txn_scan(c->txn, begin, to, false);
    }
    first.name = after;
    key = key_in(c->arena, "parameter", &first);
    key_u64(&key, 0); /* just behind that name */
    return txn_scan(c->txn, key_end(&key), to, false);
}

bool parameters_next(struct call *c, struct txn_scan *scan, struct parameter *ret_parameter)
{
    struct parameter parameter = {.account = c->account, .region = c->region};
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return false;
    }
    parameter.about = shelf_read(c->arena, packed, about_shape());
    parameter.name = get_str(parameter.about, "Name");
    *ret_parameter = parameter;
    return true;
}

/* ---- versions ---- */

static struct str version_row(struct call *c, const struct parameter *parameter, int64_t number)
{
    struct key key = key_in(c->arena, "version", parameter);

    key_u64(&key, (uint64_t)number);
    return key_end(&key);
}

struct value *version_new(struct call *c)
{
    return value_struct(c->arena, version_shape());
}

struct value *version_load(struct call *c, const struct parameter *parameter, int64_t number)
{
    return shelf_get(c, version_row(c, parameter, number), version_shape());
}

void version_save(struct call *c, const struct parameter *parameter, const struct value *version)
{
    shelf_put(c, version_row(c, parameter, get_int(version, "Version", 0)), version);
}

void version_erase(struct call *c, const struct parameter *parameter, int64_t number)
{
    erase(c, version_row(c, parameter, number));
}

struct txn_scan *versions_scan(struct call *c, const struct parameter *parameter)
{
    return txn_scan_prefix(c->txn, row(c, "version", parameter));
}

struct value *versions_next(struct call *c, struct txn_scan *scan)
{
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return NULL;
    }
    return shelf_read(c->arena, packed, version_shape());
}

/* ---- tags, policies ---- */

static uint32_t tags_shape(void)
{
    return shelf_shape(SSM_SERVICE, "ListTagsForResource", "");
}

struct value *tags_load(struct call *c, const struct parameter *parameter)
{
    struct value *tags = shelf_get(c, row(c, "tags", parameter), tags_shape());

    return tags != NULL ? tags : value_struct(c->arena, tags_shape());
}

struct value *tags_peek(struct cell *cell, struct arena *arena, const struct parameter *place)
{
    struct key key = key_in(arena, "tags", place);

    return shelf_peek(cell, arena, key_end(&key), tags_shape());
}

void tags_save(struct call *c, const struct parameter *parameter, const struct value *tags)
{
    shelf_put(c, row(c, "tags", parameter), tags);
}

static uint32_t policy_shape(void)
{
    return shelf_shape(SSM_SERVICE, "GetResourcePolicies", "Policies");
}

struct value *policy_load(struct call *c, const struct parameter *parameter)
{
    return shelf_get(c, row(c, "policy", parameter), policy_shape());
}

struct value *policy_peek(struct cell *cell, struct arena *arena, const struct parameter *place)
{
    struct key key = key_in(arena, "policy", place);

    return shelf_peek(cell, arena, key_end(&key), policy_shape());
}

void policy_save(struct call *c, const struct parameter *parameter, const struct value *policy)
{
    shelf_put(c, row(c, "policy", parameter), policy);
}

void policy_erase(struct call *c, const struct parameter *parameter)
{
    erase(c, row(c, "policy", parameter));
}
