/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues: owning them, finding them by name, URL and ARN.
 *
 * A QueueUrl is understood by its path, whatever its host: /ACCOUNT/NAME, and the forms other
 * emulators give, /queue/REGION/ACCOUNT/NAME and /queue/NAME. The region is the path's, the
 * caller's, or one that the host names, in that order.
 */
#include "base/mem.h"
#include "cell/doing.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_state.h"

#include <assert.h>
#include <stdlib.h>

#define MESSAGE_BYTES_DEFAULT MESSAGE_BYTES_MAX
#define VISIBILITY_SECONDS_DEFAULT 30
#define RETENTION_SECONDS_DEFAULT 345600
#define KMS_REUSE_SECONDS_DEFAULT 300

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

static void arn_set(struct queue *queue)
{
    struct arena *arena = arena_new(4096);
    struct arn arn = {arn_partition(queue->region), STR("sqs"), queue->region, queue->account,
                      queue->name};

    text_set(&queue->arn, arn_write(arena, &arn));
    arena_free(arena);
}

struct queue *queue_new(struct sqs *sqs, struct str account, struct str region, struct str name)
{
    struct queue *queue = MEM_NEW(struct queue);

    text_set(&queue->account, account);
    text_set(&queue->region, region);
    text_set(&queue->name, name);
    arn_set(queue);
    queue->fifo = str_ends(name, STR(".fifo"));
    queue->seats = &sqs->seats;
    queue->visibility_seconds = VISIBILITY_SECONDS_DEFAULT;
    queue->retention_seconds = RETENTION_SECONDS_DEFAULT;
    queue->message_bytes_max = MESSAGE_BYTES_DEFAULT;
    queue->kms_reuse_seconds = KMS_REUSE_SECONDS_DEFAULT;
    queue->managed_sse = true;
    queue->wake.fire = queue_wake_fire;
    waiters_init(&queue->receivers);
    if (queue->fifo) {
        queue->groups = map_new(SEATS_MAX);
    }
    return queue;
}

void queue_free(struct queue *queue)
{
    messages_done(queue);
    map_free(queue->groups);
    moves_done(queue);
    tags_done(queue);
    txn_mark_done(&queue->swept);
    text_set(&queue->kms_key, STR_NONE);
    text_set(&queue->policy, STR_NONE);
    text_set(&queue->redrive, STR_NONE);
    text_set(&queue->redrive_allow, STR_NONE);
    text_set(&queue->dead_arn, STR_NONE);
    text_set(&queue->account, STR_NONE);
    text_set(&queue->region, STR_NONE);
    text_set(&queue->name, STR_NONE);
    text_set(&queue->arn, STR_NONE);
    mem_free(queue);
}

static struct str full_name(struct arena *arena, struct str account, struct str region,
                            struct str name)
{
    return arena_printf(arena, "%.*s/%.*s/%.*s", STR_ARG(account), STR_ARG(region), STR_ARG(name));
}

struct queue *queue_find(const struct sqs *sqs, struct str account, struct str region,
                         struct str name)
{
    char text[256];

    if (account.bytes == 0 || region.bytes == 0 || name.bytes == 0 ||
        account.bytes + region.bytes + name.bytes + 2 > sizeof(text)) {
        return NULL;
    }
    memcpy(text, account.at, account.bytes);
    text[account.bytes] = '/';
    memcpy(text + account.bytes + 1, region.at, region.bytes);
    text[account.bytes + 1 + region.bytes] = '/';
    memcpy(text + account.bytes + region.bytes + 2, name.at, name.bytes);
    return map_get(sqs->queues, str_of(text, account.bytes + region.bytes + name.bytes + 2));
}

status queue_add(struct sqs *sqs, struct queue *queue)
{
    struct arena *arena = arena_new(4096);
    void *former = NULL;
    bool added = map_set(sqs->queues,
                         full_name(arena, queue->account, queue->region, queue->name), queue,
                         &former);

    assert(former == NULL);
    arena_free(arena);
    return added ? OK : &ERR_LIMIT;
}

void queue_remove(struct sqs *sqs, struct queue *queue)
{
    struct arena *arena = arena_new(4096);

    map_remove(sqs->queues, full_name(arena, queue->account, queue->region, queue->name));
    arena_free(arena);
    cell_timer_unset(sqs->cell, &queue->wake);
    waiters_wake(sqs->cell, &queue->receivers);
    queue_free(queue);
}

struct str queue_arn(struct arena *arena, const struct queue *queue)
{
    return arena_dup(arena, queue->arn);
}

struct queue *queue_of_arn(const struct sqs *sqs, struct str text)
{
    struct queue *queue;
    struct arn arn;

