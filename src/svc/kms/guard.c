/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking about keys, and what policies are told of them.
 *
 * Rules (source: "Permissions in AWS KMS", "Condition keys for AWS KMS")
 *  1. Nothing happens with a key that its policy does not allow, not by its account's root either;
 *     a policy that names the account lets IAM decide.
 *  2. What policies do not allow, and none denies, a grant may.
 *  3. A key that is not there is said to be so only to who might use it.
 */
#include "svc/kms/guard.h"

#include "cell/authorize.h"

#define CONTEXT_KEYS_MAX 64 /* of an encryption context, that conditions see */

static const char *const operation_names[GRANT_OPERATIONS] = {
    "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom",
    "ReEncryptTo", "Sign", "Verify", "GetPublicKey", "CreateGrant", "RetireGrant", "DescribeKey",
    "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateMac", "VerifyMac",
    "DeriveSharedSecret", "Encapsulate", "Decapsulate",
};

const char *grant_operation_name(uint32_t operation)
{
    return operation_names[operation];
}

/* ---- grants ---- */

bool caller_is(const struct call *c, struct str principal)
{
    return principal.bytes > 0 &&
           (c->identity == NULL
                ? str_eq(principal, c->principal)
                : str_eq(principal, c->identity->principal) ||
                      str_eq(principal, c->identity->source));
}

bool grant_context_fits(const struct grant *grant, const struct value *context)
{
    uint32_t count = context == NULL ? 0 : context->count;

    if (grant->equals && count != grant->context_count) {
        return false;
    }
    for (uint32_t i = 0; i < grant->context_count; i++) {
        const struct value *value =
            context == NULL ? NULL : map_find(context, grant->context[i].key);

        if (value == NULL || !str_eq(value->str, grant->context[i].value.str)) {
            return false;
        }
    }
    return true;
}

/* A grant with a source's ARN is for services that tell one; none of weir's does yet. */
static bool grant_allows(const struct grant *grant, const struct may *may)
{
    bool has_context = may->operation != GRANT_DESCRIBE && may->operation != GRANT_CREATE &&
                       may->operation != GRANT_RETIRE;

    return (grant->operations & (1u << may->operation)) != 0 && grant->source.bytes == 0 &&
           (!has_context || grant_context_fits(grant, may->context));
}

static bool grants_of_allow(struct call *c, const struct may *may, struct str grantee)
{
    struct txn_scan *scan = grants_of_scan(c, may->key, grantee);
    struct grant grant;
    struct str id;

    while (grants_of_next(c, scan, &id)) {
        if (grant_load(c, may->key, id, &grant) && grant_allows(&grant, may)) {
            txn_scan_close(scan);
            return true;
        }
    }
    return false;
}

bool grants_allow(struct call *c, const struct may *may)
{
    struct str principal = c->identity == NULL ? c->principal : c->identity->principal;
    struct str source = c->identity == NULL ? c->principal : c->identity->source;

    if (may->operation == GRANT_NOTHING || may->key->grants == 0) {
        return false;
    }
    return grants_of_allow(c, may, principal) ||
           (!str_eq(principal, source) && source.bytes > 0 && grants_of_allow(c, may, source));
}

/* ---- asking ---- */

/* Context keys of one question. */
struct asking {
    struct authorize_key keys[CONTEXT_KEYS_MAX + 8]; /* told so far */
    struct str names[CONTEXT_KEYS_MAX]; /* of the encryption context */
    size_t count;                       /* of keys */
    size_t name_count;                  /* of names */
};

static void tell(struct asking *asking, const char *name, struct str value)
{
    asking->keys[asking->count++] = (struct authorize_key){.name = name, .value = value};
}

static void tell_context(struct call *c, const struct value *context, struct asking *asking)
{
    for (uint32_t i = 0; context != NULL && i < context->count && i < CONTEXT_KEYS_MAX; i++) {
        struct str name = context->pairs[i].key;

        asking->names[asking->name_count++] = name;
        tell(asking, arena_printf(c->arena, "kms:EncryptionContext:%.*s", STR_ARG(name)).at,
             context->pairs[i].value.str);
    }
    if (asking->name_count > 0) {
        asking->keys[asking->count++] =
            (struct authorize_key){.name = "kms:EncryptionContextKeys", .values = asking->names,
                                   .count = asking->name_count};
    }
}

status key_may(struct call *c, const struct may *may)
{
    struct policy_decision decision;
    struct authorize_wish wish = {.action = may->action};
    struct asking *asking;
    struct asked *asked;
    const char *otherwise = NULL;

    if (!c->guarded) {
        return OK;
    }
    asking = ARENA_NEW(c->arena, struct asking);
    tell_context(c, may->context, asking);
    tell(asking, "kms:CallerAccount", c->account);
    tell(asking, "kms:GrantIsForAWSResource", may->via == NULL ? STR("false") : STR("true"));
    if (may->via != NULL) {
        tell(asking, "kms:ViaService",
             arena_printf(c->arena, "%s.%.*s.amazonaws.com", may->via, STR_ARG(c->region)));
    }
    if (may->algorithm != NULL) {
        tell(asking, "kms:EncryptionAlgorithm", str_c(may->algorithm));
    }
    if (may->same_key != NULL) {
        tell(asking, "kms:ReEncryptOnSameKey", str_c(may->same_key));
    }
    wish.resource = key_arn(c->arena, may->key);
    wish.keys = asking->keys;
    wish.key_count = asking->count;
    asked = call_ask(c, &wish, &decision);
    if (!decision.allowed && !decision.denied && grants_allow(c, may)) {
        decision.allowed = true;
        otherwise = "a grant";
    }
    return asked_end(asked, &decision, otherwise);
}

