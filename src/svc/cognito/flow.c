/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in: the way to the first factor, passwords, and how it ends.
 */
#include "svc/cognito/flow.h"

#include <assert.h>

#define REQUEST_BYTES_MAX (64u * 1024)
#define NAME_BYTES_MAX 2048

struct str flow_in(const struct flow *flow, const char *name)
{
    const struct value *value = flow->in == NULL ? NULL : map_find(flow->in, str_c(name));

    return value == NULL ? STR_NONE : value->str;
}

status flow_need(struct call *c, const struct flow *flow, const char *name, struct str *ret_value)
{
    struct str value = flow_in(flow, name);

    if (value.bytes == 0) {
        return fail(c, &COGNITO_INVALID, "Missing required parameter %s", name);
    }
    *ret_value = value;
    return OK;
}

void flow_param(struct flow *flow, const char *name, struct str value)
{
    assert(flow->param_count < FLOW_PARAMS_MAX);
    flow->params[flow->param_count++] = (struct user_attribute){str_c(name), value};
}

status flow_refuse(struct call *c)
{
    return fail(c, &COGNITO_NOT_AUTHORIZED, "Incorrect username or password.");
}

status flow_load(struct call *c, struct flow *flow, struct who *ret_who)
{
    TRY(client_find(c, flow->client, &ret_who->client));
    TRY(pool_find(c, ret_who->client.pool, &ret_who->pool));
    flow->pool = arena_dup(c->keep, ret_who->pool.id);
    ret_who->user = NULL;
    if (flow->sub.bytes > 0 && !user_of_sub(c, &ret_who->pool, flow->sub, &ret_who->user)) {
        return flow_refuse(c);
    }
    return OK;
}

status flow_challenge(struct call *c, struct flow *flow, const struct who *who,
                      const char *challenge)
{
    flow->now.challenge = str_c(challenge);
    flow->now.sub = flow->sub;
    flow->now.name = flow->name;
    session_open(c, &who->client, &flow->now);
    flow->challenge = flow->now.challenge;
    flow->session = arena_dup(c->keep, flow->now.id);
    flow->now.id = flow->session;
    return flow->done.run(c, flow->done.arg);
}

/* ---- the end ---- */

status flow_finish(struct call *c, struct flow *flow, const struct who *who)
{
    struct buf request;

    flow->challenge = STR_NONE;
    if (!trigger_set(&who->pool, "PostAuthentication")) {
        return flow->done.run(c, flow->done.arg);
    }
    buf_init(&request, REQUEST_BYTES_MAX);
    buf_add(&request, STR("\"newDeviceUsed\":false"));
    if (flow->metadata != NULL) {
        json_map(&request, "clientMetadata", flow->metadata);
    }
    flow->trigger = (struct trigger){.name = "PostAuthentication",
                                     .source = "PostAuthentication_Authentication",
                                     .client_id = who->client.id,
                                     .user = who->user,
                                     .request = json_kept(c, &request),
                                     .pool = &who->pool};
    return trigger_ask(c, &flow->trigger, flow->done);
}

/* ---- what a user's state asks for ---- */

/* Attributes that the schema requires and the user lacks, as clients are told: a JSON list. */
static struct str lacking(struct call *c, const struct who *who)
{
    const struct value *list = get(who->pool.about, "SchemaAttributes");
    struct buf json;

    buf_init(&json, REQUEST_BYTES_MAX);
    buf_add_c(&json, '[');
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "Name");

        if (get_bool(&list->items[i], "Required", false) &&
            user_attribute(who->user, name).bytes == 0) {
            buf_printf(&json, "%s\"userAttributes.%.*s\"", json.bytes > 1 ? "," : "",
                       STR_ARG(name));
        }
    }
    buf_add_c(&json, ']');
    return json_kept(c, &json);
}

static struct str attributes_json(struct call *c, const struct user *user)
{
    struct buf json;

    buf_init(&json, REQUEST_BYTES_MAX * 4);
    buf_add_c(&json, '{');
    for (size_t i = 0; i < user->attribute_count; i++) {
        struct str name = arena_dup(c->arena, user->attributes[i].name);

        json_pair(&json, name.at, user->attributes[i].value);
    }
    buf_add_c(&json, '}');
    return json_kept(c, &json);
}

