/* SPDX-License-Identifier: Apache-2.0
 *
 * The policies of users, groups and roles: attached, inline, boundaries; and whose a policy is.
 */
#include "cell/policy.h"
#include "svc/iam/iam_ops.h"
#include "svc/iam/show.h"

/* Bytes of all inline policies together, without white space. */
static const size_t inline_chars_max[] = {[USER] = 2048, [GROUP] = 5120, [ROLE] = 10240};
static const char *const nouns[] = {[USER] = "user", [GROUP] = "group", [ROLE] = "role"};
static const char *const quotas[] = {[USER] = "PoliciesPerUser", [GROUP] = "PoliciesPerGroup",
                                     [ROLE] = "PoliciesPerRole"};

/* Whose policies a call is about. */
static status user_named(struct call *c, bool changes, struct principal **ret_principal)
{
    struct user *user;

    (void)changes;
    TRY(user_of_call(c, &user));
    *ret_principal = &user->principal;
    return OK;
}

static status group_named(struct call *c, bool changes, struct principal **ret_principal)
{
    struct group *group;

    (void)changes;
    TRY(group_of_call(c, &group));
    *ret_principal = &group->principal;
    return OK;
}

static status role_named(struct call *c, bool changes, struct principal **ret_principal)
{
    struct role *role;

    TRY(changes ? role_to_change(c, &role) : role_of_call(c, &role));
    *ret_principal = &role->principal;
    return OK;
}

static status principal_changed(struct call *c, const struct principal *principal)
{
    thing_save(c, &principal->thing);
    call_on(c, thing_arn(c->arena, &principal->thing));
    return OK;
}

/* ---- managed policies ---- */

static status attach_to(struct call *c, struct principal *principal)
{
    struct str arn = arg_str(c, "PolicyArn");
    uint8_t kind = principal->thing.kind;
    struct managed *managed =
        (struct managed *)thing_of_arn(principal->thing.account, MANAGED, arn);
    size_t place;

    if (managed == NULL) {
        return fail(c, &IAM_NO_SUCH, "Policy %.*s does not exist or is not attachable.",
                    STR_ARG(arn));
    }
    if (managed->service_linked) {
        return fail(c, &IAM_NOT_ATTACHABLE, "Cannot attach a Service Role Policy to a Customer "
                    "Role.");
    }
    if (attached_find(principal, managed, &place)) {
        return OK;
    }
    if (principal->attached_count == ATTACHED_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for %s: %d", quotas[kind], ATTACHED_MAX);
    }
    attach(principal, managed);
    return principal_changed(c, principal);
}

static status detach_from(struct call *c, struct principal *principal)
{
    struct str arn = arg_str(c, "PolicyArn");
    struct managed *managed =
        (struct managed *)thing_of_arn(principal->thing.account, MANAGED, arn);

    if (managed == NULL || !detach(principal, managed)) {
        return fail(c, &IAM_NO_SUCH, "Policy %.*s was not found.", STR_ARG(arn));
    }
    return principal_changed(c, principal);
}

static status list_attached(struct call *c, struct principal *principal)
{
    struct str prefix = arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/");
    struct piece piece;

    TRY(piece_begin(c, "AttachedPolicies", principal->attached_count, &piece));
    for (size_t i = 0; i < principal->attached_count; i++) {
        const struct managed *managed = principal->attached[i];

        if (str_starts(managed->thing.path, prefix) &&
            piece_takes(&piece, attached_name(c->arena, managed))) {
            show_attached(c->arena, list_add(c->arena, piece.list), managed);
        }
    }
    return OK;
}

/* ---- inline policies ---- */