/* Rule 3: c->why says that it is not there, and stays so when the caller may hear it. */
static __attribute__((returns_nonnull)) status not_there(struct call *c, struct str name,
                                                         const char *action, status found)
{
    struct why why = c->why;
    struct str resource = name;

    if (!c->guarded || found != &KMS_NOT_FOUND) {
        return found;
    }
    if (!str_starts(name, STR("arn:"))) {
        resource = call_arn(c, "kms", str_starts(name, STR("alias/")) ? "%.*s" : "key/%.*s",
                            STR_ARG(name));
    }
    status may = call_may(c, action, resource);

    if (may != OK) {
        return may;
    }
    c->why = why;
    return found;
}

status key_wanted(struct call *c, const struct wanted *wanted, struct kms_key **ret_key)
{
    struct str name = arg_str(c, wanted->member);
    struct may may = {.action = wanted->action, .operation = wanted->operation};
    struct kms_key *key;
    status found = key_named(c, name, wanted->alias, &key);

    if (found != OK) {
        return not_there(c, name, wanted->action, found);
    }
    may.key = key;
    TRY(key_may(c, &may));
    *ret_key = key;
    return OK;
}

status key_of_call(struct call *c, const char *action, struct kms_key **ret_key)
{
    struct wanted wanted = {"KeyId", false, action, GRANT_NOTHING};

    return key_wanted(c, &wanted, ret_key);
}

/* ---- what policies are told ---- */

static struct kms_key *key_of_arn(struct cell *cell, struct str text)
{
    struct arn arn;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("key/"))) {
        return NULL;
    }
    return key_find(cell_state(cell, "kms"), arn.account, arn.region,
                    str_slice(arn.resource, STR("key/").bytes, arn.resource.bytes));
}

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    const struct kms_key *key = key_of_arn(cell, text);

    if (key == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){.policy = key_policy(arena, key), .account = key->account,
                                         .consent = true};
    return true;
}

static bool tag(struct cell *cell, struct str text, struct str name, struct str *ret_value)
{
    const struct kms_key *key = key_of_arn(cell, text);

    for (size_t i = 0; key != NULL && i < key->tag_count; i++) {
        if (str_eq_nocase(key->tags[i].key, name)) {
            *ret_value = key->tags[i].value.bytes == 0 ? STR("") : key->tags[i].value;
            return true;
        }
    }
    return false;
}

static bool one(struct policy_values *values, struct str value)
{
    values->one = value;
    values->values = &values->one;
    values->count = 1;
    return true;
}

static bool aliases_of(struct call *c, const struct kms_key *key, struct policy_values *values)
{
    struct str *names = arena_alloc(c->arena, ALIASES_OF_KEY_MAX * sizeof(*names));
    struct kms *kms = cell_state(c->cell, "kms");
    struct str name;
    void *value;

    values->count = 0;
    for (size_t i = 0; key->aliases > 0 && map_next(kms->aliases, &i, &name, &value);) {
        const struct alias *alias = value;

        if (str_eq(alias->key_id, key->id) && str_eq(alias->account, key->account) &&
            str_eq(alias->region, key->region) && values->count < ALIASES_OF_KEY_MAX) {
            names[values->count++] = alias->name;
        }
    }
    values->values = names;
    return values->count > 0;
}

/* The alias that the request names the key by. */
static bool request_alias(struct call *c, struct policy_values *values)
{
    int index = c->in == NULL ? -1 : model_member_index(model_shape(c->in->shape), STR("KeyId"));
    struct str name = index < 0 ? STR_NONE : c->in->items[index].str;
    struct arn arn;

    if (index < 0 || c->in->items[index].kind != VALUE_STR) {
        return false;
    }
    if (arn_read(name, &arn)) {
        name = arn.resource;
    }
    return str_starts(name, STR("alias/")) && one(values, name);
}

static bool key_word(struct call *c, struct str text, struct str name,
                     struct policy_values *ret_values)
{
    const struct kms_key *key = key_of_arn(c->cell, text);

    if (key == NULL) {
        return false;
    }
    if (str_eq_nocase(name, STR("kms:KeySpec")) ||
        str_eq_nocase(name, STR("kms:CustomerMasterKeySpec"))) {
        return one(ret_values, str_c(key->spec->name));
    }
    if (str_eq_nocase(name, STR("kms:KeyUsage")) ||
        str_eq_nocase(name, STR("kms:CustomerMasterKeyUsage"))) {
        return one(ret_values, str_c(usage_name(key->usage)));
    }
    if (str_eq_nocase(name, STR("kms:KeyOrigin"))) {
        return one(ret_values, key->origin == ORIGIN_KMS ? STR("AWS_KMS") : STR("EXTERNAL"));
    }
    if (str_eq_nocase(name, STR("kms:MultiRegion"))) {
        return one(ret_values, key->region_kind == REGION_SINGLE ? STR("false") : STR("true"));
    }
    if (str_eq_nocase(name, STR("kms:MultiRegionKeyType"))) {
        return key->region_kind != REGION_SINGLE &&
               one(ret_values, key->region_kind == REGION_PRIMARY ? STR("PRIMARY")
                                                                  : STR("REPLICA"));
    }
    if (str_eq_nocase(name, STR("kms:ResourceAliases"))) {
        return aliases_of(c, key, ret_values);
    }
    return str_eq_nocase(name, STR("kms:RequestAlias")) && request_alias(c, ret_values);
}

static const struct resource_source source = {.service = "kms", .find = find, .tag = tag,
                                              .key = key_word};

void kms_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
