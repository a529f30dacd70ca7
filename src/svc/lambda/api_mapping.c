/* SPDX-License-Identifier: Apache-2.0
 *
 * Event source mappings: CreateEventSourceMapping, Delete…, Get…, List…, Update….
 *
 * The configuration is kept as the answer says it; what changes by itself (State,
 * LastProcessingResult) is told as it is at the moment. A mapping is at work when the call that
 * made it answers; its State then says "Creating", as on AWS, and "Enabled" ever after.
 */
#include "svc/lambda/mapping_ops.h"
#include "svc/lambda/ops.h"

#include "bus/hold.h"

#include <stdlib.h>

#define LIST_DEFAULT 100

static uint32_t config_of_mappings(void)
{
    return shape_of("GetEventSourceMapping", NULL);
}

/* ---- telling ---- */

static struct str state_of(const struct mapping *mapping)
{
    return mapping->deleting          ? STR("Deleting")
           : mapping->enabled         ? STR("Enabled")
           : mapping->batch_count > 0 ? STR("Disabling")
                                      : STR("Disabled");
}

static struct value *tell(struct call *c, const struct mapping *mapping, struct str state)
{
    struct value *config = value_of_json(c, mapping->config, config_of_mappings());
    bool shards = mapping->table->kind == SOURCE_SHARDS;

    set_str(config, "State", state);
    set_str(config, "StateTransitionReason",
            shards ? STR("User action") : STR("USER_INITIATED"));
    if (shards) {
        set_str(config, "LastProcessingResult", arena_dup(c->arena, str_c(mapping->result)));
    }
    return config;
}

static status of_call(struct call *c, struct mapping **ret_mapping)
{
    struct mapping *mapping = mapping_find(mappings_of(c), arg_str(c, "UUID"));

    if (mapping == NULL || !str_eq(mapping->target.account, c->account) ||
        !str_eq(mapping->target.region, c->region)) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND, "The resource you requested does not exist.");
    }
    call_on(c, arena_dup(c->arena, mapping->arn));
    *ret_mapping = mapping;
    return OK;
}

status mapping_check(struct call *c, struct str arn)
{
    const struct mapping *mapping = mapping_named(c, arn);

    return mapping != NULL && !mapping->deleting
               ? OK
               : lambda_fail(c, &LAMBDA_NOT_FOUND, "The resource you requested does not exist.");
}

/* ---- making ---- */

static struct target tags_target(struct call *c, const struct mapping *mapping)
{
    return (struct target){mapping->target.account, mapping->target.region,
                           arena_printf(c->arena, "event-source-mapping:%.*s", UUID_BYTES,
                                        mapping->uuid),
                           STR_NONE};
}

/* The function, by name; it is there. */
static status function_of_call(struct call *c, struct target *ret_target,
                               struct version *ret_version)
{
    TRY(target_read(c, arg_str(c, "FunctionName"), STR_NONE, ret_target));
    return version_find(c, ret_target, ret_version);
}

static bool is_for(const struct mapping *mapping, const struct target *target)
{
    return str_eq(mapping->target.account, target->account) &&
           str_eq(mapping->target.region, target->region) &&
           str_eq(mapping->target.name, target->name) &&
           str_eq(mapping->target.qualifier, target->qualifier);
}

static status twin_check(struct call *c, struct str source, const struct target *target,
                         const struct mapping *but)
{
    struct str uuid;
    void *value;

    for (size_t i = 0; map_next(mappings_of(c)->by_uuid, &i, &uuid, &value);) {
        const struct mapping *mapping = value;

        if (mapping != but && !mapping->deleting && str_eq(mapping->source, source) &&
            is_for(mapping, target)) {
            return lambda_fail(c, &LAMBDA_CONFLICT,
                               mapping->table->kind == SOURCE_QUEUE
                                   ? "An event source mapping with SQS arn (\" %.*s \") and "
                                     "function (\" %.*s \") already exists. Please update or "
                                     "delete the existing mapping with UUID %.*s"
                                   : "The event source arn (\" %.*s \") and function (\" %.*s \") "
                                     "provided mapping already exists. Please update or delete "
                                     "the existing mapping with UUID %.*s",
                               STR_ARG(source), STR_ARG(target->name), UUID_BYTES, mapping->uuid);
        }
    }
    return OK;
}

