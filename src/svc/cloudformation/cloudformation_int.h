/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside CloudFormation: what its files have in common. Stacks and what makes them are in stack.h,
 * the language of templates is template.h.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_INT_H
#define WEIR_SVC_CLOUDFORMATION_INT_H

#include "base/list.h"
#include "cell/doing.h"
#include "cell/resource.h"
#include "cell/shelf.h"
#include "svc/cloudformation/cloudformation.h"
#include "svc/cloudformation/template.h"

#define CFN_SERVICE "cloudformation"
#define CFN_PRINCIPAL "cloudformation.amazonaws.com" /* as whom it assumes roles, sends events */
#define STACKS_MAX 2000               /* of a region that are not deleted */
#define STACK_NAME_BYTES_MAX 128
#define STACK_KEPT_MS (INT64_C(90) * 24 * 3600 * 1000) /* a deleted one is listed so long */
#define STACK_TAGS_MAX 50
#define STACK_KEY_BYTES_MAX 36        /* a UUID */
#define EXPORT_NAME_BYTES_MAX 255
#define OUTPUT_BYTES_MAX 4096         /* of a value */
#define PROPERTIES_BYTES_MAX (512u * 1024) /* of one resource, computed, as JSON; metadata too */
#define ABOUT_BYTES_MAX (512u * 1024) /* of what a stack tells of itself, as JSON */
#define STACK_POLICY_BYTES_MAX 16384
#define POLL_FIRST_MS 10              /* between two looks at what is not ready; doubles up to */
#define POLL_LAST_MS 1000
#define STEPS_PER_TURN 8              /* of one operation, before others come in */
#define STEP_ARENA_BYTES_MAX (256u << 20)
#define LIST_PAGE 100                 /* stacks, events, resources, exports of an answer */

extern const struct error CFN_VALIDATION, CFN_EXISTS, CFN_CAPABILITIES, CFN_TOKEN, CFN_LIMIT,
    CFN_NO_CHANGE_SET, CFN_CHANGE_SET_STATE, CFN_NO_STACK_SET, CFN_DENIED;

/* The service's state: nothing but what is derived from rows. */
struct cloudformation {
    struct cell *cell;       /* whose service this is */
    struct link deploys;     /* struct deploy: operations under way */
    struct timer pump;       /* steps them */
    struct waiters awaited;  /* DescribeStacks of SDKs' waiters, until a stack is not busy */
    struct shelf_told told;  /* tags that policies asked for */
};

/* ---- source.c: texts that a call names ---- */

/* The TemplateBody or what TemplateURL names; STR_NONE: neither is set. body_member and url_member
 * are the input's; at most bytes_max. ValidationError, or S3's refusal. */
struct source {
    const char *body_member; /* "TemplateBody" */
    const char *url_member;  /* "TemplateURL" */
    size_t bytes_max;        /* of what the URL names */
};
status source_of_call(struct call *c, const struct source *source, struct str *ret_text);
/* An object by "https://…" in any of S3's spellings, at weir's own address, or "s3://bucket/key";
 * read with S3's GetObject as that caller. */
status source_load(struct call *c, const struct inner_caller *caller, struct str url,
                   size_t bytes_max, struct str *ret_text);

/* ---- world.c: what templates ask ---- */

struct stack;
struct stack_resource;

/* Where a template's resource has its row: a guess that is looked at first. */
struct world_place {
    size_t at;     /* index into resources + 1; 0: not found */
    size_t missed; /* it was not there when there were so many rows, less one */
};

/* A template's questions, answered for a stack (or before there is one). */
struct world {
    struct template_world of;             /* to be given to template_run; its context is this */
    struct call *c;                       /* the step */
    struct inner_caller caller;           /* as whom SSM and secrets are read */
    struct stack *stack;                  /* NULL: there is none yet */
    struct stack_resource *resources;     /* of it: what is passed is known */
    size_t resource_count;                /* of them */
    const struct template *t;             /* whose resources have places; NULL: none yet */
    struct world_place *places;           /* per resource of it */
    const struct value *settled;          /* Parameters with their ResolvedValue; NULL: none */
    bool finished;                        /* every resource is known as it is */
    struct value imported;                /* list: names of exports that were asked for */
};
/* The current row of the template's resource; NULL: there is none. */
struct stack_resource *world_resource(struct world *world,
                                      const struct template_resource *resource);
void world_init(struct world *world, struct call *c, struct stack *stack);
/* A type by its name in templates, Custom::X too; NULL: there is none. */
const struct resource_type *type_of(struct cell *cell, struct str name);

/* ---- guard.c ---- */

void cfn_join_policies(struct cell *cell);

#endif
