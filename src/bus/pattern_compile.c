/* SPDX-License-Identifier: Apache-2.0
 *
 * From a pattern's JSON to its tree, with the sentences that AWS's own compiler has for what is
 * wrong. The dialects differ in little: attributes have one level, SNS limits how many keys a
 * policy has and how many combinations it stands for, and each has its own bounds for numbers.
 */
#include "base/mem.h"
#include "bus/pattern_int.h"
#include "wire/json.h"

#include <arpa/inet.h>
#include <assert.h>

#define SNS_KEYS_MAX 5
#define SNS_NUMBER_MAX 1e9
#define EVENTS_NUMBER_MAX 5e9
#define DOUBLE_WHOLE_MAX (INT64_C(1) << 53)
#define WILDCARD_STARS_MAX 256 /* of one text: EventBridge calls what has too many too complex */
#define TESTS_MAX 20000        /* of one pattern, over all its fields */
#define CIDR_BYTES_MAX 64

struct compiler {
    struct pattern *pattern; /* being made */
    struct why *why;         /* what is wrong with it */
    uint64_t combinations;   /* SNS: product of the arrays' sizes, by their depth */
    uint32_t keys;           /* SNS: fields with tests */
    uint32_t tests;          /* of all fields */
    struct pattern_place place; /* of what is looked at */
};

static status read_rule(struct compiler *compiler, const struct value *object, uint32_t depth,
                        struct rule *rule);

static status wrong(struct compiler *compiler, const char *sentence)
{
    return why_set(compiler->why, &ERR_MALFORMED, "%s", sentence);
}

/* Something about that value is wrong, unless what follows says otherwise. */
static void look_at(struct compiler *compiler, const struct value *value)
{
    compiler->place.value = value;
    compiler->place.end = false;
}

/* The value was read to its end. */
static void look_behind(struct compiler *compiler, const struct value *value)
{
    compiler->place.value = value;
    compiler->place.end = true;
}

static struct str keep(struct compiler *compiler, struct str text)
{
    return arena_dup(compiler->pattern->arena, text);
}

/* ---- one expression: {"prefix": "a"} ---- */

static status read_text(struct compiler *compiler, const char *what, const struct value *value,
                        struct test *test)
{
    look_at(compiler, value);
    if (value->kind != VALUE_STR) {
        return why_set(compiler->why, &ERR_MALFORMED, "%s match pattern must be a string", what);
    }
    test->text = keep(compiler, value->str);
    return OK;
}

static status read_affix(struct compiler *compiler, const char *what, const struct value *value,
                         struct test *test)
{
    if (value->kind == VALUE_MAP) {
        look_behind(compiler, value);
        if (value->count != 1) {
            return wrong(compiler, value->count == 0 ? "Empty objects are not allowed"
                                                     : "Only one key allowed in match expression");
        }
        look_at(compiler, &value->pairs[0].value);
        if (!str_eq(value->pairs[0].key, STR("equals-ignore-case"))) {
            return why_set(compiler->why, &ERR_MALFORMED, "Unsupported %s pattern: %.*s", what,
                           STR_ARG(str_slice(value->pairs[0].key, 0, 128)));
        }
        test->nocase = true;
        what = "equals-ignore-case";
        value = &value->pairs[0].value;
    }
    return read_text(compiler, what, value, test);
}

/* The pieces between unescaped stars, with their escapes undone. */
static status read_wildcard(struct compiler *compiler, const struct value *value,
                            struct test *test)
{
    struct str text = value->str;
    struct arena *arena = compiler->pattern->arena;
    char *at = arena_alloc(arena, text.bytes + 1);
    struct str *parts = arena_alloc(arena, (text.bytes + 2) * sizeof(*parts));
    size_t from = 0;
    size_t used = 0;

