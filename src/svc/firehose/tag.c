/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags: kept as the model's list, in order of their keys.
 */
#include "base/codec.h"
#include "svc/firehose/firehose_ops.h"
#include "wire/json.h"

#include <assert.h>
#include <stdlib.h>

#define TAGS_MAX 50
#define TAGS_BYTES_MAX (256u * 1024)

static uint32_t list_shape(void)
{
    const struct shape *input = model_shape(firehose_shape("TagDeliveryStream", false));
    int at = model_member_index(input, STR("Tags"));

    assert(at >= 0);
    return model_members[input->first + (uint32_t)at].shape;
}

/* The list of a text, which may be empty. */
static struct value tags_of(struct arena *arena, struct str text)
{
    struct value list = {.kind = VALUE_LIST};
    struct why why;

    if (text.bytes > 0) {
        status read = json_read(arena_dup(arena, text), list_shape(), arena, &why, &list);

        assert(read == OK);
    }
    return list;
}

static int by_key(const void *a, const void *b)
{
    return str_cmp(get_str(a, "Key"), get_str(b, "Key"));
}

static struct str tags_text(struct call *c, struct value *list)
{
    struct buf text;
    struct str written;

    if (list->count == 0) {
        return STR_NONE;
    }
    qsort(list->items, list->count, sizeof(struct value), by_key);
    buf_init(&text, TAGS_BYTES_MAX);
    json_write(&text, list, TIME_EPOCH);
    assert(!buf_spent(&text));
    written = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return written;
}

static uint32_t place_of(const struct value *list, struct str key)
{
    uint32_t at = 0;

    while (at < list->count && !str_eq(get_str(&list->items[at], "Key"), key)) {
        at++;
    }
    return at;
}

bool tags_find(const struct stream *stream, struct str key, struct str *ret_value)
{
    struct arena *arena = arena_new(1u << 20);
    struct value list = tags_of(arena, stream->tags);
    bool found = false;

    for (uint32_t i = 0; i < list.count && !found; i++) {
        found = str_eq_nocase(get_str(&list.items[i], "Key"), key);
        if (found) {
            /* the text holds the value, as long as JSON has nothing to escape in it */
            struct str value = get_str(&list.items[i], "Value");
            size_t at = str_find_str(stream->tags, value);

            *ret_value = str_slice(stream->tags, at, at + value.bytes);
        }
    }
    arena_free(arena);
    return found;
}

status tags_merge(struct call *c, struct str there, const struct value *more, struct str *ret_tags)
{
    struct value was = tags_of(c->arena, there);
    uint32_t room = was.count + (more == NULL ? 0 : more->count);
    struct value all = {.kind = VALUE_LIST, .shape = list_shape(), .room = room};

    all.items = arena_zero(c->arena, (room + 1) * sizeof(struct value));
    for (uint32_t i = 0; i < was.count; i++) {
        all.items[all.count++] = was.items[i];
    }
    for (uint32_t i = 0; more != NULL && i < more->count; i++) {
        struct str key = get_str(&more->items[i], "Key");
        uint32_t at = place_of(&all, key);

        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                        "Tag keys starting with aws: are reserved for system use.");
        }
        all.items[at] = more->items[i];
        all.count += at == all.count;
    }
    if (all.count > TAGS_MAX) {
        return fail(c, &FIREHOSE_LIMIT,
                    "A delivery stream cannot have more than %d tags", TAGS_MAX);
    }
    *ret_tags = tags_text(c, &all);
    return OK;
}

/* TagDeliveryStream */
status firehose_tag(struct call *c)
{
    struct stream *stream;
    struct str tags;

    TRY(stream_of_call(c, &stream));
    TRY(tags_merge(c, stream->tags, arg(c, "Tags"), &tags));
    text_set(&stream->tags, tags);
    stream_save(c, stream);
    call_on(c, arena_dup(c->arena, stream->arn));
    return OK;
}

/* UntagDeliveryStream: keys that are not there are passed over. */
status firehose_untag(struct call *c)
{
    const struct value *keys = arg(c, "TagKeys");
    struct stream *stream;
    struct value list;

    TRY(stream_of_call(c, &stream));
    list = tags_of(c->arena, stream->tags);
    for (uint32_t i = 0; i < keys->count; i++) {
        uint32_t at = place_of(&list, keys->items[i].str);

        if (at < list.count) {
            list.items[at] = list.items[--list.count];
        }
    }
    text_set(&stream->tags, tags_text(c, &list));
    stream_save(c, stream);
    call_on(c, arena_dup(c->arena, stream->arn));
    return OK;
}

/* ListTagsForDeliveryStream: in order of their keys, from behind the one named. */
status firehose_list_tags(struct call *c)
{
    struct str after = arg_str(c, "ExclusiveStartTagKey");
    uint32_t limit = (uint32_t)arg_int(c, "Limit", TAGS_MAX);
    struct stream *stream;
    struct value tags;
    struct value *list;
    uint32_t at = 0;

    TRY(stream_of_call(c, &stream));
    tags = tags_of(c->arena, stream->tags);
    while (after.bytes > 0 && at < tags.count &&
           str_cmp(get_str(&tags.items[at], "Key"), after) <= 0) {
        at++;
    }
    list = put_list(c, "Tags", limit);
    for (; at < tags.count && list->count < limit; at++) {
        struct value *item = list_add(c->arena, list);

        memcpy(item->items, tags.items[at].items, item->count * sizeof(struct value));
    }
    put_bool(c, "HasMoreTags", at < tags.count);
    return OK;
}
