/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivering to an HTTP endpoint: a batch is a request. One that is not taken is sent again, the
 * same batch with the same id, for as long as the stream says; then its records are failures, for
 * the bucket behind.
 *
 * Rules
 *  1. How often and since when a batch failed is in memory: after a start the time begins anew.
 *  2. Giving up goes piece by piece, each an entry that trims what it wrote.
 */
#include "svc/firehose/post.h"

#include "base/codec.h"
#include "base/compress.h"
#include "base/digest.h"
#include "net/outgoing.h"
#include "svc/firehose/firehose_ops.h"
#include "wire/json.h"

#include <stdio.h>

#define READ_BYTES (4u << 20)
#define BODY_BYTES_MAX (128u << 20)
#define GIVE_UP_BYTES (1u << 20)           /* of records in one entry */
#define SCRATCH_BYTES_MAX (256u << 20)
#define BACK_OFF_MS_MAX MS_PER_MINUTE
#define BACK_OFF_DOUBLINGS 6
#define SHOWN_BYTES_MAX 1000               /* of an answer, in messages */

struct post {
    struct job *job;              /* whose */
    struct buf body;              /* of the request */
    char id[POST_ID_BYTES];       /* of it */
    uint64_t first;               /* of the batch */
    uint64_t batch_end;           /* behind it */
    size_t count;                 /* records in it */
    const char *code;             /* what went wrong; NULL: nothing */
    struct str message;           /* the same in words */
    bool gave_up;                 /* it is not sent again */
};

void post_id(char out[POST_ID_BYTES], uint64_t log, uint64_t first, uint64_t next)
{
    char text[96];
    char hex[2 * MD5_BYTES];
    uint8_t sum[MD5_BYTES];
    size_t at = 0;
    int bytes = snprintf(text, sizeof(text), "%llu/%llu/%llu", (unsigned long long)log,
                         (unsigned long long)first, (unsigned long long)next);

    md5(str_of(text, (size_t)bytes), sum);
    sum[6] = (uint8_t)((sum[6] & 0x0f) | 0x40);
    sum[8] = (uint8_t)((sum[8] & 0x3f) | 0x80);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    for (size_t i = 0; i < sizeof(hex); i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            out[at++] = '-';
        }
        out[at++] = hex[i];
    }
}

bool post_answer_is_good(struct str answer, struct str id, struct arena *arena)
{
    const struct value *found;
    const struct value *at;
    struct value document;
    struct why why;

    if (json_read(answer, 0, arena, &why, &document) != OK || document.kind != VALUE_MAP) {
        return false;
    }
    found = map_find(&document, STR("requestId"));
    at = map_find(&document, STR("timestamp"));
    return found != NULL && found->kind == VALUE_STR && str_eq(found->str, id) && at != NULL &&
           (at->kind == VALUE_INT || at->kind == VALUE_DOUBLE);
}

/* ---- the request ---- */

/* False: the batch is full. */
static bool gather(struct post *post)
{
    struct job *job = post->job;

    for (size_t i = 0; i < job->count; i++) {
        buf_add(&post->body, post->count == 0 ? STR("{\"data\":\"") : STR(",{\"data\":\""));
        buf_add_base64(&post->body, job->records[i].data);
        buf_add(&post->body, STR("\"}"));
        post->first = post->first == 0 ? job->sequences[i] : post->first;
        job->next = job->sequences[i] + 1;
        job->bytes += job->records[i].data.bytes;
        post->count++;
        if (job->bytes >= job->plan->endpoint.size_bytes && !job->held) {
            return false;
        }
    }
    return job->count > 0 && job->next < job->end;
}

