/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of an account: signing up, confirming it, a forgotten password. Each runs the operation of
 * that name as the page's client.
 */
#include "base/buf.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/login.h"
#include "svc/cognito/operation.h"

#define QUERY_BYTES_MAX (32u * 1024)

/* A page that runs an operation; in c->keep. */
struct account {
    struct web *web;           /* the request; in c->keep */
    struct str username;       /* as it was typed, or as the link said */
    bool resent;               /* a code was asked for again */
    const struct account_form *form; /* that was sent, one with a code; NULL: another */
};

/* A page that asks for a code, and runs an operation with it. */
struct account_form {
    const char *operation;     /* "ConfirmSignUp" */
    status (*run)(struct call *c); /* its handler */
    void (*show)(struct call *c, const struct account *account, struct str problem);
    const char *note;          /* what the sign-in page says when it went well */
    bool password;             /* it takes a new password, too */
};

static struct account *account_new(struct call *c, const struct web *web)
{
    struct account *account = ARENA_NEW(c->keep, struct account);
    struct str name = param(&web->form, "username");

    account->web = (struct web *)(uintptr_t)web;
    account->username = arena_dup(c->keep, name.bytes > 0 ? name : param(&web->query, "username"));
    return account;
}

/* The request's query, and one thing more. */
static struct str query_with(struct call *c, const struct web *web, const char *name,
                             struct str value)
{
    struct str query = grant_query(c, web);
    struct str made;
    struct buf more;

    buf_init(&more, QUERY_BYTES_MAX);
    query_add(&more, name, value);
    made = arena_printf(c->arena, "%.*s&%.*s", STR_ARG(query), STR_ARG(buf_str(&more)));
    buf_done(&more);
    return made;
}

static void go(struct call *c, const struct web *web, const char *path, struct str query)
{
    web_redirect(c, web_link(c, web, path, query));
}

/* Who asks, as an operation is told. */
static void put_client(struct call *c, struct value *in, const struct client *client,
                       struct str username)
{
    struct str hash = secret_hash(c, client, username);

    set_str(in, "ClientId", arena_dup(c->keep, client->id));
    set_str(in, "Username", username);
    if (hash.bytes > 0) {
        set_str(in, "SecretHash", hash);
    }
}

static struct str problem_of(struct call *c, status result)
{
    return result == OK ? STR_NONE : arena_dup(c->arena, str_c(c->why.text));
}

/* ---- signing up ---- */

static bool is_username(const struct web *web, struct str attribute)
{
    const struct value *by = get(web->pool.about, "UsernameAttributes");

    for (uint32_t i = 0; by != NULL && i < by->count; i++) {
        if (str_eq(by->items[i].str, attribute)) {
            return true;
        }
    }
    return false;
}

static bool is_verified(const struct web *web, struct str attribute)
{
    const struct value *list = get(web->pool.about, "AutoVerifiedAttributes");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, attribute)) {
            return true;
        }
    }
    return false;
}

/* Attributes that are asked for: required ones, and those that a code will go to. */
static bool is_asked(const struct web *web, const struct value *attribute)
{
    struct str name = get_str(attribute, "Name");

    return !str_eq(name, STR("sub")) && !is_username(web, name) &&
           (get_bool(attribute, "Required", false) || is_verified(web, name));
}

static void attribute_fields(struct call *c, const struct web *web, struct view *view)
{
    const struct value *schema = get(web->pool.about, "SchemaAttributes");

    for (uint32_t i = 0; schema != NULL && i < schema->count; i++) {
        struct str name = get_str(&schema->items[i], "Name");
        struct view_field field = {.type = str_eq(name, STR("email")) ? "email" : "text"};

        if (is_asked(web, &schema->items[i])) {
            field.name = arena_printf(c->arena, "attribute.%.*s", STR_ARG(name)).at;
            field.label = name;
            field.value = param(&web->form, field.name);
            view_field(view, field);
        }
    }
}

