/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole weir in one process for tests of S3: a disk in memory, a store on it, the cell with the
 * bus and S3, and calls without a network. Bodies up to 64 KiB are inline, larger ones blobs, as
 * the door makes them.
 */
#ifndef WEIR_TEST_S3_WORLD_H
#define WEIR_TEST_S3_WORLD_H

#include "base/checksum.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell_int.h"
#include "svc/s3/s3_core.h"
#include "sys/faulty.h"

#define WORLD_START_MS INT64_C(1790000000000)

struct world {
    struct faulty *disk;       /* what it runs on */
    struct store *store;       /* open on it */
    struct clock clock;        /* stands still unless moved */
    struct cell *cell;         /* with its services */
    struct arena *arena;       /* of calls; cleared by the test */
    struct why why;            /* of the last call */
    uint64_t blobs;            /* ids given to bodies */
    uint64_t opens;            /* of the store so far */
};

static inline status world_open(struct world *world)
{
    static const struct service *const services[] = {&bus_service, &s3_service, NULL};
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services,
                                .seed = 7 + world->opens++}; /* as chance: never the same again */

    clock_init_manual(&world->clock, WORLD_START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static inline void world_close(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
    world->cell = NULL;
}

static inline struct world *world_new(uint64_t seed)
{
    struct world *world = MEM_NEW(struct world);

    world->disk = faulty_new(seed);
    world->arena = arena_new(256u << 20);
    return world;
}

static inline void world_free(struct world *world)
{
    if (world->cell != NULL) {
        world_close(world);
    }
    faulty_free(world->disk);
    arena_free(world->arena);
    mem_free(world);
}

static inline struct value *world_input(struct world *world, const char *operation)
{
    const struct operation *found = model_operation(model_service(STR("s3")), str_c(operation));

    return value_struct(world->arena, found->input);
}

/* An input about an object; key and version may be STR_NONE. */
static inline struct value *world_about(struct world *world, const char *operation,
                                        const char *bucket, struct str key, struct str version)
{
    struct value *in = world_input(world, operation);

    set_str(in, "Bucket", str_c(bucket));
    if (key.at != NULL) {
        set_str(in, "Key", key);
    }
    if (version.at != NULL) {
        set_str(in, "VersionId", version);
    }
    return in;
}

static inline status world_ask(struct world *world, struct cell_request *request,
                               struct value **ret_out)
{
    request->service = "s3";
    world->why.text[0] = '\0';
    return cell_call(world->cell, request, world->arena, &world->why, ret_out);
}

/* Failed with that code; the service's error lines are its own. */
static inline bool world_failed(status code, const char *text)
{
    return code != OK && strcmp(code->code, text) == 0;
}

static inline status world_call(struct world *world, const char *operation, struct value *input,
                                struct value **ret_out)
{
    struct cell_request request = {.operation = operation, .input = input};

    return world_ask(world, &request, ret_out);
}

static inline status world_create(struct world *world, const char *bucket)
{
    struct value *out;

    return world_call(world, "CreateBucket",
                      world_about(world, "CreateBucket", bucket, STR_NONE, STR_NONE), &out);
}

static inline status world_versioning(struct world *world, const char *bucket, const char *wanted)
{
    struct value *in = world_about(world, "PutBucketVersioning", bucket, STR_NONE, STR_NONE);
    struct value *out;

    set_str(set_struct(world->arena, in, "VersioningConfiguration"), "Status", str_c(wanted));
    return world_call(world, "PutBucketVersioning", in, &out);
}

/* A body as the door receives it. */
static inline status world_body(struct world *world, struct str content, struct call_body *body)
{
    struct checksum sum;
    struct blob_writer *writer;
    uint64_t bytes;

    *body = (struct call_body){.size = content.bytes, .declared_size = UINT64_MAX,
                               .kind = CHECKSUM_CRC64NVME, .bytes = content};
    md5(content, body->md5);
    checksum_begin(&sum, CHECKSUM_CRC64NVME);
    checksum_add(&sum, content);
    checksum_end(&sum, body->sum);
    if (content.bytes <= CALL_BODY_INLINE_MAX) {
        return OK;
    }
    body->bytes = STR_NONE;
    body->blob = arena_printf(world->arena, "%032llx", (unsigned long long)++world->blobs);
    TRY(blob_create(store_blobs(world->store), body->blob, &writer));
    status written = blob_write(writer, content);

    if (written != OK) {
        blob_cancel(writer);
        return written;
    }
    return blob_finish(writer, &bytes);
}

/* ret_version: STR_NONE where none is told; may be NULL. */
static inline status world_put(struct world *world, const char *bucket, struct str key,
                               struct str content, struct str *ret_version)
{
    struct call_body body;
    struct cell_request request = {
        .operation = "PutObject",
        .input = world_about(world, "PutObject", bucket, key, STR_NONE),
        .body = &body};
    struct value *out;

    TRY(world_body(world, content, &body));
    TRY(world_ask(world, &request, &out));
    if (ret_version != NULL) {
        *ret_version = get_str(out, "VersionId");
    }
    return OK;
}

static inline struct str world_extents(struct world *world, const struct cell_answer *answer)
{
    size_t size = 0;
    char *bytes;

    for (size_t i = 0; i < answer->extent_count; i++) {
        size += answer->extents[i].size;
    }
    bytes = arena_alloc(world->arena, size + 1);
    size = 0;
    for (size_t i = 0; i < answer->extent_count; i++) {
        const struct call_extent *extent = &answer->extents[i];
        struct blob *blob;
        size_t got = 0;

        if (extent->blob.bytes == 0) {
            memcpy(bytes + size, extent->bytes.at + extent->offset, extent->size);
        } else if (blob_open(store_blobs(world->store), extent->blob, &blob) == OK) {
            blob_read(blob, extent->offset, bytes + size, extent->size, &got);
            blob_close(blob);
        }
        size += extent->size;
    }
    return str_of(bytes, size);
}

static inline status world_get(struct world *world, const char *bucket, struct str key,
                               struct str version, struct str *ret_content)
{
    struct cell_answer answer;
    struct cell_request request = {
        .operation = "GetObject",
        .input = world_about(world, "GetObject", bucket, key, version),
        .answer = &answer};
    struct value *out;

    TRY(world_ask(world, &request, &out));
    *ret_content = world_extents(world, &answer);
    return OK;
}

static inline status world_delete(struct world *world, const char *bucket, struct str key,
                                  struct str version)
{
    struct value *out;

    return world_call(world, "DeleteObject",
                      world_about(world, "DeleteObject", bucket, key, version), &out);
}

static inline status world_copy(struct world *world, const char *bucket, struct str from,
                                struct str to)
{
    struct value *in = world_about(world, "CopyObject", bucket, to, STR_NONE);
    struct value *out;

    set_str(in, "CopySource",
            arena_printf(world->arena, "%s/%.*s", bucket, STR_ARG(from)));
    return world_call(world, "CopyObject", in, &out);
}

#endif
