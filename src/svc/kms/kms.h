/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Key Management Service: keys, aliases, grants, and what is done with keys. README.md says
 * what is there.
 */
#ifndef WEIR_SVC_KMS_H
#define WEIR_SVC_KMS_H

#include "cell/service.h"

extern const struct service kms_service;

#endif
