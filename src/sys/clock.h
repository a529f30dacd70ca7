/* SPDX-License-Identifier: Apache-2.0
 *
 * The one door to time. A clock is real, or made up: standing still until it is advanced. Handlers
 * never see it; they take call->now.
 */
#ifndef WEIR_SYS_CLOCK_H
#define WEIR_SYS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    bool manual;          /* stands still between advances */
    int64_t ahead_ms;     /* real: added to the system's time; manual: the moment itself.
                           * Atomic access only, through the functions below. */
};

void clock_init_real(struct clock *clock);
void clock_init_manual(struct clock *clock, int64_t moment_ms);
int64_t clock_now_ms(const struct clock *clock);          /* since 1970, UTC */
void clock_advance(struct clock *clock, int64_t by_ms);   /* a real one runs on from there */

/* For measuring and time-outs; never part of an answer or of state. */
uint64_t clock_monotonic_ns(void);

#endif
