/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams as sources: changes of items on their way to a function, as the event of an event source
 * mapping has them. A stream rings as its table, whose ARN its own begins with. Source: Lambda
 * developer guide, "Using AWS Lambda with Amazon DynamoDB".
 */
#include "bus/source.h"

#include "base/codec.h"
#include "bus/sink.h"
#include "svc/dynamodb/number.h"
#include "svc/dynamodb/stream.h"
#include "svc/dynamodb/tables.h"
#include "wire/json.h"

#include <assert.h>

#define TEXT_BYTES_MAX (32u << 20)
#define LOOK_MAX 20000        /* records looked at by one read */
#define LOOK_BYTES_MAX (32u << 20)

static struct str bell(struct str arn)
{
    return str_slice(arn, 0, str_find_str(arn, STR("/stream/")));
}

static status find(struct call *c, struct str arn, struct stream_place *ret_place)
{
    return stream_of_arn(c, arn, ret_place) == OK ? OK : &BUS_NO_TARGET;
}

static status about(struct call *c, struct str arn, struct source_about *ret_about)
{
    struct stream_place place;

    TRY(find(c, arn, &place));
    *ret_about = (struct source_about){.kind = SOURCE_SHARDS};
    return OK;
}

/* ---- shards ---- */

static status shards(struct call *c, struct str arn, struct source_shard **ret_shards,
                     size_t *ret_count)
{
    struct stream_shard known[STREAM_SHARDS_MAX];
    struct source_shard *listed;
    struct stream_place place;
    size_t count;

    TRY(find(c, arn, &place));
    TRY(stream_shards(c, &place, known, &count));
    listed = arena_zero(c->arena, (count + 1) * sizeof(*listed));
    for (size_t i = 0; i < count; i++) {
        listed[i].id = stream_shard_id(c->arena, &place, known[i].number);
        listed[i].number = known[i].number;
        listed[i].closed = !known[i].open;
        listed[i].parent_count = known[i].number > 0;
        listed[i].parents[0] = known[i].number > 0 ? known[i].number - 1 : 0;
    }
    *ret_shards = listed;
    *ret_count = count;
    return OK;
}

static status shard_numbered(struct call *c, struct str arn, uint64_t number,
                             struct stream_shard *ret_shard)
{
    struct stream_place place;

    TRY(find(c, arn, &place));
    return stream_shard_numbered(c, &place, number, ret_shard) == OK ? OK : &BUS_NO_TARGET;
}

static status seek(struct call *c, struct str arn, uint64_t number,
                   const struct source_start *start, uint64_t *ret_next)
{
    struct stream_shard shard;
    uint64_t next;
    uint64_t horizon;

    TRY(shard_numbered(c, arn, number, &shard));
    TRY(stream_shard_horizon(c, &shard, &horizon));
    next = start->from == SOURCE_LATEST ? shard.last + 1 : horizon;
    if (start->from == SOURCE_AT_TIME) {
        TRY(txn_log_seek(c->txn, shard.place.table->log, start->at_ms, &next));
        next = next > horizon ? next : horizon;
    }
    *ret_next = next <= shard.last ? next : shard.last + 1;
    return OK;
}

/* ---- records ---- */

/* The value of the partition key, as people write it. */
static struct str key_text(struct call *c, const struct table *table, struct str suffix)
{
    struct item keys = item_of_suffix(c->arena, &table->schema, suffix);
    struct datum hash = datum_find(keys.attributes, table->schema.names[0]);
    struct number number;
    char *text;

    if (hash.type == DATUM_S) {
        return hash.body;
    }
    if (hash.type == DATUM_N && number_unpack(hash.body, &number)) {
        text = arena_alloc(c->arena, NUMBER_TEXT_BYTES_MAX);
        return str_of(text, number_text(&number, text));
    }
    text = arena_alloc(c->arena, base64_encoded_bytes(hash.body.bytes) + 1);
    base64_encode(hash.body, text);
    return str_of(text, base64_encoded_bytes(hash.body.bytes));
}

/* The model's record, with whose stream it is of, and who deleted it in a function's letters. */
static void add_record(struct buf *text, const struct value *record, const struct source_ask *ask,
                       bool expired)
{
    buf_clear(text);
    json_write(text, record, TIME_EPOCH);
    assert(text->spent || text->at[text->bytes - 1] == '}');
    text->bytes -= text->spent ? 0 : 1;
    if (expired) {
        buf_add(text, STR(",\"userIdentity\":{\"type\":\"Service\","
                          "\"principalId\":\"dynamodb.amazonaws.com\"}"));
    }
    buf_add(text, STR(",\"eventSourceARN\":"));
    json_write_str(text, ask->arn);
    buf_add_c(text, '}');
}

