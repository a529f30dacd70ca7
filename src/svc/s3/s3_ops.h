/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of buckets and objects, for the table in api.c.
 */
#ifndef WEIR_SVC_S3_OPS_H
#define WEIR_SVC_S3_OPS_H

#include "cell/call.h"

/* api_bucket.c */
status s3_create_bucket(struct call *c);
status s3_delete_bucket(struct call *c);
status s3_get_bucket_location(struct call *c);
status s3_get_bucket_versioning(struct call *c);
status s3_head_bucket(struct call *c);
status s3_list_buckets(struct call *c);
status s3_put_bucket_versioning(struct call *c);

/* api_object.c */
status s3_get_object(struct call *c);
status s3_head_object(struct call *c);
status s3_put_object(struct call *c);
status s3_get_object_attributes(struct call *c);

/* form.c */
status s3_post_object(struct call *c);

/* api_delete.c */
status s3_delete_object(struct call *c);
status s3_delete_objects(struct call *c);

/* api_list.c */
status s3_list_objects(struct call *c);
status s3_list_objects_v2(struct call *c);
status s3_list_object_versions(struct call *c);

/* api_copy.c */
status s3_copy_object(struct call *c);
status s3_upload_part_copy(struct call *c);

/* api_multipart.c */
status s3_abort_multipart_upload(struct call *c);
status s3_complete_multipart_upload(struct call *c);
status s3_create_multipart_upload(struct call *c);
status s3_list_multipart_uploads(struct call *c);
status s3_list_parts(struct call *c);
status s3_upload_part(struct call *c);

/* api_tagging.c */
status s3_delete_object_tagging(struct call *c);
status s3_get_object_tagging(struct call *c);
status s3_put_object_tagging(struct call *c);

/* api_lock.c */
status s3_get_object_legal_hold(struct call *c);
status s3_get_object_lock_configuration(struct call *c);
status s3_get_object_retention(struct call *c);
status s3_put_object_legal_hold(struct call *c);
status s3_put_object_lock_configuration(struct call *c);
status s3_put_object_retention(struct call *c);

/* api_restore.c */
status s3_restore_object(struct call *c);

#endif
