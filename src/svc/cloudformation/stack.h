/* SPDX-License-Identifier: Apache-2.0
 *
 * Stacks, and how they become what was asked. Everything is rows (keys.c); an operation under way
 * (struct deploy, in deploy.h) is read from them when it begins and when the cell opens, which is
 * one way and not two.
 *
 *   rows of a stack    key behind (service, kind, account, region, stack's key)
 *   stack              as DescribeStacks tells it (shape Stack)
 *   plan               a map: what only the engine knows; members are written where they are set
 *   template           n: TEMPLATE_ORIGINAL …: a text
 *   resource           number: a map, one per physical resource (struct stack_resource)
 *   event              number: as DescribeStackEvents tells it
 * and beside them name -> key, export name -> value, (export name, stack) of who imports it.
 *
 * An operation goes through phases (plan's "phase"); in each it takes steps. A step is one resource
 * that is made, changed or removed, or looked at whether it is ready, or the passage to the next
 * phase: one call in the cell, one journal entry with the resource's rows, its stack's and events.
 *
 *   CREATE    make ----------------------------------> COMPLETE
 *             make, failed -> unmake all ------------> ROLLBACK_COMPLETE
 *   UPDATE    make -> clean: unmake leftovers -------> UPDATE_COMPLETE
 *             make, failed -> restore -> clean ------> UPDATE_ROLLBACK_COMPLETE
 *   DELETE    unmake all ----------------------------> DELETE_COMPLETE
 *
 * Within make and restore a resource begins when all that it needs are done; within unmake when all
 * that need it are gone. All that can begin have begun; what is not ready (RESOURCE_WAITS) is
 * looked at again by a timer.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_STACK_H
#define WEIR_SVC_CLOUDFORMATION_STACK_H

#include "svc/cloudformation/cloudformation_int.h"

/* ---- stacks ---- */

struct stack {
    struct str account, region;  /* where it is */
    struct str key;              /* the end of its id, a UUID: what its rows are found by */
    struct value *about;         /* as DescribeStacks tells it, NoEcho parameters in clear */
    struct value *plan;          /* a map */
};

/* The StackName of a call: a name (of one that is not deleted) or an id (also of a deleted one).
 * ValidationError "Stack with id X does not exist". */
status stack_of_text(struct call *c, struct str text, struct stack *ret_stack);
bool stack_of_key(struct call *c, struct str key, struct stack *ret_stack);
void stack_save(struct call *c, const struct stack *stack); /* both rows */
struct str stack_id(const struct stack *stack);
struct str stack_name(const struct stack *stack);
struct str stack_status(const struct stack *stack);
bool stack_busy(const struct stack *stack); /* its status ends with IN_PROGRESS */
/* Sets status and reason (STR_NONE: none), with its event. */
void stack_turn(struct call *c, struct stack *stack, const char *to, struct str reason);

enum stack_template {
    TEMPLATE_ORIGINAL,           /* as given */
    TEMPLATE_PROCESSED,          /* after transforms, JSON; only where one was asked for */
    TEMPLATE_ORIGINAL_BEFORE,    /* of the last stable state, while an update may be undone */
    TEMPLATE_PROCESSED_BEFORE,   /* the same */
};
struct str stack_template(struct call *c, const struct stack *stack, enum stack_template which);
void stack_template_put(struct call *c, const struct stack *stack, enum stack_template which,
                        struct str text); /* STR_NONE: takes it away */

/* ---- their resources ---- */

enum resource_part {
    PART_CURRENT,  /* what the logical id means */
    PART_BEFORE,   /* what it meant before this update replaced it, or left it out */
    PART_LEFTOVER, /* to be removed when the operation is cleaned up */
    PART_GONE,     /* DELETE_COMPLETE or DELETE_SKIPPED, told of as long as the stack */
};
enum resource_doing { DOING_NOTHING, DOING_MAKE, DOING_CHANGE, DOING_REMOVE, DOING_RESTORE };

struct stack_resource {
    uint64_t number;           /* of its row */
    uint8_t part;              /* enum resource_part */
    uint8_t doing;             /* enum resource_doing: begun, not ready yet */
    bool made_now;             /* in this operation: a rollback removes it */
    bool former;               /* an id that a change took from it; undone when that is */
    bool replaced;             /* it made way for another: UpdateReplacePolicy counts */
    bool update;               /* it stands for one that was there: UPDATE_…, not CREATE_… */
    bool passed;               /* this operation is done with it; in memory, as the next two */
    int64_t look_ms;           /* when to look whether it is ready */
    int64_t poll_ms;           /* how long after that to look again */
    struct str done;           /* the operation (plan's "id") that was done with it last */
    struct str logical_id;     /* in the template */
    struct str type;           /* "AWS::SQS::Queue" */
    struct str id;             /* physical; empty: none */
    struct str status;         /* ResourceStatus; empty: nothing has happened to it yet */
    struct str reason;         /* ResourceStatusReason; empty: none */
    int64_t at_ms;             /* LastUpdatedTimestamp */
    int64_t since_ms;          /* when doing began */
    struct value *properties;  /* computed, dynamic references as they are written */
    struct value *before;      /* a map of what was before this update changed it in place
                                * (properties, attributes, …); NULL: it has not */
    struct value *attributes;  /* what it told */
    struct value *notes;       /* resource_note()'s */
    struct value *needs;       /* list of logical ids */
    struct value *metadata;    /* NULL: none */
    struct value *more;        /* a map for who builds on stacks: drift's state, signals */
    struct str deletion;       /* DeletionPolicy; empty: not said */
    struct str replacement;    /* UpdateReplacePolicy */
};

