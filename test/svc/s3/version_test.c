/* SPDX-License-Identifier: Apache-2.0
 *
 * A bucket's versions against a model: a list of what every key has, in plain arrays. Thousands of
 * random puts, deletions (with and without a version), copies and changes of the versioning state,
 * with restarts in between; after each step the key is compared, from time to time everything.
 */
#include "svc/s3/s3_core.h"
#include "../test/svc/s3/look.h"

#include "base/mem.h"
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define KEYS 5
#define VERSIONS_MAX 400
#define STEPS 1500

/* One version as the model has it. */
struct entry_of_key {
    char version[40];  /* id as told; "null" */
    uint64_t content;  /* number of world_bytes() */
    size_t bytes;      /* of them */
    bool marker;       /* a delete marker */
};

struct key_model {
    struct entry_of_key items[VERSIONS_MAX]; /* oldest first */
    size_t count;                            /* of them */
};

struct model {
    struct world *world;       /* the real thing */
    struct rand rand;          /* what happens next */
    struct key_model keys[KEYS];
    enum versioning versioning; /* of the bucket */
    uint64_t contents;         /* numbers given */
};

static struct str key_name(int key)
{
    static const struct str names[KEYS] = {STR_INIT("a"), STR_INIT("a/b"), STR_INIT("a/b/c"),
                                           STR_INIT("b"), STR_INIT("\xc3\xbc//..")};

    return names[key];
}

static void model_remove(struct key_model *key, size_t at)
{
    memmove(&key->items[at], &key->items[at + 1],
            (key->count - at - 1) * sizeof(struct entry_of_key));
    key->count--;
}

/* What a write does to the model: the null version is replaced wherever it is. */
static void model_add(struct model *model, struct key_model *key, const struct entry_of_key *item)
{
    if (model->versioning != VERSIONING_ENABLED) {
        for (size_t i = 0; i < key->count; i++) {
            if (strcmp(key->items[i].version, "null") == 0) {
                model_remove(key, i);
                break;
            }
        }
    }
    assert_true(key->count < VERSIONS_MAX);
    key->items[key->count++] = *item;
}

static size_t some_size(struct rand *rand)
{
    static const size_t sizes[] = {0, 1, 100, 4096, 4097, 30000, 65536, 65537, 80000};

    return sizes[rand_below(rand, sizeof(sizes) / sizeof(sizes[0]))];
}

static void set_version(struct entry_of_key *item, struct str version)
{
    assert_true(version.bytes < sizeof(item->version));
    snprintf(item->version, sizeof(item->version), "%.*s", STR_ARG(version));
}

static void step_put(struct model *model, int number)
{
    struct entry_of_key item = {.content = ++model->contents, .bytes = some_size(&model->rand)};
    struct str version = STR_NONE;

    assert_ptr_equal(world_put(model->world, "bucket", key_name(number),
                               world_bytes(model->world, item.content, item.bytes), &version),
                     OK);
    assert_int_equal(version.bytes > 0, model->versioning == VERSIONING_ENABLED);
    set_version(&item, version.bytes > 0 ? version : STR("null"));
    model_add(model, &model->keys[number], &item);
}

static void step_delete(struct model *model, int number)
{
    struct key_model *key = &model->keys[number];
    struct entry_of_key marker = {.marker = true};
    struct value *out;

    assert_ptr_equal(world_call(model->world, "DeleteObject",
                                world_about(model->world, "DeleteObject", "bucket",
                                            key_name(number), STR_NONE),
                                &out),
                     OK);
    if (model->versioning == VERSIONING_NEVER) {
        key->count = 0;
        return;
    }
    assert_true(get_bool(out, "DeleteMarker", false));
    set_version(&marker, get_str(out, "VersionId"));
    model_add(model, key, &marker);
}

static void step_erase(struct model *model, int number)
{
    struct key_model *key = &model->keys[number];
    size_t at;

    if (key->count == 0) {
        return;
    }
    at = (size_t)rand_below(&model->rand, key->count);
    assert_ptr_equal(world_delete(model->world, "bucket", key_name(number),
                                  str_c(key->items[at].version)),
                     OK);
    model_remove(key, at);
}

static void step_copy(struct model *model, int number)
{
    const struct key_model *from = &model->keys[number];
    int to = (number + 1) % KEYS;
    struct entry_of_key item;
    struct value *in;
    struct value *out;
    struct str version;

    if (from->count == 0 || from->items[from->count - 1].marker) {
        return;
    }
    item = from->items[from->count - 1];
    in = world_about(model->world, "CopyObject", "bucket", key_name(to), STR_NONE);
    set_str(in, "CopySource",
            arena_printf(model->world->arena, "bucket/%.*s", STR_ARG(key_name(number))));
    assert_ptr_equal(world_call(model->world, "CopyObject", in, &out), OK);
    version = get_str(out, "VersionId");
    set_version(&item, version.bytes > 0 ? version : STR("null"));
    model_add(model, &model->keys[to], &item);
}

static void step_versioning(struct model *model)
{
    bool enabled = rand_below(&model->rand, 2) == 0;

    model->versioning = enabled ? VERSIONING_ENABLED : VERSIONING_SUSPENDED;
    assert_ptr_equal(world_versioning(model->world, "bucket", enabled ? "Enabled" : "Suspended"),
                     OK);
}


/* ---- comparing ---- */