    look_behind(compiler, value);
    test->count = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (c == '*') {
            if (i + 1 < text.bytes && text.at[i + 1] == '*') {
                return why_set(compiler->why, &ERR_MALFORMED,
                               "Consecutive wildcard characters at pos %zu", i);
            }
            if (test->count == WILDCARD_STARS_MAX) {
                compiler->place.value = NULL;
                return why_set(compiler->why, &ERR_LIMIT,
                               "Rule is too complex - try using fewer wildcard characters or fewer "
                               "repeating character sequences after a wildcard character");
            }
            parts[test->count++] = str_of(at + from, used - from);
            from = used;
            continue;
        }
        if (c == '\\') {
            i++;
            if (i == text.bytes || (text.at[i] != '*' && text.at[i] != '\\')) {
                return why_set(compiler->why, &ERR_MALFORMED, "Invalid escape character at pos %zu",
                               i - 1);
            }
            c = text.at[i];
        }
        at[used++] = c;
    }
    parts[test->count++] = str_of(at + from, used - from);
    test->parts = parts;
    return OK;
}

static bool number_of(const struct value *value, double *ret_number)
{
    if (value->kind == VALUE_INT) {
        *ret_number = (double)value->number;
        return true;
    }
    if (value->kind == VALUE_DOUBLE) {
        *ret_number = value->real;
        return true;
    }
    return false;
}

/* One operator and its number: narrows the range. */
static status read_bound(struct compiler *compiler, struct str operator, const struct value *value,
                         struct test *test)
{
    double number;

    look_at(compiler, value);
    if (!number_of(value, &number)) {
        return why_set(compiler->why, &ERR_MALFORMED, "Value of %.*s must be numeric",
                       STR_ARG(str_eq(operator, STR("=")) ? STR("equals") : operator));
    }
    double most = compiler->pattern->dialect == PATTERN_EVENTS ? EVENTS_NUMBER_MAX
                                                               : SNS_NUMBER_MAX;

    if (number < -most || number > most) {
        return why_set(compiler->why, &ERR_MALFORMED,
                       "Value must be between %.0f and %.0f, inclusive", -most, most);
    }
    if (str_eq(operator, STR("="))) {
        test->low = test->high = number;
        test->low_in = test->high_in = true;
    } else if (operator.at[0] == '>') {
        test->low = number;
        test->low_in = operator.bytes == 2;
    } else {
        test->high = number;
        test->high_in = operator.bytes == 2;
    }
    return OK;
}

