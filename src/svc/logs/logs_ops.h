/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of CloudWatch Logs, by file, in the order of the API reference.
 */
#ifndef WEIR_SVC_LOGS_OPS_H
#define WEIR_SVC_LOGS_OPS_H

#include "svc/logs/logs_int.h"

/* ---- api_group.c ---- */

status logs_associate_key(struct call *c);
status logs_create_group(struct call *c);
status logs_delete_group(struct call *c);
status logs_delete_retention(struct call *c);
status logs_describe_groups(struct call *c);
status logs_disassociate_key(struct call *c);
status logs_list_groups(struct call *c);
status logs_put_protection(struct call *c);
status logs_put_retention(struct call *c);

/* ---- api_tag.c ---- */

status logs_list_tags(struct call *c);
status logs_list_tags_of_group(struct call *c);
status logs_tag(struct call *c);
status logs_tag_group(struct call *c);
status logs_untag(struct call *c);
status logs_untag_group(struct call *c);
/* A map of tags for what has that ARN: TooManyTagsException, or for old operations another. */
status tags_check(struct call *c, struct str arn, const struct value *map, status too_many);
void tags_set(struct call *c, struct str arn, const struct value *map);

/* ---- api_stream.c ---- */

status logs_create_stream(struct call *c);
status logs_delete_stream(struct call *c);
status logs_describe_streams(struct call *c);

/* ---- api_put.c ---- */

status logs_put_events(struct call *c);

/* ---- api_read.c ---- */

status logs_filter_events(struct call *c);
status logs_get_events(struct call *c);
status logs_get_group_fields(struct call *c);
status logs_get_record(struct call *c);

/* ---- api_filter.c ---- */

status logs_delete_metric_filter(struct call *c);
status logs_describe_metric_filters(struct call *c);
status logs_put_metric_filter(struct call *c);
status logs_test_metric_filter(struct call *c);
status logs_delete_subscription(struct call *c);
status logs_describe_subscriptions(struct call *c);
status logs_put_subscription(struct call *c);
/* A pattern of a call: InvalidParameterException. */
status filter_of_call(struct call *c, const char *member, struct filter **ret_filter);
/* Before the group goes: its metric filters go. */
void metric_filters_erase(struct call *c, struct group *group);

/* ---- api_setting.c ---- */

status logs_delete_destination(struct call *c);
status logs_describe_destinations(struct call *c);
status logs_put_destination(struct call *c);
status logs_put_destination_policy(struct call *c);
status logs_delete_policy(struct call *c);
status logs_describe_policies(struct call *c);
status logs_put_policy(struct call *c);
status logs_delete_query_definition(struct call *c);
status logs_describe_query_definitions(struct call *c);
status logs_put_query_definition(struct call *c);

/* ---- live.c ---- */

status logs_start_live_tail(struct call *c);

/* ---- api_export.c ---- */

status logs_cancel_export(struct call *c);
status logs_create_export(struct call *c);
status logs_describe_exports(struct call *c);

/* ---- pages.c ---- */

status logs_page(struct call *c);

#endif
