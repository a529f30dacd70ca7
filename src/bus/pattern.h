/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns: one matcher for EventBridge rules, SNS filter policies and event source filters,
 * compiled once. A pattern is JSON: objects name fields, arrays list what their value may be:
 *
 *   "text", 3, true, null               equal
 *   {"prefix": "a"}  {"suffix": "z"}    also {"prefix": {"equals-ignore-case": "a"}}
 *   {"equals-ignore-case": "Abc"}  {"wildcard": "a*b"}
 *   {"anything-but": x | [x, …] | {"prefix": …} | {"suffix": …} | {"equals-ignore-case": …} |
 *   {"wildcard": …}} {"numeric": [">", 0, "<=", 5]}      {"exists": true | false}     {"cidr":
 *   "10.0.0.0/8"} "$or": [{…}, {…}]                   at any level
 *
 * All fields must match (and), one of a field's array must (or). A value that is an array matches
 * when any of its items does. Sources: "Creating Amazon EventBridge event patterns", "Amazon SNS
 * subscription filter policies", "Lambda event filtering", AWS documentation.
 */
#ifndef WEIR_BUS_PATTERN_H
#define WEIR_BUS_PATTERN_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/value.h"

#define PATTERN_BYTES_MAX (256u * 1024)
#define PATTERN_DEPTH_MAX 32
#define PATTERN_COMBINATIONS_MAX 150 /* SNS: the product of the arrays' sizes; five keys */

enum pattern_dialect {
    PATTERN_EVENTS,     /* EventBridge, and Lambda's event source filters */
    PATTERN_ATTRIBUTES, /* SNS, FilterPolicyScope MessageAttributes: one level */
    PATTERN_BODY,       /* SNS, FilterPolicyScope MessageBody */
};

struct pattern;

/* ERR_MALFORMED with the sentence in *why ("Unrecognized match type foo"), ERR_LIMIT. The compiled
 * pattern is on the heap and does not change: it may be used from any thread. */
status pattern_compile(struct str json, enum pattern_dialect dialect, struct why *why,
                       struct pattern **ret_pattern);
/* The same for EventBridge's own, whose sentence says where: "… at [Source: (String)"…"; line: 1,
 * column: 11]". */
status pattern_compile_placed(struct str json, struct why *why, struct pattern **ret_pattern);
void pattern_free(struct pattern *pattern); /* NULL is fine */

/* A text as a document, in the arena; of the kind VALUE_NONE when it is no JSON. */
const struct value *pattern_document(struct str json, struct arena *arena);
/* document: as json_read gives it without a model (maps, lists, texts, numbers). */
bool pattern_match(const struct pattern *pattern, const struct value *document);
/* The same for text; what is no JSON (or no object) does not match. */
bool pattern_match_json(const struct pattern *pattern, struct str json, struct arena *scratch);
/* Where a field at the top must be one of some texts, the index-th of these: who has many patterns
 * finds by it which may match at all. False: no more, or its value may be something else. */
bool pattern_text_of(const struct pattern *pattern, struct str field, uint32_t index,
                     struct str *ret_text);

/* SNS attributes as a document: Number as number, String.Array as its JSON array, Binary never. */
struct bus_attribute;
const struct value *pattern_attributes(const struct bus_attribute *attributes, size_t count,
                                       struct arena *arena);

#endif
