/* SPDX-License-Identifier: Apache-2.0
 *
 * Where messages and message groups sit in memory: seats of 48 bytes in slabs that all queues
 * share, known by number, so that neighbours, heap and table name them in four bytes. The number of
 * seats is the bound of SQS's memory: SEATS_MAX, whatever the queues; beyond it sends are refused.
 *
 * A slab stays until the last seat of all is given back; then all but the first go.
 */
#ifndef WEIR_SVC_SQS_SEAT_H
#define WEIR_SVC_SQS_SEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAT_BYTES 48
#define SEATS_MAX (16u * 1024 * 1024) /* messages and groups of all queues: 0.75 GiB of seats */

/* The head of whatever sits there. */
struct seat {
    uint32_t self;       /* its number, from 1 */
    uint32_t next, prev; /* neighbours in a line; 0: none */
};

struct seats {
    char **slabs;        /* of SLAB_SEATS each */
    size_t slab_count;   /* of them */
    uint32_t fresh;      /* numbers from this one on were never given */
    uint32_t free;       /* the first that was given back; 0: none */
    uint32_t count;      /* taken */
};

/* A double-ended line of seats: the ready list of a queue, the messages of a group. */
struct line {
    uint32_t first, last; /* seats; 0: nobody */
};

void seats_init(struct seats *seats);
void seats_done(struct seats *seats);
/* Zeroed but for self. NULL: SEATS_MAX are taken. */
void *seat_take(struct seats *seats);
void seat_give(struct seats *seats, void *sitting);
void *seat_at(const struct seats *seats, uint32_t number); /* NULL for 0 */

void line_push(const struct seats *seats, struct line *line, void *sitting); /* to the end */
void line_remove(const struct seats *seats, struct line *line, void *sitting);

#endif
