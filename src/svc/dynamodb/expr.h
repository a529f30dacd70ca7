/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions: ConditionExpression, FilterExpression, KeyConditionExpression, ProjectionExpression,
 * UpdateExpression, with ExpressionAttributeNames and ExpressionAttributeValues.
 *
 * A request's order is: terms_read, then its expressions one by one (each is parsed, checked and
 * bound to names and values), then terms_all_used, then key_condition_of. What they give lives in
 * the terms' arena and points into the request. What legacy parameters say becomes the same things
 * (legacy.h).
 *
 * Every refusal is DDB_VALIDATION with AWS's sentence in why. Sources: developer guide,
 * "Using expressions in DynamoDB" and its pages; "Quotas", Expression parameters; API reference.
 */
#ifndef WEIR_SVC_DYNAMODB_EXPR_H
#define WEIR_SVC_DYNAMODB_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "svc/dynamodb/datum.h"
#include "svc/dynamodb/item.h"
#include "wire/value.h"

#define EXPR_BYTES_MAX 4096
#define EXPR_OPERATORS_MAX 300  /* operators and functions of one update expression */
#define EXPR_NESTING_MAX 256    /* parentheses and functions inside one another */
#define EXPR_IN_MAX 100         /* operands of IN */
#define EXPR_PATH_STEPS_MAX 32
#define TERM_KEY_BYTES_MAX 255

/* ---- names and values ---- */

struct term;

/* The context of one request's expressions. */
struct terms {
    struct arena *arena; /* everything made lives here */
    struct why *why;     /* the sentence of a refusal */
    struct term *names;  /* #name to attribute name, by key */
    size_t name_count;   /* of them */
    struct term *values; /* :value to datum, by key */
    size_t value_count;  /* of them */
};

/* names, values: the request's members, or NULL when they are not there. */
status terms_read(struct arena *arena, const struct value *names, const struct value *values,
                  struct why *why, struct terms *ret_terms);
/* After all expressions: whatever was given must have been used. */
status terms_all_used(struct terms *terms);

/* ---- paths ---- */

struct step {
    struct str name;  /* of an attribute or a map's pair; is_index: none */
    uint32_t index;   /* into a list */
    bool is_index;    /* which of the two */
    bool is_term;     /* name is still a #name, to be looked up */
};

/* A document path: a.b[2]. The first step is the attribute's name. */
struct path {
    struct step *steps; /* count of them */
    uint32_t count;     /* at least 1 */
};

struct paths {
    struct path **at; /* in order: path_cmp */
    size_t count;
};

int path_cmp(const struct path *a, const struct path *b);
struct datum path_find(const struct path *path, struct str attributes);

/* ---- conditions ---- */

enum expr_kind {
    EXPR_CONDITION,
    EXPR_FILTER,
    EXPR_KEY_CONDITION,
    EXPR_PROJECTION,
    EXPR_UPDATE,
    EXPR_SEARCH,    /* of SearchVectors: a condition of equalities */
    EXPR_STATEMENT, /* a part of PartiQL: names and values are bound, sentences begin bare */
};

enum expr_op {
    OP_PATH,
    OP_VALUE,
    OP_CALL, /* only while parsing */
    OP_OR,
    OP_AND,
    OP_NOT,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_BETWEEN,
    OP_IN,
    OP_EXISTS,
    OP_NOT_EXISTS,
    OP_TYPE,
    OP_BEGINS,
    OP_CONTAINS,
    OP_SIZE,
    OP_PLUS,
    OP_MINUS,
    OP_IF_NOT_EXISTS,
    OP_LIST_APPEND,
};

/* A node; children are a list from first by next. AND and OR have two or more. */
struct expr {
    uint8_t op;              /* enum expr_op */
    bool parens;             /* stands in parentheses */
    uint16_t count;          /* children */
    struct str text;         /* operator, function or :value as written, for sentences */
    struct expr *first;      /* child */
    struct expr *last;       /* child */
    struct expr *next;       /* sibling */
    struct path *path;       /* OP_PATH */
    struct datum value;      /* OP_VALUE */
};

/* kind: EXPR_CONDITION, EXPR_FILTER, EXPR_KEY_CONDITION or EXPR_SEARCH. */
status condition_read(struct terms *terms, enum expr_kind kind, struct str text,
                      const struct expr **ret_condition);
