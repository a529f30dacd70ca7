/* SPDX-License-Identifier: Apache-2.0
 *
 * InitiateAuth, RespondToAuthChallenge, and both as an administrator calls them.
 */
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/device.h"
#include "svc/cognito/flow.h"
#include "svc/cognito/sign_in.h"
#include "svc/cognito/token.h"

/* A flow that an operation began; in c->keep. */
struct asked_flow {
    struct flow flow;       /* it */
    bool answers;           /* a challenge: then PreTokenGeneration is told the ClientMetadata */
    struct tokens *tokens;  /* that were minted in the end */
};

/* NewDeviceMetadata, in pools that track devices. */
static void put_new_device(struct call *c, struct flow *flow)
{
    struct value *result = tree_at(c->out, "AuthenticationResult");
    struct str key = flow->now.metadata.bytes > 0 && flow->device_proved
                         ? flow->now.metadata
                         : flow_in(flow, "DEVICE_KEY");
    struct device device;
    struct who who;

    if (result == NULL || flow->sub.bytes == 0 || flow_load(c, flow, &who) != OK ||
        !device_signed_in(c, &who.pool, who.user, key, &device)) {
        return;
    }
    result = set_struct(c->arena, result, "NewDeviceMetadata");
    set_str(result, "DeviceKey", device.key);
    set_str(result, "DeviceGroupKey", device.group);
}

static status minted(struct call *c, void *arg)
{
    struct asked_flow *asked = arg;

    tokens_answer(c, asked->tokens);
    put_new_device(c, &asked->flow);
    (void)set_map(c->arena, c->out, "ChallengeParameters", 0);
    return OK;
}

static status mint(struct call *c, void *arg)
{
    struct asked_flow *asked = arg;
    struct token_wish wish = {.pool = asked->flow.pool,
                              .client = asked->flow.client,
                              .sub = asked->flow.sub,
                              .source = asked->flow.source,
                              .metadata = asked->answers ? asked->flow.metadata : NULL};

    return tokens_mint(c, &wish, (struct later){minted, asked}, &asked->tokens);
}

static void put_params(struct call *c, const struct flow *flow)
{
    size_t more = flow->more == NULL ? 0 : flow->more->count;
    struct value *map = set_map(c->arena, c->out, "ChallengeParameters", FLOW_PARAMS_MAX + more);

    for (size_t i = 0; i < flow->param_count; i++) {
        map_add_str(map, flow->params[i].name, flow->params[i].value);
    }
    for (uint32_t i = 0; i < more; i++) {
        if (flow->more->pairs[i].value.kind == VALUE_STR &&
            map_find(map, flow->more->pairs[i].key) == NULL) {
            map_add_str(map, flow->more->pairs[i].key, flow->more->pairs[i].value.str);
        }
    }
}

/* How a flow ends: the next challenge, or tokens, in a step of their own. */
static status ended(struct call *c, void *arg)
{
    struct asked_flow *asked = arg;
    struct flow *flow = &asked->flow;
    struct str choices = flow->choices;

    if (flow->challenge.bytes == 0) {
        later_now(c, (struct later){mint, asked});
        return OK;
    }
    put_str(c, "ChallengeName", flow->challenge);
    if (flow->session.bytes > 0) {
        put_str(c, "Session", flow->session);
    }
    put_params(c, flow);
    if (choices.bytes > 0) {
        struct value *list = put_list(c, "AvailableChallenges", 8);

        while (choices.at != NULL) {
            struct str choice = str_split(&choices, ' ');

            if (choice.bytes > 0) {
                list_add_str(list, choice);
            }
        }
    }
    return OK;
}

static struct asked_flow *asked_flow(struct call *c, const char *parameters)
{
    struct asked_flow *asked = ARENA_NEW(c->keep, struct asked_flow);

    asked->flow.client = arg_str(c, "ClientId");
    asked->flow.in = arg(c, parameters);
    asked->flow.metadata = arg(c, "ClientMetadata");
    asked->flow.done = (struct later){ended, asked};
    return asked;
}

/* The pool and client of an administrator's call. */
static status admin_check(struct call *c)
{
    struct str id = arg_str(c, "ClientId");
    struct client client;
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    if (!client_load(c, pool.id, id, &client)) {
        return fail(c, &COGNITO_NOT_FOUND, "User pool client %.*s does not exist.", STR_ARG(id));
    }
    return OK;
}