static status finish_body(struct post *post)
{
    struct buf whole;
    status made = OK;

    buf_init(&whole, BODY_BYTES_MAX);
    buf_printf(&whole, "{\"requestId\":\"%.36s\",\"timestamp\":%lld,\"records\":[", post->id,
               (long long)post->job->now_ms);
    buf_add(&whole, buf_str(&post->body));
    buf_add(&whole, STR("]}"));
    if (buf_spent(&post->body) || buf_spent(&whole)) {
        made = &ERR_LIMIT;
    }
    buf_clear(&post->body);
    if (made == OK && post->job->plan->endpoint.gzip) {
        made = compress_add(&post->body, COMPRESSION_GZIP, buf_str(&whole));
        buf_done(&whole);
        return made;
    }
    buf_done(&post->body);
    post->body = whole;
    return made;
}

static void judge(struct post *post, const struct outgoing_answer *answer, struct arena *arena)
{
    struct str shown = str_slice(answer->body, 0, SHOWN_BYTES_MAX);

    if (answer->http != 200) {
        post->code = "HttpEndpoint.DestinationException";
        post->message = arena_printf(arena,
                                     "The following response was received from the endpoint "
                                     "destination. %d: %.*s", answer->http, STR_ARG(shown));
    } else if (!post_answer_is_good(arena_dup(arena, answer->body),
                                    str_of(post->id, POST_ID_BYTES), arena)) {
        post->code = "HttpEndpoint.InvalidResponseFromDestination";
        post->message = arena_printf(arena,
                                     "The response received from the specified endpoint is "
                                     "invalid. Contact the owner of the endpoint to resolve the "
                                     "issue. %.*s", STR_ARG(shown));
    }
    if (post->code != NULL && !utf8_valid(post->message)) {
        post->message = STR("The response received from the endpoint is not UTF-8.");
    }
}

static void send_batch(struct post *post, struct arena *arena)
{
    const struct endpoint *endpoint = &post->job->plan->endpoint;
    struct http_header headers[8] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("X-Amz-Firehose-Protocol-Version"), STR("1.0")},
        {STR("X-Amz-Firehose-Request-Id"), str_of(post->id, POST_ID_BYTES)},
        {STR("X-Amz-Firehose-Source-Arn"), post->job->arn},
        {STR("User-Agent"), STR("Amazon Kinesis Data Firehose Agent/1.0")},
    };
    struct outgoing request = {.method = "POST", .url = endpoint->url, .headers = headers,
                               .header_count = 5, .body = buf_str(&post->body)};
    struct outgoing_answer answer;
    struct why why = {""};

    if (endpoint->gzip) {
        headers[request.header_count++] =
            (struct http_header){STR("Content-Encoding"), STR("gzip")};
    }
    if (endpoint->access_key.bytes > 0) {
        headers[request.header_count++] =
            (struct http_header){STR("X-Amz-Firehose-Access-Key"), endpoint->access_key};
    }
    if (endpoint->attributes.bytes > 0) {
        headers[request.header_count++] =
            (struct http_header){STR("X-Amz-Firehose-Common-Attributes"), endpoint->attributes};
    }
    if (outgoing_send(&request, arena, &why, &answer) != OK) {
        post->code = "HttpEndpoint.ConnectionFailed";
        post->message = arena_printf(arena,
                                     "Unable to connect to the destination endpoint. Contact the "
                                     "owner of the endpoint to resolve this issue. %s", why.text);
        return;
    }
    judge(post, &answer, arena);
}

/* ---- what became of it, in the cell ---- */

static int64_t back_off_ms(const struct lane *lane, int64_t left_ms)
{
    uint32_t doublings = lane->attempts < BACK_OFF_DOUBLINGS ? lane->attempts
                                                             : BACK_OFF_DOUBLINGS;
    int64_t wait_ms = MS_PER_SECOND << doublings;

    wait_ms = wait_ms < BACK_OFF_MS_MAX ? wait_ms : BACK_OFF_MS_MAX;
    return wait_ms < left_ms ? wait_ms : left_ms;
}

