/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns: what each kind of test takes and refuses, on values, lists, absent fields, and in each
 * dialect; and what the compiler says of patterns that are none. Each case is a line: pattern,
 * document, whether it matches.
 */
#include "base/buf.h"
#include "bus/pattern.h"
#include "bus/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

struct line {
    const char *pattern;  /* JSON */
    const char *document; /* JSON */
    bool matches;         /* as AWS would say */
};

static void check_lines(enum pattern_dialect dialect, const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_new(1u << 20);
        struct pattern *pattern = NULL;
        struct why why;
        status compiled = pattern_compile(str_c(lines[i].pattern), dialect, &why, &pattern);

        if (compiled != OK) {
            print_error("%s: %s\n", lines[i].pattern, why.text);
        }
        assert_ptr_equal(compiled, OK);
        if (pattern_match_json(pattern, str_c(lines[i].document), arena) != lines[i].matches) {
            print_error("%s against %s\n", lines[i].pattern, lines[i].document);
            assert_true(false);
        }
        pattern_free(pattern);
        arena_free(arena);
    }
}

#define CHECK(dialect, lines) check_lines(dialect, lines, sizeof(lines) / sizeof((lines)[0]))

static void literals_match_by_value_and_kind(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[\"x\"]}", "{\"a\":\"x\"}", true},
        {"{\"a\":[\"x\"]}", "{\"a\":\"X\"}", false},
        {"{\"a\":[\"x\",\"y\"]}", "{\"a\":\"y\"}", true},
        {"{\"a\":[3]}", "{\"a\":3}", true},
        {"{\"a\":[3]}", "{\"a\":\"3\"}", false},
        {"{\"a\":[3]}", "{\"a\":3.0}", true},
        {"{\"a\":[300]}", "{\"a\":3.0e2}", true},
        {"{\"a\":[3]}", "{\"a\":3.01}", false},
        {"{\"a\":[9007199254740993]}", "{\"a\":9007199254740993}", true},
        {"{\"a\":[9007199254740993]}", "{\"a\":9007199254740992}", false},
        {"{\"a\":[{\"exactly\":\"x\"}]}", "{\"a\":\"x\"}", true},
        {"{\"a\":[\"x\",3,null]}", "{\"a\":[null]}", true},
        {"{\"a\":[\"caf\u00e9\"]}", "{\"a\":\"caf\xc3\xa9\"}", true},
        {"{\"a\":[3.5]}", "{\"a\":3.5}", true},
        {"{\"a\":[true]}", "{\"a\":true}", true},
        {"{\"a\":[false]}", "{\"a\":true}", false},
        {"{\"a\":[null]}", "{\"a\":null}", true},
        {"{\"a\":[null]}", "{}", false},
        {"{\"a\":[\"\"]}", "{\"a\":\"\"}", true},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void texts_are_tested_by_prefix_suffix_case_and_wildcard(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[{\"prefix\":\"ab\"}]}", "{\"a\":\"abc\"}", true},
        {"{\"a\":[{\"prefix\":\"ab\"}]}", "{\"a\":\"ABc\"}", false},
        {"{\"a\":[{\"prefix\":{\"equals-ignore-case\":\"ab\"}}]}", "{\"a\":\"ABc\"}", true},
        {"{\"a\":[{\"suffix\":\".png\"}]}", "{\"a\":\"x.png\"}", true},
        {"{\"a\":[{\"suffix\":{\"equals-ignore-case\":\".PNG\"}}]}", "{\"a\":\"x.png\"}", true},
        {"{\"a\":[{\"suffix\":\".png\"}]}", "{\"a\":\"png\"}", false},
        {"{\"a\":[{\"equals-ignore-case\":\"Alice\"}]}", "{\"a\":\"aLICE\"}", true},
        {"{\"a\":[{\"equals-ignore-case\":\"Alice\"}]}", "{\"a\":\"alic\"}", false},
        {"{\"a\":[{\"wildcard\":\"dir/*.png\"}]}", "{\"a\":\"dir/x.png\"}", true},
        {"{\"a\":[{\"wildcard\":\"dir/*.png\"}]}", "{\"a\":\"dir.png\"}", false},
        {"{\"a\":[{\"wildcard\":\"*a*b*\"}]}", "{\"a\":\"xxaxxbxx\"}", true},
        {"{\"a\":[{\"wildcard\":\"*a*b*\"}]}", "{\"a\":\"xxbxxaxx\"}", false},
        {"{\"a\":[{\"wildcard\":\"a*a\"}]}", "{\"a\":\"a\"}", false},
        {"{\"a\":[{\"wildcard\":\"*\"}]}", "{\"a\":\"\"}", true},
        {"{\"a\":[{\"wildcard\":\"a\\\\*b\"}]}", "{\"a\":\"a*b\"}", true},
        {"{\"a\":[{\"wildcard\":\"a\\\\*b\"}]}", "{\"a\":\"axb\"}", false},
        {"{\"a\":[{\"prefix\":\"1\"}]}", "{\"a\":12}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void numbers_are_tested_by_range(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[{\"numeric\":[\">\",0,\"<=\",5]}]}", "{\"a\":5}", true},
        {"{\"a\":[{\"numeric\":[\">\",0,\"<=\",5]}]}", "{\"a\":0}", false},
        {"{\"a\":[{\"numeric\":[\">\",0,\"<=\",5]}]}", "{\"a\":5.01}", false},
        {"{\"a\":[{\"numeric\":[\"=\",300]}]}", "{\"a\":3.0e2}", true},
        {"{\"a\":[{\"numeric\":[\"<\",10]}]}", "{\"a\":-1e300}", true},
        {"{\"a\":[{\"numeric\":[\">=\",10]}]}", "{\"a\":10}", true},
        {"{\"a\":[{\"numeric\":[\">=\",10]}]}", "{\"a\":\"10\"}", false},
        {"{\"a\":[{\"numeric\":[\"<=\",5e9]}]}", "{\"a\":5000000000}", true},
        {"{\"a\":[{\"numeric\":[\"=\",-0.5]}]}", "{\"a\":-5e-1}", true},
        {"{\"a\":[{\"numeric\":[\">\",0]}]}", "{\"a\":[-1,1]}", true},
        {"{\"a\":[{\"numeric\":[\">\",0]}]}", "{\"a\":null}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void addresses_are_tested_by_network(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[{\"cidr\":\"10.0.0.0/24\"}]}", "{\"a\":\"10.0.0.255\"}", true},
        {"{\"a\":[{\"cidr\":\"10.0.0.0/24\"}]}", "{\"a\":\"10.0.1.0\"}", false},
        {"{\"a\":[{\"cidr\":\"10.0.0.0/23\"}]}", "{\"a\":\"10.0.1.0\"}", true},
        {"{\"a\":[{\"cidr\":\"10.0.0.1/32\"}]}", "{\"a\":\"10.0.0.1\"}", true},
        {"{\"a\":[{\"cidr\":\"0.0.0.0/0\"}]}", "{\"a\":\"192.168.1.1\"}", true},
        {"{\"a\":[{\"cidr\":\"0.0.0.0/0\"}]}", "{\"a\":\"::1\"}", false},
        {"{\"a\":[{\"cidr\":\"2001:db8::/33\"}]}", "{\"a\":\"2001:db8:7fff::1\"}", true},
        {"{\"a\":[{\"cidr\":\"2001:db8::/33\"}]}", "{\"a\":\"2001:db8:8000::1\"}", false},
        {"{\"a\":[{\"cidr\":\"10.0.0.0/24\"}]}", "{\"a\":\"here\"}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void absence_is_what_exists_false_looks_for(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[{\"exists\":true}]}", "{\"a\":null}", true},
        {"{\"a\":[{\"exists\":true}]}", "{\"b\":1}", false},
        {"{\"a\":[{\"exists\":true}]}", "{\"a\":{\"b\":1}}", false},
        {"{\"a\":[{\"exists\":false}]}", "{\"b\":1}", true},
        {"{\"a\":[{\"exists\":false}]}", "{\"a\":1}", false},
        {"{\"a\":[{\"exists\":false}]}", "{\"a\":[]}", true},
        {"{\"a\":{\"b\":[{\"exists\":false}]}}", "{}", true},
        {"{\"a\":{\"b\":[{\"exists\":false}]}}", "{\"a\":[]}", true},
        {"{\"a\":{\"b\":[{\"exists\":false}]}}", "{\"a\":[{\"b\":1}]}", false},
        {"{\"a\":{\"b\":[{\"exists\":true}]}}", "{\"a\":[{\"c\":1},{\"b\":1}]}", true},
        {"{\"a\":[{\"exists\":true}]}", "{\"a\":[]}", false},
        {"{\"a\":[{\"exists\":true}]}", "{\"a\":[[]]}", false},
        {"{\"a\":{\"b\":[{\"exists\":false}]}}", "{\"a\":5}", true},
        {"{\"a\":[{\"exists\":false},\"x\"]}", "{\"a\":\"x\"}", true},
        {"{\"a\":[{\"exists\":false},\"x\"]}", "{}", true},
        {"{\"a\":[{\"exists\":false},\"x\"]}", "{\"a\":\"y\"}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void anything_but_needs_something_else(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[{\"anything-but\":\"x\"}]}", "{\"a\":\"y\"}", true},
        {"{\"a\":[{\"anything-but\":\"x\"}]}", "{\"a\":\"x\"}", false},
        {"{\"a\":[{\"anything-but\":\"x\"}]}", "{}", false},
        {"{\"a\":[{\"anything-but\":[\"x\",\"y\"]}]}", "{\"a\":\"z\"}", true},
        {"{\"a\":[{\"anything-but\":[\"x\",\"y\"]}]}", "{\"a\":\"y\"}", false},
        {"{\"a\":[{\"anything-but\":[1,2]}]}", "{\"a\":2}", false},
        {"{\"a\":[{\"anything-but\":[1,2]}]}", "{\"a\":3}", true},
        {"{\"a\":[{\"anything-but\":{\"prefix\":\"x\"}}]}", "{\"a\":\"xy\"}", false},
        {"{\"a\":[{\"anything-but\":{\"prefix\":[\"x\",\"y\"]}}]}", "{\"a\":\"zy\"}", true},
        {"{\"a\":[{\"anything-but\":{\"suffix\":\"x\"}}]}", "{\"a\":\"yx\"}", false},
        {"{\"a\":[{\"anything-but\":{\"equals-ignore-case\":\"X\"}}]}", "{\"a\":\"x\"}", false},
        {"{\"a\":[{\"anything-but\":{\"wildcard\":\"*/lib/*\"}}]}", "{\"a\":\"a/lib/b\"}", false},
        {"{\"a\":[{\"anything-but\":{\"wildcard\":\"*/lib/*\"}}]}", "{\"a\":\"a/src/b\"}", true},
        {"{\"a\":[{\"anything-but\":[\"x\"]}]}", "{\"a\":[\"x\",\"z\"]}", true},
        {"{\"a\":[{\"anything-but\":[\"x\",\"z\"]}]}", "{\"a\":[\"x\",\"z\"]}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void lists_match_by_one_of_their_items(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[\"x\"]}", "{\"a\":[\"w\",\"x\"]}", true},
        {"{\"a\":[\"x\"]}", "{\"a\":[\"w\"]}", false},
        {"{\"a\":{\"b\":[1],\"c\":[2]}}", "{\"a\":[{\"b\":1,\"c\":3},{\"b\":1,\"c\":2}]}", true},
        {"{\"a\":{\"b\":[1],\"c\":[2]}}", "{\"a\":[{\"b\":1,\"c\":3},{\"b\":2,\"c\":2}]}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void fields_are_anded_and_or_groups_joined(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[1],\"b\":[2]}", "{\"a\":1,\"b\":2}", true},
        {"{\"a\":[1],\"b\":[2]}", "{\"a\":1,\"b\":3}", false},
        {"{\"$or\":[{\"a\":[1]},{\"b\":[2]}]}", "{\"b\":2}", true},
        {"{\"$or\":[{\"a\":[1]},{\"b\":[2]}]}", "{\"b\":1}", false},
        {"{\"c\":[0],\"$or\":[{\"a\":[1]},{\"b\":[2]}]}", "{\"a\":1,\"c\":0}", true},
        {"{\"c\":[0],\"$or\":[{\"a\":[1]},{\"b\":[2]}]}", "{\"a\":1}", false},
        {"{\"d\":{\"$or\":[{\"a\":[1]},{\"b\":{\"e\":[2]}}]}}", "{\"d\":{\"b\":{\"e\":2}}}", true},
        {"{\"$or\":[1]}", "{\"$or\":1}", true}, /* a field of that name, not a group */
        {"{\"$or\":[{\"prefix\":\"a\"},{\"suffix\":\"z\"}]}", "{\"$or\":\"az\"}", true},
        {"{\"$or\":[{\"a\":[1]},{\"$or\":[{\"b\":[2]},{\"c\":[3]}]}]}", "{\"c\":3}", true},
        {"{\"$or\":[{\"a\":[1]},{\"b\":[2]}],\"c\":[0]}", "{\"b\":2,\"c\":1}", false},
        {"{\"$or\":[{\"a\":[{\"numeric\":[\">\",0]}],\"b\":[1]},{\"c\":[{\"exists\":false}]}]}",
         "{\"a\":1,\"b\":2,\"c\":3}", false},
    };

    (void)state;
    CHECK(PATTERN_EVENTS, lines);
}

static void sns_compares_numbers_by_value(void **state)
{
    static const struct line lines[] = {
        {"{\"a\":[3]}", "{\"a\":3.0}", true},
        {"{\"a\":{\"b\":[3]}}", "{\"a\":{\"b\":3}}", true},
        {"{\"a\":[3]}", "not json", false},
        {"{\"a\":[3]}", "[3]", false},
    };

    (void)state;
    CHECK(PATTERN_BODY, lines);
}

static void attributes_become_a_document(void **state)
{
    struct bus_attribute attributes[] = {
        {STR("store"), STR("String"), STR("example_corp")},
        {STR("price"), STR("Number"), STR("210.75")},
        {STR("count"), STR("Number.int"), STR("3")},
        {STR("interests"), STR("String.Array"), STR("[\"rugby\",5,true,null]")},
        {STR("photo"), STR("Binary"), STR("\x01\x02")},
    };
    static const struct line lines[] = {
        {"{\"store\":[\"example_corp\"],\"price\":[{\"numeric\":[\">=\",100]}]}", "", true},
        {"{\"interests\":[\"rugby\"],\"count\":[3]}", "", true},
        {"{\"interests\":[5]}", "", true},
        {"{\"interests\":[{\"anything-but\":\"rugby\"}]}", "", true},
        {"{\"photo\":[{\"exists\":true}]}", "", false},
        {"{\"missing\":[{\"exists\":false}]}", "", true},
        {"{\"price\":[\"210.75\"]}", "", false},
    };
    struct arena *arena = arena_new(1u << 20);
    const struct value *document = pattern_attributes(attributes, 5, arena);

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct pattern *pattern = NULL;
        struct why why;

        assert_ptr_equal(
            pattern_compile(str_c(lines[i].pattern), PATTERN_ATTRIBUTES, &why, &pattern), OK);
        assert_int_equal(pattern_match(pattern, document), lines[i].matches);
        pattern_free(pattern);
    }
    arena_free(arena);
}

