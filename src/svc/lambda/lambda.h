/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Lambda.
 */
#ifndef WEIR_SVC_LAMBDA_LAMBDA_H
#define WEIR_SVC_LAMBDA_LAMBDA_H

#include "cell/service.h"

extern const struct service lambda_service;

#endif
