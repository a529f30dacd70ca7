/* SPDX-License-Identifier: Apache-2.0
 *
 * What a virtual MFA device shows: time-based one-time passwords, RFC 6238, with SHA-1, half
 * minutes and six digits, as the apps that people have expect.
 */
#include "svc/iam/iam_int.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define STEP_MS 30000
#define DIGITS 6

static uint32_t code_at(struct str seed, uint64_t step)
{
    uint8_t counter[8];
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;
    unsigned int at;

    for (size_t i = 0; i < sizeof(counter); i++) {
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    }
    if (HMAC(EVP_sha1(), seed.at, (int)seed.bytes, counter, sizeof(counter), sum, &bytes) ==
            NULL ||
        bytes != 20) {
        return UINT32_MAX;
    }
    at = sum[bytes - 1] & 15u;
    return (((uint32_t)(sum[at] & 0x7f) << 24) | ((uint32_t)sum[at + 1] << 16) |
            ((uint32_t)sum[at + 2] << 8) | sum[at + 3]) %
           1000000;
}

bool mfa_shows(const struct mfa *mfa, struct str code, int64_t now_ms)
{
    uint64_t step = (uint64_t)(now_ms / STEP_MS);
    uint64_t number;

    if (code.bytes != DIGITS || !str_to_u64(code, &number) || step == 0) {
        return false;
    }
    for (uint64_t at = step - 1; at <= step + 1; at++) {
        if (code_at(mfa->seed, at) == number) {
            return true;
        }
    }
    return false;
}
