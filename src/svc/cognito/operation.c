/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages that run operations' handlers.
 */
#include "svc/cognito/operation.h"

#include "wire/wire.h"

#include <assert.h>

struct value *operation_begin(struct call *c, const char *operation)
{
    struct value *in;

    c->operation = model_operation(model_service(STR("cognito-idp")), str_c(operation));
    assert(c->operation != NULL);
    in = value_struct(c->keep, c->operation->input);
    c->in = in;
    c->out = value_struct(c->keep, c->operation->output);
    return in;
}

status operation_run(struct call *c, status (*handler)(struct call *c),
                     status (*ended)(struct call *c, status result, void *arg), void *arg)
{
    call_last(c, ended, arg);
    TRY(wire_check(c->operation, c->in, c->arena, &c->why));
    return handler(c);
}

void operation_end(struct call *c)
{
    c->operation = NULL;
}
