/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in by challenges of one's own (CUSTOM_AUTH), and by choice (USER_AUTH).
 *
 * DefineAuthChallenge is told what has been answered ("session") and says what is next: tokens, the
 * end, PASSWORD_VERIFIER, or CUSTOM_CHALLENGE, which CreateAuthChallenge makes and
 * VerifyAuthChallengeResponse judges.
 */
#include "svc/cognito/flow.h"
#include "wire/json.h"

#define REQUEST_BYTES_MAX (128u * 1024)
#define INSIDES_BYTES_MAX (64u * 1024)

/* What all three are told. */
static struct trigger asked(struct flow *flow, const struct who *who, const char *name,
                            const char *source)
{
    return (struct trigger){.name = name,
                            .source = source,
                            .client_id = who->client.id,
                            .username = who->user == NULL ? flow->name : STR_NONE,
                            .user = who->user,
                            .pool = &who->pool};
}

/* A member of the answer as JSON; empty: not said. */
static struct str answer_json(struct call *c, const struct flow *flow, const char *member)
{
    const struct value *value = map_find(flow->trigger.answer, str_c(member));
    struct buf json;

    if (value == NULL || value->kind == VALUE_NULL) {
        return STR_NONE;
    }
    buf_init(&json, INSIDES_BYTES_MAX);
    json_write(&json, value, TIME_EPOCH);
    return json_kept(c, &json);
}

/* ---- CreateAuthChallenge ---- */

static status created(struct call *c, void *arg)
{
    struct flow *flow = arg;
    const struct value *shown = map_find(flow->trigger.answer, STR("publicChallengeParameters"));
    struct who who;

    TRY(flow_load(c, flow, &who));
    flow->now.secrets = answer_json(c, flow, "privateChallengeParameters");
    flow->now.metadata = answer_json(c, flow, "challengeMetadata");
    if (flow->now.metadata.bytes > 1024 || flow->now.history.bytes > INSIDES_BYTES_MAX) {
        return fail(c, &COGNITO_LAMBDA_ANSWER, "Unrecognizable lambda output");
    }
    flow->more = shown != NULL && shown->kind == VALUE_MAP ? shown : NULL;
    flow_param(flow, "USERNAME",
               who.user == NULL ? flow->name : arena_dup(c->keep, who.user->username));
    return flow_challenge(c, flow, &who, "CUSTOM_CHALLENGE");
}

static status create(struct call *c, struct flow *flow, const struct who *who)
{
    struct buf request;

    if (!trigger_set(&who->pool, "CreateAuthChallenge")) {
        return fail(c, &COGNITO_POOL_CONFIG, "Custom auth lambda trigger is not configured for "
                                             "the user pool.");
    }
    flow->trigger = asked(flow, who, "CreateAuthChallenge",
                          "CreateAuthChallenge_Authentication");
    buf_init(&request, REQUEST_BYTES_MAX);
    buf_printf(&request, "\"challengeName\":\"CUSTOM_CHALLENGE\",\"session\":[%.*s]",
               STR_ARG(flow->now.history));
    buf_printf(&request, ",\"userNotFound\":%s", flow->hidden ? "true" : "false");
    if (flow->metadata != NULL) {
        json_map(&request, "clientMetadata", flow->metadata);
    }
    flow->trigger.request = json_kept(c, &request);
    flow->trigger.response = STR("\"publicChallengeParameters\":null,"
                                 "\"privateChallengeParameters\":null,\"challengeMetadata\":null");
    return trigger_ask(c, &flow->trigger, (struct later){created, flow});
}

/* ---- DefineAuthChallenge ---- */

static status defined(struct call *c, void *arg)
{
    struct flow *flow = arg;
    struct str next = answer_str(&flow->trigger, "challengeName");
    struct who who;

    TRY(flow_load(c, flow, &who));
    if (answer_bool(&flow->trigger, "failAuthentication") ||
        (flow->hidden && answer_bool(&flow->trigger, "issueTokens"))) {
        return flow_refuse(c);
    }
    if (answer_bool(&flow->trigger, "issueTokens")) {
        return flow_proved(c, flow);
    }
    if (str_eq(next, STR("PASSWORD_VERIFIER"))) {
        return flow_srp_begin(c, flow);
    }
    if (str_eq(next, STR("CUSTOM_CHALLENGE"))) {
        return create(c, flow, &who);
    }
    return fail(c, &COGNITO_LAMBDA_ANSWER, "Unrecognizable lambda output");
}

status flow_define(struct call *c, struct flow *flow)
{
    struct buf request;
    struct who who;

    TRY(flow_load(c, flow, &who));
    flow->hidden = who.user == NULL;
    if (!trigger_set(&who.pool, "DefineAuthChallenge")) {
        return later_fail(c, &COGNITO_POOL_CONFIG,
                          "Custom auth lambda trigger is not configured for the user pool.");
    }
    flow->trigger = asked(flow, &who, "DefineAuthChallenge",
                          "DefineAuthChallenge_Authentication");
    buf_init(&request, REQUEST_BYTES_MAX);
    buf_printf(&request, "\"session\":[%.*s],\"userNotFound\":%s", STR_ARG(flow->now.history),
               flow->hidden ? "true" : "false");
    if (flow->metadata != NULL) {
        json_map(&request, "clientMetadata", flow->metadata);
    }
    flow->trigger.request = json_kept(c, &request);
    flow->trigger.response =
        STR("\"challengeName\":null,\"issueTokens\":null,\"failAuthentication\":null");
    return trigger_ask(c, &flow->trigger, (struct later){defined, flow});
}

