/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves which actions on which resources guard an operation's call, from its input (JSON) and the
 * templates of overlay/resources; and that a call is let through or refused by what little sources
 * of policies say, in each service's words.
 */
#include "cell/authorize_int.h"

#include "sys/faulty.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define WRONG(...)                                                                                 \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        assert_true(false);                                                                        \
    } while (0)
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define HOME "000000000000"
#define USER "arn:aws:iam::" HOME ":user/ann"

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;     /* of the calls */
    struct policy *identity; /* the user's; NULL: none */
    const char *resource;    /* the document of every resource of Kinesis; NULL: none */
    struct task task;        /* the call asked about */
};

static struct world w;

/* ---- little sources ---- */

static bool find_principal(struct cell *cell, struct str arn, struct arena *arena,
                           struct principal_policies *ret_policies)
{
    struct policy_named *named = ARENA_NEW(arena, struct policy_named);

    (void)cell;
    *named = (struct policy_named){w.identity, STR("own")};
    ret_policies->policies = named;
    ret_policies->count = w.identity != NULL;
    return str_eq(arn, STR(USER));
}

static bool find_tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    (void)cell;
    (void)arn;
    *ret_value = STR("blue");
    return str_eq(key, STR("team"));
}

static bool find_resource(struct cell *cell, struct str arn, struct arena *arena,
                          struct resource_facts *ret_facts)
{
    (void)cell;
    (void)arn;
    (void)arena;
    *ret_facts = (struct resource_facts){.policy = w.resource == NULL ? STR_NONE
                                                                      : str_c(w.resource)};
    return true;
}

static bool resolve(struct cell *cell, struct str arn, struct arena *arena, struct str *ret_arn)
{
    (void)cell;
    *ret_arn = arena_printf(arena, "arn:aws:iam::" HOME ":user/path/ann");
    return str_eq(arn, STR(USER));
}

static const struct principal_source principals = {.find = find_principal, .tag = find_tag};
static const struct resource_source kinesis = {.service = "kinesis", .find = find_resource,
                                               .tag = find_tag};
static const struct resource_source iam = {.service = "iam", .resolve = resolve};
static const struct service *const services[] = {NULL};

static int set_up(void **state)
{
    struct store_options store;
    struct cell_options cell;
    struct why why = {""};

    (void)state;
    memset(&w, 0, sizeof(w));
    w.disk = faulty_new(1);
    w.arena = arena_new(64u << 20);
    clock_init_manual(&w.clock, INT64_C(1790000000000));
    store = (struct store_options){.files = faulty_files(w.disk), .dir = "/d",
                                   .memory_index = true, .keep_bytes = 1u << 30,
                                   .keep_ms = 1u << 30};
    assert_ptr_equal(store_open(&store, &why, &w.store), OK);
    cell = (struct cell_options){.store = w.store, .clock = &w.clock, .services = services,
                                 .seed = 1};
    assert_ptr_equal(cell_open(&cell, &why, &w.cell), OK);
    principal_source_add(w.cell, &principals);
    resource_source_add(w.cell, &kinesis);
    resource_source_add(w.cell, &iam);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cell_close(w.cell);
    store_close(w.store);
    faulty_free(w.disk);
    policy_drop(w.identity);
    arena_free(w.arena);
    return 0;
}

/* ---- a call ---- */

static const struct identity ann = {
    .access_key = STR_INIT("AKIAANN"), .kind = IDENTITY_USER, .active = true,
    .account = STR_INIT(HOME), .principal = STR_INIT(USER), .source = STR_INIT(USER),
    .user_id = STR_INIT("AIDAANN")};

static struct call *call_of(const char *service, const char *operation, const char *input)
{
    struct call *c = &w.task.call;
    struct value *in = ARENA_NEW(w.arena, struct value);
    struct why why = {""};

    task_init(&w.task, w.cell, w.arena);
    c->operation = model_operation(model_service(str_c(service)), str_c(operation));
    assert_non_null(c->operation);
    if (json_read(arena_dup(w.arena, str_c(input)), c->operation->input, w.arena, &why, in) !=
        OK) {
        WRONG("%s: %s", input, why.text);
    }
    c->in = in;
    c->identity = &ann;
    c->account = ann.account;
    c->principal = ann.principal;
    c->guarded = true;
    c->now = INT64_C(1790000000000);
    return c;
}

