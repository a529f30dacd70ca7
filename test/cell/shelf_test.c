/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees that are kept: found by their path, read as they were written, laid into other shapes; tags
 * laid and taken; tokens of pages. Rows themselves are tested by the services that have them.
 */
#include "cell/shelf.h"

#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

static struct arena *arena;

static struct value *tree_new(const char *operation, const char *path)
{
    return value_struct(arena, shelf_shape("acm", operation, path));
}

static void a_tree_reads_as_it_was_written(void **state)
{
    struct value *tree = tree_new("DescribeCertificate", "Certificate"), *read;
    struct value *names = set_list(arena, tree, "SubjectAlternativeNames", 2);
    struct buf packed, again;

    (void)state;
    set_str(tree, "DomainName", STR("a.example"));
    set_time(tree, "CreatedAt", INT64_C(1790000000123));
    list_add_str(names, STR("a.example"));
    list_add_str(names, STR("\"quoted\"\n"));
    buf_init(&packed, 4096);
    buf_add_c(&packed, 1);
    json_write(&packed, tree, TIME_EPOCH);
    read = shelf_read(arena, buf_str(&packed), tree->shape);
    assert_true(str_eq(get_str(read, "DomainName"), STR("a.example")));
    assert_int_equal(get_time(read, "CreatedAt", 0), INT64_C(1790000000123));
    buf_init(&again, 4096);
    buf_add_c(&again, 1);
    json_write(&again, read, TIME_EPOCH);
    assert_true(str_eq(buf_str(&packed), buf_str(&again)));
    buf_done(&packed);
    buf_done(&again);
}

static void members_go_into_other_shapes_by_name_and_kind(void **state)
{
    struct value *from = tree_new("DescribeCertificate", "Certificate");
    struct value *to = tree_new("ListCertificates", "CertificateSummaryList");
    struct value *uses = set_list(arena, from, "KeyUsages", 1);

    (void)state;
    set_str(list_add(arena, uses), "Name", STR("ANY")); /* there: structures; here: texts */
    set_str(from, "DomainName", STR("a.example"));
    set_str(from, "Serial", STR("01"));                 /* not there */
    set_members(arena, to, from);
    assert_true(str_eq(get_str(to, "DomainName"), STR("a.example")));
    assert_false(has(to, "KeyUsages"));
}

static void a_copy_is_changed_alone(void **state)
{
    struct value *tree = tree_new("DescribeCertificate", "Certificate"), *copy;

    (void)state;
    set_str(tree, "DomainName", STR("a"));
    copy = value_copy(arena, tree);
    set_str(copy, "DomainName", STR("b"));
    unset(copy, "Serial");
    assert_true(str_eq(get_str(tree, "DomainName"), STR("a")));
    unset(copy, "DomainName");
    assert_false(has(copy, "DomainName"));
}

static struct value *tags_of(const char *key, const char *value)
{
    struct value *tree = tree_new("ListTagsForCertificate", "");
    struct value *tag = list_add(arena, set_list(arena, tree, "Tags", 1));

    set_str(tag, "Key", str_c(key));
    if (value != NULL) {
        set_str(tag, "Value", str_c(value));
    }
    return tree;
}

static void tags_are_laid_and_taken(void **state)
{
    struct value *tree = tree_new("ListTagsForCertificate", "");
    struct value keys = {.kind = VALUE_LIST, .count = 1}, key = {.kind = VALUE_STR};

    (void)state;
    tags_lay(arena, tree, "Tags", NULL);
    assert_int_equal(tags_count(tree, "Tags"), 0);
    tags_lay(arena, tree, "Tags", get(tags_of("a", "1"), "Tags"));
    tags_lay(arena, tree, "Tags", get(tags_of("b", NULL), "Tags"));
    tags_lay(arena, tree, "Tags", get(tags_of("a", "2"), "Tags"));
    assert_int_equal(tags_count(tree, "Tags"), 2);
    assert_true(str_eq(tag_find(get(tree, "Tags"), STR("a")), STR("2")));
    assert_non_null(tag_find(get(tree, "Tags"), STR("b")).at); /* without a value: empty */
    assert_null(tag_find(get(tree, "Tags"), STR("c")).at);
    key.str = STR("a");
    keys.items = &key;
    tags_take(tree, "Tags", &keys);
    assert_int_equal(tags_count(tree, "Tags"), 1);
    key.str = STR("b");
    tags_take(tree, "Tags", &keys);
    assert_false(has(tree, "Tags"));
}

static void texts_that_are_told_stay_a_while(void **state)
{
    struct shelf_told told = {.count = 0};
    struct str first = shelf_tell(&told, STR("first"));

    (void)state;
    for (size_t i = 1; i < SHELF_TOLD_MAX; i++) {
        (void)shelf_tell(&told, STR("more"));
    }
    assert_true(str_eq(first, STR("first")));
    shelf_told_done(&told);
}

static void tokens_of_pages_come_back(void **state)
{
    struct str text;

    (void)state;
    assert_true(page_token_read(arena, page_token(arena, STR("a name")), &text));
    assert_true(str_eq(text, STR("a name")));
    assert_false(page_token_read(arena, STR("??"), &text));
    assert_false(page_token_read(arena, STR(""), &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_reads_as_it_was_written),
        cmocka_unit_test(members_go_into_other_shapes_by_name_and_kind),
        cmocka_unit_test(a_copy_is_changed_alone),
        cmocka_unit_test(tags_are_laid_and_taken),
        cmocka_unit_test(texts_that_are_told_stay_a_while),
        cmocka_unit_test(tokens_of_pages_come_back),
    };
    int failed;

    arena = arena_new(1u << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
