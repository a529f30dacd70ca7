/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /buildings: all buildings and how many are in each.
 * GET /buildings/{building}/inside: who is in one, since when, by which door; a page at a time.
 */
#include "lab.h"

static struct weir_buf out;
static struct weir_buf buildings; /* the items, while others are asked for */

/* How many are inside, over all pages. */
static bool count(const struct weir_invocation *in, struct weir_text building, int64_t *ret_count)
{
    struct weir_aws_answer answer;
    struct weir_buf last;
    bool good = true;

    *ret_count = 0;
    weir_buf_init(&last, 8192);
    do {
        int64_t more = 0;
        weir_json_add(lab_begin(),
                      "{'TableName':%s,'IndexName':'gsi1','Select':'COUNT',"
                      "'KeyConditionExpression':'gsi1pk = :in',"
                      "'ExpressionAttributeValues':{':in':{'S':'INSIDE#%t'}}",
                      lab_table, building);
        if (last.bytes > 0) {
            weir_json_add(&lab_request, ",'ExclusiveStartKey':%j", weir_buf_text(&last));
        }
        weir_json_add(&lab_request, "}");
        good = lab_call(in, "dynamodb", "Query", NULL, &answer);
        weir_buf_clear(&last);
        if (good) {
            struct weir_text key = weir_json_get(answer.json, "LastEvaluatedKey");
            weir_buf_add(&last, key.at, key.bytes);
            (void)weir_json_int(weir_json_get(answer.json, "Count"), &more);
        }
        *ret_count += more;
    } while (good && last.bytes > 0);
    weir_buf_done(&last);
    return good;
}

static void list(struct weir_invocation *in)
{
    struct weir_aws_answer answer;
    struct weir_json_each each;
    const char *between = "";

    weir_json_add(lab_begin(),
                  "{'TableName':%s,'IndexName':'gsi1','KeyConditionExpression':'gsi1pk = :all',"
                  "'ExpressionAttributeValues':{':all':{'S':'BUILDINGS'}}}",
                  lab_table);
    if (!lab_call(in, "dynamodb", "Query", NULL, &answer)) {
        lab_fail(in);
        return;
    }
    weir_buf_clear(&buildings);
    weir_buf_add(&buildings, answer.json.at, answer.json.bytes);
    weir_json_add(&out, "{'buildings':[");
    each = weir_json_each(weir_json_get(weir_buf_text(&buildings), "Items"));
    while (weir_json_next(&each)) {
        int64_t people;
        if (!count(in, lab_plain(each.value, "building.S"), &people)) {
            lab_fail(in);
            return;
        }
        weir_buf_add_c(&out, between);
        weir_json_add(&out, "{'building':%j,'inside':%l", weir_json_get(each.value, "building.S"),
                      (long long)people);
        lab_add_text(&out, each.value, "name");
        lab_add_text(&out, each.value, "city");
        weir_json_add(&out, "}");
        between = ",";
    }
    weir_json_add(&out, "]}");
    lab_answer(in, 200, weir_buf_text(&out));
}

static void show(struct weir_invocation *in, struct weir_text building)
{
    struct weir_aws_answer answer;
    struct weir_json_each each;
    const char *between = "";

    if (!lab_is_id(building)) {
        lab_refuse(in, 404, "unknown-building", "There is no such building.");
        return;
    }
    weir_json_add(lab_begin(),
                  "{'TableName':%s,'IndexName':'gsi1','Limit':100,'ScanIndexForward':false,"
                  "'KeyConditionExpression':'gsi1pk = :in',"
                  "'ExpressionAttributeValues':{':in':{'S':'INSIDE#%t'}}",
                  lab_table, building);
    lab_add_start(&lab_request, in);
    weir_json_add(&lab_request, "}");
    if (!lab_call(in, "dynamodb", "Query", NULL, &answer)) {
        lab_fail(in);
        return;
    }
    weir_json_add(&out, "{'building':%t,'people':[", building);
    each = weir_json_each(weir_json_get(answer.json, "Items"));
    while (weir_json_next(&each)) {
        weir_buf_add_c(&out, between);
        weir_json_add(&out, "{'employee':%j", weir_json_get(each.value, "employee.S"));
        lab_add_text(&out, each.value, "name");
        lab_add_text(&out, each.value, "entered");
        lab_add_text(&out, each.value, "door");
        lab_add_text(&out, each.value, "card");
        weir_json_add(&out, "}");
        between = ",";
    }
    weir_json_add(&out, "]");
    lab_add_next(&out, &answer);
    weir_json_add(&out, "}");
    lab_answer(in, 200, weir_buf_text(&out));
}

static void handle(struct weir_invocation *in)
{
    struct weir_text building = lab_plain(in->event, "pathParameters.building");

    weir_buf_clear(&out);
    if (building.at != NULL) {
        show(in, building);
    } else {
        list(in);
    }
}

int main(void)
{
    weir_buf_init(&out, LAB_REQUEST_BYTES_MAX);
    weir_buf_init(&buildings, LAB_REQUEST_BYTES_MAX);
    return lab_run(handle);
}
