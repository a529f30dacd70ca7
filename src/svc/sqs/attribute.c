/* SPDX-License-Identifier: Apache-2.0
 *
 * Attributes of queues: one table of them, checking, setting, comparing, showing. Source:
 * SetQueueAttributes and GetQueueAttributes, Amazon SQS API reference.
 */
#include "svc/sqs/sqs_state.h"
#include "wire/json.h"

#include <assert.h>
#include <stddef.h>

#define SOURCES_MAX 10
#define RECEIVES_MAX 1000

enum attribute_kind { NUMBER, FLAG, TEXT, POLICY, REDRIVE, ALLOW, CHOICE, SHOWN };
enum attribute_use { EVERY = 0, FIFO_ONLY = 1, CREATE_ONLY = 2 };

struct attribute {
    const char *name;        /* as the API says it */
    uint8_t kind;            /* enum attribute_kind */
    uint8_t use;             /* enum attribute_use, joined */
    uint16_t offset;         /* of the field in struct queue */
    uint32_t min, max;       /* NUMBER */
    const char *off, *on;    /* CHOICE: the two words for false and true */
};

#define AT(field) offsetof(struct queue, field)

static const struct attribute attributes[] = {
    {"Policy", POLICY, EVERY, AT(policy), 0, 0, NULL, NULL},
    {"VisibilityTimeout", NUMBER, EVERY, AT(visibility_seconds), 0, VISIBILITY_SECONDS_MAX, NULL,
     NULL},
    {"MaximumMessageSize", NUMBER, EVERY, AT(message_bytes_max), 1024, MESSAGE_BYTES_MAX, NULL,
     NULL},
    {"MessageRetentionPeriod", NUMBER, EVERY, AT(retention_seconds), 60, 1209600, NULL, NULL},
    {"ApproximateNumberOfMessages", SHOWN, EVERY, 0, 0, 0, NULL, NULL},
    {"ApproximateNumberOfMessagesNotVisible", SHOWN, EVERY, 0, 0, 0, NULL, NULL},
    {"ApproximateNumberOfMessagesDelayed", SHOWN, EVERY, 0, 0, 0, NULL, NULL},
    {"CreatedTimestamp", SHOWN, EVERY, 0, 0, 0, NULL, NULL},
    {"LastModifiedTimestamp", SHOWN, EVERY, 0, 0, 0, NULL, NULL},
    {"QueueArn", SHOWN, EVERY, 0, 0, 0, NULL, NULL},
    {"DelaySeconds", NUMBER, EVERY, AT(delay_seconds), 0, DELAY_SECONDS_MAX, NULL, NULL},
    {"ReceiveMessageWaitTimeSeconds", NUMBER, EVERY, AT(wait_seconds), 0, WAIT_SECONDS_MAX, NULL,
     NULL},
    {"RedrivePolicy", REDRIVE, EVERY, AT(redrive), 0, 0, NULL, NULL},
    {"FifoQueue", FLAG, FIFO_ONLY | CREATE_ONLY, AT(fifo), 0, 0, NULL, NULL},
    {"ContentBasedDeduplication", FLAG, FIFO_ONLY, AT(content_dedup), 0, 0, NULL, NULL},
    {"DeduplicationScope", CHOICE, FIFO_ONLY, AT(dedup_by_group), 0, 0, "queue", "messageGroup"},
    {"FifoThroughputLimit", CHOICE, FIFO_ONLY, AT(throughput_by_group), 0, 0, "perQueue",
     "perMessageGroupId"},
    {"KmsMasterKeyId", TEXT, EVERY, AT(kms_key), 0, 2048, NULL, NULL},
    {"KmsDataKeyReusePeriodSeconds", NUMBER, EVERY, AT(kms_reuse_seconds), 60, 86400, NULL, NULL},
    {"RedriveAllowPolicy", ALLOW, EVERY, AT(redrive_allow), 0, 0, NULL, NULL},
    {"SqsManagedSseEnabled", FLAG, EVERY, AT(managed_sse), 0, 0, NULL, NULL},
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

struct queue_settings {
    struct queue values;       /* texts lie in the call's arena; only what was given counts */
    bool given[ATTRIBUTES];    /* which were */
    bool ends_managed;         /* a KMS key takes the place of SQS's own encryption */
    bool ends_key;             /* and the other way round */
};

static void *field_of(struct queue *queue, const struct attribute *attribute)
{
    return (char *)queue + attribute->offset;
}

static const void *field_in(const struct queue *queue, const struct attribute *attribute)
{
    return (const char *)queue + attribute->offset;
}

static status bad_value(struct call *c, const struct attribute *attribute)
{
    return fail(c, &SQS_BAD_VALUE, "Invalid value for the parameter %s.", attribute->name);
}

static status bad_redrive(struct call *c, struct str value, const char *name, const char *reason)
{
    return fail(c, &SQS_BAD_PARAMETER, "Value %.*s for parameter %s is invalid. Reason: %s",
                STR_ARG(str_slice(value, 0, 512)), name, reason);
}

/* ---- reading one ---- */

static status read_number(struct call *c, const struct attribute *attribute, struct str text,
                          uint32_t *ret_number)
{
    uint64_t number;

    if (!str_to_u64(text, &number) || number < attribute->min || number > attribute->max) {
        return bad_value(c, attribute);
    }
    *ret_number = (uint32_t)number;
    return OK;
}

bool document_read(struct call *c, struct str text, struct value *ret_document)
{
    struct why why;

    return json_read(arena_dup(c->arena, text), 0, c->arena, &why, ret_document) == OK &&
           ret_document->kind == VALUE_MAP;
}

static struct str document_text(const struct value *document, const char *name)
{
    const struct value *value = map_find(document, str_c(name));

    return value != NULL && value->kind == VALUE_STR ? value->str : STR_NONE;
}

/* maxReceiveCount may come as a number or as its text. */
static bool document_number(const struct value *document, const char *name, int64_t *ret_number)
{
    const struct value *value = map_find(document, str_c(name));

    if (value != NULL && value->kind == VALUE_INT) {
        *ret_number = value->number;
        return true;
    }
    return value != NULL && value->kind == VALUE_STR && str_to_i64(value->str, ret_number);
}

/* Whether a dead-letter queue takes from that source. */
static bool allows(struct call *c, const struct queue *dead, struct str source_arn)
{
    struct value document;
    const struct value *sources;
    struct str permission;

    if (dead->redrive_allow.bytes == 0 || !document_read(c, dead->redrive_allow, &document)) {
        return true;
    }
    permission = document_text(&document, "redrivePermission");
    if (str_eq(permission, STR("denyAll"))) {
        return false;
    }
    sources = map_find(&document, STR("sourceQueueArns"));
    if (!str_eq(permission, STR("byQueue")) || sources == NULL || sources->kind != VALUE_LIST) {
        return true;
    }
    for (uint32_t i = 0; i < sources->count; i++) {
        if (sources->items[i].kind == VALUE_STR && str_eq(sources->items[i].str, source_arn)) {
            return true;
        }
    }
    return false;
}

static status read_redrive(struct call *c, const struct queue *base, struct str text,
                           struct queue *values)
{
    struct value document;
    struct queue *dead;
    int64_t count;

    values->redrive = text;
    values->dead_arn = STR_NONE;
    values->receives_max = 0;
    if (text.bytes == 0) {
        return OK;
    }
    if (!document_read(c, text, &document)) {
        return bad_redrive(c, text, "RedrivePolicy", "Redrive policy is not a valid JSON map.");
    }
    values->dead_arn = document_text(&document, "deadLetterTargetArn");
    if (values->dead_arn.bytes == 0) {
        return bad_redrive(c, text, "RedrivePolicy",
                           "Redrive policy does not contain mandatory attribute: "
                           "deadLetterTargetArn.");
    }
    if (map_find(&document, STR("maxReceiveCount")) == NULL) {
        return bad_redrive(c, text, "RedrivePolicy",
                           "Redrive policy does not contain mandatory attribute: "
                           "maxReceiveCount.");
    }
    if (!document_number(&document, "maxReceiveCount", &count) || count < 1 ||
        count > RECEIVES_MAX) {
        return bad_redrive(c, text, "RedrivePolicy",
                           "Invalid value for maxReceiveCount, valid values are from 1 to 1000 "
                           "both inclusive.");
    }
    dead = queue_of_arn(sqs_of(c), values->dead_arn);
    if (dead == NULL) {
        return bad_redrive(c, text, "RedrivePolicy", "Dead letter target does not exist.");
    }
    if (!str_eq(dead->account, base->account) || !str_eq(dead->region, base->region)) {
        return bad_redrive(c, text, "RedrivePolicy",
                           "Dead-letter target owner should be same as the source.");
    }
    if (dead->fifo != base->fifo) {
        return bad_redrive(c, text, "RedrivePolicy",
                           "Dead-letter queue must be same type of queue as the source.");
    }
    if (!allows(c, dead, queue_arn(c->arena, base))) {
        return bad_redrive(c, text, "RedrivePolicy",
                           "Queue does not have permission to use the dead letter target.");
    }
    values->receives_max = (uint32_t)count;
    return OK;
}

static status read_allow(struct call *c, struct str text)
{
    struct value document;
    const struct value *sources;
    struct str permission;

    if (text.bytes == 0) {
        return OK;
    }
    if (!document_read(c, text, &document)) {
        return bad_redrive(c, text, "RedriveAllowPolicy",
                           "Amazon SQS can't create the redrive allow policy, as it's not a valid "
                           "JSON map.");
    }
    permission = document_text(&document, "redrivePermission");
    sources = map_find(&document, STR("sourceQueueArns"));
    if (!str_eq(permission, STR("allowAll")) && !str_eq(permission, STR("denyAll")) &&
        !str_eq(permission, STR("byQueue"))) {
        return bad_redrive(c, text, "RedriveAllowPolicy",
                           "redrivePermission must be one of allowAll, denyAll, byQueue.");
    }
    if (str_eq(permission, STR("byQueue")) !=
        (sources != NULL && sources->kind == VALUE_LIST && sources->count > 0)) {
        return bad_redrive(c, text, "RedriveAllowPolicy",
                           "sourceQueueArns must be given with byQueue, and only then.");
    }
    if (sources != NULL && sources->count > SOURCES_MAX) {
        return bad_redrive(c, text, "RedriveAllowPolicy",
                           "At most 10 sourceQueueArns can be specified.");
    }
    return OK;
}

/* ---- policies ---- */

static bool has_one(const struct value *statement, const char *name, const char *other)
{
    return (map_find(statement, str_c(name)) != NULL) !=
           (map_find(statement, str_c(other)) != NULL);
}

static bool statement_good(const struct value *statement)
{
    struct str effect;

    if (statement->kind != VALUE_MAP) {
        return false;
    }
    effect = document_text(statement, "Effect");
    return (str_eq(effect, STR("Allow")) || str_eq(effect, STR("Deny"))) &&
           has_one(statement, "Action", "NotAction") &&
           has_one(statement, "Principal", "NotPrincipal");
}

bool policy_good(struct call *c, struct str text)
{
    const struct value *statements;
    struct value document;
    struct str version;

    if (text.bytes > POLICY_BYTES_MAX || !document_read(c, text, &document)) {
        return false;
    }
    version = document_text(&document, "Version");
    statements = map_find(&document, STR("Statement"));
    if (statements == NULL || (version.at != NULL && !str_eq(version, STR("2012-10-17")) &&
                               !str_eq(version, STR("2008-10-17")))) {
        return false;
    }
    if (statements->kind != VALUE_LIST) {
        return statement_good(statements);
    }
    for (uint32_t i = 0; i < statements->count; i++) {
        if (!statement_good(&statements->items[i])) {
            return false;
        }
    }
    return statements->count > 0;
}

static status read_flag(struct call *c, const struct attribute *attribute, struct str text,
                        bool *ret_flag)
{
    const char *off = attribute->off != NULL ? attribute->off : "false";
    const char *on = attribute->on != NULL ? attribute->on : "true";

    if (str_eq_nocase(text, str_c(on))) {
        *ret_flag = true;
    } else if (str_eq_nocase(text, str_c(off))) {
        *ret_flag = false;
    } else {
        return bad_value(c, attribute);
    }
    return OK;
}

/* ---- all of them ---- */

static status read_one(struct call *c, const struct attribute *attribute, const struct queue *base,
                       struct str text, struct queue *values)
{
    switch (attribute->kind) {
    case NUMBER:
        return read_number(c, attribute, text, field_of(values, attribute));
    case FLAG:
    case CHOICE:
        return read_flag(c, attribute, text, field_of(values, attribute));
    case TEXT:
        *(struct str *)field_of(values, attribute) = text;
        return text.bytes > attribute->max ? bad_value(c, attribute) : OK;
    case POLICY:
        *(struct str *)field_of(values, attribute) = text;
        return text.bytes == 0 || policy_good(c, text) ? OK : bad_value(c, attribute);
    case ALLOW:
        *(struct str *)field_of(values, attribute) = text;
        return read_allow(c, text);
    case REDRIVE:
        return read_redrive(c, base, text, values);
    default:
        return fail(c, &SQS_BAD_NAME, "Unknown Attribute %s.", attribute->name);
    }
}

static const struct attribute *attribute_named(struct str name)
{
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        if (str_eq(str_c(attributes[i].name), name)) {
            return &attributes[i];
        }
    }
    return NULL;
}

