/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of log groups.
 */
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"


static const uint32_t retentions[] = {1,   3,   5,   7,    14,   30,   60,   90,
                                      120, 150, 180, 365,  400,  545,  731,  1096,
                                      1827, 2192, 2557, 2922, 3288, 3653};

/* ---- making and deleting ---- */

static status class_check(struct call *c, uint8_t class)
{
    if (class == CLASS_DELIVERY) {
        return fail(c, &LOGS_INVALID,
                    "weir has no vended logs: groups of class DELIVERY are not there.");
    }
    return OK;
}

/* CreateLogGroup */
status logs_create_group(struct call *c)
{
    uint8_t class = class_of(arg_str(c, "logGroupClass"));
    struct group *group =
        group_find(groups_of(c), c->account, c->region, arg_str(c, "logGroupName"));
    struct str arn;

    if (group != NULL) {
        return fail(c, &LOGS_EXISTS, "The specified log group already exists");
    }
    if (str_starts(arg_str(c, "logGroupName"), STR("aws/"))) {
        return fail(c, &LOGS_INVALID, "Log groups starting with AWS/ are reserved for AWS.");
    }
    TRY(class_check(c, class));
    arn = call_arn(c, "logs", "log-group:%.*s", STR_ARG(arg_str(c, "logGroupName")));
    TRY(tags_check(c, arn, arg(c, "tags"), &LOGS_INVALID));
    group = group_create(c, arg_str(c, "logGroupName"), class);
    if (group == NULL) {
        return fail(c, &LOGS_LIMIT, "Resource limit exceeded.");
    }
    text_set(&group->key_id, arg_str(c, "kmsKeyId"));
    group->protected = arg_bool(c, "deletionProtectionEnabled", false);
    group_save(c, group);
    tags_set(c, arn, arg(c, "tags"));
    call_on(c, arn);
    return OK;
}

/* DeleteLogGroup */
status logs_delete_group(struct call *c)
{
    struct group *group;
    struct str arn;

    TRY(group_of_call(c, &group));
    if (group->protected) {
        return fail(c, &LOGS_VALIDATION,
                    "The log group cannot be deleted because deletion protection is enabled for "
                    "it. Disable deletion protection first.");
    }
    arn = group_arn(c, group);
    group_erase(c, group);
    metric_filters_erase(c, group);
    tags_erase(c, arn);
    gone_group(c, group->log);
    txn_log_drop(c->txn, group->log);
    sweep_soon(c);
    group_remove(groups_of(c), group);
    waiters_wake(c->cell, &groups_of(c)->tails);
    call_on(c, arn);
    return OK;
}

/* PutLogGroupDeletionProtection */
status logs_put_protection(struct call *c)
{
    struct group *group;

    TRY(group_of_identifier(c, arg_str(c, "logGroupIdentifier"), &group));
    group->protected = arg_bool(c, "deletionProtectionEnabled", false);
    group_save(c, group);
    call_on(c, group_arn(c, group));
    return OK;
}

/* ---- telling ---- */

static void put_group(struct call *c, struct value *item, const struct group *group)
{
    struct str arn = group_arn(c, group);
    struct log_state state = txn_log_state(c->txn, group->log);

    set_str(item, "logGroupName", group->name);
    set_int(item, "creationTime", group->created_ms);
    if (group->retention_days > 0) {
        set_int(item, "retentionInDays", group->retention_days);
    }
    set_int(item, "metricFilterCount", group->metric_filters);
    set_str(item, "arn", arena_printf(c->arena, "%.*s:*", STR_ARG(arn)));
    set_int(item, "storedBytes", (int64_t)state.bytes);
    if (group->key_id.bytes > 0) {
        set_str(item, "kmsKeyId", group->key_id);
    }
    set_str(item, "logGroupClass", class_text(group->class));
    set_str(item, "logGroupArn", arn);
    set_bool(item, "deletionProtectionEnabled", group->protected);
}

static bool has_class(const struct call *c, const struct group *group)
{
    return !arg_has(c, "logGroupClass") ||
           str_eq(arg_str(c, "logGroupClass"), class_text(group->class));
}

static status describe_named(struct call *c, const struct value *identifiers)
{
    struct value *list = put_list(c, "logGroups", identifiers->count);

    for (uint32_t i = 0; i < identifiers->count; i++) {
        struct group *group;

        if (group_of_identifier(c, identifiers->items[i].str, &group) == OK) {
            put_group(c, list_add(c->arena, list), group);
        }
    }
    c->why.text[0] = '\0';
    return OK;
}

/* DescribeLogGroups */
status logs_describe_groups(struct call *c)
{
    size_t limit = limit_of_call(c, "limit", PAGE_DEFAULT);
    struct str pattern = arg_str(c, "logGroupNamePattern");
    struct txn_scan *scan;
    struct value *list;
    struct group *group;
    struct str after;

    if (arg_has(c, "logGroupNamePrefix") && arg_has(c, "logGroupNamePattern")) {
        return fail(c, &LOGS_INVALID,
                    "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
                    "parameters.");
    }
    if (arg_has(c, "logGroupIdentifiers")) {
        return describe_named(c, arg(c, "logGroupIdentifiers"));
    }
    TRY(token_read(c, "nextToken", &after));
    list = put_list(c, "logGroups", limit);
    scan = groups_scan(c, arg_str(c, "logGroupNamePrefix"), after);
    while ((group = groups_next(c, scan)) != NULL) {
        if (str_find_str(group->name, pattern) == group->name.bytes && pattern.bytes > 0) {
            continue;
        }
        if (!has_class(c, group)) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "nextToken",
                    token_of(c, get_str(&list->items[limit - 1], "logGroupName")));
            txn_scan_close(scan);
            break;
        }
        put_group(c, list_add(c->arena, list), group);
    }
    return OK;
}

