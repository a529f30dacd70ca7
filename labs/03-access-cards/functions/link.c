/* SPDX-License-Identifier: Apache-2.0
 *
 * Processor of card-issued/: the card is linked to its employee and becomes active; the one that
 * he had before is replaced. All of it in one transaction, which an event that comes twice, or
 * behind a later one, does not upset.
 */
#include "lab.h"

#include <string.h>

struct issued {
    struct weir_text card;     /* that was issued */
    struct weir_text employee; /* to whom */
    struct weir_text at;       /* when */
    struct weir_text by;       /* by whom */
};

static struct weir_buf name;    /* the employee's, JSON */
static struct weir_buf before;  /* the card he has; or nothing */
static struct weir_buf since;   /* and when it was issued */

static bool same(struct weir_text one, struct weir_text other)
{
    return one.bytes == other.bytes && (one.bytes == 0 || memcmp(one.at, other.at, one.bytes) == 0);
}

static void keep(struct weir_buf *buf, struct weir_text text)
{
    weir_buf_clear(buf);
    weir_buf_add(buf, text.at, text.bytes);
}

static bool find_employee(const struct weir_invocation *in, const struct issued *issued)
{
    struct weir_aws_answer answer;

    weir_json_add(lab_begin(),
                  "{'TableName':%s,'Key':{'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'EMPLOYEE'}},"
                  "'ConsistentRead':true}",
                  lab_table, issued->employee);
    if (!lab_call(in, "dynamodb", "GetItem", NULL, &answer)) {
        return false;
    }
    if (weir_json_get(answer.json, "Item").at == NULL) {
        weir_lambda_log(in, WEIR_ERROR, "card %.*s: there is no employee %.*s",
                        WEIR_ARG(issued->card), WEIR_ARG(issued->employee));
        return false;
    }
    keep(&name, weir_json_get(answer.json, "Item.name.S"));
    keep(&before, lab_plain(answer.json, "Item.card.S"));
    keep(&since, lab_plain(answer.json, "Item.card_issued.S"));
    return true;
}

/* A new item, or the same once more; a card of somebody else stays his. */
static void write_card(struct weir_buf *out, const struct issued *issued, const char *state)
{
    weir_json_add(out,
                  "{'TableName':%s,'ConditionExpression':'attribute_not_exists(pk) OR "
                  "employee = :e','ExpressionAttributeValues':{':e':{'S':%t}},'Item':{"
                  "'pk':{'S':'CARD#%t'},'sk':{'S':'CARD'},'gsi1pk':{'S':'EMPLOYEE#%t'},"
                  "'gsi1sk':{'S':'CARD#%t'},'card':{'S':%t},'employee':{'S':%t},'name':{'S':%j},"
                  "'state':{'S':%s},'issued':{'S':%t},'issued_by':{'S':%t}}}",
                  lab_table, issued->employee, issued->card, issued->employee, issued->at,
                  issued->card, issued->employee, weir_buf_text(&name), state, issued->at,
                  issued->by.at == NULL ? WEIR_TEXT("import") : issued->by);
}

static void write_transaction(struct weir_buf *out, const struct issued *issued)
{
    bool has_one = before.bytes > 0;

    weir_json_add(out,
                  "{'TransactItems':[{'Update':{'TableName':%s,"
                  "'Key':{'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'EMPLOYEE'}},"
                  "'UpdateExpression':'SET card = :card, card_issued = :at',"
                  "'ConditionExpression':%s,'ExpressionAttributeValues':{':card':{'S':%t},"
                  "':at':{'S':%t}",
                  lab_table, issued->employee,
                  has_one ? "card = :before"
                          : "attribute_exists(pk) AND attribute_not_exists(card)",
                  issued->card, issued->at);
    if (has_one) {
        weir_json_add(out, ",':before':{'S':%t}", weir_buf_text(&before));
    }
    weir_json_add(out, "}}},{'Put':");
    write_card(out, issued, "active");
    if (has_one) {
        weir_json_add(out,
                      "},{'Update':{'TableName':%s,'Key':{'pk':{'S':'CARD#%t'},'sk':{'S':'CARD'}},"
                      "'UpdateExpression':'SET #state = :replaced',"
                      "'ConditionExpression':'attribute_exists(pk)',"
                      "'ExpressionAttributeNames':{'#state':'state'},"
                      "'ExpressionAttributeValues':{':replaced':{'S':'replaced'}}}}]}",
                      lab_table, weir_buf_text(&before));
    } else {
        weir_json_add(out, "}]}");
    }
}

/* Whether the employee has a card that was issued later. */
static bool is_behind(const struct issued *issued)
{
    return since.bytes == issued->at.bytes && memcmp(since.at, issued->at.at, since.bytes) > 0;
}

static bool link_card(struct weir_invocation *in, const struct lab_event *event)
{
    struct issued issued = {lab_plain(event->json, "card"), lab_plain(event->json, "employee"),
                            lab_plain(event->json, "at"), event->by};
    struct weir_aws_answer answer;

    if (!lab_is_id(issued.card) || !lab_is_id(issued.employee) || !lab_is_moment(issued.at)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s: a card is issued with card, employee and at",
                        WEIR_ARG(event->key));
        return false;
    }
    if (!find_employee(in, &issued)) {
        return false;
    }
    if (same(weir_buf_text(&before), issued.card)) {
        return true; /* it was here before */
    }
    if (is_behind(&issued)) {
        write_card(lab_begin(), &issued, "replaced");
        return lab_call(in, "dynamodb", "PutItem", NULL, &answer);
    }
    write_transaction(lab_begin(), &issued);
    if (lab_call(in, "dynamodb", "TransactWriteItems", "TransactionCanceledException", &answer)) {
        return true;
    }
    weir_lambda_log(in, WEIR_ERROR, "card %.*s: %s", WEIR_ARG(issued.card),
                    weir_text_is(lab_cancelled(&answer, 1), "ConditionalCheckFailed")
                        ? "it is somebody else's"
                        : "something changed meanwhile");
    return false;
}

static void handle(struct weir_invocation *in)
{
    lab_each_event(in, link_card);
}

int main(void)
{
    weir_buf_init(&name, 8192);
    weir_buf_init(&before, 256);
    weir_buf_init(&since, 256);
    return lab_run(handle);
}
