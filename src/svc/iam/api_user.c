/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of users and groups.
 */
#include "cell/identity.h"
#include "svc/iam/iam_ops.h"
#include "svc/iam/show.h"

/* ---- a policy named as a boundary ---- */

status boundary_of_call(struct call *c, struct managed **ret_managed)
{
    struct str arn = arg_str(c, "PermissionsBoundary");
    struct account *account;
    struct managed *managed;

    if (arn.bytes == 0) {
        *ret_managed = NULL;
        return OK;
    }
    TRY(account_of_call(c, &account));
    managed = (struct managed *)thing_of_arn(account, MANAGED, arn);
    if (managed == NULL) {
        return fail(c, &IAM_NO_SUCH, "Scope ARN: %.*s does not exist or is not attachable.",
                    STR_ARG(arn));
    }
    *ret_managed = managed;
    return OK;
}

/* ---- users ---- */

/* CreateUser */
status iam_create_user(struct call *c)
{
    struct str name = arg_str(c, "UserName");
    struct account *account;
    struct managed *boundary;
    struct thing *thing;
    struct user *user;

    TRY(account_of_call(c, &account));
    TRY(boundary_of_call(c, &boundary));
    if (thing_taken(account, USER, name)) {
        return fail(c, &IAM_EXISTS, "User with name %.*s already exists.", STR_ARG(name));
    }
    TRY(thing_make(c, account, USER, name, &thing));
    thing_add(account, thing);
    user = (struct user *)thing;
    boundary_set(&user->principal, boundary);
    thing_save(c, thing);
    show_user(c->arena, put_struct(c, "User"), user, true);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

/* GetUser: without a name who calls, which may be the account itself. */
status iam_get_user(struct call *c)
{
    struct user *user = NULL;
    struct value *out;

    if (arg_has(c, "UserName")) {
        TRY(user_of_call(c, &user));
    } else {
        user = caller_user(c);
    }
    if (user == NULL && !str_ends(c->principal, STR(":root"))) {
        return fail(c, &IAM_VALIDATION,
                    "Must specify userName when calling with non-User credentials");
    }
    out = put_struct(c, "User");
    if (user != NULL) {
        show_user(c->arena, out, user, true);
        return OK;
    }
    set_str(out, "Path", STR("/"));
    set_str(out, "UserName", c->account);
    set_str(out, "UserId", c->account);
    set_str(out, "Arn", c->principal);
    set_time(out, "CreateDate", 0);
    return OK;
}

static status things_listed(struct call *c, uint8_t kind, const char *member,
                            void (*show)(struct arena *arena, struct value *out,
                                         const struct thing *thing))
{
    struct str prefix = arg_has(c, "PathPrefix") ? arg_str(c, "PathPrefix") : STR("/");
    struct account *account;
    struct piece piece;

    TRY(account_of_call(c, &account));
    TRY(piece_begin(c, member, account->shelves[kind].count, &piece));
    for (size_t i = 0; i < account->shelves[kind].count; i++) {
        const struct thing *thing = account->shelves[kind].things[i];

        if (str_starts(thing->path, prefix) && piece_takes(&piece, thing->name)) {
            show(c->arena, list_add(c->arena, piece.list), thing);
        }
    }
    return OK;
}

static void user_listed(struct arena *arena, struct value *out, const struct thing *thing)
{
    show_user(arena, out, (const struct user *)thing, false);
}

/* ListUsers */
status iam_list_users(struct call *c)
{
    return things_listed(c, USER, "Users", user_listed);
}

/* The new name and path of UpdateUser and UpdateGroup, checked. */
static status renaming_check(struct call *c, const struct thing *thing, struct str name,
                             const char *what)
{
    if (arg_has(c, "NewPath")) {
        TRY(path_check(c, arg_str(c, "NewPath")));
    }
    if (name.bytes > 0 && !str_eq_nocase(name, thing->name) &&
        thing_taken(thing->account, thing->kind, name)) {
        return fail(c, &IAM_EXISTS, "%s with name %.*s already exists.", what, STR_ARG(name));
    }
    return OK;
}

static void rename_thing(struct call *c, struct thing *thing, struct str name)
{
    thing_erase(c, thing);
    thing_remove(thing);
    if (name.bytes > 0) {
        text_set(&thing->name, name);
    }
    if (arg_has(c, "NewPath")) {
        text_set(&thing->path, arg_str(c, "NewPath"));
    }
    thing_add(thing->account, thing);
    thing_save(c, thing);
    call_on(c, thing_arn(c->arena, thing));
}

/* UpdateUser: whose keys then are those of another ARN. */
status iam_update_user(struct call *c)
{
    struct str name = arg_str(c, "NewUserName");
    struct user *user;

    TRY(user_of_call(c, &user));
    TRY(renaming_check(c, &user->principal.thing, name, "User"));
    rename_thing(c, &user->principal.thing, name);
    for (struct thing *const *mfa = user->principal.thing.account->shelves[MFA].things,
                      *const *end = mfa + user->principal.thing.account->shelves[MFA].count;
         mfa < end; mfa++) {
        if (((struct mfa *)*mfa)->user == user) {
            thing_save(c, *mfa);
        }
    }
    return keys_follow(c, user);
}

static bool has_mfa(const struct user *user)
{
    const struct shelf *shelf = &user->principal.thing.account->shelves[MFA];

    for (size_t i = 0; i < shelf->count; i++) {
        if (((struct mfa *)shelf->things[i])->user == user) {
            return true;
        }
    }
    return false;
}

static status principal_free_check(struct call *c, const struct principal *principal)
{
    if (principal->attached_count > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must detach all policies first.");
    }
    if (principal->inline_count > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must delete policies first.");
    }
    return OK;
}

static void principal_delete(struct call *c, struct principal *principal)
{
    call_on(c, thing_arn(c->arena, &principal->thing));
    thing_erase(c, &principal->thing);
    boundary_set(principal, NULL);
    thing_remove(&principal->thing);
    thing_free(&principal->thing);
}

/* DeleteUser */
status iam_delete_user(struct call *c)
{
    struct user *user;

    TRY(user_of_call(c, &user));
    if (user->group_count > 0) {
        return fail(c, &IAM_CONFLICT,
                    "Cannot delete entity, must remove users from group first.");
    }
    TRY(principal_free_check(c, &user->principal));
    if (user->key_count > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must delete access keys first.");
    }
    if (user->password.bytes > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must delete login profile first.");
    }
    if (user->ssh_key_count > 0) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must delete SSH public keys first.");
    }
    if (user->signing_count > 0) {
        return fail(c, &IAM_CONFLICT,
                    "Cannot delete entity, must delete signing certificates first.");
    }
    if (user->service_key_count > 0) {
        return fail(c, &IAM_CONFLICT,
                    "Cannot delete entity, must remove referenced objects first.");
    }
    if (has_mfa(user)) {
        return fail(c, &IAM_CONFLICT, "Cannot delete entity, must delete MFA device first.");
    }
    principal_delete(c, &user->principal);
    return OK;
}

