/* SPDX-License-Identifier: Apache-2.0
 *
 * Where resource_kit.h's resources live: every service in a cell, on a disk in memory, and
 * operations asked in JSON.
 */
#ifndef WEIR_TEST_SVC_RESOURCE_WORLD_H
#define WEIR_TEST_SVC_RESOURCE_WORLD_H

#include "base/checksum.h"
#include "base/digest.h"
#include "base/mem.h"
#include "cell/doing.h"
#include "cell/resource.h"
#include "svc/services.h"
#include "sys/faulty.h"
#include "wire/json.h"

#include <assert.h>
#include <stdio.h>

#define KIT_START_MS INT64_C(1790000000000)
#define KIT_ACCOUNT "000000000000"
#define KIT_STACK "shop"

struct kit {
    struct faulty *disk;  /* what it runs on */
    struct store *store;  /* open on it */
    struct clock clock;   /* stands still unless moved */
    struct cell *cell;    /* with all services */
    struct arena *arena;  /* of everything, until the kit is closed */
    struct why why;       /* of the last thing that failed */
};

static inline struct kit *kit_open(void)
{
    struct kit *kit = MEM_NEW(struct kit);
    struct store_options store = {.dir = "/d", .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &kit->clock, .services = services, .seed = 7};
    status opened;

    kit->disk = faulty_new(1);
    kit->arena = arena_new(512u << 20);
    store.files = faulty_files(kit->disk);
    clock_init_manual(&kit->clock, KIT_START_MS);
    opened = store_open(&store, &kit->why, &kit->store);
    assert(opened == OK);
    cell.store = kit->store;
    opened = cell_open(&cell, &kit->why, &kit->cell);
    assert(opened == OK);
    return kit;
}

static inline void kit_close(struct kit *kit)
{
    cell_close(kit->cell);
    store_close(kit->store);
    faulty_free(kit->disk);
    arena_free(kit->arena);
    mem_free(kit);
}

static inline struct value *kit_json(struct kit *kit, const char *text)
{
    struct value *document = ARENA_NEW(kit->arena, struct value);
    status read = json_read(arena_dup(kit->arena, str_c(text)), 0, kit->arena, &kit->why,
                            document);

    if (read != OK) {
        printf("%s\n%s\n", kit->why.text, text);
    }
    assert(read == OK);
    return document;
}

static inline bool kit_failed(status code, const char *text)
{
    return code != OK && strcmp(code->code, text) == 0;
}

/* ---- operations ---- */

struct kit_asking {
    struct kit *kit;                  /* where */
    const char *service, *operation;  /* "sqs", "GetQueueUrl" */
    const struct value *input;        /* document */
    struct str answer;                /* JSON; or the error's sentence */
    status result;                    /* of the operation */
};

static inline status kit_asking_run(struct call *c, void *arg)
{
    static const struct resource_type nothing = {.name = "Test"};
    struct kit_asking *asking = arg;
    struct resource r = {.c = c, .type = &nothing, .logical_id = STR("Test"),
                         .caller = {c->account, c->region, c->principal, NULL}};
    struct inner inner;
    struct value shaped;

    asking->result = resource_begin_of(&r, asking->service, asking->operation, &inner);
    if (asking->result == OK) {
        asking->result = resource_shape(&r, inner.operation->input, asking->input, STR("#"),
                                        &shaped);
    }
    if (asking->result == OK) {
        *inner.in = shaped;
        asking->result = inner_run(c, &inner);
        r.why = inner.why;
    }
    asking->answer = asking->result == OK
                         ? doc_json(c->arena, resource_document(c->arena, inner.out))
                         : arena_dup(c->arena, str_c(r.why.text));
    return OK;
}

/* An operation as a client's; members as the model spells them or with a capital. Its answer as
 * JSON (members with a capital), or its error's sentence. ret_status may be NULL. */
static inline const char *kit_call(struct kit *kit, const char *service, const char *operation,
                                   const char *input, status *ret_status)
{
    struct kit_asking asking = {kit, service, operation, kit_json(kit, input), STR(""), OK};
    struct doing doing = {service, "Test", STR_NONE, STR_NONE, kit_asking_run, &asking};
    status done = cell_do(kit->cell, &doing, kit->arena, &kit->why);

    assert(done == OK);
    if (ret_status != NULL) {
        *ret_status = asking.result;
    }
    return arena_dup(kit->arena, asking.answer).at;
}

/* A small object in a bucket. */
static inline void kit_object(struct kit *kit, const char *bucket, const char *key,
                              struct str content)
{
    const struct operation *put = model_operation(model_service(STR("s3")), STR("PutObject"));
    struct call_body body = {.bytes = content, .size = content.bytes,
                             .declared_size = UINT64_MAX, .kind = CHECKSUM_CRC64NVME};
    struct value *input = value_struct(kit->arena, put->input);
    struct cell_request request = {.service = "s3", .operation = "PutObject", .input = input,
                                   .body = &body};
    struct checksum sum;
    struct value *out;
    status done;

    md5(content, body.md5);
    checksum_begin(&sum, CHECKSUM_CRC64NVME);
    checksum_add(&sum, content);
    checksum_end(&sum, body.sum);
    set_str(input, "Bucket", str_c(bucket));
    set_str(input, "Key", str_c(key));
    done = cell_call(kit->cell, &request, kit->arena, &kit->why, &out);
    assert(done == OK);
}

/* ---- checks, for cmocka ---- */

#define KIT_OK(kit, call)                                                                          \
    do {                                                                                           \
        status kit_status_ = (call);                                                               \
        if (kit_status_ != OK) {                                                                   \
            print_error("%s: %s\n", kit_status_->code, (kit)->why.text);                           \
        }                                                                                          \
        assert_ptr_equal(kit_status_, OK);                                                         \
    } while (0)
/* The text has that in it. */
#define KIT_HAS(text, part)                                                                        \
    do {                                                                                           \
        const char *kit_text_ = (text);                                                            \
        if (strstr(kit_text_, (part)) == NULL) {                                                   \
            print_error("no %s in: %s\n", (part), kit_text_);                                      \
        }                                                                                          \
        assert_non_null(strstr(kit_text_, (part)));                                                \
    } while (0)
#define KIT_HAS_NOT(text, part)                                                                    \
    do {                                                                                           \
        const char *kit_text_ = (text);                                                            \
        if (strstr(kit_text_, (part)) != NULL) {                                                   \
            print_error("%s in: %s\n", (part), kit_text_);                                         \
        }                                                                                          \
        assert_null(strstr(kit_text_, (part)));                                                    \
    } while (0)

#endif
