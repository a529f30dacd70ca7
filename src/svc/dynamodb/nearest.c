/* SPDX-License-Identifier: Apache-2.0
 *
 * Distances of vectors, and the k nearest of many.
 *
 * Sums are of doubles, in four lanes, so that processors need not wait for the last addition. A
 * score is kept within what a float can be, as AWS's are.
 */
#include "svc/dynamodb/nearest.h"

#include "svc/dynamodb/state.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES 4
#define KEY_ROOM_MIN 128

/* What a pair of numbers adds to. */
struct sums {
    double products;      /* of both */
    double squares;       /* of the second */
    double differences;   /* squared */
};

static float float_at(const char *floats, uint32_t i)
{
    float plain;

    memcpy(&plain, floats + i * sizeof(plain), sizeof(plain));
    return plain;
}

static struct sums sums_of(const struct quarry *quarry, const char *floats)
{
    double products[LANES] = {0};
    double squares[LANES] = {0};
    double differences[LANES] = {0};
    struct sums sums = {0, 0, 0};

    for (uint32_t i = 0; i < quarry->dimensions; i++) {
        double a = (double)quarry->floats[i];
        double b = (double)float_at(floats, i);

        products[i % LANES] += a * b;
        squares[i % LANES] += b * b;
        differences[i % LANES] += (a - b) * (a - b);
    }
    for (int lane = 0; lane < LANES; lane++) {
        sums.products += products[lane];
        sums.squares += squares[lane];
        sums.differences += differences[lane];
    }
    return sums;
}

struct quarry quarry_of(uint8_t distance, const float *floats, uint32_t dimensions)
{
    struct quarry quarry = {distance, dimensions, floats, 0};

    quarry.squares = sums_of(&quarry, (const char *)floats).squares;
    return quarry;
}

static double within(double plain, double least, double most)
{
    return plain < least ? least : plain > most ? most : plain;
}

static double cosine_distance(const struct quarry *quarry, const char *floats,
                              const struct sums *sums)
{
    if (quarry->squares == 0 || sums->squares == 0) {
        return 1; /* a vector of zeros has no direction */
    }
    if (memcmp(quarry->floats, floats, quarry->dimensions * sizeof(float)) == 0) {
        return 0;
    }
    return within(1 - sums->products / (sqrt(quarry->squares) * sqrt(sums->squares)), 0, 2);
}

double quarry_score(const struct quarry *quarry, const char *floats)
{
    struct sums sums = sums_of(quarry, floats);

    switch ((enum distance)quarry->distance) {
    case DISTANCE_COSINE:
        return cosine_distance(quarry, floats, &sums);
    case DISTANCE_EUCLIDEAN:
        return within(sqrt(sums.differences), 0, (double)FLT_MAX);
    case DISTANCE_DOT_PRODUCT:
        break;
    }
    return within(sums.products, -(double)FLT_MAX, (double)FLT_MAX);
}

/* ---- the nearest ---- */

void nearest_init(struct nearest *nearest, struct arena *arena, size_t k)
{
    *nearest = (struct nearest){arena, arena_zero(arena, (k + 1) * sizeof(struct near)), 0, k};
}

static int order(double rank_a, struct str key_a, double rank_b, struct str key_b)
{
    return rank_a < rank_b ? -1 : rank_a > rank_b ? 1 : str_cmp(key_a, key_b);
}

static bool is_farther(const struct near *a, const struct near *b)
{
    return order(a->rank, a->key, b->rank, b->key) > 0;
}

static void swap(struct near *a, struct near *b)
{
    struct near former = *a;

    *a = *b;
    *b = former;
}

static void sift_up(struct nearest *nearest, size_t at)
{
    while (at > 0 && is_farther(&nearest->at[at], &nearest->at[(at - 1) / 2])) {
        swap(&nearest->at[at], &nearest->at[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct nearest *nearest)
{
    size_t at = 0;

    for (;;) {
        size_t far = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < nearest->count; child++) {
            far = is_farther(&nearest->at[child], &nearest->at[far]) ? child : far;
        }
        if (far == at) {
            return;
        }
        swap(&nearest->at[at], &nearest->at[far]);
        at = far;
    }
}

/* Room is used again, so a long search takes no more than a short one. */
static void put(struct nearest *nearest, struct near *near, double rank, struct str key)
{
    char *at = (char *)(uintptr_t)near->key.at;

    if (near->room < key.bytes) {
        near->room = near->room == 0 ? KEY_ROOM_MIN : near->room;
        while (near->room < key.bytes) {
            near->room *= 2;
        }
        at = arena_alloc(nearest->arena, near->room);
    }
    memcpy(at, key.at, key.bytes);
    near->key = str_of(at, key.bytes);
    near->rank = rank;
}

void nearest_offer(struct nearest *nearest, double rank, struct str key)
{
    struct near *top = &nearest->at[0];

    if (nearest->count < nearest->k) {
        put(nearest, &nearest->at[nearest->count++], rank, key);
        sift_up(nearest, nearest->count - 1);
    } else if (order(rank, key, top->rank, top->key) < 0) {
        put(nearest, top, rank, key);
        sift_down(nearest);
    }
}

static int near_order(const void *a, const void *b)
{
    const struct near *x = a;
    const struct near *y = b;

    return order(x->rank, x->key, y->rank, y->key);
}

void nearest_sort(struct nearest *nearest)
{
    qsort(nearest->at, nearest->count, sizeof(struct near), near_order);
}
