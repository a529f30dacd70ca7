/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts the records of a stream by their "door", in the table that TABLE names. At the first
 * record that fails it stops and says which one it was: the shard goes on from there.
 */
#include "weir_aws.h"
#include "weir_lambda.h"

#include <stdlib.h>

static struct weir_aws *aws;
static const char *table;
static struct weir_buf text;    /* a record, if it had escapes */
static struct weir_buf data;    /* its bytes */
static struct weir_buf request; /* to the table */

static bool count(struct weir_invocation *in, struct weir_text record)
{
    struct weir_aws_answer answer;
    struct weir_text door;

    weir_buf_clear(&text);
    weir_buf_clear(&data);
    if (!weir_base64_decode(&data,
                            weir_json_string(weir_json_get(record, "kinesis.data"), &text))) {
        return false;
    }
    door = weir_json_get(weir_buf_text(&data), "door");
    if (weir_json_kind(door) != WEIR_JSON_STRING) {
        weir_lambda_log(in, WEIR_WARN, "no door in %.*s", WEIR_ARG(weir_buf_text(&data)));
        return true; /* it would be no better the next time */
    }
    weir_buf_clear(&request);
    weir_json_add(&request,
                  "{'TableName':%s,'Key':{'door':{'S':%j}},'UpdateExpression':'ADD seen :one',"
                  "'ExpressionAttributeValues':{':one':{'N':'1'}}}",
                  table, door);
    if (!weir_aws_call(aws, "dynamodb", "UpdateItem", request.at, &answer)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s: %.*s", WEIR_ARG(answer.error_code),
                        WEIR_ARG(answer.error_message));
        return false;
    }
    return true;
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));

    while (weir_json_next(&each)) {
        if (!count(in, each.value)) {
            weir_json_add(&in->answer, "{'batchItemFailures':[{'itemIdentifier':%j}]}",
                          weir_json_get(each.value, "kinesis.sequenceNumber"));
            return;
        }
    }
    weir_json_add(&in->answer, "{'batchItemFailures':[]}");
}

int main(void)
{
    weir_buf_init(&text, 2u << 20);
    weir_buf_init(&data, 2u << 20);
    weir_buf_init(&request, 2u << 20);
    table = getenv("TABLE");
    aws = weir_aws_new(NULL);
    if (table == NULL || aws == NULL) {
        return weir_lambda_init_failed("Example.NotConfigured", "TABLE is to name the table");
    }
    return weir_lambda_run(handle);
}