static status new_password(struct call *c, struct flow *flow, const struct who *who)
{
    int64_t days = get_int(pool_password_policy(&who->pool), "TemporaryPasswordValidityDays", 7);

    if (c->now - who->user->password.set_ms > days * MS_PER_DAY) {
        return later_fail(c, &COGNITO_NOT_AUTHORIZED,
                          "Temporary password has expired and must be reset by an administrator.");
    }
    flow_param(flow, "USER_ID_FOR_SRP", arena_dup(c->keep, who->user->username));
    flow_param(flow, "requiredAttributes", lacking(c, who));
    flow_param(flow, "userAttributes", attributes_json(c, who->user));
    return flow_challenge(c, flow, who, "NEW_PASSWORD_REQUIRED");
}

/* Something may be staged (a session's end): errors are later_fail()'s. */
status flow_proved(struct call *c, struct flow *flow)
{
    struct who who;

    TRY(flow_load(c, flow, &who));
    if (who.user == NULL) {
        return later_fail(c, &COGNITO_NOT_AUTHORIZED, "Incorrect username or password.");
    }
    if (who.user->disabled) {
        return later_fail(c, &COGNITO_NOT_AUTHORIZED, "User is disabled.");
    }
    if (who.user->status == USER_UNCONFIRMED) {
        return later_fail(c, &COGNITO_NOT_CONFIRMED, "User is not confirmed.");
    }
    if (who.user->status == USER_RESET_REQUIRED) {
        return later_fail(c, &COGNITO_RESET_REQUIRED, "Password reset required for the user");
    }
    if (who.user->status == USER_FORCE_CHANGE_PASSWORD) {
        return new_password(c, flow, &who);
    }
    if (who.user->failures > 0) {
        who.user->failures = 0;
        user_put(c, who.user);
    }
    return flow->now.custom ? flow_finish(c, flow, &who) : flow_second(c, flow, &who);
}

/* ---- passwords ---- */

static status compared(struct call *c, void *arg)
{
    struct flow *flow = arg;
    struct who who;

    TRY(flow_load(c, flow, &who));
    if (who.user == NULL) {
        return flow_refuse(c);
    }
    if (!flow->work->good) {
        password_wrong(c, who.user);
        return later_fail(c, &COGNITO_NOT_AUTHORIZED, "Incorrect username or password.");
    }
    return flow_proved(c, flow);
}

/* Nobody's password takes as long to be wrong. */
status flow_password(struct call *c, struct flow *flow)
{
    struct user nobody = {.username = flow->name};
    struct who who;

    TRY(flow_load(c, flow, &who));
    if (who.user != NULL) {
        TRY(password_locked(c, who.user));
    }
    flow->work = password_work(c, &who.pool, who.user == NULL ? &nobody : who.user);
    TRY(flow_need(c, flow, "PASSWORD", &flow->work->given));
    password_begin(c, flow->work, (struct later){compared, flow});
    return OK;
}

/* ---- the way to the first factor ---- */

static status first_factor(struct call *c, void *arg)
{
    struct flow *flow = arg;

    switch (flow->kind) {
    case FLOW_PASSWORD:
        return flow_password(c, flow);
    case FLOW_SRP:
        return flow_srp_begin(c, flow);
    case FLOW_CUSTOM:
        if (str_eq(flow_in(flow, "CHALLENGE_NAME"), STR("SRP_A"))) {
            flow->now.history = STR("{\"challengeName\":\"SRP_A\",\"challengeResult\":true,"
                                    "\"challengeMetadata\":null}");
            flow->now.a_hex = flow_in(flow, "SRP_A");
        }
        flow->now.custom = true;
        return flow_define(c, flow);
    case FLOW_CHOICE:
        break;
    }
    return flow_choose(c, flow, flow_in(flow, "PREFERRED_CHALLENGE"));
}

static status before(struct call *c, struct flow *flow, const struct who *who)
{
    struct buf request;

    if (who->user != NULL && who->user->disabled) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "User is disabled.");
    }
    if (!trigger_set(&who->pool, "PreAuthentication")) {
        return first_factor(c, flow);
    }
    buf_init(&request, REQUEST_BYTES_MAX);
    json_map(&request, "validationData", flow->metadata);
    buf_add(&request, flow->hidden ? STR(",\"userNotFound\":true")
                                   : STR(",\"userNotFound\":false"));
    flow->trigger = (struct trigger){.name = "PreAuthentication",
                                     .source = "PreAuthentication_Authentication",
                                     .client_id = who->client.id,
                                     .username = flow->name,
                                     .user = who->user,
                                     .request = json_kept(c, &request),
                                     .pool = &who->pool};
    if (who->user != NULL) {
        flow->trigger.username = STR_NONE;
    }
    return trigger_ask(c, &flow->trigger, (struct later){first_factor, flow});
}

