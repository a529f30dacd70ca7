/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows that end by themselves: sign-ins, refresh tokens, codes of OAuth, sessions of browsers. A
 * row whose time is over is not there, be it swept or not.
 *
 *   ("cognito-idp", kind, pool, name)               u8 1, zigzag until_ms, the record
 *   ("cognito-idp", "until", until_ms, kind, pool, name)   empty; passing_sweep() goes along these
 */
#ifndef WEIR_SVC_COGNITO_PASSING_H
#define WEIR_SVC_COGNITO_PASSING_H

#include "base/buf.h"
#include "cell/call.h"

#define PASSING_BYTES_MAX (64u * 1024) /* of a record */

struct passing {
    const char *kind;        /* "sign-in", "refresh", "grant", "browser" */
    struct str pool;         /* id */
    struct str name;         /* within the pool */
};

/* Puts it, in place of what there was. record is done with. */
void passing_put(struct call *c, const struct passing *passing, int64_t until_ms,
                 struct buf *record);
/* In c->arena. False: there is none, or its time is over. */
bool passing_get(struct call *c, const struct passing *passing, struct str *ret_record);
int64_t passing_until(struct call *c, const struct passing *passing); /* 0: there is none */
void passing_erase(struct call *c, const struct passing *passing); /* fine when it is not there */
/* Removes what is over, as much as fits into the call; true: nothing is left. */
bool passing_sweep(struct call *c);

#endif
