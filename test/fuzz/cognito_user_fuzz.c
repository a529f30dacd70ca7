/* SPDX-License-Identifier: Apache-2.0
 *
 * What apps and administrators send to user pools: a Filter of ListUsers up to a zero byte, then
 * SRP's A as digits. Whatever comes, nothing is touched outside; a filter that is read has a name
 * and fits its own value; an A that is one leads to a claim, and the same one twice.
 */
#include "svc/cognito/filter.h"
#include "svc/cognito/srp.h"
#include "svc/cognito/totp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_filter(struct str text)
{
    struct arena *arena = arena_new(1u << 20);
    struct user_filter filter;

    if (user_filter_read(arena, text, &filter) && filter.name.bytes > 0 &&
        !user_filter_fits(&filter, filter.value)) {
        abort();
    }
    arena_free(arena);
}

static void try_srp(struct str a_hex)
{
    static const char secret[] = "0123456789abcdef0123456789abcdef";
    struct srp_proof proof = {.verifier = STR("\x05\x06\x07"), .secret = STR("0123456789abcdef"),
                              .a_hex = a_hex, .b_hex = str_c(secret), .message = STR("m")};
    uint8_t first[SRP_CLAIM_BYTES], again[SRP_CLAIM_BYTES];
    uint64_t step;

    if (srp_public_ok(a_hex) &&
        (!srp_claim(&proof, first) || !srp_claim(&proof, again) ||
         memcmp(first, again, sizeof(first)) != 0)) {
        abort();
    }
    (void)totp_fits(str_c(secret), a_hex, 0, &step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data, size);
    size_t end = str_find(text, '\0', 0);

    try_filter(str_slice(text, 0, end));
    try_srp(str_slice(text, end + 1, size));
    return 0;
}
