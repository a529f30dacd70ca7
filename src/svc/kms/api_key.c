/* SPDX-License-Identifier: Apache-2.0
 *
 * Making keys and telling of them. A key with two halves is made outside the cell.
 */
#include "base/mem.h"
#include "cell/authorize.h"
#include "svc/kms/kms_ops.h"

#include <assert.h>

#define KEYS_PAGE 100

/* What CreateKey asks for. */
struct wish {
    const struct spec *spec; /* what it is to be */
    uint8_t usage;           /* what for */
    bool external;           /* its material will be imported */
};

static status wish_spec(struct call *c, struct wish *wish)
{
    bool old = arg_has(c, "CustomerMasterKeySpec");
    struct str name = arg_str(c, old ? "CustomerMasterKeySpec" : "KeySpec");

    if (old && arg_has(c, "KeySpec")) {
        return fail(c, &KMS_VALIDATION,
                    "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
                    "CustomerMasterKeySpec is deprecated.");
    }
    wish->spec = spec_named(name.bytes == 0 ? STR("SYMMETRIC_DEFAULT") : name);
    return wish->spec != NULL
               ? OK
               : fail(c, &KMS_UNSUPPORTED, "weir has no keys of KeySpec %.*s.", STR_ARG(name));
}

static status wish_usage(struct call *c, struct wish *wish)
{
    struct str name = arg_str(c, "KeyUsage");

    if (name.bytes == 0 && wish->spec->kind != SPEC_AES) {
        return fail(c, &KMS_VALIDATION,
                    "You must specify a KeyUsage value for all KMS keys except for symmetric "
                    "encryption keys.");
    }
    wish->usage = name.bytes == 0 ? USAGE_ENCRYPT : usage_named(name);
    if ((wish->spec->usages & wish->usage) == 0) {
        return fail(c, &KMS_VALIDATION, "KeyUsage %.*s is not compatible with KeySpec %s",
                    STR_ARG(name), wish->spec->name);
    }
    return OK;
}

static status wish_origin(struct call *c, struct wish *wish)
{
    struct str name = arg_str(c, "Origin");

    wish->external = str_eq(name, STR("EXTERNAL"));
    if ((name.bytes > 0 && !wish->external && !str_eq(name, STR("AWS_KMS"))) ||
        arg_has(c, "CustomKeyStoreId") || arg_has(c, "XksKeyId")) {
        return fail(c, &KMS_UNSUPPORTED, "weir has no custom key stores.");
    }
    return OK;
}

/* There is no key yet to tell policies of itself. */
static status may_make(struct call *c, const struct wish *wish)
{
    struct authorize_key keys[] = {
        {.name = "kms:KeySpec", .value = str_c(wish->spec->name)},
        {.name = "kms:CustomerMasterKeySpec", .value = str_c(wish->spec->name)},
        {.name = "kms:KeyUsage", .value = str_c(usage_name(wish->usage))},
        {.name = "kms:CustomerMasterKeyUsage", .value = str_c(usage_name(wish->usage))},
        {.name = "kms:KeyOrigin", .value = wish->external ? STR("EXTERNAL") : STR("AWS_KMS")},
        {.name = "kms:MultiRegion",
         .value = arg_bool(c, "MultiRegion", false) ? STR("true") : STR("false")},
        {.name = "kms:CallerAccount", .value = c->account},
    };
    struct authorize_wish ask = {.action = "kms:CreateKey", .resource = STR("*"), .keys = keys,
                                 .key_count = sizeof(keys) / sizeof(keys[0])};

    TRY(call_may_with(c, &ask));
    return arg_has(c, "Tags") ? call_may(c, "kms:TagResource", STR("*")) : OK;
}

static status wish_check(struct call *c, struct wish *wish)
{
    uint64_t account;

    if (!str_to_u64(c->account, &account)) {
        return fail(c, &KMS_DENIED, "Keys are an account's, and nobody has none.");
    }
    TRY(wish_spec(c, wish));
    TRY(wish_usage(c, wish));
    TRY(wish_origin(c, wish));
    TRY(may_make(c, wish));
    if (arg_has(c, "Policy")) {
        TRY(policy_check(c, arg_str(c, "Policy")));
    }
    TRY(tags_check(c, NULL, arg(c, "Tags")));
    return map_count(kms_of(c)->keys) < KEYS_MAX
               ? OK
               : fail(c, &KMS_LIMIT, "At most %d keys are kept.", KEYS_MAX);
}

/* Everything was checked, and the master key is there. Material is not added yet. */
static struct kms_key *key_begin(struct call *c, const struct wish *wish)
{
    bool multi_region = arg_bool(c, "MultiRegion", false);
    struct kms_key *key = key_new(c->account, c->region, key_id_new(c, multi_region));
    bool entered;

