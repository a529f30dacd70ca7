/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of aliases.
 */
#include "cell/authorize.h"
#include "svc/kms/kms_ops.h"

#define ALIASES_PAGE 50

/* "alias/name", and none of AWS's own. */
static status name_check(struct call *c, struct str name)
{
    if (!str_starts(name, STR("alias/")) || name.bytes == STR("alias/").bytes) {
        return fail(c, &KMS_VALIDATION,
                    "Alias must start with the prefix \"alias/\". Please see "
                    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
    }
    if (str_find(name, ':', 0) < name.bytes) {
        return fail(c, &KMS_VALIDATION, "%.*s contains invalid characters for an alias",
                    STR_ARG(name));
    }
    return str_starts(name, STR("alias/aws/"))
               ? fail(c, &KMS_ALIAS_NAME, "Aliases that begin with alias/aws/ are AWS's own.")
               : OK;
}

static struct str name_arn(struct call *c, struct str name)
{
    return call_arn(c, "kms", "%.*s", STR_ARG(name));
}

/* The key that it is to lead to: one of the caller's own account. */
static status target_of_call(struct call *c, const char *action, struct kms_key **ret_key)
{
    struct wanted wanted = {"TargetKeyId", false, action, GRANT_NOTHING};
    struct str name = arg_str(c, "TargetKeyId");
    struct kms_key *key;

    if (str_starts(name, STR("alias/"))) {
        return fail(c, &KMS_VALIDATION, "Aliases must refer to keys. Not aliases");
    }
    TRY(key_wanted(c, &wanted, &key));
    if (!str_eq(key->account, c->account)) {
        return fail(c, &KMS_NOT_FOUND, "Key '%.*s' does not exist",
                    STR_ARG(key_arn(c->arena, key)));
    }
    TRY(key_own(c, key));
    TRY(key_not_deleted(c, key));
    *ret_key = key;
    return OK;
}

static status room_check(struct call *c, const struct kms_key *key)
{
    return key->aliases < ALIASES_OF_KEY_MAX && map_count(kms_of(c)->aliases) < ALIASES_MAX
               ? OK
               : fail(c, &KMS_LIMIT, "A key can have at most %d aliases.", ALIASES_OF_KEY_MAX);
}

/* CreateAlias */
status kms_create_alias(struct call *c)
{
    struct str name = arg_str(c, "AliasName");
    struct kms_key *key;

    TRY(name_check(c, name));
    TRY(call_may(c, "kms:CreateAlias", name_arn(c, name)));
    TRY(target_of_call(c, "kms:CreateAlias", &key));
    if (alias_find(kms_of(c), c->account, c->region, name) != NULL) {
        return fail(c, &KMS_EXISTS, "An alias with the name %.*s already exists",
                    STR_ARG(name_arn(c, name)));
    }
    TRY(room_check(c, key));
    (void)alias_make(c, name, key);
    call_on(c, name_arn(c, name));
    return OK;
}

static status alias_of_call(struct call *c, const char *action, struct alias **ret_alias)
{
    struct str name = arg_str(c, "AliasName");
    struct alias *alias = alias_find(kms_of(c), c->account, c->region, name);

    TRY(name_check(c, name));
    TRY(call_may(c, action, name_arn(c, name)));
    if (alias == NULL) {
        return fail(c, &KMS_NOT_FOUND, "Alias %.*s is not found.", STR_ARG(name_arn(c, name)));
    }
    *ret_alias = alias;
    return OK;
}

/* UpdateAlias: to another key of the same use. */
status kms_update_alias(struct call *c)
{
    struct alias *alias;
    struct kms_key *from;
    struct kms_key *to;

    TRY(alias_of_call(c, "kms:UpdateAlias", &alias));
    TRY(target_of_call(c, "kms:UpdateAlias", &to));
    from = key_find(kms_of(c), alias->account, alias->region, alias->key_id);
    if (from != NULL && (from->usage != to->usage || from->spec->kind != to->spec->kind)) {
        return fail(c, &KMS_VALIDATION,
                    "The current KMS key and the new KMS key must be of the same type and have "
                    "the same key usage.");
    }
    if (from != to) {
        TRY(room_check(c, to));
        if (from != NULL) {
            from->aliases--;
        }
        to->aliases++;
    }
    text_set(&alias->key_id, to->id);
    alias->updated_ms = c->now;
    alias_save(c, alias);
    call_on(c, name_arn(c, alias->name));
    return OK;
}

/* DeleteAlias */
status kms_delete_alias(struct call *c)
{
    struct alias *alias;
    struct kms_key *key;

    TRY(alias_of_call(c, "kms:DeleteAlias", &alias));
    key = key_find(kms_of(c), alias->account, alias->region, alias->key_id);
    if (key != NULL) {
        struct may may = {.key = key, .action = "kms:DeleteAlias", .operation = GRANT_NOTHING};

        TRY(key_may(c, &may));
    }
    call_on(c, name_arn(c, arg_str(c, "AliasName")));
    alias_remove(c, alias);
    return OK;
}

static void put_alias(struct call *c, struct value *item, const struct alias *alias)
{
    set_str(item, "AliasName", alias->name);
    set_str(item, "AliasArn", alias_arn(c->arena, alias));
    set_str(item, "TargetKeyId", alias->key_id);
    set_time(item, "CreationDate", alias->created_ms);
    set_time(item, "LastUpdatedDate", alias->updated_ms);
}

/* ListAliases: all, or those of a key. */
status kms_list_aliases(struct call *c)
{
    struct kms_key *key = NULL;
    struct kms_page page;
    struct txn_scan *scan;
    struct alias *alias;
    struct value *list;
    struct str last = STR_NONE;

    if (arg_has(c, "KeyId")) {
        TRY(key_named(c, arg_str(c, "KeyId"), false, &key));
    }
    TRY(page_read(c, ALIASES_PAGE, &page));
    list = put_list(c, "Aliases", page.limit);
    scan = aliases_scan(c, page.after);
    while ((alias = aliases_next(c, scan)) != NULL) {
        if (key != NULL && !str_eq(alias->key_id, key->id)) {
            continue;
        }
        if (list->count == page.limit) {
            last = get_str(&list->items[page.limit - 1], "AliasName");
            txn_scan_close(scan);
            break;
        }
        put_alias(c, list_add(c->arena, list), alias);
    }
    page_end(c, last);
    return OK;
}
