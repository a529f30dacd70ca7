/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants: who may use a key for which operations, until it is retired or revoked.
 *
 * A grant's token names its key and the grant: base64 of "1 ARN ID". On AWS it makes a grant hold
 * before that is known everywhere; here it is known at once, and a token is only checked to be one.
 */
#include "base/codec.h"
#include "cell/authorize.h"
#include "svc/kms/kms_ops.h"

#include <assert.h>

#define GRANTS_PAGE 50
#define GRANT_ID_BYTES 64
#define TOKEN_BYTES_MAX 8192
#define CONTEXT_PAIRS_MAX 1000 /* of a grant's constraints */

/* ---- tokens ---- */

static struct str token_of(struct call *c, const struct kms_key *key, struct str id)
{
    struct str text = arena_printf(c->arena, "1 %.*s %.*s", STR_ARG(key_arn(c->arena, key)),
                                   STR_ARG(id));
    char *token = arena_alloc(c->arena, base64_encoded_bytes(text.bytes));

    base64_encode(text, token);
    return str_of(token, base64_encoded_bytes(text.bytes));
}

static bool token_read(struct call *c, struct str token, struct str *ret_arn, struct str *ret_id)
{
    char *text = arena_alloc(c->arena, token.bytes + 4);
    struct str rest;
    size_t bytes;

    if (token.bytes > TOKEN_BYTES_MAX || !base64_decode(token, text, &bytes)) {
        return false;
    }
    rest = str_of(text, bytes);
    if (!str_eq(str_split(&rest, ' '), STR("1"))) {
        return false;
    }
    *ret_arn = str_split(&rest, ' ');
    *ret_id = rest;
    return rest.bytes == GRANT_ID_BYTES && str_starts(*ret_arn, STR("arn:"));
}

static __attribute__((returns_nonnull)) status no_token(struct call *c)
{
    return fail(c, &KMS_GRANT_TOKEN, "Invalid grant token.");
}

status tokens_check(struct call *c)
{
    const struct value *tokens = arg(c, "GrantTokens");
    struct str arn, id;

    for (uint32_t i = 0; tokens != NULL && i < tokens->count; i++) {
        if (!token_read(c, tokens->items[i].str, &arn, &id)) {
            return no_token(c);
        }
    }
    return OK;
}

/* ---- making ---- */

static uint32_t operation_bit(struct str name)
{
    for (uint32_t i = 0; i < GRANT_OPERATIONS; i++) {
        if (str_eq(name, str_c(grant_operation_name(i)))) {
            return 1u << i;
        }
    }
    return 0;
}

static bool key_does(const struct kms_key *key, uint32_t operation)
{
    static const uint8_t usages[GRANT_OPERATIONS] = {
        [GRANT_DECRYPT] = USAGE_ENCRYPT, [GRANT_ENCRYPT] = USAGE_ENCRYPT,
        [GRANT_DATA_KEY] = USAGE_ENCRYPT, [GRANT_DATA_KEY_SEALED] = USAGE_ENCRYPT,
        [GRANT_RE_ENCRYPT_FROM] = USAGE_ENCRYPT, [GRANT_RE_ENCRYPT_TO] = USAGE_ENCRYPT,
        [GRANT_SIGN] = USAGE_SIGN, [GRANT_VERIFY] = USAGE_SIGN,
        [GRANT_PAIR] = USAGE_ENCRYPT, [GRANT_PAIR_SEALED] = USAGE_ENCRYPT,
        [GRANT_MAC] = USAGE_MAC, [GRANT_VERIFY_MAC] = USAGE_MAC, [GRANT_DERIVE] = USAGE_AGREE,
        [GRANT_ENCAPSULATE] = 128, [GRANT_DECAPSULATE] = 128, /* no key of weir's */
    };
    bool symmetric_only = operation == GRANT_DATA_KEY || operation == GRANT_DATA_KEY_SEALED ||
                          operation == GRANT_PAIR || operation == GRANT_PAIR_SEALED;
    bool pairs = key->spec->kind == SPEC_RSA || key->spec->kind == SPEC_EC;

    if (operation == GRANT_PUBLIC_KEY) {
        return pairs;
    }
    return (usages[operation] == 0 || usages[operation] == key->usage) &&
           !(symmetric_only && key->spec->kind != SPEC_AES);
}

