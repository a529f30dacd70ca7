/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /employees?find=…: employees whose name begins so, or who have that id.
 * GET /employees/{employee}: one with his cards and the buildings that he may enter; not where he
 * is.
 */
#include "lab.h"

static struct weir_buf out;

static void add_employee(struct weir_text item)
{
    weir_json_add(&out, "{'employee':%j", weir_json_get(item, "employee.S"));
    lab_add_text(&out, item, "name");
    lab_add_text(&out, item, "department");
    lab_add_text(&out, item, "card");
    lab_add_text(&out, item, "card_issued");
}

static bool get_employee(const struct weir_invocation *in, struct weir_text id,
                         struct weir_aws_answer *answer)
{
    weir_json_add(lab_begin(),
                  "{'TableName':%s,'Key':{'pk':{'S':'EMPLOYEE#%t'},'sk':{'S':'EMPLOYEE'}}}",
                  lab_table, id);
    return lab_call(in, "dynamodb", "GetItem", NULL, answer);
}

/* Names are kept in lower case for this; letters beyond ASCII as they are. */
static void find_text(const struct weir_invocation *in, struct weir_buf *to)
{
    struct weir_buf scratch;
    struct weir_text said;

    weir_buf_init(&scratch, 4096);
    said = weir_json_string(weir_json_get(in->event, "queryStringParameters.find"), &scratch);
    for (size_t i = 0; i < said.bytes; i++) {
        char c = said.at[i] >= 'A' && said.at[i] <= 'Z' ? (char)(said.at[i] + 32) : said.at[i];
        weir_buf_add(to, &c, 1);
    }
    weir_buf_done(&scratch);
}

/* By id; else by how the name begins. False: the table could not be asked. */
static bool add_found(const struct weir_invocation *in, struct weir_text text)
{
    struct weir_aws_answer answer;
    struct weir_json_each each;
    const char *between = "";

    if (lab_is_id(text)) {
        if (!get_employee(in, text, &answer)) {
            return false;
        }
        if (weir_json_get(answer.json, "Item").at != NULL) {
            add_employee(weir_json_get(answer.json, "Item"));
            weir_buf_add_c(&out, "}");
            return true;
        }
    }
    weir_json_add(lab_begin(),
                  "{'TableName':%s,'IndexName':'gsi1','Limit':20,"
                  "'KeyConditionExpression':'gsi1pk = :all AND begins_with(gsi1sk, :name)',"
                  "'ExpressionAttributeValues':{':all':{'S':'EMPLOYEES'},':name':{'S':%t}}}",
                  lab_table, text);
    if (text.bytes == 0) {
        return true;
    }
    if (!lab_call(in, "dynamodb", "Query", NULL, &answer)) {
        return false;
    }
    each = weir_json_each(weir_json_get(answer.json, "Items"));
    while (weir_json_next(&each)) {
        weir_buf_add_c(&out, between);
        add_employee(each.value);
        weir_buf_add_c(&out, "}");
        between = ",";
    }
    return true;
}

static void find(struct weir_invocation *in)
{
    struct weir_buf name;
    bool good;

    weir_buf_init(&name, 4096);
    find_text(in, &name);
    weir_json_add(&out, "{'employees':[");
    good = add_found(in, weir_buf_text(&name));
    weir_json_add(&out, "]}");
    weir_buf_done(&name);
    if (good) {
        lab_answer(in, 200, weir_buf_text(&out));
    } else {
        lab_fail(in);
    }
}

/* His cards, newest first. */
static bool add_cards(const struct weir_invocation *in, struct weir_text id)
{
    struct weir_aws_answer answer;
    struct weir_json_each each;
    const char *between = "";

    weir_json_add(lab_begin(),
                  "{'TableName':%s,'IndexName':'gsi1','Limit':50,'ScanIndexForward':false,"
                  "'KeyConditionExpression':'gsi1pk = :e AND begins_with(gsi1sk, :card)',"
                  "'ExpressionAttributeValues':{':e':{'S':'EMPLOYEE#%t'},':card':{'S':'CARD#'}}}",
                  lab_table, id);
    if (!lab_call(in, "dynamodb", "Query", NULL, &answer)) {
        return false;
    }
    weir_json_add(&out, ",'cards':[");
    each = weir_json_each(weir_json_get(answer.json, "Items"));
    while (weir_json_next(&each)) {
        weir_buf_add_c(&out, between);
        weir_json_add(&out, "{'card':%j", weir_json_get(each.value, "card.S"));
        lab_add_text(&out, each.value, "state");
        lab_add_text(&out, each.value, "issued");
        lab_add_text(&out, each.value, "issued_by");
        weir_json_add(&out, "}");
        between = ",";
    }
    weir_json_add(&out, "]");
    return true;
}

static bool add_buildings(const struct weir_invocation *in, struct weir_text id)
{
    struct weir_aws_answer answer;
    struct weir_json_each each;
    const char *between = "";

    weir_json_add(lab_begin(),
                  "{'TableName':%s,'KeyConditionExpression':'pk = :e AND begins_with(sk, :may)',"
                  "'ExpressionAttributeValues':{':e':{'S':'EMPLOYEE#%t'},':may':{'S':'MAY#'}}}",
                  lab_table, id);
    if (!lab_call(in, "dynamodb", "Query", NULL, &answer)) {
        return false;
    }
    weir_json_add(&out, ",'buildings':[");
    each = weir_json_each(weir_json_get(answer.json, "Items"));
    while (weir_json_next(&each)) {
        weir_buf_add_c(&out, between);
        weir_json_add(&out, "{'building':%j", weir_json_get(each.value, "building.S"));
        lab_add_text(&out, each.value, "valid_until");
        weir_json_add(&out, "}");
        between = ",";
    }
    weir_json_add(&out, "]");
    return true;
}

static void show(struct weir_invocation *in, struct weir_text id)
{
    struct weir_aws_answer answer;

    if (!lab_is_id(id)) {
        lab_refuse(in, 404, "unknown-employee", "There is no such employee.");
        return;
    }
    if (!get_employee(in, id, &answer)) {
        lab_fail(in);
        return;
    }
    if (weir_json_get(answer.json, "Item").at == NULL) {
        lab_refuse(in, 404, "unknown-employee", "There is no such employee.");
        return;
    }
    add_employee(weir_json_get(answer.json, "Item"));
    if (!add_cards(in, id) || !add_buildings(in, id)) {
        lab_fail(in);
        return;
    }
    weir_json_add(&out, "}");
    lab_answer(in, 200, weir_buf_text(&out));
}

static void handle(struct weir_invocation *in)
{
    struct weir_text id = lab_plain(in->event, "pathParameters.employee");

    weir_buf_clear(&out);
    if (id.at != NULL) {
        show(in, id);
    } else {
        find(in);
    }
}

int main(void)
{
    weir_buf_init(&out, LAB_REQUEST_BYTES_MAX);
    return lab_run(handle);
}
