/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations of user pools: their life, schema, MFA configuration and tags.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "bus/timer.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/later.h"
#include "svc/cognito/pool.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define KEY_BITS 2048
#define KEY_DER_BYTES_MAX 2048
#define KID_BYTES 32
#define TAGS_MAX 50
#define ID_LETTERS 9

/* Key pairs being made on another thread; in the call's keep. */
struct making {
    unsigned char der[POOL_KEYS][KEY_DER_BYTES_MAX]; /* PKCS#8 */
    size_t bytes[POOL_KEYS];                         /* of each */
};

static void make_keys(void *arg)
{
    struct making *making = arg;

    for (size_t i = 0; i < POOL_KEYS; i++) {
        EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
        PKCS8_PRIV_KEY_INFO *info = key == NULL ? NULL : EVP_PKEY2PKCS8(key);
        unsigned char *at = making->der[i];
        int bytes = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);

        assert(bytes > 0);
        assert((size_t)bytes <= KEY_DER_BYTES_MAX);
        making->bytes[i] = (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, &at);
        PKCS8_PRIV_KEY_INFO_free(info);
        EVP_PKEY_free(key);
    }
}

static void save_keys(struct call *c, const struct pool *pool, const struct making *making)
{
    struct pool_key keys[POOL_KEYS];

    for (size_t i = 0; i < POOL_KEYS; i++) {
        size_t bytes = base64_encoded_bytes(KID_BYTES);
        char *kid = arena_alloc(c->arena, bytes);
        char chance[KID_BYTES];

        rand_fill(c->rand, chance, sizeof(chance));
        base64_encode(str_of(chance, sizeof(chance)), kid);
        keys[i] = (struct pool_key){str_of(kid, bytes),
                                    str_of(making->der[i], making->bytes[i])};
    }
    pool_save_keys(c, pool, keys);
}

static status pool_new(struct call *c, struct value **ret_about)
{
    static const char *const kept[] = {"AliasAttributes", "UsernameAttributes",
                                       "UsernameConfiguration", NULL};
    struct value *about = value_struct(c->arena, shape_in("DescribeUserPool", "UserPool"));

    if (arg_has(c, "AliasAttributes") && arg_has(c, "UsernameAttributes")) {
        return fail(c, &COGNITO_INVALID,
                    "Only one of the aliasAttributes or usernameAttributes can be set in a user "
                    "pool.");
    }
    set_str(about, "Name", arg_str(c, "PoolName"));
    copy_members(c, about, kept);
    TRY(pool_describe(c, about));
    TRY(schema_make(c, about));
    set_time(about, "CreationDate", c->now);
    *ret_about = about;
    return OK;
}

static size_t pools_count(struct call *c)
{
    struct pools pools = {.scan = NULL};
    struct str id;
    size_t count = 0;

    while (pools_next(c, &pools, &id)) {
        count++;
    }
    return count;
}

static status tags_check(struct call *c, const struct value *tags)
{
    if (tags != NULL && tags->count > TAGS_MAX) {
        return fail(c, &COGNITO_INVALID, "A resource can have at most %d tags.", TAGS_MAX);
    }
    return OK;
}

static status create_pool(struct call *c, void *arg)
{
    struct pool pool = {.account = c->account, .region = c->region};

    if (pools_count(c) >= POOLS_MAX) {
        return fail(c, &COGNITO_LIMIT, "Maximum user pools exceeded.");
    }
    TRY(pool_new(c, &pool.about));
    pool.id = arena_printf(c->arena, "%.*s_%.*s", STR_ARG(c->region),
                           STR_ARG(random_text(c, ID_LETTERS, true)));
    pool.mfa = value_struct(c->arena, shape_out("SetUserPoolMfaConfig"));
    set_str(pool.about, "Id", pool.id);
    set_str(pool.about, "Arn", pool_arn(c->arena, &pool));
    pool_save(c, &pool);
    save_keys(c, &pool, arg);
    call_on(c, pool_arn(c->keep, &pool));
    pool_answer(c, &pool);
    return OK;
}

