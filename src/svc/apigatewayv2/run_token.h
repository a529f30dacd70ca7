/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens whose signature was good, in memory: who comes again with one costs no more than a look.
 * Only that a key set signed a text is known; what the token says is judged each time.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_RUN_TOKEN_H
#define WEIR_SVC_APIGATEWAYV2_RUN_TOKEN_H

#include "base/str.h"

#define TOKENS_MAX 20000 /* beyond, all are forgotten */

struct tokens;

struct tokens *tokens_new(void);
void tokens_free(struct tokens *tokens); /* NULL is fine */
/* Has a set of keys, whole as it is, signed that token? False: not known. */
bool tokens_know(const struct tokens *tokens, struct str token, struct str keys);
void tokens_keep(struct tokens *tokens, struct str token, struct str keys);

#endif
