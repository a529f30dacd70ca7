/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what each section may say and in whose words the rest is refused: tables of templates.
 */
#include "template_kit.h"

struct row {
    const char *text;
    const char *wanted; /* the sentence; NULL: it is fine */
};

static void refuses(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit *kit = ARENA_NEW(arena, struct kit);
        status read = kit_begin(kit, rows[i].text, NULL);
        const char *found = read == OK ? NULL : why.text;

        if ((found == NULL) != (rows[i].wanted == NULL) ||
            (found != NULL && strcmp(found, rows[i].wanted) != 0)) {
            print_error("%s\n  is     %s\n  wanted %s\n", rows[i].text, found, rows[i].wanted);
            fail();
        }
    }
}
#define REFUSES(rows) refuses(rows, sizeof(rows) / sizeof((rows)[0]))

#define ONE "Resources: {R: {Type: A::B::C}}\n"

static void heads(void **state)
{
    static const struct row rows[] = {
        {ONE "AWSTemplateFormatVersion: 2010-09-09\nDescription: d\nMetadata: {A: {B: [1]}}\n"
             "Hooks: {H: {Type: X}}\n", NULL},
        {"Description: d", "Template format error: At least one Resources member must be defined."},
        {"Resources: {}", "Template format error: At least one Resources member must be defined."},
        {"Resources: [a]", "Template format error: At least one Resources member must be defined."},
        {ONE "Foo: 1\nBar: 2\n", "Invalid template property or properties [Foo, Bar]"},
        {ONE "AWSTemplateFormatVersion: 2011-01-01\n",
         "Template format error: unsupported value for AWSTemplateFormatVersion."},
        {ONE "Description: {a: b}\n",
         "Template format error: Every Description member must be a string."},
        {"Resources: {R: {Type: A::B::C, Properties: {P: [{Q: ~}]}}}",
         "[/Resources/R/Properties/P/0/Q] 'null' values are not allowed in templates"},
        {ONE "Outputs: {O: {Value: }}",
         "[/Outputs/O/Value] 'null' values are not allowed in templates"},
    };
    struct str line = STR("x");

    (void)state;
    REFUSES(rows);
    for (int i = 0; i < 11; i++) {
        line = arena_printf(arena, "%s%s", line.at, line.at);
    }
    const struct row longest[] = {{arena_printf(arena, ONE "Description: %s\n", line.at).at,
                                   "Template format error: 'Description' length is greater than "
                                   "1024."}};
    REFUSES(longest);
}

static void mappings_and_conditions(void **state)
{
    static const struct row rows[] = {
        {ONE "Mappings: {M: {a: {b: c, d: [e, 1]}}}", NULL},
        {ONE "Mappings: {M: a}", "Template format error: Every Mappings member M must be a map"},
        {ONE "Mappings: {M: {A: b}}",
         "Template format error: Every Mappings member A must be a map"},
        {ONE "Mappings: {M: {A: {B: {Ref: C}}}}",
         "Template format error: Every Mappings attribute must be a String or a List."},
        {ONE "Conditions: {C: !Equals [a, b], D: !Condition C}", NULL},
        {ONE "Conditions: {C: yes}", "Template format error: Conditions can only be boolean "
                                     "operations on parameters and other conditions"},
        {ONE "Conditions: {C: !Ref A}", "Template format error: Conditions can only be boolean "
                                        "operations on parameters and other conditions"},
        {ONE "Conditions: {C: !Equals [!Ref R, b]}",
         "Template format error: Unresolved dependencies [R]. Cannot reference resources in the "
         "Conditions block of the template"},
        {ONE "Conditions: {C: !Equals [!Ref Nobody, b]}",
         "Template format error: Unresolved dependencies [Nobody]. Cannot reference resources in "
         "the Conditions block of the template"},
        {ONE "Conditions: {C: !Not [!Condition Nobody]}",
         "Template format error: Unresolved condition dependency Nobody in the Conditions block of "
         "the template"},
        {ONE "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}",
         "Template error: Found circular condition dependency: C"},
        {ONE "Conditions: {C: !And [!Equals [a, a]]}",
         "Template error: every Fn::And object requires a list of at least 2 and at most 10 "
         "boolean parameters."},
        {ONE "Conditions: {C: !Or [!Equals [a, a]]}",
         "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean "
         "parameters."},
        {ONE "Conditions: {C: !Not [!Equals [a, a], !Equals [a, a]]}",
         "Template error: Fn::Not requires a list argument with one element"},
        {ONE "Conditions: {C: !Equals [a]}",
         "Template error: Fn::Equals requires a list argument with two elements"},
        {ONE "Conditions: {C: !Not [a]}", "Template format error: Conditions can only be boolean "
                                          "operations on parameters and other conditions"},
    };

    (void)state;
    REFUSES(rows);
}