/* ---- which resources ---- */

#define K "arn:aws:kinesis:us-east-1:" HOME ":"
#define Q "arn:aws:sqs:us-east-1:"
#define D "arn:aws:dynamodb:us-east-1:" HOME ":table/"
#define L "arn:aws:lambda:us-east-1:" HOME ":"
#define I "arn:aws:iam::" HOME ":"

static const struct {
    const char *service, *operation, *input;
    const char *guards; /* "action resource" with commas between */
} guards[] = {
    {"kinesis", "ListStreams", "{}", "kinesis:ListStreams *"},
    {"kinesis", "PutRecord", "{\"StreamName\":\"s\"}", "kinesis:PutRecord " K "stream/s"},
    {"kinesis", "PutRecord", "{\"StreamARN\":\"arn:aws:kinesis:eu-west-1:1:stream/s\"}",
     "kinesis:PutRecord arn:aws:kinesis:eu-west-1:1:stream/s"},
    {"kinesis", "DescribeStreamConsumer", "{\"ConsumerARN\":\"arn:aws:kinesis:x:1:stream/s/c\"}",
     "kinesis:DescribeStreamConsumer arn:aws:kinesis:x:1:stream/s/c"},
    {"sqs", "SendMessage", "{\"QueueUrl\":\"http://127.0.0.1:4566/" HOME "/q\"}",
     "sqs:SendMessage " Q HOME ":q"},
    {"sqs", "SendMessage", "{\"QueueUrl\":\"http://127.0.0.1:4566/222222222222/q\"}",
     "sqs:SendMessage " Q "222222222222:q"},
    {"sqs", "SendMessageBatch", "{\"QueueUrl\":\"q\"}", "sqs:SendMessage " Q HOME ":q"},
    {"sqs", "StartMessageMoveTask", "{\"SourceArn\":\"arn:aws:sqs:r:1:d\"}",
     "sqs:StartMessageMoveTask arn:aws:sqs:r:1:d,sqs:ReceiveMessage arn:aws:sqs:r:1:d,"
     "sqs:DeleteMessage arn:aws:sqs:r:1:d"},
    {"sns", "Publish", "{\"TopicArn\":\"arn:aws:sns:r:1:t\"}", "sns:Publish arn:aws:sns:r:1:t"},
    {"sns", "Publish", "{\"PhoneNumber\":\"+1555\"}", "sns:Publish *"},
    {"sns", "CreateTopic", "{\"Name\":\"t\"}", "sns:CreateTopic arn:aws:sns:us-east-1:" HOME ":t"},
    {"dynamodb", "Query", "{\"TableName\":\"t\"}", "dynamodb:Query " D "t"},
    {"dynamodb", "Query", "{\"TableName\":\"t\",\"IndexName\":\"i\"}",
     "dynamodb:Query " D "t/index/i"},
    {"dynamodb", "Query", "{\"TableName\":\"arn:aws:dynamodb:r:1:table/t\",\"IndexName\":\"i\"}",
     "dynamodb:Query arn:aws:dynamodb:r:1:table/t/index/i"},
    {"dynamodb", "BatchGetItem",
     "{\"RequestItems\":{\"a\":{\"Keys\":[]},\"b\":{\"Keys\":[]}}}",
     "dynamodb:BatchGetItem " D "a,dynamodb:BatchGetItem " D "b"},
    {"dynamodb", "TransactWriteItems",
     "{\"TransactItems\":[{\"Put\":{\"TableName\":\"a\",\"Item\":{}}},"
     "{\"Delete\":{\"TableName\":\"b\",\"Key\":{}}},{\"Put\":{\"TableName\":\"a\",\"Item\":{}}},"
     "{\"Put\":{\"TableName\":\"c\",\"Item\":{}}}]}",
     "dynamodb:PutItem " D "a,dynamodb:PutItem " D "c,dynamodb:DeleteItem " D "b"},
    {"dynamodb", "RestoreTableToPointInTime",
     "{\"SourceTableName\":\"a\",\"TargetTableName\":\"b\"}",
     "dynamodb:RestoreTableToPointInTime " D "a,dynamodb:RestoreTableToPointInTime " D "b"},
    {"lambda", "Invoke", "{\"FunctionName\":\"f\",\"Qualifier\":\"live\"}",
     "lambda:InvokeFunction " L "function:f:live"},
    {"lambda", "Invoke", "{\"FunctionName\":\"" HOME ":function:f\"}",
     "lambda:InvokeFunction " L "function:f"},
    {"lambda", "Invoke", "{\"FunctionName\":\"arn:aws:lambda:r:1:function:f\"}",
     "lambda:InvokeFunction arn:aws:lambda:r:1:function:f"},
    {"lambda", "CreateFunction",
     "{\"FunctionName\":\"f\",\"Role\":\"arn:aws:iam::1:role/r\","
     "\"Layers\":[\"arn:aws:lambda:r:1:layer:a:1\",\"arn:aws:lambda:r:1:layer:b:2\"]}",
     "lambda:CreateFunction " L "function:f,iam:PassRole arn:aws:iam::1:role/r,"
     "lambda:GetLayerVersion arn:aws:lambda:r:1:layer:a:1,"
     "lambda:GetLayerVersion arn:aws:lambda:r:1:layer:b:2"},
    {"lambda", "GetLayerVersion", "{\"LayerName\":\"l\",\"VersionNumber\":7}",
     "lambda:GetLayerVersion " L "layer:l:7"},
    {"logs", "PutLogEvents", "{\"logGroupName\":\"g\",\"logStreamName\":\"s\"}",
     "logs:PutLogEvents arn:aws:logs:us-east-1:" HOME ":log-group:g:log-stream:s"},
    {"logs", "DescribeLogStreams", "{\"logGroupName\":\"g\"}",
     "logs:DescribeLogStreams arn:aws:logs:us-east-1:" HOME ":log-group:g:log-stream:"},
    {"iam", "CreateUser", "{\"UserName\":\"u\"}", "iam:CreateUser " I "user/u"},
    {"iam", "CreateUser", "{\"UserName\":\"u\",\"Path\":\"/a/\"}", "iam:CreateUser " I "user/a/u"},
    {"iam", "GetUser", "{}", "iam:GetUser " I "user/path/ann"},
    {"iam", "GetUser", "{\"UserName\":\"ann\"}", "iam:GetUser " I "user/path/ann"},
    {"iam", "AddUserToGroup", "{\"UserName\":\"u\",\"GroupName\":\"g\"}",
     "iam:AddUserToGroup " I "group/g"},
    {"iam", "ListUsers", "{}", "iam:ListUsers " I "user/"},
    {"sts", "AssumeRole", "{\"RoleArn\":\"arn:aws:iam::1:role/r\"}",
     "sts:AssumeRole arn:aws:iam::1:role/r"},
};

