/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries come back as they were written, in the stated bytes; large data is never copied; anything
 * shorter, longer or malformed is refused without reading beyond its end.
 */
#include "store/entry.h"

#include "base/mem.h"
#include "store/journal.h"
#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CHANGES_MAX 600

struct fixture {
    struct arena *arena;      /* of what is read */
    struct buf scratch;       /* of entry_parts */
    struct buf body;          /* the parts joined */
    struct str *parts;        /* for CHANGES_MAX */
    size_t part_count;        /* of the last entry */
    struct change *changes;   /* CHANGES_MAX of them */
    char *data;               /* bytes to point into */
};

#define DATA_BYTES 70000

static int start(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct rand rand;

    f->arena = arena_new(1u << 26);
    buf_init(&f->scratch, 1u << 26);
    buf_init(&f->body, 1u << 27);
    f->parts = mem_alloc((2 * CHANGES_MAX + 1) * sizeof(f->parts[0]));
    f->changes = mem_zero(CHANGES_MAX * sizeof(f->changes[0]));
    f->data = mem_alloc(DATA_BYTES);
    rand_init(&rand, 1);
    rand_fill(&rand, f->data, DATA_BYTES);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    arena_free(f->arena);
    buf_done(&f->scratch);
    buf_done(&f->body);
    mem_free(f->parts);
    mem_free(f->changes);
    mem_free(f->data);
    mem_free(f);
    return 0;
}

static struct entry entry_of(struct fixture *f, size_t change_count)
{
    return (struct entry){
        .cause = 300,
        .principal = STR("arn:aws:iam::000000000000:root"),
        .account = STR("000000000000"),
        .region = STR("us-east-1"),
        .service = STR("kinesis"),
        .operation = STR("PutRecord"),
        .resource = STR("arn:aws:kinesis:us-east-1:000000000000:stream/s"),
        .changes = f->changes,
        .change_count = change_count,
    };
}

static struct str body_of(struct fixture *f, const struct entry *entry)
{
    f->part_count = entry_parts(entry, &f->scratch, f->parts);
    assert_true(f->part_count <= 2 * entry->change_count + 1);
    buf_clear(&f->body);
    for (size_t i = 0; i < f->part_count; i++) {
        buf_add(&f->body, f->parts[i]);
    }
    assert_false(buf_spent(&f->body));
    assert_int_equal(f->body.bytes, entry_bytes(entry));
    return buf_str(&f->body);
}

static void assert_same(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->cause, b->cause);
    assert_true(str_eq(a->principal, b->principal));
    assert_true(str_eq(a->account, b->account));
    assert_true(str_eq(a->region, b->region));
    assert_true(str_eq(a->service, b->service));
    assert_true(str_eq(a->operation, b->operation));
    assert_true(str_eq(a->resource, b->resource));
    assert_true(str_eq(a->request_id, b->request_id));
    assert_int_equal(a->change_count, b->change_count);
    for (size_t i = 0; i < a->change_count; i++) {
        assert_int_equal(a->changes[i].kind, b->changes[i].kind);
        assert_true(str_eq(a->changes[i].key, b->changes[i].key));
        assert_true(str_eq(a->changes[i].data, b->changes[i].data));
        assert_int_equal(a->changes[i].log, b->changes[i].log);
        assert_int_equal(a->changes[i].sequence, b->changes[i].sequence);
        assert_int_equal(a->changes[i].at_ms, b->changes[i].at_ms);
    }
}

static struct str some_data(struct fixture *f, struct rand *rand)
{
    static const size_t most[] = {1, 300, 2000, 60000};
    size_t bytes = (size_t)rand_below(rand, most[rand_below(rand, 4)]);

    return str_of(f->data + rand_below(rand, DATA_BYTES - bytes), bytes);
}

/* A change of any kind, with only what its kind carries. */
static struct change some_change(struct fixture *f, struct rand *rand)
{
    struct change change = {.kind = (uint8_t)(1 + rand_below(rand, CHANGE_UNBLOB))};

