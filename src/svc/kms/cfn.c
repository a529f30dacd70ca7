/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys, their replicas and aliases in templates.
 */
#include "svc/kms/cfn.h"

#define DAYS_MAX "30" /* of waiting for deletion, when nothing is said */

/* ---- AWS::KMS::Key ---- */

static const struct resource_property key_properties[] = {
    {"BypassPolicyLockoutSafetyCheck", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"EnableKeyRotation", "", RESOURCE_IN_PLACE, 0},
    {"Enabled", "", RESOURCE_IN_PLACE, 0},
    {"KeyPolicy", "Policy", RESOURCE_IN_PLACE, 0},
    {"KeySpec", NULL, RESOURCE_IN_PLACE, 0},
    {"KeyUsage", NULL, RESOURCE_IN_PLACE, 0},
    {"MultiRegion", NULL, RESOURCE_IN_PLACE, 0},
    {"Origin", NULL, RESOURCE_IN_PLACE, 0},
    {"PendingWindowInDays", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"RotationPeriodInDays", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const key_attributes[] = {"Arn", "KeyId", NULL};

/* KMS has tags of TagKey and TagValue. */
static const struct value *tags_spelt(struct resource *r, const struct value *tags)
{
    struct value *list = ARENA_NEW(r->c->arena, struct value);

    list->kind = VALUE_LIST;
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct value *tag = doc_add(r->c->arena, list);

        tag->kind = VALUE_MAP;
        doc_put_text(r->c->arena, tag, "TagKey",
                     doc_text(r->c->arena, doc_get(&tags->items[i], "Key")));
        doc_put_text(r->c->arena, tag, "TagValue",
                     doc_text(r->c->arena, doc_get(&tags->items[i], "Value")));
    }
    return tags == NULL ? NULL : list;
}

static status key_do(struct resource *r, const char *operation)
{
    struct inner inner;

    return resource_ask(r, operation, RESOURCE_ARGS({"KeyId", r->id}), &inner);
}

static status rotation_set(struct resource *r)
{
    bool wanted = resource_bool(r, "EnableKeyRotation", false);
    struct inner inner;

    if (!resource_any_changed(r, "EnableKeyRotation RotationPeriodInDays") ||
        (r->had == NULL && !wanted)) {
        return OK;
    }
    if (!wanted) {
        return key_do(r, "DisableKeyRotation");
    }
    TRY(resource_begin(r, "EnableKeyRotation", &inner));
    set_str(inner.in, "KeyId", r->id);
    TRY(resource_set(r, &inner, "RotationPeriodInDays",
                     resource_get(r, "RotationPeriodInDays")));
    return resource_run(r, &inner);
}

static status key_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateKey", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_set(r, &inner, "Tags", tags_spelt(r, resource_tags(r, "Tags"))));
    TRY(resource_run(r, &inner));
    r->id = get_str(get(inner.out, "KeyMetadata"), "KeyId");
    TRY(rotation_set(r));
    return resource_bool(r, "Enabled", true) ? OK : key_do(r, "DisableKey");
}

static status policy_set(struct resource *r)
{
    struct str policy = resource_policy(r, "KeyPolicy");
    struct inner inner;

    if (!resource_changed(r, "KeyPolicy")) {
        return OK;
    }
    if (policy.at == NULL) { /* the one that a key has of itself */
        policy = arena_printf(
            r->c->arena,
            "{\"Version\":\"2012-10-17\",\"Id\":\"key-default-1\",\"Statement\":[{\"Sid\":\"Enable "
            "IAM User Permissions\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"
            "\"arn:%.*s:iam::%.*s:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}",
            STR_ARG(arn_partition(r->c->region)), STR_ARG(r->c->account));
    }
    TRY(resource_begin(r, "PutKeyPolicy", &inner));
    set_str(inner.in, "KeyId", r->id);
    set_str(inner.in, "Policy", policy);
    if (resource_property_find(r->type, STR("BypassPolicyLockoutSafetyCheck")) != NULL) {
        TRY(resource_set(r, &inner, "BypassPolicyLockoutSafetyCheck",
                         resource_get(r, "BypassPolicyLockoutSafetyCheck")));
    }
    return resource_run(r, &inner);
}

static status tags_change(struct resource *r)
{
    const struct value *gone = NULL;
    const struct value *set = NULL;
    struct inner inner;

    resource_tags_changed(r, "Tags", &gone, &set);
    if (gone != NULL) {
        TRY(resource_begin(r, "UntagResource", &inner));
        set_str(inner.in, "KeyId", r->id);
        TRY(resource_set(r, &inner, "TagKeys", gone));
        TRY(resource_run(r, &inner));
    }
    if (set != NULL) {
        TRY(resource_begin(r, "TagResource", &inner));
        set_str(inner.in, "KeyId", r->id);
        TRY(resource_set(r, &inner, "Tags", tags_spelt(r, set)));
        TRY(resource_run(r, &inner));
    }
    return OK;
}