/* A read on its way. */
struct reader {
    const struct source_ask *ask;      /* what is wanted */
    struct stream_shard shard;         /* of which */
    struct source_record *at;          /* where records go */
    size_t count;                      /* given so far */
    uint64_t bytes;                    /* of their texts */
    struct buf text;                   /* of one of them */
};

static uint32_t record_shape(void)
{
    static uint32_t shape; /* the same for ever */

    if (shape == 0) {
        const struct operation *get_records =
            model_operation(model_service(STR("dynamodbstreams")), STR("GetRecords"));
        const struct shape *output = model_shape(get_records->output);
        int index = model_member_index(output, STR("Records"));

        assert(index >= 0);
        output = model_shape(model_members[output->first + (uint32_t)index].shape);
        shape = model_members[output->first].shape;
    }
    return shape;
}

/* False: it does not fit any more. */
static bool give(struct call *c, struct reader *reader, const struct log_record *stored,
                 struct changed *changed, struct str key)
{
    struct value *record = value_struct(c->arena, record_shape());
    struct stream_telling telling = {&reader->shard.place, changed, stored->sequence,
                                     stored->at_ms};
    bool expired = changed->expired;

    changed->expired = false; /* said in other letters */
    stream_record_put(c, record, &telling);
    changed->expired = expired;
    add_record(&reader->text, record, reader->ask, expired);
    if (reader->count > 0 && reader->bytes + reader->text.bytes > reader->ask->bytes_max) {
        return false;
    }
    reader->bytes += reader->text.bytes;
    reader->at[reader->count++] = (struct source_record){
        .text = arena_dup(c->arena, buf_str(&reader->text)),
        .id = stream_sequence_text(c->arena, (struct stream_sequence){stored->sequence, 0}),
        .key = key,
        .number = stored->sequence,
        .at_ms = stored->at_ms,
    };
    return true;
}

static status read_some(struct call *c, struct reader *reader, struct source_reading *reading,
                        size_t count, bool *ret_more)
{
    struct log_record *records = arena_alloc(c->arena, (count + 1) * sizeof(*records));
    const struct table *table = reader->shard.place.table;
    struct log_range range = {table->log, reading->next, count, LOOK_BYTES_MAX};
    const struct source_ask *ask = reader->ask;
    size_t got = 0;

    TRY(txn_log_read(c->txn, &range, records, &got));
    *ret_more = got > 0;
    for (size_t i = 0; i < got; i++) {
        struct changed changed;
        struct str key;

        if (!change_read(records[i].data, &changed)) {
            return &ERR_CORRUPT;
        }
        key = key_text(c, table, changed.suffix);
        if ((ask->wanted == NULL || ask->wanted(ask->arg, key)) &&
            !give(c, reader, &records[i], &changed, key)) {
            *ret_more = false;
            return OK;
        }
        reading->next = records[i].sequence + 1;
    }
    return OK;
}

static status read_all(struct call *c, struct reader *reader, struct source_reading *reading,
                       uint64_t end)
{
    size_t looked = 0;
    bool more = true;

    while (more && reader->count < reader->ask->count_max && reading->next < end &&
           looked < LOOK_MAX) {
        uint64_t count = reader->ask->count_max - reader->count;

        count = count < end - reading->next ? count : end - reading->next;
        TRY(read_some(c, reader, reading, (size_t)count, &more));
        looked += (size_t)count;
    }
    return OK;
}

static status read_shard(struct call *c, const struct source_ask *ask,
                         struct source_reading *reading, struct source_record *ret_records,
                         size_t *ret_count)
{
    struct reader reader = {.ask = ask, .at = ret_records};
    const struct stream_shard *shard = &reader.shard;
    uint64_t horizon;
    uint64_t end;
    status read;

    TRY(shard_numbered(c, ask->arn, reading->shard, &reader.shard));
    TRY(stream_shard_horizon(c, shard, &horizon));
    reading->lost = reading->next < horizon ? horizon - reading->next : 0;
    reading->next += reading->lost;
    end = reading->before != 0 && reading->before <= shard->last ? reading->before
                                                                 : shard->last + 1;
    buf_init(&reader.text, TEXT_BYTES_MAX);
    read = read_all(c, &reader, reading, end);
    buf_done(&reader.text);
    reading->there = end > reading->next ? end - reading->next : 0;
    reading->ended = !shard->open && reading->next > shard->last;
    reading->until_ms = shard->open ? shard->to_ms : INT64_MAX;
    *ret_count = reader.count;
    return read;
}

const struct source dynamodb_source = {
    .service = "dynamodb",
    .kind = SOURCE_SHARDS,
    .bell = bell,
    .about = about,
    .shards = shards,
    .seek = seek,
    .read = read_shard,
};
