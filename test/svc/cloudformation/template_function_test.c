/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what each function is worth, in every form that it has, and in whose words it is refused:
 * a table of expressions, each the only property of a resource.
 */
#include "template_kit.h"

static const char head[] =
    "Parameters:\n"
    "  Env: {Type: String, Default: dev}\n"
    "  Count: {Type: Number, Default: 3}\n"
    "  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}\n"
    "  Ports: {Type: List<Number>, Default: '80,443'}\n"
    "  Version: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /v}\n"
    "  Versions: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /v}\n"
    "Mappings:\n"
    "  M: {eu-central-1: {Ami: ami-1, List: [x, y], Two: 2}, other: {Ami: ami-2}}\n"
    "Conditions:\n"
    "  Prod: !Equals [!Ref Env, prod]\n"
    "  Dev: !Not [!Condition Prod]\n"
    "Resources:\n"
    "  Other: {Type: A::B::C}\n"
    "  LaterOne: {Type: A::B::C}\n"
    "  OnlyProd: {Type: A::B::C, Condition: Prod}\n"
    "  R:\n"
    "    Type: A::B::C\n"
    "    Properties:\n"
    "      P: ";

/* The property as JSON ("null": it is not known), or the sentence. */
static const char *worth(const char *expression)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    const char *text = arena_printf(arena, "%s%s\n", head, expression).at;
    const struct value *property;
    struct value value;

    if (kit_begin(kit, text, NULL) != OK ||
        template_evaluate(&kit->run, template_resource_find(&kit->of, STR("R"))->properties,
                          &value, NULL) != OK) {
        return arena_dup(arena, str_c(why.text)).at;
    }
    property = map_find(&value, STR("P"));
    return property == NULL ? "gone" : property->kind == VALUE_NONE ? "later" : kit_json(property);
}

struct row {
    const char *expression;
    const char *wanted;
};

static void holds(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = worth(rows[i].expression);

        if (strcmp(found, rows[i].wanted) != 0) {
            print_error("%s\n  is     %s\n  wanted %s\n", rows[i].expression, found,
                        rows[i].wanted);
            fail();
        }
    }
}
#define HOLDS(rows) holds(rows, sizeof(rows) / sizeof((rows)[0]))

static void references(void **state)
{
    static const struct row rows[] = {
        {"!Ref Env", "\"dev\""},
        {"!Ref Count", "\"3\""},
        {"!Ref Names", "[\"a\",\"b\",\"c\"]"},
        {"!Ref Ports", "[\"80\",\"443\"]"},
        {"!Ref Version", "\"one, two\""},
        {"!Ref Versions", "[\"one\",\"two\"]"},
        {"!Ref Other", "\"id-Other\""},
        {"!Ref LaterOne", "later"},
        {"!GetAtt Other.Arn", "\"Other/Arn\""},
        {"!GetAtt Other.Outputs.Url", "\"Other/Outputs.Url\""},
        {"!GetAtt [Other, Arn]", "\"Other/Arn\""},
        {"!GetAtt [Other, !Ref Env]", "\"Other/dev\""},
        {"{'Fn::GetAtt': Other.Arn}", "\"Other/Arn\""},
        {"!GetAtt LaterOne.Arn", "later"},
        {"!Ref 'AWS::AccountId'", "\"123456789012\""},
        {"!Ref 'AWS::Region'", "\"eu-central-1\""},
        {"!Ref 'AWS::Partition'", "\"aws\""},
        {"!Ref 'AWS::URLSuffix'", "\"amazonaws.com\""},
        {"!Ref 'AWS::StackName'", "\"s\""},
        {"!Ref 'AWS::NotificationARNs'", "[]"},
        {"!Ref 'AWS::NoValue'", "gone"},
        {"!Ref Nobody", "Template format error: Unresolved resource dependencies [Nobody] in the "
                        "Resources block of the template"},
        {"[!Ref Nobody, !Ref Neither, !Ref Nobody]",
         "Template format error: Unresolved resource dependencies [Nobody, Neither] in the "
         "Resources block of the template"},
        {"!Ref OnlyProd", "Template format error: Unresolved resource dependencies [OnlyProd] in "
                          "the Resources block of the template"},
        {"!GetAtt OnlyProd.Arn", "Template format error: Unresolved resource dependencies "
                                 "[OnlyProd] in the Resources block of the template"},
        {"!GetAtt Nobody.Arn",
         "Template error: instance of Fn::GetAtt references undefined resource Nobody"},
        {"!GetAtt Other.Nothing", "Template error: resource Other does not support attribute type "
                                  "Nothing in Fn::GetAtt"},
        {"!GetAtt Other", "Template error: if specifying one argument to Fn::GetAtt, that argument "
                          "must be a non-empty string in format <LogicalId>.<Attribute>"},
        {"!GetAtt [Other]", "Template error: every Fn::GetAtt object requires two non-empty "
                            "parameters, the resource name and the resource attribute"},
        {"!Ref [Env]", "Template error: every Ref object must have a single String value."},
    };

    (void)state;
    HOLDS(rows);
}

