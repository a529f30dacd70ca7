/* SPDX-License-Identifier: Apache-2.0
 *
 * Platform applications and their endpoints. Applications are few and lie in memory too; endpoints
 * are as many as there are devices and are rows only. Nothing is ever pushed: what an endpoint
 * would get stands in the outbox.
 *
 *   arn:aws:sns:REGION:ACCOUNT:app/PLATFORM/NAME
 *   arn:aws:sns:REGION:ACCOUNT:endpoint/PLATFORM/NAME/ID
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/outbox.h"
#include "bus/trace.h"
#include "svc/sns/sns_platform.h"
#include "wire/json.h"

#include <assert.h>

struct app *app_new(struct str account, struct str region, struct str platform, struct str name)
{
    struct app *app = MEM_NEW(struct app);
    struct arena *arena = arena_new(8192);
    struct arn arn = {arn_partition(region), STR("sns"), region, account,
                      arena_printf(arena, "app/%.*s/%.*s", STR_ARG(platform), STR_ARG(name))};

    text_set(&app->account, account);
    text_set(&app->region, region);
    text_set(&app->platform, platform);
    text_set(&app->name, name);
    text_set(&app->arn, arn_write(arena, &arn));
    arena_free(arena);
    return app;
}

void app_free(struct app *app)
{
    settings_done(&app->attributes);
    text_set(&app->account, STR_NONE);
    text_set(&app->region, STR_NONE);
    text_set(&app->platform, STR_NONE);
    text_set(&app->name, STR_NONE);
    text_set(&app->arn, STR_NONE);
    mem_free(app);
}

bool app_is_enabled(const struct app *app)
{
    return !str_eq_nocase(setting_get(&app->attributes, "Enabled"), STR("false"));
}

/* ---- endpoints ---- */

struct str endpoint_arn(struct arena *arena, const struct endpoint *endpoint)
{
    const struct app *app = endpoint->app;
    struct arn arn = {arn_partition(app->region), STR("sns"), app->region, app->account,
                      arena_printf(arena, "endpoint/%.*s/%.*s/%.*s", STR_ARG(app->platform),
                                   STR_ARG(app->name), STR_ARG(endpoint->id))};

    return arn_write(arena, &arn);
}

bool arn_is_endpoint(struct str text)
{
    struct arn arn;

    return arn_read(text, &arn) && str_eq(arn.service, STR("sns")) &&
           str_starts(arn.resource, STR("endpoint/"));
}

bool endpoint_find(struct call *c, struct str text, struct endpoint *ret_endpoint)
{
    struct arn arn;
    struct arn of_app;
    struct app *app;
    size_t slash;

    if (!arn_is_endpoint(text) || !arn_read(text, &arn)) {
        return false;
    }
    slash = arn.resource.bytes;
    while (arn.resource.at[slash - 1] != '/') {
        slash--;
    }
    of_app = arn;
    of_app.resource =
        arena_printf(c->arena, "app%.*s",
                     STR_ARG(str_slice(arn.resource, strlen("endpoint"), slash - 1)));
    app = map_get(sns_of(c)->apps, arn_write(c->arena, &of_app));
    return app != NULL &&
           endpoint_load(c, app, str_slice(arn.resource, slash, arn.resource.bytes), ret_endpoint);
}

/* ---- giving ---- */

/* What a message says to that platform: its own text, or the one for all. */
static struct str text_for_platform(const struct message *message, const struct app *app)
{
    const struct value *own =
        message->texts == NULL ? NULL : map_find(message->texts, app->platform);

    return own != NULL && own->kind == VALUE_STR ? own->str : message->text;
}

void endpoint_give(struct call *c, const struct endpoint *endpoint, struct str from,
                   const struct message *message)
{
    struct outbox_message push = {
        .kind = STR("push"),
        .from = from,
        .to = endpoint_arn(c->arena, endpoint),
        .subject = message->subject,
        .body = text_for_platform(message, endpoint->app),
    };

    outbox_add(c, &push);
}

/* Whoever asked to hear of it (an attribute of the application) is told by way of a topic. */
void endpoint_tell(struct call *c, const struct endpoint *endpoint, const char *what)
{
    struct str attribute = arena_printf(c->arena, "Event%s", what);
    struct str topic = setting_get(&endpoint->app->attributes, attribute.at);
    struct bus_event event = {
        .target = topic,
        .source = endpoint->app->arn,
        .principal = STR("sns.amazonaws.com"),
        .account = endpoint->app->account,
    };

    if (topic.bytes > 0) {
        event.body = arena_printf(
            c->arena,
            "{\"EndpointArn\":\"%.*s\",\"EventType\":\"%s\",\"Resource\":\"%.*s\","
            "\"Service\":\"SNS\",\"Time\":\"%.*s\"}",
            STR_ARG(endpoint_arn(c->arena, endpoint)), what, STR_ARG(endpoint->app->arn),
            STR_ARG(time_iso(c->arena, c->now)));
        (void)bus_send(c, &event); /* a topic that is gone: its trace says so */
    }
}
