/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus as a part of the cell: first in the list of services, so that the others can register
 * their sinks, carriers, timers and holds with it when they open.
 */
#ifndef WEIR_BUS_BUS_H
#define WEIR_BUS_BUS_H

#include "cell/service.h"

extern const struct service bus_service;

#endif
