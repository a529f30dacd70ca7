/* SPDX-License-Identifier: Apache-2.0
 *
 * UpdateTable. What may come together in one request is AWS's: encryption, table class, deletion
 * protection and warm throughput each alone; a stream or a new index not with throughput. Rules and
 * sentences are those that AWS answers.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/alter.h"
#include "svc/dynamodb/upkeep.h"
#include "svc/dynamodb/vector.h"

#include "wire/wire.h"

#define INVALID "One or more parameter values were invalid: "

/* ---- what may come together ---- */

static const char *const members[] = {
    "ProvisionedThroughput",     "BillingMode",        "StreamSpecification", "SSESpecification",
    "DeletionProtectionEnabled", "OnDemandThroughput", "WarmThroughput",      "TableClass",
    "GlobalSecondaryIndexUpdates", "VectorIndexUpdates",
};
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

/* Global tables are not there. */
static const char *const missing[] = {
    "ReplicaUpdates",      "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode", "DisassociationProtectionEnabled",
};

static bool is_given(struct call *c, const char *member)
{
    const struct value *value = arg(c, member);

    return value != NULL && (value->kind != VALUE_LIST || value->count > 0);
}

static size_t given_count(struct call *c)
{
    size_t count = 0;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        count += is_given(c, members[i]);
    }
    return count;
}

/* What must be the only thing in its request. */
static status alone_check(struct call *c)
{
    static const struct {
        const char *member;
        const char *sentence;
    } rules[] = {
        {"SSESpecification", "Server-Side Encryption modification must be the only operation in "
                             "the request"},
        {"TableClass", "TableClass modification must be the only operation in the request"},
        {"DeletionProtectionEnabled", "DeletionProtection modification must be the only operation "
                                      "in the request"},
        {"WarmThroughput", "WarmThroughput must be the only operation in the request"},
    };
    size_t count = given_count(c);

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (is_given(c, rules[i].member) && count > 1) {
            return fail(c, &DDB_VALIDATION, INVALID "%s", rules[i].sentence);
        }
    }
    if (is_given(c, "OnDemandThroughput") &&
        count > 1 + (size_t)is_given(c, "BillingMode")) {
        return fail(c, &DDB_VALIDATION, INVALID "OnDemandThroughput can only be combined with "
                                                "BillingMode in an UpdateTable request");
    }
    return OK;
}

static status together_check(struct call *c)
{
    const struct value *indexes = arg(c, "GlobalSecondaryIndexUpdates");
    bool throughput = is_given(c, "ProvisionedThroughput") || is_given(c, "BillingMode");
    bool stream = is_given(c, "StreamSpecification");
    bool makes = index_updates_make(indexes) || is_given(c, "VectorIndexUpdates");

    if (stream && (throughput || index_updates_tune(indexes))) {
        return fail(c, &DDB_VALIDATION,
                    INVALID "You cannot modify stream status while updating table IOPS");
    }
    if (makes && (throughput || index_updates_tune(indexes))) {
        return fail(c, &DDB_VALIDATION,
                    INVALID "You cannot create or delete index while updating table IOPS");
    }
    if (makes && stream) {
        return fail(c, &DDB_VALIDATION,
                    INVALID "You cannot create or delete index while changing stream status");
    }
    return OK;
}

static status request_check(struct call *c)
{
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        if (is_given(c, missing[i])) {
            return fail(c, &WIRE_NOT_IMPLEMENTED, "%s is not implemented by weir", missing[i]);
        }
    }
    if (given_count(c) == 0) {
        return fail(c, &DDB_VALIDATION, "At least one of ProvisionedThroughput, BillingMode, "
                    "UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, "
                    "ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
                    "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, "
                    "WarmThroughput or TableClass is required");
    }
    TRY(alone_check(c));
    if (is_given(c, "GlobalSecondaryIndexUpdates")) {
        TRY(index_updates_check(c, arg(c, "GlobalSecondaryIndexUpdates")));
    }
    if (is_given(c, "VectorIndexUpdates")) {
        TRY(vector_updates_check(c, arg(c, "VectorIndexUpdates")));
    }
    if (is_given(c, "VectorIndexUpdates") &&
        index_updates_make(arg(c, "GlobalSecondaryIndexUpdates"))) {
        return one_online(c);
    }
    return together_check(c);
}

/* ---- throughput ---- */

static status billing_read(struct call *c, struct table_update *update)
{
    const struct value *provisioned = arg(c, "ProvisionedThroughput");
    struct str mode = arg_str(c, "BillingMode");

    update->switched = mode.bytes > 0;
    update->on_demand =
        update->switched ? str_eq(mode, STR("PAY_PER_REQUEST")) : update->table->on_demand;
    if (update->on_demand && provisioned != NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits "
                                                "can be specified when BillingMode is "
                                                "PAY_PER_REQUEST");
    }
    if (update->switched && !update->on_demand && provisioned == NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "ProvisionedThroughput must be specified when "
                                                "BillingMode is PROVISIONED");
    }
    if (!update->on_demand && vectors_count(update->table) > 0) {
        return vectors_need_on_demand(c);
    }
    return provisioned == NULL ? OK
                               : provisioned_change(c, update->table, NULL, provisioned,
                                                    &update->provisioned);
}

static status creating_check(struct call *c, const struct table *table)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->state == INDEX_CREATING) {
            return fail(c, &DDB_IN_USE, "OnDemandThroughput cannot be updated while index creation "
                        "is in progress for indexes: [%.*s]", STR_ARG(table->indexes[i]->name));
        }
    }
    return OK;
}

