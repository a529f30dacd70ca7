/* SPDX-License-Identifier: Apache-2.0
 *
 * What services answer beside their models: pages by path, for whom, with which arguments; answers
 * and errors with fields of their own; work outside the cell, also for callers that went away.
 */
#include "door_fixture.h"

#include "base/codec.h"
#include "sys/thread.h"
#include "wire/sigv4.h"

static const struct error NOT_MODIFIED = {"NotModified", NULL, 304, false};
static const struct error NO_SUCH_KEY = {"NoSuchKey", NULL, 404, false};
static const struct error TEAPOT = {"Teapot", NULL, 409, false};

/* A part without operations. */
static int ticks;
static int worked;
static int resumed;
static bool resumed_gone;
static struct lock gate; /* held by a test that wants work to wait */

static status tick(struct call *c)
{
    struct key key = key_of(c->arena, "bus");

    key_str(&key, STR("tick"));
    txn_put(c->txn, key_end(&key), STR("x"));
    ticks++;
    return OK;
}

static status show(struct call *c)
{
    assert_null(c->operation);
    assert_null(c->in);
    call_answer(c, 200, "text/plain",
                arena_printf(c->arena, "%.*s %.*s name=%.*s none=%zu trace=%.*s",
                             STR_ARG(c->request->method), STR_ARG(c->request->path),
                             STR_ARG(page_arg(c, "name")), page_arg(c, "none").bytes,
                             STR_ARG(c->trace)));
    put_header(c, "x-more", STR("1"));
    put_header(c, "x-account", c->account);
    return OK;
}

static status change(struct call *c)
{
    struct key key = key_of(c->arena, "bus");

    key_str(&key, STR("changed"));
    txn_put(c->txn, key_end(&key), page_arg(c, "name"));
    call_on(c, STR("arn:of:it"));
    call_answer(c, 201, "text/plain", STR("changed"));
    return OK;
}

static status refuse(struct call *c)
{
    put_header(c, "x-why", STR("because"));
    return fail(c, &TEAPOT, "not \"this\" one");
}

static status say_nothing(struct call *c)
{
    (void)c;
    return OK;
}

static void do_work(void *arg)
{
    lock_take(&gate);
    lock_give(&gate);
    *(int *)arg += 41;
    worked++;
}

static status after_work(struct call *c)
{
    int *number = c->kept;

    resumed++;
    put_header(c, "x-number", arena_printf(c->arena, "%d", ++*number));
    call_answer(c, 200, "text/plain", arena_printf(c->arena, "worked: %d", *number));
    return OK;
}

static status work(struct call *c)
{
    c->kept = arena_zero(c->keep, sizeof(int));
    call_work(c, do_work, c->kept, after_work);
    return OK;
}

static status park_after_work(struct call *c)
{
    resumed++;
    resumed_gone = true;
    call_park(c, NULL, c->now + 3600000, after_work);
    return OK;
}

static status work_and_park(struct call *c)
{
    c->kept = arena_zero(c->keep, sizeof(int));
    call_work(c, do_work, c->kept, park_after_work);
    return OK;
}

/* What it comes to is said by somebody else, in the step in which it comes to it. */
static status say_last(struct call *c, status result, void *arg)
{
    struct str why = arena_dup(c->arena, str_c(c->why.text));

    call_answer(c, 200, "text/plain", arena_printf(c->arena, "%s: %s %.*s", (const char *)arg,
                                                   result->code, STR_ARG(why)));
    return OK;
}

static void no_work(void *arg)
{
    (void)arg;
}

static status fail_later(struct call *c)
{
    return fail(c, &TEAPOT, "short and stout");
}

static status fail_with_last(struct call *c)
{
    call_last(c, say_last, (void *)(uintptr_t)"last");
    if (str_eq(page_arg(c, "when"), STR("later"))) {
        call_work(c, no_work, NULL, fail_later);
        return OK;
    }
    return fail_later(c);
}

static const struct page pages[] = {
    {"/_weir/show", false, show},     {"/_weir/change", false, change},
    {"/_weir/refuse", false, refuse}, {"/_weir/nothing", false, say_nothing},
    {"/_weir/work", false, work},     {"/_weir/park", false, work_and_park},
    {"/*-*_*/.well-known/*", true, show}, {"*.auth.*.localhost", true, refuse},
    {"/_weir/last", false, fail_with_last},
    {"/public-*", true, show},        {".s3-website", true, say_nothing},
};
static const struct service bus = {.id = "bus", .tick = tick, .pages = pages, .page_count = 11};

