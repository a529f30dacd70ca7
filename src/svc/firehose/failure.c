/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told of failures: a line of JSON per record for the error prefix, a line for CloudWatch
 * Logs. Sources: "Handle failure in data transformation", "Monitor Amazon Data Firehose Using
 * CloudWatch Logs".
 */
#include "base/codec.h"
#include "bus/sink.h"
#include "svc/firehose/firehose_ops.h"
#include "wire/json.h"

#define LINE_BYTES_MAX (15u << 20) /* a lane's record has 16 at most */

struct str failure_line(struct arena *arena, const struct failure *failure)
{
    struct buf text;
    struct str line;

    buf_init(&text, LINE_BYTES_MAX);
    buf_printf(&text, "{\"attemptsMade\":%u,\"arrivalTimestamp\":%lld,\"errorCode\":",
               failure->attempts, (long long)failure->arrived_ms);
    json_write_str(&text, str_c(failure->code));
    buf_add(&text, STR(",\"errorMessage\":"));
    json_write_str(&text, failure->message);
    buf_printf(&text, ",\"attemptEndingTimestamp\":%lld,\"rawData\":\"",
               (long long)failure->ended_ms);
    buf_add_base64(&text, failure->data);
    buf_add_c(&text, '"');
    if (failure->function.bytes > 0) {
        buf_add(&text, STR(",\"lambdaArn\":"));
        json_write_str(&text, failure->function);
    }
    if (failure->sequence.bytes > 0) {
        buf_add(&text, STR(",\"subsequenceNumber\":0,\"dataId\":"));
        json_write_str(&text, failure->sequence);
    }
    buf_add(&text, STR("}\n"));
    line = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return line;
}

void complain(struct call *c, const struct job *job, const struct complaint *complaint)
{
    struct bus_event event = {
        .source = job->arn,
        .principal = STR("firehose.amazonaws.com"),
        .account = job->account,
        .quiet = true,
    };
    struct buf text;

    if (complaint->group.bytes == 0 || complaint->stream.bytes == 0) {
        return;
    }
    event.target = call_arn(c, "logs", "log-group:%.*s:log-stream:%.*s",
                            STR_ARG(complaint->group), STR_ARG(complaint->stream));
    buf_init(&text, LINE_BYTES_MAX);
    buf_add(&text, STR("{\"deliveryStreamARN\":"));
    json_write_str(&text, job->arn);
    buf_add(&text, STR(",\"destination\":"));
    json_write_str(&text, complaint->destination);
    buf_printf(&text, ",\"deliveryStreamVersionId\":%llu,\"message\":",
               (unsigned long long)job->plan->version);
    json_write_str(&text, complaint->message);
    buf_add(&text, STR(",\"errorCode\":"));
    json_write_str(&text, str_c(complaint->code));
    if (complaint->processor.bytes > 0) {
        buf_add(&text, STR(",\"processor\":"));
        json_write_str(&text, complaint->processor);
    }
    buf_add_c(&text, '}');
    event.body = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    (void)bus_send(c, &event); /* no such group: nobody reads it */
    c->why.text[0] = '\0';
}
