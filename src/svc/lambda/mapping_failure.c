/* SPDX-License-Identifier: Apache-2.0
 *
 * What a destination is told of records that are given up: which, not what was in them; a bucket
 * gets the event, too. Source: Lambda developer guide, "Retain discarded batch records".
 */
#include "base/time.h"
#include "bus/sink.h"
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/lambda/mapping_ops.h"
#include "wire/json.h"

#include <assert.h>

#define TEXT_BYTES_MAX (64u << 20)

static void add_str(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "\"%s\":", name);
    json_write_str(text, value);
}

/* Always with thousandths. */
static void add_moment(struct buf *text, const char *name, int64_t at_ms)
{
    struct time_parts at = time_parts_of(at_ms);

    buf_printf(text, "\"%s\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", name, at.year, at.month,
               at.day, at.hour, at.minute, at.second, at.ms);
}

static struct str new_id(struct call *c)
{
    char *uuid = arena_alloc(c->arena, UUID_BYTES);

    rand_uuid(c->rand, uuid);
    return str_of(uuid, UUID_BYTES);
}

static void add_contexts(struct call *c, struct buf *text, const struct given_up *given_up)
{
    const struct ran_how *how = &given_up->batch->how;
    bool ran = given_up->batch->ended && how->ran != RAN_NOT;

    buf_add(text, STR("{\"requestContext\":{"));
    add_str(text, "requestId", how->request_id.bytes > 0 ? how->request_id : new_id(c));
    buf_add_c(text, ',');
    add_str(text, "functionArn", given_up->batch->mapping->function_arn);
    buf_printf(text, ",\"condition\":\"%s\",\"approximateInvokeCount\":%u}", given_up->condition,
               given_up->invokes);
    if (ran) {
        buf_add(text, STR(",\"responseContext\":{\"statusCode\":200,"));
        add_str(text, "executedVersion", how->version);
        buf_add(text, how->ran == RAN_FAILED ? STR(",\"functionError\":\"Unhandled\"}")
                                             : STR(",\"functionError\":null}"));
    }
}

static struct str stream_of(struct str arn)
{
    return str_slice(arn, 0, str_find_str(arn, STR("/consumer/")));
}

static void add_info(struct buf *text, const struct given_up *given_up)
{
    const struct batch *batch = given_up->batch;
    const struct source_record *first = &given_up->records[0];
    const struct source_record *last = &given_up->records[given_up->count - 1];
    bool table = str_eq(str_c(batch->mapping->table->service), STR("dynamodb"));

    buf_add(text, table ? STR(",\"DDBStreamBatchInfo\":{") : STR(",\"KinesisBatchInfo\":{"));
    add_str(text, "shardId", batch->lane != NULL ? batch->lane->shard->id : STR(""));
    buf_add_c(text, ',');
    add_str(text, "startSequenceNumber", first->id);
    buf_add_c(text, ',');
    add_str(text, "endSequenceNumber", last->id);
    buf_add_c(text, ',');
    add_moment(text, "approximateArrivalOfFirstRecord", first->at_ms);
    buf_add_c(text, ',');
    add_moment(text, "approximateArrivalOfLastRecord", last->at_ms);
    buf_printf(text, ",\"batchSize\":%zu,", given_up->count);
    add_str(text, "streamArn", stream_of(batch->mapping->source));
    buf_add_c(text, '}');
}

/* aws/lambda/UUID/SHARD/2026/12/01/2026-12-01T05.55.00-UUID */
static struct str object_key(struct call *c, const struct batch *batch)
{
    struct time_parts at = time_parts_of(c->now);
    struct str shard = batch->lane != NULL ? batch->lane->shard->id : STR("aside");

    return arena_printf(c->arena,
                        "aws/lambda/%.*s/%.*s/%04d/%02d/%02d/%04d-%02d-%02dT%02d.%02d.%02d-%.*s",
                        UUID_BYTES, batch->mapping->uuid, STR_ARG(shard), at.year, at.month,
                        at.day, at.year, at.month, at.day, at.hour, at.minute, at.second,
                        STR_ARG(new_id(c)));
}

/* By the function's role, as all that is done for it. */
static bool may_send(struct call *c, const struct batch *batch, const struct bus_event *event)
{
    static const char *const actions[][2] = {
        {"sqs", "sqs:SendMessage"}, {"sns", "sns:Publish"}, {"s3", "s3:PutObject"}};
    struct hop hop = {event->source, event->target, batch->mapping->arn,
                      STR("refused: the function's role may not"), event->about};
    struct str resource = event->target;
    struct arn arn;

    if (arn_read(event->target, &arn) && str_eq(arn.service, STR("s3"))) {
        resource = arena_printf(c->arena, "%.*s/%.*s", STR_ARG(resource), STR_ARG(event->key));
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_eq(arn.service, str_c(actions[i][0])) &&
            !role_may(c, batch->role, actions[i][1], resource)) {
            trace_hop(c, &hop);
            return false;
        }
    }
    return true;
}

void batch_give_up(struct call *c, const struct given_up *given_up)
{
    const struct batch *batch = given_up->batch;
    const struct mapping *mapping = batch->mapping;
    struct bus_event event = {
        .target = mapping->settings.on_failure,
        .source = mapping->function_arn,
        .principal = STR("lambda.amazonaws.com"),
        .allowed = true, /* by the function's role, which is asked before */
        .account = mapping->target.account,
    };
    struct buf text;

    if (event.target.bytes == 0 || given_up->count == 0) {
        return;
    }
    buf_init(&text, TEXT_BYTES_MAX);
    add_contexts(c, &text, given_up);
    buf_add(&text, STR(",\"version\":\"1.0\","));
    add_moment(&text, "timestamp", c->now);
    add_info(&text, given_up);
    if (batch->event.bytes > 0) {
        buf_add(&text, STR(",\"payload\":"));
        json_write_str(&text, batch->event);
    }
    buf_add_c(&text, '}');
    assert(!buf_spent(&text));
    event.body = arena_dup(c->arena, buf_str(&text));
    event.key = object_key(c, batch);
    event.about = arena_dup(c->arena, given_up->records[0].id);
    buf_done(&text);
    if (may_send(c, batch, &event)) {
        (void)bus_send(c, &event); /* a refusal is a hop; the records are given up all the same */
    }
}
