/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose permissions a function has: the keys that its environment gives to it.
 */
#ifndef WEIR_SVC_LAMBDA_ROLE_H
#define WEIR_SVC_LAMBDA_ROLE_H

#include "base/time.h"
#include "cell/call.h"

#define ROLE_SESSION_MS (12 * MS_PER_HOUR)  /* keys are good for that long */
#define ROLE_RENEW_MS MS_PER_HOUR           /* workers get new ones so long before they end */

/* Strings in the call's arena. */
struct role_keys {
    struct str access_key;       /* AWS_ACCESS_KEY_ID */
    struct str secret;           /* AWS_SECRET_ACCESS_KEY */
    struct str token;            /* AWS_SESSION_TOKEN */
    int64_t expires_ms;          /* 0: never */
};

/* Where signatures are checked a session of the role, which is staged; else what names the
 * account. A role that is not there gives keys of nobody. */
void role_keys_of(struct call *c, struct str role_arn, struct str function,
                  struct role_keys *ret_keys);

#endif
