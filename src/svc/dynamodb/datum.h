/* SPDX-License-Identifier: Apache-2.0
 *
 * Attribute values as they lie in items. A datum is a view of packed bytes: nothing is decoded
 * before it is asked for, nothing is copied, and it lives as long as the bytes.
 *
 *   packed   tag, length, body
 *   tag      low four bits the type; high four bits, for S N B BOOL NULL, the body's bytes when
 *            they are 0 to 14, or 15: then the length follows as var. For sets, L and M the high
 *            bits are 0 and the length is four bytes, little-endian.
 *   body     S, B     the bytes
 *            N        number.h's packed form
 *            BOOL     one byte, 0 or 1
 *            NULL     nothing
 *            sets     members as (var length, bytes), ascending, each once; numbers packed
 *            L        packed data, one after the other
 *            M        (var length, name, packed datum), ascending by name, each name once
 *
 * Invariant: equal values have equal bytes (numbers by value, sets and maps whatever their order),
 * so equality is memcmp; and the bodies of S, N and B sort as AWS sorts them, so order is memcmp
 * too, and such a body is a key's part as it is (store/key.h: key_str).
 */
#ifndef WEIR_SVC_DYNAMODB_DATUM_H
#define WEIR_SVC_DYNAMODB_DATUM_H

#include "base/cursor.h"
#include "base/str.h"

#define DATUM_DEPTH_MAX 32       /* an attribute's own value is level 1 */
#define DATUM_HEAD_BYTES_MAX 11  /* tag and length */

enum datum_type {
    DATUM_NONE, /* there is no value */
    DATUM_S,
    DATUM_N,
    DATUM_B,
    DATUM_SS,
    DATUM_NS,
    DATUM_BS,
    DATUM_L,
    DATUM_M,
    DATUM_BOOL,
    DATUM_NULL,
};

struct datum {
    uint8_t type;    /* enum datum_type */
    struct str body; /* as above */
};

#define DATUM_ABSENT ((struct datum){DATUM_NONE, STR_NONE})

struct str datum_type_name(uint8_t type);                      /* "S" ... "NULL" */
bool datum_type_of(struct str name, uint8_t *ret_type);        /* false: no such type */
static inline bool datum_is_set(uint8_t type)
{
    return type >= DATUM_SS && type <= DATUM_BS;
}
static inline bool datum_is_scalar_key(uint8_t type)           /* may be a key, has an order */
{
    return type >= DATUM_S && type <= DATUM_B;
}
/* S of SS, N of NS, B of BS. */
static inline uint8_t datum_member_type(uint8_t set_type)
{
    return (uint8_t)(set_type - DATUM_SS + DATUM_S);
}

/* Reading what is inside: while (cursor.rest.bytes > 0). A broken one makes the cursor bad and
 * gives DATUM_ABSENT, so the loop ends. */
struct datum datum_read(struct cursor *list);                             /* an L's next */
struct datum datum_read_pair(struct cursor *map, struct str *ret_name);   /* an M's next */
struct datum datum_read_member(struct cursor *set, uint8_t set_type);     /* a set's next */

/* DATUM_ABSENT when there is none. map_body: an M's body, or an item's attributes. */
struct datum datum_find(struct str map_body, struct str name);
struct datum datum_at(struct datum list, uint32_t index);
size_t datum_count(struct datum many);   /* elements of a set, L or M */
bool datum_has(struct datum many, struct datum element); /* a set's member, an L's element */

bool datum_eq(struct datum a, struct datum b);
/* Both of one type among S, N, B: below 0, 0, above 0. */
int datum_cmp(struct datum a, struct datum b);

/* What AWS counts: text and binary their bytes, numbers number_bytes(), BOOL and NULL 1, sets their
 * members, L 3 and 1 + each, M 3 and 1 + name + each. False when broken or deeper than depth_max.
 * Source: developer guide, "DynamoDB item sizes and formats". */
bool datum_measure(struct datum datum, unsigned depth_max, size_t *ret_bytes);
/* The same of all pairs of a map's body, without the map's own 3 and without the 1 for each. */
bool datum_measure_pairs(struct str map_body, unsigned depth_max, size_t *ret_bytes);

/* Whether the bytes are exactly what the packer would write: for tests, fuzzing and fsck. */
bool datum_sound(struct datum datum, unsigned depth_max);
bool datum_sound_pairs(struct str map_body, unsigned depth_max);

/* Writing, to memory that the caller made large enough; each returns what is behind. */
static inline size_t datum_packed_bytes_max(struct datum datum)
{
    return DATUM_HEAD_BYTES_MAX + datum.body.bytes;
}
static inline char *datum_put_var(char *to, uint64_t number)   /* as read_var reads it */
{
    for (; number >= 0x80; number >>= 7) {
        *to++ = (char)(number | 0x80);
    }
    *to++ = (char)number;
    return to;
}
char *datum_put(char *to, struct datum datum);
char *datum_put_str(char *to, struct str s); /* var length and bytes: names and set members */
/* Containers are written in place: body starts at datum_open(to); datum_close makes the head. */
char *datum_open(char *to);
void datum_close(char *head, uint8_t type, const char *end);

#endif
