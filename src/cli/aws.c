/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms and answers of Query; objects of S3.
 */
#include "cli/aws.h"

#include "base/codec.h"
#include "net/client.h"
#include "wire/xml.h"

#include <assert.h>
#include <stdio.h>

#define FORM_TEXT_BYTES_MAX (8u << 20)

void aws_begin(struct aws_form *form, const char *service, const char *operation)
{
    const struct service_model *model = model_service(str_c(service));

    form->service = service;
    form->operation = operation;
    buf_init(&form->text, FORM_TEXT_BYTES_MAX);
    buf_printf(&form->text, "Action=%s&Version=%.*s", operation,
               STR_ARG(model_text(model->api_version)));
}

void aws_add(struct aws_form *form, const char *name, struct str value)
{
    if (value.at == NULL) {
        return;
    }
    buf_printf(&form->text, "&%s=", name);
    buf_add_percent(&form->text, value, false);
}

void aws_add_c(struct aws_form *form, const char *name, const char *value)
{
    aws_add(form, name, value == NULL ? STR_NONE : str_c(value));
}

/* What stands between <name> and </name>; STR_NONE: there is none. */
static struct str element(struct str body, struct arena *arena, const char *name)
{
    struct str open = arena_printf(arena, "<%s>", name);
    struct str end = arena_printf(arena, "</%s>", name);
    size_t from = str_find_str(body, open);
    size_t to = str_find_str(body, end);

    return from < to && to < body.bytes ? str_slice(body, from + open.bytes, to) : STR_NONE;
}

static struct str plain(struct str text, struct arena *arena)
{
    static const char *const entities[][2] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
    char *made = arena_alloc(arena, text.bytes + 1);
    size_t bytes = 0;

    for (size_t i = 0; i < text.bytes;) {
        struct str rest = str_slice(text, i, text.bytes);
        size_t k = 0;

        while (k < 5 && !str_starts(rest, str_c(entities[k][0]))) {
            k++;
        }
        made[bytes++] = k < 5 ? entities[k][1][0] : text.at[i];
        i += k < 5 ? strlen(entities[k][0]) : 1;
    }
    return str_of(made, bytes);
}

static status read_good(const struct args *args, const struct operation *operation,
                        struct str body, struct arena *arena, struct aws_answer *ret_answer)
{
    struct value *out = ARENA_NEW(arena, struct value);
    struct str wrapper = model_text(operation->result_wrapper);
    size_t from = str_find_str(body, arena_printf(arena, "<%.*s>", STR_ARG(wrapper)));
    struct str end = arena_printf(arena, "</%.*s>", STR_ARG(wrapper));
    size_t to = str_find_str(body, end);
    struct why why;

    ret_answer->good = true;
    if (from >= to || to == body.bytes) { /* nothing to be said */
        ret_answer->out = value_struct(arena, operation->output);
        return OK;
    }
    if (xml_read(str_slice(body, from, to + end.bytes), operation->output, arena, &why, out) !=
        OK) {
        trouble(args, "the server's answer cannot be read: %s", why.text);
        return &ERR_MALFORMED;
    }
    ret_answer->out = out;
    return OK;
}

status aws_call(const struct args *args, struct aws_form *form, struct arena *arena,
                struct aws_answer *ret_answer)
{
    const struct operation *operation =
        model_operation(model_service(str_c(form->service)), str_c(form->operation));
    struct aws_request request = {form->service, "POST", STR("/"),
                                  "application/x-www-form-urlencoded", STR_NONE};
    struct client_answer answer;
    status asked;

    assert(operation != NULL);
    if (buf_spent(&form->text)) {
        buf_done(&form->text);
        trouble(args, "that is too long to ask.");
        return &ERR_LIMIT;
    }
    request.body = arena_dup(arena, buf_str(&form->text));
    buf_done(&form->text);
    *ret_answer = (struct aws_answer){.good = false};
    asked = ask_aws(args, &request, arena, &answer);
    if (asked != OK) {
        return asked;
    }
    if (answer.http == 200) {
        return read_good(args, operation, answer.body, arena, ret_answer);
    }
    ret_answer->code = plain(element(answer.body, arena, "Code"), arena);
    ret_answer->message = plain(element(answer.body, arena, "Message"), arena);
    if (ret_answer->message.bytes == 0) {
        ret_answer->message = str_slice(answer.body, 0, 512);
    }
    return OK;
}

int aws_call_good(const struct args *args, struct aws_form *form, struct arena *arena,
                  const struct value **ret_out)
{
    struct aws_answer answer;

    if (aws_call(args, form, arena, &answer) != OK) {
        return EXIT_TROUBLE;
    }
    if (!answer.good) {
        return trouble(args, "%.*s", STR_ARG(answer.message));
    }
    *ret_out = answer.out;
    return EXIT_GOOD;
}

/* ---- S3 ---- */

static int object_ask(const struct args *args, const struct aws_request *request,
                      struct arena *arena, struct client_answer *ret_answer)
{
    return ask_aws(args, request, arena, ret_answer) == OK ? EXIT_GOOD : EXIT_TROUBLE;
}

static int bucket_make(const struct args *args, struct str bucket, struct arena *arena)
{
    struct aws_request request = {
        "s3", "PUT", arena_printf(arena, "/%.*s", STR_ARG(bucket)), NULL, STR_NONE};
    struct str elsewhere = STR("");
    struct client_answer answer;

    if (strcmp(default_region(), "us-east-1") != 0) {
        elsewhere = arena_printf(arena,
                                 "<CreateBucketConfiguration><LocationConstraint>%s"
                                 "</LocationConstraint></CreateBucketConfiguration>",
                                 default_region());
    }
    request.body = elsewhere;
    if (object_ask(args, &request, arena, &answer) != EXIT_GOOD) {
        return EXIT_TROUBLE;
    }
    return answer.http == 200 || answer.http == 409
               ? EXIT_GOOD
               : trouble(args, "the bucket %.*s cannot be made: %.*s", STR_ARG(bucket),
                         STR_ARG(plain(element(answer.body, arena, "Message"), arena)));
}

int aws_upload(const struct args *args, struct str bucket, struct str key, struct str content,
               struct arena *arena)
{
    struct str target = arena_printf(arena, "/%.*s/%.*s", STR_ARG(bucket), STR_ARG(key));
    struct aws_request look = {"s3", "HEAD", target, NULL, STR_NONE};
    struct aws_request put = {"s3", "PUT", target, NULL, content};
    struct client_answer answer;
    int done = object_ask(args, &look, arena, &answer);

    if (done != EXIT_GOOD || answer.http == 200) {
        return done;
    }
    done = bucket_make(args, bucket, arena);
    if (done == EXIT_GOOD) {
        done = object_ask(args, &put, arena, &answer);
    }
    if (done == EXIT_GOOD && answer.http != 200) {
        return trouble(args, "s3://%.*s/%.*s cannot be written: %.*s", STR_ARG(bucket),
                       STR_ARG(key),
                       STR_ARG(plain(element(answer.body, arena, "Message"), arena)));
    }
    return done;
}
