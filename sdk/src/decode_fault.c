/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors as services send them: JSON with __type or code, XML with an Error element somewhere,
 * headers, or nothing but a status.
 */
#include "wire.h"

#include "net.h"
#include "text.h"

#include <string.h>

#define XML_BYTES_MAX ((size_t)64 << 20)

/* "com.amazonaws.sqs#QueueDoesNotExist:http://…": the middle. */
static struct weir_text bare_code(struct weir_text code)
{
    struct weir_text rest = code;
    struct weir_text first = weir_text_split(&rest, ':');
    struct weir_text name = first;

    while (name.at != NULL) {
        first = weir_text_split(&name, '#');
    }
    return first;
}

static struct weir_text first_string(struct weir_text json, const char *const *names,
                                     struct weir_buf *texts)
{
    for (; *names != NULL; names++) {
        struct weir_text text = weir_json_string(weir_json_member(json, weir_text(*names)), texts);
        if (text.at != NULL) {
            return text;
        }
    }
    return WEIR_NONE;
}

static void from_json(struct weir_text body, struct weir_buf *texts, struct weir_fault *fault)
{
    static const char *const codes[] = {"__type", "code", "Code", NULL};
    static const char *const messages[] = {"message", "Message", "errorMessage", NULL};
    struct weir_text code = first_string(body, codes, texts);

    fault->json = body;
    if (fault->code.at == NULL && code.at != NULL) {
        fault->code = bare_code(code);
    }
    fault->message = first_string(body, messages, texts);
}

/* A child's text; it lies in the body, which outlives the tree. */
static struct weir_text child_text(struct weir_xml *xml, uint32_t element, const char *name)
{
    uint32_t child = weir_xml_child(xml, element, name);

    return child == WEIR_XML_NONE ? WEIR_NONE : weir_xml_at(xml, child)->text;
}

static void from_xml(struct weir_text body, struct weir_fault *fault)
{
    static const char *const ids[] = {"RequestId", "RequestID", "requestId"};
    struct weir_xml xml;
    uint32_t error = 1;

    weir_xml_init(&xml, XML_BYTES_MAX);
    if (weir_xml_read(&xml, (char *)body.at, body.bytes)) {
        if (!weir_text_is(weir_xml_at(&xml, 1)->name, "Error")) {
            uint32_t errors = weir_xml_child(&xml, 1, "Errors");
            error = weir_xml_child(&xml, errors != WEIR_XML_NONE ? errors : 1, "Error");
        }
        fault->code = child_text(&xml, error, "Code");
        fault->message = child_text(&xml, error, "Message");
        for (size_t i = 0; i < 3 && fault->request_id.at == NULL; i++) {
            fault->request_id = child_text(&xml, 1, ids[i]);
        }
    }
    weir_xml_done(&xml);
}

/* The older name that some services have for an error beside that of its JSON: "code;Sender". */
static struct weir_text query_code(struct weir_text head)
{
    struct weir_text value = weir_http_header(head, "x-amzn-query-error");

    return value.at == NULL ? value : weir_text_split(&value, ';');
}

struct weir_text weir_request_id(struct weir_text head)
{
    static const char *const names[] = {"x-amzn-requestid", "x-amz-request-id",
                                        "x-amzn-request-id"};
    struct weir_text id = WEIR_NONE;

    for (size_t i = 0; i < 3 && id.at == NULL; i++) {
        id = weir_http_header(head, names[i]);
    }
    return id;
}

void weir_decode_fault(const struct weir_reply *reply, struct weir_buf *texts,
                       struct weir_fault *ret_fault)
{
    struct weir_text type = weir_http_header(reply->head, "x-amzn-errortype");
    struct weir_fault fault = {.request_id = weir_request_id(reply->head)};
    struct weir_text older = query_code(reply->head);

    if (type.at != NULL) {
        fault.code = bare_code(type);
    }
    if (weir_json_kind(reply->body) == WEIR_JSON_OBJECT && weir_json_check(reply->body)) {
        from_json(weir_text_trim(reply->body), texts, &fault);
    } else if (weir_text_starts(weir_text_trim(reply->body), "<")) {
        from_xml(reply->body, &fault);
    }
    if (older.bytes > 0) {
        fault.code = older;
    }
    if (fault.code.bytes == 0) { /* of the status line: "HTTP/1.1 404 …" */
        fault.code =
            reply->head.bytes >= 12 ? (struct weir_text){reply->head.at + 9, 3} : WEIR_TEXT("0");
    }
    *ret_fault = fault;
}
