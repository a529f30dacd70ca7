/* SPDX-License-Identifier: Apache-2.0
 *
 * Server access logs: batches (access_log.c) and their lines (access_line.c).
 */
#ifndef WEIR_SVC_S3_ACCESS_LOG_INT_H
#define WEIR_SVC_S3_ACCESS_LOG_INT_H

#include "svc/s3/settings_int.h"

void access_logs_open(struct s3 *s3);
void access_logs_close(struct s3 *s3);

/* The line of a request that ended so, with its line feed; in the call's arena. */
struct str access_line(struct call *c, const struct bucket *bucket, status result);
/* The midnight before the moment that the first of these lines has. */
int64_t access_line_day(struct str lines);

#endif
