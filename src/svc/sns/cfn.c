/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics and their policies in templates.
 *
 * A topic's inline subscriptions are made with it. Their ARNs are notes, so that one that is taken
 * out of the list can be ended; with the topic they end in any case.
 */
#include "svc/sns/cfn.h"

#define NAME_BYTES_MAX 256

/* ---- AWS::SNS::Topic ---- */

static const struct resource_property topic_properties[] = {
    {"ArchivePolicy", "", RESOURCE_IN_PLACE, 0},
    {"ContentBasedDeduplication", "", RESOURCE_IN_PLACE, 0},
    {"DeliveryStatusLogging", "", RESOURCE_IN_PLACE, 0},
    {"DisplayName", "", RESOURCE_IN_PLACE, 0},
    {"FifoThroughputScope", "", RESOURCE_IN_PLACE, 0},
    {"FifoTopic", "", RESOURCE_REPLACES, 0},
    {"KmsMasterKeyId", "", RESOURCE_IN_PLACE, 0},
    {"SignatureVersion", "", RESOURCE_IN_PLACE, 0},
    {"Subscription", "", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"TopicName", "", RESOURCE_REPLACES, 0},
    {"TracingConfig", "", RESOURCE_IN_PLACE, 0},
};
static const char *const topic_attributes[] = {"TopicArn", "TopicName", NULL};

/* Properties that are attributes of the same name, and what they are without. */
static const char *const plain[][2] = {
    {"ArchivePolicy", "{}"},        {"ContentBasedDeduplication", "false"},
    {"DisplayName", ""},            {"FifoThroughputScope", "Topic"},
    {"FifoTopic", NULL},            {"KmsMasterKeyId", ""},
    {"SignatureVersion", "1"},      {"TracingConfig", "PassThrough"},
};
#define PLAIN (sizeof(plain) / sizeof(plain[0]))

static const char *const logging[] = {"SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate",
                                      "FailureFeedbackRoleArn"};

static const char *logging_prefix(struct str protocol)
{
    static const char *const prefixes[][2] = {
        {"http/s", "HTTP"}, {"http", "HTTP"},         {"https", "HTTP"},
        {"sqs", "SQS"},     {"lambda", "Lambda"},     {"firehose", "Firehose"},
        {"application", "Application"},
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_eq(protocol, str_c(prefixes[i][0]))) {
            return prefixes[i][1];
        }
    }
    return NULL;
}

/* DeliveryStatusLogging as attributes into map. */
static status logging_put(struct resource *r, const struct value *properties, struct value *map)
{
    struct arena *arena = r->c->arena;
    const struct value *list = doc_get(properties, "DeliveryStatusLogging");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        struct str protocol = doc_text(arena, doc_get(&list->items[i], "Protocol"));
        const char *prefix = logging_prefix(protocol);

        if (prefix == NULL) {
            return resource_fail(r, &RESOURCE_INVALID,
                                 "Properties validation failed for resource %.*s with message:\n"
                                 "#/DeliveryStatusLogging/%u/Protocol: %.*s is not a valid enum "
                                 "value", STR_ARG(r->logical_id), i,
                                 STR_ARG(str_slice(protocol, 0, 64)));
        }
        for (size_t k = 0; k < 3; k++) {
            const struct value *value = doc_get(&list->items[i], logging[k]);

            if (value != NULL) {
                *doc_map_of(arena, map, arena_printf(arena, "%s%s", prefix, logging[k])) =
                    (struct value){.kind = VALUE_STR, .str = doc_text(arena, value)};
            }
        }
    }
    return OK;
}

