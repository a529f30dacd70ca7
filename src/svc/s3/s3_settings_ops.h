/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of bucket settings: most of them are one of four kinds, told apart by the operation's
 * line in api_setting.c. The table is in api.c.
 */
#ifndef WEIR_SVC_S3_SETTINGS_OPS_H
#define WEIR_SVC_S3_SETTINGS_OPS_H

#include "svc/s3/s3_int.h"

status s3_put_setting(struct call *c);    /* PutBucketCors and its like */
status s3_get_setting(struct call *c);
status s3_delete_setting(struct call *c);
status s3_list_settings(struct call *c);  /* of those with an Id */
status s3_get_bucket_acl(struct call *c);
status s3_put_bucket_acl(struct call *c);
status s3_get_object_acl(struct call *c);
status s3_put_object_acl(struct call *c);
status s3_put_bucket_policy(struct call *c);
status s3_get_bucket_policy(struct call *c);
status s3_delete_bucket_policy(struct call *c);
status s3_get_bucket_policy_status(struct call *c);

/* website.c: pages of the service. */
extern const struct page settings_pages[];
#define SETTINGS_PAGE_COUNT 2

status s3_preflight(struct call *c);      /* OPTIONS, which no model has */

/* What is to be set is checked by whoever knows: OK, or S3's error. value: the structure. */
status notification_check(struct call *c, const struct bucket *bucket, const struct value *value);
status lifecycle_check(struct call *c, const struct bucket *bucket, const struct value *value);
status cors_check(struct call *c, const struct bucket *bucket, const struct value *value);
/* It was set (or removed) just now; former: what it was, or NULL. */
void notification_set(struct call *c, struct bucket *bucket, const struct value *former);
void lifecycle_set(struct call *c, struct bucket *bucket, const struct value *former);

status encryption_check(struct call *c, const struct bucket *bucket, const struct value *value);
status ownership_check(struct call *c, const struct bucket *bucket, const struct value *value);
status public_access_check(struct call *c, const struct bucket *bucket,
                           const struct value *value);
status website_check(struct call *c, const struct bucket *bucket, const struct value *value);
status logging_check(struct call *c, const struct bucket *bucket, const struct value *value);
status replication_check(struct call *c, const struct bucket *bucket, const struct value *value);
status accelerate_check(struct call *c, const struct bucket *bucket, const struct value *value);
status tiering_check(struct call *c, const struct bucket *bucket, const struct value *value);
status analytics_check(struct call *c, const struct bucket *bucket, const struct value *value);
status metrics_check(struct call *c, const struct bucket *bucket, const struct value *value);
status inventory_check(struct call *c, const struct bucket *bucket, const struct value *value);
void logging_set(struct call *c, struct bucket *bucket, const struct value *former);
void inventory_set(struct call *c, struct bucket *bucket, const struct value *former);
/* It is got: what is not in the structure. */
void lifecycle_told(struct call *c, const struct bucket *bucket);

/* policy.c */
status policy_check(struct call *c, const struct bucket *bucket, struct str text);

/* notify.c: rules made ready, in an arena that the bucket's compiled settings own. */
struct notification_rules;
struct notification_rules *notification_rules_of(struct call *c, struct bucket *bucket);

/* A timer of theirs is due. */
status lifecycle_timer(struct call *c, struct str name);
status inventory_timer(struct call *c, struct str name);

#endif
