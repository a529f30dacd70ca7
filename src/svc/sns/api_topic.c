/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of topics: making, attributes, tags, permissions.
 */
#include "base/codec.h"
#include "svc/sns/sns_ops.h"
#include "wire/json.h"

#define NAME_BYTES_MAX 256
#define POLICY_TEXT_BYTES_MAX (64u * 1024)
#define KEY_CHARS_MAX 128
#define VALUE_CHARS_MAX 256

/* ---- CreateTopic ---- */

static status name_check(struct call *c, struct str name)
{
    bool fifo = str_ends(name, STR(".fifo"));
    struct str stem = fifo ? str_slice(name, 0, name.bytes - 5) : name;
    bool good = stem.bytes > 0 && name.bytes <= NAME_BYTES_MAX;
    const struct value *map = arg(c, "Attributes");
    const struct value *asked = map == NULL ? NULL : map_find(map, STR("FifoTopic"));
    bool wants_fifo = asked != NULL && str_eq_nocase(asked->str, STR("true"));

    for (size_t i = 0; i < stem.bytes; i++) {
        char ch = stem.at[i];

        good = good && (ch == '_' || ch == '-' || (ch >= '0' && ch <= '9') ||
                        ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'));
    }
    if (!good) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Topic Name");
    }
    if (wants_fifo && !fifo) {
        return fail(
            c, &SNS_BAD_PARAMETER,
            "Invalid parameter: Fifo Topic names must end with .fifo and must be made up of "
            "only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, "
            "and must be between 1 and 256 characters long.");
    }
    if (fifo && !wants_fifo) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Topic Name");
    }
    return OK;
}

static status tag_list_check(struct call *c, const struct topic *topic, const struct value *tags)
{
    size_t count = topic->tags.count;

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (key.bytes == 0 || utf8_count(key) > KEY_CHARS_MAX ||
            utf8_count(get_str(&tags->items[i], "Value")) > VALUE_CHARS_MAX ||
            str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Tags");
        }
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(key, get_str(&tags->items[k], "Key"))) {
                return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Duplicated keys are not "
                            "allowed.");
            }
        }
        count += setting_get(&topic->tags, arena_dup(c->arena, key).at).at == NULL;
    }
    if (count > TAGS_MAX) {
        return fail(c, &SNS_TAG_LIMIT, "Could not complete request: tag quota of per resource "
                    "exceeded");
    }
    return OK;
}

static status attributes_check(struct call *c, const struct topic *topic, const struct value *map)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        TRY(topic_attribute_check(c, topic, map->pairs[i].key, map->pairs[i].value.str));
    }
    return OK;
}

/* One that is there already, with what was asked for: fine. */
static status existing(struct call *c, const struct topic *topic)
{
    const struct value *map = arg(c, "Attributes");
    const struct value *tags = arg(c, "Tags");

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        struct str name = arena_dup(c->arena, map->pairs[i].key);

        if (!str_eq(setting_get(&topic->attributes, name.at), map->pairs[i].value.str)) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: Attributes Reason: Topic already "
                        "exists with different attributes");
        }
    }
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = arena_dup(c->arena, get_str(&tags->items[i], "Key"));

        if (!str_eq(setting_get(&topic->tags, key.at), get_str(&tags->items[i], "Value"))) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: Tags Reason: Topic already exists with different tags");
        }
    }
    put_str(c, "TopicArn", topic_arn(c->arena, topic));
    return OK;
}

static void tag_all(struct topic *topic, const struct value *tags)
{
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        setting_set(&topic->tags, get_str(&tags->items[i], "Key"),
                    get_str(&tags->items[i], "Value"));
    }
}

/* CreateTopic */
status sns_create_topic(struct call *c)
{
    struct str name = arg_str(c, "Name");
    const struct value *map = arg(c, "Attributes");
    struct topic *topic =
        topic_find(sns_of(c), call_arn(c, "sns", "%.*s", STR_ARG(name)));
    status checked;

    TRY(name_check(c, name));
    if (topic != NULL) {
        return existing(c, topic);
    }
    topic = topic_new(c->account, c->region, name);
    checked = attributes_check(c, topic, map);
    if (checked == OK) {
        checked = tag_list_check(c, topic, arg(c, "Tags"));
    }
    if (checked == OK && !topic_add(sns_of(c), topic)) {
        checked = fail(c, &SNS_TOPIC_LIMIT, "weir keeps at most %d topics.", TOPICS_MAX);
    }
    if (checked != OK) {
        topic_free(topic);
        return checked;
    }
    topic->created_ms = c->now;
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        topic_attribute_set(topic, map->pairs[i].key, map->pairs[i].value.str);
    }
    tag_all(topic, arg(c, "Tags"));
    topic_save(c, topic);
    put_str(c, "TopicArn", topic_arn(c->arena, topic));
    call_on(c, topic_arn(c->arena, topic));
    return OK;
}

