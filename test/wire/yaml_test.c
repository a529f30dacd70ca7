/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that YAML becomes the trees that JSON does, that what is no document is refused where it
 * stands, that aliases cost what they stand for, and that what is written is read as it was.
 */
#include "tree.h"

#include "wire/json.h"
#include "wire/wire.h"
#include "wire/yaml.h"

#include <stdio.h>

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

/* The tree as JSON, or "code: sentence". */
static const char *read_text(struct str text)
{
    struct value value;
    status read = yaml_read(text, arena, &why, &value);
    struct buf out;
    const char *told;

    if (read != OK) {
        return arena_printf(arena, "%s: %s", read->code, why.text).at;
    }
    buf_init(&out, TREE_ARENA_BYTES_MAX);
    json_write(&out, &value, TIME_ISO);
    told = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return told;
}

static void scalars_are_what_they_look_like(void **state)
{
    (void)state;
    assert_string_equal(read_text(STR("[1, -2, 2.0, 1e3, 0, 0.5, true, False, null, ~, ]")),
                        "[1,-2,2.0,1000.0,0,0.5,true,false,null,null]");
    assert_string_equal(read_text(STR("[012, 1.2.3, 3.0.1, yes, -, -Infinity, 1_0, 0x1]")),
                        "[\"012\",\"1.2.3\",\"3.0.1\",\"yes\",\"-\",\"-Infinity\",\"1_0\","
                        "\"0x1\"]");
    assert_string_equal(read_text(STR("['1', \"true\", \"a\\nb\", 'it''s', \"\"]")),
                        "[\"1\",\"true\",\"a\\nb\",\"it's\",\"\"]");
    assert_string_equal(read_text(STR("a: |\n  one\n  two\nb: >-\n  one\n  two\n")),
                        "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\"}");
}

static void maps_keep_order_and_the_last_of_a_key(void **state)
{
    (void)state;
    assert_string_equal(read_text(STR("b: 1\na: {c: [x, {y: z}]}\nb: 2\n")),
                        "{\"b\":2,\"a\":{\"c\":[\"x\",{\"y\":\"z\"}]}}");
    assert_string_equal(read_text(STR("1: a\n/{x}: b\n")), "{\"1\":\"a\",\"/{x}\":\"b\"}");
}

static void aliases_are_their_anchors(void **state)
{
    (void)state;
    assert_string_equal(read_text(STR("a: &x {b: [1]}\nc: *x\nd: &y t\ne: *y\n")),
                        "{\"a\":{\"b\":[1]},\"c\":{\"b\":[1]},\"d\":\"t\",\"e\":\"t\"}");
    assert_string_equal(read_text(STR("a: &x [*x]")),
                        "SerializationException: line 1, column 8: an alias of what is not there");
}

/* {"!Tag": value}; "!No" is refused. */
static status wrap(void *context, struct str tag, struct arena *made_in, struct value *value)
{
    struct pair *pair = ARENA_NEW(made_in, struct pair);

    (void)context;
    if (str_eq(tag, STR("!No"))) {
        return &ERR_NOT_FOUND;
    }
    *pair = (struct pair){tag, *value};
    *value = (struct value){.kind = VALUE_MAP, .count = 1, .room = 1, .pairs = pair};
    return OK;
}

static const char *read_as(const char *text, struct yaml_way *way)
{
    struct value value;
    struct buf out;
    const char *told;

    if (yaml_read_as(way, str_c(text), arena, &why, &value) != OK) {
        return why.text;
    }
    buf_init(&out, TREE_ARENA_BYTES_MAX);
    json_write(&out, &value, TIME_ISO);
    told = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return told;
}

