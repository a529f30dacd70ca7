/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Certificate Manager.
 */
#ifndef WEIR_SVC_ACM_H
#define WEIR_SVC_ACM_H

#include "cell/service.h"

extern const struct service acm_service;

#endif
