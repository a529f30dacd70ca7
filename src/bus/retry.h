/* SPDX-License-Identifier: Apache-2.0
 *
 * When a failed delivery is tried again. Source: "Amazon SNS message delivery retries", AWS
 * documentation: an immediate phase, a pre-back-off, the back-off, a post-back-off.
 */
#ifndef WEIR_BUS_RETRY_H
#define WEIR_BUS_RETRY_H

#include "bus/delivery.h"

/* Milliseconds to wait before retry number (1: the first); -1: there is no such retry any more. */
int64_t retry_delay_ms(const struct retry *retry, uint32_t number);

#endif
