/* SPDX-License-Identifier: Apache-2.0
 *
 * What meets a request without a call: routes and paths, texts with variables, JSON paths, buckets,
 * CORS, answers of format 1.0, what authorizers say.
 */
#include "svc/apigatewayv2/run.h"
#include "svc/apigatewayv2/run_grant.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(16u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static uint64_t fit(const char *key, const char *method, const char *raw)
{
    struct route_key read = route_key_read(str_c(key), arena);
    struct route_path path;

    assert_true(route_path_read(str_c(raw), arena, &path));
    return route_fit(&read, str_c(method), &path);
}

static void routes_fit_by_their_segments(void **state)
{
    (void)state;
    assert_true(fit("GET /a/{b}", "GET", "/a/x") > 0);
    assert_true(fit("GET /a/{b}", "POST", "/a/x") == 0);
    assert_true(fit("GET /a/{b}", "GET", "/a") == 0);
    assert_true(fit("GET /a/{b}", "GET", "/a/") == 0);
    assert_true(fit("GET /a", "GET", "/a/") == 0);
    assert_true(fit("GET /a/", "GET", "/a/") > 0);
    assert_true(fit("GET /a/{p+}", "GET", "/a/") == 0);
    assert_true(fit("GET /a/{p+}", "GET", "/a/b/c") > 0);
    assert_true(fit("ANY /", "GET", "/") > 0);
    assert_true(fit("$default", "GET", "/anything") > 0);
    assert_true(fit("GET /a", "GET", "/%61") > 0);
    assert_true(fit("GET /a/b", "GET", "//a//b") > 0);
    assert_true(fit("GET /a/b", "GET", "/a%2Fb") > 0);
}

static void the_more_specific_fits_better(void **state)
{
    static const char *const order[] = {"GET /a/b",   "ANY /a/b",   "GET /a/{x}", "ANY /a/{x}",
                                        "GET /{x}/b", "GET /{x}/{y}", "GET /a/{p+}",
                                        "ANY /a/{p+}", "GET /{p+}", "ANY /{p+}", "$default"};
    uint64_t before = UINT64_MAX;

    (void)state;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        uint64_t now = fit(order[i], "GET", "/a/b");

        assert_true(now > 0);
        assert_true(now < before);
        before = now;
    }
}

static void paths_with_tricks_are_none(void **state)
{
    static const char *const bad[] = {"",        "a",          "/..",        "/a/../b", "/.",
                                      "/%2e%2e", "/a%2f..%2f", "/..;x/a",    "/a/%2e",  "/%00",
                                      "/%0a",    "/%ff",       "/%5c..%5ca", "/%",      "/%z1"};
    struct route_path path;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(route_path_read(str_c(bad[i]), arena, &path));
    }
    assert_true(route_path_read(STR("/a..b/...x/.c"), arena, &path));
    assert_int_equal(path.segment_count, 3);
}

static void parameters_are_decoded(void **state)
{
    struct route_key key = route_key_read(STR("GET /a/{id}/{rest+}"), arena);
    struct route_path path;
    struct http_pair *pairs;

    (void)state;
    assert_true(route_path_read(STR("/a/b%20c/d/e/"), arena, &path));
    assert_int_equal(route_parameters(&key, &path, arena, &pairs), 2);
    assert_true(str_eq(pairs[0].name, STR("id")));
    assert_true(str_eq(pairs[0].value, STR("b c")));
    assert_true(str_eq(pairs[1].name, STR("rest")));
    assert_true(str_eq(pairs[1].value, STR("d/e/")));
}

static void check_pieces(const char *text, bool of_log, const enum text_kind *kinds,
                         const char *const *names)
{
    struct text read = text_read(str_c(text), of_log, arena);
    size_t count = 0;

    for (; names[count] != NULL; count++) {
        assert_true(count < read.piece_count);
        assert_int_equal(read.pieces[count].kind, kinds[count]);
        assert_true(str_eq(read.pieces[count].text, str_c(names[count])));
    }
    assert_int_equal(read.piece_count, count);
}

static void texts_are_cut_at_their_variables(void **state)
{
    (void)state;
    check_pieces("$request.header.X-A", false, (enum text_kind[]){TEXT_HEADER},
                 (const char *const[]){"X-A", NULL});
    check_pieces("a ${request.path.id}b$context.stage.", false,
                 (enum text_kind[]){TEXT_LITERAL, TEXT_PATH_PARAMETER, TEXT_LITERAL, TEXT_CONTEXT,
                                    TEXT_LITERAL},
                 (const char *const[]){"a ", "id", "b", "stage", ".", NULL});
    check_pieces("$request.body.a[0].b", false, (enum text_kind[]){TEXT_BODY_AT},
                 (const char *const[]){".a[0].b", NULL});
    check_pieces("$request.path", false, (enum text_kind[]){TEXT_PATH},
                 (const char *const[]){"", NULL});
    check_pieces("costs $5 ${x} $", false, (enum text_kind[]){TEXT_LITERAL},
                 (const char *const[]){"costs $5 ${x} $", NULL});
    check_pieces("[$context.requestTime] $request.path \"$context.status\"", true,
                 (enum text_kind[]){TEXT_LITERAL, TEXT_CONTEXT, TEXT_LITERAL, TEXT_CONTEXT,
                                    TEXT_LITERAL},
                 (const char *const[]){"[", "requestTime", "] $request.path \"", "status", "\"",
                                       NULL});
    check_pieces("", false, NULL, (const char *const[]){NULL});
}

