/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what documents are refused with which sentence, and what statements, operators, variables
 * and the rules between policies say, from tables: a document, a request, an outcome. The context
 * of a request is a list of "key=value" words; a key that comes twice has two values.
 */
#include "cell/policy.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define KEYS_MAX 8

/* ---- a request's context ---- */

struct words {
    struct policy_context context; /* first */
    const char *const *words;      /* "key=value", ended by NULL */
    struct str values[KEYS_MAX];   /* of the key asked for last */
};

static bool words_find(const struct policy_context *context, struct str key,
                       struct policy_values *ret_values)
{
    struct words *words = (struct words *)(uintptr_t)context;
    size_t count = 0;

    for (size_t i = 0; words->words != NULL && words->words[i] != NULL; i++) {
        struct str word = str_c(words->words[i]);
        size_t equals = str_find(word, '=', 0);

        if (str_eq_nocase(str_slice(word, 0, equals), key)) {
            assert_true(count < KEYS_MAX);
            words->values[count++] = str_slice(word, equals + 1, word.bytes);
        }
    }
    ret_values->values = words->values;
    ret_values->count = count;
    return count > 0;
}

static struct policy *compiled(const char *text, enum policy_kind kind)
{
    struct policy *policy = NULL;
    struct why why = {""};

    if (policy_compile(str_c(text), kind, &why, &policy) != OK) {
        fail_msg("%s: %s", text, why.text);
    }
    return policy;
}

/* ---- documents ---- */

#define S(statement) "{\"Version\":\"2012-10-17\",\"Statement\":[" statement "]}"
#define A "\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\""

static const struct {
    enum policy_kind kind;
    const char *text;
    const char *sentence;
} bad_documents[] = {
    {POLICY_OF_IDENTITY, "", "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, "[]", "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, "{\"Version\":\"2012-10-17\"}", "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, "{\"Version\":\"2012-10-17\",\"Statement\":[]}",
     "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, "{\"Version\":\"2012-10-17\",\"Extra\":1,\"Statement\":[]}",
     "Syntax errors in policy."},
    {POLICY_MANAGED, "{\"Statement\":{" A ",\"Resource\":\"*\"}}",
     "Policy document must be version 2012-10-17 or greater."},
    {POLICY_OF_IDENTITY, "{\"Version\":\"2024-01-01\",\"Statement\":{" A ",\"Resource\":\"*\"}}",
     "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"*\",\"Bank\":1}"), "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, S("{\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\"}"),
     "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, S("{\"Effect\":\"Allow\",\"Resource\":\"*\"}"),
     "Policy statement must contain actions."},
    {POLICY_OF_IDENTITY, S("{\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\"}"),
     "Policy statement must contain actions."},
    {POLICY_OF_IDENTITY,
     S("{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"NotAction\":\"a:b\",\"Resource\":\"*\"}"),
     "Syntax errors in policy."},
    {POLICY_OF_IDENTITY, S("{" A "}"), "Policy statement must contain resources."},
    {POLICY_OF_IDENTITY, S("{\"Effect\":\"Allow\",\"Action\":\"GetObject\",\"Resource\":\"*\"}"),
     "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
    {POLICY_OF_IDENTITY, S("{\"Effect\":\"Allow\",\"Action\":\"a a:b\",\"Resource\":\"*\"}"),
     "Vendor a a is not valid"},
    {POLICY_OF_IDENTITY, S("{\"Effect\":\"Allow\",\"Action\":\"a:b:c\",\"Resource\":\"*\"}"),
     "Actions/Condition can contain only one colon."},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"bucket\"}"),
     "Resource bucket must be in ARN format or \"*\"."},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"arn:moon:s3:::x\"}"),
     "Partition \"moon\" is not valid for resource \"arn:moon:s3:::x\"."},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"arn:aws:s3\"}"),
     "The policy failed legacy parsing"},
    {POLICY_OF_IDENTITY, S("{\"Sid\":\"a\"," A ",\"Resource\":\"*\"},"
                           "{\"Sid\":\"a\"," A ",\"Resource\":\"*\"}"),
     "Statement IDs (SID) in a single policy must be unique."},
    {POLICY_OF_IDENTITY, S("{\"Sid\":\"a b\"," A ",\"Resource\":\"*\"}"),
     "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
     "expression [0-9A-Za-z]*"},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"*\",\"Principal\":\"*\"}"),
     "Policy document should not specify a principal."},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"*\",\"Condition\":{\"Equal\":{\"a:b\":1}}}"),
     "Syntax errors in policy."},
    {POLICY_OF_IDENTITY,
     S("{" A ",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"ab\":\"true\"}}}"),
     "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
    {POLICY_OF_IDENTITY, S("{" A ",\"Resource\":\"arn:aws:s3:::${aws:username\"}"),
     "Syntax errors in policy."},
    {POLICY_OF_RESOURCE, S("{" A ",\"Resource\":\"*\"}"), "Missing required field Principal"},
    {POLICY_OF_RESOURCE, S("{" A ",\"Resource\":\"*\",\"Principal\":\"me\"}"),
     "Invalid principal in policy"},
    {POLICY_OF_RESOURCE, S("{" A ",\"Resource\":\"*\",\"Principal\":{\"AWS\":\"me\"}}"),
     "Invalid principal in policy: \"AWS\":\"me\""},
    {POLICY_OF_RESOURCE, S("{" A ",\"Resource\":\"*\",\"Principal\":{\"Uncle\":\"x\"}}"),
     "Invalid principal in policy"},
    {POLICY_OF_RESOURCE, "{", "This policy contains invalid Json"},
    {POLICY_OF_TRUST, S("{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\","
                        "\"Principal\":\"*\",\"Resource\":\"*\"}"),
     "Has prohibited field Resource"},
    {POLICY_OF_TRUST,
     S("{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Principal\":\"*\"}"),
     "AssumeRole policy may only specify STS AssumeRole actions."},
    {POLICY_OF_TRUST, S("{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\"}"),
     "Missing required field Principal"},
};

