/* SPDX-License-Identifier: Apache-2.0
 *
 * Multi-Region keys: a replica is a key of its own in another Region, with the primary's id and
 * material. Policy, description, tags, aliases, grants and states are each one's own.
 */
#include "svc/kms/kms_ops.h"

#include <assert.h>

static status replicable(struct call *c, const struct kms_key *key, struct str region)
{
    if (key->region_kind != REGION_PRIMARY) {
        return fail(c, &KMS_UNSUPPORTED, "%.*s is not a multi-Region primary key.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    if (key->origin == ORIGIN_EXTERNAL) {
        return fail(c, &KMS_UNSUPPORTED, "weir does not replicate keys with imported material.");
    }
    TRY(key_usable(c, key));
    if (!str_eq(arn_partition(region), arn_partition(key->region))) {
        return fail(c, &KMS_UNSUPPORTED, "Region %.*s is in another partition.", STR_ARG(region));
    }
    return key_find(kms_of(c), key->account, region, key->id) == NULL
               ? OK
               : fail(c, &KMS_EXISTS, "A key with ID %.*s already exists in %.*s.",
                      STR_ARG(key->id), STR_ARG(region));
}

void replica_take(struct call *c, const struct kms_key *primary, struct kms_key *replica)
{
    for (size_t i = replica->material_count; i < primary->material_count; i++) {
        const struct material *from = &primary->materials[i];
        struct material *to;
        struct str secret;
        bool there = material_open(c, primary, from, &secret);

        assert(there); /* KMS's own is never gone */
        to = material_add(c, replica, secret, MATERIAL_CURRENT);
        crypt_wipe_str(secret);
        assert(to->number == from->number);
        to->rotation = from->rotation;
        to->at_ms = from->at_ms;
    }
}

static struct kms_key *replica_make(struct call *c, const struct kms_key *key, struct str region)
{
    struct kms_key *replica = key_new(key->account, region, key->id);
    bool entered;

    replica->spec = key->spec;
    replica->usage = key->usage;
    replica->region_kind = REGION_REPLICA;
    replica->created_ms = c->now;
    replica->period_days = key->period_days;
    text_set(&replica->primary, key->region);
    text_set(&replica->description, arg_str(c, "Description"));
    text_set(&replica->policy, arg_str(c, "Policy"));
    tags_set(replica, arg(c, "Tags"));
    entered = key_enter(kms_of(c), replica);
    assert(entered);
    replica_take(c, key, replica);
    key_changed(c, replica);
    return replica;
}

static void put_tags(struct call *c, const struct kms_key *key)
{
    struct value *list = put_list(c, "ReplicaTags", TAGS_MAX);

    for (size_t i = 0; i < key->tag_count; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "TagKey", key->tags[i].key);
        set_str(item, "TagValue",
                key->tags[i].value.bytes == 0 ? STR("") : key->tags[i].value);
    }
}

/* ReplicateKey */
status kms_replicate(struct call *c)
{
    struct str region = arg_str(c, "ReplicaRegion");
    struct kms_key *key;
    struct kms_key *replica;

    TRY(key_of_call(c, "kms:ReplicateKey", &key));
    TRY(replicable(c, key, region));
    if (arg_has(c, "Policy")) {
        TRY(policy_check(c, arg_str(c, "Policy")));
    }
    TRY(tags_check(c, NULL, arg(c, "Tags")));
    if (map_count(kms_of(c)->keys) >= KEYS_MAX) {
        return fail(c, &KMS_LIMIT, "At most %d keys are kept.", KEYS_MAX);
    }
    replica = replica_make(c, key, region);
    key_tell(c, replica, put_struct(c, "ReplicaKeyMetadata"));
    put_str(c, "ReplicaPolicy", key_policy(c->arena, replica));
    put_tags(c, replica);
    return OK;
}

/* Everybody of that id has that primary now; rotation goes with it. */
static void primary_move(struct call *c, struct kms_key *from, struct kms_key *to)
{
    struct str name;
    void *value;

    to->region_kind = REGION_PRIMARY;
    to->rotates = from->rotates;
    to->period_days = from->period_days;
    to->rotation_ms = from->rotation_ms;
    to->on_demand = from->on_demand;
    from->region_kind = REGION_REPLICA;
    from->rotates = false;
    from->rotation_ms = 0;
    for (size_t i = 0; map_next(kms_of(c)->keys, &i, &name, &value);) {
        struct kms_key *key = value;

        if (str_eq(key->id, to->id) && str_eq(key->account, to->account)) {
            text_set(&key->primary, to->region);
            key_changed(c, key);
        }
    }
}

/* UpdatePrimaryRegion */
status kms_update_primary(struct call *c)
{
    struct str region = arg_str(c, "PrimaryRegion");
    struct kms_key *key;
    struct kms_key *next;

    TRY(key_of_call(c, "kms:UpdatePrimaryRegion", &key));
    if (key->region_kind != REGION_PRIMARY) {
        return fail(c, &KMS_UNSUPPORTED, "%.*s is not a multi-Region primary key.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    TRY(key_usable(c, key));
    next = key_find(kms_of(c), key->account, region, key->id);
    if (next == NULL || next == key) {
        return fail(c, &KMS_NOT_FOUND, "%.*s has no replica key in %.*s.",
                    STR_ARG(key_arn(c->arena, key)), STR_ARG(region));
    }
    TRY(key_usable(c, next));
    primary_move(c, key, next);
    return OK;
}