/* DeleteTopic: with its subscriptions; one that is not there is fine. */
status sns_delete_topic(struct call *c)
{
    struct topic *topic;
    status found = topic_of_call(c, "TopicArn", &topic);

    if (found != OK) {
        return found == &SNS_NOT_FOUND ? OK : found;
    }
    if (topic->archive_days > 0) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: TopicArn Reason: deactivate the ArchivePolicy before "
                    "deleting the topic");
    }
    call_on(c, arg_str(c, "TopicArn"));
    topic_erase(c, topic);
    if (topic->archive != 0) {
        txn_log_drop(c->txn, topic->archive);
    }
    topic_remove(sns_of(c), topic);
    return OK;
}

/* ListTopics: 100 at a time; the token is the last name given. */
status sns_list_topics(struct call *c)
{
    struct topic **topics;
    struct value *list;
    struct str after;
    size_t count;

    TRY(page_after(c, "NextToken", &after));
    topics = topics_sorted(c, &count);
    list = put_list(c, "Topics", PAGE_MAX);
    for (size_t i = 0; i < count; i++) {
        if (after.bytes > 0 && str_cmp(topics[i]->name, after) <= 0) {
            continue;
        }
        if (list->count == PAGE_MAX) {
            put_page_token(c, "NextToken", topics[i - 1]->name);
            break;
        }
        set_str(list_add(c->arena, list), "TopicArn", topic_arn(c->arena, topics[i]));
    }
    return OK;
}

/* ---- attributes ---- */

static struct str default_policy(struct call *c, const struct topic *topic)
{
    struct str arn = topic_arn(c->arena, topic);

