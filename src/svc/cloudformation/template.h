/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudFormation's template language: from a text to what is to be made, in which order and with
 * which values. Pure functions over an arena: nothing here knows of stacks, rows or services. What
 * only they know (what a Ref of a resource is, what an import is worth) is asked through a struct
 * template_world.
 *
 *   text --template_document--> document --template_transform_next, template_extend--> document
 *        --template_read--> struct template --template_arguments--> values of its parameters
 *        --template_begin--> struct template_run: conditions, rules, references, order
 *        --template_evaluate--> properties and outputs, as the world knows them now
 *
 * Documents are values of shape 0, without nulls; short forms of YAML have become long forms. What
 * is read lies in the arena or in the document, which must live as long. All refusals are
 * TEMPLATE_INVALID with AWS's sentence, or what the world said.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_TEMPLATE_H
#define WEIR_SVC_CLOUDFORMATION_TEMPLATE_H

#include "base/error.h"
#include "wire/value.h"

#define TEMPLATE_BODY_BYTES_MAX 51200u     /* of a TemplateBody */
#define TEMPLATE_BYTES_MAX 1000000u    /* of a template in S3, and of any text in one */
#define TEMPLATE_RESOURCES_MAX 500u
#define TEMPLATE_PARAMETERS_MAX 200u
#define TEMPLATE_OUTPUTS_MAX 200u
#define TEMPLATE_MAPPINGS_MAX 200u

extern const struct error TEMPLATE_INVALID; /* ValidationError, 400 */

struct template_run;
struct template_world;

/* ---- text to document (template_text.c) ---- */

/* JSON when it begins with a brace, else YAML. text is not changed; at most TEMPLATE_BYTES_MAX. */
status template_document(struct str text, struct arena *arena, struct why *why,
                         struct value *ret_document);

/* ---- transforms (template_transform.c, template_extend.c) ---- */

/* One transform that is to be run now. */
struct template_transform {
    struct str name;              /* "AWS::Serverless-2016-10-31", "AWS::Include", a macro's */
    const struct value *parameters; /* of Fn::Transform, not evaluated; NULL: none */
    struct value fragment;        /* what it works on, without the mention of itself */
    struct value *place;          /* in the document: what the result replaces */
    struct value rest;            /* whole: the Transform section that stays; VALUE_NONE: none */
    bool whole;                   /* the fragment is the whole template */
};

/* The transform to be run next: the innermost Fn::Transform first, then the Transform section in
 * its order. *ret_found false: none is left. What it finds is out of the document when
 * template_transform_done() has put the result in. */
status template_transform_next(struct value *document, struct arena *arena, struct why *why,
                               bool *ret_found, struct template_transform *ret_transform);
void template_transform_done(const struct template_transform *transform, struct arena *arena,
                             const struct value *result);
/* What these refuse is said without "Transform NAME failed with: ", which AWS puts before it.
 *
 * AWS::LanguageExtensions: loops unrolled, what it adds to functions computed. run: its first five
 * members, of the template as it was read before its transforms ran. */
status template_extend(struct template_run *run, const struct value *fragment,
                       struct value *ret_result);
/* AWS::Include: the result is what stands in the text that lies at template_include_location()
 * ("s3://bucket/key"), with the fragment's own members. */
status template_include_location(struct template_run *run,
                                 const struct template_transform *transform,
                                 struct str *ret_location);
status template_include(struct template_run *run, const struct template_transform *transform,
                        struct str text, struct value *ret_result);

/* ---- document to template (template_read.c and others) ---- */

struct template_parameter {
    struct str name;                /* logical id */
    struct str type;                /* "String", "List<Number>", "AWS::SSM::…" */
    struct str description;         /* STR_NONE: none */
    struct str constraint;          /* ConstraintDescription */
    struct str fallback;            /* Default as text; lists with commas */
    bool has_fallback;              /* there is a Default */
    bool no_echo;                   /* NoEcho */
    const struct value *definition; /* all of it: AllowedValues, AllowedPattern, MinLength, … */
};

