/* SPDX-License-Identifier: Apache-2.0
 *
 * The small readers: a name server's answer, addresses, moments, profiles.
 */
#include "settings.h"
#include "sys.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct weir_text text = {(const char *)data, bytes};
    struct weir_addresses found = {.count = 0};
    char again[WEIR_MOMENT_BYTES_MAX];
    struct weir_url url;
    int64_t ms;
    int64_t same;

    if (bytes >= 2) {
        weir_resolve_read(text, (uint16_t)(data[0] << 8 | data[1]), &found);
    }
    (void)weir_url_read(text, &url);
    (void)weir_profile_get(text, "default", "region");
    if (weir_moment_read(text, &ms)) {
        weir_moment_iso(ms, again);
        if (ms >= -62135596800000 && ms < 253402300800000 &&
            (!weir_moment_read(weir_text(again), &same) || same != ms)) {
            abort();
        }
    }
    return 0;
}