/* S3's errors carry fields of their own. */
static status get_object(struct call *c)
{
    put_header(c, "etag", STR("\"tag\""));
    put_header(c, "x-account", c->account);
    put_header(c, "content-type", STR("text/plain")); /* replaces the encoder's */
    if (str_eq(arg_str(c, "Key"), STR("same"))) {
        return fail(c, &NOT_MODIFIED, "Not Modified");
    }
    put_header(c, "x-amz-delete-marker", STR("true"));
    return fail(c, &NO_SUCH_KEY, "The specified key does not exist.");
}

static const struct op ops[] = {{"GetObject", get_object}};
static const struct service s3 = {.id = "s3", .ops = ops, .op_count = 1};
static const struct service *const services[] = {&bus, &s3, NULL};

static int open_with(void **state, bool auth)
{
    static struct fixture f;

    f = (struct fixture){.disk = faulty_new(1)};
    ticks = worked = resumed = 0;
    resumed_gone = false;
    lock_init(&gate);
    fixture_open(&f, services, auth);
    *state = &f;
    return 0;
}

static int set_up(void **state)
{
    return open_with(state, false);
}

static int set_up_auth(void **state)
{
    return open_with(state, true);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    faulty_free(f->disk);
    lock_done(&gate);
    return 0;
}

static struct str visit_page(struct fixture *f, const char *path, const char *fields)
{
    char text[1024];

    loopback_forget(f->loopback, f->peer);
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nhost: localhost\r\n%s\r\n", path, fields);
    say(f, str_c(text));
    return hear(f);
}

static void a_page_is_found_by_its_path(void **state)
{
    struct str heard = visit_page(*state, "/_weir/show?other=1&name=a%20b+c",
                                  "x-amzn-trace-id: Root=1\r\n");

    assert_true(str_starts(heard, STR("HTTP/1.1 200 OK\r\n")));
    assert_true(holds(heard, "content-type: text/plain\r\n"));
    assert_true(holds(heard, "x-more: 1\r\n"));
    assert_true(str_ends(heard, STR("GET /_weir/show name=a b c none=0 trace=Root=1")));
    assert_true(holds(visit_page(*state, "/_weir/shown", ""), "HTTP/1.1 404"));
    assert_true(holds(visit_page(*state, "/public-thing.pem", ""), "GET /public-thing.pem name="));
    assert_true(holds(visit_page(*state, "/_weir/health", ""), "\"status\":\"ok\""));
    assert_true(str_starts(visit_page(*state, "/_weir/nothing", ""), STR("HTTP/1.1 204")));
}

static void a_page_may_be_a_hosts(void **state)
{
    struct fixture *f = *state;

    say(f, STR("GET /bucket/missing HTTP/1.1\r\nhost: b.s3-website-us-east-1.localhost:1\r\n\r\n"));
    assert_true(str_starts(hear(f), STR("HTTP/1.1 204")));
    assert_true(holds(visit_page(f, "/bucket/missing", ""), "<Code>NoSuchKey</Code>"));
}

static void a_page_may_say_which_parts_it_leaves_open(void **state)
{
    struct fixture *f = *state;

    assert_true(holds(visit_page(f, "/us-1_ab/.well-known/x/y", ""), "GET /us-1_ab/.well-known/"));
    assert_false(holds(visit_page(f, "/us-1ab/.well-known/x", ""), "HTTP/1.1 200"));
    assert_false(holds(visit_page(f, "/us-/1_ab/.well-known/x", ""), "HTTP/1.1 200"));
    assert_false(holds(visit_page(f, "/-_/.well-known/x", ""), "HTTP/1.1 200"));
    say(f, STR("GET / HTTP/1.1\r\nhost: a.app.auth.eu-west-1.localhost\r\n\r\n"));
    assert_false(holds(hear(f), "because"));
    say(f, STR("GET / HTTP/1.1\r\nhost: app.auth.eu-west-1.localhost:1\r\n\r\n"));
    assert_true(holds(hear(f), "because"));
}

static void what_a_page_comes_to_may_be_anothers_to_say(void **state)
{
    assert_true(str_ends(visit_page(*state, "/_weir/last", ""),
                         STR("last: Teapot short and stout")));
    assert_true(str_ends(visit_page(*state, "/_weir/last?when=later", ""),
                         STR("last: Teapot short and stout")));
}

static void a_pages_form_is_read(void **state)
{
    struct fixture *f = *state;

    say(f, STR("POST /_weir/show?x=1 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 12\r\n"
               "content-type: application/x-www-form-urlencoded\r\n\r\nname=a%26b+c"));
    assert_true(holds(hear(f), "POST /_weir/show name=a&b c none=0"));
}