static void target_own(struct target *owned, const struct target *target)
{
    mapping_text_set(&owned->account, target->account);
    mapping_text_set(&owned->region, target->region);
    mapping_text_set(&owned->name, target->name);
    mapping_text_set(&owned->qualifier, target->qualifier);
}

/* It is kept as it is told, but for what changes by itself. */
static void keep(struct call *c, struct mapping *mapping, struct value *config)
{
    set_str(config, "FunctionArn", target_arn(c->arena, &mapping->target));
    set_time(config, "LastModified", c->now);
    (void)mapping_configure(c, mapping, json_of_value(c, config)); /* checked before */
    mapping_save(c, mapping);
}

static void put_positions(const struct call *c, struct value *config)
{
    if (arg_has(c, "StartingPosition")) {
        set_str(config, "StartingPosition", arg_str(c, "StartingPosition"));
    }
    if (arg_has(c, "StartingPositionTimestamp")) {
        set_time(config, "StartingPositionTimestamp",
                 get_time(c->in, "StartingPositionTimestamp", 0));
    }
}

/* CreateEventSourceMapping */
status lambda_create_mapping(struct call *c)
{
    struct value *config = value_struct(c->arena, config_of_mappings());
    struct str source = arg_str(c, "EventSourceArn");
    char *uuid = arena_alloc(c->arena, UUID_BYTES);
    struct source_about about;
    struct mapping *mapping;
    struct version version;
    struct target target;

    TRY(mapping_source_check(c, source, &about));
    TRY(function_of_call(c, &target, &version));
    TRY(mapping_config_check(c, config, &about, true));
    TRY(mapping_timeout_check(c, &about, &version));
    TRY(mapping_role_check(c, get_str(version.config, "Role"), source));
    TRY(twin_check(c, source, &target, NULL));
    TRY(tags_check(c, arg(c, "Tags")));
    rand_uuid(c->rand, uuid);
    mapping = mapping_new(mappings_of(c), str_of(uuid, UUID_BYTES));
    if (mapping == NULL) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "weir keeps at most %d event source mappings.",
                           MAPPINGS_MAX);
    }
    target_own(&mapping->target, &target);
    mapping->enabled = arg_bool(c, "Enabled", true);
    put_positions(c, config);
    set_str(config, "UUID", str_of(uuid, UUID_BYTES));
    set_str(config, "EventSourceArn", source);
    set_str(config, "EventSourceMappingArn",
            call_arn(c, "lambda", "event-source-mapping:%.*s", UUID_BYTES, uuid));
    keep(c, mapping, config);
    mapping_result(mapping, "No records processed");
    if (about.kind == SOURCE_SHARDS) {
        (void)shards_list(c, mapping); /* now, so that LATEST is now; else at the first look */
    }
    if (arg_has(c, "Tags") && arg(c, "Tags")->count > 0) {
        struct target tags = tags_target(c, mapping);

        setting_put_value(c, "tags", &tags, arg(c, "Tags"));
    }
    mapping_resume(c->cell, mapping);
    call_on(c, arena_dup(c->arena, mapping->arn));
    *c->out = *tell(c, mapping, STR("Creating"));
    return OK;
}

/* ---- reading ---- */

/* GetEventSourceMapping */
status lambda_get_mapping(struct call *c)
{
    struct mapping *mapping;

    TRY(of_call(c, &mapping));
    *c->out = *tell(c, mapping, state_of(mapping));
    return OK;
}

static int by_uuid(const void *a, const void *b)
{
    return memcmp((*(struct mapping *const *)a)->uuid, (*(struct mapping *const *)b)->uuid,
                  UUID_BYTES);
}

