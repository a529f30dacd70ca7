/* SPDX-License-Identifier: Apache-2.0
 *
 * ReceiveMessage, receipt handles, and what is done with them.
 *
 * A handle is base64 of: u8 1, u64 queue id, u64 sequence, u32 receipt, u32 CRC32C of that. A
 * receipt is a number that grows with each receive of a message and is kept in its state row; so an
 * older handle is known as such, also after a restart.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/sqs/sqs_ops.h"

#include <assert.h>

#define HANDLE_BYTES 25
#define VERSION 1
#define BURIED_MAX 1000 /* messages that one receive sends to the dead-letter queue, or expires */

/* ---- handles ---- */

static struct str handle_text(struct arena *arena, const struct queue *queue,
                              const struct message *message)
{
    char *text = arena_alloc(arena, base64_encoded_bytes(HANDLE_BYTES));
    struct buf packed;

    buf_init(&packed, HANDLE_BYTES);
    write_u8(&packed, VERSION);
    write_u64(&packed, queue->id);
    write_u64(&packed, message->sequence);
    write_u32(&packed, message->receipt);
    write_u32(&packed, crc32c(0, buf_str(&packed)));
    assert(!buf_spent(&packed));
    base64_encode(buf_str(&packed), text);
    buf_done(&packed);
    return str_of(text, base64_encoded_bytes(HANDLE_BYTES));
}

status handle_message(struct call *c, struct queue *queue, struct str handle,
                      struct message **ret_message, bool *ret_newest)
{
    char raw[HANDLE_BYTES + 8];
    struct cursor cursor;
    struct message *message;
    uint64_t sequence;
    size_t bytes;

    if (handle.bytes != base64_encoded_bytes(HANDLE_BYTES) ||
        !base64_decode(handle, raw, &bytes) || bytes != HANDLE_BYTES) {
        return fail(c, &SQS_BAD_HANDLE, "The input receipt handle \"%.*s\" is not a valid receipt "
                    "handle.", STR_ARG(str_slice(handle, 0, 256)));
    }
    cursor = cursor_of(str_of(raw, HANDLE_BYTES));
    (void)read_u8(&cursor);
    if (read_u64(&cursor) != queue->id) {
        return fail(c, &SQS_BAD_HANDLE, "The input receipt handle is invalid.");
    }
    sequence = read_u64(&cursor);
    uint32_t receipt = read_u32(&cursor);

    if (read_u32(&cursor) != crc32c(0, str_of(raw, HANDLE_BYTES - 4))) {
        return fail(c, &SQS_BAD_HANDLE, "The input receipt handle is invalid.");
    }
    queue_settle(queue, c->now);
    message = message_find(queue, sequence);
    *ret_message = message;
    *ret_newest = message != NULL && message->receipt == receipt;
    return OK;
}

/* ---- choosing ---- */

/* What a receive asks for; kept while it is parked. */
struct receive {
    struct str account, region, name; /* of the queue: it may be gone when the call goes on */
    size_t count_max;                 /* messages at most */
    int64_t visibility_ms;            /* -1: the queue's */
    int64_t until_ms;                 /* long polling ends */
};

static bool expired(const struct call *c, const struct queue *queue, const struct message *message)
{
    return c->now - message->sent_ms >= queue->retention_seconds * INT64_C(1000);
}

/* Where a message goes that was received often enough; NULL: nowhere. */
static struct queue *grave_of(struct call *c, const struct queue *queue,
                              const struct message *message)
{
    if (queue->receives_max == 0 || message->receives < queue->receives_max) {
        return NULL;
    }
    return queue_of_arn(sqs_of(c), queue->dead_arn);
}

/* Away with a message that may not be received any more; false: it may. */
static bool bury(struct call *c, struct queue *queue, struct message *message)
{
    struct queue *grave;

    if (expired(c, queue, message)) {
        message_erase(c, queue, message);
        message_remove(queue, message);
        return true;
    }
    grave = grave_of(c, queue, message);
    if (grave == NULL || grave == queue) {
        return false;
    }
    message_move(c, queue, message, grave, true);
    return true;
}

/* The next message of a standard queue that may be received, burying what may not. */
static struct message *next_standard(struct call *c, struct queue *queue, int *buried)
{
    while (!link_alone(&queue->ready) && *buried < BURIED_MAX) {
        struct message *message = LINK_OWNER(queue->ready.next, struct message, link);

        if (!bury(c, queue, message)) {
            return message;
        }
        (*buried)++;
    }
    return NULL;
}

/* The first ready group that is not held and has something left to give. */
static struct group *next_group(struct call *c, struct queue *queue, bool some_held, int *buried)
{
    struct str arn = some_held ? queue_arn(c->arena, queue) : STR_NONE;
    struct link *next;

    for (struct link *at = queue->ready_groups.next; at != &queue->ready_groups; at = next) {
        struct group *group = LINK_OWNER(at, struct group, link);
        bool left = true;

        next = at->next;
        if (some_held && hold_on(c, HOLD_GROUP, arn, group->name)) {
            continue;
        }
        while (left && *buried < BURIED_MAX) {
            struct message *first = LINK_OWNER(group->messages.next, struct message, link);
            bool last = group->count == 1; /* burying it frees the group */

            if (!bury(c, queue, first)) {
                return group;
            }
            (*buried)++;
            left = !last;
        }
    }
    return NULL;
}

