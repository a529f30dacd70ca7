/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody without an account, or without a password, does: signing up, confirming,
 * forgetting. These come unsigned: the client's id says which pool.
 */
#include "svc/cognito/client.h"
#include "svc/cognito/code.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/password.h"
#include "svc/cognito/signup.h"

#define SIGN_UP_VALID_MS MS_PER_DAY
#define FORGOT_VALID_MS MS_PER_HOUR
#define REQUEST_BYTES_MAX (64u * 1024)

static status answer_nothing(struct call *c, void *arg)
{
    (void)c;
    (void)arg;
    return OK;
}

static const struct later nothing = {answer_nothing, NULL};

status visitor_of_call(struct call *c, struct visitor *ret_visitor)
{
    TRY(client_find(c, arg_str(c, "ClientId"), &ret_visitor->client));
    TRY(pool_find(c, ret_visitor->client.pool, &ret_visitor->pool));
    ret_visitor->user = NULL;
    return client_check_hash(c, &ret_visitor->client, arg_str(c, "Username"),
                             arg_str(c, "SecretHash"));
}

/* The same, and the user; without one, and with the client hiding that, user stays NULL. */
static status visiting_user(struct call *c, struct visitor *ret_visitor)
{
    TRY(visitor_of_call(c, ret_visitor));
    if (!user_of_name(c, &ret_visitor->pool, arg_str(c, "Username"), &ret_visitor->user) &&
        !client_hides_users(&ret_visitor->client)) {
        return fail(c, &COGNITO_NO_USER, "Username/client id combination not found.");
    }
    return OK;
}

/* What is told of a code for nobody. */
static void put_pretence(struct call *c, const struct visitor *visitor)
{
    struct str name = arg_str(c, "Username");
    struct delivery delivery = {true, name, "email"};

    if (is_phone(name)) {
        delivery = (struct delivery){false, name, "phone_number"};
    } else if (!is_email(name)) {
        delivery.address = arena_printf(c->arena, "%c@%c", name.at[0],
                                        pool_name_of(&visitor->pool).at[0] | 0x20);
    }
    delivery_put(c, put_struct(c, "CodeDeliveryDetails"), &delivery);
}

static struct message *message_of(struct call *c, const struct visitor *visitor,
                                  const char *source, const struct delivery *to, struct str code)
{
    struct message *message = message_new(c, visitor->user, source, to, code);

    message->client_id = arena_dup(c->keep, visitor->client.id);
    message->metadata = arg(c, "ClientMetadata");
    return message;
}

/* ---- SignUp ---- */

/* A sign-up between its steps; in c->keep. */
struct sign_up {
    struct trigger trigger;      /* PreSignUp, then PostConfirmation */
    struct password_work *work;  /* its password; NULL: none */
    struct str sub;              /* the user's */
    bool confirm;                /* PreSignUp: the user is confirmed at once */
    bool verify[2];              /* PreSignUp: so are e-mail, phone number */
};

static status sign_up_check(struct call *c, struct sign_up *sign_up, struct visitor *visitor)
{
    const struct value *config;
    struct attribute_rules rules;

    TRY(visitor_of_call(c, visitor));
    config = get(visitor->pool.about, "AdminCreateUserConfig");
    if (config != NULL && get_bool(config, "AllowAdminCreateUserOnly", false)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "SignUp is not permitted for this user pool");
    }
    visitor->user = user_new(c, &visitor->pool);
    if (sign_up->sub.bytes == 0) {
        sign_up->sub = arena_dup(c->keep, visitor->user->sub);
    }
    visitor->user->sub = sign_up->sub;
    rules = (struct attribute_rules){&visitor->pool, &visitor->client, true};
    TRY(attributes_check(c, &rules, arg(c, "UserAttributes")));
    attributes_set(visitor->user, arg(c, "UserAttributes"));
    TRY(user_name_check(c, &visitor->pool, visitor->user, arg_str(c, "Username")));
    TRY(attributes_required(c, &visitor->pool, visitor->user));
    return password_check_policy(c, &visitor->pool, arg_str(c, "Password"));
}

static status confirmed_trigger(struct call *c, const struct visitor *visitor,
                                struct trigger *trigger, const char *source)
{
    struct buf request;

