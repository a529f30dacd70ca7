/* SPDX-License-Identifier: Apache-2.0
 *
 * Processor of entry/ and entry-refused/: the scan becomes a line of its person's history, which
 * auditors read. A scan of a card that nobody knows is a line of the card's.
 */
#include "lab.h"

static bool record(struct weir_invocation *in, const struct lab_event *event)
{
    struct weir_text id = lab_plain(event->json, "scan");
    struct weir_text card = lab_plain(event->json, "card");
    struct weir_text at = lab_plain(event->json, "at");
    struct weir_text employee = lab_plain(event->json, "employee");
    struct weir_text reason = lab_plain(event->json, "reason");
    struct weir_buf *out = lab_begin();
    struct weir_aws_answer answer;

    if (!lab_is_id(id) || !lab_is_id(card) || !lab_is_moment(at)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s is no entry scan", WEIR_ARG(event->key));
        return false;
    }
    weir_json_add(out,
                  "{'TableName':%s,'ConditionExpression':'attribute_not_exists(pk)','Item':{"
                  "'sk':{'S':'SCAN#%t#%t'},'gsi2pk':{'S':'CARD#%t'},'gsi2sk':{'S':%t},"
                  "'kind':{'S':'entry'},'outcome':{'S':%s},'scan':{'S':%t},'card':{'S':%t},"
                  "'at':{'S':%t},'building':{'S':%j},'door':{'S':%j},'device':{'S':%j}",
                  lab_table, at, id, card, at, reason.at == NULL ? "entered" : "refused", id, card,
                  at, weir_json_get(event->json, "building"), weir_json_get(event->json, "door"),
                  weir_json_get(event->json, "device"));
    if (reason.at != NULL) {
        weir_json_add(out, ",'reason':{'S':%t}", reason);
    }
    if (employee.at != NULL) {
        weir_json_add(out, ",'pk':{'S':'EMPLOYEE#%t'},'employee':{'S':%t}}}", employee, employee);
    } else {
        weir_json_add(out, ",'pk':{'S':'CARD#%t'}}}", card);
    }
    return lab_call(in, "dynamodb", "PutItem", "ConditionalCheckFailedException", &answer) ||
           weir_text_is(answer.error_code, "ConditionalCheckFailedException");
}

static void handle(struct weir_invocation *in)
{
    lab_each_event(in, record);
}

int main(void)
{
    return lab_run(handle);
}
