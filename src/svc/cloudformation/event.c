/* SPDX-License-Identifier: Apache-2.0
 *
 * Events: a row each, and what topics and the account's default bus are told of it. Sources:
 * "Sample stack notification" (a line of Name='value' each), "Managing events with CloudFormation
 * and EventBridge", CloudFormation user guide.
 */
#include "base/buf.h"
#include "base/time.h"
#include "bus/sink.h"
#include "svc/cloudformation/rows.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (2u << 20)
#define STACK_TYPE "AWS::CloudFormation::Stack"

static struct str event_id(struct call *c, const struct stack_resource *own)
{
    char id[36];

    if (own != NULL) {
        struct buf when;
        struct str made;

        buf_init(&when, 64);
        buf_add_iso(&when, c->now % MS_PER_SECOND == 0 ? c->now + 1 : c->now); /* with .mmm */
        made = arena_printf(c->arena, "%.*s-%.*s-%.*s", STR_ARG(own->logical_id),
                            STR_ARG(own->status), STR_ARG(buf_str(&when)));
        buf_done(&when);
        return made;
    }
    rand_uuid(c->rand, id);
    return arena_dup(c->arena, str_of(id, sizeof(id)));
}

static void put_if(struct value *event, const char *member, struct str text)
{
    if (text.bytes > 0) {
        set_str(event, member, text);
    }
}

static struct value *event_make(struct call *c, const struct stack *stack,
                                const struct stack_resource *own)
{
    struct value *event = value_struct(c->arena, event_shape());

    set_str(event, "StackId", stack_id(stack));
    set_str(event, "EventId", event_id(c, own));
    set_str(event, "StackName", stack_name(stack));
    set_time(event, "Timestamp", c->now);
    put_if(event, "OperationId", map_str(stack->plan, "id"));
    put_if(event, "ClientRequestToken", map_str(stack->plan, "token"));
    if (own == NULL) {
        set_str(event, "LogicalResourceId", stack_name(stack));
        set_str(event, "PhysicalResourceId", stack_id(stack));
        set_str(event, "ResourceType", STR(STACK_TYPE));
        set_str(event, "ResourceStatus", stack_status(stack));
        put_if(event, "ResourceStatusReason", get_str(stack->about, "StackStatusReason"));
        return event;
    }
    set_str(event, "LogicalResourceId", own->logical_id);
    set_str(event, "PhysicalResourceId", own->id);
    set_str(event, "ResourceType", own->type);
    set_str(event, "ResourceStatus", own->status);
    put_if(event, "ResourceStatusReason", own->reason);
    set_str(event, "ResourceProperties", doc_json(c->arena, own->properties));
    return event;
}

/* ---- topics ---- */

static void line(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "%s='%.*s'\n", name, STR_ARG(value));
}