static status take_operations(struct call *c, const struct kms_key *key, struct grant *grant)
{
    const struct value *names = arg(c, "Operations");

    if (names->count == 0) {
        return fail(c, &KMS_VALIDATION, "Operations must not be empty.");
    }
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t bit = operation_bit(names->items[i].str);

        if (bit == 0 || !key_does(key, (uint32_t)__builtin_ctz(bit))) {
            return fail(c, &KMS_VALIDATION,
                        "Grant operation %.*s is not supported by a key of KeySpec %s and "
                        "KeyUsage %s.",
                        STR_ARG(names->items[i].str), key->spec->name, usage_name(key->usage));
        }
        grant->operations |= bit;
    }
    return OK;
}

static status take_constraints(struct call *c, const struct kms_key *key, struct grant *grant)
{
    const struct value *constraints = arg(c, "Constraints");
    const struct value *equals =
        constraints == NULL ? NULL : get(constraints, "EncryptionContextEquals");
    const struct value *subset =
        constraints == NULL ? NULL : get(constraints, "EncryptionContextSubset");
    const struct value *context = equals != NULL ? equals : subset;

    if (equals != NULL && subset != NULL) {
        return fail(c, &KMS_VALIDATION,
                    "EncryptionContextEquals and EncryptionContextSubset cannot both be given.");
    }
    if (context != NULL && key->spec->kind != SPEC_AES) {
        return fail(c, &KMS_VALIDATION,
                    "Encryption context constraints are for symmetric encryption KMS keys only.");
    }
    if (context != NULL && context->count > CONTEXT_PAIRS_MAX) {
        return fail(c, &KMS_LIMIT, "A constraint can have at most %d pairs.", CONTEXT_PAIRS_MAX);
    }
    grant->equals = equals != NULL;
    grant->context = context == NULL ? NULL : context->pairs;
    grant->context_count = context == NULL ? 0 : context->count;
    grant->source = constraints == NULL ? STR_NONE : get_str(constraints, "SourceArn");
    return OK;
}

static status take_principals(struct call *c, struct grant *grant)
{
    struct arn arn;

    grant->grantee_service = arg_has(c, "GranteeServicePrincipal");
    grant->retiree_service = arg_has(c, "RetiringServicePrincipal");
    if (grant->grantee_service == arg_has(c, "GranteePrincipal")) {
        return fail(c, &KMS_VALIDATION,
                    "Exactly one of GranteePrincipal and GranteeServicePrincipal must be given.");
    }
    grant->grantee =
        arg_str(c, grant->grantee_service ? "GranteeServicePrincipal" : "GranteePrincipal");
    grant->retiree =
        arg_str(c, grant->retiree_service ? "RetiringServicePrincipal" : "RetiringPrincipal");
    if (!grant->grantee_service &&
        !(arn_read(grant->grantee, &arn) || str_ends(grant->grantee, STR(".amazonaws.com")))) {
        return fail(c, &KMS_ARN, "Invalid ARN %.*s", STR_ARG(grant->grantee));
    }
    if (grant->retiree.bytes > 0 && !grant->retiree_service && !arn_read(grant->retiree, &arn)) {
        return fail(c, &KMS_ARN, "Invalid ARN %.*s", STR_ARG(grant->retiree));
    }
    return OK;
}

