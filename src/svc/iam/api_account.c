/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of the account: its alias, its counts, and everything in it at once.
 */
#include "svc/iam/iam_ops.h"
#include "svc/iam/show.h"

/* ---- aliases ---- */

/* CreateAccountAlias: an account has one; another takes its place. */
status iam_create_alias(struct call *c)
{
    struct str alias = arg_str(c, "AccountAlias");
    struct account *account;
    struct str id;
    void *other;

    TRY(account_of_call(c, &account));
    for (size_t i = 0; map_next(iam_of(c)->accounts, &i, &id, &other);) {
        if (other != account && str_eq(((struct account *)other)->alias, alias)) {
            return fail(c, &IAM_EXISTS, "The account alias %.*s already exists.", STR_ARG(alias));
        }
    }
    text_set(&account->alias, alias);
    account_save(c, account);
    return OK;
}

/* ListAccountAliases */
status iam_list_aliases(struct call *c)
{
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin(c, "AccountAliases", 1, &piece));
    if (account->alias.bytes > 0 && piece_takes(&piece, account->alias)) {
        list_add_str(piece.list, account->alias);
    }
    return OK;
}

/* DeleteAccountAlias */
status iam_delete_alias(struct call *c)
{
    struct str alias = arg_str(c, "AccountAlias");
    struct account *account;

    TRY(account_of_call(c, &account));
    if (!str_eq(account->alias, alias)) {
        return fail(c, &IAM_NO_SUCH, "The account alias %.*s cannot be found.", STR_ARG(alias));
    }
    text_set(&account->alias, STR_NONE);
    account_save(c, account);
    return OK;
}

/* ---- GetAccountSummary ---- */

static void add_count(struct call *c, struct value *map, const char *name, size_t count)
{
    struct value *item = map_add(c->arena, map, str_c(name));

    item->kind = VALUE_INT;
    item->number = (int64_t)count;
}

static size_t versions_of(const struct account *account)
{
    const struct shelf *shelf = &account->shelves[MANAGED];
    size_t count = 0;

    for (size_t i = 0; i < shelf->count; i++) {
        count += ((const struct managed *)shelf->things[i])->version_count;
    }
    return count;
}

static size_t mfa_in_use(const struct account *account)
{
    const struct shelf *shelf = &account->shelves[MFA];
    size_t count = 0;

    for (size_t i = 0; i < shelf->count; i++) {
        count += ((const struct mfa *)shelf->things[i])->user != NULL;
    }
    return count;
}

/* GetAccountSummary */
status iam_account_summary(struct call *c)
{
    static const struct {
        const char *name;
        size_t count;
    } quotas[] = {
        {"UsersQuota", USERS_MAX}, {"GroupsQuota", GROUPS_MAX}, {"RolesQuota", ROLES_MAX},
        {"PoliciesQuota", MANAGED_MAX}, {"InstanceProfilesQuota", PROFILES_MAX},
        {"ServerCertificatesQuota", CERTIFICATES_MAX}, {"UserPolicySizeQuota", 2048},
        {"GroupPolicySizeQuota", 5120}, {"RolePolicySizeQuota", 10240},
        {"AssumeRolePolicySizeQuota", TRUST_CHARS_MAX}, {"PolicySizeQuota", POLICY_CHARS_MAX},
        {"GroupsPerUserQuota", GROUPS_PER_USER_MAX}, {"AccessKeysPerUserQuota", KEYS_MAX},
        {"SigningCertificatesPerUserQuota", 2}, {"VersionsPerPolicyQuota", VERSIONS_MAX},
        {"AttachedPoliciesPerUserQuota", ATTACHED_MAX},
        {"AttachedPoliciesPerGroupQuota", ATTACHED_MAX},
        {"AttachedPoliciesPerRoleQuota", ATTACHED_MAX}, {"PolicyVersionsInUseQuota", 10000},
        {"AccountMFAEnabled", 0}, {"AccountAccessKeysPresent", 1}, {"AccountPasswordPresent", 0},
        {"AccountSigningCertificatesPresent", 0}, {"GlobalEndpointTokenVersion", 1},
    };
    static const struct {
        const char *name;
        uint8_t kind;
    } counts[] = {{"Users", USER}, {"Groups", GROUP}, {"Roles", ROLE}, {"Policies", MANAGED},
                  {"InstanceProfiles", PROFILE}, {"ServerCertificates", CERTIFICATE},
                  {"MFADevices", MFA}};
    struct account *account;
    struct value *map;

    TRY(account_of_call(c, &account));
    map = set_map(c->arena, c->out, "SummaryMap", 64);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        add_count(c, map, counts[i].name, account->shelves[counts[i].kind].count);
    }
    for (size_t i = 0; i < sizeof(quotas) / sizeof(quotas[0]); i++) {
        add_count(c, map, quotas[i].name, quotas[i].count);
    }
    add_count(c, map, "Providers", account->shelves[OIDC].count + account->shelves[SAML].count);
    add_count(c, map, "PolicyVersionsInUse", versions_of(account));
    add_count(c, map, "MFADevicesInUse", mfa_in_use(account));
    return OK;
}

/* ---- GetAccountAuthorizationDetails ---- */