static void a_bad_document_is_refused_with_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad_documents); i++) {
        struct policy *policy = NULL;
        struct why why = {""};

        if (policy_compile(str_c(bad_documents[i].text), bad_documents[i].kind, &why, &policy) !=
            &POLICY_MALFORMED) {
            fail_msg("%s is taken", bad_documents[i].text);
        }
        if (strcmp(why.text, bad_documents[i].sentence) != 0) {
            fail_msg("%s: \"%s\", not \"%s\"", bad_documents[i].text, why.text,
                     bad_documents[i].sentence);
        }
    }
}

static void an_inline_policy_needs_no_version(void **state)
{
    (void)state;
    policy_drop(compiled("{\"Statement\":{" A ",\"Resource\":\"*\"}}", POLICY_OF_IDENTITY));
    policy_drop(compiled(S("{" A ",\"Resource\":\"*\"}"), POLICY_MANAGED));
}

static void a_document_too_large_is_over_the_limit(void **state)
{
    struct policy *policy = NULL;
    struct why why = {""};
    struct buf text;

    (void)state;
    buf_init(&text, 4 * POLICY_DOCUMENT_BYTES_MAX);
    while (text.bytes <= POLICY_DOCUMENT_BYTES_MAX) {
        buf_add(&text, STR("                                                                "));
    }
    assert_ptr_equal(policy_compile(buf_str(&text), POLICY_OF_IDENTITY, &why, &policy),
                     &ERR_LIMIT);
    buf_done(&text);
}

static void a_statement_has_its_place_in_the_text(void **state)
{
    struct policy *policy = compiled("{\"Version\": \"2012-10-17\",\n"
                                     " \"Id\": \"Statement\",\n"
                                     " \"Statement\": [{\"Sid\": \"One\", \"Effect\": \"Allow\",\n"
                                     "  \"Action\": \"a:*\", \"Resource\": \"*\"},\n"
                                     "  {\"Effect\": \"Deny\", \"Action\": \"a:\\\"}\",\n"
                                     "   \"Resource\": \"*\"}]}", POLICY_OF_IDENTITY);
    struct policy_place one = policy_place(policy, 0);
    struct policy_place two = policy_place(policy, 1);

    (void)state;
    assert_int_equal(policy_statement_count(policy), 2);
    assert_true(str_eq(one.sid, STR("One")));
    assert_true(one.allows);
    assert_int_equal(one.begin_line, 3);
    assert_int_equal(one.begin_column, 16);
    assert_int_equal(one.end_line, 4);
    assert_int_equal(one.end_column, 36);
    assert_int_equal(two.begin_line, 5);
    assert_int_equal(two.begin_column, 3);
    assert_int_equal(two.end_line, 6);
    assert_false(two.allows);
    policy_drop(policy);
}

static void a_document_knows_the_keys_it_asks_for(void **state)
{
    struct policy *policy = compiled(
        S("{" A ",\"Resource\":\"arn:aws:s3:::b/${aws:username}/${s3:prefix, 'x'}\","
          "\"Condition\":{\"StringEquals\":{\"AWS:UserName\":\"${aws:PrincipalTag/team}\"},"
          "\"Null\":{\"aws:MultiFactorAuthAge\":true}}}"), POLICY_OF_IDENTITY);
    static const char *const keys[] = {"aws:username", "s3:prefix", "aws:PrincipalTag/team",
                                       "aws:MultiFactorAuthAge"};
    size_t position = 0;
    struct str key;

    (void)state;
    for (size_t i = 0; i < LENGTH(keys); i++) {
        assert_true(policy_next_key(policy, &position, &key));
        assert_true(str_eq(key, str_c(keys[i])));
    }
    assert_false(policy_next_key(policy, &position, &key));
    policy_drop(policy);
}

/* ---- statements ---- */

