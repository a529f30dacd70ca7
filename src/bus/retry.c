/* SPDX-License-Identifier: Apache-2.0
 *
 * Retry arithmetic. In the back-off phase of n retries the i-th (1 to n) waits, between the least
 * and the most:
 *
 *   linear        in equal steps                 arithmetic    in steps that grow by one each
 *   geometric     multiplied by a constant       exponential   the same, from one second on
 */
#include "bus/retry.h"

#include <math.h>

static int64_t climb(const struct retry *retry, double i, double n)
{
    double low = (double)retry->min_ms;
    double high = (double)retry->max_ms;
    double part = i / n;

    switch (retry->backoff) {
    case BACKOFF_ARITHMETIC:
        return (int64_t)(low + (high - low) * (i * (i + 1)) / (n * (n + 1)));
    case BACKOFF_GEOMETRIC:
        return (int64_t)(low <= 0 ? high * part : low * pow(high / low, part));
    case BACKOFF_EXPONENTIAL:
        low = low < 1000 ? 1000 : low;
        return (int64_t)(high <= low ? high : low * pow(high / low, part));
    default:
        return (int64_t)(low + (high - low) * part);
    }
}

int64_t retry_delay_ms(const struct retry *retry, uint32_t number)
{
    uint32_t before = retry->no_delay + retry->min_delay;
    uint32_t phases = before + retry->max_delay;
    uint32_t climbing = retry->retries > phases ? retry->retries - phases : 0;

    if (number == 0 || number > retry->retries) {
        return -1;
    }
    if (number <= retry->no_delay) {
        return 0;
    }
    if (number <= before) {
        return retry->min_ms;
    }
    if (number > before + climbing) {
        return retry->max_ms;
    }
    return climb(retry, number - before, climbing);
}
