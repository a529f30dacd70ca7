/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that a status carries its sentence, cut and ended where it must be, and that TRY leaves.
 */
#include "base/error.h"

#include "seeded.h"

#include <string.h>

static void why_holds_the_sentence_and_returns_the_code(void **state)
{
    (void)state;
    struct why why;
    assert_ptr_equal(why_set(&why, &ERR_LIMIT, "at most %d, got %s", 7, "8"), &ERR_LIMIT);
    assert_string_equal(why.text, "at most 7, got 8");
}

static void why_may_be_absent(void **state)
{
    (void)state;
    assert_ptr_equal(why_set(NULL, &ERR_IO, "nobody asks"), &ERR_IO);
}

static void long_sentences_are_cut_and_ended(void **state)
{
    (void)state;
    struct why why;
    char text[2 * WHY_BYTES_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    why_set(&why, &ERR_MALFORMED, "%s", text);
    assert_int_equal(strlen(why.text), WHY_BYTES_MAX - 1);
    text[WHY_BYTES_MAX - 1] = 0;
    why_set(&why, &ERR_MALFORMED, "%s", text);
    assert_string_equal(why.text, text);
}

static status tries(status first, int *ret_steps)
{
    *ret_steps = 1;
    TRY(first);
    *ret_steps = 2;
    return OK;
}

static void try_leaves_with_anything_but_ok(void **state)
{
    (void)state;
    int steps = 0;
    assert_ptr_equal(tries(&ERR_BUSY, &steps), &ERR_BUSY);
    assert_int_equal(steps, 1);
    assert_ptr_equal(tries(OK, &steps), OK);
    assert_int_equal(steps, 2);
}

static void every_line_is_answerable(void **state)
{
    (void)state;
    status lines[] = {&ERR_MALFORMED, &ERR_LIMIT,   &ERR_NOT_FOUND, &ERR_EXISTS,  &ERR_IO,
                      &ERR_FULL,      &ERR_CORRUPT, &ERR_BUSY,      &ERR_VERSION, &ERR_CLOSED};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_non_null(lines[i]->code);
        assert_in_range(lines[i]->http, 400, 599);
        /* Only what the environment did may go away by itself. */
        assert_true(!lines[i]->retryable || lines[i]->http >= 500);
        for (size_t k = 0; k < i; k++) {
            assert_ptr_not_equal(lines[i], lines[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(why_holds_the_sentence_and_returns_the_code),
        cmocka_unit_test(why_may_be_absent),
        cmocka_unit_test(long_sentences_are_cut_and_ended),
        cmocka_unit_test(try_leaves_with_anything_but_ok),
        cmocka_unit_test(every_line_is_answerable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
