/* SPDX-License-Identifier: Apache-2.0
 *
 * Nouns as answers show them. Lists leave out tags, boundaries and descriptions where AWS does.
 */
#include "svc/iam/show.h"

static void show_thing(struct arena *arena, struct value *out, const struct thing *thing,
                       const char *name, const char *id)
{
    set_str(out, "Path", thing->path);
    set_str(out, name, thing->name);
    set_str(out, id, str_of(thing->id, ID_BYTES));
    set_str(out, "Arn", thing_arn(arena, thing));
    set_time(out, "CreateDate", thing->created_ms);
}

void show_boundary(struct arena *arena, struct value *out, const struct principal *principal)
{
    struct value *boundary;

    if (principal->boundary == NULL) {
        return;
    }
    boundary = set_struct(arena, out, "PermissionsBoundary");
    set_str(boundary, "PermissionsBoundaryType", STR("Policy"));
    set_str(boundary, "PermissionsBoundaryArn", thing_arn(arena, &principal->boundary->thing));
}

void show_user(struct arena *arena, struct value *out, const struct user *user, bool full)
{
    show_thing(arena, out, &user->principal.thing, "UserName", "UserId");
    if (full) {
        show_boundary(arena, out, &user->principal);
        put_tags(arena, out, &user->principal.thing.tags);
    }
}

void show_group(struct arena *arena, struct value *out, const struct group *group)
{
    show_thing(arena, out, &group->principal.thing, "GroupName", "GroupId");
}

void show_role(struct arena *arena, struct value *out, const struct role *role, bool full)
{
    struct value *used;

    show_thing(arena, out, &role->principal.thing, "RoleName", "RoleId");
    set_str(out, "AssumeRolePolicyDocument", document_shown(arena, role->trust.text));
    if (role->description.bytes > 0) {
        set_str(out, "Description", role->description);
    }
    set_int(out, "MaxSessionDuration", role->session_seconds);
    if (!full) {
        return;
    }
    show_boundary(arena, out, &role->principal);
    put_tags(arena, out, &role->principal.thing.tags);
    used = set_struct(arena, out, "RoleLastUsed");
    if (role->used_ms > 0) {
        set_time(used, "LastUsedDate", role->used_ms);
        set_str(used, "Region", role->used_region);
    }
}

struct str version_text(struct arena *arena, uint32_t number)
{
    return arena_printf(arena, "v%u", number);
}

void show_managed(struct arena *arena, struct value *out, struct account *account,
                  struct managed *managed)
{
    const struct uses *uses = uses_of(account, managed);

    show_thing(arena, out, &managed->thing, "PolicyName", "PolicyId");
    set_str(out, "DefaultVersionId", version_text(arena, managed->version_default));
    set_int(out, "AttachmentCount", uses->attached);
    set_int(out, "PermissionsBoundaryUsageCount", uses->boundaries);
    set_bool(out, "IsAttachable", true);
    set_time(out, "UpdateDate", managed->updated_ms);
}

void show_version(struct arena *arena, struct value *out, const struct managed *managed,
                  const struct version *version, bool with_document)
{
    if (with_document) {
        set_str(out, "Document", document_shown(arena, version->document.text));
    }
    set_str(out, "VersionId", version_text(arena, version->number));
    set_bool(out, "IsDefaultVersion", version->number == managed->version_default);
    set_time(out, "CreateDate", version->created_ms);
}

void show_profile(struct arena *arena, struct value *out, const struct profile *profile)
{
    struct value *roles;

    show_thing(arena, out, &profile->thing, "InstanceProfileName", "InstanceProfileId");
    roles = set_list(arena, out, "Roles", 1);
    if (profile->role != NULL) {
        show_role(arena, list_add(arena, roles), profile->role, false);
    }
    put_tags(arena, out, &profile->thing.tags);
}

void show_attached(struct arena *arena, struct value *item, const struct managed *managed)
{
    set_str(item, "PolicyName", managed->thing.name);
    set_str(item, "PolicyArn", thing_arn(arena, &managed->thing));
}
