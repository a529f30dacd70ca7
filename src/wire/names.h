/* SPDX-License-Identifier: Apache-2.0
 *
 * What a member is called in XML and Query, with all that lists and maps add to it.
 *
 *   plain list      <Name><item>…</item>…</Name>             Name.item.N
 *   flattened list  <Name>…</Name>…                          Name.N
 *   plain map       <Name><entry><key/><value/></entry>…     Name.entry.N.key
 *   flattened map   <Name><key/><value/></Name>…             Name.N.key
 *
 * A flattened list whose elements have a name of their own is called by it. SQS's model has the
 * names of its JSON protocol only; its Query names stand in a table here.
 */
#ifndef WEIR_WIRE_NAMES_H
#define WEIR_WIRE_NAMES_H

#include "wire/model.h"

struct names {
    struct str name;  /* of the member */
    struct str item;  /* of a plain list's elements */
    struct str key;   /* of a map's keys */
    struct str value; /* of a map's values */
    bool flattened;   /* see above */
};

struct names names_of(const struct member *member, bool sqs);

#endif
