/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS as its connections see it: sealed bytes in, plain bytes to conn_plain(); plain bytes of
 * c->out sealed into c->wire.
 */
#ifndef WEIR_NET_TLS_INT_H
#define WEIR_NET_TLS_INT_H

#include "net/net_int.h"
#include "net/tls.h"

#include <openssl/ssl.h>

struct tls_session;

/* tls.c: a context for the server's side, with ALPN and certificates. */
SSL_CTX *tls_context(struct tls *tls);

/* tls_conn.c */
struct tls_session *tls_session_new(struct tls *tls);
void tls_session_free(struct tls_session *session); /* NULL is fine */
void tls_take(struct connection *c, struct str bytes);
/* Moves c->out to c->wire, as far as the wire's backlog allows. */
void tls_seal(struct connection *c);
/* Adds the farewell to the wire; false when it is there already. */
bool tls_bye(struct connection *c);

#endif
