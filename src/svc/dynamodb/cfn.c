/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables in templates.
 *
 * One that is imported is CREATING until it has its items; what other tables get when they are made
 * it gets when that is over (the note "import" is its ARN until then).
 */
#include "svc/dynamodb/cfn.h"

#define NAME_BYTES_MAX 255
#define NOTE_IMPORT "import"

static const struct resource_property properties[] = {
    {"AttributeDefinitions", NULL, RESOURCE_DECIDES, 0},
    {"BillingMode", NULL, RESOURCE_IN_PLACE, 0},
    {"ContributorInsightsSpecification", "", RESOURCE_IN_PLACE, 0},
    {"DeletionProtectionEnabled", NULL, RESOURCE_IN_PLACE, 0},
    {"GlobalSecondaryIndexes", "", RESOURCE_IN_PLACE, 0},
    {"ImportSourceSpecification", "", RESOURCE_REPLACES, RESOURCE_SECRET},
    {"KeySchema", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"KinesisStreamSpecification", "", RESOURCE_IN_PLACE, 0},
    {"LocalSecondaryIndexes", NULL, RESOURCE_REPLACES, 0},
    {"OnDemandThroughput", NULL, RESOURCE_IN_PLACE, 0},
    {"PointInTimeRecoverySpecification", "", RESOURCE_IN_PLACE, 0},
    {"ProvisionedThroughput", NULL, RESOURCE_IN_PLACE, 0},
    {"ResourcePolicy", "", RESOURCE_IN_PLACE, 0},
    {"SSESpecification", "", RESOURCE_INTERRUPTS, 0},
    {"StreamSpecification", "", RESOURCE_IN_PLACE, 0},
    {"TableClass", NULL, RESOURCE_IN_PLACE, 0},
    {"TableName", "", RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"TimeToLiveSpecification", "", RESOURCE_IN_PLACE, 0},
    {"WarmThroughput", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const attributes[] = {"Arn", "StreamArn", NULL};

status cfn_table_told(struct resource *r, const struct value **ret_table)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeTable",
                     (struct resource_arg[]){{"TableName", r->id}, {NULL, r->id}}, &inner));
    *ret_table = get(inner.out, "Table");
    return OK;
}

struct str cfn_table_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:dynamodb:%.*s:%.*s:table/%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

/* An attribute's type cannot change; that others come and go does not matter. */
static bool replaces(const struct resource *r, const struct resource_property *property)
{
    const struct value *had = doc_get(r->had, property->name);
    const struct value *want = doc_get(r->want, property->name);

    for (uint32_t i = 0; had != NULL && had->kind == VALUE_LIST && i < had->count; i++) {
        for (uint32_t k = 0; want != NULL && want->kind == VALUE_LIST && k < want->count; k++) {
            if (doc_same(doc_get(&had->items[i], "AttributeName"),
                         doc_get(&want->items[k], "AttributeName")) &&
                !doc_same(doc_get(&had->items[i], "AttributeType"),
                          doc_get(&want->items[k], "AttributeType"))) {
                return true;
            }
        }
    }
    return false;
}

/* ---- making ---- */

