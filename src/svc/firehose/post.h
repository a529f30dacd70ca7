/* SPDX-License-Identifier: Apache-2.0
 *
 * What an HTTP endpoint is sent, and what it must answer. Source: "Understand HTTP endpoint
 * delivery request and response specifications".
 */
#ifndef WEIR_SVC_FIREHOSE_POST_H
#define WEIR_SVC_FIREHOSE_POST_H

#include "base/arena.h"
#include "base/buf.h"

#define POST_ID_BYTES 36

/* The same for the same batch, also after a crash. */
void post_id(char out[POST_ID_BYTES], uint64_t log, uint64_t first, uint64_t next);
/* Whether an endpoint's answer of status 200 takes the request: its id, and a time. The text is
 * changed. */
bool post_answer_is_good(struct str answer, struct str id, struct arena *arena);

#endif
