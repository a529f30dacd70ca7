/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: what every protocol has in common, and the hand-over to the protocol's own writer.
 *
 * Rules
 *  1. An operation without an output shape is answered without a body, in every protocol but Query
 *     (whose answers always carry a request id).
 *  2. Errors of services that could once be spoken in Query carry x-amzn-query-error, by which old
 *     clients know them: "code;Sender" or "code;Receiver".
 *  3. Who spoke no protocol of ours is answered in the plainest XML, as AWS's front does.
 */
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/cbor.h"
#include "wire/fault.h"
#include "wire/json_int.h"
#include "wire/query.h"
#include "wire/rest.h"
#include "wire/xml.h"

#include "base/codec.h"
#include "base/digest.h"

#include <assert.h>

/* ---- headers ---- */

static bool is_s3(const struct route *route)
{
    return route->service != NULL && (str_eq(model_text(route->service->id), STR("s3")) ||
                                      str_eq(model_text(route->service->id), STR("s3control")));
}

struct str wire_host_id(struct str request_id, struct arena *arena)
{
    uint8_t hash[SHA256_BYTES];
    size_t bytes = base64_encoded_bytes(sizeof(hash));
    char *text = arena_alloc(arena, bytes);

    sha256(request_id, hash);
    base64_encode(str_of(hash, sizeof(hash)), text);
    return str_of(text, bytes);
}

void answer_begin(const struct route *route, struct str request_id, struct arena *arena,
                  struct answer *answer)
{
    answer->http = 200;
    answer->header_count = 0;
    answer->body = STR_NONE;
    if (is_s3(route)) {
        answer_add(answer, STR("x-amz-request-id"), request_id);
        answer_add(answer, STR("x-amz-id-2"), wire_host_id(request_id, arena));
    } else {
        answer_add(answer, STR("x-amzn-requestid"), request_id);
    }
    if (route->protocol == PROTOCOL_RPC_CBOR && route->service != NULL) {
        answer_add(answer, STR("smithy-protocol"), STR("rpc-v2-cbor"));
    }
    if (route->origin.bytes > 0 && !is_s3(route)) { /* S3's buckets have rules of their own */
        answer_add(answer, STR("access-control-allow-origin"), STR("*"));
        answer_add(answer, STR("access-control-expose-headers"),
                   STR("x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,"
                       "x-amzn-ErrorMessage,ETag,Date"));
    }
}

static struct str content_type(const struct route *route)
{
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_JSON:
        return route->json_minor == 0 ? STR("application/x-amz-json-1.0")
                                      : STR("application/x-amz-json-1.1");
    case PROTOCOL_CBOR:
        return STR("application/x-amz-cbor-1.1");
    case PROTOCOL_RPC_CBOR:
        return STR("application/cbor");
    case PROTOCOL_REST_JSON:
        return STR("application/json");
    case PROTOCOL_REST_XML:
        return STR("application/xml");
    default:
        return STR("text/xml");
    }
}

/* ---- outputs ---- */

static void write_json(struct buf *out, const void *what)
{
    json_write(out, what, TIME_EPOCH);
}

static void write_cbor(struct buf *out, const void *what)
{
    cbor_write(out, what, false);
}

static void write_cbor_ms(struct buf *out, const void *what)
{
    cbor_write(out, what, true);
}

static status encode_rpc(const struct route *route, const struct value *output,
                         struct arena *arena, struct answer *answer)
{
    void (*write)(struct buf *, const void *) = route->protocol == PROTOCOL_JSON ? write_json
                                                : route->protocol == PROTOCOL_CBOR ? write_cbor_ms
                                                                                   : write_cbor;

    if (route->operation->output != 0) {
        TRY(body_make(arena, body_guess(output), write, output, &answer->body));
    } else if (route->protocol == PROTOCOL_RPC_CBOR) {
        return OK;
    }
    answer_add(answer, STR("content-type"), content_type(route));
    return OK;
}

