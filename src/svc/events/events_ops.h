/* SPDX-License-Identifier: Apache-2.0
 *
 * EventBridge's handlers, one file per group; the table is in api.c.
 */
#ifndef WEIR_SVC_EVENTS_OPS_H
#define WEIR_SVC_EVENTS_OPS_H

#include "svc/events/events_int.h"

status events_create_bus(struct call *c);
status events_delete_bus(struct call *c);
status events_describe_bus(struct call *c);
status events_list_buses(struct call *c);
status events_update_bus(struct call *c);

status events_put_permission(struct call *c);
status events_remove_permission(struct call *c);

status events_delete_rule(struct call *c);
status events_describe_rule(struct call *c);
status events_disable_rule(struct call *c);
status events_enable_rule(struct call *c);
status events_list_rules(struct call *c);
status events_put_rule(struct call *c);

status events_list_rule_names(struct call *c);
status events_list_targets(struct call *c);
status events_put_targets(struct call *c);
status events_remove_targets(struct call *c);

status events_put_events(struct call *c);
status events_test_pattern(struct call *c);

status events_list_tags(struct call *c);
status events_tag(struct call *c);
status events_untag(struct call *c);
/* The tags of a new thing: ValidationException. */
status tags_check(struct call *c, const struct value *list, size_t there);
void tags_set(struct settings *tags, const struct value *list);

/* ---- argument.c ---- */

/* Where a list goes on: behind a name (STR_NONE: from the first), so many. ValidationException. */
struct paging {
    struct str after;  /* of the last page */
    size_t limit;      /* on this one */
    size_t count;      /* so far */
    struct str last;   /* name of the newest */
};
status paging_of_call(struct call *c, struct paging *ret_paging);
/* May that one come? Names come in their order. False: the page is full, and the answer has a
 * NextToken. */
bool paging_takes(struct call *c, struct paging *paging, struct str name);
bool paging_is_behind(const struct paging *paging, struct str name); /* of a former page */

/* The rule of "Name" or "Rule", on the bus of EventBusName; the caller may do that to it.
 * ResourceNotFoundException. */
status rule_of_call(struct call *c, const char *member, const char *action,
                    struct rule **ret_rule);
/* The ARN of a rule, there or not. */
struct str rule_arn_of(struct call *c, struct str bus_text, struct str name);

#endif
