/* SPDX-License-Identifier: Apache-2.0
 *
 * Second factors: software tokens, and which factors a user has and prefers.
 */
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/flow.h"
#include "svc/cognito/mfa.h"
#include "svc/cognito/token.h"
#include "svc/cognito/totp.h"

void mfa_put(struct call *c, const struct user *user)
{
    struct value *list;

    if (user->mfa_preferred != MFA_NONE) {
        put_str(c, "PreferredMfaSetting",
                str_c(factor_name((enum mfa_kind)user->mfa_preferred)));
    }
    if (user->mfa == 0) {
        return;
    }
    list = put_list(c, "UserMFASettingList", MFA_EMAIL);
    for (int kind = MFA_SMS; kind <= MFA_EMAIL; kind++) {
        if (user->mfa & 1 << kind) {
            list_add_str(list, str_c(factor_name((enum mfa_kind)kind)));
        }
    }
}

/* ---- software tokens ---- */

/* Who sets a token up: by AccessToken, or within MFA_SETUP by Session. */
struct holder {
    struct verified verified;   /* by AccessToken; its user */
    struct session session;     /* by Session */
    struct pool pool;           /* either's */
    struct user *user;          /* either's */
    bool by_session;            /* which */
};

static status holder_of_call(struct call *c, struct holder *ret_holder)
{
    struct holder *holder = ret_holder;

    if (arg_has(c, "AccessToken")) {
        TRY(token_verify(c, arg_str(c, "AccessToken"), SCOPE_API, &holder->verified));
        holder->pool = holder->verified.pool;
        holder->user = holder->verified.user;
        holder->by_session = false;
        return OK;
    }
    if (!arg_has(c, "Session")) {
        return fail(c, &COGNITO_INVALID, "AccessToken or Session is required.");
    }
    TRY(session_find(c, arg_str(c, "Session"), &holder->session));
    TRY(pool_find(c, holder->session.pool, &holder->pool));
    holder->by_session = true;
    if (!str_eq(holder->session.challenge, STR("MFA_SETUP")) ||
        !user_of_sub(c, &holder->pool, holder->session.sub, &holder->user)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED, "Invalid session for the user.");
    }
    return OK;
}

/* The session goes on under another name. */
static void session_renew(struct call *c, struct holder *holder)
{
    struct client client;

    session_close(c, &holder->session);
    if (client_find(c, holder->session.client, &client) == OK) {
        session_open(c, &client, &holder->session);
        put_str(c, "Session", holder->session.id);
    }
}

static status may_have_token(struct call *c, const struct holder *holder)
{
    const struct value *config = get(holder->pool.mfa, "SoftwareTokenMfaConfiguration");

    if (config == NULL || !get_bool(config, "Enabled", false)) {
        return fail(c, &COGNITO_TOKEN_MFA_NOT_FOUND, "Software Token MFA is not enabled for the "
                                                     "userPool");
    }
    return OK;
}

/* AssociateSoftwareToken: a new secret, not good before it was verified. */
status cognito_associate_token(struct call *c)
{
    struct holder *holder = ARENA_NEW(c->arena, struct holder);
    char *secret = arena_alloc(c->arena, TOTP_SECRET_BYTES);
    struct str bytes = str_of(secret, TOTP_SECRET_BYTES);

    TRY(holder_of_call(c, holder));
    TRY(may_have_token(c, holder));
    rand_secret(secret, TOTP_SECRET_BYTES);
    if (holder->by_session) {
        holder->session.secret = bytes;
        session_renew(c, holder);
    } else {
        small_put(c, (struct small){"code", holder->pool.id,
                                    pair_of(c, holder->user->sub, STR("totp"))}, bytes);
        call_on(c, pool_arn(c->keep, &holder->pool));
    }
    put_str(c, "SecretCode", base32_text(c->arena, bytes));
    return OK;
}

static status secret_of(struct call *c, const struct holder *holder, struct str *ret_secret)
{
    struct small row = {"code", holder->pool.id, pair_of(c, holder->user->sub, STR("totp"))};

    if (holder->by_session ? holder->session.secret.bytes == 0 : !small_get(c, row, ret_secret)) {
        return fail(c, &COGNITO_TOKEN_MFA_NOT_FOUND, "Software Token MFA not found for the user.");
    }
    if (holder->by_session) {
        *ret_secret = holder->session.secret;
    }
    return OK;
}