static bool given(const struct queue_settings *settings, const char *name)
{
    return settings->given[attribute_named(str_c(name)) - attributes];
}

/* One kind of encryption at a time; the one that is asked for ends the other. */
static status settings_agree(struct call *c, struct queue_settings *settings)
{
    struct queue *values = &settings->values;
    bool key = given(settings, "KmsMasterKeyId") && values->kms_key.bytes > 0;
    bool managed = given(settings, "SqsManagedSseEnabled") && values->managed_sse;

    if (key && managed) {
        return fail(c, &SQS_BAD_NAME,
                    "You can use one type of server-side encryption (SSE) at one time. You can "
                    "either enable KMS encryption or SQS encryption.");
    }
    settings->ends_managed = key;
    settings->ends_key = managed;
    return OK;
}

status settings_read(struct call *c, const struct queue *base, const struct value *map,
                     bool creating, struct queue_settings **ret_settings)
{
    struct queue_settings *settings = ARENA_NEW(c->arena, struct queue_settings);

    settings->values = *base;
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        const struct attribute *attribute = attribute_named(map->pairs[i].key);

        if (attribute == NULL || attribute->kind == SHOWN ||
            ((attribute->use & FIFO_ONLY) && !base->fifo) ||
            ((attribute->use & CREATE_ONLY) && !creating)) {
            return fail(c, &SQS_BAD_NAME, "Unknown Attribute %.*s.",
                        STR_ARG(str_slice(map->pairs[i].key, 0, 256)));
        }
        TRY(read_one(c, attribute, base, map->pairs[i].value.str, &settings->values));
        settings->given[attribute - attributes] = true;
    }
    TRY(settings_agree(c, settings));
    if (settings->values.throughput_by_group && !settings->values.dedup_by_group) {
        return fail(c, &SQS_BAD_VALUE,
                    "FifoThroughputLimit cannot be set to perMessageGroupId when "
                    "DeduplicationScope is set to queue");
    }
    *ret_settings = settings;
    return OK;
}

