/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in at a page: name and password, then whatever challenge the user's state asks for
 * (flow.h), until the client gets its code.
 */
#include "svc/cognito/login.h"

#include "base/codec.h"
#include "base/digest.h"
#include "svc/cognito/browser.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/flow.h"
#include "svc/cognito/operation.h"

/* A sign-in under way; in c->keep. */
struct login {
    struct web *web;           /* the request; in c->keep */
    struct flow flow;          /* it */
    struct str username;       /* as it was typed */
    struct str challenge;      /* that is being answered; empty: the password */
    struct str session;        /* its */
};

bool form_good(struct call *c, const struct web *web)
{
    if (!web->is_form || web->form.broken || !csrf_good(c, web)) {
        web_fail(c, web, "csrf", param(&web->query, "client_id"));
        return false;
    }
    return true;
}

bool web_again(struct call *c, struct web *web, struct grant_request *ret_request)
{
    if (pool_find(c, web->pool.id, &web->pool) != OK) {
        web_fail(c, web, "invalid_request", STR_NONE);
        return false;
    }
    return grant_read(c, web, ret_request);
}

struct str secret_hash(struct call *c, const struct client *client, struct str username)
{
    uint8_t sum[SHA256_BYTES];
    char *text;

    if (client->secrets[0].bytes == 0) {
        return STR_NONE;
    }
    hmac_sha256(client->secrets[0],
                arena_printf(c->arena, "%.*s%.*s", STR_ARG(username), STR_ARG(client->id)), sum);
    text = arena_alloc(c->keep, base64_encoded_bytes(sizeof(sum)));
    base64_encode(str_of(sum, sizeof(sum)), text);
    return str_of(text, base64_encoded_bytes(sizeof(sum)));
}

/* ---- views ---- */

static struct str name_label(const struct web *web)
{
    const struct value *by = get(web->pool.about, "UsernameAttributes");
    bool email = false;
    bool phone = false;

    for (uint32_t i = 0; by != NULL && i < by->count; i++) {
        email = email || str_eq(by->items[i].str, STR("email"));
        phone = phone || str_eq(by->items[i].str, STR("phone_number"));
    }
    return email && phone ? STR("Email or phone number")
           : email        ? STR("Email")
           : phone        ? STR("Phone number")
                          : STR("Username");
}

void login_view(struct call *c, const struct web *web, struct view *view)
{
    const struct value *config = get(web->pool.about, "AdminCreateUserConfig");
    struct str name = param(&web->form, "username");

    view->title = "Sign in";
    view->action = "/login";
    view->submit = "Sign in";
    view->query = grant_query(c, web);
    if (name.bytes == 0) {
        name = param(&web->query, "login_hint");
    }
    view_field(view, (struct view_field){"username", name_label(web), "text", "username", name});
    view_field(view, (struct view_field){"password", STR("Password"), "password",
                                         "current-password", STR_NONE});
    view_link(view, "/forgotPassword", "Forgot your password?");
    if (config == NULL || !get_bool(config, "AllowAdminCreateUserOnly", false)) {
        view_link(view, "/signup", "Sign up");
    }
}

static void show_login(struct call *c, const struct web *web, struct str problem)
{
    struct view view = {.problem = problem};
    struct str note = param(&web->query, "note");

    if (str_eq(note, STR("confirmed"))) {
        view.text = STR("Your account is confirmed. You can sign in now.");
    } else if (str_eq(note, STR("reset"))) {
        view.text = STR("Your password was changed. You can sign in now.");
    }
    login_view(c, web, &view);
    view_show(c, web, problem.bytes > 0 ? 400 : 200, &view);
}

static void view_code(struct view *view, struct str label)
{
    view_field(view, (struct view_field){"code", label, "text", "one-time-code", STR_NONE});
}

