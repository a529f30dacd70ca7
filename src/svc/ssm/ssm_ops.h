/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of Parameter Store's operations.
 */
#ifndef WEIR_SVC_SSM_OPS_H
#define WEIR_SVC_SSM_OPS_H

#include "svc/ssm/ssm_int.h"

status ssm_add_tags(struct call *c);
status ssm_delete_parameter(struct call *c);
status ssm_delete_parameters(struct call *c);
status ssm_delete_policy(struct call *c);
status ssm_describe(struct call *c);
status ssm_get(struct call *c);
status ssm_get_many(struct call *c);
status ssm_get_by_path(struct call *c);
status ssm_get_history(struct call *c);
status ssm_get_policies(struct call *c);
status ssm_label(struct call *c);
status ssm_list_tags(struct call *c);
status ssm_put(struct call *c);
status ssm_put_policy(struct call *c);
status ssm_remove_tags(struct call *c);
status ssm_unlabel(struct call *c);

#endif
