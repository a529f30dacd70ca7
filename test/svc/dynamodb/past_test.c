/* SPDX-License-Identifier: Apache-2.0
 *
 * The past against a list of snapshots: random writes to a table, with the state of a simple model
 * noted at every moment. Then every moment reads exactly as it was: whole, in small steps while
 * others write, one item alone, as differences between two moments, as an item's versions; and
 * trimming takes what is too old and nothing else.
 */
#include "../test/svc/dynamodb/world.h"

#include "bus/bus.h"
#include "cell/cell_int.h"
#include "cell/doing.h"
#include "svc/dynamodb/backup.h"
#include "svc/dynamodb/number.h"
#include "sys/faulty.h"

#define START_MS INT64_C(1790000000000)
#define HASHES 5
#define RANGES 6
#define KEYS (HASHES * RANGES)
#define WRITES 900
#define KEEP_MS (INT64_C(48) * 3600 * 1000)

struct snapshot {
    int64_t at_ms;         /* its moment */
    uint64_t cut;          /* of the log then */
    int values[KEYS];      /* 0: no such item */
};

struct past_world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;
    struct why why;
    struct snapshot now;           /* the model */
    struct snapshot *snapshots;    /* at every moment at which something happened */
    size_t count;                  /* of them */
    int last_value;                /* written */
    uint64_t changes[KEYS];        /* of each */
};