/* VerifySoftwareToken */
status cognito_verify_token(struct call *c)
{
    struct holder *holder = ARENA_NEW(c->arena, struct holder);
    struct user *user;
    struct str secret;
    uint64_t step;

    TRY(holder_of_call(c, holder));
    TRY(secret_of(c, holder, &secret));
    if (!totp_fits(secret, arg_str(c, "UserCode"), c->now, &step)) {
        return fail(c, &COGNITO_SOFTWARE_MISMATCH, "Code mismatch");
    }
    user = holder->user;
    user->totp = secret;
    user->totp_verified = true;
    user->totp_step = step;
    if (holder->by_session) {
        user->mfa |= 1 << MFA_TOTP;
        holder->session.proved = true;
        session_renew(c, holder);
    } else {
        small_erase(c, (struct small){"code", holder->pool.id,
                                      pair_of(c, user->sub, STR("totp"))});
    }
    user_save(c, &holder->pool, user);
    put_str(c, "Status", STR("SUCCESS"));
    return OK;
}

/* ---- preferences ---- */

/* One factor's wish: on or off, preferred or not. */
static status prefer(struct call *c, struct user *user, const char *member, enum mfa_kind kind)
{
    const struct value *wish = arg(c, member);
    bool on = wish != NULL && get_bool(wish, "Enabled", false);
    bool preferred = wish != NULL && get_bool(wish, "PreferredMfa", false);

    if (wish == NULL) {
        return OK;
    }
    if (on && kind == MFA_TOTP && !user->totp_verified) {
        return fail(c, &COGNITO_INVALID, "User has not verified software token mfa");
    }
    if (on && kind == MFA_SMS && user_attribute(user, STR("phone_number")).bytes == 0) {
        return fail(c, &COGNITO_INVALID,
                    "User does not have delivery config set to turn on SMS_MFA");
    }
    if (on && kind == MFA_EMAIL && user_attribute(user, STR("email")).bytes == 0) {
        return fail(c, &COGNITO_INVALID,
                    "User does not have delivery config set to turn on EMAIL_OTP");
    }
    user->mfa = (uint8_t)(on ? user->mfa | 1 << kind : user->mfa & ~(1 << kind));
    if (on && preferred) {
        user->mfa_preferred = (uint8_t)kind;
    } else if (user->mfa_preferred == kind) {
        user->mfa_preferred = MFA_NONE;
    }
    return OK;
}

static status prefer_all(struct call *c, const struct pool *pool, struct user *user)
{
    static const char *const members[] = {"SMSMfaSettings", "SoftwareTokenMfaSettings",
                                          "EmailMfaSettings"};
    int preferred = 0;

    for (int i = 0; i < 3; i++) {
        const struct value *wish = arg(c, members[i]);

        preferred += wish != NULL && get_bool(wish, "PreferredMfa", false);
    }
    if (preferred > 1) {
        return fail(c, &COGNITO_INVALID, "Only one MFA method can be preferred.");
    }
    for (int i = 0; i < 3; i++) {
        TRY(prefer(c, user, members[i], (enum mfa_kind)(MFA_SMS + i)));
    }
    user_save(c, pool, user);
    return OK;
}

/* SetUserMFAPreference */
status cognito_set_preference(struct call *c)
{
    struct verified *verified = ARENA_NEW(c->arena, struct verified);

    TRY(token_verify(c, arg_str(c, "AccessToken"), SCOPE_API, verified));
    return prefer_all(c, &verified->pool, verified->user);
}

/* AdminSetUserMFAPreference */
status cognito_admin_set_preference(struct call *c)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    return prefer_all(c, &pool, user);
}

/* AdminDeleteSoftwareToken */
status cognito_admin_delete_token(struct call *c)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    user->totp = STR_NONE;
    user->totp_verified = false;
    user->mfa &= (uint8_t)~(1 << MFA_TOTP);
    user->mfa_preferred = user->mfa_preferred == MFA_TOTP ? MFA_NONE : user->mfa_preferred;
    user_save(c, &pool, user);
    return OK;
}

/* ---- factors ---- */

static void put_factors(struct call *c, const struct user *user)
{
    struct value *list = put_list(c, "ConfiguredUserAuthFactors", 3);

    put_str(c, "Username", user->username);
    mfa_put(c, user);
    if (user->password.set) {
        list_add_str(list, STR("PASSWORD"));
    }
    if (user_is_true(user, "email_verified")) {
        list_add_str(list, STR("EMAIL_OTP"));
    }
    if (user_is_true(user, "phone_number_verified")) {
        list_add_str(list, STR("SMS_OTP"));
    }
}

/* GetUserAuthFactors */
status cognito_get_factors(struct call *c)
{
    struct verified *verified = ARENA_NEW(c->arena, struct verified);

    TRY(token_verify(c, arg_str(c, "AccessToken"), SCOPE_API, verified));
    put_factors(c, verified->user);
    return OK;
}

/* AdminGetUserAuthFactors */
status cognito_admin_get_factors(struct call *c)
{
    struct user *user;
    struct pool pool;

    TRY(user_of_admin(c, &pool, &user));
    put_factors(c, user);
    return OK;
}
