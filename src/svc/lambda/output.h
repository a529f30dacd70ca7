/* SPDX-License-Identifier: Apache-2.0
 *
 * What functions log, on its way to CloudWatch Logs: gathered on the engine's thread, handed to the
 * bus in batches by a visit of the cell. Where there is no such service it is let go.
 */
#ifndef WEIR_SVC_LAMBDA_OUTPUT_H
#define WEIR_SVC_LAMBDA_OUTPUT_H

#include "fn/fn.h"

#define OUTPUT_BYTES_MAX (16u * 1024 * 1024)  /* gathered; beyond it lines are let go */
#define OUTPUT_BATCH_BYTES_MAX (768u * 1024)  /* of one batch */
#define OUTPUT_WAIT_MS 10                     /* a line waits that long for others */

struct cell;
struct live;
struct output;

struct output *lambda_output_open(struct live *live);
void lambda_output_close(struct output *output); /* NULL is fine */
/* On the engine's thread. */
void output_add(struct output *output, const struct fn_line *line);
bool output_is_due(struct output *output); /* lines have waited long enough */
/* In the cell. */
void output_flush(struct cell *cell, struct output *output);

#endif
