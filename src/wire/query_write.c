/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of Query and EC2.
 *
 *   <SendMessageResponse xmlns="…">            <RunInstancesResponse xmlns="…">
 *     <SendMessageResult>members               <requestId>…</requestId>
 *     </SendMessageResult>                      members
 *     <ResponseMetadata>                       </RunInstancesResponse>
 *       <RequestId>…</RequestId>
 *     </ResponseMetadata>
 *   </SendMessageResponse>
 *
 *   <ErrorResponse xmlns="…">                  <Response>
 *     <Error><Type/><Code/><Message/></Error>    <Errors><Error><Code/><Message/></Error></Errors>
 *     <RequestId>…</RequestId>                   <RequestID>…</RequestID>
 *   </ErrorResponse>                           </Response>
 *
 * Rule: an operation without an output has no result element. SQS's model is that of its JSON
 * protocol, without wrappers and name space: they are the operation's name and what is below.
 */
#include "wire/body.h"
#include "wire/query.h"
#include "wire/xml.h"

#include <assert.h>

#define SQS_XMLNS "http://queue.amazonaws.com/doc/2012-11-05/"
#define NAME_BYTES_MAX 256

struct query_text {
    const struct route *route;   /* whose answer */
    const struct value *output;  /* an answer's tree */
    const struct fault *fault;   /* or an error */
    struct str request_id;       /* for both */
};

static struct str xmlns_of(const struct query_text *text)
{
    const struct service_model *service = text->route->service;

    if (service == NULL) {
        return STR_NONE;
    }
    if (service->xml_namespace != 0) {
        return model_text(service->xml_namespace);
    }
    return str_eq(model_text(service->id), STR("sqs")) ? STR(SQS_XMLNS) : STR_NONE;
}

static struct str with_ending(struct str name, struct str ending, char room[NAME_BYTES_MAX])
{
    assert(name.bytes + ending.bytes <= NAME_BYTES_MAX);
    memcpy(room, name.at, name.bytes);
    memcpy(room + name.bytes, ending.at, ending.bytes);
    return str_of(room, name.bytes + ending.bytes);
}

static void write_result(struct buf *out, const struct query_text *text)
{
    const struct operation *operation = text->route->operation;
    char room[NAME_BYTES_MAX];
    struct str name = operation->result_wrapper != 0
                          ? model_text(operation->result_wrapper)
                          : with_ending(model_text(operation->name), STR("Result"), room);

    xml_open(out, name, STR_NONE);
    if (text->output != NULL && text->output->kind == VALUE_STRUCT) {
        xml_write_members(out, text->output, xml_style_of(text->route));
    }
    xml_close(out, name);
}

static void write_answer(struct buf *out, const void *what)
{
    const struct query_text *text = what;
    const struct operation *operation = text->route->operation;
    char room[NAME_BYTES_MAX];
    struct str name = with_ending(model_text(operation->name), STR("Response"), room);

    if (text->route->protocol == PROTOCOL_EC2) {
        buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
        xml_open(out, name, xmlns_of(text));
        xml_leaf(out, STR("requestId"), text->request_id);
        if (operation->output != 0) {
            xml_write_members(out, text->output, xml_style_of(text->route));
        }
        xml_close(out, name);
        return;
    }
    xml_open(out, name, xmlns_of(text));
    if (operation->output != 0) {
        write_result(out, text);
    }
    xml_open(out, STR("ResponseMetadata"), STR_NONE);
    xml_leaf(out, STR("RequestId"), text->request_id);
    xml_close(out, STR("ResponseMetadata"));
    xml_close(out, name);
}

static void write_error(struct buf *out, const void *what)
{
    const struct query_text *text = what;

    if (text->route->protocol == PROTOCOL_EC2) {
        buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"));
        xml_write_fault(out, text->route, text->fault, false);
        buf_add(out, STR("</Error></Errors>"));
        xml_leaf(out, STR("RequestID"), text->request_id);
        buf_add(out, STR("</Response>"));
        return;
    }
    xml_open(out, STR("ErrorResponse"), xmlns_of(text));
    xml_open(out, STR("Error"), STR_NONE);
    xml_write_fault(out, text->route, text->fault, true);
    xml_close(out, STR("Error"));
    xml_leaf(out, STR("RequestId"), text->request_id);
    xml_close(out, STR("ErrorResponse"));
}

status query_encode(const struct route *route, const struct value *output, struct str request_id,
                    struct arena *arena, struct str *ret_body)
{
    struct query_text text = {route, output, NULL, request_id};

    assert(route->operation != NULL);
    return body_make(arena, 2 * body_guess(output) + 512, write_answer, &text, ret_body);
}

status query_encode_error(const struct route *route, const struct fault *fault,
                          struct str request_id, struct arena *arena, struct str *ret_body)
{
    struct query_text text = {route, NULL, fault, request_id};

    return body_make(arena, 2 * body_guess(fault->detail) + fault->message.bytes + 512, write_error,
                     &text, ret_body);
}
