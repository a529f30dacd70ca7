/* SPDX-License-Identifier: Apache-2.0
 *
 * A page that does what an operation does: the call becomes the operation's, runs its handler, and
 * is the page's again in ended.
 *
 *     in = operation_begin(c, "SignUp");   set_str(in, …);
 *     return operation_run(c, cognito_sign_up, ended, notes);
 *     ended: operation_end(c), then c->out has the output, or c->why the error's sentence
 */
#ifndef WEIR_SVC_COGNITO_OPERATION_H
#define WEIR_SVC_COGNITO_OPERATION_H

#include "cell/call.h"

struct value *operation_begin(struct call *c, const char *operation); /* its input; in c->keep */
/* What the model says of the input is checked, too. */
status operation_run(struct call *c, status (*handler)(struct call *c),
                     status (*ended)(struct call *c, status result, void *arg), void *arg);
void operation_end(struct call *c);

#endif
