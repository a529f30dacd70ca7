/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operations on backups and on the past share: finding tables in their words, restoring
 * with overrides.
 */
#ifndef WEIR_SVC_DYNAMODB_RESTORES_H
#define WEIR_SVC_DYNAMODB_RESTORES_H

#include "svc/dynamodb/backup.h"

/* ---- api_backup.c ---- */

/* TableNotFoundException, TableInUseException. */
status table_to_back_up(struct call *c, struct str name, struct table **ret_table);

/* ---- api_past.c ---- */

/* Point-in-time recovery is on; PointInTimeRecoveryUnavailableException. */
status pitr_check(struct call *c, const struct table *table);
/* EarliestRestorableDateTime */
int64_t pitr_earliest(const struct call *c, const struct table *table);

/* ---- restore_wish.c ---- */

/* What a RestoreSummary says beside the table's ARN. */
struct restore_told {
    struct str backup_arn;  /* empty: from the past */
    int64_t at_ms;          /* as of when */
};
/* The call's TargetTableName with its overrides, like that table; the job begins, and the answer's
 * TableDescription is filled in. restoring->table is made here. */
status restore_to(struct call *c, const struct table *like, struct restoring *restoring,
                  const struct restore_told *told);

#endif
