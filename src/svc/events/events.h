/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon EventBridge.
 */
#ifndef WEIR_SVC_EVENTS_H
#define WEIR_SVC_EVENTS_H

#include "cell/service.h"

extern const struct service events_service;

#endif
