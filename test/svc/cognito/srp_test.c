/* SPDX-License-Identifier: Apache-2.0
 *
 * SRP-6a: a whole exchange with fixed secrets against numbers that another implementation (Python's
 * integers, by the formulas of the header) calculated. The group's prime is libcrypto's, of RFC
 * 3526. What comes from outside and is no number is refused.
 */
#include "svc/cognito/srp.h"

#include "base/codec.h"
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define IDENTITY "AbCdEfGhIjon"
#define MESSAGE "AbCdEfGhIjonBLOCKTue Dec 1 08:00:00 UTC 2026"

static const char a_hex[] =
    "2872990071f729c852b69201316855b8f19cba94b42b764f2ac26fdb5fdabb7615ea573561f81099"
    "c91bb9eec4bed6ba56421a4fd067cb306c836b6069dcb448349a6f3e831cfbe3f5d4f89b54347987"
    "b9fd473d305d2349af45aa24eb98a9b62805a1acdec8a027743e54af74d29a71a01b4081e10798b8"
    "c0182c2ae8861a395998d5443bd59b0cafb82dd521142b1fa2ffeee375c71e54b131212fc22805ea"
    "0fb458d82c1510649e32620af87f37d3761f526ce2121096c34444a1dc3969643ca7422be3f44a3e"
    "dbaaeda07462dd60029043c580c37caad6da4b93045a6e55c329f7e3e89b925eb9e95784c9180cbe"
    "ca7df1dfa6651ce1e8ef5e260fa5780ebe899627cbec488e1a6aa1f83eeba983fdc98a7b57b357da"
    "4447b86f718537d7500a532eef08a4faa4917d8875666562a3bc971e7454376311308dfedb6e8434"
    "2e64ee27817f702f39ed606551ca6f884fcfc117d1cf2da76c87595f3dc31434a8c76a2b1541def6"
    "3a6379608a6142ba08bbb657b0a67ec6cf5493a6a002e20f";

static void fill(uint8_t *at, size_t bytes, unsigned first)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(first + i);
    }
}

static void assert_sum(const void *at, size_t bytes, const char *expected)
{
    uint8_t sum[SHA256_BYTES];
    char hex[2 * SHA256_BYTES];

    sha256(str_of(at, bytes), sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    assert_memory_equal(hex, expected, sizeof(hex));
}

static void an_exchange_comes_to_the_same_claim(void **state)
{
    uint8_t salt[16], secret[SRP_SECRET_BYTES], verifier[SRP_BYTES], claim[SRP_CLAIM_BYTES];
    char b_hex[2 * SRP_BYTES], shown[2 * SRP_CLAIM_BYTES];
    size_t digits;

    (void)state;
    fill(salt, sizeof(salt), 0xf0); /* its first bit is set: hashed with a zero in front */
    fill(secret, sizeof(secret), 1);
    srp_verifier(STR(IDENTITY), STR("Passw0rd!"), str_of(salt, sizeof(salt)), verifier);
    assert_sum(verifier, sizeof(verifier),
               "de3229b99102edf0355b8553a90cd28b8211fa4640dfcedc110d25f81159a105");
    digits = srp_public(str_of(verifier, sizeof(verifier)), str_of(secret, sizeof(secret)), b_hex);
    assert_int_equal(digits, 768);
    assert_sum(b_hex, digits, "ed85953bebb8f55449775a3afa189aa4c529606e7057a2a1c62d2da938cd3ec8");
    assert_true(srp_public_ok(str_c(a_hex)));
    struct srp_proof proof = {str_of(verifier, sizeof(verifier)), str_of(secret, sizeof(secret)),
                              str_c(a_hex), str_of(b_hex, digits), STR(MESSAGE)};

    assert_true(srp_claim(&proof, claim));
    hex_encode(str_of(claim, sizeof(claim)), shown);
    assert_memory_equal(shown, "5b53c5837828644b11c3805851ce1c9019263f310cccede5d27423c682f51352",
                        sizeof(shown));
}

static void what_is_no_public_number_is_refused(void **state)
{
    char long_hex[2 * SRP_BYTES + 8];

    (void)state;
    assert_false(srp_public_ok(STR("")));
    assert_false(srp_public_ok(STR("0")));
    assert_false(srp_public_ok(STR("000000")));
    assert_false(srp_public_ok(STR("-1")));
    assert_false(srp_public_ok(STR("12 4")));
    assert_true(srp_public_ok(STR("1")));
    memset(long_hex, 'f', sizeof(long_hex));
    assert_false(srp_public_ok(str_of(long_hex, sizeof(long_hex))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exchange_comes_to_the_same_claim),
        cmocka_unit_test(what_is_no_public_number_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
