/* SPDX-License-Identifier: Apache-2.0
 *
 * The encoders and decoders as a program, for test/e2e/sdk_model_test.py: one JSON command a line,
 * one JSON answer a line.
 *
 *   {"do":"encode","service","operation","json":{…},"body":base64}
 *                                            →
 * {"method","path","query":[[name,value]],"headers":[…],"body"}
 *   {"do":"decode","service","operation","status","head","body":base64}  → {"json":{…}}
 *   {"do":"fault", as decode}                → {"code","message","request_id"}
 *
 * An answer of what cannot be done is {"error":code}.
 */
#include "text.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

#define BYTES_MAX ((size_t)256 << 20)

static struct weir_request request;
static struct weir_buf scratch;
static struct weir_buf out;
static struct weir_buf held[4]; /* a command's texts */

static struct weir_text text_of(struct weir_text command, const char *name, struct weir_buf *to)
{
    return weir_json_string(weir_json_get(command, name), to);
}

static struct weir_text bytes_of(struct weir_text command, const char *name, struct weir_buf *to)
{
    struct weir_text text = text_of(command, name, &scratch);

    weir_buf_clear(to);
    if (text.at == NULL) {
        return text;
    }
    if (!weir_base64_decode(to, text)) {
        fprintf(stderr, "oracle: not base64\n");
        exit(2);
    }
    return weir_buf_text(to);
}

static void add_pairs(const char *name, const struct weir_pair *pairs, size_t count)
{
    weir_json_add(&out, ",%s:[", name);
    for (size_t i = 0; i < count; i++) {
        weir_comma(&out);
        weir_json_add(&out, "[%t,%t]", weir_request_name(&request, &pairs[i]),
                      weir_request_value(&request, &pairs[i]));
    }
    weir_buf_add_c(&out, "]");
}

static void encode(struct weir_call *call)
{
    if (!weir_encode(call)) {
        weir_json_add(&out, "{'error':%s,'message':%s}", call->code, call->message);
        return;
    }
    weir_json_add(&out, "{'method':%s,'path':%t", request.method, weir_buf_text(&request.path));
    add_pairs("query", request.query, request.query_count);
    add_pairs("headers", request.headers, request.header_count);
    weir_json_add(&out, ",'body':%v}", request.payload);
}

static void decode(const struct weir_call *call, struct weir_text command, bool is_fault)
{
    struct weir_reply reply = {.head = text_of(command, "head", &held[2]),
                               .body = bytes_of(command, "body", &held[3])};
    static struct weir_buf json = {.bytes_max = BYTES_MAX};
    struct weir_fault fault;
    int64_t status = 0;

    (void)weir_json_int(weir_json_get(command, "status"), &status);
    reply.status = (int)status;
    if (is_fault) {
        weir_decode_fault(&reply, &scratch, &fault);
        weir_json_add(&out, "{'code':%t,'message':%t,'request_id':%t}", fault.code, fault.message,
                      fault.request_id);
    } else if (!weir_decode(call, &reply, &json)) {
        weir_json_add(&out, "{'error':'BadAnswer'}");
    } else {
        weir_json_add(&out, "{'json':%j}", weir_buf_text(&json));
    }
}

static void obey(struct weir_text command)
{
    struct weir_call call = {.request = &request, .scratch = &scratch};
    struct weir_text service = text_of(command, "service", &held[0]);
    struct weir_text what = weir_json_get(command, "do");

    call.service = model_service_find(service);
    call.operation_name = text_of(command, "operation", &held[0]);
    call.json = weir_json_get(command, "json");
    call.body = bytes_of(command, "body", &held[1]);
    if (call.service == NULL ||
        !model_operation_find(call.service, call.operation_name, &call.operation)) {
        weir_json_add(&out, "{'error':'UnknownOperation'}");
    } else if (weir_json_string_is(what, "encode")) {
        encode(&call);
    } else {
        decode(&call, command, weir_json_string_is(what, "fault"));
    }
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;

    weir_request_init(&request, BYTES_MAX);
    weir_buf_init(&scratch, BYTES_MAX);
    weir_buf_init(&out, BYTES_MAX);
    for (size_t i = 0; i < 4; i++) {
        weir_buf_init(&held[i], BYTES_MAX);
    }
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        weir_request_clear(&request);
        weir_buf_clear(&scratch);
        weir_buf_clear(&out);
        obey((struct weir_text){line, (size_t)bytes});
        weir_buf_add_c(&out, "\n");
        fwrite(out.at, 1, out.bytes, stdout);
        fflush(stdout);
    }
    free(line);
    weir_request_done(&request);
    weir_buf_done(&scratch);
    weir_buf_done(&out);
    for (size_t i = 0; i < 4; i++) {
        weir_buf_done(&held[i]);
    }
    return 0;
}
