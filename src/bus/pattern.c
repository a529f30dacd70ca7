/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching a document against a compiled pattern.
 *
 * Rules
 *  1. What a name leads to may be a value, or a list of values of which one must match. An object
 *     pattern under a list of objects matches when one of them matches it whole.
 *  2. A field that is not there, an empty list, and an object where a value is looked for are
 *     absent: only {"exists": false} holds for them.
 *  3. Numbers are compared by their value, however they are written: 3, 3.0 and 30e-1 are one.
 *  4. anything-but needs something to be there; in a list one item that is none of its is enough.
 */
#include "bus/pattern_int.h"
#include "bus/sink.h"
#include "wire/json.h"

#include <arpa/inet.h>

#define ADDRESS_BYTES_MAX 64

static bool match_rule(const struct rule *rule, const struct value *object);

static bool ends_nocase(struct str s, struct str suffix)
{
    return s.bytes >= suffix.bytes &&
           str_eq_nocase(str_slice(s, s.bytes - suffix.bytes, s.bytes), suffix);
}

static bool wildcard_matches(const struct test *test, struct str s)
{
    struct str last = test->parts[test->count - 1];
    struct str first = test->parts[0];

    if (test->count == 1) {
        return str_eq(s, first);
    }
    if (s.bytes < first.bytes + last.bytes || !str_starts(s, first) || !str_ends(s, last)) {
        return false;
    }
    s = str_slice(s, first.bytes, s.bytes - last.bytes);
    for (uint32_t i = 1; i + 1 < test->count; i++) {
        size_t at = str_find_str(s, test->parts[i]);

        if (at == s.bytes && test->parts[i].bytes > 0) {
            return false;
        }
        s = str_slice(s, at + test->parts[i].bytes, s.bytes);
    }
    return true;
}

static bool in_network(const struct test *test, struct str s)
{
    char zero_ended[ADDRESS_BYTES_MAX];
    uint8_t address[16];
    size_t whole = test->bits / 8;
    uint8_t rest = (uint8_t)(0xff00u >> (test->bits % 8));

    if (s.bytes == 0 || s.bytes >= sizeof(zero_ended)) {
        return false;
    }
    memcpy(zero_ended, s.at, s.bytes);
    zero_ended[s.bytes] = '\0';
    if (inet_pton(test->address_bytes == 4 ? AF_INET : AF_INET6, zero_ended, address) != 1 ||
        memcmp(address, test->address, whole) != 0) {
        return false;
    }
    return test->bits % 8 == 0 || ((address[whole] ^ test->address[whole]) & rest) == 0;
}

static bool text_matches(const struct test *test, struct str s)
{
    switch (test->kind) {
    case TEST_TEXT:
        return str_eq(s, test->text);
    case TEST_PREFIX:
        return test->nocase ? str_starts_nocase(s, test->text) : str_starts(s, test->text);
    case TEST_SUFFIX:
        return test->nocase ? ends_nocase(s, test->text) : str_ends(s, test->text);
    case TEST_NOCASE:
        return str_eq_nocase(s, test->text);
    case TEST_WILDCARD:
        return wildcard_matches(test, s);
    case TEST_CIDR:
        return in_network(test, s);
    default:
        return false;
    }
}

static bool number_matches(const struct test *test, double number)
{
    if (test->kind == TEST_NUMBER) {
        return number == test->low;
    }
    return test->kind == TEST_RANGE &&
           (test->low_in ? number >= test->low : number > test->low) &&
           (test->high_in ? number <= test->high : number < test->high);
}

static bool value_matches(const struct test *test, const struct value *value)
{
    if (test->kind == TEST_EXISTS) {
        return true;
    }
    if (test->kind == TEST_BUT) {
        for (uint32_t i = 0; i < test->count; i++) {
            if (value_matches(&test->tests[i], value)) {
                return false;
            }
        }
        return true;
    }
    switch (value->kind) {
    case VALUE_STR:
        return text_matches(test, value->str);
    case VALUE_INT:
        return test->exact ? test->kind == TEST_NUMBER && value->number == test->whole
                           : number_matches(test, (double)value->number);
    case VALUE_DOUBLE:
        return number_matches(test, value->real);
    case VALUE_BOOL:
        return test->kind == (value->truth ? TEST_TRUE : TEST_FALSE);
    case VALUE_NULL:
        return test->kind == TEST_NULL;
    default:
        return false;
    }
}

/* A value, not an object, and not an empty list: something that tests can look at. */
static bool is_leaf(const struct value *value)
{
    if (value->kind != VALUE_LIST) {
        return value->kind != VALUE_MAP && value->kind != VALUE_NONE;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (is_leaf(&value->items[i])) {
            return true;
        }
    }
    return false;
}

