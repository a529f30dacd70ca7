/* SPDX-License-Identifier: Apache-2.0
 *
 * Image Builder, as records of templates only (cell/record.h): nothing of it runs.
 */
#ifndef WEIR_SVC_IMAGEBUILDER_H
#define WEIR_SVC_IMAGEBUILDER_H

#include "cell/service.h"

extern const struct service imagebuilder_service;

#endif
