/* SPDX-License-Identifier: Apache-2.0
 *
 * Throughput, with --limits=aws only: who asks for more than a table or an index provides is told
 * to come again. Without it nothing here ever refuses.
 *
 * What a table provides: its provisioned units a second, or the maximum that its on-demand mode was
 * given; without either there is no limit. Each second's units flow into a bucket that holds five
 * minutes' worth. A request is admitted while the bucket is not empty, and takes what it costs when
 * that is known, if need be on credit. Source: developer guide, "Burst and adaptive capacity".
 */
#ifndef WEIR_SVC_DYNAMODB_THROTTLE_H
#define WEIR_SVC_DYNAMODB_THROTTLE_H

#include "svc/dynamodb/change.h"

/* Before reading or writing; index: a global index that is read, or that a write goes to, or NULL.
 * DDB_THROUGHPUT or DDB_THROTTLED; the details are filled in where the operation answers them. */
status throttle_read(struct call *c, struct table *table, struct index *index);
status throttle_write(struct call *c, struct table *table, struct index *index);
/* What a call has cost; times: 2 in a transaction. */
void throttle_take(struct call *c, const struct cost *cost, unsigned times);

#endif
