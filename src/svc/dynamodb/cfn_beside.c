/* SPDX-License-Identifier: Apache-2.0
 *
 * What a template says of a table that is not in CreateTable: expiry of items, the past, insights,
 * the Kinesis destination, its policy.
 */
#include "svc/dynamodb/cfn.h"

static const struct value *part(const struct value *properties, const char *property,
                                const char *member)
{
    const struct value *map = properties == NULL ? NULL : doc_get(properties, property);

    return map == NULL ? NULL : doc_get(map, member);
}

static bool is_true(struct resource *r, const struct value *value)
{
    return value != NULL && str_eq_nocase(doc_text(r->c->arena, value), STR("true"));
}

static status table_begin(struct resource *r, const char *operation, struct inner *ret_inner)
{
    TRY(resource_begin(r, operation, ret_inner));
    set_str(ret_inner->in, "TableName", r->id);
    return OK;
}

/* ---- expiry ---- */

static status expiry_set(struct resource *r, struct str name, bool enabled)
{
    struct inner inner;
    struct value *map;

    TRY(table_begin(r, "UpdateTimeToLive", &inner));
    map = set_struct(r->c->arena, inner.in, "TimeToLiveSpecification");
    set_str(map, "AttributeName", name);
    set_bool(map, "Enabled", enabled);
    return resource_run(r, &inner);
}

static status expiry_put(struct resource *r)
{
    const char *property = "TimeToLiveSpecification";
    bool was = is_true(r, part(r->had, property, "Enabled"));
    bool is = is_true(r, part(r->want, property, "Enabled"));
    struct str old = doc_text(r->c->arena, part(r->had, property, "AttributeName"));
    struct str new = doc_text(r->c->arena, part(r->want, property, "AttributeName"));

    if (was && (!is || !str_eq(old, new))) {
        TRY(expiry_set(r, old, false));
    }
    return is && (!was || !str_eq(old, new)) ? expiry_set(r, new, true) : OK;
}

/* ---- the past ---- */

static status past_put(struct resource *r)
{
    const char *property = "PointInTimeRecoverySpecification";
    bool is = is_true(r, part(r->want, property, "PointInTimeRecoveryEnabled"));
    struct value *map = doc_map(r->c->arena);
    const struct value *days = part(r->want, property, "RecoveryPeriodInDays");
    struct inner inner;

    if (!resource_changed(r, property) || (r->had == NULL && !is)) {
        return OK;
    }
    doc_put_bool(r->c->arena, map, "PointInTimeRecoveryEnabled", is);
    if (days != NULL && is) {
        *doc_put(r->c->arena, map, STR("RecoveryPeriodInDays")) = *days;
    }
    TRY(table_begin(r, "UpdateContinuousBackups", &inner));
    TRY(resource_set(r, &inner, property, map));
    return resource_run(r, &inner);
}

/* ---- insights ---- */

/* index: NULL of the table itself. */
static status insight_put(struct resource *r, struct str index, const struct value *wanted,
                          const struct value *had)
{
    bool is = wanted != NULL && is_true(r, doc_get(wanted, "Enabled"));
    struct inner inner;

    if (doc_same(wanted, had) || (had == NULL && !is)) {
        return OK;
    }
    TRY(table_begin(r, "UpdateContributorInsights", &inner));
    if (index.at != NULL) {
        set_str(inner.in, "IndexName", index);
    }
    set_str(inner.in, "ContributorInsightsAction", is ? STR("ENABLE") : STR("DISABLE"));
    if (is && doc_get(wanted, "Mode") != NULL) {
        TRY(resource_set(r, &inner, "ContributorInsightsMode", doc_get(wanted, "Mode")));
    }
    return resource_run(r, &inner);
}

