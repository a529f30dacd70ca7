/* SPDX-License-Identifier: Apache-2.0
 *
 * Payloads: JSON texts that go to functions as they came. They are looked at once, in place, and
 * nothing is made of them.
 */
#ifndef WEIR_SVC_LAMBDA_PAYLOAD_H
#define WEIR_SVC_LAMBDA_PAYLOAD_H

#include "base/error.h"
#include "base/str.h"

#define PAYLOAD_BYTES_MAX (6u * 1024 * 1024)        /* of a synchronous invocation, in and out */
#define PAYLOAD_ASYNC_BYTES_MAX (1024u * 1024)      /* of an asynchronous one */
#define PAYLOAD_DEPTH_MAX 1000                      /* lists and objects in one another */

/* Exactly one JSON value (RFC 8259) in valid UTF-8. *why gets the reason, as AWS's parser words
 * it. */
bool payload_is_json(struct str text, struct why *why);

#endif