static void tags_mean_what_the_caller_says(void **state)
{
    struct yaml_way way = {.tag = wrap};

    (void)state;
    assert_string_equal(read_as("[!A 1, !B [2], !C {d: !D e}, !!str 3, !F '']", &way),
                        "[{\"!A\":\"1\"},{\"!B\":[2]},{\"!C\":{\"d\":{\"!D\":\"e\"}}},"
                        "\"3\",{\"!F\":\"\"}]");
    assert_string_equal(read_as("a: &x !A b\nc: *x\n", &way),
                        "{\"a\":{\"!A\":\"b\"},\"c\":{\"!A\":\"b\"}}");
    assert_string_equal(read_as("a: 1\nb: [!No x]\n", &way),
                        "line 2, column 5: a tag that is not known here");
    assert_int_equal(way.line, 2);
    assert_int_equal(way.column, 5);
    assert_string_equal(read_text(STR("a: !A b")), "{\"a\":\"b\"}");
}

static void merges_are_taken_in_where_they_are_asked_for(void **state)
{
    struct yaml_way way = {.merges = true, .yes_no = true};

    (void)state;
    assert_string_equal(read_as("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3, z: 4}\n", &way),
                        "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"y\":3,\"z\":4,\"x\":1}}");
    assert_string_equal(read_as("b: {<<: [{x: 1}, {x: 2, y: 2}]}\n", &way),
                        "{\"b\":{\"x\":1,\"y\":2}}");
    assert_string_equal(read_as("b: {<<: [1]}\n", &way), "a merge of what is no map");
    assert_string_equal(read_as("[yes, No, ON, off, y, 'yes', true]", &way),
                        "[true,false,true,false,\"y\",\"yes\",true]");
    assert_string_equal(read_text(STR("a: {<<: {x: yes}}")),
                        "{\"a\":{\"<<\":{\"x\":\"yes\"}}}");
}

static void what_is_no_document_is_refused(void **state)
{
    (void)state;
    assert_string_equal(read_text(STR("")),
                        "SerializationException: line 1, column 1: there is no document");
    assert_string_equal(read_text(STR("a: 1\n---\nb: 2\n")),
                        "SerializationException: line 2, column 1: there is more than one "
                        "document");
    assert_string_equal(read_text(STR("? [a]\n: b\n")),
                        "SerializationException: line 1, column 3: a key must be a scalar");
    assert_non_null(strstr(read_text(STR("a: [1")), "SerializationException: line "));
    assert_non_null(strstr(read_text(STR("a: \xff")), "SerializationException: line "));
}

static void what_is_too_large_is_refused(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_printf(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 7; i++) {
        buf_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++) {
            buf_printf(&text, "*a%d,", i - 1);
        }
        buf_printf(&text, "]\n");
    }
    assert_string_equal(read_text(buf_str(&text)),
                        "LimitExceeded: the document is too large");
    buf_clear(&text);
    for (int i = 0; i < WIRE_DEPTH_MAX + 1; i++) {
        buf_add_c(&text, '[');
    }
    assert_non_null(strstr(read_text(buf_str(&text)), "the document is too deep"));
    buf_done(&text);
}

static void what_is_written_is_read_as_it_was(void **state)
{
    struct str text = STR("{\"a b\":[\"\\u0001\\u007f\\u0085\\ufeff\\n\\\"\\\\\",1.5,true,null,{}],"
                          "\"/{x+}\":{\"true\":[],\"y\":[[1]]},\"\":\"\",\"-\":\"- a: b # c\"}");
    struct value value;
    struct buf out;

    (void)state;
    assert_ptr_equal(json_read(arena_dup(arena, text), 0, arena, &why, &value), OK);
    buf_init(&out, 1u << 20);
    yaml_write(&out, &value);
    assert_non_null(strstr(arena_dup(arena, buf_str(&out)).at, "\n/{x+}:\n  \"true\": []\n"));
    const char *again = read_text(buf_str(&out));
    struct buf json;

    buf_init(&json, 1u << 20);
    json_write(&json, &value, TIME_ISO);
    assert_string_equal(again, arena_dup(arena, buf_str(&json)).at);
    buf_done(&json);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_are_what_they_look_like, set_up, tear_down),
        cmocka_unit_test_setup_teardown(maps_keep_order_and_the_last_of_a_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(aliases_are_their_anchors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tags_mean_what_the_caller_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_are_taken_in_where_they_are_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_document_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_as_it_was, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
