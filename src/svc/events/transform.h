/* SPDX-License-Identifier: Apache-2.0
 *
 * Input transformers: a template with <variables>, compiled once, filled for each event. Source:
 * "Input transformation", EventBridge user guide.
 */
#ifndef WEIR_SVC_EVENTS_TRANSFORM_H
#define WEIR_SVC_EVENTS_TRANSFORM_H

#include "base/error.h"
#include "wire/value.h"

struct transform;

/* What a template may tell of. */
struct transform_input {
    struct str event;         /* its JSON, without white space */
    struct str rule_arn;
    struct str rule_name;
    int64_t ingested_ms;      /* when EventBridge got it */
};

/* paths: a map of names to paths, or NULL. ERR_NOT_FOUND: *ret_bad is a variable that nobody
 * defines; ERR_MALFORMED: the template is no JSON. Lies in the arena; texts are not copied. */
status transform_compile(struct arena *arena, struct str template, const struct value *paths,
                         struct str *ret_bad, const struct transform **ret_transform);
/* The text for the target; STR_NONE: it would be no JSON, or too large. */
struct str transform_fill(struct arena *arena, const struct transform *transform,
                          const struct transform_input *input);

#endif
