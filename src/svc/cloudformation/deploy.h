/* SPDX-License-Identifier: Apache-2.0
 *
 * An operation under way: what its steps read from the stack's rows once and keep until the arena
 * is worn out, or somebody else changed the rows (deploy_forget()).
 */
#ifndef WEIR_SVC_CLOUDFORMATION_DEPLOY_H
#define WEIR_SVC_CLOUDFORMATION_DEPLOY_H

#include "svc/cloudformation/expand.h"
#include "svc/cloudformation/rows.h"

/* Phases, as the plan has them. */
#define PHASE_MAKE "make"
#define PHASE_RESTORE "restore"
#define PHASE_CLEAN "clean"
#define PHASE_UNMAKE "unmake"
/* What the operation is, as the plan's "kind" has it. */
#define KIND_CREATE "create"
#define KIND_UPDATE "update"
#define KIND_DELETE "delete"

enum deploy_next {
    DEPLOY_MORE,  /* the next step at once */
    DEPLOY_WAITS, /* not before due_ms */
    DEPLOY_OVER,  /* the operation has ended */
};

struct deploy {
    struct link link;                 /* in the service's list */
    struct cell *cell;                /* where */
    struct arena *own;                /* of this and the next three */
    struct str account, region, key;  /* whose */
    struct arena *arena;              /* of all below, and of the steps */
    bool loaded;                      /* what is below is as the rows are */
    bool planned;                     /* wish is read, too */
    struct stack stack;               /* of it */
    struct stack_wish wish;           /* what it becomes, in make and restore */
    struct stack_resource *resources; /* all rows */
    size_t count;                     /* of them */
    size_t room;                      /* of resources */
    struct inner_caller caller;       /* as whom */
    const struct identity *identity;  /* held for caller; NULL: none */
    struct str refused;               /* why nothing can be done as caller; STR_NONE: it can */
    enum deploy_next next;            /* what the last step said */
    int64_t due_ms;                   /* DEPLOY_WAITS: when */
};

/* ---- deploy.c ---- */

void deploy_begin(struct call *c, const struct stack *stack); /* it has an operation now */
/* Its rows were changed by another call: it reads them again, and goes on at once. */
void deploy_forget(struct call *c, const struct stack *stack);
void deploys_open(struct cloudformation *cfn);
void deploys_close(struct cloudformation *cfn);

/* In a step. A new row at the end, zeroed but for its number. */
struct stack_resource *deploy_add(struct call *c, struct deploy *d);
/* The operation's end: its last rows. */
void deploy_end(struct call *c, struct deploy *d);
void deploy_phase(struct call *c, struct deploy *d, const char *phase);
/* A resource's status and reason, its row, its event. */
void deploy_mark(struct call *c, struct deploy *d, struct stack_resource *own,
                 const char *to, struct str reason);
/* The same with the ending behind CREATE or UPDATE: "_COMPLETE". */
void deploy_mark_made(struct call *c, struct deploy *d, struct stack_resource *own,
                      const char *ending, struct str reason);
/* It is done with, in this operation. */
void deploy_pass(struct deploy *d, struct stack_resource *own);
bool deploy_passed(const struct deploy *d, const struct stack_resource *own);
/* The soonest look at what is under way; INT64_MAX: nothing is. */
int64_t deploy_soonest(const struct deploy *d);
/* One whose look is due; NULL: none. */
struct stack_resource *deploy_due(struct deploy *d, int64_t now_ms);
void deploy_look_later(struct call *c, struct stack_resource *own);
/* "[A, B]" of those of this operation whose status that is; STR_NONE: there are none. */
struct str deploy_names(struct call *c, const struct deploy *d, const char *of);
bool plan_is(const struct deploy *d, const char *member, const char *text);

/* ---- phases: a step each ---- */

status make_step(struct call *c, struct deploy *d);    /* make.c */
status restore_step(struct call *c, struct deploy *d); /* restore.c */
status unmake_step(struct call *c, struct deploy *d);  /* unmake.c: clean, too */
/* Cancels what is under way and turns to what the operation does when it failed. why: beside the
 * resources that failed; empty: they are all. */
void make_failed(struct call *c, struct deploy *d, struct str why);
void make_cancel(struct call *c, struct deploy *d); /* what is under way fails */
/* The stack as it was before the update. */
void restore_begin(struct call *c, struct deploy *d);

/* ---- one.c: a resource's own doing ---- */

/* Makes, or changes from own->before, towards own->properties; then looks whether it is ready.
 * Marks what came of it. restoring: the ends are those of a rollback. */
void one_make(struct call *c, struct deploy *d, struct stack_resource *own);
void one_change(struct call *c, struct deploy *d, struct stack_resource *own);
void one_remove(struct call *c, struct deploy *d, struct stack_resource *own);
/* Looks again. */
void one_look(struct call *c, struct deploy *d, struct stack_resource *own);
void one_fail(struct call *c, struct deploy *d, struct stack_resource *own, struct str reason);

/* ---- compare.c ---- */

enum difference { DIFFERS_NOT, DIFFERS_IN_PLACE, DIFFERS_REPLACES };
/* From own to what template and tags say now; want is computed with references kept. */
enum difference resource_differs(struct call *c, struct deploy *d, const struct stack_resource *own,
                            const struct value *want);

/* ---- signal.c ---- */

/* A CreationPolicy's signals: OK, RESOURCE_WAITS, or what failed, with why. */
status signals_settled(struct call *c, struct deploy *d, const struct stack_resource *own,
                       struct why *why);

/* ---- output.c ---- */

/* Outputs, exports and imports of the finished stack are computed, checked and staged; or refused,
 * with c->why, and nothing is. */
status outputs_settle(struct call *c, struct deploy *d);
/* Imports that are no longer asked for are taken away. */
void imports_settle(struct call *c, struct deploy *d);
/* Exports and imports of a stack that is going are taken away. */
void outputs_drop(struct call *c, struct stack *stack);
/* Refused while others import what the stack exports. */
status exports_free_check(struct call *c, const struct stack *stack);
status outputs_evaluate(struct call *c, struct stack_wish *wish, struct value *about);

#endif
