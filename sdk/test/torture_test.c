/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets every allocation fail, one after the other, while requests are made and signed and answers
 * read: what comes out is either all of what comes out with memory, or an error. Never a part.
 */
#include "wire.h"

#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX ((size_t)1 << 24)
#define NOW_MS 1795420800000

void *__real_realloc(void *at, size_t bytes);
void *__wrap_realloc(void *at, size_t bytes);

static unsigned fail_at; /* which one fails, from 1 on; 0: none */
static unsigned asked;   /* how many came */

void *__wrap_realloc(void *at, size_t bytes)
{
    asked++;
    return asked == fail_at ? NULL : __real_realloc(at, bytes);
}

struct sample {
    const char *service;   /* of a call */
    const char *operation; /* of it */
    const char *json;      /* its input; of an answer, its head */
    const char *body;      /* of an answer */
};

static const struct sample requests[] = {
    {"dynamodb", "PutItem", "{\"TableName\":\"t\",\"Item\":{\"id\":{\"S\":\"\\u00e9\"}}}", NULL},
    {"kinesis", "GetShardIterator", "{\"Timestamp\":\"2026-11-23T08:00:00.5Z\",\"ShardId\":\"s\"}",
     NULL},
    {"sns", "Publish",
     "{\"Message\":\"a\\nb\",\"MessageAttributes\":{\"k\":{\"DataType\":\"String\"}}}", NULL},
    {"ec2", "RunInstances",
     "{\"MinCount\":1,\"BlockDeviceMappings\":[{\"Ebs\":{\"Encrypted\":true}}]}", NULL},
    {"lambda", "CreateFunction", "{\"FunctionName\":\"f\",\"Code\":{\"ZipFile\":\"aaaa\"}}", NULL},
    {"lambda", "ListTags", "{\"Resource\":\"arn:aws:lambda:x\"}", NULL},
    {"apigatewayv2", "CreateApi",
     "{\"Name\":\"n\",\"ProtocolType\":\"HTTP\",\"Tags\":{\"a\":\"b\"}}", NULL},
    {"s3", "PutObject",
     "{\"Bucket\":\"b\",\"Key\":\"a b\",\"Metadata\":{\"K\":\"v\"},\"Body\":\"aGVsbG8=\"}", NULL},
    {"s3", "DeleteObjects", "{\"Bucket\":\"b\",\"Delete\":{\"Objects\":[{\"Key\":\"<\\n\"}]}}",
     NULL},
    {"s3", "PutBucketAcl",
     "{\"Bucket\":\"b\",\"AccessControlPolicy\":{\"Grants\":[{\"Grantee\":{\"Type\":\"Group\","
     "\"URI\":\"u\"}}],\"Owner\":{\"ID\":\"o\"}}}",
     NULL},
    {"s3", "GetObjectAttributes",
     "{\"Bucket\":\"b\",\"Key\":\"k\",\"ObjectAttributes\":[\"ETag\",\"a,b\"]}", NULL},
    {"s3", "PutBucketPolicy", "{\"Bucket\":\"b\",\"Policy\":\"{\\\"a\\\":1}\"}", NULL},
    {"route53", "ListHostedZones", "{\"MaxItems\":\"5\",\"Marker\":\"m&m\"}", NULL},
};

static const struct sample answers[] = {
    {"dynamodb", "DescribeTable", "HTTP/1.1 200 OK\r\n\r\n",
     "{\"Table\":{\"TableName\":\"t\",\"CreationDateTime\":1795420800.5,\"ItemCount\":1}}"},
    {"apigatewayv2", "GetApi", "HTTP/1.1 200 OK\r\n\r\n",
     "{\"apiId\":\"a\",\"createdDate\":\"2026-11-23T08:00:00Z\",\"tags\":{\"a\":\"b\"}}"},
    {"sns", "GetTopicAttributes", "HTTP/1.1 200 OK\r\n\r\n",
     "<R><GetTopicAttributesResult><Attributes><entry><key>a</key><value>&lt;</value></entry>"
     "<entry><key>b</key><value/></entry></Attributes></GetTopicAttributesResult></R>"},
    {"s3", "ListObjectsV2", "HTTP/1.1 200 OK\r\nx-amz-request-charged: requester\r\n\r\n",
     "<L><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents>"
     "<Contents><Key>b</Key></Contents><KeyCount>2</KeyCount></L>"},
    {"s3", "HeadObject",
     "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nlast-modified: Mon, 23 Nov 2026 08:00:00 GMT\r\n"
     "x-amz-meta-a: b\r\netag: \"x\"\r\nx-amz-delete-marker: true\r\n\r\n",
     ""},
    {"s3", "GetBucketAcl", "HTTP/1.1 200 OK\r\n\r\n",
     "<A><AccessControlList><Grant><Grantee xsi:type=\"Group\"><URI>u</URI></Grantee></Grant>"
     "</AccessControlList></A>"},
    {"ec2", "DescribeInstances", "HTTP/1.1 200 OK\r\n\r\n",
     "<R><requestId>r</requestId><reservationSet><item><instancesSet><item><amiLaunchIndex>0"
     "</amiLaunchIndex></item></instancesSet></item></reservationSet></R>"},
};

