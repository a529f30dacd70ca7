/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that JSON is read strictly, in place and as AWS forgives, that every wrong kind gets AWS's
 * sentence, and that what is written is what AWS writes. Texts are read from blocks that end with
 * them, so that the sanitizer sees a read behind the end.
 */
#include "tree.h"

#include "wire/cbor.h"
#include "wire/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;
static struct why why;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(TREE_ARENA_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Reads text as shape; the tree as text, or "code: sentence". */
static const char *read_as(uint32_t shape, struct str text)
{
    char *copy = malloc(text.bytes + (text.bytes == 0));
    struct value value;
    const char *result;

    memcpy(copy, text.at, text.bytes);
    why.text[0] = '?';
    why.text[1] = 0;
    status s = json_read(str_of(copy, text.bytes), shape, arena, &why, &value);
    if (s == OK) {
        result = dump_of(arena, &value);
    } else {
        result = arena_printf(arena, "%s: %s", s->code, why.text).at;
    }
    free(copy);
    return result;
}

static const char *document(const char *text)
{
    return read_as(0, str_c(text));
}

static const char *input(const char *service, const char *operation, const char *text)
{
    return read_as(operation_of(service, operation)->input, str_c(text));
}

static const char *put_record(const char *text)
{
    return input("kinesis", "PutRecord", text);
}

#define BROKEN "SerializationException: "

/* ---- documents: the grammar ---- */

static void reads_every_kind_of_value(void **state)
{
    (void)state;
    assert_string_equal(document("null"), "null");
    assert_string_equal(document(" true "), "true");
    assert_string_equal(document("\t\r\nfalse\n"), "false");
    assert_string_equal(document("0"), "0");
    assert_string_equal(document("-17"), "-17");
    assert_string_equal(document("9223372036854775807"), "9223372036854775807");
    assert_string_equal(document("1.5"), "1.5");
    assert_string_equal(document("1e3"), "1000.0");
    assert_string_equal(document("\"a\""), "\"a\"");
    assert_string_equal(document("[]"), "[]");
    assert_string_equal(document("{}"), "{}");
    assert_string_equal(document("[1, [2 ,{\"a\" : null}] , \"\"]"), "[1,[2,{\"a\":null}],\"\"]");
}

static void refuses_what_is_not_json(void **state)
{
    static const char *const bad[] = {
        "",          " ",        "{",         "}",         "[",          "]",       "[1",
        "[1,",       "[1,]",     "{\"a\"",    "{\"a\":",   "{\"a\":1",   "{\"a\":1,", "{\"a\":1,}",
        "{,}",       "[,]",      "{a:1}",     "{'a':1}",   "tru",        "nul",     "truex",
        "nan",       "NaN",      "01",        "-",         "+1",         "1.",      ".5",
        "1e",        "1e+",      "0x10",      "1 2",       "\"a",        "\"\\\"",  "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\udc00\"",
        "\"\\ud800\\u0041\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "{\"\xff\":1}",
        "// x\n1",   "1 //",     "[1}",       "{\"a\":1]", "\"\\ud800\\", "--1",    "1..2",
        "{\"a\" 1}", "[1 2]",    "\x00",      "{\"\\u0000\":\"\x1f\"}",  "1e999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(document(bad[i]), BROKEN);
    }
}

static void unescapes_in_place(void **state)
{
    (void)state;
    assert_string_equal(document("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
    assert_string_equal(document("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\""), "\"Aé€😀\"");
    assert_string_equal(document("\"before\\u0041between the two\\u0042behind\""),
                        "\"beforeAbetween the twoBbehind\"");
    assert_string_equal(document("\"é€😀\""), "\"é€😀\"");
    assert_string_equal(document("\"a\\u0000b\""), "\"a\\u0000b\"");
}

/* The scan takes 16 bytes at a time: everything that can stop it, at every place. */
static void finds_the_end_of_a_string_wherever_it_is(void **state)
{
    (void)state;
    for (size_t length = 0; length < 70; length++) {
        char text[128];
        char expected[128];
        memset(text, 'x', sizeof(text));
        text[0] = '"';
        text[length + 1] = '"';
        memcpy(expected, text, length + 2);
        expected[length + 2] = 0;
        assert_string_equal(read_as(0, str_of(text, length + 2)), expected);
        for (size_t at = 1; at <= length; at++) {
            text[at] = '\x1f';
            assert_string_equal(read_as(0, str_of(text, length + 2)), BROKEN);
            text[at] = (char)0x80;
            assert_string_equal(read_as(0, str_of(text, length + 2)), BROKEN);
            text[at] = 'x';
        }
        assert_string_equal(read_as(0, str_of(text, length + 1)), BROKEN);
    }
}

static void depth_is_bounded(void **state)
{
    char text[2 * WIRE_DEPTH_MAX + 8];

    (void)state;
    memset(text, '[', WIRE_DEPTH_MAX);
    memset(text + WIRE_DEPTH_MAX, ']', WIRE_DEPTH_MAX);
    assert_string_not_equal(read_as(0, str_of(text, (size_t)2 * WIRE_DEPTH_MAX)), BROKEN);
    memset(text, '[', WIRE_DEPTH_MAX + 1);
    memset(text + WIRE_DEPTH_MAX + 1, ']', WIRE_DEPTH_MAX + 1);
    assert_string_equal(read_as(0, str_of(text, (size_t)2 * WIRE_DEPTH_MAX + 2)),
                        BROKEN "Nesting is deeper than 80 levels");
}

static void count_of_values_is_bounded(void **state)
{
    size_t count = WIRE_VALUES_MAX;
    char *text = malloc(2 * count + 2);
    struct value value;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        text[1 + 2 * i] = '1';
        text[2 + 2 * i] = ',';
    }
    text[0] = '[';
    text[2 * count] = ']';
    assert_ptr_equal(json_read(str_of(text, 2 * count + 1), 0, arena, &why, &value), &ERR_LIMIT);
    arena_clear(arena);
    text[2 * count - 2] = ']'; /* one fewer, with the list itself that is all */
    assert_ptr_equal(json_read(str_of(text, 2 * count - 1), 0, arena, &why, &value), OK);
    assert_int_equal(value.count, count - 1);
    free(text);
}

static void an_arena_that_is_full_is_a_limit_not_a_crash(void **state)
{
    struct arena *small = arena_new(8192);
    struct value value;
    char text[1001];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = i % 2 == 0 ? ',' : '1';
    }
    text[0] = '[';
    text[1000] = ']';
    assert_ptr_equal(json_read(str_of(text, sizeof(text)), 0, small, &why, &value), &ERR_LIMIT);
    arena_free(small);
}

static void the_last_of_two_keys_counts(void **state)
{
    (void)state;
    assert_string_equal(document("{\"a\":1,\"b\":2,\"a\":3}"), "{\"a\":3,\"b\":2}");
    assert_string_equal(document("{\"a\":1,\"\\u0061\":2}"), "{\"a\":2}");
    assert_string_equal(put_record("{\"StreamName\":\"a\",\"StreamName\":\"b\"}"),
                        "{\"StreamName\":\"b\"}");
    assert_string_equal(put_record("{\"StreamName\":\"a\",\"StreamName\":null}"), "{}");
}

static void many_keys_are_told_apart_in_linear_time(void **state)
{
    struct buf text;
    struct value value;

    (void)state;
    buf_init(&text, 64u << 20);
    buf_add_c(&text, '{');
    for (int i = 0; i < 200000; i++) {
        buf_printf(&text, "\"key%d\":%d,", i % 150000, i);
    }
    buf_add(&text, STR("\"end\":1}"));
    assert_ptr_equal(json_read(buf_str(&text), 0, arena, &why, &value), OK);
    assert_int_equal(value.count, 150001);
    assert_int_equal(map_find(&value, STR("key7"))->number, 150007);
    assert_int_equal(map_find(&value, STR("key149999"))->number, 149999);
    buf_done(&text);
}

/* ---- shapes ---- */

static void members_are_found_in_any_order(void **state)
{
    (void)state;
    assert_string_equal(
        put_record("{\"StreamName\":\"s\",\"Data\":\"aGVsbG8=\",\"PartitionKey\":\"k\"}"),
        "{\"StreamName\":\"s\",\"Data\":\"aGVsbG8=\",\"PartitionKey\":\"k\"}");
    assert_string_equal(
        put_record("{\"PartitionKey\":\"k\", \"Data\":\"aGVsbG8=\" , \"StreamName\" : \"s\"}"),
        "{\"StreamName\":\"s\",\"Data\":\"aGVsbG8=\",\"PartitionKey\":\"k\"}");
    assert_string_equal(put_record("{\"\\u0053treamName\":\"s\"}"), "{\"StreamName\":\"s\"}");
}

static void unknown_members_are_skipped_but_checked(void **state)
{
    (void)state;
    assert_string_equal(put_record("{\"Other\":{\"a\":[1,2,\"\\n\"]},\"StreamName\":\"s\"}"),
                        "{\"StreamName\":\"s\"}");
    assert_string_equal(put_record("{\"Other\":{\"a\":[1,2,},\"StreamName\":\"s\"}"), BROKEN);
}

static void nulls_are_as_if_not_said(void **state)
{
    (void)state;
    assert_string_equal(put_record("{\"StreamName\":null}"), "{}");
    assert_string_equal(input("kinesis", "AddTagsToStream",
                              "{\"Tags\":{\"a\":null,\"b\":\"c\"},\"StreamName\":null}"),
                        "{\"Tags\":{\"b\":\"c\"}}");
    assert_string_equal(input("kinesis", "RemoveTagsFromStream", "{\"TagKeys\":[null,\"a\",null]}"),
                        "{\"TagKeys\":[\"a\"]}");
}

static void wrong_kinds_get_the_sentence_of_aws(void **state)
{
    (void)state;
    const char *list = BROKEN "Start of list found where not expected";
    const char *map = BROKEN "Start of structure or map found where not expected.";

    assert_string_equal(put_record("{\"StreamName\":1}"),
                        BROKEN "NUMBER_VALUE can not be converted to a String");
    assert_string_equal(put_record("{\"StreamName\":1.5}"),
                        BROKEN "NUMBER_VALUE can not be converted to a String");
    assert_string_equal(put_record("{\"StreamName\":true}"),
                        BROKEN "TRUE_VALUE can not be converted to a String");
    assert_string_equal(put_record("{\"StreamName\":false}"),
                        BROKEN "FALSE_VALUE can not be converted to a String");
    assert_string_equal(put_record("{\"StreamName\":[]}"), list);
    assert_string_equal(put_record("{\"StreamName\":{}}"), map);
    assert_string_equal(put_record("[]"), list);
    assert_string_equal(put_record("{\"Data\":1}"),
                        BROKEN "NUMBER_VALUE can not be converted to a Blob");
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":\"1\"}"),
                        BROKEN "STRING_VALUE can not be converted to an Integer");
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":true}"),
                        BROKEN "TRUE_VALUE can not be converted to an Integer");
    assert_string_equal(input("kinesis", "PutRecords", "{\"Records\":\"x\"}"),
                        BROKEN "Expected list or null");
    assert_string_equal(input("kinesis", "PutRecords", "{\"Records\":{}}"), map);
    assert_string_equal(input("kinesis", "PutRecords", "{\"Records\":[1]}"),
                        BROKEN "Expected null");
    assert_string_equal(input("kinesis", "AddTagsToStream", "{\"Tags\":1}"),
                        BROKEN "Expected map or null");
    assert_string_equal(input("kinesis", "GetShardIterator", "{\"Timestamp\":\"2026-01-01\"}"),
                        BROKEN "STRING_VALUE can not be converted to milliseconds since epoch");
    assert_string_equal(input("kinesis", "DeleteStream", "{\"EnforceConsumerDeletion\":1}"),
                        BROKEN "NUMBER_VALUE can not be converted to a Boolean");
}

