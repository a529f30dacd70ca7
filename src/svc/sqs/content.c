/* SPDX-License-Identifier: Apache-2.0
 *
 * What a message says: reading and checking it, its size and its sums. Sources: SendMessage and
 * "Amazon SQS message attributes" (with the algorithm of their MD5), AWS documentation.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/sqs/sqs_rows.h"

#include <stdlib.h>

#define NAME_BYTES_MAX 256
#define ID_BYTES_MAX 128

bool characters_good(struct str body)
{
    for (size_t i = 0; i < body.bytes; i++) {
        unsigned char c = (unsigned char)body.at[i];

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            return false;
        }
        if (c == 0xef && i + 2 < body.bytes && (unsigned char)body.at[i + 1] == 0xbf &&
            (unsigned char)body.at[i + 2] >= 0xbe) { /* U+FFFE, U+FFFF */
            return false;
        }
    }
    return utf8_valid(body);
}

struct str text_md5(struct arena *arena, struct str text)
{
    uint8_t sum[MD5_BYTES];
    char *hex = arena_alloc(arena, 2 * MD5_BYTES);

    md5(text, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, 2 * MD5_BYTES);
}

static void add_sized(struct buf *buf, struct str text)
{
    uint8_t size[4] = {(uint8_t)(text.bytes >> 24), (uint8_t)(text.bytes >> 16),
                       (uint8_t)(text.bytes >> 8), (uint8_t)text.bytes};

    buf_add_bytes(buf, size, sizeof(size));
    buf_add(buf, text);
}

struct str attributes_md5(struct arena *arena, const struct message_attribute *attributes,
                          size_t count)
{
    struct buf buf;
    struct str sum;

    if (count == 0) {
        return STR_NONE;
    }
    buf_init(&buf, 2 * MESSAGE_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        bool binary = str_starts(attributes[i].type, STR("Binary"));

        add_sized(&buf, attributes[i].name);
        add_sized(&buf, attributes[i].type);
        buf_add_c(&buf, binary ? 2 : 1);
        add_sized(&buf, attributes[i].value);
    }
    sum = text_md5(arena, buf_str(&buf));
    buf_done(&buf);
    return sum;
}

size_t content_bytes(const struct content *content)
{
    size_t bytes = content->body.bytes;

    for (size_t i = 0; i < content->attribute_count; i++) {
        bytes += content->attributes[i].name.bytes + content->attributes[i].type.bytes +
                 content->attributes[i].value.bytes;
    }
    return bytes;
}

/* The same before anything is checked: a batch is measured whole. */
size_t unchecked_bytes(const struct value *in)
{
    const struct value *map = get(in, "MessageAttributes");
    size_t bytes = get_str(in, "MessageBody").bytes;

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        const struct value *attribute = &map->pairs[i].value;

        bytes += map->pairs[i].key.bytes + get_str(attribute, "DataType").bytes +
                 get_str(attribute, "StringValue").bytes +
                 get_str(attribute, "BinaryValue").bytes;
    }
    return bytes;
}

/* ---- attributes ---- */

static bool name_good(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];
        bool dot = c == '.';

        if (!dot && c != '_' && c != '-' && !(c >= '0' && c <= '9') &&
            !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
            return false;
        }
        if (dot && (i == 0 || i + 1 == name.bytes || name.at[i - 1] == '.')) {
            return false;
        }
    }
    return name.bytes > 0 && name.bytes <= NAME_BYTES_MAX &&
           !str_starts_nocase(name, STR("aws.")) && !str_starts_nocase(name, STR("amazon."));
}

static bool type_is(struct str type, const char *name)
{
    struct str rest = type;

    return str_eq(str_split(&rest, '.'), str_c(name));
}

/* Up to 38 digits, between -10^128 and 10^126. */
static bool number_good(struct str text)
{
    double number;
    int digits = 0;

    for (size_t i = 0; i < text.bytes && (text.at[i] | 0x20) != 'e'; i++) {
        digits += text.at[i] >= '0' && text.at[i] <= '9';
        if ((text.at[i] | 0x20) >= 'a' && (text.at[i] | 0x20) <= 'z') {
            return false; /* NaN, Infinity */
        }
    }
    if (text.bytes > 0 && text.at[0] == '+') {
        text = str_slice(text, 1, text.bytes);
    }
    return digits <= 38 && str_to_double(text, &number) && number >= -1e128 && number <= 1e126;
}

static status attribute_read(struct call *c, const struct pair *pair,
                             struct message_attribute *attribute)
{
    const struct value *in = &pair->value;

    attribute->name = pair->key;
    attribute->type = get_str(in, "DataType");
    if (!name_good(pair->key)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Message (user) attribute name '%.*s' is invalid: it has 1 to 256 characters "
                    "of A-Z, a-z, 0-9, underscore, hyphen and period.",
                    STR_ARG(str_slice(pair->key, 0, 300)));
    }
    if (attribute->type.bytes == 0) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The message attribute '%.*s' must contain a non-empty message attribute type.",
                    STR_ARG(pair->key));
    }
    bool binary = type_is(attribute->type, "Binary");

    if (has(in, "StringListValues") || has(in, "BinaryListValues")) {
        return fail(c, &SQS_UNSUPPORTED,
                    "Message attribute list values in SendMessage operation are not supported.");
    }
    if ((!binary && !type_is(attribute->type, "String") && !type_is(attribute->type, "Number")) ||
        attribute->type.bytes > NAME_BYTES_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The message attribute '%.*s' has an invalid message attribute type, the set "
                    "of supported type prefixes is Binary, Number, and String.",
                    STR_ARG(pair->key));
    }
    attribute->value = get_str(in, binary ? "BinaryValue" : "StringValue");
    if (attribute->value.bytes == 0) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The message attribute '%.*s' must contain a non-empty message attribute value "
                    "for message attribute type '%.*s'.", STR_ARG(pair->key),
                    STR_ARG(attribute->type));
    }
    if (type_is(attribute->type, "Number") && !number_good(attribute->value)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Can't cast the value of message attribute '%.*s' to a number.",
                    STR_ARG(pair->key));
    }
    if (!binary && !characters_good(attribute->value)) {
        return fail(c, &SQS_BAD_CONTENTS, "Invalid characters found in message attribute '%.*s'.",
                    STR_ARG(pair->key));
    }
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct message_attribute *)a)->name,
                   ((const struct message_attribute *)b)->name);
}

