/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages: reading what is to be published, checking it, and keeping it in an archive. Source:
 * Publish, Amazon SNS API reference.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/time.h"
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#define NAME_BYTES_MAX 256
#define ID_BYTES_MAX 128
#define VERSION 1

struct str number_text(struct arena *arena, uint64_t number)
{
    return arena_printf(arena, "1%019llu", (unsigned long long)number);
}

size_t message_bytes_of(const struct value *in)
{
    const struct value *map = get(in, "MessageAttributes");
    size_t bytes = get_str(in, "Message").bytes;

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        const struct value *value = &map->pairs[i].value;

        bytes += map->pairs[i].key.bytes + get_str(value, "DataType").bytes +
                 get_str(value, "StringValue").bytes + get_str(value, "BinaryValue").bytes;
    }
    return bytes;
}

struct str message_text_for(const struct message *message, uint8_t protocol)
{
    const struct value *own =
        message->texts == NULL ? NULL : map_find(message->texts, protocol_text(protocol));

    return own != NULL && own->kind == VALUE_STR ? own->str : message->text;
}

/* ---- attributes ---- */

static status name_check(struct call *c, struct str name)
{
    if (name.bytes == 0 || name.bytes >= NAME_BYTES_MAX) {
        return fail(c, &SNS_BAD_VALUE,
                    "Length of message attribute name must be less than 256 bytes.");
    }
    for (size_t i = 0; i < name.bytes; i++) {
        unsigned char ch = (unsigned char)name.at[i];

        if (ch != '.' && ch != '_' && ch != '-' && !(ch >= '0' && ch <= '9') &&
            !((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')) {
            return fail(c, &SNS_BAD_VALUE,
                        "Invalid non-alphanumeric character '#x%X' was found in the message "
                        "attribute name. Can only include alphanumeric characters, hyphens, "
                        "underscores, or dots.", ch);
        }
    }
    if (name.at[0] == '.' || name.at[name.bytes - 1] == '.') {
        return fail(c, &SNS_BAD_VALUE,
                    "Invalid message attribute name %s with character '.' was found.",
                    name.at[0] == '.' ? "starting" : "ending");
    }
    return str_find_str(name, STR("..")) == name.bytes
               ? OK
               : fail(c, &SNS_BAD_VALUE,
                      "Message attribute name can not have successive '.' character.");
}

static bool type_is(struct str type, const char *name)
{
    struct str rest = type;

    return str_eq(str_split(&rest, '.'), str_c(name));
}

static status array_check(struct call *c, const struct bus_attribute *attribute)
{
    struct value list;
    struct why why;

    if (json_read(arena_dup(c->arena, attribute->value), 0, c->arena, &why, &list) != OK ||
        list.kind != VALUE_LIST) {
        return fail(c, &SNS_BAD_VALUE,
                    "The message attribute '%.*s' of type String.Array must have a JSON array as "
                    "its value.", STR_ARG(attribute->name));
    }
    return OK;
}

static status attribute_read(struct call *c, const struct pair *pair,
                             struct bus_attribute *attribute)
{
    double number;

    attribute->name = pair->key;
    attribute->type = get_str(&pair->value, "DataType");
    bool binary = type_is(attribute->type, "Binary");

    TRY(name_check(c, pair->key));
    if (attribute->type.bytes == 0 ||
        (!binary && !type_is(attribute->type, "String") && !type_is(attribute->type, "Number"))) {
        return fail(c, &SNS_BAD_VALUE,
                    "The message attribute '%.*s' has an invalid message attribute type, the set "
                    "of supported type prefixes is Binary, Number, and String.",
                    STR_ARG(pair->key));
    }
    if (!has(&pair->value, binary ? "BinaryValue" : "StringValue") &&
        has(&pair->value, binary ? "StringValue" : "BinaryValue")) {
        return fail(c, &SNS_BAD_VALUE,
                    "The message attribute '%.*s' with type '%.*s' must use field '%s'.",
                    STR_ARG(pair->key), STR_ARG(attribute->type), binary ? "Binary" : "String");
    }
    attribute->value = get_str(&pair->value, binary ? "BinaryValue" : "StringValue");
    if (attribute->value.bytes == 0) {
        return fail(c, &SNS_BAD_VALUE,
                    "The message attribute '%.*s' must contain non-empty message attribute value "
                    "for message attribute type '%.*s'.", STR_ARG(pair->key),
                    STR_ARG(attribute->type));
    }
    if (type_is(attribute->type, "Number") && !str_to_double(attribute->value, &number)) {
        return fail(c, &SNS_BAD_VALUE,
                    "Could not cast message attribute '%.*s' value to number.",
                    STR_ARG(pair->key));
    }
    return str_eq(attribute->type, STR("String.Array")) ? array_check(c, attribute) : OK;
}

static status attributes_read(struct call *c, const struct value *map, struct message *message)
{
    struct bus_attribute *attributes;

    if (map == NULL || map->count == 0) {
        return OK;
    }
    if (map->count > BUS_ATTRIBUTES_MAX) {
        return fail(c, &SNS_BAD_VALUE, "Invalid parameter: MessageAttributes Reason: too many");
    }
    attributes = arena_zero(c->arena, map->count * sizeof(*attributes));
    for (uint32_t i = 0; i < map->count; i++) {
        TRY(attribute_read(c, &map->pairs[i], &attributes[i]));
    }
    message->attributes = attributes;
    message->attribute_count = map->count;
    return OK;
}

/* ---- the rest ---- */

static status subject_check(struct call *c, struct str subject)
{
    bool good = subject.bytes > 0 && utf8_count(subject) <= SUBJECT_BYTES_MAX &&
                subject.at[0] != ' ';

    for (size_t i = 0; i < subject.bytes; i++) {
        good = good && (unsigned char)subject.at[i] >= 0x20 && subject.at[i] != 0x7f;
    }
    return good ? OK : fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Subject");
}

static status structure_read(struct call *c, const struct value *in, struct message *message)
{
    struct value *texts;
    const struct value *fallback;
    struct why why;

    if (!has(in, "MessageStructure")) {
        return OK;
    }
    if (!str_eq(get_str(in, "MessageStructure"), STR("json"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: MessageStructure");
    }
    texts = ARENA_NEW(c->arena, struct value);
    if (json_read(arena_dup(c->arena, message->text), 0, c->arena, &why, texts) != OK ||
        texts->kind != VALUE_MAP) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Message Structure - JSON message body failed to parse");
    }
    fallback = map_find(texts, STR("default"));
    if (fallback == NULL || fallback->kind != VALUE_STR) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Message Structure - No default entry in JSON message body");
    }
    message->texts = texts;
    message->text = fallback->str;
    return OK;
}

static bool id_good(struct str id)
{
    for (size_t i = 0; i < id.bytes; i++) {
        if (id.at[i] <= ' ' || id.at[i] > '~') {
            return false;
        }
    }
    return id.bytes > 0 && id.bytes <= ID_BYTES_MAX;
}

static status fifo_read(struct call *c, const struct topic *topic, const struct value *in,
                        struct message *message)
{
    bool fifo = topic != NULL && topic->fifo;

    if (has(in, "MessageGroupId")) {
        message->group = get_str(in, "MessageGroupId");
        if (!id_good(message->group)) {
            return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: MessageGroupId");
        }
    }
    if (has(in, "MessageDeduplicationId")) {
        message->deduplication = get_str(in, "MessageDeduplicationId");
        if (!fifo) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: MessageDeduplicationId Reason: The request includes "
                        "MessageDeduplicationId parameter that is not valid for this topic type");
        }
        if (!id_good(message->deduplication)) {
            return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: MessageDeduplicationId");
        }
    }
    if (fifo && message->group.at == NULL) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: The MessageGroupId parameter is required for FIFO topics");
    }
    if (fifo && message->deduplication.at == NULL && !topic->content_dedup) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: The topic should either have ContentBasedDeduplication "
                    "enabled or MessageDeduplicationId provided explicitly");
    }
    return OK;
}

