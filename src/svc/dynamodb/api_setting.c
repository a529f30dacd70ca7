/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of accounts and of this server: DescribeEndpoints, DescribeLimits.
 */
#include "svc/dynamodb/ops.h"

#define ACCOUNT_UNITS_MAX 80000
#define TABLE_UNITS_MAX 40000
#define CACHE_MINUTES 1440

/* DescribeEndpoints: the address by which the caller came. */
status ddb_describe_endpoints(struct call *c)
{
    struct str host = c->request != NULL ? http_header(c->request, STR("host")) : STR_NONE;
    struct value *list = put_list(c, "Endpoints", 1);
    struct value *endpoint = list_add(c->arena, list);

    set_str(endpoint, "Address",
            host.bytes > 0 ? arena_dup(c->arena, host)
                           : arena_printf(c->arena, "dynamodb.%.*s.amazonaws.com",
                                          STR_ARG(c->region)));
    set_int(endpoint, "CachePeriodInMinutes", CACHE_MINUTES);
    return OK;
}

/* DescribeLimits: those of an account that has not asked for more. */
status ddb_describe_limits(struct call *c)
{
    put_int(c, "AccountMaxReadCapacityUnits", ACCOUNT_UNITS_MAX);
    put_int(c, "AccountMaxWriteCapacityUnits", ACCOUNT_UNITS_MAX);
    put_int(c, "TableMaxReadCapacityUnits", TABLE_UNITS_MAX);
    put_int(c, "TableMaxWriteCapacityUnits", TABLE_UNITS_MAX);
    return OK;
}
