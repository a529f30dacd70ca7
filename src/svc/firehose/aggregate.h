/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that are several: of the Kinesis Producer Library, of JSON objects one behind the other,
 * of parts with a delimiter between them.
 */
#ifndef WEIR_SVC_FIREHOSE_AGGREGATE_H
#define WEIR_SVC_FIREHOSE_AGGREGATE_H

#include "base/arena.h"
#include "base/str.h"

#define AGGREGATE_RECORDS_MAX 100000

struct sub_record {
    struct str key;      /* its partition key; empty: the table has none such */
    struct str data;     /* its content */
};

/* What the library put into a record; false: it is none of its. Texts lie in data. */
bool aggregate_read(struct str data, struct arena *arena, struct sub_record **ret_records,
                    size_t *ret_count);

/* The next JSON object of *rest; false: there is none, and *rest is empty, or what is there is not
 * one. An object ends with its bracket; what is inside is not looked at. */
bool cut_json(struct str *rest, struct str *ret_part);
/* The next part; false: there is none. Empty parts are passed over. */
bool cut_delimited(struct str *rest, struct str delimiter, struct str *ret_part);

#endif
