/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Systems Manager: Parameter Store.
 */
#ifndef WEIR_SVC_SSM_H
#define WEIR_SVC_SSM_H

#include "cell/service.h"

extern const struct service ssm_service;

#endif
