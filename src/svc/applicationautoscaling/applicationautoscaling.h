/* SPDX-License-Identifier: Apache-2.0
 *
 * Application Auto Scaling, as records of templates only (cell/record.h): nothing of it runs.
 */
#ifndef WEIR_SVC_APPLICATIONAUTOSCALING_H
#define WEIR_SVC_APPLICATIONAUTOSCALING_H

#include "cell/service.h"

extern const struct service applicationautoscaling_service;

#endif
