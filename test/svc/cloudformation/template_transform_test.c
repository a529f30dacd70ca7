/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves in which order transforms are run, what loops unroll to, what is included where, and what
 * a summary tells.
 */
#include "template_kit.h"

#include "svc/cloudformation/template_summary.h"

/* Reads a text, whose transforms have not run. */
static struct kit *begun(const char *text)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);

    if (kit_begin(kit, text, NULL) != OK) {
        print_error("%s\n", why.text);
        fail();
    }
    return kit;
}

/* ---- order ---- */

static void inner_ones_come_first(void **state)
{
    struct kit *kit = begun("Transform: [First, {Name: Second, Parameters: {a: b}}]\n"
                            "Resources:\n  R:\n    Type: A\n    Properties:\n"
                            "      Fn::Transform: {Name: Outer}\n"
                            "      X: {Fn::Transform: {Name: Inner, Parameters: {p: !Ref Q}}, "
                            "Y: 1}\n");
    struct template_transform transform;
    struct str seen = STR("");
    bool found = true;

    (void)state;
    while (found) {
        assert_null(
            template_transform_next(&kit->document, arena, &why, &found, &transform));
        if (found) {
            struct value result = transform.fragment;

            seen = arena_printf(arena, "%s%.*s%s%s ", seen.at, STR_ARG(transform.name),
                                transform.parameters == NULL ? ""
                                                             : kit_json(transform.parameters),
                                transform.whole ? "!" : kit_json(&transform.fragment));
            template_transform_done(&transform, arena, &result);
        }
    }
    assert_string_equal(seen.at, "Inner{\"p\":{\"Ref\":\"Q\"}}{\"Y\":1} Outer{\"X\":{\"Y\":1}} "
                                 "First! Second{\"a\":\"b\"}! ");
    assert_string_equal(kit_json(&kit->document),
                        "{\"Resources\":{\"R\":{\"Type\":\"A\",\"Properties\":"
                        "{\"X\":{\"Y\":1}}}}}");
}

static void names_must_be_texts(void **state)
{
    struct kit *kit = begun("Transform: {Name: !Ref A}\nResources: {R: {Type: A}}\n");
    struct template_transform transform;
    bool found;

    (void)state;
    assert_ptr_equal(template_transform_next(&kit->document, arena, &why, &found, &transform),
                     &TEMPLATE_INVALID);
    assert_string_equal(why.text, "Key Name of transform definition must be a string.");
}

/* ---- AWS::LanguageExtensions ---- */

static const char *extended(const char *text)
{
    struct kit *kit = begun(arena_printf(arena, "Transform: AWS::LanguageExtensions\n%s", text).at);
    struct template_transform transform;
    struct value result;
    bool found = false;

    assert_null(template_transform_next(&kit->document, arena, &why, &found, &transform));
    assert_true(found);
    if (template_extend(&kit->run, &transform.fragment, &result) != OK) {
        return why.text;
    }
    return kit_json(&result);
}

static void loops_unroll(void **state)
{
    (void)state;
    assert_string_equal(
        extended("Resources:\n"
                 "  Fn::ForEach::Topics:\n"
                 "    - Name\n"
                 "    - [Success, Failure]\n"
                 "    - SnsTopic${Name}:\n"
                 "        Type: AWS::SNS::Topic\n"
                 "        Properties: {TopicName: !Join ['.', [!Ref Name, fifo]], "
                 "D: !Sub '${Name}-${AWS::Region}', Plain: 'x${Name}'}\n"
                 "  Other: {Type: A}\n"),
        "{\"Resources\":{"
        "\"SnsTopicSuccess\":{\"Type\":\"AWS::SNS::Topic\",\"Properties\":{\"TopicName\":"
        "{\"Fn::Join\":[\".\",[\"Success\",\"fifo\"]]},\"D\":{\"Fn::Sub\":"
        "\"Success-${AWS::Region}\"},\"Plain\":\"x${Name}\"}},"
        "\"SnsTopicFailure\":{\"Type\":\"AWS::SNS::Topic\",\"Properties\":{\"TopicName\":"
        "{\"Fn::Join\":[\".\",[\"Failure\",\"fifo\"]]},\"D\":{\"Fn::Sub\":"
        "\"Failure-${AWS::Region}\"},\"Plain\":\"x${Name}\"}},"
        "\"Other\":{\"Type\":\"A\"}}}");
}