    key->spec = wish->spec;
    key->usage = wish->usage;
    key->origin = wish->external ? ORIGIN_EXTERNAL : ORIGIN_KMS;
    key->region_kind = multi_region ? REGION_PRIMARY : REGION_SINGLE;
    key->created_ms = c->now;
    key->period_days = PERIOD_DAYS_DEFAULT;
    text_set(&key->primary, multi_region ? c->region : STR_NONE);
    text_set(&key->description, arg_str(c, "Description"));
    text_set(&key->policy, arg_str(c, "Policy"));
    tags_set(key, arg(c, "Tags"));
    entered = key_enter(kms_of(c), key);
    assert(entered);
    return key;
}

static status key_made(struct call *c, struct kms_key *key)
{
    key_changed(c, key);
    key_tell(c, key, put_struct(c, "KeyMetadata"));
    return OK;
}

/* ---- a pair, made outside ---- */

struct making {
    struct wish wish;                 /* as it was checked */
    struct crypt_bytes private_half;  /* PKCS #8 */
    struct crypt_bytes public_half;   /* told to nobody yet */
    bool good;                        /* it was made */
};

static void make_pair(void *arg)
{
    struct making *making = arg;

    making->good = pair_make(making->wish.spec, &making->private_half, &making->public_half);
}

static status pair_was_made(struct call *c)
{
    struct making *making = c->kept;
    struct kms_key *key;
    status may;

    if (!making->good) {
        return fail(c, &KMS_INTERNAL, "The key pair could not be made.");
    }
    may = wish_check(c, &making->wish); /* again: much may have happened meanwhile */
    may = may == OK ? master_ready(c) : may;
    if (may != OK) {
        crypt_wipe(&making->private_half);
        return may;
    }
    key = key_begin(c, &making->wish);
    (void)material_add(c, key, crypt_str(&making->private_half), MATERIAL_CURRENT);
    crypt_wipe(&making->private_half);
    return key_made(c, key);
}

/* CreateKey */
status kms_create_key(struct call *c)
{
    struct wish wish;
    struct kms_key *key;

    TRY(wish_check(c, &wish));
    if (!wish.external && wish.spec->kind != SPEC_AES && wish.spec->kind != SPEC_HMAC) {
        struct making *making = ARENA_NEW(c->keep, struct making);

        making->wish = wish;
        c->kept = making;
        call_work(c, make_pair, making, pair_was_made);
        return OK;
    }
    TRY(master_ready(c));
    key = key_begin(c, &wish);
    if (!wish.external) {
        material_make(c, key);
    }
    return key_made(c, key);
}

/* ---- telling ---- */

/* DescribeKey. An alias of AWS's own that leads nowhere yet gets its key by that. */
status kms_describe_key(struct call *c)
{
    struct wanted wanted = {"KeyId", true, "kms:DescribeKey", GRANT_DESCRIBE};
    struct str name = managed_to_make(c, arg_str(c, "KeyId"));
    struct kms_key *key;

    TRY(tokens_check(c));
    if (name.at != NULL) {
        TRY(call_may(c, "kms:DescribeKey",
                     call_arn(c, "kms", "%.*s", STR_ARG(name))));
        TRY(master_ready(c));
        key = managed_key(c, name);
        if (key == NULL) {
            return fail(c, &KMS_LIMIT, "At most %d keys are kept.", KEYS_MAX);
        }
    } else {
        TRY(key_wanted(c, &wanted, &key));
    }
    key_tell(c, key, put_struct(c, "KeyMetadata"));
    return OK;
}

/* ListKeys */
status kms_list_keys(struct call *c)
{
    struct kms_page page;
    struct txn_scan *scan;
    struct kms_key *key;
    struct value *list;
    struct str last = STR_NONE;

    TRY(page_read(c, KEYS_PAGE, &page));
    list = put_list(c, "Keys", page.limit);
    scan = keys_scan(c, page.after);
    while ((key = keys_next(c, scan)) != NULL) {
        struct value *item;

        if (list->count == page.limit) {
            last = get_str(&list->items[page.limit - 1], "KeyId");
            txn_scan_close(scan);
            break;
        }
        item = list_add(c->arena, list);
        set_str(item, "KeyId", key->id);
        set_str(item, "KeyArn", key_arn(c->arena, key));
    }
    page_end(c, last);
    return OK;
}

/* UpdateKeyDescription */
status kms_update_description(struct call *c)
{
    struct kms_key *key;

    TRY(key_of_call(c, "kms:UpdateKeyDescription", &key));
    TRY(key_own(c, key));
    TRY(key_not_deleted(c, key));
    text_set(&key->description, arg_str(c, "Description"));
    key_changed(c, key);
    return OK;
}
