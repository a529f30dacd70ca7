/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking compiled filter patterns.
 *
 * Rules
 *  1. A selector that leads nowhere, to an object or to an array satisfies no comparison, not even
 *     "!=", only NOT EXISTS.
 *  2. A number is compared with numbers, a text with texts; what is of another kind is unequal. A
 *     text with a '*' also looks at a whole number's digits.
 *  3. Fields are cut at white space, but [between brackets] and "between quotes" they are one.
 *     There are as many as the pattern has, or with "..." at least as many as it has beside.
 */
#include "svc/logs/filter_int.h"

#include "base/buf.h"
#include "wire/json.h"

bool filter_is_all(const struct filter *filter)
{
    return filter->kind == FILTER_ALL;
}

bool filter_has_fields(const struct filter *filter)
{
    return filter->kind == FILTER_FIELDS;
}

size_t filter_regexes(const struct filter *filter)
{
    return filter->regex_count;
}

/* ---- texts ---- */

/* '*' is any number of letters. Linear but for the stars, of which the last one seen is tried. */
static bool glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX, again = 0;

    while (t < text.bytes) {
        if (p < pattern.bytes && pattern.at[p] == '*') {
            star = p++;
            again = t;
        } else if (p < pattern.bytes && pattern.at[p] == text.at[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++again;
        } else {
            return false;
        }
    }
    while (p < pattern.bytes && pattern.at[p] == '*') {
        p++;
    }
    return p == pattern.bytes;
}

static bool contains(struct str text, struct str part)
{
    return part.bytes == 0 || (text.bytes >= part.bytes &&
                               memmem(text.at, text.bytes, part.at, part.bytes) != NULL);
}

static bool number_compares(enum comparison comparison, double left, double right)
{
    switch (comparison) {
    case COMPARE_EQ:
        return left <= right && left >= right;
    case COMPARE_NE:
        return left < right || left > right;
    case COMPARE_LT:
        return left < right;
    case COMPARE_LE:
        return left <= right;
    case COMPARE_GT:
        return left > right;
    case COMPARE_GE:
        return left >= right;
    default:
        return false;
    }
}

/* ---- a scalar, of JSON or a field ---- */

struct scalar {
    struct str text;  /* as text; of a number its digits, STR_NONE where it has a fraction */
    double number;    /* if it is one */
    bool is_text;     /* not a number of JSON */
    bool is_number;   /* of JSON, or a field that looks like one */
};

static bool equals(const struct operand *operand, const struct scalar *scalar)
{
    bool wild = str_find(operand->text, '*', 0) < operand->text.bytes;

    switch (operand->kind) {
    case OPERAND_REGEX:
        return scalar->text.at != NULL && regex_match(operand->regex, scalar->text);
    case OPERAND_NUMBER:
        return scalar->is_number && number_compares(COMPARE_EQ, scalar->number, operand->number);
    case OPERAND_TEXT:
        return scalar->text.at != NULL && (scalar->is_text || wild) &&
               glob(operand->text, scalar->text);
    default:
        return false;
    }
}

static bool compares(const struct test *test, const struct scalar *scalar)
{
    if (test->comparison == COMPARE_EQ) {
        return equals(&test->operand, scalar);
    }
    if (test->comparison == COMPARE_NE) {
        return !equals(&test->operand, scalar);
    }
    return scalar->is_number &&
           number_compares(test->comparison, scalar->number, test->operand.number);
}

/* ---- JSON ---- */

struct walk_json {
    const struct test *test; /* asked of each value the selector leads to */
    struct arena *scratch;   /* for texts */
};

static bool scalar_of(const struct value *value, struct arena *scratch, struct scalar *ret_scalar)
{
    struct scalar scalar = {.text = STR_NONE};

    switch (value->kind) {
    case VALUE_STR:
        scalar.text = value->str.at == NULL ? STR("") : value->str;
        scalar.is_text = true;
        break;
    case VALUE_INT:
        scalar.text = arena_printf(scratch, "%lld", (long long)value->number);
        scalar.number = (double)value->number;
        scalar.is_number = true;
        break;
    case VALUE_DOUBLE:
        scalar.number = value->real;
        scalar.is_number = true;
        break;
    case VALUE_BOOL:
        scalar.text = value->truth ? STR("true") : STR("false");
        scalar.is_text = true;
        break;
    default:
        return false;
    }
    *ret_scalar = scalar;
    return true;
}

