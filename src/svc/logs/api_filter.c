/* SPDX-License-Identifier: Apache-2.0
 *
 * Subscription filters, which are at work, and metric filters, which are kept.
 */
#include "base/mem.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

#include <stdlib.h>

#define SCRATCH_BYTES_MAX (16u << 20)

status filter_of_call(struct call *c, const char *member, struct filter **ret_filter)
{
    struct why why = {""};

    return filter_new(arg_str(c, member), &why, ret_filter) == OK
               ? OK
               : fail(c, &LOGS_INVALID, "%s", why.text);
}

/* ---- metric filters ---- */

static uint32_t metric_shape(void)
{
    return thing_shape("DescribeMetricFilters", "metricFilters");
}

static struct thing metric_of(struct str group, struct str name)
{
    return (struct thing){"metric", group, name};
}

/* Filters of a group that have regular expressions, but for that one of its kind. */
static size_t regex_filters(struct call *c, const struct group *group, struct str metric,
                            struct str subscription)
{
    struct things things = {.kind = "metric", .scope = group->name, .shape = metric_shape()};
    struct value *about;
    struct thing thing;
    size_t count = 0;

    while (things_next(c, &things, &thing, &about)) {
        struct filter *filter = NULL;
        struct why why;

        if (!str_eq(thing.name, metric) &&
            filter_new(get_str(about, "filterPattern"), &why, &filter) == OK) {
            count += filter_regexes(filter) > 0;
            filter_free(filter);
        }
    }
    for (size_t i = 0; i < group->subscription_count; i++) {
        count += !str_eq(group->subscriptions[i]->name, subscription) &&
                 filter_regexes(group->subscriptions[i]->filter) > 0;
    }
    return count;
}

/* The pattern is good, and has no more regular expressions than a group may have. */
static status pattern_check(struct call *c, const struct group *group, struct str metric,
                            struct str subscription)
{
    struct filter *filter;
    bool regexes;

    TRY(filter_of_call(c, "filterPattern", &filter));
    regexes = filter_regexes(filter) > 0;
    filter_free(filter);
    if (regexes && regex_filters(c, group, metric, subscription) >= REGEX_FILTERS_MAX) {
        return fail(c, &LOGS_LIMIT, "A log group can have at most %d filters with regular "
                    "expressions.", REGEX_FILTERS_MAX);
    }
    return OK;
}

/* Only groups of class STANDARD have filters. */
static status class_check(struct call *c, const struct group *group, const char *what)
{
    return group->class == CLASS_STANDARD
               ? OK
               : fail(c, &LOGS_OPERATION, "%s are not supported for log groups of this class.",
                      what);
}

/* PutMetricFilter */
status logs_put_metric_filter(struct call *c)
{
    static const char *const kept[] = {"filterName", "filterPattern", "metricTransformations",
                                       "logGroupName", "applyOnTransformedLogs",
                                       "fieldSelectionCriteria", "emitSystemFieldDimensions"};
    struct group *group;
    struct thing thing;
    struct value *about;
    bool there;

    TRY(group_of_call(c, &group));
    TRY(class_check(c, group, "Metric filters"));
    TRY(pattern_check(c, group, arg_str(c, "filterName"), STR_NONE));
    thing = metric_of(group->name, arg_str(c, "filterName"));
    there = thing_load(c, &thing, metric_shape()) != NULL;
    if (!there && group->metric_filters == METRIC_FILTERS_MAX) {
        return fail(c, &LOGS_LIMIT, "Resource limit exceeded.");
    }
    about = value_struct(c->arena, metric_shape());
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (arg_has(c, kept[i])) {
            set_value(about, kept[i], arg(c, kept[i]));
        }
    }
    set_int(about, "creationTime", c->now);
    thing_save(c, &thing, about);
    if (!there) {
        group->metric_filters++;
        group_save(c, group);
    }
    call_on(c, group_arn(c, group));
    return OK;
}

/* DeleteMetricFilter */
status logs_delete_metric_filter(struct call *c)
{
    struct group *group;
    struct thing thing;

    TRY(group_of_call(c, &group));
    thing = metric_of(group->name, arg_str(c, "filterName"));
    if (!thing_erase(c, &thing)) {
        return fail(c, &LOGS_NOT_FOUND, "The specified metric filter does not exist.");
    }
    group->metric_filters--;
    group_save(c, group);
    call_on(c, group_arn(c, group));
    return OK;
}