static void show_signup(struct call *c, const struct web *web, struct str problem)
{
    struct view like = {.title = NULL};
    struct view view = {.title = "Sign up", .problem = problem, .action = "/signup",
                        .submit = "Sign up", .query = grant_query(c, web)};

    login_view(c, web, &like);
    view_field(&view, like.fields[0]);
    attribute_fields(c, web, &view);
    view_field(&view, (struct view_field){"password", STR("Password"), "password", "new-password",
                                          STR_NONE});
    view_link(&view, "/login", "Already have an account? Sign in");
    view_show(c, web, problem.bytes > 0 ? 400 : 200, &view);
}

static status signed_up(struct call *c, status result, void *arg)
{
    struct account *account = arg;
    struct grant_request request;

    operation_end(c);
    if (!web_again(c, account->web, &request)) {
        return OK;
    }
    if (result != OK) {
        show_signup(c, account->web, problem_of(c, result));
    } else if (get_bool(c->out, "UserConfirmed", false)) {
        go(c, account->web, "/login", query_with(c, account->web, "note", STR("confirmed")));
    } else {
        go(c, account->web, "/confirm",
           query_with(c, account->web, "username", account->username));
    }
    return OK;
}

static void put_attributes(struct call *c, struct value *in, const struct web *web)
{
    struct value *list = set_list(c->keep, in, "UserAttributes", PARAMS_MAX);

    for (size_t i = 0; i < web->form.count; i++) {
        struct str name = web->form.at[i].name;

        if (str_starts(name, STR("attribute.")) && web->form.at[i].value.bytes > 0) {
            struct value *one = list_add(c->keep, list);

            set_str(one, "Name", str_slice(name, 10, name.bytes));
            set_str(one, "Value", web->form.at[i].value);
        }
    }
}

/* /signup */
status web_signup(struct call *c, const struct web *web)
{
    struct grant_request request;
    struct account *account;
    struct value *in;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    if (!web->post) {
        show_signup(c, web, STR_NONE);
        return OK;
    }
    if (!form_good(c, web)) {
        return OK;
    }
    account = account_new(c, web);
    in = operation_begin(c, "SignUp");
    put_client(c, in, &request.client, account->username);
    set_str(in, "Password", param(&web->form, "password"));
    put_attributes(c, in, web);
    return operation_run(c, cognito_sign_up, signed_up, account);
}

/* ---- confirming ---- */

static status form_told(struct call *c, status result, void *arg)
{
    struct account *account = arg;
    struct grant_request request;

    operation_end(c);
    if (!web_again(c, account->web, &request)) {
        return OK;
    }
    if (result != OK) {
        account->form->show(c, account, problem_of(c, result));
    } else {
        go(c, account->web, "/login",
           query_with(c, account->web, "note", str_c(account->form->note)));
    }
    return OK;
}

/* Shows the page, or does what was sent. */
static status form_asked(struct call *c, const struct web *web, const struct account_form *form)
{
    struct grant_request request;
    struct account *account;
    struct value *in;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    account = account_new(c, web);
    account->form = form;
    if (!web->post) {
        form->show(c, account, STR_NONE);
        return OK;
    }
    if (!form_good(c, web)) {
        return OK;
    }
    in = operation_begin(c, form->operation);
    put_client(c, in, &request.client, account->username);
    set_str(in, "ConfirmationCode", str_trim(param(&web->form, "code")));
    if (form->password) {
        set_str(in, "Password", param(&web->form, "password"));
    }
    return operation_run(c, form->run, form_told, account);
}

static void show_confirm(struct call *c, const struct account *account, struct str problem)
{
    struct view view = {.title = "Confirm your account", .problem = problem, .action = "/confirm",
                        .submit = "Confirm", .query = grant_query(c, account->web)};

    view.text = account->resent ? STR("Another code was sent to you.")
                                : STR("A code was sent to you. Type it to confirm your account.");
    view_hidden(&view, "username", account->username);
    view_field(&view, (struct view_field){"code", STR("Code"), "text", "one-time-code",
                                          STR_NONE});
    view.query = query_with(c, account->web, "username", account->username);
    view_link(&view, "/confirmUser", "Send another code");
    view_show(c, account->web, problem.bytes > 0 ? 400 : 200, &view);
}