static bool value_passes(const struct walk_json *walk, const struct value *value)
{
    struct scalar scalar;

    switch (walk->test->kind) {
    case TEST_COMPARE:
        return scalar_of(value, walk->scratch, &scalar) && compares(walk->test, &scalar);
    case TEST_IS_NULL:
        return value->kind == VALUE_NULL;
    case TEST_IS_TRUE:
        return value->kind == VALUE_BOOL && value->truth;
    case TEST_IS_FALSE:
        return value->kind == VALUE_BOOL && !value->truth;
    case TEST_EXISTS:
    case TEST_NOT_EXISTS: /* asked the other way round */
        return true;
    default:
        return false;
    }
}

/* Whether any value that the steps lead to from there passes. There are at most FILTER_STEPS_MAX
 * steps, so it goes no deeper than that. */
static bool leads(const struct walk_json *walk, const struct value *value, size_t step)
{
    const struct selector *selector = &walk->test->selector;
    const struct step *next = &selector->steps[step];

    if (step == selector->count) {
        return value_passes(walk, value);
    }
    if (next->kind == STEP_NAME) {
        const struct value *member =
            value->kind == VALUE_MAP ? map_find(value, next->name) : NULL;

        return member != NULL && leads(walk, member, step + 1);
    }
    if (value->kind != VALUE_LIST) {
        return false;
    }
    if (next->kind == STEP_INDEX) {
        return next->index < value->count && leads(walk, &value->items[next->index], step + 1);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (leads(walk, &value->items[i], step + 1)) {
            return true;
        }
    }
    return false;
}

static bool json_passes(const struct test *test, const struct value *document,
                        struct arena *scratch)
{
    struct walk_json walk = {test, scratch};

    switch (test->kind) {
    case TEST_AND:
        return json_passes(test->left, document, scratch) &&
               json_passes(test->right, document, scratch);
    case TEST_OR:
        return json_passes(test->left, document, scratch) ||
               json_passes(test->right, document, scratch);
    case TEST_NOT_EXISTS:
        return !leads(&walk, document, 0);
    default:
        return leads(&walk, document, 0);
    }
}

/* What is no JSON passes no test. */
static bool json_of(struct str message, struct arena *scratch, struct value *ret_document)
{
    struct why why;
    char *copy;

    message = str_trim(message);
    if (message.bytes == 0 || (message.at[0] != '{' && message.at[0] != '[')) {
        return false;
    }
    copy = arena_try(scratch, message.bytes);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, message.at, message.bytes);
    return json_read(str_of(copy, message.bytes), 0, scratch, &why, ret_document) == OK;
}

/* ---- fields ---- */

