/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers to challenges, and second factors. A session is over when its challenge was answered
 * rightly; a wrong code may be tried again, a few times.
 */
#include "svc/cognito/device.h"
#include "svc/cognito/flow.h"
#include "svc/cognito/mfa.h"
#include "svc/cognito/totp.h"

#include "base/codec.h"
#include "base/digest.h"

#define TRIES_MAX 5
#define NEW_ATTRIBUTE "userAttributes."

const char *factor_name(enum mfa_kind kind)
{
    static const char *const names[] = {"", "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"};

    return names[kind];
}

uint8_t flow_factors(const struct who *who)
{
    uint8_t pool = pool_mfa_kinds(&who->pool), user = who->user->mfa;
    bool must = str_eq(pool_mfa(&who->pool), STR("ON"));
    uint8_t has_it = 0;

    if (user_attribute(who->user, STR("phone_number")).bytes > 0 &&
        (user & 1 << MFA_SMS || (must && user == 0))) {
        has_it |= 1 << MFA_SMS;
    }
    if (who->user->totp_verified && user & 1 << MFA_TOTP) {
        has_it |= 1 << MFA_TOTP;
    }
    if (user_is_true(who->user, "email_verified") &&
        (user & 1 << MFA_EMAIL || (must && user == 0))) {
        has_it |= 1 << MFA_EMAIL;
    }
    return pool & has_it;
}

/* ["SMS_MFA","SOFTWARE_TOKEN_MFA"] */
static struct str names_json(struct call *c, uint8_t kinds)
{
    struct buf json;

    buf_init(&json, 256);
    buf_add_c(&json, '[');
    for (int kind = MFA_SMS; kind <= MFA_EMAIL; kind++) {
        if (kinds & 1 << kind) {
            buf_printf(&json, "%s\"%s\"", json.bytes > 1 ? "," : "",
                       factor_name((enum mfa_kind)kind));
        }
    }
    buf_add_c(&json, ']');
    return json_kept(c, &json);
}

/* ---- codes that are sent ---- */

static status code_sent(struct call *c, void *arg)
{
    struct flow *flow = arg;

    return flow->done.run(c, flow->done.arg);
}

status flow_send_code(struct call *c, struct flow *flow, const struct who *who,
                      const char *challenge)
{
    bool email = str_eq(str_c(challenge), STR("EMAIL_OTP"));
    struct delivery to = delivery_to(who->user, email, false);
    struct message *message;

    flow->now.code = arena_dup(c->keep, code_digits(c));
    message = message_new(c, who->user, "CustomMessage_Authentication", &to, flow->now.code);
    message->client_id = arena_dup(c->keep, who->client.id);
    message->metadata = flow->metadata;
    flow_param(flow, "CODE_DELIVERY_DELIVERY_MEDIUM", email ? STR("EMAIL") : STR("SMS"));
    flow_param(flow, "CODE_DELIVERY_DESTINATION",
               arena_dup(c->keep, masked(c, to.address, email)));
    flow_param(flow, "USER_ID_FOR_SRP", arena_dup(c->keep, who->user->username));
    flow->now.challenge = str_c(challenge);
    flow->now.sub = flow->sub;
    flow->now.name = flow->name;
    session_open(c, &who->client, &flow->now);
    flow->challenge = flow->now.challenge;
    flow->session = arena_dup(c->keep, flow->now.id);
    return message_send(c, message, (struct later){code_sent, flow});
}

/* ---- which second factor ---- */

static status ask_factor(struct call *c, struct flow *flow, const struct who *who,
                         enum mfa_kind kind)
{
    if (kind != MFA_TOTP) {
        return flow_send_code(c, flow, who, factor_name(kind));
    }
    flow_param(flow, "USER_ID_FOR_SRP", arena_dup(c->keep, who->user->username));
    return flow_challenge(c, flow, who, factor_name(kind));
}

static status set_up(struct call *c, struct flow *flow, const struct who *who)
{
    uint8_t kinds = pool_mfa_kinds(&who->pool);

    if (kinds == 0) {
        return later_fail(c, &COGNITO_POOL_CONFIG,
                          "The user pool requires MFA, but no MFA method is enabled.");
    }
    flow_param(flow, "USER_ID_FOR_SRP", arena_dup(c->keep, who->user->username));
    flow_param(flow, "MFAS_CAN_SETUP", names_json(c, kinds));
    return flow_challenge(c, flow, who, "MFA_SETUP");
}