static const struct account_form confirm_form = {"ConfirmSignUp", cognito_confirm_sign_up,
                                                 show_confirm, "confirmed", false};

/* /confirm */
status web_confirm(struct call *c, const struct web *web)
{
    return form_asked(c, web, &confirm_form);
}

static void show_resend(struct call *c, const struct account *account, struct str problem)
{
    struct view view = {.title = "Send another code", .problem = problem,
                        .action = "/confirmUser", .submit = "Send another code",
                        .query = query_with(c, account->web, "username", account->username)};

    view_hidden(&view, "username", account->username);
    view_link(&view, "/confirm", "I have a code");
    view_show(c, account->web, problem.bytes > 0 ? 400 : 200, &view);
}

static status resent(struct call *c, status result, void *arg)
{
    struct account *account = arg;
    struct grant_request request;

    operation_end(c);
    if (!web_again(c, account->web, &request)) {
        return OK;
    }
    if (result != OK) {
        show_resend(c, account, problem_of(c, result));
        return OK;
    }
    account->resent = true;
    show_confirm(c, account, STR_NONE);
    return OK;
}

/* /confirmUser: another code */
status web_resend(struct call *c, const struct web *web)
{
    struct grant_request request;
    struct account *account;
    struct value *in;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    account = account_new(c, web);
    if (!web->post) {
        show_resend(c, account, STR_NONE);
        return OK;
    }
    if (!form_good(c, web)) {
        return OK;
    }
    in = operation_begin(c, "ResendConfirmationCode");
    put_client(c, in, &request.client, account->username);
    return operation_run(c, cognito_resend_code, resent, account);
}

/* ---- forgotten passwords ---- */

static void show_forgot(struct call *c, const struct web *web, struct str problem)
{
    struct view like = {.title = NULL};
    struct view view = {.title = "Forgot your password?", .problem = problem,
                        .action = "/forgotPassword", .submit = "Send a code",
                        .query = grant_query(c, web)};

    view.text = STR("A code will be sent to you. With it you can choose a new password.");
    login_view(c, web, &like);
    view_field(&view, like.fields[0]);
    view_link(&view, "/login", "Sign in");
    view_show(c, web, problem.bytes > 0 ? 400 : 200, &view);
}

static void show_reset(struct call *c, const struct account *account, struct str problem)
{
    struct view view = {.title = "Choose a new password", .problem = problem,
                        .action = "/confirmForgotPassword", .submit = "Change password",
                        .query = grant_query(c, account->web)};

    view.text = STR("A code was sent to you.");
    view_hidden(&view, "username", account->username);
    view_field(&view, (struct view_field){"code", STR("Code"), "text", "one-time-code",
                                          STR_NONE});
    view_field(&view, (struct view_field){"password", STR("New password"), "password",
                                          "new-password", STR_NONE});
    view_link(&view, "/login", "Sign in");
    view_show(c, account->web, problem.bytes > 0 ? 400 : 200, &view);
}

static status forgot(struct call *c, status result, void *arg)
{
    struct account *account = arg;
    struct grant_request request;

    operation_end(c);
    if (!web_again(c, account->web, &request)) {
        return OK;
    }
    if (result != OK) {
        show_forgot(c, account->web, problem_of(c, result));
    } else {
        show_reset(c, account, STR_NONE);
    }
    return OK;
}

/* /forgotPassword */
status web_forgot(struct call *c, const struct web *web)
{
    struct grant_request request;
    struct account *account;
    struct value *in;

    if (!grant_read(c, web, &request)) {
        return OK;
    }
    if (!web->post) {
        show_forgot(c, web, STR_NONE);
        return OK;
    }
    if (!form_good(c, web)) {
        return OK;
    }
    account = account_new(c, web);
    in = operation_begin(c, "ForgotPassword");
    put_client(c, in, &request.client, account->username);
    return operation_run(c, cognito_forgot_password, forgot, account);
}

static const struct account_form reset_form = {
    "ConfirmForgotPassword", cognito_confirm_forgot_password, show_reset, "reset", true};

/* /confirmForgotPassword */
status web_reset(struct call *c, const struct web *web)
{
    return form_asked(c, web, &reset_form);
}
