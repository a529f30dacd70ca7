/* SPDX-License-Identifier: Apache-2.0
 *
 * Real and made-up time. ahead_ms is read and changed atomically: any thread may ask.
 */
#include "sys/clock.h"

#include <time.h>

void clock_init_real(struct clock *clock)
{
    *clock = (struct clock){false, 0};
}

void clock_init_manual(struct clock *clock, int64_t moment_ms)
{
    *clock = (struct clock){true, moment_ms};
}

int64_t clock_now_ms(const struct clock *clock)
{
    int64_t ahead_ms = __atomic_load_n(&clock->ahead_ms, __ATOMIC_SEQ_CST);
    struct timespec now;

    if (clock->manual) {
        return ahead_ms;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ahead_ms;
}

void clock_advance(struct clock *clock, int64_t by_ms)
{
    __atomic_add_fetch(&clock->ahead_ms, by_ms, __ATOMIC_SEQ_CST);
}

uint64_t clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