static void compare_key(struct model *model, int number)
{
    const struct key_model *key = &model->keys[number];
    struct str content;
    status got = world_get(model->world, "bucket", key_name(number), STR_NONE, &content);

    if (key->count == 0 || key->items[key->count - 1].marker) {
        assert_true(world_failed(got, "NoSuchKey"));
    } else {
        const struct entry_of_key *newest = &key->items[key->count - 1];

        assert_ptr_equal(got, OK);
        assert_true(str_eq(content, world_bytes(model->world, newest->content, newest->bytes)));
    }
    for (size_t i = 0; i < key->count; i++) {
        const struct entry_of_key *item = &key->items[i];

        got = world_get(model->world, "bucket", key_name(number), str_c(item->version), &content);
        if (item->marker) {
            assert_true(world_failed(got, "MethodNotAllowed"));
            continue;
        }
        assert_ptr_equal(got, OK);
        assert_true(str_eq(content, world_bytes(model->world, item->content, item->bytes)));
    }
}

/* Rows of one key in the answer of ListObjectVersions, newest first, as far as the page goes. */
static void compare_list(struct model *model)
{
    struct value *in =
        world_about(model->world, "ListObjectVersions", "bucket", STR_NONE, STR_NONE);
    struct value *out;
    const struct value *versions;
    const struct value *markers;
    uint32_t version = 0;
    uint32_t marker = 0;

    assert_ptr_equal(world_call(model->world, "ListObjectVersions", in, &out), OK);
    versions = get(out, "Versions");
    markers = get(out, "DeleteMarkers");
    for (int number = 0; number < KEYS; number++) {
        const struct key_model *key = &model->keys[number];

        for (size_t i = key->count; i-- > 0;) {
            const struct entry_of_key *item = &key->items[i];
            const struct value *row =
                item->marker ? &markers->items[marker++] : &versions->items[version++];

            assert_true(str_eq(get_str(row, "Key"), key_name(number)));
            assert_true(str_eq(get_str(row, "VersionId"), str_c(item->version)));
            assert_int_equal(get_bool(row, "IsLatest", false), i + 1 == key->count);
        }
    }
    assert_int_equal(version, versions->count);
    assert_int_equal(marker, markers->count);
}

/* Every blob belongs to somebody. Files go at a checkpoint at the latest: counted after a start. */
static void compare_blobs(struct model *model)
{
    size_t large = 0;

    for (int number = 0; number < KEYS; number++) {
        for (size_t i = 0; i < model->keys[number].count; i++) {
            large += model->keys[number].items[i].bytes > CALL_BODY_INLINE_MAX;
        }
    }
    assert_true(world_blob_count(model->world) <= large); /* copies share */
    if (large > 0) {
        assert_true(world_blob_count(model->world) > 0);
    }
}

static void step_restart(struct model *model)
{
    world_close(model->world);
    assert_ptr_equal(world_open(model->world), OK);
    compare_blobs(model);
}

static void step(struct model *model)
{
    int number = (int)rand_below(&model->rand, KEYS);
    uint64_t choice = rand_below(&model->rand, 100);

    arena_clear(model->world->arena);
    if (choice < 45) {
        step_put(model, number);
    } else if (choice < 60) {
        step_delete(model, number);
    } else if (choice < 85) {
        step_erase(model, number);
    } else if (choice < 94) {
        step_copy(model, number);
    } else if (choice < 97) {
        step_versioning(model);
    } else if (choice < 98) {
        step_restart(model);
    }
    compare_key(model, number);
    if (choice % 10 == 0) {
        compare_list(model);
    }
}

static void empty_it(struct model *model)
{
    for (int number = 0; number < KEYS; number++) {
        while (model->keys[number].count > 0) {
            step_erase(model, number);
        }
    }
    step_restart(model);
    assert_int_equal(world_blob_count(model->world), 0);
    assert_int_equal(world_row_count(model->world, "object"), 0);
    assert_int_equal(world_row_count(model->world, "version"), 0);
    assert_int_equal(world_row_count(model->world, "null"), 0);
    assert_int_equal(world_row_count(model->world, "body"), 0);
    assert_int_equal(world_row_count(model->world, "shared"), 0);
}

static void versions_are_as_the_model_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct model *model = MEM_NEW(struct model);

        model->world = world_new(seed);
        rand_init(&model->rand, seed);
        assert_ptr_equal(world_open(model->world), OK);
        assert_ptr_equal(world_create(model->world, "bucket"), OK);
        for (int i = 0; i < STEPS; i++) {
            step(model);
        }
        empty_it(model);
        world_free(model->world);
        mem_free(model);
    }
}

static void a_version_is_newer_even_when_the_clock_stood_still(void **state)
{
    struct world *world = world_new(3);
    struct str first = STR_NONE;
    struct str second = STR_NONE;
    struct str content;

    (void)state;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_create(world, "bucket"), OK);
    assert_ptr_equal(world_versioning(world, "bucket", "Enabled"), OK);
    for (int i = 0; i < 5000; i++) { /* more than one millisecond has numbers for */
        assert_ptr_equal(world_put(world, "bucket", STR("k"), STR("x"), &first), OK);
    }
    world_close(world);
    assert_ptr_equal(world_open(world), OK); /* the clock begins where it began before */
    assert_ptr_equal(world_put(world, "bucket", STR("k"), STR("newest"), &second), OK);
    assert_false(str_eq(first, second));
    assert_ptr_equal(world_get(world, "bucket", STR("k"), STR_NONE, &content), OK);
    assert_true(str_eq(content, STR("newest")));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_as_the_model_says),
        cmocka_unit_test(a_version_is_newer_even_when_the_clock_stood_still),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
