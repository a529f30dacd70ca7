/* SPDX-License-Identifier: Apache-2.0
 *
 * A new service is a folder beside this file and a line here.
 */
#include "svc/services.h"

#include "svc/kinesis/kinesis.h"

const struct service *const services[] = {
    &kinesis_service,
    NULL,
};
