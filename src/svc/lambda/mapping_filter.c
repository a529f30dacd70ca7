/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters of event source mappings: what of a record they see. Source: Lambda developer guide,
 * "Control which events Lambda sends to your function".
 *
 * A filter sees the record as the event has it (a Kinesis record: its part "kinesis"), with the
 * data decoded: what its sender put into it, as JSON when it is an object, else as a text. So a
 * pattern of an object does not match a text, nor the other way round, as AWS says.
 */
#include "svc/lambda/mapping_ops.h"

static const struct error BAD_FILTER = {"InvalidParameterValueException", NULL, 400, false};

status filter_compile(struct str pattern, struct why *why, struct pattern **ret_filter)
{
    struct why inner = {""};

    if (pattern_compile(pattern, PATTERN_EVENTS, &inner, ret_filter) != OK) {
        return why_set(why, &BAD_FILTER, "Invalid filter pattern definition.");
    }
    return OK;
}

/* The document with one member replaced; it is no use otherwise. */
static void replace(struct value *document, struct str member, const struct value *by,
                    struct arena *arena)
{
    struct pair *pairs = arena_alloc(arena, (document->count + 1) * sizeof(*pairs));
    uint32_t count = 0;

    for (uint32_t i = 0; i < document->count; i++) {
        if (!str_eq(document->pairs[i].key, member)) {
            pairs[count++] = document->pairs[i];
        }
    }
    pairs[count].key = member;
    pairs[count++].value = *by;
    document->pairs = pairs;
    document->count = document->room = count;
}

/* What the sender put into it. */
static struct value data_value(struct str data, struct arena *arena)
{
    const struct value *parsed = pattern_document(data, arena);
    struct value text = {.kind = VALUE_STR};

    if (parsed->kind == VALUE_MAP) {
        return *parsed;
    }
    text.str = data;
    return text;
}

static struct value document_of(const struct source *table, const struct source_record *record,
                                struct arena *arena)
{
    struct value document = *pattern_document(record->text, arena);
    struct value data;

    if (table->within != NULL && document.kind == VALUE_MAP) {
        const struct value *within = map_find(&document, str_c(table->within));

        document = within == NULL ? document : *within;
    }
    if (table->data != NULL && document.kind == VALUE_MAP) {
        data = data_value(record->data, arena);
        replace(&document, str_c(table->data), &data, arena);
    }
    return document;
}

bool filter_passes(const struct mapping *mapping, const struct source_record *record,
                   struct arena *scratch)
{
    const struct mapping_settings *settings = &mapping->settings;
    struct value document;

    if (settings->filter_count == 0) {
        return true;
    }
    document = document_of(mapping->table, record, scratch);
    for (size_t i = 0; i < settings->filter_count; i++) {
        if (pattern_match(settings->filters[i], &document)) {
            return true;
        }
    }
    return false;
}
