/* SPDX-License-Identifier: Apache-2.0
 *
 * Throttling: a bucket of tokens that fills at the rate, up to the burst.
 */
#include "svc/apigatewayv2/run_pure.h"

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
    if (!bucket->limited) {
        return true;
    }
    if (bucket->at_ms == 0) {
        bucket->tokens = bucket->burst;
    } else {
        bucket->tokens += (double)(now_ms - bucket->at_ms) / 1000.0 * bucket->rate;
    }
    bucket->at_ms = now_ms;
    if (bucket->tokens > bucket->burst) {
        bucket->tokens = bucket->burst;
    }
    if (bucket->tokens < 1) {
        return false;
    }
    bucket->tokens -= 1;
    return true;
}
