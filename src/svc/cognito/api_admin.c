/* SPDX-License-Identifier: Apache-2.0
 *
 * What administrators do with users: making, confirming, disabling, deleting, passwords.
 */
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/mfa.h"
#include "svc/cognito/password.h"
#include "svc/cognito/signup.h"

#define REQUEST_BYTES_MAX (64u * 1024)
#define FORGOT_VALID_MS MS_PER_HOUR

static status answer_nothing(struct call *c, void *arg)
{
    (void)c;
    (void)arg;
    return OK;
}

static const struct later nothing = {answer_nothing, NULL};

/* ---- AdminCreateUser ---- */

/* A user being made between the steps; in c->keep. */
struct creation {
    struct trigger trigger;      /* PreSignUp */
    struct password_work *work;  /* the temporary password */
    struct str password;         /* it */
    struct str sub;              /* the user's */
    bool resend;                 /* to a user who is there */
};

static status create_check(struct call *c, struct creation *creation, struct pool *ret_pool,
                           struct user **ret_user)
{
    struct attribute_rules rules = {ret_pool, NULL, true};
    struct user *user;

    TRY(pool_of_call(c, ret_pool));
    user = user_new(c, ret_pool);
    if (creation->sub.bytes == 0) {
        creation->sub = arena_dup(c->keep, user->sub);
    }
    user->sub = creation->sub;
    TRY(attributes_check(c, &rules, arg(c, "UserAttributes")));
    attributes_set(user, arg(c, "UserAttributes"));
    TRY(user_name_check(c, ret_pool, user, arg_str(c, "Username")));
    TRY(attributes_required(c, ret_pool, user));
    if (creation->password.bytes == 0) {
        creation->password = arena_dup(c->keep, arg_has(c, "TemporaryPassword")
                                                    ? arg_str(c, "TemporaryPassword")
                                                    : password_random(c, ret_pool));
    }
    TRY(password_check_policy(c, ret_pool, creation->password));
    *ret_user = user;
    return OK;
}

static status resend_check(struct call *c, struct creation *creation, struct pool *ret_pool,
                           struct user **ret_user)
{
    TRY(user_of_admin(c, ret_pool, ret_user));
    if ((*ret_user)->status != USER_FORCE_CHANGE_PASSWORD) {
        return fail(c, &COGNITO_USER_STATE,
                    "Resend not possible. %.*s status is not FORCE_CHANGE_PASSWORD",
                    STR_ARG((*ret_user)->username));
    }
    if (creation->password.bytes == 0) {
        creation->password = arena_dup(c->keep, arg_has(c, "TemporaryPassword")
                                                    ? arg_str(c, "TemporaryPassword")
                                                    : password_random(c, ret_pool));
    }
    return password_check_policy(c, ret_pool, creation->password);
}

static struct delivery invited_at(struct call *c, const struct user *user)
{
    const struct value *mediums = arg(c, "DesiredDeliveryMediums");
    struct delivery phone = delivery_to(user, false, false);

    if (phone.address.bytes > 0 && (mediums == NULL || list_has(mediums, STR("SMS")))) {
        return phone;
    }
    if (mediums == NULL || list_has(mediums, STR("EMAIL"))) {
        return delivery_to(user, true, false);
    }
    return (struct delivery){.address = STR_NONE};
}

static status create_end(struct call *c, void *kept)
{
    struct creation *creation = kept;
    struct message *message;
    struct delivery to;
    struct user *user;
    struct pool pool;

    TRY(creation->resend ? resend_check(c, creation, &pool, &user)
                         : create_check(c, creation, &pool, &user));
    user->status = USER_FORCE_CHANGE_PASSWORD;
    creation->work->reused = false;
    TRY(password_set(c, &pool, user, creation->work));
    if (!creation->resend) {
        TRY(user_enter(c, &pool, user, arg_bool(c, "ForceAliasCreation", false)));
    }
    user_save(c, &pool, user);
    user_put_type(c, put_struct(c, "User"), user, "Attributes");
    to = invited_at(c, user);
    if (to.address.bytes == 0 || str_eq(arg_str(c, "MessageAction"), STR("SUPPRESS"))) {
        return OK;
    }
    message = message_new(c, user, "CustomMessage_AdminCreateUser", &to, creation->password);
    message->username = arena_dup(c->keep, arg_str(c, "Username"));
    message->metadata = arg(c, "ClientMetadata");
    return message_send(c, message, nothing);
}

static status create_hash(struct call *c, void *kept)
{
    struct creation *creation = kept;
    struct user *user;
    struct pool pool;

    TRY(creation->resend ? resend_check(c, creation, &pool, &user)
                         : create_check(c, creation, &pool, &user));
    creation->work = password_work(c, &pool, user);
    creation->work->fresh = creation->password;
    password_begin(c, creation->work, (struct later){create_end, creation});
    return OK;
}