static void blobs_are_strict_base64(void **state)
{
    (void)state;
    assert_string_equal(put_record("{\"Data\":\"\"}"), "{\"Data\":\"\"}");
    assert_string_equal(put_record("{\"Data\":\"\\/\\u002b8=\"}"), "{\"Data\":\"/+8=\"}");
    assert_string_equal(put_record("{\"Data\":\"aGVsbG8\"}"),
                        BROKEN
                        "Base64 encoded length is expected a multiple of 4 bytes but found: 7");
    assert_string_equal(put_record("{\"Data\":\"aGVs*G8=\"}"), BROKEN "Invalid Base64 character");
}

static void numbers_are_forgiven_as_aws_forgives(void **state)
{
    (void)state;
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":1.0}"),
                        "{\"ShardCount\":1}");
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":1.9e1}"),
                        "{\"ShardCount\":19}");
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":-1.9}"),
                        "{\"ShardCount\":-1}");
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":99999999999}"),
                        "{\"ShardCount\":2147483647}");
    assert_string_equal(input("kinesis", "CreateStream", "{\"ShardCount\":-1e30}"),
                        "{\"ShardCount\":-2147483648}");
    assert_string_equal(input("stepfunctions", "UpdateMapRun", "{\"toleratedFailureCount\":1e30}"),
                        BROKEN);
    assert_string_equal(input("stepfunctions", "UpdateMapRun",
                              "{\"toleratedFailureCount\":9223372036854775807}"),
                        "{\"toleratedFailureCount\":9223372036854775807}");
    assert_string_equal(input("kinesis", "CreateStream",
                              "{\"ShardCount\":00000000000000000000000000000000000000000000000000"
                              "0000000000000000000000001}"),
                        BROKEN);
    assert_string_equal(
        input("kinesis", "CreateStream",
              "{\"ShardCount\":1.000000000000000000000000000000000000000000000000000000000000000}"),
        BROKEN);
}

