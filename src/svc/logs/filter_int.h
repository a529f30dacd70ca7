/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside filter patterns: what a compiled one is.
 */
#ifndef WEIR_SVC_LOGS_FILTER_INT_H
#define WEIR_SVC_LOGS_FILTER_INT_H

#include "svc/logs/filter.h"

/* ---- filter_regex.c ---- */

struct regex; /* between % and % */
/* Only what AWS lets through: ERR_MALFORMED. */
status regex_new(struct str text, struct why *why, struct regex **ret_regex);
void regex_free(struct regex *regex);
bool regex_match(const struct regex *regex, struct str text);

/* ---- the compiled pattern ---- */

enum comparison { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

enum operand_kind { OPERAND_TEXT, OPERAND_NUMBER, OPERAND_REGEX };

/* What stands on a comparison's right. */
struct operand {
    enum operand_kind kind;    /* which of the others counts */
    struct str text;           /* as written, without quotes; with '*' for anything */
    double number;             /* OPERAND_NUMBER */
    const struct regex *regex; /* OPERAND_REGEX; the filter's */
};

enum step_kind { STEP_NAME, STEP_INDEX, STEP_ANY };

struct step {
    enum step_kind kind;       /* which of the others counts */
    struct str name;           /* STEP_NAME: of a member */
    uint64_t index;            /* STEP_INDEX: of an element */
};

struct selector {
    struct str text;           /* as written: $.a.b[0] */
    const struct step *steps;  /* from the document's top */
    size_t count;              /* of them */
};

enum test_kind {
    TEST_AND, TEST_OR, TEST_COMPARE, TEST_IS_NULL, TEST_IS_TRUE, TEST_IS_FALSE, TEST_EXISTS,
    TEST_NOT_EXISTS
};

struct test {
    enum test_kind kind;       /* which of the others count */
    const struct test *left, *right; /* TEST_AND, TEST_OR */
    struct selector selector;  /* of what; empty in a field's test: the field */
    enum comparison comparison; /* TEST_COMPARE */
    struct operand operand;    /* TEST_COMPARE */
};

/* A place between [ and ]. */
struct field {
    struct str name;           /* empty: it has none */
    const struct test *test;   /* NULL: anything */
    bool rest;                 /* "...": any number of fields */
};

enum term_kind { TERM_MUST, TERM_MAY, TERM_NOT };

struct term {
    enum term_kind kind;       /* how it is asked for */
    struct str text;           /* STR_NONE: a regular expression */
    const struct regex *regex; /* the filter's */
};

enum filter_kind { FILTER_ALL, FILTER_TERMS, FILTER_JSON, FILTER_FIELDS };

struct filter {
    enum filter_kind kind;     /* which of the others count */
    struct arena *arena;       /* where all of it lies */
    struct term *terms;        /* FILTER_TERMS */
    size_t term_count;         /* of them */
    bool any_of;               /* all terms are TERM_MAY */
    const struct test *test;   /* FILTER_JSON */
    struct field *fields;      /* FILTER_FIELDS */
    size_t field_count;        /* of them */
    struct regex *regexes[FILTER_REGEXES_MAX];
    size_t regex_count;        /* of them */
};

#endif
