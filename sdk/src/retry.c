/* SPDX-License-Identifier: Apache-2.0
 *
 * Attempts, as the SDKs' standard mode makes them: what may pass is tried again after a time that
 * doubles, with chance in it, up to 20 s. Retries are paid from a budget that successes refill, so
 * that a service that is down is not asked three times as much.
 * Source: AWS SDKs and Tools reference guide, "Retry behavior".
 */
#include "client_int.h"

#include "sys.h"
#include "text.h"

#include <string.h>

#define BACKOFF_MS_MAX 20000
#define BACKOFF_MS 1000
#define COST 5
#define COST_TIMEOUT 10
#define TOKENS_MAX 500
#define SKEW_MS_MIN 240000

/* How an attempt ended. */
enum verdict { GOOD, FINAL, AGAIN, AGAIN_TIMEOUT, AGAIN_CLOCK };

static bool is_one_of(struct weir_text code, const char *const *codes)
{
    for (; *codes != NULL; codes++) {
        if (weir_text_is(code, *codes)) {
            return true;
        }
    }
    return false;
}

static bool is_throttled(struct weir_text code)
{
    static const char *const codes[] = {"Throttling",
                                        "ThrottlingException",
                                        "ThrottledException",
                                        "RequestThrottledException",
                                        "TooManyRequestsException",
                                        "ProvisionedThroughputExceededException",
                                        "TransactionInProgressException",
                                        "RequestLimitExceeded",
                                        "BandwidthLimitExceeded",
                                        "LimitExceededException",
                                        "RequestThrottled",
                                        "SlowDown",
                                        "PriorRequestNotComplete",
                                        "EC2ThrottledException",
                                        NULL};

    return is_one_of(code, codes);
}

static bool is_transient(struct weir_text code, int status)
{
    static const char *const codes[] = {"RequestTimeout", "RequestTimeoutException",
                                        "InternalError", NULL};

    return status == 500 || status == 502 || status == 503 || status == 504 ||
           is_one_of(code, codes);
}

static bool is_skewed(struct weir_text code)
{
    static const char *const codes[] = {"RequestTimeTooSkewed",
                                        "RequestExpired",
                                        "RequestInTheFuture",
                                        "InvalidSignatureException",
                                        "SignatureDoesNotMatch",
                                        "AuthFailure",
                                        NULL};

    return is_one_of(code, codes);
}

/* Takes the service's clock from its Date header. Whether that was far from ours. */
static bool learn_clock(struct weir_aws *aws, struct weir_text head)
{
    int64_t there;
    int64_t skew;

    if (!weir_moment_read(weir_http_header(head, "date"), &there)) {
        return false;
    }
    skew = there - weir_now_ms();
    if (skew - aws->skew_ms < SKEW_MS_MIN && aws->skew_ms - skew < SKEW_MS_MIN) {
        return false;
    }
    aws->skew_ms = skew;
    return true;
}

/* ---- one attempt ---- */

/* Headers of all requests; those after the signature are not part of it. */
static void sign_and_write(struct weir_aws *aws, const struct weir_place *place)
{
    struct weir_scope scope = {place->region, place->signing_name,
                               strcmp(place->signing_name, "s3") == 0};
    char authority[WEIR_HOST_BYTES_MAX + 16];
    char more[512] = "user-agent: libweir\r\n";
    size_t trace_bytes = strlen(weir_trace_id);

    weir_url_authority(&place->url, authority);
    weir_request_header(&aws->request, WEIR_TEXT("host"), weir_text(authority));
    if (!aws->settings.unsigned_calls) {
        weir_sign(&aws->request, &aws->identity.credentials, &scope, weir_now_ms() + aws->skew_ms);
    }
    if (trace_bytes > 0) {
        static const char name[] = "x-amzn-trace-id: ";
        size_t at = strlen(more);
        memcpy(more + at, name, sizeof name - 1);
        memcpy(more + at + sizeof name - 1, weir_trace_id, trace_bytes);
        memcpy(more + at + sizeof name - 1 + trace_bytes, "\r\n", 3);
    }
    weir_buf_clear(&aws->head);
    weir_request_head(&aws->request, more, &aws->head);
}

static enum verdict fail_net(struct weir_aws *aws, enum net_result result,
                             struct weir_aws_answer *answer)
{
    switch (result) {
    case NET_TIMEOUT:
        (void)weir_fail_as(aws, answer, "Timeout");
        return AGAIN_TIMEOUT;
    case NET_TOO_LARGE:
        (void)weir_fail_as(aws, answer, "BadAnswer");
        return FINAL;
    case NET_BAD:
        (void)weir_fail_as(aws, answer, "BadAnswer");
        return AGAIN;
    default:
        (void)weir_fail_as(aws, answer, "ConnectionFailed");
        return AGAIN;
    }
}

