/* SPDX-License-Identifier: Apache-2.0
 *
 * Macros: functions of the account that make templates of templates. A stack's resource
 * AWS::CloudFormation::Macro names the function; a template that asks for it by name has it asked.
 *
 *   ("cloudformation", "macro", account, region, name)   u8 1 (version), a map as JSON
 */
#ifndef WEIR_SVC_CLOUDFORMATION_MACRO_H
#define WEIR_SVC_CLOUDFORMATION_MACRO_H

#include "svc/cloudformation/cloudformation_int.h"

#define MACRO_MS_MAX (INT64_C(900) * 1000) /* of one answer: a function's own limit */

/* The function has not answered yet. The call is parked: its handler returns OK, and runs again
 * from its begin when the answer is there; what it computes until then must be the same. */
extern const struct error MACRO_WAITS;

/* What a macro makes of a fragment; run has the template's arguments. MACRO_WAITS, or another error
 * with c->why: there is no such macro, or what went wrong. Where calls cannot wait (a nested stack)
 * it is an error, too. */
status macro_run(struct call *c, const struct template_run *run,
                 const struct template_transform *transform, struct value *ret_result);
/* At a handler's begin: the answers so far are asked for from the first one on. again is the
 * handler. */
void macro_begin(struct call *c, status (*again)(struct call *c));

#endif