    if (!trigger_set(&visitor->pool, "PostConfirmation")) {
        return OK;
    }
    buf_init(&request, REQUEST_BYTES_MAX);
    if (arg_has(c, "ClientMetadata")) {
        json_map(&request, "clientMetadata", arg(c, "ClientMetadata"));
    }
    *trigger = (struct trigger){.name = "PostConfirmation",
                                .source = source,
                                .client_id = visitor->client.id,
                                .user = visitor->user,
                                .request = json_kept(c, &request),
                                .pool = &visitor->pool};
    return trigger_ask(c, trigger, nothing);
}

/* The pool's first attribute to be verified that the user has. */
struct delivery delivery_of_sign_up(const struct pool *pool, const struct user *user)
{
    struct delivery phone = delivery_to(user, false, false);

    if (pool_verifies(pool, "phone_number") && phone.address.bytes > 0) {
        return phone;
    }
    if (pool_verifies(pool, "email")) {
        return delivery_to(user, true, false);
    }
    return (struct delivery){.address = STR_NONE};
}

static status sign_up_end(struct call *c, void *arg)
{
    static const struct code_wish wishes[] = {{CODE_SIGN_UP, "email", SIGN_UP_VALID_MS},
                                              {CODE_SIGN_UP, "phone_number", SIGN_UP_VALID_MS}};
    static const char *const flags[] = {"email_verified", "phone_number_verified"};
    struct sign_up *sign_up = arg;
    struct visitor visitor;
    struct user *user;
    struct delivery to;
    struct str code;

    TRY(sign_up_check(c, sign_up, &visitor));
    user = visitor.user;
    user->status = sign_up->confirm ? USER_CONFIRMED : USER_UNCONFIRMED;
    for (size_t i = 0; i < 2; i++) {
        if (sign_up->verify[i]) {
            user_set(user, str_c(flags[i]), STR("true"));
        } else if (delivery_to(user, i == 0, false).address.bytes > 0) {
            user_set(user, str_c(flags[i]), STR("false"));
        }
    }
    TRY(password_set(c, &visitor.pool, user, sign_up->work));
    TRY(user_enter(c, &visitor.pool, user, false));
    user_save(c, &visitor.pool, user);
    put_bool(c, "UserConfirmed", sign_up->confirm);
    put_str(c, "UserSub", sign_up->sub);
    if (sign_up->confirm) {
        return confirmed_trigger(c, &visitor, &sign_up->trigger,
                                 "PostConfirmation_ConfirmSignUp");
    }
    to = delivery_of_sign_up(&visitor.pool, user);
    if (to.address.bytes == 0) {
        return OK;
    }
    (void)code_issue(c, user, &wishes[!to.email], &code); /* its first */
    delivery_put(c, put_struct(c, "CodeDeliveryDetails"), &to);
    return message_send(c, message_of(c, &visitor, "CustomMessage_SignUp", &to, code), nothing);
}

static status sign_up_hash(struct call *c, void *arg)
{
    struct sign_up *sign_up = arg;
    struct visitor visitor;

    if (sign_up->trigger.answer != NULL) {
        sign_up->confirm = answer_bool(&sign_up->trigger, "autoConfirmUser");
        sign_up->verify[0] = answer_bool(&sign_up->trigger, "autoVerifyEmail");
        sign_up->verify[1] = answer_bool(&sign_up->trigger, "autoVerifyPhone");
    }
    TRY(sign_up_check(c, sign_up, &visitor));
    sign_up->work = password_work(c, &visitor.pool, visitor.user);
    sign_up->work->fresh = arg_str(c, "Password");
    password_begin(c, sign_up->work, (struct later){sign_up_end, sign_up});
    return OK;
}

/* Members of PreSignUp's request. */
struct str pre_sign_up_request(struct call *c)
{
    const struct value *list = arg(c, "ValidationData");
    struct buf request;

    buf_init(&request, REQUEST_BYTES_MAX);
    buf_add(&request, list == NULL ? STR("\"validationData\":null") : STR("\"validationData\":{"));
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = arena_dup(c->arena, get_str(&list->items[i], "Name"));

