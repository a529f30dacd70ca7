/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedule expressions: whatever the text, what is taken gives moments that rise, whole minutes of
 * a cron, and the same each time.
 */
#include "svc/events/schedule.h"

#include <stdlib.h>

#define MOMENT_MS INT64_C(1795420200000) /* November 2026 */
#define MOMENTS 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schedule schedule;
    int64_t at_ms = MOMENT_MS;

    if (!schedule_read(str_of(data, size), &schedule)) {
        return 0;
    }
    for (int i = 0; i < MOMENTS; i++) {
        int64_t next_ms, again_ms;

        if (!schedule_next(&schedule, at_ms, &next_ms)) {
            return 0;
        }
        if (next_ms <= at_ms || !schedule_next(&schedule, at_ms, &again_ms) ||
            again_ms != next_ms || (schedule.every_ms == 0 && next_ms % 60000 != 0)) {
            abort();
        }
        at_ms = next_ms;
    }
    return 0;
}