static void booleans_may_be_words(void **state)
{
    (void)state;
    assert_string_equal(input("kinesis", "DeleteStream", "{\"EnforceConsumerDeletion\":\"True\"}"),
                        "{\"EnforceConsumerDeletion\":true}");
    assert_string_equal(input("kinesis", "DeleteStream", "{\"EnforceConsumerDeletion\":\"no\"}"),
                        "{\"EnforceConsumerDeletion\":false}");
    assert_string_equal(input("kinesis", "DeleteStream", "{\"EnforceConsumerDeletion\":\"on\"}"),
                        BROKEN "STRING_VALUE can not be converted to a Boolean");
}

static void moments_are_seconds_with_a_fraction(void **state)
{
    (void)state;
    assert_string_equal(input("kinesis", "GetShardIterator", "{\"Timestamp\":1732352100.123}"),
                        "{\"Timestamp\":1732352100.123}");
    assert_string_equal(input("kinesis", "GetShardIterator", "{\"Timestamp\":1.732352100123E9}"),
                        "{\"Timestamp\":1732352100.123}");
    assert_string_equal(input("kinesis", "GetShardIterator", "{\"Timestamp\":1e40}"), BROKEN);
}

static void strings_and_blobs_lie_in_the_text(void **state)
{
    char text[] = "{\"StreamName\":\"a stream\",\"Data\":\"aGVsbG8=\"}";
    struct value value;

    (void)state;
    uint32_t shape = operation_of("kinesis", "PutRecord")->input;
    assert_ptr_equal(json_read(str_of(text, sizeof(text) - 1), shape, arena, &why, &value), OK);
    struct str name = get_str(&value, "StreamName");
    struct str data = get_str(&value, "Data");
    assert_true(name.at > text);
    assert_true(name.at < text + sizeof(text));
    assert_memory_equal(data.at, "hello", 5);
    assert_true(data.at > name.at);
    assert_true(data.at < text + sizeof(text));
}

