/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon API Gateway v2: HTTP APIs.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_H
#define WEIR_SVC_APIGATEWAYV2_H

#include "cell/service.h"

extern const struct service apigatewayv2_service;

#endif
