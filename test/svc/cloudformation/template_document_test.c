/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that texts become documents: YAML's short forms long ones, the same template the same
 * document in both languages, and that what is neither is refused where it breaks, in AWS's words.
 */
#include "template_kit.h"

#include "wire/yaml.h"

static const char *read_text(const char *text)
{
    struct value document;

    return template_document(str_c(text), arena, &why, &document) == OK ? kit_json(&document)
                                                                         : why.text;
}

static void short_forms_become_long_ones(void **state)
{
    static const char *const rows[][2] = {
        {"!Ref A", "{\"Ref\":\"A\"}"},
        {"!Condition A", "{\"Condition\":\"A\"}"},
        {"!GetAtt A.B.C", "{\"Fn::GetAtt\":[\"A\",\"B.C\"]}"},
        {"!GetAtt [A, B]", "{\"Fn::GetAtt\":[\"A\",\"B\"]}"},
        {"!Sub 'a${B}'", "{\"Fn::Sub\":\"a${B}\"}"},
        {"!Sub 12", "{\"Fn::Sub\":\"12\"}"},
        {"!Sub [a, {B: !Ref C}]", "{\"Fn::Sub\":[\"a\",{\"B\":{\"Ref\":\"C\"}}]}"},
        {"!Join ['', [!Ref A, 1]]", "{\"Fn::Join\":[\"\",[{\"Ref\":\"A\"},1]]}"},
        {"!Select [0, !GetAZs '']", "{\"Fn::Select\":[0,{\"Fn::GetAZs\":\"\"}]}"},
        {"!Split [',', a]", "{\"Fn::Split\":[\",\",\"a\"]}"},
        {"!FindInMap [A, B, C]", "{\"Fn::FindInMap\":[\"A\",\"B\",\"C\"]}"},
        {"!If [A, true, no, ON, 'off', y]",
         "{\"Fn::If\":[\"A\",true,false,true,\"off\",\"y\"]}"},
        {"!And [!Equals [a, b], !Not [!Or [!Condition C, !Condition D]]]",
         "{\"Fn::And\":[{\"Fn::Equals\":[\"a\",\"b\"]},{\"Fn::Not\":[{\"Fn::Or\":"
         "[{\"Condition\":\"C\"},{\"Condition\":\"D\"}]}]}]}"},
        {"!ImportValue a", "{\"Fn::ImportValue\":\"a\"}"},
        {"!Base64 a", "{\"Fn::Base64\":\"a\"}"},
        {"!Cidr [a, 1, 2]", "{\"Fn::Cidr\":[\"a\",1,2]}"},
        {"!Transform {Name: 'AWS::Include'}", "{\"Fn::Transform\":{\"Name\":\"AWS::Include\"}}"},
        {"!Length [a]", "{\"Fn::Length\":[\"a\"]}"},
        {"!ToJsonString {a: b}", "{\"Fn::ToJsonString\":{\"a\":\"b\"}}"},
        {"!!str 12", "\"12\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(read_text(arena_printf(arena, "A: %s\n", rows[i][0]).at),
                            arena_printf(arena, "{\"A\":%s}", rows[i][1]).at);
    }
}

static void anchors_and_merges_are_taken_in(void **state)
{
    (void)state;
    assert_string_equal(read_text("A: &a {X: 1, Y: !Ref B}\nC: {Z: 3, <<: *a, X: 2}\n"),
                        "{\"A\":{\"X\":1,\"Y\":{\"Ref\":\"B\"}},"
                        "\"C\":{\"Z\":3,\"X\":2,\"Y\":{\"Ref\":\"B\"}}}");
    assert_string_equal(read_text("A: &a {X: 1}\nB: &b {X: 2, Y: 2}\nC:\n  <<: [*a, *b]\n"),
                        "{\"A\":{\"X\":1},\"B\":{\"X\":2,\"Y\":2},\"C\":{\"X\":1,\"Y\":2}}");
    assert_string_equal(read_text("A: &x !Sub 'y'\nB: *x\n"),
                        "{\"A\":{\"Fn::Sub\":\"y\"},\"B\":{\"Fn::Sub\":\"y\"}}");
}

