/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of managed policies and their versions.
 */
#include "cell/policy.h"
#include "svc/iam/iam_ops.h"
#include "svc/iam/show.h"

static status version_read(struct call *c, struct policy **ret_policy)
{
    struct str text = arg_str(c, "PolicyDocument");

    if (document_chars(text) > POLICY_CHARS_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for PolicySize: %d", POLICY_CHARS_MAX);
    }
    return document_read(c, text, POLICY_MANAGED, ret_policy);
}

/* CreatePolicy */
status iam_create_policy(struct call *c)
{
    struct str name = arg_str(c, "PolicyName");
    struct account *account;
    struct managed *managed;
    struct policy *policy;
    struct thing *thing;
    struct value *out;
    status made;

    TRY(account_of_call(c, &account));
    TRY(version_read(c, &policy));
    if (thing_taken(account, MANAGED, name)) {
        policy_drop(policy);
        return fail(c, &IAM_EXISTS,
                    "A policy called %.*s already exists. Duplicate names are not allowed.",
                    STR_ARG(name));
    }
    made = thing_make(c, account, MANAGED, name, &thing);
    if (made != OK) {
        policy_drop(policy);
        return made;
    }
    thing_add(account, thing);
    managed = (struct managed *)thing;
    text_set(&managed->description, arg_str(c, "Description"));
    managed->updated_ms = iam_now(c);
    version_add(managed, arg_str(c, "PolicyDocument"), policy)->created_ms = iam_now(c);
    managed->version_default = managed->version_last;
    thing_save(c, thing);
    out = put_struct(c, "Policy");
    show_managed(c->arena, out, account, managed);
    put_tags(c->arena, out, &thing->tags);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

/* GetPolicy */
status iam_get_policy(struct call *c)
{
    struct account *account;
    struct managed *managed;
    struct value *out;

    TRY(account_of_call(c, &account));
    TRY(managed_of_call(c, &managed));
    out = put_struct(c, "Policy");
    show_managed(c->arena, out, account, managed);
    if (managed->description.bytes > 0) {
        set_str(out, "Description", managed->description);
    }
    put_tags(c->arena, out, &managed->thing.tags);
    return OK;
}

/* ---- ListPolicies ---- */

static int managed_by_name(const void *a, const void *b)
{
    const struct managed *one = *(struct managed *const *)a;
    const struct managed *other = *(struct managed *const *)b;
    int by_name = name_cmp(one->thing.name, other->thing.name);

    return by_name != 0 ? by_name : memcmp(one->thing.id, other->thing.id, ID_BYTES);
}

struct managed **managed_sorted(struct call *c, struct account *account, struct str scope,
                                size_t *ret_count)
{
    const struct iam *iam = account->iam;
    const struct shelf *own = &account->shelves[MANAGED];
    struct managed **all =
        arena_alloc(c->arena, (iam->aws_count + own->count + 1) * sizeof(all[0]));
    size_t count = 0;

    for (size_t i = 0; i < iam->aws_count && !str_eq(scope, STR("Local")); i++) {
        all[count++] = iam->aws[i];
    }
    for (size_t i = 0; i < own->count && !str_eq(scope, STR("AWS")); i++) {
        all[count++] = (struct managed *)own->things[i];
    }
    qsort(all, count, sizeof(all[0]), managed_by_name);
    *ret_count = count;
    return all;
}

/* ListPolicies */
status iam_list_policies(struct call *c)
{
    struct str prefix = arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/");
    struct str usage = arg_str(c, "PolicyUsageFilter");
    bool attached_only = arg_bool(c, "OnlyAttached", false);
    struct account *account;
    struct managed **all;
    struct piece piece;
    size_t count;

    TRY(account_of_call(c, &account));
    all = managed_sorted(c, account, arg_str(c, "Scope"), &count);
    TRY(piece_begin(c, "Policies", count, &piece));
    for (size_t i = 0; i < count; i++) {
        const struct uses *uses = uses_of(account, all[i]);
        bool wanted = str_starts(all[i]->thing.path, prefix) &&
                      (!attached_only || uses->attached > 0) &&
                      (!str_eq(usage, STR("PermissionsPolicy")) || uses->attached > 0) &&
                      (!str_eq(usage, STR("PermissionsBoundary")) || uses->boundaries > 0);

        if (wanted && piece_takes(&piece, attached_name(c->arena, all[i]))) {
            show_managed(c->arena, list_add(c->arena, piece.list), account, all[i]);
        }
    }
    return OK;
}

/* DeletePolicy: with its only version. */
status iam_delete_policy(struct call *c)
{
    struct managed *managed;

    TRY(managed_to_change(c, &managed));
    if (managed->uses.attached + managed->uses.boundaries > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete a policy attached to entities.");
    }
    if (managed->version_count > 1) {
        return fail(c, &IAM_CONFLICT,
                    "This policy has more than one version. Before you delete a policy, you must "
                    "delete the policy's versions. The default version is deleted with the "
                    "policy.");
    }
    call_on(c, thing_arn(c->arena, &managed->thing));
    thing_erase(c, &managed->thing);
    thing_remove(&managed->thing);
    thing_free(&managed->thing);
    return OK;
}

/* ---- versions ---- */

static status managed_changed(struct call *c, struct managed *managed)
{
    thing_save(c, &managed->thing);
    call_on(c, thing_arn(c->arena, &managed->thing));
    return OK;
}

/* CreatePolicyVersion */
status iam_create_version(struct call *c)
{
    struct managed *managed;
    struct version *version;
    struct policy *policy;

    TRY(managed_to_change(c, &managed));
    TRY(version_read(c, &policy));
    if (managed->version_count == VERSIONS_MAX) {
        policy_drop(policy);
        return fail(c, &IAM_LIMIT,
                    "A managed policy can have up to %d versions. Before you create a new "
                    "version, you must delete an existing version.",
                    VERSIONS_MAX);
    }
    version = version_add(managed, arg_str(c, "PolicyDocument"), policy);
    version->created_ms = iam_now(c);
    managed->updated_ms = iam_now(c);
    if (arg_bool(c, "SetAsDefault", false)) {
        managed->version_default = version->number;
    }
    show_version(c->arena, put_struct(c, "PolicyVersion"), managed, version, false);
    return managed_changed(c, managed);
}

/* The version that VersionId names: NoSuchEntity. */
static status version_of_call(struct call *c, struct managed *managed,
                              struct version **ret_version)
{
    struct str text = arg_str(c, "VersionId");
    struct version *version = NULL;
    uint64_t number;

    if (str_to_u64(str_slice(text, 1, text.bytes), &number) && number <= UINT32_MAX) {
        version = version_find(managed, (uint32_t)number);
    }
    if (version == NULL) {
        return fail(c, &IAM_NO_SUCH,
                    "Policy %.*s version %.*s does not exist or is not attachable.",
                    STR_ARG(arg_str(c, "PolicyArn")), STR_ARG(text));
    }
    *ret_version = version;
    return OK;
}

/* GetPolicyVersion */
status iam_get_version(struct call *c)
{
    struct managed *managed;
    struct version *version;

    TRY(managed_of_call(c, &managed));
    TRY(version_of_call(c, managed, &version));
    show_version(c->arena, put_struct(c, "PolicyVersion"), managed, version, true);
    return OK;
}

/* ListPolicyVersions: the newest first. */
status iam_list_versions(struct call *c)
{
    struct managed *managed;
    struct piece piece;

    TRY(managed_of_call(c, &managed));
    TRY(piece_begin(c, "Versions", managed->version_count, &piece));
    for (size_t i = managed->version_count; i-- > 0;) {
        const struct version *version = &managed->versions[i];
        struct str name = arena_printf(c->arena, "%010u", UINT32_MAX - version->number);

        if (piece_takes(&piece, name)) {
            show_version(c->arena, list_add(c->arena, piece.list), managed, version, false);
        }
    }
    return OK;
}

/* SetDefaultPolicyVersion */
status iam_set_default_version(struct call *c)
{
    struct managed *managed;
    struct version *version;

    TRY(managed_to_change(c, &managed));
    TRY(version_of_call(c, managed, &version));
    managed->version_default = version->number;
    managed->updated_ms = iam_now(c);
    return managed_changed(c, managed);
}

/* DeletePolicyVersion */
status iam_delete_version(struct call *c)
{
    struct managed *managed;
    struct version *version;

    TRY(managed_to_change(c, &managed));
    TRY(version_of_call(c, managed, &version));
    if (version->number == managed->version_default) {
        return fail(c, &IAM_CONFLICT, "Cannot delete the default version of a policy.");
    }
    version_remove(managed, version);
    return managed_changed(c, managed);
}
