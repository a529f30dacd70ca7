/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues and their policies in templates.
 */
#include "svc/sqs/cfn.h"

#include "cell/resource.h"

#define NAME_BYTES_MAX 80

/* ---- AWS::SQS::Queue ---- */

static const struct resource_property queue_properties[] = {
    {"ContentBasedDeduplication", NULL, RESOURCE_IN_PLACE, 0},
    {"DeduplicationScope", NULL, RESOURCE_IN_PLACE, 0},
    {"DelaySeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"FifoQueue", NULL, RESOURCE_REPLACES, 0},
    {"FifoThroughputLimit", NULL, RESOURCE_IN_PLACE, 0},
    {"KmsDataKeyReusePeriodSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"KmsMasterKeyId", NULL, RESOURCE_IN_PLACE, 0},
    {"MaximumMessageSize", NULL, RESOURCE_IN_PLACE, 0},
    {"MessageRetentionPeriod", NULL, RESOURCE_IN_PLACE, 0},
    {"QueueName", NULL, RESOURCE_REPLACES, 0},
    {"ReceiveMessageWaitTimeSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"RedriveAllowPolicy", NULL, RESOURCE_IN_PLACE, 0},
    {"RedrivePolicy", NULL, RESOURCE_IN_PLACE, 0},
    {"SqsManagedSseEnabled", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", "tags", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VisibilityTimeout", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const queue_attributes[] = {"Arn", "QueueName", "QueueUrl", NULL};

static bool is_attribute(const char *property)
{
    return strcmp(property, "QueueName") != 0 && strcmp(property, "Tags") != 0;
}

/* What an attribute is without a property, so that one that was taken away is set back. */
static const char *fallback(const char *property)
{
    static const char *const fallbacks[][2] = {
        {"ContentBasedDeduplication", "false"}, {"DeduplicationScope", "queue"},
        {"DelaySeconds", "0"}, {"FifoThroughputLimit", "perQueue"},
        {"KmsDataKeyReusePeriodSeconds", "300"}, {"KmsMasterKeyId", ""},
        {"MaximumMessageSize", "1048576"}, {"MessageRetentionPeriod", "345600"},
        {"ReceiveMessageWaitTimeSeconds", "0"}, {"RedriveAllowPolicy", ""},
        {"RedrivePolicy", ""}, {"SqsManagedSseEnabled", "true"}, {"VisibilityTimeout", "30"},
    };

    for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
        if (strcmp(fallbacks[i][0], property) == 0) {
            return fallbacks[i][1];
        }
    }
    return NULL;
}

/* A queue whose key is taken away is encrypted as a new one is. */
static bool is_unlocked(const struct resource *r, const char *property)
{
    return strcmp(property, "SqsManagedSseEnabled") == 0 &&
           resource_get(r, "KmsMasterKeyId") == NULL && resource_changed(r, "KmsMasterKeyId");
}

/* The properties that are attributes, as a map; of a change those that are others now. */
static struct value *attributes_of(struct resource *r)
{
    struct value *map = doc_map(r->c->arena);

    for (size_t i = 0; i < r->type->property_count; i++) {
        const char *name = r->type->properties[i].name;
        const struct value *value = resource_get(r, name);

        if (!is_attribute(name) || (!resource_changed(r, name) && !is_unlocked(r, name))) {
            continue;
        }
        if (value != NULL) {
            *doc_put(r->c->arena, map, str_c(name)) = *value;
        } else if (fallback(name) != NULL) {
            doc_put_text(r->c->arena, map, name, str_c(fallback(name)));
        }
    }
    return map;
}

static struct str queue_name(struct resource *r)
{
    bool fifo = resource_bool(r, "FifoQueue", false);

    if (!fifo || resource_get(r, "QueueName") != NULL) {
        return resource_name(r, "QueueName", NAME_BYTES_MAX, false);
    }
    return arena_printf(r->c->arena, "%.*s.fifo",
                        STR_ARG(resource_name(r, "QueueName", NAME_BYTES_MAX - 5, false)));
}

static status queue_make(struct resource *r)
{
    const struct value *tags = resource_tags(r, "Tags");
    struct value *attributes = attributes_of(r);
    struct str name = queue_name(r);
    struct inner inner;

    /* CreateQueue would give the one that is there, when it has the same attributes */
    if (resource_ask(r, "GetQueueUrl", (struct resource_arg[]){{"QueueName", name}, {NULL, name}},
                     &inner) == OK) {
        return resource_exists(r, name);
    }
    TRY(resource_begin(r, "CreateQueue", &inner));
    set_str(inner.in, "QueueName", name);
    TRY(resource_set(r, &inner, "Attributes", attributes->count == 0 ? NULL : attributes));
    TRY(resource_set(r, &inner, "tags", tags));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "QueueUrl");
    return OK;
}

static const struct resource_tagging queue_tagging = {"TagQueue", "UntagQueue", "QueueUrl",
                                                      "Tags", "TagKeys"};

static status queue_set(struct resource *r, struct str url, const struct value *attributes)
{
    struct inner inner;

    TRY(resource_begin(r, "SetQueueAttributes", &inner));
    set_str(inner.in, "QueueUrl", url);
    TRY(resource_set(r, &inner, "Attributes", attributes));
    return resource_run(r, &inner);
}

static status queue_change(struct resource *r)
{
    struct value *attributes = attributes_of(r);

    if (attributes->count > 0) {
        TRY(queue_set(r, r->id, attributes));
    }
    return resource_tag_by(r, "Tags", &queue_tagging, r->id);
}

static status queue_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteQueue", "QueueUrl");
}

static status queue_attributes_now(struct resource *r, struct str url,
                                   const struct value **ret_attributes)
{
    struct inner inner;

    TRY(resource_begin(r, "GetQueueAttributes", &inner));
    set_str(inner.in, "QueueUrl", url);
    TRY(resource_set(r, &inner, "AttributeNames", resource_json(r, "[\"All\"]")));
    TRY(resource_run(r, &inner));
    *ret_attributes = get(inner.out, "Attributes");
    return OK;
}

static status queue_tell(struct resource *r)
{
    const struct value *told = NULL;
    struct str arn;

    TRY(queue_attributes_now(r, r->id, &told));
    arn = map_find(told, STR("QueueArn"))->str;
    resource_attribute(r, "Arn", arn);
    resource_attribute(r, "QueueUrl", r->id);
    for (struct str rest = arn; rest.at != NULL;) {
        resource_attribute(r, "QueueName", str_split(&rest, ':'));
    }
    return OK;
}

static status queue_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;
    struct str name = STR_NONE;
    struct inner inner;

    TRY(queue_attributes_now(r, r->id, &told));
    for (uint32_t i = 0; i < told->count; i++) {
        if (resource_property_find(r->type, told->pairs[i].key) != NULL) {
            *doc_put(r->c->arena, ret_properties, told->pairs[i].key) =
                *resource_tree(r, told->pairs[i].value.str);
        }
    }
    for (size_t i = 0; i < r->type->property_count; i++) { /* what is not set is not told */
        struct str property = str_c(r->type->properties[i].name);

        if (is_attribute(property.at) && map_find(told, property) == NULL) {
            (void)doc_put(r->c->arena, ret_properties, property);
        }
    }
    for (struct str rest = map_find(told, STR("QueueArn"))->str; rest.at != NULL;) {
        name = str_split(&rest, ':');
    }
    doc_put_text(r->c->arena, ret_properties, "QueueName", name);
    TRY(resource_begin(r, "ListQueueTags", &inner));
    set_str(inner.in, "QueueUrl", r->id);
    TRY(resource_run(r, &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "Tags")));
    }
    return OK;
}