/* Attributes to be set, of a change those that are others now. */
static status attributes_of(struct resource *r, struct value *map)
{
    struct arena *arena = r->c->arena;

    for (size_t i = 0; i < PLAIN; i++) {
        const struct value *value = resource_get(r, plain[i][0]);

        if (!resource_changed(r, plain[i][0]) || (value == NULL && plain[i][1] == NULL)) {
            continue;
        }
        doc_put_text(arena, map, plain[i][0],
                     value == NULL              ? str_c(plain[i][1])
                     : value->kind == VALUE_MAP ? doc_json(arena, value)
                                                : doc_text(arena, value));
    }
    if (!resource_changed(r, "DeliveryStatusLogging")) {
        return OK;
    }
    if (r->had != NULL) {
        TRY(logging_put(r, r->had, map));
        for (uint32_t i = 0; i < map->count; i++) {
            if (str_ends(map->pairs[i].key, STR("RoleArn"))) {
                map->pairs[i].value.str = STR("");
            } else if (str_ends(map->pairs[i].key, STR("SampleRate"))) {
                map->pairs[i].value.str = STR("0");
            }
        }
    }
    return logging_put(r, r->want, map);
}

/* ---- inline subscriptions ---- */

static struct str subscription_note(struct resource *r, const struct value *subscription)
{
    struct arena *arena = r->c->arena;

    return arena_printf(arena, "subscription %.*s %.*s",
                        STR_ARG(doc_text(arena, doc_get(subscription, "Protocol"))),
                        STR_ARG(doc_text(arena, doc_get(subscription, "Endpoint"))));
}

static status subscribe(struct resource *r, const struct value *subscription)
{
    struct arena *arena = r->c->arena;
    struct inner inner;

    TRY(resource_begin(r, "Subscribe", &inner));
    set_str(inner.in, "TopicArn", r->id);
    set_str(inner.in, "Protocol", doc_text(arena, doc_get(subscription, "Protocol")));
    set_str(inner.in, "Endpoint", doc_text(arena, doc_get(subscription, "Endpoint")));
    set_bool(inner.in, "ReturnSubscriptionArn", true);
    TRY(resource_run(r, &inner));
    resource_note(r, subscription_note(r, subscription).at,
                  get_str(inner.out, "SubscriptionArn"));
    return OK;
}

static const struct value *subscriptions_of(const struct value *properties)
{
    const struct value *list = properties == NULL ? NULL : doc_get(properties, "Subscription");

    return list != NULL && list->kind == VALUE_LIST ? list : NULL;
}

static bool is_in(const struct value *list, const struct value *item)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (doc_same(&list->items[i], item)) {
            return true;
        }
    }
    return false;
}

static status subscriptions_change(struct resource *r)
{
    const struct value *had = subscriptions_of(r->had);
    const struct value *want = subscriptions_of(r->want);
    struct inner inner;

    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        struct str arn = resource_noted(r, subscription_note(r, &had->items[i]).at);

        if (!is_in(want, &had->items[i]) && arn.bytes > 0) {
            TRY(resource_ask(r, "Unsubscribe",
                             (struct resource_arg[]){{"SubscriptionArn", arn}, {NULL, arn}},
                             &inner));
        }
    }
    for (uint32_t i = 0; want != NULL && i < want->count; i++) {
        if (!is_in(had, &want->items[i])) {
            TRY(subscribe(r, &want->items[i]));
        }
    }
    return OK;
}

/* ---- a topic's life ---- */

static struct str topic_name(struct resource *r)
{
    if (!resource_bool(r, "FifoTopic", false) || resource_get(r, "TopicName") != NULL) {
        return resource_name(r, "TopicName", NAME_BYTES_MAX, false);
    }
    return arena_printf(r->c->arena, "%.*s.fifo",
                        STR_ARG(resource_name(r, "TopicName", NAME_BYTES_MAX - 5, false)));
}

static status topic_told(struct resource *r, struct str arn, const struct value **ret_attributes)
{
    struct inner inner;

    TRY(resource_ask(r, "GetTopicAttributes",
                     (struct resource_arg[]){{"TopicArn", arn}, {NULL, arn}}, &inner));
    *ret_attributes = get(inner.out, "Attributes");
    return OK;
}

