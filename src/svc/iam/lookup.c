/* SPDX-License-Identifier: Apache-2.0
 *
 * How calls name things, and what AWS says when there is none.
 */
#include "cell/arn.h"
#include "svc/iam/iam_int.h"

status no_such_user(struct call *c, struct str name)
{
    return fail(c, &IAM_NO_SUCH, "The user with name %.*s cannot be found.", STR_ARG(name));
}

status user_of_call(struct call *c, struct user **ret_user)
{
    struct account *account;
    struct user *user;

    TRY(account_of_call(c, &account));
    user = (struct user *)thing_find(account, USER, arg_str(c, "UserName"));
    if (user == NULL) {
        return no_such_user(c, arg_str(c, "UserName"));
    }
    *ret_user = user;
    return OK;
}

struct user *caller_user(struct call *c)
{
    struct account *account = account_find(iam_of(c), c->account);

    return account == NULL ? NULL : (struct user *)thing_of_arn(account, USER, c->principal);
}

status user_or_caller(struct call *c, struct user **ret_user)
{
    struct user *user;

    if (arg_has(c, "UserName")) {
        return user_of_call(c, ret_user);
    }
    user = caller_user(c);
    if (user == NULL) {
        return fail(c, &IAM_VALIDATION,
                    "Must specify userName when calling with non-User credentials");
    }
    *ret_user = user;
    return OK;
}

status group_of_call(struct call *c, struct group **ret_group)
{
    struct account *account;
    struct group *group;

    TRY(account_of_call(c, &account));
    group = (struct group *)thing_find(account, GROUP, arg_str(c, "GroupName"));
    if (group == NULL) {
        return fail(c, &IAM_NO_SUCH, "The group with name %.*s cannot be found.",
                    STR_ARG(arg_str(c, "GroupName")));
    }
    *ret_group = group;
    return OK;
}

status role_of_call(struct call *c, struct role **ret_role)
{
    struct account *account;
    struct role *role;

    TRY(account_of_call(c, &account));
    role = (struct role *)thing_find(account, ROLE, arg_str(c, "RoleName"));
    if (role == NULL) {
        return fail(c, &IAM_NO_SUCH, "The role with name %.*s cannot be found.",
                    STR_ARG(arg_str(c, "RoleName")));
    }
    *ret_role = role;
    return OK;
}

status role_to_change(struct call *c, struct role **ret_role)
{
    struct role *role;

    TRY(role_of_call(c, &role));
    if (role->linked.bytes > 0) {
        return fail(c, &IAM_UNMODIFIABLE,
                    "Cannot perform the operation on the protected role '%.*s' - this role is "
                    "only modifiable by AWS",
                    STR_ARG(role->principal.thing.name));
    }
    *ret_role = role;
    return OK;
}

status profile_of_call(struct call *c, struct profile **ret_profile)
{
    struct account *account;
    struct profile *profile;

    TRY(account_of_call(c, &account));
    profile =
        (struct profile *)thing_find(account, PROFILE, arg_str(c, "InstanceProfileName"));
    if (profile == NULL) {
        return fail(c, &IAM_NO_SUCH, "Instance Profile %.*s cannot be found.",
                    STR_ARG(arg_str(c, "InstanceProfileName")));
    }
    *ret_profile = profile;
    return OK;
}

status managed_of_call(struct call *c, struct managed **ret_managed)
{
    struct str text = arg_str(c, "PolicyArn");
    struct account *account;
    struct managed *managed;
    struct arn arn;

    TRY(account_of_call(c, &account));
    if (!arn_read(text, &arn)) {
        return fail(c, &IAM_VALIDATION, "Invalid ARN:  Could not be parsed!");
    }
    managed = (struct managed *)thing_of_arn(account, MANAGED, text);
    if (managed == NULL) {
        return fail(c, &IAM_NO_SUCH, "Policy %.*s was not found.", STR_ARG(text));
    }
    *ret_managed = managed;
    return OK;
}

status managed_to_change(struct call *c, struct managed **ret_managed)
{
    struct managed *managed;

    TRY(managed_of_call(c, &managed));
    if (managed->thing.account == NULL) {
        return fail(c, &IAM_INVALID, "Policy %.*s cannot be changed: it is managed by AWS.",
                    STR_ARG(arg_str(c, "PolicyArn")));
    }
    *ret_managed = managed;
    return OK;
}
