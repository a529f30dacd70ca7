/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the template language share: calls of functions, names, sentences.
 *
 * Rules
 *  1. A call is a map of one pair whose key is "Ref" or begins with "Fn::". "Condition" is one only
 *     where a condition may stand.
 *  2. A value that is not known yet is VALUE_NONE, one that is to go away (AWS::NoValue)
 *     VALUE_NULL: neither is in a document that was read, because nulls are refused there.
 *  3. Shapes of calls and names in them are checked by template_call.c and template_refer.c
 *     for the whole template, also where nobody evaluates them. Evaluating checks again what only
 *     values show.
 *  4. Texts that functions make are at most TEMPLATE_BYTES_MAX long; no chain of them doubles
 *     itself into the sky.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_TEMPLATE_INT_H
#define WEIR_SVC_CLOUDFORMATION_TEMPLATE_INT_H

#include "svc/cloudformation/template.h"
#include "wire/document.h"

/* In the order of template_functions[]. */
enum template_function {
    FUNCTION_NONE, /* no call */
    FUNCTION_REF,
    FUNCTION_GET_ATT,
    FUNCTION_SUB,
    FUNCTION_JOIN,
    FUNCTION_SPLIT,
    FUNCTION_SELECT,
    FUNCTION_FIND_IN_MAP,
    FUNCTION_IF,
    FUNCTION_IMPORT_VALUE,
    FUNCTION_BASE64,
    FUNCTION_CIDR,
    FUNCTION_GET_AZS,
    FUNCTION_LENGTH,
    FUNCTION_TO_JSON,
    FUNCTION_TRANSFORM,
    FUNCTION_EQUALS, /* from here on: conditions */
    FUNCTION_AND,
    FUNCTION_OR,
    FUNCTION_NOT,
    FUNCTION_CONTAINS, /* from here on: rules */
    FUNCTION_EACH_EQUALS,
    FUNCTION_EACH_IN,
    FUNCTION_REF_ALL,
    FUNCTION_VALUE_OF,
    FUNCTION_VALUE_OF_ALL,
    FUNCTION_COUNT,
    FUNCTION_UNKNOWN, /* "Fn::" and something else */
};

/* A call of a function. */
struct template_call {
    enum template_function function; /* FUNCTION_NONE: it is none */
    struct str name;                 /* the key */
    const struct value *argument;    /* its value; NULL: it is no call */
};

struct template_call template_call_of(const struct value *document);
/* The function of the short form "!Name"; FUNCTION_NONE: none has it. */
const char *template_function_of_tag(struct str tag);
/* {"Condition": text}: the text, else STR_NONE. */
struct str template_condition_named(const struct value *document);
/* The call's argument has the shape that its function wants. */
status template_call_check(const struct template_call *call, struct why *why);
/* What a lookup whose keys are written out finds is there. */
status template_find_check(const struct value *mappings, const struct value *argument,
                           struct arena *arena, struct why *why);
status template_call_unknown(const struct template_call *call, struct why *why);

/* TEMPLATE_INVALID with that sentence. */
#define template_wrong(why, ...) why_set((why), &TEMPLATE_INVALID, __VA_ARGS__)

/* ---- documents ---- */

static inline bool template_is_scalar(const struct value *value)
{
    return value != NULL && (value->kind == VALUE_STR || value->kind == VALUE_INT ||
                             value->kind == VALUE_DOUBLE || value->kind == VALUE_BOOL);
}
static inline bool template_is_text(const struct value *value)
{
    return value != NULL && value->kind == VALUE_STR;
}
static inline struct value template_text(struct str text)
{
    return (struct value){.kind = VALUE_STR, .str = text};
}
static inline struct value template_number(int64_t number)
{
    return (struct value){.kind = VALUE_INT, .number = number};
}
/* An empty list or map with room for that many. */
struct value template_list(struct arena *arena, size_t room);
struct value template_map(struct arena *arena, size_t room);
struct value *template_list_add(struct value *list);
struct value *template_map_add(struct value *map, struct str key);
/* Whether anything in it is VALUE_NONE. */
bool template_has_unknown(const struct value *value);

/* ---- lists of names for sentences ---- */

struct template_names {
    struct arena *arena; /* where they lie */
    struct str *at;      /* each once */
    uint32_t count;      /* of them */
    uint32_t room;       /* allocated */
};
void template_names_add(struct template_names *names, struct str name);
/* "A, B": cut where a sentence would be too long. */
struct str template_names_text(const struct template_names *names);

/* ---- what may stand in a text of Fn::Sub ---- */

struct template_piece {
    struct str text;     /* between variables, as it is to stand */
    struct str variable; /* behind the text; STR_NONE: there is none */
    bool literal;        /* the variable is "${!…}": to stand as "${…}" */
};
/* Cuts a piece off *rest; false: nothing was left. *ret_why: a variable's name is none. */
bool template_piece_next(struct str *rest, struct template_piece *ret_piece);
bool template_variable_good(struct str name);

/* ---- references ---- */

/* "A.B.C" as A and B.C; false: there is no dot between two names. */
bool template_dotted(struct str text, struct str *ret_first, struct str *ret_second);
/* The resource and, as a document, the attribute that an argument of Fn::GetAtt names. */
bool template_get_att_parts(const struct value *argument, struct str *ret_resource,
                            struct value *ret_attribute);
bool template_is_pseudo(struct str name);
/* So that the next one finds them. */
void template_place_resources(struct template *t, struct arena *arena);
/* Index of a resource, an argument; -1: none. */
int32_t template_resource_index(const struct template *t, struct str name);
int32_t template_parameter_index(const struct template *t, struct str name);

/* ---- parts of reading ---- */

status template_read_parameters(const struct value *section, struct arena *arena, struct why *why,
                                struct template *t);
/* Shapes of calls and names in all sections (template_refer.c). */
status template_refer(const struct template *t, struct arena *arena, struct why *why);
/* "Number of resources, 501, is greater than maximum allowed, 500". */
status template_count_check(const char *noun, uint32_t count, uint32_t count_max, struct why *why);
/* No nulls; path names what was read so far. */
status template_null_check(const struct value *document, struct arena *arena, struct why *why);

/* ---- parts of a run ---- */

/* What stands in a document for now, before dynamic references. */
status template_value(struct template_run *run, const struct value *document,
                      struct value *ret_value);
/* A call of a condition function, or {"Condition": …}. */
status template_truth(struct template_run *run, const struct value *document, bool *ret_truth);
status template_rules(struct template_run *run);
/* Shapes of rules, and functions that they may not have. */
status template_rules_check(const struct value *rules, struct arena *arena, struct why *why);
status template_order(struct template_run *run);
/* A text of a scalar; VALUE_NONE stays, anything else gives false. */
bool template_as_text(struct arena *arena, const struct value *value, struct value *ret_text);
status template_cidr(const struct value *arguments, struct arena *arena, struct why *why,
                     struct value *ret_list);
/* Their forms where they are written out, and secure ones where none may be. exists: per resource;
 * NULL: all are looked at. */
status template_dynamic_check(const struct template *t, const bool *exists, struct arena *arena,
                              struct why *why);
/* Whether a text has one of "ssm"; without a version is what is looked for where versionless. */
bool template_has_ssm(struct str text, bool versionless);
bool template_has_dynamic(const struct value *value);
/* Every {{resolve:…}} in it, asked of the world. */
status template_dynamic(struct template_run *run, struct value *value);
/* Asks the world; VALUE_NONE where it does not know. */
status template_ask(const struct template_world *world, const struct template_question *question,
                    struct value *ret_value);

#endif