static bool is_one_of(struct str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(text, str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

static status read_range(struct compiler *compiler, const struct value *list, struct test *test)
{
    static const char *const operators[] = {"=", "<", "<=", ">", ">="};

    look_at(compiler, list);
    if (list->kind != VALUE_LIST) {
        return wrong(compiler, "Value of numeric must be an array.");
    }
    look_behind(compiler, list);
    if (list->count == 0 || list->items[0].kind != VALUE_STR) {
        return wrong(compiler, "Invalid member in numeric match: an operator comes first");
    }
    test->low = -__builtin_inf();
    test->high = __builtin_inf();
    if (list->count % 2 != 0 && list->count < 4 &&
        is_one_of(list->items[list->count - 1].str, operators, 5) &&
        list->items[list->count - 1].kind == VALUE_STR) {
        return why_set(compiler->why, &ERR_MALFORMED, "Value of %.*s must be numeric",
                       STR_ARG(list->items[list->count - 1].str));
    }
    if (list->count != 2 && list->count != 4) {
        return wrong(compiler, list->count > 2 ? "Too many terms in numeric range expression"
                                               : "Numeric match needs an operator and a number");
    }
    for (uint32_t i = 0; i < list->count; i += 2) {
        struct str operator = list->items[i].kind == VALUE_STR ? list->items[i].str : STR("");

        look_behind(compiler, &list->items[i]);
        if (!is_one_of(operator, operators, 5)) {
            return why_set(compiler->why, &ERR_MALFORMED,
                           "Unrecognized numeric range operator: %.*s", STR_ARG(operator));
        }
        if (list->count == 4 && (operator.at[0] != (i == 0 ? '>' : '<'))) {
            return i == 0 ? wrong(compiler, "Too many terms in numeric range expression")
                          : why_set(compiler->why, &ERR_MALFORMED,
                                    "Bad numeric range operator: %.*s", STR_ARG(operator));
        }
        TRY(read_bound(compiler, operator, &list->items[i + 1], test));
    }
    if (test->low > test->high || (list->count == 4 && test->low == test->high)) {
        return wrong(compiler, "Bottom must be less than top");
    }
    return OK;
}

static bool address_read(struct str text, struct test *test)
{
    char zero_ended[CIDR_BYTES_MAX];

    if (text.bytes == 0 || text.bytes >= sizeof(zero_ended)) {
        return false;
    }
    memcpy(zero_ended, text.at, text.bytes);
    zero_ended[text.bytes] = '\0';
    if (inet_pton(AF_INET, zero_ended, test->address) == 1) {
        test->address_bytes = 4;
        return true;
    }
    test->address_bytes = 16;
    return inet_pton(AF_INET6, zero_ended, test->address) == 1;
}

static status read_cidr(struct compiler *compiler, const struct value *value, struct test *test)
{
    struct str rest;
    uint64_t bits;

    TRY(read_text(compiler, "prefix", value, test)); /* as EventBridge has it */
    compiler->place.value = NULL;
    rest = test->text;
    struct str address = str_split(&rest, '/');

    if (rest.at == NULL) {
        return wrong(compiler, "Malformed CIDR, one '/' required");
    }
    if (!str_to_u64(rest, &bits)) {
        return wrong(compiler, "Malformed CIDR, mask bits must be an integer");
    }
    if (!address_read(address, test)) {
        return why_set(compiler->why, &ERR_MALFORMED, "Nonstandard IP address: %.*s",
                       STR_ARG(str_slice(address, 0, 128)));
    }
    if (bits > (uint64_t)test->address_bytes * 8) {
        return wrong(compiler, "Malformed CIDR, mask bits must not exceed the address");
    }
    test->bits = (uint8_t)bits;
    return OK;
}

static status read_literal(struct compiler *compiler, const struct value *value, struct test *test)
{
    look_at(compiler, value);
    switch (value->kind) {
    case VALUE_STR:
        test->kind = TEST_TEXT;
        test->text = keep(compiler, value->str);
        return OK;
    case VALUE_INT:
    case VALUE_DOUBLE:
        test->kind = TEST_NUMBER;
        test->exact = value->kind == VALUE_INT &&
                      (value->number > DOUBLE_WHOLE_MAX || value->number < -DOUBLE_WHOLE_MAX);
        test->whole = value->kind == VALUE_INT ? value->number : 0;
        (void)number_of(value, &test->low);
        return OK;
    case VALUE_BOOL:
        test->kind = value->truth ? TEST_TRUE : TEST_FALSE;
        return OK;
    case VALUE_NULL:
        test->kind = TEST_NULL;
        return OK;
    default:
        return wrong(compiler, "Match value must be String, number, true, false, or null");
    }
}

/* What stands inside anything-but: a literal, or texts below one match type. */
static status read_but_item(struct compiler *compiler, const char *type, const struct value *value,
                            struct test *test)
{
    look_at(compiler, value);
    if (type == NULL) {
        if (value->kind != VALUE_STR && value->kind != VALUE_INT && value->kind != VALUE_DOUBLE) {
            return wrong(compiler,
                         "Inside anything but list, start|null|boolean is not supported.");
        }
        return read_literal(compiler, value, test);
    }
    if (value->kind != VALUE_STR) {
        return wrong(compiler,
                     strcmp(type, "equals-ignore-case") == 0
                         ? "Inside anything-but/equals-ignore-case list, "
                           "number|start|null|boolean is not supported."
                     : strcmp(type, "wildcard") == 0
                         ? "wildcard match pattern must be a string"
                         : "prefix/suffix match pattern must be a string");
    }
    if (strcmp(type, "wildcard") == 0) {
        test->kind = TEST_WILDCARD;
        return read_wildcard(compiler, value, test);
    }
    if (value->str.bytes == 0 && strcmp(type, "equals-ignore-case") != 0) {
        return wrong(compiler, "Null prefix/suffix not allowed");
    }
    test->kind = strcmp(type, "prefix") == 0   ? TEST_PREFIX
                 : strcmp(type, "suffix") == 0 ? TEST_SUFFIX
                                               : TEST_NOCASE;
    test->text = keep(compiler, value->str);
    return OK;
}

static status read_but(struct compiler *compiler, const struct value *value, struct test *test)
{
    static const char *const types[] = {"prefix", "suffix", "equals-ignore-case", "wildcard"};
    const char *type = NULL;
    const struct value *items = value;
    uint32_t count = 1;

    look_at(compiler, value);
    if (value->kind == VALUE_MAP) {
        for (size_t i = 0; value->count == 1 && i < sizeof(types) / sizeof(types[0]); i++) {
            if (str_eq(value->pairs[0].key, str_c(types[i]))) {
                type = types[i];
            }
        }
        if (type == NULL) {
            return value->count == 1
                       ? why_set(compiler->why, &ERR_MALFORMED,
                                 "Unsupported anything-but pattern: %.*s",
                                 STR_ARG(str_slice(value->pairs[0].key, 0, 128)))
                       : wrong(compiler, "Only one key allowed in match expression");
        }
        items = value = &value->pairs[0].value;
        look_at(compiler, value);
    }
    if (value->kind == VALUE_LIST) {
        items = value->items;
        count = value->count;
        compiler->place.twice = true;
    } else if (value->kind != VALUE_STR && value->kind != VALUE_INT &&
               value->kind != VALUE_DOUBLE) {
        return wrong(compiler,
                     "Value of anything-but must be an array or single string/number value.");
    }
    if (count == 0) {
        return wrong(compiler, "Empty arrays are not allowed");
    }
    test->tests = arena_zero(compiler->pattern->arena, count * sizeof(struct test));
    test->count = count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(read_but_item(compiler, type, &items[i], &test->tests[i]));
        if ((test->tests[i].kind == TEST_NUMBER) != (test->tests[0].kind == TEST_NUMBER)) {
            return wrong(compiler, "Inside anything but list, either all values are number or "
                                   "string, mixed type is not supported");
        }
    }
    return OK;
}

static status read_expression(struct compiler *compiler, const struct value *object,
                              struct test *test)
{
    look_behind(compiler, object);
    if (object->count == 0) {
        return wrong(compiler, "Empty objects are not allowed");
    }
    look_at(compiler, &object->pairs[object->count - 1].value);
    if (object->count > 1) {
        return wrong(compiler, "Only one key allowed in match expression");
    }
    struct str type = object->pairs[0].key;
    const struct value *value = &object->pairs[0].value;

    if (str_eq(type, STR("prefix"))) {
        test->kind = TEST_PREFIX;
        return read_affix(compiler, "prefix", value, test);
    }
    if (str_eq(type, STR("suffix"))) {
        test->kind = TEST_SUFFIX;
        return read_affix(compiler, "suffix", value, test);
    }
    if (str_eq(type, STR("equals-ignore-case"))) {
        test->kind = TEST_NOCASE;
        return read_text(compiler, "equals-ignore-case", value, test);
    }
    if (str_eq(type, STR("wildcard"))) {
        test->kind = TEST_WILDCARD;
        TRY(read_text(compiler, "wildcard", value, test));
        return read_wildcard(compiler, value, test);
    }
    if (str_eq(type, STR("anything-but"))) {
        test->kind = TEST_BUT;
        return read_but(compiler, value, test);
    }
    if (str_eq(type, STR("numeric"))) {
        test->kind = TEST_RANGE;
        return read_range(compiler, value, test);
    }
    if (str_eq(type, STR("exactly"))) {
        test->kind = TEST_TEXT;
        return read_text(compiler, "exact", value, test);
    }
    if (str_eq(type, STR("cidr"))) {
        test->kind = TEST_CIDR;
        return read_cidr(compiler, value, test);
    }
    if (str_eq(type, STR("exists"))) {
        look_at(compiler, value);
        if (value->kind != VALUE_BOOL) {
            return wrong(compiler, "exists match pattern must be either true or false.");
        }
        test->kind = value->truth ? TEST_EXISTS : TEST_ABSENT;
        return OK;
    }
    return why_set(compiler->why, &ERR_MALFORMED, "Unrecognized match type %.*s",
                   STR_ARG(str_slice(type, 0, 128)));
}

/* ---- fields ---- */

static status combinations_check(const struct compiler *compiler)
{
    if (compiler->pattern->dialect != PATTERN_EVENTS &&
        compiler->combinations > PATTERN_COMBINATIONS_MAX) {
        return why_set(compiler->why, &ERR_LIMIT, "Filter policy is too complex");
    }
    return OK;
}

static status read_tests(struct compiler *compiler, const struct value *list, uint32_t depth,
                         struct field *field)
{
    look_behind(compiler, list);
    if (list->count == 0) {
        return wrong(compiler, "Empty arrays are not allowed");
    }
    compiler->tests += list->count;
    if (compiler->tests > TESTS_MAX) {
        return why_set(compiler->why, &ERR_LIMIT, "Rule is too complex");
    }
    field->tests = arena_zero(compiler->pattern->arena, list->count * sizeof(struct test));
    field->count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *item = &list->items[i];

        compiler->place.twice = false;
        TRY(item->kind == VALUE_MAP ? read_expression(compiler, item, &field->tests[i])
                                    : read_literal(compiler, item, &field->tests[i]));
    }
    compiler->keys++;
    compiler->combinations *= (uint64_t)list->count * depth;
    if (compiler->pattern->dialect != PATTERN_EVENTS) {
        if (compiler->keys > SNS_KEYS_MAX) {
            return why_set(compiler->why, &ERR_LIMIT,
                           "Filter policy can not have more than %d keys", SNS_KEYS_MAX);
        }
    }
    return combinations_check(compiler);
}

