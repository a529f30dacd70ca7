/* SPDX-License-Identifier: Apache-2.0
 *
 * Processor of exit/: the card's owner is outside, and the scan is in the history. Both in one
 * transaction; an event that comes twice finds its scan there and changes nothing. An exit of
 * somebody who does not count as inside is history, too, and says so.
 */
#include "lab.h"

struct exit_scan {
    struct weir_text id;    /* the device's own */
    struct weir_text card;  /* that was held to the door */
    struct weir_text at;    /* when */
    struct weir_text event; /* all of it */
};

static struct weir_buf owner; /* the card's employee */

static bool find_owner(const struct weir_invocation *in, const struct exit_scan *scan)
{
    struct weir_aws_answer answer;
    struct weir_text text;

    weir_json_add(lab_begin(), "{'TableName':%s,'Key':{'pk':{'S':'CARD#%t'},'sk':{'S':'CARD'}}}",
                  lab_table, scan->card);
    if (!lab_call(in, "dynamodb", "GetItem", NULL, &answer)) {
        return false;
    }
    text = lab_plain(answer.json, "Item.employee.S");
    if (text.at == NULL) {
        weir_lambda_log(in, WEIR_ERROR, "card %.*s is not known", WEIR_ARG(scan->card));
        return false;
    }
    weir_buf_clear(&owner);
    weir_buf_add(&owner, text.at, text.bytes);
    return true;
}

/* The members of a Put of the scan into its person's history. */
static void write_history(struct weir_buf *out, const struct exit_scan *scan, const char *outcome)
{
    struct weir_text employee = weir_buf_text(&owner);
    struct weir_text building = lab_plain(scan->event, "building");
    struct weir_text door = lab_plain(scan->event, "door");

    weir_json_add(out,
                  "{'TableName':%s,'ConditionExpression':'attribute_not_exists(pk)','Item':{"
                  "'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'SCAN#%t#%t'},'gsi2pk':{'S':'CARD#%t'},"
                  "'gsi2sk':{'S':%t},'kind':{'S':'exit'},'outcome':{'S':%s},'scan':{'S':%t},",
                  lab_table, employee, scan->at, scan->id, scan->card, scan->at, outcome,
                  scan->id);
    weir_json_add(out, "'employee':{'S':%t},'card':{'S':%t},'at':{'S':%t}", employee, scan->card,
                  scan->at);
    if (building.at != NULL) {
        weir_json_add(out, ",'building':{'S':%t}", building);
    }
    if (door.at != NULL) {
        weir_json_add(out, ",'door':{'S':%t}", door);
    }
    weir_json_add(out, "}}");
}

static void write_transaction(struct weir_buf *out, const struct exit_scan *scan)
{
    weir_json_add(out,
                  "{'TransactItems':[{'Update':{'TableName':%s,"
                  "'Key':{'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'PRESENCE'}},"
                  "'UpdateExpression':'SET gone = :at, exit_scan = :scan REMOVE gsi1pk, gsi1sk',"
                  "'ConditionExpression':'attribute_exists(gsi1pk) AND entered <= :at',"
                  "'ExpressionAttributeValues':{':at':{'S':%t},':scan':{'S':%t}}}},{'Put':",
                  lab_table, weir_buf_text(&owner), scan->at, scan->id);
    write_history(out, scan, "left");
    weir_json_add(out, "}]}");
}

static bool leave(struct weir_invocation *in, const struct lab_event *event)
{
    static const char cancelled[] = "TransactionCanceledException";
    static const char condition[] = "ConditionalCheckFailed";
    struct exit_scan scan = {lab_plain(event->json, "scan"), lab_plain(event->json, "card"),
                             lab_plain(event->json, "at"), event->json};
    struct weir_aws_answer answer;

    if (!lab_is_id(scan.id) || !lab_is_id(scan.card) || !lab_is_moment(scan.at)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s is no exit scan", WEIR_ARG(event->key));
        return false;
    }
    if (!find_owner(in, &scan)) {
        return false;
    }
    write_transaction(lab_begin(), &scan);
    if (lab_call(in, "dynamodb", "TransactWriteItems", cancelled, &answer)) {
        return true;
    }
    if (weir_text_is(lab_cancelled(&answer, 1), condition)) {
        return true; /* it was here before */
    }
    if (!weir_text_is(lab_cancelled(&answer, 0), condition)) {
        return false; /* others are busy with the same person: the message comes again */
    }
    write_history(lab_begin(), &scan, "was not inside");
    return lab_call(in, "dynamodb", "PutItem", "ConditionalCheckFailedException", &answer) ||
           weir_text_is(answer.error_code, "ConditionalCheckFailedException");
}

static void handle(struct weir_invocation *in)
{
    lab_each_event(in, leave);
}

int main(void)
{
    weir_buf_init(&owner, 8192);
    return lab_run(handle);
}
