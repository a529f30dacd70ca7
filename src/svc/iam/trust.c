/* SPDX-License-Identifier: Apache-2.0
 *
 * Trust policies: read as every document is; and users and roles of the account that they name must
 * be there when they are set, as on AWS. (Afterwards they may go: nobody can be them then.)
 */
#include "cell/arn.h"
#include "cell/policy.h"
#include "svc/iam/iam_int.h"
#include "wire/json.h"

/* "arn:aws:iam::ACCOUNT:user/…" of that account; others are not looked at. */
static bool is_there(const struct account *account, struct str principal)
{
    struct arn arn;

    if (!arn_read(principal, &arn) || !str_eq(arn.service, STR("iam")) ||
        !str_eq(arn.account, account_id(account))) {
        return true;
    }
    if (str_starts(arn.resource, STR("user/"))) {
        return thing_of_arn(account, USER, principal) != NULL;
    }
    return !str_starts(arn.resource, STR("role/")) ||
           thing_of_arn(account, ROLE, principal) != NULL;
}

/* The first of a text or a list of texts that is not there; STR_NONE: all are. */
static struct str missing_of(const struct account *account, const struct value *names)
{
    if (names != NULL && names->kind == VALUE_STR) {
        return is_there(account, names->str) ? STR_NONE : names->str;
    }
    for (uint32_t i = 0; names != NULL && names->kind == VALUE_LIST && i < names->count; i++) {
        const struct value *name = &names->items[i];

        if (name->kind == VALUE_STR && !is_there(account, name->str)) {
            return name->str;
        }
    }
    return STR_NONE;
}

static status statement_check(struct call *c, const struct account *account,
                              const struct value *statement)
{
    const struct value *principal =
        statement->kind == VALUE_MAP ? map_find(statement, STR("Principal")) : NULL;
    struct str missing = STR_NONE;

    if (principal != NULL && principal->kind == VALUE_MAP) {
        missing = missing_of(account, map_find(principal, STR("AWS")));
    }
    if (missing.at != NULL) {
        return fail(c, &IAM_MALFORMED, "Invalid principal in policy: \"AWS\":\"%.*s\"",
                    STR_ARG(missing));
    }
    return OK;
}

static status principals_check(struct call *c, const struct account *account, struct str text)
{
    const struct value *statements;
    struct value document;
    struct why why;

    if (json_read(arena_dup(c->arena, text), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return fail(c, &IAM_MALFORMED, "Syntax errors in policy.");
    }
    statements = map_find(&document, STR("Statement"));
    if (statements == NULL || statements->kind != VALUE_LIST) {
        return statements == NULL ? OK : statement_check(c, account, statements);
    }
    for (uint32_t i = 0; i < statements->count; i++) {
        TRY(statement_check(c, account, &statements->items[i]));
    }
    return OK;
}

status trust_read(struct call *c, const struct account *account, struct str text,
                  struct policy **ret_policy)
{
    struct policy *policy;
    status checked;

    if (document_chars(text) > TRUST_CHARS_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for ACLSizePerRole: %d", TRUST_CHARS_MAX);
    }
    TRY(document_read(c, text, POLICY_OF_TRUST, &policy));
    checked = principals_check(c, account, text);
    if (checked != OK) {
        policy_drop(policy);
        return checked;
    }
    *ret_policy = policy;
    return OK;
}
