/* SPDX-License-Identifier: Apache-2.0
 *
 * Users, and the names by which they sign in. A name is a small row ("name", pool, kind and name)
 * that leads to a sub: of the username always, of e-mail address and phone number when the pool
 * signs in by them (UsernameAttributes: as soon as they are there; AliasAttributes: once they are
 * verified), of preferred_username when it is an alias. Which they are follows from the user, so
 * that a change of attributes compares what was with what is.
 */
#include "svc/cognito/user.h"

#define NAMES_MAX 4 /* of one user */

/* One name of a user. */
struct sign_in {
    const char *kind;  /* "username", "email", "phone_number", "preferred_username" */
    struct str name;   /* as rows have it */
};

static struct str canonical(struct call *c, const struct pool *pool, struct str name)
{
    return pool->case_sensitive ? name : lowered(c->arena, name);
}

static struct small name_row(struct call *c, const struct pool *pool, const char *kind,
                             struct str name)
{
    return (struct small){"name", pool->id, pair_of(c, str_c(kind), name)};
}

/* The sub that signs in by that name; false: nobody. */
static bool name_taken(struct call *c, const struct pool *pool, const struct sign_in *name,
                       struct str *ret_sub)
{
    return small_get(c, name_row(c, pool, name->kind, name->name), ret_sub);
}

/* ---- finding ---- */

bool user_of_sub(struct call *c, const struct pool *pool, struct str sub, struct user **ret_user)
{
    return user_load(c, pool->id, sub, ret_user);
}

bool user_of_name(struct call *c, const struct pool *pool, struct str name,
                  struct user **ret_user)
{
    static const char *const kinds[NAMES_MAX] = {"username", "email", "phone_number",
                                                 "preferred_username"};
    struct str sub;

    for (size_t i = 0; i < NAMES_MAX && name.bytes > 0; i++) {
        struct sign_in wanted = {kinds[i], canonical(c, pool, name)};

        if (name_taken(c, pool, &wanted, &sub)) {
            return user_load(c, pool->id, sub, ret_user);
        }
    }
    return is_uuid(name) && user_load(c, pool->id, name, ret_user);
}

status user_of_admin(struct call *c, struct pool *ret_pool, struct user **ret_user)
{
    TRY(pool_of_call(c, ret_pool));
    if (!user_of_name(c, ret_pool, arg_str(c, "Username"), ret_user)) {
        return fail(c, &COGNITO_NO_USER, "User does not exist.");
    }
    return OK;
}

/* ---- attributes ---- */

struct str user_attribute(const struct user *user, struct str name)
{
    if (str_eq(name, STR("sub"))) {
        return user->sub;
    }
    for (size_t i = 0; i < user->attribute_count; i++) {
        if (str_eq(user->attributes[i].name, name)) {
            return user->attributes[i].value;
        }
    }
    return STR_NONE;
}

bool user_is_true(const struct user *user, const char *attribute)
{
    return str_eq_nocase(user_attribute(user, str_c(attribute)), STR("true"));
}

void user_set(struct user *user, struct str name, struct str value)
{
    for (size_t i = 0; i < user->attribute_count; i++) {
        if (str_eq(user->attributes[i].name, name)) {
            user->attributes[i].value = value;
            return;
        }
    }
    if (user->attribute_count < ATTRIBUTES_MAX) {
        user->attributes[user->attribute_count++] = (struct user_attribute){name, value};
    }
}

bool user_unset(struct user *user, struct str name)
{
    for (size_t i = 0; i < user->attribute_count; i++) {
        if (str_eq(user->attributes[i].name, name)) {
            user->attribute_count--;
            memmove(&user->attributes[i], &user->attributes[i + 1],
                    (user->attribute_count - i) * sizeof(user->attributes[0]));
            return true;
        }
    }
    return false;
}

struct str user_status_text(const struct user *user)
{
    static const char *const words[] = {"UNCONFIRMED", "CONFIRMED", "RESET_REQUIRED",
                                        "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"};

    return str_c(words[user->status]);
}

/* ---- names ---- */

