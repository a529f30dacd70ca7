/* SPDX-License-Identifier: Apache-2.0
 *
 * What stays known of exports, imports and bulk operations: their descriptions in the model's
 * shape, for 90 days, and the tokens with which they were asked for, for eight hours.
 */
#ifndef WEIR_SVC_DYNAMODB_TOLD_H
#define WEIR_SVC_DYNAMODB_TOLD_H

#include "svc/dynamodb/dynamodb_int.h"

/* kind: "export", "import", "bulk". */
void told_save(struct call *c, const char *kind, struct str arn, const struct value *about);
/* NULL: there is none of that ARN. The tree is the call's, to be changed and saved again. */
struct value *told_load(struct call *c, const char *kind, struct str arn, uint32_t shape);
/* Of the call's account and region, by ARN, the last first; before: only ARNs before that one
 * (empty: all). *scan NULL at first. Close the scan unless it came to its end. */
bool told_next(struct call *c, const char *kind, struct str before, struct txn_scan **scan,
               struct str *ret_arn);
/* The minute's: what is too old goes, some at a time. */
void told_expire(struct call *c);

/* The shape of a member of an operation's output. */
uint32_t told_shape(const char *operation, const char *member);

/* The call's ClientToken: *ret_arn is what it began before, or STR_NONE. conflict: the token came
 * with another request. */
status told_token(struct call *c, const char *kind, status conflict, struct str *ret_arn);
void told_token_save(struct call *c, const char *kind, struct str arn);
/* A NextToken as the model wants it, hex of such a length: the ARN of the last one told. The other
 * way: ValidationException; no token gives STR_NONE. */
struct str told_page(struct call *c, struct str arn, size_t bytes_min);
status told_page_read(struct call *c, struct str *ret_arn);
/* "01693685827463-2d8752fd": a new one. */
struct str told_id(struct call *c);

#endif
