/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages to users, by the pool's templates, AWS's own words, or what CustomMessage says.
 */
#include "svc/cognito/code.h"

#include "base/codec.h"
#include "bus/outbox.h"

#define MESSAGE_BYTES_MAX 20480
#define MARK "{####}"

/* What a message says before it is filled in. */
struct template {
    struct str subject;  /* of an e-mail */
    struct str text;     /* with marks */
};

struct delivery delivery_to(const struct user *user, bool email, bool verified)
{
    const char *attribute = email ? "email" : "phone_number";
    struct delivery delivery = {email, user_attribute(user, str_c(attribute)), attribute};

    if (verified && !user_is_true(user, email ? "email_verified" : "phone_number_verified")) {
        delivery.address = STR_NONE;
    }
    return delivery;
}

void delivery_put(struct call *c, struct value *details, const struct delivery *delivery)
{
    set_str(details, "Destination", masked(c, delivery->address, delivery->email));
    set_str(details, "DeliveryMedium", delivery->email ? STR("EMAIL") : STR("SMS"));
    set_str(details, "AttributeName", str_c(delivery->attribute));
}

struct message *message_new(struct call *c, const struct user *user, const char *source,
                            const struct delivery *to, struct str code)
{
    struct message *message = ARENA_NEW(c->keep, struct message);

    message->source = source;
    message->code = arena_dup(c->keep, code);
    message->to = *to;
    message->to.address = arena_dup(c->keep, to->address);
    message->pool = arena_dup(c->keep, user->pool);
    message->sub = arena_dup(c->keep, user->sub);
    return message;
}

static struct str or_else(struct str text, struct str fallback)
{
    return text.bytes > 0 ? text : fallback;
}

static bool is_source(const struct message *message, const char *source)
{
    return str_eq(str_c(message->source), str_c(source));
}

static struct template invitation(const struct pool *pool, bool email)
{
    const struct value *config = get(pool->about, "AdminCreateUserConfig");
    const struct value *template =
        config == NULL ? NULL : get(config, "InviteMessageTemplate");
    struct template words = {STR("Your temporary password"),
                             STR("Your username is {username} and temporary password is {####}.")};

    if (template != NULL) {
        words.subject = or_else(get_str(template, "EmailSubject"), words.subject);
        words.text = or_else(get_str(template, email ? "EmailMessage" : "SMSMessage"), words.text);
    }
    return words;
}

/* A second factor, by the words that the pool has for it. */
static struct template second_factor(const struct pool *pool, bool email)
{
    const struct value *config =
        get(pool->mfa, email ? "EmailMfaConfiguration" : "SmsMfaConfiguration");
    struct template words = {STR("Your authentication code"),
                             STR("Your authentication code is {####}.")};

    if (!email) {
        words.text = or_else(get_str(pool->about, "SmsAuthenticationMessage"), words.text);
    }
    if (config != NULL && email) {
        words.subject = or_else(get_str(config, "Subject"), words.subject);
        words.text = or_else(get_str(config, "Message"), words.text);
    } else if (config != NULL) {
        words.text = or_else(get_str(config, "SmsAuthenticationMessage"), words.text);
    }
    return words;
}

static bool by_link(const struct pool *pool, const struct message *message)
{
    const struct value *template = get(pool->about, "VerificationMessageTemplate");

    return message->to.email &&
           (is_source(message, "CustomMessage_SignUp") ||
            is_source(message, "CustomMessage_ResendCode")) &&
           str_eq(get_str(template, "DefaultEmailOption"), STR("CONFIRM_WITH_LINK"));
}

static struct template verification(const struct pool *pool, const struct message *message)
{
    const struct value *template = get(pool->about, "VerificationMessageTemplate");
    bool forgot = is_source(message, "CustomMessage_ForgotPassword");
    struct template words = {
        forgot ? STR("Your password reset code") : STR("Your verification code"),
        forgot ? STR("Your password reset code is {####}")
               : STR("Your confirmation code is {####}")};

    if (by_link(pool, message)) {
        words.subject = or_else(get_str(template, "EmailSubjectByLink"),
                                STR("Your verification link"));
        words.text = or_else(get_str(template, "EmailMessageByLink"),
                             STR("Please click the link below to verify your email address. "
                                 "{##Verify Email##}"));
        return words;
    }
    words.subject = or_else(get_str(template, "EmailSubject"), words.subject);
    words.text = or_else(get_str(template, message->to.email ? "EmailMessage" : "SmsMessage"),
                         words.text);
    return words;
}

