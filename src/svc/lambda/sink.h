/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions on the bus.
 */
#ifndef WEIR_SVC_LAMBDA_SINK_H
#define WEIR_SVC_LAMBDA_SINK_H

#include "svc/lambda/lambda_int.h"

/* In the service's open(). */
void sink_open(struct cell *cell);    /* events for functions are queued */
void invoker_open(struct cell *cell); /* functions that somebody waits for */

/* Of a function, with or without a qualifier. */
bool target_of_arn(struct str text, struct target *ret_target);

#endif
