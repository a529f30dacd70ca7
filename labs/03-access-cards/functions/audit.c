/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /employees/{employee}/scans?from=…&until=…: one person's scans in a time, newest first.
 * GET /cards/{card}/scans?from=…&until=…: the same of one card, whoever had it.
 * A page at a time: the answer's `next` is the next one's `next`.
 */
#include "lab.h"

/* A day ("2026-12-01") or a moment, as it compares with moments. */
static struct weir_text bound(const struct weir_invocation *in, const char *name,
                              struct weir_text fallback)
{
    struct weir_text said =
        lab_plain(weir_json_get(in->event, "queryStringParameters"), name);

    return said.bytes > 0 && said.bytes <= 24 ? said : fallback;
}

static void ask(const struct weir_invocation *in, struct weir_text employee, struct weir_text card)
{
    struct weir_text from = bound(in, "from", WEIR_TEXT("0"));
    struct weir_text until = bound(in, "until", WEIR_TEXT("9"));
    struct weir_buf *out = lab_begin();

    weir_json_add(out, "{'TableName':%s,'Limit':100,'ScanIndexForward':false,", lab_table);
    if (employee.at != NULL) { /* a tilde is behind whatever a moment goes on with */
        weir_json_add(out,
                      "'KeyConditionExpression':'pk = :who AND sk BETWEEN :from AND :until',"
                      "'ExpressionAttributeValues':{':who':{'S':'EMPLOYEE#%t'},"
                      "':from':{'S':'SCAN#%t'},':until':{'S':'SCAN#%t~'}}",
                      employee, from, until);
    } else {
        weir_json_add(out,
                      "'IndexName':'gsi2',"
                      "'KeyConditionExpression':"
                      "'gsi2pk = :who AND gsi2sk BETWEEN :from AND :until',"
                      "'ExpressionAttributeValues':{':who':{'S':'CARD#%t'},"
                      "':from':{'S':%t},':until':{'S':'%t~'}}",
                      card, from, until);
    }
    lab_add_start(out, in);
    weir_json_add(out, "}");
}

static void add_scan(struct weir_buf *out, struct weir_text item)
{
    static const char *const attributes[] = {"kind", "outcome",  "reason",   "card", "building",
                                             "door", "employee", "device",   NULL};

    weir_json_add(out, "{'at':%j", weir_json_get(item, "at.S"));
    for (size_t i = 0; attributes[i] != NULL; i++) {
        lab_add_text(out, item, attributes[i]);
    }
    weir_json_add(out, "}");
}

static void handle(struct weir_invocation *in)
{
    struct weir_text employee = lab_plain(in->event, "pathParameters.employee");
    struct weir_text card = lab_plain(in->event, "pathParameters.card");
    struct weir_aws_answer answer;
    struct weir_json_each each;
    struct weir_buf out;
    const char *between = "";

    if (!lab_is_id(employee.at == NULL ? card : employee)) {
        lab_refuse(in, 404, "unknown", "There is no such employee or card.");
        return;
    }
    ask(in, employee, card);
    if (!lab_call(in, "dynamodb", "Query", NULL, &answer)) {
        lab_fail(in);
        return;
    }
    weir_buf_init(&out, LAB_REQUEST_BYTES_MAX);
    weir_json_add(&out, "{'scans':[");
    each = weir_json_each(weir_json_get(answer.json, "Items"));
    while (weir_json_next(&each)) {
        weir_buf_add_c(&out, between);
        add_scan(&out, each.value);
        between = ",";
    }
    weir_json_add(&out, "]");
    lab_add_next(&out, &answer);
    weir_json_add(&out, "}");
    lab_answer(in, 200, weir_buf_text(&out));
    weir_buf_done(&out);
}

int main(void)
{
    return lab_run(handle);
}
