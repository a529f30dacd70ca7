/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations that sign in: sessions of roles, of users, of people that an application knows.
 * Whether the caller may assume a role was asked before, by the cell (cell/authorize.h), with the
 * role's trust policy as its resource's.
 */
#include "cell/arn.h"
#include "cell/authorize.h"
#include "svc/sts/sts_int.h"

#define DENIED_CODE "MultiFactorAuthentication failed with invalid MFA one time pass code. "

static bool is_session(const struct call *c)
{
    return c->identity != NULL && c->identity->token.bytes > 0;
}

static bool is_root(const struct call *c)
{
    return c->identity == NULL || c->identity->kind == IDENTITY_ROOT;
}

/* The second factor, when a call names one. */
static status mfa_of_call(struct call *c, bool *ret_mfa)
{
    *ret_mfa = false;
    if (!arg_has(c, "SerialNumber") && !arg_has(c, "TokenCode")) {
        return OK;
    }
    if (!directory_mfa(c, c->principal, arg_str(c, "SerialNumber"), arg_str(c, "TokenCode"))) {
        return fail(c, &STS_DENIED, DENIED_CODE);
    }
    *ret_mfa = true;
    return OK;
}

/* ---- AssumeRole ---- */

static status source_identity(struct call *c, struct identity *wish)
{
    struct str asked = arg_str(c, "SourceIdentity");
    struct str there = c->identity == NULL ? STR_NONE : c->identity->source_identity;

    if (asked.bytes > 0 && there.bytes > 0 && !str_eq(asked, there)) {
        return fail(c, &STS_VALIDATION, "The source identity of a session cannot be changed.");
    }
    if (asked.bytes > 0) {
        TRY(call_may(c, "sts:SetSourceIdentity", wish->source));
    }
    wish->source_identity = asked.bytes > 0 ? asked : there;
    if (wish->source_identity.bytes > 0) {
        put_str(c, "SourceIdentity", wish->source_identity);
    }
    return OK;
}

/* AssumeRole */
status sts_assume_role(struct call *c)
{
    struct identity wish = {.kind = IDENTITY_ROLE};
    struct role_facts role;
    int64_t seconds;

    TRY(role_of_call(c, &role));
    if (c->guarded && is_root(c)) {
        return fail(c, &STS_DENIED, "Roles may not be assumed by root accounts.");
    }
    TRY(duration_of_call(c, &role, &seconds));
    if (is_session(c) && c->identity->kind == IDENTITY_ROLE && seconds > CHAINED_SECONDS_MAX) {
        return fail(c, &STS_VALIDATION, "The requested DurationSeconds exceeds the 1 hour session "
                    "limit for roles assumed by role chaining");
    }
    TRY(mfa_of_call(c, &wish.mfa));
    TRY(session_of_role(c, &role, &wish));
    TRY(session_tags(c, &wish));
    if (arg_has(c, "Tags")) {
        TRY(call_may(c, "sts:TagSession", role.arn));
    }
    TRY(source_identity(c, &wish));
    TRY(session_begin(c, &wish, seconds));
    directory_role_used(c, role.arn);
    return OK;
}

/* ---- GetSessionToken ---- */

/* Who calls, as a session of theirs begins. With auth off and a key that nobody made: the root. */
static struct identity of_caller(const struct call *c)
{
    struct identity wish = {.kind = IDENTITY_ROOT, .account = c->account,
                            .principal = c->principal, .source = c->principal,
                            .user_id = c->account};

    if (c->identity != NULL) {
        wish.kind = c->identity->kind;
        wish.source = c->identity->source;
        wish.user_id = c->identity->user_id;
    }
    return wish;
}

static status seconds_of_call(struct call *c, int64_t *ret_seconds)
{
    int64_t seconds = arg_int(c, "DurationSeconds", SESSION_SECONDS);

    *ret_seconds = is_root(c) && seconds > ROOT_SECONDS_MAX ? ROOT_SECONDS_MAX : seconds;
    return OK;
}

/* GetSessionToken: the root's sessions last an hour, whatever it asks. */
status sts_get_session_token(struct call *c)
{
    struct identity wish = of_caller(c);
    int64_t seconds;

    if (is_session(c)) {
        return fail(c, &STS_DENIED, "Cannot call GetSessionToken with session credentials");
    }
    TRY(seconds_of_call(c, &seconds));
    TRY(mfa_of_call(c, &wish.mfa));
    return session_begin(c, &wish, seconds);
}

/* GetFederationToken */
status sts_get_federation_token(struct call *c)
{
    struct str name = arg_str(c, "Name");
    struct identity wish = of_caller(c);
    struct value *user;
    int64_t seconds;

    if (is_session(c)) {
        return fail(c, &STS_DENIED, "Cannot call GetFederationToken with session credentials");
    }
    TRY(seconds_of_call(c, &seconds));
    wish.kind = IDENTITY_FEDERATED;
    wish.principal = arena_printf(c->arena, "arn:aws:sts::%.*s:federated-user/%.*s",
                                  STR_ARG(c->account), STR_ARG(name));
    wish.user_id = arena_printf(c->arena, "%.*s:%.*s", STR_ARG(c->account), STR_ARG(name));
    TRY(session_policies(c, &wish));
    TRY(session_tags(c, &wish));
    user = put_struct(c, "FederatedUser");
    set_str(user, "FederatedUserId", wish.user_id);
    set_str(user, "Arn", wish.principal);
    return session_begin(c, &wish, seconds);
}

/* ---- who is it? ---- */

/* GetCallerIdentity */
status sts_get_caller_identity(struct call *c)
{
    put_str(c, "UserId", c->identity == NULL ? c->account : c->identity->user_id);
    put_str(c, "Account", c->account);
    put_str(c, "Arn", c->principal);
    return OK;
}

/* GetAccessKeyInfo */
status sts_get_access_key_info(struct call *c)
{
    const struct identity *identity =
        identity_find(cell_identities(c->cell), arg_str(c, "AccessKeyId"));

    if (identity == NULL) {
        return fail(c, &STS_VALIDATION, "The access key %.*s cannot be found.",
                    STR_ARG(arg_str(c, "AccessKeyId")));
    }
    put_str(c, "Account", arena_dup(c->arena, identity->account));
    identity_drop(identity);
    return OK;
}
