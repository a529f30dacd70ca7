/* SPDX-License-Identifier: Apache-2.0
 *
 * Export tasks: a group's events of a span of time, as objects of a bucket.
 */
#ifndef WEIR_SVC_LOGS_EXPORT_H
#define WEIR_SVC_LOGS_EXPORT_H

#include "svc/logs/logs_int.h"

#define EXPORT_TIMER "export/" /* how timers of tasks are named: then account/region/task */

struct bucket_file;

uint32_t export_shape(void); /* of a task's description */
struct str export_status(const struct value *about); /* "RUNNING" */
void export_status_set(struct call *c, struct value *about, const char *code,
                       const char *message);
bool export_is_over(const struct value *about);
/* PREFIX/name */
struct str export_key(struct arena *arena, const struct value *about, const char *name);
/* Of streams whose names begin so. */
void export_begin(struct call *c, struct str task, struct str prefix);
/* Soon, and again every minute until it is over; so it goes on after a crash, too. */
void export_wake(struct call *c, struct str task, int64_t at_ms);
/* A task's timer fired. name: account/region/task. */
void export_fire(struct call *c, struct str name);

#endif
