/* SPDX-License-Identifier: Apache-2.0
 *
 * AssumeRoleWithWebIdentity: whoever brings a token of an OIDC provider that the account knows.
 * The token's claims must be in time and for one of the provider's client ids, and the role's
 * trust policy must let them in. Source: AssumeRoleWithWebIdentity, AWS STS API reference;
 * "Available keys for AWS OIDC federation", IAM user guide.
 */
#include "bus/keyset.h"
#include "cell/cell.h"
#include "svc/sts/sts_int.h"
#include "wire/jwt.h"

#define ACTION "sts:AssumeRoleWithWebIdentity"

/* What the trust policy may ask of a token. */
struct claims {
    struct policy_context context; /* first */
    struct call *c;
    const struct jwt *token;
    struct provider_facts provider; /* whose token */
};

static bool one(struct policy_values *values, struct str value)
{
    values->one = value;
    values->values = &values->one;
    values->count = 1;
    return true;
}

/* "id.example.com/pool:sub" */
static bool claim_find(const struct claims *claims, struct str name,
                       struct policy_values *ret_values)
{
    const struct value *claim;

    if (str_eq_nocase(name, STR("aud"))) {
        ret_values->values = claims->token->audiences;
        ret_values->count = claims->token->audience_count;
        return ret_values->count > 0;
    }
    claim = map_find(&claims->token->claims, name);
    if (claim == NULL) {
        return false;
    }
    if (claim->kind == VALUE_STR) {
        return one(ret_values, claim->str);
    }
    if (claim->kind == VALUE_BOOL) {
        return one(ret_values, claim->truth ? STR("true") : STR("false"));
    }
    if (claim->kind == VALUE_INT) {
        return one(ret_values, arena_printf(claims->c->arena, "%lld", (long long)claim->number));
    }
    if (claim->kind == VALUE_LIST && claim->count > 0) {
        struct str *values =
            arena_alloc(claims->c->arena, claim->count * sizeof(values[0]));

        for (uint32_t i = 0; i < claim->count; i++) {
            values[i] = claim->items[i].kind == VALUE_STR ? claim->items[i].str : STR("");
        }
        ret_values->values = values;
        ret_values->count = claim->count;
        return true;
    }
    return false;
}

static bool context_find(const struct policy_context *context, struct str key,
                         struct policy_values *ret_values)
{
    const struct claims *claims = (const struct claims *)(const void *)context;
    struct str url = claims->provider.url;

    if (key.bytes > url.bytes + 1 && str_starts_nocase(key, url) && key.at[url.bytes] == ':') {
        return claim_find(claims, str_slice(key, url.bytes + 1, key.bytes), ret_values);
    }
    if (str_eq_nocase(key, STR("aws:FederatedProvider"))) {
        return one(ret_values, claims->provider.arn);
    }
    if (str_eq_nocase(key, STR("sts:RoleSessionName"))) {
        return one(ret_values, arg_str(claims->c, "RoleSessionName"));
    }
    return false;
}

/* ---- the token ---- */

static status token_of_call(struct call *c, struct str account, struct jwt *ret_token,
                            struct provider_facts *ret_provider)
{
    bool audience = false;
    struct str issuer;

    if (!jwt_read(arg_str(c, "WebIdentityToken"), c->arena, ret_token) ||
        ret_token->issuer.bytes == 0 || ret_token->subject.bytes == 0) {
        return fail(c, &STS_BAD_TOKEN, "The ID Token provided is not a valid JWT. (You may see "
                    "this error if you sent an Access Token)");
    }
    issuer = ret_token->issuer;
    if (!directory_provider(c, account, issuer, STR_NONE, ret_provider)) {
        issuer = keyset_name(c, issuer);
    }
    if (!directory_provider(c, account, issuer, STR_NONE, ret_provider)) {
        return fail(c, &STS_BAD_TOKEN,
                    "No OpenIDConnect provider found in your account for %.*s",
                    STR_ARG(str_slice(ret_token->issuer, 0, 512)));
    }
    for (size_t i = 0; i < ret_token->audience_count; i++) {
        struct provider_facts facts;

        audience = audience || (directory_provider(c, account, issuer, ret_token->audiences[i],
                                                   &facts) &&
                                facts.audience_known);
    }
    if (!audience) {
        return fail(c, &STS_BAD_TOKEN, "Incorrect token audience");
    }
    if (ret_token->expires_ms == 0) {
        return fail(c, &STS_BAD_TOKEN, "Missing a required claim: exp");
    }
    if (ret_token->expires_ms <= c->now) {
        return fail(c, &STS_EXPIRED, "Token expired: current date/time %lld must be before the "
                    "expiration date/time %lld",
                    (long long)(c->now / 1000), (long long)(ret_token->expires_ms / 1000));
    }
    return OK;
}

