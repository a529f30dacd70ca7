/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a small life of a table goes on. Whatever happens then (an error,
 * the end of the process), after the next start the items are those of the life after exactly the
 * steps that were acknowledged, or after one more, whole; index entries, tallies, collections and
 * the change log agree with them; and the last transaction, sent again with its token, is done
 * once.
 *
 * The life: a table with a local and a global index and a stream; puts, updates, deletions, batches
 * and transactions, of which some are cancelled. The process's end is a longjmp out of sys_die;
 * threads of the cell that was left behind are left too.
 */
#include "../test/svc/dynamodb/agree.h"

#include "sys/log.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 6
#define STEPS (1 + 6 * ROUNDS)
#define TABLE "{'TableName':'torture','BillingMode':'PAY_PER_REQUEST'," \
    "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}," \
    "{'AttributeName':'sk','AttributeType':'N'},{'AttributeName':'lk','AttributeType':'S'}," \
    "{'AttributeName':'gk','AttributeType':'S'}]," \
    "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}," \
    "{'AttributeName':'sk','KeyType':'RANGE'}]," \
    "'LocalSecondaryIndexes':[{'IndexName':'local','KeySchema':[" \
    "{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'lk','KeyType':'RANGE'}]," \
    "'Projection':{'ProjectionType':'KEYS_ONLY'}}]," \
    "'GlobalSecondaryIndexes':[{'IndexName':'global','KeySchema':[" \
    "{'AttributeName':'gk','KeyType':'HASH'}],'Projection':{'ProjectionType':'ALL'}}]," \
    "'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'}}"
#define ITEM "{'pk':{'S':'p%d'},'sk':{'N':'%d'},'lk':{'S':'l%d'},'gk':{'S':'g%d'},'n':{'N':'%d'}}"
#define KEY "{'pk':{'S':'p%d'},'sk':{'N':'%d'}}"

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* How far a life came. Volatile: read after a longjmp. */
struct life {
    volatile int sent;          /* steps */
    volatile int acknowledged;  /* of them */
    int report;                 /* file descriptor that hears of each; -1: none */
};

/* What the items are after each step, from an undisturbed life. */
static char digests[STEPS + 1][SHA256_BYTES];

static void die(void)
{
    longjmp(died, 1);
}

static void tell(struct life *life, char what)
{
    ssize_t written = life->report < 0 ? 1 : write(life->report, &what, 1);

    assert_int_equal(written, 1);
}

/* ---- the steps ---- */

static struct str step_put(struct arena *arena, int i)
{
    return arena_printf(arena, "{'TableName':'torture','Item':" ITEM "}", i % 3, i, i, i % 2, i);
}

/* Moves it in both indexes. */
static struct str step_update(struct arena *arena, int i)
{
    return arena_printf(arena, "{'TableName':'torture','Key':" KEY ",'UpdateExpression':"
                        "'SET lk=:l, gk=:g ADD n :n','ExpressionAttributeValues':{"
                        "':l':{'S':'moved%d'},':g':{'S':'g%d'},':n':{'N':'1'}}}", i % 3, i, i,
                        i + 1);
}

/* Takes it out of the global index. */
static struct str step_leave(struct arena *arena, int i)
{
    return arena_printf(arena, "{'TableName':'torture','Key':" KEY ",'UpdateExpression':"
                        "'REMOVE gk SET big=:b','ExpressionAttributeValues':{"
                        "':b':{'S':'%0*d'}}}", i % 3, i, 3000, i);
}

static struct str step_batch(struct arena *arena, int i)
{
    return arena_printf(arena, "{'RequestItems':{'torture':[{'PutRequest':{'Item':" ITEM "}},"
                        "{'PutRequest':{'Item':" ITEM "}},{'DeleteRequest':{'Key':" KEY "}}]}}",
                        i % 3, 100 + i, i, i % 2, i, i % 3, 200 + i, i, i % 2, i, (i + 2) % 3,
                        i - 1);
}

/* A sum that stays, a new item and one that goes; with a token. */
static struct str step_transact(struct arena *arena, int i)
{
    return arena_printf(
        arena, "{'ClientRequestToken':'token-%d','TransactItems':["
        "{'Update':{'TableName':'torture','Key':" KEY ",'UpdateExpression':'ADD n :v',"
        "'ExpressionAttributeValues':{':v':{'N':'-%d'}}}},"
        "{'Update':{'TableName':'torture','Key':" KEY ",'UpdateExpression':'ADD n :v',"
        "'ExpressionAttributeValues':{':v':{'N':'%d'}}}},"
        "{'Put':{'TableName':'torture','Item':" ITEM "}},"
        "{'Delete':{'TableName':'torture','Key':" KEY "}}]}",
        i, 0, 900, i, 1, 900, i, i % 3, 300 + i, i, i % 2, i, i % 3, 100 + i);
}

