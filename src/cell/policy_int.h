/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled policy: all of it in one arena of its own, never changed once it is made, so that any
 * thread may read it.
 *
 * A text with wildcards or variables is a list of pieces. In a piece's plain text MARK_STAR and
 * MARK_ONE stand for '*' and '?'; a document cannot contain those bytes.
 */
#ifndef WEIR_CELL_POLICY_INT_H
#define WEIR_CELL_POLICY_INT_H

#include "cell/policy.h"
#include "wire/value.h"

#define MARK_STAR '\1'
#define MARK_ONE '\2'
#define PATTERN_PIECES_MAX 32
#define EXPANDED_BYTES_MAX 4096 /* a text once its variables are filled in; longer fits nothing */

struct policy_piece {
    struct str plain;     /* marks inside; before the variable */
    struct str key;       /* "aws:username"; empty: no variable follows */
    struct str otherwise; /* what stands for it when the request does not have it */
    bool has_otherwise;   /* there is such a thing */
};

struct policy_pattern {
    struct str text;                    /* as the document has it, but for marks */
    const struct policy_piece *pieces;  /* when it has variables; else NULL */
    uint32_t piece_count;               /* of them */
    bool wild;                          /* text has marks */
};

struct policy_patterns {
    const struct policy_pattern *items; /* one must fit */
    uint32_t count;                     /* of them */
    bool given;                         /* the statement has it */
    bool negated;                       /* Not…: none may fit */
};

enum policy_named_kind {
    NAMED_ANYBODY,   /* "*", {"AWS": "*"} */
    NAMED_ACCOUNT,   /* a number, or a root's ARN: text is the number */
    NAMED_ARN,       /* a user, role or session */
    NAMED_SERVICE,   /* "s3.amazonaws.com" */
    NAMED_FEDERATED, /* an identity provider's ARN or host */
    NAMED_CANONICAL, /* S3's id of an account */
};

struct policy_who {
    enum policy_named_kind kind; /* which of these */
    struct str text;             /* its */
};

struct policy_operator {
    struct str name;                 /* without prefix and suffix */
    bool (*fits)(struct str is, struct str wanted); /* NULL: Null */
    bool negated;                    /* none of the values may fit */
    bool wild;                       /* values have wildcards */
    bool variables;                  /* values may have variables */
};

enum policy_quantifier { QUANTIFIER_NONE, FOR_ALL_VALUES, FOR_ANY_VALUE };

/* One operator and one of its keys. */
struct policy_test {
    const struct policy_operator *operator; /* what compares */
    enum policy_quantifier quantifier;   /* ForAllValues: and its like */
    bool if_exists;                      /* …IfExists */
    struct str key;                      /* "aws:SourceIp" */
    const struct policy_pattern *values; /* of the document */
    uint32_t value_count;                /* of them */
};

struct policy_statement {
    struct policy_place place;           /* in the text */
    struct policy_patterns actions;      /* Action, NotAction */
    struct policy_patterns resources;    /* Resource, NotResource */
    const struct policy_who *whos;       /* Principal, NotPrincipal */
    uint32_t who_count;                  /* of them */
    bool whos_given;                     /* there is such an element */
    bool whos_negated;                   /* NotPrincipal */
    const struct policy_test *tests;     /* all must hold */
    uint32_t test_count;                 /* of them */
};

struct policy {
    uint32_t holders;                    /* atomic */
    struct arena *arena;                 /* holds all of it */
    enum policy_kind kind;               /* what it was read as */
    bool variables;                      /* its version has them */
    struct policy_statement *statements; /* in order */
    uint32_t count;                      /* of them */
    const struct str *keys;              /* that its conditions and variables ask for, each once */
    uint32_t key_count;                  /* of them */
};

/* policy_place.c: where the statements stand in the text; at most count of them. */
void policy_places(struct str text, struct policy_statement *statements, uint32_t count);

/* policy_condition.c */
const struct policy_operator *policy_operator_of(struct str name,
                                                 enum policy_quantifier *ret_quantifier,
                                                 bool *ret_if_exists);
bool policy_conditions_hold(const struct policy_statement *statement,
                            const struct policy_request *request,
                            struct policy_listener *listener);

/* policy_pattern.c */
/* '*' and '?' become marks where wild; variables pieces. False: a variable is not closed, or there
 * are too many. */
bool policy_pattern_read(struct arena *arena, struct str text, bool wild, bool variables,
                         struct policy_pattern *ret_pattern);
/* The text with its variables filled in, in room or as it lies; false: a value is missing. */
bool policy_pattern_expand(const struct policy_pattern *pattern,
                           const struct policy_request *request, char room[EXPANDED_BYTES_MAX],
                           struct str *ret_text);
bool policy_marked_like(struct str pattern, struct str text, bool nocase);
bool policy_marked_arn_like(struct str pattern, struct str text);

/* A key's values in a request; false: it has none. */
bool policy_key_find(const struct policy_request *request, struct str key,
                     struct policy_values *ret_values);

#endif
