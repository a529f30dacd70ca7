/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis streaming destinations of tables.
 */
#ifndef WEIR_SVC_DYNAMODB_DESTINATION_H
#define WEIR_SVC_DYNAMODB_DESTINATION_H

#include "svc/dynamodb/change.h"

#define DESTINATIONS_MAX 20 /* kept of a table; one of them is active */

enum destination_status { DESTINATION_ACTIVE, DESTINATION_DISABLED, DESTINATION_FAILED };

/* ApproximateCreationDateTimePrecision; not said: milliseconds. */
enum precision { PRECISION_UNSAID, PRECISION_MILLISECOND, PRECISION_MICROSECOND };

struct destination {
    struct str arn;    /* of the stream */
    uint8_t status;    /* enum destination_status */
    uint8_t precision; /* enum precision */
};

struct destinations {
    struct destination items[DESTINATIONS_MAX]; /* newest first */
    size_t count;                               /* of them */
};

/* Texts lie in the table's. */
void destinations_read(const struct table *table, struct destinations *ret_all);
/* In memory; the table is still to be saved. */
void destinations_set(struct table *table, const struct destinations *all);
struct destination *destinations_find(struct destinations *all, struct str arn); /* NULL: none */
const struct destination *destinations_active(const struct destinations *all);   /* NULL: none */
/* "MICROSECOND"; empty: not said. */
struct str precision_name(uint8_t precision);

/* An event of the table's for a stream, without what it says. */
struct bus_event;
struct bus_event destination_event(struct call *c, const struct table *table, struct str arn);
/* How many bytes, about and at most, a change will have the active destination take. */
size_t destinations_weight(const struct table *table, const struct item *old,
                           const struct item *item);
/* Hands a change to the active destination, if any. changed->item is there whenever the item is. */
void destinations_tell(struct call *c, const struct table *table, const struct changed *changed);

#endif
