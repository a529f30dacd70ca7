/* SPDX-License-Identifier: Apache-2.0
 *
 * IAM as the cell's source of principals: whose policies are asked for with every call, which role
 * is assumed by whom. Nothing is compiled here: documents were when they were set.
 */
#include "cell/arn.h"
#include "cell/authorize.h"
#include "cell/cell.h"
#include "cell/directory.h"
#include "svc/iam/iam_ops.h"
#include "svc/iam/source.h"

#define USED_MS_MIN (5 * 60 * 1000) /* between two notes that a role was used */

static struct account *account_there(struct cell *cell, struct str id)
{
    struct iam *iam = cell_state(cell, "iam");

    return map_get(iam->accounts, id);
}

static struct thing *thing_there(struct cell *cell, uint8_t kind, struct str arn)
{
    struct account *account;
    struct arn parts;

    if (!arn_read(arn, &parts)) {
        return NULL;
    }
    account = account_there(cell, parts.account);
    return account == NULL ? NULL : thing_of_arn(account, kind, arn);
}

static struct principal *principal_there(struct cell *cell, struct str arn)
{
    struct thing *thing = thing_there(cell, USER, arn);

    return (struct principal *)(thing != NULL ? thing : thing_there(cell, ROLE, arn));
}

/* ---- policies ---- */

static size_t policies_of(const struct principal *principal, struct policy_named *ret_policies)
{
    size_t count = 0;

    for (size_t i = 0; i < principal->inline_count; i++) {
        ret_policies[count++] = (struct policy_named){principal->inlines[i].document.policy,
                                                      principal->inlines[i].name};
    }
    for (size_t i = 0; i < principal->attached_count; i++) {
        const struct managed *managed = principal->attached[i];

        ret_policies[count++] = (struct policy_named){version_default(managed)->document.policy,
                                                      managed->thing.name};
    }
    return count;
}

void principal_all(const struct principal *principal, struct arena *arena,
                   struct principal_policies *ret_policies)
{
    const struct user *user =
        principal->thing.kind == USER ? (const struct user *)principal : NULL;
    size_t count = principal->inline_count + principal->attached_count;
    struct policy_named *policies;

    for (size_t i = 0; user != NULL && i < user->group_count; i++) {
        count += user->groups[i]->principal.inline_count;
        count += user->groups[i]->principal.attached_count;
    }
    policies = arena_alloc(arena, (count + 1) * sizeof(policies[0]));
    count = policies_of(principal, policies);
    for (size_t i = 0; user != NULL && i < user->group_count; i++) {
        count += policies_of(&user->groups[i]->principal, &policies[count]);
    }
    *ret_policies = (struct principal_policies){
        .policies = policies, .count = count, .id = str_of(principal->thing.id, ID_BYTES)};
    if (principal->boundary != NULL) {
        ret_policies->boundary =
            (struct policy_named){version_default(principal->boundary)->document.policy,
                                  principal->boundary->thing.name};
    }
}

static bool source_find(struct cell *cell, struct str arn, struct arena *arena,
                        struct principal_policies *ret_policies)
{
    const struct principal *principal = principal_there(cell, arn);

    if (principal == NULL) {
        return false;
    }
    principal_all(principal, arena, ret_policies);
    return true;
}

static bool tag_of(const struct thing *thing, struct str key, struct str *ret_value)
{
    for (size_t i = 0; thing != NULL && i < thing->tags.count; i++) {
        if (str_eq_nocase(thing->tags.items[i].name, key)) {
            *ret_value = thing->tags.items[i].text;
            return true;
        }
    }
    return false;
}

static bool source_tag(struct cell *cell, struct str arn, struct str key,
                       struct str *ret_value)
{
    const struct principal *principal = principal_there(cell, arn);

    return principal != NULL && tag_of(&principal->thing, key, ret_value);
}

static const struct principal_source source = {.find = source_find, .tag = source_tag};

/* ---- IAM's own resources: everything has tags, and a role's trust policy is its own ---- */

static bool resource_find(struct cell *cell, struct str arn, struct arena *arena,
                          struct resource_facts *ret_facts)
{
    const struct role *role = (const struct role *)thing_there(cell, ROLE, arn);

    (void)arena;
    if (role == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){
        .compiled = role->trust.policy, .account = account_id(role->principal.thing.account),
        .trust = true, .consent = true};
    return true;
}

static bool resource_tag(struct cell *cell, struct str arn, struct str key,
                         struct str *ret_value)
{
    struct thing *thing = NULL;

    for (uint8_t kind = 0; thing == NULL && kind < (uint8_t)KINDS; kind++) {
        thing = thing_there(cell, kind, arn);
    }
    return tag_of(thing, key, ret_value);
}

/* "role/name", as calls name it, is "role/team/name". */
static bool resource_resolve(struct cell *cell, struct str arn, struct arena *arena,
                             struct str *ret_arn)
{
    struct account *account;
    struct arn parts;

