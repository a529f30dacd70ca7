/* SPDX-License-Identifier: Apache-2.0
 *
 * What users' second factors are told as.
 */
#ifndef WEIR_SVC_COGNITO_MFA_H
#define WEIR_SVC_COGNITO_MFA_H

#include "svc/cognito/user.h"

/* "PreferredMfaSetting" and "UserMFASettingList" of the answer. */
void mfa_put(struct call *c, const struct user *user);

#endif