static enum policy_said says(const char *statement, const char *action, const char *resource,
                             const char *const *context)
{
    static char text[8192];
    struct words words = {.context.find = words_find, .words = context};
    struct policy_request request = {.action = str_c(action), .resource = str_c(resource),
                                     .context = &words.context};
    struct policy *policy;
    enum policy_said said;

    snprintf(text, sizeof(text), "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statement);
    policy = compiled(text, POLICY_OF_IDENTITY);
    said = policy_says(policy, &request, NULL);
    policy_drop(policy);
    return said;
}

static void actions_and_resources_fit_by_wildcards(void **state)
{
#define ALLOW(rest) "{\"Effect\":\"Allow\"," rest "}"
    static const struct {
        const char *statement, *action, *resource;
        bool fits;
    } cases[] = {
        {ALLOW("\"Action\":\"*\",\"Resource\":\"*\""), "s3:GetObject", "arn:aws:s3:::b/k", true},
        {ALLOW("\"Action\":\"S3:getobject\",\"Resource\":\"*\""), "s3:GetObject", "*", true},
        {ALLOW("\"Action\":\"s3:Get*\",\"Resource\":\"*\""), "s3:GetObject", "*", true},
        {ALLOW("\"Action\":\"s3:Get?bject\",\"Resource\":\"*\""), "s3:GetObject", "*", true},
        {ALLOW("\"Action\":\"s3:Get?\",\"Resource\":\"*\""), "s3:GetObject", "*", false},
        {ALLOW("\"Action\":[\"a:b\",\"s3:*Object\"],\"Resource\":\"*\""),
         "s3:GetObject", "*", true},
        {ALLOW("\"Action\":\"s3:*a*b*\",\"Resource\":\"*\""), "s3:xaxxbx", "*", true},
        {ALLOW("\"Action\":\"s3:*a*b\",\"Resource\":\"*\""), "s3:xaxxbx", "*", false},
        {ALLOW("\"NotAction\":\"iam:*\",\"Resource\":\"*\""), "s3:GetObject", "*", true},
        {ALLOW("\"NotAction\":[\"iam:*\",\"s3:*\"],\"Resource\":\"*\""),
         "s3:GetObject", "*", false},
        {ALLOW("\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::b/*\""), "a:b", "arn:aws:s3:::b/k/l",
         true},
        {ALLOW("\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::b/*\""),
         "a:b", "arn:aws:s3:::b", false},
        {ALLOW("\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::B/*\""), "a:b", "arn:aws:s3:::b/k",
         false},
        {ALLOW("\"Action\":\"*\",\"Resource\":\"arn:aws:sqs:*:1:q?\""), "a:b",
         "arn:aws:sqs:eu-west-1:1:q1", true},
        {ALLOW("\"Action\":\"*\",\"Resource\":\"arn:aws:sqs:::x\""), "a:b", "*", false},
        {ALLOW("\"Action\":\"*\",\"NotResource\":\"arn:aws:s3:::b/*\""), "a:b", "arn:aws:s3:::c/k",
         true},
        {ALLOW("\"Action\":\"*\",\"NotResource\":\"arn:aws:s3:::b/*\""), "a:b", "arn:aws:s3:::b/k",
         false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        bool fits = says(cases[i].statement, cases[i].action, cases[i].resource, NULL) ==
                    SAID_ALLOW;

        if (fits != cases[i].fits) {
            fail_msg("%s: %s on %s", cases[i].statement, cases[i].action, cases[i].resource);
        }
    }
}

static void a_variable_is_what_the_request_has(void **state)
{
    static const struct {
        const char *resource;
        const char *asked;
        const char *context[3];
        bool fits;
    } cases[] = {
        {"arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ann/k", {"aws:username=ann"}, true},
        {"arn:aws:s3:::b/${AWS:UserName}/*", "arn:aws:s3:::b/ann/k", {"aws:username=ann"}, true},
        {"arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/bob/k", {"aws:username=ann"}, false},
        {"arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b//k", {NULL}, false},
        {"arn:aws:s3:::b/${aws:username, 'all'}/*", "arn:aws:s3:::b/all/k", {NULL}, true},
        {"arn:aws:s3:::b/${aws:username,'all'}/*", "arn:aws:s3:::b/ann/k", {"aws:username=ann"},
         true},
        {"arn:aws:s3:::${a:b}${c:d}", "arn:aws:s3:::xy", {"a:b=x", "c:d=y"}, true},
        {"arn:aws:s3:::${a:b}", "arn:aws:s3:::x", {"a:b=x", "a:b=y"}, false},
        {"arn:aws:s3:::b/${a:b}", "arn:aws:s3:::b/anything", {"a:b=*"}, false},
        {"arn:aws:s3:::b/${a:b}", "arn:aws:s3:::b/*", {"a:b=*"}, true},
        {"arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", {NULL}, true},
        {"arn:aws:s3:::b/${*}", "arn:aws:s3:::b/k", {NULL}, false},
        {"arn:aws:s3:::b/${?}${$}", "arn:aws:s3:::b/?$", {NULL}, true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char statement[512];

        snprintf(statement, sizeof(statement),
                 "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"%s\"}", cases[i].resource);
        if ((says(statement, "a:b", cases[i].asked, cases[i].context) == SAID_ALLOW) !=
            cases[i].fits) {
            fail_msg("%s: %s", cases[i].resource, cases[i].asked);
        }
    }
}

static void before_2012_a_variable_is_text(void **state)
{
    static const char *const context[] = {"aws:username=ann", NULL};
    struct words words = {.context.find = words_find, .words = context};
    struct policy_request request = {.action = STR("a:b"), .context = &words.context,
                                     .resource = STR("arn:aws:s3:::b/${aws:username}")};
    struct policy *policy = compiled(
        "{\"Version\":\"2008-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\","
        "\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::b/${aws:username}\"}}", POLICY_OF_RESOURCE);

    (void)state;
    assert_int_equal(policy_says(policy, &request, NULL), SAID_ALLOW);
    request.resource = STR("arn:aws:s3:::b/ann");
    assert_int_equal(policy_says(policy, &request, NULL), SAID_NOTHING);
    policy_drop(policy);
}

/* ---- conditions ---- */

struct condition_case {
    const char *condition;    /* of the statement */
    const char *context[4];   /* of the request */
    bool holds;
};

static const struct condition_case conditions[] = {
    {"{\"StringEquals\":{\"a:b\":\"x\"}}", {"a:b=x"}, true},
    {"{\"StringEquals\":{\"A:B\":\"x\"}}", {"a:b=x"}, true},
    {"{\"stringequals\":{\"a:b\":\"x\"}}", {"a:b=x"}, true},
    {"{\"StringEquals\":{\"a:b\":\"X\"}}", {"a:b=x"}, false},
    {"{\"StringEquals\":{\"a:b\":\"*\"}}", {"a:b=x"}, false},
    {"{\"StringEquals\":{\"a:b\":[\"y\",\"x\"]}}", {"a:b=x"}, true},
    {"{\"StringEquals\":{\"a:b\":\"x\"}}", {NULL}, false},
    {"{\"StringEquals\":{\"a:b\":\"x\",\"c:d\":\"y\"}}", {"a:b=x"}, false},
    {"{\"StringEquals\":{\"a:b\":\"x\",\"c:d\":\"y\"}}", {"a:b=x", "c:d=y"}, true},
    {"{\"StringEquals\":{\"a:b\":\"x\"},\"Bool\":{\"c:d\":\"true\"}}", {"a:b=x"}, false},
    {"{\"StringEquals\":{\"a:b\":\"${c:d}\"}}", {"a:b=x", "c:d=x"}, true},
    {"{\"StringEquals\":{\"a:b\":\"${c:d}\"}}", {"a:b=x"}, false},
    {"{\"StringNotEquals\":{\"a:b\":\"x\"}}", {"a:b=y"}, true},
    {"{\"StringNotEquals\":{\"a:b\":[\"x\",\"y\"]}}", {"a:b=y"}, false},
    {"{\"StringNotEquals\":{\"a:b\":\"x\"}}", {NULL}, true},
    {"{\"StringEqualsIgnoreCase\":{\"a:b\":\"X\"}}", {"a:b=x"}, true},
    {"{\"StringNotEqualsIgnoreCase\":{\"a:b\":\"X\"}}", {"a:b=x"}, false},
    {"{\"StringLike\":{\"a:b\":\"x*z\"}}", {"a:b=xyz"}, true},
    {"{\"StringLike\":{\"a:b\":\"x?z\"}}", {"a:b=xyyz"}, false},
    {"{\"StringNotLike\":{\"a:b\":\"x*\"}}", {"a:b=yx"}, true},
    {"{\"StringEqualsIfExists\":{\"a:b\":\"x\"}}", {NULL}, true},
    {"{\"StringEqualsIfExists\":{\"a:b\":\"x\"}}", {"a:b=y"}, false},
    {"{\"NumericEquals\":{\"a:b\":\"10\"}}", {"a:b=10.0"}, true},
    {"{\"NumericEquals\":{\"a:b\":10}}", {"a:b=10"}, true},
    {"{\"NumericEquals\":{\"a:b\":1.5}}", {"a:b=1.5"}, true},
    {"{\"NumericNotEquals\":{\"a:b\":10}}", {"a:b=11"}, true},
    {"{\"NumericLessThan\":{\"a:b\":10}}", {"a:b=9"}, true},
    {"{\"NumericLessThan\":{\"a:b\":10}}", {"a:b=10"}, false},
    {"{\"NumericLessThanEquals\":{\"a:b\":10}}", {"a:b=10"}, true},
    {"{\"NumericGreaterThan\":{\"a:b\":10}}", {"a:b=10"}, false},
    {"{\"NumericGreaterThanEquals\":{\"a:b\":10}}", {"a:b=10"}, true},
    {"{\"NumericLessThanEquals\":{\"a:b\":10}}", {"a:b=ten"}, false},
    {"{\"DateEquals\":{\"a:b\":\"2026-01-01T00:00:00Z\"}}", {"a:b=2026-01-01T00:00:00Z"}, true},
    {"{\"DateEquals\":{\"a:b\":\"1767225600\"}}", {"a:b=2026-01-01T00:00:00Z"}, true},
    {"{\"DateNotEquals\":{\"a:b\":\"2026-01-01\"}}", {"a:b=2026-01-02T00:00:00Z"}, true},
    {"{\"DateLessThan\":{\"a:b\":\"2026-01-01T00:00:00Z\"}}", {"a:b=2025-12-31T23:59:59Z"}, true},
    {"{\"DateLessThan\":{\"a:b\":\"2026-01-01T00:00:00Z\"}}", {"a:b=2026-01-01T00:00:00Z"}, false},
    {"{\"DateLessThanEquals\":{\"a:b\":\"2026-01-01T00:00:00Z\"}}", {"a:b=2026-01-01T00:00:00Z"},
     true},
    {"{\"DateGreaterThan\":{\"a:b\":\"2026-01-01T00:00:00Z\"}}", {"a:b=2026-01-01T01:00:00+02:00"},
     false},
    {"{\"DateGreaterThanEquals\":{\"a:b\":\"2026-01-01T00:00:00Z\"}}",
     {"a:b=2026-01-01T00:00:00Z"}, true},
    {"{\"Bool\":{\"a:b\":\"true\"}}", {"a:b=true"}, true},
    {"{\"Bool\":{\"a:b\":true}}", {"a:b=True"}, true},
    {"{\"Bool\":{\"a:b\":false}}", {"a:b=true"}, false},
    {"{\"Bool\":{\"a:b\":false}}", {NULL}, false},
    {"{\"BoolIfExists\":{\"a:b\":false}}", {NULL}, true},
    {"{\"BinaryEquals\":{\"a:b\":\"QmluYXJ5\"}}", {"a:b=QmluYXJ5"}, true},
    {"{\"BinaryEquals\":{\"a:b\":\"QmluYXJ5\"}}", {"a:b=QmluYXJ6"}, false},
    {"{\"BinaryEquals\":{\"a:b\":\"not base64\"}}", {"a:b=not base64"}, false},
    {"{\"IpAddress\":{\"a:b\":\"203.0.113.0/24\"}}", {"a:b=203.0.113.7"}, true},
    {"{\"IpAddress\":{\"a:b\":\"203.0.113.0/24\"}}", {"a:b=203.0.114.7"}, false},
    {"{\"IpAddress\":{\"a:b\":\"203.0.113.7\"}}", {"a:b=203.0.113.7"}, true},
    {"{\"IpAddress\":{\"a:b\":\"0.0.0.0/0\"}}", {"a:b=8.8.8.8"}, true},
    {"{\"IpAddress\":{\"a:b\":\"203.0.113.0/33\"}}", {"a:b=203.0.113.7"}, false},
    {"{\"IpAddress\":{\"a:b\":\"2001:db8::/32\"}}", {"a:b=2001:db8:1::1"}, true},
    {"{\"IpAddress\":{\"a:b\":\"2001:db8::/32\"}}", {"a:b=2001:db9::1"}, false},
    {"{\"IpAddress\":{\"a:b\":\"0.0.0.0/0\"}}", {"a:b=unix"}, false},
    {"{\"NotIpAddress\":{\"a:b\":\"203.0.113.0/24\"}}", {"a:b=203.0.114.7"}, true},
    {"{\"NotIpAddress\":{\"a:b\":[\"203.0.113.0/24\",\"10.0.0.0/8\"]}}", {"a:b=10.1.1.1"}, false},
    {"{\"ArnEquals\":{\"a:b\":\"arn:aws:sns:*:1:t\"}}", {"a:b=arn:aws:sns:us-east-1:1:t"}, true},
    {"{\"ArnLike\":{\"a:b\":\"arn:aws:s3:::b*\"}}", {"a:b=arn:aws:s3:::bucket"}, true},
    {"{\"ArnLike\":{\"a:b\":\"arn:aws:s*:t\"}}", {"a:b=arn:aws:sns:us-east-1:1:t"}, false},
    {"{\"ArnLike\":{\"a:b\":\"arn:aws:sns:us-east-1:1:t*\"}}",
     {"a:b=arn:aws:sns:us-east-1:1:t:sub"}, true},
    {"{\"ArnLike\":{\"a:b\":\"arn:aws:sns:us-east-1:1\"}}", {"a:b=arn:aws:sns:us-east-1:1:"},
     false},
    {"{\"ArnLike\":{\"a:b\":\"*\"}}", {"a:b=arn:aws:sns:us-east-1:1:t"}, true},
    {"{\"ArnNotEquals\":{\"a:b\":\"arn:aws:sns:*:1:t\"}}", {"a:b=arn:aws:sns:us-east-1:1:t"},
     false},
    {"{\"ArnNotLike\":{\"a:b\":\"arn:aws:sns:*:2:t\"}}", {"a:b=arn:aws:sns:us-east-1:1:t"}, true},
    {"{\"Null\":{\"a:b\":\"true\"}}", {NULL}, true},
    {"{\"Null\":{\"a:b\":\"true\"}}", {"a:b=x"}, false},
    {"{\"Null\":{\"a:b\":false}}", {"a:b=x"}, true},
    {"{\"Null\":{\"a:b\":\"false\"}}", {NULL}, false},
    /* several values in the request */
    {"{\"StringEquals\":{\"a:b\":\"x\"}}", {"a:b=y", "a:b=x"}, true},
    {"{\"StringNotEquals\":{\"a:b\":\"x\"}}", {"a:b=y", "a:b=x"}, false},
    {"{\"ForAllValues:StringEquals\":{\"a:b\":[\"x\",\"y\"]}}", {"a:b=y", "a:b=x"}, true},
    {"{\"ForAllValues:StringEquals\":{\"a:b\":[\"x\",\"y\"]}}", {"a:b=y", "a:b=z"}, false},
    {"{\"ForAllValues:StringEquals\":{\"a:b\":\"x\"}}", {NULL}, true},
    {"{\"ForAllValues:StringNotEquals\":{\"a:b\":\"x\"}}", {"a:b=y", "a:b=z"}, true},
    {"{\"ForAllValues:StringNotEquals\":{\"a:b\":\"x\"}}", {"a:b=y", "a:b=x"}, false},
    {"{\"ForAnyValue:StringEquals\":{\"a:b\":[\"x\"]}}", {"a:b=y", "a:b=x"}, true},
    {"{\"ForAnyValue:StringEquals\":{\"a:b\":[\"x\"]}}", {"a:b=y"}, false},
    {"{\"ForAnyValue:StringEquals\":{\"a:b\":\"x\"}}", {NULL}, false},
    {"{\"ForAnyValue:StringLike\":{\"a:b\":\"x*\"}}", {"a:b=y", "a:b=xy"}, true},
    {"{\"ForAnyValue:StringNotEquals\":{\"a:b\":\"x\"}}", {"a:b=y", "a:b=x"}, true},
    {"{\"ForAnyValue:StringNotEquals\":{\"a:b\":\"x\"}}", {"a:b=x"}, false},
    {"{\"ForAllValues:StringLikeIfExists\":{\"a:b\":\"x*\"}}", {"a:b=xy"}, true},
};

static void conditions_hold_as_their_operators_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(conditions); i++) {
        char statement[1024];

        snprintf(statement, sizeof(statement),
                 "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":%s}",
                 conditions[i].condition);
        if ((says(statement, "a:b", "*", conditions[i].context) == SAID_ALLOW) !=
            conditions[i].holds) {
            fail_msg("%s with %s", conditions[i].condition,
                     conditions[i].context[0] == NULL ? "nothing" : conditions[i].context[0]);
        }
    }
}

