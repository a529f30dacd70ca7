/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Secrets Manager.
 */
#ifndef WEIR_SVC_SECRETSMANAGER_H
#define WEIR_SVC_SECRETSMANAGER_H

#include "cell/service.h"

extern const struct service secretsmanager_service;

#endif
