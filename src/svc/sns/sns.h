/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon SNS.
 */
#ifndef WEIR_SVC_SNS_H
#define WEIR_SVC_SNS_H

#include "cell/service.h"

extern const struct service sns_service;

#endif
