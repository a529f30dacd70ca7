/* SPDX-License-Identifier: Apache-2.0
 *
 * The error lines.
 */
#include "svc/dynamodb/errors.h"

const struct error DDB_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error DDB_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error DDB_IN_USE = {"ResourceInUseException", NULL, 400, false};
const struct error DDB_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error DDB_CONDITION_FAILED = {"ConditionalCheckFailedException", NULL, 400, false};
const struct error DDB_THROUGHPUT = {"ProvisionedThroughputExceededException", NULL, 400, true};
const struct error DDB_COLLECTION_SIZE = {"ItemCollectionSizeLimitExceededException", NULL, 400,
                                          false};
const struct error DDB_TRANSACTION_CANCELED = {"TransactionCanceledException", NULL, 400, false};
const struct error DDB_TRANSACTION_CONFLICT = {"TransactionConflictException", NULL, 400, true};
const struct error DDB_TRANSACTION_IN_PROGRESS = {"TransactionInProgressException", NULL, 400,
                                                  true};
const struct error DDB_IDEMPOTENT_MISMATCH = {"IdempotentParameterMismatchException", NULL, 400,
                                              false};
const struct error DDB_DUPLICATE_ITEM = {"DuplicateItemException", NULL, 400, false};
const struct error DDB_TABLE_NOT_FOUND = {"TableNotFoundException", NULL, 400, false};
const struct error DDB_TABLE_EXISTS = {"TableAlreadyExistsException", NULL, 400, false};
const struct error DDB_TABLE_IN_USE = {"TableInUseException", NULL, 400, false};
const struct error DDB_INDEX_NOT_FOUND = {"IndexNotFoundException", NULL, 400, false};
const struct error DDB_BACKUP_NOT_FOUND = {"BackupNotFoundException", NULL, 400, false};
const struct error DDB_BACKUP_IN_USE = {"BackupInUseException", NULL, 400, false};
const struct error DDB_NO_BACKUPS_NOW = {"ContinuousBackupsUnavailableException", NULL, 400, false};
const struct error DDB_PITR_UNAVAILABLE = {"PointInTimeRecoveryUnavailableException", NULL, 400,
                                           false};
const struct error DDB_RESTORE_TIME = {"InvalidRestoreTimeException", NULL, 400, false};
const struct error DDB_EXPORT_NOT_FOUND = {"ExportNotFoundException", NULL, 400, false};
const struct error DDB_EXPORT_CONFLICT = {"ExportConflictException", NULL, 400, false};
const struct error DDB_EXPORT_TIME = {"InvalidExportTimeException", NULL, 400, false};
const struct error DDB_IMPORT_NOT_FOUND = {"ImportNotFoundException", NULL, 400, false};
const struct error DDB_IMPORT_CONFLICT = {"ImportConflictException", NULL, 400, false};
const struct error DDB_POLICY_NOT_FOUND = {"PolicyNotFoundException", NULL, 400, false};
const struct error DDB_TRIMMED = {"TrimmedDataAccessException", NULL, 400, false};
const struct error DDB_EXPIRED_ITERATOR = {"ExpiredIteratorException", NULL, 400, false};
const struct error DDB_ACCESS_DENIED = {"AccessDeniedException", NULL, 400, false};
const struct error DDB_THROTTLED = {"ThrottlingException", NULL, 400, true};
