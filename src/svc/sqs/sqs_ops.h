/* SPDX-License-Identifier: Apache-2.0
 *
 * SQS's handlers, one file per group; the table is in api.c.
 */
#ifndef WEIR_SVC_SQS_OPS_H
#define WEIR_SVC_SQS_OPS_H

#include "svc/sqs/sqs_rows.h"

status sqs_create_queue(struct call *c);
status sqs_delete_queue(struct call *c);
status sqs_get_queue_url(struct call *c);
status sqs_list_queues(struct call *c);
status sqs_list_dead_letter_sources(struct call *c);
status sqs_get_attributes(struct call *c);
status sqs_set_attributes(struct call *c);
status sqs_purge_queue(struct call *c);
status sqs_tag_queue(struct call *c);
status sqs_untag_queue(struct call *c);
status sqs_list_tags(struct call *c);
status sqs_add_permission(struct call *c);
status sqs_remove_permission(struct call *c);

status sqs_send_message(struct call *c);
status sqs_send_batch(struct call *c);
status sqs_receive_message(struct call *c);
status sqs_delete_message(struct call *c);
status sqs_delete_batch(struct call *c);
status sqs_change_visibility(struct call *c);
status sqs_change_visibility_batch(struct call *c);

status sqs_start_move(struct call *c);
status sqs_list_moves(struct call *c);
status sqs_cancel_move(struct call *c);

status page_redrive(struct call *c);
status page_queues(struct call *c);

#endif