static void texts(void **state)
{
    static const struct row rows[] = {
        {"!Sub 'x-${Env}-${AWS::Region}'", "\"x-dev-eu-central-1\""},
        {"!Sub '${Other}:${Other.Arn}'", "\"id-Other:Other/Arn\""},
        {"!Sub '${!Env} $Env ${Env} $${Env} ${'", "\"${Env} $Env dev $dev ${\""},
        {"!Sub ['${A}/${Env}/${B}', {A: !Ref Count, B: 2}]", "\"3/dev/2\""},
        {"!Sub ['${Env}', {Env: own}]", "\"own\""},
        {"!Sub 'a ${LaterOne.Arn}'", "later"},
        {"!Sub 'a${AWS::NoValue}b'", "\"ab\""},
        {"!Sub ['a${A}b', {A: !If [Prod, x, !Ref 'AWS::NoValue']}]", "\"ab\""},
        {"!Sub ['${A}', {A: !Ref LaterOne}]", "later"},
        {"!Sub '${Nobody}'", "Template format error: Unresolved resource dependencies [Nobody] in "
                             "the Resources block of the template"},
        {"!Sub '${Nobody.Arn}'", "Template error: instance of Fn::Sub references invalid resource "
                                 "attribute Nobody.Arn"},
        {"!Sub '${A b}'", "Template error: variable names in Fn::Sub syntax must contain only "
                          "alphanumeric characters, underscores, periods, and colons"},
        {"!Sub '${Names}'", "Template error: variable Names in Fn::Sub expression does not resolve "
                            "to a string"},
        {"!Sub ['${A}', {A: !Ref Names}]",
         "Template error: every value of the context object of every Fn::Sub object must be a "
         "string or a function that returns a string"},
        {"!Sub ['${A}', {a-b: x}]", "Template error: every key of the context object of every "
                                    "Fn::Sub object must contain only alphanumeric characters and "
                                    "underscores"},
        {"!Sub [a]", "Template error: One or more Fn::Sub intrinsic functions don't specify "
                     "expected arguments. Specify a string as first argument, and an optional "
                     "second argument to specify a mapping of values to replace in the string"},
        {"!Join ['-', [a, !Ref Env, 1, true]]", "\"a-dev-1-true\""},
        {"!Join [',', !Ref Names]", "\"a,b,c\""},
        {"!Join ['', []]", "\"\""},
        {"!Join ['-', [a, !Ref 'AWS::NoValue', b]]", "\"a-b\""},
        {"!Join ['-', [a, !Ref LaterOne]]", "later"},
        {"!Join ['-', !GetAtt Other.List]", "\"x-y\""},
        {"!Join [a]", "Template error: every Fn::Join object requires two parameters, (1) a string "
                      "delimiter and (2) a list of strings to be joined or a function that returns "
                      "a list of strings (such as Fn::GetAZs) to be joined."},
        {"!Split [',', 'a,,b']", "[\"a\",\"\",\"b\"]"},
        {"!Split ['--', !Sub '${Env}--x']", "[\"dev\",\"x\"]"},
        {"!Split [',', abc]", "[\"abc\"]"},
        {"!Split [',', !Ref LaterOne]", "later"},
        {"!Split [',']", "Template error: every Fn::Split object requires two parameters, (1) a "
                         "string delimiter and (2) a string to be split or a function that returns "
                         "a string to be split."},
        {"!Base64 hello", "\"aGVsbG8=\""},
        {"!Base64 {'Fn::Sub': '${Env}'}", "\"ZGV2\""},
        {"!Base64 [a]", "Template error: every Fn::Base64 object must have a String-typed value."},
        {"!ToJsonString {A: [1, true, !Ref Env], B: '\"'}",
         "\"{\\\"A\\\":[1,true,\\\"dev\\\"],\\\"B\\\":\\\"\\\\\\\"\\\"}\""},
        {"!ToJsonString {A: !Ref LaterOne}", "later"},
        {"!ImportValue shared-x", "\"of-shared-x\""},
        {"!ImportValue {'Fn::Sub': 'shared-${Env}'}", "\"of-shared-dev\""},
        {"!ImportValue other", "No export named other found."},
        {"!ImportValue {'Fn::Sub': '${Other}'}",
         "Template error: the attribute in Fn::ImportValue must not depend on any resources, "
         "imported values, or Fn::GetAZs"},
    };

    (void)state;
    HOLDS(rows);
}