static status put_inline(struct call *c, struct principal *principal)
{
    struct str name = arg_str(c, "PolicyName");
    struct str text = arg_str(c, "PolicyDocument");
    uint8_t kind = principal->thing.kind;
    const struct inline_policy *there = inline_find(principal, name);
    size_t chars = document_chars(text);
    struct policy *policy;

    TRY(document_read(c, text, POLICY_OF_IDENTITY, &policy));
    for (size_t i = 0; i < principal->inline_count; i++) {
        if (&principal->inlines[i] != there) {
            chars += document_chars(principal->inlines[i].document.text);
        }
    }
    if (chars > inline_chars_max[kind] || principal->inline_count >= INLINES_MAX) {
        policy_drop(policy);
        return fail(c, &IAM_LIMIT, "Maximum policy size of %zu bytes exceeded for %s %.*s",
                    inline_chars_max[kind], nouns[kind], STR_ARG(principal->thing.name));
    }
    inline_set(principal, name, text, policy);
    return principal_changed(c, principal);
}

static status no_such_inline(struct call *c, const struct principal *principal)
{
    return fail(c, &IAM_NO_SUCH, "The %s policy with name %.*s cannot be found.",
                nouns[principal->thing.kind], STR_ARG(arg_str(c, "PolicyName")));
}

static status get_inline(struct call *c, struct principal *principal)
{
    static const char *const members[] = {[USER] = "UserName", [GROUP] = "GroupName",
                                          [ROLE] = "RoleName"};
    const struct inline_policy *there = inline_find(principal, arg_str(c, "PolicyName"));

    if (there == NULL) {
        return no_such_inline(c, principal);
    }
    put_str(c, members[principal->thing.kind], principal->thing.name);
    put_str(c, "PolicyName", there->name);
    put_str(c, "PolicyDocument", document_shown(c->arena, there->document.text));
    return OK;
}

static status list_inline(struct call *c, struct principal *principal)
{
    struct piece piece;

    TRY(piece_begin(c, "PolicyNames", principal->inline_count, &piece));
    for (size_t i = 0; i < principal->inline_count; i++) {
        if (piece_takes(&piece, principal->inlines[i].name)) {
            list_add_str(piece.list, principal->inlines[i].name);
        }
    }
    return OK;
}

static status delete_inline(struct call *c, struct principal *principal)
{
    if (!inline_remove(principal, arg_str(c, "PolicyName"))) {
        return no_such_inline(c, principal);
    }
    return principal_changed(c, principal);
}

/* ---- boundaries ---- */

static status put_boundary(struct call *c, struct principal *principal)
{
    struct managed *boundary;

    TRY(boundary_of_call(c, &boundary));
    boundary_set(principal, boundary);
    return principal_changed(c, principal);
}

static status delete_boundary(struct call *c, struct principal *principal)
{
    if (principal->boundary == NULL) {
        return fail(c, &IAM_NO_SUCH, "The %s %.*s does not have a permissions boundary.",
                    nouns[principal->thing.kind], STR_ARG(principal->thing.name));
    }
    boundary_set(principal, NULL);
    return principal_changed(c, principal);
}

/* ---- the operations: the same for each of the three ---- */

