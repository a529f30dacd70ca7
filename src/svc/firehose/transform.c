/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer is {"records": [{"recordId", "result", "data", "metadata": {"partitionKeys": {…}}},
 * …]}, in any order. What is wrong with it is wrong with the records that it does not give.
 */
#include "svc/firehose/transform.h"

#include "base/codec.h"
#include "wire/json.h"

#define ITEM_BYTES 560 /* around an item's data and key */

void item_fail(struct item *item, const char *code, struct str message)
{
    item->state = ITEM_FAILED;
    item->code = code;
    item->message = message;
}

size_t transform_bytes(const struct item *item)
{
    return ITEM_BYTES + base64_encoded_bytes(item->data.bytes) +
           2 * item->from->origin.key.bytes;
}

static void add_origin(struct buf *payload, const struct item *item)
{
    const struct origin *origin = &item->from->origin;

    buf_add(payload, STR(",\"kinesisRecordMetadata\":{\"sequenceNumber\":"));
    json_write_str(payload, origin->sequence);
    buf_printf(payload, ",\"subsequenceNumber\":%llu,\"partitionKey\":",
               (unsigned long long)origin->sub_sequence);
    json_write_str(payload, origin->key);
    buf_add(payload, STR(",\"shardId\":"));
    json_write_str(payload, origin->shard);
    buf_printf(payload, ",\"approximateArrivalTimestamp\":%lld}", (long long)item->from->at_ms);
}

void transform_payload(struct buf *payload, const struct transform_ask *ask)
{
    buf_printf(payload, "{\"invocationId\":\"%.36s\",", ask->invocation);
    if (ask->source.bytes > 0) {
        buf_add(payload, STR("\"sourceKinesisStreamArn\":"));
        json_write_str(payload, ask->source);
        buf_add_c(payload, ',');
    }
    buf_add(payload, STR("\"deliveryStreamArn\":"));
    json_write_str(payload, ask->arn);
    buf_add(payload, STR(",\"region\":"));
    json_write_str(payload, ask->region);
    buf_add(payload, STR(",\"records\":["));
    for (size_t i = 0; i < ask->count; i++) {
        const struct item *item = &ask->items[i];

        buf_add(payload, i == 0 ? STR("{\"recordId\":\"") : STR(",{\"recordId\":\""));
        buf_add(payload, item->id);
        buf_printf(payload, "\",\"approximateArrivalTimestamp\":%lld,\"data\":\"",
                   (long long)item->from->at_ms);
        buf_add_base64(payload, item->data);
        buf_add_c(payload, '"');
        if (item->from->origin.shard.bytes > 0) {
            add_origin(payload, item);
        }
        buf_add_c(payload, '}');
    }
    buf_add(payload, STR("]}"));
}

/* ---- answers ---- */

static const struct value *member(const struct value *document, const char *name, uint8_t kind)
{
    const struct value *found =
        document == NULL || document->kind != VALUE_MAP ? NULL : map_find(document, str_c(name));

    return found == NULL || found->kind != kind ? NULL : found;
}

static void unreadable(struct item *item)
{
    item_fail(item, "Lambda.JsonProcessingException",
              STR("There was an error parsing returned records from the Lambda function. Ensure "
                  "that the returned records follow the status model required by Amazon Data "
                  "Firehose."));
}

static bool take_data(const struct value *record, struct arena *arena, struct item *item)
{
    const struct value *data = member(record, "data", VALUE_STR);
    char *plain;
    size_t bytes;

    if (data == NULL) {
        return false;
    }
    plain = arena_try(arena, data->str.bytes + 1);
    if (plain == NULL || !base64_decode(data->str, plain, &bytes)) {
        return false;
    }
    item->data = str_of(plain, bytes);
    return true;
}

static void take_record(const struct value *record, struct arena *arena, struct item *item)
{
    const struct value *result = member(record, "result", VALUE_STR);

    if (result == NULL) {
        unreadable(item);
    } else if (str_eq(result->str, STR("Dropped"))) {
        item->state = ITEM_DROPPED;
    } else if (str_eq(result->str, STR("ProcessingFailed"))) {
        item_fail(item, "Lambda.ProcessingFailedStatus",
                  STR("ProcessingFailed status set for record"));
    } else if (!str_eq(result->str, STR("Ok")) || !take_data(record, arena, item)) {
        unreadable(item);
    } else {
        item->state = ITEM_GOOD;
        item->keys_of_function =
            member(member(record, "metadata", VALUE_MAP), "partitionKeys", VALUE_MAP);
    }
}

static const char missing[] = "Lambda.MissingRecordId";

/* Until its record is found an item is missing. */
static void all_missing(struct item *items, size_t count, struct map *by_id)
{
    for (size_t i = 0; i < count; i++) {
        item_fail(&items[i], missing,
                  STR("One or more record Ids were not returned. Ensure that the Lambda function "
                      "returns all received record Ids."));
        (void)map_set(by_id, items[i].id, &items[i], NULL);
    }
}

void transform_answer(struct str answer, struct arena *arena, struct item *items, size_t count)
{
    struct map *by_id = map_new(count + 1);
    const struct value *records;
    struct value document;
    struct why why;

    all_missing(items, count, by_id);
    records = json_read(answer, 0, arena, &why, &document) == OK
                  ? member(&document, "records", VALUE_LIST)
                  : NULL;
    for (size_t i = 0; records == NULL && i < count; i++) {
        unreadable(&items[i]);
    }
    for (uint32_t i = 0; records != NULL && i < records->count; i++) {
        const struct value *id = member(&records->items[i], "recordId", VALUE_STR);
        struct item *item = id == NULL ? NULL : map_get(by_id, id->str);

        if (item != NULL && item->code == missing) {
            item->code = NULL;
            take_record(&records->items[i], arena, item);
        } else if (item != NULL) {
            item_fail(item, "Lambda.DuplicatedRecordId",
                      STR("Multiple records were returned with the same record ID. Ensure that the "
                          "Lambda function returns unique record IDs for each record."));
        }
    }
    map_free(by_id);
}
