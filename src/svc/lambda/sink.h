/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions on the bus.
 */
#ifndef WEIR_SVC_LAMBDA_SINK_H
#define WEIR_SVC_LAMBDA_SINK_H

struct cell;

/* In the service's open(). */
void sink_open(struct cell *cell);

#endif