/* ---- the rules between policies ---- */

#define USER "arn:aws:iam::111111111111:user/ann"
#define ROLE "arn:aws:iam::111111111111:role/r"
#define SESSION "arn:aws:sts::111111111111:assumed-role/r/s"
#define YES "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"
#define NO "{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}"
#define SILENT "{\"Effect\":\"Allow\",\"Action\":\"x:y\",\"Resource\":\"*\"}"
#define TO(effect, who)                                                                            \
    "{\"Effect\":\"" effect "\",\"Principal\":" who ",\"Action\":\"*\",\"Resource\":\"*\"}"
#define NOT_TO(who)                                                                                \
    "{\"Effect\":\"Deny\",\"NotPrincipal\":" who ",\"Action\":\"*\",\"Resource\":\"*\"},"          \
    TO("Allow", "\"*\"")

static const struct policy_principal user = {CALLER_USER, STR_INIT(USER), STR_INIT(USER),
                                             STR_INIT("111111111111"), {NULL, 0}, {NULL, 0}};
static const struct policy_principal session = {CALLER_ROLE, STR_INIT(SESSION), STR_INIT(ROLE),
                                                STR_INIT("111111111111"), {NULL, 0}, {NULL, 0}};
static const struct policy_principal root = {
    CALLER_ROOT, STR_INIT("arn:aws:iam::111111111111:root"),
    STR_INIT("arn:aws:iam::111111111111:root"), STR_INIT("111111111111"), {NULL, 0}, {NULL, 0}};