static bool test_holds(const struct test *test, const struct value *value)
{
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->count; i++) {
            if (test_holds(test, &value->items[i])) {
                return true;
            }
        }
        return false;
    }
    return value->kind != VALUE_MAP && value_matches(test, value);
}

static bool match_field(const struct field *field, const struct value *value)
{
    bool there = value != NULL && is_leaf(value);

    for (uint32_t i = 0; i < field->count; i++) {
        const struct test *test = &field->tests[i];

        if (test->kind == TEST_ABSENT ? !there : there && test_holds(test, value)) {
            return true;
        }
    }
    return false;
}

static bool match_below(const struct rule *rule,
                        const struct value *value)
{
    if (value == NULL || value->kind != VALUE_LIST) {
        return match_rule(rule, value);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (match_below(rule, &value->items[i])) {
            return true;
        }
    }
    return value->count == 0 && match_rule(rule, NULL);
}

static bool match_choice(const struct choice *choice,
                         const struct value *object)
{
    for (uint32_t i = 0; i < choice->count; i++) {
        if (match_rule(&choice->rules[i], object)) {
            return true;
        }
    }
    return false;
}

/* object may be NULL or no object: then all its fields are absent. */
static bool match_rule(const struct rule *rule,
                       const struct value *object)
{
    for (uint32_t i = 0; i < rule->field_count; i++) {
        const struct field *field = &rule->fields[i];
        const struct value *value = object != NULL && object->kind == VALUE_MAP
                                        ? map_find(object, field->name)
                                        : NULL;

        if (field->rule != NULL ? !match_below(field->rule, value)
                                : !match_field(field, value)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < rule->choice_count; i++) {
        if (!match_choice(&rule->choices[i], object)) {
            return false;
        }
    }
    return true;
}

bool pattern_match(const struct pattern *pattern, const struct value *document)
{
    return document->kind == VALUE_MAP && match_rule(&pattern->top, document);
}

const struct value *pattern_document(struct str json, struct arena *arena)
{
    struct value *document = ARENA_NEW(arena, struct value);
    struct why why;

    if (json_read(arena_dup(arena, json), 0, arena, &why, document) != OK) {
        document->kind = VALUE_NONE;
    }
    return document;
}

bool pattern_match_json(const struct pattern *pattern, struct str json, struct arena *scratch)
{
    return pattern_match(pattern, pattern_document(json, scratch));
}

bool pattern_text_of(const struct pattern *pattern, struct str name, uint32_t index,
                     struct str *ret_text)
{
    for (uint32_t i = 0; i < pattern->top.field_count; i++) {
        const struct field *field = &pattern->top.fields[i];

        if (!str_eq(field->name, name) || field->rule != NULL || index >= field->count) {
            continue;
        }
        for (uint32_t k = 0; k < field->count; k++) {
            if (field->tests[k].kind != TEST_TEXT) {
                return false;
            }
        }
        *ret_text = field->tests[index].text;
        return true;
    }
    return false;
}

/* ---- SNS attributes ---- */

static bool type_is(struct str type, const char *name)
{
    struct str rest = type;

    return str_eq(str_split(&rest, '.'), str_c(name));
}

static void set_attribute(const struct bus_attribute *attribute, struct arena *arena,
                          struct value *value)
{
    struct why why;
    double number;
    int64_t whole;

    if (str_eq(attribute->type, STR("String.Array")) &&
        json_read(arena_dup(arena, attribute->value), 0, arena, &why, value) == OK) {
        return;
    }
    if (type_is(attribute->type, "Number") && str_to_i64(attribute->value, &whole)) {
        *value = (struct value){.kind = VALUE_INT, .number = whole};
    } else if (type_is(attribute->type, "Number") && str_to_double(attribute->value, &number)) {
        *value = (struct value){.kind = VALUE_DOUBLE, .real = number};
    } else {
        *value = (struct value){.kind = VALUE_STR, .str = attribute->value};
    }
}

const struct value *pattern_attributes(const struct bus_attribute *attributes, size_t count,
                                       struct arena *arena)
{
    struct value *document = ARENA_NEW(arena, struct value);

    document->kind = VALUE_MAP;
    document->pairs = arena_zero(arena, (count + 1) * sizeof(struct pair));
    document->room = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        struct pair *pair = &document->pairs[document->count];

        if (type_is(attributes[i].type, "Binary")) {
            continue;
        }
        pair->key = attributes[i].name;
        set_attribute(&attributes[i], arena, &pair->value);
        document->count++;
    }
    return document;
}