/* attributes: of an item; of ITEM_ABSENT when there is none. Never fails: what has not the right
 * type is false. */
bool condition_holds(const struct expr *condition, struct str attributes);
/* Calls seen for every path in it, until seen says false. For rules about key attributes. */
bool condition_paths(const struct expr *condition,
                     bool (*seen)(void *context, const struct path *path), void *context);

/* ---- projections ---- */

status projection_read(struct terms *terms, struct str text, struct paths *ret_paths);
/* A new item of what the paths name: maps and lists with only the parts named, lists closed up. */
status projection_apply(struct arena *arena, const struct paths *paths, const struct item *item,
                        struct item *ret_item);

/* ---- updates ---- */

enum action_kind { ACTION_SET, ACTION_REMOVE, ACTION_ADD, ACTION_DELETE };

struct action {
    uint8_t kind;          /* enum action_kind */
    uint16_t section;      /* which section it stands in, from 0 */
    struct path *path;     /* what it changes */
    struct expr *value;    /* what it makes of it; NULL: ACTION_REMOVE */
    struct action *next;   /* as written */
};

struct update {
    struct action *first;    /* as written */
    struct action *last;
    size_t count;            /* actions */
    bool legacy;             /* from AttributeUpdates: AWS has another sentence for types, and ADD
                              * appends to lists */
    struct paths touched;    /* for UPDATED_OLD and UPDATED_NEW: projection_apply on old and new */
};

status update_read(struct terms *terms, struct str text, struct update *ret_update);
/* All reading is of old; every action's outcome goes into the new item. old has the key attributes
 * when the item does not exist yet. The size is judged (item_fits). */
status update_apply(struct arena *arena, const struct update *update, const struct item *old,
                    struct why *why, struct item *ret_item);

/* ---- key conditions ---- */

struct key_term {
    struct str name;        /* of the key attribute */
    uint8_t op;             /* OP_EQ, OP_LT .. OP_GE, OP_BETWEEN, OP_BEGINS; others: see bind */
    struct datum values[2]; /* the second for OP_BETWEEN */
};

/* A table's or an index's key: hash attributes first, then range attributes. A table and a local
 * index have one hash attribute and at most one range attribute, a global index up to four of each.
 * Source: developer guide, "Multi-attribute keys pattern". */
#define KEY_PARTS_MAX 8
#define KEY_PARTS_OF_KIND_MAX 4
struct key_schema {
    struct str names[KEY_PARTS_MAX];  /* empty behind the last */
    uint8_t types[KEY_PARTS_MAX];     /* DATUM_S, DATUM_N, DATUM_B */
    uint8_t hashes;                   /* how many of them are hash attributes */
    uint8_t count;                    /* of all */
};

struct key_condition {
    size_t count;                        /* of the terms */
    struct key_term terms[KEY_PARTS_MAX]; /* after key_condition_bind: in the schema's order */
    uint8_t hashes;                      /* after it: how many are on hash attributes */
};

status key_condition_of(struct terms *terms, const struct expr *condition,
                        struct key_condition *ret_condition);
/* Checks it against the schema and orders the terms as the schema's parts are: all hash attributes,
 * then range attributes from the left, of which only the last may be more than an equality. The
 * same in steps, for who has more to check in between (AWS goes by part): whether there are not too
 * many terms, then part by part. */
status key_condition_bind(struct key_condition *condition, const struct key_schema *schema,
                          struct why *why);
status key_condition_count(const struct key_condition *condition, const struct key_schema *schema,
                           struct why *why);
status key_condition_part(struct key_condition *condition, const struct key_schema *schema,
                          uint8_t part, struct why *why);
/* The rows [from, to) that satisfy the term on the key part that follows prefix. */
void key_term_range(struct arena *arena, struct str prefix, const struct key_term *term,
                    struct str *ret_from, struct str *ret_to);
/* The same for all terms on range attributes of a bound condition; prefix ends with the hash
 * attributes. */
void key_condition_range(struct arena *arena, struct str prefix,
                         const struct key_condition *condition, struct str *ret_from,
                         struct str *ret_to);
/* Whether an item's attribute satisfies the term. */
bool key_term_holds(const struct key_term *term, struct datum value);

#endif