static size_t name_add(struct sign_in *names, size_t count, const char *kind, struct str name)
{
    if (name.bytes > 0) {
        names[count++] = (struct sign_in){kind, name};
    }
    return count;
}

/* By what a user signs in. */
static size_t names_of(struct call *c, const struct pool *pool, const struct user *user,
                       struct sign_in names[NAMES_MAX])
{
    static const char *const addresses[][2] = {{"email", "email_verified"},
                                               {"phone_number", "phone_number_verified"}};
    size_t count = name_add(names, 0, "username", canonical(c, pool, user->username));

    for (size_t i = 0; i < 2; i++) {
        const char *kind = addresses[i][0];
        struct str address = canonical(c, pool, user_attribute(user, str_c(kind)));

        if (pool_username_is(pool, kind) ||
            (pool_alias(pool, kind) && user_is_true(user, addresses[i][1]))) {
            count = name_add(names, count, kind, address);
        }
    }
    if (pool_alias(pool, "preferred_username")) {
        count = name_add(names, count, "preferred_username",
                         canonical(c, pool, user_attribute(user, STR("preferred_username"))));
    }
    return count;
}

static bool is_among(const struct sign_in *names, size_t count, const struct sign_in *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(str_c(names[i].kind), str_c(name->kind)) && str_eq(names[i].name, name->name)) {
            return true;
        }
    }
    return false;
}

/* Whoever had that alias loses it. */
static void alias_take(struct call *c, const struct pool *pool, const struct sign_in *name,
                       struct str sub)
{
    struct user *owner;

    if (!user_load(c, pool->id, sub, &owner)) {
        return;
    }
    if (str_eq(str_c(name->kind), STR("preferred_username"))) {
        (void)user_unset(owner, STR("preferred_username"));
    } else {
        user_set(owner, arena_printf(c->arena, "%s_verified", name->kind), STR("false"));
    }
    user_put(c, owner);
}

static status name_refused(struct call *c, const struct pool *pool, const struct sign_in *name)
{
    bool username = pool_username_is(pool, name->kind);

    return fail(c, username && str_eq(call_name(c), STR("SignUp")) ? &COGNITO_USERNAME_EXISTS
                                                                   : &COGNITO_ALIAS_EXISTS,
                username ? "An account with the given %s already exists."
                         : "An account with the %s already exists.",
                name->kind);
}