/* One of up to five pieces, each a part of the name, or with '^' its beginning. */
static bool name_fits(struct str name, struct str pattern)
{
    struct str rest = pattern;

    while (rest.at != NULL) {
        struct str piece = str_split(&rest, '|');

        if (str_starts(piece, STR("^")) ? str_starts(name, str_slice(piece, 1, piece.bytes))
                                        : str_find_str(name, piece) < name.bytes) {
            return true;
        }
    }
    return pattern.bytes == 0;
}

static bool has_tags(struct call *c, const struct group *group, const struct value *tags)
{
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        const struct value *values = get(&tags->items[i], "values");
        bool found = false;
        struct str value;

        if (!tag_load(c, group_arn(c, group), get_str(&tags->items[i], "key"), &value)) {
            return false;
        }
        for (uint32_t k = 0; values != NULL && k < values->count; k++) {
            found |= str_eq(values->items[k].str, value);
        }
        if (values != NULL && values->count > 0 && !found) {
            return false;
        }
    }
    return true;
}

/* ListLogGroups */
status logs_list_groups(struct call *c)
{
    size_t limit = limit_of_call(c, "limit", PAGE_DEFAULT);
    bool nothing = arg_has(c, "dataSources") || arg_has(c, "fieldIndexNames");
    struct txn_scan *scan;
    struct value *list;
    struct group *group;
    struct str after;

    TRY(token_read(c, "nextToken", &after));
    list = put_list(c, "logGroups", limit);
    if (nothing) {
        return OK; /* no group has a source or an index */
    }
    scan = groups_scan(c, STR_NONE, after);
    while ((group = groups_next(c, scan)) != NULL) {
        struct value *item;

        if (!name_fits(group->name, arg_str(c, "logGroupNamePattern")) || !has_class(c, group) ||
            !has_tags(c, group, arg(c, "logGroupTags"))) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "nextToken",
                    token_of(c, get_str(&list->items[limit - 1], "logGroupName")));
            txn_scan_close(scan);
            break;
        }
        item = list_add(c->arena, list);
        set_str(item, "logGroupName", group->name);
        set_str(item, "logGroupArn", group_arn(c, group));
        set_str(item, "logGroupClass", class_text(group->class));
    }
    return OK;
}

/* ---- settings ---- */

static bool is_retention(int64_t days)
{
    for (size_t i = 0; i < sizeof(retentions) / sizeof(retentions[0]); i++) {
        if (retentions[i] == days) {
            return true;
        }
    }
    return false;
}

static status retention_set(struct call *c, struct group *group, uint32_t days)
{
    group->retention_days = days;
    group->expires_ms = 0;
    group_save(c, group);
    call_on(c, group_arn(c, group));
    return OK;
}

/* PutRetentionPolicy */
status logs_put_retention(struct call *c)
{
    int64_t days = arg_int(c, "retentionInDays", 0);
    struct group *group;

    TRY(group_of_call(c, &group));
    if (!is_retention(days)) {
        return fail(c, &LOGS_INVALID,
                    "1 validation error detected: Value '%lld' at 'retentionInDays' failed to "
                    "satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, "
                    "60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, "
                    "3288, 3653]",
                    (long long)days);
    }
    return retention_set(c, group, (uint32_t)days);
}

/* DeleteRetentionPolicy */
status logs_delete_retention(struct call *c)
{
    struct group *group;

    TRY(group_of_call(c, &group));
    return retention_set(c, group, 0);
}

/* By logGroupName or resourceIdentifier; results of queries have no key in weir. */
static status group_for_key(struct call *c, struct group **ret_group)
{
    if (arg_has(c, "logGroupName") == arg_has(c, "resourceIdentifier")) {
        return fail(c, &LOGS_INVALID,
                    "Either logGroupName or resourceIdentifier is required, and not both.");
    }
    return arg_has(c, "logGroupName")
               ? group_of_call(c, ret_group)
               : group_of_identifier(c, arg_str(c, "resourceIdentifier"), ret_group);
}

static status key_set(struct call *c, struct group *group, struct str key_id)
{
    text_set(&group->key_id, key_id);
    group_save(c, group);
    call_on(c, group_arn(c, group));
    return OK;
}

/* AssociateKmsKey */
status logs_associate_key(struct call *c)
{
    struct group *group;

    TRY(group_for_key(c, &group));
    return key_set(c, group, arg_str(c, "kmsKeyId"));
}

/* DisassociateKmsKey */
status logs_disassociate_key(struct call *c)
{
    struct group *group;

    TRY(group_for_key(c, &group));
    return key_set(c, group, STR_NONE);
}