status flow_second(struct call *c, struct flow *flow, const struct who *who)
{
    uint8_t factors = flow_factors(who);
    struct device device;

    if (!flow->device_proved &&
        device_known(c, &who->pool, who->user, flow_in(flow, "DEVICE_KEY"), &device)) {
        flow->now.metadata = arena_dup(c->keep, device.key);
        return flow_challenge(c, flow, who, "DEVICE_SRP_AUTH");
    }
    if (flow->device_proved &&
        get_bool(get(who->pool.about, "DeviceConfiguration"), "ChallengeRequiredOnNewDevice",
                 false)) {
        return flow_finish(c, flow, who);
    }
    if (str_eq(pool_mfa(&who->pool), STR("OFF")) ||
        (factors == 0 && !str_eq(pool_mfa(&who->pool), STR("ON")))) {
        return flow_finish(c, flow, who);
    }
    if (factors == 0) {
        return set_up(c, flow, who);
    }
    if (factors & 1 << who->user->mfa_preferred && who->user->mfa_preferred != MFA_NONE) {
        return ask_factor(c, flow, who, (enum mfa_kind)who->user->mfa_preferred);
    }
    for (int kind = MFA_SMS; kind <= MFA_EMAIL; kind++) {
        if (factors == 1 << kind) {
            return ask_factor(c, flow, who, (enum mfa_kind)kind);
        }
    }
    flow_param(flow, "USER_ID_FOR_SRP", arena_dup(c->keep, who->user->username));
    flow_param(flow, "MFAS_CAN_CHOOSE", names_json(c, factors));
    return flow_challenge(c, flow, who, "SELECT_MFA_TYPE");
}

/* ---- answers ---- */

static status wrong_code(struct call *c, struct flow *flow, const char *words)
{
    flow->now.tries++;
    if (flow->now.tries >= TRIES_MAX) {
        session_close(c, &flow->now);
    } else {
        session_save(c, &flow->now);
    }
    return later_fail(c, &COGNITO_CODE_MISMATCH, "%s", words);
}

/* SMS_MFA, EMAIL_OTP, SMS_OTP. */
static status answer_code(struct call *c, struct flow *flow, struct who *who)
{
    const char *member = arena_printf(c->arena, "%.*s_CODE", STR_ARG(flow->now.challenge)).at;
    struct str given;

    TRY(flow_need(c, flow, member, &given));
    if (given.bytes != flow->now.code.bytes ||
        !bytes_eq_const_time(given.at, flow->now.code.at, given.bytes)) {
        return wrong_code(c, flow, "Invalid code or auth state for the user.");
    }
    session_close(c, &flow->now);
    return flow_finish(c, flow, who);
}

static status answer_totp(struct call *c, struct flow *flow, struct who *who)
{
    struct str given;
    uint64_t step;

    TRY(flow_need(c, flow, "SOFTWARE_TOKEN_MFA_CODE", &given));
    if (!totp_fits(who->user->totp, given, c->now, &step)) {
        return wrong_code(c, flow, "Invalid code received for user");
    }
    if (step <= who->user->totp_step) {
        return fail(c, &COGNITO_CODE_EXPIRED, "Your software token has already been used once.");
    }
    who->user->totp_step = step;
    user_put(c, who->user);
    session_close(c, &flow->now);
    return flow_finish(c, flow, who);
}

static status answer_select(struct call *c, struct flow *flow, struct who *who)
{
    struct str given;

    TRY(flow_need(c, flow, "ANSWER", &given));
    for (int kind = MFA_SMS; kind <= MFA_EMAIL; kind++) {
        if (flow_factors(who) & 1 << kind &&
            str_eq(given, str_c(factor_name((enum mfa_kind)kind)))) {
            session_close(c, &flow->now);
            return ask_factor(c, flow, who, (enum mfa_kind)kind);
        }
    }
    return fail(c, &COGNITO_INVALID, "Invalid selection: %.*s", STR_ARG(given));
}

static status answer_set_up(struct call *c, struct flow *flow, struct who *who)
{
    if (!flow->now.proved) {
        return fail(c, &COGNITO_INVALID, "User has not verified software token mfa");
    }
    session_close(c, &flow->now);
    return flow_finish(c, flow, who);
}

/* ---- NEW_PASSWORD_REQUIRED ---- */

/* "userAttributes.NAME" of the answer, checked as a client's. */
static status new_attributes(struct call *c, struct flow *flow, struct who *who)
{
    struct attribute_rules rules = {&who->pool, &who->client, false};
    const struct operation *like =
        model_operation(model_service(STR("cognito-idp")), STR("UpdateUserAttributes"));
    struct value *holder = value_struct(c->arena, like->input);
    struct value *list =
        set_list(c->arena, holder, "UserAttributes", flow->in == NULL ? 0 : flow->in->count);

    for (uint32_t i = 0; flow->in != NULL && i < flow->in->count; i++) {
        struct str name = flow->in->pairs[i].key;

        if (str_starts(name, STR(NEW_ATTRIBUTE))) {
            struct value *one = list_add(c->arena, list);

            set_str(one, "Name", str_slice(name, sizeof(NEW_ATTRIBUTE) - 1, name.bytes));
            set_str(one, "Value", flow->in->pairs[i].value.str);
        }
    }
    TRY(attributes_check(c, &rules, list));
    attributes_set(who->user, list);
    return attributes_required(c, &who->pool, who->user);
}

