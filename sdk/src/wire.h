/* SPDX-License-Identifier: Apache-2.0
 *
 * From JSON documents to what services speak, and back; the tables of model.h say how they differ.
 */
#ifndef WEIR_WIRE_H
#define WEIR_WIRE_H

#include "model.h"
#include "request.h"
#include "xml.h"

/* One call on its way through. */
struct weir_call {
    const struct model_service *service; /* that is called */
    struct model_operation operation;    /* of it */
    struct weir_text operation_name;     /* as the caller named it */
    struct weir_text json;               /* the caller's input: an object */
    struct weir_text body;               /* the caller's payload */
    struct weir_request *request;        /* becomes the request */
    struct weir_buf *scratch;            /* for what is needed for a moment */
    const char *code;                    /* of what is wrong; NULL: nothing */
    const char *message;                 /* for people */
    const char *detail;                  /* what it is about, packed text or NULL */
};

/* ---- to the wire ---- */

/* Method, path, query, headers and body, but for what all requests have. False: code and message
 * say it. */
bool weir_encode(struct weir_call *call);

/* The parts of it. */
void weir_encode_rest(struct weir_call *call);
void weir_encode_form(struct weir_call *call);
void weir_to_json(struct weir_buf *out, struct weir_text value, uint16_t node,
                  struct weir_buf *scratch);
/* A member as an element of that name, with a namespace unless that is 0. */
void weir_to_xml(struct weir_buf *out, const char *name, struct weir_text value, uint16_t node,
                 uint32_t namespace);

/* A scalar as its text: in addresses, headers, forms and elements. */
void weir_scalar_add(struct weir_buf *out, struct weir_text value, uint16_t leaf);

/* ---- from the wire ---- */

/* What came back, in parts. */
struct weir_reply {
    struct weir_text head; /* status line and headers */
    struct weir_text body; /* the body, which may be changed in place */
    int status;            /* 200 … */
};

/* The output as JSON; false: it is not what it should be. */
bool weir_decode(const struct weir_call *call, const struct weir_reply *reply,
                 struct weir_buf *out);
void weir_from_json(struct weir_buf *out, struct weir_text value, uint16_t node);
/* A node of a document as a value; of a structure, with or without braces. */
void weir_from_xml(struct weir_buf *out, struct weir_xml *xml, uint32_t element, uint16_t node);
void weir_members_from_xml(struct weir_buf *out, struct weir_xml *xml, uint32_t element,
                           uint16_t node);
/* A text as the value that a leaf says it is. */
void weir_leaf_from_text(struct weir_buf *out, struct weir_text text, uint16_t leaf);

/* An error's code, message and request id, from wherever the protocol has them. */
struct weir_fault {
    struct weir_text code;       /* without its namespace */
    struct weir_text message;    /* for people, or nothing */
    struct weir_text request_id; /* or nothing */
    struct weir_text json;       /* the document, where it is JSON */
};
/* From the headers. */
struct weir_text weir_request_id(struct weir_text head);
/* May change the body. */
void weir_decode_fault(const struct weir_reply *reply, struct weir_buf *texts,
                       struct weir_fault *ret_fault);

/* ---- small ---- */

/* Adds a comma unless something has just begun. */
void weir_comma(struct weir_buf *out);

static inline bool weir_is_rest(const struct weir_call *call)
{
    return call->service->protocol == PROTOCOL_REST_JSON ||
           call->service->protocol == PROTOCOL_REST_XML;
}

#endif
