/* SPDX-License-Identifier: Apache-2.0
 *
 * Input transformers: AWS's documented examples, what is put where, and what is refused. Paths by
 * themselves.
 */
#include "svc/events/transform.h"

#include "base/mem.h"
#include "bus/pattern.h"
#include "svc/events/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define RULE "arn:aws:events:us-east-2:123456789012:rule/example"
#define EVENT                                                                                      \
    "{\"version\":\"0\",\"id\":\"7bf73129\",\"detail-type\":\"EC2 Instance State-change\","       \
    "\"source\":\"aws.ec2\",\"account\":\"123456789012\",\"time\":\"2015-11-11T21:29:54Z\","       \
    "\"region\":\"us-east-1\",\"resources\":[\"arn:aws:ec2:x\"],\"detail\":{\"instance-id\":"      \
    "\"i-0123456789\",\"state\":\"RUNNING\",\"n\":1.50,\"big\":12345678901234567890,"             \
    "\"quote\":\"a \\\"b\\\" \\u00e9\",\"list\":[{\"k\":\"v\"},2,[3]],\"none\":null,\"o\":{}}}"

static const char *const paths =
    "{\"instance\":\"$.detail.instance-id\",\"state\":\"$.detail.state\",\"time\":\"$.time\","
    "\"n\":\"$.detail.n\",\"big\":\"$.detail.big\",\"quote\":\"$.detail.quote\","
    "\"list\":\"$.detail.list\",\"null\":\"$.detail.none\",\"missing\":\"$.detail.missing\","
    "\"whole\":\"$\"}";

static const struct row {
    const char *template;
    const char *filled; /* NULL: it would be no JSON */
} rows[] = {
    /* the guide's examples */
    {"\"instance <instance> is in <state>\"", "\"instance i-0123456789 is in RUNNING\""},
    {"\"instance \\\"<instance>\\\" is in <state>\"",
     "\"instance \\\"i-0123456789\\\" is in RUNNING\""},
    {"{\n  \"instance\" : <instance>,\n  \"state\": <state>\n}",
     "{\"instance\":\"i-0123456789\",\"state\":\"RUNNING\"}"},
    {"{\n \"instance\" : <instance>,\n \"state\": \"<state>\",\n \"instanceStatus\": \"instance "
     "\\\"<instance>\\\" is in <state>\"\n}",
     "{\"instance\":\"i-0123456789\",\"state\":\"RUNNING\",\"instanceStatus\":\"instance "
     "\\\"i-0123456789\\\" is in RUNNING\"}"},
    {"{\"instance\":<instance>,\"state\":[ 9, <state>, true ],\"Transformed\":\"Yes\"}",
     "{\"instance\":\"i-0123456789\",\"state\":[9,\"RUNNING\",true],\"Transformed\":\"Yes\"}"},
    {"{\"ruleArn\" : <aws.events.rule-arn>, \"ruleName\" : <aws.events.rule-name>}",
     "{\"ruleArn\":\"" RULE "\",\"ruleName\":\"example\"}"},
    {"\"<aws.events.rule-name> triggered\"", "\"example triggered\""},
    {"{\"timestamp\": <time>, \"message\": \"<state>\"}",
     "{\"timestamp\":\"2015-11-11T21:29:54Z\",\"message\":\"RUNNING\"}"},
    /* values as they were written */
    {"{\"n\": <n>, \"big\": <big>, \"list\": <list>, \"null\": <null>}",
     "{\"n\":1.50,\"big\":12345678901234567890,\"list\":[{\"k\":\"v\"},2,[3]],\"null\":null}"},
    {"\"<n> <list> <null> <missing>.\"", "\"1.50 [{k:v},2,[3]] null .\""},
    {"{\"q\": <quote>}", "{\"q\":\"a \\\"b\\\" \\u00e9\"}"},
    {"{\"q\": \"<quote>\"}", NULL},
    {"\"<quote>\"", "\"a \"b\" \xc3\xa9\""},
    {"{\"m\": <missing>}", "{\"m\":\"\"}"},
    /* AWS's own variables */
    {"{\"at\": <aws.events.event.ingestion-time>}", "{\"at\":\"2026-09-21T14:13:20Z\"}"},
    {"<aws.events.event.json>", EVENT},
    {"{\"e\": <aws.events.event>}",
     "{\"e\":{\"version\":\"0\",\"id\":\"7bf73129\",\"detailType\":\"EC2 Instance State-change\","
     "\"source\":\"aws.ec2\",\"account\":\"123456789012\",\"time\":\"2015-11-11T21:29:54Z\","
     "\"region\":\"us-east-1\",\"resources\":[\"arn:aws:ec2:x\"]}}"},
    {"<whole>", EVENT},
    /* texts */
    {"\"one <state>\"\n\"two\"", "\"one RUNNING\"\n\"two\""},
    {"[<state>, 1 ]", "[\"RUNNING\",1]"},
    {"\"a < b\"", "\"a < b\""},
    {"12", "12"},
};

