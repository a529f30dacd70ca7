/* SPDX-License-Identifier: Apache-2.0
 *
 * Items: from the wire, to the wire, and as they are kept.
 *
 *   packed   version (1), var: what AWS counts for the item, then the attributes as the body of a
 *            map (datum.h)
 *
 * An item is written once, by item_make(), and opened without copying. The AWS size travels with it
 * so that reads are charged and pages are cut without walking through it.
 */
#ifndef WEIR_SVC_DYNAMODB_ITEM_H
#define WEIR_SVC_DYNAMODB_ITEM_H

#include "base/arena.h"
#include "base/error.h"
#include "store/key.h"
#include "svc/dynamodb/datum.h"
#include "wire/value.h"

#define ITEM_BYTES_MAX ((size_t)400 * 1024) /* as AWS counts */
/* Packed bytes are less than five times what AWS counts (sets of one letter are worst). */
#define ITEM_PACKED_BYTES_MAX (5 * ITEM_BYTES_MAX + 64)
#define HASH_KEY_BYTES_MAX 2048
#define RANGE_KEY_BYTES_MAX 1024

struct item {
    struct str packed;     /* as kept; empty: there is no item */
    struct str attributes; /* the map's body within it */
    size_t bytes;          /* what AWS counts */
};

#define ITEM_ABSENT ((struct item){STR_NONE, STR_NONE, 0})

/* One AttributeValue of the wire, checked with AWS's sentences, packed in the arena. */
status datum_from_value(struct arena *arena, const struct value *wire, struct why *why,
                        struct datum *ret_datum);
/* A map of AttributeValues (an Item, a Key). Its size is not judged: see item_fits. */
status item_from_value(struct arena *arena, const struct value *wire, struct why *why,
                       struct item *ret_item);
/* From a map's body [body, end) that was packed with ITEM_HEAD_BYTES_MAX of room before it, where
 * the head goes. Deeper than DATUM_DEPTH_MAX is DDB_VALIDATION. */
#define ITEM_HEAD_BYTES_MAX 11
status item_make(char *body, const char *end, struct why *why, struct item *ret_item);
/* False when it is no item of a version known here. */
bool item_open(struct str packed, struct item *ret_item);
/* Whether it is exactly what item_make writes. */
bool item_sound(struct str packed);

/* AWS says it differently for what is put and what an update makes. */
status item_fits(const struct item *item, bool update, struct why *why);

/* Into a member that is a map of AttributeValues, or into one made AttributeValue. Texts point into
 * the packed bytes; numbers and what is inside of lists are made in the arena. */
void item_to_value(struct arena *arena, const struct item *item, struct value *structure,
                   const char *member);
void datum_to_value(struct arena *arena, struct datum datum, struct value *wire);
/* The same as the next of a list of such maps. */
void item_to_list(struct arena *arena, const struct item *item, struct value *list);

/* Keys. A key attribute's value is a text part of a store key; its type is the table's. */
static inline void key_datum(struct key *key, struct datum datum)
{
    key_str(key, datum.body);
}
static inline bool key_read_datum(struct key_reader *reader, struct arena *arena, uint8_t type,
                                  struct datum *ret_datum)
{
    ret_datum->type = type;
    return key_read_str(reader, arena, &ret_datum->body);
}
/* Neither empty nor too long; what AWS counts of a number never is. */
status key_datum_check(struct datum datum, struct str name, bool hash, struct why *why);

#endif
