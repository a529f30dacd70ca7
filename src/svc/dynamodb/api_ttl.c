/* SPDX-License-Identifier: Apache-2.0
 *
 * UpdateTimeToLive, DescribeTimeToLive. ENABLING is while items that were there get their expiry
 * rows, DISABLING while rows are swept.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/upkeep.h"

#include "base/time.h"
#include "cell/doing.h"

/* AWS takes one change within about half an hour; weir only with --limits=aws. */
#define COOLDOWN_MS (30 * MS_PER_MINUTE)

static status ttl_check(struct call *c, const struct table *table, bool enable, struct str name)
{
    bool enabled = table->ttl_name.bytes > 0;

    if (!enabled && !enable) {
        return fail(c, &DDB_VALIDATION, "TimeToLive is already disabled");
    }
    if (enabled && !str_eq(table->ttl_name, name)) {
        return fail(c, &DDB_VALIDATION, "TimeToLive is active on a different AttributeName: "
                    "current AttributeName is %.*s", STR_ARG(table->ttl_name));
    }
    if (enabled && enable) {
        return fail(c, &DDB_VALIDATION, "TimeToLive is already enabled");
    }
    if (c->limits && table->ttl_ms > 0 && c->now - table->ttl_ms < COOLDOWN_MS) {
        return fail(c, &DDB_VALIDATION,
                    "Time to live has been modified multiple times within a fixed interval");
    }
    return OK;
}

static void ttl_set(struct call *c, struct table *table, bool enable, struct str name)
{
    text_set(&table->ttl_name, enable ? name : STR_NONE);
    text_set(&table->ttl_filled, STR_NONE);
    table->ttl_ms = c->now;
    table->ttl_filling = enable;
    table->ttl_sweeping = table->ttl_sweeping || !enable;
    if (!enable) {
        cell_timer_unset(c->cell, &table->expiry);
        table->expiring = false;
    }
    table_save(c, table);
    upkeep_table(dynamodb_of(c), table);
}

/* UpdateTimeToLive */
status ddb_update_ttl(struct call *c)
{
    const struct value *given = arg(c, "TimeToLiveSpecification");
    bool enable = get_bool(given, "Enabled", false);
    struct str name = get_str(given, "AttributeName");
    struct table *table;
    struct value *told;

    TRY(table_of_admin(c, &table));
    if (table->filling) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Table is "
                    "being created: %.*s", STR_ARG(table->name));
    }
    TRY(ttl_check(c, table, enable, name));
    ttl_set(c, table, enable, name);
    call_on(c, table_arn(c->arena, table));
    told = put_struct(c, "TimeToLiveSpecification");
    set_bool(told, "Enabled", enable);
    set_str(told, "AttributeName", name);
    return OK;
}

/* DescribeTimeToLive */
status ddb_describe_ttl(struct call *c)
{
    struct table *table;
    struct value *told;

    TRY(table_of_admin(c, &table));
    told = put_struct(c, "TimeToLiveDescription");
    if (table->ttl_name.bytes == 0) {
        set_str(told, "TimeToLiveStatus",
                table->ttl_sweeping ? STR("DISABLING") : STR("DISABLED"));
        return OK;
    }
    set_str(told, "TimeToLiveStatus", table->ttl_filling ? STR("ENABLING") : STR("ENABLED"));
    set_str(told, "AttributeName", arena_dup(c->arena, table->ttl_name));
    return OK;
}