struct bad {
    const char *pattern;  /* JSON, or not */
    const char *sentence; /* how the reason begins */
};

static void check_bad(enum pattern_dialect dialect, const struct bad *bads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pattern *pattern = NULL;
        struct why why = {""};

        assert_ptr_not_equal(pattern_compile(str_c(bads[i].pattern), dialect, &why, &pattern), OK);
        assert_null(pattern);
        if (!str_starts(str_c(why.text), str_c(bads[i].sentence))) {
            print_error("%s: %s\n", bads[i].pattern, why.text);
            assert_true(false);
        }
    }
}

static void what_is_no_pattern_is_refused_with_the_reason(void **state)
{
    static const struct bad bads[] = {
        {"", "failed to parse JSON"},
        {"{", "failed to parse JSON"},
        {"[]", "Filter is not an object"},
        {"{}", "Empty objects are not allowed"},
        {"{\"a\":[]}", "Empty arrays are not allowed"},
        {"{\"a\":\"x\"}", "\"a\" must be an object or an array"},
        {"{\"a\":[[1]]}", "Match value must be String, number, true, false, or null"},
        {"{\"a\":[{\"pre\":\"x\"}]}", "Unrecognized match type pre"},
        {"{\"a\":[{\"prefix\":\"x\",\"suffix\":\"y\"}]}", "Only one key allowed"},
        {"{\"a\":[{\"prefix\":1}]}", "prefix match pattern must be a string"},
        {"{\"a\":[{\"exists\":\"yes\"}]}", "exists match pattern must be either true or false."},
        {"{\"a\":[{\"numeric\":5}]}", "Value of numeric must be an array."},
        {"{\"a\":[{\"numeric\":[]}]}", "Invalid member in numeric match"},
        {"{\"a\":[{\"numeric\":[\"<>\",5]}]}", "Unrecognized numeric range operator: <>"},
        {"{\"a\":[{\"numeric\":[\"<\",\"5\"]}]}", "Value of < must be numeric"},
        {"{\"a\":[{\"numeric\":[\">\",5,\"<\",1]}]}", "Bottom must be less than top"},
        {"{\"a\":[{\"numeric\":[\"<\",5,\">\",1]}]}", "Too many terms in numeric range expression"},
        {"{\"a\":[{\"numeric\":[\">\",5,\">\",7]}]}", "Bad numeric range operator: >"},
        {"{\"a\":[{\"numeric\":[\">\",5,\"<\",7,\"<\",8]}]}", "Too many terms in numeric range"},
        {"{\"a\":[{\"numeric\":[\"=\",5000000001]}]}", "Value must be between -5000000000 and"},
        {"{\"a\":[{\"prefix\":{\"suffix\":\"x\"}}]}", "Unsupported prefix pattern: suffix"},
        {"{\"a\":[{\"suffix\":{\"equals-ignore-case\":1}}]}",
         "equals-ignore-case match pattern must be a string"},
        {"{\"a\":[{\"anything-but\":{\"prefix\":\"\"}}]}", "Null prefix/suffix not allowed"},
        {"{\"a\":[{\"anything-but\":null}]}", "Value of anything-but must be an array or single"},
        {"{\"a\":[{\"anything-but\":[null]}]}", "Inside anything but list, start|null|boolean"},
        {"{\"$or\":[{\"a\":[]},{\"b\":[1]}]}", "Empty arrays are not allowed"},
        {"{\"$or\":[{},{\"b\":[1]}]}", "Empty objects are not allowed"},
        {"{\"a\":[{\"cidr\":\"10.0.0.0\"}]}", "Malformed CIDR, one '/' required"},
        {"{\"a\":[{\"cidr\":\"10.0.0.0/x\"}]}", "Malformed CIDR, mask bits"},
        {"{\"a\":[{\"cidr\":\"10.0.0.0/33\"}]}", "Malformed CIDR, mask bits"},
        {"{\"a\":[{\"wildcard\":\"a**b\"}]}", "Consecutive wildcard characters at pos 1"},
        {"{\"a\":[{\"wildcard\":\"a\\\\b\"}]}", "Invalid escape character at pos 1"},
        {"{\"a\":[{\"anything-but\":[]}]}", "Empty arrays are not allowed"},
        {"{\"a\":[{\"anything-but\":[1,\"x\"]}]}", "Inside anything but list, either all"},
        {"{\"a\":[{\"anything-but\":true}]}", "Value of anything-but must be an array or single"},
        {"{\"a\":[{\"anything-but\":{\"numeric\":[\"=\",1]}}]}", "Unsupported anything-but"},
    };

    (void)state;
    check_bad(PATTERN_EVENTS, bads, sizeof(bads) / sizeof(bads[0]));
}

