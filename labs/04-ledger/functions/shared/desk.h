/* SPDX-License-Identifier: Apache-2.0
 *
 * Where events lie and where they go: the calls that both functions make.
 *
 * Objects are written once: what is there already stays (If-None-Match), so that work which is done
 * again after a crash changes nothing. Calls that fail are logged, and false.
 */
#ifndef LEDGER_DESK_H
#define LEDGER_DESK_H

#include "event.h"
#include "weir_aws.h"
#include "weir_lambda.h"

/* One put into the new-events bucket, as the queues carry it. */
struct arrival {
    struct weir_text bucket;    /* the new-events bucket */
    struct weir_text key;       /* of the object */
    struct weir_text version;   /* of it: what is read and removed is this, and no later one */
    struct weir_text sequencer; /* S3's: another for each put of the key */
    int64_t tries;              /* how often it was sent back because it came early */
};

/* What the environment says; NULL: nothing. */
const char *desk_setting(const char *name);

/* A client whose endpoint, region and credentials are the environment's. */
struct weir_aws *desk_client(void);

/* A call whose failure is logged. `but` is an error code that is no failure, or NULL. */
bool desk_call(struct weir_invocation *in, const char *service, const char *operation,
               const struct weir_buf *json, const char *but);

/* Where the last call's answer lies, until the next call. */
const struct weir_aws_answer *desk_answer(void);

/* Puts an object that is not there yet. */
bool desk_put_once(struct weir_invocation *in, const char *bucket, struct weir_text key,
                   struct weir_text body);

/* Removes the arrival's version from the new-events bucket. */
bool desk_remove(struct weir_invocation *in, const struct arrival *arrival);

/* Writes "reason/key/version" into the bucket of what was rejected: the event with the reason. text
 * is the event as it was put; nothing: it was too large to be looked at. */
bool desk_reject(struct weir_invocation *in, const struct arrival *arrival, struct weir_text text,
                 struct weir_text reason, struct weir_text message);

#endif