/* ["SMS_MFA","SOFTWARE_TOKEN_MFA"] as choices. */
static void view_factors(struct view *view, struct str names)
{
    static const struct {
        const char *name, *words; /* the factor's; what people call it */
    } factors[] = {{"SMS_MFA", "Text message"},
                   {"SOFTWARE_TOKEN_MFA", "Authenticator app"},
                   {"EMAIL_OTP", "Email"}};

    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        if (str_find_str(names, str_c(factors[i].name)) < names.bytes) {
            view_field(view, (struct view_field){"code", str_c(factors[i].words), "radio", NULL,
                                                 str_c(factors[i].name)});
        }
    }
}

/* "userAttributes.NAME", of the JSON list of those that are lacking. */
static void view_lacking(struct call *c, struct view *view, struct str names)
{
    while (names.at != NULL) {
        struct str name = str_split(&names, '"');

        if (str_starts(name, STR("userAttributes."))) {
            view_field(view, (struct view_field){arena_dup(c->arena, name).at,
                                                 str_slice(name, 15, name.bytes), "text", NULL,
                                                 STR_NONE});
        }
    }
}

static struct str param_of(const struct flow *flow, const char *name)
{
    for (size_t i = 0; i < flow->param_count; i++) {
        if (str_eq(flow->params[i].name, str_c(name))) {
            return flow->params[i].value;
        }
    }
    return STR_NONE;
}

/* What the challenge says, or said when its form was made. */
static struct str told(const struct login *login, const char *name, struct view *view)
{
    struct str text = param_of(&login->flow, name);

    if (text.bytes == 0) {
        text = param(&login->web->form, "told");
    }
    view_hidden(view, "told", text);
    return text;
}

static void challenge_fields(struct call *c, const struct login *login, struct view *view)
{
    struct str challenge = login->challenge;
    struct str to = param_of(&login->flow, "CODE_DELIVERY_DESTINATION");

    if (str_eq(challenge, STR("NEW_PASSWORD_REQUIRED"))) {
        view->title = "Choose a new password";
        view->action = "/changePassword";
        view_field(view, (struct view_field){"code", STR("New password"), "password",
                                             "new-password", STR_NONE});
        view_lacking(c, view, told(login, "requiredAttributes", view));
    } else if (str_eq(challenge, STR("SELECT_MFA_TYPE"))) {
        view->text = STR("How do you want to prove that it is you?");
        view_factors(view, told(login, "MFAS_CAN_CHOOSE", view));
    } else if (str_eq(challenge, STR("SOFTWARE_TOKEN_MFA"))) {
        view->text = STR("Your authenticator app shows a code.");
        view_code(view, STR("Code"));
    } else {
        view->text = to.bytes > 0
                         ? arena_printf(c->arena, "A code was sent to %.*s.", STR_ARG(to))
                         : STR("A code was sent to you.");
        view_code(view, STR("Code"));
    }
}

static void show_challenge(struct call *c, const struct login *login, struct str problem)
{
    struct view view = {.title = "Confirm that it is you", .problem = problem, .action = "/mfa",
                        .submit = "Continue", .query = grant_query(c, login->web)};

    challenge_fields(c, login, &view);
    view_hidden(&view, "challenge", login->challenge);
    view_hidden(&view, "session", login->session);
    view_hidden(&view, "username", login->username);
    view_link(&view, "/login", "Sign in as somebody else");
    view_show(c, login->web, problem.bytes > 0 ? 400 : 200, &view);
}

/* ---- how it ends ---- */

static status set_up_totp(struct call *c, struct login *login);

/* The flow's end: the next challenge, or signed in. Something is staged. */
static status went_on(struct call *c, void *arg)
{
    struct login *login = arg;
    struct grant_request request;
    struct user *user;

    if (!web_again(c, login->web, &request)) {
        return OK;
    }
    if (login->flow.challenge.bytes > 0) {
        login->challenge = login->flow.challenge;
        login->session = login->flow.session;
        if (str_eq(login->challenge, STR("MFA_SETUP"))) {
            return set_up_totp(c, login);
        }
        show_challenge(c, login, STR_NONE);
        return OK;
    }
    if (!user_of_sub(c, &login->web->pool, login->flow.sub, &user)) {
        show_login(c, login->web, STR("Incorrect username or password."));
        return OK;
    }
    browser_begin(c, login->web, user);
    return grant_give(c, login->web, &request, user, c->now);
}

