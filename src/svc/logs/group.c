/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups in memory, and how groups and streams are named and found.
 *
 * A group's ARN is arn:aws:logs:REGION:ACCOUNT:log-group:NAME, which AWS also writes with ":*"
 * behind it; a stream's goes on with :log-stream:STREAM.
 */
#include "base/mem.h"
#include "svc/logs/keys.h"

#include <stdio.h>

#define GROUP_KEY_BYTES_MAX 640

static const char *const classes[] = {"STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"};

struct str class_text(uint8_t class)
{
    return str_c(classes[class]);
}

uint8_t class_of(struct str text)
{
    for (uint32_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (str_eq(text, str_c(classes[i]))) {
            return (uint8_t)i;
        }
    }
    return CLASS_STANDARD;
}

/* ---- in memory ---- */

struct group *group_new(struct str account, struct str region, struct str name)
{
    struct group *group = MEM_NEW(struct group);

    text_set(&group->account, account);
    text_set(&group->region, region);
    text_set(&group->name, name);
    return group;
}

void subscription_free(struct subscription *subscription)
{
    text_set(&subscription->name, STR_NONE);
    text_set(&subscription->pattern, STR_NONE);
    text_set(&subscription->destination, STR_NONE);
    text_set(&subscription->role, STR_NONE);
    filter_free(subscription->filter);
    mem_free(subscription);
}

void group_free(struct group *group)
{
    for (size_t i = 0; i < group->subscription_count; i++) {
        subscription_free(group->subscriptions[i]);
    }
    text_set(&group->account, STR_NONE);
    text_set(&group->region, STR_NONE);
    text_set(&group->name, STR_NONE);
    text_set(&group->key_id, STR_NONE);
    mem_free(group);
}

/* Names of groups have slashes; they come last, so a key still says one thing only. */
static struct str key_of_name(char out[GROUP_KEY_BYTES_MAX], struct str account, struct str region,
                              struct str name)
{
    if (account.bytes + region.bytes + name.bytes + 2 > GROUP_KEY_BYTES_MAX) {
        return STR("/"); /* nobody's */
    }
    return str_of(out, (size_t)snprintf(out, GROUP_KEY_BYTES_MAX, "%.*s/%.*s/%.*s",
                                        STR_ARG(account), STR_ARG(region), STR_ARG(name)));
}

bool group_enter(struct log_groups *logs, struct group *group)
{
    char key[GROUP_KEY_BYTES_MAX];

    return map_set(logs->groups, key_of_name(key, group->account, group->region, group->name),
                   group, NULL);
}

void group_remove(struct log_groups *logs, struct group *group)
{
    char key[GROUP_KEY_BYTES_MAX];

    (void)map_remove(logs->groups,
                     key_of_name(key, group->account, group->region, group->name));
    group_free(group);
}

struct group *group_find(const struct log_groups *logs, struct str account, struct str region,
                         struct str name)
{
    char key[GROUP_KEY_BYTES_MAX];

    return map_get(logs->groups, key_of_name(key, account, region, name));
}

struct subscription *subscription_find(const struct group *group, struct str name)
{
    for (size_t i = 0; i < group->subscription_count; i++) {
        if (str_eq(group->subscriptions[i]->name, name)) {
            return group->subscriptions[i];
        }
    }
    return NULL;
}

int64_t group_horizon_ms(const struct call *c, const struct group *group)
{
    return group->retention_days == 0 ? 0 : c->now - group->retention_days * MS_PER_DAY;
}

/* ---- finding ---- */

static __attribute__((returns_nonnull)) status no_group(struct call *c)
{
    return fail(c, &LOGS_NOT_FOUND, "The specified log group does not exist.");
}

status group_of_call(struct call *c, struct group **ret_group)
{
    struct group *group =
        group_find(groups_of(c), c->account, c->region, arg_str(c, "logGroupName"));

    if (group == NULL) {
        return no_group(c);
    }
    *ret_group = group;
    return OK;
}