static const struct value *at(const char *json, const char *path)
{
    struct value *document = arena_alloc(arena, sizeof(*document));
    struct why why;

    assert_ptr_equal(json_read(arena_dup(arena, str_c(json)), 0, arena, &why, document), OK);
    return text_json_at(document, str_c(path));
}

static void json_paths_lead_to_values(void **state)
{
    (void)state;
    assert_int_equal(at("{\"a\":{\"b\":[1,2]}}", ".a.b[1]")->number, 2);
    assert_int_equal(at("[{\"a b\":3}]", "[0]['a b']")->number, 3);
    assert_null(at("{\"a\":1}", ".b"));
    assert_null(at("{\"a\":1}", "..a"));
    assert_null(at("{\"a\":1}", ".a[0]"));
    assert_null(at("[1]", "[1]"));
    assert_null(at("[1]", "[x"));
    assert_null(at("[1]", "a"));
}

static void a_bucket_fills_at_its_rate(void **state)
{
    struct bucket bucket = {.limited = true, .rate = 2, .burst = 2};
    struct bucket open = {.limited = false};
    struct bucket shut = {.limited = true};

    (void)state;
    assert_true(bucket_take(&bucket, 1000));
    assert_true(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 1499));
    assert_true(bucket_take(&bucket, 1500));
    assert_true(bucket_take(&bucket, 100000));
    assert_true(bucket_take(&bucket, 100000));
    assert_false(bucket_take(&bucket, 100000));
    assert_true(bucket_take(&open, 1));
    assert_false(bucket_take(&shut, 1));
}

static void answers_of_format_1_have_many_values(void **state)
{
    struct http_answer answer;

    (void)state;
    assert_true(answer_one(STR("{\"statusCode\":200,\"headers\":{\"A\":\"0\",\"b\":\"1\"},"
                               "\"multiValueHeaders\":{\"a\":[\"1\",\"2\"],\"c\":[7,\"x\"]}}"),
                           arena, &answer));
    assert_int_equal(answer.header_count, 5); /* b, content-type, a, a, c */
    assert_false(answer_one(STR("{\"body\":\"no status\"}"), arena, &answer));
    assert_false(answer_one(STR("[]"), arena, &answer));
    assert_false(answer_one(STR("x"), arena, &answer));
}

static void what_authorizers_say_is_read_and_kept(void **state)
{
    struct grants *grants = grants_new();
    struct granted *yes = granted_read(
        STR("{\"isAuthorized\":true,\"context\":{\"a\":\"b\",\"n\":7}}"), true);
    struct granted *some = granted_read(
        STR("{\"principalId\":\"me\",\"policyDocument\":{\"Version\":\"2012-10-17\","
            "\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"execute-api:Invoke\","
            "\"Resource\":\"arn:aws:execute-api:r:1:x/s/GET/*\"}]}}"), false);

    (void)state;
    assert_null(granted_read(STR("{\"isAuthorized\":\"true\"}"), true));
    assert_null(granted_read(STR("{\"isAuthorized\":true}"), false));
    assert_null(granted_read(STR("[]"), true));
    assert_null(granted_read(STR("{\"policyDocument\":{}}"), false));
    assert_true(granted_allows(yes, STR("arn:aws:execute-api:r:1:x/s/GET/a")));
    assert_true(str_eq(granted_member(yes, STR("n")), STR("7")));
    assert_true(granted_allows(some, STR("arn:aws:execute-api:r:1:x/s/GET/a")));
    assert_false(granted_allows(some, STR("arn:aws:execute-api:r:1:x/s/POST/a")));
    assert_true(str_eq(granted_principal(some), STR("me")));
    grants_keep(grants, STR("x/s/1"), yes, 100);
    grants_keep(grants, STR("x/s/1"), some, 100);
    grants_keep(grants, STR("x/t/1"), yes, 100);
    assert_ptr_equal(grants_find(grants, STR("x/s/1"), 99), some);
    grants_forget(grants, STR("x/s/"));
    assert_null(grants_find(grants, STR("x/s/1"), 99));
    assert_ptr_equal(grants_find(grants, STR("x/t/1"), 99), yes);
    assert_null(grants_find(grants, STR("x/t/1"), 100));
    granted_drop(yes);
    granted_drop(some);
    grants_free(grants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_fit_by_their_segments),
        cmocka_unit_test(the_more_specific_fits_better),
        cmocka_unit_test(paths_with_tricks_are_none),
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(texts_are_cut_at_their_variables),
        cmocka_unit_test(json_paths_lead_to_values),
        cmocka_unit_test(a_bucket_fills_at_its_rate),
        cmocka_unit_test(answers_of_format_1_have_many_values),
        cmocka_unit_test(what_authorizers_say_is_read_and_kept),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
