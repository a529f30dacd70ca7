/* SPDX-License-Identifier: Apache-2.0
 *
 * What functions said that authorize: yes or no, or a policy, and what they add to the request's
 * context. Kept in memory by who was asked and with which identity, until it is too old.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_RUN_GRANT_H
#define WEIR_SVC_APIGATEWAYV2_RUN_GRANT_H

#include "base/arena.h"
#include "wire/value.h"

#define GRANTS_MAX 20000
#define GRANT_BYTES_MAX (256u * 1024)

struct granted;              /* counted */
struct grants;

/* An answer, read; begins with one holder. NULL: it is none. simple: {"isAuthorized": true}, else a
 * policy. */
struct granted *granted_read(struct str json, bool simple);
struct granted *granted_hold(const struct granted *granted);
void granted_drop(const struct granted *granted); /* NULL is fine */
/* May it call that? resource: the request's ARN of execute-api. */
bool granted_allows(const struct granted *granted, struct str resource);
struct str granted_principal(const struct granted *granted); /* STR_NONE: it said none */
struct str granted_member(const struct granted *granted, struct str name); /* of its context */
const struct value *granted_context(const struct granted *granted); /* a map; NULL: none */

struct grants *grants_new(void);
void grants_free(struct grants *grants); /* NULL is fine */
/* NULL: not known, or too old. Not held. */
const struct granted *grants_find(struct grants *grants, struct str key, int64_t now_ms);
/* Holds it as well. */
void grants_keep(struct grants *grants, struct str key, struct granted *granted,
                 int64_t until_ms);
void grants_forget(struct grants *grants, struct str prefix); /* of keys */

#endif