static bool is_space(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* The next field from *at on; false at the end. */
static bool field_next(struct str message, size_t *at, struct str *ret_field)
{
    char open;
    size_t from;
    size_t to;

    while (*at < message.bytes && is_space(message.at[*at])) {
        (*at)++;
    }
    if (*at == message.bytes) {
        return false;
    }
    open = message.at[*at];
    from = *at + 1;
    to = open == '[' || open == '"' ? str_find(message, open == '[' ? ']' : '"', from)
                                    : message.bytes;
    if (to < message.bytes) {
        *ret_field = str_slice(message, from, to);
        *at = to + 1;
        return true;
    }
    from = *at;
    while (*at < message.bytes && !is_space(message.at[*at])) {
        (*at)++;
    }
    *ret_field = str_slice(message, from, *at);
    return true;
}

static bool fields_of(struct str message, struct arena *scratch, struct str **ret_tokens,
                      size_t *ret_count)
{
    struct str *tokens = arena_try(scratch, FILTER_TOKENS_MAX * sizeof(*tokens));
    size_t count = 0;
    size_t at = 0;

    if (tokens == NULL) {
        return false;
    }
    while (count < FILTER_TOKENS_MAX && field_next(message, &at, &tokens[count])) {
        count++;
    }
    *ret_tokens = tokens;
    *ret_count = count;
    return at >= message.bytes || count < FILTER_TOKENS_MAX;
}

static bool field_passes(const struct test *test, const struct scalar *scalar)
{
    switch (test->kind) {
    case TEST_AND:
        return field_passes(test->left, scalar) && field_passes(test->right, scalar);
    case TEST_OR:
        return field_passes(test->left, scalar) || field_passes(test->right, scalar);
    default:
        return compares(test, scalar);
    }
}

static bool token_passes(const struct field *field, struct str token)
{
    struct scalar scalar = {.text = token.at == NULL ? STR("") : token, .is_text = true};

    scalar.is_number = str_to_double(token, &scalar.number);
    return field->test == NULL || field_passes(field->test, &scalar);
}

/* The field that a token belongs to; the one with "..." takes what the others leave. */
static const struct field *field_of(const struct filter *filter, size_t token, size_t count)
{
    size_t before = 0;

    while (before < filter->field_count && !filter->fields[before].rest) {
        before++;
    }
    if (token < before) {
        return &filter->fields[token];
    }
    size_t behind = filter->field_count - before - 1; /* there is one with "..." */

    return token + behind < count ? &filter->fields[before]
                                  : &filter->fields[filter->field_count - (count - token)];
}

static bool fields_fit(const struct filter *filter, size_t count)
{
    for (size_t i = 0; i < filter->field_count; i++) {
        if (filter->fields[i].rest) {
            return count + 1 >= filter->field_count;
        }
    }
    return count == filter->field_count;
}

static bool fields_match(const struct filter *filter, struct str message, struct arena *scratch)
{
    struct str *tokens;
    size_t count;

    if (!fields_of(message, scratch, &tokens, &count) || !fields_fit(filter, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!token_passes(field_of(filter, i, count), tokens[i])) {
            return false;
        }
    }
    return true;
}

/* ---- terms ---- */

static bool term_is_in(const struct term *term, struct str message)
{
    return term->regex != NULL ? regex_match(term->regex, message) : contains(message, term->text);
}

static bool terms_match(const struct filter *filter, struct str message)
{
    for (size_t i = 0; i < filter->term_count; i++) {
        const struct term *term = &filter->terms[i];

        if (filter->any_of && term_is_in(term, message)) {
            return true;
        }
        if (!filter->any_of && term->kind != TERM_MAY &&
            term_is_in(term, message) != (term->kind == TERM_MUST)) {
            return false;
        }
    }
    return !filter->any_of;
}

bool filter_match(const struct filter *filter, struct str message, struct arena *scratch)
{
    struct value document;

    switch (filter->kind) {
    case FILTER_ALL:
        return true;
    case FILTER_TERMS:
        return terms_match(filter, message);
    case FILTER_JSON:
        arena_clear(scratch);
        return json_of(message, scratch, &document) &&
               json_passes(filter->test, &document, scratch);
    case FILTER_FIELDS:
        arena_clear(scratch);
        return fields_match(filter, message, scratch);
    default:
        return false;
    }
}

/* ---- what it takes out ---- */

struct extracts {
    struct extract *items; /* the caller's */
    size_t count, room;    /* of them */
};

static void extract_add(struct extracts *extracts, struct str name, struct str value)
{
    if (extracts->count < extracts->room) {
        extracts->items[extracts->count++] = (struct extract){name, value};
    }
}

static const struct value *value_at(const struct selector *selector, const struct value *value)
{
    for (size_t i = 0; i < selector->count && value != NULL; i++) {
        const struct step *step = &selector->steps[i];

        if (step->kind == STEP_NAME) {
            value = value->kind == VALUE_MAP ? map_find(value, step->name) : NULL;
        } else {
            value = value->kind == VALUE_LIST && step->index < value->count
                        ? &value->items[step->index]
                        : NULL;
        }
    }
    return value;
}

static void extract_json(const struct test *test, const struct value *document,
                         struct arena *scratch, struct extracts *extracts)
{
    const struct value *value;
    struct buf text;

    if (test->kind == TEST_AND || test->kind == TEST_OR) {
        extract_json(test->left, document, scratch, extracts);
        extract_json(test->right, document, scratch, extracts);
        return;
    }
    value = value_at(&test->selector, document);
    if (value == NULL) {
        return;
    }
    if (value->kind == VALUE_STR) {
        extract_add(extracts, test->selector.text, value->str);
        return;
    }
    buf_init(&text, 1u << 20);
    json_write(&text, value, TIME_EPOCH);
    extract_add(extracts, test->selector.text, arena_dup(scratch, buf_str(&text)));
    buf_done(&text);
}

static void extract_fields(const struct filter *filter, struct str message, struct arena *scratch,
                           struct extracts *extracts)
{
    struct str *tokens;
    size_t count;

    if (!fields_of(message, scratch, &tokens, &count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct field *field = field_of(filter, i, count);

        extract_add(extracts,
                    field->name.bytes > 0
                        ? arena_printf(scratch, "$%.*s", STR_ARG(field->name))
                        : arena_printf(scratch, "$%zu", i + 1),
                    tokens[i]);
    }
}

size_t filter_extract(const struct filter *filter, struct str message, struct arena *scratch,
                      struct extract *ret_extracts, size_t room)
{
    struct extracts extracts = {ret_extracts, 0, room};
    struct value document;

    if (!filter_match(filter, message, scratch)) {
        return 0;
    }
    if (filter->kind == FILTER_JSON && json_of(message, scratch, &document)) {
        extract_json(filter->test, &document, scratch, &extracts);
    } else if (filter->kind == FILTER_FIELDS) {
        extract_fields(filter, message, scratch, &extracts);
    }
    return extracts.count;
}
