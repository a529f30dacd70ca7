/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups, and who is in them. A membership is two small rows, ("member", pool, group and sub) and
 * ("group-of", pool, sub and group), which say when the group was made: those of a group that was
 * deleted, and made again, count for nothing.
 */
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/user.h"

#include <assert.h>

static bool group_load(struct call *c, struct str pool, struct str name, struct group *ret_group)
{
    struct thing thing = {"group", pool, name};
    struct value *about = thing_load(c, &thing, shape_in("GetGroup", "Group"));

    if (about == NULL) {
        return false;
    }
    *ret_group = (struct group){pool, name, about};
    return true;
}

/* UserPoolId and GroupName. */
static status group_of_call(struct call *c, struct pool *ret_pool, struct group *ret_group)
{
    TRY(pool_of_call(c, ret_pool));
    if (!group_load(c, ret_pool->id, arg_str(c, "GroupName"), ret_group)) {
        return fail(c, &COGNITO_NOT_FOUND, "Group not found.");
    }
    return OK;
}

/* What rows of its members say. */
static struct str mark_of(struct call *c, const struct group *group)
{
    return arena_printf(c->arena, "%lld",
                        (long long)get_time(group->about, "CreationDate", 0));
}

static int64_t precedence_of(const struct group *group)
{
    return get_int(group->about, "Precedence", INT64_MAX);
}

static struct small member_row(struct call *c, const struct group *group, struct str sub)
{
    return (struct small){"member", group->pool, pair_of(c, group->name, sub)};
}

static struct small group_row(struct call *c, const struct user *user, struct str group)
{
    return (struct small){"group-of", user->pool, pair_of(c, user->sub, group)};
}

/* By name; also of groups that are gone, which count_max leaves room for. */
static size_t groups_by_name(struct call *c, const struct user *user, struct group *ret_groups)
{
    struct str begin = pair_of(c, user->sub, STR(""));
    struct smalls rows = {.kind = "group-of", .first = user->pool, .after = begin};
    struct str pair, mark;
    size_t count = 0;

    while (smalls_next(c, &rows, &pair, &mark)) {
        if (!str_starts(pair, begin) || count == GROUPS_OF_USER_MAX) {
            smalls_close(&rows);
            break;
        }
        if (group_load(c, user->pool, pair_rest(pair, user->sub), &ret_groups[count]) &&
            str_eq(mark, mark_of(c, &ret_groups[count]))) {
            count++;
        }
    }
    return count;
}

size_t groups_of_user(struct call *c, const struct user *user,
                      struct group ret_groups[GROUPS_OF_USER_MAX])
{
    size_t count = groups_by_name(c, user, ret_groups);

    for (size_t i = 1; i < count; i++) { /* few: by insertion, names stay in order */
        struct group group = ret_groups[i];
        size_t at = i;

        for (; at > 0 && precedence_of(&ret_groups[at - 1]) > precedence_of(&group); at--) {
            ret_groups[at] = ret_groups[at - 1];
        }
        ret_groups[at] = group;
    }
    return count;
}

void groups_leave(struct call *c, const struct user *user)
{
    struct str begin = pair_of(c, user->sub, STR(""));
    struct smalls rows = {.kind = "group-of", .first = user->pool, .after = begin};
    struct str pair;

    while (smalls_next(c, &rows, &pair, NULL)) {
        if (!str_starts(pair, begin)) {
            smalls_close(&rows);
            break;
        }
        struct str group = pair_rest(pair, user->sub);

        small_erase(c, (struct small){"member", user->pool, pair_of(c, group, user->sub)});
        small_erase(c, group_row(c, user, group));
    }
}

/* ---- operations ---- */

static void group_save(struct call *c, const struct pool *pool, const struct group *group)
{
    struct thing thing = {"group", pool->id, group->name};

    set_time(group->about, "LastModifiedDate", c->now);
    thing_save(c, &thing, group->about);
    call_on(c, pool_arn(c->keep, pool));
    set_value(c->out, "Group", group->about);
}

/* CreateGroup */
status cognito_create_group(struct call *c)
{
    static const char *const kept[] = {"GroupName", "UserPoolId", "Description", "RoleArn",
                                       "Precedence", NULL};
    struct group group;
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    if (group_load(c, pool.id, arg_str(c, "GroupName"), &group)) {
        return fail(c, &COGNITO_GROUP_EXISTS, "A group with the name already exists.");
    }
    if (things_count(c, "group", pool.id) >= GROUPS_MAX) {
        return fail(c, &COGNITO_LIMIT, "Maximum groups exceeded.");
    }
    group = (struct group){pool.id, arg_str(c, "GroupName"),
                           value_struct(c->arena, shape_in("GetGroup", "Group"))};
    copy_members(c, group.about, kept);
    set_time(group.about, "CreationDate", c->now);
    group_save(c, &pool, &group);
    return OK;
}

/* GetGroup */
status cognito_get_group(struct call *c)
{
    struct group group;
    struct pool pool;

    TRY(group_of_call(c, &pool, &group));
    set_value(c->out, "Group", group.about);
    return OK;
}

/* UpdateGroup: what is not said stays. */
status cognito_update_group(struct call *c)
{
    static const char *const kept[] = {"Description", "RoleArn", "Precedence", NULL};
    struct group group;
    struct pool pool;

    TRY(group_of_call(c, &pool, &group));
    copy_members(c, group.about, kept);
    group_save(c, &pool, &group);
    return OK;
}