static bool trusted(struct call *c, const struct role_facts *role, const struct jwt *token,
                    const struct provider_facts *provider)
{
    struct claims claims = {
        .context = {.find = context_find}, .c = c, .token = token, .provider = *provider};
    struct policy_request request = {
        .principal = {.kind = CALLER_WEB, .name = provider->arn},
        .action = STR(ACTION), .resource = role->arn, .account = role->account,
        .context = &claims.context};

    return policy_says(role->trust, &request, NULL) == SAID_ALLOW;
}

/* ---- the signature, with auth on: or anybody could write themselves a token ---- */

static status resumed(struct call *c);

/* Good, or the call waits for the provider's keys: *ret_waits. */
static status signature_check(struct call *c, const struct jwt *token,
                              const struct provider_facts *provider, bool fetched,
                              bool *ret_waits)
{
    struct str issuer = arena_printf(c->arena, "%s%.*s", provider->local ? "http://" : "https://",
                                     STR_ARG(provider->url));
    enum jwt_signature signature = JWT_NO_KEY;
    struct str keys;

    *ret_waits = false;
    if (!cell_auth(c->cell)) {
        return OK;
    }
    if (keyset_known(c, issuer, &keys)) {
        signature = jwt_check(token, keys, c->arena);
    }
    if (signature == JWT_NO_KEY && !fetched && keyset_fetch(c, issuer, resumed)) {
        *ret_waits = true;
        return OK;
    }
    if (signature == JWT_NO_KEY) {
        return fail(c, &STS_BAD_TOKEN,
                    "Couldn't retrieve verification key from your identity provider, please "
                    "reference AssumeRoleWithWebIdentity documentation for requirements");
    }
    return signature == JWT_GOOD
               ? OK
               : fail(c, &STS_BAD_TOKEN, "The signature of the ID Token is not valid.");
}

/* Everything, from the beginning: while keys were fetched anything may have changed. */
static status assume(struct call *c, bool fetched)
{
    struct identity wish = {.kind = IDENTITY_ROLE};
    struct provider_facts provider;
    struct role_facts role;
    struct jwt token;
    int64_t seconds;
    bool waits;

    if (!directory_role(c->cell, arg_str(c, "RoleArn"), c->arena, &role)) {
        return fail(c, &STS_DENIED, "Not authorized to perform " ACTION);
    }
    TRY(token_of_call(c, role.account, &token, &provider));
    TRY(signature_check(c, &token, &provider, fetched, &waits));
    if (waits) {
        return OK;
    }
    if (!trusted(c, &role, &token, &provider)) {
        return fail(c, &STS_DENIED, "Not authorized to perform " ACTION);
    }
    TRY(duration_of_call(c, &role, &seconds));
    TRY(session_of_role(c, &role, &wish));
    put_str(c, "SubjectFromWebIdentityToken", token.subject);
    put_str(c, "Provider", provider.arn);
    put_str(c, "Audience", token.audience_count > 0 ? token.audiences[0] : STR_NONE);
    TRY(session_begin(c, &wish, seconds));
    directory_role_used(c, role.arn);
    return OK;
}

static status resumed(struct call *c)
{
    if (!keyset_fetched(c)) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        return fail(c, &STS_UNREACHED,
                    "Couldn't retrieve verification key from your identity provider, please "
                    "reference AssumeRoleWithWebIdentity documentation for requirements: %.*s",
                    STR_ARG(why));
    }
    return assume(c, true);
}

/* AssumeRoleWithWebIdentity */
status sts_assume_role_web(struct call *c)
{
    return assume(c, false);
}
