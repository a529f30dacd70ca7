/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters, destinations, policies and query definitions in templates.
 *
 * What is put over what is there gets all its properties again, so nothing needs a default: what
 * was taken away is not put.
 */
#include "svc/logs/cfn.h"

#define NAME_BYTES_MAX 512

/* One of what a Describe operation gives, whose name is r->id; ERR_NOT_FOUND. */
static status described(struct resource *r, const char *operation, const char *list,
                        const char *name, const struct value **ret_item)
{
    struct str token = STR_NONE;

    do {
        struct inner inner;
        const struct value *items = NULL;

        TRY(resource_begin(r, operation, &inner));
        if (resource_get(r, "LogGroupName") != NULL) {
            set_str(inner.in, "logGroupName", resource_str(r, "LogGroupName"));
        }
        if (token.bytes > 0) {
            set_str(inner.in, "nextToken", token);
        }
        TRY(resource_run(r, &inner));
        items = get(inner.out, list);
        for (uint32_t i = 0; items != NULL && i < items->count; i++) {
            if (str_eq(get_str(&items->items[i], name), r->id)) {
                *ret_item = &items->items[i];
                return OK;
            }
        }
        token = get_str(inner.out, "nextToken");
    } while (token.bytes > 0);
    return &ERR_NOT_FOUND;
}

/* ---- AWS::Logs::SubscriptionFilter and MetricFilter ---- */