struct template_resource {
    struct str name;                /* logical id */
    struct str type;                /* "AWS::SQS::Queue" */
    struct str condition;           /* name; STR_NONE: always there */
    const struct value *properties; /* VALUE_MAP, not evaluated; NULL: none */
    const struct value *definition; /* all of it: Metadata, UpdatePolicy, CreationPolicy, … */
    struct str deletion;            /* DeletionPolicy: "Delete", "Retain", "Snapshot",
                                     * "RetainExceptOnCreate"; STR_NONE: not said */
    struct str replacement;         /* UpdateReplacePolicy, the same */
};

struct template_output {
    struct str name;               /* logical id */
    struct str description;        /* STR_NONE: none */
    struct str condition;          /* name; STR_NONE: always there */
    const struct value *value;     /* not evaluated */
    const struct value *export_name; /* of Export; NULL: none */
};

struct template {
    const struct value *document;          /* VALUE_MAP */
    struct str description;                /* STR_NONE: none */
    const struct value *metadata;          /* NULL: none */
    const struct value *mappings;          /* NULL: none */
    const struct value *conditions;        /* NULL: none; in their order */
    const struct value *rules;             /* NULL: none */
    const struct value *hooks;             /* recorded; NULL: none */
    struct template_parameter *parameters; /* in their order */
    struct template_resource *resources;   /* in their order */
    struct template_output *outputs;       /* in their order */
    uint32_t parameter_count;              /* of them */
    uint32_t resource_count;               /* of them */
    uint32_t output_count;                 /* of them */
    uint32_t *places;                      /* hash table of resources: index + 1, 0: free */
    uint32_t place_mask;                   /* its size less 1, a power of two less 1 */
    bool pending;                          /* transforms are still to run */
};

/* All sections; every name that is referenced exists, functions stand where they may. A template
 * whose transforms have not run may be read too: then names that they make are not missed. */
status template_read(const struct value *document, struct arena *arena, struct why *why,
                     struct template *ret_template);
/* Types and attributes that only the world knows, and circles: what can be said without values of
 * parameters, for ValidateTemplate. */
status template_check(const struct template *t, const struct template_world *world,
                      struct arena *arena, struct why *why);
const struct template_resource *template_resource_find(const struct template *t, struct str name);

/* ---- parameters (template_parameter.c) ---- */

/* What somebody gave for a parameter. */
struct template_given {
    struct str name;   /* of the parameter */
    struct str value;  /* text */
    bool use_previous; /* the value that it had before, whatever value says */
};

/* What a parameter is worth. */
struct template_argument {
    const struct template_parameter *parameter; /* whose */
    struct str text;     /* as given: what a stack keeps and DescribeStacks shows */
    struct str resolved; /* AWS::SSM::Parameter::Value: what it stood for; else STR_NONE */
    struct value value;  /* what Ref gives: text or list of texts */
};

struct template_asking {
    const struct template_given *given;  /* with this call */
    const struct template_given *before; /* values of the stack, or NULL */
    size_t given_count;                  /* of given */
    size_t before_count;                 /* of before */
    const struct template_world *world;  /* asked for SSM's */
};

/* One argument per parameter, in their order. Checks them all. */
status template_arguments(const struct template *t, const struct template_asking *asking,
                          struct arena *arena, struct why *why,
                          struct template_argument **ret_arguments);

/* ---- evaluating (template_run.c, template_function.c, template_value.c) ---- */

enum template_kind {
    TEMPLATE_REF,       /* a resource's physical id */
    TEMPLATE_ATTRIBUTE, /* its attribute of that name */
    TEMPLATE_IMPORT,    /* the export of that name */
    TEMPLATE_DYNAMIC,   /* what a dynamic reference stands for */
    TEMPLATE_SSM,       /* for AWS::SSM::Parameter::Value<…>; ERR_NOT_FOUND: it is not there */
    TEMPLATE_SSM_NAME,  /* for AWS::SSM::Parameter::Name, likewise; what it is worth is not asked */
    TEMPLATE_ZONES,     /* Fn::GetAZs: a list of texts for the region of that name */
    TEMPLATE_ALL,       /* Fn::RefAll in rules: ids of all things of that parameter type */
    TEMPLATE_VALUE,     /* Fn::ValueOf in rules: the attribute of that name of the thing `of` */
};