/* CreateUserPool */
status cognito_create_pool(struct call *c)
{
    struct making *making = ARENA_NEW(c->keep, struct making);
    struct value *about;

    TRY(tags_check(c, arg(c, "UserPoolTags")));
    TRY(pool_new(c, &about));
    later_work(c, make_keys, making, (struct later){create_pool, making});
    return OK;
}

/* DescribeUserPool */
status cognito_describe_pool(struct call *c)
{
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    pool_answer(c, &pool);
    return OK;
}

/* UpdateUserPool: what is not said goes back to its default. */
status cognito_update_pool(struct call *c)
{
    static const char *const kept[] = {"Id", "Name", "CreationDate", "SchemaAttributes",
                                       "AliasAttributes", "UsernameAttributes",
                                       "UsernameConfiguration", "Arn", "UserPoolTags",
                                       "UserPoolTier"};
    struct pool pool;
    struct value *about;

    TRY(pool_of_call(c, &pool));
    TRY(tags_check(c, arg(c, "UserPoolTags")));
    about = value_struct(c->arena, pool.about->shape);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (has(pool.about, kept[i])) {
            set_value(about, kept[i], get(pool.about, kept[i]));
        }
    }
    TRY(pool_describe(c, about));
    if (arg_has(c, "PoolName")) {
        set_str(about, "Name", arg_str(c, "PoolName"));
    }
    pool.about = about;
    pool_save(c, &pool);
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* ListUserPools */
status cognito_list_pools(struct call *c)
{
    static const char *const shown[] = {"Id", "Name", "LambdaConfig", "LastModifiedDate",
                                        "CreationDate"};
    size_t limit = (size_t)arg_int(c, "MaxResults", 60);
    struct value *list = put_list(c, "UserPools", limit);
    struct pools pools = {.scan = NULL};
    struct str id, last = STR_NONE;

    TRY(token_read(c, "NextToken", &pools.after));
    while (pools_next(c, &pools, &id)) {
        struct pool pool;

        if (list->count == limit) {
            put_str(c, "NextToken", token_of(c, last));
            pools_close(&pools);
            break;
        }
        TRY(pool_find(c, id, &pool));
        struct value *one = list_add(c->arena, list);

        for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
            if (has(pool.about, shown[i])) {
                set_value(one, shown[i], get(pool.about, shown[i]));
            }
        }
        last = id;
    }
    return OK;
}

