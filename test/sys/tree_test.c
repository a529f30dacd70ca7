/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees of files: what names and links may be, what takes the place of what, whole folders.
 * (test/svc/lambda/zip_test.c has them filled from archives.)
 */
#include "sys/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

static void names_that_may_be(void **state)
{
    static const char *const good[] = {"a", "a/b", "..a", "a..", "...", ".a", "a b", "\\", "größe"};
    static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/..",
                                      "../a", "a/../b"};
    char long_part[258];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(tree_name_good(str_c(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(tree_name_good(str_c(bad[i])));
    }
    memset(long_part, 'x', sizeof(long_part));
    assert_true(tree_name_good(str_of(long_part, 255)));
    assert_false(tree_name_good(str_of(long_part, 256)));
    assert_false(tree_name_good(str_of("a\0b", 3)));
}

static void leads(const char *name, const char *to, bool inside)
{
    assert_int_equal(tree_link_good(str_c(name), str_c(to)), inside);
}

static void links_that_may_be(void **state)
{
    (void)state;
    leads("l", "a", true);
    leads("l", "./a/b", true);
    leads("a/l", "../b", true);
    leads("a/b/l", "../../c/../d", true);
    leads("l", ".", true);
    leads("a/l", "..", true);
    leads("l", "..", false);
    leads("l", "../a", false);
    leads("a/l", "../../b", false);
    leads("l", "a/../../b", false);
    leads("l", "/a", false);
    leads("l", "", false);
    assert_false(tree_link_good(STR("l"), str_of("a\0b", 3)));
}

static void write_file(struct tree *tree, const char *name, const char *text)
{
    assert_ptr_equal(tree_file_begin(tree, str_c(name), false), OK);
    assert_ptr_equal(tree_file_add(tree, str_c(text)), OK);
    assert_ptr_equal(tree_file_end(tree), OK);
}

static void what_takes_the_place_of_what(void **state)
{
    char path[] = "/tmp/weir-tree-XXXXXX";
    struct tree *tree;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_ptr_equal(tree_open(path, &tree), OK);
    write_file(tree, "a/b/c", "1");
    write_file(tree, "a/b/c", "2");
    assert_ptr_equal(tree_link(tree, STR("a/b/c"), STR("d")), OK);
    assert_ptr_equal(tree_folder(tree, STR("a/b/c")), OK); /* instead of the link */
    assert_ptr_equal(tree_folder(tree, STR("a/b/c")), OK);
    assert_ptr_equal(tree_link(tree, STR("a/b"), STR("d")), &ERR_MALFORMED);
    assert_ptr_equal(tree_file_begin(tree, STR("a/b"), false), &ERR_MALFORMED);
    assert_ptr_equal(tree_file_begin(tree, STR("../x"), false), &ERR_MALFORMED);
    assert_ptr_equal(tree_link(tree, STR("l"), STR("../x")), &ERR_MALFORMED);
    write_file(tree, "f", "x");
    write_file(tree, "f/g", "y"); /* a folder instead of the file */
    assert_ptr_equal(tree_sync(tree), OK);
    tree_close(tree);
    tree_remove(path);
    assert_false(tree_is_there(path));
}

static void whole_folders_move_and_go(void **state)
{
    char path[] = "/tmp/weir-tree-XXXXXX";
    char from[64];
    char to[64];
    struct tree *tree;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(from, sizeof(from), "%s/from", path);
    snprintf(to, sizeof(to), "%s/to", path);
    assert_ptr_equal(tree_move(from, to), &ERR_NOT_FOUND);
    assert_ptr_equal(tree_open(from, &tree), OK);
    write_file(tree, "deep/er/file", "x");
    assert_ptr_equal(tree_link(tree, STR("link"), STR("deep")), OK);
    tree_close(tree);
    assert_ptr_equal(tree_move(from, to), OK);
    assert_false(tree_is_there(from));
    assert_true(tree_is_there(to));
    assert_ptr_equal(tree_open(from, &tree), OK);
    write_file(tree, "other", "x");
    tree_close(tree);
    assert_ptr_equal(tree_move(from, to), &ERR_EXISTS);
    tree_close(NULL);
    tree_remove(path);
    assert_false(tree_is_there(path));
    tree_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_may_be),
        cmocka_unit_test(links_that_may_be),
        cmocka_unit_test(what_takes_the_place_of_what),
        cmocka_unit_test(whole_folders_move_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
