/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled pattern: a tree of rules in an arena of its own. A rule holds when all its fields and
 * all its $or groups hold; a field when one of its tests does, or, when it has a rule, when that
 * does for what lies under its name.
 */
#ifndef WEIR_BUS_PATTERN_INT_H
#define WEIR_BUS_PATTERN_INT_H

#include "bus/pattern.h"

enum test_kind {
    TEST_TEXT,     /* equal texts */
    TEST_NUMBER,   /* equal numbers */
    TEST_TRUE,
    TEST_FALSE,
    TEST_NULL,
    TEST_PREFIX,
    TEST_SUFFIX,
    TEST_NOCASE,   /* equal but for case */
    TEST_WILDCARD,
    TEST_RANGE,    /* numeric */
    TEST_CIDR,
    TEST_EXISTS,
    TEST_ABSENT,
    TEST_BUT,      /* anything but its tests */
};

struct test {
    uint8_t kind;           /* enum test_kind */
    bool nocase;            /* PREFIX, SUFFIX: whatever the case */
    bool exact;             /* NUMBER: a whole one that no double can be trusted with */
    bool low_in, high_in;   /* RANGE: the bound itself is inside */
    uint8_t bits;           /* CIDR: of the network's mask */
    uint8_t address_bytes;  /* CIDR: 4 or 16 */
    uint8_t address[16];    /* CIDR: the network */
    double low, high;       /* RANGE; NUMBER has it in low */
    int64_t whole;          /* NUMBER, when exact */
    struct str text;        /* TEXT, PREFIX, SUFFIX, NOCASE */
    struct str *parts;      /* WILDCARD: what stands between the stars */
    struct test *tests;     /* BUT */
    uint32_t count;         /* of parts or tests */
};

struct field {
    struct str name;        /* of the document's field */
    struct rule *rule;      /* for an object below it; NULL: tests */
    struct test *tests;     /* one must hold */
    uint32_t count;         /* of tests */
};

struct choice {
    struct rule *rules;     /* one must hold */
    uint32_t count;         /* of them */
};

struct rule {
    struct field *fields;   /* all must hold */
    uint32_t field_count;   /* of them */
    struct choice *choices; /* and all of these */
    uint32_t choice_count;  /* of them */
};

/* Where a pattern is wrong. */
struct pattern_place {
    const struct value *value;    /* in its document; NULL: nowhere in particular */
    bool end;                     /* behind all of the value, not its first token */
    bool twice;                   /* EventBridge says it twice */
};
/* Adds the place to a sentence, as EventBridge does. */
void pattern_place_add(struct str json, const struct value *document,
                       const struct pattern_place *place, struct why *why);

struct pattern {
    struct arena *arena;          /* holds all of it */
    enum pattern_dialect dialect; /* whose rules it follows */
    struct rule top;              /* the whole */
};

#endif
