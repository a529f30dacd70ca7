/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of queues: making, finding, configuring, purging, tags.
 */
#include "base/time.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_ops.h"

#define NAME_BYTES_MAX 80
#define LIST_MAX 1000
#define PURGE_MS (60 * MS_PER_SECOND)
#define DELETED_MS (60 * MS_PER_SECOND)
#define PURGE_AT_ONCE_MAX 10000

/* ---- CreateQueue ---- */

static bool name_good(struct str name, bool fifo)
{
    struct str stem = fifo ? str_slice(name, 0, name.bytes - 5) : name;

    for (size_t i = 0; i < stem.bytes; i++) {
        char c = stem.at[i];

        if (c != '_' && c != '-' && !(c >= '0' && c <= '9') &&
            !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
            return false;
        }
    }
    return stem.bytes > 0 && name.bytes <= NAME_BYTES_MAX;
}

static status name_check(struct call *c, struct str name)
{
    const struct value *map = arg(c, "Attributes");
    const struct value *fifo = map == NULL ? NULL : map_find(map, STR("FifoQueue"));
    bool asked = fifo != NULL && str_eq_nocase(fifo->str, STR("true"));
    bool named = str_ends(name, STR(".fifo"));

    if (asked && !named) {
        return fail(
            c, &SQS_BAD_PARAMETER,
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
            "underscores, must end with .fifo suffix and be 1 to 80 in length");
    }
    if (asked != named || !name_good(name, named)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
                    "length");
    }
    return OK;
}

static struct str deleted_key(struct call *c, struct str name)
{
    return arena_printf(c->arena, "%.*s/%.*s/%.*s", STR_ARG(c->account), STR_ARG(c->region),
                        STR_ARG(name));
}

static status deleted_check(struct call *c, struct str name)
{
    int64_t when = (int64_t)(uintptr_t)map_get(sqs_of(c)->deleted, deleted_key(c, name));

    if (c->limits && when != 0 && c->now - when < DELETED_MS) {
        return fail(c, &SQS_DELETED_RECENTLY,
                    "You must wait 60 seconds after deleting a queue before you can create another "
                    "with the same name.");
    }
    return OK;
}

/* One that is there already, with what was asked for: fine. */
static status existing(struct call *c, const struct queue *queue)
{
    struct queue_settings *settings;
    const char *differs;

    TRY(settings_read(c, queue, arg(c, "Attributes"), true, &settings));
    differs = settings_differ(queue, settings);
    if (differs != NULL) {
        return fail(c, &SQS_QUEUE_EXISTS,
                    "A queue already exists with the same name and a different value for attribute "
                    "%s",
                    differs);
    }
    put_str(c, "QueueUrl", queue_url(c, queue));
    return OK;
}

static status queue_make(struct call *c, struct str name, struct queue **ret_queue)
{
    struct queue *queue = queue_new(sqs_of(c), c->account, c->region, name);
    struct queue_settings *settings;
    status checked = settings_read(c, queue, arg(c, "Attributes"), true, &settings);

    if (checked == OK && queue_add(sqs_of(c), queue) != OK) {
        checked = fail(c, &SQS_OVER_LIMIT, "weir keeps at most %d queues.", QUEUES_MAX);
    }
    if (checked != OK) {
        queue_free(queue);
        return checked;
    }
    queue->id = number_new(c);
    queue->rows = number_new(c);
    queue->created_ms = queue->modified_ms = c->now;
    settings_apply(queue, settings);
    *ret_queue = queue;
    return OK;
}

/* CreateQueue */
status sqs_create_queue(struct call *c)
{
    struct str name = arg_str(c, "QueueName");
    const struct value *tags = arg(c, "tags");
    struct queue *queue = queue_find(sqs_of(c), c->account, c->region, name);

    TRY(name_check(c, name));
    if (queue != NULL) {
        return existing(c, queue);
    }
    TRY(deleted_check(c, name));
    TRY(tags_check(c, NULL, tags));
    TRY(queue_make(c, name, &queue));
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        tag_set(queue, tags->pairs[i].key, tags->pairs[i].value.str);
    }
    queue_save(c, queue);
    put_str(c, "QueueUrl", queue_url(c, queue));
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* ---- deleting and purging ---- */

/* DeleteQueue: at once; its rows are swept by and by. */
status sqs_delete_queue(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    call_on(c, queue_arn(c->arena, queue));
    hold_forget(c, HOLD_QUEUE, c->resource);
    hold_forget(c, HOLD_GROUP, c->resource);
    if (c->limits) {
        (void)map_set(sqs_of(c)->deleted, deleted_key(c, queue->name), (void *)(uintptr_t)c->now,
                      NULL);
    }
    queue_erase(c, queue);
    number_doom(c, queue->id);
    number_doom(c, queue->rows);
    queue_remove(sqs_of(c), queue);
    return OK;
}

/* PurgeQueue: everything that is in it now, also what is in flight. Few messages are erased at
 * once; of many the rows are left behind to be swept, and those to come lie below a new number. */
