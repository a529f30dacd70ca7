/* SPDX-License-Identifier: Apache-2.0
 *
 * Things: what all nouns are. Their shelves, names, ids and ARNs, and how a call names one.
 */
#include "base/mem.h"
#include "cell/arn.h"
#include "svc/iam/iam_ops.h"

#include <assert.h>

#define PATH_BYTES_MAX 512

static const struct kind_words words[KINDS] = {
    [USER] = {"user", "user", "AIDA", USERS_MAX, "UsersPerAccount"},
    [GROUP] = {"group", "group", "AGPA", GROUPS_MAX, "GroupsPerAccount"},
    [ROLE] = {"role", "role", "AROA", ROLES_MAX, "RolesPerAccount"},
    [MANAGED] = {"policy", "policy", "ANPA", MANAGED_MAX, "PoliciesPerAccount"},
    [PROFILE] = {"profile", "instance-profile", "AIPA", PROFILES_MAX,
                 "InstanceProfilesPerAccount"},
    [OIDC] = {"oidc", "oidc-provider", "AOPA", OIDC_MAX, "OpenIdConnectProvidersPerAccount"},
    [SAML] = {"saml", "saml-provider", "ASPA", SAML_MAX, "SamlProvidersPerAccount"},
    [CERTIFICATE] = {"certificate", "server-certificate", "ASCA", CERTIFICATES_MAX,
                     "ServerCertificatesPerAccount"},
    [MFA] = {"mfa", "mfa", "AMFA", MFA_MAX, "VirtualMFADevicesPerAccount"},
};

static const size_t sizes[KINDS] = {
    [USER] = sizeof(struct user), [GROUP] = sizeof(struct group), [ROLE] = sizeof(struct role),
    [MANAGED] = sizeof(struct managed), [PROFILE] = sizeof(struct profile),
    [OIDC] = sizeof(struct provider), [SAML] = sizeof(struct provider),
    [CERTIFICATE] = sizeof(struct certificate), [MFA] = sizeof(struct mfa),
};

const struct kind_words *kind_words(uint8_t kind)
{
    assert(kind < KINDS);
    return &words[kind];
}

/* ---- life ---- */

struct thing *thing_new(struct account *account, uint8_t kind, struct str name)
{
    struct thing *thing = mem_zero(sizes[kind]);

    thing->account = account;
    thing->kind = kind;
    text_set(&thing->name, name);
    text_set(&thing->path, STR("/"));
    if (kind == USER) {
        link_init(&((struct user *)(void *)thing)->noted);
    }
    return thing;
}

static void user_done(struct user *user)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        text_set(&user->keys[i].id, STR_NONE);
        text_set(&user->keys[i].used_service, STR_NONE);
        text_set(&user->keys[i].used_region, STR_NONE);
    }
    for (size_t i = 0; i < SSH_KEYS_MAX; i++) {
        text_set(&user->ssh_keys[i].id, STR_NONE);
        text_set(&user->ssh_keys[i].body, STR_NONE);
    }
    for (size_t i = 0; i < SIGNING_MAX; i++) {
        text_set(&user->signing[i].id, STR_NONE);
        text_set(&user->signing[i].body, STR_NONE);
    }
    for (size_t i = 0; i < SERVICE_KEYS_MAX; i++) {
        service_key_done(&user->service_keys[i]);
    }
    text_set(&user->password, STR_NONE);
    link_remove(&user->noted);
    principal_done(&user->principal);
}

static void role_done(struct role *role)
{
    document_done(&role->trust);
    text_set(&role->description, STR_NONE);
    text_set(&role->used_region, STR_NONE);
    text_set(&role->linked, STR_NONE);
    principal_done(&role->principal);
}

static void group_done(struct group *group)
{
    mem_free(group->users);
    principal_done(&group->principal);
}

static void managed_done(struct managed *managed)
{
    for (size_t i = 0; i < managed->version_count; i++) {
        document_done(&managed->versions[i].document);
    }
    text_set(&managed->description, STR_NONE);
}

static void provider_done(struct provider *provider)
{
    texts_done(&provider->clients);
    texts_done(&provider->thumbprints);
    text_set(&provider->document, STR_NONE);
}

static void certificate_done(struct certificate *certificate)
{
    text_set(&certificate->body, STR_NONE);
    text_set(&certificate->chain, STR_NONE);
    text_set(&certificate->key, STR_NONE);
}

void thing_free(struct thing *thing)
{
    void *at = thing;

    if (thing == NULL) {
        return;
    }
    switch (thing->kind) {
    case USER:
        user_done(at);
        break;
    case GROUP:
        group_done(at);
        break;
    case ROLE:
        role_done(at);
        break;
    case MANAGED:
        managed_done(at);
        break;
    case OIDC:
    case SAML:
        provider_done(at);
        break;
    case CERTIFICATE:
        certificate_done(at);
        break;
    case MFA:
        text_set(&((struct mfa *)at)->seed, STR_NONE);
        break;
    default:
        break;
    }
    texts_done(&thing->tags);
    text_set(&thing->name, STR_NONE);
    text_set(&thing->path, STR_NONE);
    mem_free(at);
}

void fresh_id(struct call *c, const char *prefix, char out[ID_BYTES])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    assert(strlen(prefix) == 4);
    memcpy(out, prefix, 4);
    for (size_t i = 4; i < ID_BYTES; i++) {
        out[i] = letters[rand_below(c->rand, sizeof(letters) - 1)];
    }
}

