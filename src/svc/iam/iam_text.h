/* SPDX-License-Identifier: Apache-2.0
 *
 * Owned texts, and lists of named ones, sorted by name.
 */
#ifndef WEIR_SVC_IAM_TEXT_H
#define WEIR_SVC_IAM_TEXT_H

#include "base/buf.h"
#include "base/cursor.h"

struct text {
    struct str name, text;     /* owned */
};

struct texts {
    struct text *items;        /* owned */
    size_t count;              /* of them */
};

/* The one order of names: without regard to case; where that is all, bytewise. */
int name_cmp(struct str a, struct str b);

void text_set(struct str *owned, struct str text); /* STR_NONE: frees it */
struct str texts_get(const struct texts *texts, struct str name); /* STR_NONE: not there */
void texts_set(struct texts *texts, struct str name, struct str text);
bool texts_remove(struct texts *texts, struct str name); /* false: it was not there */
void texts_done(struct texts *texts);
void texts_write(struct buf *packed, const struct texts *texts);
void texts_read(struct cursor *cursor, struct texts *texts);

#endif
