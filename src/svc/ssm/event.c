/* SPDX-License-Identifier: Apache-2.0
 *
 * What the account's default bus is told of parameters. Source: "Monitoring Systems Manager events
 * with Amazon EventBridge", Systems Manager user guide.
 */
#include "bus/sink.h"
#include "svc/ssm/ssm_int.h"
#include "wire/json.h"

#define EVENT_BYTES_MAX (64u * 1024)

static void member(struct buf *text, const char *before, const char *name, struct str value)
{
    buf_printf(text, "%s\"%s\":", before, name);
    json_write_str(text, value);
}

/* detail: a JSON object. */
static void tell(struct call *c, const struct parameter *parameter, const char *type,
                 struct str detail)
{
    struct str arn = get_str(parameter->about, "ARN");
    struct bus_event event = {
        .target = call_arn(c, "events", "event-bus/default"),
        .source = arn,
        .principal = STR("ssm.amazonaws.com"),
        .account = c->account,
        .about = parameter->name,
    };
    struct buf text;
    char id[36];

    if (bus_check(c, &event) != OK) { /* no buses: nobody listens */
        c->why.text[0] = '\0';
        return;
    }
    rand_uuid(c->rand, id);
    buf_init(&text, EVENT_BYTES_MAX);
    buf_printf(&text, "{\"version\":\"0\",\"id\":\"%.*s\",\"detail-type\":\"%s\"",
               (int)sizeof(id), id, type);
    member(&text, ",", "source", STR("aws.ssm"));
    member(&text, ",", "account", c->account);
    member(&text, ",", "time", time_iso(c->arena, c->now - c->now % MS_PER_SECOND));
    member(&text, ",", "region", c->region);
    buf_add(&text, STR(",\"resources\":["));
    json_write_str(&text, arn);
    buf_printf(&text, "],\"detail\":%.*s}", STR_ARG(detail));
    event.body = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    (void)bus_send(c, &event); /* a refusal is a hop */
    c->why.text[0] = '\0';
}

void event_change(struct call *c, const struct parameter *parameter, const char *operation)
{
    struct str description = get_str(parameter->about, "Description");
    struct buf text;

    buf_init(&text, EVENT_BYTES_MAX);
    member(&text, "{", "operation", str_c(operation));
    member(&text, ",", "name", parameter->name);
    member(&text, ",", "type", get_str(parameter->about, "Type"));
    if (description.bytes > 0) {
        member(&text, ",", "description", description);
    }
    buf_add_c(&text, '}');
    tell(c, parameter, "Parameter Store Change", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
}

void event_policy(struct call *c, const struct parameter *parameter, const struct value *policy)
{
    struct buf text;

    buf_init(&text, EVENT_BYTES_MAX);
    member(&text, "{", "parameter-name", parameter->name);
    member(&text, ",", "parameter-type", get_str(parameter->about, "Type"));
    member(&text, ",", "policy-type", get_str(policy, "PolicyType"));
    member(&text, ",", "policy-content", get_str(policy, "PolicyText"));
    member(&text, ",", "action-status", STR("Success"));
    buf_add_c(&text, '}');
    tell(c, parameter, "Parameter Store Policy Action", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
}