static void dates_and_account_numbers_stay_texts(void **state)
{
    (void)state;
    assert_string_equal(read_text("AWSTemplateFormatVersion: 2010-09-09\nA: 012345678901\n"),
                        "{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"A\":\"012345678901\"}");
}

static void what_is_malformed_says_where(void **state)
{
    (void)state;
    assert_string_equal(read_text("{\n  \"A\": 1,\n  \"B\" 2\n}"),
                        "Template format error: JSON not well-formed. (line 3, column 7)");
    assert_string_equal(read_text("{\"A\": 1"),
                        "Template format error: JSON not well-formed. (line 1, column 8)");
    assert_string_equal(read_text("A: 1\nB: [1\nC: 2\n"),
                        "Template format error: YAML not well-formed. (line 3, column 2)");
    assert_string_equal(read_text("A: !Nothing x\n"),
                        "Template format error: YAML not well-formed. (line 1, column 4)");
    assert_string_equal(read_text(""), "Template format error: unsupported structure.");
    assert_string_equal(read_text(" \n"), "Template format error: unsupported structure.");
    assert_string_equal(read_text("[a]"), "Template format error: unsupported structure.");
    assert_string_equal(read_text("hello"), "Template format error: unsupported structure.");
}

static void what_is_too_large_is_refused(void **state)
{
    char *text = arena_alloc(arena, TEMPLATE_BYTES_MAX + 2);

    (void)state;
    memset(text, ' ', TEMPLATE_BYTES_MAX + 1);
    text[TEMPLATE_BYTES_MAX + 1] = '\0';
    memcpy(text, "{\"A\":1}", 7);
    assert_string_equal(read_text(text), "Template may not exceed 1000000 bytes in size.");
    text[TEMPLATE_BYTES_MAX] = '\0';
    assert_string_equal(read_text(text), "{\"A\":1}");
}

static void the_text_is_not_changed(void **state)
{
    const char text[] = "{\"A\": \"x\\ny\\u0041\"}";
    char copy[sizeof(text)];
    struct value document;

    (void)state;
    memcpy(copy, text, sizeof(text));
    assert_null(template_document(str_of(copy, sizeof(text) - 1), arena, &why, &document));
    assert_memory_equal(copy, text, sizeof(text));
    assert_string_equal(kit_json(&document), "{\"A\":\"x\\nyA\"}");
}

/* What is read is written in either language and read again as the same. */
static void json_and_yaml_of_a_template_are_one(void **state)
{
    static const char *const texts[] = {
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n"
        "      QueueName: !Sub '${AWS::StackName}-q'\n      DelaySeconds: 5\n"
        "      Tags: [{Key: a, Value: !Ref B}, {Key: '1', Value: \"true\"}]\n",
        "A: {B: [1, -2, 1.5, true, false, 'x: y', \"q\\\"\", \"\"], C: {}, D: []}\n",
        "Outputs: {U: {Value: !Join ['', ['https://', !GetAtt A.B, /]]}}\n",
        "Long: |\n  #!/bin/sh\n  echo \"${A}\" 'b' \\n\n\n  exit 0\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct value first;
        struct value again;
        struct buf yaml;

        assert_null(template_document(str_c(texts[i]), arena, &why, &first));
        assert_null(template_document(doc_json(arena, &first), arena, &why, &again));
        assert_string_equal(kit_json(&first), kit_json(&again));
        buf_init(&yaml, KIT_BYTES_MAX);
        yaml_write(&yaml, &first);
        assert_null(template_document(buf_str(&yaml), arena, &why, &again));
        assert_string_equal(kit_json(&first), kit_json(&again));
        buf_done(&yaml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(short_forms_become_long_ones, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(anchors_and_merges_are_taken_in, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(dates_and_account_numbers_stay_texts, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_is_malformed_says_where, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_refused, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(the_text_is_not_changed, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(json_and_yaml_of_a_template_are_one, kit_up, kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