/* The property's members are the operation's, and the table is a member of it. */
static status import_make(struct resource *r, struct str name)
{
    static const char *const members[] = {"AttributeDefinitions", "KeySchema", "BillingMode",
                                          "ProvisionedThroughput", "OnDemandThroughput"};
    struct arena *arena = r->c->arena;
    const struct value *source = resource_get(r, "ImportSourceSpecification");
    struct value *table = doc_map(arena);
    const struct value *indexes = cfn_indexes(r, r->want);
    struct inner inner;

    doc_put_text(arena, table, "TableName", name);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct value *value = resource_get(r, members[i]);

        if (value != NULL) {
            *doc_put(arena, table, str_c(members[i])) = *value;
        }
    }
    if (indexes != NULL) {
        *doc_put(arena, table, STR("GlobalSecondaryIndexes")) = *indexes;
    }
    if (resource_get(r, "SSESpecification") != NULL) {
        *doc_put(arena, table, STR("SSESpecification")) = *cfn_encryption(r);
    }
    TRY(resource_begin(r, "ImportTable", &inner));
    TRY(resource_set(r, &inner, "InputFormat", doc_get(source, "InputFormat")));
    TRY(resource_set(r, &inner, "InputFormatOptions", doc_get(source, "InputFormatOptions")));
    TRY(resource_set(r, &inner, "InputCompressionType", doc_get(source, "InputCompressionType")));
    TRY(resource_set(r, &inner, "S3BucketSource", doc_get(source, "S3BucketSource")));
    TRY(resource_set(r, &inner, "TableCreationParameters", table));
    TRY(resource_run(r, &inner));
    r->id = name;
    resource_note(r, NOTE_IMPORT,
                  get_str(get(inner.out, "ImportTableDescription"), "ImportArn"));
    return OK;
}

static status table_make(struct resource *r)
{
    struct str name = resource_name(r, "TableName", NAME_BYTES_MAX, false);
    const struct value *policy = resource_get(r, "ResourcePolicy");
    struct inner inner;

    if (resource_get(r, "ImportSourceSpecification") != NULL) {
        return import_make(r, name);
    }
    TRY(resource_begin(r, "CreateTable", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "TableName", name);
    TRY(resource_set(r, &inner, "GlobalSecondaryIndexes", cfn_indexes(r, r->want)));
    TRY(resource_set(r, &inner, "StreamSpecification", cfn_stream(r, r->want)));
    TRY(resource_set(r, &inner, "SSESpecification", cfn_encryption(r)));
    if (policy != NULL) {
        TRY(resource_set(r, &inner, "ResourcePolicy", doc_get(policy, "PolicyDocument")));
    }
    TRY(resource_run(r, &inner));
    r->id = name;
    return cfn_beside_put(r);
}

/* What CreateTable would have taken, and what lies beside. */
static status import_complete(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceArn",
                                                    "Tags", "TagKeys"};
    static const char *const plain[] = {"DeletionProtectionEnabled", "TableClass"};
    struct inner inner;

    for (size_t i = 0; i < 2; i++) {
        if (resource_get(r, plain[i]) != NULL) {
            TRY(resource_begin(r, "UpdateTable", &inner));
            set_str(inner.in, "TableName", r->id);
            TRY(resource_set(r, &inner, plain[i], resource_get(r, plain[i])));
            TRY(resource_run(r, &inner));
        }
    }
    if (cfn_stream(r, r->want) != NULL) {
        TRY(resource_begin(r, "UpdateTable", &inner));
        set_str(inner.in, "TableName", r->id);
        TRY(resource_set(r, &inner, "StreamSpecification", cfn_stream(r, r->want)));
        TRY(resource_run(r, &inner));
    }
    TRY(cfn_beside_put(r));
    if (resource_get(r, "ResourcePolicy") != NULL) {
        TRY(resource_begin(r, "PutResourcePolicy", &inner));
        set_str(inner.in, "ResourceArn", cfn_table_arn(r));
        TRY(resource_set(r, &inner, "Policy",
                         doc_get(resource_get(r, "ResourcePolicy"), "PolicyDocument")));
        TRY(resource_run(r, &inner));
    }
    return resource_tag_by(r, "Tags", &tagging, cfn_table_arn(r));
}

static status import_settled(struct resource *r)
{
    struct str arn = resource_noted(r, NOTE_IMPORT);
    const struct value *about = NULL;
    struct inner inner;
    struct str state;

    if (arn.bytes == 0) {
        return OK;
    }
    TRY(resource_ask(r, "DescribeImport", (struct resource_arg[]){{"ImportArn", arn}, {NULL, arn}},
                     &inner));
    about = get(inner.out, "ImportTableDescription");
    state = get_str(about, "ImportStatus");
    if (str_eq(state, STR("IN_PROGRESS"))) {
        return &RESOURCE_WAITS;
    }
    if (!str_eq(state, STR("COMPLETED"))) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Resource handler returned message: \"Table import failed: %.*s\" "
                             "(RequestToken: %.*s, HandlerErrorCode: InvalidRequest)",
                             STR_ARG(str_slice(get_str(about, "FailureMessage"), 0, 512)),
                             STR_ARG(r->token));
    }
    resource_note(r, NOTE_IMPORT, STR(""));
    return import_complete(r);
}

