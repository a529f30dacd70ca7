/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags, by stream (the old operations) and by ARN (of streams, consumers and queues).
 */
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"

/* What an ARN names, as far as it can be tagged or given a policy. */
static status tagged_of_arn(struct call *c, struct tagged *ret_tagged)
{
    return tagged_find(c, arg_str(c, "ResourceARN"), ret_tagged);
}

static void add_all(struct tags *tags, const struct value *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        tags_set(tags, map->pairs[i].key, map->pairs[i].value.str);
    }
}

static void remove_all(struct tags *tags, const struct value *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        tags_remove(tags, keys->items[i].str);
    }
}

static void put_tags(struct call *c, struct value *list, const struct tags *tags, size_t from)
{
    for (size_t i = from; i < tags->count && list->count < list->room; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "Key", tags->items[i].key);
        set_str(item, "Value", tags->items[i].value);
    }
}

/* AddTagsToStream */
status kinesis_add_tags(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    TRY(tags_check(c, &stream->tags, arg(c, "Tags")));
    add_all(&stream->tags, arg(c, "Tags"));
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* RemoveTagsFromStream: keys that are not there are passed over. */
status kinesis_remove_tags(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    remove_all(&stream->tags, arg(c, "TagKeys"));
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* ListTagsForStream: in order of their keys, from behind the one named. */
status kinesis_list_tags(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "Limit", TAGS_MAX);
    struct stream *stream;
    struct value *list;
    size_t from = 0;

    TRY(stream_of_call(c, &stream));
    while (arg_has(c, "ExclusiveStartTagKey") && from < stream->tags.count &&
           str_cmp(stream->tags.items[from].key, arg_str(c, "ExclusiveStartTagKey")) <= 0) {
        from++;
    }
    list = put_list(c, "Tags", limit);
    put_tags(c, list, &stream->tags, from);
    put_bool(c, "HasMoreTags", from + list->count < stream->tags.count);
    return OK;
}

/* TagResource */
status kinesis_tag_resource(struct call *c)
{
    struct tagged tagged;

    TRY(tagged_of_arn(c, &tagged));
    TRY(tags_check(c, tagged.tags, arg(c, "Tags")));
    add_all(tagged.tags, arg(c, "Tags"));
    tagged_save(c, &tagged);
    return OK;
}

/* UntagResource */
status kinesis_untag_resource(struct call *c)
{
    struct tagged tagged;

    TRY(tagged_of_arn(c, &tagged));
    remove_all(tagged.tags, arg(c, "TagKeys"));
    tagged_save(c, &tagged);
    return OK;
}

/* ListTagsForResource */
status kinesis_list_resource_tags(struct call *c)
{
    struct tagged tagged;

    TRY(tagged_of_arn(c, &tagged));
    put_tags(c, put_list(c, "Tags", tagged.tags->count), tagged.tags, 0);
    return OK;
}
