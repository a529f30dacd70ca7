/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::DynamoDB::GlobalTable with its one replica in the stack's region: said otherwise, the same
 * as a table. Capacity that AWS would scale begins, and stays, at its seed or least.
 */
#include "svc/dynamodb/cfn.h"

static const struct resource_property properties[] = {
    {"AttributeDefinitions", NULL, RESOURCE_DECIDES, 0},
    {"BillingMode", NULL, RESOURCE_IN_PLACE, 0},
    {"GlobalSecondaryIndexes", NULL, RESOURCE_IN_PLACE, 0},
    {"KeySchema", NULL, RESOURCE_REPLACES, 0},
    {"LocalSecondaryIndexes", NULL, RESOURCE_REPLACES, 0},
    {"ReadOnDemandThroughputSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"ReadProvisionedThroughputSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"Replicas", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"SSESpecification", NULL, RESOURCE_IN_PLACE, 0},
    {"StreamSpecification", NULL, RESOURCE_IN_PLACE, 0},
    {"TableName", NULL, RESOURCE_REPLACES, 0},
    {"TimeToLiveSpecification", NULL, RESOURCE_IN_PLACE, 0},
    {"WarmThroughput", NULL, RESOURCE_IN_PLACE, 0},
    {"WriteOnDemandThroughputSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"WriteProvisionedThroughputSettings", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const attributes[] = {"Arn", "StreamArn", "TableId", NULL};

static const struct value *member(const struct value *map, const char *name)
{
    return map == NULL ? NULL : doc_get(map, name);
}

static void copy(struct resource *r, struct value *to, const struct value *from, const char *name)
{
    const struct value *value = member(from, name);

    if (value != NULL) {
        *doc_put(r->c->arena, to, str_c(name)) = *value;
    }
}

/* ---- throughput ---- */

/* "Read" or "Write", of settings like ReadProvisionedThroughputSettings. */
static const struct value *units_of(struct resource *r, const struct value *settings,
                                    const char *kind)
{
    struct arena *arena = r->c->arena;
    const struct value *plain =
        member(settings, arena_printf(arena, "%sCapacityUnits", kind).at);
    const struct value *scaled =
        member(settings, arena_printf(arena, "%sCapacityAutoScalingSettings", kind).at);
    const struct value *seed = member(scaled, "SeedCapacity");

    return plain != NULL ? plain : seed != NULL ? seed : member(scaled, "MinCapacity");
}

static void provisioned_put(struct resource *r, struct value *to, const struct value *read,
                            const struct value *write)
{
    const struct value *reads = units_of(r, read, "Read");
    const struct value *writes = units_of(r, write, "Write");
    struct value *map = NULL;

    if (reads == NULL || writes == NULL) {
        return;
    }
    map = doc_put_map(r->c->arena, to, STR("ProvisionedThroughput"));
    *doc_put(r->c->arena, map, STR("ReadCapacityUnits")) = *reads;
    *doc_put(r->c->arena, map, STR("WriteCapacityUnits")) = *writes;
}

static void on_demand_put(struct resource *r, struct value *to, const struct value *read,
                          const struct value *write)
{
    struct value *map = NULL;

    if (member(read, "MaxReadRequestUnits") == NULL &&
        member(write, "MaxWriteRequestUnits") == NULL) {
        return;
    }
    map = doc_put_map(r->c->arena, to, STR("OnDemandThroughput"));
    copy(r, map, read, "MaxReadRequestUnits");
    copy(r, map, write, "MaxWriteRequestUnits");
}

/* The replica's own, or all replicas'. */
static const struct value *read_of(const struct value *replica, const struct value *all,
                                   const char *name)
{
    const struct value *own = member(replica, name);

    return own != NULL ? own : member(all, name);
}

static void throughput_put(struct resource *r, struct value *to, const struct value *replica,
                           const struct value *all)
{
    provisioned_put(r, to, read_of(replica, all, "ReadProvisionedThroughputSettings"),
                    member(all, "WriteProvisionedThroughputSettings"));
    on_demand_put(r, to, read_of(replica, all, "ReadOnDemandThroughputSettings"),
                  member(all, "WriteOnDemandThroughputSettings"));
}

/* ---- indexes ---- */

static const struct value *index_of(const struct value *replica, const struct value *like)
{
    const struct value *list = member(replica, "GlobalSecondaryIndexes");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (doc_same(doc_get(&list->items[i], "IndexName"), doc_get(like, "IndexName"))) {
            return &list->items[i];
        }
    }
    return NULL;
}

static void indexes_put(struct resource *r, struct value *to, const struct value *replica,
                        const struct value *all)
{
    const struct value *list = member(all, "GlobalSecondaryIndexes");
    struct value *made = NULL;

    if (list == NULL || list->kind != VALUE_LIST) {
        return;
    }
    made = doc_put_list(r->c->arena, to, "GlobalSecondaryIndexes");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *own = index_of(replica, &list->items[i]);
        struct value *index = doc_add(r->c->arena, made);

        index->kind = VALUE_MAP;
        copy(r, index, &list->items[i], "IndexName");
        copy(r, index, &list->items[i], "KeySchema");
        copy(r, index, &list->items[i], "Projection");
        copy(r, index, &list->items[i], "WarmThroughput");
        copy(r, index, own, "ContributorInsightsSpecification");
        throughput_put(r, index, own, &list->items[i]);
    }
}

