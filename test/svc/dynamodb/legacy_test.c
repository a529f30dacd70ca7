/* SPDX-License-Identifier: Apache-2.0
 *
 * Key conditions, and the parameters from before expressions: AWS's sentences, that they mean what
 * expressions mean, and that a key condition's range of rows has exactly the rows that satisfy it.
 */
#include "world.h"

#include "svc/dynamodb/legacy.h"

#define INVALID "One or more parameter values were invalid: "

static status key_condition_read(struct world *w, const char *text, struct key_condition *ret)
{
    struct value *in = input_of(w->arena, "Query", "{'ExpressionAttributeValues':{':a':{'S':'a'},"
                                                   "':b':{'S':'b'},':n':{'N':'1'}}}");
    struct terms terms;
    const struct expr *condition;

    assert_true(terms_read(w->arena, NULL, get(in, "ExpressionAttributeValues"), &w->why,
                           &terms) == OK);
    TRY(condition_read(&terms, EXPR_KEY_CONDITION, str_c(text), &condition));
    return key_condition_of(&terms, condition, ret);
}

static void a_key_condition_is_refused_in_AWS_words(void **state)
{
    static const char *const rows[][2] = {
        {"a > b and size(b) > c or a > c", "Invalid operator used in KeyConditionExpression: OR"},
        {"a in (b, size(c), d)", "Invalid operator used in KeyConditionExpression: IN"},
        {"attribute_exists(a)",
         "Invalid operator used in KeyConditionExpression: attribute_exists"},
        {"contains(a.d, b)", "Invalid operator used in KeyConditionExpression: contains"},
        {"not a > b", "Invalid operator used in KeyConditionExpression: NOT"},
        {"a <> b", "Invalid operator used in KeyConditionExpression: <>"},
        {":a between size(b) and size(a) and b > :b",
         "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key "
         "attribute as its first operand"},
        {"begins_with(:a, b) and a > :b",
         "Invalid condition in KeyConditionExpression: begins_with operator must have the key "
         "attribute as its first operand"},
        {"a > size(b.d)", "KeyConditionExpressions cannot contain nested operations"},
        {"a = b", "Invalid condition in KeyConditionExpression: Multiple attribute names used in "
                  "one condition"},
        {"a.b = :a", "KeyConditionExpressions cannot have conditions on nested attributes"},
        {":a = :b", "Invalid condition in KeyConditionExpression: No key attribute specified"},
        {"a = :a and a > :b", "KeyConditionExpressions must only contain one condition per key"},
        {"a = :a and b = :a and c = :a and d = :a and e = :a and f = :a and g = :a and h = :a and "
         "i = :a", "Conditions can be of length 1 or 2 only"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct key_condition condition;

        assert_true(key_condition_read(w, rows[i][0], &condition) != OK);
        assert_string_equal(w->why.text, rows[i][1]);
    }
}

static void a_key_condition_fits_its_schema_or_not(void **state)
{
    static const char *const rows[][2] = {
        {"h = :a", ""},
        {":a < r AND h = :b", ""},
        {"begins_with(r, :a) AND h = :b", ""},
        {"r = :a", "Query condition missed key schema element: h"},
        {"h = :a AND x = :b", "Query condition missed key schema element: r"},
        {"h > :a", "Query key condition not supported"},
        {"h = :a AND r = :b AND x = :b", "Conditions can be of length 1 or 2 only"},
        {"h = :n", INVALID "Condition parameter type does not match schema type"},
    };
    struct key_schema schema = {{STR("h"), STR("r")}, {DATUM_S, DATUM_S}, 1, 2};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct key_condition condition;
        bool good = rows[i][1][0] == 0;

        assert_true(key_condition_read(w, rows[i][0], &condition) == OK);
        assert_true((key_condition_bind(&condition, &schema, &w->why) == OK) == good);
        if (good) {
            assert_true(str_eq(condition.terms[0].name, STR("h")));
        } else {
            assert_string_equal(w->why.text, rows[i][1]);
        }
    }
}

/* A text of up to three bytes, of few letters, zeros among them. */
static struct datum some_text(struct world *w)
{
    static const char letters[] = {0, 1, 'a', 'b', (char)0xff};
    char text[3];
    size_t bytes = 1 + chance(3);