void settings_apply(struct queue *queue, const struct queue_settings *settings)
{
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        const struct attribute *attribute = &attributes[i];
        const void *from = field_in(&settings->values, attribute);

        if (!settings->given[i]) {
            continue;
        }
        if (attribute->kind == NUMBER) {
            *(uint32_t *)field_of(queue, attribute) = *(const uint32_t *)from;
        } else if (attribute->kind == FLAG || attribute->kind == CHOICE) {
            *(bool *)field_of(queue, attribute) = *(const bool *)from;
        } else {
            text_set(field_of(queue, attribute), *(const struct str *)from);
        }
        if (attribute->kind == REDRIVE) {
            text_set(&queue->dead_arn, settings->values.dead_arn);
            queue->receives_max = settings->values.receives_max;
        }
    }
    if (settings->ends_managed) {
        queue->managed_sse = false;
    }
    if (settings->ends_key) {
        text_set(&queue->kms_key, STR_NONE);
    }
}

const char *settings_differ(const struct queue *queue, const struct queue_settings *settings)
{
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        const struct attribute *attribute = &attributes[i];
        const void *one = field_in(queue, attribute);
        const void *other = field_in(&settings->values, attribute);
        bool same = true;

        if (!settings->given[i]) {
            continue;
        }
        if (attribute->kind == NUMBER) {
            same = *(const uint32_t *)one == *(const uint32_t *)other;
        } else if (attribute->kind == FLAG || attribute->kind == CHOICE) {
            same = *(const bool *)one == *(const bool *)other;
        } else {
            same = str_eq(*(const struct str *)one, *(const struct str *)other);
        }
        if (!same) {
            return attribute->name;
        }
    }
    return NULL;
}