/* Its condition fails: nothing of it may ever be seen. */
static struct str step_cancelled(struct arena *arena, int i)
{
    return arena_printf(
        arena, "{'TransactItems':[{'Put':{'TableName':'torture','Item':" ITEM "}},"
        "{'ConditionCheck':{'TableName':'torture','Key':" KEY ",'ConditionExpression':"
        "'attribute_not_exists(pk)'}}]}", i % 3, 400 + i, i, i % 2, i, i % 3, 200 + i);
}

static const struct deed {
    const char *operation;                       /* of the API */
    struct str (*make)(struct arena *arena, int i); /* its input */
    const char *fails;                           /* the code it must fail with; NULL: none */
} deeds[] = {
    {"PutItem", step_put, NULL},
    {"UpdateItem", step_update, NULL},
    {"BatchWriteItem", step_batch, NULL},
    {"TransactWriteItems", step_transact, NULL},
    {"TransactWriteItems", step_cancelled, "TransactionCanceledException"},
    {"UpdateItem", step_leave, NULL},
};
#define KINDS ((int)(sizeof(deeds) / sizeof(deeds[0])))

static status one_step(struct weir *weir, int number)
{
    const struct deed *step = number == 0 ? NULL : &deeds[(number - 1) % KINDS];
    struct value *out;
    status done;

    if (step == NULL) {
        return weir_call(weir, "CreateTable", TABLE, &out);
    }
    done = weir_call(weir, step->operation,
                     step->make(weir->arena, 1 + (number - 1) / KINDS).at, &out);
    if (step->fails != NULL && done != OK && strcmp(done->code, step->fails) == 0) {
        return OK;
    }
    return step->fails != NULL && done == OK ? &ERR_CORRUPT : done;
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct weir *weir, struct life *life)
{
    for (int i = 0; i < STEPS; i++) {
        life->sent++;
        tell(life, 's');
        TRY(one_step(weir, i));
        life->acknowledged++;
        tell(life, 'a');
    }
    return OK;
}

/* ---- what must be ---- */

static bool is_after(struct str digest, int count)
{
    return count <= STEPS && memcmp(digest.at, digests[count], SHA256_BYTES) == 0;
}

/* How many steps are to be seen; it is sent or acknowledged. */
static int verify(struct weir *weir, const struct life *life)
{
    struct str digest = agree(weir, "torture");

    if (weir_table(weir, "torture") == NULL) {
        assert_int_equal(life->acknowledged, 0);
        return 0;
    }
    if (is_after(digest, life->acknowledged) && life->acknowledged > 0) {
        return life->acknowledged;
    }
    assert_true(is_after(digest, life->sent));
    return life->sent;
}

/* The newest transaction that was sent, again: done once, whether it was or not. */
static void send_again(struct weir *weir, const struct life *life)
{
    int last = life->sent - 1;
    int seen = verify(weir, life);

    if (last < 1 || deeds[(last - 1) % KINDS].make != step_transact) {
        return;
    }
    assert_in_range(seen, life->sent - 1, life->sent);
    assert_ptr_equal(one_step(weir, last), OK);
    assert_true(is_after(agree(weir, "torture"), life->sent));
    assert_ptr_equal(one_step(weir, last), OK);
    assert_true(is_after(agree(weir, "torture"), life->sent));
}

/* After whatever happened: power off and on, and a new start; and one more, of what that left. */
static void start_again_and_verify(struct weir *weir, const struct life *life)
{
    struct weir again = {.disk = weir->disk, .arena = weir->arena};

    faulty_fail_at(weir->disk, 0, OK);
    faulty_cut(weir->disk);
    faulty_power(weir->disk);
    assert_ptr_equal(weir_open(&again), OK);
    send_again(&again, life);
    weir_close(&again);
    arena_clear(weir->arena);
    assert_ptr_equal(weir_open(&again), OK);
    verify(&again, life);
    weir_close(&again);
}

/* One life with a fault; what it cost is leaked when it died, on purpose. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct weir *weir = MEM_NEW(struct weir);
    struct life *life = MEM_NEW(struct life);

    weir->disk = faulty_new(seed);
    weir->arena = arena_new(64u << 20);
    life->report = -1;
    faulty_cut_at_sync(weir->disk, cut_at_sync);
    faulty_fail_at(weir->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && weir_open(weir) == OK && live(weir, life) == OK &&
        cut_at_sync == 0) {
        weir_close(weir);
    }
    sys_die_hook(NULL);
    start_again_and_verify(weir, life);
    arena_free(weir->arena);
    mem_free(life); /* the disk stays: files of the life that died are open on it */
}

