/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that CBOR is read and written as RFC 8949 has it (its appendix A's examples, in hex),
 * guided by shapes, and that Kinesis' moments are milliseconds. Items are read from blocks that end
 * with them, so that the sanitizer sees a read behind the end.
 */
#include "tree.h"

#include "base/codec.h"
#include "wire/cbor.h"

#include <math.h>
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

/* Reads an item written in hex; the tree as text, or "code: sentence". */
static const char *read_as(uint32_t shape, const char *hex, bool times_ms)
{
    size_t bytes = strlen(hex) / 2;
    char *copy = malloc(bytes + (bytes == 0));
    struct value value;
    const char *result;

    assert_true(hex_decode(str_c(hex), copy));
    why.text[0] = '?';
    why.text[1] = 0;
    status s = cbor_read((struct cbor_text){str_of(copy, bytes), times_ms}, shape, arena, &why,
                         &value);
    if (s == OK) {
        result = dump_of(arena, &value);
    } else {
        result = arena_printf(arena, "%s: %s", s->code, why.text).at;
    }
    free(copy);
    return result;
}

static const char *document(const char *hex)
{
    return read_as(0, hex, false);
}

#define BROKEN "SerializationException: "

static void reads_the_examples_of_the_rfc(void **state)
{
    static const char *const examples[][2] = {
        {"00", "0"},
        {"17", "23"},
        {"1818", "24"},
        {"1903e8", "1000"},
        {"1a000f4240", "1000000"},
        {"1b000000e8d4a51000", "1000000000000"},
        {"1bffffffffffffffff", "1.8446744073709552e+19"},
        {"c249010000000000000000", "1.8446744073709552e+19"},
        {"3bffffffffffffffff", "-1.8446744073709552e+19"},
        {"c349010000000000000000", "-1.8446744073709552e+19"},
        {"20", "-1"},
        {"3863", "-100"},
        {"f90000", "0.0"},
        {"f98000", "-0.0"},
        {"f93c00", "1.0"},
        {"f93e00", "1.5"},
        {"f97bff", "65504.0"},
        {"fa47c35000", "100000.0"},
        {"fb7e37e43c8800759c", "1e+300"},
        {"f90001", "5.9604644775390625e-08"},
        {"f90400", "6.103515625e-05"},
        {"fbc010666666666666", "-4.1"},
        {"f97c00", "\"Infinity\""},
        {"f97e00", "\"NaN\""},
        {"f9fc00", "\"-Infinity\""},
        {"fa7f800000", "\"Infinity\""},
        {"fb7ff8000000000000", "\"NaN\""},
        {"f4", "false"},
        {"f5", "true"},
        {"f6", "null"},
        {"f7", "null"},
        {"c11a514b67b0", "1363896240"},
        {"c1fb41d452d9ec200000", "1363896240.500"},
        {"c48221196ab3", "273.15"},
        {"d818456449455446", "\"ZElFVEY=\""},
        {"40", "\"\""},
        {"4401020304", "\"AQIDBA==\""},
        {"60", "\"\""},
        {"6449455446", "\"IETF\""},
        {"62225c", "\"\\\"\\\\\""},
        {"63e6b0b4", "\"水\""},
        {"80", "[]"},
        {"8301820203820405", "[1,[2,3],[4,5]]"},
        {"a0", "{}"},
        {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
        {"5f42010243030405ff", "\"AQIDBAU=\""},
        {"7f657374726561646d696e67ff", "\"streaming\""},
        {"9fff", "[]"},
        {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
        {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}"},
        {"bf6346756ef563416d7421ff", "{\"Fun\":true,\"Amt\":-2}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        assert_string_equal(document(examples[i][0]), examples[i][1]);
    }
}

static void refuses_what_is_no_cbor(void **state)
{
    static const char *const bad[] = {
        "",         "18",       "19ff",       "1a000000",   "1b00000000000000", "1c",   "1d",
        "1e",       "1f",       "3f",         "41",         "61",               "62c3", "62c328",
        "5bffffffffffffffff",   "7bffffffffffffffff01",     "81",               "8201", "9f",
        "9f01",     "a1",       "a101",       "a1616101f6", "bf6161ff",         "bf",   "ff",
        "c1",       "df",       "f8",         "f800",       "f818",             "fc",   "fd",
        "fe",       "f9",       "fa000000",   "5f",         "5f4101",           "5f6101ff",
        "5f5f4101ffff",         "7f41",       "7f61ffff",   "0000",             "a10102",
        "9bffffffffffffffff01", "bbffffffffffffffff",       "c201",             "c48101",
        "c482016161",           "c101ff",     "f0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(document(bad[i]), BROKEN);
    }
}

static void depth_is_bounded_also_for_tags(void **state)
{
    char hex[2 * (WIRE_DEPTH_MAX + 2) + 1];

    (void)state;
    for (size_t i = 0; i <= WIRE_DEPTH_MAX; i++) {
        memcpy(hex + 2 * i, "81", 2);
    }
    memcpy(hex + 2 * (WIRE_DEPTH_MAX + 1), "01", 3);
    assert_string_equal(document(hex), BROKEN "Nesting is deeper than 80 levels");
    assert_string_not_equal(document(hex + 2), BROKEN "Nesting is deeper than 80 levels");
    for (size_t i = 0; i <= WIRE_DEPTH_MAX; i++) {
        memcpy(hex + 2 * i, "c6", 2);
    }
    assert_string_equal(document(hex), BROKEN "Nesting is deeper than 80 levels");
}

/* A list that says it has four thousand million elements takes no memory for them. */
static void a_claimed_length_is_not_believed(void **state)
{
    struct arena *small = arena_new(4096);
    struct value value;

    (void)state;
    struct cbor_text text = {str_of("\x9a\xff\xff\xff\xff\x01", 6), false};
    assert_ptr_equal(cbor_read(text, 0, small, &why, &value), &WIRE_SERIALIZATION);
    assert_false(arena_spent(small));
    arena_free(small);
}

static void the_last_of_two_keys_counts(void **state)
{
    (void)state;
    assert_string_equal(document("a3616101616202616103"), "{\"a\":3,\"b\":2}");
}

/* {"StreamName": "s", "Data": h'0102', "PartitionKey": "k", "Other": [1]} */
static void members_are_found_and_unknown_ones_skipped(void **state)
{
    uint32_t shape = operation_of("kinesis", "PutRecord")->input;

    (void)state;
    assert_string_equal(read_as(shape,
                                "a46a53747265616d4e616d6561736444617461420102"
                                "6c506172746974696f6e4b6579616b654f746865728101",
                                true),
                        "{\"StreamName\":\"s\",\"Data\":\"AQI=\",\"PartitionKey\":\"k\"}");
    assert_string_equal(read_as(shape, "bf6a53747265616d4e616d65f6ff", true), "{}");
    assert_string_equal(read_as(shape, "a16a53747265616d4e616d6501", true),
                        BROKEN "NUMBER_VALUE can not be converted to a String");
    assert_string_equal(read_as(shape, "a16a53747265616d4e616d654101", true),
                        BROKEN "BINARY_VALUE can not be converted to a String");
    assert_string_equal(read_as(shape, "a164446174616141", true),
                        BROKEN "STRING_VALUE can not be converted to a Blob");
    assert_string_equal(read_as(shape, "80", true),
                        BROKEN "Start of list found where not expected");
    assert_string_equal(read_as(shape, "01", true), BROKEN "Expected null");
}

static void moments_are_milliseconds_for_kinesis_and_seconds_for_others(void **state)
{
    uint32_t shape = operation_of("kinesis", "GetShardIterator")->input;

    (void)state;
    /* {"Timestamp": 1(1732352100123)} */
    assert_string_equal(read_as(shape, "a16954696d657374616d70c11b00000193583b471b", true),
                        "{\"Timestamp\":1732352100.123}");
    /* {"Timestamp": 1(1732352100)} and without the tag */
    assert_string_equal(read_as(shape, "a16954696d657374616d70c11a67419864", false),
                        "{\"Timestamp\":1732352100}");
    assert_string_equal(read_as(shape, "a16954696d657374616d701a67419864", false),
                        "{\"Timestamp\":1732352100}");
    /* {"Timestamp": 1(1e300)} */
    assert_string_equal(read_as(shape, "a16954696d657374616d70c1fb7e37e43c8800759c", false),
                        BROKEN);
    assert_string_equal(read_as(shape, "a16954696d657374616d70c1f97e00", false), BROKEN);
    assert_string_equal(read_as(shape, "a16954696d657374616d706161", false),
                        BROKEN "STRING_VALUE can not be converted to milliseconds since epoch");
}

static void integers_are_forgiven_as_in_json(void **state)
{
    uint32_t shape = operation_of("kinesis", "CreateStream")->input;

    (void)state;
    /* {"ShardCount": …} */
    assert_string_equal(read_as(shape, "a16a5368617264436f756e741a80000000", false),
                        "{\"ShardCount\":2147483647}");
    assert_string_equal(read_as(shape, "a16a5368617264436f756e743bffffffffffffffff", false),
                        "{\"ShardCount\":-2147483648}");
    assert_string_equal(read_as(shape, "a16a5368617264436f756e74f93e00", false),
                        "{\"ShardCount\":1}");
    assert_string_equal(read_as(shape, "a16a5368617264436f756e74f97e00", false), BROKEN);
    assert_string_equal(read_as(shape, "a16a5368617264436f756e74f5", false),
                        BROKEN "TRUE_VALUE can not be converted to an Integer");
}

static const char *written(const struct value *value, bool times_ms)
{
    struct buf out;
    char *hex;

    buf_init(&out, 1u << 20);
    cbor_write(&out, value, times_ms);
    hex = arena_alloc(arena, 2 * out.bytes + 1);
    hex_encode(buf_str(&out), hex);
    hex[2 * out.bytes] = 0;
    buf_done(&out);
    return hex;
}

static void writes_the_shortest_heads(void **state)
{
    static const char *const same[] = {
        "00", "17", "1818", "18ff", "190100", "19ffff", "1a00010000", "1b0000000100000000",
        "1b7fffffffffffffff", "20", "37", "3818", "3b7fffffffffffffff", "f4", "f5", "f6",
        "4401020304", "6449455446", "8301820203820405", "a26161016162820203",
        "fbc010666666666666", "c11a514b67b0", "c1fb41d452d9ec200000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        char bytes[64];
        struct value value;
        assert_true(hex_decode(str_c(same[i]), bytes));
        struct cbor_text text = {str_of(bytes, strlen(same[i]) / 2), false};
        assert_ptr_equal(cbor_read(text, 0, arena, &why, &value), OK);
        assert_string_equal(written(&value, false), same[i]);
    }
}

static void an_answer_of_kinesis_is_written(void **state)
{
    (void)state;
    struct value *out = value_struct(arena, operation_of("kinesis", "GetRecords")->output);
    struct value *record = list_add(arena, set_list(arena, out, "Records", 1));
    set_time(record, "ApproximateArrivalTimestamp", 1732352100123);
    set_blob(record, "Data", STR("\x01\x02"));
    /* {"Records": [{"ApproximateArrivalTimestamp": 1(1732352100123), "Data": h'0102'}]} */
    assert_string_equal(written(out, true),
                        "a1675265636f72647381a2781b417070726f78696d617465417272697661"
                        "6c54696d657374616d70c11b00000193583b471b6444617461420102");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_the_examples_of_the_rfc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_cbor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_is_bounded_also_for_tags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_claimed_length_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_of_two_keys_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_are_found_and_unknown_ones_skipped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(moments_are_milliseconds_for_kinesis_and_seconds_for_others,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(integers_are_forgiven_as_in_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_the_shortest_heads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_of_kinesis_is_written, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