status group_of_identifier(struct call *c, struct str identifier, struct group **ret_group)
{
    struct group *group = NULL;
    struct arn arn;

    if (!str_starts(identifier, STR("arn:"))) {
        group = group_find(groups_of(c), c->account, c->region, identifier);
    } else if (!arn_read(identifier, &arn) || !str_eq(arn.service, STR("logs")) ||
               !str_starts(arn.resource, STR("log-group:"))) {
        return fail(c, &LOGS_INVALID, "The specified log group identifier is not valid: %.*s",
                    STR_ARG(identifier));
    } else {
        struct str name = str_slice(arn.resource, STR("log-group:").bytes, arn.resource.bytes);

        if (str_ends(name, STR(":*"))) {
            name = str_slice(name, 0, name.bytes - 2);
        }
        group = group_find(groups_of(c), arn.account, arn.region, name);
    }
    if (group == NULL) {
        return no_group(c);
    }
    *ret_group = group;
    return OK;
}

status group_of_either(struct call *c, struct group **ret_group)
{
    if (arg_has(c, "logGroupName") == arg_has(c, "logGroupIdentifier")) {
        return fail(c, &LOGS_INVALID,
                    arg_has(c, "logGroupName")
                        ? "LogGroup name and LogGroup identifier are mutually exclusive parameters."
                        : "Either logGroupName or logGroupIdentifier is required.");
    }
    return arg_has(c, "logGroupName")
               ? group_of_call(c, ret_group)
               : group_of_identifier(c, arg_str(c, "logGroupIdentifier"), ret_group);
}

struct group *group_anywhere(struct call *c, struct str name)
{
    struct group *found = NULL;
    struct group *only = NULL;
    struct str key;
    void *value;

    if (group_of_identifier(c, name, &found) == OK) {
        return found;
    }
    c->why.text[0] = '\0';
    for (size_t i = 0; map_next(groups_of(c)->groups, &i, &key, &value);) {
        struct group *group = value;

        if (str_eq(group->name, name)) {
            if (only != NULL) {
                return NULL;
            }
            only = group;
        }
    }
    return only;
}

struct str group_arn(struct call *c, const struct group *group)
{
    return arena_printf(c->arena, "arn:%.*s:logs:%.*s:%.*s:log-group:%.*s",
                        STR_ARG(arn_partition(group->region)), STR_ARG(group->region),
                        STR_ARG(group->account), STR_ARG(group->name));
}

struct str stream_arn(struct call *c, const struct stream *stream)
{
    return arena_printf(c->arena, "%.*s:log-stream:%.*s", STR_ARG(group_arn(c, stream->group)),
                        STR_ARG(stream->name));
}

/* ---- making ---- */

struct group *group_create(struct call *c, struct str name, uint8_t class)
{
    struct group *group = group_new(c->account, c->region, name);

    group->created_ms = c->now;
    group->class = class;
    if (!group_enter(groups_of(c), group)) {
        group_free(group);
        return NULL;
    }
    group->log = txn_log_make(c->txn);
    group_save(c, group);
    return group;
}

status stream_create(struct call *c, struct group *group, struct str name,
                     struct stream *ret_stream)
{
    struct stream stream = {.group = group, .name = name, .created_ms = c->now, .last_ms = -1,
                            .ingested_ms = -1};

    if (stream_load(c, group, name, ret_stream)) {
        return fail(c, &LOGS_EXISTS, "The specified log stream already exists");
    }
    stream.number = ++groups_of(c)->stream_last;
    stream_add(c, &stream);
    *ret_stream = stream;
    return OK;
}

status stream_of_name(struct call *c, struct group *group, struct str name,
                      struct stream *ret_stream)
{
    return stream_load(c, group, name, ret_stream)
               ? OK
               : fail(c, &LOGS_NOT_FOUND, "The specified log stream does not exist.");
}