status sqs_purge_queue(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    if (c->limits && queue->purged_ms != 0 && c->now - queue->purged_ms < PURGE_MS) {
        return fail(c, &SQS_PURGING,
                    "Only one PurgeQueue operation on %.*s is allowed every 60 seconds.",
                    STR_ARG(queue->name));
    }
    call_on(c, queue_arn(c->arena, queue));
    if (queue->message_count <= PURGE_AT_ONCE_MAX) {
        struct message *message;

        for (size_t at = 0; (message = table_next(queue, &at)) != NULL;) {
            message_erase(c, queue, message);
        }
    } else {
        number_doom(c, queue->rows);
        queue->rows = number_new(c);
    }
    messages_done(queue);
    queue->purged_ms = c->now;
    queue_save(c, queue);
    return OK;
}

/* ---- finding ---- */

/* GetQueueUrl: also another account's. */
status sqs_get_queue_url(struct call *c)
{
    struct str account = arg_has(c, "QueueOwnerAWSAccountId") ? arg_str(c, "QueueOwnerAWSAccountId")
                                                              : c->account;
    struct queue *queue = queue_find(sqs_of(c), account, c->region, arg_str(c, "QueueName"));

    if (queue == NULL) {
        return fail(c, &SQS_NO_QUEUE, "The specified queue does not exist.");
    }
    put_str(c, "QueueUrl", queue_url(c, queue));
    return OK;
}

static status page_check(struct call *c, int64_t *ret_limit)
{
    int64_t limit = arg_int(c, "MaxResults", LIST_MAX);

    if (limit < 1 || limit > LIST_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter MaxResults is invalid. Reason: MaxResults must be an "
                    "integer between 1 and 1000.", (long long)limit);
    }
    if (arg_has(c, "NextToken") && !arg_has(c, "MaxResults")) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "NextToken can only be used together with MaxResults.");
    }
    *ret_limit = limit;
    return OK;
}

/* A page of URLs of those that are wanted; the token is the last name given. */
static void put_page(struct call *c, const char *member, int64_t limit,
                     bool (*wanted)(struct call *c, const struct queue *queue))
{
    struct str after = arg_str(c, "NextToken");
    struct value *list = NULL;
    struct queue **queues;
    size_t count;

    queues = queues_sorted(c, &count);
    for (size_t i = 0; i < count; i++) {
        if ((after.bytes > 0 && str_cmp(queues[i]->name, after) <= 0) || !wanted(c, queues[i])) {
            continue;
        }
        if (list == NULL) {
            list = put_list(c, member, count - i);
        }
        if (list->count == limit) {
            if (arg_has(c, "MaxResults")) {
                size_t last = i - 1;

                while (!wanted(c, queues[last])) {
                    last--;
                }
                put_str(c, "NextToken", arena_dup(c->arena, queues[last]->name));
            }
            return;
        }
        list_add_str(list, queue_url(c, queues[i]));
    }
}

static bool has_prefix(struct call *c, const struct queue *queue)
{
    return str_starts(queue->name, arg_str(c, "QueueNamePrefix"));
}

/* ListQueues */
status sqs_list_queues(struct call *c)
{
    int64_t limit;

    TRY(page_check(c, &limit));
    put_page(c, "QueueUrls", limit, has_prefix);
    return OK;
}

static bool is_source(struct call *c, const struct queue *queue)
{
    return str_eq(queue->dead_arn, c->resource);
}

/* ListDeadLetterSourceQueues */
status sqs_list_dead_letter_sources(struct call *c)
{
    struct queue *queue;
    int64_t limit;

    TRY(queue_of_call(c, &queue));
    TRY(page_check(c, &limit));
    call_on(c, queue_arn(c->arena, queue));
    (void)put_list(c, "queueUrls", 0);
    put_page(c, "queueUrls", limit, is_source);
    return OK;
}

/* ---- attributes and tags ---- */

/* GetQueueAttributes */
status sqs_get_attributes(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    queue_settle(c->cell, queue, c->now);
    return settings_put(c, queue, arg(c, "AttributeNames"));
}

/* SetQueueAttributes */
status sqs_set_attributes(struct call *c)
{
    struct queue_settings *settings;
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(settings_read(c, queue, arg(c, "Attributes"), false, &settings));
    settings_apply(queue, settings);
    queue->modified_ms = c->now;
    queue_save(c, queue);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* TagQueue */
status sqs_tag_queue(struct call *c)
{
    const struct value *tags = arg(c, "Tags");
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(tags_check(c, queue, tags));
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        tag_set(queue, tags->pairs[i].key, tags->pairs[i].value.str);
    }
    queue_save(c, queue);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* UntagQueue */
status sqs_untag_queue(struct call *c)
{
    const struct value *keys = arg(c, "TagKeys");
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    for (uint32_t i = 0; keys != NULL && i < keys->count; i++) {
        tag_remove(queue, keys->items[i].str);
    }
    queue_save(c, queue);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* ListQueueTags */
status sqs_list_tags(struct call *c)
{
    struct queue *queue;
    struct value *map;

    TRY(queue_of_call(c, &queue));
    if (queue->tag_count == 0) {
        return OK;
    }
    map = set_map(c->arena, c->out, "Tags", queue->tag_count);
    for (size_t i = 0; i < queue->tag_count; i++) {
        map_add_str(map, arena_dup(c->arena, queue->tags[i].key),
                    arena_dup(c->arena, queue->tags[i].value));
    }
    return OK;
}