/* An answer with a good status that is an error all the same. */
static bool is_inner_error(struct weir_text body)
{
    struct weir_text text = weir_text_trim(body);

    if (weir_text_starts(text, "<?xml")) {
        (void)weir_text_split(&text, '>');
        text = weir_text_trim(text);
    }
    return weir_text_starts(text, "<Error>");
}

static enum verdict judge(struct weir_aws *aws, const struct weir_reply *reply, bool is_inner,
                          struct weir_aws_answer *answer)
{
    struct weir_fault fault;
    int status = is_inner ? 500 : reply->status;

    answer->http_status = reply->status;
    if (reply->status < 300 && !is_inner) {
        answer->request_id = weir_request_id(reply->head);
        return GOOD;
    }
    weir_buf_clear(&aws->scratch);
    weir_decode_fault(reply, &aws->scratch, &fault);
    answer->request_id = fault.request_id;
    answer->error_code = fault.code;
    answer->error_message = fault.message;
    answer->json = fault.json;
    answer->body = reply->body;
    if (is_skewed(fault.code) && learn_clock(aws, reply->head)) {
        return AGAIN_CLOCK;
    }
    return is_throttled(fault.code) || status == 429 || is_transient(fault.code, status) ? AGAIN
                                                                                         : FINAL;
}

static enum verdict attempt(struct weir_aws *aws, const struct weir_place *place,
                            bool may_fail_inside, struct weir_aws_answer *answer,
                            struct weir_reply *reply)
{
    struct weir_http_answer got;
    enum net_result result;

    if (!aws->settings.unsigned_calls && !weir_identity_get(&aws->identity, &aws->settings)) {
        (void)weir_fail(
            aws, answer, "NoCredentials",
            "neither the environment nor files, container or instance have credentials");
        return FINAL;
    }
    sign_and_write(aws, place);
    if (aws->request.failed || aws->head.failed) {
        (void)weir_fail(aws, answer, "NoMemory", "the request is too large");
        return FINAL;
    }
    answer->attempts++;
    result = weir_exchange(aws, place, &got);
    if (result != NET_OK) {
        return fail_net(aws, result, answer);
    }
    *reply = (struct weir_reply){.head = got.head, .body = got.body, .status = got.status};
    answer->error_code = WEIR_NONE;
    answer->error_message = WEIR_NONE;
    answer->json = WEIR_NONE;
    answer->body = WEIR_NONE;
    return judge(aws, reply, may_fail_inside && got.status == 200 && is_inner_error(got.body),
                 answer);
}

/* ---- all of them ---- */

static bool pay(struct weir_aws *aws, enum verdict verdict)
{
    int cost = verdict == AGAIN_TIMEOUT ? COST_TIMEOUT : COST;

    if (aws->retry_tokens < cost) {
        return false;
    }
    aws->retry_tokens -= cost;
    return true;
}

static int64_t backoff_ms(int attempts)
{
    int64_t limit = BACKOFF_MS;

    for (int i = 1; i < attempts && limit < BACKOFF_MS_MAX; i++) {
        limit *= 2;
    }
    limit = limit > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : limit;
    return (int64_t)(weir_random() % (uint64_t)(limit + 1));
}

bool weir_send(struct weir_aws *aws, const struct weir_place *place, bool may_fail_inside,
               struct weir_aws_answer *answer, struct weir_reply *ret_reply)
{
    size_t headers = aws->request.header_count;
    size_t words = aws->request.words.bytes;
    struct weir_pair kept[WEIR_HEADERS_MAX];
    int spent = 0;

    if (place->url.is_tls && aws->settings.tls == NULL) {
        return weir_fail(aws, answer, "NoTls",
                         "%s is reached by https: link weir_tls and name it in the "
                         "options",
                         place->url.host);
    }
    memcpy(kept, aws->request.headers, headers * sizeof *kept); /* signing sorts and adds */
    for (;;) {
        enum verdict verdict = attempt(aws, place, may_fail_inside, answer, ret_reply);
        if (verdict == GOOD) {
            aws->retry_tokens += aws->retry_tokens < TOKENS_MAX ? 1 + spent : 0;
            return true;
        }
        if (verdict == FINAL || answer->attempts >= aws->settings.max_attempts ||
            !pay(aws, verdict)) {
            return false;
        }
        spent = verdict == AGAIN_TIMEOUT ? COST_TIMEOUT : COST;
        if (verdict != AGAIN_CLOCK) {
            weir_wait_ms(backoff_ms(answer->attempts));
        }
        memcpy(aws->request.headers, kept, headers * sizeof *kept);
        aws->request.header_count = headers;
        aws->request.words.bytes = words;
    }
}
