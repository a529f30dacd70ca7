/* SPDX-License-Identifier: Apache-2.0
 *
 * The error lines.
 */
#include "svc/dynamodb/errors.h"

const struct error DDB_VALIDATION = {"ValidationException", NULL, 400, false};
