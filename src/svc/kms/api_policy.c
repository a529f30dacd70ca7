/* SPDX-License-Identifier: Apache-2.0
 *
 * Key policies. A key has one, called "default".
 */
#include "cell/authorize.h"
#include "cell/policy.h"
#include "svc/kms/kms_ops.h"

/* Would the caller be able to put the next one? Nobody is asked while auth is off: then anybody is
 * the account's root, which policies of a team need not name. */
static status lockout_check(struct call *c, const struct policy *policy)
{
    const struct identity *who = c->identity;
    struct policy_request request = {.action = STR("kms:PutKeyPolicy"), .resource = STR("*"),
                                     .account = c->account, .consent = true};

    if (!c->guarded || who == NULL || arg_bool(c, "BypassPolicyLockoutSafetyCheck", false)) {
        return OK;
    }
    static const enum policy_caller kinds[] = {
        [IDENTITY_ROOT] = CALLER_ROOT, [IDENTITY_USER] = CALLER_USER,
        [IDENTITY_ROLE] = CALLER_ROLE, [IDENTITY_FEDERATED] = CALLER_FEDERATED,
    };

    request.principal = (struct policy_principal){.kind = kinds[who->kind],
                                                  .arn = who->principal, .source = who->source,
                                                  .account = who->account};
    return policy_says(policy, &request, NULL) == SAID_ALLOW
               ? OK
               : fail(c, &KMS_POLICY,
                      "The new key policy will not allow you to update the key policy in the "
                      "future.");
}

status policy_check(struct call *c, struct str text)
{
    struct policy *policy;
    struct why why;
    status checked;

    if (text.bytes > POLICY_BYTES_MAX) {
        return fail(c, &KMS_LIMIT, "A key policy can have at most %d bytes.", POLICY_BYTES_MAX);
    }
    if (policy_compile(text, POLICY_OF_RESOURCE, &why, &policy) != OK) {
        return fail(c, &KMS_POLICY, "%s", why.text);
    }
    checked = lockout_check(c, policy);
    policy_drop(policy);
    return checked;
}

static status policy_name_check(struct call *c)
{
    return arg_has(c, "PolicyName") && !str_eq(arg_str(c, "PolicyName"), STR("default"))
               ? fail(c, &KMS_NOT_FOUND, "No such policy exists")
               : OK;
}

/* GetKeyPolicy */
status kms_get_policy(struct call *c)
{
    struct kms_key *key;

    TRY(key_of_call(c, "kms:GetKeyPolicy", &key));
    TRY(policy_name_check(c));
    put_str(c, "Policy", key_policy(c->arena, key));
    put_str(c, "PolicyName", STR("default"));
    return OK;
}

/* PutKeyPolicy */
status kms_put_policy(struct call *c)
{
    struct kms_key *key;

    TRY(key_of_call(c, "kms:PutKeyPolicy", &key));
    TRY(key_own(c, key));
    TRY(policy_name_check(c));
    TRY(key_not_deleted(c, key));
    TRY(policy_check(c, arg_str(c, "Policy")));
    text_set(&key->policy, arg_str(c, "Policy"));
    key_changed(c, key);
    return OK;
}

/* ListKeyPolicies */
status kms_list_policies(struct call *c)
{
    struct kms_key *key;
    struct kms_page page;

    TRY(key_of_call(c, "kms:ListKeyPolicies", &key));
    TRY(page_read(c, 1, &page));
    list_add_str(put_list(c, "PolicyNames", 1), STR("default"));
    page_end(c, STR_NONE);
    return OK;
}