static void a_call_is_guarded_by_what_it_is_about(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(guards); i++) {
        struct call *c = call_of(guards[i].service, guards[i].operation, guards[i].input);
        struct guard found[GUARDS_MAX];
        size_t count = authorize_guards(c, found);
        struct buf text;

        buf_init(&text, 8192);
        for (size_t k = 0; k < count; k++) {
            buf_printf(&text, "%s%.*s %.*s", k == 0 ? "" : ",", STR_ARG(found[k].action),
                       STR_ARG(found[k].resource));
        }
        if (!str_eq(buf_str(&text), str_c(guards[i].guards))) {
            WRONG("%s %s: %.*s", guards[i].operation, guards[i].input,
                     STR_ARG(buf_str(&text)));
        }
        buf_done(&text);
    }
}

static void of_too_many_resources_all_are_asked_for(void **state)
{
    struct guard found[GUARDS_MAX];
    struct buf text;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_add(&text, STR("{\"RequestItems\":{"));
    for (int i = 0; i < GUARDS_MAX + 50; i++) {
        buf_printf(&text, "%s\"t%d\":{\"Keys\":[]}", i == 0 ? "" : ",", i);
    }
    buf_add(&text, STR("}}"));
    buf_add_c(&text, '\0');
    assert_int_equal(authorize_guards(call_of("dynamodb", "BatchGetItem", text.at), found),
                     GUARDS_MAX);
    assert_true(str_eq(found[GUARDS_MAX - 1].resource, STR("*")));
    buf_done(&text);
}

