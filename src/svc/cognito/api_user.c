/* SPDX-License-Identifier: Apache-2.0
 *
 * What users do with themselves, by their access tokens, and administrators with users'
 * attributes. A new e-mail address or phone number is not verified; a code goes there when the pool
 * verifies it. Where the pool wants the verification first, the new one is pending until then.
 */
#include "svc/cognito/code.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/mfa.h"
#include "svc/cognito/password.h"
#include "svc/cognito/token.h"

#define VERIFY_VALID_MS MS_PER_DAY
#define ADDRESSES 2

static const char *const addresses[ADDRESSES][2] = {{"email", "email_verified"},
                                                    {"phone_number", "phone_number_verified"}};

static status by_token(struct call *c, struct verified **ret_verified)
{
    *ret_verified = ARENA_NEW(c->arena, struct verified);
    return token_verify(c, arg_str(c, "AccessToken"), SCOPE_API, *ret_verified);
}

/* GetUser */
status cognito_get_user(struct call *c)
{
    struct verified *who;
    struct value *list, *one;

    TRY(by_token(c, &who));
    put_str(c, "Username", who->user->username);
    list = put_list(c, "UserAttributes", who->user->attribute_count + 1);
    one = list_add(c->arena, list);
    set_str(one, "Name", STR("sub"));
    set_str(one, "Value", who->user->sub);
    for (size_t i = 0; i < who->user->attribute_count; i++) {
        if (client_reads(&who->client, who->user->attributes[i].name)) {
            one = list_add(c->arena, list);
            set_str(one, "Name", who->user->attributes[i].name);
            set_str(one, "Value", who->user->attributes[i].value);
        }
    }
    mfa_put(c, who->user);
    return OK;
}

/* DeleteUser */
status cognito_delete_user(struct call *c)
{
    struct verified *who;

    TRY(by_token(c, &who));
    user_remove(c, &who->pool, who->user);
    call_on(c, pool_arn(c->keep, &who->pool));
    return OK;
}

/* ---- attributes ---- */

/* Codes on their way after a change, one after the other; in c->keep. */
struct sending {
    struct message *messages[ADDRESSES]; /* to be sent */
    size_t count, next;                  /* of them; the next one */
};

static status send_next(struct call *c, void *arg)
{
    struct sending *sending = arg;

    if (sending->next == sending->count) {
        return OK;
    }
    return message_send(c, sending->messages[sending->next++],
                        (struct later){send_next, sending});
}

static struct str given(struct call *c, const char *name)
{
    const struct value *list = str_ends(call_name(c), STR("DeleteUserAttributes"))
                                   ? NULL
                                   : arg(c, "UserAttributes");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "Name"), str_c(name))) {
            return get_str(&list->items[i], "Value");
        }
    }
    return STR_NONE;
}

static void set_pending(struct user *user, const char *name, struct str value)
{
    size_t at = 0;

    while (at < user->pending_count && !str_eq(user->pending[at].name, str_c(name))) {
        at++;
    }
    if (value.bytes > 0) {
        user->pending[at] = (struct user_attribute){str_c(name), value};
        user->pending_count += at == user->pending_count;
    } else if (at < user->pending_count) {
        user->pending[at] = user->pending[--user->pending_count];
    }
}

static struct str pending(const struct user *user, struct str name)
{
    for (size_t i = 0; i < user->pending_count; i++) {
        if (str_eq(user->pending[i].name, name)) {
            return user->pending[i].value;
        }
    }
    return STR_NONE;
}

/* A user's change of attributes. */
struct user_change {
    struct pool *pool;            /* whose user */
    const struct client *client;  /* who changes; NULL: an administrator */
    struct user before;           /* the change */
    struct user *user;            /* with it */
    struct delivery codes[ADDRESSES]; /* go there */
    size_t code_count;            /* of them */
};

/* What an address that was changed means: verified or not, pending, a code. */
static void address_changed(struct call *c, struct user_change *change, const char *const names[2])
{
    struct user *user = change->user;
    const struct value *settings = get(change->pool->about, "UserAttributeUpdateSettings");
    struct str old = user_attribute(&change->before, str_c(names[0]));
    struct str now = user_attribute(user, str_c(names[0]));
    bool first = settings != NULL &&
                 list_has(get(settings, "AttributesRequireVerificationBeforeUpdate"),
                          str_c(names[0]));
    bool told = given(c, names[1]).bytes > 0;

    if (str_eq(old, now)) {
        return;
    }
    set_pending(user, names[0], STR_NONE);
    if (now.bytes == 0) {
        (void)user_unset(user, str_c(names[1]));
        return;
    }
    if (told) {
        return;
    }
    if (first && old.bytes > 0) {
        set_pending(user, names[0], now);
        user_set(user, str_c(names[0]), old);
    } else {
        user_set(user, str_c(names[1]), STR("false"));
    }
    if (first || pool_verifies(change->pool, names[0])) {
        change->codes[change->code_count++] =
            (struct delivery){str_eq(str_c(names[0]), STR("email")), now, names[0]};
    }
}