static void loops_nest_and_read_parameters(void **state)
{
    (void)state;
    assert_string_equal(
        extended("Parameters: {L: {Type: CommaDelimitedList, Default: '10.0,b'}}\n"
                 "Conditions:\n"
                 "  Fn::ForEach::C: [I, !Ref L, {'Is&{I}': !Equals [!Ref I, x]}]\n"
                 "Resources:\n"
                 "  Fn::ForEach::A:\n"
                 "    - I\n"
                 "    - !Ref L\n"
                 "    - Fn::ForEach::B:\n"
                 "      - J\n"
                 "      - [x]\n"
                 "      - R&{I}${J}: {Type: T, Condition: !Sub 'Is${J}', "
                 "DeletionPolicy: !FindInMap [M, !Ref J, P]}\n"
                 "Mappings: {M: {x: {P: Retain}}}\n"
                 "Outputs:\n"
                 "  Fn::ForEach::O: [I, [b], {'O${I}': {Value: !GetAtt [!Sub 'R${I}x', Arn]}}]\n"),
        "{\"Parameters\":{\"L\":{\"Type\":\"CommaDelimitedList\",\"Default\":\"10.0,b\"}},"
        "\"Conditions\":{\"Is100\":{\"Fn::Equals\":[\"10.0\",\"x\"]},"
        "\"Isb\":{\"Fn::Equals\":[\"b\",\"x\"]}},"
        "\"Resources\":{"
        "\"R100x\":{\"Type\":\"T\",\"Condition\":\"Isx\",\"DeletionPolicy\":\"Retain\"},"
        "\"Rbx\":{\"Type\":\"T\",\"Condition\":\"Isx\",\"DeletionPolicy\":\"Retain\"}},"
        "\"Mappings\":{\"M\":{\"x\":{\"P\":\"Retain\"}}},"
        "\"Outputs\":{\"Ob\":{\"Value\":{\"Fn::GetAtt\":[\"Rbx\",\"Arn\"]}}}}");
}

static void loops_stand_in_properties(void **state)
{
    (void)state;
    assert_string_equal(
        extended("Resources:\n  R:\n    Type: T\n    Properties:\n"
                 "      Fn::ForEach::P: [I, [a, b], {'K${I}': !Ref I}]\n      Z: 1\n"),
        "{\"Resources\":{\"R\":{\"Type\":\"T\",\"Properties\":{\"Ka\":\"a\",\"Kb\":\"b\","
        "\"Z\":1}}}}");
}

static void functions_become_what_they_are_worth(void **state)
{
    (void)state;
    assert_string_equal(
        extended("Parameters: {L: {Type: CommaDelimitedList, Default: 'a,b'}}\n"
                 "Mappings: {M: {a: {b: c}}}\n"
                 "Resources:\n  S: {Type: T}\n  R:\n    Type: T\n    Properties:\n"
                 "      N: !Length {Ref: L}\n"
                 "      J: !ToJsonString {a: !Ref L}\n"
                 "      K: !ToJsonString {a: !Ref S}\n"
                 "      F: !FindInMap [M, x, y, {DefaultValue: d}]\n"
                 "      G: !FindInMap [M, !Select [0, !Ref L], b]\n"
                 "      H: !FindInMap [M, x, y, {DefaultValue: !GetAtt S.Arn}]\n"
                 "      I: !Ref {'Fn::Sub': S}\n"),
        "{\"Parameters\":{\"L\":{\"Type\":\"CommaDelimitedList\",\"Default\":\"a,b\"}},"
        "\"Mappings\":{\"M\":{\"a\":{\"b\":\"c\"}}},"
        "\"Resources\":{\"S\":{\"Type\":\"T\"},\"R\":{\"Type\":\"T\",\"Properties\":{"
        "\"N\":2,\"J\":\"{\\\"a\\\":[\\\"a\\\",\\\"b\\\"]}\","
        "\"K\":{\"Fn::ToJsonString\":{\"a\":{\"Ref\":\"S\"}}},\"F\":\"d\",\"G\":\"c\","
        "\"H\":{\"Fn::FindInMap\":[\"M\",\"x\",\"y\",{\"DefaultValue\":{\"Fn::GetAtt\":[\"S\","
        "\"Arn\"]}}]},\"I\":{\"Ref\":\"S\"}}}}}");
}

