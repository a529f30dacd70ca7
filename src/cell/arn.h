/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Resource Names: arn:partition:service:region:account:resource. Source: "Amazon Resource
 * Names (ARNs)", AWS General Reference.
 */
#ifndef WEIR_CELL_ARN_H
#define WEIR_CELL_ARN_H

#include "base/arena.h"
#include "base/str.h"

struct arn {
    struct str partition; /* "aws", "aws-cn", "aws-us-gov" */
    struct str service;   /* "kinesis" */
    struct str region;    /* may be empty (IAM, S3) */
    struct str account;   /* may be empty (S3) */
    struct str resource;  /* all the rest: "stream/scans", with whatever colons it has */
};

/* False unless there are six parts and the first is "arn". Strings lie in text. */
bool arn_read(struct str text, struct arn *ret_arn);
struct str arn_write(struct arena *arena, const struct arn *arn);
/* "account/region/name", for maps of what has a name there: names have no slash. Too long: "/",
 * which is nobody's. */
#define ARN_NAME_KEY_BYTES_MAX 512
struct str arn_name_key(char out[ARN_NAME_KEY_BYTES_MAX], struct str account, struct str region,
                        struct str name);
/* The partition that a region belongs to. */
struct str arn_partition(struct str region);

#endif
