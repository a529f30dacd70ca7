/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever happens, the records of a key are done in order and none is passed over.
 *
 * How: a stream that is split and merged, a mapping that changes its lanes, batches that end well,
 * in part or badly in any order, keys that are held and released, restarts in the middle, all by
 * the seed. Whenever a record is done for the first time, all of its key before it are done
 * (or were given up). At the end everything is.
 */
#include "../test/svc/lambda/mapping_life.h"

#include "../test/base/seeded.h"

#undef fail

#define KEYS 6
#define STEPS 600
#define ROUNDS 60

/* What was done, by key: places of records in the order in which they came. */
struct model {
    struct seeded seeded;
    struct world *world;
    uint64_t shard_of[KEYS];       /* where a key's records go now */
    struct {
        uint64_t shard, number;    /* where it is */
        bool done;                 /* at least once */
    } records[KEYS][MADE_RECORDS_MAX];
    size_t counts[KEYS];           /* of each key's */
    bool held[KEYS];               /* keys */
    uint64_t open[2];              /* shards; a split stream has two */
    size_t open_count;             /* of them */
    uint64_t shards;               /* numbers given */
};

static void one_is_done(struct model *model, const char *id)
{
    unsigned long long shard;
    unsigned long long number;
    int read = sscanf(id, "%llu.%llu", &shard, &number);
    size_t key = (size_t)(made.shards[shard].keys[number - 1] - 'a');
    size_t at = 0;

    assert_int_equal(read, 2);
    while (model->records[key][at].shard != shard || model->records[key][at].number != number) {
        at++;
        assert_true(at < model->counts[key]);
    }
    for (size_t i = 0; i < at; i++) {
        if (!model->records[key][i].done) {
            print_message("%c: %s was done before %llu.%llu\n", (char)('a' + key), id,
                          (unsigned long long)model->records[key][i].shard,
                          (unsigned long long)model->records[key][i].number);
        }
        assert_true(model->records[key][i].done);
    }
    model->records[key][at].done = true;
}

/* The first so many of a batch are done. */
static void first_are_done(struct model *model, const char *event, size_t count)
{
    char ids[4096];
    char *rest = ids;

    (void)snprintf(ids, sizeof(ids), "%s", event);
    for (size_t i = 0; i < count; i++) {
        one_is_done(model, strsep(&rest, " "));
    }
}

static size_t ids_in(const char *event)
{
    size_t count = event[0] == '\0' ? 0 : 1;

    for (; *event != '\0'; event++) {
        count += *event == ' ';
    }
    return count;
}

static void append_some(struct model *model)
{
    size_t count = 1 + seeded_below(&model->seeded, 6);

    for (size_t i = 0; i < count; i++) {
        size_t key = seeded_below(&model->seeded, KEYS);
        uint64_t shard = model->shard_of[key];
        char text[2] = {(char)('a' + key), '\0'};

        if (made.shards[shard].count >= MADE_RECORDS_MAX) {
            return;
        }
        model->records[key][model->counts[key]].shard = shard;
        model->records[key][model->counts[key]++].number = made.shards[shard].count + 1;
        world_append(model->world, shard, text);
    }
}

/* A batch that runs ends well, in part, or badly. */
static void end_one(struct model *model)
{
    size_t at;
    size_t count;
    size_t how = seeded_below(&model->seeded, 8);
    char answer[200];

    if (made.running_count == 0) {
        return;
    }
    at = seeded_below(&model->seeded, made.running_count);
    count = ids_in(made.events[at]);
    if (how == 0) {
        world_end(model->world, at, RAN_FAILED, "{}");
    } else if (how == 1) {
        world_end(model->world, at, RAN_NOT, "none");
    } else if (how == 2 && count > 1) {
        size_t first = 1 + seeded_below(&model->seeded, count - 1);
        char ids[4096];
        char *rest = ids;
        char *failed = NULL;

        (void)snprintf(ids, sizeof(ids), "%s", made.events[at]);
        for (size_t i = 0; i <= first; i++) {
            failed = strsep(&rest, " ");
        }
        (void)snprintf(answer, sizeof(answer),
                       "{\"batchItemFailures\":[{\"itemIdentifier\":\"%s\"}]}", failed);
        first_are_done(model, made.events[at], first);
        world_end(model->world, at, RAN_OK, answer);
    } else {
        first_are_done(model, made.events[at], count);
        world_end(model->world, at, RAN_OK, "null");
    }
}