    for (size_t i = 0; i < bytes; i++) {
        text[i] = letters[chance(sizeof(letters))];
    }
    return (struct datum){DATUM_B, arena_dup(w->arena, str_of(text, bytes))};
}

static bool satisfies(struct datum row, const struct key_term *term)
{
    int order = datum_cmp(row, term->values[0]);

    switch ((enum expr_op)term->op) {
    case OP_EQ:
        return order == 0;
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    case OP_GE:
        return order >= 0;
    case OP_BETWEEN:
        return order >= 0 && datum_cmp(row, term->values[1]) <= 0;
    default:
        return str_starts(row.body, term->values[0].body);
    }
}

static void generated_ranges_have_exactly_the_rows_that_satisfy(void **state)
{
    static const uint8_t ops[] = {OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE, OP_BETWEEN, OP_BEGINS};
    struct world *w = *state;

    for (int i = 0; i < 20000; i++) {
        struct key_term term = {.op = ops[chance(sizeof(ops))]};
        struct datum row;
        struct str from;
        struct str to;
        struct key prefix;
        struct key key;
        bool inside;

        arena_clear(w->arena);
        row = some_text(w);
        term.values[0] = some_text(w);
        term.values[1] = some_text(w);
        prefix = key_of(w->arena, "dynamodb");
        key = key_of(w->arena, "dynamodb");
        key_datum(&key, row);
        key_term_range(w->arena, key_end(&prefix), &term, &from, &to);
        inside = str_cmp(from, key_end(&key)) <= 0 && str_cmp(key_end(&key), to) < 0;
        assert_true(inside == satisfies(row, &term));
    }
}

static void parameters_of_both_kinds_do_not_mix(void **state)
{
    struct world *w = *state;
    struct value *in = input_of(w->arena, "Query",
                                "{'AttributesToGet':['a'],'QueryFilter':{},'KeyConditions':{},"
                                "'FilterExpression':'','ProjectionExpression':''}");

    assert_true(parameters_check(w->arena, in, &parameters_query, &w->why) != OK);
    assert_string_equal(w->why.text,
                        "Can not use both expression and non-expression parameters in the same "
                        "request: Non-expression parameters: {AttributesToGet, QueryFilter} "
                        "Expression parameters: {ProjectionExpression, FilterExpression}");
    in = input_of(w->arena, "Query", "{'ExpressionAttributeNames':{}}");
    assert_true(parameters_check(w->arena, in, &parameters_query, &w->why) != OK);
    assert_string_equal(w->why.text,
                        "ExpressionAttributeNames can only be specified when using expressions");
    in = input_of(w->arena, "Query", "{'ExpressionAttributeValues':{}}");
    assert_true(parameters_check(w->arena, in, &parameters_query, &w->why) != OK);
    assert_string_equal(w->why.text,
                        "ExpressionAttributeValues can only be specified when using expressions: "
                        "FilterExpression and KeyConditionExpression are null");
}

