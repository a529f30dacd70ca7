/* SPDX-License-Identifier: Apache-2.0
 *
 * The error lines of this layer, in AWS's words.
 */
#include "wire/wire.h"

const struct error WIRE_SERIALIZATION = {"SerializationException", "MalformedInput", 400, false};
const struct error WIRE_UNKNOWN_OPERATION = {"UnknownOperationException", NULL, 404, false};
const struct error WIRE_INVALID_ACTION = {"InvalidAction", NULL, 400, false};
const struct error WIRE_VALIDATION = {"ValidationException", "ValidationError", 400, false};
const struct error WIRE_BAD_REQUEST = {"BadRequestException", NULL, 400, false};
const struct error WIRE_PARAMETER = {"InvalidParameterException", NULL, 400, false};
const struct error WIRE_MISSING = {"MissingRequiredParameterException", "MissingParameter", 400,
                                   false};
const struct error WIRE_MALFORMED_XML = {"MalformedXML", NULL, 400, false};
const struct error WIRE_INVALID_ARGUMENT = {"InvalidArgument", NULL, 400, false};
const struct error WIRE_TOO_LARGE = {"RequestEntityTooLarge", NULL, 413, false};
const struct error WIRE_NOT_IMPLEMENTED = {"NotImplemented", NULL, 501, false};
const struct error WIRE_INTERNAL = {"InternalFailure", NULL, 500, true};
const struct error WIRE_UNAVAILABLE = {"ServiceUnavailable", NULL, 503, true};
