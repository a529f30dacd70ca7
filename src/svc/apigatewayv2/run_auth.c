/* SPDX-License-Identifier: Apache-2.0
 *
 * May it? What all kinds of authorization share, and signatures.
 *
 * Rules
 *  1. A signature is looked at where weir checks signatures (--auth=on). Then it must be one for
 *     execute-api, and policies must let its owner invoke the route by the path that came.
 *  2. Who has not shown an identity is 401; whom a policy or a function refuses is 403.
 */
#include "cell/authorize.h"
#include "svc/apigatewayv2/run.h"
#include "wire/json.h"
#include "wire/sigv4.h"

#define AUTHORIZER_BYTES_MAX (64u * 1024)

struct str auth_arn(struct call *c, const struct meeting *meeting)
{
    struct str path = meeting->path.decoded;

    return arena_printf(c->arena, "arn:%.*s:execute-api:%.*s:%.*s:%.*s/%.*s/%.*s%.*s",
                        STR_ARG(arn_partition(meeting->live->region)),
                        STR_ARG(meeting->live->region), STR_ARG(meeting->live->account),
                        STR_ARG(meeting->live->api_id), STR_ARG(meeting->live->stage_name),
                        STR_ARG(meeting->http.method), STR_ARG(path));
}

bool auth_identity(struct call *c, struct meeting *meeting, struct str **ret_values)
{
    const struct run_route *route = meeting->route;
    struct str *values = arena_alloc(c->keep, (route->identity_count + 1) * sizeof(*values));
    bool whole = true;

    for (size_t i = 0; i < route->identity_count; i++) {
        values[i] = meeting_text(c, meeting, &route->identity[i]);
        whole &= values[i].bytes > 0;
    }
    *ret_values = values;
    return whole;
}

status meeting_unauthorized(struct call *c, struct meeting *meeting, const char *why)
{
    meeting->authorizer_error = why == NULL ? STR_NONE : str_c(why);
    return meeting_fail(c, meeting, 401, "Unauthorized");
}

/* ---- signatures ---- */

static struct str who(struct call *c)
{
    struct buf text;
    struct str made;
    struct str id = c->identity != NULL && c->identity->user_id.bytes > 0 ? c->identity->user_id
                                                                          : c->access_key;

    buf_init(&text, AUTHORIZER_BYTES_MAX);
    buf_add(&text, STR("{\"iam\":{"));
    http_add_member(&text, "accessKey", c->access_key);
    http_add_member(&text, "accountId", c->account);
    http_add_member(&text, "callerId", id);
    buf_add(&text, STR("\"cognitoIdentity\":null,\"principalOrgId\":null,"));
    http_add_member(&text, "userArn", c->principal);
    buf_add(&text, STR("\"userId\":"));
    json_write_str(&text, id);
    buf_add(&text, STR("}}"));
    made = arena_dup(c->keep, buf_str(&text));
    buf_done(&text);
    return made;
}

static bool is_for_us(struct call *c)
{
    struct sigv4 sigv4 = {.present = false};
    struct why why;

    return sigv4_read(c->request, c->arena, &why, &sigv4) == OK && sigv4.present &&
           str_eq(sigv4.service, STR("execute-api"));
}

static bool policies_let(struct call *c, const struct meeting *meeting)
{
    struct authorize_wish wish = {.action = "execute-api:Invoke",
                                  .resource = auth_arn(c, meeting)};
    struct policy_decision decision;
    struct asked *asked;

    if (c->identity == NULL || !is_for_us(c)) {
        return false;
    }
    asked = call_ask(c, &wish, &decision);
    (void)asked_end(asked, &decision, NULL);
    c->why.text[0] = '\0';
    return decision.allowed;
}

static status iam_authorize(struct call *c)
{
    struct meeting *meeting = meeting_of(c);

    if (cell_auth(c->cell) && !policies_let(c, meeting)) {
        return meeting_fail(c, meeting, 403, "Forbidden");
    }
    meeting->iam = c->access_key.bytes > 0;
    meeting->authorizer = meeting->iam ? who(c) : STR_NONE;
    return meeting_integrate(c);
}

/* ---- all kinds ---- */

status meeting_authorize(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct live_route *live = meeting->route->live;
    struct str type = get_str(live->route, "AuthorizationType");

    if (type.bytes == 0 || str_eq(type, STR("NONE"))) {
        return meeting_integrate(c);
    }
    if (str_eq(type, STR("AWS_IAM"))) {
        return iam_authorize(c);
    }
    if (live->authorizer == NULL) { /* it was deleted since: nobody says yes */
        return meeting_fail(c, meeting, 500, "Internal Server Error");
    }
    return str_eq(get_str(live->authorizer, "AuthorizerType"), STR("JWT")) ? jwt_authorize(c)
                                                                         : ask_authorize(c);
}
