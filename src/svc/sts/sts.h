/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Security Token Service, as a service of the cell.
 */
#ifndef WEIR_SVC_STS_H
#define WEIR_SVC_STS_H

#include "cell/service.h"

extern const struct service sts_service;

#endif
