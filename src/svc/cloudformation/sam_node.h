/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents as the transform works on them: maps that grow, parts that are looked for without
 * asking first what kind they are, and texts that documents are made from. Every function takes
 * NULL for "not there" and a null value counts as not there; nothing here can fail.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_NODE_H
#define WEIR_SVC_CLOUDFORMATION_SAM_NODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/value.h"

/* ---- looking ---- */
/* The key's value; NULL where value is no map, has no such key, or has null there. */
struct value *node_get(const struct value *value, const char *key);
struct value *node_find(const struct value *value, struct str key);
bool node_has(const struct value *value, const char *key); /* also where it is null */
bool node_is(const struct value *value, enum value_kind kind);
bool node_is_text(const struct value *value, const char *text); /* is the text */
/* The value's text; STR_NONE where it is none. */
struct str node_text(const struct value *value);
/* Neither absent, null, false, 0 nor empty. */
bool node_true(const struct value *value);
bool node_is_false(const struct value *value); /* is the truth value false */
/* Equal as JSON: maps without regard to their order. */
bool node_eq(const struct value *a, const struct value *b);
bool node_in(const struct value *list, const struct value *item);
/* {"Ref": …}, {"Condition": …}, {"Fn::…": …}; a map of that one key. */
bool node_is_intrinsic(const struct value *value);
bool node_is_function(const struct value *value, const char *name);
bool node_is_no_value(const struct value *value); /* {"Ref": "AWS::NoValue"} */
/* The id that a Ref or a GetAtt names; STR_NONE: neither. */
struct str node_named(const struct value *value);

/* ---- making ---- */
struct value *node_new(struct arena *arena, struct value value); /* its own place */
struct value node_str(struct str text);
struct value node_c(const char *text);
struct value node_bool(bool truth);
struct value node_map(void);
struct value node_list(void);
struct value node_copy(struct arena *arena, const struct value *value); /* all of it; NULL: null */
/* A document from a text: JSON whose texts stand in single quotes, whose plain keys stand bare, and
 * which has holes: %v a const struct value * (NULL: the pair or element is left out), %s a struct
 * str, %c a const char *. The text is ours and well-formed, and lives for ever. */
struct value node_make(struct arena *arena, const char *format, ...);

/* ---- changing ---- */
/* Sets or replaces; gives the place of the value, good until the map grows. value NULL: nothing. */
struct value *node_set(struct arena *arena, struct value *map, struct str key,
                      const struct value *value);
struct value *node_put(struct arena *arena, struct value *map, const char *key,
                      struct value value);
void node_remove(struct value *map, const char *key);
void node_push(struct arena *arena, struct value *list, struct value item);
void node_extend(struct arena *arena, struct value *list, const struct value *other);
/* All pairs of other, over what map has. */
void node_update(struct arena *arena, struct value *map, const struct value *other);
/* The key's map, made where there is none (or null). NULL: there is something else. */
struct value *node_enter(struct arena *arena, struct value *map, struct str key);

/* ---- as text ---- */
/* JSON with sorted keys and in ASCII, as the ids that SAM makes from documents are hashed.
 * indent 0: one line without spaces; else lines, that many spaces deep. */
void node_json(struct buf *out, const struct value *value, unsigned indent);
/* The first ten hexadecimal digits of the SHA-1 of a text; of a document's JSON (no digits where
 * there is nothing or it is empty). */
struct str node_hash(struct arena *arena, struct str text);
struct str node_hash_of(struct arena *arena, const struct value *value);
/* As Python shows a value in a sentence. */
struct str node_shown(struct arena *arena, const struct value *value);

#endif