static void show_policies(struct call *c, struct value *out, const char *member,
                          const struct principal *principal)
{
    struct value *list = set_list(c->arena, out, member, principal->inline_count);

    for (size_t i = 0; i < principal->inline_count; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "PolicyName", principal->inlines[i].name);
        set_str(item, "PolicyDocument",
                document_shown(c->arena, principal->inlines[i].document.text));
    }
    list = set_list(c->arena, out, "AttachedManagedPolicies", principal->attached_count);
    for (size_t i = 0; i < principal->attached_count; i++) {
        show_attached(c->arena, list_add(c->arena, list), principal->attached[i]);
    }
}

static void detail_user(struct call *c, struct value *out, const struct thing *thing)
{
    const struct user *user = (const struct user *)thing;
    struct value *groups;

    show_user(c->arena, out, user, true);
    show_policies(c, out, "UserPolicyList", &user->principal);
    groups = set_list(c->arena, out, "GroupList", user->group_count);
    for (size_t i = 0; i < user->group_count; i++) {
        list_add_str(groups, user->groups[i]->principal.thing.name);
    }
}

static void detail_group(struct call *c, struct value *out, const struct thing *thing)
{
    show_group(c->arena, out, (const struct group *)thing);
    show_policies(c, out, "GroupPolicyList", (const struct principal *)thing);
}

static void detail_role(struct call *c, struct value *out, const struct thing *thing)
{
    const struct role *role = (const struct role *)thing;
    const struct shelf *shelf = &thing->account->shelves[PROFILE];
    struct value *profiles;
    struct value *used;
    size_t count = 0;

    set_str(out, "Path", thing->path);
    set_str(out, "RoleName", thing->name);
    set_str(out, "RoleId", str_of(thing->id, ID_BYTES));
    set_str(out, "Arn", thing_arn(c->arena, thing));
    set_time(out, "CreateDate", thing->created_ms);
    set_str(out, "AssumeRolePolicyDocument", document_shown(c->arena, role->trust.text));
    show_boundary(c->arena, out, &role->principal);
    put_tags(c->arena, out, &thing->tags);
    show_policies(c, out, "RolePolicyList", &role->principal);
    for (size_t i = 0; i < shelf->count; i++) {
        count += ((const struct profile *)shelf->things[i])->role == role;
    }
    profiles = set_list(c->arena, out, "InstanceProfileList", count);
    for (size_t i = 0; i < shelf->count; i++) {
        const struct profile *profile = (const struct profile *)shelf->things[i];

        if (profile->role == role) {
            show_profile(c->arena, list_add(c->arena, profiles), profile);
        }
    }
    used = set_struct(c->arena, out, "RoleLastUsed");
    if (role->used_ms > 0) {
        set_time(used, "LastUsedDate", role->used_ms);
        set_str(used, "Region", role->used_region);
    }
}

static void detail_managed(struct call *c, struct value *out, struct account *account,
                           struct managed *managed)
{
    struct value *versions;

    show_managed(c->arena, out, account, managed);
    if (managed->description.bytes > 0) {
        set_str(out, "Description", managed->description);
    }
    versions = set_list(c->arena, out, "PolicyVersionList", managed->version_count);
    for (size_t i = managed->version_count; i-- > 0;) {
        show_version(c->arena, list_add(c->arena, versions), managed, &managed->versions[i],
                     true);
    }
}

static bool asked_for(const struct call *c, const char *what)
{
    const struct value *filter = arg(c, "Filter");

    for (uint32_t i = 0; filter != NULL && i < filter->count; i++) {
        if (str_eq(filter->items[i].str, str_c(what))) {
            return true;
        }
    }
    return filter == NULL || filter->count == 0;
}

static status details_of_policies(struct call *c, struct account *account, struct piece *piece)
{
    bool local = asked_for(c, "LocalManagedPolicy");
    bool aws = asked_for(c, "AWSManagedPolicy");
    struct managed **all;
    size_t count;

    all = managed_sorted(c, account, STR("All"), &count);
    piece_part(piece, "Policies", count);
    for (size_t i = 0; i < count; i++) {
        const struct uses *uses = uses_of(account, all[i]);
        bool own = all[i]->thing.account != NULL;

        if ((own ? local : aws && uses->attached + uses->boundaries > 0) &&
            piece_takes(piece, arena_printf(c->arena, "4%.*s",
                                          STR_ARG(attached_name(c->arena, all[i]))))) {
            detail_managed(c, list_add(c->arena, piece->list), account, all[i]);
        }
    }
    return OK;
}

/* GetAccountAuthorizationDetails: users, groups, roles and policies, in one series of pages. */
status iam_account_details(struct call *c)
{
    static const struct {
        const char *member, *filter;
        uint8_t kind;
        void (*detail)(struct call *c, struct value *out, const struct thing *thing);
    } parts[] = {{"UserDetailList", "User", USER, detail_user},
                 {"GroupDetailList", "Group", GROUP, detail_group},
                 {"RoleDetailList", "Role", ROLE, detail_role}};
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin_parts(c, &piece));
    for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++) {
        const struct shelf *shelf = &account->shelves[parts[part].kind];

        piece_part(&piece, parts[part].member, shelf->count);
        for (size_t i = 0; asked_for(c, parts[part].filter) && i < shelf->count; i++) {
            struct str name =
                arena_printf(c->arena, "%zu%.*s", part + 1, STR_ARG(shelf->things[i]->name));

            if (piece_takes(&piece, name)) {
                parts[part].detail(c, list_add(c->arena, piece.list), shelf->things[i]);
            }
        }
    }
    return details_of_policies(c, account, &piece);
}
