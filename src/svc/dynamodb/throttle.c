/* SPDX-License-Identifier: Apache-2.0
 *
 * Throughput: one bucket for reads and one for writes, of a table and of each global index.
 */
#include "svc/dynamodb/throttle.h"

#include "base/time.h"

#define BURST_SECONDS 300
#define PART 1000 /* of a unit: what one unit a second brings in a millisecond */

/* What is limited: a table with its local indexes, or a global index. */
struct limited {
    struct table *table;
    struct index *index;        /* NULL: the table */
    struct throughput rate;     /* 0: no limit */
    struct usage *usage;
    bool provisioned;           /* else the maximum of on-demand mode */
};

static struct limited limited_of(struct table *table, struct index *index)
{
    struct limited limited = {.table = table, .index = index, .provisioned = !table->on_demand};

    if (index != NULL && index->kind != INDEX_GLOBAL) {
        limited.index = index = NULL;
    }
    limited.usage = index != NULL ? &index->usage : &table->usage;
    if (limited.provisioned) {
        limited.rate = index != NULL ? index->provisioned : table->provisioned;
    } else {
        limited.rate = index != NULL ? index->on_demand_max : table->on_demand_max;
    }
    return limited;
}

static int64_t flow(int64_t left, int64_t rate, int64_t elapsed_ms)
{
    int64_t most = rate * BURST_SECONDS * PART;
    int64_t room = most - left;

    return room <= 0 || rate == 0 ? left
           : elapsed_ms > room / rate ? most
                                      : left + elapsed_ms * rate;
}

static void fill(const struct limited *limited, int64_t now_ms)
{
    struct usage *usage = limited->usage;
    /* a new one begins with a second's worth */
    int64_t elapsed_ms = usage->at_ms == 0 ? MS_PER_SECOND : now_ms - usage->at_ms;

    usage->read_left = flow(usage->read_left, limited->rate.read, elapsed_ms);
    usage->write_left = flow(usage->write_left, limited->rate.write, elapsed_ms);
    usage->at_ms = now_ms;
}

static status refuse(struct call *c, const struct limited *limited, bool write)
{
    status line = limited->provisioned ? &DDB_THROUGHPUT : &DDB_THROTTLED;
    struct str arn = table_arn(c->arena, limited->table);
    struct value *reason;

    if (limited->index != NULL) {
        arn = arena_printf(c->arena, "%.*s/index/%.*s", STR_ARG(arn),
                           STR_ARG(limited->index->name));
    }
    if (model_error(c->operation, str_c(line->code)) != NULL) {
        const char *member = limited->provisioned ? "ThrottlingReasons" : "throttlingReasons";

        reason = list_add(c->arena, set_list(c->arena, fail_detail(c, line), member, 1));
        set_str(reason, "reason",
                arena_printf(c->arena, "%s%s%s", limited->index != NULL ? "Index" : "Table",
                             write ? "Write" : "Read",
                             limited->provisioned ? "ProvisionedThroughputExceeded"
                                                  : "MaxOnDemandThroughputExceeded"));
        set_str(reason, "resource", arn);
    }
    if (!limited->provisioned) {
        return fail(c, line, "Throughput exceeds the maximum OnDemandThroughput configured on "
                             "table or index");
    }
    if (limited->index != NULL) {
        return fail(c, line, "The level of configured provisioned throughput for one or more "
                    "global secondary indexes of the table was exceeded. Consider increasing your "
                    "provisioning level for the under-provisioned global secondary indexes with "
                    "the UpdateTable API");
    }
    return fail(c, line, "The level of configured provisioned throughput for the table was "
                "exceeded. Consider increasing your provisioning level with the UpdateTable API.");
}

static status admit(struct call *c, struct table *table, struct index *index, bool write)
{
    struct limited limited;
    int64_t rate;

    if (!c->limits) {
        return OK;
    }
    limited = limited_of(table, index);
    rate = write ? limited.rate.write : limited.rate.read;
    if (rate <= 0) {
        return OK;
    }
    fill(&limited, c->now);
    if ((write ? limited.usage->write_left : limited.usage->read_left) > 0) {
        return OK;
    }
    return refuse(c, &limited, write);
}

status throttle_read(struct call *c, struct table *table, struct index *index)
{
    return admit(c, table, index, false);
}

status throttle_write(struct call *c, struct table *table, struct index *index)
{
    return admit(c, table, index, true);
}

static void take(const struct limited *limited, uint64_t halves, uint64_t units)
{
    if (limited->rate.read > 0) {
        limited->usage->read_left -= (int64_t)halves * PART / 2;
    }
    if (limited->rate.write > 0) {
        limited->usage->write_left -= (int64_t)units * PART;
    }
}

void throttle_take(struct call *c, const struct cost *cost, unsigned times)
{
    struct table *table = cost->table;
    struct limited limited;

    if (!c->limits) {
        return;
    }
    limited = limited_of(table, NULL);
    take(&limited, cost->read_halves * times, cost->write_units * times);
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->kind == INDEX_VECTOR) {
            continue; /* bytes, without a limit */
        }
        limited = limited_of(table, table->indexes[i]);
        take(&limited, cost->index_read_halves[i] * times, cost->index_write_units[i] * times);
    }
}