static status send_codes(struct call *c, struct user_change *change)
{
    struct sending *sending = ARENA_NEW(c->keep, struct sending);
    bool listed = change->client != NULL;
    struct value *list =
        listed && change->code_count > 0
            ? put_list(c, "CodeDeliveryDetailsList", change->code_count)
            : NULL;

    for (size_t i = 0; i < change->code_count; i++) {
        struct delivery *to = &change->codes[i];
        struct code_wish wish = {to->attribute, to->attribute, VERIFY_VALID_MS};
        struct message *message;
        struct str code;

        if (code_issue(c, change->user, &wish, &code) != OK) {
            continue; /* too many within an hour: GetUserAttributeVerificationCode later */
        }
        message = message_new(c, change->user, "CustomMessage_UpdateUserAttribute", to, code);
        message->client_id =
            listed ? arena_dup(c->keep, change->client->id) : STR_NONE;
        message->metadata = arg(c, "ClientMetadata");
        sending->messages[sending->count++] = message;
        if (list != NULL) {
            delivery_put(c, list_add(c->arena, list), to);
        }
    }
    return send_next(c, sending);
}

static status change_attributes(struct call *c, struct user_change *change)
{
    struct attribute_rules rules = {change->pool, change->client, false};

    change->before = *change->user;
    TRY(attributes_check(c, &rules, arg(c, "UserAttributes")));
    attributes_set(change->user, arg(c, "UserAttributes"));
    for (size_t i = 0; i < ADDRESSES; i++) {
        address_changed(c, change, addresses[i]);
    }
    TRY(attributes_required(c, change->pool, change->user));
    TRY(user_realias(c, change->pool, &change->before, change->user, false));
    user_save(c, change->pool, change->user);
    return send_codes(c, change);
}

/* UpdateUserAttributes */
status cognito_update_attributes(struct call *c)
{
    struct user_change *change = ARENA_NEW(c->arena, struct user_change);
    struct verified *who;

    TRY(by_token(c, &who));
    change->pool = &who->pool;
    change->client = &who->client;
    change->user = who->user;
    return change_attributes(c, change);
}

/* AdminUpdateUserAttributes */
status cognito_admin_update_attributes(struct call *c)
{
    struct user_change *change = ARENA_NEW(c->arena, struct user_change);
    struct pool pool;

    TRY(user_of_admin(c, &pool, &change->user));
    change->pool = &pool;
    return change_attributes(c, change);
}

static status delete_attributes(struct call *c, struct user_change *change)
{
    const struct value *names = arg(c, "UserAttributeNames");

    change->before = *change->user;
    for (uint32_t i = 0; i < names->count; i++) {
        struct str name = names->items[i].str;
        const struct value *one = pool_attribute(change->pool, name);

        if (one == NULL) {
            return fail(c, &COGNITO_INVALID,
                        "Attributes did not conform to the schema: %.*s: Attribute does not exist "
                        "in the schema.\n",
                        STR_ARG(name));
        }
        if (change->client != NULL && has(change->client->about, "WriteAttributes") &&
            !list_has(get(change->client->about, "WriteAttributes"), name)) {
            return fail(c, &COGNITO_NOT_AUTHORIZED,
                        "A client attempted to write unauthorized attribute");
        }
        if (!get_bool(one, "Mutable", false)) {
            return fail(c, &COGNITO_INVALID, "user.%.*s: Attribute cannot be updated.\n",
                        STR_ARG(name));
        }
        (void)user_unset(change->user, name);
    }
    for (size_t i = 0; i < ADDRESSES; i++) {
        address_changed(c, change, addresses[i]);
    }
    TRY(attributes_required(c, change->pool, change->user));
    TRY(user_realias(c, change->pool, &change->before, change->user, false));
    user_save(c, change->pool, change->user);
    return OK;
}