static struct str notification(struct call *c, const struct stack *stack,
                               const struct value *event)
{
    struct str token = get_str(event, "ClientRequestToken");
    struct str made;
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    line(&text, "StackId", stack_id(stack));
    line(&text, "Timestamp", time_iso(c->arena, c->now % MS_PER_SECOND == 0 ? c->now + 1 : c->now));
    line(&text, "EventId", get_str(event, "EventId"));
    line(&text, "LogicalResourceId", get_str(event, "LogicalResourceId"));
    line(&text, "Namespace", stack->account);
    line(&text, "PhysicalResourceId", get_str(event, "PhysicalResourceId"));
    line(&text, "PrincipalId", map_str(stack->plan, "principal_id"));
    line(&text, "ResourceProperties", has(event, "ResourceProperties")
             ? get_str(event, "ResourceProperties") : STR("null"));
    line(&text, "ResourceStatus", get_str(event, "ResourceStatus"));
    line(&text, "ResourceStatusReason", get_str(event, "ResourceStatusReason"));
    line(&text, "ResourceType", get_str(event, "ResourceType"));
    line(&text, "StackName", stack_name(stack));
    line(&text, "ClientRequestToken", token.bytes > 0 ? token : STR("null"));
    made = buf_spent(&text) ? STR("") : arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static void tell_topics(struct call *c, const struct stack *stack, const struct value *event)
{
    const struct value *topics = get(stack->about, "NotificationARNs");

    for (uint32_t i = 0; topics != NULL && i < topics->count; i++) {
        struct bus_event sent = {
            .target = topics->items[i].str,
            .source = stack_id(stack),
            .principal = STR(CFN_PRINCIPAL),
            .account = stack->account,
            .about = get_str(event, "EventId"),
            .subject = STR("AWS CloudFormation Notification"),
            .body = notification(c, stack, event),
        };

        (void)bus_send(c, &sent); /* a refusal is a hop */
        c->why.text[0] = '\0';
    }
}

/* ---- the default bus ---- */

static void member(struct buf *text, const char *before, const char *name, struct str value)
{
    buf_printf(text, "%s\"%s\":", before, name);
    json_write_str(text, value);
}

static struct str detail(struct call *c, const struct value *event, bool of_stack)
{
    struct str made;
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    member(&text, "{", "stack-id", get_str(event, "StackId"));
    if (!of_stack) {
        member(&text, ",", "logical-resource-id", get_str(event, "LogicalResourceId"));
        member(&text, ",", "physical-resource-id", get_str(event, "PhysicalResourceId"));
    }
    buf_add(&text, STR(",\"status-details\":"));
    member(&text, "{", "status", get_str(event, "ResourceStatus"));
    member(&text, ",", "status-reason", get_str(event, "ResourceStatusReason"));
    buf_add_c(&text, '}');
    if (!of_stack) {
        member(&text, ",", "resource-type", get_str(event, "ResourceType"));
    }
    member(&text, ",", "client-request-token", get_str(event, "ClientRequestToken"));
    buf_add_c(&text, '}');
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static void tell_bus(struct call *c, const struct stack *stack, const struct value *event,
                     bool of_stack)
{
    struct bus_event sent = {
        .target = call_arn(c, "events", "event-bus/default"),
        .source = stack_id(stack),
        .principal = STR(CFN_PRINCIPAL),
        .account = stack->account,
        .about = stack_id(stack),
    };
    struct buf text;
    char id[36];

    if (bus_check(c, &sent) != OK) { /* no buses: nobody listens */
        c->why.text[0] = '\0';
        return;
    }
    rand_uuid(c->rand, id);
    buf_init(&text, TEXT_BYTES_MAX);
    buf_printf(&text, "{\"version\":\"0\",\"id\":\"%.*s\",\"detail-type\":\"CloudFormation %s\"",
               (int)sizeof(id), id, of_stack ? "Stack Status Change" : "Resource Status Change");
    member(&text, ",", "source", STR("aws.cloudformation"));
    member(&text, ",", "account", stack->account);
    member(&text, ",", "time", time_iso(c->arena, c->now - c->now % MS_PER_SECOND));
    member(&text, ",", "region", stack->region);
    buf_add(&text, STR(",\"resources\":["));
    json_write_str(&text, stack_id(stack));
    buf_printf(&text, "],\"detail\":%.*s}", STR_ARG(detail(c, event, of_stack)));
    sent.body = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    (void)bus_send(c, &sent);
    c->why.text[0] = '\0';
}

/* ---- both ---- */

void event_add(struct call *c, struct stack *stack, const struct stack_resource *own)
{
    struct value *event = event_make(c, stack, own);

    event_put(c, stack, event);
    tell_topics(c, stack, event);
    tell_bus(c, stack, event, own == NULL);
}

void stack_turn(struct call *c, struct stack *stack, const char *to, struct str reason)
{
    struct cloudformation *cfn = cell_state(c->cell, CFN_SERVICE);

    set_str(stack->about, "StackStatus", str_c(to));
    if (reason.bytes > 0) {
        set_str(stack->about, "StackStatusReason", arena_dup(c->arena, reason));
    } else {
        unset(stack->about, "StackStatusReason");
    }
    event_add(c, stack, NULL);
    if (!stack_busy(stack)) {
        waiters_wake(c->cell, &cfn->awaited);
    }
}