static status encode_query(const struct route *route, const struct value *output,
                           struct str request_id, struct arena *arena, struct answer *answer)
{
    TRY(query_encode(route, output, request_id, arena, &answer->body));
    answer_add(answer, STR("content-type"), content_type(route));
    return OK;
}

status wire_encode(const struct route *route, const struct value *output, struct str request_id,
                   struct arena *arena, struct answer *ret_answer)
{
    assert(route->operation != NULL);
    assert(output->kind == VALUE_STRUCT);
    answer_begin(route, request_id, arena, ret_answer);
    ret_answer->http = route->operation->http;
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_REST_JSON:
    case PROTOCOL_REST_XML:
        return rest_encode(route, output, arena, ret_answer);
    case PROTOCOL_QUERY:
    case PROTOCOL_EC2:
        return encode_query(route, output, request_id, arena, ret_answer);
    default:
        return encode_rpc(route, output, arena, ret_answer);
    }
}

/* ---- errors ---- */

/* What an error's body is written from. */
struct faulty {
    const struct fault *fault; /* the error */
    struct fault_words words;  /* its names */
    struct str type;           /* __type; empty: the body has none */
};

/* The exception's member i, if it is to be written beside the message. */
static const struct value *detail_of(const struct faulty *f, uint32_t i)
{
    const struct value *detail = f->fault->detail;

    if (detail == NULL || (int)i == f->words.message_member ||
        detail->items[i].kind == VALUE_NONE) {
        return NULL;
    }
    return in_answer_body(&model_members[model_shape(detail->shape)->first + i])
               ? &detail->items[i]
               : NULL;
}

static void write_json_key(struct buf *out, char *before, struct str key)
{
    buf_add_c(out, *before);
    *before = ',';
    json_write_str(out, key);
    buf_add_c(out, ':');
}

static void write_json_fault(struct buf *out, const void *what)
{
    const struct faulty *f = what;
    const struct value *detail = f->fault->detail;
    char before = '{';

    if (f->type.bytes > 0) {
        write_json_key(out, &before, STR("__type"));
        json_write_str(out, f->type);
    }
    if (f->fault->message.bytes > 0) {
        write_json_key(out, &before, f->words.message_key);
        json_write_str(out, f->fault->message);
    }
    for (uint32_t i = 0; detail != NULL && i < detail->count; i++) {
        const struct value *value = detail_of(f, i);
        if (value != NULL) {
            const struct member *member = &model_members[model_shape(detail->shape)->first + i];
            write_json_key(out, &before, json_key(member));
            json_write(out, value, time_format_of(member, value->shape, TIME_EPOCH));
        }
    }
    if (before == '{') {
        buf_add_c(out, '{');
    }
    buf_add_c(out, '}');
}

static void write_cbor_faulty(struct buf *out, const struct faulty *f, bool times_ms)
{
    const struct value *detail = f->fault->detail;

    cbor_write_open(out);
    cbor_write_text(out, STR("__type"));
    cbor_write_text(out, f->type);
    if (f->fault->message.bytes > 0) {
        cbor_write_text(out, f->words.message_key);
        cbor_write_text(out, f->fault->message);
    }
    for (uint32_t i = 0; detail != NULL && i < detail->count; i++) {
        const struct value *value = detail_of(f, i);
        if (value != NULL) {
            cbor_write_text(out,
                            json_key(&model_members[model_shape(detail->shape)->first + i]));
            cbor_write(out, value, times_ms);
        }
    }
    cbor_write_close(out);
}

static void write_cbor_fault(struct buf *out, const void *what)
{
    write_cbor_faulty(out, what, false);
}

static void write_cbor_fault_ms(struct buf *out, const void *what)
{
    write_cbor_faulty(out, what, true);
}

static void write_xml_text(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        switch (s.at[i]) {
        case '<': buf_add(out, STR("&lt;")); break;
        case '>': buf_add(out, STR("&gt;")); break;
        case '&': buf_add(out, STR("&amp;")); break;
        default: buf_add_c(out, s.at[i]);
        }
    }
}

