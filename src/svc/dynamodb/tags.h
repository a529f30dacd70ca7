/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of a table.
 */
#ifndef WEIR_SVC_DYNAMODB_TAGS_H
#define WEIR_SVC_DYNAMODB_TAGS_H

#include "svc/dynamodb/dynamodb_int.h"

#define TAGS_MAX 50 /* of a table */

struct tag {
    struct str key;   /* lies in the table or in the request */
    struct str value; /* the same */
};

/* What a table keeps (extras[EXTRA_TAGS]), sorted by key. How many. */
size_t tags_unpack(struct str packed, struct tag tags[TAGS_MAX]);
struct str tags_pack(struct arena *arena, const struct tag *tags, size_t count);
/* packed with a TagList over it, checked; in the call's arena. */
status tags_join(struct call *c, struct str packed, const struct value *list,
                 struct str *ret_packed);

#endif
