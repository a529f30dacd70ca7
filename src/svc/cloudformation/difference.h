/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the computing of changes: difference.c goes through the resources, difference_detail.c
 * says what changes in one and why.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_DIFFERENCE_H
#define WEIR_SVC_CLOUDFORMATION_DIFFERENCE_H

#include "svc/cloudformation/changeset.h"
#include "svc/cloudformation/expand.h"

/* What will become of a resource, as far as it can be known. */
enum fate {
    FATE_STAYS,
    FATE_CHANGES,     /* in place: its attributes may be others */
    FATE_MAY_REPLACE, /* its id, too */
    FATE_REPLACES,
    FATE_NEW,
};

struct differ {
    struct call *c;                   /* the call */
    struct stack *stack;              /* NULL: a new one */
    struct stack_wish *wish;          /* what it becomes */
    struct stack_resource *rows;      /* of the stack */
    size_t row_count;                 /* of them */
    uint8_t *fates;                   /* per resource of the template: enum fate */
    struct template_world world;      /* the wish's, without what will be others */
    struct value *list;               /* Changes */
    size_t context_bytes;             /* of values told so far */
    bool tags;                        /* the stack's tags are others */
    struct str *hidden;               /* values of NoEcho parameters, before and after */
    size_t hidden_count;              /* of them */
};

/* One resource that is there and stays. */
struct difference {
    struct differ *differ;                     /* in which */
    const struct template_resource *resource;  /* as it will be */
    const struct stack_resource *own;          /* as it is */
    const struct resource_type *type;          /* NULL: recorded only */
    const struct value *want;                  /* its properties as far as they are known: a map */
    struct value *details;                     /* list of ResourceChangeDetail */
    enum fate fate;                            /* so far */
    uint32_t scope;                            /* 1 << enum scope */
};

enum scope { SCOPE_PROPERTIES, SCOPE_METADATA, SCOPE_CREATION, SCOPE_UPDATE, SCOPE_DELETION,
             SCOPE_REPLACE, SCOPE_TAGS, SCOPES };
extern const char *const scope_names[SCOPES]; /* as the model spells them */

#define DETAILS_MAX 500 /* of one resource */
#define UNKNOWN_TEXT "{{changeSet:KNOWN_AFTER_APPLY}}"

/* Fills details, fate and scope. */
void difference_look(struct difference *difference);
/* A document with texts in the place of what is not known or not to be told; NULL stays NULL. */
const struct value *known_text(const struct differ *differ, const struct value *document);

#endif