void metric_filters_erase(struct call *c, struct group *group)
{
    struct things things = {.kind = "metric", .scope = group->name, .shape = metric_shape()};
    struct value *about;
    struct thing thing;

    while (things_next(c, &things, &thing, &about)) {
        (void)thing_erase(c, &thing);
    }
}

static bool has_metric(const struct call *c, const struct value *about)
{
    const struct value *list = get(about, "metricTransformations");

    if (!arg_has(c, "metricName")) {
        return true;
    }
    return list != NULL && list->count > 0 &&
           str_eq(get_str(&list->items[0], "metricName"), arg_str(c, "metricName")) &&
           str_eq(get_str(&list->items[0], "metricNamespace"), arg_str(c, "metricNamespace"));
}

/* DescribeMetricFilters: of a group, or of all. */
status logs_describe_metric_filters(struct call *c)
{
    struct things things = {.kind = "metric", .prefix = arg_str(c, "filterNamePrefix"),
                            .shape = metric_shape()};
    size_t limit = limit_of_call(c, "limit", PAGE_DEFAULT);
    struct value *list;
    struct value *about;
    struct thing thing;
    struct thing last = {.kind = "metric"};
    struct group *group;

    if (arg_has(c, "logGroupName")) {
        TRY(group_of_call(c, &group));
        things.scope = group->name;
    }
    if (arg_has(c, "metricName") != arg_has(c, "metricNamespace")) {
        return fail(c, &LOGS_INVALID,
                    "metricName and metricNamespace are to be given together.");
    }
    TRY(token_read(c, "nextToken", &things.after));
    list = put_list(c, "metricFilters", limit);
    while (things_next(c, &things, &thing, &about)) {
        if (!has_metric(c, about)) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "nextToken", token_of(c, things_place(c, &last)));
            things_close(&things);
            break;
        }
        *list_add(c->arena, list) = *about;
        last = thing;
    }
    return OK;
}

/* TestMetricFilter */
status logs_test_metric_filter(struct call *c)
{
    const struct value *messages = arg(c, "logEventMessages");
    struct value *list = put_list(c, "matches", messages->count);
    struct arena *scratch;
    struct filter *filter;

    TRY(filter_of_call(c, "filterPattern", &filter));
    scratch = arena_new(SCRATCH_BYTES_MAX);
    for (uint32_t i = 0; i < messages->count; i++) {
        struct extract extracts[FILTER_FIELDS_MAX];
        struct str message = messages->items[i].str;
        struct value *item;
        struct value *map;
        size_t count;

        if (!filter_match(filter, message, scratch)) {
            continue;
        }
        count = filter_extract(filter, message, scratch, extracts, FILTER_FIELDS_MAX);
        item = list_add(c->arena, list);
        set_int(item, "eventNumber", (int64_t)i + 1);
        set_str(item, "eventMessage", message);
        map = set_map(c->arena, item, "extractedValues", count);
        for (size_t k = 0; k < count; k++) {
            struct str name = arena_dup(c->arena, extracts[k].name);

            if (map_find(map, name) == NULL) {
                map_add_str(map, name, arena_dup(c->arena, extracts[k].value));
            }
        }
    }
    arena_free(scratch);
    filter_free(filter);
    return OK;
}

/* ---- subscription filters ---- */

static struct subscription *subscription_of_call(struct call *c)
{
    struct subscription *subscription = MEM_NEW(struct subscription);

    text_set(&subscription->name, arg_str(c, "filterName"));
    text_set(&subscription->pattern, arg_str(c, "filterPattern"));
    text_set(&subscription->destination, arg_str(c, "destinationArn"));
    text_set(&subscription->role, arg_str(c, "roleArn"));
    subscription->random = str_eq(arg_str(c, "distribution"), STR("Random"));
    subscription->created_ms = c->now;
    return subscription;
}

/* What weir cannot do is said, not kept and forgotten. */
static status wish_check(struct call *c)
{
    if (arg_bool(c, "applyOnTransformedLogs", false) || arg_has(c, "fieldSelectionCriteria") ||
        arg_has(c, "emitSystemFields")) {
        return fail(c, &LOGS_INVALID, "weir has no transformed logs, field selection criteria or "
                    "system fields for subscription filters.");
    }
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(struct subscription *const *)a)->name,
                   (*(struct subscription *const *)b)->name);
}