static status read_field(struct compiler *compiler, const struct pair *pair, uint32_t depth,
                         struct field *field)
{
    field->name = keep(compiler, pair->key);
    look_at(compiler, &pair->value);
    if (pair->value.kind == VALUE_LIST) {
        return read_tests(compiler, &pair->value, depth, field);
    }
    if (pair->value.kind != VALUE_MAP) {
        return why_set(compiler->why, &ERR_MALFORMED, "\"%.*s\" must be an object or an array",
                       STR_ARG(str_slice(pair->key, 0, 256)));
    }
    if (compiler->pattern->dialect == PATTERN_ATTRIBUTES) {
        return wrong(compiler, "Filter policy scope MessageAttributes does not support nested "
                               "filter policy");
    }
    field->rule = ARENA_NEW(compiler->pattern->arena, struct rule);
    return read_rule(compiler, &pair->value, depth + 1, field->rule);
}

static bool is_match_type(struct str name)
{
    static const char *const types[] = {"exactly", "prefix", "suffix", "equals-ignore-case",
                                        "anything-but", "numeric", "exists", "cidr", "wildcard"};

    return is_one_of(name, types, sizeof(types) / sizeof(types[0]));
}

/* "$or" is a field of that name unless it is a list of at least two objects that name fields, not
 * match types, as with AWS. */
