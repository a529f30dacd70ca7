/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types: what a service's things are in a CloudFormation template. A service's folder says
 * them in its cfn.c (struct service's types); who makes stacks finds them by name and knows no
 * service.
 *
 * A type's functions are steps in the cell, like handlers. They work by the service's own
 * operations (resource_begin(), resource_run()): checked by the model, as the stack's caller or its
 * role, in the txn in which the stack writes down what came of it. So a resource is there exactly
 * when its stack says so.
 *
 * Properties are documents (wire/document.h): intrinsic functions are worked out, properties
 * that are AWS::NoValue are left out. Their scalars may be texts ("true", "5"): resource_fill() and
 * the readers below take them as what is wanted.
 *
 * A function that fails says why with resource_run() or resource_fail(); what it did before stays
 * staged: once there is something to be removed, r->id says so, and it will be removed.
 */
#ifndef WEIR_CELL_RESOURCE_H
#define WEIR_CELL_RESOURCE_H

#include "cell/inner.h"
#include "wire/document.h"

/* What changing a property does. */
enum resource_update {
    RESOURCE_IN_PLACE,   /* "No interruption" */
    RESOURCE_INTERRUPTS, /* "Some interruptions": in place, too */
    RESOURCE_REPLACES,   /* "Replacement": a new one is made, then the old one removed */
    RESOURCE_DECIDES,    /* "Conditional": type->replaces says it */
};

enum resource_flag {
    RESOURCE_REQUIRED = 1,
    RESOURCE_TAGS = 2,    /* tags: those of the stack come with it */
    RESOURCE_SECRET = 4,  /* cannot be read back: drift detection passes over it */
};

struct resource_property {
    const char *name;    /* "DelaySeconds" */
    const char *member;  /* of operations' inputs, for resource_fill(); NULL: of the same name;
                          * "": none, the type's functions see to it */
    uint8_t update;      /* enum resource_update */
    uint8_t flags;       /* enum resource_flag */
};

struct resource;

/* Functions return OK, or an error that r->why explains. */
struct resource_type {
    const char *name;     /* "AWS::SQS::Queue" */
    const char *service;  /* the model's id, whose operations it works by */
    const struct resource_property *properties;
    size_t property_count;
    const char *const *attributes; /* Fn::GetAtt's names, NULL behind the last; NULL: none */
    /* Makes it and sets r->id: what Ref gives. */
    status (*make)(struct resource *r);
    /* From r->had to r->want, in place. NULL: every property replaces. */
    status (*change)(struct resource *r);
    /* r->want is what it was made of. One that is not there any more: ERR_NOT_FOUND or the
     * service's own code for it, which counts as removed. */
    status (*remove)(struct resource *r);
    /* After make and change, again and again: RESOURCE_WAITS until it is ready. NULL: at once. */
    status (*settled)(struct resource *r);
    /* The same after remove. */
    status (*gone)(struct resource *r);
    /* Says the attributes by resource_attribute(), when it is made, changed and settled. */
    status (*tell)(struct resource *r);
    /* For drift detection: the properties as they are now, a map; of those that it can tell,
     * null where there is none. ERR_NOT_FOUND: it is gone. NULL: drift is not supported. */
    status (*now)(struct resource *r, struct value *ret_properties);
    /* Does changing that RESOURCE_DECIDES property make a new one? */
    bool (*replaces)(const struct resource *r, const struct resource_property *property);
    const void *own;      /* what its functions share with those of other types: a constant */
    bool record_only;     /* kept and described, nothing runs */
    bool snapshots;       /* DeletionPolicy may be Snapshot */
    bool open;            /* takes any property and has any attribute: custom resources */
};

#define RESOURCE_TYPE_PROPERTIES(array) .properties = (array), \
    .property_count = sizeof(array) / sizeof((array)[0])

extern const struct error RESOURCE_WAITS;   /* ask again a little later */
extern const struct error RESOURCE_INVALID; /* properties that the type does not take */

/* One resource of a stack, as a type's functions see it. What they set lies in r->c's arena. */
struct resource {
    struct call *c;                    /* the step; account and region are the stack's */
    const struct resource_type *type;
    struct inner_caller caller;        /* as whom: the stack's caller, or a session of its role */
    struct str stack_id;               /* ARN */
    struct str stack_name;
    struct str logical_id;             /* in the template */
    struct str type_name;              /* the same: "Custom::X"; empty: type->name */
    struct str id;                     /* physical: what Ref gives; empty: there is nothing yet */
    const struct value *want;          /* its properties, a map; never NULL */
    const struct value *had;           /* change: what they were */
    const struct value *stack_tags;    /* list of maps with Key and Value; NULL: none */
    const struct value *stack_tags_had; /* change: what they were */
    struct str token;                  /* the stack operation's, for messages: a UUID */
    struct value *attributes;          /* a map: what was told */
    struct value *notes;               /* a map of texts that is kept with it: resource_note() */
    int64_t since_ms;                  /* when make, change or remove began */
    struct why why;                    /* of an error, in AWS's words: the event's reason */
};

/* ---- properties ---- */

/* NULL: not there. */
const struct value *resource_get(const struct resource *r, const char *property);
struct str resource_str(const struct resource *r, const char *property); /* STR_NONE: not there */
bool resource_bool(const struct resource *r, const char *property, bool fallback);
int64_t resource_int(const struct resource *r, const char *property, int64_t fallback);
/* Is it another than in r->had? (make: is it there?) */
bool resource_changed(const struct resource *r, const char *property);
/* The property, or a name as AWS makes them: stack-logical-SUFFIX, at most bytes_max long, in lower
 * case where the service wants that. The same for the same resource all through its making. */
struct str resource_name(struct resource *r, const char *property, size_t bytes_max, bool lower);
/* The same for services whose names do not begin with the stack's: prefix, logical-SUFFIX. */
struct str resource_short_name(struct resource *r, const char *property, const char *prefix,
                               size_t bytes_max);
/* The property (a list of Key and Value, or a map) with the stack's tags below it, as a list of
 * maps with Key and Value; NULL: there are none. */
const struct value *resource_tags(struct resource *r, const char *property);
/* Tags that are to be taken off and set for had to become want: keys (list of texts), and a list of
 * maps with Key and Value; NULL each where there are none. */
void resource_tags_changed(struct resource *r, const char *property, const struct value **ret_gone,
                           const struct value **ret_set);
/* Is one of these, separated by blanks, another than in r->had? */
bool resource_any_changed(const struct resource *r, const char *properties);
/* A policy or the like, which templates have as a tree or as its text; STR_NONE: not there. */
struct str resource_policy(const struct resource *r, const char *property);
/* For now: a text that is JSON as a tree, any other as the text that it is. */
const struct value *resource_tree(struct resource *r, struct str text);
/* For now: tags (list of Key and Value, or a map; shaped, too) without those of the stack and
 * AWS's own. */
void resource_now_tags(struct resource *r, struct value *properties, const char *property,
                       const struct value *tags);
/* A constant JSON text as a document. */
const struct value *resource_json(struct resource *r, const char *text);

/* ---- operations of the service ---- */

/* As cell/inner.h's, of r->type's service, as r->caller. */
status resource_begin(struct resource *r, const char *operation, struct inner *ret_inner);
/* The same of another service, for types that take from one what they give the other. */
status resource_begin_of(struct resource *r, const char *service, const char *operation,
                         struct inner *ret_inner);
/* Each property that has a member in the operation's input, as that member's shape has it. */
status resource_fill(struct resource *r, struct inner *inner);
/* One document in one member; NULL: nothing is set. */
status resource_set(struct resource *r, struct inner *inner, const char *member,
                    const struct value *document);
/* A document as a shape of the model has it: texts become numbers and truths, trees become the JSON
 * texts that a string wants, lists of Key and Value become maps and the other way round. Members
 * are found whatever the case of their first letter. path is for the sentence: "#/Code". */
status resource_shape(struct resource *r, uint32_t shape, const struct value *document,
                      struct str path, struct value *ret_value);
/* One property in one member, or the JSON that it means when it was taken away; NULL: nothing. */
status resource_set_or(struct resource *r, struct inner *inner, const char *member,
                       const char *property, const char *json);
/* Runs it. An error's sentence is in r->why, in the words of a stack's event. */
status resource_run(struct resource *r, struct inner *inner);

/* A text for a member of an operation's input. */
struct resource_arg {
    const char *member; /* NULL: behind the last one */
    struct str text;    /* STR_NONE: it is not set */
};
#define RESOURCE_ARGS(...) ((const struct resource_arg[]){__VA_ARGS__, {NULL, STR_NONE}})
/* One operation with these texts and nothing else, run. */
status resource_ask(struct resource *r, const char *operation, const struct resource_arg *args,
                    struct inner *ret_inner);

/* What a property is without being there. */
struct resource_default {
    const char *property; /* NULL: behind the last one */
    const char *text;     /* a scalar's; "[]" and "{}" are an empty list and map */
};
/* Those that were taken away get that (after resource_fill()). */
status resource_fill_back(struct resource *r, struct inner *inner,
                          const struct resource_default *defaults);

/* By which operations a service tags. */
struct resource_tagging {
    const char *tag;   /* "TagResource" */
    const char *untag; /* "UntagResource" */
    const char *id;    /* the member that says whose, of both: "ResourceArn" */
    const char *tags;  /* of tag */
    const char *keys;  /* of untag: a list of texts */
};
/* From the tags that it had to those that it shall have. */
status resource_tag_by(struct resource *r, const char *property,
                       const struct resource_tagging *by, struct str id);
/* A list's (or a map's) texts that only had has, and those that only want has: two lists. */
void resource_list_changed(const struct resource *r, const char *property,
                           struct value **ret_gone, struct value **ret_new);
/* For resource_type's now: what a shaped answer says of the type's properties. */
void resource_now_of(struct resource *r, const struct value *shaped,
                     struct value *ret_properties);

/* The three usual functions: one operation, all properties. id: where the answer has what Ref
 * gives, "TopicArn", "TableDescription.TableName". */
status resource_make_by(struct resource *r, const char *operation, const char *id);
/* member takes r->id. */
status resource_change_by(struct resource *r, const char *operation, const char *member);
status resource_remove_by(struct resource *r, const char *operation, const char *member);
/* An answer as a document, for resource_type's now: members by their names in the model, the first
 * letter as templates write it. */
struct value *resource_document(struct arena *arena, const struct value *shaped);

/* ---- what came of it ---- */

/* Does an error say that what was to be removed is not there? */
bool resource_is_gone(status code);
/* Returns code. The sentence goes to the event as it is. */
status resource_fail(struct resource *r, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));
/* It cannot be made: there is one of that name. For operations that would not say so. */
status resource_exists(struct resource *r, struct str identifier);
void resource_attribute(struct resource *r, const char *name, struct str value);
void resource_attribute_of(struct resource *r, const char *name, const struct value *document);
/* Texts of the type's own that are kept with the resource: what it needs to remove it. Empty: there
 * is none. */
void resource_note(struct resource *r, const char *name, struct str value);
struct str resource_noted(const struct resource *r, const char *name);

/* ---- for who makes stacks ---- */

/* NULL: no service has it. "Custom::X" is AWS::CloudFormation::CustomResource. */
const struct resource_type *resource_type_find(struct cell *cell, struct str name);
/* Every type; *at starts as 0. NULL: no more. */
const struct resource_type *resource_type_next(struct cell *cell, size_t *at);
/* NULL: the type has none of that name. */
const struct resource_property *resource_property_find(const struct resource_type *type,
                                                       struct str name);
/* RESOURCE_INVALID, with why, for a property that is not the type's, and for one that is required
 * and not there. */
status resource_check(const struct resource_type *type, const struct value *properties,
                      struct why *why);

#endif
