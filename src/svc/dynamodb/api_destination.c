/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis streaming destinations: Describe-, Disable-, Enable- and
 * UpdateKinesisStreamingDestination. Answers say ENABLING, DISABLING and UPDATING as AWS's do; the
 * next look finds it done.
 */
#include "bus/sink.h"
#include "svc/dynamodb/destination.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/tables.h"

#define WRONG_STATE "Table is not in a valid state to enable Kinesis Streaming Destination: "

static const char *const precisions[] = {
    [PRECISION_UNSAID] = "",
    [PRECISION_MILLISECOND] = "MILLISECOND",
    [PRECISION_MICROSECOND] = "MICROSECOND",
};

struct str precision_name(uint8_t precision)
{
    return str_c(precisions[precision]);
}

/* Of a configuration, or of none. */
static uint8_t precision_of(const struct value *configuration)
{
    struct str name = configuration == NULL
                          ? STR_NONE
                          : get_str(configuration, "ApproximateCreationDateTimePrecision");
    uint8_t precision = PRECISION_MICROSECOND;

    while (precision != PRECISION_UNSAID && !str_eq(precision_name(precision), name)) {
        precision--;
    }
    return precision;
}

static void put_precision(struct value *structure, uint8_t precision)
{
    if (precision != PRECISION_UNSAID) {
        set_str(structure, "ApproximateCreationDateTimePrecision", precision_name(precision));
    }
}

static void answer(struct call *c, const struct table *table, struct str state)
{
    put_str(c, "TableName", arena_dup(c->arena, table->name));
    put_str(c, "StreamArn", arg_str(c, "StreamArn"));
    put_str(c, "DestinationStatus", state);
}

/* Whether a table may send there. */
static bool is_there(struct call *c, const struct table *table, struct str arn)
{
    struct bus_event event = destination_event(c, table, arn);
    struct arn parts;

    return arn_read(arn, &parts) && str_eq(parts.service, STR("kinesis")) &&
           bus_check(c, &event) == OK;
}

/* Where the ARN's entry is or comes to be: in front, the oldest making room. */
static struct destination *place_of(struct destinations *all, struct str arn)
{
    struct destination *found = destinations_find(all, arn);

    if (found != NULL) {
        return found;
    }
    all->count -= all->count == DESTINATIONS_MAX;
    memmove(&all->items[1], &all->items[0], all->count * sizeof(struct destination));
    all->count++;
    all->items[0] = (struct destination){.arn = arn};
    return &all->items[0];
}

/* EnableKinesisStreamingDestination: changes of items go to the stream from now on. */
status ddb_enable_destination(struct call *c)
{
    const struct value *configuration = arg(c, "EnableKinesisStreamingConfiguration");
    struct str arn = arg_str(c, "StreamArn");
    struct destination *destination;
    struct destinations all;
    struct table *table;

    TRY(table_of_admin(c, &table));
    destinations_read(table, &all);
    if (destinations_active(&all) != NULL) {
        return fail(c, &DDB_VALIDATION, WRONG_STATE "EnableKinesisStreamingDestination must be "
                    "DISABLED or ENABLE_FAILED to perform ENABLE operation.");
    }
    destination = place_of(&all, arn);
    destination->status = is_there(c, table, arn) ? DESTINATION_ACTIVE : DESTINATION_FAILED;
    destination->precision = precision_of(configuration);
    destinations_set(table, &all);
    table_save(c, table);
    call_on(c, table_arn(c->arena, table));
    answer(c, table, STR("ENABLING"));
    put_precision(put_struct(c, "EnableKinesisStreamingConfiguration"),
                  precision_of(configuration));
    return OK;
}

