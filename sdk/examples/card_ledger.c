/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps a ledger of card scans, in the table that TABLE names: of every card which scans came, how
 * often, and which was the last. A batch that comes twice does no harm: the scans are a set. A scan
 * that overtook another one of its card is told of. At the first record that fails it stops and
 * says which one it was: the shard goes on from there.
 */
#include "weir_aws.h"
#include "weir_lambda.h"

#include <stdio.h>
#include <stdlib.h>

static struct weir_aws *aws;
static const char *table;
static struct weir_buf text;    /* a record, if it had escapes */
static struct weir_buf data;    /* its bytes */
static struct weir_buf request; /* to the table */

/* Whether a set of numbers, as DynamoDB writes it, has that one. */
static bool set_has(struct weir_text set, int64_t number)
{
    struct weir_json_each each = weir_json_each(set);
    char wanted[24];

    (void)snprintf(wanted, sizeof wanted, "%lld", (long long)number);
    while (weir_json_next(&each)) {
        if (weir_json_string_is(each.value, wanted)) {
            return true;
        }
    }
    return false;
}

/* What the item was before says whether this scan came in order: its number is the next one, or it
 * was here already. */
static void check_order(struct weir_invocation *in, struct weir_text was, int64_t card,
                        int64_t scan)
{
    int64_t before = 0;

    (void)weir_json_int(weir_json_get(was, "last.N"), &before);
    if (scan != before + 1 && !set_has(weir_json_get(was, "scans.NS"), scan)) {
        weir_lambda_log(in, WEIR_ERROR, "card %lld: scan %lld came behind %lld", (long long)card,
                        (long long)scan, (long long)before);
    }
}

static bool enter(struct weir_invocation *in, struct weir_text record)
{
    struct weir_aws_answer answer;
    int64_t card = 0;
    int64_t scan = 0;

    weir_buf_clear(&text);
    weir_buf_clear(&data);
    weir_buf_clear(&request);
    if (!weir_base64_decode(&data,
                            weir_json_string(weir_json_get(record, "kinesis.data"), &text))) {
        return false;
    }
    if (!weir_json_int(weir_json_get(weir_buf_text(&data), "card"), &card) ||
        !weir_json_int(weir_json_get(weir_buf_text(&data), "scan"), &scan)) {
        weir_lambda_log(in, WEIR_WARN, "no scan: %.*s", WEIR_ARG(weir_buf_text(&data)));
        return true; /* it would be no better the next time */
    }
    weir_json_add(&request,
                  "{'TableName':%s,'Key':{'card':{'N':'%l'}},'ReturnValues':'ALL_OLD',"
                  "'UpdateExpression':'SET #last = :scan ADD scans :scans, times :one',"
                  "'ExpressionAttributeNames':{'#last':'last'},'ExpressionAttributeValues':{"
                  "':scan':{'N':'%l'},':scans':{'NS':['%l']},':one':{'N':'1'}}}",
                  table, (long long)card, (long long)scan, (long long)scan);
    if (!weir_aws_call(aws, "dynamodb", "UpdateItem", request.at, &answer)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s: %.*s", WEIR_ARG(answer.error_code),
                        WEIR_ARG(answer.error_message));
        return false;
    }
    check_order(in, weir_json_get(answer.json, "Attributes"), card, scan);
    return true;
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));

    while (weir_json_next(&each)) {
        if (!enter(in, each.value)) {
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
