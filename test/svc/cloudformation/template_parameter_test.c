/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what parameters are worth for what was given, and every constraint with its sentence.
 */
#include "template_kit.h"

#define ONE "Resources: {R: {Type: A::B::C, Properties: {P: !Ref P}}}\nParameters:\n  P: "

struct row {
    const char *definition;
    const char *given;  /* "P=x"; NULL: nothing */
    const char *wanted; /* Ref's value as JSON, or a sentence */
};

static const char *worth(const char *definition, const char *given, const char *before)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    const char *text = arena_printf(arena, ONE "%s\n", definition).at;
    struct value value;

    if (template_document(str_c(text), arena, &why, &kit->document) != OK ||
        kit_use(kit, given, before) != OK ||
        template_evaluate(&kit->run, kit->of.resources[0].properties, &value, NULL) != OK) {
        return arena_dup(arena, str_c(why.text)).at;
    }
    return kit_json(map_find(&value, STR("P")));
}

static void holds(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = worth(rows[i].definition, rows[i].given, NULL);

        if (strcmp(found, rows[i].wanted) != 0) {
            print_error("%s\n  is     %s\n  wanted %s\n", rows[i].definition, found,
                        rows[i].wanted);
            fail();
        }
    }
}
#define HOLDS(rows) holds(rows, sizeof(rows) / sizeof((rows)[0]))

static void values(void **state)
{
    static const struct row rows[] = {
        {"{Type: String}", "P=x y", "\"x y\""},
        {"{Type: String, Default: d}", NULL, "\"d\""},
        {"{Type: String, Default: ''}", NULL, "\"\""},
        {"{Type: String, Default: 5}", NULL, "\"5\""},
        {"{Type: String, Default: true}", NULL, "\"true\""},
        {"{Type: String, Default: d}", "P=", "\"\""},
        {"{Type: Number, Default: 1.5}", NULL, "\"1.5\""},
        {"{Type: Number}", "P=07", "\"07\""},
        {"{Type: CommaDelimitedList}", "P=a, b ,c", "[\"a\",\"b\",\"c\"]"},
        {"{Type: CommaDelimitedList}", "P=", "[\"\"]"},
        {"{Type: 'List<Number>'}", "P=1,2", "[\"1\",\"2\"]"},
        {"{Type: 'List<String>'}", "P=a,b", "[\"a\",\"b\"]"},
        {"{Type: 'AWS::EC2::VPC::Id'}", "P=vpc-1", "\"vpc-1\""},
        {"{Type: 'List<AWS::EC2::Subnet::Id>'}", "P=s-1,s-2", "[\"s-1\",\"s-2\"]"},
        {"{Type: 'AWS::Route53::HostedZone::Id'}", "P=Z1", "\"Z1\""},
        {"{Type: 'AWS::SSM::Parameter::Name'}", "P=/n", "\"/n\""},
        {"{Type: 'AWS::SSM::Parameter::Name'}", "P=n",
         "Parameter validation failed: parameter value n for parameter name P does not exist"},
        {"{Type: String, Default: 'a{{resolve:ssm:/x:1}}'}", NULL, "\"a<ssm|/x|||1>\""},
        {"{Type: CommaDelimitedList, Default: '{{resolve:ssm:/x:1}},b'}", NULL,
         "[\"<ssm|/x|||1>\",\"b\"]"},
        {"{Type: String, Default: 'a{{resolve:ssm:/x}}'}", NULL,
         "Template error: parameter P should not contain ssm versionless resolver"},
        {"{Type: 'AWS::SSM::Parameter::Value<String>'}", "P=/n", "\"one, two\""},
        {"{Type: 'AWS::SSM::Parameter::Value<List<String>>'}", "P=/n", "[\"one\",\"two\"]"},
        {"{Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>'}", "P=/n",
         "[\"one\",\"two\"]"},
        {"{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>'}", "P=/n", "\"one, two\""},
        {"{Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::Image::Id>>'}", "P=/n",
         "[\"one\",\"two\"]"},
        {"{Type: 'AWS::SSM::Parameter::Value<String>'}", "P=n",
         "Unable to fetch parameters [n] from parameter store for this account."},
        {"{Type: String}", NULL, "Parameters: [P] must have values"},
        {"{Type: String, Default: a}", "Q=x\nS=y",
         "Parameters: [Q, S] do not exist in the template"},
    };

    (void)state;
    HOLDS(rows);
}

