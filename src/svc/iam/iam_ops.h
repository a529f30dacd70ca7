/* SPDX-License-Identifier: Apache-2.0
 *
 * IAM's handlers, one file per group; the table is in api.c.
 */
#ifndef WEIR_SVC_IAM_OPS_H
#define WEIR_SVC_IAM_OPS_H

#include "svc/iam/iam_int.h"

#include <stdlib.h>

/* ---- api_user.c ---- */

status boundary_of_call(struct call *c, struct managed **ret_managed); /* NULL: none is named */

status iam_create_user(struct call *c);
status iam_get_user(struct call *c);
status iam_list_users(struct call *c);
status iam_update_user(struct call *c);
status iam_delete_user(struct call *c);
status iam_create_group(struct call *c);
status iam_get_group(struct call *c);
status iam_list_groups(struct call *c);
status iam_update_group(struct call *c);
status iam_delete_group(struct call *c);
status iam_add_user_to_group(struct call *c);
status iam_remove_user_from_group(struct call *c);
status iam_list_groups_for_user(struct call *c);

/* ---- api_role.c ---- */

status iam_create_role(struct call *c);
status iam_get_role(struct call *c);
status iam_list_roles(struct call *c);
status iam_update_role(struct call *c);
status iam_update_role_description(struct call *c);
status iam_update_trust(struct call *c);
status iam_delete_role(struct call *c);
status iam_create_linked_role(struct call *c);
status iam_delete_linked_role(struct call *c);
status iam_linked_role_status(struct call *c);
status iam_create_profile(struct call *c);
status iam_get_profile(struct call *c);
status iam_list_profiles(struct call *c);
status iam_list_profiles_for_role(struct call *c);
status iam_delete_profile(struct call *c);
status iam_add_role_to_profile(struct call *c);
status iam_remove_role_from_profile(struct call *c);

/* ---- api_policy.c ---- */

/* AWS's and the account's, by name; scope: "AWS", "Local", or all. */
struct managed **managed_sorted(struct call *c, struct account *account, struct str scope,
                                size_t *ret_count);

status iam_create_policy(struct call *c);
status iam_get_policy(struct call *c);
status iam_list_policies(struct call *c);
status iam_delete_policy(struct call *c);
status iam_create_version(struct call *c);
status iam_get_version(struct call *c);
status iam_list_versions(struct call *c);
status iam_set_default_version(struct call *c);
status iam_delete_version(struct call *c);

/* ---- api_attach.c ---- */

status iam_attach_user_policy(struct call *c);
status iam_attach_group_policy(struct call *c);
status iam_attach_role_policy(struct call *c);
status iam_detach_user_policy(struct call *c);
status iam_detach_group_policy(struct call *c);
status iam_detach_role_policy(struct call *c);
status iam_list_attached_user_policies(struct call *c);
status iam_list_attached_group_policies(struct call *c);
status iam_list_attached_role_policies(struct call *c);
status iam_put_user_policy(struct call *c);
status iam_put_group_policy(struct call *c);
status iam_put_role_policy(struct call *c);
status iam_get_user_policy(struct call *c);
status iam_get_group_policy(struct call *c);
status iam_get_role_policy(struct call *c);
status iam_list_user_policies(struct call *c);
status iam_list_group_policies(struct call *c);
status iam_list_role_policies(struct call *c);
status iam_delete_user_policy(struct call *c);
status iam_delete_group_policy(struct call *c);
status iam_delete_role_policy(struct call *c);
status iam_put_user_boundary(struct call *c);
status iam_put_role_boundary(struct call *c);
status iam_delete_user_boundary(struct call *c);
status iam_delete_role_boundary(struct call *c);
status iam_list_entities(struct call *c);

#include "svc/iam/iam_more_ops.h"

#endif