    return arena_printf(
        c->arena,
        "{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":[{\"Sid\":"
        "\"__default_statement_ID\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":["
        "\"SNS:GetTopicAttributes\",\"SNS:SetTopicAttributes\",\"SNS:AddPermission\","
        "\"SNS:RemovePermission\",\"SNS:DeleteTopic\",\"SNS:Subscribe\","
        "\"SNS:ListSubscriptionsByTopic\",\"SNS:Publish\"],\"Resource\":\"%.*s\",\"Condition\":{"
        "\"StringEquals\":{\"AWS:SourceOwner\":\"%.*s\"}}}]}",
        STR_ARG(arn), STR_ARG(topic->account));
}

static struct str number(struct call *c, uint64_t value)
{
    return arena_printf(c->arena, "%llu", (unsigned long long)value);
}

/* GetTopicAttributes */
status sns_get_topic_attributes(struct call *c)
{
    struct topic *topic;
    struct value *map;
    struct str policy;

    TRY(topic_of_call(c, "TopicArn", &topic));
    map = set_map(c->arena, c->out, "Attributes", topic->attributes.count + 12);
    map_add_str(map, STR("TopicArn"), topic_arn(c->arena, topic));
    map_add_str(map, STR("Owner"), topic->account);
    map_add_str(map, STR("SubscriptionsConfirmed"),
                number(c, topic->subscription_count - topic->pending));
    map_add_str(map, STR("SubscriptionsPending"), number(c, topic->pending));
    map_add_str(map, STR("SubscriptionsDeleted"), number(c, topic->deleted));
    map_add_str(map, STR("EffectiveDeliveryPolicy"),
                topic_policy_text(c->arena, topic, true));
    if (setting_get(&topic->attributes, "DeliveryPolicy").bytes > 0) {
        map_add_str(map, STR("DeliveryPolicy"), topic_policy_text(c->arena, topic, false));
    }
    policy = setting_get(&topic->attributes, "Policy");
    if (policy.at == NULL) {
        map_add_str(map, STR("Policy"), default_policy(c, topic));
    }
    if (setting_get(&topic->attributes, "DisplayName").at == NULL) {
        map_add_str(map, STR("DisplayName"), STR(""));
    }
    if (topic->fifo && setting_get(&topic->attributes, "ContentBasedDeduplication").at == NULL) {
        map_add_str(map, STR("ContentBasedDeduplication"), STR("false"));
    }
    if (topic->archive_days > 0 && topic->archive_began_ms > 0) {
        map_add_str(map, STR("BeginningArchiveTime"),
                    number(c, (uint64_t)topic->archive_began_ms / 1000));
    }
    for (size_t i = 0; i < topic->attributes.count; i++) {
        const struct setting *setting = &topic->attributes.items[i];

        if (!str_eq(setting->name, STR("DeliveryPolicy"))) {
            map_add_str(map, setting->name, setting->text);
        }
    }
    return OK;
}

/* SetTopicAttributes */
status sns_set_topic_attributes(struct call *c)
{
    struct str name = arg_str(c, "AttributeName");
    struct topic *topic;

    TRY(topic_of_call(c, "TopicArn", &topic));
    if (str_eq(name, STR("FifoTopic"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: AttributeName");
    }
    TRY(topic_attribute_check(c, topic, name, arg_str(c, "AttributeValue")));
    topic_attribute_set(topic, name, arg_str(c, "AttributeValue"));
    if (topic->archive_days == 0 && topic->archive != 0) { /* deactivated: the archive goes */
        txn_log_drop(c->txn, topic->archive);
        topic->archive = 0;
        topic->archive_began_ms = 0;
    }
    topic_save(c, topic);
    call_on(c, arg_str(c, "TopicArn"));
    return OK;
}

/* ---- tags ---- */

static status topic_of_resource(struct call *c, struct topic **ret_topic)
{
    struct topic *topic = topic_find(sns_of(c), arg_str(c, "ResourceArn"));

    if (topic == NULL) {
        return fail(c, &SNS_NO_RESOURCE, "Resource does not exist");
    }
    *ret_topic = topic;
    return OK;
}

/* TagResource */
status sns_tag_resource(struct call *c)
{
    struct topic *topic;

    TRY(topic_of_resource(c, &topic));
    TRY(tag_list_check(c, topic, arg(c, "Tags")));
    tag_all(topic, arg(c, "Tags"));
    topic_save(c, topic);
    call_on(c, arg_str(c, "ResourceArn"));
    return OK;
}

/* UntagResource */
status sns_untag_resource(struct call *c)
{
    const struct value *keys = arg(c, "TagKeys");
    struct topic *topic;

    TRY(topic_of_resource(c, &topic));
    for (uint32_t i = 0; i < keys->count; i++) {
        setting_remove(&topic->tags, keys->items[i].str);
    }
    topic_save(c, topic);
    call_on(c, arg_str(c, "ResourceArn"));
    return OK;
}

/* ListTagsForResource */
status sns_list_tags(struct call *c)
{
    struct topic *topic;
    struct value *list;

    TRY(topic_of_resource(c, &topic));
    list = put_list(c, "Tags", topic->tags.count);
    for (size_t i = 0; i < topic->tags.count; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "Key", topic->tags.items[i].name);
        set_str(item, "Value", topic->tags.items[i].text);
    }
    return OK;
}

/* ---- permissions: statements of the topic's policy ---- */

static void add_strings(struct buf *text, const struct value *list, const char *before,
                        const char *after)
{
    buf_add_c(text, '[');
    for (uint32_t i = 0; i < list->count; i++) {
        buf_add(text, i == 0 ? STR("") : STR(","));
        buf_printf(text, "\"%s%.*s%s\"", before, STR_ARG(list->items[i].str), after);
    }
    buf_add_c(text, ']');
}

/* The topic's policy without the label's statement, and with new_statement behind the others. */
static struct str policy_with(struct call *c, const struct topic *topic, struct str new_statement,
                              bool *ret_found)
{
    struct str policy = setting_get(&topic->attributes, "Policy");
    const struct value *list;
    struct value document;
    struct why why;
    struct buf text;
    struct str made;
    bool any = false;

    *ret_found = false;
    policy = policy.at == NULL ? default_policy(c, topic) : policy;
    buf_init(&text, 2 * POLICY_TEXT_BYTES_MAX);
    buf_add(&text,
            STR("{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":["));
    list = json_read(arena_dup(c->arena, policy), 0, c->arena, &why, &document) == OK
               ? map_find(&document, STR("Statement"))
               : NULL;
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        const struct value *sid = list->items[i].kind == VALUE_MAP
                                      ? map_find(&list->items[i], STR("Sid"))
                                      : NULL;

        if (sid != NULL && sid->kind == VALUE_STR && str_eq(sid->str, arg_str(c, "Label"))) {
            *ret_found = true;
            continue;
        }
        buf_add(&text, any ? STR(",") : STR(""));
        json_write(&text, &list->items[i], TIME_EPOCH);
        any = true;
    }
    if (new_statement.bytes > 0) {
        buf_add(&text, any ? STR(",") : STR(""));
        buf_add(&text, new_statement);
    }
    buf_add(&text, STR("]}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static status policy_set(struct call *c, struct topic *topic, struct str policy)
{
    topic_attribute_set(topic, STR("Policy"), policy);
    topic_save(c, topic);
    call_on(c, topic_arn(c->arena, topic));
    return OK;
}

/* AddPermission */
status sns_add_permission(struct call *c)
{
    struct topic *topic;
    struct buf text;
    struct str policy;
    bool found;

    TRY(topic_of_call(c, "TopicArn", &topic));
    buf_init(&text, POLICY_TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"Sid\":"));
    json_write_str(&text, arg_str(c, "Label"));
    buf_add(&text, STR(",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"));
    add_strings(&text, arg(c, "AWSAccountId"), "arn:aws:iam::", ":root");
    buf_add(&text, STR("},\"Action\":"));
    add_strings(&text, arg(c, "ActionName"), "SNS:", "");
    buf_printf(&text, ",\"Resource\":\"%.*s\"}", STR_ARG(topic_arn(c->arena, topic)));
    policy = policy_with(c, topic, buf_str(&text), &found);
    buf_done(&text);
    if (found) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Statement already exists");
    }
    return policy_set(c, topic, policy);
}

/* RemovePermission */
status sns_remove_permission(struct call *c)
{
    struct topic *topic;
    struct str policy;
    bool found;

    TRY(topic_of_call(c, "TopicArn", &topic));
    policy = policy_with(c, topic, STR_NONE, &found);
    return found ? policy_set(c, topic, policy) : OK;
}