/* In the place of the one of its name, or beside the other. */
static void subscription_take(struct group *group, struct subscription *subscription)
{
    for (size_t i = 0; i < group->subscription_count; i++) {
        if (str_eq(group->subscriptions[i]->name, subscription->name)) {
            subscription->created_ms = group->subscriptions[i]->created_ms;
            subscription_free(group->subscriptions[i]);
            group->subscriptions[i] = subscription;
            return;
        }
    }
    group->subscriptions[group->subscription_count++] = subscription;
    qsort(group->subscriptions, group->subscription_count, sizeof(group->subscriptions[0]),
          by_name);
}

/* PutSubscriptionFilter */
status logs_put_subscription(struct call *c)
{
    struct subscription *subscription;
    struct group *group;
    status checked;

    TRY(group_of_call(c, &group));
    TRY(wish_check(c));
    TRY(class_check(c, group, "Subscription filters"));
    TRY(pattern_check(c, group, STR_NONE, arg_str(c, "filterName")));
    if (subscription_find(group, arg_str(c, "filterName")) == NULL &&
        group->subscription_count == SUBSCRIPTIONS_MAX) {
        return fail(c, &LOGS_LIMIT, "Resource limit exceeded.");
    }
    subscription = subscription_of_call(c);
    checked = subscription_check(c, group, subscription);
    if (checked == OK) {
        checked = filter_of_call(c, "filterPattern", &subscription->filter);
    }
    if (checked != OK) {
        subscription_free(subscription);
        return checked;
    }
    subscription_take(group, subscription);
    subscription_save(c, group, subscription);
    subscription_greet(c, group, subscription);
    call_on(c, group_arn(c, group));
    return OK;
}

/* DeleteSubscriptionFilter */
status logs_delete_subscription(struct call *c)
{
    struct group *group;
    size_t i = 0;

    TRY(group_of_call(c, &group));
    while (i < group->subscription_count &&
           !str_eq(group->subscriptions[i]->name, arg_str(c, "filterName"))) {
        i++;
    }
    if (i == group->subscription_count) {
        return fail(c, &LOGS_NOT_FOUND, "The specified subscription filter does not exist.");
    }
    subscription_erase(c, group, group->subscriptions[i]);
    subscription_free(group->subscriptions[i]);
    group->subscription_count--;
    memmove(&group->subscriptions[i], &group->subscriptions[i + 1],
            (group->subscription_count - i) * sizeof(group->subscriptions[0]));
    call_on(c, group_arn(c, group));
    return OK;
}

static void put_subscription(struct call *c, struct value *list, const struct group *group,
                             const struct subscription *subscription)
{
    struct value *item = list_add(c->arena, list);

    set_str(item, "filterName", subscription->name);
    set_str(item, "logGroupName", group->name);
    set_str(item, "filterPattern",
            subscription->pattern.at == NULL ? STR("") : subscription->pattern);
    set_str(item, "destinationArn", subscription->destination);
    if (subscription->role.bytes > 0) {
        set_str(item, "roleArn", subscription->role);
    }
    set_str(item, "distribution", subscription->random ? STR("Random") : STR("ByLogStream"));
    set_bool(item, "applyOnTransformedLogs", false);
    set_int(item, "creationTime", subscription->created_ms);
}

/* DescribeSubscriptionFilters */
status logs_describe_subscriptions(struct call *c)
{
    size_t limit = limit_of_call(c, "limit", PAGE_DEFAULT);
    struct value *list;
    struct group *group;
    struct str after;

    TRY(group_of_call(c, &group));
    TRY(token_read(c, "nextToken", &after));
    list = put_list(c, "subscriptionFilters", SUBSCRIPTIONS_MAX);
    for (size_t i = 0; i < group->subscription_count; i++) {
        const struct subscription *subscription = group->subscriptions[i];

        if (!str_starts(subscription->name, arg_str(c, "filterNamePrefix")) ||
            str_cmp(subscription->name, after) <= 0) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "nextToken", token_of(c, group->subscriptions[i - 1]->name));
            break;
        }
        put_subscription(c, list, group, subscription);
    }
    return OK;
}