static bool is_choice(const struct pair *pair)
{
    if (!str_eq(pair->key, STR("$or")) || pair->value.kind != VALUE_LIST || pair->value.count < 2) {
        return false;
    }
    for (uint32_t i = 0; i < pair->value.count; i++) {
        const struct value *item = &pair->value.items[i];

        if (item->kind != VALUE_MAP) {
            return false;
        }
        for (uint32_t k = 0; k < item->count; k++) {
            if (is_match_type(item->pairs[k].key)) {
                return false;
            }
        }
    }
    return true;
}

static status read_choice(struct compiler *compiler, const struct value *list, uint32_t depth,
                          struct choice *choice)
{
    uint64_t before = compiler->combinations;
    uint64_t sum = 0;

    choice->rules = arena_zero(compiler->pattern->arena, list->count * sizeof(struct rule));
    choice->count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        compiler->combinations = 1;
        TRY(read_rule(compiler, &list->items[i], depth, &choice->rules[i]));
        sum += compiler->combinations;
    }
    compiler->combinations = before * sum;
    return combinations_check(compiler);
}

static status read_rule(struct compiler *compiler, const struct value *object, uint32_t depth,
                        struct rule *rule)
{
    struct arena *arena = compiler->pattern->arena;

    if (depth > PATTERN_DEPTH_MAX) {
        return why_set(compiler->why, &ERR_LIMIT, "The pattern is nested too deeply");
    }
    look_behind(compiler, object);
    if (object->count == 0) {
        return wrong(compiler, "Empty objects are not allowed");
    }
    rule->fields = arena_zero(arena, object->count * sizeof(struct field));
    rule->choices = arena_zero(arena, object->count * sizeof(struct choice));
    for (uint32_t i = 0; i < object->count; i++) {
        const struct pair *pair = &object->pairs[i];

        TRY(is_choice(pair)
                ? read_choice(compiler, &pair->value, depth, &rule->choices[rule->choice_count++])
                : read_field(compiler, pair, depth, &rule->fields[rule->field_count++]));
    }
    return OK;
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (strchr(" \t\r\n", text.at[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static status compile(struct pattern *pattern, struct str json, bool placed, struct why *why)
{
    struct compiler compiler = {.pattern = pattern, .why = why, .combinations = 1};
    struct arena *scratch = arena_new(PATTERN_BYTES_MAX * 64);
    struct value document;
    struct why reason;
    status read;

    if (is_blank(json) ||
        json_read(arena_dup(scratch, json), 0, scratch, &reason, &document) != OK) {
        read = why_set(why, &ERR_MALFORMED, "failed to parse JSON.");
    } else if (document.kind != VALUE_MAP) {
        look_at(&compiler, &document);
        read = why_set(why, &ERR_MALFORMED, "Filter is not an object");
    } else {
        read = read_rule(&compiler, &document, 1, &pattern->top);
    }
    if (read == &ERR_MALFORMED && placed) {
        pattern_place_add(json, &document, &compiler.place, why);
    }
    arena_free(scratch);
    return read;
}

static status compile_new(struct str json, enum pattern_dialect dialect, bool placed,
                          struct why *why, struct pattern **ret_pattern)
{
    struct pattern *pattern;
    status compiled;

    if (json.bytes > PATTERN_BYTES_MAX) {
        return why_set(why, &ERR_LIMIT, "The pattern is larger than %u bytes", PATTERN_BYTES_MAX);
    }
    pattern = MEM_NEW(struct pattern);
    pattern->arena = arena_new(PATTERN_BYTES_MAX * 256);
    pattern->dialect = dialect;
    compiled = compile(pattern, json, placed, why);
    if (compiled != OK) {
        pattern_free(pattern);
        return compiled;
    }
    *ret_pattern = pattern;
    return OK;
}

status pattern_compile(struct str json, enum pattern_dialect dialect, struct why *why,
                       struct pattern **ret_pattern)
{
    return compile_new(json, dialect, false, why, ret_pattern);
}

status pattern_compile_placed(struct str json, struct why *why, struct pattern **ret_pattern)
{
    return compile_new(json, PATTERN_EVENTS, true, why, ret_pattern);
}

void pattern_free(struct pattern *pattern)
{
    if (pattern != NULL) {
        arena_free(pattern->arena);
        mem_free(pattern);
    }
}
