/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudFormation.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_H
#define WEIR_SVC_CLOUDFORMATION_H

#include "cell/service.h"

extern const struct service cloudformation_service;

#endif