        json_pair(&request, name.at, get_str(&list->items[i], "Value"));
    }
    buf_add(&request, list == NULL ? STR("") : STR("}"));
    if (arg_has(c, "ClientMetadata")) {
        json_map(&request, "clientMetadata", arg(c, "ClientMetadata"));
    }
    return json_kept(c, &request);
}

/* SignUp */
status cognito_sign_up(struct call *c)
{
    struct sign_up *sign_up = ARENA_NEW(c->keep, struct sign_up);
    struct later then = {sign_up_hash, sign_up};
    struct visitor visitor;

    TRY(sign_up_check(c, sign_up, &visitor));
    if (!trigger_set(&visitor.pool, "PreSignUp")) {
        return sign_up_hash(c, sign_up);
    }
    sign_up->trigger = (struct trigger){
        .name = "PreSignUp",
        .source = "PreSignUp_SignUp",
        .client_id = visitor.client.id,
        .username = visitor.user->username,
        .attributes = visitor.user->attributes,
        .attribute_count = visitor.user->attribute_count,
        .request = pre_sign_up_request(c),
        .response = STR("\"autoConfirmUser\":false,\"autoVerifyEmail\":false,"
                        "\"autoVerifyPhone\":false"),
        .pool = &visitor.pool,
    };
    return trigger_ask(c, &sign_up->trigger, then);
}

/* ---- ConfirmSignUp, ResendConfirmationCode ---- */

/* ConfirmSignUp */
status cognito_confirm_sign_up(struct call *c)
{
    struct trigger *trigger = ARENA_NEW(c->keep, struct trigger);
    struct visitor visitor;
    struct user before;
    struct str proved;
    bool answered;
    status checked;

    TRY(visiting_user(c, &visitor));
    if (visitor.user == NULL) {
        return fail(c, &COGNITO_CODE_EXPIRED,
                    "Invalid code provided, please request a code again.");
    }
    if (visitor.user->status != USER_UNCONFIRMED) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "User cannot be confirmed. Current status is %.*s",
                    STR_ARG(user_status_text(visitor.user)));
    }
    checked = code_check(c, visitor.user, CODE_SIGN_UP, arg_str(c, "ConfirmationCode"), &answered);
    if (answered) {
        return checked;
    }
    before = *visitor.user;
    proved = code_attribute(c, visitor.user, CODE_SIGN_UP);
    if (proved.bytes > 0) {
        user_set(visitor.user, arena_printf(c->arena, "%.*s_verified", STR_ARG(proved)),
                 STR("true"));
    }
    visitor.user->status = USER_CONFIRMED;
    TRY(user_realias(c, &visitor.pool, &before, visitor.user,
                     arg_bool(c, "ForceAliasCreation", false)));
    code_forget(c, visitor.user, CODE_SIGN_UP);
    user_save(c, &visitor.pool, visitor.user);
    return confirmed_trigger(c, &visitor, trigger, "PostConfirmation_ConfirmSignUp");
}

/* ResendConfirmationCode */
status cognito_resend_code(struct call *c)
{
    struct code_wish wish = {CODE_SIGN_UP, NULL, SIGN_UP_VALID_MS};
    struct visitor visitor;
    struct delivery to;
    struct str code;

    TRY(visiting_user(c, &visitor));
    if (visitor.user == NULL) {
        put_pretence(c, &visitor);
        return OK;
    }
    if (visitor.user->status != USER_UNCONFIRMED) {
        return fail(c, &COGNITO_INVALID, "User is already confirmed.");
    }
    to = delivery_of_sign_up(&visitor.pool, visitor.user);
    if (to.address.bytes == 0) {
        return fail(c, &COGNITO_INVALID, "Auto verification not turned on.");
    }
    wish.attribute = to.attribute;
    TRY(code_issue(c, visitor.user, &wish, &code));
    delivery_put(c, put_struct(c, "CodeDeliveryDetails"), &to);
    return message_send(c, message_of(c, &visitor, "CustomMessage_ResendCode", &to, code),
                        nothing);
}

/* ---- ForgotPassword, ConfirmForgotPassword ---- */