static void recursive_documents_of_dynamodb_are_read(void **state)
{
    (void)state;
    const char *text = "{\"TableName\":\"t\",\"Item\":{\"a\":{\"L\":[{\"N\":\"1\"},{\"NULL\":true},"
                       "{\"M\":{\"b\":{\"B\":\"AQID\"}}}]}}}";
    assert_string_equal(input("dynamodb", "PutItem", text), text);
}

static void flattened_lists_keep_their_names_in_json(void **state)
{
    (void)state;
    assert_string_equal(input("sqs", "GetQueueAttributes", "{\"AttributeNames\":[\"All\"]}"),
                        "{\"AttributeNames\":[\"All\"]}");
}

/* ---- writing ---- */

static const char *written(const struct value *value, enum time_format fallback)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    json_write(&out, value, fallback);
    const char *text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

static const char *written_str(struct str s)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    json_write_str(&out, s);
    const char *text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

static const char *written_double(double number)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    json_write_double(&out, number);
    const char *text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

static void escapes_only_what_it_must(void **state)
{
    (void)state;
    assert_string_equal(written_str(STR("")), "\"\"");
    assert_string_equal(written_str(STR("plain/é€😀\x7f")), "\"plain/é€😀\x7f\"");
    assert_string_equal(written_str(STR("\"\\\b\t\n\f\r")), "\"\\\"\\\\\\b\\t\\n\\f\\r\"");
    assert_string_equal(written_str(str_of("\0\x1f", 2)), "\"\\u0000\\u001F\"");
    assert_string_equal(written_str(STR("a long text with one \n in it, and more behind")),
                        "\"a long text with one \\n in it, and more behind\"");
}

