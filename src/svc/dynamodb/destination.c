/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis streaming destinations: what a table keeps of them, and what they get.
 *
 *   EXTRA_DESTINATIONS  u8 version = 1, then for each, newest first: str ARN, u8 status,
 *                       u8 precision
 *
 * Rules
 *  1. At most one destination of a table is active. What failed or was disabled stays in the list,
 *     as on AWS, and is forgotten from its end.
 *  2. Each change of an item is handed to the active one in the entry that makes the change. A
 *     stream that is gone, or a change too large for it, does not stop the change: its hop tells.
 */
#include "svc/dynamodb/destination.h"

#include "base/codec.h"
#include "base/digest.h"
#include "bus/sink.h"
#include "svc/dynamodb/number.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1
#define PACKED_BYTES_MAX (DESTINATIONS_MAX * 1100u)
#define RECORD_BYTES_MAX (128u << 20) /* two items of 400 KiB, however they are escaped */
#define HEAD_BYTES_MAX (32u * 1024)   /* of a record beside its images: keys, names */
#define TAKEN_BYTES_MAX (11u << 20)   /* no stream takes more than 10 MiB */
#define EVENT_ID_BYTES 36
#define PARTITION_KEY_BYTES (2 * MD5_BYTES)

/* ---- what is kept ---- */

void destinations_read(const struct table *table, struct destinations *ret_all)
{
    struct cursor cursor = cursor_of(table->extras[EXTRA_DESTINATIONS]);
    bool known = cursor.rest.bytes > 0 && read_u8(&cursor) == VERSION;

    ret_all->count = 0;
    while (known && cursor.rest.bytes > 0 && ret_all->count < DESTINATIONS_MAX) {
        struct destination *one = &ret_all->items[ret_all->count++];

        one->arn = read_str(&cursor);
        one->status = read_u8(&cursor);
        one->precision = read_u8(&cursor);
        assert(cursor_ok(&cursor));
    }
}

void destinations_set(struct table *table, const struct destinations *all)
{
    struct buf packed;

    buf_init(&packed, PACKED_BYTES_MAX);
    write_u8(&packed, VERSION);
    for (size_t i = 0; i < all->count; i++) {
        write_str(&packed, all->items[i].arn);
        write_u8(&packed, all->items[i].status);
        write_u8(&packed, all->items[i].precision);
    }
    assert(!buf_spent(&packed));
    text_set(&table->extras[EXTRA_DESTINATIONS], buf_str(&packed));
    buf_done(&packed);
}

struct destination *destinations_find(struct destinations *all, struct str arn)
{
    for (size_t i = 0; i < all->count; i++) {
        if (str_eq(all->items[i].arn, arn)) {
            return &all->items[i];
        }
    }
    return NULL;
}

const struct destination *destinations_active(const struct destinations *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].status == DESTINATION_ACTIVE) {
            return &all->items[i];
        }
    }
    return NULL;
}

/* ---- what they get ---- */

/* A change on its way to one. */
struct streaming {
    const struct table *table;             /* whose */
    const struct changed *changed;         /* what happened */
    const struct destination *destination; /* to whom */
    struct item keys;                      /* of the item */
};

/* A version 4 UUID, as AWS's are. */
static void add_event_id(struct call *c, struct buf *text)
{
    char id[EVENT_ID_BYTES];

    rand_uuid(c->rand, id);
    buf_add(text, STR(",\"eventID\":\""));
    buf_add_bytes(text, id, sizeof(id));
    buf_add_c(text, '"');
}

/* A map of attribute values is written as GetItem writes one. */
static void add_image(struct call *c, struct buf *text, const char *name, const struct item *item)
{
    const struct operation *shaped =
        model_operation(model_service(STR("dynamodb")), STR("GetItem"));
    struct value *holder = value_struct(c->arena, shaped->output);

    item_to_value(c->arena, item, holder, "Item");
    buf_printf(text, ",\"%s\":", name);
    json_write(text, get(holder, "Item"), TIME_EPOCH);
}

static void add_change(struct call *c, struct buf *text, const struct streaming *streaming)
{
    const struct changed *changed = streaming->changed;
    uint8_t precision = streaming->destination->precision;
    int64_t at = changed->at_ms * (precision == PRECISION_MICROSECOND ? 1000 : 1);
    size_t bytes = streaming->keys.bytes;

    buf_printf(text, ",\"dynamodb\":{\"ApproximateCreationDateTime\":%lld", (long long)at);
    add_image(c, text, "Keys", &streaming->keys);
    if (changed->exists) {
        add_image(c, text, "NewImage", &changed->item);
        bytes += changed->item.bytes;
    }
    if (changed->existed) {
        add_image(c, text, "OldImage", &changed->old);
        bytes += changed->old.bytes;
    }
    buf_printf(text, ",\"SizeBytes\":%zu", bytes);
    if (precision != PRECISION_UNSAID) {
        buf_printf(text, ",\"ApproximateCreationDateTimePrecision\":\"%.*s\"",
                   STR_ARG(precision_name(precision)));
    }
    buf_add_c(text, '}');
}

