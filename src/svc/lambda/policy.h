/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource policies as texts: one document by what it is about, statements added and removed by
 * their Sid. For functions and for layer versions.
 */
#ifndef WEIR_SVC_LAMBDA_POLICY_H
#define WEIR_SVC_LAMBDA_POLICY_H

#include "svc/lambda/lambda_int.h"

#define POLICY_BYTES_MAX 20480

/* The policy with that statement more; policy empty: the first. ResourceConflictException when
 * there is one of its Sid, PolicyLengthExceededException. */
status policy_add(struct call *c, struct str policy, struct str statement, struct str sid,
                  struct str *ret_policy);
/* Without that statement; empty: it was the last. ResourceNotFoundException. */
status policy_remove(struct call *c, struct str policy, struct str sid, struct str *ret_policy);
/* What functions and layers say of themselves to whoever authorizes; in open(). */
void policies_register(struct cell *cell);
/* A JSON text, quoted, in the call's arena. */
struct str quoted(struct call *c, struct str text);

#endif