static void a_page_that_is_not_open_is_for_no_web_page(void **state)
{
    const char *origin = "origin: http://evil\r\n";

    assert_true(holds(visit_page(*state, "/_weir/show", origin), "HTTP/1.1 403"));
    assert_true(holds(visit_page(*state, "/public-x", origin), "HTTP/1.1 200"));
}

static void with_auth_a_page_wants_a_signature(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_new(1 << 20);
    struct http_header fields[2] = {{STR("host"), STR("localhost")},
                                    {STR("x-amz-date"), STR("20260921T141320Z")}};
    struct http_request request = {.method = STR("GET"), .target = STR("/_weir/show"),
                                   .path = STR("/_weir/show"), .authority = STR("localhost"),
                                   .headers = fields, .header_count = 2, .version = 11};
    struct identity root;
    struct why why;
    char signed_fields[700];
    bool made;

    assert_ptr_equal(identity_root(cell_identities(f->cell), arena, &why, &root, &made), OK);
    assert_true(holds(visit_page(f, "/_weir/show", ""), "HTTP/1.1 403"));
    assert_true(holds(visit_page(f, "/public-x", ""), "HTTP/1.1 200"));
    struct str signature = sigv4_sign(&request, root.access_key, root.secret, STR("us-east-1"),
                                      STR("weir"), START_MS, arena);

    snprintf(signed_fields, sizeof(signed_fields),
             "x-amz-date: 20260921T141320Z\r\nauthorization: %.*s\r\n", STR_ARG(signature));
    assert_true(holds(visit_page(f, "/_weir/show", signed_fields), "HTTP/1.1 200"));
    signed_fields[strlen(signed_fields) - 3] ^= 1;
    assert_true(holds(visit_page(f, "/_weir/show", signed_fields), "HTTP/1.1 403"));
    arena_free(arena);
}

/* What is public S3 decides itself. */
static void with_auth_who_does_not_sign_is_nobody(void **state)
{
    struct str heard = visit_page(*state, "/bucket/missing", "");

    assert_true(holds(heard, "<Code>NoSuchKey</Code>"));
    assert_true(holds(heard, "x-account: anonymous\r\n"));
    assert_true(holds(visit_page(*state, "/public-x", ""), "x-account: anonymous\r\n"));
    assert_true(holds(visit_page(*state, "/", ""), "HTTP/1.1 403"));
}

/* The newest entry's service, operation and resource. */
static void assert_newest(struct fixture *f, const char *service, const char *operation,
                          const char *resource)
{
    struct journal *journal = store_journal(f->store);
    struct arena *arena = arena_new(1 << 20);
    struct journal_reader *reader;
    struct journal_entry raw;
    struct entry entry;
    struct why why;

    assert_ptr_equal(journal_read_open(journal, journal_last(journal), &why, &reader), OK);
    assert_ptr_equal(journal_read_next(reader, &why, &raw), OK);
    assert_ptr_equal(entry_read(raw.body, arena, &why, &entry), OK);
    assert_true(str_eq(entry.service, str_c(service)));
    assert_true(str_eq(entry.operation, str_c(operation)));
    assert_true(str_eq(entry.resource, str_c(resource)));
    journal_read_close(reader);
    arena_free(arena);
}

static void what_a_page_changes_is_an_entry_of_its_service(void **state)
{
    struct fixture *f = *state;

    say(f, STR("POST /_weir/change?name=x HTTP/1.1\r\nhost: localhost\r\n"
               "content-length: 0\r\n\r\n"));
    assert_true(holds(hear(f), "HTTP/1.1 201 Created"));
    assert_newest(f, "bus", "/_weir/change", "arn:of:it");
}

static void what_a_part_without_operations_does_names_it(void **state)
{
    struct fixture *f = *state;
    struct why why;

    assert_ptr_equal(cell_advance(f->cell, 60000, &why), OK);
    assert_int_equal(ticks, 1);
    assert_newest(f, "bus", "Tick", "");
}

static void a_pages_error_is_json_with_its_fields(void **state)
{
    struct str heard = visit_page(*state, "/_weir/refuse", "");

    assert_true(str_starts(heard, STR("HTTP/1.1 409 Conflict\r\n")));
    assert_true(holds(heard, "x-why: because\r\n"));
    assert_true(str_ends(heard, STR("\r\n\r\n{\"message\":\"not \\\"this\\\" one\"}\n")));
}

