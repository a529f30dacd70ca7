/* SPDX-License-Identifier: Apache-2.0
 *
 * One client, one buffer for requests that are made here. A function runs one invocation at a time.
 */
#include "desk.h"

#include <stdlib.h>

#define REQUEST_BYTES_MAX (1u << 20)

static struct weir_aws *aws;
static struct weir_aws_answer answer; /* of the last call */
static struct weir_buf request;       /* of this file's calls */
static struct weir_buf content;       /* an object that is being put */
static struct weir_buf name;          /* its key */

const char *desk_setting(const char *setting)
{
    const char *value = getenv(setting);

    return value == NULL || *value == '\0' ? NULL : value;
}

struct weir_aws *desk_client(void)
{
#ifdef LAB_TLS
    const struct weir_aws_options options = {.tls = &weir_tls};
#else
    const struct weir_aws_options options = {0};
#endif

    if (aws == NULL) {
        weir_buf_init(&request, REQUEST_BYTES_MAX);
        weir_buf_init(&content, REQUEST_BYTES_MAX);
        weir_buf_init(&name, REQUEST_BYTES_MAX);
        aws = weir_aws_new(&options);
    }
    return aws;
}

const struct weir_aws_answer *desk_answer(void)
{
    return &answer;
}

/* Whether the call was good, or failed as it may; else says why. */
static bool is_good(struct weir_invocation *in, bool done, const char *operation, const char *but)
{
    if (done || (but != NULL && weir_text_is(answer.error_code, but))) {
        return true;
    }
    weir_lambda_log(in, WEIR_ERROR, "%s: %.*s: %.*s", operation, WEIR_ARG(answer.error_code),
                    WEIR_ARG(answer.error_message));
    return false;
}

bool desk_call(struct weir_invocation *in, const char *service, const char *operation,
               const struct weir_buf *json, const char *but)
{
    if (json->failed) {
        weir_lambda_log(in, WEIR_ERROR, "%s: the request is too large", operation);
        return false;
    }
    return is_good(in, weir_aws_call(aws, service, operation, json->at, &answer), operation, but);
}

bool desk_put_once(struct weir_invocation *in, const char *bucket, struct weir_text key,
                   struct weir_text body)
{
    struct weir_aws_input put;

    weir_buf_clear(&request);
    weir_json_add(&request,
                  "{'Bucket':%s,'Key':%t,'ContentType':'application/json','IfNoneMatch':'*'}",
                  bucket, key);
    put = (struct weir_aws_input){.json = weir_buf_text(&request), .body = body};
    if (request.failed) {
        return false;
    }
    return is_good(in, weir_aws_call_body(aws, "s3", "PutObject", put, &answer), "PutObject",
                   "PreconditionFailed");
}

bool desk_remove(struct weir_invocation *in, const struct arrival *arrival)
{
    weir_buf_clear(&request);
    weir_json_add(&request, "{'Bucket':%t,'Key':%t,'VersionId':%t}", arrival->bucket, arrival->key,
                  arrival->version);
    return desk_call(in, "s3", "DeleteObject", &request, NULL);
}

bool desk_reject(struct weir_invocation *in, const struct arrival *arrival, struct weir_text text,
                 struct weir_text reason, struct weir_text message)
{
    weir_lambda_log(in, WEIR_WARN, "%.*s is rejected: %.*s: %.*s", WEIR_ARG(arrival->key),
                    WEIR_ARG(reason), WEIR_ARG(message));
    weir_buf_clear(&content);
    weir_buf_clear(&name);
    weir_json_add(&content,
                  "{'reason':%t,'message':%t,'key':%t,'version':%t,'event':", reason, message,
                  arrival->key, arrival->version);
    weir_json_add(&content, weir_json_check(text) ? "%j}" : "%t}", text);
    weir_buf_add(&name, reason.at, reason.bytes);
    weir_buf_add_c(&name, "/");
    weir_buf_add(&name, arrival->key.at, arrival->key.bytes);
    weir_buf_add_c(&name, "/");
    weir_buf_add(&name, arrival->version.at, arrival->version.bytes);
    return !content.failed && !name.failed &&
           desk_put_once(in, desk_setting("REJECTED"), weir_buf_text(&name),
                         weir_buf_text(&content));
}
