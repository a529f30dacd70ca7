/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that run.
 */
#include "svc/lambda/lambda_int.h"

void live_changed(struct call *c, const struct target *target)
{
    (void)c;
    (void)target;
}

void live_deleted(struct call *c, const struct target *target)
{
    (void)c;
    (void)target;
}
