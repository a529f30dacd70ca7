/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts that users gave names to (a custom domain): every request of such a host is a service's,
 * whatever its path. Services claim them, also in open(), from what they have as rows; the door
 * looks on its own threads, and with nothing claimed that is one comparison.
 */
#ifndef WEIR_CELL_HOST_H
#define WEIR_CELL_HOST_H

#include "base/buf.h"
#include "cell/service.h"

#define HOSTS_MAX 10000

struct cell;

/* host in lower case without a port; "*.example.com" is every host of one label more. A host has
 * one owner: claimed again it is the last one's. ERR_LIMIT; ERR_MALFORMED: not what weir itself is
 * called (localhost, *.localhost, addresses, AWS's names). In the cell. */
status cell_host_claim(struct cell *cell, struct str host, const char *service,
                       const struct page *page);
/* The certificate, by ARN, that TLS is to show for a host that was claimed. In the cell. */
void cell_host_certificate(struct cell *cell, struct str host, struct str arn);
void cell_host_leave(struct cell *cell, struct str host); /* fine when nobody has it */

/* Who has certificates by ARN: one service. Adds the certificate, its chain and its private key, as
 * PEM; false: there is none (yet). In a call of the ARN's account and region. */
struct certificate_owner {
    const char *service;                  /* its id: "acm" */
    bool (*pem)(struct call *c, struct str arn, struct buf *pem);
};
void certificate_owner_set(struct cell *cell, const struct certificate_owner *owner);
/* On a thread that is not in the cell: the same of a host's certificate. */
bool cell_host_pem(struct cell *cell, struct str host, struct buf *pem);

#endif