/* Rule 3. */
static void write_plain_fault(struct buf *out, const void *what)
{
    const struct faulty *f = what;

    buf_printf(out, "<%.*s>\n  <Message>", STR_ARG(f->words.code));
    write_xml_text(out, f->fault->message);
    buf_printf(out, "</Message>\n</%.*s>\n", STR_ARG(f->words.code));
}

static void add_query_error(const struct route *route, const struct faulty *f,
                            struct arena *arena, struct answer *answer)
{
    if (route->service->query_compatible) {
        answer_add(answer, STR("x-amzn-query-error"),
                   arena_printf(arena, "%.*s;%s", STR_ARG(f->words.query_code),
                                f->fault->code->http < 500 ? "Sender" : "Receiver"));
    }
}

static status encode_fault(const struct route *route, struct faulty *f, struct str request_id,
                           struct arena *arena, struct answer *answer)
{
    size_t guess = body_guess(f->fault->detail) + f->fault->message.bytes + 256;

    if (route->service == NULL) {
        return body_make(arena, guess, write_plain_fault, f, &answer->body);
    }
    answer_add(answer, STR("content-type"), content_type(route));
    switch ((enum protocol)route->protocol) {
    case PROTOCOL_JSON:
        f->type = route->json_minor == 0 ? fault_full_name(route, &f->words, arena) : f->words.code;
        add_query_error(route, f, arena, answer);
        return body_make(arena, guess, write_json_fault, f, &answer->body);
    case PROTOCOL_REST_JSON:
        answer_add(answer, STR("x-amzn-errortype"), f->words.code);
        TRY(rest_encode_headers(route, f->fault->detail, arena, answer));
        return body_make(arena, guess, write_json_fault, f, &answer->body);
    case PROTOCOL_CBOR:
        f->type = f->words.code;
        return body_make(arena, guess, write_cbor_fault_ms, f, &answer->body);
    case PROTOCOL_RPC_CBOR:
        f->type = fault_full_name(route, &f->words, arena);
        add_query_error(route, f, arena, answer);
        return body_make(arena, guess, write_cbor_fault, f, &answer->body);
    case PROTOCOL_REST_XML:
        TRY(rest_encode_headers(route, f->fault->detail, arena, answer));
        return xml_encode_error(route, f->fault, request_id, arena, &answer->body);
    default:
        return query_encode_error(route, f->fault, request_id, arena, &answer->body);
    }
}

/* Servers of the RPC protocols have one status for what a client did wrong, be it who it is; only
 * those that spoke Query before kept Query's. */
static uint16_t http_of(const struct route *route, const struct faulty *f)
{
    bool rpc = route->protocol == PROTOCOL_JSON || route->protocol == PROTOCOL_CBOR ||
               route->protocol == PROTOCOL_RPC_CBOR;

    if (route->service != NULL && rpc && !route->service->query_compatible &&
        f->words.shape == NULL && f->fault->code->http == 403) {
        return 400;
    }
    return f->fault->code->http;
}

void wire_encode_error(const struct route *route, const struct fault *fault, struct str request_id,
                       struct arena *arena, struct answer *ret_answer)
{
    struct faulty f = {.fault = fault, .words = fault_words(route, fault)};
    int member = f.words.message_member;
    struct fault longer = *fault;

    /* a sentence that is longer than struct why takes stands in the detail itself */
    if (fault->detail != NULL && member >= 0 &&
        fault->detail->items[member].kind == VALUE_STR) {
        longer.message = fault->detail->items[member].str;
        f.fault = &longer;
    }
    answer_begin(route, request_id, arena, ret_answer);
    ret_answer->http = http_of(route, &f);
    /* Without room even for this the body stays empty; the status says enough. */
    if (encode_fault(route, &f, request_id, arena, ret_answer) != OK) {
        ret_answer->body = STR_NONE;
    }
}
