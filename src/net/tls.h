/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS by OpenSSL (1.2 and 1.3), with a local certificate authority that weir makes on first start:
 * DIR/ca.pem and DIR/ca.key (mode 0600). Leaf certificates for localhost, *.localhost, 127.0.0.1,
 * ::1 and any *.amazonaws.com name a client asks for by SNI are made on demand and kept in memory.
 */
#ifndef WEIR_NET_TLS_H
#define WEIR_NET_TLS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct tls;

/* Opens or makes the authority in dir. Cheap: keys of leaves are made at the first handshake. */
status tls_open(const char *dir, struct why *why, struct tls **ret_tls);
void tls_close(struct tls *tls);
/* Before the first handshake: who has certificates for other names, those of users' own domains. On
 * any thread: adds certificate, chain and private key of that name (lower case), as PEM; false: it
 * has none. */
typedef bool tls_find(void *arg, struct str name, struct buf *pem);
void tls_names(struct tls *tls, tls_find *find, void *arg);
/* Path of the authority's certificate, for `weir ca`. */
const char *tls_ca_path(const struct tls *tls);

#endif
