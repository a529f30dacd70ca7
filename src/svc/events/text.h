/* SPDX-License-Identifier: Apache-2.0
 *
 * An event's JSON as text: made smaller, and looked into by path, without numbers or escapes being
 * written anew. Whoever calls knows that it is valid.
 */
#ifndef WEIR_SVC_EVENTS_TEXT_H
#define WEIR_SVC_EVENTS_TEXT_H

#include "base/arena.h"

#define PATH_STEPS_MAX 64

/* Without white space between its parts. */
struct str text_minify(struct arena *arena, struct str json);
/* $, $.detail.items[0].name, $.detail.items[*].name, $['detail-type'] */
bool path_good(struct str path);
/* What a good path leads to in JSON without white space: the value's text; of a path with a '*' a
 * list of all; STR_NONE: nothing. */
struct str path_find(struct arena *arena, struct str json, struct str path);
/* A JSON text as what it says; of anything but a text what is written. */
struct str text_plain(struct arena *arena, struct str json);

#endif
