/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Route 53: hosted zones and records.
 */
#ifndef WEIR_SVC_ROUTE53_H
#define WEIR_SVC_ROUTE53_H

#include "cell/service.h"

extern const struct service route53_service;

#endif
