/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of queues on streams. Source: the Kinesis Data Streams API reference, 2026.
 *
 * A receipt handle names queue, shard, record and the nonce of its delivery; a later delivery of
 * the same record makes it stale.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/time.h"
#include "svc/kinesis/queue_int.h"
#include "svc/kinesis/sequence.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>
#include <stdlib.h>

#define CONSUMERS_STANDARD 20
#define LIST_DEFAULT 100
#define RECEIVE_LIMIT_DEFAULT 10
#define WAIT_SECONDS_DEFAULT 9
#define RECEIVE_BYTES_MAX (32u * 1024 * 1024)

/* ---- describing ---- */

static void put_configuration(struct call *c, struct value *out, const struct queue *queue)
{
    struct value *list = set_list(c->arena, out, "StreamConfigurationList", 1);
    struct value *item = list_add(c->arena, list);
    struct value *start = set_struct(c->arena, item, "StartingPosition");

    set_str(item, "StreamARN", stream_arn(c, queue->stream));
    set_str(start, "Type", queue->start_type);
    set_time(start, "Timestamp", queue->start_ms);
}

static void put_description(struct call *c, const struct queue *queue)
{
    struct value *out = put_struct(c, "QueueDescription");
    struct value *attributes;
    struct value *dead;

    set_str(out, "QueueName", queue->name);
    set_str(out, "QueueARN", queue_arn(c->arena, queue));
    set_str(out, "QueueStatus", STR("ACTIVE"));
    set_time(out, "QueueCreationTimestamp", queue->created_ms);
    put_configuration(c, out, queue);
    attributes = set_struct(c->arena, out, "QueueAttributes");
    set_int(attributes, "VisibilityTimeoutSeconds", queue->visibility_seconds);
    dead = set_struct(c->arena, attributes, "DeadLetterConfiguration");
    set_str(dead, "TargetType", queue->max_receive_count > 0 ? STR("BUILT_IN") : STR("NONE"));
    if (queue->max_receive_count > 0) {
        set_int(dead, "MaxReceiveCount", queue->max_receive_count);
    }
}

static status queue_of_call(struct call *c, struct queue **ret_queue)
{
    return queue_of_arn(c, arg_str(c, "QueueARN"), ret_queue);
}

/* ---- create, update, delete ---- */

static status attributes_check(struct call *c, const struct value *attributes)
{
    const struct value *dead = attributes == NULL ? NULL : get(attributes,
                                                               "DeadLetterConfiguration");

    if (dead == NULL) {
        return OK;
    }
    if (str_eq(get_str(dead, "TargetType"), STR("BUILT_IN")) != has(dead, "MaxReceiveCount")) {
        return fail(c, &KINESIS_VALIDATION,
                    "MaxReceiveCount is required when TargetType is BUILT_IN, and not allowed "
                    "when it is NONE.");
    }
    return OK;
}

static void attributes_apply(struct queue *queue, const struct value *attributes)
{
    const struct value *dead;

    if (attributes == NULL) {
        return;
    }
    queue->visibility_seconds =
        (uint32_t)get_int(attributes, "VisibilityTimeoutSeconds", queue->visibility_seconds);
    dead = get(attributes, "DeadLetterConfiguration");
    if (dead != NULL) {
        queue->max_receive_count = (uint32_t)get_int(dead, "MaxReceiveCount", 0);
    }
}

/* The one stream and where to begin in it. */
static status create_start(struct call *c, struct stream **ret_stream, struct start *ret_start)
{
    const struct value *list = arg(c, "StreamConfigurationList");
    const struct value *position;
    struct start start = {.type = STR("LATEST")};

    if (list->count != 1) {
        return fail(c, &KINESIS_VALIDATION,
                    "StreamConfigurationList must contain exactly one entry.");
    }
    TRY(stream_of_arn(c, get_str(&list->items[0], "StreamARN"), ret_stream));
    position = get(&list->items[0], "StartingPosition");
    if (position != NULL) {
        start.type = get_str(position, "Type");
        start.has_time = has(position, "Timestamp");
        start.at_ms = get_time(position, "Timestamp", 0);
        if (start.has_time != str_eq(start.type, STR("AT_TIMESTAMP"))) {
            return fail(c, &KINESIS_VALIDATION,
                        "Timestamp is required for AT_TIMESTAMP and not allowed for other types.");
        }
    }
    *ret_start = start;
    return OK;
}

