/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon SQS: the table of operations, in the order of the API reference, its errors, and the
 * service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/sqs/cfn.h"
#include "svc/sqs/sqs_ops.h"

const struct error SQS_NO_QUEUE = {"QueueDoesNotExist",
                                   "AWS.SimpleQueueService.NonExistentQueue", 400, false};
const struct error SQS_QUEUE_EXISTS = {"QueueNameExists", "QueueAlreadyExists", 400, false};
const struct error SQS_DELETED_RECENTLY = {
    "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400, false};
const struct error SQS_BAD_NAME = {"InvalidAttributeName", NULL, 400, false};
const struct error SQS_BAD_VALUE = {"InvalidAttributeValue", NULL, 400, false};
const struct error SQS_BAD_PARAMETER = {"InvalidParameterValueException", "InvalidParameterValue",
                                        400, false};
const struct error SQS_MISSING_PARAMETER = {"MissingRequiredParameterException", "MissingParameter",
                                            400, false};
const struct error SQS_BAD_CONTENTS = {"InvalidMessageContents", NULL, 400, false};
const struct error SQS_EMPTY_BATCH = {"EmptyBatchRequest",
                                      "AWS.SimpleQueueService.EmptyBatchRequest", 400, false};
const struct error SQS_TOO_MANY_ENTRIES = {
    "TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400,
    false};
const struct error SQS_NOT_DISTINCT = {"BatchEntryIdsNotDistinct",
                                       "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400,
                                       false};
const struct error SQS_BAD_ENTRY_ID = {"InvalidBatchEntryId",
                                       "AWS.SimpleQueueService.InvalidBatchEntryId", 400, false};
const struct error SQS_BATCH_TOO_LONG = {"BatchRequestTooLong",
                                         "AWS.SimpleQueueService.BatchRequestTooLong", 400, false};
const struct error SQS_BAD_HANDLE = {"ReceiptHandleIsInvalid", NULL, 400, false};
const struct error SQS_NOT_IN_FLIGHT = {"MessageNotInflight",
                                        "AWS.SimpleQueueService.MessageNotInflight", 400, false};
const struct error SQS_OVER_LIMIT = {"OverLimit", NULL, 400, false};
const struct error SQS_PURGING = {"PurgeQueueInProgress",
                                  "AWS.SimpleQueueService.PurgeQueueInProgress", 400, false};
const struct error SQS_UNSUPPORTED = {"UnsupportedOperation",
                                      "AWS.SimpleQueueService.UnsupportedOperation", 400, false};
const struct error SQS_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};

static const struct op ops[] = {
    {"AddPermission", sqs_add_permission},
    {"CancelMessageMoveTask", sqs_cancel_move},
    {"ChangeMessageVisibility", sqs_change_visibility},
    {"ChangeMessageVisibilityBatch", sqs_change_visibility_batch},
    {"CreateQueue", sqs_create_queue},
    {"DeleteMessage", sqs_delete_message},
    {"DeleteMessageBatch", sqs_delete_batch},
    {"DeleteQueue", sqs_delete_queue},
    {"GetQueueAttributes", sqs_get_attributes},
    {"GetQueueUrl", sqs_get_queue_url},
    {"ListDeadLetterSourceQueues", sqs_list_dead_letter_sources},
    {"ListMessageMoveTasks", sqs_list_moves},
    {"ListQueueTags", sqs_list_tags},
    {"ListQueues", sqs_list_queues},
    {"PurgeQueue", sqs_purge_queue},
    {"ReceiveMessage", sqs_receive_message},
    {"RemovePermission", sqs_remove_permission},
    {"SendMessage", sqs_send_message},
    {"SendMessageBatch", sqs_send_batch},
    {"SetQueueAttributes", sqs_set_attributes},
    {"StartMessageMoveTask", sqs_start_move},
    {"TagQueue", sqs_tag_queue},
    {"UntagQueue", sqs_untag_queue},
};

static const struct page pages[] = {
    {"/_weir/sqs/redrive", false, page_redrive},
    {"/_weir/sqs/queues", false, page_queues},
};

static void sqs_close(void *state)
{
    struct sqs *sqs = state;
    struct str key;
    void *queue;

    if (sqs == NULL) {
        return;
    }
    for (size_t i = 0; map_next(sqs->queues, &i, &key, &queue);) {
        queue_free(queue);
    }
    map_free(sqs->queues);
    map_free(sqs->deleted);
    seats_done(&sqs->seats);
    txn_mark_done(&sqs->swept);
    mem_free(sqs);
}

static status sqs_open(struct cell *cell, void **ret_state)
{
    struct sqs *sqs = MEM_NEW(struct sqs);

    sqs->cell = cell;
    sqs->queues = map_new(QUEUES_MAX);
    sqs->deleted = map_new(QUEUES_MAX);
    seats_init(&sqs->seats);
    sweep_init(sqs);
    *ret_state = sqs; /* closed by the cell also when loading failed */
    sqs_join_bus(cell);
    sqs_join_policies(cell);
    return sqs_load(sqs);
}

const struct service sqs_service = {
    .id = "sqs",
    OPS(ops),
    .open = sqs_open,
    .close = sqs_close,
    .tick = sqs_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = sqs_types,
    .type_count = SQS_TYPES,
};
