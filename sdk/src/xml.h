/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads XML as services answer it: a tree over the bytes, whose texts are decoded in place. No
 * DTDs, no namespaces beyond cutting off prefixes.
 */
#ifndef WEIR_XML_H
#define WEIR_XML_H

#include "weir_json.h"

#define WEIR_XML_DEPTH_MAX 64
#define WEIR_XML_NONE 0u /* no element; the root is 1 */

struct weir_element {
    struct weir_text name;       /* without its prefix */
    struct weir_text attributes; /* as they stand in the tag */
    struct weir_text text;       /* of its own, decoded; white space as it came */
    uint32_t child;              /* the first one */
    uint32_t next;               /* the next one of its parent */
    bool taken;                  /* a reader's mark */
};

struct weir_xml {
    struct weir_buf elements; /* struct weir_element, one behind the other; the first is not used */
};

void weir_xml_init(struct weir_xml *xml, size_t bytes_max);
void weir_xml_done(struct weir_xml *xml);

/* Reads a document, changing it; false: it is none. */
bool weir_xml_read(struct weir_xml *xml, char *at, size_t bytes);

struct weir_element *weir_xml_at(struct weir_xml *xml, uint32_t element);
/* The first child of that name, or of any. */
uint32_t weir_xml_child(struct weir_xml *xml, uint32_t element, const char *name);
/* An attribute's value, as it stands; the name with its prefix. */
bool weir_xml_attribute(const struct weir_element *element, const char *name,
                        struct weir_text *ret_value);

#endif
