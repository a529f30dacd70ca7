/* SPDX-License-Identifier: Apache-2.0
 *
 * Change sets: wishes that wait for somebody to say yes. What one would do is computed when it is
 * made, by the same comparison that an update makes, as far as it can be known before.
 *
 *   ("cloudformation", "changeset", account, region, stack's key, name, n)   n as enum below
 *   ("cloudformation", "changeset-id", account, region, uuid)   u8 1, a map: stack, name
 */
#ifndef WEIR_SVC_CLOUDFORMATION_CHANGESET_H
#define WEIR_SVC_CLOUDFORMATION_CHANGESET_H

#include "svc/cloudformation/stack.h"

#define CHANGES_PAGE 100
#define CHANGE_SETS_MAX 1000             /* of a stack */
#define CONTEXT_BYTES_MAX (1024u * 1024) /* of values before and after; more are not told */

struct change_set {
    struct stack stack;   /* whose */
    struct str name;      /* of it */
    struct value *about;  /* as DescribeChangeSet tells it, with all its changes and values */
    struct value *wanted; /* the wish's about (shape Stack) */
    struct value *plan;   /* a map: kind, on_failure, no_echo, operation (the stack's last) */
    struct str original;  /* the template as given */
    struct str processed; /* after transforms; STR_NONE: none was asked for */
};

/* ---- changeset_rows.c ---- */

uint32_t change_set_shape(void);
/* By name (and the stack's name or id) or by ARN. ChangeSetNotFound, ValidationError. */
status change_set_of_call(struct call *c, struct change_set *ret_set);
bool change_set_find(struct call *c, const struct stack *stack, struct str name,
                     struct change_set *ret_set);
void change_set_save(struct call *c, const struct change_set *set); /* all rows */
void change_set_told(struct call *c, const struct change_set *set); /* about, plan */
void change_set_erase(struct call *c, const struct change_set *set);
/* All of a stack, by name; without templates. In c's arena. */
size_t change_sets(struct call *c, const struct stack *stack, struct change_set **ret_sets);
/* The stack is going, or became something else: all but that one (NULL: all) are erased. */
void change_sets_drop(struct call *c, const struct stack *stack, const struct change_set *keep);

/* ---- difference.c ---- */

/* Lists about's Changes. An error, with c->why: something in the template cannot be computed. */
status change_set_differ(struct call *c, struct change_set *set, struct stack *stack,
                         struct stack_wish *wish);

/* ---- operations ---- */

status cfn_create_change_set(struct call *c);
status cfn_delete_change_set(struct call *c);
status cfn_describe_change_set(struct call *c);
status cfn_execute_change_set(struct call *c);
status cfn_list_change_sets(struct call *c);

#endif
