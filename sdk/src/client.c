/* SPDX-License-Identifier: Apache-2.0
 *
 * The client: from a call to its answer.
 */
#include "client_int.h"

#include "sha256.h"
#include "sys.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_TOKENS 500
#define HEAD_ROOM ((size_t)1 << 20)

struct weir_aws *weir_aws_new(const struct weir_aws_options *options)
{
    struct weir_aws *aws = calloc(1, sizeof *aws);
    size_t bytes_max;

    if (aws == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < WEIR_LINKS_MAX; i++) {
        aws->links[i].link.fd = -1;
    }
    if (!weir_settings_init(&aws->settings, options)) {
        weir_aws_free(aws);
        return NULL;
    }
    bytes_max = aws->settings.answer_bytes_max + HEAD_ROOM;
    weir_request_init(&aws->request, bytes_max * 4);
    weir_buf_init(&aws->head, bytes_max * 4);
    weir_buf_init(&aws->in, bytes_max);
    weir_buf_init(&aws->out, bytes_max * 6);
    weir_buf_init(&aws->scratch, bytes_max);
    aws->retry_tokens = RETRY_TOKENS;
    return aws;
}

void weir_aws_free(struct weir_aws *aws)
{
    if (aws != NULL) {
        weir_links_close(aws);
        weir_settings_done(&aws->settings);
        weir_request_done(&aws->request);
        weir_buf_done(&aws->head);
        weir_buf_done(&aws->in);
        weir_buf_done(&aws->out);
        weir_buf_done(&aws->scratch);
        memset(&aws->identity, 0, sizeof aws->identity);
        free(aws);
    }
}

bool weir_fail_as(struct weir_aws *aws, struct weir_aws_answer *answer, const char *code)
{
    answer->http_status = 0;
    answer->error_code = weir_text(code);
    answer->error_message = weir_text(aws->message);
    return false;
}

bool weir_fail(struct weir_aws *aws, struct weir_aws_answer *answer, const char *code,
               const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(aws->message, sizeof aws->message, format, args);
    va_end(args);
    return weir_fail_as(aws, answer, code);
}

/* ---- calls ---- */

/* An endpoint's own path stands before that of the request. */
static void put_base(struct weir_aws *aws, const struct weir_url *url)
{
    struct weir_buf *path = &aws->request.path;
    size_t base = strlen(url->path);
    size_t bytes;

    weir_buf_add(path, "/", path->bytes == 0 ? 1 : 0);
    bytes = path->bytes;
    if (base > 0 && weir_buf_need(path, base) != NULL) {
        memmove(path->at + base, path->at, bytes);
        memcpy(path->at, url->path, base);
        path->bytes += base;
        path->at[path->bytes] = '\0';
    }
}

static bool find(struct weir_aws *aws, struct weir_call *call, const char *service,
                 const char *operation, struct weir_aws_answer *answer)
{
    call->service = model_service_find(weir_text(service));
    if (call->service == NULL) {
        return weir_fail(aws, answer, "UnknownService",
                         "%.100s is not in this library's list; weir_aws_send reaches any service",
                         service);
    }
    call->operation_name = weir_text(operation);
    if (call->operation_name.bytes >= MODEL_TEXT_MAX ||
        !model_operation_find(call->service, call->operation_name, &call->operation)) {
        return weir_fail(aws, answer, "UnknownOperation", "%.100s has no operation %.100s", service,
                         operation);
    }
    if (weir_json_kind(call->json) != WEIR_JSON_OBJECT || !weir_json_check(call->json)) {
        return weir_fail(aws, answer, "BadInput", "the input of %.100s is no JSON object",
                         operation);
    }
    return true;
}

static bool fail_place(struct weir_aws *aws, struct weir_aws_answer *answer, const char *code)
{
    return weir_fail(aws, answer, code, "%s",
                     strcmp(code, "NoRegion") == 0
                         ? "no region: set AWS_REGION, or one in the options"
                         : "the endpoint is no http:// or https:// address");
}

static void begin(struct weir_aws *aws, struct weir_aws_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->json = WEIR_NONE;
    aws->message[0] = '\0';
    weir_request_clear(&aws->request);
    weir_buf_clear(&aws->scratch);
    weir_buf_clear(&aws->out);
}

