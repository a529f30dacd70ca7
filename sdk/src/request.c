/* SPDX-License-Identifier: Apache-2.0
 *
 * A request's parts. Names and values lie one behind the other in one buffer that is kept from call
 * to call.
 */
#include "request.h"

#include "text.h"

#include <string.h>

void weir_request_init(struct weir_request *request, size_t bytes_max)
{
    memset(request, 0, sizeof *request);
    weir_buf_init(&request->path, bytes_max);
    weir_buf_init(&request->words, bytes_max);
    weir_buf_init(&request->body, bytes_max);
}

void weir_request_done(struct weir_request *request)
{
    weir_buf_done(&request->path);
    weir_buf_done(&request->words);
    weir_buf_done(&request->body);
}

void weir_request_clear(struct weir_request *request)
{
    weir_buf_clear(&request->path);
    weir_buf_clear(&request->words);
    weir_buf_clear(&request->body);
    request->method = "POST";
    request->payload = WEIR_TEXT("");
    request->payload_hash[0] = '\0';
    request->header_count = 0;
    request->query_count = 0;
    request->failed = false;
}

struct weir_text weir_request_name(const struct weir_request *request, const struct weir_pair *pair)
{
    return (struct weir_text){request->words.at + pair->name, pair->name_bytes};
}

struct weir_text weir_request_value(const struct weir_request *request,
                                    const struct weir_pair *pair)
{
    return (struct weir_text){request->words.at + pair->value, pair->value_bytes};
}

void weir_request_header(struct weir_request *request, struct weir_text name,
                         struct weir_text value)
{
    struct weir_buf *words = &request->words;
    struct weir_pair pair = {(uint32_t)words->bytes, (uint32_t)name.bytes,
                             (uint32_t)(words->bytes + name.bytes), (uint32_t)value.bytes};

    weir_buf_add_text(words, name);
    weir_buf_add_text(words, value);
    if (words->failed || request->header_count == WEIR_HEADERS_MAX) {
        request->failed = true;
        return;
    }
    for (size_t i = pair.name; i < words->bytes; i++) {
        char c = words->at[i];
        words->at[i] = i < pair.value ? weir_lower(c) : (unsigned char)c < ' ' ? ' ' : c;
    }
    request->headers[request->header_count++] = pair;
}

void weir_request_query(struct weir_request *request, struct weir_text name, struct weir_text value)
{
    struct weir_buf *words = &request->words;
    size_t name_at = words->bytes;
    size_t value_at;

    weir_uri_add(words, name, "");
    value_at = words->bytes;
    weir_uri_add(words, value, "");
    if (words->failed || request->query_count == WEIR_QUERY_MAX) {
        request->failed = true;
        return;
    }
    request->query[request->query_count++] =
        (struct weir_pair){(uint32_t)name_at, (uint32_t)(value_at - name_at), (uint32_t)value_at,
                           (uint32_t)(words->bytes - value_at)};
}

bool weir_request_has(const struct weir_request *request, const char *header)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (weir_text_is(weir_request_name(request, &request->headers[i]), header)) {
            return true;
        }
    }
    return false;
}

void weir_request_head(const struct weir_request *request, const char *more, struct weir_buf *out)
{
    weir_buf_add_c(out, request->method);
    weir_buf_add(out, request->path.bytes == 0 ? " /" : " ", request->path.bytes == 0 ? 2 : 1);
    weir_buf_add_text(out, weir_buf_text(&request->path));
    for (size_t i = 0; i < request->query_count; i++) {
        weir_buf_add(out, i == 0 ? "?" : "&", 1);
        weir_buf_add_text(out, weir_request_name(request, &request->query[i]));
        weir_buf_add(out, "=", 1);
        weir_buf_add_text(out, weir_request_value(request, &request->query[i]));
    }
    weir_buf_add_c(out, " HTTP/1.1\r\n");
    for (size_t i = 0; i < request->header_count; i++) {
        weir_buf_add_text(out, weir_request_name(request, &request->headers[i]));
        weir_buf_add(out, ": ", 2);
        weir_buf_add_text(out, weir_request_value(request, &request->headers[i]));
        weir_buf_add(out, "\r\n", 2);
    }
    weir_buf_add_c(out, more);
    if (request->payload.bytes > 0 || strcmp(request->method, "GET") != 0) {
        weir_buf_printf(out, "content-length: %zu\r\n", request->payload.bytes);
    }
    weir_buf_add(out, "\r\n", 2);
}
