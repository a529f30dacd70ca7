/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving a dead-letter queue's messages: tasks, and what they match.
 */
#ifndef WEIR_SVC_SQS_MOVE_H
#define WEIR_SVC_SQS_MOVE_H

#include "bus/pattern.h"
#include "svc/sqs/sqs_rows.h"

enum move_state { MOVE_RUNNING, MOVE_COMPLETED, MOVE_CANCELLED, MOVE_FAILED };

struct move {
    char id[MESSAGE_ID_BYTES]; /* a UUID, in the handle */
    uint8_t state;             /* enum move_state */
    uint64_t number;           /* of this queue's moves, in their order */
    struct str to;             /* ARN; empty: where each came from; owned */
    struct str where;          /* pattern; empty: all; owned */
    struct str failure;        /* why it failed; owned */
    struct pattern *pattern;   /* of where; NULL: all */
    uint32_t rate;             /* messages a second; 0: as fast as it goes */
    uint64_t moved;            /* so far */
    uint64_t to_move;          /* when it began */
    uint64_t beyond;           /* sequences up to this one were looked at */
    uint64_t last;             /* and this is the last one: what dies meanwhile is not moved */
    int64_t started_ms;        /* StartedTimestamp */
};

/* What a move is to be. */
struct wish {
    struct queue *queue;       /* out of which */
    struct str to;             /* ARN; empty: where each came from */
    struct str where;          /* pattern; empty: all */
    uint32_t rate;             /* 0: as fast as it goes */
};

/* ---- move.c ---- */

struct move *move_running(const struct queue *queue); /* NULL: none */
bool is_dead_letter_queue(struct call *c, const struct queue *queue);
/* ResourceNotFoundException, InvalidParameterValue, UnsupportedOperation. */
status wish_check(struct call *c, const struct wish *wish);
/* Takes the pattern; the wish was checked. */
struct move *move_begin(struct call *c, const struct wish *wish, struct pattern *pattern);
void move_cancel(struct call *c, struct queue *queue, struct move *move);
status moves_timer(struct call *c, struct str name, struct str payload);

/* ---- match.c: the messages of a queue in their order, and what matches ---- */

struct message_walk {
    struct queue *queue;       /* whose messages */
    struct txn_scan *scan;     /* over their rows */
};
void message_walk_open(struct call *c, struct queue *queue, uint64_t beyond,
                       struct message_walk *ret_walk);
/* The next one in memory; its content's strings are valid until the next step. NULL: the end. */
struct message *message_walk_next(struct call *c, struct message_walk *walk,
                                  struct content *ret_content);
void message_walk_close(struct message_walk *walk);
/* {"messageId", "body", "attributes", "messageAttributes"}; pattern NULL matches all. */
bool message_matches(const struct pattern *pattern, const struct message *message,
                     const struct content *content);

#endif