static const struct policy_principal federated = {
    CALLER_FEDERATED, STR_INIT("arn:aws:sts::111111111111:federated-user/f"), STR_INIT(USER),
    STR_INIT("111111111111"), {NULL, 0}, {NULL, 0}};
static const struct policy_principal nobody = {.kind = CALLER_NOBODY};
static const struct policy_principal service = {.kind = CALLER_SERVICE,
                                                .name = STR_INIT("s3.amazonaws.com")};

static const struct decision_case {
    const char *name;
    const struct policy_principal *principal;
    const char *identity, *resource, *boundary, *limits; /* statements; NULL: there is none */
    bool across, consent;
    bool allowed, denied;
    enum policy_part part;
} decisions[] = {
    {"nothing allows", &user, NULL, NULL, NULL, NULL, false, false, false, false, PART_IDENTITY},
    {"identity allows", &user, YES, NULL, NULL, NULL, false, false, true, false, PART_IDENTITY},
    {"identity denies", &user, YES "," NO, NULL, NULL, NULL, false, false, false, true,
     PART_IDENTITY},
    {"resource denies", &user, YES, TO("Deny", "\"*\""), NULL, NULL, false, false, false, true,
     PART_RESOURCE},
    {"resource names the user", &user, NULL, TO("Allow", "{\"AWS\":\"" USER "\"}"), NULL, NULL,
     false, false, true, false, PART_RESOURCE},
    {"resource names the user, boundary is silent", &user, NULL,
     TO("Allow", "{\"AWS\":\"" USER "\"}"), SILENT, NULL, false, false, true, false,
     PART_RESOURCE},
    {"resource names everybody", &user, NULL, TO("Allow", "\"*\""), NULL, NULL, false, false, true,
     false, PART_RESOURCE},
    {"resource names the account only", &user, NULL, TO("Allow", "{\"AWS\":\"111111111111\"}"),
     NULL, NULL, false, false, false, false, PART_IDENTITY},
    {"resource names the account, identity allows", &user, YES,
     TO("Allow", "{\"AWS\":\"111111111111\"}"), NULL, NULL, false, false, true, false,
     PART_IDENTITY},
    {"resource denies the account", &user, YES,
     TO("Deny", "{\"AWS\":\"arn:aws:iam::111111111111:root\"}"), NULL, NULL, false, false, false,
     true, PART_RESOURCE},
    {"resource names another", &user, NULL, TO("Allow", "{\"AWS\":\"222222222222\"}"), NULL, NULL,
     false, false, false, false, PART_IDENTITY},
    {"boundary is silent", &user, YES, NULL, SILENT, NULL, false, false, false, false,
     PART_BOUNDARY},
    {"boundary denies", &user, YES, NULL, YES "," NO, NULL, false, false, false, true,
     PART_BOUNDARY},
    {"boundary alone allows nothing", &user, NULL, NULL, YES, NULL, false, false, false, false,
     PART_IDENTITY},
    {"session is silent", &session, YES, NULL, NULL, SILENT, false, false, false, false,
     PART_SESSION},
    {"session and boundary allow", &session, YES, NULL, YES, YES, false, false, true, false,
     PART_IDENTITY},
    {"session denies", &session, YES, NULL, NULL, NO, false, false, false, true, PART_SESSION},
    {"resource names the session", &session, NULL, TO("Allow", "{\"AWS\":\"" SESSION "\"}"),
     SILENT, SILENT, false, false, true, false, PART_RESOURCE},
    {"resource names the role", &session, NULL, TO("Allow", "{\"AWS\":\"" ROLE "\"}"), NULL, NULL,
     false, false, true, false, PART_RESOURCE},
    {"resource names the role, session is silent", &session, NULL,
     TO("Allow", "{\"AWS\":\"" ROLE "\"}"), NULL, SILENT, false, false, false, false,
     PART_SESSION},
    {"resource names the role, boundary is silent", &session, NULL,
     TO("Allow", "{\"AWS\":\"" ROLE "\"}"), SILENT, NULL, false, false, false, false,
     PART_BOUNDARY},
    {"federated without policies", &federated, YES, NULL, NULL, "", false, false, false, false,
     PART_SESSION},
    {"federated within both", &federated, YES, NULL, NULL, YES, false, false, true, false,
     PART_IDENTITY},
    {"across: identity alone", &user, YES, NULL, NULL, NULL, true, false, false, false,
     PART_RESOURCE},
    {"across: resource alone", &user, NULL, TO("Allow", "{\"AWS\":\"" USER "\"}"), NULL, NULL, true,
     false, false, false, PART_IDENTITY},
    {"across: both", &user, YES, TO("Allow", "{\"AWS\":\"111111111111\"}"), NULL, NULL, true, false,
     true, false, PART_IDENTITY},
    {"across: boundary is silent", &user, YES, TO("Allow", "\"*\""), SILENT, NULL, true, false,
     false, false, PART_BOUNDARY},
    {"root at home", &root, NULL, NULL, NULL, NULL, false, false, true, false, PART_IDENTITY},
    {"root denied by the resource", &root, NULL, TO("Deny", "\"*\""), NULL, NULL, false, false,
     false, true, PART_RESOURCE},
    {"root across", &root, NULL, NULL, NULL, NULL, true, false, false, false, PART_RESOURCE},
    {"root across, let in", &root, NULL, TO("Allow", "{\"AWS\":\"111111111111\"}"), NULL, NULL,
     true, false, true, false, PART_IDENTITY},
    {"nobody", &nobody, NULL, NULL, NULL, NULL, false, false, false, false, PART_RESOURCE},
    {"nobody, public", &nobody, NULL, TO("Allow", "\"*\""), NULL, NULL, false, false, true, false,
     PART_RESOURCE},
    {"nobody, public to AWS", &nobody, NULL, TO("Allow", "{\"AWS\":\"*\"}"), NULL, NULL, false,
     false, true, false, PART_RESOURCE},
    {"nobody is in no account", &nobody, NULL, TO("Allow", "{\"AWS\":\"111111111111\"}"), NULL,
     NULL, false, false, false, false, PART_RESOURCE},
    {"a service named", &service, NULL, TO("Allow", "{\"Service\":\"s3.amazonaws.com\"}"), NULL,
     NULL, false, false, true, false, PART_RESOURCE},
    {"another service named", &service, NULL, TO("Allow", "{\"Service\":[\"sns.amazonaws.com\"]}"),
     NULL, NULL, false, false, false, false, PART_RESOURCE},
    {"consent is missing", &user, YES, NULL, NULL, NULL, false, true, false, false, PART_RESOURCE},
    {"consent to the account", &user, YES, TO("Allow", "{\"AWS\":\"111111111111\"}"), NULL, NULL,
     false, true, true, false, PART_IDENTITY},
    {"consent to the account, identity is silent", &user, SILENT,
     TO("Allow", "{\"AWS\":\"111111111111\"}"), NULL, NULL, false, true, false, false,
     PART_IDENTITY},
    {"consent to the user", &user, NULL, TO("Allow", "{\"AWS\":\"" USER "\"}"), NULL, NULL, false,
     true, true, false, PART_RESOURCE},
    {"denied to all but the user", &user, NULL,
     NOT_TO("{\"AWS\":[\"111111111111\",\"" USER "\"]}"), NULL, NULL, false, false, true, false,
     PART_RESOURCE},
    {"denied to all but the user's account", &user, NULL, NOT_TO("{\"AWS\":\"111111111111\"}"),
     NULL, NULL, false, false, false, true, PART_RESOURCE},
    {"denied to all but another", &user, YES, NOT_TO("{\"AWS\":\"" ROLE "\"}"), NULL, NULL, false,
     false, false, true, PART_RESOURCE},
    {"denied to all but the session", &session, NULL,
     NOT_TO("{\"AWS\":[\"111111111111\",\"" ROLE "\",\"" SESSION "\"]}"), NULL, NULL, false, false,
     true, false, PART_RESOURCE},
};

