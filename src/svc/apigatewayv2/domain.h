/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom domain names in memory: found by a request's host. Rows say the same (record.h).
 */
#ifndef WEIR_SVC_APIGATEWAYV2_DOMAIN_H
#define WEIR_SVC_APIGATEWAYV2_DOMAIN_H

#include "svc/apigatewayv2/apigatewayv2_int.h"

/* NULL: there are too many. */
struct domain *domain_enter(struct gateway *gateway, struct str account, struct str region,
                            struct str name);
/* TLS shows the certificate that the record names. */
void domain_certificate(struct gateway *gateway, struct str name, const struct value *record);
struct domain *domain_named(const struct gateway *gateway, struct str account, struct str region,
                            struct str name); /* NULL: none */
void domain_leave(struct gateway *gateway, struct domain *domain); /* freed */
/* A mapping is there, in place of one with the same id. */
void domain_map(struct domain *domain, const struct value *record);
void domain_unmap(struct domain *domain, struct str id);
void domains_free(struct gateway *gateway);

#endif