/* What a key and a replica may change. A key that is switched off has to be on for its rotation. */
static status common_change(struct resource *r)
{
    struct str description = resource_str(r, "Description");
    bool on = resource_bool(r, "Enabled", true);
    struct inner inner;

    if (resource_changed(r, "Enabled") && on) {
        TRY(key_do(r, "EnableKey"));
    }
    if (resource_changed(r, "Description")) {
        TRY(resource_ask(
            r, "UpdateKeyDescription",
            RESOURCE_ARGS({"KeyId", r->id},
                          {"Description", description.at == NULL ? STR("") : description}),
            &inner));
    }
    TRY(policy_set(r));
    return tags_change(r);
}

static status off_change(struct resource *r)
{
    return resource_changed(r, "Enabled") && !resource_bool(r, "Enabled", true)
               ? key_do(r, "DisableKey")
               : OK;
}

static status key_read(struct resource *r, const struct value **ret_key)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeKey", RESOURCE_ARGS({"KeyId", r->id}), &inner));
    *ret_key = get(inner.out, "KeyMetadata");
    return OK;
}

/* By what the key is, so that an update that was refused can be taken back. */
static status key_change(struct resource *r)
{
    static const char *const fixed[] = {"KeySpec", "KeyUsage", "MultiRegion", "Origin"};
    const struct value *key = NULL;
    const struct value *is;

    TRY(key_read(r, &key));
    is = resource_document(r->c->arena, key);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        const struct value *want = resource_get(r, fixed[i]);

        if (resource_changed(r, fixed[i]) && want != NULL &&
            !doc_same(doc_get(is, fixed[i]), want)) {
            return resource_fail(r, &RESOURCE_INVALID,
                                 "You cannot change the %s of an existing KMS key.", fixed[i]);
        }
    }
    TRY(common_change(r));
    TRY(rotation_set(r));
    return off_change(r);
}

/* It is gone as soon as its deletion is planned. */
static status key_remove(struct resource *r)
{
    struct str days = resource_str(r, "PendingWindowInDays");
    const struct value *key = NULL;
    struct value *number = ARENA_NEW(r->c->arena, struct value);
    struct inner inner;

    TRY(key_read(r, &key));
    if (str_eq(get_str(key, "KeyState"), STR("PendingDeletion"))) {
        return &ERR_NOT_FOUND;
    }
    *number = (struct value){.kind = VALUE_STR, .str = days.at == NULL ? STR(DAYS_MAX) : days};
    TRY(resource_begin(r, "ScheduleKeyDeletion", &inner));
    set_str(inner.in, "KeyId", r->id);
    TRY(resource_set(r, &inner, "PendingWindowInDays", number));
    return resource_run(r, &inner);
}

static status key_tell(struct resource *r)
{
    const struct value *key = NULL;

    TRY(key_read(r, &key));
    resource_attribute(r, "Arn", get_str(key, "Arn"));
    resource_attribute(r, "KeyId", r->id);
    return OK;
}

static status tags_now(struct resource *r, struct value *ret_properties)
{
    struct value *list = ARENA_NEW(r->c->arena, struct value);
    const struct value *tags;
    struct inner inner;

    list->kind = VALUE_LIST;
    TRY(resource_ask(r, "ListResourceTags", RESOURCE_ARGS({"KeyId", r->id}), &inner));
    tags = get(inner.out, "Tags");
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct value *tag = doc_add(r->c->arena, list);

        tag->kind = VALUE_MAP;
        doc_put_text(r->c->arena, tag, "Key", get_str(&tags->items[i], "TagKey"));
        doc_put_text(r->c->arena, tag, "Value", get_str(&tags->items[i], "TagValue"));
    }
    resource_now_tags(r, ret_properties, "Tags", list);
    return OK;
}

static status common_now(struct resource *r, struct value *ret_properties)
{
    const struct value *key = NULL;
    struct inner inner;

    TRY(key_read(r, &key));
    if (str_eq(get_str(key, "KeyState"), STR("PendingDeletion"))) {
        return &ERR_NOT_FOUND;
    }
    resource_now_of(r, key, ret_properties);
    TRY(resource_ask(r, "GetKeyPolicy",
                     RESOURCE_ARGS({"KeyId", r->id}, {"PolicyName", STR("default")}), &inner));
    *doc_put(r->c->arena, ret_properties, STR("KeyPolicy")) =
        *resource_tree(r, get_str(inner.out, "Policy"));
    return tags_now(r, ret_properties);
}

