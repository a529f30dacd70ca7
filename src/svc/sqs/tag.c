/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of queues, sorted by key.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "svc/sqs/sqs_int.h"

#include <string.h>

#define KEY_CHARS_MAX 128
#define VALUE_CHARS_MAX 256

static size_t place_of(const struct queue *queue, struct str key, bool *ret_there)
{
    size_t at = 0;

    while (at < queue->tag_count && str_cmp(queue->tags[at].key, key) < 0) {
        at++;
    }
    *ret_there = at < queue->tag_count && str_eq(queue->tags[at].key, key);
    return at;
}

void tag_set(struct queue *queue, struct str key, struct str value)
{
    bool there;
    size_t at = place_of(queue, key, &there);

    if (!there) {
        queue->tags = mem_grow(queue->tags, (queue->tag_count + 1) * sizeof(struct tag));
        memmove(&queue->tags[at + 1], &queue->tags[at],
                (queue->tag_count - at) * sizeof(struct tag));
        queue->tags[at] = (struct tag){STR_NONE, STR_NONE};
        queue->tag_count++;
        text_set(&queue->tags[at].key, key);
    }
    text_set(&queue->tags[at].value, value);
}

void tag_remove(struct queue *queue, struct str key)
{
    bool there;
    size_t at = place_of(queue, key, &there);

    if (!there) {
        return;
    }
    text_set(&queue->tags[at].key, STR_NONE);
    text_set(&queue->tags[at].value, STR_NONE);
    queue->tag_count--;
    memmove(&queue->tags[at], &queue->tags[at + 1], (queue->tag_count - at) * sizeof(struct tag));
}

void tags_done(struct queue *queue)
{
    for (size_t i = 0; i < queue->tag_count; i++) {
        text_set(&queue->tags[i].key, STR_NONE);
        text_set(&queue->tags[i].value, STR_NONE);
    }
    mem_free(queue->tags);
    queue->tags = NULL;
    queue->tag_count = 0;
}

status tags_check(struct call *c, const struct queue *queue, const struct value *map)
{
    size_t count = queue == NULL ? 0 : queue->tag_count;

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        struct str key = map->pairs[i].key;
        bool there = false;

        if (key.bytes == 0 || utf8_count(key) > KEY_CHARS_MAX) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "Tag keys must be between 1 and %d characters in length.", KEY_CHARS_MAX);
        }
        if (utf8_count(map->pairs[i].value.str) > VALUE_CHARS_MAX) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "Tag values must be between 0 and %d characters in length.",
                        VALUE_CHARS_MAX);
        }
        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &SQS_BAD_PARAMETER, "Tag keys cannot start with 'aws:'.");
        }
        if (queue != NULL) {
            (void)place_of(queue, key, &there);
        }
        count += !there;
    }
    if (count > TAGS_MAX) {
        return fail(c, &SQS_BAD_PARAMETER, "Too many tags added for queue. The maximum is %d.",
                    TAGS_MAX);
    }
    return OK;
}
