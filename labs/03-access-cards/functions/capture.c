/* SPDX-License-Identifier: Apache-2.0
 *
 * The stream of exit scans into the event store: a record, an object. What is sent twice has the
 * same key and stays one object. What is no scan is kept as well, under exit-invalid/, for nothing
 * that a device was thanked for may vanish. At the first record that cannot be kept it stops and
 * says which one it was: the shard goes on from there.
 */
#include "lab.h"

#include <stdio.h>

static struct weir_buf text; /* a record, if it had escapes */
static struct weir_buf data; /* its bytes */

static bool keep(const struct weir_invocation *in, struct weir_text record)
{
    struct weir_text scan;
    struct weir_text at;
    struct weir_text id;
    char key[160];

    weir_buf_clear(&text);
    weir_buf_clear(&data);
    if (!weir_base64_decode(&data,
                            weir_json_string(weir_json_get(record, "kinesis.data"), &text))) {
        return false;
    }
    scan = weir_buf_text(&data);
    at = lab_plain(scan, "at");
    id = lab_plain(scan, "scan");
    if (weir_json_check(scan) && lab_is_moment(at) && lab_is_id(id) &&
        lab_is_id(lab_plain(scan, "card"))) {
        lab_key(key, "exit", at, id);
    } else {
        struct weir_text sequence = lab_plain(record, "kinesis.sequenceNumber");
        (void)snprintf(key, sizeof key, "exit-invalid/%.*s", WEIR_ARG(sequence));
        weir_lambda_log(in, WEIR_WARN, "%s is no scan", key);
    }
    return lab_put_event(in, key, scan) != LAB_PUT_FAILED;
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));

    while (weir_json_next(&each)) {
        if (!keep(in, each.value)) {
            weir_json_add(&in->answer, "{'batchItemFailures':[{'itemIdentifier':%j}]}",
                          weir_json_get(each.value, "kinesis.sequenceNumber"));
            return;
        }
    }
    weir_json_add(&in->answer, "{'batchItemFailures':[]}");
}

int main(void)
{
    weir_buf_init(&text, 2u << 20);
    weir_buf_init(&data, 2u << 20);
    return lab_run(handle);
}
