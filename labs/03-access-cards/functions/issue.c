/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /cards: HR is about to issue a card. Employee and card are looked at, and the page is given
 * a presigned address at which it puts the event straight into the event store: for this key, once,
 * in the name of who asked, within five minutes. What happens then is the processor's.
 */
#include "lab.h"

#include <stdio.h>
#include <time.h>

#define SECONDS 300

static struct weir_buf who;    /* the user's name */
static struct weir_buf upload; /* where the event goes */

static void now(char to[32])
{
    struct timespec at;
    struct tm parts;
    char text[24];

    (void)clock_gettime(CLOCK_REALTIME, &at);
    (void)gmtime_r(&at.tv_sec, &parts);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(to, 32, "%.19s.%03uZ", text, (unsigned)(at.tv_nsec / 1000000) % 1000u);
}

/* Whether the table has it. False: it could not be asked. */
static bool is_there(const struct weir_invocation *in, const char *kind, struct weir_text id,
                     bool *ret_there)
{
    struct weir_aws_answer answer;

    weir_json_add(lab_begin(),
                  "{'TableName':%s,'Key':{'pk':{'S':'%s#%t'},'sk':{'S':%s}},"
                  "'ProjectionExpression':'pk'}",
                  lab_table, kind, id, kind);
    if (!lab_call(in, "dynamodb", "GetItem", NULL, &answer)) {
        return false;
    }
    *ret_there = weir_json_get(answer.json, "Item").at != NULL;
    return true;
}

static bool presign(const struct weir_invocation *in, const char *key)
{
    struct weir_aws_presign what = {.seconds = SECONDS};
    struct weir_aws_answer answer;

    weir_json_add(lab_begin(),
                  "{'Bucket':%s,'Key':%s,'ContentType':'application/json','IfNoneMatch':'*',"
                  "'Metadata':{'by':%t}}",
                  lab_store, key, weir_buf_text(&who));
    what.json = weir_buf_text(&lab_request);
    if (!weir_aws_presign(lab_aws, "s3", "PutObject", what, &answer)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s: %.*s", WEIR_ARG(answer.error_code),
                        WEIR_ARG(answer.error_message));
        return false;
    }
    weir_buf_clear(&upload);
    weir_buf_add(&upload, answer.json.at, answer.json.bytes);
    return true;
}

static void handle(struct weir_invocation *in)
{
    struct weir_text body = lab_body(in);
    struct weir_text card = lab_plain(body, "card");
    struct weir_text employee = lab_plain(body, "employee");
    struct weir_text user = lab_plain(in->event, "requestContext.authorizer.jwt.claims.username");
    bool has_employee = false;
    bool has_card = false;
    struct weir_buf answer;
    char at[32];
    char key[160];

    if (!lab_is_id(card) || !lab_is_id(employee)) {
        lab_refuse(in, 400, "bad-card",
                   "Card and employee are letters, digits and hyphens, 64 at most.");
        return;
    }
    if (!is_there(in, "EMPLOYEE", employee, &has_employee) ||
        !is_there(in, "CARD", card, &has_card)) {
        lab_fail(in);
        return;
    }
    if (!has_employee || has_card) {
        lab_refuse(in, has_card ? 409 : 404, has_card ? "card-in-use" : "unknown-employee",
                   has_card ? "This card was issued before." : "There is no such employee.");
        return;
    }
    weir_buf_clear(&who);
    weir_buf_add(&who, user.at, user.bytes);
    now(at);
    lab_key(key, "card-issued", weir_text(at), card);
    if (!presign(in, key)) {
        lab_fail(in);
        return;
    }
    weir_buf_init(&answer, 65536);
    weir_json_add(&answer,
                  "{'upload':%j,'event':{'type':'card-issued','card':%t,'employee':%t,'at':%s}}",
                  weir_buf_text(&upload), card, employee, at);
    lab_answer(in, 200, weir_buf_text(&answer));
    weir_buf_done(&answer);
}

int main(void)
{
    weir_buf_init(&who, 1024);
    weir_buf_init(&upload, 65536);
    return lab_run(handle);
}
