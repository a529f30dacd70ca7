/* SPDX-License-Identifier: Apache-2.0
 *
 * PutPermission and RemovePermission: statements of an event bus's policy, by their ids; or the
 * whole document at once.
 */
#include "cell/authorize.h"
#include "svc/events/events_ops.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (256u * 1024) /* while it is written */

static bool has_id(const struct value *statement, struct str id)
{
    const struct value *sid =
        statement->kind == VALUE_MAP ? map_find(statement, STR("Sid")) : NULL;

    return sid != NULL && sid->kind == VALUE_STR && str_eq(sid->str, id);
}

/* A bus's policy, statement by statement, without one; how many it has, and whether that was there.
 */
static size_t keep_statements(struct call *c, const struct event_bus *bus, struct str id,
                              struct buf *text, bool *ret_found)
{
    const struct value *document = pattern_document(bus->policy, c->arena);
    const struct value *list =
        document->kind == VALUE_MAP ? map_find(document, STR("Statement")) : NULL;
    const struct value *one = list;
    uint32_t count = list == NULL ? 0 : 1;
    size_t kept = 0;

    *ret_found = false;
    if (list != NULL && list->kind == VALUE_LIST) {
        one = list->items;
        count = list->count;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (has_id(&one[i], id)) {
            *ret_found = true;
            continue;
        }
        buf_add(text, kept++ > 0 ? STR(",") : STR(""));
        json_write(text, &one[i], TIME_ISO);
    }
    return kept;
}

static void add_statement(struct call *c, const struct event_bus *bus, struct buf *text)
{
    const struct value *condition = arg(c, "Condition");
    struct str principal = arg_str(c, "Principal");

    buf_add(text, STR("{\"Sid\":"));
    json_write_str(text, arg_str(c, "StatementId"));
    buf_add(text, STR(",\"Effect\":\"Allow\",\"Principal\":"));
    if (str_eq(principal, STR("*"))) {
        buf_add(text, STR("\"*\""));
    } else {
        buf_printf(text, "{\"AWS\":\"arn:%.*s:iam::%.*s:root\"}",
                   STR_ARG(arn_partition(bus->region)), STR_ARG(principal));
    }
    buf_add(text, STR(",\"Action\":"));
    json_write_str(text, arg_str(c, "Action"));
    buf_add(text, STR(",\"Resource\":"));
    json_write_str(text, bus->arn);
    if (condition != NULL) {
        buf_add(text, STR(",\"Condition\":{"));
        json_write_str(text, get_str(condition, "Type"));
        buf_add(text, STR(":{"));
        json_write_str(text, get_str(condition, "Key"));
        buf_add_c(text, ':');
        json_write_str(text, get_str(condition, "Value"));
        buf_add(text, STR("}}"));
    }
    buf_add_c(text, '}');
}

/* A document that is to be a bus's policy. */
static status policy_check(struct call *c, struct str text)
{
    struct policy *policy;
    struct why why;

    if (text.bytes > POLICY_BYTES_MAX) {
        return fail(c, &EVENTS_POLICY_LENGTH,
                    "The resource policy exceeds the maximum size allowed of %d bytes.",
                    POLICY_BYTES_MAX);
    }
    if (policy_compile(text, POLICY_OF_RESOURCE, &why, &policy) != OK) {
        return fail(c, &EVENTS_VALIDATION, "Parameter Policy is not valid. Reason: %s", why.text);
    }
    policy_drop(policy);
    return OK;
}

static status statement_check(struct call *c)
{
    static const char *const needed[] = {"Action", "Principal", "StatementId"};
    const struct value *condition = arg(c, "Condition");

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!arg_has(c, needed[i])) {
            return fail(c, &EVENTS_VALIDATION, "Parameter(s) %s must be specified.", needed[i]);
        }
    }
    if (!str_eq(arg_str(c, "Action"), STR("events:PutEvents"))) {
        return fail(c, &EVENTS_VALIDATION,
                    "Provided value in parameter 'action' is not supported.");
    }
    if (condition != NULL &&
        (!str_eq(get_str(condition, "Type"), STR("StringEquals")) ||
         !str_eq(get_str(condition, "Key"), STR("aws:PrincipalOrgID")))) {
        return fail(c, &EVENTS_VALIDATION, "Parameter Condition is not valid.");
    }
    return OK;
}

static void policy_set(struct call *c, struct event_bus *bus, struct str text)
{
    text_set(&bus->policy, text);
    bus->modified_ms = c->now;
    bus_save(c, bus);
    call_on(c, bus->arn);
}

/* PutPermission */
status events_put_permission(struct call *c)
{
    struct event_bus *bus;
    struct buf text;
    struct str made;
    bool found;

    TRY(call_may(c, "events:PutPermission", bus_arn_of(c, arg_str(c, "EventBusName"))));
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    if (arg_has(c, "Policy")) {
        TRY(policy_check(c, arg_str(c, "Policy")));
        policy_set(c, bus, arg_str(c, "Policy"));
        return OK;
    }
    TRY(statement_check(c));
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"Version\":\"2012-10-17\",\"Statement\":["));
    if (keep_statements(c, bus, arg_str(c, "StatementId"), &text, &found) > 0) {
        buf_add_c(&text, ',');
    }
    add_statement(c, bus, &text);
    buf_add(&text, STR("]}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    TRY(policy_check(c, made));
    policy_set(c, bus, made);
    return OK;
}

/* RemovePermission */
status events_remove_permission(struct call *c)
{
    struct event_bus *bus;
    struct buf text;
    struct str made;
    size_t kept;
    bool found;

    TRY(call_may(c, "events:RemovePermission", bus_arn_of(c, arg_str(c, "EventBusName"))));
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    if (arg_bool(c, "RemoveAllPermissions", false)) {
        policy_set(c, bus, STR_NONE);
        return OK;
    }
    if (!arg_has(c, "StatementId")) {
        return fail(c, &EVENTS_VALIDATION, "Parameter(s) StatementId must be specified.");
    }
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"Version\":\"2012-10-17\",\"Statement\":["));
    kept = keep_statements(c, bus, arg_str(c, "StatementId"), &text, &found);
    buf_add(&text, STR("]}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    if (!found) {
        return fail(c, &EVENTS_NOT_FOUND, "Statement with the provided id does not exist.");
    }
    policy_set(c, bus, kept > 0 ? made : STR_NONE);
    return OK;
}
