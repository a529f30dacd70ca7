/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations over resource types that do as they are told: they wait, fail before or after they
 * made something, decide about replacement, are gone already. What is looked at is which of their
 * functions ran, in which order, and what is left.
 */
#include "bus/bus.h"
#include "cell/cell.h"
#include "svc/cloudformation/cloudformation.h"

#include "../test/svc/resource_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define TOLD_BYTES_MAX 8192
#define TURNS_MAX 400

/* ---- types that do as they are told ---- */

static char told[TOLD_BYTES_MAX]; /* "make A;settled A;remove A;" */
static int made;                  /* so many: ids are made from it */

static void tell_about(const struct resource *r, const char *what)
{
    size_t bytes = strlen(told);

    snprintf(told + bytes, sizeof(told) - bytes, "%s %.*s;", what, STR_ARG(r->logical_id));
}

static bool fails(struct resource *r, const char *what)
{
    return str_eq(resource_str(r, "Fails"), str_c(what));
}

static status thing_make(struct resource *r)
{
    tell_about(r, "make");
    if (fails(r, "before")) {
        return resource_fail(r, &RESOURCE_INVALID, "no such thing");
    }
    r->id = arena_printf(r->c->arena, "thing-%d", ++made);
    return fails(r, "after") ? resource_fail(r, &RESOURCE_INVALID, "half a thing") : OK;
}

static status thing_settled(struct resource *r)
{
    int64_t waits_ms = resource_int(r, "Waits", 0);

    return r->c->now < r->since_ms + waits_ms ? &RESOURCE_WAITS : OK;
}

static status thing_change(struct resource *r)
{
    tell_about(r, "change");
    return fails(r, "change") ? resource_fail(r, &RESOURCE_INVALID, "it stays as it is") : OK;
}

static status thing_remove(struct resource *r)
{
    tell_about(r, "remove");
    if (fails(r, "gone")) {
        return resource_fail(r, &ERR_NOT_FOUND, "it is not there");
    }
    return fails(r, "remove") ? resource_fail(r, &RESOURCE_INVALID, "it clings") : OK;
}

static status thing_tell(struct resource *r)
{
    resource_attribute(r, "Arn", arena_printf(r->c->arena, "arn:%.*s", STR_ARG(r->id)));
    return OK;
}

static bool thing_replaces(const struct resource *r, const struct resource_property *property)
{
    (void)property;
    return resource_int(r, "Size", 0) > 10;
}

static const struct resource_property properties[] = {
    {"Fails", "", RESOURCE_IN_PLACE, 0}, {"Name", "", RESOURCE_REPLACES, 0},
    {"Other", "", RESOURCE_IN_PLACE, 0}, {"Size", "", RESOURCE_DECIDES, 0},
    {"Waits", "", RESOURCE_IN_PLACE, 0},
};
static const char *const attributes[] = {"Arn", NULL};
static const struct resource_type thing = {
    .name = "AWS::Test::Thing",
    .service = "cloudformation",
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = thing_make,
    .change = thing_change,
    .remove = thing_remove,
    .settled = thing_settled,
    .tell = thing_tell,
    .replaces = thing_replaces,
};
static const struct resource_type *const types[] = {&thing};
static const struct service test_service = {.id = "test", .types = types, .type_count = 1};
static const struct service *const small[] = {&bus_service, &cloudformation_service,
                                              &test_service, NULL};

/* ---- a small world ---- */

static struct kit kit;

static bool restarts; /* between any two turns */

static void open_all(void)
{
    struct store_options store = {.dir = "/d", .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &kit.clock, .services = small, .seed = 7};

    store.files = faulty_files(kit.disk);
    assert_ptr_equal(store_open(&store, &kit.why, &kit.store), OK);
    cell.store = kit.store;
    assert_ptr_equal(cell_open(&cell, &kit.why, &kit.cell), OK);
}

static void close_all(void)
{
    cell_close(kit.cell);
    store_close(kit.store);
}

static int set_up(void **state)
{
    (void)state;
    told[0] = '\0';
    made = 0;
    restarts = false;
    kit.disk = faulty_new(1);
    kit.arena = arena_new(512u << 20);
    clock_init_manual(&kit.clock, KIT_START_MS);
    open_all();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_all();
    faulty_free(kit.disk);
    arena_free(kit.arena);
    return 0;
}

static const char *ask(const char *operation, const char *input)
{
    return kit_call(&kit, "cloudformation", operation, input, NULL);
}

static const char *stack(void)
{
    return ask("ListStacks", "{}");
}