static const struct value *index_of(struct resource *r, const struct value *properties,
                                    struct str name)
{
    const struct value *list = properties == NULL ? NULL
                                                  : doc_get(properties, "GlobalSecondaryIndexes");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (str_eq(doc_text(r->c->arena, doc_get(&list->items[i], "IndexName")), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static status insights_put(struct resource *r)
{
    const char *property = "ContributorInsightsSpecification";
    const struct value *list = resource_get(r, "GlobalSecondaryIndexes");

    TRY(insight_put(r, STR_NONE, resource_get(r, property),
                    r->had == NULL ? NULL : doc_get(r->had, property)));
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&list->items[i], "IndexName"));
        const struct value *had = index_of(r, r->had, name);

        if (r->had == NULL || had != NULL) { /* of a new one when it is filled: settled() */
            TRY(insight_put(r, name, doc_get(&list->items[i], property),
                            had == NULL ? NULL : doc_get(had, property)));
        }
    }
    return OK;
}

/* ---- the Kinesis destination ---- */

static status destination_ask(struct resource *r, const char *operation, struct str stream,
                              const char *member, const struct value *precision)
{
    struct inner inner;

    TRY(table_begin(r, operation, &inner));
    set_str(inner.in, "StreamArn", stream);
    if (precision != NULL) {
        struct value *map = doc_map(r->c->arena);

        *doc_put(r->c->arena, map, STR("ApproximateCreationDateTimePrecision")) = *precision;
        TRY(resource_set(r, &inner, member, map));
    }
    return resource_run(r, &inner);
}

static const struct value *destinations_told(struct resource *r)
{
    struct inner inner;

    if (table_begin(r, "DescribeKinesisStreamingDestination", &inner) != OK ||
        resource_run(r, &inner) != OK) {
        return NULL;
    }
    return get(inner.out, "KinesisDataStreamDestinations");
}

static status destination_begin(struct resource *r, struct str stream,
                                const struct value *precision)
{
    const struct value *told = NULL;

    TRY(destination_ask(r, "EnableKinesisStreamingDestination", stream,
                        "EnableKinesisStreamingConfiguration", precision));
    told = destinations_told(r);
    for (uint32_t i = 0; told != NULL && i < told->count; i++) {
        const struct value *one = &told->items[i];

        if (str_eq(get_str(one, "StreamArn"), stream) &&
            str_eq(get_str(one, "DestinationStatus"), STR("ENABLE_FAILED"))) {
            return resource_fail(r, &RESOURCE_INVALID,
                                 "Kinesis streaming destination %.*s could not be enabled: %.*s",
                                 STR_ARG(str_slice(stream, 0, 512)),
                                 STR_ARG(get_str(one, "DestinationStatusDescription")));
        }
    }
    return OK;
}

static status destination_put(struct resource *r)
{
    const char *property = "KinesisStreamSpecification";
    const char *precise = "ApproximateCreationDateTimePrecision";
    struct str old = doc_text(r->c->arena, part(r->had, property, "StreamArn"));
    struct str new = doc_text(r->c->arena, part(r->want, property, "StreamArn"));
    const struct value *precision = part(r->want, property, precise);

    if (!resource_changed(r, property)) {
        return OK;
    }
    if (old.at != NULL && !str_eq(old, new)) {
        TRY(destination_ask(r, "DisableKinesisStreamingDestination", old, NULL, NULL));
    }
    if (new.at != NULL && !str_eq(old, new)) {
        return destination_begin(r, new, precision);
    }
    if (new.at == NULL) {
        return OK;
    }
    return destination_ask(r, "UpdateKinesisStreamingDestination", new,
                           "UpdateKinesisStreamingConfiguration",
                           precision == NULL ? resource_json(r, "\"MILLISECOND\"") : precision);
}

/* ---- its policy ---- */

static status policy_put(struct resource *r)
{
    const struct value *wanted = part(r->want, "ResourcePolicy", "PolicyDocument");
    struct str arn = cfn_table_arn(r);
    struct inner inner;

    if (r->had == NULL || !resource_changed(r, "ResourcePolicy")) {
        return OK; /* CreateTable has taken it */
    }
    TRY(resource_begin(r, wanted == NULL ? "DeleteResourcePolicy" : "PutResourcePolicy", &inner));
    set_str(inner.in, "ResourceArn", arn);
    if (wanted != NULL) {
        TRY(resource_set(r, &inner, "Policy", wanted));
    }
    return resource_run(r, &inner);
}

status cfn_beside_put(struct resource *r)
{
    TRY(expiry_put(r));
    TRY(past_put(r));
    TRY(destination_put(r));
    TRY(policy_put(r));
    return insights_put(r);
}