/* ---- UserMigration ---- */

static status nobody(struct call *c, struct flow *flow, const struct who *who)
{
    if (!client_hides_users(&who->client)) {
        return fail(c, &COGNITO_NO_USER, "User does not exist.");
    }
    flow->hidden = true;
    return before(c, flow, who);
}

/* The user that the trigger described, with the password that was right elsewhere. */
static status migrated(struct call *c, void *arg)
{
    struct flow *flow = arg;
    const struct value *attributes = map_find(flow->trigger.answer, STR("userAttributes"));
    struct user *user;
    struct who who;

    TRY(flow_load(c, flow, &who));
    user = user_new(c, &who.pool);
    user->sub = flow->now.sub;
    user->username = has(who.pool.about, "UsernameAttributes") ? user->sub : flow->name;
    for (uint32_t i = 0; attributes != NULL && i < attributes->count; i++) {
        struct str name = attributes->pairs[i].key;

        if (attributes->pairs[i].value.kind == VALUE_STR &&
            pool_attribute(&who.pool, name) != NULL && !str_eq(name, STR("sub"))) {
            user_set(user, name, attributes->pairs[i].value.str);
        }
    }
    user->status = str_eq(answer_str(&flow->trigger, "finalUserStatus"), STR("CONFIRMED"))
                       ? USER_CONFIRMED
                       : USER_RESET_REQUIRED;
    TRY(password_set(c, &who.pool, user, flow->work));
    TRY(user_enter(c, &who.pool, user, answer_bool(&flow->trigger, "forceAliasCreation")));
    user_save(c, &who.pool, user);
    flow->sub = flow->now.sub;
    flow->now.sub = STR_NONE;
    who.user = user;
    return before(c, flow, &who);
}

static status migrate_hash(struct call *c, void *arg)
{
    struct flow *flow = arg;
    const struct value *attributes = map_find(flow->trigger.answer, STR("userAttributes"));
    struct user user = {.username = flow->name};
    struct who who;

    TRY(flow_load(c, flow, &who));
    if (attributes == NULL || attributes->kind != VALUE_MAP) {
        return nobody(c, flow, &who);
    }
    flow->now.sub = arena_dup(c->keep, uuid_new(c));
    if (has(who.pool.about, "UsernameAttributes")) {
        user.username = flow->now.sub;
    }
    flow->work = password_work(c, &who.pool, &user);
    flow->work->fresh = flow_in(flow, "PASSWORD");
    password_begin(c, flow->work, (struct later){migrated, flow});
    return OK;
}

static status migrate(struct call *c, struct flow *flow, const struct who *who)
{
    struct buf request;
    struct str password;

    TRY(flow_need(c, flow, "PASSWORD", &password));
    buf_init(&request, REQUEST_BYTES_MAX);
    json_pair(&request, "password", password);
    json_map(&request, "validationData", flow->metadata);
    flow->trigger = (struct trigger){
        .name = "UserMigration",
        .source = "UserMigration_Authentication",
        .client_id = who->client.id,
        .username = flow->name,
        .request = json_kept(c, &request),
        .response = STR("\"userAttributes\":null,\"forceAliasCreation\":null,"
                        "\"finalUserStatus\":null,\"messageAction\":null,"
                        "\"desiredDeliveryMediums\":null"),
        .pool = &who->pool,
    };
    return trigger_ask(c, &flow->trigger, (struct later){migrate_hash, flow});
}

status flow_begin(struct call *c, struct flow *flow)
{
    struct who who;

    TRY(flow_load(c, flow, &who));
    TRY(flow_need(c, flow, "USERNAME", &flow->name));
    if (flow->name.bytes > NAME_BYTES_MAX) {
        return fail(c, &COGNITO_INVALID, "USERNAME is too long.");
    }
    TRY(client_check_hash(c, &who.client, flow->name, flow_in(flow, "SECRET_HASH")));
    flow->source = "TokenGeneration_Authentication";
    if (user_of_name(c, &who.pool, flow->name, &who.user)) {
        flow->sub = arena_dup(c->keep, who.user->sub);
        return before(c, flow, &who);
    }
    if (flow->kind == FLOW_PASSWORD && trigger_set(&who.pool, "UserMigration")) {
        return migrate(c, flow, &who);
    }
    return nobody(c, flow, &who);
}