static void loops_are_refused_in_its_words(void **state)
{
    static const char *const rows[][2] = {
        {"[I, a, {'R${I}': {Type: T}}]", "Fn::ForEach layout is incorrect"},
        {"[I, [a]]", "Fn::ForEach layout is incorrect"},
        {"[I, !Ref Nobody, {'R${I}': {Type: T}}]",
         "Could not find a collection or could not be resolved for Fn::ForEach"},
        {"[I, !GetAtt S.L, {'R${I}': {Type: T}}]",
         "Could not find a collection or could not be resolved for Fn::ForEach"},
        {"[I, [a, b], {R: {Type: T}}]",
         "Duplicate key 'R' when merging keys to parent object in Fn::ForEach"},
        {"[I, [a], {'${I}': {Type: T}}]", NULL},
        {"[I, [S], {'${I}': {Type: T}}]",
         "Duplicate key 'S' when merging keys to parent object in Fn::ForEach"},
        {"[I, ['a.b'], {'R${I}': {Type: T}}]", "LogicalId 'Ra.b' should be alphanumeric"},
        {"[I, [a], {'R${I}': {Type: T, Properties: {P: !Length {'Fn::GetAtt': [S, L]}}}}]",
         "The Fn::Length value could not be resolved for properties"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *found = extended(
            arena_printf(arena, "Resources:\n  S: {Type: T}\n  Fn::ForEach::L: %s\n", rows[i][0])
                .at);

        if (rows[i][1] == NULL) {
            assert_true(str_starts(str_c(found), STR("{")));
        } else {
            assert_string_equal(found, rows[i][1]);
        }
    }
}

static void what_is_unrolled_is_used(void **state)
{
    struct kit *kit = begun("Transform: AWS::LanguageExtensions\n"
                            "Resources:\n  Fn::ForEach::L: [I, [a, b], {'R${I}': {Type: T, "
                            "Properties: {P: !ToJsonString {x: !Ref LaterOne, y: !Ref I}}}}]\n"
                            "  LaterOne: {Type: T}\n  S: {Type: T, Properties: {P: !Ref Ra}}\n");
    struct template_transform transform;
    struct value result;
    struct value value;
    bool found;
    bool unknown = false;

    (void)state;
    assert_null(template_transform_next(&kit->document, arena, &why, &found, &transform));
    assert_null(template_extend(&kit->run, &transform.fragment, &result));
    template_transform_done(&transform, arena, &result);
    assert_null(kit_use(kit, NULL, NULL));
    assert_false(kit->of.pending);
    assert_int_equal(kit->of.resource_count, 4);
    assert_null(template_evaluate(&kit->run,
                                  template_resource_find(&kit->of, STR("Ra"))->properties, &value,
                                  &unknown));
    assert_true(unknown);
    assert_null(template_evaluate(&kit->run,
                                  template_resource_find(&kit->of, STR("S"))->properties, &value,
                                  &unknown));
    assert_false(unknown);
    assert_string_equal(kit_json(&value), "{\"P\":\"id-Ra\"}");
}

/* ---- AWS::Include ---- */

static void what_is_included_stands_beside_its_neighbours(void **state)
{
    struct kit *kit = begun("Parameters: {B: {Type: String, Default: bucket}}\nResources:\n"
                            "  R: {Type: A, Properties: {Own: 1, Fn::Transform: {Name: "
                            "AWS::Include, Parameters: {Location: !Sub 's3://${B}/k'}}}}\n");
    struct template_transform transform;
    struct value result;
    struct str location;
    bool found;

    (void)state;
    assert_null(template_transform_next(&kit->document, arena, &why, &found, &transform));
    assert_null(template_include_location(&kit->run, &transform, &location));
    assert_true(str_eq(location, STR("s3://bucket/k")));
    assert_ptr_equal(template_include(&kit->run, &transform, STR("[a"), &result),
                     &TEMPLATE_INVALID);
    assert_string_equal(why.text,
                        "The specified S3 object's content should be valid Yaml/JSON");
    assert_null(
        template_include(&kit->run, &transform, STR("Own: 2\nMore: !Ref B\n"), &result));
    template_transform_done(&transform, arena, &result);
    assert_string_equal(kit_json(doc_get(&kit->document, "Resources")),
                        "{\"R\":{\"Type\":\"A\",\"Properties\":{\"Own\":1,\"More\":{\"Ref\":"
                        "\"B\"}}}}");
}

/* ---- summaries ---- */

static void summaries_tell_what_is_needed(void **state)
{
    static const char *const rows[][5] = {
        {"Resources: {A: {Type: X::Y::Z}, B: {Type: X::Y::Q}, C: {Type: X::Y::Z}}",
         "[\"X::Y::Z\",\"X::Y::Q\"]", "[]", "", "[]"},
        {"Resources: {A: {Type: AWS::IAM::Role}, B: {Type: AWS::IAM::Policy}}",
         "[\"AWS::IAM::Role\",\"AWS::IAM::Policy\"]", "[\"CAPABILITY_IAM\"]",
         "The following resource(s) require capabilities: [AWS::IAM::Role, AWS::IAM::Policy]",
         "[]"},
        {"Resources: {A: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}",
         "[\"AWS::IAM::Role\"]", "[\"CAPABILITY_NAMED_IAM\"]",
         "The following resource(s) require capabilities: [AWS::IAM::Role]", "[]"},
        {"Resources: {A: {Type: AWS::CloudFormation::Stack}}", "[\"AWS::CloudFormation::Stack\"]",
         "[\"CAPABILITY_NAMED_IAM\",\"CAPABILITY_AUTO_EXPAND\"]",
         "The following resource(s) require capabilities: [AWS::CloudFormation::Stack]", "[]"},
        {"Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function, "
         "Properties: {Role: r}}}",
         "[\"AWS::Serverless::Function\"]", "[\"CAPABILITY_AUTO_EXPAND\"]",
         "The following transform(s) require capabilities: [AWS::Serverless-2016-10-31]",
         "[\"AWS::Serverless-2016-10-31\"]"},
        {"Resources: {A: {Type: X, Properties: {Fn::Transform: {Name: M}}}}", "[\"X\"]",
         "[\"CAPABILITY_AUTO_EXPAND\"]", "The following transform(s) require capabilities: [M]",
         "[\"M\"]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit *kit = begun(rows[i][0]);
        struct template_summary summary = template_summarize(&kit->of, arena);

        assert_string_equal(kit_json(&summary.types), rows[i][1]);
        assert_string_equal(kit_json(&summary.told), rows[i][2]);
        assert_true(str_eq(summary.reason, str_c(rows[i][3])));
        assert_string_equal(kit_json(&summary.transforms), rows[i][4]);
        assert_string_equal(kit_json(&summary.capabilities),
                            strstr(rows[i][0], "::Stack") != NULL ? "[]" : rows[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(inner_ones_come_first, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(names_must_be_texts, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(loops_unroll, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(loops_nest_and_read_parameters, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(loops_stand_in_properties, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(functions_become_what_they_are_worth, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(loops_are_refused_in_its_words, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_is_unrolled_is_used, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_is_included_stands_beside_its_neighbours, kit_up,
                                        kit_down),
        cmocka_unit_test_setup_teardown(summaries_tell_what_is_needed, kit_up, kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