static const struct resource_property subscription_properties[] = {
    {"ApplyOnTransformedLogs", NULL, RESOURCE_IN_PLACE, 0},
    {"DestinationArn", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Distribution", NULL, RESOURCE_IN_PLACE, 0},
    {"EmitSystemFields", NULL, RESOURCE_IN_PLACE, 0},
    {"FieldSelectionCriteria", NULL, RESOURCE_IN_PLACE, 0},
    {"FilterName", "", RESOURCE_REPLACES, 0},
    {"FilterPattern", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"LogGroupName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RoleArn", NULL, RESOURCE_IN_PLACE, 0},
};

static const struct resource_property metric_properties[] = {
    {"ApplyOnTransformedLogs", NULL, RESOURCE_IN_PLACE, 0},
    {"EmitSystemFieldDimensions", NULL, RESOURCE_IN_PLACE, 0},
    {"FieldSelectionCriteria", NULL, RESOURCE_IN_PLACE, 0},
    {"FilterName", "", RESOURCE_REPLACES, 0},
    {"FilterPattern", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"LogGroupName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"MetricTransformations", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};

static status filter_put(struct resource *r, const char *operation, struct str name)
{
    struct inner inner;

    TRY(resource_begin(r, operation, &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "filterName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return OK;
}

static status filter_remove(struct resource *r, const char *operation)
{
    struct inner inner;

    return resource_ask(r, operation,
                        (struct resource_arg[]){{"logGroupName", resource_str(r, "LogGroupName")},
                                                {"filterName", r->id},
                                                {NULL, r->id}},
                        &inner);
}

/* A put would go over a filter of that name that is not the stack's. */
static status filter_make(struct resource *r, const char *put, const char *describe,
                          const char *list)
{
    struct str name = resource_name(r, "FilterName", NAME_BYTES_MAX, false);
    const struct value *there = NULL;

    r->id = name;
    if (described(r, describe, list, "filterName", &there) == OK) {
        r->id = STR("");
        return resource_exists(r, name);
    }
    r->id = STR("");
    return filter_put(r, put, name);
}

static status subscription_make(struct resource *r)
{
    return filter_make(r, "PutSubscriptionFilter", "DescribeSubscriptionFilters",
                       "subscriptionFilters");
}

static status subscription_change(struct resource *r)
{
    return filter_put(r, "PutSubscriptionFilter", r->id);
}

static status subscription_remove(struct resource *r)
{
    return filter_remove(r, "DeleteSubscriptionFilter");
}

static status subscription_now(struct resource *r, struct value *ret_properties)
{
    const struct value *there = NULL;

    TRY(described(r, "DescribeSubscriptionFilters", "subscriptionFilters", "filterName", &there));
    resource_now_of(r, there, ret_properties);
    return OK;
}

static status metric_make(struct resource *r)
{
    return filter_make(r, "PutMetricFilter", "DescribeMetricFilters", "metricFilters");
}

static status metric_change(struct resource *r)
{
    return filter_put(r, "PutMetricFilter", r->id);
}

static status metric_remove(struct resource *r)
{
    return filter_remove(r, "DeleteMetricFilter");
}

/* Dimensions are a map there, and a list of Key and Value in templates. */
static void dimensions_list(struct resource *r, struct value *transformations)
{
    struct arena *arena = r->c->arena;

    for (uint32_t i = 0; transformations != NULL && i < transformations->count; i++) {
        struct value *item = &transformations->items[i];

        for (uint32_t k = 0; k < item->count; k++) {
            struct value *value = &item->pairs[k].value;
            struct value list = {.kind = VALUE_LIST};

            if (!str_eq(item->pairs[k].key, STR("Dimensions")) || value->kind != VALUE_MAP) {
                continue;
            }
            for (uint32_t n = 0; n < value->count; n++) {
                struct value *pair = doc_add(arena, &list);

                pair->kind = VALUE_MAP;
                doc_put_text(arena, pair, "Key", value->pairs[n].key);
                doc_put_text(arena, pair, "Value", value->pairs[n].value.str);
            }
            *value = list;
        }
    }
}

static status metric_now(struct resource *r, struct value *ret_properties)
{
    const struct value *there = NULL;

    TRY(described(r, "DescribeMetricFilters", "metricFilters", "filterName", &there));
    resource_now_of(r, there, ret_properties);
    dimensions_list(r, (struct value *)(uintptr_t)doc_get(ret_properties, "MetricTransformations"));
    return OK;
}

/* ---- AWS::Logs::ResourcePolicy ---- */

static const struct resource_property policy_properties[] = {
    {"PolicyDocument", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"PolicyName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

static status policy_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PutResourcePolicy", &inner));
    TRY(resource_fill(r, &inner));
    return resource_run(r, &inner);
}

static status policy_make(struct resource *r)
{
    struct str name = resource_str(r, "PolicyName");
    const struct value *there = NULL;

    r->id = name;
    if (described(r, "DescribeResourcePolicies", "resourcePolicies", "policyName", &there) == OK) {
        r->id = STR("");
        return resource_exists(r, name);
    }
    r->id = STR("");
    TRY(policy_put(r));
    r->id = name;
    return OK;
}

static status policy_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteResourcePolicy", "policyName");
}

static status policy_now(struct resource *r, struct value *ret_properties)
{
    const struct value *there = NULL;

    TRY(described(r, "DescribeResourcePolicies", "resourcePolicies", "policyName", &there));
    resource_now_of(r, there, ret_properties);
    return OK;
}

/* ---- AWS::Logs::Destination ---- */

static const struct resource_property destination_properties[] = {
    {"DestinationName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"DestinationPolicy", "", RESOURCE_IN_PLACE, 0},
    {"RoleArn", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"TargetArn", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const destination_attributes[] = {"Arn", NULL};

static struct str destination_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:logs:%.*s:%.*s:destination:%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

static status destination_put(struct resource *r, bool new)
{
    struct inner inner;

    TRY(resource_begin(r, "PutDestination", &inner));
    TRY(resource_fill(r, &inner));
    if (new) {
        TRY(resource_set(r, &inner, "tags", resource_tags(r, "Tags")));
    }
    TRY(resource_run(r, &inner));
    r->id = resource_str(r, "DestinationName");
    if (!resource_changed(r, "DestinationPolicy") ||
        resource_get(r, "DestinationPolicy") == NULL) {
        return OK; /* CloudWatch Logs has no operation that takes a policy away */
    }
    return resource_ask(r, "PutDestinationPolicy",
                        (struct resource_arg[]){
                            {"destinationName", r->id},
                            {"accessPolicy", resource_policy(r, "DestinationPolicy")},
                            {NULL, r->id}},
                        &inner);
}

static status destination_make(struct resource *r)
{
    struct str name = resource_str(r, "DestinationName");
    const struct value *there = NULL;

    r->id = name;
    if (described(r, "DescribeDestinations", "destinations", "destinationName", &there) == OK) {
        r->id = STR("");
        return resource_exists(r, name);
    }
    r->id = STR("");
    return destination_put(r, true);
}

static status destination_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "resourceArn",
                                                    "tags", "tagKeys"};

    TRY(destination_put(r, false));
    return resource_tag_by(r, "Tags", &tagging, destination_arn(r));
}

static status destination_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteDestination", "destinationName");
}

static status destination_tell(struct resource *r)
{
    resource_attribute(r, "Arn", destination_arn(r));
    return OK;
}

static status destination_now(struct resource *r, struct value *ret_properties)
{
    const struct value *there = NULL;
    struct str policy;
    struct inner inner;

    TRY(described(r, "DescribeDestinations", "destinations", "destinationName", &there));
    resource_now_of(r, there, ret_properties);
    policy = get_str(there, "accessPolicy");
    if (policy.bytes > 0) {
        doc_put_text(r->c->arena, ret_properties, "DestinationPolicy", policy);
    }
    TRY(resource_ask(r, "ListTagsForResource",
                     (struct resource_arg[]){{"resourceArn", destination_arn(r)}, {NULL, r->id}},
                     &inner));
    if (get(inner.out, "tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "tags")));
    }
    return OK;
}

/* ---- AWS::Logs::QueryDefinition ---- */

static const struct resource_property query_properties[] = {
    {"LogGroupNames", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Parameters", NULL, RESOURCE_IN_PLACE, 0},
    {"QueryLanguage", NULL, RESOURCE_IN_PLACE, 0},
    {"QueryString", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const query_attributes[] = {"QueryDefinitionId", NULL};

static status query_make(struct resource *r)
{
    return resource_make_by(r, "PutQueryDefinition", "queryDefinitionId");
}

static status query_change(struct resource *r)
{
    return resource_change_by(r, "PutQueryDefinition", "queryDefinitionId");
}

static status query_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteQueryDefinition", "queryDefinitionId");
}

static status query_tell(struct resource *r)
{
    resource_attribute(r, "QueryDefinitionId", r->id);
    return OK;
}

static status query_now(struct resource *r, struct value *ret_properties)
{
    const struct value *there = NULL;

    TRY(described(r, "DescribeQueryDefinitions", "queryDefinitions", "queryDefinitionId", &there));
    resource_now_of(r, there, ret_properties);
    return OK;
}

/* ---- all of them ---- */

static const struct resource_type types[] = {
    {
        .name = "AWS::Logs::SubscriptionFilter",
        .service = "logs",
        RESOURCE_TYPE_PROPERTIES(subscription_properties),
        .make = subscription_make,
        .change = subscription_change,
        .remove = subscription_remove,
        .now = subscription_now,
    },
    {
        .name = "AWS::Logs::MetricFilter",
        .service = "logs",
        RESOURCE_TYPE_PROPERTIES(metric_properties),
        .make = metric_make,
        .change = metric_change,
        .remove = metric_remove,
        .now = metric_now,
    },
    {
        .name = "AWS::Logs::ResourcePolicy",
        .service = "logs",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .make = policy_make,
        .change = policy_put,
        .remove = policy_remove,
        .now = policy_now,
    },
    {
        .name = "AWS::Logs::Destination",
        .service = "logs",
        RESOURCE_TYPE_PROPERTIES(destination_properties),
        .attributes = destination_attributes,
        .make = destination_make,
        .change = destination_change,
        .remove = destination_remove,
        .tell = destination_tell,
        .now = destination_now,
    },
    {
        .name = "AWS::Logs::QueryDefinition",
        .service = "logs",
        RESOURCE_TYPE_PROPERTIES(query_properties),
        .attributes = query_attributes,
        .make = query_make,
        .change = query_change,
        .remove = query_remove,
        .tell = query_tell,
        .now = query_now,
    },
};

const struct resource_type *const logs_types[LOGS_TYPES] = {
    &logs_group_type, &logs_stream_type, &types[0], &types[1], &types[2], &types[3], &types[4]};
