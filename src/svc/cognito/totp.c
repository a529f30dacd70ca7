/* SPDX-License-Identifier: Apache-2.0
 *
 * Time-based one-time passwords.
 */
#include "svc/cognito/totp.h"

#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define DIGITS 6
#define MODULUS 1000000u

uint32_t totp_code(struct str secret, uint64_t step)
{
    unsigned char counter[8], sum[SHA1_BYTES];
    unsigned int bytes = sizeof(sum);
    const unsigned char *made;
    size_t at;

    for (int i = 0; i < 8; i++) {
        counter[i] = (unsigned char)(step >> (56 - 8 * i));
    }
    made = HMAC(EVP_sha1(), secret.at, (int)secret.bytes, counter, sizeof(counter), sum, &bytes);
    assert(made != NULL);
    at = sum[SHA1_BYTES - 1] & 15u;
    return (((uint32_t)sum[at] & 127u) << 24 | (uint32_t)sum[at + 1] << 16 |
            (uint32_t)sum[at + 2] << 8 | sum[at + 3]) %
           MODULUS;
}

bool totp_fits(struct str secret, struct str code, int64_t now_ms, uint64_t *ret_step)
{
    uint64_t step = (uint64_t)(now_ms / TOTP_STEP_MS);
    uint64_t number;

    if (code.bytes != DIGITS || !str_to_u64(code, &number)) {
        return false;
    }
    for (uint64_t i = step == 0 ? 0 : step - 1; i <= step + 1; i++) {
        if (totp_code(secret, i) == number) {
            *ret_step = i;
            return true;
        }
    }
    return false;
}

struct str base32_text(struct arena *arena, struct str bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char *text = arena_alloc(arena, (bytes.bytes * 8 + 4) / 5 + 1);
    uint32_t bits = 0;
    size_t count = 0;
    int held = 0;

    for (size_t i = 0; i < bytes.bytes; i++) {
        bits = bits << 8 | (unsigned char)bytes.at[i];
        for (held += 8; held >= 5; held -= 5) {
            text[count++] = letters[bits >> (held - 5) & 31];
        }
    }
    if (held > 0) {
        text[count++] = letters[bits << (5 - held) & 31];
    }
    return str_of(text, count);
}
