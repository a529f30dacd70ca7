/* SPDX-License-Identifier: Apache-2.0
 *
 * What wishes are made of: arguments, transforms.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_EXPAND_H
#define WEIR_SVC_CLOUDFORMATION_EXPAND_H

#include "svc/cloudformation/stack.h"

/* wish->document becomes what is made, wish->processed its text; where a transform fails,
 * wish->failed says why and the result is OK. */
status wish_expand(struct call *c, struct stack_wish *wish);

/* What the template's parameters are worth. */
status wish_arguments(struct call *c, struct stack_wish *wish, const struct template *t,
                      struct template_argument **ret_arguments);

/* A document of the wish's template: with dynamic references as they are written (kept), or as
 * what they stand for. */
status wish_evaluate(struct stack_wish *wish, const struct value *document, bool kept,
                     struct value *ret_value);

#endif