struct prepared {
    struct weir_call call;   /* json and body are the caller's */
    struct weir_place place; /* where it goes */
};

/* Finds operation and endpoint, and makes the request, as it is before it is signed. */
static bool prepare(struct weir_aws *aws, struct prepared *it, const char *service,
                    const char *operation, struct weir_aws_answer *answer)
{
    struct weir_call *call = &it->call;
    const char *code;

    begin(aws, answer);
    call->request = &aws->request;
    call->scratch = &aws->scratch;
    call->json = weir_text_trim(call->json);
    if (call->json.bytes == 0) {
        call->json = WEIR_TEXT("{}");
    }
    if (!find(aws, call, service, operation, answer)) {
        return false;
    }
    code = weir_place_of(&aws->settings, call->service, service, &it->place);
    if (code != NULL) {
        return fail_place(aws, answer, code);
    }
    if (!weir_encode(call)) {
        return weir_fail(aws, answer, call->code, "%s: %s", operation, call->message);
    }
    weir_host_refine(call, &it->place);
    put_base(aws, &it->place.url);
    return true;
}

bool weir_aws_call_body(struct weir_aws *aws, const char *service, const char *operation,
                        struct weir_aws_input input, struct weir_aws_answer *ret_answer)
{
    struct prepared it = {.call = {.json = input.json, .body = input.body}};
    struct weir_reply reply;
    bool may_fail_inside;

    if (!prepare(aws, &it, service, operation, ret_answer)) {
        return false;
    }
    may_fail_inside =
        it.call.service->protocol == PROTOCOL_REST_XML; /* S3 begins with 200, then fails */
    if (!weir_send(aws, &it.place, may_fail_inside, ret_answer, &reply)) {
        return false;
    }
    ret_answer->body = reply.body;
    if (!weir_decode(&it.call, &reply, &aws->out)) {
        return weir_fail(aws, ret_answer, "BadAnswer", "%s: the answer is not what the model says",
                         operation);
    }
    ret_answer->json = weir_buf_text(&aws->out);
    return true;
}

bool weir_aws_call(struct weir_aws *aws, const char *service, const char *operation,
                   const char *json, struct weir_aws_answer *ret_answer)
{
    struct weir_aws_input input = {.json = weir_text(json)};

    return weir_aws_call_body(aws, service, operation, input, ret_answer);
}

/* ---- addresses that are signed ---- */

/* {"Url":…,"Method":…,"Headers":{…}}: what whoever makes the call needs. */
static void tell_presigned(const struct weir_request *request, const struct weir_place *place,
                           const char *authority, struct weir_buf *out)
{
    struct weir_buf url;
    bool first = true;

    weir_buf_init(&url, out->bytes_max);
    weir_buf_printf(&url, "%s://%s", place->url.is_tls ? "https" : "http", authority);
    weir_buf_add_text(&url, weir_buf_text(&request->path));
    for (size_t i = 0; i < request->query_count; i++) {
        weir_buf_add(&url, i == 0 ? "?" : "&", 1);
        weir_buf_add_text(&url, weir_request_name(request, &request->query[i]));
        weir_buf_add(&url, "=", 1);
        weir_buf_add_text(&url, weir_request_value(request, &request->query[i]));
    }
    weir_json_add(out, "{'Url':%t,'Method':%s,'Headers':{", weir_buf_text(&url), request->method);
    for (size_t i = 0; i < request->header_count; i++) {
        struct weir_text name = weir_request_name(request, &request->headers[i]);
        if (!weir_text_is(name, "host")) {
            weir_json_add(out, first ? "%t:%t" : ",%t:%t", name,
                          weir_request_value(request, &request->headers[i]));
            first = false;
        }
    }
    weir_json_add(out, "}}");
    weir_buf_drop(&url, &out->failed);
}

bool weir_aws_presign(struct weir_aws *aws, const char *service, const char *operation,
                      struct weir_aws_presign what, struct weir_aws_answer *ret_answer)
{
    struct prepared it = {.call = {.json = what.json}};
    const struct weir_place *place = &it.place;
    char authority[WEIR_HOST_BYTES_MAX + 16];
    struct weir_scope scope;