/* A dynamic reference: {{resolve:service:…}}. */
struct template_dynamic {
    struct str whole;   /* with its braces */
    struct str service; /* "ssm", "ssm-secure", "secretsmanager" */
    struct str name;    /* of the parameter; the secret's name or ARN */
    struct str version; /* ssm: number; secrets: version id; STR_NONE: not said */
    struct str stage;   /* secrets: version stage; STR_NONE: not said */
    struct str key;     /* secrets: key within the JSON; STR_NONE: all of the text */
};

/* What the world is asked. */
struct template_question {
    enum template_kind kind;                  /* what about */
    const struct template_resource *resource; /* REF, ATTRIBUTE */
    struct str name;                          /* ATTRIBUTE, IMPORT, SSM, ZONES, ALL, VALUE */
    struct str of;                            /* VALUE: an id, or a type: of all of them */
    bool list;                                /* SSM: a list is wanted */
    const struct template_dynamic *dynamic;   /* DYNAMIC */
    struct arena *arena;                      /* for the answer */
    struct why *why;                          /* for the sentence of a refusal */
};

/* What only others know. */
struct template_world {
    void *context; /* theirs */
    /* Sets *ret_value, leaves it VALUE_NONE (as it comes) for "not known yet", or refuses. NULL:
     * nothing is known. */
    status (*answer)(void *context, const struct template_question *question,
                     struct value *ret_value);
    bool (*has_type)(void *context, struct str type); /* NULL: there is every type */
    /* Whether resources of that type have such an attribute. NULL: yes. */
    bool (*has_attribute)(void *context, const struct template_resource *resource,
                          struct str name);
    struct str account;    /* AWS::AccountId */
    struct str region;     /* AWS::Region; AWS::Partition and AWS::URLSuffix follow */
    struct str stack_id;   /* AWS::StackId; STR_NONE: not known yet */
    struct str stack_name; /* AWS::StackName */
    const struct value *notification_arns; /* list of texts; NULL: none */
    bool keeps_dynamic;    /* dynamic references stay as they are written */
};

/* One use of a template: with these arguments, in this world. */
struct template_run {
    const struct template *of;                 /* the template */
    const struct template_argument *arguments; /* one per parameter */
    const struct template_world *world;        /* may change between evaluations */
    struct arena *arena;                       /* for everything made */
    struct why *why;                           /* where sentences go; may be changed */
    struct value conditions;                   /* VALUE_MAP: name to VALUE_BOOL */
    bool *exists;                              /* per resource: its condition holds */
    uint32_t **needs;                          /* per resource: those it needs, existing ones */
    uint32_t *need_count;                      /* per resource: how many */
    uint32_t *rank;                            /* per resource: 0 needs none, else 1 above them */
    uint32_t rank_count;                       /* of ranks that there are */
};

/* Fills run from its first five members: conditions, rules (the assertions that fail are the
 * refusal), references to what does not exist, circles. */
status template_begin(struct template_run *run);

/* A document with everything computed. A text or number that is not known yet is VALUE_NONE, at
 * its place; all of it VALUE_NULL: AWS::NoValue. ret_unknown may be NULL. */
status template_evaluate(struct template_run *run, const struct value *document,
                         struct value *ret_value, bool *ret_unknown);
/* For outputs: one text (numbers and truth values as CloudFormation writes them), in which dynamic
 * references stay as they are written. */
status template_evaluate_text(struct template_run *run, const struct value *document,
                              struct value *ret_value);
/* Whether a condition of that name holds (STR_NONE: yes). */
bool template_condition(const struct template_run *run, struct str name);

#endif