/* ---- as it is ---- */

static status now_expiry(struct resource *r, struct value *ret_properties)
{
    struct inner inner;
    struct str name;

    TRY(table_begin(r, "DescribeTimeToLive", &inner));
    TRY(resource_run(r, &inner));
    name = get_str(get(inner.out, "TimeToLiveDescription"), "AttributeName");
    if (name.bytes > 0) {
        struct value *map = doc_put_map(r->c->arena, ret_properties,
                                        STR("TimeToLiveSpecification"));

        doc_put_text(r->c->arena, map, "AttributeName", name);
        doc_put_bool(r->c->arena, map, "Enabled", true);
    }
    return OK;
}

static status now_past(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;
    struct value *map = NULL;
    struct inner inner;

    TRY(table_begin(r, "DescribeContinuousBackups", &inner));
    TRY(resource_run(r, &inner));
    told = get(get(inner.out, "ContinuousBackupsDescription"), "PointInTimeRecoveryDescription");
    map = doc_put_map(r->c->arena, ret_properties, STR("PointInTimeRecoverySpecification"));
    doc_put_bool(r->c->arena, map, "PointInTimeRecoveryEnabled",
                 told != NULL &&
                     str_eq(get_str(told, "PointInTimeRecoveryStatus"), STR("ENABLED")));
    if (part(r->want, "PointInTimeRecoverySpecification", "RecoveryPeriodInDays") != NULL &&
        told != NULL && has(told, "RecoveryPeriodInDays")) {
        doc_put_int(r->c->arena, map, "RecoveryPeriodInDays",
                    get_int(told, "RecoveryPeriodInDays", 0));
    }
    return OK;
}

static status now_insights(struct resource *r, struct value *ret_properties)
{
    const struct value *wanted = resource_get(r, "ContributorInsightsSpecification");
    struct value *map = NULL;
    struct inner inner;

    TRY(table_begin(r, "DescribeContributorInsights", &inner));
    TRY(resource_run(r, &inner));
    map = doc_put_map(r->c->arena, ret_properties, STR("ContributorInsightsSpecification"));
    doc_put_bool(r->c->arena, map, "Enabled",
                 str_eq(get_str(inner.out, "ContributorInsightsStatus"), STR("ENABLED")));
    if (wanted != NULL && doc_get(wanted, "Mode") != NULL) {
        doc_put_text(r->c->arena, map, "Mode", get_str(inner.out, "ContributorInsightsMode"));
    }
    return OK;
}

static void now_destination(struct resource *r, struct value *ret_properties)
{
    const struct value *told = destinations_told(r);

    for (uint32_t i = 0; told != NULL && i < told->count; i++) {
        const struct value *one = &told->items[i];
        struct str precision = get_str(one, "ApproximateCreationDateTimePrecision");

        if (str_eq(get_str(one, "DestinationStatus"), STR("ACTIVE"))) {
            struct value *map = doc_put_map(r->c->arena, ret_properties,
                                            STR("KinesisStreamSpecification"));

            doc_put_text(r->c->arena, map, "StreamArn", get_str(one, "StreamArn"));
            if (precision.bytes > 0) {
                doc_put_text(r->c->arena, map, "ApproximateCreationDateTimePrecision", precision);
            }
        }
    }
}

status cfn_beside_now(struct resource *r, struct value *ret_properties)
{
    struct str arn = cfn_table_arn(r);
    struct inner inner;

    TRY(now_expiry(r, ret_properties));
    TRY(now_past(r, ret_properties));
    TRY(now_insights(r, ret_properties));
    now_destination(r, ret_properties);
    if (resource_ask(r, "GetResourcePolicy",
                     (struct resource_arg[]){{"ResourceArn", arn}, {NULL, arn}}, &inner) == OK) {
        *doc_put(r->c->arena, doc_put_map(r->c->arena, ret_properties, STR("ResourcePolicy")),
                 STR("PolicyDocument")) = *resource_tree(r, get_str(inner.out, "Policy"));
    }
    TRY(resource_ask(r, "ListTagsOfResource",
                     (struct resource_arg[]){{"ResourceArn", arn}, {NULL, arn}}, &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "Tags")));
    }
    return OK;
}