/* ---- VerifyAuthChallengeResponse ---- */

static status verified(struct call *c, void *arg)
{
    struct flow *flow = arg;
    bool right = answer_bool(&flow->trigger, "answerCorrect");
    struct session now;

    TRY(session_find(c, flow->now.id, &now));
    session_close(c, &flow->now);
    flow->now.history = arena_printf(
        c->keep,
        "%.*s%s{\"challengeName\":\"CUSTOM_CHALLENGE\",\"challengeResult\":%s,"
        "\"challengeMetadata\":%.*s}",
        STR_ARG(flow->now.history), flow->now.history.bytes > 0 ? "," : "",
        right ? "true" : "false",
        STR_ARG(flow->now.metadata.bytes > 0 ? flow->now.metadata : STR("null")));
    return flow_define(c, flow);
}

status flow_custom_answer(struct call *c, struct flow *flow)
{
    struct buf request;
    struct str given;
    struct who who;

    TRY(flow_need(c, flow, "ANSWER", &given));
    TRY(flow_load(c, flow, &who));
    flow->hidden = who.user == NULL;
    if (!trigger_set(&who.pool, "VerifyAuthChallengeResponse")) {
        return fail(c, &COGNITO_POOL_CONFIG,
                    "Custom auth lambda trigger is not configured for the user pool.");
    }
    flow->trigger = asked(flow, &who, "VerifyAuthChallengeResponse",
                          "VerifyAuthChallengeResponse_Authentication");
    buf_init(&request, REQUEST_BYTES_MAX);
    buf_printf(&request, "\"privateChallengeParameters\":%.*s",
               STR_ARG(flow->now.secrets.bytes > 0 ? flow->now.secrets : STR("{}")));
    json_pair(&request, "challengeAnswer", given);
    buf_printf(&request, ",\"userNotFound\":%s", flow->hidden ? "true" : "false");
    if (flow->metadata != NULL) {
        json_map(&request, "clientMetadata", flow->metadata);
    }
    flow->trigger.request = json_kept(c, &request);
    flow->trigger.response = STR("\"answerCorrect\":null");
    return trigger_ask(c, &flow->trigger, (struct later){verified, flow});
}

/* ---- USER_AUTH ---- */

static bool pool_takes(const struct who *who, const char *factor)
{
    const struct value *policy = get(get(who->pool.about, "Policies"), "SignInPolicy");

    return policy != NULL && list_has(get(policy, "AllowedFirstAuthFactors"), str_c(factor));
}

/* What this user could sign in with. */
static struct str choices_of(struct call *c, const struct who *who)
{
    struct buf names;

    buf_init(&names, 256);
    if (who->user == NULL || who->user->password.set) {
        buf_add(&names, STR("PASSWORD PASSWORD_SRP "));
    }
    if (who->user != NULL && pool_takes(who, "EMAIL_OTP") &&
        user_is_true(who->user, "email_verified")) {
        buf_add(&names, STR("EMAIL_OTP "));
    }
    if (who->user != NULL && pool_takes(who, "SMS_OTP") &&
        user_is_true(who->user, "phone_number_verified")) {
        buf_add(&names, STR("SMS_OTP "));
    }
    return json_kept(c, &names);
}

static bool is_choice(struct str choices, struct str choice)
{
    while (choices.at != NULL) {
        if (str_eq(str_split(&choices, ' '), choice) && choice.bytes > 0) {
            return true;
        }
    }
    return false;
}

status flow_choose(struct call *c, struct flow *flow, struct str choice)
{
    struct who who;
    bool answer = flow->now.id.bytes > 0;

    TRY(flow_load(c, flow, &who));
    if (who.user != NULL && who.user->status == USER_UNCONFIRMED) {
        return fail(c, &COGNITO_NOT_CONFIRMED, "User is not confirmed.");
    }
    flow->choices = choices_of(c, &who);
    if (!is_choice(flow->choices, choice)) {
        if (answer) {
            return fail(c, &COGNITO_INVALID, "Invalid selection: %.*s", STR_ARG(choice));
        }
        return flow_challenge(c, flow, &who, "SELECT_CHALLENGE");
    }
    flow->choices = STR_NONE;
    if (str_eq(choice, STR("PASSWORD_SRP"))) {
        return flow_srp_begin(c, flow);
    }
    if (str_eq(choice, STR("PASSWORD"))) {
        return flow_password(c, flow);
    }
    if (answer) {
        session_close(c, &flow->now);
    }
    return flow_send_code(c, flow, &who,
                          str_eq(choice, STR("EMAIL_OTP")) ? "EMAIL_OTP" : "SMS_OTP");
}