/* A new index is filled: its insights begin. */
static status index_insights(struct resource *r)
{
    const struct value *list = resource_get(r, "GlobalSecondaryIndexes");
    struct inner inner;

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        const struct value *wanted = doc_get(&list->items[i], "ContributorInsightsSpecification");

        if (wanted == NULL ||
            !str_eq_nocase(doc_text(r->c->arena, doc_get(wanted, "Enabled")), STR("true"))) {
            continue;
        }
        TRY(resource_begin(r, "UpdateContributorInsights", &inner)); /* fine when it is so */
        set_str(inner.in, "TableName", r->id);
        TRY(resource_set(r, &inner, "IndexName", doc_get(&list->items[i], "IndexName")));
        set_str(inner.in, "ContributorInsightsAction", STR("ENABLE"));
        TRY(resource_set(r, &inner, "ContributorInsightsMode", doc_get(wanted, "Mode")));
        TRY(resource_run(r, &inner));
    }
    return OK;
}

static status table_settled(struct resource *r)
{
    const struct value *told = NULL;
    const struct value *indexes = NULL;

    TRY(import_settled(r));
    TRY(cfn_table_told(r, &told));
    if (!str_eq(get_str(told, "TableStatus"), STR("ACTIVE"))) {
        return &RESOURCE_WAITS;
    }
    indexes = get(told, "GlobalSecondaryIndexes");
    for (uint32_t i = 0; indexes != NULL && i < indexes->count; i++) {
        if (!str_eq(get_str(&indexes->items[i], "IndexStatus"), STR("ACTIVE"))) {
            return &RESOURCE_WAITS;
        }
    }
    return index_insights(r);
}

/* ---- the rest of its life ---- */

static status table_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteTable", "TableName");
}

static status table_gone(struct resource *r)
{
    const struct value *told = NULL;

    return cfn_table_told(r, &told) == OK ? &RESOURCE_WAITS : OK;
}

static status table_tell(struct resource *r)
{
    const struct value *told = NULL;

    TRY(cfn_table_told(r, &told));
    resource_attribute(r, "Arn", get_str(told, "TableArn"));
    if (get_str(told, "LatestStreamArn").bytes > 0) {
        resource_attribute(r, "StreamArn", get_str(told, "LatestStreamArn"));
    }
    return OK;
}

/* ---- as it is ---- */

/* Units that grow by themselves count as said when there are as many at least; an index's insights
 * are as said: that they can be others is not looked for. */
static void now_warm(struct resource *r, const struct value *said, const struct value *told,
                     struct value *to)
{
    const struct value *wanted = doc_get(said, "WarmThroughput");
    const struct value *now = doc_get(told, "WarmThroughput");
    int64_t least[2] = {0, 0};
    int64_t have[2] = {0, 0};
    static const char *const units[] = {"ReadUnitsPerSecond", "WriteUnitsPerSecond"};

    if (wanted == NULL || now == NULL) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        (void)str_to_i64(doc_text(r->c->arena, doc_get(wanted, units[i])), &least[i]);
        (void)str_to_i64(doc_text(r->c->arena, doc_get(now, units[i])), &have[i]);
    }
    *doc_put(r->c->arena, to, STR("WarmThroughput")) =
        have[0] >= least[0] && have[1] >= least[1] ? *wanted : *now;
}

static void now_said(struct resource *r, const struct value *told, const char *property,
                     struct value *index)
{
    const struct value *list = resource_get(r, property);

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        const struct value *insights =
            doc_get(&list->items[i], "ContributorInsightsSpecification");

