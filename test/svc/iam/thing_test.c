/* SPDX-License-Identifier: Apache-2.0
 *
 * Shelves, ARNs, documents, devices: what IAM's files promise one another, without a cell.
 */
#include "base/mem.h"
#include "cell/policy.h"
#include "svc/iam/aws_policies.h"
#include "svc/iam/iam_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static struct iam *iam_new(struct account **ret_account)
{
    struct iam *iam = MEM_NEW(struct iam);

    iam->accounts = map_new(ACCOUNTS_MAX);
    link_init(&iam->noted);
    aws_policies_open(iam);
    *ret_account = account_find(iam, STR("111122223333"));
    return iam;
}

static void iam_free(struct iam *iam)
{
    struct str id;
    void *account;

    for (size_t i = 0; map_next(iam->accounts, &i, &id, &account);) {
        account_free(account);
    }
    map_free(iam->accounts);
    aws_policies_close(iam);
    mem_free(iam);
}

static struct thing *add(struct account *account, uint8_t kind, const char *path,
                         const char *name)
{
    struct thing *thing = thing_new(account, kind, str_c(name));

    text_set(&thing->path, str_c(path));
    assert_true(thing_add(account, thing));
    return thing;
}

static void shelves_are_in_one_order_whatever_was_first(void **state)
{
    static const char *const names[] = {"b", "A", "c", "B2", "a-1", "a1", "C1"};
    static const char *const sorted[] = {"A", "a-1", "a1", "b", "B2", "c", "C1"};
    struct account *account;
    struct iam *iam = iam_new(&account);

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        add(account, USER, "/", names[i]);
    }
    for (size_t i = 0; i < 7; i++) {
        assert_true(str_eq(account->shelves[USER].things[i]->name, str_c(sorted[i])));
        assert_non_null(thing_find(account, USER, str_c(names[i])));
    }
    assert_null(thing_find(account, USER, STR("a")));
    assert_true(thing_taken(account, USER, STR("a")));
    assert_false(thing_taken(account, ROLE, STR("a")));
    iam_free(iam);
}

static void what_is_taken_off_a_shelf_leaves_the_others(void **state)
{
    struct account *account;
    struct iam *iam = iam_new(&account);
    struct thing *middle;

    (void)state;
    add(account, GROUP, "/", "a");
    middle = add(account, GROUP, "/", "b");
    add(account, GROUP, "/", "c");
    thing_remove(middle);
    thing_free(middle);
    assert_null(thing_find(account, GROUP, STR("b")));
    assert_non_null(thing_find(account, GROUP, STR("a")));
    assert_non_null(thing_find(account, GROUP, STR("c")));
    iam_free(iam);
}

static void arns_name_things_with_their_paths(void **state)
{
    struct arena *arena = arena_new(1u << 16);
    struct account *account;
    struct iam *iam = iam_new(&account);
    struct thing *role = add(account, ROLE, "/a/b/", "r");
    struct thing *oidc = add(account, OIDC, "/", "id.example/pool");
    struct str arn = thing_arn(arena, role);

    (void)state;
    assert_true(str_eq(arn, STR("arn:aws:iam::111122223333:role/a/b/r")));
    assert_ptr_equal(thing_of_arn(account, ROLE, arn), role);
    assert_null(thing_of_arn(account, USER, arn));
    assert_null(thing_of_arn(account, ROLE, STR("arn:aws:iam::111122223333:role/r")));
    assert_null(thing_of_arn(account, ROLE, STR("arn:aws:iam::444455556666:role/a/b/r")));
    assert_null(thing_of_arn(account, ROLE, STR("arn:aws:iam::111122223333:role")));
    assert_null(thing_of_arn(account, ROLE, STR("arn:aws:iam::111122223333:rolex/r")));
    assert_null(thing_of_arn(account, ROLE, STR("role/r")));
    assert_ptr_equal(
        thing_of_arn(account, OIDC, STR("arn:aws:iam::111122223333:oidc-provider/id.example/pool")),
        oidc);
    iam_free(iam);
    arena_free(arena);
}