/* Until nothing is under way; the stack as it is then. */
static const char *settle(void)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        const char *now = stack();

        if (strstr(now, "IN_PROGRESS\"") == NULL) {
            return now;
        }
        if (restarts) {
            close_all();
            open_all();
        }
        KIT_OK(&kit, cell_advance(kit.cell, 10, &kit.why));
    }
    print_error("%s\n%s\n", stack(), told);
    assert_true(false);
    return NULL;
}

/* The template's text within JSON: quotes are written as '. */
static const char *run(const char *operation, const char *resources, const char *more)
{
    struct str text = arena_printf(kit.arena, "{'Resources':{%s}}", resources);
    char *at = arena_alloc(kit.arena, text.bytes * 2 + 1);
    size_t bytes = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '\'') {
            at[bytes++] = '\\';
            at[bytes++] = '"';
        } else {
            at[bytes++] = text.at[i];
        }
    }
    told[0] = '\0';
    (void)ask(operation, arena_printf(kit.arena,
                                      "{\"StackName\":\"s\",\"TemplateBody\":\"%.*s\"%s}",
                                      (int)bytes, at, more).at);
    return settle();
}

#define THING(id, rest) "'" id "':{'Type':'AWS::Test::Thing'" rest "}"
#define OF(properties) ",'Properties':{" properties "}"

static const char *events(void)
{
    return ask("DescribeStackEvents", "{\"StackName\":\"s\"}");
}

/* ---- tests ---- */

static void what_can_begin_begins_side_by_side(void **state)
{
    (void)state;
    KIT_HAS(run("CreateStack", THING("A", OF("'Waits':50")) "," THING("B", OF("'Waits':50")) ","
                THING("C", ",'DependsOn':['A','B']"), ""), "CREATE_COMPLETE");
    assert_string_equal(told, "make A;make B;make C;");
    told[0] = '\0';
    (void)ask("DeleteStack", "{\"StackName\":\"s\"}");
    KIT_HAS(settle(), "DELETE_COMPLETE");
    assert_string_equal(told, "remove C;remove B;remove A;");
}

static void what_was_half_made_is_removed_and_what_was_not_is_not(void **state)
{
    (void)state;
    KIT_HAS(run("CreateStack", THING("A", "") "," THING("B", OF("'Fails':'after'")
                ",'DependsOn':'A'"), ""), "ROLLBACK_COMPLETE");
    assert_string_equal(told, "make A;make B;remove B;remove A;");
    KIT_HAS(events(), "half a thing");
    (void)ask("DeleteStack", "{\"StackName\":\"s\"}");
    (void)settle();
    KIT_HAS(run("CreateStack", THING("A", OF("'Fails':'before'")), ""), "ROLLBACK_COMPLETE");
    assert_string_equal(told, "make A;");
}

static void properties_decide_between_change_and_replacement(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", OF("'Size':1")) "," THING("B", OF("'Name':'x'")), "");
    KIT_HAS(run("UpdateStack", THING("A", OF("'Size':5")) "," THING("B", OF("'Name':'x'")), ""),
            "UPDATE_COMPLETE");
    assert_string_equal(told, "change A;");
    (void)run("UpdateStack", THING("A", OF("'Size':50")) "," THING("B", OF("'Name':'y'")), "");
    assert_string_equal(told, "make A;make B;remove B;remove A;");
}

static void a_change_that_fails_is_taken_back(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", OF("'Other':1")) "," THING("B", OF("'Other':1")), "");
    KIT_HAS(run("UpdateStack", THING("A", OF("'Other':2")) ","
                THING("B", OF("'Other':2,'Fails':'change'") ",'DependsOn':'A'"), ""),
            "UPDATE_ROLLBACK_COMPLETE");
    assert_string_equal(told, "change A;change B;change A;change B;");
    KIT_HAS(events(), "The following resource(s) failed to update: [B]. ");
}

static void what_cannot_be_removed_is_told_and_stays(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", OF("'Fails':'remove'")) "," THING("B", ""), "");
    KIT_HAS(run("UpdateStack", THING("B", ""), ""), "UPDATE_COMPLETE");
    KIT_HAS(events(), "Update successful. One or more resources could not be deleted.");
    KIT_HAS(events(), "it clings");
}

static void what_clings_keeps_what_it_needs(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", "") "," THING("B", OF("'Fails':'remove'")
              ",'DependsOn':'A'"), "");
    told[0] = '\0';
    (void)ask("DeleteStack", "{\"StackName\":\"s\"}");
    KIT_HAS(settle(), "DELETE_FAILED");
    assert_string_equal(told, "remove B;");
    (void)ask("DeleteStack", "{\"StackName\":\"s\",\"RetainResources\":[\"B\"]}");
    KIT_HAS(settle(), "DELETE_COMPLETE");
    assert_string_equal(told, "remove B;remove A;");
}