    if (!prepare(aws, &it, service, operation, ret_answer)) {
        return false;
    }
    if (what.seconds < 1 || what.seconds > WEIR_PRESIGN_SECONDS_MAX) {
        return weir_fail(aws, ret_answer, "BadInput", "%d seconds: 1 to %d may be asked for",
                         what.seconds, WEIR_PRESIGN_SECONDS_MAX);
    }
    if (!weir_identity_get(&aws->identity, &aws->settings)) {
        return weir_fail(aws, ret_answer, "NoCredentials", "there is nothing to sign with");
    }
    scope = (struct weir_scope){place->region, place->signing_name,
                                strcmp(place->signing_name, "s3") == 0};
    weir_url_authority(&place->url, authority);
    weir_request_header(&aws->request, WEIR_TEXT("host"), weir_text(authority));
    weir_presign(&aws->request, &aws->identity.credentials, &scope, weir_now_ms() + aws->skew_ms,
                 what.seconds);
    tell_presigned(&aws->request, place, authority, &aws->out);
    if (aws->request.failed || aws->out.failed) {
        return weir_fail(aws, ret_answer, "NoMemory", "the request is too large");
    }
    ret_answer->json = weir_buf_text(&aws->out);
    return true;
}

void weir_aws_sha256(struct weir_text bytes, char to[65])
{
    unsigned char digest[WEIR_SHA256_BYTES];

    weir_sha256(bytes, digest);
    weir_hex(digest, sizeof digest, to);
}

/* ---- any request ---- */

static int hex_digit(char c)
{
    char lower = weir_lower(c);

    if (lower >= '0' && lower <= '9') {
        return lower - '0';
    }
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Without its %XX: they are made anew. */
static struct weir_text unescaped(struct weir_buf *scratch, struct weir_text text)
{
    size_t before = scratch->bytes;

    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        if (c == '%' && i + 2 < text.bytes && hex_digit(text.at[i + 1]) >= 0 &&
            hex_digit(text.at[i + 2]) >= 0) {
            c = (char)(hex_digit(text.at[i + 1]) << 4 | hex_digit(text.at[i + 2]));
            i += 2;
        }
        weir_buf_add(scratch, &c, 1);
    }
    return (struct weir_text){scratch->at + before, scratch->bytes - before};
}

static void put_target(struct weir_aws *aws, const char *target)
{
    struct weir_text query = weir_text(target);
    struct weir_text path = weir_text_split(&query, '?');

    weir_buf_add_text(&aws->request.path, path);
    (void)weir_buf_need(&aws->scratch, query.bytes * 2 + 2); /* so that texts stay where they are */
    while (query.at != NULL) {
        struct weir_text value = weir_text_split(&query, '&');
        struct weir_text name = unescaped(&aws->scratch, weir_text_split(&value, '='));
        value = value.at == NULL ? WEIR_TEXT("") : unescaped(&aws->scratch, value);
        weir_request_query(&aws->request, name, value);
    }
}

bool weir_aws_send(struct weir_aws *aws, const struct weir_aws_request *request,
                   struct weir_aws_answer *ret_answer)
{
    struct weir_text headers = weir_text(request->headers);
    const struct model_service *service = model_service_find(weir_text(request->service));
    struct weir_place place;
    struct weir_reply reply;
    struct weir_text name;
    struct weir_text value;
    const char *code;

    begin(aws, ret_answer);
    code = weir_place_of(&aws->settings, service, request->service, &place);
    if (code != NULL) {
        return fail_place(aws, ret_answer, code);
    }
    aws->request.method = request->method;
    put_target(aws, request->path);
    put_base(aws, &place.url);
    while (weir_http_next(&headers, &name, &value)) {
        weir_request_header(&aws->request, weir_text_trim(name), value);
    }
    aws->request.payload = request->body.at == NULL ? WEIR_TEXT("") : request->body;
    aws->request.failed = aws->request.failed || aws->scratch.failed;
    if (!weir_send(aws, &place, false, ret_answer, &reply)) {
        return false;
    }
    ret_answer->body = reply.body;
    if (weir_json_check(reply.body)) {
        ret_answer->json = weir_text_trim(reply.body);
    }
    return true;
}
