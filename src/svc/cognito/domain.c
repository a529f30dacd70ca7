/* SPDX-License-Identifier: Apache-2.0
 *
 * Domains of hosted pages: ("cognito-idp", "domain", name) is a thing without a pool, and
 * ("cognito-idp", "domain-of", pool, "prefix" or "custom") leads to its name.
 */
#include "cell/cell.h"
#include "cell/host.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/pool.h"
#include "svc/cognito/web.h"

#include <assert.h>

static uint32_t domain_shape(void)
{
    return shape_in("DescribeUserPoolDomain", "DomainDescription");
}

static struct thing domain_thing(struct str name)
{
    return (struct thing){"domain", STR(""), name};
}

bool domain_find(struct call *c, struct str name, struct domain *ret_domain)
{
    struct thing thing = domain_thing(name);
    struct value *about = name.bytes == 0 ? NULL : thing_load(c, &thing, domain_shape());

    if (about == NULL) {
        return false;
    }
    *ret_domain = (struct domain){name, about};
    return true;
}

static struct small domain_row(const struct pool *pool, bool custom)
{
    return (struct small){"domain-of", pool->id, custom ? STR("custom") : STR("prefix")};
}

struct str domain_of_pool(struct call *c, const struct pool *pool, bool custom)
{
    struct str name;

    return small_get(c, domain_row(pool, custom), &name) ? name : STR_NONE;
}

static bool is_custom(struct str name)
{
    return str_find(name, '.', 0) < name.bytes;
}

void domains_open(struct cell *cell)
{
    struct arena *arena = arena_new(KEY_BYTES_MAX);
    struct key prefix = key_of(arena, "cognito-idp");
    struct kv_scan *scan;
    struct str from, key, value;

    key_str(&prefix, STR("domain"));
    key_str(&prefix, STR(""));
    from = key_end(&prefix);
    scan = store_scan(cell_store(cell), from, key_after_prefix(arena, from), false);
    while (store_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str name = STR_NONE;

        for (int i = 0; i < 4; i++) {
            bool good = key_read_str(&reader, arena, &name);

            assert(good);
        }
        if (is_custom(name)) {
            (void)cell_host_claim(cell, name, "cognito-idp", &web_host_page);
        }
    }
    store_scan_close(scan);
    arena_free(arena);
}

static status name_check(struct call *c, struct str name, bool custom)
{
    static const char *const reserved[] = {"aws", "amazon", "cognito"};

    for (size_t i = 0; !custom && i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (str_find_str(name, str_c(reserved[i])) < name.bytes) {
            return fail(c, &COGNITO_INVALID, "Domain cannot contain reserved word: %s",
                        reserved[i]);
        }
    }
    if (custom != is_custom(name)) {
        return fail(c, &COGNITO_INVALID,
                    custom ? "Custom domain is not a valid subdomain."
                           : "Domain is not valid: a domain with a dot needs CustomDomainConfig.");
    }
    return OK;
}

/* What CloudFront would call it: always the same for a name. */
static struct str cloudfront_name(struct call *c, struct str name)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    uint64_t sum = 1469598103934665603u; /* FNV-1a */
    char text[14];

    for (size_t i = 0; i < name.bytes; i++) {
        sum = (sum ^ (unsigned char)name.at[i]) * 1099511628211u;
    }
    text[0] = 'd';
    for (size_t i = 1; i < sizeof(text); i++) {
        text[i] = letters[sum % 36];
        sum = sum / 36 + (sum << 7);
    }
    return arena_printf(c->arena, "%.14s.cloudfront.net", text);
}

static void domain_answer(struct call *c, const struct value *about, bool custom)
{
    if (has(about, "ManagedLoginVersion")) {
        put_int(c, "ManagedLoginVersion", get_int(about, "ManagedLoginVersion", 1));
    }
    if (custom) {
        put_str(c, "CloudFrontDomain", get_str(about, "CloudFrontDistribution"));
    }
    if (has(about, "Routing")) {
        set_value(c->out, "Routing", get(about, "Routing"));
    }
}