static void sns_limits_what_a_policy_stands_for(void **state)
{
    static const struct bad body[] = {
        {"{\"a\":[1],\"b\":[1],\"c\":[1],\"d\":[1],\"e\":[1],\"f\":[1]}",
         "Filter policy can not have more than 5 keys"},
        {"{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13],\"b\":[1,2,3,4,5,6,7,8,9,10,11,12]}",
         "Filter policy is too complex"},
        {"{\"$or\":[{\"a\":[1,2,3,4,5,6,7,8,9,10]},{\"b\":[1,2,3,4,5,6]}],\"c\":[1,2,3,4,5,6,7,8,9,"
         "10]}", "Filter policy is too complex"},
        {"{\"a\":{\"b\":{\"c\":[1,2,3,4,5,6,7,8]}},\"d\":[1,2,3,4,5,6,7]}",
         "Filter policy is too complex"}, /* deeper ones count more: 3 x 8 x 7 */
        {"{\"a\":[{\"numeric\":[\"<\",1000000001]}]}", "Value must be between -1000000000 and"},
    };
    static const struct bad attributes[] = {
        {"{\"a\":{\"b\":[1]}}", "Filter policy scope MessageAttributes does not support nested"},
    };

    (void)state;
    check_bad(PATTERN_BODY, body, sizeof(body) / sizeof(body[0]));
    check_bad(PATTERN_ATTRIBUTES, attributes, sizeof(attributes) / sizeof(attributes[0]));
}

