/* SPDX-License-Identifier: Apache-2.0
 *
 * Checksums: each kind's published check value, whatever the pieces the text comes in; and that
 * joined CRCs are those of the joined texts.
 */
#include "base/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

static uint64_t crc_of(enum checksum_kind kind, struct str s)
{
    struct checksum checksum;
    uint8_t out[CHECKSUM_BYTES_MAX];
    uint64_t crc = 0;

    checksum_begin(&checksum, kind);
    checksum_add(&checksum, s);
    checksum_end(&checksum, out);
    for (size_t i = 0; i < checksum_bytes(kind); i++) {
        crc = crc << 8 | out[i];
    }
    return crc;
}

static void check_values_are_as_published(void **state)
{
    struct str s = STR("123456789");

    (void)state;
    assert_int_equal(crc_of(CHECKSUM_CRC32, s), 0xcbf43926);
    assert_int_equal(crc_of(CHECKSUM_CRC32C, s), 0xe3069283);
    assert_true(crc_of(CHECKSUM_CRC64NVME, s) == UINT64_C(0xae8b14860a799888));
    assert_int_equal(crc_of(CHECKSUM_CRC64NVME, STR("")), 0);
}

static void digests_are_as_published(void **state)
{
    static const struct {
        enum checksum_kind kind;
        const char *hex;
    } lines[] = {
        {CHECKSUM_MD5, "900150983cd24fb0d6963f7d28e17f72"},
        {CHECKSUM_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {CHECKSUM_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct checksum checksum;
        uint8_t out[CHECKSUM_BYTES_MAX];
        char hex[2 * CHECKSUM_BYTES_MAX + 1];

        checksum_begin(&checksum, lines[i].kind);
        checksum_add(&checksum, STR("a"));
        checksum_add(&checksum, STR(""));
        checksum_add(&checksum, STR("bc"));
        checksum_end(&checksum, out);
        for (size_t j = 0; j < checksum_bytes(lines[i].kind); j++) {
            snprintf(hex + 2 * j, 3, "%02x", out[j]);
        }
        assert_string_equal(hex, lines[i].hex);
    }
}

static void a_sum_given_up_needs_no_room(void **state)
{
    struct checksum checksum;

    (void)state;
    checksum_begin(&checksum, CHECKSUM_SHA256);
    checksum_end(&checksum, NULL);
    checksum_begin(&checksum, CHECKSUM_NONE);
    checksum_add(&checksum, STR("x"));
    checksum_end(&checksum, NULL);
}

static void joined_crcs_are_those_of_the_joined_texts(void **state)
{
    static const enum checksum_kind kinds[] = {CHECKSUM_CRC32, CHECKSUM_CRC32C,
                                               CHECKSUM_CRC64NVME};
    char text[5000];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(i * 31 + i / 7);
    }
    for (size_t k = 0; k < 3; k++) {
        for (size_t cut = 0; cut <= sizeof(text); cut += 311) {
            uint64_t first = crc_of(kinds[k], str_of(text, cut));
            uint64_t second = crc_of(kinds[k], str_of(text + cut, sizeof(text) - cut));

            assert_true(checksum_combine(kinds[k], first, second, sizeof(text) - cut) ==
                        crc_of(kinds[k], str_of(text, sizeof(text))));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_as_published),
        cmocka_unit_test(digests_are_as_published),
        cmocka_unit_test(a_sum_given_up_needs_no_room),
        cmocka_unit_test(joined_crcs_are_those_of_the_joined_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