/* ---- as a table ---- */

static const struct value *replica_of(struct resource *r, const struct value *all)
{
    const struct value *list = member(all, "Replicas");
    bool one = list != NULL && list->kind == VALUE_LIST && list->count == 1;

    return one && str_eq(doc_text(r->c->arena, doc_get(&list->items[0], "Region")),
                         r->caller.region)
               ? &list->items[0]
               : NULL;
}

static const struct value *table_of(struct resource *r, const struct value *all)
{
    static const char *const own[] = {"AttributeDefinitions", "BillingMode", "KeySchema",
                                      "LocalSecondaryIndexes", "StreamSpecification", "TableName",
                                      "TimeToLiveSpecification", "WarmThroughput"};
    static const char *const of_replica[] = {
        "ContributorInsightsSpecification", "DeletionProtectionEnabled",
        "KinesisStreamSpecification", "PointInTimeRecoverySpecification", "ResourcePolicy",
        "TableClass", "Tags"};
    struct arena *arena = r->c->arena;
    const struct value *replica = replica_of(r, all);
    const struct value *sse = member(all, "SSESpecification");
    struct value *made = doc_map(arena);

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        copy(r, made, all, own[i]);
    }
    for (size_t i = 0; i < sizeof(of_replica) / sizeof(of_replica[0]); i++) {
        copy(r, made, replica, of_replica[i]);
    }
    if (sse != NULL && sse->kind == VALUE_MAP) {
        struct value *map = doc_put_map(arena, made, STR("SSESpecification"));

        *map = *doc_copy(arena, sse);
        copy(r, map, member(replica, "SSESpecification"), "KMSMasterKeyId");
    }
    throughput_put(r, made, replica, all);
    indexes_put(r, made, replica, all);
    return made;
}

static status as_table(struct resource *r, status (*run)(struct resource *r))
{
    struct resource table = *r;
    status result;

    if (replica_of(r, r->want) == NULL) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Encountered unsupported property Replicas: weir has one replica, in "
                             "the stack's region");
    }
    table.type = ddb_types[0];
    table.stack_tags = NULL; /* its tags are the replica's */
    table.want = table_of(r, r->want);
    table.had = r->had == NULL ? NULL : table_of(r, r->had);
    result = run(&table);
    r->id = table.id;
    r->why = table.why;
    return result;
}

static status global_make(struct resource *r)
{
    return as_table(r, ddb_types[0]->make);
}

static status global_change(struct resource *r)
{
    return as_table(r, ddb_types[0]->change);
}

static status global_remove(struct resource *r)
{
    return ddb_types[0]->remove(r);
}

static status global_settled(struct resource *r)
{
    return as_table(r, ddb_types[0]->settled);
}

static status global_gone(struct resource *r)
{
    return ddb_types[0]->gone(r);
}

static status global_tell(struct resource *r)
{
    const struct value *told = NULL;

    TRY(as_table(r, ddb_types[0]->tell));
    TRY(cfn_table_told(r, &told));
    resource_attribute(r, "TableId", get_str(told, "TableId"));
    return OK;
}

static bool global_replaces(const struct resource *r, const struct resource_property *property)
{
    return ddb_types[0]->replaces(r, property);
}

const struct resource_type cfn_global_type = {
    .name = "AWS::DynamoDB::GlobalTable",
    .service = "dynamodb",
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = global_make,
    .change = global_change,
    .remove = global_remove,
    .settled = global_settled,
    .gone = global_gone,
    .tell = global_tell,
    .replaces = global_replaces,
};