/* ---- giving ---- */

static bool wants(const struct call *c, const char *name)
{
    const char *const members[] = {"AttributeNames", "MessageSystemAttributeNames"};

    for (size_t k = 0; k < 2; k++) {
        const struct value *names = arg(c, members[k]);

        for (uint32_t i = 0; names != NULL && i < names->count; i++) {
            if (str_eq(names->items[i].str, STR("All")) ||
                str_eq(names->items[i].str, str_c(name))) {
                return true;
            }
        }
    }
    return false;
}

static void put_system(struct call *c, struct value *out, const struct message *message,
                       const struct content *content)
{
    struct value *map = NULL;
    const struct {
        const char *name;
        struct str text;
    } texts[] = {
        {"SenderId", content->sender},
        {"SentTimestamp", arena_printf(c->arena, "%lld", (long long)content->sent_ms)},
        {"ApproximateReceiveCount", arena_printf(c->arena, "%u", message->receives)},
        {"ApproximateFirstReceiveTimestamp",
         arena_printf(c->arena, "%lld", (long long)content->first_received_ms)},
        {"SequenceNumber", message->group != NULL ? number_text(c->arena, content->number)
                                                  : STR_NONE},
        {"MessageDeduplicationId", content->deduplication},
        {"MessageGroupId", content->group},
        {"AWSTraceHeader", content->trace},
        {"DeadLetterQueueSourceArn", content->dead_source},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text.at == NULL || !wants(c, texts[i].name)) {
            continue;
        }
        if (map == NULL) {
            map = set_map(c->arena, out, "Attributes", sizeof(texts) / sizeof(texts[0]));
        }
        map_add_str(map, str_c(texts[i].name), texts[i].text);
    }
}

/* "All", ".*", a name, or a prefix that ends with ".*". */
static bool attribute_wanted(const struct call *c, struct str name)
{
    const struct value *names = arg(c, "MessageAttributeNames");

    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        struct str want = names->items[i].str;

        if (str_eq(want, STR("All")) || str_eq(want, name) ||
            (str_ends(want, STR(".*")) && str_starts(name, str_slice(want, 0, want.bytes - 2)))) {
            return true;
        }
    }
    return false;
}

static void put_attributes(struct call *c, struct value *out, const struct content *content)
{
    struct message_attribute *given =
        arena_alloc(c->arena, (content->attribute_count + 1) * sizeof(*given));
    struct value *map;
    size_t count = 0;

    for (size_t i = 0; i < content->attribute_count; i++) {
        if (attribute_wanted(c, content->attributes[i].name)) {
            given[count++] = content->attributes[i];
        }
    }
    if (count == 0) {
        return;
    }
    set_str(out, "MD5OfMessageAttributes", attributes_md5(c->arena, given, count));
    map = set_map(c->arena, out, "MessageAttributes", count);
    for (size_t i = 0; i < count; i++) {
        struct value *item = map_add(c->arena, map, given[i].name);

        if (str_starts(given[i].type, STR("Binary"))) {
            set_blob(item, "BinaryValue", given[i].value);
        } else {
            set_str(item, "StringValue", given[i].value);
        }
        set_str(item, "DataType", given[i].type);
    }
}

static void give(struct call *c, struct queue *queue, struct message *message,
                 int64_t visibility_ms, struct value *list)
{
    struct value *out = list_add(c->arena, list);
    struct content content;
    bool there = content_load(c, queue, message->sequence, &content);

    assert(there);
    content.first_received_ms =
        message->receives == 0 ? c->now : state_first_received(c, queue, message->sequence);
    message->receives++;
    message->receipt++;
    message_wait(queue, message, c->now + visibility_ms, false, c->now);
    if (message->timer.index == 0 && message->group == NULL) { /* visible at once: to the back */
        link_remove(&message->link);
        list_push(&queue->ready, &message->link);
    }
    state_save(c, queue, message, content.first_received_ms);
    set_str(out, "MessageId", content.id);
    set_str(out, "ReceiptHandle", handle_text(c->arena, queue, message));
    set_str(out, "MD5OfBody", text_md5(c->arena, content.body));
    set_str(out, "Body", content.body);
    put_system(c, out, message, &content);
    put_attributes(c, out, &content);
}

static void take_standard(struct call *c, struct queue *queue, const struct receive *receive,
                          struct value *list)
{
    uint64_t visible = queue_visible(queue);
    struct message *message;
    int buried = 0;

    while (list->count < receive->count_max && list->count < visible &&
           queue->in_flight < IN_FLIGHT_MAX &&
           (message = next_standard(c, queue, &buried)) != NULL) {
        give(c, queue, message, receive->visibility_ms, list);
    }
}