static status new_password_check(struct call *c, struct flow *flow, struct who *who)
{
    struct str password;

    TRY(flow_need(c, flow, "NEW_PASSWORD", &password));
    TRY(new_attributes(c, flow, who));
    return password_check_policy(c, &who->pool, password);
}

static status new_password_made(struct call *c, void *arg)
{
    struct flow *flow = arg;
    struct user before;
    struct session now;
    struct who who;

    TRY(flow_load(c, flow, &who));
    TRY(session_find(c, flow->now.id, &now));
    before = *who.user;
    TRY(new_password_check(c, flow, &who));
    TRY(password_set(c, &who.pool, who.user, flow->work));
    TRY(user_realias(c, &who.pool, &before, who.user, false));
    who.user->status = USER_CONFIRMED;
    user_save(c, &who.pool, who.user);
    session_close(c, &flow->now);
    flow->source = "TokenGeneration_NewPasswordChallenge";
    return flow_second(c, flow, &who);
}

static status answer_new_password(struct call *c, struct flow *flow, struct who *who)
{
    TRY(new_password_check(c, flow, who));
    flow->work = password_work(c, &who->pool, who->user);
    flow->work->fresh = flow_in(flow, "NEW_PASSWORD");
    password_begin(c, flow->work, (struct later){new_password_made, flow});
    return OK;
}

/* ---- all of them ---- */

/* The session's id that a secret block is. */
static struct str block_session(struct call *c, const struct flow *flow)
{
    struct str block = flow_in(flow, "PASSWORD_CLAIM_SECRET_BLOCK");
    char *id = arena_alloc(c->keep, block.bytes + 4);
    size_t bytes = 0;

    return block.bytes <= 4 * SESSION_ID_BYTES && base64_decode(block, id, &bytes)
               ? str_of(id, bytes)
               : STR_NONE;
}

static status dispatch(struct call *c, struct flow *flow, struct who *who)
{
    static const struct {
        const char *challenge;                                         /* its name */
        status (*answer)(struct call *c, struct flow *flow, struct who *who); /* what it does */
    } answers[] = {
        {"SMS_MFA", answer_code},          {"EMAIL_OTP", answer_code},
        {"SMS_OTP", answer_code},          {"SOFTWARE_TOKEN_MFA", answer_totp},
        {"SELECT_MFA_TYPE", answer_select}, {"MFA_SETUP", answer_set_up},
        {"NEW_PASSWORD_REQUIRED", answer_new_password},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (str_eq(flow->now.challenge, str_c(answers[i].challenge))) {
            return answers[i].answer(c, flow, who);
        }
    }
    return fail(c, &COGNITO_INVALID, "Challenge %.*s is not supported.",
                STR_ARG(flow->now.challenge));
}

status flow_answer(struct call *c, struct flow *flow, struct str challenge, struct str session)
{
    bool srp = str_eq(challenge, STR("PASSWORD_VERIFIER")) ||
               str_eq(challenge, STR("DEVICE_PASSWORD_VERIFIER"));
    struct str username;
    struct who who;

    TRY(flow_load(c, flow, &who));
    if (!srp && session.bytes == 0) {
        return fail(c, &COGNITO_INVALID, "Missing required parameter Session");
    }
    TRY(flow_need(c, flow, "USERNAME", &username));
    TRY(client_check_hash(c, &who.client, username, flow_in(flow, "SECRET_HASH")));
    TRY(session_find(c, srp ? block_session(c, flow) : session, &flow->now));
    if (!str_eq(flow->now.client, flow->client) || !str_eq(flow->now.challenge, challenge)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Invalid session for the user.");
    }
    flow->name = flow->now.name;
    flow->sub = flow->now.sub;
    flow->source = "TokenGeneration_Authentication";
    TRY(flow_load(c, flow, &who));
    if (srp) {
        return flow_srp_answer(c, flow);
    }
    if (str_eq(challenge, STR("CUSTOM_CHALLENGE"))) {
        return flow_custom_answer(c, flow);
    }
    if (who.user == NULL) {
        return flow_refuse(c);
    }
    if (who.user->disabled) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "User is disabled.");
    }
    if (str_eq(challenge, STR("DEVICE_SRP_AUTH"))) {
        flow->now.a_hex = STR_NONE;
        return flow_srp_begin(c, flow);
    }
    return str_eq(challenge, STR("SELECT_CHALLENGE"))
               ? flow_choose(c, flow, flow_in(flow, "ANSWER"))
               : dispatch(c, flow, &who);
}
