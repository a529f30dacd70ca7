/* SPDX-License-Identifier: Apache-2.0
 *
 * All policies of somebody, as the cell asks for them.
 */
#ifndef WEIR_SVC_IAM_SOURCE_H
#define WEIR_SVC_IAM_SOURCE_H

#include "cell/authorize.h"
#include "svc/iam/iam_int.h"

/* Own ones and, of a user, those of the groups; and the boundary. */
void principal_all(const struct principal *principal, struct arena *arena,
                   struct principal_policies *ret_policies);

#endif