static void what_is_gone_counts_as_removed(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", OF("'Fails':'gone'")), "");
    (void)ask("DeleteStack", "{\"StackName\":\"s\"}");
    KIT_HAS(settle(), "DELETE_COMPLETE");
}

static void policies_of_deletion_know_what_was_made_now(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", ",'DeletionPolicy':'RetainExceptOnCreate'") ","
              THING("B", ",'DeletionPolicy':'Retain'") ","
              THING("C", OF("'Fails':'before'") ",'DependsOn':['A','B']"), "");
    assert_string_equal(told, "make A;make B;make C;remove A;");
    (void)ask("DeleteStack", "{\"StackName\":\"s\"}");
    (void)settle();
    (void)run("CreateStack", THING("A", ",'DeletionPolicy':'RetainExceptOnCreate'"), "");
    told[0] = '\0';
    (void)ask("DeleteStack", "{\"StackName\":\"s\"}");
    (void)settle();
    assert_string_equal(told, "");
    (void)run("CreateStack", THING("B", ",'DeletionPolicy':'Retain'") ","
              THING("C", OF("'Fails':'before'") ",'DependsOn':'B'"),
              ",\"RetainExceptOnCreate\":true");
    assert_string_equal(told, "make B;make C;remove B;");
}

static void an_update_may_replace_and_fail_and_go_back(void **state)
{
    (void)state;
    (void)run("CreateStack", THING("A", OF("'Name':'x'")) "," THING("B",
              OF("'Other':{'Fn::GetAtt':['A','Arn']}")), "");
    KIT_HAS(run("UpdateStack", THING("A", OF("'Name':'y'")) ","
                THING("B", OF("'Other':{'Fn::GetAtt':['A','Arn']}")) ","
                THING("C", OF("'Fails':'before'") ",'DependsOn':'B'"), ""),
            "UPDATE_ROLLBACK_COMPLETE");
    assert_string_equal(told, "make A;change B;make C;change B;remove A;");
    KIT_HAS(ask("DescribeStackResources", "{\"StackName\":\"s\"}"), "\"thing-1\"");
    KIT_HAS_NOT(ask("DescribeStackResources", "{\"StackName\":\"s\"}"), "\"thing-3\"");
}

static void what_was_replaced_twice_goes_back_to_the_first(void **state)
{
    static const char kept[] = ",\"DisableRollback\":true";

    (void)state;
    (void)run("CreateStack", THING("A", OF("'Name':'x'")), "");
    KIT_HAS(run("UpdateStack", THING("A", OF("'Name':'y'")) ","
                THING("B", OF("'Fails':'before'") ",'DependsOn':'A'"), kept), "UPDATE_FAILED");
    KIT_HAS(run("UpdateStack", THING("A", OF("'Name':'z'")) ","
                THING("B", OF("'Fails':'before'") ",'DependsOn':'A'"), kept), "UPDATE_FAILED");
    told[0] = '\0';
    (void)ask("RollbackStack", "{\"StackName\":\"s\"}");
    KIT_HAS(settle(), "UPDATE_ROLLBACK_COMPLETE");
    assert_string_equal(told, "remove A;remove A;");
    KIT_HAS(ask("DescribeStackResources", "{\"StackName\":\"s\"}"), "\"thing-1\"");
}

static void what_waits_goes_on_after_every_restart(void **state)
{
    (void)state;
    restarts = true;
    KIT_HAS(run("CreateStack", THING("A", OF("'Waits':50")) "," THING("B", OF("'Waits':90")) ","
                THING("C", OF("'Waits':20") ",'DependsOn':['A','B']"), ""), "CREATE_COMPLETE");
    assert_string_equal(told, "make A;make B;make C;");
    KIT_HAS(run("UpdateStack", THING("A", OF("'Waits':60")) "," THING("B",
                OF("'Waits':90,'Name':'x'")) ","
                THING("D", OF("'Fails':'before'") ",'DependsOn':['A','B']"), ""),
            "UPDATE_ROLLBACK_COMPLETE");
    assert_string_equal(told, "change A;make B;make D;change A;remove B;");
    KIT_HAS(ask("DescribeStackResources", "{\"StackName\":\"s\"}"), "\"thing-2\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_can_begin_begins_side_by_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_half_made_is_removed_and_what_was_not_is_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(properties_decide_between_change_and_replacement, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_fails_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_removed_is_told_and_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_clings_keeps_what_it_needs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_gone_counts_as_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(policies_of_deletion_know_what_was_made_now, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_update_may_replace_and_fail_and_go_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_replaced_twice_goes_back_to_the_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_waits_goes_on_after_every_restart, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
