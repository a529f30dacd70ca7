/* SPDX-License-Identifier: Apache-2.0
 *
 * What files of pools offer one another: schemas, and what a pool is described by.
 */
#ifndef WEIR_SVC_COGNITO_POOL_H
#define WEIR_SVC_COGNITO_POOL_H

#include "svc/cognito/keys.h"
#include "svc/cognito/text.h"

/* ---- schema.c ---- */

/* SchemaAttributes of a new pool: the standard ones as "Schema" changes them, and custom ones.
 * InvalidParameterException. */
status schema_make(struct call *c, struct value *about);
/* Custom attributes are added: InvalidParameterException. */
status schema_extend(struct call *c, struct value *about, const struct value *customs);

/* ---- pool.c ---- */

/* What the call says about a pool that is made or updated, with AWS's defaults. */
status pool_describe(struct call *c, struct value *about);
void pool_answer(struct call *c, struct pool *pool); /* as "UserPool" */
const struct value *pool_password_policy(const struct pool *pool);
/* "MfaConfiguration", and which kinds the pool takes: bits 1 << enum mfa_kind. */
struct str pool_mfa(const struct pool *pool);
uint8_t pool_mfa_kinds(const struct pool *pool);
/* Signs in by: "email", "phone_number", "preferred_username". */
bool pool_alias(const struct pool *pool, const char *name);         /* AliasAttributes */
bool pool_username_is(const struct pool *pool, const char *name);   /* UsernameAttributes */
bool pool_verifies(const struct pool *pool, const char *name);      /* AutoVerifiedAttributes */

#endif
