/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of Secrets Manager's operations.
 */
#ifndef WEIR_SVC_SECRETSMANAGER_OPS_H
#define WEIR_SVC_SECRETSMANAGER_OPS_H

#include "svc/secretsmanager/secretsmanager_int.h"

status secrets_batch_get(struct call *c);
status secrets_cancel_rotate(struct call *c);
status secrets_create(struct call *c);
status secrets_delete_policy(struct call *c);
status secrets_delete(struct call *c);
status secrets_describe(struct call *c);
status secrets_random_password(struct call *c);
status secrets_get_policy(struct call *c);
status secrets_get_value(struct call *c);
status secrets_list_policies(struct call *c);
status secrets_list_versions(struct call *c);
status secrets_list(struct call *c);
status secrets_put_policy(struct call *c);
status secrets_put_value(struct call *c);
status secrets_restore(struct call *c);
status secrets_rotate(struct call *c);
status secrets_tag(struct call *c);
status secrets_untag(struct call *c);
status secrets_update(struct call *c);
status secrets_update_stage(struct call *c);
status secrets_validate_policy(struct call *c);

#endif
