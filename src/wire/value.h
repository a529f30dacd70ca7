/* SPDX-License-Identifier: Apache-2.0
 *
 * A value tree: what a request says and what an answer will say, whatever the protocol. Trees live
 * in a call's arena and are shaped by the model (wire/model.h): a structure has one field per
 * member of its shape, in the shape's order, VALUE_NONE where not set. Asking for a member that the
 * shape does not have is a bug, and asserts.
 */
#ifndef WEIR_WIRE_VALUE_H
#define WEIR_WIRE_VALUE_H

#include "base/arena.h"
#include "wire/model.h"

enum value_kind {
    VALUE_NONE, /* not set */
    VALUE_NULL, /* only inside documents, lists and maps */
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_STR,
    VALUE_BLOB,  /* decoded bytes */
    VALUE_TIME,
    VALUE_LIST,
    VALUE_MAP,
    VALUE_STRUCT,
    VALUE_ONE, /* a structure of which one member is set (a union): in answers of JSON and CBOR */
};

struct pair;

struct value {
    uint8_t kind;   /* enum value_kind */
    uint32_t shape; /* index into model_shapes; 0 in documents */
    uint32_t count; /* items of a list, pairs of a map, fields of a structure */
    uint32_t room;  /* items or pairs allocated; VALUE_ONE: the place of its member */
    union {
        bool truth;         /* VALUE_BOOL */
        int64_t number;     /* VALUE_INT */
        double real;        /* VALUE_DOUBLE */
        int64_t moment_ms;  /* VALUE_TIME */
        struct str str;       /* VALUE_STR and VALUE_BLOB; bytes live in the arena or longer */
        struct value *items;  /* VALUE_LIST, VALUE_STRUCT and VALUE_ONE (which has one) */
        struct pair *pairs;   /* VALUE_MAP, in the order they came; keys may repeat in no map */
    };
};

struct pair {
    struct str key;     /* text */
    struct value value; /* its */
};

/* The place in its shape of a structure's i-th field. */
static inline uint32_t value_place(const struct value *structure, uint32_t i)
{
    return structure->kind == VALUE_ONE ? structure->room : i;
}

/* Reading. Absent members give STR_NONE, the fallback, or NULL. */
const struct value *get(const struct value *structure, const char *member); /* NULL if not set */
bool has(const struct value *structure, const char *member);
struct str get_str(const struct value *structure, const char *member);     /* also blobs */
int64_t get_int(const struct value *structure, const char *member, int64_t fallback);
double get_double(const struct value *structure, const char *member, double fallback);
bool get_bool(const struct value *structure, const char *member, bool fallback);
int64_t get_time(const struct value *structure, const char *member, int64_t fallback_ms);
const struct value *map_find(const struct value *map, struct str key);       /* NULL: none */

/* Building. A structure starts with all members unset. Texts are not copied. */
struct value *value_struct(struct arena *arena, uint32_t shape);
void set_str(struct value *structure, const char *member, struct str s);
void set_blob(struct value *structure, const char *member, struct str s);
void set_int(struct value *structure, const char *member, int64_t number);
void set_double(struct value *structure, const char *member, double number);
void set_bool(struct value *structure, const char *member, bool truth);
void set_time(struct value *structure, const char *member, int64_t moment_ms);
/* Members that are trees: made empty and returned. count_max: how many will be added at most. */
struct value *set_struct(struct arena *arena, struct value *structure, const char *member);
struct value *set_list(struct arena *arena, struct value *structure, const char *member,
                       size_t count_max);
struct value *set_map(struct arena *arena, struct value *structure, const char *member,
                      size_t count_max);
/* Copies a tree's top (its insides are shared) into the member. */
void set_value(struct value *structure, const char *member, const struct value *value);

/* The next item of a list or pair of a map, unset: set its kind through the functions below, or,
 * for structures, it is already made. Asserts that there is room. */
struct value *list_add(struct arena *arena, struct value *list);
void list_add_str(struct value *list, struct str s);
void list_add_int(struct value *list, int64_t number);
struct value *list_add_map(struct arena *arena, struct value *list, size_t count_max);
struct value *map_add(struct arena *arena, struct value *map, struct str key);
/* The same for structures that will have that member and no other: many small ones take a sixth of
 * the room. Set it as any member. */
struct value *list_add_one(struct arena *arena, struct value *list, const char *member);
struct value *map_add_one(struct arena *arena, struct value *map, struct str key,
                          const char *member);
struct value *map_add_list(struct arena *arena, struct value *map, struct str key,
                           size_t count_max);
void map_add_str(struct value *map, struct str key, struct str s);

/* As JSON with members in the shape's order, blobs in base64, times in epoch seconds: for logs,
 * tests and the journal's reader. */
struct buf;
void value_dump(struct buf *out, const struct value *value);

#endif
