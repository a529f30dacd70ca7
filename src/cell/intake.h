/* SPDX-License-Identifier: Apache-2.0
 *
 * Intake: large bodies on their way into blobs, before their calls begin.
 *
 *   data ─copied─► raw pieces ─sums─► plain pieces ─write─► blob ─sync─► the call
 *   (loop)                    (pool)                (pool)              (batch)
 *
 * See intake.c for the rules. Everything here happens on the visit's loop.
 */
#ifndef WEIR_CELL_INTAKE_H
#define WEIR_CELL_INTAKE_H

#include "cell/body_read.h"
#include "cell/buffers.h"

#define INTAKE_UPLOADS_MAX 256           /* at a time; then 503 SlowDown */
#define INTAKE_PIECE_BYTES (BUFFER_BYTES - 64) /* handed to the pool at once */
#define INTAKE_PIECES_MAX 4              /* of one upload, waiting; then the peer is held back */

struct intake;
struct visit;

/* An upload begins. OK: its body is expected, visit->intake is set. */
status intake_begin(struct visit *visit, const struct body_source *source);
void intake_data(struct intake *intake, struct str piece);
/* The body is all here: when it is synced, the visit joins the batch. */
void intake_whole(struct intake *intake);
/* Its peer is gone: the visit ends when no thread works on it any more. */
void intake_gone(struct intake *intake);
/* The call is over. A blob that was not published is removed. */
void intake_end(struct intake *intake, bool published);

#endif
