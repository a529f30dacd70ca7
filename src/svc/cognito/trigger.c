/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda triggers. Source: "Customizing user pool workflows with Lambda triggers", Amazon Cognito
 * developer guide.
 */
#include "svc/cognito/trigger.h"

#include "bus/invoke.h"
#include "svc/cognito/text.h"
#include "wire/json.h"

#include <assert.h>

#define PATIENCE_MS 5000
#define EVENT_BYTES_MAX (1u << 20)

/* A trigger that was asked; in the call's keep. */
struct asking {
    struct trigger *trigger;  /* which */
    struct invoked invoked;   /* how it went */
    struct later then;        /* what goes on */
};

bool trigger_set(const struct pool *pool, const char *name)
{
    return pool_trigger(pool, name).bytes > 0;
}

static void write_attributes(struct buf *event, const struct trigger *trigger)
{
    const struct user *user = trigger->user;
    const struct user_attribute *list = user == NULL ? trigger->attributes : user->attributes;
    size_t count = user == NULL ? trigger->attribute_count : user->attribute_count;

    buf_add(event, STR("\"userAttributes\":{"));
    if (user != NULL) {
        json_pair(event, "sub", user->sub);
        json_pair(event, "cognito:user_status", user_status_text(user));
    }
    for (size_t i = 0; i < count; i++) {
        buf_add(event, event->at[event->bytes - 1] == '{' ? STR("") : STR(","));
        json_write_str(event, list[i].name);
        buf_add_c(event, ':');
        json_write_str(event, list[i].value);
    }
    buf_add_c(event, '}');
}

static void write_event(struct buf *event, const struct trigger *trigger)
{
    struct str client = trigger->client_id.bytes > 0 ? trigger->client_id
                                                     : STR("CLIENT_ID_NOT_APPLICABLE");
    struct str username = trigger->username.bytes > 0 || trigger->user == NULL
                              ? trigger->username
                              : trigger->user->username;

    buf_add_c(event, '{');
    json_pair(event, "version", str_c(trigger->version == NULL ? "1" : trigger->version));
    json_pair(event, "region", trigger->pool->region);
    json_pair(event, "userPoolId", trigger->pool->id);
    json_pair(event, "userName", username);
    buf_add(event, STR(",\"callerContext\":{"));
    json_pair(event, "awsSdkVersion", STR("aws-sdk-unknown-unknown"));
    json_pair(event, "clientId", client);
    buf_add_c(event, '}');
    json_pair(event, "triggerSource", str_c(trigger->source));
    buf_add(event, STR(",\"request\":{"));
    if (trigger->user != NULL || trigger->attributes != NULL) {
        write_attributes(event, trigger);
    }
    if (trigger->request.bytes > 0) {
        if (event->bytes > 0 && event->at[event->bytes - 1] != '{') {
            buf_add_c(event, ',');
        }
        buf_add(event, trigger->request);
    }
    buf_add(event, STR("},\"response\":{"));
    buf_add(event, trigger->response);
    buf_add(event, STR("}}"));
}

/* errorMessage of the document that a handler's error is. */
static struct str error_words(struct call *c, struct str answer)
{
    struct value document;
    const struct value *words;

    if (json_read(arena_dup(c->arena, answer), 0, c->arena, &c->why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return answer;
    }
    words = map_find(&document, STR("errorMessage"));
    return words != NULL && words->kind == VALUE_STR ? words->str : STR("null");
}

static status read_answer(struct call *c, struct trigger *trigger, struct str answer)
{
    struct value *document = ARENA_NEW(c->keep, struct value);
    const struct value *response;

    if (json_read(arena_dup(c->keep, answer), 0, c->keep, &c->why, document) != OK ||
        document->kind != VALUE_MAP) {
        return fail(c, &COGNITO_LAMBDA_ANSWER, "Unrecognizable lambda output");
    }
    response = map_find(document, STR("response"));
    if (response == NULL || response->kind != VALUE_MAP) {
        return fail(c, &COGNITO_LAMBDA_ANSWER, "Unrecognizable lambda output");
    }
    trigger->answer = (struct value *)(uintptr_t)response;
    return OK;
}

static status answered(struct call *c)
{
    struct asking *asking = c->kept;
    struct trigger *trigger = asking->trigger;
    struct str words;

    switch (asking->invoked.outcome) {
    case INVOKE_ANSWERED:
        TRY(read_answer(c, trigger, asking->invoked.answer));
        return asking->then.run(c, asking->then.arg);
    case INVOKE_FAILED:
        words = error_words(c, asking->invoked.answer);
        return fail(c, &COGNITO_LAMBDA_VALIDATION, "%s failed with error %.*s.", trigger->name,
                    STR_ARG(words));
    case INVOKE_UNDER_WAY:
        return fail(c, &COGNITO_LAMBDA_UNEXPECTED,
                    "%s invocation failed due to error Socket timeout while invoking Lambda "
                    "function.",
                    trigger->name);
    case INVOKE_NOT_RUN:
        break;
    }
    return fail(c, &COGNITO_LAMBDA_UNEXPECTED, "%s invocation failed due to error %.*s",
                trigger->name, STR_ARG(asking->invoked.answer));
}

status trigger_ask(struct call *c, struct trigger *trigger, struct later then)
{
    struct asking *asking = ARENA_NEW(c->keep, struct asking);
    const struct pool *pool = trigger->pool;
    struct buf event;
    struct invoke_wish wish = {.function = pool_trigger(pool, trigger->name),
                               .principal = STR("cognito-idp.amazonaws.com"),
                               .source = pool_arn(c->arena, pool),
                               .account = pool->account};
    status asked;

    assert(wish.function.bytes > 0);
    *asking = (struct asking){.trigger = trigger, .then = then};
    buf_init(&event, EVENT_BYTES_MAX);
    write_event(&event, trigger);
    wish.payload = buf_str(&event);
    c->kept = asking;
    asked = buf_spent(&event)
                ? fail(c, &BUS_TOO_LARGE, "the event is too large")
                : bus_invoke(c, &wish, c->now + PATIENCE_MS, &asking->invoked, answered);
    buf_done(&event);
    if (asked == OK) {
        return OK;
    }
    return later_fail(c, &COGNITO_LAMBDA_UNEXPECTED, "%s invocation failed due to error %s.",
                      trigger->name,
                      asked == &BUS_REFUSED ? "AccessDeniedException"
                      : asked == &BUS_NO_TARGET ? "ResourceNotFoundException"
                                                : c->why.text);
}

bool answer_bool(const struct trigger *trigger, const char *member)
{
    const struct value *value = map_find(trigger->answer, str_c(member));

    return value != NULL && value->kind == VALUE_BOOL && value->truth;
}

struct str answer_str(const struct trigger *trigger, const char *member)
{
    const struct value *value = map_find(trigger->answer, str_c(member));

    return value != NULL && value->kind == VALUE_STR ? value->str : STR_NONE;
}

void json_map(struct buf *json, const char *name, const struct value *map)
{
    if (json->bytes > 0) {
        buf_add_c(json, ',');
    }
    json_write_str(json, str_c(name));
    buf_add_c(json, ':');
    if (map == NULL || map->kind != VALUE_MAP) {
        buf_add(json, STR("{}"));
        return;
    }
    json_write(json, map, TIME_EPOCH);
}

struct str json_kept(struct call *c, struct buf *json)
{
    struct str text = buf_spent(json) ? STR_NONE : arena_dup(c->keep, buf_str(json));

    buf_done(json);
    return text;
}
