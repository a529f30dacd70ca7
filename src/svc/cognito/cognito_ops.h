/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers, by the files they are in; api.c's table says which operation each is.
 */
#ifndef WEIR_SVC_COGNITO_OPS_H
#define WEIR_SVC_COGNITO_OPS_H

#include "cell/call.h"

/* api_pool.c */
status cognito_create_pool(struct call *c);
status cognito_describe_pool(struct call *c);
status cognito_update_pool(struct call *c);
status cognito_list_pools(struct call *c);
status cognito_delete_pool(struct call *c);
status cognito_add_attributes(struct call *c);
status cognito_set_pool_mfa(struct call *c);
status cognito_get_pool_mfa(struct call *c);
status cognito_tag(struct call *c);
status cognito_untag(struct call *c);
status cognito_list_tags(struct call *c);
status cognito_timer(struct call *c, struct str name, struct str payload);

/* api_client.c */
status cognito_create_client(struct call *c);
status cognito_describe_client(struct call *c);
status cognito_update_client(struct call *c);
status cognito_delete_client(struct call *c);
status cognito_list_clients(struct call *c);
status cognito_add_secret(struct call *c);
status cognito_list_secrets(struct call *c);
status cognito_delete_secret(struct call *c);

/* domain.c, server.c, group.c */
status cognito_create_domain(struct call *c);
status cognito_update_domain(struct call *c);
status cognito_delete_domain(struct call *c);
status cognito_describe_domain(struct call *c);
status cognito_create_server(struct call *c);
status cognito_describe_server(struct call *c);
status cognito_update_server(struct call *c);
status cognito_delete_server(struct call *c);
status cognito_list_servers(struct call *c);
status cognito_create_group(struct call *c);
status cognito_get_group(struct call *c);
status cognito_update_group(struct call *c);
status cognito_delete_group(struct call *c);
status cognito_list_groups(struct call *c);
status cognito_add_to_group(struct call *c);
status cognito_remove_from_group(struct call *c);
status cognito_list_groups_of_user(struct call *c);
status cognito_list_users_in_group(struct call *c);

#endif