static void resources(void **state)
{
    static const struct row rows[] = {
        {"Resources: {R: {Type: A::B::C, DeletionPolicy: RetainExceptOnCreate, "
         "UpdateReplacePolicy: Retain, Metadata: {a: b}, UpdatePolicy: {a: {b: c}}, "
         "CreationPolicy: {a: {b: c}}, DependsOn: S}, S: {Type: Custom::X}}", NULL},
        {"Resources: {R: a}",
         "Template format error: [/Resources/R] resource definition is malformed"},
        {"Resources: {R: {}}", "Template format error: [/Resources/R] Every Resources object must "
                               "contain a Type member."},
        {"Resources: {R: {Type: [A]}}",
         "Template format error: Every Type member must be a string."},
        {"Resources: {R: {Type: A, Invalid: b}}", "Invalid template resource property 'Invalid'"},
        {"Resources: {R-1: {Type: A}}",
         "Template format error: Resource name R-1 is non alphanumeric."},
        {"Resources: {R: {Type: A, Properties: [a]}}",
         "Template format error: [/Resources/R/Properties] Every Properties member must be a map."},
        {"Resources: {R: {Type: A, Condition: {Ref: C}}}",
         "Template format error: Every Condition member must be a string."},
        {"Resources: {R: {Type: A, Condition: C}}",
         "Template format error: Unresolved condition dependency C in the Resources block of the "
         "template"},
        {"Resources: {R: {Type: A, DeletionPolicy: Keep}}",
         "Template format error: Unrecognized DeletionPolicy Keep for resource R"},
        {"Resources: {R: {Type: A, UpdateReplacePolicy: RetainExceptOnCreate}}",
         "Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for "
         "resource R"},
        {"Resources: {R: {Type: A, DeletionPolicy: {Ref: P}}}",
         "Template format error: Every DeletionPolicy member must be a string."},
        {"Resources: {R: {Type: A, DependsOn: [S, T]}}",
         "Template format error: Unresolved resource dependencies [S, T] in the Resources block of "
         "the template"},
        {"Resources: {R: {Type: A, DependsOn: [{Ref: S}]}}",
         "Template format error: Every DependsOn value must be a string."},
        {"Resources: {R: {Type: A, DependsOn: {Ref: S}}}",
         "Template format error: DependsOn must be a string or list of strings."},
        {"Resources: {R: {Type: No::Such}, S: {Type: No::Other}, T: {Type: No::Such}}",
         "Template format error: Unrecognized resource types: [No::Such, No::Other]"},
        {"Resources: {P: {Type: A}}\nParameters: {P: {Type: String, Default: a}}",
         "Template error: all resources and parameters must have unique names. Common name(s):[P]"},
    };

    (void)state;
    REFUSES(rows);
}

static void outputs(void **state)
{
    static const struct row rows[] = {
        {ONE "Outputs: {O: {Value: !Ref R, Description: d, "
             "Export: {Name: !Sub '${AWS::StackName}-O'}}, "
             "P: {Value: 1, Export: {Name: 'a:b-c'}}}", NULL},
        {ONE "Outputs: {O: {Description: d}}",
         "Template format error: Every Outputs member must contain a Value object"},
        {ONE "Outputs: {O: a}",
         "Template format error: [/Outputs/O] output definition is malformed"},
        {ONE "Outputs: {O: {Value: [a]}}",
         "Template format error: Every Value member must be a string."},
        {ONE "Outputs: {O: {Value: !Equals [a, a]}}",
         "Template format error: The Value field of every Outputs member must evaluate to a "
         "String."},
        {ONE "Outputs: {O: {Value: a, Foo: b}}", "Invalid template output property 'Foo'"},
        {ONE "Outputs: {O-1: {Value: a}}",
         "Template format error: Output name O-1 is non alphanumeric."},
        {ONE "Outputs: {O: {Value: a, Export: {Name: 'a b'}}}",
         "Template format error: Output O is malformed. The Name field of every Export member must "
         "be specified and consist only of alphanumeric characters, colons, or hyphens."},
        {ONE "Outputs: {O: {Value: a, Condition: C}}",
         "Template format error: Unresolved condition dependency C in the Outputs block of the "
         "template"},
        {ONE "Outputs: {O: {Value: !Ref S}}",
         "Unresolved resource dependencies [S] in the Outputs block of the template"},
        {ONE "Outputs: {O: {Value: !GetAtt S.T}}",
         "Template error: instance of Fn::GetAtt references undefined resource S"},
    };

    (void)state;
    REFUSES(rows);
}