static void domain_save(struct call *c, const struct pool *pool, struct str name,
                        struct value *about)
{
    static const char *const kept[] = {"CustomDomainConfig", "ManagedLoginVersion", "Routing",
                                       NULL};
    struct thing thing = domain_thing(name);

    copy_members(c, about, kept);
    set_str(about, "Version", arena_printf(c->arena, "%lld", (long long)c->now));
    thing_save(c, &thing, about);
    call_on(c, pool_arn(c->keep, pool));
}

/* CreateUserPoolDomain */
status cognito_create_domain(struct call *c)
{
    struct str name = arg_str(c, "Domain");
    bool custom = arg_has(c, "CustomDomainConfig");
    struct domain domain;
    struct pool pool;
    struct value *about;

    TRY(pool_of_call(c, &pool));
    TRY(name_check(c, name, custom));
    if (domain_find(c, name, &domain)) {
        return fail(c, &COGNITO_INVALID, "Domain already associated with another user pool.");
    }
    if (domain_of_pool(c, &pool, custom).bytes > 0) {
        return fail(c, &COGNITO_INVALID, "User pool already has a domain configured.");
    }
    about = value_struct(c->arena, domain_shape());
    set_str(about, "UserPoolId", pool.id);
    set_str(about, "AWSAccountId", pool.account);
    set_str(about, "Domain", name);
    set_str(about, "S3Bucket", STR("aws-cognito-prod-iad-assets"));
    set_str(about, "CloudFrontDistribution", cloudfront_name(c, name));
    set_str(about, "Status", STR("ACTIVE"));
    set_int(about, "ManagedLoginVersion", 1);
    small_put(c, domain_row(&pool, custom), name);
    domain_save(c, &pool, name, about);
    if (custom) {
        (void)cell_host_claim(c->cell, name, "cognito-idp", &web_host_page); /* or it has no host */
    }
    domain_answer(c, about, custom);
    return OK;
}

/* UserPoolId and Domain. */
static status domain_of_call(struct call *c, struct pool *ret_pool, struct domain *ret_domain)
{
    TRY(pool_of_call(c, ret_pool));
    if (!domain_find(c, arg_str(c, "Domain"), ret_domain) ||
        !str_eq(get_str(ret_domain->about, "UserPoolId"), ret_pool->id)) {
        return fail(c, &COGNITO_INVALID, "No such domain or user pool exists.");
    }
    return OK;
}

/* UpdateUserPoolDomain */
status cognito_update_domain(struct call *c)
{
    struct domain domain;
    struct pool pool;

    TRY(domain_of_call(c, &pool, &domain));
    domain_save(c, &pool, domain.name, domain.about);
    domain_answer(c, domain.about, is_custom(domain.name));
    return OK;
}

/* DeleteUserPoolDomain */
status cognito_delete_domain(struct call *c)
{
    struct domain domain;
    struct thing thing;
    struct pool pool;

    TRY(domain_of_call(c, &pool, &domain));
    thing = domain_thing(domain.name);
    (void)thing_erase(c, &thing);
    small_erase(c, domain_row(&pool, is_custom(domain.name)));
    if (is_custom(domain.name)) {
        cell_host_leave(c->cell, domain.name);
    }
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* DescribeUserPoolDomain: of one that is not there, nothing. */
status cognito_describe_domain(struct call *c)
{
    struct domain domain;

    if (domain_find(c, arg_str(c, "Domain"), &domain) &&
        str_eq(get_str(domain.about, "AWSAccountId"), c->account)) {
        if (!has(domain.about, "CustomDomainConfig")) {
            (void)set_struct(c->arena, domain.about, "CustomDomainConfig");
        }
        set_value(c->out, "DomainDescription", domain.about);
    } else {
        (void)put_struct(c, "DomainDescription");
    }
    return OK;
}
