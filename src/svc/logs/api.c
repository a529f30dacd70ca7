/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon CloudWatch Logs: the table of operations, in the order of the API reference, its errors,
 * and the service's life.
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/logs/cfn.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

const struct error LOGS_INVALID = {"InvalidParameterException", NULL, 400, false};
const struct error LOGS_EXISTS = {"ResourceAlreadyExistsException", NULL, 400, false};
const struct error LOGS_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error LOGS_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error LOGS_ABORTED = {"OperationAbortedException", NULL, 400, true};
const struct error LOGS_OPERATION = {"InvalidOperationException", NULL, 400, false};
const struct error LOGS_TAGS = {"TooManyTagsException", NULL, 400, false};
const struct error LOGS_VALIDATION = {"ValidationException", NULL, 400, false};

static const struct op ops[] = {
    {"AssociateKmsKey", logs_associate_key},
    {"CancelExportTask", logs_cancel_export},
    {"CreateExportTask", logs_create_export},
    {"CreateLogGroup", logs_create_group},
    {"CreateLogStream", logs_create_stream},
    {"DeleteDestination", logs_delete_destination},
    {"DeleteLogGroup", logs_delete_group},
    {"DeleteLogStream", logs_delete_stream},
    {"DeleteMetricFilter", logs_delete_metric_filter},
    {"DeleteQueryDefinition", logs_delete_query_definition},
    {"DeleteResourcePolicy", logs_delete_policy},
    {"DeleteRetentionPolicy", logs_delete_retention},
    {"DeleteSubscriptionFilter", logs_delete_subscription},
    {"DescribeDestinations", logs_describe_destinations},
    {"DescribeExportTasks", logs_describe_exports},
    {"DescribeLogGroups", logs_describe_groups},
    {"DescribeLogStreams", logs_describe_streams},
    {"DescribeMetricFilters", logs_describe_metric_filters},
    {"DescribeQueryDefinitions", logs_describe_query_definitions},
    {"DescribeResourcePolicies", logs_describe_policies},
    {"DescribeSubscriptionFilters", logs_describe_subscriptions},
    {"DisassociateKmsKey", logs_disassociate_key},
    {"FilterLogEvents", logs_filter_events},
    {"GetLogEvents", logs_get_events},
    {"GetLogGroupFields", logs_get_group_fields},
    {"GetLogRecord", logs_get_record},
    {"ListLogGroups", logs_list_groups},
    {"ListTagsForResource", logs_list_tags},
    {"ListTagsLogGroup", logs_list_tags_of_group},
    {"PutDestination", logs_put_destination},
    {"PutDestinationPolicy", logs_put_destination_policy},
    {"PutLogEvents", logs_put_events},
    {"PutLogGroupDeletionProtection", logs_put_protection},
    {"PutMetricFilter", logs_put_metric_filter},
    {"PutQueryDefinition", logs_put_query_definition},
    {"PutResourcePolicy", logs_put_policy},
    {"PutRetentionPolicy", logs_put_retention},
    {"PutSubscriptionFilter", logs_put_subscription},
    {"StartLiveTail", logs_start_live_tail},
    {"TagLogGroup", logs_tag_group},
    {"TagResource", logs_tag},
    {"TestMetricFilter", logs_test_metric_filter},
    {"UntagLogGroup", logs_untag_group},
    {"UntagResource", logs_untag},
};

static const struct page pages[] = {
    {"/_weir/logs", false, logs_page},
};

static void service_close(void *state)
{
    struct log_groups *logs = state;
    struct str key;
    void *group;

    for (size_t i = 0; map_next(logs->groups, &i, &key, &group);) {
        group_free(group);
    }
    for (size_t i = 0; i < TAGS_TOLD; i++) {
        text_set(&logs->told[i], STR_NONE);
    }
    map_free(logs->groups);
    mem_free(logs);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct log_groups *logs = MEM_NEW(struct log_groups);
    status loaded;

    logs->cell = cell;
    logs->groups = map_new(GROUPS_MAX);
    waiters_init(&logs->tails);
    loaded = logs_load(logs);
    bus_timer_owner(cell, "logs", logs_timer);
    logs_join_bus(cell);
    logs_join_policies(cell);
    *ret_state = logs; /* closed by the cell also when loading failed */
    return loaded;
}

static status service_tick(struct call *c)
{
    logs_expire(c);
    return OK;
}

const struct service logs_service = {
    .id = "logs",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .tick = service_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = logs_types,
    .type_count = LOGS_TYPES,
};
