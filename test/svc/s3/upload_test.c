/* SPDX-License-Identifier: Apache-2.0
 *
 * What many parts cost and leave: uploads of hundreds of parts are completed, copied by ranges,
 * aborted and forgotten with their bucket; afterwards no row and no file is left of them. Large
 * ones go bit by bit, by the minute's tick.
 */
#include "svc/s3/s3_core.h"
#include "../test/svc/s3/look.h"

#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define LARGE ((size_t)5 << 20)

static struct str begin(struct world *world, const char *key)
{
    struct value *in =
        world_about(world, "CreateMultipartUpload", "bucket", str_c(key), STR_NONE);
    struct value *out;

    assert_ptr_equal(world_call(world, "CreateMultipartUpload", in, &out), OK);
    return get_str(out, "UploadId");
}

static struct value *about_part(struct world *world, const char *operation, const char *key,
                                struct str id, int number)
{
    struct value *in = world_about(world, operation, "bucket", str_c(key), STR_NONE);

    set_str(in, "UploadId", id);
    set_int(in, "PartNumber", number);
    return in;
}

static void send_part(struct world *world, const char *key, struct str id, int number,
                      struct str content)
{
    struct call_body body;
    struct cell_request request = {
        .operation = "UploadPart",
        .input = about_part(world, "UploadPart", key, id, number),
        .body = &body};
    struct value *out;

    assert_ptr_equal(world_body(world, content, &body), OK);
    assert_ptr_equal(world_ask(world, &request, &out), OK);
}

static void copy_part(struct world *world, const char *key, struct str id, int number,
                      const char *source)
{
    struct value *in = about_part(world, "UploadPartCopy", key, id, number);
    struct value *out;

    set_str(in, "CopySource", arena_printf(world->arena, "bucket/%s", source));
    assert_ptr_equal(world_call(world, "UploadPartCopy", in, &out), OK);
}

/* Completes with all the parts there are. */
static status complete(struct world *world, const char *key, struct str id)
{
    struct value *in = world_about(world, "ListParts", "bucket", str_c(key), STR_NONE);
    struct value *out;
    struct value *parts;

    set_str(in, "UploadId", id);
    assert_ptr_equal(world_call(world, "ListParts", in, &out), OK);
    const struct value *there = get(out, "Parts");

    in = world_about(world, "CompleteMultipartUpload", "bucket", str_c(key), STR_NONE);
    set_str(in, "UploadId", id);
    parts = set_list(world->arena, set_struct(world->arena, in, "MultipartUpload"), "Parts",
                     there->count);
    for (uint32_t i = 0; i < there->count; i++) {
        struct value *part = list_add(world->arena, parts);

        set_int(part, "PartNumber", get_int(&there->items[i], "PartNumber", 0));
        set_str(part, "ETag", get_str(&there->items[i], "ETag"));
    }
    return world_call(world, "CompleteMultipartUpload", in, &out);
}

static void abort_upload(struct world *world, const char *key, struct str id)
{
    struct value *in = world_about(world, "AbortMultipartUpload", "bucket", str_c(key), STR_NONE);
    struct value *out;

    set_str(in, "UploadId", id);
    assert_ptr_equal(world_call(world, "AbortMultipartUpload", in, &out), OK);
}

static struct world *start(void)
{
    struct world *world = world_new(1);

    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_create(world, "bucket"), OK);
    return world;
}

static void minutes(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        assert_ptr_equal(cell_advance(world->cell, MS_PER_MINUTE, &world->why), OK);
    }
}

/* After a start (files go at a checkpoint at the latest): nothing of any content. */
static void nothing_is_left(struct world *world)
{
    static const char *const kinds[] = {"object", "version", "null",   "body",
                                        "list",   "shared",  "upload", "part", "garbage"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (world_row_count(world, kinds[i]) != 0) {
            print_error("rows of %s are left\n", kinds[i]);
        }
        assert_int_equal(world_row_count(world, kinds[i]), 0);
    }
    world_close(world);
    assert_ptr_equal(world_open(world), OK);
    assert_int_equal(world_blob_count(world), 0);
}

static void an_aborted_upload_of_many_parts_goes_by_and_by(void **state)
{
    struct world *world = start();
    struct str id = begin(world, "k");

    (void)state;
    for (int i = 1; i <= 300; i++) {
        send_part(world, "k", id, i, world_bytes(world, 1, i % 3 == 0 ? 70000 : 10));
    }
    abort_upload(world, "k", id);
    assert_int_equal(world_row_count(world, "upload"), 0);
    assert_int_equal(world_row_count(world, "garbage"), 1);
    minutes(world, 2);
    nothing_is_left(world);
    world_free(world);
}

static void a_part_sent_again_replaces_the_first(void **state)
{
    struct world *world = start();
    struct str id = begin(world, "k");
    struct str content;

    (void)state;
    for (int i = 0; i < 20; i++) {
        send_part(world, "k", id, 1, world_bytes(world, 2, 70000 + (size_t)i));
    }
    assert_ptr_equal(complete(world, "k", id), OK);
    assert_ptr_equal(world_get(world, "bucket", STR("k"), STR_NONE, &content), OK);
    assert_true(str_eq(content, world_bytes(world, 2, 70019)));
    assert_ptr_equal(world_delete(world, "bucket", STR("k"), STR_NONE), OK);
    nothing_is_left(world);
    world_free(world);
}

