/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of DynamoDB, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon DynamoDB".
 */
#ifndef WEIR_SVC_DYNAMODB_CFN_H
#define WEIR_SVC_DYNAMODB_CFN_H

#include "cell/resource.h"

#define DDB_TYPES 2
extern const struct resource_type *const ddb_types[DDB_TYPES];

/* ---- between the files cfn*.c ---- */

extern const struct resource_type cfn_global_type;

/* DescribeTable's answer about r->id. */
status cfn_table_told(struct resource *r, const struct value **ret_table);
struct str cfn_table_arn(const struct resource *r);
/* An index's list without what is an operation of its own, as CreateTable takes it; NULL: none. */
const struct value *cfn_indexes(struct resource *r, const struct value *properties);
/* What UpdateTable changes, one thing after the other; indexes come last. */
status cfn_table_change(struct resource *r);
/* A stream's specification as operations have it; NULL: none is wanted. */
const struct value *cfn_stream(struct resource *r, const struct value *properties);
const struct value *cfn_encryption(struct resource *r);
/* What lies beside a table: expiry, backups, insights, the Kinesis destination, its policy. When it
 * is made, and when it is changed. */
status cfn_beside_put(struct resource *r);
status cfn_beside_now(struct resource *r, struct value *ret_properties);

#endif
