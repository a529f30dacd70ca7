/* SPDX-License-Identifier: Apache-2.0
 *
 * EC2's networks and machines, as records of templates only (cell/record.h): nothing of them runs.
 */
#ifndef WEIR_SVC_EC2_H
#define WEIR_SVC_EC2_H

#include "cell/service.h"

extern const struct service ec2_service;

#endif
