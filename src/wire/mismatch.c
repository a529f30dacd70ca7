/* SPDX-License-Identifier: Apache-2.0
 *
 * The sentences, as AWS's servers say them today (observed by several projects that compare
 * themselves with AWS; an older server said "class java.lang.Boolean can not be converted to an
 * String"). Rules
 *  1. A list or an object where something else was expected says only what was found.
 *  2. A scalar where a list, map or structure was expected says only what was expected; of a
 *     structure just "Expected null".
 *  3. A scalar where another scalar was expected names both.
 */
#include "wire/mismatch.h"

#include "wire/wire.h"

#include <assert.h>

static const char *const scalar_names[] = {
    [FOUND_STRING] = "STRING_VALUE", [FOUND_NUMBER] = "NUMBER_VALUE",
    [FOUND_TRUE] = "TRUE_VALUE",     [FOUND_FALSE] = "FALSE_VALUE",
    [FOUND_BYTES] = "BINARY_VALUE",
};

static const char *const shape_names[] = {
    [SHAPE_STRING] = "a String",
    [SHAPE_BLOB] = "a Blob",
    [SHAPE_BOOLEAN] = "a Boolean",
    [SHAPE_INTEGER] = "an Integer",
    [SHAPE_LONG] = "a Long",
    [SHAPE_FLOAT] = "a Float",
    [SHAPE_DOUBLE] = "a Double",
    [SHAPE_TIMESTAMP] = "milliseconds since epoch",
};

status mismatch(struct why *why, enum found found, uint32_t shape)
{
    enum shape_kind kind = (enum shape_kind)model_shape(shape)->kind;

    assert(kind != SHAPE_DOCUMENT); /* which takes anything */
    if (found == FOUND_LIST) {
        return why_set(why, &WIRE_SERIALIZATION, "Start of list found where not expected");
    }
    if (found == FOUND_MAP) {
        return why_set(why, &WIRE_SERIALIZATION,
                       "Start of structure or map found where not expected.");
    }
    switch (kind) {
    case SHAPE_LIST:
        return why_set(why, &WIRE_SERIALIZATION, "Expected list or null");
    case SHAPE_MAP:
        return why_set(why, &WIRE_SERIALIZATION, "Expected map or null");
    case SHAPE_STRUCTURE:
        return why_set(why, &WIRE_SERIALIZATION, "Expected null");
    default:
        return why_set(why, &WIRE_SERIALIZATION, "%s can not be converted to %s",
                       scalar_names[found], shape_names[kind]);
    }
}

status malformed(struct why *why)
{
    return why_set(why, &WIRE_SERIALIZATION, "%s", "");
}

status why_malformed_xml(struct why *why)
{
    return why_set(why, &WIRE_MALFORMED_XML, "The XML you provided was not well-formed or did not "
                                             "validate against our published schema");
}
