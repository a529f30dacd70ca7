/* SPDX-License-Identifier: Apache-2.0
 *
 * What several handlers read of their arguments: pages, rules.
 */
#include "base/codec.h"
#include "cell/authorize.h"
#include "svc/events/events_ops.h"

/* A token is the last name in base64. */
status paging_of_call(struct call *c, struct paging *ret_paging)
{
    struct paging paging = {.limit = (size_t)arg_int(c, "Limit", PAGE_MAX)};
    struct str token = arg_str(c, "NextToken");
    char *text = arena_alloc(c->arena, token.bytes + 4);
    size_t bytes;

    if (arg_has(c, "NextToken")) {
        if (!base64_decode(token, text, &bytes)) {
            return fail(c, &EVENTS_VALIDATION, "Parameter NextToken is not valid.");
        }
        paging.after = str_of(text, bytes);
    }
    *ret_paging = paging;
    return OK;
}

bool paging_is_behind(const struct paging *paging, struct str name)
{
    return paging->after.at != NULL && str_cmp(name, paging->after) <= 0;
}

bool paging_takes(struct call *c, struct paging *paging, struct str name)
{
    if (paging->count == paging->limit) {
        size_t bytes = base64_encoded_bytes(paging->last.bytes);
        char *token = arena_alloc(c->arena, bytes + 1);

        base64_encode(paging->last, token);
        put_str(c, "NextToken", str_of(token, bytes));
        return false;
    }
    paging->count++;
    paging->last = name;
    return true;
}

struct str rule_arn_of(struct call *c, struct str bus_text, struct str name)
{
    struct arn arn;

    (void)arn_read(bus_arn_of(c, bus_text), &arn);
    struct str bus = str_slice(arn.resource, STR("event-bus/").bytes, arn.resource.bytes);

    arn.resource = str_eq(bus, STR("default"))
                       ? arena_printf(c->arena, "rule/%.*s", STR_ARG(name))
                       : arena_printf(c->arena, "rule/%.*s/%.*s", STR_ARG(bus), STR_ARG(name));
    return arn_write(c->arena, &arn);
}

status rule_of_call(struct call *c, const char *member, const char *action,
                    struct rule **ret_rule)
{
    struct str name = arg_str(c, member);
    struct str arn = rule_arn_of(c, arg_str(c, "EventBusName"), name);
    struct event_bus *bus;

    TRY(call_may(c, action, arn));
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    *ret_rule = rule_find(bus, name);
    if (*ret_rule == NULL) {
        return fail(c, &EVENTS_NOT_FOUND, "Rule %.*s does not exist on EventBus %.*s.",
                    STR_ARG(name), STR_ARG(bus->name));
    }
    call_on(c, (*ret_rule)->arn);
    return OK;
}