static status throughput_read(struct call *c, struct table_update *update)
{
    const struct value *on_demand = arg(c, "OnDemandThroughput");
    const struct value *warm = arg(c, "WarmThroughput");
    const struct table *table = update->table;
    struct throughput_of of = {STR_NONE, false, true};

    TRY(billing_read(c, update));
    of.on_demand = update->on_demand;
    update->on_demand_max = table->on_demand_max;
    update->warm = table->warm;
    if (on_demand != NULL) {
        TRY(creating_check(c, table));
        TRY(on_demand_read(c, &of, on_demand, &update->on_demand_max));
    }
    return warm == NULL ? OK
                        : warm_read(c, &of, warm,
                                    warm_of(of.on_demand, table->provisioned, table->warm),
                                    &update->warm);
}

static void throughput_do(struct call *c, struct table_update *update)
{
    struct table *table = update->table;

    if (update->switched && update->on_demand && !table->on_demand) {
        table->on_demand_ms = c->now;
        table->provisioned = (struct throughput){0, 0};
        for (size_t i = 0; i < table->index_count; i++) {
            table->indexes[i]->provisioned = (struct throughput){0, 0};
        }
    }
    if (update->switched && !update->on_demand) {
        update->on_demand_max = (struct throughput){0, 0};
        for (size_t i = 0; i < table->index_count; i++) {
            table->indexes[i]->on_demand_max = (struct throughput){0, 0};
        }
    }
    table->on_demand = update->on_demand;
    table->billing_ms = update->switched ? c->now : table->billing_ms;
    table->on_demand_max = update->on_demand_max;
    table->warm = update->warm;
    if (update->provisioned.read > 0) {
        provisioned_set(c, table, NULL, update->provisioned);
    }
}

/* ---- streams and encryption ---- */

static status stream_change_read(struct call *c, struct table_update *update)
{
    const struct value *given = arg(c, "StreamSpecification");
    const struct table *table = update->table;

    if (given == NULL) {
        return OK;
    }
    update->streams = true;
    TRY(stream_read(c, given, true, &update->stream_enabled, &update->view));
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->state == INDEX_CREATING) {
            return fail(c, &DDB_IN_USE,
                        "Can't change stream status when an index is being created");
        }
    }
    if (update->stream_enabled) {
        return stream_begin_check(c, table);
    }
    return table_stream(table) != NULL
               ? OK
               : fail(c, &DDB_VALIDATION, "Table has no stream to disable: TableName: %.*s",
                      STR_ARG(table->name));
}

static status sse_change_read(struct call *c, struct table_update *update)
{
    const struct value *given = arg(c, "SSESpecification");
    struct str now = update->table->extras[EXTRA_SSE];

    if (given == NULL) {
        return OK;
    }
    update->encrypts = true;
    TRY(sse_read(c, given, &update->sse));
    if (update->sse.bytes == 0 && now.bytes == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "Table is already encrypted by default");
    }
    if (has(given, "KMSMasterKeyId") && str_eq(update->sse, now)) {
        return fail(c, &DDB_VALIDATION, INVALID "Table is already encrypted with given "
                    "KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master "
                    "Key");
    }
    return OK;
}

/* ---- all of it ---- */

static status alter_read(struct call *c, struct table_update *update)
{
    TRY(throughput_read(c, update));
    TRY(stream_change_read(c, update));
    TRY(sse_change_read(c, update));
    TRY(index_updates_read(c, update, arg(c, "GlobalSecondaryIndexUpdates")));
    return vector_updates_read(c, update, arg(c, "VectorIndexUpdates"));
}

static void alter_do(struct call *c, struct table_update *update)
{
    struct table *table = update->table;

    throughput_do(c, update);
    if (update->streams && update->stream_enabled) {
        stream_begin(c, table, update->view);
    } else if (update->streams) {
        stream_end(c, table);
    }
    if (update->encrypts) {
        text_set(&table->extras[EXTRA_SSE], update->sse);
    }
    if (arg_has(c, "TableClass")) {
        table->infrequent = str_eq(arg_str(c, "TableClass"), STR("STANDARD_INFREQUENT_ACCESS"));
        table->class_ms = c->now;
    }
    table->protected = arg_bool(c, "DeletionProtectionEnabled", table->protected);
    index_updates_do(c, update, arg(c, "GlobalSecondaryIndexUpdates"));
    vector_updates_do(c, update, arg(c, "VectorIndexUpdates"));
}

/* UpdateTable: what it changes is so at once, but for indexes, which are filled and swept. */
status ddb_update_table(struct call *c)
{
    struct table_update update = {0};
    bool quiet = is_given(c, "DeletionProtectionEnabled") || is_given(c, "WarmThroughput");
    status read;

    TRY(request_check(c));
    TRY(table_of_admin(c, &update.table));
    if (update.table->filling) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Table is "
                    "being created: %.*s", STR_ARG(update.table->name));
    }
    read = alter_read(c, &update);
    if (read == OK) {
        alter_do(c, &update);
        table_save(c, update.table);
        call_on(c, table_arn(c->arena, update.table));
        put_table(c, put_struct(c, "TableDescription"), update.table,
                  quiet ? STR("ACTIVE") : STR("UPDATING"));
    }
    if (update.draft != NULL) {
        table_free(update.draft);
    }
    return read;
}