/* DeleteUserAttributes */
status cognito_delete_attributes(struct call *c)
{
    struct user_change *change = ARENA_NEW(c->arena, struct user_change);
    struct verified *who;

    TRY(by_token(c, &who));
    change->pool = &who->pool;
    change->client = &who->client;
    change->user = who->user;
    return delete_attributes(c, change);
}

/* AdminDeleteUserAttributes */
status cognito_admin_delete_attributes(struct call *c)
{
    struct user_change *change = ARENA_NEW(c->arena, struct user_change);
    struct pool pool;

    TRY(user_of_admin(c, &pool, &change->user));
    change->pool = &pool;
    return delete_attributes(c, change);
}

/* ---- codes for attributes ---- */

static const char *const *address_named(struct str name)
{
    for (size_t i = 0; i < ADDRESSES; i++) {
        if (str_eq(name, str_c(addresses[i][0]))) {
            return addresses[i];
        }
    }
    return NULL;
}

/* GetUserAttributeVerificationCode */
status cognito_get_attribute_code(struct call *c)
{
    const char *const *names = address_named(arg_str(c, "AttributeName"));
    struct sending *sending = ARENA_NEW(c->keep, struct sending);
    struct code_wish wish = {NULL, NULL, VERIFY_VALID_MS};
    struct message *message;
    struct verified *who;
    struct delivery to;
    struct str code;

    TRY(by_token(c, &who));
    if (names == NULL) {
        return fail(c, &COGNITO_INVALID, "Invalid attribute name: %.*s",
                    STR_ARG(arg_str(c, "AttributeName")));
    }
    to = delivery_to(who->user, str_eq(str_c(names[0]), STR("email")), false);
    if (pending(who->user, str_c(names[0])).bytes > 0) {
        to.address = pending(who->user, str_c(names[0]));
    }
    if (to.address.bytes == 0) {
        return fail(c, &COGNITO_INVALID, "User does not have %s to verify.", names[0]);
    }
    wish.purpose = wish.attribute = names[0];
    TRY(code_issue(c, who->user, &wish, &code));
    call_on(c, pool_arn(c->keep, &who->pool));
    delivery_put(c, put_struct(c, "CodeDeliveryDetails"), &to);
    message = message_new(c, who->user, "CustomMessage_VerifyUserAttribute", &to, code);
    message->client_id = arena_dup(c->keep, who->client.id);
    message->metadata = arg(c, "ClientMetadata");
    return message_send(c, message, (struct later){send_next, sending});
}

/* VerifyUserAttribute */
status cognito_verify_attribute(struct call *c)
{
    const char *const *names = address_named(arg_str(c, "AttributeName"));
    struct user *before = ARENA_NEW(c->arena, struct user);
    struct verified *who;
    struct str waiting;
    bool answered;
    status checked;

    TRY(by_token(c, &who));
    if (names == NULL) {
        return fail(c, &COGNITO_INVALID, "Invalid attribute name: %.*s",
                    STR_ARG(arg_str(c, "AttributeName")));
    }
    checked = code_check(c, who->user, names[0], arg_str(c, "Code"), &answered);
    if (answered) {
        return checked;
    }
    *before = *who->user;
    waiting = pending(who->user, str_c(names[0]));
    if (waiting.bytes > 0) {
        user_set(who->user, str_c(names[0]), waiting);
        set_pending(who->user, names[0], STR_NONE);
    }
    user_set(who->user, str_c(names[1]), STR("true"));
    TRY(user_realias(c, &who->pool, before, who->user, false));
    code_forget(c, who->user, names[0]);
    user_save(c, &who->pool, who->user);
    return OK;
}

/* ---- ChangePassword ---- */

static status change_end(struct call *c, void *arg)
{
    const struct password_work *work = arg;
    struct verified *who;

    TRY(by_token(c, &who));
    if (who->user->password.set && !work->good) {
        password_wrong(c, who->user);
        return later_fail(c, &COGNITO_NOT_AUTHORIZED, "Incorrect username or password.");
    }
    TRY(password_set(c, &who->pool, who->user, work));
    user_save(c, &who->pool, who->user);
    return OK;
}

/* ChangePassword */
status cognito_change_password(struct call *c)
{
    struct password_work *work;
    struct verified *who;

    TRY(by_token(c, &who));
    TRY(password_locked(c, who->user));
    TRY(password_check_policy(c, &who->pool, arg_str(c, "ProposedPassword")));
    work = password_work(c, &who->pool, who->user);
    work->given = arg_str(c, "PreviousPassword");
    work->fresh = arg_str(c, "ProposedPassword");
    password_begin(c, work, (struct later){change_end, work});
    return OK;
}