static void lists(void **state)
{
    static const struct row rows[] = {
        {"!Select [1, [a, b]]", "\"b\""},
        {"!Select ['0', !Ref Names]", "\"a\""},
        {"!Select [1, [a, !Ref LaterOne]]", "later"},
        {"!Select [0, [a, !Ref LaterOne]]", "\"a\""},
        {"!Select [0, !GetAZs '']", "\"eu-central-1a\""},
        {"!Select [0, [{A: 1}]]", "{\"A\":1}"},
        {"!Select [2, [a, b]]",
         "Template error: Fn::Select cannot select nonexistent value at index 2"},
        {"!Select [-1, [a]]",
         "Template error: Fn::Select cannot select nonexistent value at index -1"},
        {"!Select [x, [a]]", "Template error: Fn::Select requires a list argument with a valid "
                             "index value as its first element"},
        {"!Select [0, a]", "Template error: Fn::Select requires a list argument with two elements: "
                           "an integer index and a list"},
        {"!GetAZs us-east-1", "[\"us-east-1a\",\"us-east-1b\"]"},
        {"!GetAZs {Ref: 'AWS::Region'}", "[\"eu-central-1a\",\"eu-central-1b\"]"},
        {"!Length [a, b, c]", "3"},
        {"!Length {Ref: Names}", "3"},
        {"!Length a", "Template error: every Fn::Length object must have a list or a function that "
                      "returns a list"},
        {"!FindInMap [M, !Ref 'AWS::Region', Ami]", "\"ami-1\""},
        {"!FindInMap [M, eu-central-1, List]", "[\"x\",\"y\"]"},
        {"!FindInMap [M, eu-central-1, Two]", "2"},
        {"!FindInMap [M, nowhere, Ami, {DefaultValue: !Ref Env}]", "\"dev\""},
        {"!FindInMap [N, nowhere, Ami, {DefaultValue: x}]", "\"x\""},
        {"!FindInMap [M, !Ref Env, List]",
         "Template error: Unable to get mapping for M::dev::List"},
        {"!If [Prod, !FindInMap [M, a, b], c]",
         "Template error: Unable to get mapping for M::a::b"},
        {"!FindInMap [M, other, List]", "Template error: Unable to get mapping for M::other::List"},
        {"!FindInMap [N, a, b]", "Template error: Mapping named 'N' is not present in the "
                                 "'Mappings' section of template."},
        {"!FindInMap [M, a]", "Template error: every Fn::FindInMap object requires three "
                              "parameters, the map name, map key and the attribute for return "
                              "value"},
        {"!Cidr ['192.168.0.0/24', 6, 5]",
         "[\"192.168.0.0/27\",\"192.168.0.32/27\",\"192.168.0.64/27\",\"192.168.0.96/27\","
         "\"192.168.0.128/27\",\"192.168.0.160/27\"]"},
        {"!Cidr ['10.0.7.9/16', '2', '8']", "[\"10.0.0.0/24\",\"10.0.1.0/24\"]"},
        {"!Cidr ['2001:db8:abc:de00::/56', 2, 64]",
         "[\"2001:db8:abc:de00::/64\",\"2001:db8:abc:de01::/64\"]"},
        {"!Select [255, !Cidr ['10.0.0.0/16', 256, 8]]", "\"10.0.255.0/24\""},
        {"!Cidr ['10.0.0.0/24', 9, 5]",
         "Template error: Fn::Cidr cannot fit 9 blocks with 5 bits in 10.0.0.0/24"},
        {"!Cidr ['10.0.0/24', 1, 5]", "Template error: Fn::Cidr requires a valid IP block"},
    };

    (void)state;
    HOLDS(rows);
}

