/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Identity and Access Management, as a service of the cell.
 */
#ifndef WEIR_SVC_IAM_H
#define WEIR_SVC_IAM_H

#include "cell/service.h"

extern const struct service iam_service;

#endif
