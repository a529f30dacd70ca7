/* SPDX-License-Identifier: Apache-2.0
 *
 * Point-in-time recovery: DescribeContinuousBackups, RestoreTableToPointInTime,
 * UpdateContinuousBackups.
 *
 * The past is there for every table (past.h); what AWS lets restore begins when recovery was
 * switched on, and ends now: the latest restorable time is no minutes ago.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/restores.h"

#include "base/time.h"

#define DAYS_DEFAULT 35

int64_t pitr_earliest(const struct call *c, const struct table *table)
{
    int64_t earliest_ms = past_earliest(table);
    int64_t period_ms = c->now - (int64_t)table->pitr_days * MS_PER_DAY;

    earliest_ms = earliest_ms > period_ms ? earliest_ms : period_ms;
    earliest_ms = earliest_ms > table->pitr_ms ? earliest_ms : table->pitr_ms;
    /* clients give it back in whole seconds */
    earliest_ms = (earliest_ms + MS_PER_SECOND - 1) / MS_PER_SECOND * MS_PER_SECOND;
    return earliest_ms < c->now ? earliest_ms : c->now;
}

static void put_continuous(struct call *c, const struct table *table)
{
    struct value *about = put_struct(c, "ContinuousBackupsDescription");
    struct value *recovery = set_struct(c->arena, about, "PointInTimeRecoveryDescription");

    set_str(about, "ContinuousBackupsStatus", STR("ENABLED"));
    set_str(recovery, "PointInTimeRecoveryStatus",
            table->pitr ? STR("ENABLED") : STR("DISABLED"));
    if (table->pitr) {
        set_int(recovery, "RecoveryPeriodInDays", table->pitr_days);
        set_time(recovery, "EarliestRestorableDateTime", pitr_earliest(c, table));
        set_time(recovery, "LatestRestorableDateTime", c->now);
    }
}

/* DescribeContinuousBackups */
status ddb_describe_continuous_backups(struct call *c)
{
    struct table *table;

    TRY(table_to_back_up(c, arg_str(c, "TableName"), &table));
    put_continuous(c, table);
    return OK;
}

/* UpdateContinuousBackups */
status ddb_update_continuous_backups(struct call *c)
{
    const struct value *wish = arg(c, "PointInTimeRecoverySpecification");
    bool enabled = get_bool(wish, "PointInTimeRecoveryEnabled", false);
    struct table *table;

    TRY(table_to_back_up(c, arg_str(c, "TableName"), &table));
    if (!enabled && has(wish, "RecoveryPeriodInDays")) {
        return fail(c, &DDB_VALIDATION, "RecoveryPeriodInDays can only be specified when "
                                        "PointInTimeRecoveryEnabled is true");
    }
    if (enabled && !table->pitr) {
        table->pitr_ms = c->now;
        table->pitr_days = DAYS_DEFAULT;
    }
    table->pitr = enabled;
    table->pitr_days = (uint32_t)get_int(wish, "RecoveryPeriodInDays", table->pitr_days);
    table_save(c, table);
    call_on(c, table_arn(c->arena, table));
    put_continuous(c, table);
    return OK;
}

status pitr_check(struct call *c, const struct table *table)
{
    return table->pitr
               ? OK
               : fail(c, &DDB_PITR_UNAVAILABLE,
                      "Point in time recovery is not enabled for table '%.*s'",
                      STR_ARG(table->name));
}

/* As of when; the cut of that moment. */
static status moment_read(struct call *c, const struct table *table, int64_t *ret_at_ms,
                          uint64_t *ret_cut)
{
    bool latest = arg_bool(c, "UseLatestRestorableTime", false);

    if (latest == arg_has(c, "RestoreDateTime")) {
        return fail(c, &DDB_VALIDATION, latest ? "Both RestoreDateTime and UseLatestRestorableTime "
                                                 "cannot be specified at the same time"
                                               : "Either RestoreDateTime or "
                                                 "UseLatestRestorableTime must be specified");
    }
    *ret_at_ms = get_time(c->in, "RestoreDateTime", c->now);
    if (*ret_at_ms < pitr_earliest(c, table) || *ret_at_ms > c->now) {
        return fail(c, &DDB_RESTORE_TIME,
                    "An invalid restore time was specified. RestoreDateTime must be between "
                    "EarliestRestorableDateTime and LatestRestorableDateTime.");
    }
    return past_cut(c, table, *ret_at_ms, ret_cut); /* what is trimmed is before the earliest */
}

/* RestoreTableToPointInTime */
status ddb_restore_table_to_point_in_time(struct call *c)
{
    struct restoring restoring = {0};
    struct restore_told told = {STR_NONE, 0};
    struct table *table;

    if (arg_has(c, "SourceTableName") == arg_has(c, "SourceTableArn")) {
        return fail(c, &DDB_VALIDATION,
                    "Either SourceTableArn or SourceTableName must be specified");
    }
    TRY(table_to_back_up(c, arg_has(c, "SourceTableArn") ? arg_str(c, "SourceTableArn")
                                                         : arg_str(c, "SourceTableName"),
                         &table));
    TRY(pitr_check(c, table));
    TRY(moment_read(c, table, &told.at_ms, &restoring.cut));
    restoring.source = past_of_table(table);
    return restore_to(c, table, &restoring, &told);
}
