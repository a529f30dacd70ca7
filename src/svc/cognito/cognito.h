/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Cognito user pools.
 */
#ifndef WEIR_SVC_COGNITO_H
#define WEIR_SVC_COGNITO_H

#include "cell/service.h"

extern const struct service cognito_service;

#endif