static void open_all(struct past_world *w)
{
    static const struct service *const services[] = {&bus_service, &dynamodb_service, NULL};
    struct store_options store = {.files = faulty_files(w->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = KEEP_MS};
    struct cell_options cell = {.clock = &w->clock, .services = services, .seed = 11};

    assert_true(store_open(&store, &w->why, &w->store) == OK);
    cell.store = w->store;
    assert_true(cell_open(&cell, &w->why, &w->cell) == OK);
}

static void call(struct past_world *w, const char *operation, const char *json)
{
    struct cell_request request = {.service = "dynamodb", .operation = operation,
                                   .input = input_of(w->arena, operation, json)};
    struct value *out;

    if (cell_call(w->cell, &request, w->arena, &w->why, &out) != OK) {
        print_error("%s %s: %s\n", operation, json, w->why.text);
        assert_true(!"a call of a test");
    }
}

static int setup(void **state)
{
    struct past_world *w = mem_zero(sizeof(*w));

    world_seed = 20261124;
    w->disk = faulty_new(3);
    w->arena = arena_new(1u << 30);
    w->snapshots = mem_zero((2 * WRITES + 2) * sizeof(struct snapshot));
    clock_init_manual(&w->clock, START_MS);
    open_all(w);
    call(w, "CreateTable", "{'TableName':'cards','BillingMode':'PAY_PER_REQUEST',"
                           "'AttributeDefinitions':[{'AttributeName':'h','AttributeType':'S'},"
                           "{'AttributeName':'r','AttributeType':'N'}],"
                           "'KeySchema':[{'AttributeName':'h','KeyType':'HASH'},"
                           "{'AttributeName':'r','KeyType':'RANGE'}]}");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct past_world *w = *state;

    cell_close(w->cell);
    store_close(w->store);
    faulty_free(w->disk);
    arena_free(w->arena);
    mem_free(w->snapshots);
    mem_free(w);
    return 0;
}

static struct table *table_of(struct past_world *w)
{
    struct table *table = table_find(cell_state(w->cell, "dynamodb"), STR("000000000000"),
                                     STR("us-east-1"), STR("cards"));

    assert_non_null(table);
    return table;
}

/* Runs a step in the cell. */
static void inside(struct past_world *w, status (*run)(struct call *c, void *arg), void *arg)
{
    struct doing doing = {"dynamodb", "Test", STR_NONE, STR_NONE, run, arg};

    assert_true(cell_do(w->cell, &doing, w->arena, &w->why) == OK);
}

static void note(struct past_world *w)
{
    w->now.at_ms = clock_now_ms(&w->clock);
    w->now.cut = logs_state(store_logs(w->store), table_of(w)->log).last;
    if (w->count == 0 || w->snapshots[w->count - 1].at_ms < w->now.at_ms) {
        w->count++;
    }
    w->snapshots[w->count - 1] = w->now;
}

static void write_one(struct past_world *w)
{
    int key = (int)chance(KEYS);
    int padding = chance(10) == 0 ? 3000 : (int)chance(20);
    struct str json;

    if (chance(4) == 0) {
        json = arena_printf(w->arena, "{'TableName':'cards','Key':{'h':{'S':'h%d'},"
                                      "'r':{'N':'%d'}}}", key % HASHES, key / HASHES);
        call(w, "DeleteItem", json.at);
        w->changes[key] += w->now.values[key] != 0;
        w->now.values[key] = 0;
    } else {
        json = arena_printf(w->arena, "{'TableName':'cards','Item':{'h':{'S':'h%d'},"
                                      "'r':{'N':'%d'},'v':{'N':'%d'},'p':{'S':'%0*d'}}}",
                            key % HASHES, key / HASHES, ++w->last_value, padding + 1, 7);
        call(w, "PutItem", json.at);
        w->changes[key]++;
        w->now.values[key] = w->last_value;
    }
    note(w);
}

static void advance(struct past_world *w, int64_t by_ms)
{
    assert_true(cell_advance(w->cell, by_ms, &w->why) == OK);
}

static void write_many(struct past_world *w, int count)
{
    if (w->count == 0) {
        note(w);
    }
    for (int i = 0; i < count; i++) {
        if (chance(3) == 0) {
            advance(w, 1 + (int64_t)chance(2000));
        }
        write_one(w);
        if (i % 50 == 0) {
            arena_clear(w->arena);
        }
    }
}

static int key_of_item(const struct item *item)
{
    struct datum hash = datum_find(item->attributes, STR("h"));
    struct datum range = datum_find(item->attributes, STR("r"));
    struct number number;
    char text[NUMBER_TEXT_BYTES_MAX];
    uint64_t ordinal;

    assert_int_equal(hash.body.bytes, 2);
    assert_true(number_unpack(range.body, &number));
    assert_true(str_to_u64(str_of(text, number_text(&number, text)), &ordinal));
    return (int)ordinal * HASHES + hash.body.at[1] - '0';
}

static int value_of_item(const struct item *item)
{
    struct datum value = datum_find(item->attributes, STR("v"));
    struct number number;
    char text[NUMBER_TEXT_BYTES_MAX];
    uint64_t read = 0;

    if (item->packed.bytes == 0) {
        return 0;
    }
    assert_true(number_unpack(value.body, &number));
    assert_true(str_to_u64(str_of(text, number_text(&number, text)), &read));
    return (int)read;
}

/* ---- whole tables ---- */

struct reading {
    struct past_world *w;
    struct past_range range;
    int values[KEYS];          /* read */
    bool ended;
    uint64_t steps;
    char after[256];           /* range.after lies here */
};

static status read_some(struct call *c, void *arg)
{
    struct reading *reading = arg;
    struct past_step step;

    TRY(past_gather(c, &reading->range, &step));
    for (size_t i = 0; i < step.count; i++) {
        int key = key_of_item(&step.items[i].before);

        assert_int_equal(reading->values[key], 0); /* each once */
        reading->values[key] = value_of_item(&step.items[i].before);
    }
    assert_true(step.after.bytes < sizeof(reading->after));
    memcpy(reading->after, step.after.at, step.after.bytes);
    reading->range.after = str_of(reading->after, step.after.bytes);
    reading->ended = step.ended;
    reading->steps++;
    return OK;
}

static void read_whole(struct past_world *w, struct reading *reading, bool writing)
{
    reading->w = w;
    reading->range.of = past_of_table(table_of(w));
    while (!reading->ended) {
        assert_true(reading->steps < 10000);
        inside(w, read_some, reading);
        if (writing && reading->steps % 2 == 1) {
            write_one(w);
        }
        if (!writing) {
            arena_clear(w->arena);
        }
    }
}

static void check_whole(struct past_world *w, const struct snapshot *was, uint32_t looks,
                        bool writing)
{
    struct reading reading = {.range = {.cut = was->cut, .looks_max = looks}};
    struct snapshot copy = *was;

    read_whole(w, &reading, writing);
    assert_memory_equal(reading.values, copy.values, sizeof(copy.values));
}

static status cut_of(struct call *c, void *arg)
{
    struct snapshot *snapshot = arg;

    return past_cut(c, table_find(dynamodb_of(c), c->account, c->region, STR("cards")),
                    snapshot->at_ms, &snapshot->cut);
}

static void every_moment_reads_as_it_was(void **state)
{
    struct past_world *w = *state;

    write_many(w, WRITES);
    for (size_t i = 0; i < w->count; i++) {
        struct snapshot asked = {.at_ms = w->snapshots[i].at_ms};

        inside(w, cut_of, &asked);
        assert_int_equal(asked.cut, w->snapshots[i].cut);
        check_whole(w, &w->snapshots[i], i % 3 == 0 ? 0 : 1 + (uint32_t)chance(40), false);
    }
}

static void between_two_writes_it_is_as_after_the_first(void **state)
{
    struct past_world *w = *state;

    write_many(w, 200);
    for (size_t i = 0; i + 1 < w->count; i++) {
        struct snapshot asked = {.at_ms = w->snapshots[i + 1].at_ms - 1};

        inside(w, cut_of, &asked);
        assert_int_equal(asked.cut, w->snapshots[i].cut);
    }
}

static void a_walk_is_not_disturbed_by_writes(void **state)
{
    struct past_world *w = *state;

    write_many(w, 300);
    for (size_t i = 0; i < w->count; i += 7) {
        check_whole(w, &w->snapshots[i], 1 + (uint32_t)chance(10), true);
        arena_clear(w->arena);
    }
}

/* ---- one item ---- */

struct asking {
    struct past_world *w;
    const struct snapshot *was;
    int key;
};

static struct str suffix_of_key(struct call *c, int key)
{
    struct table *table = table_find(dynamodb_of(c), c->account, c->region, STR("cards"));
    struct item item;
    struct str json = arena_printf(c->arena, "{\"h\":\"h%d\",\"r\":{\"N\":\"%d\"}}", key % HASHES,
                                   key / HASHES);

    assert_true(key_read(c, &table->schema, json, &item) == OK);
    return suffix_of_item(c->arena, &table->schema, &item);
}

static status ask_one(struct call *c, void *arg)
{
    struct asking *asking = arg;
    struct past_of of = past_of_table(table_of(asking->w));
    struct item item;

    assert_true(past_item(c, &of, suffix_of_key(c, asking->key), asking->was->cut, &item) == OK);
    assert_int_equal(value_of_item(&item), asking->was->values[asking->key]);
    return OK;
}

static void one_item_reads_as_it_was(void **state)
{
    struct past_world *w = *state;

    write_many(w, 400);
    for (size_t i = 0; i < w->count; i++) {
        struct asking asking = {w, &w->snapshots[i], (int)chance(KEYS)};

        inside(w, ask_one, &asking);
        arena_clear(w->arena);
    }
}

static status ask_versions(struct call *c, void *arg)
{
    struct asking *asking = arg;
    const struct past_world *w = asking->w;
    struct past_versions versions = {.next = 0};
    uint64_t seen = 0;
    int last = 0;

    do {
        assert_true(past_versions(c, table_of(asking->w), suffix_of_key(c, asking->key),
                                  versions.next, &versions) == OK);
        for (size_t i = 0; i < versions.count; i++) {
            assert_true(versions.list[i].sequence > 0);
            assert_true(versions.list[i].operation.bytes > 0);
            last = value_of_item(&versions.list[i].item);
            seen++;
        }
    } while (versions.next != 0);
    assert_int_equal(seen, w->changes[asking->key]);
    assert_int_equal(last, w->now.values[asking->key]);
    return OK;
}

static void an_items_versions_are_its_changes(void **state)
{
    struct past_world *w = *state;

    write_many(w, 900);
    for (int i = 0; i < 400; i++) { /* more than a page of them */
        call(w, "PutItem", arena_printf(w->arena, "{'TableName':'cards','Item':{'h':{'S':'h0'},"
                                        "'r':{'N':'0'},'v':{'N':'%d'}}}", ++w->last_value).at);
        w->changes[0]++;
        w->now.values[0] = w->last_value;
    }
    note(w);
    for (int key = 0; key < KEYS; key++) {
        struct asking asking = {w, NULL, key};

        inside(w, ask_versions, &asking);
        arena_clear(w->arena);
    }
}

/* ---- differences ---- */

struct differing {
    struct past_world *w;
    const struct snapshot *from, *to;
    bool seen[KEYS];
};

static status ask_difference(struct call *c, void *arg)
{
    struct differing *differing = arg;
    struct past_range range = {.of = past_of_table(table_of(differing->w)),
                               .cut = differing->from->cut,
                               .until = differing->to == NULL ? PAST_NOW : differing->to->cut,
                               .changes = true, .looks_max = 1 + (uint32_t)chance(60)};
    const int *to = differing->to == NULL ? differing->w->now.values : differing->to->values;
    struct past_step step = {.ended = false};

    while (!step.ended) {
        TRY(past_gather(c, &range, &step));
        for (size_t i = 0; i < step.count; i++) {
            const struct past_item *item = &step.items[i];
            struct item key_item = item_of_suffix(c->arena, &table_of(differing->w)->schema,
                                                  item->suffix);
            int key = key_of_item(&key_item);

            assert_false(differing->seen[key]);
            differing->seen[key] = true;
            assert_int_equal(value_of_item(&item->before), differing->from->values[key]);
            assert_int_equal(value_of_item(&item->after), to[key]);
            assert_true(item->last > differing->from->cut);
            assert_true(item->last <= range.until);
        }
        range.after = step.after;
    }
    for (int key = 0; key < KEYS; key++) {
        assert_true(differing->seen[key] || differing->from->values[key] == to[key]);
    }
    return OK;
}

static void two_moments_differ_as_they_did(void **state)
{
    struct past_world *w = *state;

    write_many(w, 500);
    for (int i = 0; i < 200; i++) {
        size_t from = chance(w->count);
        size_t to = from + chance(w->count - from);
        struct differing differing = {w, &w->snapshots[from],
                                      i % 5 == 0 ? NULL : &w->snapshots[to], {false}};

        inside(w, ask_difference, &differing);
        arena_clear(w->arena);
    }
}

/* ---- trimming ---- */

static size_t past_rows(struct past_world *w)
{
    struct str prefix = rows_of(w->arena, "past", table_of(w)->number);
    struct kv_scan *scan =
        store_scan(w->store, prefix, key_after_prefix(w->arena, prefix), false);
    struct str key, value;
    size_t count = 0;

    while (store_scan_next(scan, &key, &value)) {
        count++;
    }
    store_scan_close(scan);
    return count;
}

static status reaches(struct call *c, void *arg)
{
    struct asking *asking = arg;
    struct past_of of = past_of_table(table_of(asking->w));
    uint64_t cut;

    asking->key = past_cut(c, table_of(asking->w), asking->was->at_ms, &cut) == OK;
    if (asking->key != 0) {
        assert_int_equal(cut, asking->was->cut);
    }
    assert_true(asking->key == 0 || past_reaches(c, &of, asking->was->cut));
    return OK;
}

static void what_is_too_old_goes_with_its_rows(void **state)
{
    struct past_world *w = *state;
    struct log_state log;
    size_t kept = 0;

    write_many(w, 600);
    advance(w, KEEP_MS - 1000); /* the newest stay */
    write_many(w, 50);
    advance(w, 3 * 60000);
    advance(w, 60000);
    log = logs_state(store_logs(w->store), table_of(w)->log);
    assert_true(log.first > 500);
    assert_int_equal(past_rows(w), log.last - log.first + 1);
    for (size_t i = 0; i < w->count; i++) {
        struct asking asking = {w, &w->snapshots[i], 0};

        inside(w, reaches, &asking);
        if (asking.key != 0) {
            check_whole(w, &w->snapshots[i], 0, false);
            kept++;
        } else {
            assert_true(w->snapshots[i].at_ms < clock_now_ms(&w->clock) - KEEP_MS);
        }
    }
    assert_true(kept > 20);
    advance(w, 2 * KEEP_MS);
    advance(w, 60000);
    assert_int_equal(past_rows(w), 0);
    check_whole(w, &w->snapshots[w->count - 1], 0, false);
    cell_close(w->cell); /* what was let go is remembered */
    store_close(w->store);
    open_all(w);
    inside(w, reaches, &(struct asking){w, &w->snapshots[w->count - 1], 0});
    struct asking long_ago = {w, &w->snapshots[w->count - 60], 0};

    inside(w, reaches, &long_ago);
    assert_int_equal(long_ago.key, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_moment_reads_as_it_was),
        TEST(between_two_writes_it_is_as_after_the_first),
        TEST(a_walk_is_not_disturbed_by_writes),
        TEST(one_item_reads_as_it_was),
        TEST(an_items_versions_are_its_changes),
        TEST(two_moments_differ_as_they_did),
        TEST(what_is_too_old_goes_with_its_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