static status create_check(struct call *c, const struct stream *stream)
{
    struct str arn = call_arn(c, "kinesis", "queue/%.*s", STR_ARG(arg_str(c, "QueueName")));

    if (!stream->on_demand) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Queues are supported only on streams in ON_DEMAND mode; stream %.*s is "
                    "PROVISIONED.", STR_ARG(stream->name));
    }
    if (map_get(kinesis_of(c)->queues, arn) != NULL) {
        return fail(c, &KINESIS_IN_USE, "Queue %.*s under account %.*s already exists.",
                    STR_ARG(arg_str(c, "QueueName")), STR_ARG(c->account));
    }
    if (stream->consumer_count + stream->queue_count >= CONSUMERS_PER_STREAM_MAX ||
        (c->limits && stream->consumer_count + stream->queue_count >= CONSUMERS_STANDARD)) {
        return fail(c, &KINESIS_LIMIT,
                    "Stream %.*s under account %.*s has the most consumers and queues it may have.",
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    TRY(tags_check(c, NULL, arg(c, "Tags")));
    return attributes_check(c, arg(c, "QueueAttributes"));
}

static int64_t effective_start(struct call *c, const struct stream *stream,
                               const struct start *start)
{
    int64_t oldest_ms = c->now - stream->retention_hours * MS_PER_HOUR;

    oldest_ms = oldest_ms > stream->created_ms ? oldest_ms : stream->created_ms;
    if (str_eq(start->type, STR("LATEST"))) {
        return c->now;
    }
    return start->has_time && start->at_ms > oldest_ms ? start->at_ms : oldest_ms;
}

/* CreateQueue */
status kinesis_create_queue(struct call *c)
{
    const struct value *tags = arg(c, "Tags");
    struct start start;
    struct stream *stream;
    struct queue *queue;
    uint64_t *next;

    TRY(create_start(c, &stream, &start));
    TRY(create_check(c, stream));
    next = arena_zero(c->arena, (stream->shard_count + 1) * sizeof(uint64_t));
    for (uint32_t i = 0; i < stream->shard_count; i++) {
        if (stream->shards[i] != NULL) {
            TRY(start_sequence(c, stream->shards[i], &start, &next[i]));
        }
    }
    queue = queue_new(stream, arg_str(c, "QueueName"));
    if (!queue_add(kinesis_of(c), queue)) {
        queue_free(queue);
        return fail(c, &KINESIS_LIMIT, "weir keeps at most %d queues.", QUEUES_MAX);
    }
    queue->created_ms = c->now;
    text_set(&queue->start_type, start.type);
    queue->start_ms = effective_start(c, stream, &start);
    attributes_apply(queue, arg(c, "QueueAttributes"));
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        tags_set(&queue->tags, tags->pairs[i].key, tags->pairs[i].value.str);
    }
    queue_save(c, queue);
    for (uint32_t i = 0; i < stream->shard_count; i++) {
        if (next[i] != 0) {
            queue_set_cursor(queue, i, next[i]);
            cursor_save(c, queue, i);
        }
    }
    put_description(c, queue);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* UpdateQueue */
status kinesis_update_queue(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(attributes_check(c, arg(c, "QueueAttributes")));
    attributes_apply(queue, arg(c, "QueueAttributes"));
    queue_save(c, queue);
    put_description(c, queue);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* DeleteQueue */
status kinesis_delete_queue(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    call_on(c, queue_arn(c->arena, queue));
    queue_erase(c, queue);
    queue_remove(kinesis_of(c), queue);
    return OK;
}

/* DescribeQueue */
status kinesis_describe_queue(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    put_description(c, queue);
    return OK;
}

static int by_arn(const void *a, const void *b)
{
    const struct queue *one = *(struct queue *const *)a;
    const struct queue *other = *(struct queue *const *)b;

    return str_cmp(one->name, other->name);
}

static bool listed(struct call *c, const struct queue *queue)
{
    const struct value *filter = arg(c, "StreamFilter");

    if (!str_eq(queue->stream->account, c->account) ||
        !str_eq(queue->stream->region, c->region)) {
        return false;
    }
    for (uint32_t i = 0; filter != NULL && i < filter->count; i++) {
        if (str_eq(get_str(&filter->items[i], "StreamARN"), stream_arn(c, queue->stream))) {
            return true;
        }
    }
    return filter == NULL;
}

static void put_summary(struct call *c, struct value *item, const struct queue *queue)
{
    struct value *stream;

    set_str(item, "QueueName", queue->name);
    set_str(item, "QueueARN", queue_arn(c->arena, queue));
    set_str(item, "QueueStatus", STR("ACTIVE"));
    set_time(item, "QueueCreationTimestamp", queue->created_ms);
    stream = list_add(c->arena, set_list(c->arena, item, "Streams", 1));
    set_str(stream, "StreamARN", stream_arn(c, queue->stream));
    set_time(stream, "StreamCreationTimestamp", queue->stream->created_ms);
}

/* ListQueues: by name. */
status kinesis_list_queues(struct call *c)
{
    struct map *queues = kinesis_of(c)->queues;
    struct queue **sorted = arena_alloc(c->arena, (map_count(queues) + 1) * sizeof(*sorted));
    int64_t limit = arg_int(c, "MaxResults", LIST_DEFAULT);
    struct str after = STR_NONE;
    struct str subject;
    struct value *list;
    size_t count = 0;
    struct str key;
    void *queue;

    if (arg_has(c, "NextToken")) {
        TRY(token_read(c, "queues", arg_str(c, "NextToken"), &subject, &after));
    }
    for (size_t i = 0; map_next(queues, &i, &key, &queue);) {
        if (listed(c, queue) && (after.bytes == 0 ||
                                 str_cmp(((struct queue *)queue)->name, after) > 0)) {
            sorted[count++] = queue;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_arn);
    list = put_list(c, "QueueSummaries", count);
    for (size_t i = 0; i < count && list->count < limit; i++) {
        put_summary(c, list_add(c->arena, list), sorted[i]);
        after = sorted[i]->name;
    }
    if (list->count < count) {
        put_str(c, "NextToken", token_text(c->arena, c, "queues", STR_NONE, after));
    }
    return OK;
}

/* ---- receive ---- */

static struct str handle_text(struct call *c, const struct queue *queue,
                              const struct queue_item *item)
{
    struct buf packed;
    char *at;
    size_t bytes;

    buf_init(&packed, 128);
    write_zigzag(&packed, queue->created_ms);
    write_var(&packed, item->shard);
    write_var(&packed, item->sequence);
    write_u64(&packed, item->nonce);
    write_u32(&packed, crc32c(0, buf_str(&packed)));
    assert(!buf_spent(&packed));
    bytes = base64_encoded_bytes(packed.bytes);
    at = arena_alloc(c->arena, bytes);
    base64_encode(buf_str(&packed), at);
    buf_done(&packed);
    return str_of(at, bytes);
}

/* The item a handle is for; NULL: no handle of this queue, or a stale one. */
static struct queue_item *item_of_handle(struct call *c, const struct queue *queue,
                                         struct str handle)
{
    char *at = arena_alloc(c->arena, handle.bytes + 1);
    struct queue_item *item;
    struct cursor cursor;
    struct cursor sum;
    int64_t created_ms;
    uint64_t shard;
    uint64_t sequence;
    size_t bytes;

    if (!base64_decode(handle, at, &bytes) || bytes < 5) {
        return NULL;
    }
    cursor = cursor_of(str_of(at, bytes - 4));
    sum = cursor_of(str_of(at + bytes - 4, 4));
    if (crc32c(0, cursor.rest) != read_u32(&sum)) {
        return NULL;
    }
    created_ms = read_zigzag(&cursor);
    shard = read_var(&cursor);
    sequence = read_var(&cursor);
    item = shard > UINT32_MAX ? NULL : queue_item_find(queue, (uint32_t)shard, sequence);
    if (created_ms != queue->created_ms || item == NULL || item->nonce != read_u64(&cursor) ||
        !cursor_done(&cursor)) {
        return NULL;
    }
    return item;
}

/* What a receive asks for. */
struct receive {
    struct queue *queue;
    bool dead;                /* dead letters */
    size_t limit;
    int64_t visibility_ms;
    int64_t until_ms;         /* long polling ends */
};

static void deliver(struct call *c, const struct receive *receive, struct queue_item *item,
                    const struct log_record *stored, struct value *list)
{
    struct queue *queue = receive->queue;
    struct stored_record record = {STR_NONE, STR_NONE, false};
    struct value *out = list_add(c->arena, list);
    bool good = record_read(stored->data, &record);

    assert(good);
    item->received++;
    item->nonce = rand_u64(c->rand);
    item->visible_ms = c->now + receive->visibility_ms;
    item->arrived_ms = stored->at_ms;
    item->first_received_ms = item->first_received_ms != 0 ? item->first_received_ms : c->now;
    queue_item_place(queue, item, c->now);
    item_save(c, queue, item);
    set_str(out, "ReceiptHandle", handle_text(c, queue, item));
    set_str(out, "RecordId", arena_printf(c->arena, "%08x%016llx", item->shard,
                                          (unsigned long long)item->sequence));
    if (record.partition_key.bytes > 0) {
        set_str(out, "PartitionKey", record.partition_key);
    }
    set_blob(out, "Data", record.data);
    set_time(out, "ApproximateArrivalTimestamp", stored->at_ms);
    set_time(out, "FirstReceiveTimestamp", item->first_received_ms);
    set_int(out, "ReceiveCount", item->received);
}

static bool read_one(struct call *c, const struct queue *queue, const struct queue_item *item,
                     struct log_record *ret_record)
{
    const struct stream *stream = queue->stream;
    struct log_range range = {0, item->sequence, 1, LOG_RECORD_BYTES_MAX};
    size_t count = 0;

    if (item->shard >= stream->shard_count || stream->shards[item->shard] == NULL) {
        return false;
    }
    range.log = stream->shards[item->shard]->log;
    return txn_log_read(c->txn, &range, ret_record, &count) == OK && count == 1 &&
           ret_record->sequence == item->sequence;
}

/* Items that are visible (again), oldest in the list first. */
static void receive_again(struct call *c, const struct receive *receive, struct value *list)
{
    struct queue *queue = receive->queue;
    struct link *head = receive->dead ? &queue->dead : &queue->visible;
    struct link *last = head->prev;

    for (struct link *at = head->next; at != head && list->count < receive->limit;) {
        struct queue_item *item = LINK_OWNER(at, struct queue_item, link);
        bool end = at == last;
        struct log_record stored;

        at = at->next;
        if (read_one(c, queue, item, &stored)) {
            deliver(c, receive, item, &stored, list);
        } else { /* the record has expired */
            item_erase(c, queue, item);
            queue_item_remove(queue, item);
        }
        if (end) {
            return; /* with a visibility of 0 items come back to the list's end */
        }
    }
}

static void receive_from_shard(struct call *c, const struct receive *receive, uint32_t number,
                               struct value *list)
{
    struct queue *queue = receive->queue;
    struct shard *shard = queue->stream->shards[number];
    struct log_range range = {shard->log, queue_cursor(queue, number),
                              receive->limit - list->count, RECEIVE_BYTES_MAX};
    struct log_record *records = arena_alloc(c->arena, receive->limit * sizeof(*records));
    struct log_state state = txn_log_state(c->txn, shard->log);
    size_t count = 0;
    bool moved = false;

    if (range.from > state.last ||
        txn_log_read(c->txn, &range, records, &count) != OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct queue_item *item = queue_item_add(queue, number, records[i].sequence);

        if (item == NULL) {
            break; /* as many unacknowledged as a queue may have */
        }
        deliver(c, receive, item, &records[i], list);
        queue_set_cursor(queue, number, records[i].sequence + 1);
        moved = true;
    }
    if (moved) {
        cursor_save(c, queue, number);
    }
}

static status gather(struct call *c, const struct receive *receive)
{
    struct queue *queue = receive->queue;
    struct stream *stream = queue->stream;
    struct value *list = put_list(c, "QueueRecords", receive->limit);
    uint32_t first = stream->shard_count == 0
                         ? 0
                         : (uint32_t)rand_below(c->rand, stream->shard_count);

    queue_settle(c, queue);
    receive_again(c, receive, list);
    for (uint32_t i = 0; !receive->dead && i < stream->shard_count; i++) {
        uint32_t number = (first + i) % stream->shard_count; /* no shard is always first */

        if (list->count < receive->limit && stream->shards[number] != NULL) {
            receive_from_shard(c, receive, number, list);
        }
    }
    return OK;
}

static status receive_or_park(struct call *c, struct receive *receive)
{
    struct queue *queue = receive->queue;
    int64_t due_ms;

    TRY(gather(c, receive));
    if (get(c->out, "QueueRecords")->count > 0) {
        call_on(c, queue_arn(c->arena, queue));
        return OK;
    }
    if (c->now >= receive->until_ms) {
        return OK;
    }
    due_ms = timers_next(&queue->in_flight);
    call_park(c, receive->dead ? &queue->dead_receivers : &queue->receivers,
              due_ms < receive->until_ms ? due_ms : receive->until_ms,
              receive->dead ? kinesis_receive_dead_records : kinesis_receive_queue_records);
    return OK;
}

/* Also resumes a parked call, whose queue may be gone by then; when it began is in c->kept. */
static status receive_records(struct call *c, bool dead)
{
    struct receive receive = {.dead = dead};
    int64_t *began_ms = c->kept;

    TRY(queue_of_call(c, &receive.queue));
    if (began_ms == NULL) {
        began_ms = ARENA_NEW(c->keep, int64_t);
        *began_ms = c->now;
        c->kept = began_ms;
    }
    receive.limit = (size_t)arg_int(c, "Limit", RECEIVE_LIMIT_DEFAULT);
    receive.visibility_ms =
        arg_int(c, "VisibilityTimeoutSeconds", receive.queue->visibility_seconds) * MS_PER_SECOND;
    receive.until_ms =
        *began_ms + arg_int(c, "WaitTimeSeconds", WAIT_SECONDS_DEFAULT) * MS_PER_SECOND;
    return receive_or_park(c, &receive);
}

/* ReceiveQueueRecords */
status kinesis_receive_queue_records(struct call *c)
{
    return receive_records(c, false);
}

/* ReceiveDeadLetterQueueRecords */
status kinesis_receive_dead_records(struct call *c)
{
    return receive_records(c, true);
}

/* ---- acknowledge, visibility, restore ---- */

/* Does one thing to each named item; entries of a call fail one by one. */
static status each_entry(struct call *c, bool dead,
                         void (*act)(struct call *c, struct queue *queue, struct queue_item *item,
                                     const struct value *entry))
{
    const struct value *entries = arg(c, "Entries");
    struct value *good = put_list(c, "Successful", entries->count);
    struct value *bad = put_list(c, "Failed", entries->count);
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    queue_settle(c, queue);
    for (uint32_t i = 0; i < entries->count; i++) {
        const struct value *entry = &entries->items[i];
        struct str handle = get_str(entry, "ReceiptHandle");
        struct queue_item *item = item_of_handle(c, queue, handle);

        if (item == NULL || item->dead != dead) {
            struct value *out = list_add(c->arena, bad);

            set_str(out, "ReceiptHandle", handle);
            set_str(out, "ErrorCode", STR("InvalidArgumentException"));
            set_str(out, "ErrorMessage",
                    STR("The receipt handle is not valid for this queue, or is no longer the "
                        "newest of its record."));
            continue;
        }
        act(c, queue, item, entry);
        set_str(list_add(c->arena, good), "ReceiptHandle", handle);
    }
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

static void acknowledge(struct call *c, struct queue *queue, struct queue_item *item,
                        const struct value *entry)
{
    (void)entry;
    item_erase(c, queue, item);
    queue_item_remove(queue, item);
}

/* AcknowledgeQueueRecords */
status kinesis_acknowledge_queue_records(struct call *c)
{
    return each_entry(c, false, acknowledge);
}

/* AcknowledgeDeadLetterQueueRecords */
status kinesis_acknowledge_dead_records(struct call *c)
{
    return each_entry(c, true, acknowledge);
}

static void change_visibility(struct call *c, struct queue *queue, struct queue_item *item,
                              const struct value *entry)
{
    item->visible_ms = c->now + get_int(entry, "VisibilityTimeoutSeconds", 0) * MS_PER_SECOND;
    timer_unset(&queue->in_flight, &item->timer);
    link_remove(&item->link);
    timer_set(&queue->in_flight, &item->timer, item->visible_ms); /* the next look settles it */
    item_save(c, queue, item);
    waiters_wake(c->cell, item->dead ? &queue->dead_receivers : &queue->receivers);
}

/* UpdateQueueRecordsVisibility */
status kinesis_update_queue_visibility(struct call *c)
{
    return each_entry(c, false, change_visibility);
}

/* UpdateDeadLetterQueueRecordsVisibility */
status kinesis_update_dead_visibility(struct call *c)
{
    return each_entry(c, true, change_visibility);
}

static void restore(struct call *c, struct queue *queue, struct queue_item *item,
                    const struct value *entry)
{
    (void)entry;
    item->dead = false;
    item->received = 0;
    item->visible_ms = c->now;
    queue_item_place(queue, item, c->now);
    item_save(c, queue, item);
    waiters_wake(c->cell, &queue->receivers);
}

/* RestoreDeadLetterQueueRecords */
status kinesis_restore_dead_records(struct call *c)
{
    return each_entry(c, true, restore);
}
