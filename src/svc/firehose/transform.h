/* SPDX-License-Identifier: Apache-2.0
 *
 * What a function that transforms records is asked, and what it answers. Source: "Transform source
 * data", "Required parameters for data transformation".
 */
#ifndef WEIR_SVC_FIREHOSE_TRANSFORM_H
#define WEIR_SVC_FIREHOSE_TRANSFORM_H

#include "svc/firehose/firehose_int.h"

enum item_state { ITEM_GOOD, ITEM_DROPPED, ITEM_FAILED };

/* A record on its way through processing. */
struct item {
    const struct stored *from;   /* the record that it is of */
    struct str id;               /* recordId */
    struct str data;             /* as it is by now */
    struct str source;           /* as it was asked for: rawData of a failure */
    enum item_state state;       /* what became of it */
    const char *code;            /* ITEM_FAILED: why */
    struct str message;          /* the same in words */
    struct str pairs;            /* partition keys, packed */
    const struct value *keys_of_function; /* partitionKeys of the answer; NULL: none */
    uint64_t sub;                /* number within from */
};

struct transform_ask {
    struct str arn, region;      /* of the delivery stream */
    struct str source;           /* ARN of the Kinesis stream; empty: records were put */
    char invocation[36];         /* a UUID */
    const struct item *items;    /* what is asked */
    size_t count;                /* of them */
};
/* The payload; spent: it is larger than a function takes. */
void transform_payload(struct buf *payload, const struct transform_ask *ask);
/* What an item adds to it, about; never less. */
size_t transform_bytes(const struct item *item);

/* Sorts the answer's records to their items, whatever it says. The answer is changed. */
void transform_answer(struct str answer, struct arena *arena, struct item *items, size_t count);
void item_fail(struct item *item, const char *code, struct str message);

#endif