static struct policy_set set_of(const char *statements, enum policy_part part,
                                struct policy_named *named)
{
    static char text[8192];

    if (statements == NULL) {
        return (struct policy_set){.present = false};
    }
    if (statements[0] == '\0') {
        return (struct policy_set){.present = true};
    }
    snprintf(text, sizeof(text), "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statements);
    named->policy =
        compiled(text, part == PART_RESOURCE ? POLICY_OF_RESOURCE : POLICY_OF_IDENTITY);
    named->name = STR("p");
    return (struct policy_set){named, 1, true};
}

static void policies_decide_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(decisions); i++) {
        const struct decision_case *is = &decisions[i];
        const char *const texts[PART_COUNT] = {is->identity, is->resource, is->boundary,
                                               is->limits};
        struct policy_named named[PART_COUNT] = {{NULL, {NULL, 0}}};
        struct policy_set sets[PART_COUNT];
        struct policy_request request = {
            .principal = *is->principal, .action = STR("s3:GetObject"),
            .resource = STR("arn:aws:s3:::b/k"), .consent = is->consent,
            .account = is->across ? STR("222222222222") : STR("111111111111")};
        struct policy_decision decision;

        for (size_t part = 0; part < PART_COUNT; part++) {
            sets[part] = set_of(texts[part], (enum policy_part)part, &named[part]);
        }
        policy_decide(&request, sets, NULL, &decision);
        if (decision.allowed != is->allowed || decision.denied != is->denied ||
            decision.part != is->part) {
            fail_msg("%s: allowed %d, denied %d, by %d", is->name, decision.allowed,
                     decision.denied, decision.part);
        }
        for (size_t part = 0; part < PART_COUNT; part++) {
            policy_drop(named[part].policy);
        }
    }
}