/* ---- groups ---- */

/* CreateGroup */
status iam_create_group(struct call *c)
{
    struct str name = arg_str(c, "GroupName");
    struct account *account;
    struct thing *thing;

    TRY(account_of_call(c, &account));
    if (thing_taken(account, GROUP, name)) {
        return fail(c, &IAM_EXISTS, "Group with name %.*s already exists.", STR_ARG(name));
    }
    TRY(thing_make(c, account, GROUP, name, &thing));
    thing_add(account, thing);
    thing_save(c, thing);
    show_group(c->arena, put_struct(c, "Group"), (struct group *)thing);
    call_on(c, thing_arn(c->arena, thing));
    return OK;
}

static int user_cmp(const void *a, const void *b)
{
    const struct user *one = *(struct user *const *)a;
    const struct user *other = *(struct user *const *)b;

    return name_cmp(one->principal.thing.name, other->principal.thing.name);
}

/* GetGroup: with its members, by name. */
status iam_get_group(struct call *c)
{
    struct user **users;
    struct group *group;
    struct piece piece;

    TRY(group_of_call(c, &group));
    TRY(piece_begin(c, "Users", group->user_count, &piece));
    show_group(c->arena, put_struct(c, "Group"), group);
    users = arena_alloc(c->arena, (group->user_count + 1) * sizeof(users[0]));
    for (size_t i = 0; i < group->user_count; i++) {
        users[i] = group->users[i];
    }
    qsort(users, group->user_count, sizeof(users[0]), user_cmp);
    for (size_t i = 0; i < group->user_count; i++) {
        if (piece_takes(&piece, users[i]->principal.thing.name)) {
            show_user(c->arena, list_add(c->arena, piece.list), users[i], false);
        }
    }
    return OK;
}

