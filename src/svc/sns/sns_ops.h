/* SPDX-License-Identifier: Apache-2.0
 *
 * SNS's handlers, one file per group; the table is in api.c.
 */
#ifndef WEIR_SVC_SNS_OPS_H
#define WEIR_SVC_SNS_OPS_H

#include "svc/sns/sns_int.h"

status sns_create_topic(struct call *c);
status sns_delete_topic(struct call *c);
status sns_list_topics(struct call *c);
status sns_get_topic_attributes(struct call *c);
status sns_set_topic_attributes(struct call *c);
status sns_tag_resource(struct call *c);
status sns_untag_resource(struct call *c);
status sns_list_tags(struct call *c);
status sns_add_permission(struct call *c);
status sns_remove_permission(struct call *c);

status sns_subscribe(struct call *c);
status sns_confirm_subscription(struct call *c);
status sns_unsubscribe(struct call *c);
status sns_list_subscriptions(struct call *c);
status sns_list_subscriptions_by_topic(struct call *c);
status sns_get_subscription_attributes(struct call *c);
status sns_set_subscription_attributes(struct call *c);

status sns_publish(struct call *c);
status sns_publish_batch(struct call *c);

status sns_create_platform_application(struct call *c);
status sns_delete_platform_application(struct call *c);
status sns_get_platform_application_attributes(struct call *c);
status sns_set_platform_application_attributes(struct call *c);
status sns_list_platform_applications(struct call *c);
status sns_create_platform_endpoint(struct call *c);
status sns_delete_endpoint(struct call *c);
status sns_get_endpoint_attributes(struct call *c);
status sns_set_endpoint_attributes(struct call *c);
status sns_list_endpoints(struct call *c);

status sns_check_opted_out(struct call *c);
status sns_list_opted_out(struct call *c);
status sns_opt_in(struct call *c);
status sns_get_sms_attributes(struct call *c);
status sns_set_sms_attributes(struct call *c);
status sns_sandbox_status(struct call *c);
status sns_create_sandbox_number(struct call *c);
status sns_delete_sandbox_number(struct call *c);
status sns_verify_sandbox_number(struct call *c);
status sns_list_sandbox_numbers(struct call *c);
status sns_list_origination_numbers(struct call *c);

#endif