/* ---- AWS::SQS::QueuePolicy and QueueInlinePolicy ---- */

static const struct resource_property policy_properties[] = {
    {"PolicyDocument", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Queues", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const struct resource_property inline_properties[] = {
    {"PolicyDocument", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Queue", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const policy_attributes[] = {"Id", NULL};

static status policy_put(struct resource *r, struct str url, struct str text)
{
    struct value *map = doc_map(r->c->arena);

    doc_put_text(r->c->arena, map, "Policy", text);
    return queue_set(r, url, map);
}

/* Every queue of properties that keep (may be NULL) does not have. */
static status policy_each(struct resource *r, const struct value *properties,
                          const struct value *keep, struct str text)
{
    const struct value *queues = doc_get(properties, "Queues");

    for (uint32_t i = 0; queues != NULL && i < queues->count; i++) {
        const struct value *kept = keep == NULL ? NULL : doc_get(keep, "Queues");
        bool stays = false;

        for (uint32_t j = 0; kept != NULL && j < kept->count; j++) {
            stays = stays || doc_same(&kept->items[j], &queues->items[i]);
        }
        if (!stays) {
            TRY(policy_put(r, doc_text(r->c->arena, &queues->items[i]), text));
        }
    }
    return OK;
}

static status policy_make(struct resource *r)
{
    r->id = resource_name(r, "", 128, false);
    return policy_each(r, r->want, NULL, resource_policy(r, "PolicyDocument"));
}

static status policy_change(struct resource *r)
{
    TRY(policy_each(r, r->had, r->want, STR("")));
    return policy_each(r, r->want, NULL, resource_policy(r, "PolicyDocument"));
}

static status policy_remove(struct resource *r)
{
    return policy_each(r, r->want, NULL, STR(""));
}

static status policy_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

static status inline_make(struct resource *r)
{
    r->id = resource_str(r, "Queue");
    return policy_put(r, r->id, resource_policy(r, "PolicyDocument"));
}

static status inline_change(struct resource *r)
{
    return policy_put(r, r->id, resource_policy(r, "PolicyDocument"));
}

static status inline_remove(struct resource *r)
{
    return policy_put(r, r->id, STR(""));
}

static const struct resource_type types[SQS_TYPES] = {
    {
        .name = "AWS::SQS::Queue",
        .service = "sqs",
        RESOURCE_TYPE_PROPERTIES(queue_properties),
        .attributes = queue_attributes,
        .make = queue_make,
        .change = queue_change,
        .remove = queue_remove,
        .tell = queue_tell,
        .now = queue_now,
    },
    {
        .name = "AWS::SQS::QueuePolicy",
        .service = "sqs",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .attributes = policy_attributes,
        .make = policy_make,
        .change = policy_change,
        .remove = policy_remove,
        .tell = policy_tell,
    },
    {
        .name = "AWS::SQS::QueueInlinePolicy",
        .service = "sqs",
        RESOURCE_TYPE_PROPERTIES(inline_properties),
        .make = inline_make,
        .change = inline_change,
        .remove = inline_remove,
    },
};

const struct resource_type *const sqs_types[SQS_TYPES] = {&types[0], &types[1], &types[2]};
