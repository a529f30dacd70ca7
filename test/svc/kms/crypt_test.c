/* SPDX-License-Identifier: Apache-2.0
 *
 * The cryptography of keys against what others published: AES-256-GCM (McGrew and Viega, test case
 * 16), HMAC (RFC 4231), ECDH (RFC 5903), ECDSA (RFC 6979); and what keys from outside must be.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "svc/kms/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PKCS8_P256 "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
#define SPKI_P256 "3059301306072a8648ce3d020106082a8648ce3d03010703420004"

/* Digits to bytes, in a place of its own; the caller frees. */
static struct str bytes_of(const char *digits)
{
    struct str text = str_c(digits);
    char *at = mem_alloc(text.bytes / 2 + 1);

    assert_true(hex_decode(text, at));
    return str_of(at, text.bytes / 2);
}

static void drop(struct str bytes)
{
    mem_free((char *)(uintptr_t)bytes.at);
}

static void assert_same(struct str bytes, const char *digits)
{
    struct str wanted = bytes_of(digits);

    assert_int_equal(bytes.bytes, wanted.bytes);
    assert_memory_equal(bytes.at, wanted.at, wanted.bytes);
    drop(wanted);
}

static void gcm_is_what_was_published(void **state)
{
    struct str key = bytes_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    struct str aad = bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    struct str sealed = bytes_of(
        "cafebabefacedbaddecaf888"
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b");
    uint8_t plain[128];

    (void)state;
    assert_true(gcm_open((const uint8_t *)key.at, aad, sealed, plain));
    assert_same(str_of(plain, sealed.bytes - GCM_EXTRA_BYTES),
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    for (size_t i = 0; i < sealed.bytes; i++) { /* any bit counts, and of the aad too */
        ((char *)(uintptr_t)sealed.at)[i] ^= 1;
        assert_false(gcm_open((const uint8_t *)key.at, aad, sealed, plain));
        ((char *)(uintptr_t)sealed.at)[i] ^= 1;
    }
    assert_false(gcm_open((const uint8_t *)key.at, str_slice(aad, 1, aad.bytes), sealed, plain));
    assert_false(gcm_open((const uint8_t *)key.at, aad, str_slice(sealed, 0, 27), plain));
    drop(key);
    drop(aad);
    drop(sealed);
}

static void what_is_sealed_opens_and_never_looks_the_same(void **state)
{
    static const uint8_t key[AES_KEY_BYTES] = {1, 2, 3};
    uint8_t one[64 + GCM_EXTRA_BYTES], two[64 + GCM_EXTRA_BYTES], plain[64];
    char text[64] = "a text";

    (void)state;
    for (size_t bytes = 0; bytes <= sizeof(text); bytes++) {
        gcm_seal(key, STR("aad"), str_of(text, bytes), one);
        gcm_seal(key, STR("aad"), str_of(text, bytes), two);
        assert_memory_not_equal(one, two, bytes + GCM_EXTRA_BYTES);
        assert_true(gcm_open(key, STR("aad"), str_of(one, bytes + GCM_EXTRA_BYTES), plain));
        assert_memory_equal(plain, text, bytes);
    }
}

static void hmac_is_what_rfc_4231_says(void **state)
{
    static const struct {
        const char *hash, *mac;
    } rows[] = {
        {"SHA224", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
        {"SHA256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"SHA384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                   "8e2240ca5e69e2c78b3239ecfab21649"},
        {"SHA512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                   "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    };
    uint8_t mac[MAC_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t bytes = mac_of(rows[i].hash, STR("Jefe"), STR("what do ya want for nothing?"), mac);

        assert_same(str_of(mac, bytes), rows[i].mac);
    }
}

static void two_sides_share_what_rfc_5903_says(void **state)
{
    const struct spec *p256 = spec_named(STR("ECC_NIST_P256"));
    struct str mine = bytes_of(PKCS8_P256
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
    struct str theirs = bytes_of(SPKI_P256
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
    struct crypt_bytes secret, half;

    (void)state;
    assert_true(secret_derive(p256, mine, theirs, &secret));
    assert_same(crypt_str(&secret),
                "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
    assert_true(pair_public(mine, &half));
    assert_same(crypt_str(&half), SPKI_P256
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
    /* Another curve's, a point that is not on it, more behind it: no. */
    assert_false(secret_derive(spec_named(STR("ECC_NIST_P384")), mine, theirs, &secret));
    ((char *)(uintptr_t)theirs.at)[theirs.bytes - 1] ^= 1;
    assert_false(secret_derive(p256, mine, theirs, &secret));
    assert_false(secret_derive(p256, mine, str_slice(theirs, 0, theirs.bytes - 1), &secret));
    assert_false(secret_derive(p256, mine, STR(""), &secret));
    drop(mine);
    drop(theirs);
}

static void a_signature_of_rfc_6979_holds(void **state)
{
    struct str key = bytes_of(PKCS8_P256
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    struct str signature = bytes_of(
        "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    struct str digest = bytes_of(
        "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
    struct signing signing = {algorithm_named(STR("ECDSA_SHA_256")), STR("sample"), false};

    (void)state;
    assert_true(signature_holds(key, &signing, signature));
    signing.message = digest;
    signing.digest = true;
    assert_true(signature_holds(key, &signing, signature));
    signing.message = STR("sample");
    assert_false(signature_holds(key, &signing, signature)); /* of that length is no digest */
    signing.digest = false;
    signing.message = STR("test");
    assert_false(signature_holds(key, &signing, signature));
    drop(key);
    drop(signature);
    drop(digest);
}

static void every_spec_makes_signs_and_checks(void **state)
{
    struct crypt_bytes mine, half, again, made;

    (void)state;
    for (uint32_t i = 0; i < SPEC_COUNT; i++) {
        const struct spec *spec = spec_at(i);
        const struct algorithm *algorithm;

        if (spec->kind != SPEC_EC && spec->bits != 2048) {
            continue;
        }
        assert_true(pair_make(spec, &mine, &half));
        assert_true(pair_public(crypt_str(&mine), &again));
        assert_true(str_eq(crypt_str(&half), crypt_str(&again)));
        assert_true(pair_check(spec, crypt_str(&mine), &again));
        assert_true(str_eq(crypt_str(&mine), crypt_str(&again)));
        for (uint32_t k = 0; (algorithm = algorithm_of(spec, USAGE_SIGN, k)) != NULL; k++) {
            struct signing signing = {algorithm, STR("message"), false};

            assert_true(signature_make(crypt_str(&mine), &signing, &made));
            assert_true(signature_holds(crypt_str(&mine), &signing, crypt_str(&made)));
            made.at[made.bytes / 2] ^= 1;
            assert_false(signature_holds(crypt_str(&mine), &signing, crypt_str(&made)));
        }
    }
}

static void rsa_carries_what_fits(void **state)
{
    const struct spec *spec = spec_named(STR("RSA_2048"));
    struct crypt_bytes mine, half, sealed, plain;
    char text[256] = "text";

    (void)state;
    assert_true(pair_make(spec, &mine, &half));
    for (uint32_t k = 0; k < 2; k++) {
        const char *hash = k == 0 ? "SHA1" : "SHA256";
        size_t most = oaep_bytes_max(2048, k == 0 ? 20 : 32);

        assert_true(oaep_encrypt(crypt_str(&mine), hash, str_of(text, most), &sealed));
        assert_true(oaep_decrypt(crypt_str(&mine), hash, crypt_str(&sealed), &plain));
        assert_true(str_eq(crypt_str(&plain), str_of(text, most)));
        assert_false(oaep_encrypt(crypt_str(&mine), hash, str_of(text, most + 1), &half));
        assert_false(oaep_decrypt(crypt_str(&mine), k == 0 ? "SHA256" : "SHA1",
                                  crypt_str(&sealed), &plain));
    }
}

static void keys_from_outside_are_looked_at(void **state)
{
    struct crypt_bytes mine, half, out;

    (void)state;
    assert_true(pair_make(spec_named(STR("ECC_NIST_P256")), &mine, &half));
    assert_false(pair_check(spec_named(STR("ECC_SECG_P256K1")), crypt_str(&mine), &out));
    assert_false(pair_check(spec_named(STR("RSA_2048")), crypt_str(&mine), &out));
    assert_false(pair_check(spec_named(STR("ECC_NIST_P256")), crypt_str(&half), &out));
    mine.at[mine.bytes++] = 0;
    assert_false(pair_check(spec_named(STR("ECC_NIST_P256")), crypt_str(&mine), &out));
    assert_false(unwrap_padded(STR("short"), STR("0123456789012345"), &out));
}

static void specs_and_algorithms_fit_or_not(void **state)
{
    (void)state;
    assert_null(spec_named(STR("SM2")));
    assert_null(spec_at(SPEC_COUNT));
    for (uint32_t i = 0; i < SPEC_COUNT; i++) {
        assert_int_equal(spec_place(spec_at(i)), i);
        for (uint8_t usage = 1; usage <= USAGE_AGREE; usage = (uint8_t)(usage << 1)) {
            bool any = algorithm_of(spec_at(i), usage, 0) != NULL;

            assert_true(any == ((spec_at(i)->usages & usage) != 0) || usage == USAGE_AGREE);
            assert_int_equal(usage_named(str_c(usage_name(usage))), usage);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_is_what_was_published),
        cmocka_unit_test(what_is_sealed_opens_and_never_looks_the_same),
        cmocka_unit_test(hmac_is_what_rfc_4231_says),
        cmocka_unit_test(two_sides_share_what_rfc_5903_says),
        cmocka_unit_test(a_signature_of_rfc_6979_holds),
        cmocka_unit_test(every_spec_makes_signs_and_checks),
        cmocka_unit_test(rsa_carries_what_fits),
        cmocka_unit_test(keys_from_outside_are_looked_at),
        cmocka_unit_test(specs_and_algorithms_fit_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