/* ---- flows ---- */

struct way {
    const char *name;     /* AuthFlow */
    const char *allow;    /* in ExplicitAuthFlows */
    const char *refusal;  /* when the client does not allow it */
    enum flow_kind kind;  /* what it is */
    bool admin;           /* for administrators only */
};

static const struct way ways[] = {
    {"USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH",
     "USER_PASSWORD_AUTH flow not enabled for this client", FLOW_PASSWORD, false},
    {"ADMIN_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH",
     "Auth flow not enabled for this client", FLOW_PASSWORD, true},
    {"ADMIN_NO_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH",
     "Auth flow not enabled for this client", FLOW_PASSWORD, true},
    {"USER_SRP_AUTH", "ALLOW_USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client.",
     FLOW_SRP, false},
    {"CUSTOM_AUTH", "ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH is not enabled for the client.", FLOW_CUSTOM,
     false},
    {"USER_AUTH", "ALLOW_USER_AUTH", "USER_AUTH is not enabled for the client.", FLOW_CHOICE,
     false},
};

/* SECRET_HASH is of the user's name, or of its sub. A token that is none is refused later. */
static status refresh_hash(struct call *c, const struct client *client, const struct flow *flow,
                           struct str token)
{
    struct str hash = flow_in(flow, "SECRET_HASH");
    struct sign_in sign_in;
    struct refresh refresh;
    struct user *user;
    struct pool pool;

    TRY(pool_find(c, client->pool, &pool));
    if (!refresh_load(c, pool.id, token, &refresh) ||
        !sign_in_load(c, pool.id, refresh.sign_in, &sign_in) ||
        !user_of_sub(c, &pool, sign_in.sub, &user)) {
        return OK;
    }
    return client_check_hash(c, client, user->sub, hash) == OK
               ? OK
               : client_check_hash(c, client, user->username, hash);
}

static status refresh(struct call *c, struct asked_flow *asked)
{
    struct refresh_wish wish = {.metadata = NULL};
    struct client *client = ARENA_NEW(c->arena, struct client);

    TRY(client_find(c, asked->flow.client, client));
    if (!client_allows(client, STR("ALLOW_REFRESH_TOKEN_AUTH"))) {
        return fail(c, &COGNITO_INVALID, "REFRESH_TOKEN_AUTH is not enabled for the client.");
    }
    TRY(flow_need(c, &asked->flow, "REFRESH_TOKEN", &wish.token));
    TRY(refresh_hash(c, client, &asked->flow, wish.token));
    wish.client = client;
    return tokens_refresh(c, &wish, (struct later){minted, asked}, &asked->tokens);
}

static status begin(struct call *c, bool admin)
{
    struct asked_flow *asked = asked_flow(c, "AuthParameters");
    struct str flow = arg_str(c, "AuthFlow");
    struct client client;

    if (str_starts(flow, STR("REFRESH_TOKEN"))) {
        return refresh(c, asked);
    }
    TRY(client_find(c, asked->flow.client, &client));
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const struct way *way = &ways[i];

        if (!str_eq(flow, str_c(way->name))) {
            continue;
        }
        if (way->admin && !admin) {
            return fail(c, &COGNITO_INVALID, "Initiate Auth method not supported.");
        }
        if (!client_allows(&client, str_c(way->allow))) {
            return fail(c, &COGNITO_INVALID, "%s", way->refusal);
        }
        asked->flow.kind = way->kind;
        return flow_begin(c, &asked->flow);
    }
    return fail(c, &COGNITO_INVALID, "Initiate Auth method not supported.");
}

/* InitiateAuth */
status cognito_initiate_auth(struct call *c)
{
    return begin(c, false);
}

/* AdminInitiateAuth */
status cognito_admin_initiate_auth(struct call *c)
{
    TRY(admin_check(c));
    return begin(c, true);
}

static status respond(struct call *c)
{
    struct asked_flow *asked = asked_flow(c, "ChallengeResponses");

    asked->answers = true;
    return flow_answer(c, &asked->flow, arg_str(c, "ChallengeName"), arg_str(c, "Session"));
}

/* RespondToAuthChallenge */
status cognito_respond(struct call *c)
{
    return respond(c);
}

/* AdminRespondToAuthChallenge */
status cognito_admin_respond(struct call *c)
{
    TRY(admin_check(c));
    return respond(c);
}
