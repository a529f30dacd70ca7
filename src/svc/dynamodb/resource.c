/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables and streams by their ARNs, for tags and policies.
 */
#include "svc/dynamodb/resource.h"

#define INVALID "One or more parameter values were invalid: "

static status resource_missing(struct call *c, struct str arn)
{
    return fail(c, &DDB_NOT_FOUND, "Requested resource not found: ResourcArn: %.*s not found",
                STR_ARG(arn)); /* AWS spells it so */
}

status resource_of_call(struct call *c, bool streams, struct resource *ret_resource)
{
    struct str text = arg_str(c, "ResourceArn");
    struct str rest, name;
    struct arn arn;
    struct table *table;

    if (!str_starts(text, STR("arn:"))) {
        return fail(c, &DDB_VALIDATION, INVALID "ARNs must start with 'arn:': %.*s",
                    STR_ARG(text));
    }
    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("dynamodb")) ||
        !str_starts(arn.resource, STR("table/"))) {
        return fail(c, &DDB_VALIDATION, INVALID "Provided Arn is not a DynamoDB resource arn: %.*s",
                    STR_ARG(text));
    }
    rest = str_slice(arn.resource, 6, arn.resource.bytes);
    name = str_split(&rest, '/');
    if (rest.at != NULL && (!streams || !str_starts(rest, STR("stream/")))) {
        return fail(c, &DDB_VALIDATION, INVALID "Invalid resource arn provided, only table or "
                    "stream is accepted. Provided resource arn: %.*s", STR_ARG(text));
    }
    table = table_find(dynamodb_of(c), arn.account, arn.region, name);
    if (table == NULL ||
        (rest.at != NULL &&
         (table->stream_count == 0 ||
          !str_eq(text, stream_arn(c->arena, table,
                                   &table->streams[table->stream_count - 1]))))) {
        return resource_missing(c, text);
    }
    *ret_resource = (struct resource){table, rest.at != NULL};
    return OK;
}