static void doubles_are_the_shortest_that_read_back(void **state)
{
    (void)state;
    assert_string_equal(written_double(1), "1.0");
    assert_string_equal(written_double(-0.0), "-0.0");
    assert_string_equal(written_double(0.1), "0.1");
    assert_string_equal(written_double(1e20), "1e+20");
    assert_string_equal(written_double(123456789012345680.0), "1.2345678901234568e+17");
    assert_string_equal(written_double(5e-324), "4.94065645841247e-324");
    assert_string_equal(written_double((double)NAN), "\"NaN\"");
    assert_string_equal(written_double((double)INFINITY), "\"Infinity\"");
    assert_string_equal(written_double(-(double)INFINITY), "\"-Infinity\"");
    uint64_t seed = 88172645463325252U;
    for (int i = 0; i < 20000; i++) {
        double number;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&number, &seed, sizeof(number));
        if (isfinite(number)) {
            assert_true(strtod(written_double(number), NULL) == number);
        }
    }
}

static void an_answer_is_written_as_aws_writes_it(void **state)
{
    (void)state;
    uint32_t shape = operation_of("kinesis", "GetRecords")->output;
    struct value *out = value_struct(arena, shape);
    assert_string_equal(written(out, TIME_EPOCH), "{}");
    struct value *records = set_list(arena, out, "Records", 2);
    struct value *record = list_add(arena, records);
    set_str(record, "SequenceNumber", STR("1"));
    set_time(record, "ApproximateArrivalTimestamp", 1732352100123);
    set_blob(record, "Data", STR("hello"));
    record = list_add(arena, records);
    set_time(record, "ApproximateArrivalTimestamp", 1732352100500);
    set_int(out, "MillisBehindLatest", -5);
    assert_string_equal(written(out, TIME_EPOCH),
                        "{\"Records\":[{\"SequenceNumber\":\"1\","
                        "\"ApproximateArrivalTimestamp\":1732352100.123,\"Data\":\"aGVsbG8=\"},"
                        "{\"ApproximateArrivalTimestamp\":1732352100.5}],"
                        "\"MillisBehindLatest\":-5}");
}