static status topic_make(struct resource *r)
{
    struct value *map = doc_map(r->c->arena);
    struct str name = topic_name(r);
    const struct value *told = NULL;
    struct inner inner;

    /* CreateTopic would give the one that is there, when it has the same attributes */
    if (topic_told(r, arena_printf(r->c->arena, "arn:aws:sns:%.*s:%.*s:%.*s",
                                   STR_ARG(r->caller.region), STR_ARG(r->caller.account),
                                   STR_ARG(name)), &told) == OK) {
        return resource_exists(r, name);
    }
    TRY(attributes_of(r, map));
    TRY(resource_begin(r, "CreateTopic", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "Name", name);
    TRY(resource_set(r, &inner, "Attributes", map->count == 0 ? NULL : map));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "TopicArn");
    return subscriptions_change(r);
}

static status topic_set(struct resource *r, struct str topic, struct str name, struct str text)
{
    struct inner inner;

    return resource_ask(r, "SetTopicAttributes",
                        (struct resource_arg[]){{"TopicArn", topic}, {"AttributeName", name},
                                                {"AttributeValue", text}, {NULL, name}},
                        &inner);
}

static status topic_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceArn",
                                                    "Tags", "TagKeys"};
    struct value *map = doc_map(r->c->arena);

    TRY(attributes_of(r, map));
    for (uint32_t i = 0; i < map->count; i++) {
        TRY(topic_set(r, r->id, map->pairs[i].key, map->pairs[i].value.str));
    }
    TRY(subscriptions_change(r));
    return resource_tag_by(r, "Tags", &tagging, r->id);
}

static status topic_remove(struct resource *r)
{
    const struct value *told = NULL;
    status there = topic_told(r, r->id, &told); /* DeleteTopic does not say that there is none */

    return there != OK && resource_is_gone(there)
               ? there
               : resource_remove_by(r, "DeleteTopic", "TopicArn");
}

static struct str topic_name_of(struct str arn)
{
    struct str name = arn;

    for (struct str rest = arn; rest.at != NULL;) {
        name = str_split(&rest, ':');
    }
    return name;
}

static status topic_tell(struct resource *r)
{
    resource_attribute(r, "TopicArn", r->id);
    resource_attribute(r, "TopicName", topic_name_of(r->id));
    return OK;
}

/* The subscriptions that the topic was made with, those of them that are there. */
static void now_subscriptions(struct resource *r, struct value *ret_properties)
{
    const struct value *list = subscriptions_of(r->want);
    struct value *there = ARENA_NEW(r->c->arena, struct value);
    struct inner inner;

    there->kind = VALUE_LIST;
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str arn = resource_noted(r, subscription_note(r, &list->items[i]).at);

        if (arn.bytes > 0 &&
            resource_ask(r, "GetSubscriptionAttributes",
                         (struct resource_arg[]){{"SubscriptionArn", arn}, {NULL, arn}},
                         &inner) == OK) {
            *doc_add(r->c->arena, there) = list->items[i];
        }
    }
    if (there->count > 0) {
        *doc_put(r->c->arena, ret_properties, STR("Subscription")) = *there;
    }
}

/* The list as the template has it, each member as it is now. */
static void now_logging(struct resource *r, const struct value *told, struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *wanted = resource_get(r, "DeliveryStatusLogging");
    struct value *list = NULL;

    if (wanted == NULL || wanted->kind != VALUE_LIST) {
        return;
    }
    list = doc_put_list(arena, ret_properties, "DeliveryStatusLogging");
    for (uint32_t i = 0; i < wanted->count; i++) {
        struct str protocol = doc_text(arena, doc_get(&wanted->items[i], "Protocol"));
        const char *prefix = logging_prefix(protocol);
        struct value *one = doc_add(arena, list);

        one->kind = VALUE_MAP;
        doc_put_text(arena, one, "Protocol", protocol);
        for (size_t k = 0; prefix != NULL && k < 3; k++) {
            const struct value *now =
                map_find(told, arena_printf(arena, "%s%s", prefix, logging[k]));

            if (now != NULL) {
                doc_put_text(arena, one, logging[k], now->str);
            }
        }
    }
}

