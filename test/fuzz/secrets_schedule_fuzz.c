/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules of rotation: whatever the text, a window that is found begins behind the moment and
 * ends behind its begin, and the one behind that one is later.
 */
#include "svc/secretsmanager/secretsmanager_int.h"

#include <stdlib.h>

#define MOMENT_MS INT64_C(1795420200000) /* November 2026 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1u << 20);
    struct value *rules = value_struct(
        arena, shelf_shape(SECRETS_SERVICE, "DescribeSecret", "RotationRules"));
    int64_t from_ms, to_ms, later_ms;

    set_str(rules, "ScheduleExpression", arena_dup(arena, str_of(data, size < 256 ? size : 256)));
    if (schedule_next(rules, MOMENT_MS, &from_ms, &to_ms)) {
        if (from_ms <= MOMENT_MS || to_ms <= from_ms) {
            abort();
        }
        if (schedule_next(rules, from_ms, &later_ms, &to_ms) && later_ms <= from_ms) {
            abort();
        }
    }
    arena_free(arena);
    return 0;
}
