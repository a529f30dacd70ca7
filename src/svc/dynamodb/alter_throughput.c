/* SPDX-License-Identifier: Apache-2.0
 *
 * Provisioned throughput of tables and indexes going up and down.
 */
#include "svc/dynamodb/alter.h"

#include "base/time.h"

#define DECREASES_FREE 4              /* on a day (UTC); then one an hour */
#define DECREASE_PAUSE_MS MS_PER_HOUR

/* When and how often it went down. */
static uint32_t lowered_today(int64_t lowered_ms, uint32_t lowered, int64_t now_ms)
{
    return lowered_ms / MS_PER_DAY == now_ms / MS_PER_DAY ? lowered : 0;
}

static status decrease_check(struct call *c, int64_t lowered_ms, uint32_t lowered)
{
    lowered = lowered_today(lowered_ms, lowered, c->now);
    if (!c->limits || lowered < DECREASES_FREE || c->now - lowered_ms >= DECREASE_PAUSE_MS) {
        return OK;
    }
    return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: Provisioned throughput decreases are "
                "limited within a given UTC day. After the first %d decreases, each subsequent "
                "decrease in the same UTC day can be performed at most once every 3600 seconds. "
                "Number of decreases today: %u.", DECREASES_FREE, lowered);
}

status provisioned_change(struct call *c, const struct table *table, const struct index *index,
                          const struct value *given, struct throughput *ret_units)
{
    struct throughput now = index == NULL ? table->provisioned : index->provisioned;
    struct str what = index == NULL
                          ? STR("the table")
                          : arena_printf(c->arena, "index %.*s", STR_ARG(index->name));
    struct throughput units;

    TRY(provisioned_read(c, given, &units));
    if (units.read == now.read && units.write == now.write) {
        return fail(c, &DDB_VALIDATION, "The provisioned throughput for %s%.*s will not change. "
                    "The requested value equals the current value. Current ReadCapacityUnits "
                    "provisioned for %.*s: %lld. Requested ReadCapacityUnits: %lld. Current "
                    "WriteCapacityUnits provisioned for %.*s: %lld. Requested WriteCapacityUnits: "
                    "%lld. Refer to the Amazon DynamoDB Developer Guide for current limits and how "
                    "to request higher limits.", index == NULL ? "" : "the ", STR_ARG(what),
                    STR_ARG(what), (long long)now.read, (long long)units.read, STR_ARG(what),
                    (long long)now.write, (long long)units.write);
    }
    if (units.read < now.read || units.write < now.write) {
        TRY(decrease_check(c, index == NULL ? table->lowered_ms : index->lowered_ms,
                           index == NULL ? table->lowered_today : index->lowered_today));
    }
    *ret_units = units;
    return OK;
}

void provisioned_set(struct call *c, struct table *table, struct index *index,
                     struct throughput units)
{
    struct throughput *now = index == NULL ? &table->provisioned : &index->provisioned;
    int64_t *raised_ms = index == NULL ? &table->raised_ms : &index->raised_ms;
    int64_t *lowered_ms = index == NULL ? &table->lowered_ms : &index->lowered_ms;
    uint32_t *lowered = index == NULL ? &table->lowered_today : &index->lowered_today;
    bool was = now->read > 0; /* else it was on demand */

    if (was && (units.read > now->read || units.write > now->write)) {
        *raised_ms = c->now;
    }
    if (was && (units.read < now->read || units.write < now->write)) {
        *lowered = lowered_today(*lowered_ms, *lowered, c->now) + 1;
        *lowered_ms = c->now;
    }
    *now = units;
}
