/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts each message of a queue into the table that TABLE names: its id, its body, and when it was
 * sent. What could not be put is reported singly, so that only that comes again
 * (ReportBatchItemFailures).
 */
#include "weir_aws.h"
#include "weir_lambda.h"

#include <stdlib.h>

static struct weir_aws *aws;
static const char *table;

static bool put(struct weir_invocation *in, struct weir_text record, struct weir_buf *item)
{
    struct weir_text body = weir_json_get(record, "body");
    struct weir_text sent = weir_json_get(record, "attributes.SentTimestamp");
    struct weir_aws_answer answer;

    weir_buf_clear(item);
    weir_json_add(item, "{'TableName':%s,'Item':{'id':{'S':%j},'body':{'S':%j},'sent':{'N':%j}}}",
                  table, weir_json_get(record, "messageId"), body, sent);
    if (item->failed) {
        weir_lambda_log(in, WEIR_ERROR, "the message is too large");
        return false;
    }
    if (!weir_aws_call(aws, "dynamodb", "PutItem", item->at, &answer)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s: %.*s", WEIR_ARG(answer.error_code),
                        WEIR_ARG(answer.error_message));
        return false;
    }
    return true;
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));
    struct weir_buf item;
    bool first = true;

    weir_buf_init(&item, 1u << 20);
    weir_json_add(&in->answer, "{'batchItemFailures':[");
    while (weir_json_next(&each)) {
        if (!put(in, each.value, &item)) {
            weir_json_add(&in->answer, first ? "{'itemIdentifier':%j}" : ",{'itemIdentifier':%j}",
                          weir_json_get(each.value, "messageId"));
            first = false;
        }
    }
    weir_json_add(&in->answer, "]}");
    weir_buf_done(&item);
}

int main(void)
{
    table = getenv("TABLE");
    aws = weir_aws_new(NULL);
    if (table == NULL || aws == NULL) {
        return weir_lambda_init_failed("Example.NotConfigured", "TABLE is to name the table");
    }
    return weir_lambda_run(handle);
}
