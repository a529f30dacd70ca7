/* SPDX-License-Identifier: Apache-2.0
 *
 * What processors of a configuration say.
 */
#ifndef WEIR_SVC_FIREHOSE_PLAN_H
#define WEIR_SVC_FIREHOSE_PLAN_H

#include "svc/firehose/firehose_int.h"

/* Of a ProcessingConfiguration, by type; NULL: there is none. */
const struct value *processor_of(const struct value *processing, const char *type);
struct str processor_parameter(const struct value *processor, const char *name);
/* Delimiters: escapes read; base64 decoded (false: it is none, or empty). */
struct str delimiter_plain(struct arena *arena, struct str text);
bool delimiter_decoded(struct arena *arena, struct str text, struct str *ret_plain);

#endif