/* DisableKinesisStreamingDestination */
status ddb_disable_destination(struct call *c)
{
    struct destination *destination;
    struct destinations all;
    struct table *table;

    if (arg_has(c, "EnableKinesisStreamingConfiguration")) {
        return fail(c, &DDB_VALIDATION, "Stream cannot be disabled using "
                    "EnableKinesisStreamingConfiguration parameters");
    }
    TRY(table_of_admin(c, &table));
    destinations_read(table, &all);
    destination = destinations_find(&all, arg_str(c, "StreamArn"));
    if (destination == NULL || destination->status != DESTINATION_ACTIVE) {
        return fail(c, &DDB_VALIDATION, WRONG_STATE "KinesisStreamingDestination must be ACTIVE "
                    "to perform DISABLE operation.");
    }
    destination->status = DESTINATION_DISABLED;
    destination->precision = PRECISION_UNSAID;
    destinations_set(table, &all);
    table_save(c, table);
    call_on(c, table_arn(c->arena, table));
    answer(c, table, STR("DISABLING"));
    return OK;
}

static status update_check(struct call *c, const struct table *table,
                           const struct destination *destination, uint8_t precision)
{
    struct str arn = arg_str(c, "StreamArn");
    uint8_t before;

    if (destination == NULL) {
        return fail(c, &DDB_VALIDATION, WRONG_STATE "No streaming destination with streamArn: "
                    "%.*s found for table with tableName: %.*s", STR_ARG(arn),
                    STR_ARG(table->name));
    }
    if (destination->status != DESTINATION_ACTIVE) {
        return fail(c, &DDB_VALIDATION, WRONG_STATE "Kinesis streaming is not in ACTIVE state. "
                    "Updates are only allowed in ACTIVE state. TableName: %.*s, StreamArn: %.*s",
                    STR_ARG(table->name), STR_ARG(arn));
    }
    before = destination->precision == PRECISION_UNSAID ? PRECISION_MILLISECOND
                                                        : destination->precision;
    if (before == precision) {
        return fail(c, &DDB_VALIDATION, "Invalid Request: Precision is already set to the desired "
                    "value of %.*s for tableId: %.*s, kdsArn: %.*s",
                    STR_ARG(precision_name(precision)), TABLE_ID_BYTES, table->id, STR_ARG(arn));
    }
    return OK;
}

/* UpdateKinesisStreamingDestination: how exact its moments are. */
status ddb_update_destination(struct call *c)
{
    uint8_t precision = precision_of(arg(c, "UpdateKinesisStreamingConfiguration"));
    struct destination *destination;
    struct destinations all;
    struct table *table;

    if (precision == PRECISION_UNSAID) {
        return fail(c, &DDB_VALIDATION, "Streaming destination cannot be updated with given "
                    "parameters: UpdateKinesisStreamingConfiguration cannot be null or contain "
                    "only null values");
    }
    TRY(table_of_admin(c, &table));
    destinations_read(table, &all);
    destination = destinations_find(&all, arg_str(c, "StreamArn"));
    TRY(update_check(c, table, destination, precision));
    destination->precision = precision;
    destinations_set(table, &all);
    table_save(c, table);
    call_on(c, table_arn(c->arena, table));
    answer(c, table, STR("UPDATING"));
    put_precision(put_struct(c, "UpdateKinesisStreamingConfiguration"), precision);
    return OK;
}

/* DescribeKinesisStreamingDestination */
status ddb_describe_destination(struct call *c)
{
    static const char *const states[] = {
        [DESTINATION_ACTIVE] = "ACTIVE",
        [DESTINATION_DISABLED] = "DISABLED",
        [DESTINATION_FAILED] = "ENABLE_FAILED",
    };
    struct destinations all;
    struct table *table;
    struct value *list;

    TRY(table_of_admin(c, &table));
    destinations_read(table, &all);
    put_str(c, "TableName", arena_dup(c->arena, table->name));
    list = put_list(c, "KinesisDataStreamDestinations", all.count);
    for (size_t i = 0; i < all.count; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "StreamArn", arena_dup(c->arena, all.items[i].arn));
        set_str(item, "DestinationStatus", str_c(states[all.items[i].status]));
        if (all.items[i].status == DESTINATION_FAILED) {
            set_str(item, "DestinationStatusDescription",
                    STR("User does not have a permission to use kinesis stream"));
        }
        put_precision(item, all.items[i].precision);
    }
    return OK;
}
