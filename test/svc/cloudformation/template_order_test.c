/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves which resource waits for which: references in every form, branches that are taken and not,
 * conditions that are false, circles.
 */
#include "template_kit.h"

/* "A:0 B:1(A) C:2(A,B)", or the sentence. */
static const char *order(const char *text, const char *given)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);
    struct str told = STR("");

    if (kit_begin(kit, text, given) != OK) {
        return arena_dup(arena, str_c(why.text)).at;
    }
    for (uint32_t i = 0; i < kit->of.resource_count; i++) {
        if (!kit->run.exists[i]) {
            continue;
        }
        told = arena_printf(arena, "%s%s%.*s:%u", told.at, told.bytes > 0 ? " " : "",
                            STR_ARG(kit->of.resources[i].name), kit->run.rank[i]);
        for (uint32_t j = 0; j < kit->run.need_count[i]; j++) {
            told = arena_printf(arena, "%s%s%.*s", told.at, j == 0 ? "(" : ",",
                                STR_ARG(kit->of.resources[kit->run.needs[i][j]].name));
        }
        told = arena_printf(arena, "%s%s", told.at, kit->run.need_count[i] > 0 ? ")" : "");
    }
    return told.at;
}

static void every_reference_counts(void **state)
{
    (void)state;
    assert_string_equal(order("Resources:\n"
                              "  A: {Type: T}\n"
                              "  B: {Type: T, Properties: {X: [!Ref A]}}\n"
                              "  C: {Type: T, Properties: {X: {Y: !GetAtt B.Arn}}}\n"
                              "  D: {Type: T, Properties: {X: !Sub '${A} ${C.Arn} ${!B}'}}\n"
                              "  E: {Type: T, DependsOn: D}\n"
                              "  F: {Type: T, DependsOn: [A, E], Metadata: {M: !Ref B}}\n"
                              "  G: {Type: T, Properties: {X: !Sub ['${A}', {A: x}]}}\n"
                              "  H: {Type: T, Properties: {X: !Sub ['${V}', {V: !Ref G}]}}\n",
                              NULL),
                        "A:0 B:1(A) C:2(B) D:3(A,C) E:4(D) F:5(A,B,E) G:0 H:1(G)");
}

static const char conditional[] =
    "Parameters: {On: {Type: String, Default: 'no'}}\n"
    "Conditions: {Is: !Equals [!Ref On, 'yes']}\n"
    "Resources:\n"
    "  A: {Type: T}\n"
    "  B: {Type: T, Condition: Is, Properties: {X: !Ref A}}\n"
    "  C: {Type: T, Properties: {X: !If [Is, !Ref B, !Ref A]}}\n"
    "Outputs: {O: {Condition: Is, Value: !Ref B}}\n";

static void branches_and_conditions_decide(void **state)
{
    (void)state;
    assert_string_equal(order(conditional, NULL), "A:0 C:1(A)");
    assert_string_equal(order(conditional, "On=yes"), "A:0 B:1(A) C:2(B)");
}

static void what_is_not_there_is_refused_where_it_is_used(void **state)
{
    (void)state;
    assert_string_equal(
        order("Conditions: {Not: !Equals [a, b]}\nResources: {A: {Type: T, Condition: Not}, "
              "B: {Type: T, Properties: {X: !Sub '${A.Arn}'}}}\n", NULL),
        "Template format error: Unresolved resource dependencies [A] in the Resources block of the "
        "template");
    assert_string_equal(
        order("Conditions: {Not: !Equals [a, b]}\nResources: {A: {Type: T, Condition: Not}, "
              "B: {Type: T, DependsOn: [A]}}\n", NULL),
        "Template format error: Unresolved resource dependencies [A] in the Resources block of the "
        "template");
    assert_string_equal(
        order("Conditions: {Not: !Equals [a, b]}\nResources: {A: {Type: T, Condition: Not}, "
              "B: {Type: T}}\nOutputs: {O: {Value: !Ref A}}\n", NULL),
        "Unresolved resource dependencies [A] in the Outputs block of the template");
}

static void circles_are_named(void **state)
{
    (void)state;
    assert_string_equal(order("Resources: {A: {Type: T, Properties: {X: !Ref B}}, "
                              "B: {Type: T, DependsOn: A}, C: {Type: T}, "
                              "D: {Type: T, DependsOn: B}}\n", NULL),
                        "Circular dependency between resources: [A, B, D]");
    assert_string_equal(order("Resources: {A: {Type: T, Properties: {X: !Ref A}}}\n", NULL),
                        "Circular dependency between resources: [A]");
    assert_string_equal(order("Conditions: {Not: !Equals [a, b]}\n"
                              "Resources: {A: {Type: T, Properties: {X: !If [Not, !Ref B, x]}}, "
                              "B: {Type: T, DependsOn: A}}\n", NULL),
                        "A:0 B:1(A)");
}

static void circles_are_seen_without_values_of_parameters(void **state)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);

    (void)state;
    kit->world = kit_world();
    assert_null(template_document(
        STR("Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\n"
            "Resources: {A: {Type: T, Properties: {X: !If [C, !Ref B, x]}}, "
            "B: {Type: T, DependsOn: A}}\n"), arena, &why, &kit->document));
    assert_null(template_read(&kit->document, arena, &why, &kit->of));
    assert_null(template_check(&kit->of, &kit->world, arena, &why));
    assert_null(template_document(STR("Resources: {A: {Type: T, DependsOn: B}, "
                                      "B: {Type: T, DependsOn: A}}\n"),
                                  arena, &why, &kit->document));
    assert_null(template_read(&kit->document, arena, &why, &kit->of));
    assert_ptr_equal(template_check(&kit->of, &kit->world, arena, &why), &TEMPLATE_INVALID);
    assert_string_equal(why.text, "Circular dependency between resources: [A, B]");
}

static void five_hundred_in_a_row_are_ordered(void **state)
{
    struct buf text;
    const char *told;

    (void)state;
    buf_init(&text, KIT_BYTES_MAX);
    buf_add(&text, STR("Resources:\n"));
    for (int i = 0; i < 500; i++) {
        buf_printf(&text, "  R%d: {Type: T%s%d}\n", i, i == 499 ? ", Metadata: {A: 1}, DependsOn: R"
                                                              : ", DependsOn: R",
                   i == 499 ? 0 : i + 1);
    }
    told = order(arena_dup(arena, buf_str(&text)).at, NULL);
    assert_true(str_starts(str_c(told), STR("Circular dependency between resources: [R0, R1, ")));
    buf_clear(&text);
    buf_add(&text, STR("Resources:\n  R499: {Type: T}\n"));
    for (int i = 0; i < 499; i++) {
        buf_printf(&text, "  R%d: {Type: T, DependsOn: R%d}\n", i, i + 1);
    }
    told = order(arena_dup(arena, buf_str(&text)).at, NULL);
    assert_true(str_starts(str_c(told), STR("R499:0 R0:499(R1) R1:498(R2) ")));
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_reference_counts, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(branches_and_conditions_decide, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_refused_where_it_is_used, kit_up,
                                        kit_down),
        cmocka_unit_test_setup_teardown(circles_are_named, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(circles_are_seen_without_values_of_parameters, kit_up,
                                        kit_down),
        cmocka_unit_test_setup_teardown(five_hundred_in_a_row_are_ordered, kit_up, kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