/* Field by field, and in the order, as AWS's records are. */
static void add_record(struct call *c, struct buf *text, const struct streaming *streaming)
{
    buf_printf(text, "{\"awsRegion\":\"%.*s\"", STR_ARG(streaming->table->region));
    add_event_id(c, text);
    buf_printf(text, ",\"eventName\":\"%s\",\"userIdentity\":%s",
               !streaming->changed->existed  ? "INSERT"
               : streaming->changed->exists ? "MODIFY"
                                            : "REMOVE",
               streaming->changed->expired
                   ? "{\"type\":\"Service\",\"principalId\":\"dynamodb.amazonaws.com\"}"
                   : "null");
    buf_printf(text, ",\"recordFormat\":\"application/json\",\"tableName\":\"%.*s\"",
               STR_ARG(streaming->table->name));
    add_change(c, text, streaming);
    buf_add(text, STR(",\"eventSource\":\"aws:dynamodb\"}"));
}

/* Changes of one item go to one shard: 32 digits that its key says. */
static struct str partition_key(struct arena *arena, struct str suffix)
{
    static const char digits[] = "0123456789ABCDEF";
    char *key = arena_alloc(arena, PARTITION_KEY_BYTES);
    uint8_t sum[MD5_BYTES];

    md5(suffix, sum);
    for (size_t i = 0; i < MD5_BYTES; i++) {
        key[2 * i] = digits[sum[i] >> 4];
        key[2 * i + 1] = digits[sum[i] & 0xf];
    }
    return str_of(key, PARTITION_KEY_BYTES);
}

/* What traces find it by: "hash", "hash/range"; binary keys are left out. */
static struct str key_text(struct arena *arena, const struct key_schema *schema,
                           const struct item *keys)
{
    struct str text = STR_NONE;

    for (uint8_t i = 0; i < schema->count; i++) {
        struct datum part = datum_find(keys->attributes, schema->names[i]);
        char digits[NUMBER_TEXT_BYTES_MAX];
        struct str word = part.type == DATUM_S ? part.body : STR_NONE;
        struct number number;

        if (part.type == DATUM_N && number_unpack(part.body, &number)) {
            word = str_of(digits, number_text(&number, digits));
        }
        text = arena_printf(arena, "%.*s%s%.*s", STR_ARG(text), i > 0 ? "/" : "", STR_ARG(word));
    }
    return text;
}

/* ---- how long a record will be, before it is written ---- */

static size_t quoted_bytes(struct str text)
{
    size_t bytes = 2 + text.bytes;

    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char letter = (unsigned char)text.at[i];

        bytes += letter < 0x20 ? 5 : letter == '"' || letter == '\\';
    }
    return bytes;
}

/* At most, as a scalar attribute value. Recursion ends at DATUM_DEPTH_MAX, with the item. */
static size_t scalar_bytes(struct datum datum)
{
    switch ((enum datum_type)datum.type) {
    case DATUM_S:
        return quoted_bytes(datum.body);
    case DATUM_B:
        return 2 + base64_encoded_bytes(datum.body.bytes);
    default:
        return 2 + NUMBER_TEXT_BYTES_MAX;
    }
}

static size_t image_bytes(struct str attributes);

static size_t value_bytes(struct datum datum)
{
    struct cursor cursor = cursor_of(datum.body);
    size_t bytes = sizeof("{\"BOOL\":[]},");

    if (datum.type == DATUM_M) {
        return bytes + image_bytes(datum.body);
    }
    if (datum.type != DATUM_L && !datum_is_set(datum.type)) {
        return bytes + scalar_bytes(datum);
    }
    while (cursor.rest.bytes > 0) {
        bytes += datum.type == DATUM_L ? value_bytes(datum_read(&cursor))
                                       : 1 + scalar_bytes(datum_read_member(&cursor, datum.type));
    }
    return bytes;
}

static size_t image_bytes(struct str attributes)
{
    struct cursor cursor = cursor_of(attributes);
    size_t bytes = 2;

    while (cursor.rest.bytes > 0) {
        struct str name;
        struct datum datum = datum_read_pair(&cursor, &name);

        bytes += quoted_bytes(name) + 2 + value_bytes(datum);
    }
    return bytes;
}

size_t destinations_weight(const struct table *table, const struct item *old,
                           const struct item *item)
{
    struct destinations all;
    size_t bytes;

    destinations_read(table, &all);
    if (destinations_active(&all) == NULL) {
        return 0;
    }
    bytes = HEAD_BYTES_MAX + image_bytes(old->attributes) + image_bytes(item->attributes);
    return bytes < TAKEN_BYTES_MAX ? bytes : 0;
}

/* ---- telling ---- */

struct bus_event destination_event(struct call *c, const struct table *table, struct str arn)
{
    return (struct bus_event){
        .target = arn, .source = table_arn(c->arena, table), .account = table->account,
        .principal = STR("dynamodb.amazonaws.com")};
}

void destinations_tell(struct call *c, const struct table *table, const struct changed *changed)
{
    struct destinations all;
    struct streaming streaming = {.table = table, .changed = changed};
    struct bus_event event;
    struct buf text;

    if (table->extras[EXTRA_DESTINATIONS].bytes == 0) {
        return;
    }
    destinations_read(table, &all);
    streaming.destination = destinations_active(&all);
    if (streaming.destination == NULL) {
        return;
    }
    streaming.keys = item_of_suffix(c->arena, &table->schema, changed->suffix);
    event = destination_event(c, table, arena_dup(c->arena, streaming.destination->arn));
    buf_init(&text, RECORD_BYTES_MAX);
    add_record(c, &text, &streaming);
    assert(!buf_spent(&text));
    event.body = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    event.key = partition_key(c->arena, changed->suffix);
    event.about = key_text(c->arena, &table->schema, &streaming.keys);
    if (bus_send(c, &event) != OK) {
        c->why = (struct why){0}; /* the hop tells; the change goes on */
    }
}