static status key_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(common_now(r, ret_properties));
    if (resource_ask(r, "GetKeyRotationStatus", RESOURCE_ARGS({"KeyId", r->id}), &inner) == OK) {
        doc_put_bool(r->c->arena, ret_properties, "EnableKeyRotation",
                     get_bool(inner.out, "KeyRotationEnabled", false));
    }
    return OK;
}

/* ---- AWS::KMS::ReplicaKey ---- */

static const struct resource_property replica_properties[] = {
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"Enabled", "", RESOURCE_IN_PLACE, 0},
    {"KeyPolicy", "Policy", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"PendingWindowInDays", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"PrimaryKeyArn", "KeyId", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
};

/* Asked where the primary is, for here. */
static status replica_make(struct resource *r)
{
    struct arn arn;
    struct inner inner;

    if (!arn_read(resource_str(r, "PrimaryKeyArn"), &arn)) {
        return resource_fail(r, &RESOURCE_INVALID, "PrimaryKeyArn must be the ARN of a "
                             "multi-Region primary key");
    }
    TRY(resource_begin(r, "ReplicateKey", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_set(r, &inner, "Tags", tags_spelt(r, resource_tags(r, "Tags"))));
    set_str(inner.in, "ReplicaRegion", r->c->region);
    inner.caller.region = arn.region;
    TRY(resource_run(r, &inner));
    r->id = get_str(get(inner.out, "ReplicaKeyMetadata"), "KeyId");
    return resource_bool(r, "Enabled", true) ? OK : key_do(r, "DisableKey");
}

static status replica_now(struct resource *r, struct value *ret_properties)
{
    const struct value *regions;
    const struct value *key = NULL;

    TRY(common_now(r, ret_properties));
    TRY(key_read(r, &key));
    regions = get(key, "MultiRegionConfiguration");
    for (uint32_t i = 0; i < ret_properties->count; i++) {
        struct pair *pair = &ret_properties->pairs[i];

        if (str_eq(pair->key, STR("PrimaryKeyArn"))) { /* whose operation calls it KeyId */
            pair->value = (struct value){
                .kind = VALUE_STR,
                .str = regions == NULL ? STR("") : get_str(get(regions, "PrimaryKey"), "Arn")};
        }
    }
    return OK;
}

static status replica_change(struct resource *r)
{
    TRY(common_change(r));
    return off_change(r);
}

/* ---- AWS::KMS::Alias ---- */

static const struct resource_property alias_properties[] = {
    {"AliasName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"TargetKeyId", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};

static status alias_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateAlias", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = resource_str(r, "AliasName");
    return OK;
}

static status alias_change(struct resource *r)
{
    return resource_change_by(r, "UpdateAlias", "AliasName");
}

static status alias_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteAlias", "AliasName");
}

static status alias_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "TargetKeyId");
    struct inner own;
    struct inner named;

    TRY(resource_ask(r, "DescribeKey", RESOURCE_ARGS({"KeyId", r->id}), &own));
    doc_put_text(r->c->arena, ret_properties, "AliasName", r->id);
    if (resource_ask(r, "DescribeKey", RESOURCE_ARGS({"KeyId", doc_text(r->c->arena, want)}),
                     &named) == OK &&
        str_eq(get_str(get(own.out, "KeyMetadata"), "KeyId"),
               get_str(get(named.out, "KeyMetadata"), "KeyId"))) {
        *doc_put(r->c->arena, ret_properties, STR("TargetKeyId")) = *want;
        return OK;
    }
    doc_put_text(r->c->arena, ret_properties, "TargetKeyId",
                 get_str(get(own.out, "KeyMetadata"), "KeyId"));
    return OK;
}

/* ---- the list ---- */

static const struct resource_type types[KMS_TYPES] = {
    {
        .name = "AWS::KMS::Alias",
        .service = "kms",
        RESOURCE_TYPE_PROPERTIES(alias_properties),
        .make = alias_make,
        .change = alias_change,
        .remove = alias_remove,
        .now = alias_now,
    },
    {
        .name = "AWS::KMS::Key",
        .service = "kms",
        RESOURCE_TYPE_PROPERTIES(key_properties),
        .attributes = key_attributes,
        .make = key_make,
        .change = key_change,
        .remove = key_remove,
        .tell = key_tell,
        .now = key_now,
    },
    {
        .name = "AWS::KMS::ReplicaKey",
        .service = "kms",
        RESOURCE_TYPE_PROPERTIES(replica_properties),
        .attributes = key_attributes,
        .make = replica_make,
        .change = replica_change,
        .remove = key_remove,
        .tell = key_tell,
        .now = replica_now,
    },
};

const struct resource_type *const kms_types[KMS_TYPES] = {&types[0], &types[1], &types[2]};
