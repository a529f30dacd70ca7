/* SPDX-License-Identifier: Apache-2.0
 *
 * Enciphered bodies: AES-256-CTR as NIST publishes it, from any byte on, in any pieces.
 */
#include "cell/cipher.h"

#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void from_hex(const char *hex, void *out)
{
    assert_true(hex_decode(str_c(hex), out));
}

/* NIST SP 800-38A, F.5.5. */
static void it_is_what_nist_publishes(void **state)
{
    struct call_cipher cipher;
    uint8_t text[64];
    uint8_t want[64];
    struct cipher_run *run;

    (void)state;
    from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", cipher.key);
    from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", cipher.iv);
    from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
             "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710", text);
    from_hex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
             "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6", want);
    run = cipher_begin(&cipher, 0);
    cipher_apply(run, text, sizeof(text));
    cipher_end(run);
    assert_memory_equal(text, want, sizeof(text));
}

static void any_beginning_and_any_pieces_give_the_same(void **state)
{
    struct call_cipher cipher = {.key = "0123456789abcdef0123456789abcde"};
    uint8_t whole[1000] = {0};

    (void)state;
    memset(cipher.iv, 0xff, sizeof(cipher.iv)); /* the counter runs over at once */
    struct cipher_run *run = cipher_begin(&cipher, 0);

    cipher_apply(run, whole, sizeof(whole));
    cipher_end(run);
    for (size_t from = 0; from < 300; from += 7) {
        uint8_t part[1000] = {0};

        run = cipher_begin(&cipher, from);
        cipher_apply(run, part, 13);
        cipher_apply(run, part + 13, 0);
        cipher_apply(run, part + 13, sizeof(part) - from - 13);
        cipher_end(run);
        assert_memory_equal(part, whole + from, sizeof(part) - from);
    }
    cipher_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_nist_publishes),
        cmocka_unit_test(any_beginning_and_any_pieces_give_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
