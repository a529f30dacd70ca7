/* SPDX-License-Identifier: Apache-2.0
 *
 * The door's ways that no single service shows: loops that wait for the journal, preflights, and
 * fields of every size.
 */
#include "door_fixture.h"

static status get_object(struct call *c)
{
    struct value *metadata = set_map(c->arena, c->out, "Metadata", 1);

    map_add_str(metadata, STR("large"), arena_dup(c->arena, http_header(c->request,
                                                                        STR("x-large"))));
    return OK;
}

static const struct op ops[] = {{"GetObject", get_object}};
static const struct service s3 = {.id = "s3", .ops = ops, .op_count = 1};
static const struct service *const services[] = {&s3, NULL};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.disk = faulty_new(1)};
    fixture_open(&f, services, false);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    faulty_free(f->disk);
    return 0;
}

static void expect_answer(struct fixture *f)
{
    loopback_forget(f->loopback, f->peer);
    say(f, STR("GET /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\nx-large: 1\r\n\r\n"));
    assert_true(str_starts(hear(f), STR("HTTP/1.1 200 OK\r\n")));
}

/* The same work posted twice would tie its loop's queue into a knot. */
static void a_loop_that_waits_again_before_it_heard_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct door_loop *home = &f->door->loops[0];
    struct why why;

    expect_answer(f); /* the loop is known to the door from now on */
    for (int i = 0; i < 3; i++) {
        __atomic_store_n(&home->waiting, true, __ATOMIC_SEQ_CST);
        assert_ptr_equal(cell_advance(f->cell, 1, &why), OK); /* commits and syncs */
        assert_false(__atomic_load_n(&home->waiting, __ATOMIC_SEQ_CST));
        assert_true(__atomic_load_n(&home->told, __ATOMIC_SEQ_CST));
    }
    expect_answer(f);
    assert_false(__atomic_load_n(&home->told, __ATOMIC_SEQ_CST));
}

static void a_preflight_that_is_no_operation_is_answered_for_all(void **state)
{
    struct fixture *f = *state;

    say(f, STR("OPTIONS / HTTP/1.1\r\nhost: localhost\r\norigin: http://a\r\n"
               "access-control-request-method: POST\r\n"
               "access-control-request-headers: x-amz-target\r\n\r\n"));
    assert_true(str_starts(hear(f), STR("HTTP/1.1 200 OK\r\n")));
    assert_true(holds(hear(f), "\r\naccess-control-allow-origin: *\r\n"));
    assert_true(holds(hear(f), "access-control-allow-headers: x-amz-target\r\n"));
}

static void fields_of_two_kilobytes_go_both_ways(void **state)
{
    struct fixture *f = *state;
    char large[2049];
    char text[4096];

    memset(large, 'm', 2048);
    large[2048] = 0;
    snprintf(text, sizeof(text),
             "GET /bucket/key HTTP/1.1\r\nhost: s3.localhost\r\nx-large: %s\r\n\r\n", large);
    say(f, str_c(text));
    snprintf(text, sizeof(text), "\r\nx-amz-meta-large: %s\r\n", large);
    assert_true(holds(hear(f), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(a_loop_that_waits_again_before_it_heard_is_told_once),
        CASE(a_preflight_that_is_no_operation_is_answered_for_all),
        CASE(fields_of_two_kilobytes_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
