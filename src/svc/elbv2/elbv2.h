/* SPDX-License-Identifier: Apache-2.0
 *
 * Elastic Load Balancing v2, as records of templates only (cell/record.h): nothing of it runs.
 */
#ifndef WEIR_SVC_ELBV2_H
#define WEIR_SVC_ELBV2_H

#include "cell/service.h"

extern const struct service elbv2_service;

#endif