static status topic_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;
    struct inner inner;

    TRY(topic_told(r, r->id, &told));
    for (uint32_t i = 0; i < told->count; i++) {
        if (resource_property_find(r->type, told->pairs[i].key) != NULL) {
            *doc_put(r->c->arena, ret_properties, told->pairs[i].key) =
                *resource_tree(r, told->pairs[i].value.str);
        }
    }
    doc_put_text(r->c->arena, ret_properties, "TopicName", topic_name_of(r->id));
    now_subscriptions(r, ret_properties);
    now_logging(r, told, ret_properties);
    TRY(resource_ask(r, "ListTagsForResource",
                     (struct resource_arg[]){{"ResourceArn", r->id}, {NULL, r->id}}, &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "Tags")));
    }
    return OK;
}

/* ---- AWS::SNS::Subscription ---- */

static const struct resource_property subscription_properties[] = {
    {"DeliveryPolicy", "", RESOURCE_IN_PLACE, 0},
    {"Endpoint", NULL, RESOURCE_REPLACES, 0},
    {"FilterPolicy", "", RESOURCE_IN_PLACE, 0},
    {"FilterPolicyScope", "", RESOURCE_IN_PLACE, 0},
    {"Protocol", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RawMessageDelivery", "", RESOURCE_IN_PLACE, 0},
    {"RedrivePolicy", "", RESOURCE_IN_PLACE, 0},
    {"Region", "", RESOURCE_INTERRUPTS, 0},
    {"ReplayPolicy", "", RESOURCE_IN_PLACE, 0},
    {"SubscriptionRoleArn", "", RESOURCE_IN_PLACE, 0},
    {"TopicArn", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const subscription_attributes[] = {"Arn", NULL};

/* ---- AWS::SNS::TopicPolicy and TopicInlinePolicy ---- */

static const struct resource_property policy_properties[] = {
    {"PolicyDocument", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Topics", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const struct resource_property inline_properties[] = {
    {"PolicyDocument", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"TopicArn", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const policy_attributes[] = {"Id", NULL};

/* Every topic of properties that keep (may be NULL) does not have. */
static status policy_each(struct resource *r, const struct value *properties,
                          const struct value *keep, struct str text)
{
    const struct value *topics = doc_get(properties, "Topics");
    const struct value *kept = keep == NULL ? NULL : doc_get(keep, "Topics");

    for (uint32_t i = 0; topics != NULL && topics->kind == VALUE_LIST && i < topics->count; i++) {
        if (!is_in(kept, &topics->items[i])) {
            TRY(topic_set(r, doc_text(r->c->arena, &topics->items[i]), STR("Policy"), text));
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
    r->id = resource_str(r, "TopicArn");
    return topic_set(r, r->id, STR("Policy"), resource_policy(r, "PolicyDocument"));
}

static status inline_change(struct resource *r)
{
    return topic_set(r, r->id, STR("Policy"), resource_policy(r, "PolicyDocument"));
}

static status inline_remove(struct resource *r)
{
    return topic_set(r, r->id, STR("Policy"), STR(""));
}

static const struct resource_type types[SNS_TYPES] = {
    {
        .name = "AWS::SNS::Topic",
        .service = "sns",
        RESOURCE_TYPE_PROPERTIES(topic_properties),
        .attributes = topic_attributes,
        .make = topic_make,
        .change = topic_change,
        .remove = topic_remove,
        .tell = topic_tell,
        .now = topic_now,
    },
    {
        .name = "AWS::SNS::Subscription",
        .service = "sns",
        RESOURCE_TYPE_PROPERTIES(subscription_properties),
        .attributes = subscription_attributes,
        .make = sns_subscription_make,
        .change = sns_subscription_change,
        .remove = sns_subscription_remove,
        .tell = sns_subscription_tell,
        .now = sns_subscription_now,
    },
    {
        .name = "AWS::SNS::TopicPolicy",
        .service = "sns",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .attributes = policy_attributes,
        .make = policy_make,
        .change = policy_change,
        .remove = policy_remove,
        .tell = policy_tell,
    },
    {
        .name = "AWS::SNS::TopicInlinePolicy",
        .service = "sns",
        RESOURCE_TYPE_PROPERTIES(inline_properties),
        .make = inline_make,
        .change = inline_change,
        .remove = inline_remove,
    },
};

const struct resource_type *const sns_types[SNS_TYPES] = {&types[0], &types[1], &types[2],
                                                          &types[3]};
