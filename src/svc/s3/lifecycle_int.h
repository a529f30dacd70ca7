/* SPDX-License-Identifier: Apache-2.0
 *
 * Lifecycle rules: which are for what, and when their actions are due.
 */
#ifndef WEIR_SVC_S3_LIFECYCLE_INT_H
#define WEIR_SVC_S3_LIFECYCLE_INT_H

#include "svc/s3/settings_int.h"

/* The bucket's rules; NULL: none. */
const struct value *lifecycle_rules(const struct bucket *bucket);
/* Is the rule enabled and for this version? object NULL: for an upload of that key. */
bool rule_is_for(const struct value *rule, struct str key, const struct object *object);
/* When an action with Days or Date is due for a version of that moment; INT64_MAX: never. */
int64_t action_due(const struct value *action, int64_t since_ms);
/* The same for days that are said under another name. */
int64_t days_due(int64_t days, int64_t since_ms);
int64_t midnight_after(int64_t moment_ms); /* itself, when it is one */
/* May the rule move a version of that size to that class? */
bool size_may_move(const struct bucket *bucket, const struct value *rule,
                   enum storage_class to, uint64_t size);
/* TransitionDefaultMinimumObjectSize, as it is said. */
#define MINIMUM_VARIES STR("varies_by_storage_class")
#define MINIMUM_128K STR("all_storage_classes_128K")

/* TransitionDefaultMinimumObjectSize: archives also take small objects. */
bool lifecycle_minimum_varies(const struct bucket *bucket);
/* The configuration was put or removed by this call: keeps what it says of that. */
void lifecycle_minimum_set(struct call *c, struct bucket *bucket);
/* How cold a class is: moves go to colder ones only. */
int storage_class_rank(enum storage_class storage_class);

/* ---- lifecycle_run.c ---- */

/* Starts the walker, where there is something left for it to do. */
void lifecycle_walk_on(struct s3 *s3);

#endif
