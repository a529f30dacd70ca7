/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions on the bus: an event sent to a function is an asynchronous invocation, queued in the
 * sender's txn. Functions can be held.
 */
#include "svc/lambda/sink.h"

#include "bus/hold.h"
#include "bus/sink.h"
#include "cell/authorize.h"
#include "svc/lambda/async.h"
#include "svc/lambda/live.h"
#include "svc/lambda/mapping.h"
#include "svc/lambda/payload.h"

/* An ARN with or without a qualifier. */
bool target_of_arn(struct str text, struct target *ret_target)
{
    struct arn arn;
    struct str rest;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("function:"))) {
        return false;
    }
    rest = str_slice(arn.resource, 9, arn.resource.bytes);
    *ret_target = (struct target){.account = arn.account, .region = arn.region};
    ret_target->name = str_split(&rest, ':');
    ret_target->qualifier = rest.at == NULL ? STR_NONE : rest;
    return ret_target->name.bytes > 0;
}

static status check(struct call *c, const struct bus_event *event)
{
    struct service_wish wish = {
        .service = event->principal,
        .action = "lambda:InvokeFunction",
        .resource = event->target,
        .source = event->source,
        .source_account = event->account,
    };
    struct target target;
    struct version version;
    struct why why;

    if (!target_of_arn(event->target, &target) || version_find(c, &target, &version) != OK) {
        c->detail = NULL; /* of an error that is not answered */
        return fail(c, &BUS_NO_TARGET, "There is no function %.*s", STR_ARG(event->target));
    }
    if (!event->allowed && !str_eq(event->principal, STR("lambda.amazonaws.com")) &&
        !service_may(c, &wish)) {
        return fail(c, &BUS_REFUSED, "The policy of %.*s does not let %.*s invoke it",
                    STR_ARG(event->target), STR_ARG(event->principal));
    }
    if (event->body.bytes > PAYLOAD_ASYNC_BYTES_MAX) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than a function takes");
    }
    if (event->body.at != NULL && !payload_is_json(event->body, &why)) {
        return fail(c, &BUS_REFUSED, "The event is no JSON: %s", why.text);
    }
    return OK;
}

static status take(struct call *c, const struct bus_event *event)
{
    struct async_event queued = {.payload = event->body, .source = event->source};
    struct target target;

    (void)target_of_arn(event->target, &target);
    if (async_add(c, &target, &queued) != OK) {
        return fail(c, &BUS_BUSY, "There are %d asynchronous invocations waiting already",
                    ASYNC_EVENTS_MAX);
    }
    return OK;
}

static const struct sink sink = {.service = "lambda", .check = check, .take = take};

/* ---- holds ---- */

/* A name or an ARN. */
static status find(struct call *c, struct str name, struct str *ret_arn)
{
    struct target target = {.account = c->account, .region = c->region};
    struct function function;

    if (!target_parse(name, &target)) {
        return &ERR_NOT_FOUND;
    }
    target.qualifier = STR_NONE;
    if (!function_get(c, &target, &function)) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = target_arn(c->arena, &target);
    return OK;
}

static void changed(struct call *c, struct str arn, struct str key, bool held)
{
    struct live *live = lambda_of(c)->live;
    struct live_function *function;
    struct target target;

    if (held || key.bytes > 0 || !target_of_arn(arn, &target)) {
        return;
    }
    mappings_function_changed(c, &target);
    async_released_put(c, &target, c->now);
    function = live_function_find(live, &target);
    if (function != NULL) {
        async_wake(live, function);
    }
}

static const struct hold_owner owner = {HOLD_FUNCTION, "lambda", find, changed};

void sink_open(struct cell *cell)
{
    bus_sink_add(cell, &sink);
    hold_owner_add(cell, &owner);
}