static void moments_follow_the_fallback(void **state)
{
    (void)state;
    struct value *in = value_struct(arena, operation_of("kinesis", "GetShardIterator")->input);
    set_time(in, "Timestamp", 1732352100000);
    assert_string_equal(written(in, TIME_EPOCH), "{\"Timestamp\":1732352100}");
    assert_string_equal(written(in, TIME_ISO), "{\"Timestamp\":\"2024-11-23T08:55:00Z\"}");
    assert_string_equal(written(in, TIME_HTTP),
                        "{\"Timestamp\":\"Sat, 23 Nov 2024 08:55:00 GMT\"}");
    set_time(in, "Timestamp", -1500);
    assert_string_equal(written(in, TIME_EPOCH), "{\"Timestamp\":-1.5}");
}

/* The same tree with structures in full and with those that have one field: every writer and reader
 * of values takes them alike. */
static void a_structure_of_one_field_is_as_one_of_all(void **state)
{
    uint32_t shape = operation_of("dynamodb", "GetItem")->output;
    const char *cbor[2];
    (void)state;

    for (int narrow = 0; narrow < 2; narrow++) {
        struct value *out = value_struct(arena, shape);
        struct value *map = set_map(arena, out, "Item", 2);
        struct value *one = narrow ? map_add_one(arena, map, STR("l"), "L")
                                   : map_add(arena, map, STR("l"));
        struct value *list = set_list(arena, one, "L", 2);
        struct buf text;

        set_str(narrow ? list_add_one(arena, list, "N") : list_add(arena, list), "N", STR("1"));
        set_bool(narrow ? list_add_one(arena, list, "NULL") : list_add(arena, list), "NULL", true);
        assert_string_equal(written(out, TIME_EPOCH),
                            "{\"Item\":{\"l\":{\"L\":[{\"N\":\"1\"},{\"NULL\":true}]}}}");
        assert_string_equal(dump_of(arena, out), written(out, TIME_EPOCH));
        assert_true(has(one, "L"));
        assert_false(has(one, "S"));
        assert_true(str_eq(get_str(&list->items[0], "N"), STR("1")));
        assert_null(get(&list->items[0], "NULL"));
        assert_true(get_str(&list->items[1], "N").at == NULL);
        buf_init(&text, TREE_ARENA_BYTES_MAX);
        cbor_write(&text, out, false);
        cbor[narrow] = arena_dup(arena, buf_str(&text)).at;
        assert_true(text.bytes > 20);
        buf_done(&text);
    }
    assert_string_equal(cbor[0], cbor[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_every_kind_of_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unescapes_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_the_end_of_a_string_wherever_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(depth_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(count_of_values_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_arena_that_is_full_is_a_limit_not_a_crash, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_last_of_two_keys_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_keys_are_told_apart_in_linear_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_are_found_in_any_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_members_are_skipped_but_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nulls_are_as_if_not_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_kinds_get_the_sentence_of_aws, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blobs_are_strict_base64, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_forgiven_as_aws_forgives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(booleans_may_be_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moments_are_seconds_with_a_fraction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strings_and_blobs_lie_in_the_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recursive_documents_of_dynamodb_are_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(flattened_lists_keep_their_names_in_json, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(escapes_only_what_it_must, set_up, tear_down),
        cmocka_unit_test_setup_teardown(doubles_are_the_shortest_that_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_is_written_as_aws_writes_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moments_follow_the_fallback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_structure_of_one_field_is_as_one_of_all, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