static void an_operations_error_carries_its_fields(void **state)
{
    struct str heard = visit_page(*state, "/bucket/missing", "");

    assert_true(str_starts(heard, STR("HTTP/1.1 404 Not Found\r\n")));
    assert_true(holds(heard, "x-amz-delete-marker: true\r\n"));
    assert_true(holds(heard, "content-type: text/plain\r\n"));
    assert_false(holds(heard, "application/xml"));
    assert_true(holds(heard, "<Code>NoSuchKey</Code>"));
    heard = visit_page(*state, "/bucket/same", "");
    assert_true(str_starts(heard, STR("HTTP/1.1 304 Not Modified\r\n")));
    assert_true(holds(heard, "etag: \"tag\"\r\n"));
    assert_true(str_ends(heard, STR("\r\n\r\n"))); /* no body */
}

static void work_is_done_outside_and_answered_inside(void **state)
{
    struct fixture *f = *state;
    struct str heard = visit_page(f, "/_weir/work", "");

    assert_true(holds(heard, "x-number: 42\r\n"));
    assert_true(str_ends(heard, STR("worked: 42")));
    assert_int_equal(resumed, 1);
}

static void the_cell_goes_on_while_work_is_done(void **state)
{
    struct fixture *f = *state;
    uint32_t other = loopback_connect(f->loopback);

    lock_take(&gate);
    say(f, STR("GET /_weir/work HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    loopback_send(f->loopback, other, STR("GET /_weir/show HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    loopback_run(f->loopback);
    assert_true(holds(loopback_received(f->loopback, other), "HTTP/1.1 200"));
    assert_int_equal(loopback_received(f->loopback, f->peer).bytes, 0);
    lock_give(&gate);
    assert_true(holds(hear(f), "worked: 42"));
}

static void work_of_a_caller_that_left_is_still_resumed(void **state)
{
    struct fixture *f = *state;

    lock_take(&gate);
    say(f, STR("GET /_weir/work HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    loopback_close(f->loopback, f->peer);
    assert_int_equal(resumed, 0);
    lock_give(&gate);
    settle(f);
    assert_int_equal(worked, 1);
    assert_int_equal(resumed, 1);
}

static void one_that_parks_for_a_caller_that_left_ends(void **state)
{
    struct fixture *f = *state;

    lock_take(&gate);
    say(f, STR("GET /_weir/park HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    loopback_close(f->loopback, f->peer);
    lock_give(&gate);
    settle(f);
    assert_true(resumed_gone);
    assert_int_equal(resumed, 1);
    assert_int_equal(f->cell->timers.count, 1); /* the minute's tick */
}

static void a_call_without_a_network_may_work_and_tells_its_answer(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_new(1 << 20);
    struct cell_answer answer;
    struct cell_request request = {.service = "bus", .page = "/_weir/work", .answer = &answer};
    struct value *out;
    struct why why = {""};

    assert_ptr_equal(cell_call(f->cell, &request, arena, &why, &out), OK);
    assert_int_equal(answer.http, 200);
    assert_true(str_eq(answer.body, STR("worked: 42")));
    assert_int_equal(answer.header_count, 2);
    assert_true(str_eq(answer.headers[0].value, STR("42")));
    request.page = "/_weir/refuse";
    assert_ptr_equal(cell_call(f->cell, &request, arena, &why, &out), &TEAPOT);
    assert_string_equal(why.text, "not \"this\" one");
    assert_int_equal(answer.http, 0);
    assert_int_equal(answer.header_count, 1);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(a_page_is_found_by_its_path),
        CASE(a_page_may_be_a_hosts), CASE(a_page_may_say_which_parts_it_leaves_open),
        CASE(what_a_page_comes_to_may_be_anothers_to_say),
        CASE(a_pages_form_is_read),
        CASE(a_page_that_is_not_open_is_for_no_web_page),
        cmocka_unit_test_setup_teardown(with_auth_a_page_wants_a_signature, set_up_auth,
                                        tear_down),
        cmocka_unit_test_setup_teardown(with_auth_who_does_not_sign_is_nobody, set_up_auth,
                                        tear_down),
        CASE(what_a_page_changes_is_an_entry_of_its_service),
        CASE(what_a_part_without_operations_does_names_it),
        CASE(a_pages_error_is_json_with_its_fields),
        CASE(an_operations_error_carries_its_fields),
        CASE(work_is_done_outside_and_answered_inside),
        CASE(the_cell_goes_on_while_work_is_done),
        CASE(work_of_a_caller_that_left_is_still_resumed),
        CASE(one_that_parks_for_a_caller_that_left_ends),
        CASE(a_call_without_a_network_may_work_and_tells_its_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
