/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the CRCs against published values and a bit-by-bit version (every length from 0 to 300,
 * longer ones, any start, any cut), the hashes against published values, HMAC against RFC 4231 and
 * OpenSSL's own, and that contexts are a thread's own.
 */
#include "base/digest_int.h"

#include "base/codec.h"
#include "base/mem.h"
#include "seeded.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

static uint32_t naive_crc(uint32_t reflected, uint32_t crc, struct str s)
{
    crc = ~crc;
    for (size_t i = 0; i < s.bytes; i++) {
        crc ^= (unsigned char)s.at[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? reflected : 0);
        }
    }
    return ~crc;
}

#define CASTAGNOLI 0x82f63b78U
#define IEEE 0xedb88320U
#define NVME UINT64_C(0x9a6c9329ac4bc9b5)

static void crcs_have_their_published_values(void **state)
{
    (void)state;
    char text[32] = {0};
    assert_int_equal(crc32c(0, STR("123456789")), 0xe3069283);
    assert_int_equal(crc32(0, STR("123456789")), 0xcbf43926);
    assert_true(crc64nvme(0, STR("123456789")) == UINT64_C(0xae8b14860a799888));
    assert_int_equal(crc32c(0, str_of(text, 32)), 0x8a9136aa);
    memset(text, 0xff, 32);
    assert_int_equal(crc32c(0, str_of(text, 32)), 0x62a8ab43);
    for (int i = 0; i < 32; i++) {
        text[i] = (char)i;
    }
    assert_int_equal(crc32c(0, str_of(text, 32)), 0x46dd794e);
    assert_int_equal(crc32c(0, STR_NONE), 0);
    assert_int_equal(crc32(0, STR_NONE), 0);
    assert_int_equal(crc32c(77, STR_NONE), 77);
    assert_int_equal(crc32(77, STR_NONE), 77);
}

static uint64_t naive_nvme(uint64_t crc, struct str s)
{
    uint64_t reg = ~crc;
    for (size_t i = 0; i < s.bytes; i++) {
        reg ^= (unsigned char)s.at[i];
        for (int bit = 0; bit < 8; bit++) {
            reg = reg >> 1 ^ ((reg & 1) != 0 ? NVME : 0);
        }
    }
    return ~reg;
}

static void check_crcs(uint32_t start, struct str s)
{
    uint64_t wide = naive_nvme((uint64_t)start << 32 | start, s);
    assert_true(crc64nvme((uint64_t)start << 32 | start, s) == wide);
    assert_true(crc64nvme_plain((uint64_t)start << 32 | start, s) == wide);
    uint32_t expected = naive_crc(CASTAGNOLI, start, s);
    assert_int_equal(crc32c(start, s), expected);
    assert_int_equal(crc32c_plain(start, s), expected);
    expected = naive_crc(IEEE, start, s);
    assert_int_equal(crc32(start, s), expected);
    assert_int_equal(crc32_plain(start, s), expected);
}

static void crcs_agree_with_the_naive_way_at_every_length(void **state)
{
    (void)state;
    struct seeded seeded = {71};
    for (size_t bytes = 0; bytes <= 700; bytes++) {
        char *text = mem_alloc(bytes + 7);
        seeded_fill(&seeded, text, bytes + 7);
        check_crcs(0, str_of(text + 7, bytes)); /* ends where the memory ends, starts unaligned */
        check_crcs((uint32_t)seeded_next(&seeded), str_of(text, bytes));
        mem_free(text);
    }
    for (int round = 0; round < 40; round++) {
        size_t bytes = seeded_below(&seeded, 20000);
        char *text = mem_alloc(bytes);
        seeded_fill(&seeded, text, bytes);
        check_crcs((uint32_t)seeded_next(&seeded), str_of(text, bytes));
        mem_free(text);
    }
}