/* ---- deciding ---- */

static void may(const char *statement)
{
    char text[1024];
    struct why why = {""};

    policy_drop(w.identity);
    w.identity = NULL;
    snprintf(text, sizeof(text), "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statement);
    assert_ptr_equal(policy_compile(str_c(text), POLICY_OF_IDENTITY, &why, &w.identity), OK);
}

static void a_call_is_let_through_by_policies(void **state)
{
    struct call *c = call_of("kinesis", "PutRecord", "{\"StreamName\":\"s\"}");

    (void)state;
    assert_string_equal(authorize_call(c)->code, "AccessDeniedException");
    may("{\"Effect\":\"Allow\",\"Action\":\"kinesis:PutRecord\",\"Resource\":\"*\"}");
    assert_ptr_equal(authorize_call(c), OK);
    w.resource = "{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
                 "\"Resource\":\"*\"}}";
    assert_string_equal(authorize_call(c)->code, "AccessDeniedException");
    assert_string_equal(c->why.text, "User: " USER " is not authorized to perform: "
                                     "kinesis:PutRecord on resource: " K "stream/s with an "
                                     "explicit deny in a resource-based policy");
    c->guarded = false; /* auth is off */
    assert_ptr_equal(call_may(c, "kinesis:PutRecord", STR(K "stream/s")), OK);
}

static void conditions_find_their_keys_in_the_call(void **state)
{
    static const struct http_header fields[] = {{STR_INIT("user-agent"), STR_INIT("tester/1")}};
    static const struct http_request request = {.peer = STR_INIT("203.0.113.7"), .tls = true,
                                                .headers = fields, .header_count = 1};
    static const struct {
        const char *condition;
        bool holds;
    } cases[] = {
        {"\"StringEquals\":{\"aws:username\":\"ann\",\"aws:userid\":\"AIDAANN\"}", true},
        {"\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:user/a*\"}", true},
        {"\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}", true},
        {"\"Bool\":{\"aws:SecureTransport\":\"true\"}", true},
        {"\"StringLike\":{\"aws:UserAgent\":\"tester/*\"}", true},
        {"\"StringEquals\":{\"aws:PrincipalTag/team\":\"blue\"}", true},
        {"\"StringEquals\":{\"aws:ResourceTag/team\":\"blue\"}", true},
        {"\"StringEquals\":{\"aws:ResourceTag/other\":\"blue\"}", false},
        {"\"StringEquals\":{\"aws:RequestTag/a\":\"1\"}", true},
        {"\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}", true},
        {"\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\"]}", false},
        {"\"NumericGreaterThan\":{\"aws:EpochTime\":\"1000\"}", true},
        {"\"Null\":{\"aws:TokenIssueTime\":\"true\",\"aws:SourceArn\":\"true\"}", true},
        {"\"Bool\":{\"aws:PrincipalIsAWSService\":\"false\",\"aws:ViaAWSService\":\"false\"}",
         true},
        {"\"StringEquals\":{\"aws:RequestedRegion\":\"us-east-1\"}", true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct call *c = call_of("kinesis", "AddTagsToStream",
                                 "{\"StreamName\":\"s\",\"Tags\":{\"a\":\"1\",\"b\":\"2\"}}");
        char statement[512];

        c->request = &request;
        snprintf(statement, sizeof(statement), "{\"Effect\":\"Allow\",\"Action\":\"kinesis:*\","
                 "\"Resource\":\"*\",\"Condition\":{%s}}", cases[i].condition);
        may(statement);
        if ((authorize_call(c) == OK) != cases[i].holds) {
            WRONG("%s: %s", cases[i].condition, c->why.text);
        }
    }
}

static void a_refusal_is_in_the_services_words(void **state)
{
    static const struct {
        const char *service, *operation, *code;
        int http;
    } cases[] = {
        {"kinesis", "ListStreams", "AccessDeniedException", 400},
        {"dynamodb", "ListTables", "AccessDeniedException", 400},
        {"lambda", "ListFunctions", "AccessDeniedException", 403},
        {"sqs", "ListQueues", "AccessDeniedException", 403},
        {"sns", "ListTopics", "AuthorizationError", 403},
        {"iam", "ListUsers", "AccessDenied", 403},
        {"s3", "ListBuckets", "AccessDenied", 403},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        status said = authorize_call(call_of(cases[i].service, cases[i].operation, "{}"));

        assert_string_equal(said->code, cases[i].code);
        assert_int_equal(said->http, cases[i].http);
    }
}

/* ---- services and roles ---- */

static void a_service_needs_the_targets_word(void **state)
{
    struct call *c = call_of("kinesis", "ListStreams", "{}");
    struct service_wish wish = {
        .service = STR("s3.amazonaws.com"), .action = "kinesis:PutRecord",
        .resource = STR(K "stream/s"), .source = STR("arn:aws:s3:::b"),
        .source_account = STR(HOME)};

    (void)state;
    assert_false(service_may(c, &wish));
    wish.lax = true; /* auth is off, and there is no policy */
    assert_true(service_may(c, &wish));
    w.cell->auth = true;
    assert_false(service_may(c, &wish));
    w.resource = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":"
                 "{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"kinesis:Put*\",\"Resource\":"
                 "\"*\",\"Condition\":{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::b\"},"
                 "\"StringEquals\":{\"aws:SourceAccount\":\"" HOME "\"}}}}";
    assert_true(service_may(c, &wish));
    wish.source = STR("arn:aws:s3:::other");
    assert_false(service_may(c, &wish));
}

static void texts_are_compiled_once_and_forgotten_when_there_are_too_many(void **state)
{
    struct str text = STR("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
                          "\"a:b\"}}");
    const struct policy *policy = policy_of_text(w.cell, text, POLICY_OF_RESOURCE);
    char other[256];

    (void)state;
    assert_non_null(policy);
    assert_ptr_equal(policy_of_text(w.cell, text, POLICY_OF_RESOURCE), policy);
    assert_null(policy_of_text(w.cell, STR("no policy"), POLICY_OF_RESOURCE));
    for (int i = 0; i < COMPILED_MAX + 10; i++) {
        snprintf(other, sizeof(other), "{\"Id\":\"%d\",\"Statement\":{\"Effect\":\"Allow\","
                 "\"Principal\":\"*\",\"Action\":\"a:b\"}}", i);
        assert_non_null(policy_of_text(w.cell, str_c(other), POLICY_OF_RESOURCE));
    }
    (void)authorize_call(call_of("kinesis", "ListStreams", "{}"));
    assert_int_equal(map_count(w.cell->authorize->compiled), 0);
}

static void the_newest_decisions_are_kept(void **state)
{
    struct decision_filter filter = {.denied = true, .count_max = 10000};
    struct buf text;
    size_t rows = 0;

    (void)state;
    for (int i = 0; i < DECISIONS_DENIED_MAX + 100; i++) {
        (void)authorize_call(call_of("kinesis", "ListStreams", "{}"));
        if (i % 500 == 0) {
            arena_clear(w.arena);
        }
    }
    buf_init(&text, 64u << 20);
    decisions_text(w.cell, &filter, &text);
    for (size_t i = 0; i < text.bytes; i++) {
        rows += text.at[i] == '\n';
    }
    assert_int_equal(rows, DECISIONS_DENIED_MAX + 1); /* and the last line's end */
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_is_guarded_by_what_it_is_about, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_too_many_resources_all_are_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_call_is_let_through_by_policies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conditions_find_their_keys_in_the_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_is_in_the_services_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_service_needs_the_targets_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            texts_are_compiled_once_and_forgotten_when_there_are_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_decisions_are_kept, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