status recovery_of(struct call *c, const struct pool *pool, const struct user *user,
                   struct delivery *ret_to)
{
    const struct value *setting = get(pool->about, "AccountRecoverySetting");
    const struct value *list = setting == NULL ? NULL : get(setting, "RecoveryMechanisms");
    int64_t best = INT64_MAX;

    *ret_to = (struct delivery){.address = STR_NONE};
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "Name");
        int64_t priority = get_int(&list->items[i], "Priority", 0);
        struct delivery to = delivery_to(user, str_eq(name, STR("verified_email")), true);

        if (str_eq(name, STR("admin_only"))) {
            return fail(c, &COGNITO_NOT_AUTHORIZED, "Contact administrator to reset password.");
        }
        if (to.address.bytes > 0 && priority < best) {
            best = priority;
            *ret_to = to;
        }
    }
    if (ret_to->address.bytes == 0) {
        return fail(c, &COGNITO_INVALID,
                    "Cannot reset password for the user as there is no registered/verified email "
                    "or phone_number");
    }
    return OK;
}

static status may_reset(struct call *c, const struct user *user)
{
    if (user->disabled) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "User is disabled.");
    }
    if (user->status == USER_FORCE_CHANGE_PASSWORD || user->status == USER_EXTERNAL_PROVIDER) {
        return fail(c, &COGNITO_NOT_AUTHORIZED,
                    "User password cannot be reset in the current state.");
    }
    return OK;
}

/* ForgotPassword */
status cognito_forgot_password(struct call *c)
{
    struct code_wish wish = {CODE_FORGOT, NULL, FORGOT_VALID_MS};
    struct visitor visitor;
    struct delivery to;
    struct str code;

    TRY(visiting_user(c, &visitor));
    if (visitor.user == NULL) {
        put_pretence(c, &visitor);
        return OK;
    }
    TRY(may_reset(c, visitor.user));
    TRY(recovery_of(c, &visitor.pool, visitor.user, &to));
    wish.attribute = to.attribute;
    TRY(code_issue(c, visitor.user, &wish, &code));
    delivery_put(c, put_struct(c, "CodeDeliveryDetails"), &to);
    return message_send(c, message_of(c, &visitor, "CustomMessage_ForgotPassword", &to, code),
                        nothing);
}

/* What is checked before the new password's hash is made, and after it. */
static status forgot_check(struct call *c, struct visitor *visitor, bool *ret_answered)
{
    *ret_answered = true;
    TRY(visiting_user(c, visitor));
    if (visitor->user == NULL) {
        return fail(c, &COGNITO_CODE_EXPIRED,
                    "Invalid code provided, please request a code again.");
    }
    TRY(may_reset(c, visitor->user));
    TRY(password_check_policy(c, &visitor->pool, arg_str(c, "Password")));
    return code_check(c, visitor->user, CODE_FORGOT, arg_str(c, "ConfirmationCode"),
                      ret_answered);
}

/* A forgotten password between its steps; in c->keep. */
struct forgotten {
    struct password_work *work; /* the new one */
    struct trigger trigger;     /* PostConfirmation */
};

static status forgot_end(struct call *c, void *arg)
{
    struct forgotten *forgotten = arg;
    struct visitor visitor;
    bool answered;
    status checked = forgot_check(c, &visitor, &answered);

    if (answered) {
        return checked;
    }
    TRY(password_set(c, &visitor.pool, visitor.user, forgotten->work));
    code_forget(c, visitor.user, CODE_FORGOT);
    visitor.user->status = USER_CONFIRMED;
    user_save(c, &visitor.pool, visitor.user);
    return confirmed_trigger(c, &visitor, &forgotten->trigger,
                             "PostConfirmation_ConfirmForgotPassword");
}

/* ConfirmForgotPassword */
status cognito_confirm_forgot_password(struct call *c)
{
    struct forgotten *forgotten = ARENA_NEW(c->keep, struct forgotten);
    struct visitor visitor;
    bool answered;
    status checked = forgot_check(c, &visitor, &answered);

    if (answered) {
        return checked;
    }
    forgotten->work = password_work(c, &visitor.pool, visitor.user);
    forgotten->work->fresh = arg_str(c, "Password");
    password_begin(c, forgotten->work, (struct later){forgot_end, forgotten});
    return OK;
}