/* AdminCreateUser */
status cognito_admin_create_user(struct call *c)
{
    struct creation *creation = ARENA_NEW(c->keep, struct creation);
    struct user *user;
    struct pool pool;

    creation->resend = str_eq(arg_str(c, "MessageAction"), STR("RESEND"));
    if (creation->resend) {
        return create_hash(c, creation);
    }
    TRY(create_check(c, creation, &pool, &user));
    if (!trigger_set(&pool, "PreSignUp")) {
        return create_hash(c, creation);
    }
    creation->trigger = (struct trigger){
        .name = "PreSignUp",
        .source = "PreSignUp_AdminCreateUser",
        .username = user->username,
        .attributes = user->attributes,
        .attribute_count = user->attribute_count,
        .request = pre_sign_up_request(c),
        .response = STR("\"autoConfirmUser\":false,\"autoVerifyEmail\":false,"
                        "\"autoVerifyPhone\":false"),
        .pool = &pool,
    };
    return trigger_ask(c, &creation->trigger, (struct later){create_hash, creation});
}

/* ---- passwords ---- */

/* A password being set, in c->keep. */
struct setting {
    struct password_work *work; /* the new one */
};

static status set_check(struct call *c, struct pool *ret_pool, struct user **ret_user)
{
    TRY(user_of_admin(c, ret_pool, ret_user));
    return password_check_policy(c, ret_pool, arg_str(c, "Password"));
}

static status set_end(struct call *c, void *arg)
{
    const struct setting *setting = arg;
    struct user *user;
    struct pool pool;

    TRY(set_check(c, &pool, &user));
    TRY(password_set(c, &pool, user, setting->work));
    user->status =
        arg_bool(c, "Permanent", false) ? USER_CONFIRMED : USER_FORCE_CHANGE_PASSWORD;
    user_save(c, &pool, user);
    return OK;
}

/* AdminSetUserPassword */
status cognito_admin_set_password(struct call *c)
{
    struct setting *setting = ARENA_NEW(c->keep, struct setting);
    struct user *user;
    struct pool pool;

    TRY(set_check(c, &pool, &user));
    setting->work = password_work(c, &pool, user);
    setting->work->fresh = arg_str(c, "Password");
    password_begin(c, setting->work, (struct later){set_end, setting});
    return OK;
}

/* AdminResetUserPassword */
status cognito_admin_reset_password(struct call *c)
{
    struct code_wish wish = {CODE_FORGOT, NULL, FORGOT_VALID_MS};
    struct message *message;
    struct delivery to;
    struct user *user;
    struct pool pool;
    struct str code;

    TRY(user_of_admin(c, &pool, &user));
    if (user->status == USER_FORCE_CHANGE_PASSWORD || user->status == USER_UNCONFIRMED) {
        return fail(c, &COGNITO_NOT_AUTHORIZED,
                    "User password cannot be reset in the current state.");
    }
    TRY(recovery_of(c, &pool, user, &to));
    wish.attribute = to.attribute;
    TRY(code_issue(c, user, &wish, &code));
    user->status = USER_RESET_REQUIRED;
    user_save(c, &pool, user);
    message = message_new(c, user, "CustomMessage_ForgotPassword", &to, code);
    message->metadata = arg(c, "ClientMetadata");
    return message_send(c, message, nothing);
}

/* ---- life ---- */

/* AdminConfirmSignUp: verifies nothing. */
status cognito_admin_confirm(struct call *c)
{
    struct trigger *trigger = ARENA_NEW(c->keep, struct trigger);
    struct buf request;
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    if (user->status != USER_UNCONFIRMED) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "User cannot be confirmed. Current status is %.*s",
                    STR_ARG(user_status_text(user)));
    }
    user->status = USER_CONFIRMED;
    code_forget(c, user, CODE_SIGN_UP);
    user_save(c, &pool, user);
    if (!trigger_set(&pool, "PostConfirmation")) {
        return OK;
    }
    buf_init(&request, REQUEST_BYTES_MAX);
    if (arg_has(c, "ClientMetadata")) {
        json_map(&request, "clientMetadata", arg(c, "ClientMetadata"));
    }
    *trigger = (struct trigger){.name = "PostConfirmation",
                                .source = "PostConfirmation_ConfirmSignUp",
                                .user = user,
                                .request = json_kept(c, &request),
                                .pool = &pool};
    return trigger_ask(c, trigger, nothing);
}

static status set_disabled(struct call *c, bool disabled)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    user->disabled = disabled;
    user_save(c, &pool, user);
    return OK;
}

/* AdminDisableUser */
status cognito_admin_disable(struct call *c)
{
    return set_disabled(c, true);
}

/* AdminEnableUser */
status cognito_admin_enable(struct call *c)
{
    return set_disabled(c, false);
}

/* AdminDeleteUser */
status cognito_admin_delete_user(struct call *c)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    user_remove(c, &pool, user);
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* AdminGetUser */
status cognito_admin_get_user(struct call *c)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    user_put_type(c, c->out, user, "UserAttributes");
    mfa_put(c, user);
    return OK;
}