        if (!doc_same(doc_get(&list->items[i], "IndexName"), doc_get(told, "IndexName"))) {
            continue;
        }
        now_warm(r, &list->items[i], told, index);
        if (insights != NULL) {
            *doc_put(r->c->arena, index, STR("ContributorInsightsSpecification")) = *insights;
        }
    }
}

/* A list of what is told, with the members that the template's first has; what is told more
 * (ARNs, counts, states) is no property. */
static void now_indexes(struct resource *r, const struct value *told, const char *property,
                        struct value *ret_properties)
{
    static const char *const members[] = {"IndexName", "KeySchema", "Projection"};
    struct arena *arena = r->c->arena;
    const struct value *list = doc_get(told, property);
    struct value *made = NULL;

    if (list == NULL || list->count == 0) {
        return;
    }
    made = doc_put_list(arena, ret_properties, property);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *units = doc_get(&list->items[i], "ProvisionedThroughput");
        const struct value *reads = units == NULL ? NULL : doc_get(units, "ReadCapacityUnits");
        struct value *index = doc_add(arena, made);

        index->kind = VALUE_MAP;
        for (size_t k = 0; k < 3; k++) {
            *doc_put(arena, index, str_c(members[k])) = *doc_get(&list->items[i], members[k]);
        }
        if (reads != NULL && reads->number > 0) {
            struct value *map = doc_put_map(arena, index, STR("ProvisionedThroughput"));

            *doc_put(arena, map, STR("ReadCapacityUnits")) = *reads;
            *doc_put(arena, map, STR("WriteCapacityUnits")) = *doc_get(units, "WriteCapacityUnits");
        }
        if (doc_get(&list->items[i], "OnDemandThroughput") != NULL) {
            *doc_put(arena, index, STR("OnDemandThroughput")) =
                *doc_get(&list->items[i], "OnDemandThroughput");
        }
        now_said(r, &list->items[i], property, index);
    }
}

static void now_settings(struct resource *r, const struct value *told,
                         struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *billing = get(told, "BillingModeSummary");
    const struct value *class = get(told, "TableClassSummary");
    const struct value *units = get(told, "ProvisionedThroughput");
    const struct value *sse = get(told, "SSEDescription");
    const struct value *stream = get(told, "StreamSpecification");
    bool on_demand = billing != NULL &&
                     str_eq(get_str(billing, "BillingMode"), STR("PAY_PER_REQUEST"));

    doc_put_text(arena, ret_properties, "BillingMode",
                 on_demand ? STR("PAY_PER_REQUEST") : STR("PROVISIONED"));
    if (!on_demand && units != NULL) {
        struct value *map = doc_put_map(arena, ret_properties, STR("ProvisionedThroughput"));

        doc_put_int(arena, map, "ReadCapacityUnits", get_int(units, "ReadCapacityUnits", 0));
        doc_put_int(arena, map, "WriteCapacityUnits", get_int(units, "WriteCapacityUnits", 0));
    }
    doc_put_text(arena, ret_properties, "TableClass",
                 class == NULL ? STR("STANDARD") : get_str(class, "TableClass"));
    if (sse != NULL && str_eq(get_str(sse, "Status"), STR("ENABLED"))) {
        struct value *map = doc_put_map(arena, ret_properties, STR("SSESpecification"));
        const struct value *wanted = resource_get(r, "SSESpecification");

        doc_put_bool(arena, map, "SSEEnabled", true);
        if (wanted != NULL && doc_get(wanted, "SSEType") != NULL) {
            doc_put_text(arena, map, "SSEType", get_str(sse, "SSEType"));
        }
        if (wanted != NULL && doc_get(wanted, "KMSMasterKeyId") != NULL) {
            *doc_put(arena, map, STR("KMSMasterKeyId")) = *doc_get(wanted, "KMSMasterKeyId");
        }
    }
    if (stream != NULL && get_bool(stream, "StreamEnabled", false)) {
        doc_put_text(arena, doc_put_map(arena, ret_properties, STR("StreamSpecification")),
                     "StreamViewType", get_str(stream, "StreamViewType"));
    }
}

