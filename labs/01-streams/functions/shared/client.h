/* SPDX-License-Identifier: Apache-2.0
 *
 * What this lab's functions share: a client, and a line for the log when a call fails.
 */
#ifndef STREAMS_CLIENT_H
#define STREAMS_CLIENT_H

#include "weir_aws.h"
#include "weir_lambda.h"

/* Endpoint, region and credentials are the environment's. False: no memory. */
bool client_open(void);

/* A call whose failure is logged. */
bool client_call(struct weir_invocation *in, const char *service, const char *operation,
                 const struct weir_buf *json, struct weir_aws_answer *ret_answer);

#endif