static struct weir_request request;

static void call_of(struct weir_call *call, const struct sample *sample, struct weir_buf *scratch)
{
    memset(call, 0, sizeof *call);
    call->service = model_service_find(weir_text(sample->service));
    call->operation_name = weir_text(sample->operation);
    call->scratch = scratch;
    call->request = &request;
    if (!model_operation_find(call->service, call->operation_name, &call->operation)) {
        fail_msg("there is no %s %s", sample->service, sample->operation);
    }
}

/* All of a signed request; false: it was refused. */
static bool make(const struct sample *sample, struct weir_buf *out)
{
    static const struct weir_credentials credentials = {
        .access_key_id = "A", .secret_access_key = "S", .session_token = "T"};
    const struct weir_scope scope = {"us-east-1", "s3", strcmp(sample->service, "s3") == 0};
    struct weir_buf scratch;
    struct weir_call call;
    bool good;

    weir_request_init(&request, BYTES_MAX);
    weir_request_clear(&request);
    weir_buf_init(&scratch, BYTES_MAX);
    call_of(&call, sample, &scratch);
    call.json = weir_text(sample->json);
    good = weir_encode(&call);
    if (good) {
        weir_sign(&request, &credentials, &scope, NOW_MS);
    }
    good = good && !request.failed;
    if (good) {
        weir_request_head(&request, "", out);
        weir_buf_add_text(out, request.payload);
    }
    weir_request_done(&request);
    weir_buf_done(&scratch);
    return good && !out->failed;
}

static bool read_answer(const struct sample *sample, struct weir_buf *out)
{
    struct weir_reply reply = {.head = weir_text(sample->json), .status = 200};
    struct weir_buf scratch;
    struct weir_call call;
    char body[512]; /* it is changed */
    bool good;

    (void)memcpy(body, sample->body, strlen(sample->body) + 1);
    reply.body = weir_text(body);
    weir_buf_init(&scratch, BYTES_MAX);
    call_of(&call, sample, &scratch);
    good = weir_decode(&call, &reply, out);
    weir_buf_done(&scratch);
    return good && !out->failed;
}

typedef bool work(const struct sample *sample, struct weir_buf *out);

static void torture(const struct sample *sample, work *what)
{
    struct weir_buf whole;
    struct weir_buf out;
    unsigned count;

    fail_at = 0;
    asked = 0;
    weir_buf_init(&whole, BYTES_MAX);
    if (!what(sample, &whole)) {
        fail_msg("%s %s does not work", sample->service, sample->operation);
    }
    count = asked;
    for (unsigned i = 1; i <= count; i++) {
        weir_buf_init(&out, BYTES_MAX);
        fail_at = i;
        asked = 0;
        bool good = what(sample, &out);
        fail_at = 0;
        if (good && !weir_text_eq(weir_buf_text(&out), weir_buf_text(&whole))) {
            fail_msg("%s %s without allocation %u of %u: %.*s", sample->service, sample->operation,
                     i, count, WEIR_ARG(weir_buf_text(&out)));
        }
        weir_buf_done(&out);
    }
    weir_buf_done(&whole);
}

static void a_request_is_whole_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        torture(&requests[i], make);
    }
}

static void an_answer_is_whole_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        torture(&answers[i], read_answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_whole_or_refused),
        cmocka_unit_test(an_answer_is_whole_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
