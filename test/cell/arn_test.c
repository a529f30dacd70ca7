/* SPDX-License-Identifier: Apache-2.0
 *
 * ARNs taken apart and put together, and what is none.
 */
#include "cell/arn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_arn_is_read_and_written_back(void **state)
{
    static const char *const good[] = {
        "arn:aws:kinesis:us-east-1:123456789012:stream/scans",
        "arn:aws:kinesis:us-east-1:123456789012:stream/scans/consumer/c:1732352100",
        "arn:aws:s3:::bucket/key:with:colons",
        "arn:aws-cn:iam::123456789012:role/x",
    };
    struct arena *arena = arena_new(65536);
    struct arn arn;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(arn_read(str_c(good[i]), &arn));
        assert_true(str_eq(arn_write(arena, &arn), str_c(good[i])));
    }
    assert_true(arn_read(str_c(good[1]), &arn));
    assert_true(str_eq(arn.resource, STR("stream/scans/consumer/c:1732352100")));
    arena_free(arena);
}

static void what_is_no_arn_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "arn", "arn:aws:kinesis:us-east-1:123456789012", "arn:aws:kinesis:us-east-1:1:",
        "urn:aws:kinesis:us-east-1:123456789012:stream/x", "arn::kinesis:r:a:x", "arn:aws::r:a:x",
    };
    struct arn arn;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(arn_read(str_c(bad[i]), &arn));
    }
}

static void a_region_tells_its_partition(void **state)
{
    (void)state;
    assert_true(str_eq(arn_partition(STR("us-east-1")), STR("aws")));
    assert_true(str_eq(arn_partition(STR("cn-north-1")), STR("aws-cn")));
    assert_true(str_eq(arn_partition(STR("us-gov-west-1")), STR("aws-us-gov")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arn_is_read_and_written_back),
        cmocka_unit_test(what_is_no_arn_is_refused),
        cmocka_unit_test(a_region_tells_its_partition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
