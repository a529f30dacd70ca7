/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of services, ended by NULL: the one place that knows them all.
 */
#ifndef WEIR_SVC_SERVICES_H
#define WEIR_SVC_SERVICES_H

#include "cell/service.h"

extern const struct service *const services[];

#endif