/* Errors are shown where they can be put right. */
static status went_wrong(struct call *c, status result, void *arg)
{
    struct login *login = arg;
    struct grant_request request;
    struct str words;

    if (result == OK || !web_again(c, login->web, &request)) {
        return OK;
    }
    words = arena_dup(c->arena, str_c(c->why.text));
    if (result == &COGNITO_NOT_CONFIRMED) {
        struct str query = grant_query(c, login->web);
        struct buf more;

        buf_init(&more, WEB_BODY_BYTES_MAX);
        query_add(&more, "username", login->username);
        web_redirect(c, web_link(c, login->web, "/confirm",
                                 arena_printf(c->arena, "%.*s&%.*s", STR_ARG(query),
                                              STR_ARG(buf_str(&more)))));
        buf_done(&more);
        return OK;
    }
    if (login->challenge.bytes == 0 || result == &COGNITO_NOT_AUTHORIZED) {
        show_login(c, login->web, words);
        return OK;
    }
    if (str_eq(login->challenge, STR("MFA_SETUP"))) {
        show_login(c, login->web, words);
        return OK;
    }
    show_challenge(c, login, words);
    return OK;
}

static void pair(struct value *map, const char *name, struct str value)
{
    if (value.bytes > 0) {
        map_add_str(map, str_c(name), value);
    }
}

/* A flow's parameters: a map that is a string's to a string. */
static struct value *params_map(struct call *c, size_t count)
{
    const struct operation *like =
        model_operation(model_service(STR("cognito-idp")), STR("InitiateAuth"));
    struct value *holder = value_struct(c->keep, like->input);

    return set_map(c->keep, holder, "AuthParameters", count);
}

static struct login *login_new(struct call *c, const struct web *web,
                               const struct grant_request *request)
{
    struct login *login = ARENA_NEW(c->keep, struct login);

    login->web = (struct web *)(uintptr_t)web;
    login->username = arena_dup(c->keep, param(&web->form, "username"));
    login->flow.kind = FLOW_PASSWORD;
    login->flow.client = arena_dup(c->keep, request->client.id);
    login->flow.done = (struct later){went_on, login};
    return login;
}

/* /login */
status web_login(struct call *c, const struct web *web)
{
    struct grant_request request;
    struct login *login;
    struct value *in;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    if (!web->post) {
        show_login(c, web, STR_NONE);
        return OK;
    }
    if (!form_good(c, web)) {
        return OK;
    }
    login = login_new(c, web, &request);
    in = params_map(c, 3);
    pair(in, "USERNAME", login->username);
    pair(in, "PASSWORD", arena_dup(c->keep, param(&web->form, "password")));
    pair(in, "SECRET_HASH", secret_hash(c, &request.client, login->username));
    login->flow.in = in;
    call_last(c, went_wrong, login);
    return flow_begin(c, &login->flow);
}

/* ---- challenges ---- */

/* The member of ChallengeResponses that the form's code is. */
static struct str answer_name(struct call *c, struct str challenge)
{
    return str_eq(challenge, STR("NEW_PASSWORD_REQUIRED")) ? STR("NEW_PASSWORD")
           : str_eq(challenge, STR("SELECT_MFA_TYPE"))
               ? STR("ANSWER")
               : arena_printf(c->keep, "%.*s_CODE", STR_ARG(challenge));
}

