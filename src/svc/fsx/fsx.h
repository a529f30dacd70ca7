/* SPDX-License-Identifier: Apache-2.0
 *
 * FSx, as records of templates only (cell/record.h): nothing of it runs.
 */
#ifndef WEIR_SVC_FSX_H
#define WEIR_SVC_FSX_H

#include "cell/service.h"

extern const struct service fsx_service;

#endif