static void crcs_continue_over_any_cut(void **state)
{
    (void)state;
    struct seeded seeded = {72};
    char text[1500];
    seeded_fill(&seeded, text, sizeof(text));
    struct str s = str_of(text, sizeof(text));
    for (size_t cut = 0; cut <= s.bytes; cut += 13) {
        struct str front = str_slice(s, 0, cut);
        struct str back = str_slice(s, cut, s.bytes);
        assert_int_equal(crc32c(crc32c(0, front), back), crc32c(0, s));
        assert_int_equal(crc32(crc32(0, front), back), crc32(0, s));
    }
}

static void assert_digest(const uint8_t *got, size_t bytes, const char *expected)
{
    char text[2 * SHA256_BYTES + 1] = {0};
    hex_encode(str_of(got, bytes), text);
    assert_string_equal(text, expected);
}

static void hashes_have_their_published_values(void **state)
{
    (void)state;
    uint8_t out[SHA256_BYTES];
    for (int round = 0; round < 2; round++) { /* the second time with kept contexts */
        md5(STR_NONE, out);
        assert_digest(out, MD5_BYTES, "d41d8cd98f00b204e9800998ecf8427e");
        md5(STR("abc"), out);
        assert_digest(out, MD5_BYTES, "900150983cd24fb0d6963f7d28e17f72");
        sha1(STR("abc"), out);
        assert_digest(out, SHA1_BYTES, "a9993e364706816aba3e25717850c26c9cd0d89d");
        sha1(STR_NONE, out);
        assert_digest(out, SHA1_BYTES, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        sha256(STR_NONE, out);
        assert_digest(out, SHA256_BYTES,
                      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        sha256(STR("abc"), out);
        assert_digest(out, SHA256_BYTES,
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

static void hmac_has_its_published_values(void **state)
{
    (void)state;
    uint8_t out[SHA256_BYTES];
    char key[131];
    memset(key, 0x0b, 20);
    hmac_sha256(str_of(key, 20), STR("Hi There"), out);
    assert_digest(out, SHA256_BYTES,
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out);
    assert_digest(out, SHA256_BYTES,
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 131);
    hmac_sha256(str_of(key, 131), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
                out);
    assert_digest(out, SHA256_BYTES,
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_agrees_with_the_library_for_keys_of_every_length(void **state)
{
    (void)state;
    struct seeded seeded = {73};
    for (size_t bytes = 0; bytes <= 200; bytes++) {
        char key[200];
        char text[300];
        uint8_t got[SHA256_BYTES];
        uint8_t expected[SHA256_BYTES];
        size_t text_bytes = seeded_below(&seeded, sizeof(text));
        seeded_fill(&seeded, key, bytes);
        seeded_fill(&seeded, text, text_bytes);
        hmac_sha256(str_of(key, bytes), str_of(text, text_bytes), got);
        assert_non_null(HMAC(EVP_sha256(), key, (int)bytes, (const unsigned char *)text, text_bytes,
                             expected, NULL));
        assert_memory_equal(got, expected, SHA256_BYTES);
        /* A chain derives a key from a key into the same place. */
        memcpy(got, key, bytes < SHA256_BYTES ? bytes : SHA256_BYTES);
        hmac_sha256(str_of(got, bytes < SHA256_BYTES ? bytes : SHA256_BYTES), STR("aws4"), got);
        hmac_sha256(str_of(key, bytes < SHA256_BYTES ? bytes : SHA256_BYTES), STR("aws4"),
                    expected);
        assert_memory_equal(got, expected, SHA256_BYTES);
    }
}

static void pieces_hash_as_the_whole(void **state)
{
    (void)state;
    struct seeded seeded = {74};
    char text[1000];
    seeded_fill(&seeded, text, sizeof(text));
    for (int round = 0; round < 200; round++) {
        uint8_t expected[SHA256_BYTES];
        uint8_t got[SHA256_BYTES];
        struct sha256_run *run = sha256_begin();
        struct sha256_run *other = sha256_begin(); /* runs do not disturb each other */
        size_t bytes = 0;
        while (bytes < sizeof(text)) {
            size_t piece = seeded_below(&seeded, 200);
            struct str s = str_slice(str_of(text, sizeof(text)), bytes, bytes + piece);
            sha256_more(run, s);
            sha256_more(other, STR("x"));
            sha256(STR("nor do whole strings"), got);
            bytes += piece;
        }
        sha256_end(run, got);
        sha256_end(other, NULL);
        sha256(str_of(text, sizeof(text)), expected);
        assert_memory_equal(got, expected, SHA256_BYTES);
    }
    sha256_end(NULL, NULL);
}

static void *hash_for_a_while(void *seed)
{
    struct seeded seeded = {*(uint64_t *)seed};
    size_t wrong = 0;
    for (int round = 0; round < 500; round++) {
        char text[200];
        uint8_t got[SHA256_BYTES];
        uint8_t expected[SHA256_BYTES];
        size_t bytes = seeded_below(&seeded, sizeof(text));
        seeded_fill(&seeded, text, bytes);
        sha256(str_of(text, bytes), got);
        (void)EVP_Digest(text, bytes, expected, NULL, EVP_sha256(), NULL);
        wrong += memcmp(got, expected, SHA256_BYTES) != 0;
    }
    *(uint64_t *)seed = wrong;
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    uint64_t seeds[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_for_a_while, &seeds[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(seeds[i], 0);
    }
}

static void short_digests_cost_no_request_for_memory(void **state)
{
    (void)state;
    uint8_t out[SHA256_BYTES];
    md5(STR("warm"), out);
    hmac_sha256(STR("key"), STR("warm"), out);
    uint64_t before = mem_count();
    for (int i = 0; i < 100; i++) {
        md5(STR("partition key"), out);
        hmac_sha256(STR("key"), STR("text"), out);
    }
    assert_int_equal(mem_count(), before);
}

static void constant_time_comparison_sees_every_bit(void **state)
{
    (void)state;
    char a[40] = {0};
    char b[40] = {0};
    assert_true(bytes_eq_const_time(a, b, sizeof(a)));
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        b[bit / 8] = (char)(1 << bit % 8);
        assert_false(bytes_eq_const_time(a, b, sizeof(a)));
        assert_true(bytes_eq_const_time(a, b, bit / 8));
        b[bit / 8] = 0;
    }
    assert_true(bytes_eq_const_time(NULL, NULL, 0));
}

static void short_md5_agrees_with_the_library_at_every_length(void **state)
{
    (void)state;
    struct seeded seeded = {1321};
    for (int round = 0; round < 100; round++) {
        for (size_t bytes = 0; bytes <= MD5_SHORT_BYTES_MAX + 10; bytes++) {
            char text[MD5_SHORT_BYTES_MAX + 10];
            uint8_t expected[MD5_BYTES];
            uint8_t out[MD5_BYTES];
            seeded_fill(&seeded, text, bytes);
            assert_int_equal(EVP_Digest(text, bytes, expected, NULL, EVP_md5(), NULL), 1);
            md5(str_of(text, bytes), out);
            assert_memory_equal(out, expected, MD5_BYTES);
        }
    }
}

int main(void)
{
    print_message("CRC: %s\n", crc_is_wide() ? "instructions and tables" : "tables only");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crcs_have_their_published_values),
        cmocka_unit_test(crcs_agree_with_the_naive_way_at_every_length),
        cmocka_unit_test(crcs_continue_over_any_cut),
        cmocka_unit_test(hashes_have_their_published_values),
        cmocka_unit_test(short_md5_agrees_with_the_library_at_every_length),
        cmocka_unit_test(hmac_has_its_published_values),
        cmocka_unit_test(hmac_agrees_with_the_library_for_keys_of_every_length),
        cmocka_unit_test(pieces_hash_as_the_whole),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(short_digests_cost_no_request_for_memory),
        cmocka_unit_test(constant_time_comparison_sees_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
