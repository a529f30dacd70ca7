/* SPDX-License-Identifier: Apache-2.0
 *
 * Access keys: what is put is found whole, from memory and after the cell is opened again; what is
 * found stays whole when it is deleted meanwhile; sessions end, are swept, and make room; records
 * of version 1 are read; a record that is none stops the start.
 */
#include "cell/identity_int.h"

#include "base/cursor.h"
#include "cell/cell_int.h"
#include "cell/doing.h"
#include "sys/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define START_MS INT64_C(1790000000000)
#define HOUR_MS INT64_C(3600000)

struct world {
    struct faulty *disk;   /* survives a restart */
    struct store *store;   /* over it */
    struct clock clock;    /* stands still */
    struct cell *cell;
    struct arena *arena;   /* of calls */
    struct identity made;  /* by the last step */
};

static const struct service little = {.id = "little"};
static const struct service *const services[] = {&little, NULL};

static status world_open(struct world *w)
{
    struct store_options store = {.files = faulty_files(w->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = 1u << 30};
    struct cell_options cell = {.clock = &w->clock, .services = services, .seed = 1};
    struct why why = {""};

    assert_ptr_equal(store_open(&store, &why, &w->store), OK);
    cell.store = w->store;
    return cell_open(&cell, &why, &w->cell);
}

static void world_close(struct world *w)
{
    cell_close(w->cell);
    store_close(w->store);
    w->cell = NULL;
}

static void world_again(struct world *w)
{
    world_close(w);
    assert_ptr_equal(world_open(w), OK);
}

static int set_up(void **state)
{
    static struct world w;

    w = (struct world){.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    clock_init_manual(&w.clock, START_MS);
    assert_ptr_equal(world_open(&w), OK);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    if (w->cell != NULL) {
        world_close(w);
    }
    faulty_free(w->disk);
    arena_free(w->arena);
    return 0;
}

/* ---- steps ---- */

static status step(struct world *w, status (*run)(struct call *c, void *arg), void *arg)
{
    struct doing doing = {.service = "little", .name = "Test", .run = run, .arg = arg};
    struct why why = {""};

    return cell_do(w->cell, &doing, w->arena, &why);
}

static status put(struct call *c, void *arg)
{
    return identity_put(c, arg);
}

static status delete(struct call *c, void *arg)
{
    identity_delete(c, str_c(arg));
    return OK;
}

static status session(struct call *c, void *arg)
{
    struct world *w = arg;
    struct identity wish = w->made;

    return identity_session(c, &wish, &w->made);
}

static struct identity user(void)
{
    return (struct identity){
        .access_key = STR("AKIAUSER"), .secret = STR("secret"), .made_ms = START_MS,
        .kind = IDENTITY_USER, .active = true, .account = STR("111111111111"),
        .principal = STR("arn:aws:iam::111111111111:user/ann"),
        .source = STR("arn:aws:iam::111111111111:user/ann"), .user_id = STR("AIDAX")};
}

static const struct identity *found(struct world *w, const char *key)
{
    return identity_find(cell_identities(w->cell), str_c(key));
}

/* ---- tests ---- */

static void assert_same(const struct identity *a, const struct identity *b)
{
    assert_true(str_eq(a->secret, b->secret));
    assert_true(str_eq(a->token, b->token));
    assert_true(str_eq(a->account, b->account));
    assert_true(str_eq(a->principal, b->principal));
    assert_true(str_eq(a->source, b->source));
    assert_true(str_eq(a->user_id, b->user_id));
    assert_true(str_eq(a->source_identity, b->source_identity));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->made_ms, b->made_ms);
    assert_int_equal(a->expires_ms, b->expires_ms);
    assert_int_equal(a->active, b->active);
    assert_int_equal(a->mfa, b->mfa);
    assert_int_equal(a->policy_count, b->policy_count);
    for (size_t i = 0; i < a->policy_count; i++) {
        assert_true(str_eq(a->policies[i], b->policies[i]));
    }
    assert_int_equal(a->tag_count, b->tag_count);
    for (size_t i = 0; i < a->tag_count; i++) {
        assert_true(str_eq(a->tags[i].key, b->tags[i].key));
        assert_true(str_eq(a->tags[i].value, b->tags[i].value));
        assert_int_equal(a->tags[i].transitive, b->tags[i].transitive);
    }
}

static void a_key_is_whole_now_and_after_a_restart(void **state)
{
    static const struct str policies[] = {STR_INIT("{}"), STR_INIT("{\"a\":1}")};
    static const struct identity_tag tags[] = {{STR_INIT("team"), STR_INIT("blue"), true},
                                               {STR_INIT("x"), STR_INIT(""), false}};
    struct world *w = *state;
    struct identity ann = user();
    const struct identity *is;

    ann.token = STR("token");
    ann.expires_ms = START_MS + HOUR_MS;
    ann.kind = IDENTITY_ROLE;
    ann.mfa = true;
    ann.source_identity = STR("who");
    ann.policies = policies;
    ann.policy_count = 2;
    ann.tags = tags;
    ann.tag_count = 2;
    assert_ptr_equal(step(w, put, &ann), OK);
    is = found(w, "AKIAUSER");
    assert_same(is, &ann);
    identity_drop(is);
    world_again(w);
    is = found(w, "AKIAUSER");
    assert_same(is, &ann);
    identity_drop(is);
}

static void what_was_found_stays_when_it_is_replaced_or_deleted(void **state)
{
    struct world *w = *state;
    struct identity ann = user();
    const struct identity *before;
    const struct identity *after;

    assert_ptr_equal(step(w, put, &ann), OK);
    before = found(w, "AKIAUSER");
    ann.secret = STR("another");
    assert_ptr_equal(step(w, put, &ann), OK);
    after = found(w, "AKIAUSER");
    assert_ptr_equal(step(w, delete, "AKIAUSER"), OK);
    assert_null(found(w, "AKIAUSER"));
    assert_true(str_eq(before->secret, STR("secret")));
    assert_true(str_eq(after->secret, STR("another")));
    identity_drop(before);
    identity_drop(after);
    assert_ptr_equal(step(w, delete, "AKIAUSER"), OK); /* fine when there is none */
    world_again(w);
    assert_int_equal(identities_count(cell_identities(w->cell)), 0);
}

static void too_much_is_over_the_limit_and_stages_nothing(void **state)
{
    static const struct str policies[IDENTITY_POLICIES_MAX + 1] = {STR_INIT("x")};
    struct world *w = *state;
    struct identity ann = user();
    uint64_t last = journal_last(store_journal(w->store));

    ann.policies = policies;
    ann.policy_count = IDENTITY_POLICIES_MAX + 1;
    assert_ptr_equal(step(w, put, &ann), &ERR_LIMIT);
    ann.policy_count = 0;
    ann.tag_count = IDENTITY_TAGS_MAX + 1;
    assert_ptr_equal(step(w, put, &ann), &ERR_LIMIT);
    assert_int_equal(journal_last(store_journal(w->store)), last);
    assert_int_equal(identities_count(cell_identities(w->cell)), 0);
}

static void a_session_has_fresh_keys_and_is_swept_a_day_after_its_end(void **state)
{
    struct world *w = *state;
    struct identity first;
    struct why why = {""};
    const struct identity *is;
    char key[21];

    w->made = user();
    w->made.kind = IDENTITY_ROLE;
    w->made.expires_ms = START_MS + HOUR_MS;
    assert_ptr_equal(step(w, session, w), OK);
    first = w->made;
    assert_true(str_starts(first.access_key, STR("ASIA")));
    assert_int_equal(first.secret.bytes, 40);
    assert_true(first.token.bytes > 100);
    assert_ptr_equal(step(w, session, w), OK);
    assert_false(str_eq(first.access_key, w->made.access_key));
    assert_false(str_eq(first.token, w->made.token));
    snprintf(key, sizeof(key), "%.*s", STR_ARG(first.access_key));
    is = found(w, key);
    assert_true(identity_alive(is, START_MS + HOUR_MS - 1));
    assert_false(identity_alive(is, START_MS + HOUR_MS));
    identity_drop(is);
    assert_ptr_equal(cell_advance(w->cell, HOUR_MS + IDENTITY_KEEP_MS - 60000, &why), OK);
    assert_int_equal(identities_count(cell_identities(w->cell)), 2);
    assert_ptr_equal(cell_advance(w->cell, 180000, &why), OK);
    assert_int_equal(identities_count(cell_identities(w->cell)), 0);
    world_again(w);
    assert_int_equal(identities_count(cell_identities(w->cell)), 0);
}

/* ---- records of before ---- */

static status put_record(struct call *c, void *arg)
{
    struct key key = key_of(c->arena, "iam");

    key_str(&key, STR("access-key"));
    key_str(&key, STR("AKIAOLD"));
    txn_put(c->txn, key_end(&key), *(struct str *)arg);
    return OK;
}

static void a_record_of_version_one_is_a_permanent_key(void **state)
{
    struct world *w = *state;
    struct buf record;
    struct str text;
    const struct identity *is;

    buf_init(&record, 4096);
    write_u8(&record, 1);
    write_str(&record, STR("secret"));
    write_str(&record, STR("000000000000"));
    write_str(&record, STR("arn:aws:iam::000000000000:root"));
    text = buf_str(&record);
    assert_ptr_equal(step(w, put_record, &text), OK);
    buf_done(&record);
    world_again(w);
    is = found(w, "AKIAOLD");
    assert_int_equal(is->kind, IDENTITY_ROOT);
    assert_true(is->active);
    assert_int_equal(is->expires_ms, 0);
    assert_true(str_eq(is->source, is->principal));
    identity_drop(is);
}

static void a_record_that_is_none_stops_the_start(void **state)
{
    struct world *w = *state;
    struct str text = STR("\3what a later version has");

    assert_ptr_equal(step(w, put_record, &text), OK);
    cell_close(w->cell);
    store_close(w->store);
    assert_ptr_equal(world_open(w), &ERR_CORRUPT);
    store_close(w->store);
    w->cell = NULL;
}

static void the_root_key_is_made_once(void **state)
{
    struct world *w = *state;
    struct identity ann = user();
    struct identity root;
    struct identity again;
    struct why why = {""};
    bool made;

    assert_ptr_equal(step(w, put, &ann), OK); /* a user's key is no root's */
    assert_ptr_equal(identity_root(cell_identities(w->cell), w->arena, &why, &root, &made), OK);
    assert_true(made);
    assert_int_equal(root.kind, IDENTITY_ROOT);
    world_again(w);
    assert_ptr_equal(identity_root(cell_identities(w->cell), w->arena, &why, &again, &made), OK);
    assert_false(made);
    assert_true(str_eq(root.access_key, again.access_key));
    assert_true(str_eq(root.secret, again.secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_whole_now_and_after_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_found_stays_when_it_is_replaced_or_deleted,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_is_over_the_limit_and_stages_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_session_has_fresh_keys_and_is_swept_a_day_after_its_end,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_of_version_one_is_a_permanent_key, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_is_none_stops_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_root_key_is_made_once, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
