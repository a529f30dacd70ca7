/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes out of a zip: its files where they belong and nothing anywhere else, whatever names,
 * links and sizes it says.
 */
#include "../test/svc/lambda/zips.h"

#include "svc/lambda/package.h"
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

#define LINK (S_IFLNK | 0777)

struct place {
    struct arena *arena;
    struct tree *tree;
    char path[64]; /* of the tree */
};

static void place_open(struct place *place)
{
    place->arena = arena_new(64u << 20);
    snprintf(place->path, sizeof(place->path), "/tmp/weir-zip-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    assert_ptr_equal(tree_open(place->path, &place->tree), OK);
}

static void place_close(struct place *place)
{
    tree_close(place->tree);
    tree_remove(place->path);
    assert_int_not_equal(access(place->path, F_OK), 0);
    arena_free(place->arena);
}

static status unpack(struct place *place, const struct zip_entry *entries, size_t count)
{
    struct str zip = zip_make(place->arena, entries, count);
    uint64_t bytes = 0;
    uint64_t checked = 0;
    status went = zip_unpack(zip, place->tree, 1u << 20, &bytes);

    if (went == OK) { /* what unpacks is checked alike */
        assert_ptr_equal(zip_unpack(zip, NULL, 1u << 20, &checked), OK);
        assert_int_equal(bytes, checked);
    }
    return went;
}

static void has_text(const struct place *place, const char *name, const char *text)
{
    char path[256];
    char found[256] = "";
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", place->path, name);
    file = fopen(path, "r");
    assert_non_null(file);
    (void)fread(found, 1, sizeof(found) - 1, file);
    fclose(file);
    assert_string_equal(found, text);
}

static mode_t mode_of(const struct place *place, const char *name)
{
    struct stat st;
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", place->path, name);
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

static void files_folders_and_links_come_out(void **state)
{
    static const struct zip_entry entries[] = {
        {"index.py", "print(1)", 0},
        {"bin/", "", S_IFDIR | 0700},
        {"bin/run", "#!/bin/sh", S_IFREG | 0700},
        {"a/b/c/d.txt", "deep", S_IFREG | 0600},
        {"a/b/link", "c/d.txt", LINK},
        {"a/up", "../bin/run", LINK},
        {"größe.txt", "x", 0},
    };
    struct place place;

    (void)state;
    place_open(&place);
    assert_ptr_equal(unpack(&place, entries, 7), OK);
    has_text(&place, "index.py", "print(1)");
    has_text(&place, "a/b/link", "deep");
    has_text(&place, "a/up", "#!/bin/sh");
    has_text(&place, "größe.txt", "x");
    assert_int_equal(mode_of(&place, "bin/run"), S_IFREG | 0755);
    assert_int_equal(mode_of(&place, "a/b/c/d.txt"), S_IFREG | 0644);
    assert_int_equal(mode_of(&place, "index.py"), S_IFREG | 0644);
    assert_int_equal(mode_of(&place, ""), S_IFDIR | 0755);
    place_close(&place);
}

static void what_leads_out_is_no_package(void **state)
{
    static const struct zip_entry entries[] = {
        {"../evil", "x", 0},          {"/evil", "x", 0},       {"a/../../evil", "x", 0},
        {"a/../b", "x", 0},           {"./a", "x", 0},         {"a//b", "x", 0},
        {"..", "x", 0},               {"a/..", "x", 0},        {"l", "/etc/passwd", LINK},
        {"l", "..", LINK},            {"a/l", "../../x", LINK}, {"l", "", LINK},
        {"a/b/l", "../c/../../../x", LINK}, {"fifo", "", S_IFIFO | 0644},
        {"device", "", S_IFCHR | 0644}, {"socket", "", S_IFSOCK | 0644},
    };
    struct place place;

    (void)state;
    place_open(&place);
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        assert_ptr_equal(unpack(&place, &entries[i], 1), &ERR_MALFORMED);
    }
    place_close(&place);
    assert_int_not_equal(access("/tmp/evil", F_OK), 0);
    assert_int_not_equal(access("/evil", F_OK), 0);
}

/* A link is replaced by a folder where a name goes through it: nothing is written elsewhere. */
static void a_name_does_not_go_through_a_link(void **state)
{
    static const struct zip_entry first[] = {
        {"real/keep", "kept", 0}, {"door", "real", LINK}, {"file", "x", 0}, {"link", "file", LINK}};
    static const struct zip_entry then[] = {
        {"door/keep", "other", 0}, {"file", "second", 0}, {"link", "written", 0}};
    struct place place;

    (void)state;
    place_open(&place);
    assert_ptr_equal(unpack(&place, first, 4), OK);
    assert_ptr_equal(unpack(&place, then, 3), OK);
    has_text(&place, "real/keep", "kept");
    has_text(&place, "door/keep", "other");
    assert_int_equal(mode_of(&place, "door"), S_IFDIR | 0755);
    has_text(&place, "file", "second");
    has_text(&place, "link", "written");
    assert_int_equal(mode_of(&place, "link"), S_IFREG | 0644);
    place_close(&place);
}

static void a_file_is_not_a_folder_too(void **state)
{
    static const struct zip_entry entries[] = {{"a/b", "x", 0}, {"a", "y", 0}};
    struct place place;

    (void)state;
    place_open(&place);
    assert_ptr_equal(unpack(&place, entries, 2), &ERR_MALFORMED);
    place_close(&place);
}

static void one_zip_lies_over_another(void **state)
{
    static const struct zip_entry below[] = {{"python/a", "1", 0}, {"python/b", "1", 0}};
    static const struct zip_entry above[] = {{"python/b", "2", 0}, {"python/c", "2", 0}};
    struct place place;

    (void)state;
    place_open(&place);
    assert_ptr_equal(unpack(&place, below, 2), OK);
    assert_ptr_equal(unpack(&place, above, 2), OK);
    has_text(&place, "python/a", "1");
    has_text(&place, "python/b", "2");
    has_text(&place, "python/c", "2");
    place_close(&place);
}

static void what_comes_out_is_counted(void **state)
{
    struct arena *arena = arena_new(64u << 20);
    char *zeros = arena_alloc(arena, 100001);
    struct zip_entry entry = {"zeros", zeros, 0};
    uint64_t bytes = 0;
    struct str zip;

    (void)state;
    memset(zeros, 'a', 100000);
    zeros[100000] = 0;
    zip = zip_make(arena, &entry, 1);
    assert_true(zip.bytes < 1000);
    assert_ptr_equal(zip_unpack(zip, NULL, 99999, &bytes), &ERR_LIMIT);
    assert_int_equal(bytes, 0);
    assert_ptr_equal(zip_unpack(zip, NULL, 100000, &bytes), OK);
    assert_int_equal(bytes, 100000);
    arena_free(arena);
}

static void broken_bytes_are_no_package(void **state)
{
    static const struct zip_entry entries[] = {{"index.py", "some text that is long enough", 0}};
    static const char empty[22] = "PK\5\6";
    struct arena *arena = arena_new(64u << 20);
    struct str zip = zip_make(arena, entries, 1);
    uint64_t bytes = 0;

    (void)state;
    assert_ptr_equal(zip_unpack(STR(""), NULL, 1000, &bytes), &ERR_NOT_FOUND);
    assert_ptr_equal(zip_unpack(STR("PK"), NULL, 1000, &bytes), &ERR_MALFORMED);
    for (size_t cut = 1; cut < zip.bytes; cut++) {
        assert_ptr_not_equal(zip_unpack(str_slice(zip, 0, cut), NULL, 1000, &bytes), OK);
    }
    for (size_t i = 0; i < zip.bytes; i++) { /* whatever it means: no harm */
        char *bent = arena_alloc(arena, zip.bytes);

        memcpy(bent, zip.at, zip.bytes);
        bent[i] = (char)(bent[i] ^ 0x55);
        (void)zip_unpack(str_of(bent, zip.bytes), NULL, 1000, &bytes);
    }
    assert_ptr_equal(zip_unpack(str_of(empty, sizeof(empty)), NULL, 1000, &bytes),
                     &ERR_NOT_FOUND);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_folders_and_links_come_out),
        cmocka_unit_test(what_leads_out_is_no_package),
        cmocka_unit_test(a_name_does_not_go_through_a_link),
        cmocka_unit_test(a_file_is_not_a_folder_too),
        cmocka_unit_test(one_zip_lies_over_another),
        cmocka_unit_test(what_comes_out_is_counted),
        cmocka_unit_test(broken_bytes_are_no_package),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
