/* SPDX-License-Identifier: Apache-2.0
 *
 * One-time passwords, by RFC 6238's own vectors (appendix B, of whose eight digits the last six are
 * shown), and base32 by RFC 4648's (section 10).
 */
#include "svc/cognito/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct str secret = STR_INIT("12345678901234567890");

static void codes_are_those_of_the_rfc(void **state)
{
    static const struct {
        uint64_t at_s;    /* moment */
        uint32_t code;    /* shown */
    } vectors[] = {{59, 287082},         {1111111109, 81804},  {1111111111, 50471},
                   {1234567890, 5924},   {2000000000, 279037}, {20000000000, 353130}};

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_int_equal(totp_code(secret, vectors[i].at_s / 30), vectors[i].code);
    }
}

static void a_code_is_good_for_a_step_before_and_behind(void **state)
{
    uint64_t step = 0;

    (void)state;
    assert_true(totp_fits(secret, STR("287082"), 59000, &step));
    assert_int_equal(step, 1);
    assert_true(totp_fits(secret, STR("287082"), 0, &step));
    assert_true(totp_fits(secret, STR("287082"), 89999, &step));
    assert_false(totp_fits(secret, STR("287082"), 90000, &step));
    assert_false(totp_fits(secret, STR("28708"), 59000, &step));
    assert_false(totp_fits(secret, STR("28708x"), 59000, &step));
    assert_false(totp_fits(secret, STR(""), 59000, &step));
}

static void secrets_are_told_in_base32(void **state)
{
    static const struct {
        const char *bytes; /* plain */
        const char *text;  /* without padding */
    } vectors[] = {{"", ""},          {"f", "MY"},        {"fo", "MZXQ"},     {"foo", "MZXW6"},
                   {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    struct arena *arena = arena_new(1u << 16);

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct str text = base32_text(arena, str_c(vectors[i].bytes));

        assert_true(str_eq(text, str_c(vectors[i].text)));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_rfc),
        cmocka_unit_test(a_code_is_good_for_a_step_before_and_behind),
        cmocka_unit_test(secrets_are_told_in_base32),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