/* DeleteUserPool */
status cognito_delete_pool(struct call *c)
{
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    if (str_eq(get_str(pool.about, "DeletionProtection"), STR("ACTIVE"))) {
        return fail(c, &COGNITO_INVALID,
                    "The user pool cannot be deleted because deletion protection is activated. "
                    "Deletion protection must be inactivated first.");
    }
    if (domain_of_pool(c, &pool, false).bytes > 0 || domain_of_pool(c, &pool, true).bytes > 0) {
        return fail(c, &COGNITO_INVALID,
                    "User pool cannot be deleted. It has a domain configured that should be "
                    "deleted first.");
    }
    pool_erase(c, &pool);
    bus_timer_set(c, "cognito-idp", STR("sweep"), c->now, STR(""));
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

status cognito_timer(struct call *c, struct str name, struct str payload)
{
    (void)name;
    (void)payload;
    if (!pools_sweep(c)) {
        bus_timer_set(c, "cognito-idp", STR("sweep"), c->now, STR(""));
    }
    return OK;
}

/* AddCustomAttributes */
status cognito_add_attributes(struct call *c)
{
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    TRY(schema_extend(c, pool.about, arg(c, "CustomAttributes")));
    set_time(pool.about, "LastModifiedDate", c->now);
    pool_save(c, &pool);
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* ---- MFA ---- */

static void answer_mfa(struct call *c, const struct pool *pool)
{
    static const char *const shown[] = {"SmsMfaConfiguration", "SoftwareTokenMfaConfiguration",
                                        "EmailMfaConfiguration", "WebAuthnConfiguration"};

    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (has(pool->mfa, shown[i])) {
            set_value(c->out, shown[i], get(pool->mfa, shown[i]));
        }
    }
    put_str(c, "MfaConfiguration", pool_mfa(pool));
}

/* SetUserPoolMfaConfig */
status cognito_set_pool_mfa(struct call *c)
{
    static const char *const kept[] = {"SmsMfaConfiguration", "SoftwareTokenMfaConfiguration",
                                       "EmailMfaConfiguration", "WebAuthnConfiguration", NULL};
    const struct value *sms = arg(c, "SmsMfaConfiguration");
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    copy_members(c, pool.mfa, kept);
    if (arg_has(c, "MfaConfiguration")) {
        set_str(pool.about, "MfaConfiguration", arg_str(c, "MfaConfiguration"));
    }
    if (!str_eq(pool_mfa(&pool), STR("OFF")) && pool_mfa_kinds(&pool) == 0) {
        return fail(c, &COGNITO_INVALID,
                    "Invalid MFA configuration given, can't turn on MFA and disable all MFA "
                    "methods.");
    }
    if (sms != NULL && has(sms, "SmsConfiguration")) {
        set_value(pool.about, "SmsConfiguration", get(sms, "SmsConfiguration"));
    }
    set_time(pool.about, "LastModifiedDate", c->now);
    pool_save(c, &pool);
    call_on(c, pool_arn(c->keep, &pool));
    answer_mfa(c, &pool);
    return OK;
}

/* GetUserPoolMfaConfig */
status cognito_get_pool_mfa(struct call *c)
{
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    if (!has(pool.mfa, "SoftwareTokenMfaConfiguration")) {
        set_bool(set_struct(c->arena, pool.mfa, "SoftwareTokenMfaConfiguration"), "Enabled",
                 false);
    }
    answer_mfa(c, &pool);
    return OK;
}

/* ---- tags ---- */

static status pool_of_arn(struct call *c, struct pool *ret_pool)
{
    struct str text = arg_str(c, "ResourceArn");
    struct str name = STR_NONE;
    struct arn arn;

    if (arn_read(text, &arn) && str_starts(arn.resource, STR("userpool/"))) {
        name = str_slice(arn.resource, STR("userpool/").bytes, arn.resource.bytes);
    }
    if (name.bytes == 0 || !pool_load(c, name, ret_pool) ||
        !str_eq(ret_pool->account, c->account) || !str_eq(pool_arn(c->arena, ret_pool), text)) {
        return fail(c, &COGNITO_NOT_FOUND, "Resource %.*s does not exist.", STR_ARG(text));
    }
    return OK;
}

/* The pool's tags without those of keys, or with those of map. */
static status tags_change(struct call *c, struct pool *pool, const struct value *map,
                          const struct value *keys)
{
    const struct value *old = get(pool->about, "UserPoolTags");
    struct value before = {.kind = VALUE_NONE};
    struct value *tags;

    if (old != NULL) {
        before = *old;
    }
    tags = set_map(c->arena, pool->about, "UserPoolTags",
                   before.count + (map == NULL ? 0 : map->count));
    for (uint32_t i = 0; i < before.count; i++) {
        if (!list_has(keys, before.pairs[i].key) &&
            (map == NULL || map_find(map, before.pairs[i].key) == NULL)) {
            map_add_str(tags, before.pairs[i].key, before.pairs[i].value.str);
        }
    }
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        map_add_str(tags, map->pairs[i].key, map->pairs[i].value.str);
    }
    TRY(tags_check(c, tags));
    pool_save(c, pool);
    call_on(c, pool_arn(c->keep, pool));
    return OK;
}

/* TagResource */
status cognito_tag(struct call *c)
{
    struct pool pool;

    TRY(pool_of_arn(c, &pool));
    return tags_change(c, &pool, arg(c, "Tags"), NULL);
}

/* UntagResource */
status cognito_untag(struct call *c)
{
    struct pool pool;

    TRY(pool_of_arn(c, &pool));
    return tags_change(c, &pool, NULL, arg(c, "TagKeys"));
}

/* ListTagsForResource */
status cognito_list_tags(struct call *c)
{
    struct pool pool;

    TRY(pool_of_arn(c, &pool));
    if (has(pool.about, "UserPoolTags")) {
        set_value(c->out, "Tags", get(pool.about, "UserPoolTags"));
    } else {
        (void)set_map(c->arena, c->out, "Tags", 0);
    }
    return OK;
}
