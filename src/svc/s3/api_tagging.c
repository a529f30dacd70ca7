/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of objects.
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

static void tags_changed(struct call *c, struct object *object, const char *event)
{
    call_on(c, object_arn(c->arena, object->bucket->name, object->key));
    object_save(c, object);
    object_told(c, object, event);
    set_if(c->out, "VersionId", answer_version(c, object));
}

/* PutObjectTagging */
status s3_put_object_tagging(struct call *c)
{
    const struct value *tag_set = get(arg(c, "Tagging"), "TagSet");
    struct bucket *bucket;
    struct object object;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_of_call(c, bucket, &object));
    TRY(tags_check(c, tag_set, OBJECT_TAGS_MAX));
    object.tags = tags_pack(c, tag_set);
    tags_changed(c, &object, "ObjectTagging:Put");
    return OK;
}

/* DeleteObjectTagging */
status s3_delete_object_tagging(struct call *c)
{
    struct bucket *bucket;
    struct object object;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_of_call(c, bucket, &object));
    object.tags = STR_NONE;
    tags_changed(c, &object, "ObjectTagging:Delete");
    return OK;
}

/* GetObjectTagging */
status s3_get_object_tagging(struct call *c)
{
    struct bucket *bucket;
    struct object object;
    struct value *tag_set;
    status found;
    struct str name;
    struct str value;

    TRY(bucket_of_call(c, &bucket));
    found = object_of_call(c, bucket, &object);
    if (found == &S3_NO_KEY) { /* only here S3 says the bucket, too */
        return fail_with(c, found, "Key",
                         arena_printf(c->arena, "%.*s/%.*s", STR_ARG(bucket->name),
                                      STR_ARG(arg_str(c, "Key"))));
    }
    TRY(found);
    tag_set = put_list(c, "TagSet", pairs_count(object.tags));
    while (pairs_next(&object.tags, &name, &value)) {
        struct value *tag = list_add(c->arena, tag_set);

        set_str(tag, "Key", name);
        set_str(tag, "Value", value);
    }
    set_if(c->out, "VersionId", answer_version(c, &object));
    return OK;
}
