/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::SNS::Subscription: what SNS calls attributes are its properties, each set by itself.
 */
#include "svc/sns/cfn.h"

/* In the order in which they are set: a scope before the policy that it is for. "": none. */
static const char *const attributes[][2] = {
    {"DeliveryPolicy", ""},
    {"FilterPolicyScope", "MessageAttributes"},
    {"FilterPolicy", ""},
    {"RawMessageDelivery", "false"},
    {"RedrivePolicy", ""},
    {"ReplayPolicy", ""},
    {"SubscriptionRoleArn", ""},
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* The topic may be in another region. */
static status begin(struct resource *r, const char *operation, struct inner *ret_inner)
{
    struct str region = resource_str(r, "Region");

    TRY(resource_begin(r, operation, ret_inner));
    if (region.bytes > 0) {
        ret_inner->caller.region = region;
    }
    return OK;
}

status sns_subscription_make(struct resource *r)
{
    struct value *map = doc_map(r->c->arena);
    struct inner inner;

    TRY(begin(r, "Subscribe", &inner));
    TRY(resource_fill(r, &inner));
    set_bool(inner.in, "ReturnSubscriptionArn", true);
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        const struct value *value = resource_get(r, attributes[i][0]);

        if (value != NULL) {
            *doc_put(r->c->arena, map, str_c(attributes[i][0])) = *value;
        }
    }
    TRY(resource_set(r, &inner, "Attributes", map->count == 0 ? NULL : map));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "SubscriptionArn");
    return OK;
}

static status set_attribute(struct resource *r, const char *name, struct str text)
{
    struct inner inner;

    TRY(begin(r, "SetSubscriptionAttributes", &inner));
    set_str(inner.in, "SubscriptionArn", r->id);
    set_str(inner.in, "AttributeName", str_c(name));
    set_str(inner.in, "AttributeValue", text);
    return resource_run(r, &inner);
}

static struct str text_of(struct resource *r, const char *property, const char *without)
{
    const struct value *value = resource_get(r, property);

    if (value == NULL) {
        return str_c(without);
    }
    return value->kind == VALUE_MAP ? resource_policy(r, property) : resource_str(r, property);
}

status sns_subscription_change(struct resource *r)
{
    /* the old policy may not be one of the new scope */
    if (resource_changed(r, "FilterPolicyScope") && doc_get(r->had, "FilterPolicy") != NULL) {
        TRY(set_attribute(r, "FilterPolicy", STR("")));
    }
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        const char *name = attributes[i][0];
        bool with_scope = strcmp(name, "FilterPolicy") == 0 &&
                          resource_changed(r, "FilterPolicyScope");

        if (resource_changed(r, name) || with_scope) {
            TRY(set_attribute(r, name, text_of(r, name, attributes[i][1])));
        }
    }
    return OK;
}

status sns_subscription_remove(struct resource *r)
{
    struct inner inner;

    TRY(begin(r, "Unsubscribe", &inner));
    set_str(inner.in, "SubscriptionArn", r->id);
    return resource_run(r, &inner);
}

status sns_subscription_tell(struct resource *r)
{
    resource_attribute(r, "Arn", r->id);
    return OK;
}

status sns_subscription_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;
    struct inner inner;

    TRY(begin(r, "GetSubscriptionAttributes", &inner));
    set_str(inner.in, "SubscriptionArn", r->id);
    TRY(resource_run(r, &inner));
    told = get(inner.out, "Attributes");
    for (uint32_t i = 0; i < told->count; i++) {
        if (resource_property_find(r->type, told->pairs[i].key) != NULL) {
            *doc_put(r->c->arena, ret_properties, told->pairs[i].key) =
                *resource_tree(r, told->pairs[i].value.str);
        }
    }
    if (resource_get(r, "Region") != NULL) {
        doc_put_text(r->c->arena, ret_properties, "Region", resource_str(r, "Region"));
    }
    return OK;
}
