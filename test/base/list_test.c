/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the ring: order of pushing, removal anywhere, and links that know they are alone.
 */
#include "base/list.h"

#include "seeded.h"

struct item {
    int number;       /* what the test tells it by */
    struct link link; /* in the list under test */
};

static int number_of(struct link *link)
{
    return LINK_OWNER(link, struct item, link)->number;
}

static void links_come_in_the_order_of_pushing(void **state)
{
    (void)state;
    struct link head;
    struct item items[5];
    link_init(&head);
    assert_true(link_alone(&head));
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        list_push(&head, &items[i].link);
    }
    int expected = 0;
    for (struct link *l = head.next; l != &head; l = l->next) {
        assert_int_equal(number_of(l), expected++);
    }
    assert_int_equal(expected, 5);
    for (struct link *l = head.prev; l != &head; l = l->prev) {
        assert_int_equal(number_of(l), --expected);
    }
}

static void links_leave_from_anywhere_and_are_alone_then(void **state)
{
    (void)state;
    struct link head;
    struct item items[3] = {{0, {0}}, {1, {0}}, {2, {0}}};
    link_init(&head);
    for (int i = 0; i < 3; i++) {
        list_push(&head, &items[i].link);
    }
    link_remove(&items[1].link);
    assert_true(link_alone(&items[1].link));
    link_remove(&items[1].link); /* once more is harmless */
    assert_int_equal(number_of(head.next), 0);
    assert_int_equal(number_of(head.prev), 2);
    assert_ptr_equal(items[0].link.next, &items[2].link);
    link_remove(&items[0].link);
    link_remove(&items[2].link);
    assert_true(link_alone(&head));
    list_push(&head, &items[1].link);
    assert_int_equal(number_of(head.next), 1);
    assert_false(link_alone(&items[1].link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_come_in_the_order_of_pushing),
        cmocka_unit_test(links_leave_from_anywhere_and_are_alone_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