    switch (change.kind) {
    case CHANGE_PUT:
        change.data = some_data(f, rand);
        change.key = some_data(f, rand);
        break;
    case CHANGE_APPEND:
        change.data = some_data(f, rand);
        change.at_ms = (int64_t)rand_u64(rand) >> rand_below(rand, 64);
        change.log = rand_u64(rand) >> rand_below(rand, 64);
        change.sequence = rand_u64(rand) >> rand_below(rand, 64);
        break;
    case CHANGE_TRIM:
        change.sequence = rand_u64(rand) >> rand_below(rand, 64);
        change.log = 1;
        break;
    case CHANGE_DROP:
    case CHANGE_LOG:
        change.log = rand_u64(rand) >> rand_below(rand, 64);
        break;
    default:
        change.key = some_data(f, rand);
        break;
    }
    return change;
}

static void any_entry_comes_back(void **state)
{
    struct fixture *f = *state;
    struct rand rand;

    rand_init(&rand, 5);
    for (int round = 0; round < 500; round++) {
        struct entry entry = entry_of(f, (size_t)rand_below(&rand, 30));
        struct entry again;

        entry.cause = rand_u64(&rand) >> rand_below(&rand, 64);
        entry.resource = some_data(f, &rand);
        for (size_t i = 0; i < entry.change_count; i++) {
            f->changes[i] = some_change(f, &rand);
        }
        arena_clear(f->arena);
        assert_true(entry_read(body_of(f, &entry), f->arena, NULL, &again) == OK);
        assert_same(&entry, &again);
    }
}

static void the_bytes_are_as_stated(void **state)
{
    static const char expected[] = "\x01\xac\x02\x01p\x01" "a\x01r\x01s\x01o\0\x01q\x08"
                                   "\x01\x01k\x02vv"
                                   "\x02\x01k"
                                   "\x03\x09\x80\x01\x03\x01" "d"
                                   "\x04\x09\x05"
                                   "\x05\x09"
                                   "\x06\x0a"
                                   "\x07\x02id"
                                   "\x08\x02id";
    struct fixture *f = *state;
    struct entry entry = {
        .cause = 300,
        .principal = STR("p"),
        .account = STR("a"),
        .region = STR("r"),
        .service = STR("s"),
        .operation = STR("o"),
        .request_id = STR("q"),
        .changes = f->changes,
        .change_count = 8,
    };
    struct str body;

    f->changes[0] = (struct change){.kind = CHANGE_PUT, .key = STR("k"), .data = STR("vv")};
    f->changes[1] = (struct change){.kind = CHANGE_DELETE, .key = STR("k")};
    f->changes[2] = (struct change){
        .kind = CHANGE_APPEND, .log = 9, .sequence = 128, .at_ms = -2, .data = STR("d")};
    f->changes[3] = (struct change){.kind = CHANGE_TRIM, .log = 9, .sequence = 5};
    f->changes[4] = (struct change){.kind = CHANGE_DROP, .log = 9};
    f->changes[5] = (struct change){.kind = CHANGE_LOG, .log = 10};
    f->changes[6] = (struct change){.kind = CHANGE_BLOB, .key = STR("id")};
    f->changes[7] = (struct change){.kind = CHANGE_UNBLOB, .key = STR("id")};
    body = body_of(f, &entry);
    assert_int_equal(body.bytes, sizeof(expected) - 1);
    assert_memory_equal(body.at, expected, sizeof(expected) - 1);
}

static void large_data_is_not_copied(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, 500);
    size_t pointing = 0;

    for (size_t i = 0; i < entry.change_count; i++) {
        f->changes[i] = (struct change){.kind = CHANGE_APPEND, .log = 1, .sequence = i + 1,
                                        .data = str_of(f->data + i, 1024)};
    }
    (void)body_of(f, &entry);
    assert_int_equal(f->part_count, 1000);
    for (size_t i = 0; i < f->part_count; i++) {
        pointing += f->parts[i].at == f->data + pointing && f->parts[i].bytes == 1024;
    }
    assert_int_equal(pointing, 500);
    assert_true(f->scratch.bytes < 500 * 32);
    entry.change_count = 1;
    f->changes[0].data.bytes = 100; /* a small one makes a single part */
    (void)body_of(f, &entry);
    assert_int_equal(f->part_count, 1);
}