static void a_sentence_says_who_what_and_why(void **state)
{
    struct arena *arena = arena_new(65536);
    struct policy_request request = {.principal = user, .action = STR("s3:GetObject"),
                                     .resource = STR("arn:aws:s3:::b/k")};
    struct policy_decision decision = {.part = PART_IDENTITY};

    (void)state;
    assert_true(str_eq(policy_sentence(arena, &request, &decision),
                       STR("User: " USER " is not authorized to perform: s3:GetObject on "
                           "resource: arn:aws:s3:::b/k because no identity-based policy allows "
                           "the s3:GetObject action")));
    decision = (struct policy_decision){.denied = true, .part = PART_RESOURCE};
    assert_true(str_eq(policy_sentence(arena, &request, &decision),
                       STR("User: " USER " is not authorized to perform: s3:GetObject on "
                           "resource: arn:aws:s3:::b/k with an explicit deny in a resource-based "
                           "policy")));
    arena_free(arena);
}

/* ---- listeners ---- */

struct notes {
    struct policy_listener listener; /* first */
    uint32_t matched;                /* statements, a bit each */
    char missing[128];               /* keys */
};

static void note_matched(struct policy_listener *listener, const struct policy_heard *heard)
{
    ((struct notes *)(void *)listener)->matched |= 1u << heard->statement;
}