static bool same_context(const struct grant *a, const struct grant *b)
{
    if (a->equals != b->equals || a->context_count != b->context_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->context_count; i++) {
        bool found = false;

        for (uint32_t j = 0; j < b->context_count && !found; j++) {
            found = str_eq(a->context[i].key, b->context[j].key) &&
                    str_eq(a->context[i].value.str, b->context[j].value.str);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* A grant with a name that is there already, in every word. */
static bool find_same(struct call *c, const struct kms_key *key, const struct grant *wish,
                      struct grant *ret_grant)
{
    struct txn_scan *scan = grants_of_scan(c, key, wish->grantee);
    struct str id;

    while (wish->name.bytes > 0 && grants_of_next(c, scan, &id)) {
        struct grant grant;

        if (grant_load(c, key, id, &grant) && str_eq(grant.name, wish->name) &&
            str_eq(grant.retiree, wish->retiree) && grant.operations == wish->operations &&
            str_eq(grant.source, wish->source) && same_context(&grant, wish)) {
            txn_scan_close(scan);
            *ret_grant = grant;
            return true;
        }
    }
    if (wish->name.bytes == 0) {
        txn_scan_close(scan);
    }
    return false;
}

static struct str grant_id_new(struct call *c)
{
    char *id = arena_alloc(c->arena, GRANT_ID_BYTES);
    uint8_t chance[GRANT_ID_BYTES / 2];

    rand_fill(c->rand, chance, sizeof(chance));
    hex_encode(str_of(chance, sizeof(chance)), id);
    return str_of(id, GRANT_ID_BYTES);
}

/* CreateGrant */
status kms_create_grant(struct call *c)
{
    struct wanted wanted = {"KeyId", false, "kms:CreateGrant", GRANT_CREATE};
    struct grant grant = {.name = arg_str(c, "Name"), .created_ms = c->now};
    struct grant same;
    struct kms_key *key;
    bool there;

    TRY(tokens_check(c));
    TRY(key_wanted(c, &wanted, &key));
    TRY(key_usable(c, key));
    TRY(take_operations(c, key, &grant));
    TRY(take_constraints(c, key, &grant));
    TRY(take_principals(c, &grant));
    there = find_same(c, key, &grant, &same);
    if (!there && key->grants >= GRANTS_MAX) {
        return fail(c, &KMS_LIMIT, "A key can have at most %d grants.", GRANTS_MAX);
    }
    TRY(dry_run(c));
    if (there) {
        grant = same;
    } else {
        grant.id = grant_id_new(c);
        grant.issuer = arena_printf(c->arena, "arn:%.*s:iam::%.*s:root",
                                    STR_ARG(arn_partition(c->region)), STR_ARG(c->account));
        grant_save(c, key, &grant);
        key->grants++;
        key_changed(c, key);
    }
    put_str(c, "GrantToken", token_of(c, key, grant.id));
    put_str(c, "GrantId", grant.id);
    return OK;
}

/* ---- listing ---- */

static void put_context(struct call *c, struct value *item, const struct grant *grant)
{
    struct value *constraints;
    struct value *map;

    if (grant->context_count == 0 && !grant->equals && grant->source.bytes == 0) {
        return;
    }
    constraints = set_struct(c->arena, item, "Constraints");
    if (grant->context_count > 0 || grant->equals) {
        map = set_map(c->arena, constraints,
                      grant->equals ? "EncryptionContextEquals" : "EncryptionContextSubset",
                      grant->context_count);
        for (uint32_t i = 0; i < grant->context_count; i++) {
            map_add_str(map, grant->context[i].key, grant->context[i].value.str);
        }
    }
    if (grant->source.bytes > 0) {
        set_str(constraints, "SourceArn", grant->source);
    }
}

static void put_grant(struct call *c, struct value *item, const struct kms_key *key,
                      const struct grant *grant)
{
    struct value *names;

    set_str(item, "KeyId", key_arn(c->arena, key));
    set_str(item, "GrantId", grant->id);
    set_str(item, "Name", grant->name.bytes == 0 ? STR("") : grant->name);
    set_time(item, "CreationDate", grant->created_ms);
    set_str(item, grant->grantee_service ? "GranteeServicePrincipal" : "GranteePrincipal",
            grant->grantee);
    if (grant->retiree.bytes > 0) {
        set_str(item, grant->retiree_service ? "RetiringServicePrincipal" : "RetiringPrincipal",
                grant->retiree);
    }
    set_str(item, "IssuingAccount", grant->issuer);
    names = set_list(c->arena, item, "Operations", GRANT_OPERATIONS);
    for (uint32_t i = 0; i < GRANT_OPERATIONS; i++) {
        if ((grant->operations & (1u << i)) != 0) {
            list_add_str(names, str_c(grant_operation_name(i)));
        }
    }
    put_context(c, item, grant);
}

static bool is_asked_for(const struct call *c, const struct grant *grant)
{
    return (!arg_has(c, "GrantId") || str_eq(arg_str(c, "GrantId"), grant->id)) &&
           (!arg_has(c, "GranteePrincipal") ||
            str_eq(arg_str(c, "GranteePrincipal"), grant->grantee)) &&
           (!arg_has(c, "GranteeServicePrincipal") ||
            str_eq(arg_str(c, "GranteeServicePrincipal"), grant->grantee));
}

/* ListGrants */
status kms_list_grants(struct call *c)
{
    struct kms_key *key;
    struct kms_page page;
    struct txn_scan *scan;
    struct value *list;
    struct grant grant;
    struct str last = STR_NONE;

    TRY(key_of_call(c, "kms:ListGrants", &key));
    TRY(key_not_deleted(c, key));
    TRY(page_read(c, GRANTS_PAGE, &page));
    list = put_list(c, "Grants", page.limit);
    scan = grants_scan(c, key, page.after);
    while (grants_next(c, scan, &grant)) {
        if (!is_asked_for(c, &grant)) {
            continue;
        }
        if (list->count == page.limit) {
            last = get_str(&list->items[page.limit - 1], "GrantId");
            txn_scan_close(scan);
            break;
        }
        put_grant(c, list_add(c->arena, list), key, &grant);
    }
    page_end(c, last);
    return OK;
}

/* ListRetirableGrants: of all keys of the Region. */
status kms_list_retirable(struct call *c)
{
    struct str retiree = arg_str(c, arg_has(c, "RetiringPrincipal") ? "RetiringPrincipal"
                                                                    : "RetiringServicePrincipal");
    struct str last = STR_NONE;
    struct str told = STR_NONE;
    struct kms_page page;
    struct txn_scan *scan;
    struct kms_key *key;
    struct value *list;
    struct str id;

    if (arg_has(c, "RetiringPrincipal") == arg_has(c, "RetiringServicePrincipal")) {
        return fail(c, &KMS_VALIDATION,
                    "Exactly one of RetiringPrincipal and RetiringServicePrincipal must be given.");
    }
    TRY(page_read(c, GRANTS_PAGE, &page));
    list = put_list(c, "Grants", page.limit);
    scan = retirable_scan(c, retiree, page.after);
    while (retirable_next(c, scan, &key, &id)) {
        struct grant grant;
        bool there = grant_load(c, key, id, &grant);

        assert(there);
        if (list->count == page.limit) {
            last = told;
            txn_scan_close(scan);
            break;
        }
        put_grant(c, list_add(c->arena, list), key, &grant);
        told = retirable_place(c, key, id);
    }
    page_end(c, last);
    return OK;
}

/* ---- ending ---- */

static status grant_gone(struct call *c, struct kms_key *key, const struct grant *grant)
{
    TRY(dry_run(c));
    grant_erase(c, key, grant);
    key->grants--;
    key_changed(c, key);
    return OK;
}

static __attribute__((returns_nonnull)) status no_grant(struct call *c, struct str id)
{
    return fail(c, &KMS_NOT_FOUND, "Grant ID %.*s not found", STR_ARG(id));
}

/* RevokeGrant */
status kms_revoke_grant(struct call *c)
{
    struct kms_key *key;
    struct grant grant;

    TRY(key_of_call(c, "kms:RevokeGrant", &key));
    TRY(key_not_deleted(c, key));
    if (!grant_load(c, key, arg_str(c, "GrantId"), &grant)) {
        return no_grant(c, arg_str(c, "GrantId"));
    }
    return grant_gone(c, key, &grant);
}

/* Who the grant says, its grantee when it has that operation, and whom policies allow. */
static status may_retire(struct call *c, const struct kms_key *key, const struct grant *grant)
{
    struct may may = {.key = key, .action = "kms:RetireGrant", .operation = GRANT_NOTHING};
    bool grantee = (grant->operations & (1u << GRANT_RETIRE)) != 0 &&
                   caller_is(c, grant->grantee);

    return grantee || caller_is(c, grant->retiree) ? OK : key_may(c, &may);
}

/* RetireGrant: by its token, or by the key's ARN and its id. */
status kms_retire_grant(struct call *c)
{
    struct str name = arg_str(c, "KeyId");
    struct str id = arg_str(c, "GrantId");
    struct kms_key *key;
    struct grant grant;

    if (arg_has(c, "GrantToken")) {
        if (arg_has(c, "KeyId") || arg_has(c, "GrantId")) {
            return fail(c, &KMS_VALIDATION,
                        "Either a grant token or a key ID and a grant ID must be given.");
        }
        if (!token_read(c, arg_str(c, "GrantToken"), &name, &id)) {
            return no_token(c);
        }
    } else if (name.bytes == 0 || id.bytes == 0) {
        return fail(c, &KMS_VALIDATION,
                    "A key ID and a grant ID, or a grant token, must be given.");
    }
    TRY(key_named(c, name, false, &key));
    if (!grant_load(c, key, id, &grant)) {
        return no_grant(c, id);
    }
    TRY(may_retire(c, key, &grant));
    TRY(key_not_deleted(c, key));
    return grant_gone(c, key, &grant);
}
