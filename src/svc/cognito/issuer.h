/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools as issuers, for the pages of this folder. See issuer.c.
 */
#ifndef WEIR_SVC_COGNITO_ISSUER_H
#define WEIR_SVC_COGNITO_ISSUER_H

#include "svc/cognito/cognito_int.h"

bool host_is_aws(struct str authority);
/* Where a pool's hosted pages and OAuth endpoints are, for who asked by this host: AWS's name for
 * AWS's names; "http://app.auth.us-east-1.localhost:4566" for localhost; else
 * "http://HOST:PORT/_aws/cognito/app". STR_NONE: it has no domain. */
struct str domain_base(struct call *c, const struct pool *pool);
/* Its JWK set as a row, so that nobody has to make it anew. */
void pool_jwks_keep(struct call *c, const struct pool *pool);
/* The pool that an issuer's text names; STR_NONE: it is no such text. */
struct str issuer_pool(struct str issuer);

/* The page of /POOL/.well-known/jwks.json and openid-configuration. */
status page_well_known(struct call *c);

#endif