    if (!arn_read(arn, &parts)) {
        return false;
    }
    account = account_there(cell, parts.account);
    for (uint8_t kind = 0; account != NULL && kind < (uint8_t)KINDS; kind++) {
        struct str word = str_c(kind_words(kind)->arn);
        struct str name = str_slice(parts.resource, word.bytes + 1, parts.resource.bytes);
        const struct thing *thing;

        if (str_starts(parts.resource, word) && parts.resource.bytes > word.bytes &&
            parts.resource.at[word.bytes] == '/' && str_find(name, '/', 0) == name.bytes) {
            thing = thing_find(account, kind, name);
            if (thing != NULL) {
                *ret_arn = thing_arn(arena, thing);
                return true;
            }
        }
    }
    return false;
}

static const struct resource_source resources = {
    .service = "iam", .find = resource_find, .tag = resource_tag, .resolve = resource_resolve};

/* ---- the directory ---- */

static bool find_role(struct cell *cell, struct str arn, struct arena *arena,
                      struct role_facts *ret_role)
{
    const struct role *role = (const struct role *)thing_there(cell, ROLE, arn);

    if (role == NULL) {
        return false;
    }
    *ret_role = (struct role_facts){
        .arn = thing_arn(arena, &role->principal.thing),
        .name = role->principal.thing.name,
        .id = str_of(role->principal.thing.id, ID_BYTES),
        .account = account_id(role->principal.thing.account),
        .trust = role->trust.policy,
        .session_seconds_max = role->session_seconds,
    };
    return true;
}

static void role_used(struct call *c, struct str arn)
{
    struct role *role = (struct role *)thing_there(c->cell, ROLE, arn);

    if (role != NULL && c->now - role->used_ms >= USED_MS_MIN) {
        role->used_ms = c->now - c->now % 1000;
        text_set(&role->used_region, c->region);
        thing_save(c, &role->principal.thing);
    }
}

static bool find_policy(struct cell *cell, struct str account_name, struct str arn,
                        struct str *ret_text)
{
    struct iam *iam = cell_state(cell, "iam");
    struct account *account = account_find(iam, account_name);
    const struct managed *managed =
        account == NULL ? NULL : (const struct managed *)thing_of_arn(account, MANAGED, arn);

    if (managed == NULL) {
        return false;
    }
    *ret_text = version_default(managed)->document.text;
    return true;
}

static bool find_provider(struct call *c, struct str account_name, struct str issuer,
                          struct str audience, struct provider_facts *ret_provider)
{
    struct account *account = account_there(c->cell, account_name);
    const struct provider *provider;
    struct str url;

    if (!provider_name(issuer, &url)) {
        url = issuer; /* some providers' tokens leave the scheme out */
    }
    provider = account == NULL ? NULL : (const struct provider *)thing_find(account, OIDC, url);
    if (provider == NULL) {
        return false;
    }
    *ret_provider = (struct provider_facts){
        .arn = thing_arn(c->arena, &provider->thing),
        .url = provider->thing.name,
        .local = name_is_local(provider->thing.name),
        .audience_known = texts_get(&provider->clients, audience).at != NULL,
    };
    return true;
}

static bool shows(struct call *c, struct str user_arn, struct str serial, struct str code)
{
    const struct mfa *mfa = (const struct mfa *)thing_there(c->cell, MFA, serial);

    return mfa != NULL && mfa->user != NULL &&
           str_eq(thing_arn(c->arena, &mfa->user->principal.thing), user_arn) &&
           mfa_shows(mfa, code, c->now);
}

/* Of a user's key, in memory; iam_tick() writes it down. */
static void key_used(struct call *c)
{
    struct iam *iam = cell_state(c->cell, "iam");
    struct user *user = c->operation == NULL ? NULL : map_get(iam->keys, c->access_key);
    struct str service;

    if (user == NULL) {
        return;
    }
    service = model_text(model_service_of(c->operation)->id);
    for (size_t i = 0; i < user->key_count; i++) {
        struct access_key *key = &user->keys[i];

        if (!str_eq(key->id, c->access_key)) {
            continue;
        }
        key->used_ms = c->now - c->now % 1000;
        if (!str_eq(key->used_service, service)) {
            text_set(&key->used_service, service);
        }
        if (!str_eq(key->used_region, c->region)) {
            text_set(&key->used_region, c->region);
        }
        if (link_alone(&user->noted)) {
            list_push(&iam->noted, &user->noted);
        }
    }
}

static const struct directory directory = {
    .role = find_role, .role_used = role_used, .policy = find_policy,
    .provider = find_provider, .mfa = shows, .used = key_used,
};

void iam_join_cell(struct cell *cell)
{
    principal_source_add(cell, &source);
    resource_source_add(cell, &resources);
    directory_set(cell, &directory);
}