void attributes_sort(struct message_attribute *attributes, size_t count)
{
    if (count > 1) {
        qsort(attributes, count, sizeof(*attributes), by_name);
    }
}

static status attributes_read(struct call *c, const struct value *map, struct content *content)
{
    struct message_attribute *attributes;

    if (map == NULL || map->count == 0) {
        return OK;
    }
    if (map->count > ATTRIBUTES_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Number of message attributes [%u] exceeds the allowed maximum [%d].",
                    map->count, ATTRIBUTES_MAX);
    }
    attributes = arena_zero(c->arena, map->count * sizeof(*attributes));
    for (uint32_t i = 0; i < map->count; i++) {
        TRY(attribute_read(c, &map->pairs[i], &attributes[i]));
    }
    attributes_sort(attributes, map->count);
    content->attributes = attributes;
    content->attribute_count = map->count;
    return OK;
}

static status system_read(struct call *c, const struct value *map, struct content *content)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        struct message_attribute attribute;

        if (!str_eq(map->pairs[i].key, STR("AWSTraceHeader"))) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "Message system attribute name '%.*s' is invalid.",
                        STR_ARG(str_slice(map->pairs[i].key, 0, 256)));
        }
        attribute.type = get_str(&map->pairs[i].value, "DataType");
        if (!str_eq(attribute.type, STR("String"))) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "The message system attribute 'AWSTraceHeader' must be of type String.");
        }
        content->trace = get_str(&map->pairs[i].value, "StringValue");
        if (content->trace.bytes == 0 || !characters_good(content->trace)) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "The message system attribute 'AWSTraceHeader' must contain a non-empty "
                        "message system attribute value for message system attribute type "
                        "'String'.");
        }
    }
    return OK;
}

/* ---- FIFO's fields ---- */

bool id_good(struct str id)
{
    for (size_t i = 0; i < id.bytes; i++) {
        if (id.at[i] <= ' ' || id.at[i] > '~') {
            return false;
        }
    }
    return id.bytes > 0 && id.bytes <= ID_BYTES_MAX;
}

static status bad_id(struct call *c, const char *name, struct str value)
{
    return fail(c, &SQS_BAD_PARAMETER,
                "Value %.*s for parameter %s is invalid. Reason: %s can only include alphanumeric "
                "and punctuation characters. 1 to 128 in length.",
                STR_ARG(str_slice(value, 0, 256)), name, name);
}

static status fifo_read(struct call *c, const struct queue *queue, const struct value *in,
                        struct content *content)
{
    if (has(in, "MessageGroupId")) {
        content->group = get_str(in, "MessageGroupId");
        if (!id_good(content->group)) {
            return bad_id(c, "MessageGroupId", content->group);
        }
    }
    if (has(in, "MessageDeduplicationId")) {
        content->deduplication = get_str(in, "MessageDeduplicationId");
        if (!queue->fifo) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "Value %.*s for parameter MessageDeduplicationId is invalid. Reason: The "
                        "request includes a parameter that is not valid for this queue type.",
                        STR_ARG(str_slice(content->deduplication, 0, 256)));
        }
        if (!id_good(content->deduplication)) {
            return bad_id(c, "MessageDeduplicationId", content->deduplication);
        }
    }
    if (!queue->fifo) {
        return OK;
    }
    if (content->group.at == NULL) {
        return fail(c, &SQS_MISSING_PARAMETER,
                    "The request must contain the parameter MessageGroupId.");
    }
    if (content->deduplication.at == NULL && !queue->content_dedup) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The queue should either have ContentBasedDeduplication enabled or "
                    "MessageDeduplicationId provided explicitly");
    }
    if (get_int(in, "DelaySeconds", 0) != 0) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter DelaySeconds is invalid. Reason: The request include "
                    "parameter that is not valid for this queue type.",
                    (long long)get_int(in, "DelaySeconds", 0));
    }
    return OK;
}

status content_read(struct call *c, const struct queue *queue, const struct value *in,
                    struct content *ret_content)
{
    struct content content = {.body = get_str(in, "MessageBody"), .sender = c->account};
    int64_t delay = get_int(in, "DelaySeconds", 0);

    if (content.body.bytes == 0) {
        return fail(c, &SQS_MISSING_PARAMETER,
                    "The request must contain the parameter MessageBody.");
    }
    if (!characters_good(content.body)) {
        return fail(c, &SQS_BAD_CONTENTS,
                    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | "
                    "#x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
    }
    if (delay < 0 || delay > DELAY_SECONDS_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter DelaySeconds is invalid. Reason: DelaySeconds must "
                    "be >= 0 and <= %d.", (long long)delay, DELAY_SECONDS_MAX);
    }
    TRY(attributes_read(c, get(in, "MessageAttributes"), &content));
    TRY(system_read(c, get(in, "MessageSystemAttributes"), &content));
    TRY(fifo_read(c, queue, in, &content));
    if (content_bytes(&content) > queue->message_bytes_max) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "One or more parameters are invalid. Reason: Message must be shorter than %u "
                    "bytes.", queue->message_bytes_max);
    }
    *ret_content = content;
    return OK;
}
