/* SPDX-License-Identifier: Apache-2.0
 *
 * XML guided by shapes, for REST-XML bodies and for the answers of Query and EC2.
 *
 * Reading is strict where XML is: well formed, one root, and no document type at all, so there are
 * no entities but XML's own five. It is forgiving where AWS is: the root's name is not looked at,
 * unknown elements and attributes are passed over, name spaces are not compared. Limits are
 * wire.h's.
 */
#ifndef WEIR_WIRE_XML_H
#define WEIR_WIRE_XML_H

#include "base/buf.h"
#include "wire/fault.h"
#include "wire/wire.h"

/* "The XML you provided was not well-formed …", 400. */
extern const struct error XML_MALFORMED;

/* text's root element as a value of shape. Texts of the tree lie in the arena. XML_MALFORMED,
 * ERR_LIMIT (also without room). */
status xml_read(struct str text, uint32_t shape, struct arena *arena, struct why *why,
                struct value *ret_value);

/* The tree as one element of that name, with xmlns where xmlns is not empty. Moments are ISO unless
 * the model says otherwise; members that do not travel in a body are left out. */
void xml_write(struct buf *out, const struct value *value, struct str name, struct str xmlns);

/* The whole answer of a REST-XML operation: payload is the member that value is, or NULL when value
 * is the output itself. ERR_LIMIT: no room. */
status xml_encode(const struct route *route, const struct value *value,
                  const struct member *payload, struct arena *arena, struct str *ret_body);
/* S3's <Error>, everybody else's <ErrorResponse>. ERR_LIMIT: no room. */
status xml_encode_error(const struct route *route, const struct fault *fault,
                        struct str request_id, struct arena *arena, struct str *ret_body);

/* ---- for Query, which answers in XML too ---- */

/* How a service writes what the model leaves open. */
struct xml_style {
    bool whole_ms; /* moments always with .mmm, as S3 and EC2 have it */
    bool sqs;      /* SQS's names from before it spoke JSON, see names.h */
};

struct xml_style xml_style_of(const struct route *route);
void xml_write_text(struct buf *out, struct str s); /* escaped */
void xml_open(struct buf *out, struct str name, struct str xmlns); /* xmlns may be empty */
/* With the attributes that the value's structure has. */
void xml_open_root(struct buf *out, struct str name, struct str xmlns, const struct value *value);
void xml_close(struct buf *out, struct str name);
/* <name>text</name> */
void xml_leaf(struct buf *out, struct str name, struct str text);
/* The members of a structure, without an element around them. */
void xml_write_members(struct buf *out, const struct value *structure, struct xml_style style);
/* <Type>, if with_type, then <Code>, <Message>, and the exception's other members. */
void xml_write_fault(struct buf *out, const struct route *route, const struct fault *fault,
                     bool with_type);

#endif
