/* SPDX-License-Identifier: Apache-2.0
 *
 * Confirmations: whoever is behind an endpoint or an address is asked whether it wants messages,
 * and told when it gets no more. A token says yes, for two days.
 *
 *   Subscribe ─► pending ─token─► confirmed ─Unsubscribe─► left (a row) ─token─► confirmed again
 *                   └─two days─► gone                        └─two days─► gone
 */
#include "base/time.h"
#include "bus/outbox.h"
#include "bus/timer.h"
#include "svc/sns/sns_int.h"

#define TOKEN_BYTES 64
#define TOKEN_MS (2 * MS_PER_DAY)

struct str new_uuid(struct call *c)
{
    char *id = arena_alloc(c->arena, ID_BYTES);

    rand_uuid(c->rand, id);
    return str_of(id, ID_BYTES);
}

static struct str new_token(struct call *c)
{
    static const char digits[] = "0123456789abcdef";
    char *token = arena_alloc(c->arena, TOKEN_BYTES);

    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        token[i] = digits[rand_u64(c->rand) & 15];
    }
    return str_of(token, TOKEN_BYTES);
}

static bool is_http(const struct subscription *subscription)
{
    return subscription->protocol == TO_HTTP || subscription->protocol == TO_HTTPS;
}

static void tell(struct call *c, const struct subscription *subscription, const char *type)
{
    struct str id = new_uuid(c);
    struct str text = confirmation_text(c, subscription, type, id);

    if (is_http(subscription)) {
        http_deliver(c, subscription, type, id, text);
        return;
    }
    struct outbox_message message = {
        .kind = protocol_text(subscription->protocol),
        .from = topic_arn(c->arena, subscription->topic),
        .to = subscription->endpoint,
        .subject = STR("AWS Notification - Subscription Confirmation"),
        .body = text,
    };

    outbox_add(c, &message);
}

/* ---- joining ---- */

static struct str pending_timer(struct arena *arena, const struct subscription *subscription)
{
    return arena_printf(arena, "pending/%.*s", STR_ARG(subscription->arn));
}

void confirmation_ask(struct call *c, struct subscription *subscription)
{
    if (subscription->token.bytes == 0) {
        text_set(&subscription->token, new_token(c));
    }
    tell(c, subscription, "SubscriptionConfirmation");
    bus_timer_set(c, "sns", pending_timer(c->arena, subscription), c->now + TOKEN_MS, STR_NONE);
}

/* ---- leaving ---- */

static struct str left_timer(struct arena *arena, struct str token)
{
    return arena_printf(arena, "left/%.*s", STR_ARG(token));
}

void confirmation_of_leaving(struct call *c, struct subscription *subscription)
{
    if (subscription->pending) {
        bus_timer_unset(c, "sns", pending_timer(c->arena, subscription));
        return;
    }
    if (!is_http(subscription)) {
        return;
    }
    text_set(&subscription->token, new_token(c));
    tell(c, subscription, "UnsubscribeConfirmation");
    thing_set(c, "left", subscription->token, subscription_pack(c->arena, subscription));
    bus_timer_set(c, "sns", left_timer(c->arena, subscription->token), c->now + TOKEN_MS,
                  STR_NONE);
}

static struct subscription *restore(struct call *c, struct str token)
{
    struct str packed = thing_get(c, "left", token);
    struct subscription *subscription;

    if (packed.at == NULL || !subscription_unpack(sns_of(c), packed, &subscription)) {
        return NULL;
    }
    if (map_get(sns_of(c)->subscriptions, subscription->arn) != NULL ||
        !subscription_add(sns_of(c), subscription)) {
        subscription_free(subscription);
        return NULL;
    }
    thing_erase(c, "left", token);
    bus_timer_unset(c, "sns", left_timer(c->arena, token));
    subscription_save(c, subscription);
    return subscription;
}

/* ---- tokens ---- */

struct subscription *confirmation_find(struct call *c, struct str token)
{
    struct str key;
    void *value;

    for (size_t i = 0; map_next(sns_of(c)->subscriptions, &i, &key, &value);) {
        struct subscription *subscription = value;

        if (subscription->token.bytes > 0 && str_eq(subscription->token, token)) {
            return subscription;
        }
    }
    return restore(c, token);
}

void confirmation_timer(struct call *c, struct str name)
{
    struct str rest = name;
    struct str kind = str_split(&rest, '/');
    struct subscription *subscription;

    if (str_eq(kind, STR("left"))) {
        thing_erase(c, "left", rest);
        return;
    }
    subscription = map_get(sns_of(c)->subscriptions, rest);
    if (subscription != NULL && subscription->pending) {
        call_on(c, arena_dup(c->arena, subscription->arn));
        subscription_erase(c, subscription);
        subscription_remove(sns_of(c), subscription);
    }
}
