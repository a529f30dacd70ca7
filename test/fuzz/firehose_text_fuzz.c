/* SPDX-License-Identifier: Apache-2.0
 *
 * What Firehose reads that others write: prefixes, aggregates of the Kinesis Producer Library,
 * sub-records, answers of functions and endpoints, and queries asked of a record. The first byte
 * chooses. What is taken apart lies in what came; what a prefix took can be written; an answer
 * leaves each record good, dropped or failed with a reason.
 */
#include "base/digest.h"
#include "svc/firehose/aggregate.h"
#include "svc/firehose/post.h"
#include "svc/firehose/prefix.h"
#include "svc/firehose/query.h"
#include "svc/firehose/transform.h"
#include "wire/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (256u << 20)
#define ITEMS 3

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void inside(struct str part, struct str whole)
{
    demand(part.bytes == 0 ||
           (part.at >= whole.at && part.at + part.bytes <= whole.at + whole.bytes));
}

static void prefix(struct str text)
{
    struct prefix_for what = {.at = {.moment_ms = 1}, .error_type = STR("failed")};
    struct prefix_has has;
    struct rand rand;
    struct why why;
    struct buf out;

    rand_init(&rand, 1);
    what.rand = &rand;
    if (prefix_read(text, &why, &has) == OK) {
        buf_init(&out, 1u << 20);
        prefix_add(&out, text, &what);
        demand(out.bytes > 0);
        buf_done(&out);
    }
}

/* The sum is made right, so that what is behind it is reached. */
static void aggregate(struct str text, struct arena *arena)
{
    char *at = arena_alloc(arena, text.bytes + 4 + MD5_BYTES);
    struct str whole = str_of(at, text.bytes + 4 + MD5_BYTES);
    struct sub_record *records;
    size_t count = 0;

    memcpy(at, "\xf3\x89\x9a\xc2", 4);
    if (text.bytes > 0) {
        memcpy(at + 4, text.at, text.bytes);
    }
    md5(text, (uint8_t *)at + 4 + text.bytes);
    if (aggregate_read(whole, arena, &records, &count)) {
        demand(count > 0);
        for (size_t i = 0; i < count; i++) {
            inside(records[i].data, whole);
            inside(records[i].key, whole);
        }
    }
}

static void cuts(struct str text)
{
    struct str rest = text;
    struct str part;

    while (cut_json(&rest, &part)) {
        demand(part.bytes >= 2);
        inside(part, text);
    }
    rest = text;
    while (cut_delimited(&rest, STR("ab"), &part)) {
        demand(part.bytes > 0);
        inside(part, text);
    }
    demand(rest.bytes == 0);
}

static void answers(struct str text, struct arena *arena)
{
    static const struct stored stored = {.data = STR_INIT("x")};
    struct item items[ITEMS] = {{.id = STR("0"), .from = &stored},
                                {.id = STR("1"), .from = &stored},
                                {.id = STR("2"), .from = &stored}};

    transform_answer(arena_dup(arena, text), arena, items, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        demand((items[i].state == ITEM_FAILED) == (items[i].code != NULL));
        demand(items[i].state != ITEM_FAILED || items[i].message.bytes > 0);
    }
    (void)post_answer_is_good(arena_dup(arena, text), STR("1"), arena);
}

static void query(struct str text, struct arena *arena)
{
    char record[] = "{\"a\":{\"b\":[1,2.5,\"x\"],\"t\":\"2026-11-23T09:05:09Z\"},\"n\":-3,"
                    "\"s\":\"\"}";
    struct value document;
    struct value answer;
    struct query *parsed;
    struct why why;
    struct buf out;

    demand(json_read(str_of(record, sizeof(record) - 1), 0, arena, &why, &document) == OK);
    if (query_parse(text, arena, &why, &parsed) != OK ||
        query_run(parsed, &document, arena, &why, &answer) != OK || answer.kind == VALUE_NONE) {
        return;
    }
    buf_init(&out, 16u << 20);
    json_write(&out, &answer, TIME_EPOCH);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena;
    struct str text;

    if (size == 0 || size > 1u << 16) {
        return 0;
    }
    arena = arena_new(ARENA_BYTES_MAX);
    text = str_of(data + 1, size - 1);
    switch ((uint8_t)(data[0] - '0') % 5) {
    case 0:
        prefix(text);
        break;
    case 1:
        aggregate(text, arena);
        break;
    case 2:
        cuts(text);
        break;
    case 3:
        answers(text, arena);
        break;
    default:
        query(text, arena);
    }
    arena_free(arena);
    return 0;
}
