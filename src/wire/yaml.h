/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML 1.1 as documents, through libyaml: one document; maps with scalar keys, lists, and plain
 * scalars as the core schema reads them (null, true, false, whole and decimal numbers; all else is
 * text, and so is what is quoted or tagged "!!str"). An alias is the tree of its anchor; what all
 * aliases together would expand to is limited, so a small text cannot stand for a huge tree. What
 * tags of one's own ("!Ref") and the merge key ("<<") mean is the caller's to say.
 */
#ifndef WEIR_WIRE_YAML_H
#define WEIR_WIRE_YAML_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/value.h"

#define YAML_VALUES_MAX 200000 /* with aliases expanded */
#define YAML_ANCHORS_MAX 1000
#define YAML_KEYS_MAX 4096     /* of one map */

/* WIRE_SERIALIZATION with a sentence that names line and column; ERR_LIMIT. Texts lie in the
 * arena. */
status yaml_read(struct str text, struct arena *arena, struct why *why, struct value *ret_value);
/* How a text is to be read, and where it was refused. */
struct yaml_way {
    void *context; /* tag's first argument */
    /* Makes of *value, as it is read without its tag (scalars as text), what the tag says. Any
     * refusal is WIRE_SERIALIZATION. NULL: such tags are passed over. */
    status (*tag)(void *context, struct str tag, struct arena *arena, struct value *value);
    bool merges;   /* "<<" in a map takes in the keys of a map, or of a list's maps */
    bool yes_no;   /* yes, no, on and off, plain, are truth values, as YAML 1.1 had them */
    size_t line;   /* from 1, of what was refused; else untouched */
    size_t column; /* likewise */
};
status yaml_read_as(struct yaml_way *way, struct str text, struct arena *arena, struct why *why,
                    struct value *ret_value);
/* A document in block style: keys plain where they can be, texts in double quotes. */
void yaml_write(struct buf *out, const struct value *document);

#endif