static void an_object_of_many_parts_goes_when_its_last_copy_goes(void **state)
{
    struct world *world = start();
    struct str part = world_bytes(world, 3, LARGE);
    struct str id;
    struct str content;

    (void)state;
    assert_ptr_equal(world_put(world, "bucket", STR("source"), part, NULL), OK);
    id = begin(world, "k");
    for (int i = 1; i <= 40; i++) { /* more than are taken apart at once */
        copy_part(world, "k", id, i, "source");
    }
    assert_ptr_equal(complete(world, "k", id), OK);
    assert_ptr_equal(world_copy(world, "bucket", STR("k"), STR("copy")), OK);
    assert_int_equal(world_blob_count(world), 1); /* all of them are one file */
    assert_ptr_equal(world_delete(world, "bucket", STR("source"), STR_NONE), OK);
    assert_ptr_equal(world_delete(world, "bucket", STR("k"), STR_NONE), OK);
    minutes(world, 2);
    assert_ptr_equal(world_get(world, "bucket", STR("copy"), STR_NONE, &content), OK);
    assert_int_equal(content.bytes, 40 * LARGE);
    assert_memory_equal(content.at + 7 * LARGE, part.at, LARGE);
    assert_ptr_equal(world_delete(world, "bucket", STR("copy"), STR_NONE), OK);
    minutes(world, 2);
    nothing_is_left(world);
    world_free(world);
}

static void small_pieces_must_be_last(void **state)
{
    struct world *world = start();
    struct str id = begin(world, "k");

    (void)state;
    send_part(world, "k", id, 1, world_bytes(world, 4, 1000));
    assert_ptr_equal(complete(world, "k", id), OK);
    id = begin(world, "k");
    send_part(world, "k", id, 1, world_bytes(world, 4, 1000));
    send_part(world, "k", id, 2, world_bytes(world, 4, 1000));
    assert_true(world_failed(complete(world, "k", id), "EntityTooSmall"));
    world_free(world);
}

static void uploads_go_with_their_bucket(void **state)
{
    struct world *world = start();
    struct value *out;
    struct str id;

    (void)state;
    for (int i = 0; i < 3; i++) {
        id = begin(world, "k");
        send_part(world, "k", id, 1, world_bytes(world, 5, 70000));
    }
    assert_ptr_equal(world_call(world, "DeleteBucket",
                                world_about(world, "DeleteBucket", "bucket", STR_NONE, STR_NONE),
                                &out),
                     OK);
    assert_ptr_equal(world_create(world, "bucket"), OK); /* of the same name, but another */
    assert_true(world_failed(complete(world, "k", begin(world, "k")), "MalformedXML"));
    minutes(world, 2);
    assert_int_equal(world_row_count(world, "part"), 0);
    assert_int_equal(world_row_count(world, "upload"), 1); /* the new bucket's */
    world_close(world);
    assert_ptr_equal(world_open(world), OK);
    assert_int_equal(world_blob_count(world), 0);
    world_free(world);
}

static void a_completion_can_be_repeated_for_a_day(void **state)
{
    struct world *world = start();
    struct str id = begin(world, "k");
    struct value *in;
    struct value *out;

    (void)state;
    send_part(world, "k", id, 1, world_bytes(world, 6, 100));
    assert_ptr_equal(complete(world, "k", id), OK);
    in = world_about(world, "CompleteMultipartUpload", "bucket", STR("k"), STR_NONE);
    set_str(in, "UploadId", id);
    assert_ptr_equal(world_call(world, "CompleteMultipartUpload", in, &out), OK);
    assert_ptr_equal(cell_advance(world->cell, 25 * MS_PER_HOUR, &world->why), OK);
    minutes(world, 2);
    assert_true(world_failed(world_call(world, "CompleteMultipartUpload", in, &out),
                             "NoSuchUpload"));
    assert_int_equal(world_row_count(world, "completed"), 0);
    assert_int_equal(world_row_count(world, "done"), 0);
    world_free(world);
}

static void what_weir_writes_itself_may_be_larger_than_a_row(void **state)
{
    struct world *world = start();
    struct str content = world_bytes(world, 8, 300000);
    struct bus_event event = {.target = STR("arn:aws:s3:::bucket"), .account = STR("000000000000"),
                              .key = STR("of/an/event"), .body = content};
    struct str got;

    (void)state;
    assert_ptr_equal(world_send(world, &event), OK);
    assert_ptr_equal(world_get(world, "bucket", STR("of/an/event"), STR_NONE, &got), OK);
    assert_true(str_eq(got, content));
    event.target = STR("arn:aws:s3:::nobody");
    assert_ptr_equal(world_send(world, &event), &BUS_NO_TARGET);
    assert_ptr_equal(world_delete(world, "bucket", STR("of/an/event"), STR_NONE), OK);
    minutes(world, 2);
    nothing_is_left(world);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_aborted_upload_of_many_parts_goes_by_and_by),
        cmocka_unit_test(a_part_sent_again_replaces_the_first),
        cmocka_unit_test(an_object_of_many_parts_goes_when_its_last_copy_goes),
        cmocka_unit_test(small_pieces_must_be_last),
        cmocka_unit_test(uploads_go_with_their_bucket),
        cmocka_unit_test(a_completion_can_be_repeated_for_a_day),
        cmocka_unit_test(what_weir_writes_itself_may_be_larger_than_a_row),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
