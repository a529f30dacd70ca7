/* SPDX-License-Identifier: Apache-2.0
 *
 * Throughput of tables and indexes, as asked for: provisioned units, the most that on-demand may
 * take, what is warm. Kept and shown; only --limits=aws throttles by it.
 */
#include "svc/dynamodb/tables.h"

#define UNITS_MAX INT64_C(1000000000000)
#define TABLE_UNITS_MAX 40000 /* of an account that has not asked for more */

static status units_check(struct call *c, const char *member, int64_t units)
{
    if (units > UNITS_MAX) {
        return fail(c, &DDB_VALIDATION, "Given value %lld for %s is out of bounds",
                    (long long)units, member);
    }
    if (c->limits && units > TABLE_UNITS_MAX) {
        return fail(c, &DDB_LIMIT, "The requested %s, %lld, is above the per table maximum for "
                    "the account in %.*s. Per table maximum: %d.", member, (long long)units,
                    STR_ARG(c->region), TABLE_UNITS_MAX);
    }
    return OK;
}

status provisioned_read(struct call *c, const struct value *given, struct throughput *ret_units)
{
    int64_t read = get_int(given, "ReadCapacityUnits", 0);
    int64_t write = get_int(given, "WriteCapacityUnits", 0);

    TRY(units_check(c, "ReadCapacityUnits", read));
    TRY(units_check(c, "WriteCapacityUnits", write));
    *ret_units = (struct throughput){read, write};
    return OK;
}

/* "table", "index : name" */
static struct str on_what(struct call *c, const struct throughput_of *of)
{
    return of->index.bytes == 0 ? STR("table")
                                : arena_printf(c->arena, "index : %.*s", STR_ARG(of->index));
}

static status on_demand_one(struct call *c, const struct throughput_of *of,
                            const struct value *given, const char *member, int64_t *units)
{
    int64_t asked;

    if (!has(given, member)) {
        return OK;
    }
    asked = get_int(given, member, 0);
    if (!of->on_demand) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: %s for "
                    "OnDemandThroughput cannot be specified when %stable BillingMode is "
                    "PROVISIONED%s", member, of->update ? "the " : "", of->update ? "" : ".");
    }
    if (asked == -1 && of->update) {
        *units = 0;
        return OK;
    }
    if (asked < 1 || asked > UNITS_MAX) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Requested %s "
                    "for OnDemandThroughput for %.*s is outside of valid range", member,
                    STR_ARG(on_what(c, of)));
    }
    *units = asked;
    return OK;
}

status on_demand_read(struct call *c, const struct throughput_of *of, const struct value *given,
                      struct throughput *ret_units)
{
    struct throughput units = *ret_units;

    TRY(on_demand_one(c, of, given, "MaxReadRequestUnits", &units.read));
    TRY(on_demand_one(c, of, given, "MaxWriteRequestUnits", &units.write));
    *ret_units = units;
    return OK;
}

struct throughput warm_of(bool on_demand, struct throughput provisioned, struct throughput warm)
{
    struct throughput base = on_demand ? (struct throughput){WARM_READ_ON_DEMAND,
                                                             WARM_WRITE_ON_DEMAND}
                                       : provisioned;

    return (struct throughput){warm.read > base.read ? warm.read : base.read,
                               warm.write > base.write ? warm.write : base.write};
}

static status warm_low(struct call *c, const struct throughput_of *of, const char *member,
                       const char *capacity)
{
    struct str what = of->index.bytes == 0
                          ? STR("table")
                          : arena_printf(c->arena, "index %.*s", STR_ARG(of->index));

    if (of->update) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Requested %s "
                    "for WarmThroughput for %.*s is lower than current WarmThroughput, decreasing "
                    "WarmThroughput is not supported", member, STR_ARG(what));
    }
    if (of->on_demand) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Requested %s "
                    "for WarmThroughput for %.*s is lower than initial throughput for OnDemand. "
                    "See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
                    "on-demand-capacity-mode.html#on-demand-capacity-mode-initial", member,
                    STR_ARG(what));
    }
    return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Requested %s for "
                "WarmThroughput for %.*s is lower than %s of ProvisionedThroughput", member,
                STR_ARG(what), capacity);
}

status warm_read(struct call *c, const struct throughput_of *of, const struct value *given,
                 struct throughput base, struct throughput *ret_units)
{
    int64_t read = get_int(given, "ReadUnitsPerSecond", base.read);
    int64_t write = get_int(given, "WriteUnitsPerSecond", base.write);

    if (read < base.read) {
        return warm_low(c, of, "ReadUnitsPerSecond", "ReadCapacityUnits");
    }
    if (write < base.write) {
        return warm_low(c, of, "WriteUnitsPerSecond", "WriteCapacityUnits");
    }
    TRY(units_check(c, "ReadUnitsPerSecond", read));
    TRY(units_check(c, "WriteUnitsPerSecond", write));
    *ret_units = (struct throughput){read, write};
    return OK;
}
