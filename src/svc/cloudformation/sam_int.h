/* SPDX-License-Identifier: Apache-2.0
 *
 * The transform's insides. One struct sam is one transform; its *unit* is the AWS::Serverless
 * resource at hand, which makes a list of resources. Whatever is wrong is said once per unit
 * (the first sentence counts) and does not stop the unit: documents can be asked for anything, so
 * what follows is harmless, and what a refused unit made is thrown away.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_INT_H
#define WEIR_SVC_CLOUDFORMATION_SAM_INT_H

#include "svc/cloudformation/sam.h"
#include "svc/cloudformation/sam_node.h"

/* A resource that a unit makes. */
struct sam_made {
    struct sam_made *next;    /* of the unit, in order */
    struct str id;            /* logical id */
    const char *type;         /* "AWS::Lambda::Function" */
    struct value depends;     /* DependsOn; VALUE_NONE: has none */
    struct value attributes;  /* Condition and the like: a map */
    struct value properties;  /* a map */
};

struct sam {
    struct arena *arena;           /* where everything is made */
    const struct sam_place *place; /* of the caller */
    struct value *template;        /* a copy that changes; Globals are gone after their step */
    struct value *resources;       /* its Resources, the Serverless ones still among them */
    struct value made;             /* id to resource: what units made */
    struct value changed;          /* id to id: of resources that got another one (layers) */
    struct value referable;        /* "F.Alias" to the id that it stands for */
    struct value causes;           /* what is wrong: maps of Id (sorted by) and Text */
    bool stopped;                  /* by something that AWS says alone */

    /* the unit */
    struct str id;                 /* its logical id */
    struct value *resource;        /* all of it */
    struct value *properties;      /* its Properties */
    struct value attributes;       /* those that the main resource takes along */
    struct value passed;           /* those that all resources take along */
    struct sam_made *first;        /* what it made */
    struct sam_made *last;         /* the newest of them */
    bool refused;                  /* something is wrong with it */
    bool bare_events;              /* what is wrong with an event is said without the unit */

    /* what units share */
    struct value record_groups;    /* Route 53 groups: id to list of record sets */
    struct value preferences;      /* functions' deployment preferences, by id */
    struct value plan;             /* the usage plan that APIs share: lists and flags */
    struct value names;            /* API id to the names of functions that it calls */
};

/* A property of a Serverless resource or event and what it may be: "s" text, "m" map, "l" list,
 * "b" truth, "i" number, "*" anything; "L" list of texts and maps, "M" map of texts to maps, "T"
 * map of texts to texts, "N" list of texts, "O" list of maps, "A" map of anything, "I" map of
 * numbers or maps; several: one of them. "!" first: required. "-": no function in its place. */
struct sam_property {
    const char *name; /* "Handler" */
    const char *rule; /* "!s" */
};

/* ---- what is wrong (sam.c) ---- */
/* "Resource with id [id] is invalid. …" */
void sam_refuse(struct sam *s, struct str id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The unit's: "… Event with id [event] is invalid. …" */
void sam_refuse_event(struct sam *s, struct str event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "Structure of the SAM template is invalid. …", among the others. */
void sam_refuse_shape(struct sam *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, said alone. */
void sam_refuse_template(struct sam *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "Property 'name' should be a map.": false where value is there and of another kind. */
bool sam_expect(struct sam *s, const struct value *value, enum value_kind kind,
                const char *name);
bool sam_expect_event(struct sam *s, struct str event, const struct value *value,
                      enum value_kind kind, const char *name);

/* ---- the unit (sam_unit.c) ---- */
/* id NULL-ended parts: sam_id(s, "Role") is the unit's id with that behind it. */
struct str sam_id(struct sam *s, const char *suffix);
struct str sam_join(struct sam *s, struct str a, struct str b);
/* attributes: copied; NULL: none. */
struct sam_made *sam_make(struct sam *s, struct str id, const char *type,
                          const struct value *attributes);
/* The same in two steps: made, and among what the unit made. */
struct sam_made *sam_loose(struct sam *s, struct str id, const char *type,
                           const struct value *attributes);
void sam_attach(struct sam *s, struct sam_made *made);
/* Sets a property of what was made; NULL and null: nothing. */
void sam_set(struct sam *s, struct sam_made *made, const char *name, const struct value *value);
void sam_put(struct sam *s, struct sam_made *made, const char *name, struct value value);
/* The unit's property of that name, as it is. */
void sam_take(struct sam *s, struct sam_made *made, const char *name);
void sam_take_all(struct sam *s, struct sam_made *made, const char *const *names);
struct value *sam_property(const struct sam *s, const char *name); /* the unit's */
struct value sam_ref(struct sam *s, struct str id);                /* {"Ref": id} */
struct value sam_attribute(struct sam *s, struct str id, const char *name); /* GetAtt */
struct value sam_tag_list(struct sam *s, const struct value *tags);
/* With "lambda:createdBy" first; refuses reserved keys. */
struct value sam_own_tags(struct sam *s, const struct value *tags, const struct value *more);
/* What the unit's Tags become on what it made (PropagateTags). */
void sam_propagate(struct sam *s);
/* Whether properties keep the table's rules; refuses for id. */
bool sam_check(struct sam *s, struct str id, const char *type, const struct value *properties,
               const struct sam_property *table);

/* ---- intrinsic functions (sam_intrinsic.c) ---- */
/* Refs and Subs of parameters with values become those values, in place. */
void sam_resolve(struct sam *s, struct value *value);
/* The value resolved; where it is a Ref itself, it stays one where it was. NULL: null. */
struct value sam_resolved(struct sam *s, const struct value *value);
void sam_resolve_map(struct sam *s, struct value *value); /* Fn::FindInMap */
/* At the end: references to things that got another id. */
void sam_resolve_references(struct sam *s, struct value *value);
/* A list of three below "Fn::If". */
bool sam_is_if(const struct value *value);
struct value sam_if(struct sam *s, const struct value *condition, struct value yes,
                    struct value no);
void sam_condition(struct sam *s, struct str name, struct value definition); /* a new one */
/* Conditions that are one of names (a list of texts), under that name; Fn::Or takes ten. */
void sam_combine(struct sam *s, struct str name, struct value names);

/* ---- steps before the units ---- */
void sam_globals(struct sam *s);      /* sam_global.c */
void sam_default_bodies(struct sam *s); /* sam_implicit.c */
void sam_implicit_rest(struct sam *s);
void sam_implicit_http(struct sam *s);
void sam_embedded_connectors(struct sam *s); /* sam_connector.c */
/* After the units: CodeDeploy for functions with a DeploymentPreference (sam_deploy.c). */
void sam_deployments(struct sam *s);

/* ---- units: each makes what the unit stands for ---- */
void sam_function(struct sam *s);
void sam_state_machine(struct sam *s);
void sam_rest_api(struct sam *s);
void sam_http_api(struct sam *s);
void sam_simple_table(struct sam *s);
void sam_layer(struct sam *s);
void sam_application(struct sam *s);
void sam_connector(struct sam *s);
extern const struct sam_property sam_function_properties[];
extern const struct sam_property sam_state_machine_properties[];
extern const struct sam_property sam_rest_api_properties[];
extern const struct sam_property sam_http_api_properties[];
extern const struct sam_property sam_simple_table_properties[];
extern const struct sam_property sam_layer_properties[];
extern const struct sam_property sam_application_properties[];
extern const struct sam_property sam_connector_properties[];

#endif