/* '/' , or printable ASCII between two of them. */
status path_check(struct call *c, struct str path)
{
    bool good = path.bytes > 0 && path.bytes <= PATH_BYTES_MAX && path.at[0] == '/' &&
                path.at[path.bytes - 1] == '/';

    for (size_t i = 0; good && i < path.bytes; i++) {
        good = path.at[i] > ' ' && path.at[i] < 0x7f;
    }
    if (!good) {
        return fail(c, &IAM_VALIDATION,
                    "The specified value for path is invalid. It must begin and end with / and "
                    "contain only alphanumeric characters and/or / characters.");
    }
    return OK;
}

status quota_check(struct call *c, const struct account *account, uint8_t kind)
{
    if (account->shelves[kind].count >= words[kind].count_max) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for %s: %zu", words[kind].quota,
                    words[kind].count_max);
    }
    return OK;
}

status thing_make(struct call *c, struct account *account, uint8_t kind, struct str name,
                  struct thing **ret_thing)
{
    bool has_path = kind != OIDC && kind != SAML;
    bool has_tags = kind != GROUP;
    struct texts none = {NULL, 0};
    struct thing *thing;

    if (has_path && arg_has(c, "Path")) {
        TRY(path_check(c, arg_str(c, "Path")));
    }
    if (has_tags) {
        TRY(tags_check(c, &none, arg(c, "Tags")));
    }
    TRY(quota_check(c, account, kind));
    thing = thing_new(account, kind, name);
    fresh_id(c, words[kind].id, thing->id);
    thing->created_ms = iam_now(c);
    if (has_path && arg_has(c, "Path")) {
        text_set(&thing->path, arg_str(c, "Path"));
    }
    if (has_tags) {
        tags_add(&thing->tags, arg(c, "Tags"));
    }
    *ret_thing = thing;
    return OK;
}

/* ---- shelves ---- */

/* Where a name is that differs in nothing but case, or would be. */
static size_t place_of(const struct shelf *shelf, struct str name, bool *ret_there)
{
    size_t low = 0;
    size_t high = shelf->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        struct str at = shelf->things[middle]->name;

        if (!str_eq_nocase(at, name) && name_cmp(at, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_there = low < shelf->count && str_eq_nocase(shelf->things[low]->name, name);
    return low;
}

struct thing *thing_find(const struct account *account, uint8_t kind, struct str name)
{
    const struct shelf *shelf = &account->shelves[kind];
    bool there;
    size_t place = place_of(shelf, name, &there);

    return there && str_eq(shelf->things[place]->name, name) ? shelf->things[place] : NULL;
}

bool thing_taken(const struct account *account, uint8_t kind, struct str name)
{
    bool there;

    (void)place_of(&account->shelves[kind], name, &there);
    return there;
}

bool thing_add(struct account *account, struct thing *thing)
{
    struct shelf *shelf = &account->shelves[thing->kind];
    bool there;
    size_t place = place_of(shelf, thing->name, &there);

    if (there || shelf->count >= words[thing->kind].count_max) {
        return false;
    }
    if (shelf->count == shelf->room) {
        shelf->room = shelf->room == 0 ? 8 : shelf->room * 2;
        shelf->things = mem_grow(shelf->things, shelf->room * sizeof(shelf->things[0]));
    }
    memmove(&shelf->things[place + 1], &shelf->things[place],
            (shelf->count - place) * sizeof(shelf->things[0]));
    shelf->things[place] = thing;
    shelf->count++;
    return true;
}

void thing_remove(struct thing *thing)
{
    struct shelf *shelf = &thing->account->shelves[thing->kind];
    bool there;
    size_t place = place_of(shelf, thing->name, &there);

    assert(there);
    assert(shelf->things[place] == thing);
    shelf->count--;
    memmove(&shelf->things[place], &shelf->things[place + 1],
            (shelf->count - place) * sizeof(shelf->things[0]));
}

/* ---- ARNs ---- */

struct str thing_arn(struct arena *arena, const struct thing *thing)
{
    struct str account = thing->account == NULL ? STR("aws") : account_id(thing->account);

    return arena_printf(arena, "arn:aws:iam::%.*s:%s%.*s%.*s", STR_ARG(account),
                        words[thing->kind].arn, STR_ARG(thing->path), STR_ARG(thing->name));
}

static struct thing *aws_policy_of_arn(const struct iam *iam, struct str resource)
{
    for (size_t i = 0; i < iam->aws_count; i++) {
        struct thing *thing = &iam->aws[i]->thing;

        if (resource.bytes == thing->path.bytes + thing->name.bytes &&
            str_starts(resource, thing->path) && str_ends(resource, thing->name)) {
            return thing;
        }
    }
    return NULL;
}

struct thing *thing_of_arn(const struct account *account, uint8_t kind, struct str arn)
{
    struct str begin = str_c(words[kind].arn);
    struct thing *thing;
    struct arn parts;
    struct str resource;
    size_t slash;

    if (!arn_read(arn, &parts) || !str_eq(parts.service, STR("iam")) ||
        !str_starts(parts.resource, begin)) {
        return NULL;
    }
    resource = str_slice(parts.resource, begin.bytes, parts.resource.bytes);
    if (kind == MANAGED && str_eq(parts.account, STR("aws"))) {
        return aws_policy_of_arn(account->iam, resource);
    }
    if (resource.bytes == 0 || resource.at[0] != '/' ||
        !str_eq(parts.account, account_id(account))) {
        return NULL;
    }
    slash = 0; /* providers have no path: slashes belong to their names */
    for (size_t i = 1; kind != OIDC && kind != SAML && i < resource.bytes; i++) {
        slash = resource.at[i] == '/' ? i : slash;
    }
    thing = thing_find(account, kind, str_slice(resource, slash + 1, resource.bytes));
    return thing != NULL && str_eq(thing->path, str_slice(resource, 0, slash + 1)) ? thing : NULL;
}
