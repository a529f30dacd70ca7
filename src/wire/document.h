/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: trees without a model (value.h, shape 0), as definitions, templates and policies have
 * them. Maps and lists grow as they are built; keys and texts are not copied.
 */
#ifndef WEIR_WIRE_DOCUMENT_H
#define WEIR_WIRE_DOCUMENT_H

#include "wire/value.h"

#define DOC_JSON_BYTES_MAX (16u << 20)

/* A value of a map; NULL: it is no map, or has none. */
const struct value *doc_get(const struct value *map, const char *key);
/* Text of a scalar ("2.0" of the number); STR_NONE of anything else. */
struct str doc_text(struct arena *arena, const struct value *value);
struct value *doc_map(struct arena *arena);
/* A new value, null, behind the others; the key's text is not copied. */
struct value *doc_put(struct arena *arena, struct value *map, struct str key);
void doc_put_text(struct arena *arena, struct value *map, const char *key, struct str text);
void doc_put_int(struct arena *arena, struct value *map, const char *key, int64_t number);
void doc_put_bool(struct arena *arena, struct value *map, const char *key, bool truth);
struct value *doc_put_map(struct arena *arena, struct value *map, struct str key);
struct value *doc_put_list(struct arena *arena, struct value *map, const char *key);
struct value *doc_add(struct arena *arena, struct value *list);
/* The map that is there, or a new one. */
struct value *doc_map_of(struct arena *arena, struct value *map, struct str key);

/* As JSON; STR_NONE: more than DOC_JSON_BYTES_MAX. */
struct str doc_json(struct arena *arena, const struct value *value);
/* All the way down; only texts are shared. */
struct value *doc_copy(struct arena *arena, const struct value *value);
/* Equal as templates have it: "5" is 5, "true" is true; the order of a map's keys does not matter.
 * NULL is equal to NULL alone. */
bool doc_same(const struct value *a, const struct value *b);

#endif