status user_realias(struct call *c, const struct pool *pool, const struct user *before,
                    const struct user *user, bool force)
{
    struct sign_in old[NAMES_MAX], now[NAMES_MAX];
    size_t old_count = before == NULL ? 0 : names_of(c, pool, before, old);
    size_t count = names_of(c, pool, user, now);
    struct str sub;

    for (size_t i = 0; i < count && !force; i++) {
        if (name_taken(c, pool, &now[i], &sub) && !str_eq(sub, user->sub)) {
            return name_refused(c, pool, &now[i]);
        }
    }
    for (size_t i = 0; i < old_count; i++) {
        if (!is_among(now, count, &old[i])) {
            small_erase(c, name_row(c, pool, old[i].kind, old[i].name));
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (name_taken(c, pool, &now[i], &sub) && !str_eq(sub, user->sub)) {
            alias_take(c, pool, &now[i], sub);
        }
        if (!is_among(old, old_count, &now[i])) {
            small_put(c, name_row(c, pool, now[i].kind, now[i].name), user->sub);
        }
    }
    return OK;
}

/* ---- life ---- */

struct user *user_new(struct call *c, const struct pool *pool)
{
    struct user *user = ARENA_NEW(c->arena, struct user);

    user->pool = pool->id;
    user->sub = uuid_new(c);
    user->created_ms = c->now;
    user->modified_ms = c->now;
    return user;
}

/* A pool that signs in by e-mail or phone takes one of them as the username, and names by sub. */
static status address_as_name(struct call *c, const struct pool *pool, struct user *user,
                              struct str username)
{
    bool email = pool_username_is(pool, "email"), phone = pool_username_is(pool, "phone_number");

    user->username = user->sub;
    if (email && is_email(username)) {
        user_set(user, STR("email"), username);
        return OK;
    }
    if (phone && is_phone(username)) {
        user_set(user, STR("phone_number"), username);
        return OK;
    }
    return fail(c, &COGNITO_INVALID, "%s",
                email && phone ? "Username should be either an email or a phone number."
                : email        ? "Username should be an email."
                               : "Username should be a phone number.");
}

status user_name_check(struct call *c, const struct pool *pool, struct user *user,
                       struct str username)
{
    bool admin = str_eq(call_name(c), STR("AdminCreateUser"));
    struct sign_in name = {"username", canonical(c, pool, username)};
    struct str sub;

    if (has(pool->about, "UsernameAttributes")) {
        TRY(address_as_name(c, pool, user, username));
        name.kind = is_email(username) ? "email" : "phone_number";
        if (name_taken(c, pool, &name, &sub)) {
            return fail(c, &COGNITO_USERNAME_EXISTS,
                        "An account with the given %s already exists.", name.kind);
        }
        return OK;
    }
    if (pool_alias(pool, "email") && is_email(username)) {
        return fail(c, &COGNITO_INVALID,
                    "Username cannot be of email format, since user pool is configured for email "
                    "alias.");
    }
    if (pool_alias(pool, "phone_number") && is_phone(username)) {
        return fail(c, &COGNITO_INVALID,
                    "Username cannot be of phone number format, since user pool is configured for "
                    "phone number alias.");
    }
    if (name_taken(c, pool, &name, &sub)) {
        return fail(c, &COGNITO_USERNAME_EXISTS,
                    admin ? "User account already exists" : "User already exists");
    }
    user->username = username;
    return OK;
}

status user_enter(struct call *c, struct pool *pool, const struct user *user, bool force)
{
    TRY(user_realias(c, pool, NULL, user, force));
    pool->users++;
    pool_save_users(c, pool);
    return OK;
}

/* Small rows and things of a kind that begin with the user's sub. */
static void forget_kind(struct call *c, const struct user *user, const char *kind)
{
    struct str begin = pair_of(c, user->sub, STR(""));
    struct smalls rows = {.kind = kind, .first = user->pool, .after = begin};
    struct str pair;

    while (smalls_next(c, &rows, &pair, NULL)) {
        if (!str_starts(pair, begin)) {
            smalls_close(&rows);
            break;
        }
        small_erase(c, (struct small){kind, user->pool, pair});
    }
}

void user_remove(struct call *c, struct pool *pool, const struct user *user)
{
    struct sign_in names[NAMES_MAX];
    size_t count = names_of(c, pool, user, names);

    for (size_t i = 0; i < count; i++) {
        small_erase(c, name_row(c, pool, names[i].kind, names[i].name));
    }
    groups_leave(c, user);
    forget_kind(c, user, "code");
    forget_kind(c, user, "device");
    user_unput(c, user);
    pool->users -= pool->users > 0;
    pool_save_users(c, pool);
}

void user_save(struct call *c, const struct pool *pool, struct user *user)
{
    user->modified_ms = c->now;
    user_put(c, user);
    call_on(c, pool_arn(c->keep, pool));
}

void user_put_type(struct call *c, struct value *structure, const struct user *user,
                   const char *attributes)
{
    struct value *list =
        set_list(c->arena, structure, attributes, user->attribute_count + 1);
    struct value *one = list_add(c->arena, list);

    set_str(one, "Name", STR("sub"));
    set_str(one, "Value", user->sub);
    for (size_t i = 0; i < user->attribute_count; i++) {
        one = list_add(c->arena, list);
        set_str(one, "Name", user->attributes[i].name);
        set_str(one, "Value", user->attributes[i].value);
    }
    set_str(structure, "Username", user->username);
    set_time(structure, "UserCreateDate", user->created_ms);
    set_time(structure, "UserLastModifiedDate", user->modified_ms);
    set_bool(structure, "Enabled", !user->disabled);
    set_str(structure, "UserStatus", user_status_text(user));
}