static void note_missing(struct policy_listener *listener, struct str key)
{
    struct notes *notes = (struct notes *)(void *)listener;

    snprintf(notes->missing + strlen(notes->missing),
             sizeof(notes->missing) - strlen(notes->missing), "%.*s ", STR_ARG(key));
}

static void a_listener_hears_all_that_speak_and_what_is_missing(void **state)
{
    struct notes notes = {.listener = {note_matched, note_missing}};
    struct policy_named named;
    struct policy_set sets[PART_COUNT] = {
        [PART_IDENTITY] = set_of(YES "," SILENT "," NO ",{\"Effect\":\"Allow\",\"Action\":\"*\","
                                 "\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"a:b\":\"true\"},"
                                 "\"StringEquals\":{\"c:d\":\"x\"}}}", PART_IDENTITY, &named)};
    struct policy_request request = {.principal = user, .action = STR("s3:GetObject"),
                                     .resource = STR("*")};
    struct policy_decision decision;

    (void)state;
    policy_decide(&request, sets, &notes.listener, &decision);
    assert_true(decision.denied);
    assert_int_equal(decision.statement, 2);
    assert_int_equal(notes.matched, 5);
    assert_string_equal(notes.missing, "a:b c:d ");
    policy_drop(named.policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_document_is_refused_with_its_sentence),
        cmocka_unit_test(an_inline_policy_needs_no_version),
        cmocka_unit_test(a_document_too_large_is_over_the_limit),
        cmocka_unit_test(a_statement_has_its_place_in_the_text),
        cmocka_unit_test(a_document_knows_the_keys_it_asks_for),
        cmocka_unit_test(actions_and_resources_fit_by_wildcards),
        cmocka_unit_test(a_variable_is_what_the_request_has),
        cmocka_unit_test(before_2012_a_variable_is_text),
        cmocka_unit_test(conditions_hold_as_their_operators_say),
        cmocka_unit_test(policies_decide_together),
        cmocka_unit_test(a_sentence_says_who_what_and_why),
        cmocka_unit_test(a_listener_hears_all_that_speak_and_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