/* All rows, by number; their count. In c's arena. */
size_t stack_resources(struct call *c, const struct stack *stack,
                       struct stack_resource **ret_resources);
void resource_save(struct call *c, const struct stack *stack, const struct stack_resource *own);
void resource_erase(struct call *c, const struct stack *stack, const struct stack_resource *own);
uint64_t resource_number_next(struct call *c, struct stack *stack); /* in the plan */
/* The current one of that logical id; NULL: none. */
struct stack_resource *resource_find(struct stack_resource *resources, size_t count,
                                     struct str logical_id);

/* ---- events ---- */

/* One of a resource as it is now, or (own NULL) of the stack itself; tells NotificationARNs. */
void event_add(struct call *c, struct stack *stack, const struct stack_resource *own);

/* ---- wishes: what a stack is to become ---- */

/* CreateStack's, UpdateStack's, CreateChangeSet's input, checked; or what a change set kept. */
struct stack_wish {
    struct value *about;        /* shape Stack: what the stack will tell of itself: Parameters,
                                 * Capabilities, Tags, NotificationARNs, RoleARN, Description, … */
    struct str original;        /* the template as given */
    struct str processed;       /* after transforms, as JSON; STR_NONE: none was asked for */
    struct str failed;          /* why a transform failed; STR_NONE: it did not. The operation
                                 * begins, and fails with it */
    const struct value *given;  /* parameters as the call has them; NULL: none */
    const struct value *before; /* as the stack has them; NULL: none */
    struct value document;      /* what is read into template */
    struct template template;   /* after transforms */
    struct template_argument *arguments; /* of its parameters */
    struct template_run run;    /* begun: conditions, order */
    struct world world;         /* of the run */
    bool macros;                /* the template asks for transforms */
    struct str policy;          /* StackPolicyBody or what its URL names; STR_NONE: not said */
    struct str policy_during;   /* the same of StackPolicyDuringUpdate */
};
/* stack: NULL for a new one. Members that the input does not have count as not said. All checks
 * that need no change: template, parameters, capabilities, types, tags, imports. */
status wish_of_call(struct call *c, struct stack *stack, struct stack_wish *ret_wish);
/* What a stack is now (or becomes under way), ready to evaluate. */
status wish_of_stack(struct call *c, struct stack *stack, struct stack_wish *ret_wish);
/* The same wish from what was kept of it: about, original and processed are set. */
status wish_again(struct call *c, struct stack *stack, struct stack_wish *wish);
/* Would updating change nothing? ("No updates are to be performed.") */
bool wish_is_idle(struct call *c, struct stack *stack, struct stack_wish *wish);

/* ---- operations: they stage the first rows, the rest happens in turns to come ---- */

/* Beside the wish. */
struct stack_order {
    struct str token;           /* ClientRequestToken; STR_NONE: none */
    struct str on_failure;      /* "ROLLBACK", "DELETE", "DO_NOTHING"; STR_NONE: the first */
    const struct stack *parent; /* of a nested stack: works as its caller; NULL: none */
    const struct value *retain; /* DeleteStack: list of logical ids; NULL: none */
    bool force;                 /* DeleteStack: FORCE_DELETE_STACK */
};
/* A row in REVIEW_IN_PROGRESS, nothing under way: what a change set of type CREATE makes. */
status stack_review(struct call *c, struct str name, struct stack *ret_stack);
/* into: one in REVIEW_IN_PROGRESS, or NULL. */
status stack_create(struct call *c, struct stack_wish *wish, const struct stack_order *order,
                    const struct stack *into, struct stack *ret_stack);
status stack_update(struct call *c, struct stack *stack, struct stack_wish *wish,
                    const struct stack_order *order);
status stack_delete(struct call *c, struct stack *stack, const struct stack_order *order);
status stack_update_check(struct call *c, const struct stack *stack); /* is it its time? */
/* CancelUpdateStack, RollbackStack, ContinueUpdateRollback. */
status stack_cancel(struct call *c, struct stack *stack, const struct stack_order *order);
status stack_rollback(struct call *c, struct stack *stack, const struct stack_order *order);
status stack_continue(struct call *c, struct stack *stack, const struct value *skipped,
                      const struct stack_order *order);

/* ---- one resource ---- */

/* What its type's functions are given: want is its properties as they stand in the row. c is the
 * step, caller as whom. */
void resource_of_row(struct call *c, const struct stack *stack, const struct stack_resource *own,
                     const struct inner_caller *caller, struct resource *ret_resource);
/* As whom a stack's resources are made: its role's session, or who asked last. *ret_refused: why it
 * cannot be (else STR_NONE). What is returned is to be dropped (identity.h) behind the last use. */
const struct identity *stack_caller(struct call *c, const struct stack *stack,
                                    struct inner_caller *ret_caller, struct str *ret_refused);

#endif
