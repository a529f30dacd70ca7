/* SPDX-License-Identifier: Apache-2.0
 *
 * Distances of vectors, and the k nearest of many.
 */
#ifndef WEIR_SVC_DYNAMODB_NEAREST_H
#define WEIR_SVC_DYNAMODB_NEAREST_H

#include "base/arena.h"

/* What is looked for. */
struct quarry {
    uint8_t distance;     /* enum distance */
    uint32_t dimensions;  /* of it */
    const float *floats;  /* it */
    double squares;       /* the sum of its squares */
};

struct quarry quarry_of(uint8_t distance, const float *floats, uint32_t dimensions);
/* AWS's Score. floats: unaligned, as many as the quarry has. */
double quarry_score(const struct quarry *quarry, const char *floats);

/* One of the nearest. */
struct near {
    double rank;          /* lower is nearer */
    struct str key;       /* its; of equal ones the lesser is nearer */
    size_t room;          /* for the key */
    struct str value;     /* for who looks it up again */
};

/* A heap with the farthest on top, whose place a nearer one takes. */
struct nearest {
    struct arena *arena;  /* holds keys */
    struct near *at;      /* k of them */
    size_t count;         /* so far */
    size_t k;             /* at most */
};

void nearest_init(struct nearest *nearest, struct arena *arena, size_t k);
void nearest_offer(struct nearest *nearest, double rank, struct str key); /* copies the key */
void nearest_sort(struct nearest *nearest); /* nearest first; no heap any more */

#endif