static void constraints(void **state)
{
    static const struct row rows[] = {
        {"{Type: String, AllowedValues: [a, 5, true]}", "P=5", "\"5\""},
        {"{Type: String, AllowedValues: [a, b]}", "P=c",
         "Parameter 'P' must be one of AllowedValues"},
        {"{Type: String, AllowedValues: [a, b], Default: c}", NULL,
         "Parameter 'P' must be one of AllowedValues"},
        {"{Type: CommaDelimitedList, AllowedValues: [a, b]}", "P=a,b,a", "[\"a\",\"b\",\"a\"]"},
        {"{Type: CommaDelimitedList, AllowedValues: [a, b]}", "P=a,c",
         "Parameter 'P' must be one of AllowedValues"},
        {"{Type: String, AllowedPattern: '[a-z]+'}", "P=abc", "\"abc\""},
        {"{Type: String, AllowedPattern: '[a-z]+'}", "P=abc1",
         "Parameter 'P' must match pattern [a-z]+"},
        {"{Type: String, AllowedPattern: '^(?!x).*$'}", "P=xa",
         "Parameter 'P' must match pattern ^(?!x).*$"},
        {"{Type: String, AllowedPattern: '[a-z'}", "P=a",
         "Parameter 'P' AllowedPattern must be a valid regular expression."},
        {"{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: must be small}", "P=A",
         "Parameter P failed to satisfy constraint: must be small"},
        {"{Type: String, MinLength: 2}", "P=a", "Parameter 'P' must contain at least 2 characters"},
        {"{Type: String, MaxLength: '2'}", "P=abc",
         "Parameter 'P' must contain at most 2 characters"},
        {"{Type: String, MinLength: 1, MaxLength: 2}", "P=\xc3\xa4\xc3\xb6",
         "\"\xc3\xa4\xc3\xb6\""},
        {"{Type: Number, MinValue: 1, MaxValue: 5}", "P=5", "\"5\""},
        {"{Type: Number, MinValue: 1}", "P=0.5", "Parameter 'P' must be a number not less than 1"},
        {"{Type: Number, MaxValue: 5}", "P=6", "Parameter 'P' must be a number not greater than 5"},
        {"{Type: Number}", "P=six", "Parameter 'P' must be a number"},
        {"{Type: Number}", "P=", "Parameter 'P' must be a number"},
        {"{Type: Number}", "P=NaN", "Parameter 'P' must be a number"},
        {"{Type: Number, MaxValue: -1}", "P=-01.5", "\"-01.5\""},
        {"{Type: 'AWS::SSM::Parameter::Value<List<String>>', MaxLength: 3}", "P=/abc",
         "Parameter 'P' must contain at most 3 characters"},
        {"{Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: [/n]}", "P=/n",
         "\"one, two\""},
        {"{Type: 'List<Number>', MaxValue: 5}", "P=1,6",
         "Parameter 'P' must be a number not greater than 5"},
    };

    (void)state;
    HOLDS(rows);
}

static void definitions(void **state)
{
    static const struct row rows[] = {
        {"{Default: a}", NULL,
         "Template format error: Every Parameters object must contain a Type member."},
        {"{Type: Strin}", NULL, "Template format error: Unrecognized parameter type: Strin"},
        {"{Type: 'List<List<String>>'}", NULL,
         "Template format error: Unrecognized parameter type: List<List<String>>"},
        {"{Type: String, Foo: b}", NULL, "Invalid template parameter property 'Foo'"},
        {"{Type: String, Default: !Ref R}", NULL,
         "Template format error: Every Default member must be a string."},
        {"{Type: String, Default: [a]}", NULL,
         "Template format error: Every Default member must be a string."},
        {"{Type: String, AllowedValues: a}", NULL,
         "Template format error: AllowedValues must be a list."},
        {"{Type: String, AllowedValues: [[a]]}", NULL,
         "Template format error: Every AllowedValues value must be a string."},
        {"{Type: Number, MinLength: 1}", NULL,
         "Template error: Parameter 'P' MinLength must be on a parameter of type String"},
        {"{Type: String, MaxValue: 1}", NULL,
         "Template error: Parameter 'P' MaxValue must be on a parameter of type Number"},
        {"[a]", NULL, "Template format error: Any Parameters member must be a JSON object."},
        {"{Type: String}\n  P-1: {Type: String}", NULL,
         "Template format error: Parameter name P-1 is non alphanumeric."},
    };

    (void)state;
    HOLDS(rows);
}

static void previous_values_count_where_they_are_asked_for(void **state)
{
    (void)state;
    assert_string_equal(worth("{Type: String, Default: d}", "P", "P=before"), "\"before\"");
    assert_string_equal(worth("{Type: String, Default: d}", NULL, "P=before"), "\"d\"");
    assert_string_equal(worth("{Type: String}", NULL, "P=before"),
                        "Parameters: [P] must have values");
    assert_string_equal(worth("{Type: String, Default: d}", "P", NULL),
                        "Invalid input for parameter key P. Cannot specify usePreviousValue as "
                        "true for a parameter key not in the previous template");
    assert_string_equal(worth("{Type: String, AllowedValues: [a]}", "P", "P=b"),
                        "Parameter 'P' must be one of AllowedValues");
}

static void what_was_given_and_what_it_came_to_are_kept(void **state)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    const struct template_argument *arguments;

    (void)state;
    assert_null(kit_begin(kit,
                          "Resources: {R: {Type: A}}\nParameters:\n"
                          "  P: {Type: String, NoEcho: true, Default: x, Description: d}\n"
                          "  S: {Type: 'AWS::SSM::Parameter::Value<String>'}\n"
                          "  L: {Type: 'AWS::SSM::Parameter::Value<List<String>>'}\n",
                          "S=/a\nL=/l"));
    arguments = kit->run.arguments;
    assert_true(kit->of.parameters[0].no_echo);
    assert_true(kit->of.parameters[0].has_fallback);
    assert_true(str_eq(kit->of.parameters[0].description, STR("d")));
    assert_false(kit->of.parameters[1].has_fallback);
    assert_true(str_eq(arguments[0].text, STR("x")));
    assert_null(arguments[0].resolved.at);
    assert_true(str_eq(arguments[1].text, STR("/a")));
    assert_true(str_eq(arguments[1].resolved, STR("one, two")));
    assert_true(str_eq(arguments[2].resolved, STR("one,two")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(constraints, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(definitions, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(previous_values_count_where_they_are_asked_for, kit_up,
                                        kit_down),
        cmocka_unit_test_setup_teardown(what_was_given_and_what_it_came_to_are_kept, kit_up,
                                        kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
