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

/* api_signup.c */
status cognito_sign_up(struct call *c);
status cognito_confirm_sign_up(struct call *c);
status cognito_resend_code(struct call *c);
status cognito_forgot_password(struct call *c);
status cognito_confirm_forgot_password(struct call *c);

/* api_admin.c */
status cognito_admin_create_user(struct call *c);
status cognito_admin_set_password(struct call *c);
status cognito_admin_reset_password(struct call *c);
status cognito_admin_confirm(struct call *c);
status cognito_admin_disable(struct call *c);
status cognito_admin_enable(struct call *c);
status cognito_admin_delete_user(struct call *c);
status cognito_admin_get_user(struct call *c);

/* api_user.c */
status cognito_get_user(struct call *c);
status cognito_delete_user(struct call *c);
status cognito_update_attributes(struct call *c);
status cognito_admin_update_attributes(struct call *c);
status cognito_delete_attributes(struct call *c);
status cognito_admin_delete_attributes(struct call *c);
status cognito_get_attribute_code(struct call *c);
status cognito_verify_attribute(struct call *c);
status cognito_change_password(struct call *c);

/* api_list.c */
status cognito_list_users(struct call *c);

/* api_mfa.c */
status cognito_associate_token(struct call *c);
status cognito_verify_token(struct call *c);
status cognito_set_preference(struct call *c);
status cognito_admin_set_preference(struct call *c);
status cognito_admin_delete_token(struct call *c);
status cognito_get_factors(struct call *c);
status cognito_admin_get_factors(struct call *c);

/* device.c */
status cognito_confirm_device(struct call *c);
status cognito_get_device(struct call *c);
status cognito_forget_device(struct call *c);
status cognito_update_device(struct call *c);
status cognito_list_devices(struct call *c);

/* api_auth.c */
status cognito_initiate_auth(struct call *c);
status cognito_admin_initiate_auth(struct call *c);
status cognito_respond(struct call *c);
status cognito_admin_respond(struct call *c);

#endif