static void expected_is_refused_in_AWS_words(void **state)
{
    static const char *const rows[][2] = {
        {"{}", INVALID "Value must be provided when Exists is null for Attribute: a"},
        {"{'Exists':true}", INVALID "Value must be provided when Exists is true for Attribute: a"},
        {"{'Exists':false,'Value':{'S':'a'}}",
         INVALID "Value cannot be used when Exists is false for Attribute: a"},
        {"{'Exists':true,'ComparisonOperator':'LT'}",
         INVALID "Exists and ComparisonOperator cannot be used together for Attribute: a"},
        {"{'AttributeValueList':[{'S':'a'}]}",
         INVALID "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
        {"{'AttributeValueList':[],'ComparisonOperator':'EQ'}",
         INVALID "Invalid number of argument(s) for the EQ ComparisonOperator"},
        {"{'AttributeValueList':[{'S':'a'},{'N':'1'}],'ComparisonOperator':'IN'}",
         INVALID "AttributeValues inside AttributeValueList must be of same type"},
        {"{'AttributeValueList':[{'SS':['a']}],'ComparisonOperator':'LT'}",
         INVALID "ComparisonOperator LT is not valid for SS AttributeValue type"},
        {"{'AttributeValueList':[{'S':'b'},{'S':'a'}],'ComparisonOperator':'BETWEEN'}",
         "The BETWEEN condition was provided a range where the lower bound is greater than the "
         "upper bound"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str json = arena_printf(w->arena, "{'Expected':{'a':%s}}", rows[i][0]);
        const struct expr *condition;

        assert_true(legacy_expected(w->arena, input_of(w->arena, "PutItem", json.at), &w->why,
                                    &condition) != OK);
        assert_string_equal(w->why.text, rows[i][1]);
    }
}

static void expected_holds_as_an_expression_would(void **state)
{
    static const struct {
        const char *expected; /* of a, and b */
        bool holds;           /* for {'a':{'S':'abc'},'n':{'N':'5'}} */
    } rows[] = {
        {"{'a':{'Value':{'S':'abc'}}}", true}, {"{'a':{'Exists':false}}", false},
        {"{'b':{'Exists':false}}", true}, {"{'a':{'ComparisonOperator':'NOT_NULL'}}", true},
        {"{'a':{'ComparisonOperator':'NOT_CONTAINS','Value':{'S':'b'}}}", false},
        {"{'a':{'ComparisonOperator':'BEGINS_WITH','Value':{'S':'ab'}}}", true},
        {"{'n':{'ComparisonOperator':'IN','AttributeValueList':[{'N':'4'},{'N':'5.0'}]}}", true},
        {"{'a':{'Value':{'S':'abc'}},'n':{'Value':{'N':'6'}}}", false},
    };
    struct world *w = *state;
    struct item item = item_of(w, "{'a':{'S':'abc'},'n':{'N':'5'}}");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str json = arena_printf(w->arena, "{'Expected':%s}", rows[i].expected);
        const struct expr *condition = NULL;

        assert_true(legacy_expected(w->arena, input_of(w->arena, "PutItem", json.at), &w->why,
                                    &condition) == OK);
        assert_true(condition_holds(condition, item.attributes) == rows[i].holds);
    }
}

static void attribute_updates_do_what_they_say(void **state)
{
    static const char *const rows[][2] = {
        {"{'x':{'Value':{'N':'1'}}}", "{'l':{'L':[{'S':'a'}]},'n':{'N':'5'},'x':{'N':'1'}}"},
        {"{'n':{'Action':'ADD','Value':{'N':'2'}}}", "{'l':{'L':[{'S':'a'}]},'n':{'N':'7'}}"},
        {"{'n':{'Action':'DELETE'}}", "{'l':{'L':[{'S':'a'}]}}"},
        {"{'l':{'Action':'ADD','Value':{'L':[{'N':'1'}]}}}",
         "{'l':{'L':[{'S':'a'},{'N':'1'}]},'n':{'N':'5'}}"},
        {"{'x':{}}", INVALID "Only DELETE action is allowed when no attribute value is specified"},
        {"{'x':{'Action':'DELETE','Value':{'S':'1'}}}",
         INVALID "DELETE action with value is not supported for the type S"},
        {"{'x':{'Action':'ADD','Value':{'B':'Yg=='}}}",
         INVALID "ADD action is not supported for the type B"},
        {"{'n':{'Action':'DELETE','Value':{'NS':['1']}}}", "Type mismatch for attribute to update"},
    };
    struct world *w = *state;
    struct item old = item_of(w, "{'l':{'L':[{'S':'a'}]},'n':{'N':'5'}}");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str json = arena_printf(w->arena, "{'AttributeUpdates':%s}", rows[i][0]);
        struct update update;
        struct item item;
        const char *came;

        if (legacy_update(w->arena, input_of(w->arena, "UpdateItem", json.at), &w->why, &update) ==
                OK &&
            update_apply(w->arena, &update, &old, &w->why, &item) == OK) {
            came = text_of(w, &item);
        } else {
            came = w->why.text;
        }
        assert_string_equal(came, rows[i][1][0] == '{' ? quoted(w->arena, rows[i][1]).at
                                                       : rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_key_condition_is_refused_in_AWS_words),
        IN_WORLD(a_key_condition_fits_its_schema_or_not),
        IN_WORLD(generated_ranges_have_exactly_the_rows_that_satisfy),
        IN_WORLD(parameters_of_both_kinds_do_not_mix),
        IN_WORLD(expected_is_refused_in_AWS_words),
        IN_WORLD(expected_holds_as_an_expression_would),
        IN_WORLD(attribute_updates_do_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
