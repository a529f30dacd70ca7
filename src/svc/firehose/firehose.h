/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Data Firehose.
 */
#ifndef WEIR_SVC_FIREHOSE_H
#define WEIR_SVC_FIREHOSE_H

#include "cell/service.h"

extern const struct service firehose_service;

#endif
