/* SPDX-License-Identifier: Apache-2.0
 *
 * ListUsers: in the order of their subs, which is as good as any.
 */
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/filter.h"
#include "svc/cognito/user.h"

#define LOOKED_AT_MAX 20000 /* users of a call; then it gives a token, full or not */

static struct str searched(const struct user *user, struct str name)
{
    if (str_eq(name, STR("username"))) {
        return user->username;
    }
    if (str_eq(name, STR("cognito:user_status"))) {
        return user_status_text(user);
    }
    if (str_eq(name, STR("status"))) {
        return user->disabled ? STR("Disabled") : STR("Enabled");
    }
    return user_attribute(user, name);
}

static bool fits(const struct user_filter *filter, const struct user *user)
{
    return filter->name.bytes == 0 ||
           user_filter_fits(filter, searched(user, filter->name));
}

/* Only those of AttributesToGet. */
static void put_user(struct call *c, struct value *structure, struct user *user,
                     const struct value *wanted)
{
    struct value *all, *few;

    user_put_type(c, structure, user, "Attributes");
    if (wanted == NULL) {
        return;
    }
    all = (struct value *)(uintptr_t)get(structure, "Attributes");
    few = all;
    for (uint32_t i = 0, count = all->count; i < count; i++) {
        few->count = i == 0 ? 0 : few->count;
        if (list_has(wanted, get_str(&all->items[i], "Name"))) {
            few->items[few->count++] = all->items[i];
        }
    }
}

static status check(struct call *c, const struct pool *pool, struct user_filter *ret_filter)
{
    const struct value *wanted = arg(c, "AttributesToGet");

    for (uint32_t i = 0; wanted != NULL && i < wanted->count; i++) {
        if (pool_attribute(pool, wanted->items[i].str) == NULL) {
            return fail(c, &COGNITO_INVALID, "One or more requested attributes do not exist.");
        }
    }
    if (!user_filter_read(c->arena, arg_str(c, "Filter"), ret_filter)) {
        return fail(c, &COGNITO_INVALID, "Error while parsing filter.");
    }
    if (ret_filter->name.bytes > 0 && !user_filter_searchable(ret_filter->name)) {
        return fail(c, &COGNITO_INVALID, "Invalid search attribute: %.*s",
                    STR_ARG(ret_filter->name));
    }
    return OK;
}

/* ListUsers */
status cognito_list_users(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "Limit", 60), looked_at = 0;
    struct user *user = ARENA_NEW(c->arena, struct user);
    struct str last = STR_NONE;
    struct users users = {.scan = NULL};
    struct user_filter filter;
    struct value *list;
    struct pool pool;

    limit = limit == 0 ? 60 : limit;
    TRY(pool_of_call(c, &pool));
    TRY(check(c, &pool, &filter));
    TRY(token_read(c, "PaginationToken", &users.after));
    users.pool = pool.id;
    list = put_list(c, "Users", limit);
    while (users_next(c, &users, user)) {
        if (list->count == limit || looked_at++ == LOOKED_AT_MAX) {
            put_str(c, "PaginationToken", token_of(c, last));
            users_close(&users);
            break;
        }
        last = user->sub;
        if (fits(&filter, user)) {
            put_user(c, list_add(c->arena, list), user, arg(c, "AttributesToGet"));
        }
    }
    return OK;
}
