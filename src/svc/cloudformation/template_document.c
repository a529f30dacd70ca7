/* SPDX-License-Identifier: Apache-2.0
 *
 * A text made into a document: JSON as it is, YAML with its short forms made long.
 */
#include "svc/cloudformation/template_int.h"

#include "wire/json.h"
#include "wire/wire.h"
#include "wire/yaml.h"

#define SPACES " \t\r\n"

const struct error TEMPLATE_INVALID = {"ValidationError", NULL, 400, false};

/* ---- YAML ---- */

/* {"Fn::Name": value} in the place of value. */
static void wrap(struct arena *arena, struct value *value, const char *function)
{
    struct value made = template_map(arena, 1);

    *template_map_add(&made, str_c(function)) = *value;
    *value = made;
}

static status settle_tag(void *context, struct str tag, struct arena *arena, struct value *value)
{
    const char *function = template_function_of_tag(tag);
    struct str first;
    struct str second;

    (void)context;
    if (function == NULL) {
        return &TEMPLATE_INVALID;
    }
    if (str_eq(tag, STR("!GetAtt")) && value->kind == VALUE_STR &&
        template_dotted(value->str, &first, &second)) {
        struct value parts = template_list(arena, 2);

        *template_list_add(&parts) = template_text(first);
        *template_list_add(&parts) = template_text(second);
        *value = parts;
    }
    wrap(arena, value, function);
    return OK;
}

static status read_yaml(struct str text, struct arena *arena, struct why *why,
                        struct value *ret_document)
{
    struct yaml_way way = {
        .tag = settle_tag, .merges = true, .yes_no = true, .line = 1, .column = 1};
    struct why inner;
    status read = yaml_read_as(&way, text, arena, &inner, ret_document);

    if (read == &ERR_LIMIT) {
        return template_wrong(why, "Template format error: %s", inner.text);
    }
    return read == OK ? OK
                      : template_wrong(why,
                                       "Template format error: YAML not well-formed. (line %zu, "
                                       "column %zu)",
                                       way.line, way.column);
}

/* ---- JSON ---- */

static status not_json(struct str text, size_t at, struct why *why)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at && i < text.bytes; i++) {
        column = text.at[i] == '\n' ? 1 : column + 1;
        line += text.at[i] == '\n';
    }
    return template_wrong(why,
                          "Template format error: JSON not well-formed. (line %zu, column %zu)",
                          line, column);
}

static status read_json(struct str text, struct arena *arena, struct why *why,
                        struct value *ret_document)
{
    char *copy = arena_try(arena, text.bytes + 1);
    struct why inner;
    size_t at = 0;

    if (copy == NULL) {
        return why_set(why, &ERR_LIMIT, "the template is too large");
    }
    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = '\0';
    return json_read_at(str_of(copy, text.bytes), arena, &inner, ret_document, &at) == OK
               ? OK
               : not_json(text, at, why);
}

/* ---- both ---- */

status template_document(struct str text, struct arena *arena, struct why *why,
                         struct value *ret_document)
{
    struct value document;
    size_t at = 0;

    while (at < text.bytes && text.at[at] != '\0' && strchr(SPACES, text.at[at]) != NULL) {
        at++;
    }
    if (text.bytes > TEMPLATE_BYTES_MAX) {
        return template_wrong(why, "Template may not exceed %u bytes in size.",
                              TEMPLATE_BYTES_MAX);
    }
    if (at == text.bytes) {
        return template_wrong(why, "Template format error: unsupported structure.");
    }
    TRY(text.at[at] == '{' ? read_json(text, arena, why, &document)
                           : read_yaml(text, arena, why, &document));
    if (document.kind != VALUE_MAP) {
        return template_wrong(why, "Template format error: unsupported structure.");
    }
    *ret_document = document;
    return OK;
}
