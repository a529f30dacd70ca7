/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon CloudWatch Logs.
 */
#ifndef WEIR_SVC_LOGS_H
#define WEIR_SVC_LOGS_H

#include "cell/service.h"

extern const struct service logs_service;

#endif