static void policies_of_aws_are_sorted_and_can_be_read(void **state)
{
    struct arena *arena = arena_new(1u << 16);
    struct account *account;
    struct iam *iam = iam_new(&account);

    (void)state;
    for (size_t i = 0; i < iam->aws_count; i++) {
        struct thing *thing = &iam->aws[i]->thing;

        assert_true(i == 0 || name_cmp(iam->aws[i - 1]->thing.name, thing->name) < 0);
        assert_ptr_equal(thing_of_arn(account, MANAGED, thing_arn(arena, thing)), thing);
        assert_non_null(version_default(iam->aws[i])->document.policy);
        assert_true(document_chars(version_default(iam->aws[i])->document.text) <=
                    POLICY_CHARS_MAX);
    }
    assert_null(thing_of_arn(account, MANAGED, STR("arn:aws:iam::aws:policy/None")));
    iam_free(iam);
    arena_free(arena);
}

static void uses_are_counted_per_account(void **state)
{
    struct account *account;
    struct iam *iam = iam_new(&account);
    struct account *other = account_find(iam, STR("444455556666"));
    struct principal *user = (struct principal *)add(account, USER, "/", "u");
    struct managed *aws = iam->aws[0];
    size_t place;

    (void)state;
    attach(user, aws);
    boundary_set(user, aws);
    assert_int_equal(uses_of(account, aws)->attached, 1);
    assert_int_equal(uses_of(account, aws)->boundaries, 1);
    assert_int_equal(uses_of(other, aws)->attached, 0);
    assert_true(attached_find(user, aws, &place));
    assert_true(detach(user, aws));
    assert_false(detach(user, aws));
    boundary_set(user, NULL);
    assert_int_equal(uses_of(account, aws)->attached, 0);
    assert_int_equal(uses_of(account, aws)->boundaries, 0);
    iam_free(iam);
}

static void users_and_groups_know_each_other(void **state)
{
    struct account *account;
    struct iam *iam = iam_new(&account);
    struct user *one = (struct user *)add(account, USER, "/", "one");
    struct user *two = (struct user *)add(account, USER, "/", "two");
    struct group *group = (struct group *)add(account, GROUP, "/", "g");

    (void)state;
    assert_true(group_join(group, one));
    assert_true(group_join(group, two));
    assert_false(group_join(group, one));
    assert_int_equal(group->user_count, 2);
    assert_true(group_leave(group, one));
    assert_false(group_leave(group, one));
    assert_int_equal(one->group_count, 0);
    assert_ptr_equal(group->users[0], two);
    assert_int_equal(group->user_count, 1);
    iam_free(iam);
}

static void documents_are_counted_without_white_space_and_shown_encoded(void **state)
{
    struct arena *arena = arena_new(1u << 16);

    (void)state;
    assert_int_equal(document_chars(STR(" {\n\t\"a\" : \"\xc3\xa9\" }\r\n")), 9);
    assert_true(str_eq(document_shown(arena, STR("{\"a\": \"b/c\"}")),
                       STR("%7B%22a%22%3A%20%22b%2Fc%22%7D")));
    arena_free(arena);
}

/* The codes of RFC 6238's appendix B, of which six digits are shown. */
static void a_device_shows_what_the_rfc_says(void **state)
{
    static const struct {
        int64_t at_ms;
        const char *code;
    } lines[] = {{INT64_C(59000), "287082"},
                 {INT64_C(1111111109000), "081804"},
                 {INT64_C(1234567890000), "005924"},
                 {INT64_C(2000000000000), "279037"}};
    struct mfa mfa = {.seed = STR("12345678901234567890")};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(mfa_shows(&mfa, str_c(lines[i].code), lines[i].at_ms));
        assert_true(mfa_shows(&mfa, str_c(lines[i].code), lines[i].at_ms + 30000));
        assert_false(mfa_shows(&mfa, str_c(lines[i].code), lines[i].at_ms + 90000));
    }
    assert_false(mfa_shows(&mfa, STR("28708"), 59000));
    assert_false(mfa_shows(&mfa, STR("28708x"), 59000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shelves_are_in_one_order_whatever_was_first),
        cmocka_unit_test(what_is_taken_off_a_shelf_leaves_the_others),
        cmocka_unit_test(arns_name_things_with_their_paths),
        cmocka_unit_test(policies_of_aws_are_sorted_and_can_be_read),
        cmocka_unit_test(uses_are_counted_per_account),
        cmocka_unit_test(users_and_groups_know_each_other),
        cmocka_unit_test(documents_are_counted_without_white_space_and_shown_encoded),
        cmocka_unit_test(a_device_shows_what_the_rfc_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