/* ---- showing ---- */

static struct str shown(struct call *c, const struct queue *queue, const char *name)
{
    int64_t number = 0;

    if (strcmp(name, "QueueArn") == 0) {
        return queue_arn(c->arena, queue);
    }
    if (strcmp(name, "ApproximateNumberOfMessages") == 0) {
        number = (int64_t)queue_visible(queue);
    } else if (strcmp(name, "ApproximateNumberOfMessagesNotVisible") == 0) {
        number = (int64_t)queue->in_flight;
    } else if (strcmp(name, "ApproximateNumberOfMessagesDelayed") == 0) {
        number = (int64_t)queue->delayed;
    } else if (strcmp(name, "CreatedTimestamp") == 0) {
        number = queue->created_ms / 1000;
    } else {
        number = queue->modified_ms / 1000;
    }
    return arena_printf(c->arena, "%lld", (long long)number);
}

/* An attribute's text; STR_NONE: the queue has none. */
static struct str text_of(struct call *c, const struct queue *queue,
                          const struct attribute *attribute)
{
    const void *at = field_in(queue, attribute);
    struct str text;

    if ((attribute->use & FIFO_ONLY) && !queue->fifo) {
        return STR_NONE;
    }
    switch (attribute->kind) {
    case SHOWN:
        return shown(c, queue, attribute->name);
    case NUMBER:
        if (strcmp(attribute->name, "KmsDataKeyReusePeriodSeconds") == 0 &&
            queue->kms_key.bytes == 0) {
            return STR_NONE;
        }
        return arena_printf(c->arena, "%u", *(const uint32_t *)at);
    case FLAG:
        return *(const bool *)at ? STR("true") : STR("false");
    case CHOICE:
        return str_c(*(const bool *)at ? attribute->on : attribute->off);
    default:
        text = *(const struct str *)at;
        return text.bytes == 0 ? STR_NONE : arena_dup(c->arena, text);
    }
}

status settings_put(struct call *c, const struct queue *queue, const struct value *names)
{
    bool wanted[ATTRIBUTES] = {false};
    struct value *map = NULL;

    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        const struct attribute *attribute = attribute_named(names->items[i].str);
        bool all = str_eq(names->items[i].str, STR("All"));

        if (attribute == NULL && !all) {
            return fail(c, &SQS_BAD_NAME, "Unknown Attribute %.*s.",
                        STR_ARG(str_slice(names->items[i].str, 0, 256)));
        }
        for (size_t k = 0; k < ATTRIBUTES; k++) {
            wanted[k] |= all || &attributes[k] == attribute;
        }
    }
    for (size_t k = 0; k < ATTRIBUTES; k++) {
        struct str text = wanted[k] ? text_of(c, queue, &attributes[k]) : STR_NONE;

        if (text.at == NULL) {
            continue;
        }
        if (map == NULL) {
            map = set_map(c->arena, c->out, "Attributes", ATTRIBUTES);
        }
        map_add_str(map, str_c(attributes[k].name), text);
    }
    return OK;
}