/* As many as there are of one group, in order, then of the next: as AWS does it. */
static void take_fifo(struct call *c, struct queue *queue, const struct receive *receive,
                      struct value *list)
{
    bool some_held = hold_on_any_key(c, HOLD_GROUP, queue_arn(c->arena, queue));
    int64_t visibility_ms = receive->visibility_ms;
    struct group *group;
    int buried = 0;

    while (list->count < receive->count_max && queue->in_flight < IN_FLIGHT_MAX &&
           (group = next_group(c, queue, some_held, &buried)) != NULL) {
        struct link *at = group->messages.next;

        while (at != &group->messages && list->count < receive->count_max) {
            struct message *message = LINK_OWNER(at, struct message, link);

            at = at->next;
            if (list->count > 0 && grave_of(c, queue, message) != NULL) {
                break; /* buried when it comes first */
            }
            give(c, queue, message, visibility_ms, list);
        }
        if (visibility_ms == 0) {
            break; /* the group is ready again already */
        }
    }
}

/* What is there now; false: nothing. */
static bool take(struct call *c, struct queue *queue, const struct receive *receive)
{
    struct receive now = *receive;
    struct value *list;

    queue_settle(queue, c->now);
    if (hold_on(c, HOLD_QUEUE, queue_arn(c->arena, queue), STR_NONE)) {
        return false;
    }
    if (queue_visible(queue) == 0) {
        return false;
    }
    now.visibility_ms = now.visibility_ms >= 0 ? now.visibility_ms
                                               : queue->visibility_seconds * INT64_C(1000);
    list = put_list(c, "Messages", now.count_max);
    if (queue->fifo) {
        take_fifo(c, queue, &now, list);
    } else {
        take_standard(c, queue, &now, list);
    }
    return list->count > 0;
}

/* ---- ReceiveMessage ---- */

static status receive_on(struct call *c);

static void wait_on(struct call *c, struct queue *queue, const struct receive *receive)
{
    call_park(c, &queue->receivers, receive->until_ms, receive_on);
    queue_arm(c->cell, queue);
}

/* A woken receiver whose caller has gone passes the word on. */
static void receive_ended(struct call *c)
{
    const struct receive *receive = c->kept;
    struct queue *queue = queue_find(sqs_of(c), receive->account, receive->region, receive->name);

    if (queue != NULL && queue_visible(queue) > 0) {
        queue_wake(c->cell, queue, 1);
    }
}

static status receive_on(struct call *c)
{
    const struct receive *receive = c->kept;
    struct queue *queue = queue_find(sqs_of(c), receive->account, receive->region, receive->name);

    if (queue == NULL) {
        return fail(c, &SQS_NO_QUEUE, "The specified queue does not exist.");
    }
    if (take(c, queue, receive)) {
        call_on(c, queue_arn(c->arena, queue));
        return OK;
    }
    set_value(c->out, "Messages", &(struct value){.kind = VALUE_NONE});
    if (c->now < receive->until_ms) {
        wait_on(c, queue, receive);
    }
    return OK;
}

static status receive_check(struct call *c, const struct queue *queue, struct receive *receive)
{
    int64_t count = arg_int(c, "MaxNumberOfMessages", 1);
    int64_t visibility = arg_int(c, "VisibilityTimeout", -1);
    int64_t wait = arg_int(c, "WaitTimeSeconds", queue->wait_seconds);

    if (count < 1 || count > BATCH_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter MaxNumberOfMessages is invalid. Reason: Must be "
                    "between 1 and 10, if provided.", (long long)count);
    }
    if (arg_has(c, "VisibilityTimeout") &&
        (visibility < 0 || visibility > VISIBILITY_SECONDS_MAX)) {
        return fail(
            c, &SQS_BAD_PARAMETER,
            "Value %lld for parameter VisibilityTimeout is invalid. Reason: Must be between "
            "0 and 43200, if provided.",
            (long long)visibility);
    }
    if (wait < 0 || wait > WAIT_SECONDS_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and "
                    "<= 20, if provided.", (long long)wait);
    }
    if (queue->in_flight >= IN_FLIGHT_MAX) {
        return fail(c, &SQS_OVER_LIMIT,
                    "The maximum number of in flight messages is reached.");
    }
    receive->count_max = (size_t)count;
    receive->visibility_ms = visibility < 0 ? -1 : visibility * 1000;
    receive->until_ms = c->now + wait * 1000;
    return OK;
}

/* ReceiveMessage: what is there at once, or what comes within the waiting time. */
status sqs_receive_message(struct call *c)
{
    struct receive *receive = arena_zero(c->keep, sizeof(*receive));
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(receive_check(c, queue, receive));
    call_on(c, queue_arn(c->arena, queue));
    if (take(c, queue, receive)) {
        return OK;
    }
    set_value(c->out, "Messages", &(struct value){.kind = VALUE_NONE});
    if (c->now < receive->until_ms) {
        receive->account = arena_dup(c->keep, queue->account);
        receive->region = arena_dup(c->keep, queue->region);
        receive->name = arena_dup(c->keep, queue->name);
        c->kept = receive;
        call_on_end(c, receive_ended);
        wait_on(c, queue, receive);
    }
    return OK;
}
