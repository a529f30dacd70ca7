/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents of callers: any JSON for any operation becomes a request or is refused, and can be
 * signed.
 */
#include "wire.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const struct weir_credentials credentials = {.access_key_id = "AKID",
                                                        .secret_access_key = "secret"};
    static const struct weir_scope scope = {"us-east-1", "s3", true};
    static struct weir_request request;
    struct weir_call call = {.request = &request};
    struct weir_buf scratch;
    struct weir_buf name;
    uint32_t text;

    if (bytes < 3 || !weir_json_check((struct weir_text){(const char *)data + 2, bytes - 2})) {
        return 0;
    }
    weir_request_init(&request, 1u << 26);
    weir_request_clear(&request);
    weir_buf_init(&scratch, 1u << 26);
    weir_buf_init(&name, 1024);
    call.scratch = &scratch;
    call.json = (struct weir_text){(const char *)data + 2, bytes - 2};
    call.service = &model_services[data[0] % model_service_count];
    if (model_operation_name(call.service, data[1], &text)) {
        model_text_add(&name, text);
    }
    call.operation_name = weir_buf_text(&name);
    if (model_operation_find(call.service, call.operation_name, &call.operation) &&
        weir_encode(&call)) {
        weir_sign(&request, &credentials, &scope, 1796025600000);
    }
    weir_request_done(&request);
    weir_buf_done(&scratch);
    weir_buf_done(&name);
    return 0;
}