/* DeleteGroup: its members' rows count for nothing from now on. */
status cognito_delete_group(struct call *c)
{
    struct group group;
    struct pool pool;

    TRY(group_of_call(c, &pool, &group));
    struct str begin = pair_of(c, group.name, STR(""));
    struct smalls rows = {.kind = "member", .first = pool.id, .after = begin};
    struct str pair;

    while (txn_room(c->txn) > 1000 && smalls_next(c, &rows, &pair, NULL)) {
        if (!str_starts(pair, begin)) {
            break;
        }
        struct str sub = pair_rest(pair, group.name);

        small_erase(c, (struct small){"group-of", pool.id, pair_of(c, sub, group.name)});
        small_erase(c, member_row(c, &group, sub));
    }
    smalls_close(&rows);
    (void)thing_erase(c, &(struct thing){"group", pool.id, group.name});
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* ListGroups */
status cognito_list_groups(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "Limit", 60);
    struct things things = {.kind = "group", .shape = shape_in("GetGroup", "Group")};
    struct thing thing, last = {.kind = "group"};
    struct value *list, *about;
    struct pool pool;

    limit = limit == 0 ? 60 : limit;
    TRY(pool_of_call(c, &pool));
    TRY(token_read(c, "NextToken", &things.after));
    list = put_list(c, "Groups", limit);
    things.pool = pool.id;
    while (things_next(c, &things, &thing, &about)) {
        if (list->count == limit) {
            put_str(c, "NextToken", token_of(c, last.name));
            things_close(&things);
            break;
        }
        *list_add(c->arena, list) = *about;
        last = thing;
    }
    return OK;
}

/* UserPoolId, Username and GroupName. */
static status member_of_call(struct call *c, struct user **ret_user, struct group *ret_group)
{
    struct pool pool;

    TRY(user_of_admin(c, &pool, ret_user));
    if (!group_load(c, pool.id, arg_str(c, "GroupName"), ret_group)) {
        return fail(c, &COGNITO_NOT_FOUND, "Group not found.");
    }
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* AdminAddUserToGroup */
status cognito_add_to_group(struct call *c)
{
    struct group *groups = arena_alloc(c->arena, GROUPS_OF_USER_MAX * sizeof(*groups));
    struct group group;
    struct user *user;
    struct str mark;

    TRY(member_of_call(c, &user, &group));
    if (small_get(c, member_row(c, &group, user->sub), &mark) &&
        str_eq(mark, mark_of(c, &group))) {
        return OK;
    }
    if (groups_by_name(c, user, groups) >= GROUPS_OF_USER_MAX) {
        return fail(c, &COGNITO_LIMIT, "Maximum number of groups for a user exceeded.");
    }
    small_put(c, member_row(c, &group, user->sub), mark_of(c, &group));
    small_put(c, group_row(c, user, group.name), mark_of(c, &group));
    return OK;
}

/* AdminRemoveUserFromGroup */
status cognito_remove_from_group(struct call *c)
{
    struct group group;
    struct user *user;

    TRY(member_of_call(c, &user, &group));
    small_erase(c, member_row(c, &group, user->sub));
    small_erase(c, group_row(c, user, group.name));
    return OK;
}

/* AdminListGroupsForUser: by name. */
status cognito_list_groups_of_user(struct call *c)
{
    struct group *groups = arena_alloc(c->arena, GROUPS_OF_USER_MAX * sizeof(*groups));
    size_t limit = (size_t)arg_int(c, "Limit", 60);
    struct str after;
    struct user *user;
    struct pool pool;
    struct value *list;
    size_t count;

    limit = limit == 0 ? 60 : limit;
    TRY(user_of_admin(c, &pool, &user));
    TRY(token_read(c, "NextToken", &after));
    list = put_list(c, "Groups", limit);
    count = groups_by_name(c, user, groups);
    for (size_t i = 0; i < count; i++) {
        if (after.bytes > 0 && str_cmp(groups[i].name, after) <= 0) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "NextToken", token_of(c, groups[i - 1].name));
            break;
        }
        *list_add(c->arena, list) = *groups[i].about;
    }
    return OK;
}

/* ListUsersInGroup */
status cognito_list_users_in_group(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "Limit", 60);
    struct smalls rows = {.kind = "member"};
    struct str begin, pair, mark, last = STR_NONE;
    struct group group;
    struct pool pool;
    struct user *user;
    struct value *list;

    limit = limit == 0 ? 60 : limit;
    TRY(group_of_call(c, &pool, &group));
    TRY(token_read(c, "NextToken", &last));
    begin = pair_of(c, group.name, STR(""));
    rows.first = pool.id;
    rows.after = pair_of(c, group.name, last);
    list = put_list(c, "Users", limit);
    while (smalls_next(c, &rows, &pair, &mark)) {
        if (!str_starts(pair, begin)) {
            smalls_close(&rows);
            break;
        }
        if (list->count == limit) {
            put_str(c, "NextToken", token_of(c, last));
            smalls_close(&rows);
            break;
        }
        last = pair_rest(pair, group.name);
        if (str_eq(mark, mark_of(c, &group)) && user_of_sub(c, &pool, last, &user)) {
            user_put_type(c, list_add(c->arena, list), user, "Attributes");
        }
    }
    return OK;
}