#define PRINCIPAL_OP(name, noun, changes, act)                                                     \
    status name(struct call *c)                                                                    \
    {                                                                                              \
        struct principal *principal;                                                               \
                                                                                                   \
        TRY(noun##_named(c, changes, &principal));                                                 \
        return act(c, principal);                                                                  \
    }

PRINCIPAL_OP(iam_attach_user_policy, user, true, attach_to)
PRINCIPAL_OP(iam_attach_group_policy, group, true, attach_to)
PRINCIPAL_OP(iam_attach_role_policy, role, true, attach_to)
PRINCIPAL_OP(iam_detach_user_policy, user, true, detach_from)
PRINCIPAL_OP(iam_detach_group_policy, group, true, detach_from)
PRINCIPAL_OP(iam_detach_role_policy, role, true, detach_from)
PRINCIPAL_OP(iam_list_attached_user_policies, user, false, list_attached)
PRINCIPAL_OP(iam_list_attached_group_policies, group, false, list_attached)
PRINCIPAL_OP(iam_list_attached_role_policies, role, false, list_attached)
PRINCIPAL_OP(iam_put_user_policy, user, true, put_inline)
PRINCIPAL_OP(iam_put_group_policy, group, true, put_inline)
PRINCIPAL_OP(iam_put_role_policy, role, true, put_inline)
PRINCIPAL_OP(iam_get_user_policy, user, false, get_inline)
PRINCIPAL_OP(iam_get_group_policy, group, false, get_inline)
PRINCIPAL_OP(iam_get_role_policy, role, false, get_inline)
PRINCIPAL_OP(iam_list_user_policies, user, false, list_inline)
PRINCIPAL_OP(iam_list_group_policies, group, false, list_inline)
PRINCIPAL_OP(iam_list_role_policies, role, false, list_inline)
PRINCIPAL_OP(iam_delete_user_policy, user, true, delete_inline)
PRINCIPAL_OP(iam_delete_group_policy, group, true, delete_inline)
PRINCIPAL_OP(iam_delete_role_policy, role, true, delete_inline)
PRINCIPAL_OP(iam_put_user_boundary, user, true, put_boundary)
PRINCIPAL_OP(iam_put_role_boundary, role, true, put_boundary)
PRINCIPAL_OP(iam_delete_user_boundary, user, true, delete_boundary)
PRINCIPAL_OP(iam_delete_role_boundary, role, true, delete_boundary)

/* ---- ListEntitiesForPolicy ---- */

struct wish {
    const struct managed *managed; /* whose entities */
    bool attached, boundary;       /* as what */
    struct str prefix;             /* of their paths */
};

static bool fits(const struct wish *wish, const struct principal *principal)
{
    size_t place;

    return str_starts(principal->thing.path, wish->prefix) &&
           ((wish->attached && attached_find(principal, wish->managed, &place)) ||
            (wish->boundary && principal->boundary == wish->managed));
}

/* One of the answer's three lists; pages go through all of them, in one order. */
static void add_entities(struct call *c, const struct wish *wish, const struct shelf *shelf,
                         struct piece *piece)
{
    static const char *const names[] = {[USER] = "UserName", [GROUP] = "GroupName",
                                        [ROLE] = "RoleName"};
    static const char *const ids[] = {[USER] = "UserId", [GROUP] = "GroupId", [ROLE] = "RoleId"};

    for (size_t i = 0; i < shelf->count; i++) {
        const struct thing *thing = shelf->things[i];
        struct str name;
        struct value *item;

        if (!fits(wish, (const struct principal *)thing)) {
            continue;
        }
        name = arena_printf(c->arena, "%d%.*s", thing->kind, STR_ARG(thing->name));
        if (piece_takes(piece, name)) {
            item = list_add(c->arena, piece->list);
            set_str(item, names[thing->kind], thing->name);
            set_str(item, ids[thing->kind], str_of(thing->id, ID_BYTES));
        }
    }
}

/* ListEntitiesForPolicy */
status iam_list_entities(struct call *c)
{
    static const struct {
        const char *member, *filter;
        uint8_t kind;
    } parts[] = {{"PolicyUsers", "User", USER},
                 {"PolicyGroups", "Group", GROUP},
                 {"PolicyRoles", "Role", ROLE}};
    struct str filter = arg_str(c, "EntityFilter");
    struct str usage = arg_str(c, "PolicyUsageFilter");
    struct wish wish = {.attached = !str_eq(usage, STR("PermissionsBoundary")),
                        .boundary = !str_eq(usage, STR("PermissionsPolicy"))};
    struct account *account;
    struct managed *managed;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(managed_of_call(c, &managed));
    wish.managed = managed;
    wish.prefix = arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/");
    TRY(piece_begin_parts(c, &piece));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const struct shelf *shelf = &account->shelves[parts[i].kind];

        piece_part(&piece, parts[i].member, shelf->count);
        if (filter.bytes == 0 || str_eq(filter, str_c(parts[i].filter))) {
            add_entities(c, &wish, shelf, &piece);
        }
    }
    return OK;
}