static void depth_is_limited(void **state)
{
    char text[PATTERN_DEPTH_MAX * 12 + 64];
    struct pattern *pattern = NULL;
    size_t bytes = 0;
    struct why why;

    (void)state;
    for (int i = 0; i <= PATTERN_DEPTH_MAX; i++) {
        memcpy(text + bytes, "{\"a\":", 5);
        bytes += 5;
    }
    memcpy(text + bytes, "[1]", 3);
    bytes += 3;
    memset(text + bytes, '}', PATTERN_DEPTH_MAX + 1);
    bytes += PATTERN_DEPTH_MAX + 1;
    assert_ptr_equal(pattern_compile(str_of(text, bytes), PATTERN_EVENTS, &why, &pattern),
                     &ERR_LIMIT);
}

/* Texts of a thousand stars, and lists of thousands of values. */
/* Columns as EventBridge answers them; 0: it says no place. */
static void a_refusal_says_where(void **state)
{
    static const struct {
        const char *pattern;
        const char *sentence;
        int column;
        bool twice;
    } bads[] = {
        {"{\"int\": 42}", "\"int\" must be an object or an array", 11, false},
        {"{\"string\": \"my-value\"}", "\"string\" must be an object or an array", 13, false},
        {"{\"resources\": []}", "Empty arrays are not allowed", 17, false},
        {"{\"detail\": {\"equal\": [{\"NUMERIC\": [\"=\", 5]}]}}",
         "Unrecognized match type NUMERIC", 36, false},
        {"{\"my_key\": [{\"EXISTS\": true}]}", "Unrecognized match type EXISTS", 28, false},
        {"{\"detail\": {\"c-count\": [{\"numeric\": [\">\", 0, \">\", 0]}]}}",
         "Bad numeric range operator: >", 49, false},
        {"{\"detail\": {\"c-count\": [{\"numeric\": [\">\", 0, \"<\"]}]}}",
         "Value of < must be numeric", 50, false},
        {"{\"detail-type\": [{\"equals-ignore-case\": [\"ec2\"]}]}",
         "equals-ignore-case match pattern must be a string", 42, false},
        {"{\"detail\": {\"state\": [{\"anything-but\": {\"equals-ignore-case\": 123}}]}}",
         "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
         66, false},
        {"{\"detail\": {\"state\": [{\"anything-but\": {\"equals-ignore-case\": "
         "[123, 456]}}]}}",
         "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
         67, true},
        {"[\"not\", \"a\"]", "Filter is not an object", 2, false},
        {"{\"EventBusArn\": [{\"wildcard\": 123}]}", "wildcard match pattern must be a string", 34,
         false},
        {"{\"EventBusArn\": [{\"wildcard\": [\"a\"]}]}",
         "wildcard match pattern must be a string", 32, false},
        {"{\"EventBusArn\": [{\"wildcard\": \"a**\"}]}",
         "Consecutive wildcard characters at pos 1", 36, false},
        {"{\"detail\": {\"FileName\": [{\"anything-but\": {\"suffix\": [123, \".txt\"]}}]}}",
         "prefix/suffix match pattern must be a string", 58, true},
        {"{\"detail\": {\"FileName\": [{\"anything-but\": {\"suffix\": 123}}]}}",
         "prefix/suffix match pattern must be a string", 57, false},
        {"{\"time\": [{\"prefix\": [\"2022-07\"]}]}", "prefix match pattern must be a string", 23,
         false},
        {"{\"time\": [{\"prefix\": 123}]}", "prefix match pattern must be a string", 25, false},
        {"{\"detail\": {\"FileName\": [{\"anything-but\": {\"prefix\": {\"equals-ignore-case\": "
         "\"file\"}}}]}}",
         "Value of anything-but must be an array or single string/number value.", 55, false},
        {"{\"detail\": {\"sourceIPAddress\": [{\"cidr\": [\"bad-type\"]}]}}",
         "prefix match pattern must be a string", 43, false},
        {"{\"a\": [{\"cidr\": \"10.0.0.0\"}]}", "Malformed CIDR, one '/' required", 0, false},
        {"{\"a\": [{\"cidr\": \"xx.11.xx/8\"}]}", "Nonstandard IP address: xx.11.xx", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct arena *arena = arena_new(1u << 16);
        struct pattern *pattern = NULL;
        struct why why;
        struct str place = STR("");
        struct str wanted;

        if (bads[i].column > 0) {
            place = arena_printf(arena, "\n at [Source: (String)\"%s\"; line: 1, column: %d]",
                                 bads[i].pattern, bads[i].column);
        }
        wanted = arena_printf(arena, "%s%.*s%.*s", bads[i].sentence, STR_ARG(place),
                              STR_ARG(bads[i].twice ? place : STR("")));
        assert_ptr_equal(pattern_compile_placed(str_c(bads[i].pattern), &why, &pattern),
                         &ERR_MALFORMED);
        assert_string_equal(why.text, wanted.at);
        arena_free(arena);
    }
}

static void what_is_too_complex_is_refused(void **state)
{
    struct pattern *pattern = NULL;
    struct buf text;
    struct why why;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_add(&text, STR("{\"a\":[{\"wildcard\":\""));
    for (int i = 0; i < 1000; i++) {
        buf_add(&text, STR("a*"));
    }
    buf_add(&text, STR("\"}]}"));
    assert_ptr_equal(pattern_compile(buf_str(&text), PATTERN_EVENTS, &why, &pattern), &ERR_LIMIT);
    assert_string_equal(why.text,
                        "Rule is too complex - try using fewer wildcard characters or fewer "
                        "repeating character sequences after a wildcard character");
    buf_clear(&text);
    buf_add(&text, STR("{\"a\":[1"));
    for (int i = 0; i < 20000; i++) {
        buf_add(&text, STR(",1"));
    }
    buf_add(&text, STR("]}"));
    assert_ptr_equal(pattern_compile(buf_str(&text), PATTERN_EVENTS, &why, &pattern), &ERR_LIMIT);
    buf_done(&text);
}

/* Wildcards against a slow and plain way of matching them, over many short texts. */
static bool plainly_matches(const char *pattern, const char *text)
{
    if (*pattern == '\0') {
        return *text == '\0';
    }
    if (*pattern != '*') {
        return *pattern == *text && plainly_matches(pattern + 1, text + 1);
    }
    return plainly_matches(pattern + 1, text) ||
           (*text != '\0' && plainly_matches(pattern, text + 1));
}

static void number_text(uint32_t number, const char *letters, char *ret_text)
{
    uint32_t base = (uint32_t)strlen(letters);

    while (number > 0) {
        *ret_text++ = letters[(number - 1) % base];
        number = (number - 1) / base;
    }
    *ret_text = '\0';
}

static void wildcards_match_as_the_plain_way_says(void **state)
{
    struct arena *arena = arena_new(16u << 20);
    int matched = 0;

    (void)state;
    for (uint32_t i = 0; i < 364; i++) { /* every text of up to five of these */
        char wildcard[16];
        struct pattern *pattern;
        struct why why;

        number_text(i, "ab*", wildcard);
        if (strstr(wildcard, "**") != NULL) {
            continue;
        }
        struct str json = arena_printf(arena, "{\"a\":[{\"wildcard\":\"%s\"}]}", wildcard);

        assert_ptr_equal(pattern_compile(json, PATTERN_EVENTS, &why, &pattern), OK);
        for (uint32_t k = 0; k < 127; k++) {
            char text[16];

            number_text(k, "ab", text);
            bool matches = pattern_match_json(
                pattern, arena_printf(arena, "{\"a\":\"%s\"}", text), arena);

            if (matches != plainly_matches(wildcard, text)) {
                print_error("%s against %s\n", wildcard, text);
                assert_true(false);
            }
            matched += matches;
        }
        pattern_free(pattern);
        arena_clear(arena);
    }
    assert_true(matched > 1000);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_match_by_value_and_kind),
        cmocka_unit_test(texts_are_tested_by_prefix_suffix_case_and_wildcard),
        cmocka_unit_test(numbers_are_tested_by_range),
        cmocka_unit_test(addresses_are_tested_by_network),
        cmocka_unit_test(absence_is_what_exists_false_looks_for),
        cmocka_unit_test(anything_but_needs_something_else),
        cmocka_unit_test(lists_match_by_one_of_their_items),
        cmocka_unit_test(fields_are_anded_and_or_groups_joined),
        cmocka_unit_test(sns_compares_numbers_by_value),
        cmocka_unit_test(attributes_become_a_document),
        cmocka_unit_test(what_is_no_pattern_is_refused_with_the_reason),
        cmocka_unit_test(sns_limits_what_a_policy_stands_for),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(a_refusal_says_where),
        cmocka_unit_test(what_is_too_complex_is_refused),
        cmocka_unit_test(wildcards_match_as_the_plain_way_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
