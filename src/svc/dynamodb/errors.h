/* SPDX-License-Identifier: Apache-2.0
 *
 * Error lines that the pure parts of the service answer with. The sentence is made where the
 * mistake is found and is AWS's, word for word.
 */
#ifndef WEIR_SVC_DYNAMODB_ERRORS_H
#define WEIR_SVC_DYNAMODB_ERRORS_H

#include "base/error.h"

extern const struct error DDB_VALIDATION; /* ValidationException, 400 */

#endif
