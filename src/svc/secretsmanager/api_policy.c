/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource policies of secrets. A secret has one, which is called "default".
 */
#include "svc/secretsmanager/secretsmanager_ops.h"
#include "wire/json.h"

static void put_name(struct call *c, const struct secret *secret)
{
    put_str(c, "ARN", secret_arn(secret));
    put_str(c, "Name", secret->name);
}

/* ---- what a document says ---- */

static bool is_star(const struct value *value)
{
    if (value == NULL) {
        return false;
    }
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->count; i++) {
            if (is_star(&value->items[i])) {
                return true;
            }
        }
    }
    return value->kind == VALUE_STR && str_eq(value->str, STR("*"));
}

/* Anybody at all, without a condition. */
static bool is_broad(const struct value *statement)
{
    const struct value *effect = map_find(statement, STR("Effect"));
    const struct value *principal = map_find(statement, STR("Principal"));

    if (effect == NULL || effect->kind != VALUE_STR || !str_eq(effect->str, STR("Allow")) ||
        map_find(statement, STR("Condition")) != NULL || principal == NULL) {
        return false;
    }
    return is_star(principal) ||
           (principal->kind == VALUE_MAP && is_star(map_find(principal, STR("AWS"))));
}

/* A document that compiles. */
static bool policy_is_public(struct call *c, struct str text)
{
    const struct value *statements;
    struct value document;

    if (json_read(arena_dup(c->arena, text), 0, c->arena, NULL, &document) != OK ||
        document.kind != VALUE_MAP) {
        return false;
    }
    statements = map_find(&document, STR("Statement"));
    if (statements != NULL && statements->kind == VALUE_MAP) {
        return is_broad(statements);
    }
    for (uint32_t i = 0; statements != NULL && i < statements->count; i++) {
        if (statements->items[i].kind == VALUE_MAP && is_broad(&statements->items[i])) {
            return true;
        }
    }
    return false;
}

static status policy_check(struct call *c, struct str text)
{
    struct policy *policy = NULL;

    if (text.bytes > POLICY_BYTES_MAX ||
        policy_compile(text, POLICY_OF_RESOURCE, NULL, &policy) != OK) {
        return fail(c, &SECRETS_POLICY, "This resource policy contains a syntax error.");
    }
    policy_drop(policy);
    return OK;
}

/* ---- operations ---- */

/* PutResourcePolicy */
status secrets_put_policy(struct call *c)
{
    struct str text = arg_str(c, "ResourcePolicy");
    struct secret secret;

    TRY(secret_of_call(c, &secret));
    TRY(policy_check(c, text));
    if (arg_bool(c, "BlockPublicPolicy", false) && policy_is_public(c, text)) {
        return fail(c, &SECRETS_PUBLIC,
                    "The BlockPublicPolicy parameter is set to true, and the resource policy did "
                    "not prevent broad access to the secret.");
    }
    policy_save(c, &secret, text);
    call_on(c, secret_arn(&secret));
    put_name(c, &secret);
    return OK;
}

/* GetResourcePolicy */
status secrets_get_policy(struct call *c)
{
    struct secret secret;
    struct str text;

    TRY(secret_of_call(c, &secret));
    put_name(c, &secret);
    text = policy_load(c, &secret);
    if (text.at != NULL) {
        put_str(c, "ResourcePolicy", text);
    }
    return OK;
}

/* DeleteResourcePolicy */
status secrets_delete_policy(struct call *c)
{
    struct secret secret;

    TRY(secret_of_call(c, &secret));
    policy_erase(c, &secret);
    call_on(c, secret_arn(&secret));
    put_name(c, &secret);
    return OK;
}

/* ListResourcePolicies */
status secrets_list_policies(struct call *c)
{
    struct secret secret;
    struct value *list;

    TRY(secret_of_call(c, &secret));
    list = put_list(c, "ResourcePolicies", 1);
    if (policy_load(c, &secret).at != NULL) {
        set_str(list_add(c->arena, list), "PolicyName", STR("default"));
    }
    return OK;
}

static void finding(struct call *c, struct value *list, struct str check, struct str words)
{
    struct value *entry = list_add(c->arena, list);

    set_str(entry, "CheckName", check);
    set_str(entry, "ErrorMessage", words);
}

/* ValidateResourcePolicy */
status secrets_validate_policy(struct call *c)
{
    struct str text = arg_str(c, "ResourcePolicy");
    struct policy *policy = NULL;
    struct secret secret;
    struct value *list;
    struct why why;

    if (arg_has(c, "SecretId")) {
        TRY(secret_of_call(c, &secret));
    }
    list = put_list(c, "ValidationErrors", 2);
    if (policy_compile(text, POLICY_OF_RESOURCE, &why, &policy) != OK) {
        finding(c, list, STR("POLICY_SYNTAX"), arena_dup(c->arena, str_c(why.text)));
    } else if (policy_is_public(c, text)) {
        finding(c, list, STR("PUBLIC_POLICY"),
                STR("The resource policy grants broad access to the secret."));
    }
    policy_drop(policy);
    put_bool(c, "PolicyValidationPassed", list->count == 0);
    return OK;
}