static void group_listed(struct arena *arena, struct value *out, const struct thing *thing)
{
    show_group(arena, out, (const struct group *)thing);
}

/* ListGroups */
status iam_list_groups(struct call *c)
{
    return things_listed(c, GROUP, "Groups", group_listed);
}

/* UpdateGroup: whose members' rows name it. */
status iam_update_group(struct call *c)
{
    struct str name = arg_str(c, "NewGroupName");
    struct group *group;

    TRY(group_of_call(c, &group));
    TRY(renaming_check(c, &group->principal.thing, name, "Group"));
    rename_thing(c, &group->principal.thing, name);
    for (size_t i = 0; i < group->user_count; i++) {
        thing_save(c, &group->users[i]->principal.thing);
    }
    return OK;
}

/* DeleteGroup */
status iam_delete_group(struct call *c)
{
    struct group *group;

    TRY(group_of_call(c, &group));
    if (group->user_count > 0) {
        return fail(c, &IAM_CONFLICT,
                    "Cannot delete entity, must remove users from group first.");
    }
    TRY(principal_free_check(c, &group->principal));
    principal_delete(c, &group->principal);
    return OK;
}

/* AddUserToGroup: fine when the user is in it. */
status iam_add_user_to_group(struct call *c)
{
    struct group *group;
    struct user *user;
    bool in_it = false;

    TRY(group_of_call(c, &group));
    TRY(user_of_call(c, &user));
    for (size_t i = 0; i < user->group_count; i++) {
        in_it = in_it || user->groups[i] == group;
    }
    if (!in_it && user->group_count == GROUPS_PER_USER_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for GroupsPerUser: %d",
                    GROUPS_PER_USER_MAX);
    }
    group_join(group, user);
    thing_save(c, &user->principal.thing);
    call_on(c, thing_arn(c->arena, &group->principal.thing));
    return OK;
}

/* RemoveUserFromGroup: fine when the user is not in it. */
status iam_remove_user_from_group(struct call *c)
{
    struct group *group;
    struct user *user;

    TRY(group_of_call(c, &group));
    TRY(user_of_call(c, &user));
    group_leave(group, user);
    thing_save(c, &user->principal.thing);
    call_on(c, thing_arn(c->arena, &group->principal.thing));
    return OK;
}

static int group_cmp(const void *a, const void *b)
{
    const struct group *one = *(struct group *const *)a;
    const struct group *other = *(struct group *const *)b;

    return name_cmp(one->principal.thing.name, other->principal.thing.name);
}

/* ListGroupsForUser */
status iam_list_groups_for_user(struct call *c)
{
    struct group *groups[GROUPS_PER_USER_MAX];
    struct user *user;
    struct piece piece;

    TRY(user_of_call(c, &user));
    TRY(piece_begin(c, "Groups", user->group_count, &piece));
    memcpy(groups, user->groups, sizeof(groups));
    qsort(groups, user->group_count, sizeof(groups[0]), group_cmp);
    for (size_t i = 0; i < user->group_count; i++) {
        if (piece_takes(&piece, groups[i]->principal.thing.name)) {
            show_group(c->arena, list_add(c->arena, piece.list), groups[i]);
        }
    }
    return OK;
}