static void a_record_in_two_pieces_is_written_as_one(void **state)
{
    static const size_t data_bytes[] = {0, 1, 200, 1024, 65000};
    static const size_t head_bytes[] = {0, 1, 130, 300};
    struct fixture *f = *state;

    for (size_t i = 0; i < 20; i++) {
        size_t head = head_bytes[i % 4];
        size_t data = data_bytes[i / 4];
        struct entry entry = entry_of(f, 2);
        struct str whole;
        struct str body;

        f->changes[0] = (struct change){.kind = CHANGE_APPEND, .log = 1, .sequence = 1,
                                        .data = str_of(f->data, head + data)};
        f->changes[1] = (struct change){.kind = CHANGE_DROP, .log = 2};
        whole = arena_dup(f->arena, body_of(f, &entry));
        f->changes[0].head = str_of(f->data, head);
        f->changes[0].data = str_of(f->data + head, data);
        body = body_of(f, &entry);
        assert_int_equal(entry_bytes(&entry), whole.bytes);
        assert_true(str_eq(body, whole));
        arena_clear(f->arena);
    }
}

static void every_cut_is_refused(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, 8);
    struct rand rand;
    struct str body;

    rand_init(&rand, 9);
    for (size_t i = 0; i < entry.change_count; i++) {
        f->changes[i] = some_change(f, &rand);
        f->changes[i].kind = (uint8_t)(i + 1);
        f->changes[i].data.bytes = i < 3 ? 300 : 0;
        f->changes[i].data.at = f->data;
        f->changes[i].key = STR("key");
    }
    body = body_of(f, &entry);
    for (size_t bytes = 0; bytes < body.bytes; bytes++) {
        char *cut = mem_dup(body.at, bytes); /* so that a sanitizer sees what lies behind */
        struct why why = {""};
        struct entry again = {.cause = 77};

        arena_clear(f->arena);
        assert_true(entry_read(str_of(cut, bytes), f->arena, &why, &again) == &ERR_CORRUPT);
        assert_int_equal(again.cause, 77);
        assert_true(why.text[0] != 0);
        mem_free(cut);
    }
}

static void malformed_entries_are_refused(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, 0);
    struct entry again;
    struct why why = {""};
    struct str body = body_of(f, &entry);
    size_t end = body.bytes;

    buf_add_c(&f->body, 0);
    assert_true(entry_read(buf_str(&f->body), f->arena, &why, &again) == &ERR_CORRUPT);
    assert_non_null(strstr(why.text, "follow the entry's last change"));
    f->body.bytes = end;
    f->body.at[0] = 2;
    assert_true(entry_read(buf_str(&f->body), f->arena, &why, &again) == &ERR_VERSION);
    f->body.at[0] = 0;
    assert_true(entry_read(buf_str(&f->body), f->arena, &why, &again) == &ERR_CORRUPT);
    f->body.at[0] = 1;
    for (int kind = 0; kind < 256; kind++) {
        f->body.bytes = end - 1;
        buf_add_c(&f->body, 1); /* one change … */
        buf_add_c(&f->body, (char)kind);
        buf_add_c(&f->body, 0); /* … and too little of it, or its whole */
        assert_int_equal(entry_read(buf_str(&f->body), f->arena, &why, &again) == OK,
                         kind == CHANGE_DELETE || (kind >= CHANGE_DROP && kind <= CHANGE_UNBLOB));
    }
    f->body.bytes = end - 1;
    buf_add(&f->body, STR("\xff\xff\xff\xff\x0f\x02\0\x02\0")); /* four billion changes */
    assert_true(entry_read(buf_str(&f->body), f->arena, &why, &again) == &ERR_CORRUPT);
}

static void an_entry_beyond_the_arena_is_a_limit(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, CHANGES_MAX);
    struct arena *small = arena_new(1000);
    struct entry again;
    struct why why = {""};

    for (size_t i = 0; i < entry.change_count; i++) {
        f->changes[i] = (struct change){.kind = CHANGE_DROP, .log = 1};
    }
    assert_true(entry_read(body_of(f, &entry), small, &why, &again) == &ERR_LIMIT);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_entry_comes_back, start, stop),
        cmocka_unit_test_setup_teardown(the_bytes_are_as_stated, start, stop),
        cmocka_unit_test_setup_teardown(large_data_is_not_copied, start, stop),
        cmocka_unit_test_setup_teardown(a_record_in_two_pieces_is_written_as_one, start, stop),
        cmocka_unit_test_setup_teardown(every_cut_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(malformed_entries_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(an_entry_beyond_the_arena_is_a_limit, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