static void tell(struct call *c, const struct post *post)
{
    const struct endpoint *endpoint = &post->job->plan->endpoint;
    struct complaint complaint = {
        .group = endpoint->group,
        .stream = endpoint->stream,
        .destination = endpoint->url,
        .code = post->code,
        .message = post->message,
        .processor = post->job->plan->processing.function,
    };

    complain(c, post->job, &complaint);
}

static status ended_step(struct call *c, void *arg)
{
    struct post *post = arg;
    struct job *job = post->job;
    struct lane *lane = job_lane(c, job);
    int64_t since_ms;
    int64_t left_ms;

    if (lane == NULL) {
        job->gone = true;
        return OK;
    }
    call_on(c, job->arn);
    if (post->code == NULL) {
        return lane_trim(c, lane, job->next, job->bytes);
    }
    since_ms = lane->attempts == 0 ? c->now : lane->failing_ms;
    left_ms = since_ms + job->plan->endpoint.retry_ms - c->now;
    tell(c, post);
    post->gave_up = left_ms <= 0;
    if (!post->gave_up) {
        lane_failed(c, lane, back_off_ms(lane, left_ms));
        lane->held = job->next;
    }
    return OK;
}

/* A piece of a batch that is given up: each record a line in the lane of failures. */
static status give_up_step(struct call *c, void *arg)
{
    struct post *post = arg;
    struct job *job = post->job;
    struct lane *lane = job_lane(c, job);
    uint64_t bytes = 0;

    if (lane == NULL || job->count == 0) {
        job->gone = true;
        return OK;
    }
    for (size_t i = 0; i < job->count; i++) {
        const struct stored *record = &job->records[i];
        struct failure failure = {
            .code = post->code,
            .message = post->message,
            .attempts = job->attempts + 1,
            .arrived_ms = record->at_ms,
            .ended_ms = c->now,
            .data = record->data,
            .sequence = record_number(c->arena, job->id, job->sequences[i], 0),
        };

        lane_append(c, &lane->stream->lanes[LANE_FAILED],
                    head_failed(c->arena, record->at_ms, STR("http-endpoint-failed")),
                    failure_line(c->arena, &failure));
        bytes += record->data.bytes;
        job->next = job->sequences[i] + 1;
    }
    call_on(c, job->arn);
    return lane_trim(c, lane, job->next, bytes);
}

static void give_up(struct cell *cell, struct post *post)
{
    struct job *job = post->job;

    job->next = post->first;
    job->end = post->batch_end;
    while (!cell_ending(cell) && !job->gone && job->next < job->end) {
        if (!job_read(cell, job, GIVE_UP_BYTES) || !job_step(cell, job, give_up_step, post)) {
            return;
        }
    }
}

/* ---- the thread ---- */

static void post_batch(struct cell *cell, struct post *post, struct arena *arena)
{
    struct job *job = post->job;

    post->batch_end = job->next;
    post_id(post->id, job->id + (uint64_t)job->kind, post->first, job->next);
    if (finish_body(post) == OK) {
        send_batch(post, arena);
    } else {
        post->code = "HttpEndpoint.RequestTooLarge";
        post->message = STR("The request would be too large.");
    }
    arena_clear(job->arena);
    if (job_step(cell, job, ended_step, post) && post->gave_up) {
        give_up(cell, post);
    }
}

void post_run(struct cell *cell, void *arg)
{
    struct job *job = arg;
    struct post post = {.job = job};
    struct arena *arena = arena_new(SCRATCH_BYTES_MAX);
    bool goes_on = true;
    bool good = true;

    buf_init(&post.body, BODY_BYTES_MAX);
    while (good && goes_on && !cell_ending(cell)) {
        good = job_read(cell, job, READ_BYTES);
        goes_on = good && gather(&post);
    }
    if (good && post.count > 0 && !cell_ending(cell)) {
        post_batch(cell, &post, arena);
    }
    buf_done(&post.body);
    arena_free(arena);
    job_end(cell, job);
}
