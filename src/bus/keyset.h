/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of those who issue tokens, by what their tokens' iss says: of *local issuers*, which are
 * services of this weir (a user pool), and of others, fetched where OpenID Connect Discovery says.
 *
 *     if (!keyset_known(c, issuer, &keys) || jwt_check(&jwt, keys, c->arena) == JWT_NO_KEY) {
 *         if (keyset_fetch(c, issuer, resumed)) {
 *             return OK;               the call goes on in resumed(), which begins with
 *         }                            keyset_fetched() and then everything anew
 *     }
 *
 * Everything here happens in the cell. Texts live as long as the call, at most until it waits.
 */
#ifndef WEIR_BUS_KEYSET_H
#define WEIR_BUS_KEYSET_H

#include "cell/call.h"

#define ISSUER_BYTES_MAX 2048

/* An issuer's JWK set. False: not known, or too old. */
bool keyset_known(struct call *c, struct str issuer, struct str *ret_keys);
/* Asks it, on a worker thread, and goes on with resume. False: not now (somebody asked less than a
 * minute ago, too many ask), or never: it is a local issuer, no URL, or http and not on this
 * machine. */
bool keyset_fetch(struct call *c, struct str issuer, status (*resume)(struct call *c));
/* First thing in resume. False: there are none, c->why says why (it is not failed yet). */
bool keyset_fetched(struct call *c);

/* ---- local issuers ---- */

struct issuer_facts {
    struct str name;           /* its one name, as AWS spells it: "https://cognito-idp.REGION…" */
    struct str keys;           /* a JWK set; lives as long as the call, at most until it waits */
};

struct local_issuer {
    const char *service;       /* whose */
    /* Who is that, in whatever spelling: AWS's, or weir's own address. False: none of its own. c is
     * anybody's call: c->state is not the service's. */
    bool (*find)(struct call *c, struct str issuer, struct issuer_facts *ret_facts);
};

/* In open(). The table is constant. */
void keyset_issuer_add(struct cell *cell, const struct local_issuer *issuer);
/* An issuer's one name: a local one's as AWS spells it, another's as it is. */
struct str keyset_name(struct call *c, struct str issuer);
/* Are both the same issuer? (A JWT authorizer's, and a token's iss.) */
bool keyset_same(struct call *c, struct str a, struct str b);

#endif
