/* SPDX-License-Identifier: Apache-2.0
 *
 * SRP-6a over the 3072-bit group.
 */
#include "svc/cognito/srp.h"

#include "base/digest.h"

#include <assert.h>
#include <openssl/bn.h>

#define KEY_BYTES 16
#define INFO "Caldera Derived Key\x01" /* HKDF's info and its first counter */
#define TEXT_BYTES_MAX (4 * SRP_BYTES)

/* The group's numbers, and what all of a calculation is made in. */
struct group3072 {
    BN_CTX *context;
    BIGNUM *n, *g, *k; /* k = H(N | g) */
};

/* As hashes take a number: big-endian, a zero in front when its first bit is set. */
static size_t number_bytes(const BIGNUM *number, uint8_t *out)
{
    size_t zero = BN_num_bits(number) % 8 == 0;

    out[0] = 0;
    return zero + (size_t)BN_bn2bin(number, out + zero);
}

static BIGNUM *hash_of(const uint8_t *text, size_t bytes)
{
    uint8_t sum[SHA256_BYTES];

    sha256(str_of(text, bytes), sum);
    return BN_bin2bn(sum, sizeof(sum), NULL);
}

static BIGNUM *hash_of_two(const BIGNUM *a, const BIGNUM *b)
{
    uint8_t text[TEXT_BYTES_MAX];
    size_t bytes = number_bytes(a, text);

    bytes += number_bytes(b, text + bytes);
    return hash_of(text, bytes);
}

static struct group3072 group_open(void)
{
    struct group3072 group = {BN_CTX_new(), BN_get_rfc3526_prime_3072(NULL), BN_new(), NULL};
    bool good = group.context != NULL && group.n != NULL && BN_set_word(group.g, 2) == 1;

    assert(good);
    group.k = hash_of_two(group.n, group.g);
    return group;
}

static void group_close(struct group3072 *group)
{
    BN_free(group->n);
    BN_free(group->g);
    BN_free(group->k);
    BN_CTX_free(group->context);
}

static BIGNUM *number_of(struct str bytes)
{
    BIGNUM *number = BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.bytes, NULL);

    assert(number != NULL);
    return number;
}

static BIGNUM *number_of_hex(struct str hex)
{
    char text[2 * SRP_BYTES + 3];
    BIGNUM *number = NULL;

    if (hex.bytes == 0 || hex.bytes > sizeof(text) - 1) {
        return NULL;
    }
    for (size_t i = 0; i < hex.bytes; i++) {
        char c = hex.at[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
            return NULL;
        }
        text[i] = c;
    }
    text[hex.bytes] = '\0';
    return BN_hex2bn(&number, text) == (int)hex.bytes ? number : NULL;
}

void srp_verifier(struct str identity, struct str password, struct str salt,
                  uint8_t ret_verifier[SRP_BYTES])
{
    struct group3072 group = group_open();
    struct sha256_run *run = sha256_begin();
    BIGNUM *salted = number_of(salt), *v = BN_new(), *x;
    uint8_t text[TEXT_BYTES_MAX];
    size_t bytes;
    bool good;

    assert(salt.bytes < SRP_BYTES);
    bytes = number_bytes(salted, text);
    sha256_more(run, identity);
    sha256_more(run, STR(":"));
    sha256_more(run, password);
    sha256_end(run, text + bytes);
    x = hash_of(text, bytes + SHA256_BYTES);
    BN_set_flags(x, BN_FLG_CONSTTIME);
    good = BN_mod_exp(v, group.g, x, group.n, group.context) == 1 &&
           BN_bn2binpad(v, ret_verifier, SRP_BYTES) == SRP_BYTES;
    assert(good);
    BN_free(salted);
    BN_clear_free(x);
    BN_clear_free(v);
    group_close(&group);
}

bool srp_public_ok(struct str a_hex)
{
    struct group3072 group = group_open();
    BIGNUM *a = number_of_hex(a_hex), *rest = BN_new();
    bool ok = a != NULL && BN_nnmod(rest, a, group.n, group.context) == 1 && !BN_is_zero(rest);

    BN_free(a);
    BN_free(rest);
    group_close(&group);
    return ok;
}

size_t srp_public(struct str verifier, struct str secret, char ret_hex[2 * SRP_BYTES])
{
    struct group3072 group = group_open();
    BIGNUM *v = number_of(verifier), *b = number_of(secret);
    BIGNUM *power = BN_new(), *kv = BN_new();
    uint8_t bytes[SRP_BYTES];
    size_t count, skip = 0;
    bool good;

    BN_set_flags(b, BN_FLG_CONSTTIME);
    good = BN_mod_exp(power, group.g, b, group.n, group.context) == 1 &&
           BN_mod_mul(kv, group.k, v, group.n, group.context) == 1 &&
           BN_mod_add(kv, kv, power, group.n, group.context) == 1 &&
           BN_bn2binpad(kv, bytes, SRP_BYTES) == SRP_BYTES;
    assert(good);
    for (count = 0; count < 2 * SRP_BYTES; count++) {
        unsigned nibble = count % 2 == 0 ? bytes[count / 2] >> 4 : bytes[count / 2] & 15u;

        ret_hex[count] = "0123456789abcdef"[nibble];
    }
    while (skip + 1 < count && ret_hex[skip] == '0') {
        skip++;
    }
    memmove(ret_hex, ret_hex + skip, count - skip);
    BN_clear_free(v);
    BN_clear_free(b);
    BN_clear_free(power);
    BN_clear_free(kv);
    group_close(&group);
    return count - skip;
}

/* HKDF of S with u as the salt, then the claim. */
static void claim_of(const BIGNUM *s, const BIGNUM *u, struct str message, uint8_t *ret_claim)
{
    uint8_t salt[TEXT_BYTES_MAX], secret[TEXT_BYTES_MAX];
    uint8_t key[SHA256_BYTES], derived[SHA256_BYTES];
    struct str salted = str_of(salt, number_bytes(u, salt));

    hmac_sha256(salted, str_of(secret, number_bytes(s, secret)), key);
    hmac_sha256(str_of(key, sizeof(key)), str_of(INFO, sizeof(INFO) - 1), derived);
    hmac_sha256(str_of(derived, KEY_BYTES), message, ret_claim);
}

bool srp_claim(const struct srp_proof *proof, uint8_t ret_claim[SRP_CLAIM_BYTES])
{
    struct group3072 group = group_open();
    BIGNUM *a = number_of_hex(proof->a_hex), *b = number_of_hex(proof->b_hex);
    BIGNUM *v = number_of(proof->verifier), *secret = number_of(proof->secret);
    BIGNUM *u = NULL, *s = BN_new();
    bool ok = a != NULL && b != NULL;

    BN_set_flags(secret, BN_FLG_CONSTTIME);
    if (ok) {
        u = hash_of_two(a, b);
        ok = !BN_is_zero(u) && BN_mod_exp(s, v, u, group.n, group.context) == 1 &&
             BN_mod_mul(s, a, s, group.n, group.context) == 1 && !BN_is_zero(s) &&
             BN_mod_exp(s, s, secret, group.n, group.context) == 1;
    }
    if (ok) {
        claim_of(s, u, proof->message, ret_claim);
    }
    BN_free(a);
    BN_free(b);
    BN_free(u);
    BN_clear_free(v);
    BN_clear_free(secret);
    BN_clear_free(s);
    group_close(&group);
    return ok;
}
