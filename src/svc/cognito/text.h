/* SPDX-License-Identifier: Apache-2.0
 *
 * Small things of texts, trees and pages.
 */
#ifndef WEIR_SVC_COGNITO_TEXT_H
#define WEIR_SVC_COGNITO_TEXT_H

#include "base/buf.h"
#include "cell/call.h"

/* So many of 0-9, a-z and, when upper, A-Z; in c->arena. */
struct str random_text(struct call *c, size_t bytes, bool upper);
struct str uuid_new(struct call *c);
struct str lowered(struct arena *arena, struct str text); /* ASCII */
bool is_uuid(struct str text);
bool is_email(struct str text);
bool is_phone(struct str text);      /* +14325551212 */
/* "j***@e***", "+*******1212": where a code went. */
struct str masked(struct call *c, struct str address, bool email);

/* A member of a structure that may be changed; NULL: not set. */
struct value *tree_at(struct value *structure, const char *member);
bool list_has(const struct value *list, struct str item); /* list of texts; NULL: no */
/* Every one of these members (ended by NULL) that the input has. */
void copy_members(struct call *c, struct value *about, const char *const *members);

/* Page tokens: the name given last, and back: InvalidParameterException. */
struct str token_of(struct call *c, struct str name);
status token_read(struct call *c, const char *member, struct str *ret_name);

/* JSON: ,"name":"value" */
void json_pair(struct buf *buf, const char *name, struct str value);

#endif