    if (!arn_read(text, &arn)) {
        return NULL;
    }
    queue = queue_find(sqs, arn.account, arn.region, arn.resource);
    return queue != NULL && str_eq(queue->arn, text) ? queue : NULL; /* partition and service */
}

struct str queue_url(struct call *c, const struct queue *queue)
{
    return arena_printf(c->arena, "%s://%.*s/%.*s/%.*s", call_tls(c) ? "https" : "http",
                        STR_ARG(call_host(c)), STR_ARG(queue->account), STR_ARG(queue->name));
}

/* What a URL says: its host, and the last three parts of its path. */
struct url {
    struct str host;           /* without port */
    struct str region;         /* a part before the account: …/queue/REGION/ACCOUNT/NAME */
    struct str account;        /* 12 digits, or STR_NONE */
    struct str name;           /* the last part */
};

static struct url url_read(struct str text)
{
    size_t scheme = str_find_str(text, STR("://"));
    struct str parts[3] = {STR_NONE, STR_NONE, STR_NONE};
    struct url url = {STR_NONE, STR_NONE, STR_NONE, STR_NONE};
    struct str rest = text;
    uint64_t digits;

    if (scheme < text.bytes) {
        rest = str_slice(text, scheme + 3, text.bytes);
        url.host = str_slice(rest, 0, str_find(rest, '/', 0));
        url.host = str_slice(url.host, 0, str_find(url.host, ':', 0));
        rest = str_slice(rest, str_find(rest, '/', 0), rest.bytes);
    }
    rest = str_slice(rest, 0, str_find(rest, '?', 0));
    while (rest.at != NULL) {
        struct str part = str_split(&rest, '/');

        if (part.bytes > 0) {
            parts[0] = parts[1];
            parts[1] = parts[2];
            parts[2] = part;
        }
    }
    url.name = parts[2];
    if (parts[1].bytes == 12 && str_to_u64(parts[1], &digits)) {
        url.account = parts[1];
        url.region = parts[0];
    }
    return url;
}

/* A label of the host is a region where that queue is: sqs.eu-west-1.…, eu-west-1.queue.…; which
 * counts when the caller's own region has no such queue. */
static struct queue *queue_of_host(const struct sqs *sqs, const struct url *url,
                                   struct str account)
{
    struct queue *queue = NULL;
    struct str rest = url->host;

    while (queue == NULL && rest.at != NULL) {
        struct str label = str_split(&rest, '.');

        queue = label.bytes == 0 ? NULL : queue_find(sqs, account, label, url->name);
    }
    return queue;
}

status queue_of_url(struct call *c, struct str text, struct queue **ret_queue)
{
    struct url url = url_read(text);
    struct str account = url.account.bytes > 0 ? url.account : c->account;
    struct queue *queue = NULL;

    if (url.region.bytes > 0) {
        queue = queue_find(sqs_of(c), account, url.region, url.name);
    }
    if (queue == NULL) {
        queue = queue_find(sqs_of(c), account, c->region, url.name);
    }
    if (queue == NULL) {
        queue = queue_of_host(sqs_of(c), &url, account);
    }
    if (queue == NULL) {
        return fail(c, &SQS_NO_QUEUE, "The specified queue does not exist.");
    }
    *ret_queue = queue;
    return OK;
}

status queue_of_call(struct call *c, struct queue **ret_queue)
{
    return queue_of_url(c, arg_str(c, "QueueUrl"), ret_queue);
}

struct queue *queue_named(struct call *c, struct str text)
{
    struct queue *queue = queue_of_arn(sqs_of(c), text);
    struct why why = c->why;
    struct str key;
    void *value;

    if (queue == NULL && queue_of_url(c, text, &queue) != OK) {
        c->why = why; /* not asked for, not refused */
    }
    for (size_t i = 0; queue == NULL && map_next(sqs_of(c)->queues, &i, &key, &value);) {
        queue = str_eq(((struct queue *)value)->name, text) ? value : NULL;
    }
    return queue;
}

static int by_name(const void *a, const void *b)
{
    const struct queue *one = *(struct queue *const *)a;
    const struct queue *other = *(struct queue *const *)b;

    return str_cmp(one->name, other->name);
}

struct queue **queues_sorted(struct call *c, size_t *ret_count)
{
    struct map *queues = sqs_of(c)->queues;
    struct queue **sorted = arena_alloc(c->arena, (map_count(queues) + 1) * sizeof(*sorted));
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(queues, &i, &key, &value);) {
        struct queue *queue = value;

        if (str_eq(queue->account, c->account) && str_eq(queue->region, c->region)) {
            sorted[count++] = queue;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_name);
    *ret_count = count;
    return sorted;
}