/* Whether the call lists it. */
static bool is_listed(const struct call *c, const struct mapping *mapping,
                      const struct target *target)
{
    struct str source = arg_str(c, "EventSourceArn");

    return str_eq(mapping->target.account, c->account) &&
           str_eq(mapping->target.region, c->region) &&
           (source.bytes == 0 || str_eq(source, mapping->source)) &&
           (target->name.bytes == 0 ||
            (str_eq(mapping->target.name, target->name) &&
             (target->qualifier.bytes == 0 ||
              str_eq(mapping->target.qualifier, target->qualifier)))) &&
           str_cmp(str_of(mapping->uuid, UUID_BYTES), arg_str(c, "Marker")) > 0;
}

/* ListEventSourceMappings */
status lambda_list_mappings(struct call *c)
{
    struct map *all = mappings_of(c)->by_uuid;
    struct mapping **sorted = arena_alloc(c->arena, (map_count(all) + 1) * sizeof(*sorted));
    int64_t count_max = arg_int(c, "MaxItems", LIST_DEFAULT);
    struct target target = {STR_NONE, STR_NONE, STR_NONE, STR_NONE};
    struct value *list;
    size_t count = 0;
    struct str uuid;
    void *value;

    if (arg_has(c, "FunctionName")) {
        TRY(target_read(c, arg_str(c, "FunctionName"), STR_NONE, &target));
    }
    count_max = count_max < LIST_DEFAULT ? count_max : LIST_DEFAULT;
    for (size_t i = 0; map_next(all, &i, &uuid, &value);) {
        if (is_listed(c, value, &target)) {
            sorted[count++] = value;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_uuid);
    list = put_list(c, "EventSourceMappings", (size_t)count_max);
    for (size_t i = 0; i < count && list->count < count_max; i++) {
        *list_add(c->arena, list) = *tell(c, sorted[i], state_of(sorted[i]));
    }
    if (count > list->count) {
        put_str(c, "NextMarker", get_str(&list->items[list->count - 1], "UUID"));
    }
    return OK;
}

/* ---- changing ---- */

static struct str changing(const struct call *c, const struct mapping *mapping)
{
    return !arg_has(c, "Enabled") || arg_bool(c, "Enabled", true) == mapping->enabled
               ? STR("Updating")
           : mapping->enabled ? STR("Disabling")
                              : STR("Enabling");
}

/* UpdateEventSourceMapping */
status lambda_update_mapping(struct call *c)
{
    struct source_about about;
    struct mapping *mapping;
    struct version version;
    struct target target;
    struct value *config;
    struct str state;

    TRY(of_call(c, &mapping));
    if (mapping->deleting) {
        return lambda_fail(c, &LAMBDA_IN_USE,
                           "Cannot update the event source mapping because it is in use.");
    }
    config = value_of_json(c, mapping->config, config_of_mappings());
    about = (struct source_about){.kind = mapping->table->kind, .fifo = mapping->fifo,
                                  .visibility_ms = INT64_MAX};
    (void)bus_source_about(c, mapping->source, &about); /* it may be gone */
    c->why.text[0] = '\0';
    TRY(mapping_config_check(c, config, &about, false));
    target = mapping->target;
    if (arg_has(c, "FunctionName")) {
        TRY(function_of_call(c, &target, &version));
        TRY(mapping_timeout_check(c, &about, &version));
        TRY(mapping_role_check(c, get_str(version.config, "Role"), mapping->source));
        TRY(twin_check(c, mapping->source, &target, mapping));
        target_own(&mapping->target, &target);
    }
    state = changing(c, mapping);
    mapping->enabled = arg_bool(c, "Enabled", mapping->enabled);
    keep(c, mapping, config);
    mapping_resume(c->cell, mapping);
    *c->out = *tell(c, mapping, state);
    return OK;
}

/* DeleteEventSourceMapping */
status lambda_delete_mapping(struct call *c)
{
    struct mapping *mapping;
    struct target tags;

    TRY(of_call(c, &mapping));
    tags = tags_target(c, mapping);
    setting_delete(c, "tags", &tags);
    mapping_delete(c, mapping);
    *c->out = *tell(c, mapping, STR("Deleting"));
    return OK;
}
