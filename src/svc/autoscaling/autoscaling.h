/* SPDX-License-Identifier: Apache-2.0
 *
 * Auto Scaling groups, as records of templates only (cell/record.h): nothing of it runs.
 */
#ifndef WEIR_SVC_AUTOSCALING_H
#define WEIR_SVC_AUTOSCALING_H

#include "cell/service.h"

extern const struct service autoscaling_service;

#endif