static void choices(void **state)
{
    static const struct row rows[] = {
        {"!If [Prod, a, b]", "\"b\""},
        {"!If [Dev, {A: !Ref Env}, b]", "{\"A\":\"dev\"}"},
        {"!If [Prod, !Ref OnlyProd, none]", "\"none\""},
        {"!If [Prod, a, !Ref 'AWS::NoValue']", "gone"},
        {"[a, !If [Prod, b, !Ref 'AWS::NoValue'], c]", "[\"a\",\"c\"]"},
        {"{A: 1, B: !If [Prod, b, !Ref 'AWS::NoValue']}", "{\"A\":1}"},
        {"!If [Nobody, a, b]", "Template error: unresolved condition dependency Nobody in Fn::If"},
        {"!If [Prod, a]", "Template error: Fn::If requires a list argument with three elements"},
        {"!If [{Ref: Env}, a, b]", "Template error: Fn::If requires a list argument with the first "
                                   "element being a condition"},
        {"!If [Prod, !Ref Nobody, b]", "Template format error: Unresolved resource dependencies "
                                       "[Nobody] in the Resources block of the template"},
        {"!Equals [a, b]", "Template format error: Fn::Equals is not supported outside of the "
                           "Conditions and Rules blocks of the template"},
        {"{Condition: {StringEquals: {a: b}}}", "{\"Condition\":{\"StringEquals\":{\"a\":\"b\"}}}"},
        {"{Condition: Prod}", "{\"Condition\":\"Prod\"}"},
    };

    (void)state;
    HOLDS(rows);
}

static void unknown_functions_are_named(void **state)
{
    (void)state;
    assert_true(str_starts(str_c(worth("{'Fn::Foo': a}")),
                           STR("Template Error: Encountered unsupported function: Fn::Foo "
                               "Supported functions are: [Fn::Base64, Fn::GetAtt, ")));
    assert_true(str_starts(str_c(worth("{'fn::GetAtt': a}")),
                           STR("Template Error: Encountered unsupported function: fn::GetAtt ")));
}

static void dynamic_references(void **state)
{
    static const struct row rows[] = {
        {"'{{resolve:ssm:/a/b}}'", "\"<ssm|/a/b|||>\""},
        {"'{{resolve:ssm:/a/b:3}}'", "\"<ssm|/a/b|||3>\""},
        {"'x{{resolve:ssm:p:1}}y{{resolve:ssm:q}}'", "\"x<ssm|p|||1>y<ssm|q|||>\""},
        {"'{{resolve:ssm-secure:p:1}}'",
         "SSM Secure reference is not supported in: [A::B::C/Properties/P]"},
        {"{Q: [{R: '{{resolve:ssm-secure:p}}'}], S: {T: '{{resolve:ssm-secure:q}}'}}",
         "SSM Secure reference is not supported in: [A::B::C/Properties/P/Q,"
         "A::B::C/Properties/P/S/T]"},
        {"{S: !Join ['', ['{{resolve:ssm-secure:q}}', a]]}",
         "SSM Secure reference is not supported in: [A::B::C/Properties/P/S]"},
        {"'{{resolve:ssm:p:label}}'",
         "Incorrect format is used in the following SSM reference: [{{resolve:ssm:p:label}}]"},
        {"!If [Prod, '{{resolve:ssm:p:label}}', x]",
         "Incorrect format is used in the following SSM reference: [{{resolve:ssm:p:label}}]"},
        {"'{{resolve:ssm:arn:aws:ssm:us-east-1:123456789012:parameter/a:2}}'",
         "\"<ssm|arn:aws:ssm:us-east-1:123456789012:parameter/a|||2>\""},
        {"'{{resolve:secretsmanager:s}}'", "\"<secretsmanager|s|||>\""},
        {"'{{resolve:secretsmanager:s:SecretString:user}}'", "\"<secretsmanager|s|user||>\""},
        {"'{{resolve:secretsmanager:s:SecretString:user:AWSPREVIOUS}}'",
         "\"<secretsmanager|s|user|AWSPREVIOUS|>\""},
        {"'{{resolve:secretsmanager:s:SecretString:::v1}}'", "\"<secretsmanager|s|||v1>\""},
        {"'{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:n-AbCdEf:"
         "SecretString:k::}}'",
         "\"<secretsmanager|arn:aws:secretsmanager:us-east-1:1:secret:n-AbCdEf|k||>\""},
        {"!Sub '{{resolve:ssm:/${Env}}}'", "\"<ssm|/dev|||>\""},
        {"!Join ['', ['{{resolve:', 'ssm:a}}']]", "\"<ssm|a|||>\""},
        {"'{{resolve:ssm:later}}'", "later"},
        {"'{{resolve:ssm:gone}}'", "there is no {{resolve:ssm:gone}}"},
        {"'{{resolve:other:a}}'", "\"{{resolve:other:a}}\""},
        {"'{{resolve:ssm:a'", "\"{{resolve:ssm:a\""},
        {"'{{resolve:ssm:}}'",
         "Incorrect format is used in the following SSM reference: [{{resolve:ssm:}}]"},
        {"'{{resolve:secretsmanager:s:Other}}'",
         "Incorrect format is used in the following Secrets Manager reference: "
         "[{{resolve:secretsmanager:s:Other}}]"},
    };

    (void)state;
    HOLDS(rows);
}

