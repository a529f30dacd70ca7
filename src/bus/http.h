/* SPDX-License-Identifier: Apache-2.0
 *
 * The carrier "http": POSTs a delivery's payload to its URL.
 */
#ifndef WEIR_BUS_HTTP_H
#define WEIR_BUS_HTTP_H

#include "bus/delivery.h"

extern const struct carrier http_carrier;

#endif