static void templates_are_filled(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct transform_input input = {STR(EVENT), STR(RULE), STR("example"), INT64_C(1790000000123)};
    const struct value *map = pattern_document(str_c(paths), arena);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transform *transform;
        struct str bad;
        struct str filled;

        if (transform_compile(arena, str_c(rows[i].template), map, &bad, &transform) != OK) {
            fail_msg("%s is refused", rows[i].template);
        }
        filled = transform_fill(arena, transform, &input);
        if (rows[i].filled == NULL ? filled.at != NULL : !str_eq(filled, str_c(rows[i].filled))) {
            fail_msg("%s gives %.*s", rows[i].template, STR_ARG(filled));
        }
    }
    arena_free(arena);
}

static void what_cannot_be_filled_is_refused(void **state)
{
    static const char *const wrong[] = {"", "text", "{\"a\": }", "{\"a\": <state>", "\"open",
                                        "{<state>: 1}x", "instance <state>", "{\"a\": <state>,}"};
    struct arena *arena = arena_new(1u << 20);
    const struct value *map = pattern_document(str_c(paths), arena);
    const struct transform *transform;
    struct str bad;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (transform_compile(arena, str_c(wrong[i]), map, &bad, &transform) != &ERR_MALFORMED) {
            fail_msg("%s is taken", wrong[i]);
        }
    }
    assert_ptr_equal(transform_compile(arena, STR("\"<nobody>\""), map, &bad, &transform),
                     &ERR_NOT_FOUND);
    assert_true(str_eq(bad, STR("nobody")));
    assert_ptr_equal(transform_compile(arena, STR("\"<state>\""), NULL, &bad, &transform),
                     &ERR_NOT_FOUND);
    arena_free(arena);
}

static void paths_lead_to_values(void **state)
{
    static const char *const all[][2] = {
        {"$", NULL},
        {"$.source", "\"aws.ec2\""},
        {"$.detail-type", "\"EC2 Instance State-change\""},
        {"$['detail-type']", "\"EC2 Instance State-change\""},
        {"$.resources[0]", "\"arn:aws:ec2:x\""},
        {"$.resources[1]", ""},
        {"$.detail.list[0].k", "\"v\""},
        {"$.detail.list[2]", "[3]"},
        {"$.detail.list[2][0]", "3"},
        {"$.detail.list[*]", "[{\"k\":\"v\"},2,[3]]"},
        {"$.detail.list[*].k", "[\"v\"]"},
        {"$.detail.list[*].none", ""},
        {"$.detail.o", "{}"},
        {"$.detail.o.x", ""},
        {"$.detail.n", "1.50"},
        {"$.detail.n.x", ""},
        {"$.source.x", ""},
    };
    struct arena *arena = arena_new(1u << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct str wanted = str_c(all[i][1] == NULL ? EVENT : all[i][1]);

        assert_true(path_good(str_c(all[i][0])));
        struct str found = path_find(arena, STR(EVENT), str_c(all[i][0]));

        if (!str_eq(found, wanted)) {
            fail_msg("%s leads to %.*s", all[i][0], STR_ARG(found));
        }
    }
    assert_false(path_good(STR("detail")));
    assert_false(path_good(STR("$detail")));
    assert_false(path_good(STR("$..x")));
    assert_false(path_good(STR("$.x[")));
    assert_false(path_good(STR("$.x[a]")));
    assert_true(str_eq(text_minify(arena, STR(" { \"a b\" : [ 1 , \"\\\" \" ] } ")),
                       STR("{\"a b\":[1,\"\\\" \"]}")));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_filled),
        cmocka_unit_test(what_cannot_be_filled_is_refused),
        cmocka_unit_test(paths_lead_to_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