/* The page that confirms whoever follows it. */
static struct str link_of(struct call *c, const struct pool *pool, const struct message *message)
{
    struct str prefix = domain_of_pool(c, pool, false), custom = domain_of_pool(c, pool, true);
    struct user *user;
    struct buf url;
    struct str text;

    buf_init(&url, MESSAGE_BYTES_MAX);
    if (custom.bytes > 0) {
        buf_printf(&url, "https://%.*s", STR_ARG(custom));
    } else {
        buf_printf(&url, "https://%.*s.auth.%.*s.amazoncognito.com", STR_ARG(prefix),
                   STR_ARG(pool->region));
    }
    buf_printf(&url, "/confirmUser?client_id=%.*s&user_name=", STR_ARG(message->client_id));
    if (user_of_sub(c, pool, message->sub, &user)) {
        buf_add_percent(&url, user->username, false);
    }
    buf_printf(&url, "&confirmation_code=%.*s", STR_ARG(message->code));
    text = arena_dup(c->arena, buf_str(&url));
    buf_done(&url);
    return text;
}

/* Marks filled in. */
static struct str fill(struct call *c, const struct pool *pool, const struct message *message,
                       struct str text)
{
    struct buf filled;
    struct str done;

    buf_init(&filled, MESSAGE_BYTES_MAX * 2);
    while (text.bytes > 0) {
        size_t end = str_find_str(text, STR("##}"));

        if (str_starts(text, STR(MARK))) {
            buf_add(&filled, message->code);
            text = str_slice(text, sizeof(MARK) - 1, text.bytes);
        } else if (str_starts(text, STR("{username}"))) {
            buf_add(&filled, message->username);
            text = str_slice(text, STR("{username}").bytes, text.bytes);
        } else if (str_starts(text, STR("{##")) && end < text.bytes) {
            buf_printf(&filled, "<a href=\"%.*s\">%.*s</a>", STR_ARG(link_of(c, pool, message)),
                       STR_ARG(str_slice(text, 3, end)));
            text = str_slice(text, end + 3, text.bytes);
        } else {
            buf_add_c(&filled, text.at[0]);
            text = str_slice(text, 1, text.bytes);
        }
    }
    done = arena_dup(c->arena, buf_str(&filled));
    buf_done(&filled);
    return done;
}

static status post(struct call *c, void *arg)
{
    struct message *message = arg;
    struct template words;
    struct pool pool;

    TRY(pool_find(c, message->pool, &pool));
    words = is_source(message, "CustomMessage_AdminCreateUser")
                ? invitation(&pool, message->to.email)
            : is_source(message, "CustomMessage_Authentication")
                ? second_factor(&pool, message->to.email)
                : verification(&pool, message);
    if (message->trigger.answer != NULL) {
        words.subject = or_else(answer_str(&message->trigger, "emailSubject"), words.subject);
        words.text = or_else(answer_str(&message->trigger,
                                        message->to.email ? "emailMessage" : "smsMessage"),
                             words.text);
    }
    outbox_add(c, &(struct outbox_message){
                      .kind = message->to.email ? STR("email") : STR("sms"),
                      .from = pool_arn(c->arena, &pool),
                      .to = message->to.address,
                      .subject = message->to.email ? fill(c, &pool, message, words.subject)
                                                   : STR_NONE,
                      .body = fill(c, &pool, message, words.text)});
    return message->then.run(c, message->then.arg);
}

status message_send(struct call *c, struct message *message, struct later then)
{
    struct buf request;
    struct user *user;
    struct pool pool;

    message->then = then;
    TRY(pool_find(c, message->pool, &pool));
    if (!trigger_set(&pool, "CustomMessage") || !user_of_sub(c, &pool, message->sub, &user)) {
        return post(c, message);
    }
    buf_init(&request, MESSAGE_BYTES_MAX);
    json_pair(&request, "codeParameter", STR(MARK));
    json_pair(&request, "linkParameter", STR("{##Click Here##}"));
    if (message->username.bytes > 0) {
        json_pair(&request, "usernameParameter", STR("{username}"));
    } else {
        buf_add(&request, STR(",\"usernameParameter\":null"));
    }
    if (message->metadata != NULL) {
        json_map(&request, "clientMetadata", message->metadata);
    }
    message->trigger = (struct trigger){
        .name = "CustomMessage",
        .source = message->source,
        .client_id = message->client_id,
        .user = user,
        .request = json_kept(c, &request),
        .response = STR("\"smsMessage\":null,\"emailMessage\":null,\"emailSubject\":null"),
        .pool = &pool,
    };
    return trigger_ask(c, &message->trigger, (struct later){post, message});
}