static void no_chain_of_functions_grows_into_the_sky(void **state)
{
    struct str text = STR("'0123456789abcdef'");

    (void)state;
    for (int i = 0; i < 24; i++) {
        text = arena_printf(arena, "{'Fn::Sub': ['${A}${A}', {A: %.*s}]}", STR_ARG(text));
    }
    assert_string_equal(worth(text.at),
                        "Template error: a function makes a text of more than 1000000 bytes");
    text = STR("{a: '\"\"\"\"'}");
    for (int i = 0; i < 24; i++) {
        text = arena_printf(arena, "{'Fn::ToJsonString': [%.*s]}", STR_ARG(text));
    }
    assert_string_equal(worth(text.at),
                        "Template error: a function makes a text of more than 1000000 bytes");
}

static void what_is_kept_dynamic_stays(void **state)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    struct value value;

    (void)state;
    assert_null(kit_begin(kit, "Resources: {R: {Type: A, Properties: {A: '{{resolve:ssm:a}}'}}}",
                          NULL));
    kit->world.keeps_dynamic = true;
    assert_null(template_evaluate(&kit->run, kit->of.resources[0].properties, &value, NULL));
    assert_string_equal(kit_json(&value), "{\"A\":\"{{resolve:ssm:a}}\"}");
}

static void outputs_keep_references_and_users_may_have_secure_ones(void **state)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    struct value value;

    (void)state;
    assert_null(kit_begin(kit,
                          "Resources: {R: {Type: AWS::IAM::User, Properties: {LoginProfile: "
                          "{Password: '{{resolve:ssm-secure:p:1}}'}}}}\n"
                          "Outputs: {O: {Value: 'a{{resolve:ssm:x}}'}}", NULL));
    assert_null(template_evaluate(&kit->run, kit->of.resources[0].properties, &value, NULL));
    assert_string_equal(kit_json(&value),
                        "{\"LoginProfile\":{\"Password\":\"<ssm-secure|p|||1>\"}}");
    assert_null(template_evaluate_text(&kit->run, kit->of.outputs[0].value, &value));
    assert_string_equal(kit_json(&value), "\"a{{resolve:ssm:x}}\"");
}

static void one_unknown_member_leaves_the_others(void **state)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    struct value value;
    bool unknown = false;

    (void)state;
    assert_null(kit_begin(kit,
                          "Resources:\n  Later: {Type: A}\n"
                          "  R: {Type: A, Properties: {A: !Ref Later, B: [1, !Sub '${Later}']}}\n",
                          NULL));
    assert_null(
        template_evaluate(&kit->run, kit->of.resources[1].properties, &value, &unknown));
    assert_true(unknown);
    assert_int_equal(value.count, 2);
    assert_int_equal(map_find(&value, STR("A"))->kind, VALUE_NONE);
    assert_int_equal(map_find(&value, STR("B"))->items[0].number, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(references, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(texts, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(lists, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(choices, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(unknown_functions_are_named, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(dynamic_references, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(no_chain_of_functions_grows_into_the_sky, kit_up,
                                        kit_down),
        cmocka_unit_test_setup_teardown(what_is_kept_dynamic_stays, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(outputs_keep_references_and_users_may_have_secure_ones,
                                        kit_up, kit_down),
        cmocka_unit_test_setup_teardown(one_unknown_member_leaves_the_others, kit_up, kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