/* An undisturbed life: its digests, and how many operations and syncs it takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct weir weir = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    size_t different = 0;

    assert_ptr_equal(weir_open(&weir), OK);
    for (int i = 0; i < STEPS; i++) {
        struct str digest;

        if (one_step(&weir, i) != OK) {
            print_error("step %d: %s\n", i, weir.why.text);
            assert_true(!"a step of the undisturbed life");
        }
        digest = agree(&weir, "torture");
        memcpy(digests[i + 1], digest.at, SHA256_BYTES);
        different += memcmp(digests[i + 1], digests[i], SHA256_BYTES) != 0;
    }
    assert_int_equal(different, STEPS - ROUNDS); /* what is cancelled changes nothing */
    *ret_operations = faulty_operations(weir.disk);
    *ret_syncs = faulty_syncs(weir.disk);
    weir_close(&weir);
    faulty_free(weir.disk);
    arena_free(weir.arena);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > STEPS - ROUNDS);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        for (uint64_t at = 1; at <= syncs; at++) {
            one_life(seed * 1000 + at, at, 0, OK);
        }
    }
}

static void every_operation_of_the_disk_fails_in_turn(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at <= operations; at++) {
        one_life(at, 0, at, at % 2 == 0 ? &ERR_IO : &ERR_FULL);
    }
}

static void a_full_disk_refuses_and_harms_nothing(void **state)
{
    struct weir weir = {.disk = faulty_new(9), .arena = arena_new(64u << 20)};
    struct life life = {.report = -1};
    uint64_t operations, syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_ptr_equal(weir_open(&weir), OK);
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(one_step(&weir, i), OK);
    }
    life.sent = life.acknowledged = 5;
    weir_close(&weir);
    faulty_space(weir.disk, 64u << 20); /* less than the reserve, from the start */
    assert_ptr_equal(weir_open(&weir), OK);
    assert_ptr_equal(one_step(&weir, 7), &ERR_FULL);
    assert_int_equal(verify(&weir, &life), 5);
    faulty_space(weir.disk, UINT64_C(1) << 40);
    weir_close(&weir);
    start_again_and_verify(&weir, &life);
    faulty_free(weir.disk);
    arena_free(weir.arena);
}

/* In a child: a life in which the at-th allocation fails; what it notes comes through the pipe, the
 * disk is real. */
static void child_life(const char *dir, uint64_t at, int report)
{
    struct weir weir = {.arena = arena_new(64u << 20)};
    struct life life = {.report = report};

    mem_fail_after(at);
    _exit(weir_open_at(&weir, dir) == OK && live(&weir, &life) == OK ? 0 : 1);
}

static void parent_verify(const char *dir, const struct life *life)
{
    struct weir weir = {.arena = arena_new(64u << 20)};

    assert_ptr_equal(weir_open_at(&weir, dir), OK);
    send_again(&weir, life);
    weir_close(&weir);
    arena_free(weir.arena);
}

static void remove_tree(const char *dir)
{
    char command[512];

    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    if (system(command) != 0) {
        print_error("could not remove %s\n", dir);
    }
}

/* What the child noted, until its end. */
static void listen_to(int from, struct life *life)
{
    char what;

    while (read(from, &what, 1) == 1) {
        life->sent += what == 's';
        life->acknowledged += what == 'a';
    }
    close(from);
}

static void allocations_fail_one_after_the_other(void **state)
{
    uint64_t operations, syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at < 12000; at += 1 + at / 10) {
        char dir[] = "/tmp/weir-torture-XXXXXX";
        struct life life = {.report = -1};
        int ends[2];
        int how;

        assert_non_null(mkdtemp(dir));
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();

        if (child == 0) {
            close(ends[0]);
            if (freopen("/dev/null", "w", stderr) == NULL) {
                _exit(1);
            }
            child_life(dir, at, ends[1]);
        }
        close(ends[1]);
        listen_to(ends[0], &life);
        assert_int_equal(waitpid(child, &how, 0), child);
        /* It went on, answered an error, or ended by itself with 70; never a signal. */
        if (!WIFEXITED(how)) { /* an assert, or worse */
            print_error("allocation %llu: ended by signal %d\n", (unsigned long long)at,
                        WTERMSIG(how));
        }
        assert_true(WIFEXITED(how));
        assert_true(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 1 || WEXITSTATUS(how) == 70);
        parent_verify(dir, &life);
        remove_tree(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_fail_one_after_the_other), /* forks: before threads are left */
        cmocka_unit_test(a_full_disk_refuses_and_harms_nothing),
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
