/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon SQS.
 */
#ifndef WEIR_SVC_SQS_H
#define WEIR_SVC_SQS_H

#include "cell/service.h"

extern const struct service sqs_service;

#endif
