/* SPDX-License-Identifier: Apache-2.0
 *
 * S3: buckets and objects.
 */
#ifndef WEIR_SVC_S3_H
#define WEIR_SVC_S3_H

#include "cell/service.h"

extern const struct service s3_service;

#endif
