/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of services: the bytes of a connection, in pieces, to a document. The first three bytes
 * choose service, operation and the size of pieces; then what came is read as an answer and as an
 * error. Whatever it is, the document is JSON.
 */
#include "net.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct weir_text left; /* on the connection */
static size_t piece;          /* how much comes at once */

static long give(void *session, char *to, size_t bytes)
{
    size_t count = left.bytes < piece ? left.bytes : piece;

    (void)session;
    count = count < bytes ? count : bytes;
    memcpy(to, left.at, count);
    left.at += count;
    left.bytes -= count;
    return (long)count;
}

static const struct weir_tls memory = {.read = give};

static void read_all(const struct weir_call *call, const struct weir_http_answer *answer)
{
    struct weir_reply reply = {answer->head, answer->body, answer->status};
    struct weir_fault fault;
    struct weir_buf out;

    weir_buf_init(&out, 1u << 26);
    if (weir_decode(call, &reply, &out) && !weir_json_check(weir_buf_text(&out))) {
        abort();
    }
    weir_buf_clear(&out);
    weir_decode_fault(&reply, &out, &fault);
    weir_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct weir_link link = {.fd = -1, .tls = &memory};
    struct weir_call call = {.json = WEIR_TEXT("{}")};
    struct weir_http_answer answer;
    struct weir_buf name;
    struct weir_buf in;
    uint32_t text;

    if (bytes < 3) {
        return 0;
    }
    weir_buf_init(&name, 1024);
    weir_buf_init(&in, 1u << 20);
    call.service = &model_services[data[0] % model_service_count];
    if (model_operation_name(call.service, data[1], &text)) {
        model_text_add(&name, text);
    }
    (void)model_operation_find(call.service, weir_buf_text(&name), &call.operation);
    piece = (size_t)data[2] + 1;
    left = (struct weir_text){(const char *)data + 3, bytes - 3};
    if (weir_http_read(&link, &in, false, &answer) == NET_OK) {
        read_all(&call, &answer);
    }
    weir_buf_done(&name);
    weir_buf_done(&in);
    return 0;
}