static void flow_answers(struct call *c, struct login *login, const struct client *client)
{
    const struct params *form = &login->web->form;
    struct value *in = params_map(c, form->count + 3);

    pair(in, "USERNAME", login->username);
    pair(in, "SECRET_HASH", secret_hash(c, client, login->username));
    for (size_t i = 0; i < form->count; i++) {
        if (str_starts(form->at[i].name, STR("userAttributes."))) {
            map_add_str(in, form->at[i].name, form->at[i].value);
        }
    }
    if (param(form, "code").bytes > 0) {
        map_add_str(in, answer_name(c, login->challenge), param(form, "code"));
    }
    login->flow.in = in;
}

static status answer_challenge(struct call *c, struct login *login, const struct client *client)
{
    flow_answers(c, login, client);
    call_last(c, went_wrong, login);
    return flow_answer(c, &login->flow, login->challenge, login->session);
}

static void show_totp(struct call *c, struct login *login, struct str secret, struct str problem)
{
    struct view view = {.title = "Set up your authenticator app", .action = "/mfa",
                        .submit = "Continue", .problem = problem,
                        .query = grant_query(c, login->web)};

    view.text = arena_printf(c->arena, "Give this key to your authenticator app, then type the "
                             "code that it shows: %.*s", STR_ARG(secret));
    view_code(&view, STR("Code"));
    view_hidden(&view, "challenge", STR("MFA_SETUP"));
    view_hidden(&view, "session", login->session);
    view_hidden(&view, "secret", secret);
    view_hidden(&view, "username", login->username);
    view_show(c, login->web, problem.bytes > 0 ? 400 : 200, &view);
}

static status associated(struct call *c, status result, void *arg)
{
    struct login *login = arg;
    struct grant_request request;

    operation_end(c);
    if (!web_again(c, login->web, &request)) {
        return OK;
    }
    if (result != OK) {
        show_login(c, login->web, arena_dup(c->arena, str_c(c->why.text)));
        return OK;
    }
    login->session = arena_dup(c->keep, get_str(c->out, "Session"));
    show_totp(c, login, get_str(c->out, "SecretCode"), STR_NONE);
    return OK;
}

static status associate(struct call *c, void *arg)
{
    struct login *login = arg;
    struct value *in = operation_begin(c, "AssociateSoftwareToken");

    set_str(in, "Session", login->session);
    return operation_run(c, cognito_associate_token, associated, login);
}

/* MFA is a must and the user has none: an app is set up, in a step of its own. */
static status set_up_totp(struct call *c, struct login *login)
{
    later_now(c, (struct later){associate, login});
    return OK;
}

static status proved(struct call *c, void *arg)
{
    struct login *login = arg;
    struct grant_request request;

    return web_again(c, login->web, &request) ? answer_challenge(c, login, &request.client) : OK;
}

static status totp_verified(struct call *c, status result, void *arg)
{
    struct login *login = arg;
    struct grant_request request;

    operation_end(c);
    if (!web_again(c, login->web, &request)) {
        return OK;
    }
    if (result != OK) {
        show_totp(c, login, param(&login->web->form, "secret"),
                  arena_dup(c->arena, str_c(c->why.text)));
        return OK;
    }
    login->session = arena_dup(c->keep, get_str(c->out, "Session"));
    later_now(c, (struct later){proved, login});
    return OK;
}

/* /changePassword, /mfa */
status web_challenge(struct call *c, const struct web *web)
{
    struct grant_request request;
    struct login *login;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    if (!web->post) {
        web_redirect(c, web_link(c, web, "/login", grant_query(c, web)));
        return OK;
    }
    if (!form_good(c, web)) {
        return OK;
    }
    login = login_new(c, web, &request);
    login->challenge = arena_dup(c->keep, param(&web->form, "challenge"));
    login->session = arena_dup(c->keep, param(&web->form, "session"));
    if (str_eq(login->challenge, STR("MFA_SETUP"))) {
        struct value *in = operation_begin(c, "VerifySoftwareToken");

        set_str(in, "Session", login->session);
        set_str(in, "UserCode", param(&web->form, "code"));
        return operation_run(c, cognito_verify_token, totp_verified, login);
    }
    return answer_challenge(c, login, &request.client);
}