status message_read(struct call *c, const struct topic *topic, const struct value *in,
                    struct message *ret_message)
{
    struct message message = {.text = get_str(in, "Message"), .at_ms = c->now};

    if (message.text.bytes == 0) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Empty message");
    }
    if (has(in, "Subject")) {
        message.subject = get_str(in, "Subject");
        TRY(subject_check(c, message.subject));
    }
    TRY(attributes_read(c, get(in, "MessageAttributes"), &message));
    if (message_bytes_of(in) > MESSAGE_BYTES_MAX) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Message too long");
    }
    TRY(structure_read(c, in, &message));
    TRY(fifo_read(c, topic, in, &message));
    *ret_message = message;
    return OK;
}

/* ---- the archive's records: u8 version, u8 what is there, then texts and attributes ---- */

enum { HAS_SUBJECT = 1, HAS_GROUP = 2, HAS_DEDUPLICATION = 4 };

struct str message_pack(struct arena *arena, const struct message *message)
{
    struct buf packed;
    struct str made;

    buf_init(&packed, 4 * MESSAGE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u8(&packed, (uint8_t)((message->subject.at != NULL) * HAS_SUBJECT |
                                (message->group.at != NULL) * HAS_GROUP |
                                (message->deduplication.at != NULL) * HAS_DEDUPLICATION));
    write_str(&packed, message->id);
    write_var(&packed, message->number);
    write_zigzag(&packed, message->at_ms);
    write_str(&packed, message->subject);
    write_str(&packed, message->group);
    write_str(&packed, message->deduplication);
    write_var(&packed, message->attribute_count);
    for (size_t i = 0; i < message->attribute_count; i++) {
        write_str(&packed, message->attributes[i].name);
        write_str(&packed, message->attributes[i].type);
        write_str(&packed, message->attributes[i].value);
    }
    write_str(&packed, message->text);
    made = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return made;
}

bool message_unpack(struct arena *arena, struct str packed, struct message *ret_message)
{
    struct cursor cursor = cursor_of(packed);
    struct message message = {.replayed = true};
    struct bus_attribute *attributes;
    uint8_t there;
    uint64_t count;

    if (read_u8(&cursor) != VERSION) {
        return false;
    }
    there = read_u8(&cursor);
    message.id = read_str(&cursor);
    message.number = read_var(&cursor);
    message.at_ms = read_zigzag(&cursor);
    message.subject = read_str(&cursor);
    message.group = read_str(&cursor);
    message.deduplication = read_str(&cursor);
    message.subject = there & HAS_SUBJECT ? message.subject : STR_NONE;
    message.group = there & HAS_GROUP ? message.group : STR_NONE;
    message.deduplication = there & HAS_DEDUPLICATION ? message.deduplication : STR_NONE;
    count = read_var(&cursor);
    count = count > BUS_ATTRIBUTES_MAX ? BUS_ATTRIBUTES_MAX : count;
    attributes = arena_alloc(arena, (count + 1) * sizeof(*attributes));
    for (uint64_t i = 0; i < count; i++) {
        attributes[i].name = read_str(&cursor);
        attributes[i].type = read_str(&cursor);
        attributes[i].value = read_str(&cursor);
    }
    message.attributes = attributes;
    message.attribute_count = count;
    message.text = read_str(&cursor);
    if (!cursor_done(&cursor)) {
        return false;
    }
    *ret_message = message;
    return true;
}