static void configure_some(struct model *model)
{
    char config[400];

    (void)snprintf(config, sizeof(config),
                   "\"StartingPosition\":\"TRIM_HORIZON\",\"BatchSize\":%zu,"
                   "\"ParallelizationFactor\":%zu,\"BisectBatchOnFunctionError\":%s,"
                   "\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"]",
                   1 + seeded_below(&model->seeded, 12), 1 + seeded_below(&model->seeded, 4),
                   seeded_below(&model->seeded, 2) == 0 ? "true" : "false");
    world_configure(model->world, config);
}

/* One shard becomes two, or two become one. */
static void reshard(struct model *model)
{
    if (model->shards + 2 > MADE_SHARDS_MAX) {
        return;
    }
    if (model->open_count == 1) {
        world_shard(model->world, model->shards, (int)model->open[0], -1);
        world_shard(model->world, model->shards + 1, (int)model->open[0], -1);
        model->open[0] = model->shards;
        model->open[1] = model->shards + 1;
        model->open_count = 2;
        model->shards += 2;
    } else {
        world_shard(model->world, model->shards, (int)model->open[0], (int)model->open[1]);
        model->open[0] = model->shards;
        model->open_count = 1;
        model->shards++;
    }
    for (size_t key = 0; key < KEYS; key++) {
        model->shard_of[key] = model->open[key % model->open_count];
    }
}

static void hold_or_release(struct model *model, size_t key, bool release)
{
    char letter = (char)('a' + key);

    world_hold(model->world, str_of(&letter, 1), release);
    model->held[key] = !release;
}

static void something(struct model *model)
{
    size_t key = seeded_below(&model->seeded, KEYS);

    switch (seeded_below(&model->seeded, 40)) {
    case 0:
        world_restart(model->world);
        break;
    case 1:
        configure_some(model);
        break;
    case 2:
        if (seeded_below(&model->seeded, 4) == 0) {
            reshard(model);
        }
        break;
    case 3:
    case 4:
        hold_or_release(model, key, model->held[key]);
        break;
    case 5:
    case 6:
    case 7:
        world_advance(model->world, (int64_t)seeded_below(&model->seeded, 2000));
        break;
    default:
        if (seeded_below(&model->seeded, 4) == 0) {
            append_some(model);
        } else {
            end_one(model);
        }
    }
}

static bool all_done(const struct model *model)
{
    for (size_t key = 0; key < KEYS; key++) {
        for (size_t i = 0; i < model->counts[key]; i++) {
            if (!model->records[key][i].done) {
                return false;
            }
        }
    }
    return true;
}

static void live(uint64_t seed)
{
    struct model *model = MEM_NEW(struct model);
    int left = 20000;

    model->seeded.state = seed;
    model->world = world_begun(seed);
    world_shard(model->world, 0, -1, -1);
    model->open_count = 1;
    model->shards = 1;
    configure_some(model);
    for (int i = 0; i < STEPS; i++) {
        something(model);
        arena_clear(model->world->arena);
    }
    for (size_t key = 0; key < KEYS; key++) {
        hold_or_release(model, key, true);
    }
    while (!all_done(model) && left-- > 0) {
        if (made.running_count == 0) {
            world_advance(model->world, 30000);
        }
        end_one(model);
        arena_clear(model->world->arena);
    }
    assert_true(all_done(model));
    world_ended(model->world);
    mem_free(model);
}

static void keys_are_done_in_order_whatever_happens(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        live(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_done_in_order_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