static void rules(void **state)
{
    static const char head[] = ONE "Parameters: {E: {Type: String, Default: prod}, "
                                   "L: {Type: CommaDelimitedList, Default: 'a,b'}}\nRules: {C: ";
    static const struct row rows[] = {
        {"{Assertions: [{Assert: !Contains [[prod, dev], !Ref E]}]}", NULL},
        {"{Assertions: [{Assert: !Contains [[dev], !Ref E], AssertDescription: not so}]}",
         "Rule C failed: not so"},
        {"{RuleCondition: !Equals [!Ref E, dev], Assertions: [{Assert: !Equals [a, b]}]}", NULL},
        {"{RuleCondition: !Equals [!Ref E, prod], Assertions: [{Assert: !Equals [a, b]}]}",
         "Rule C failed: an assertion is false"},
        {"{Assertions: [{Assert: !EachMemberIn [!Ref L, [a, b, c]]}]}", NULL},
        {"{Assertions: [{Assert: !EachMemberIn [!Ref L, [a]], AssertDescription: x}]}",
         "Rule C failed: x"},
        {"{Assertions: [{Assert: !EachMemberEquals [[a, a], a]}]}", NULL},
        {"{Assertions: [{Assert: !EachMemberEquals [!Ref L, a], AssertDescription: x}]}",
         "Rule C failed: x"},
        {"{Assertions: [{Assert: !Not [!Contains [!Ref L, b]], AssertDescription: x}]}",
         "Rule C failed: x"},
        {"{Assertions: [{Assert: !Contains [!RefAll 'AWS::EC2::VPC::Id', x]}]}", NULL},
        {"{Assertions: [{Assert: !EachMemberIn [!ValueOfAll ['AWS::EC2::VPC::Id', T], [x]]}]}",
         NULL},
        {"{Assertions: [{Assert: !Equals [!If [a, b, c], b]}]}",
         "Template format error: Following functions are not supported in the Rules block of the "
         "template: [Fn::If]"},
        {"{Assertions: a}",
         "Template format error: Rule C must contain an Assertions list."},
        {"{Assertions: [{}]}", "Template format error: Every assertion of rule C must contain an "
                               "Assert member."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row row = {arena_printf(arena, "%s%s}\n", head, rows[i].text).at,
                                rows[i].wanted};

        refuses(&row, 1);
    }
}

static void counts_have_limits(void **state)
{
    struct buf text;
    struct row row = {.wanted = "Template format error: Number of resources, 501, is greater than "
                                "maximum allowed, 500"};

    (void)state;
    buf_init(&text, KIT_BYTES_MAX);
    buf_add(&text, STR("Resources:\n"));
    for (int i = 0; i < 501; i++) {
        buf_printf(&text, "  R%d: {Type: A}\n", i);
    }
    row.text = arena_dup(arena, buf_str(&text)).at;
    refuses(&row, 1);
    buf_clear(&text);
    buf_add(&text, STR(ONE "Parameters:\n"));
    for (int i = 0; i < 201; i++) {
        buf_printf(&text, "  P%d: {Type: String}\n", i);
    }
    row = (struct row){arena_dup(arena, buf_str(&text)).at,
                       "Template format error: Number of parameters, 201, is greater than maximum "
                       "allowed, 200"};
    refuses(&row, 1);
    buf_done(&text);
}

static void what_is_still_to_be_transformed_is_not_missed(void **state)
{
    static const struct row rows[] = {
        {"Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: x}}\n"
         "Resources: {F: {Type: No::Such, Connectors: {}, Properties: {R: !GetAtt FRole.Arn}}}\n"
         "Outputs: {O: {Value: !Ref Made}}\n", NULL},
        {"Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::L': [X, [a], {'B${X}': "
         "{Type: A}}], R: {Type: A, Properties: {Q: !Ref {'Fn::Sub': a}}}}", NULL},
        {"Resources: {R: {Type: A, Properties: {Fn::Transform: M, B: !Ref Nobody}}}", NULL},
    };

    (void)state;
    REFUSES(rows);
}

static void members_are_read(void **state)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);

    (void)state;
    assert_null(kit_begin(kit,
                          "Description: d\nConditions: {C: !Equals [a, a]}\nResources:\n"
                          "  R: {Type: A::B::C, Condition: C, DeletionPolicy: Retain, "
                          "UpdateReplacePolicy: Snapshot, Properties: {X: 1}}\n"
                          "Outputs: {O: {Value: v, Description: od, Condition: C, "
                          "Export: {Name: n}}}\n", NULL));
    const struct template_resource *resource = template_resource_find(&kit->of, STR("R"));
    assert_non_null(resource);
    assert_true(str_eq(kit->of.description, STR("d")));
    assert_true(str_eq(resource->type, STR("A::B::C")));
    assert_true(str_eq(resource->condition, STR("C")));
    assert_true(str_eq(resource->deletion, STR("Retain")));
    assert_true(str_eq(resource->replacement, STR("Snapshot")));
    assert_string_equal(kit_json(resource->properties), "{\"X\":1}");
    assert_int_equal(kit->of.output_count, 1);
    assert_string_equal(kit_json(kit->of.outputs[0].value), "\"v\"");
    assert_string_equal(kit_json(kit->of.outputs[0].export_name), "\"n\"");
    assert_true(str_eq(kit->of.outputs[0].description, STR("od")));
    assert_null(template_resource_find(&kit->of, STR("S")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(mappings_and_conditions, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(resources, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(outputs, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(rules, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(counts_have_limits, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_is_still_to_be_transformed_is_not_missed, kit_up,
                                        kit_down),
        cmocka_unit_test_setup_teardown(members_are_read, kit_up, kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