static status table_now(struct resource *r, struct value *ret_properties)
{
    static const char *const same[] = {"AttributeDefinitions", "DeletionProtectionEnabled",
                                       "KeySchema", "OnDemandThroughput", "TableName"};
    struct arena *arena = r->c->arena;
    const struct value *told = NULL;
    const struct value *document = NULL;

    TRY(cfn_table_told(r, &told));
    document = resource_document(arena, told);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        const struct value *value = doc_get(document, same[i]);

        if (value != NULL) {
            *doc_put(arena, ret_properties, str_c(same[i])) = *value;
        }
    }
    now_indexes(r, document, "GlobalSecondaryIndexes", ret_properties);
    now_indexes(r, document, "LocalSecondaryIndexes", ret_properties);
    now_settings(r, told, ret_properties);
    now_warm(r, r->want, document, ret_properties);
    return cfn_beside_now(r, ret_properties);
}

/* ---- changing ---- */

/* What an operation refuses to do twice. A change that failed halfway is taken back from what the
 * table is, not from what it was to be. */
static const char *const careful[] = {"BillingMode", "KinesisStreamSpecification",
                                      "ProvisionedThroughput", "ResourcePolicy",
                                      "SSESpecification", "StreamSpecification",
                                      "TimeToLiveSpecification"};
#define CAREFUL (sizeof(careful) / sizeof(careful[0]))

static bool is_careful(struct str key)
{
    for (size_t i = 0; i < CAREFUL; i++) {
        if (str_eq(key, str_c(careful[i]))) {
            return true;
        }
    }
    return false;
}

/* r->had, with those properties as they are now; but a key, which is not told as it was said. */
static struct value *had_now(struct resource *r, const struct value *now)
{
    struct arena *arena = r->c->arena;
    struct value *made = doc_map(arena);

    for (uint32_t i = 0; i < r->had->count; i++) {
        if (!is_careful(r->had->pairs[i].key)) {
            *doc_put(arena, made, r->had->pairs[i].key) = r->had->pairs[i].value;
        }
    }
    for (size_t i = 0; i < CAREFUL; i++) {
        const struct value *value = doc_get(now, careful[i]);
        const struct value *said = doc_get(r->had, careful[i]);
        bool key = strcmp(careful[i], "SSESpecification") == 0 && said != NULL;

        if (value != NULL) {
            *doc_put(arena, made, str_c(careful[i])) = key ? *said : *value;
        }
    }
    return made;
}

static status table_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceArn",
                                                    "Tags", "TagKeys"};
    const struct value *said = r->had;
    struct value *now = doc_map(r->c->arena);
    struct value *had = NULL;
    status changed;

    TRY(table_now(r, now));
    had = had_now(r, now);
    r->had = had;
    changed = cfn_beside_put(r);
    r->had = said;
    TRY(changed);
    TRY(resource_tag_by(r, "Tags", &tagging, cfn_table_arn(r)));
    *doc_map_of(r->c->arena, had, STR("GlobalSecondaryIndexes")) =
        doc_get(now, "GlobalSecondaryIndexes") == NULL
            ? (struct value){.kind = VALUE_LIST}
            : *doc_get(now, "GlobalSecondaryIndexes");
    r->had = had;
    changed = cfn_table_change(r);
    r->had = said;
    return changed;
}

static const struct resource_type table_type = {
    .name = "AWS::DynamoDB::Table",
    .service = "dynamodb",
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = table_make,
    .change = table_change,
    .remove = table_remove,
    .settled = table_settled,
    .gone = table_gone,
    .tell = table_tell,
    .now = table_now,
    .replaces = replaces,
};

const struct resource_type *const ddb_types[DDB_TYPES] = {&table_type, &cfn_global_type};
