/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimal texts of wide numbers: what is read is written back, less leading zeros, and whatever
 * fits 128 bits fits 256. The same bytes as words are written and read back.
 */
#include "base/u128.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void write_and_read(struct u256 number)
{
    char text[U256_TEXT_BYTES_MAX];
    struct u256 again;
    demand(u256_from_text(str_of(text, u256_to_text(number, text)), &again));
    demand(u256_cmp(number, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_of(data, size);
    struct u256 wide;
    u128 narrow;
    bool fits = u256_from_text(s, &wide);
    if (fits) {
        char text[U256_TEXT_BYTES_MAX];
        size_t bytes = u256_to_text(wide, text);
        size_t zeros = 0;
        while (zeros + 1 < size && data[zeros] == '0') {
            zeros++;
        }
        demand(str_eq(str_of(text, bytes), str_slice(s, zeros, size)));
    }
    if (u128_from_text(s, &narrow)) {
        demand(fits);
        demand(((u128)wide.word[2] << 64 | wide.word[3]) == narrow);
        demand(wide.word[0] == 0 && wide.word[1] == 0);
    }
    if (size >= sizeof(wide)) {
        memcpy(&wide, data, sizeof(wide));
        write_and_read(wide);
    }
    return 0;
}
