/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis Data Streams.
 */
#ifndef WEIR_SVC_KINESIS_H
#define WEIR_SVC_KINESIS_H

#include "cell/service.h"

extern const struct service kinesis_service;

#endif
