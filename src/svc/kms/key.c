/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys in memory: how they are named and found, which state they are in, what is told of them.
 *
 * A key is named by its id, its ARN, and for operations that say so by an alias's name or ARN. An
 * ARN may be of another account, never of another Region.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/kms/keys.h"

#include <stdio.h>

#define NAME_BYTES_MAX 2600

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

/* ---- in memory ---- */

struct kms_key *key_new(struct str account, struct str region, struct str id)
{
    struct kms_key *key = MEM_NEW(struct kms_key);

    text_set(&key->account, account);
    text_set(&key->region, region);
    text_set(&key->id, id);
    key->enabled = true;
    return key;
}

void key_free(struct kms_key *key)
{
    struct str *texts[] = {&key->account, &key->region, &key->id,
                           &key->description, &key->policy, &key->primary};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        text_set(texts[i], STR_NONE);
    }
    for (size_t i = 0; i < key->material_count; i++) {
        material_free(&key->materials[i]);
    }
    for (size_t i = 0; i < key->tag_count; i++) {
        text_set(&key->tags[i].key, STR_NONE);
        text_set(&key->tags[i].value, STR_NONE);
    }
    mem_free(key->materials);
    mem_free(key);
}

bool key_enter(struct kms *kms, struct kms_key *key)
{
    char name[ARN_NAME_KEY_BYTES_MAX];

    return map_count(kms->keys) < KEYS_MAX &&
           map_set(kms->keys, arn_name_key(name, key->account, key->region, key->id), key, NULL);
}

struct kms_key *key_find(const struct kms *kms, struct str account, struct str region,
                         struct str id)
{
    char name[ARN_NAME_KEY_BYTES_MAX];

    return map_get(kms->keys, arn_name_key(name, account, region, id));
}

struct str key_arn(struct arena *arena, const struct kms_key *key)
{
    return arena_printf(arena, "arn:%.*s:kms:%.*s:%.*s:key/%.*s",
                        STR_ARG(arn_partition(key->region)), STR_ARG(key->region),
                        STR_ARG(key->account), STR_ARG(key->id));
}

struct str key_policy(struct arena *arena, const struct kms_key *key)
{
    if (key->policy.bytes > 0) {
        return key->policy;
    }
    return arena_printf(arena,
                        "{\n"
                        "  \"Version\" : \"2012-10-17\",\n"
                        "  \"Id\" : \"key-default-1\",\n"
                        "  \"Statement\" : [ {\n"
                        "    \"Sid\" : \"Enable IAM User Permissions\",\n"
                        "    \"Effect\" : \"Allow\",\n"
                        "    \"Principal\" : {\n"
                        "      \"AWS\" : \"arn:%.*s:iam::%.*s:root\"\n"
                        "    },\n"
                        "    \"Action\" : \"kms:*\",\n"
                        "    \"Resource\" : \"*\"\n"
                        "  } ]\n"
                        "}",
                        STR_ARG(arn_partition(key->region)), STR_ARG(key->account));
}

void key_changed(struct call *c, struct kms_key *key)
{
    key_save(c, key);
    life_set(c->cell, key);
    call_on(c, key_arn(c->arena, key));
}

struct str key_id_new(struct call *c, bool multi_region)
{
    char *id = arena_alloc(c->arena, KEY_ID_BYTES_MAX);
    uint8_t chance[16];

    if (!multi_region) {
        rand_uuid(c->rand, id);
        return str_of(id, 36);
    }
    rand_fill(c->rand, chance, sizeof(chance));
    memcpy(id, "mrk-", 4);
    hex_encode(str_of(chance, sizeof(chance)), id + 4);
    return str_of(id, 36);
}

/* ---- finding ---- */

static bool is_hex_or_dash(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
              c == '-')) {
            return false;
        }
    }
    return true;
}

static bool is_key_id(struct str text)
{
    return text.bytes == 36 &&
           (is_hex_or_dash(text) ||
            (str_starts(text, STR("mrk-")) && is_hex_or_dash(str_slice(text, 4, text.bytes))));
}

static __attribute__((returns_nonnull)) status no_key(struct call *c, const struct arn *arn)
{
    return fail(c, &KMS_NOT_FOUND, "Key '%.*s' does not exist",
                STR_ARG(arn_write(c->arena, arn)));
}

static status key_of_arn(struct call *c, const struct arn *arn, struct kms_key **ret_key)
{
    struct str id = str_slice(arn->resource, STR("key/").bytes, arn->resource.bytes);
    struct kms_key *key = key_find(kms_of(c), arn->account, arn->region, id);

    if (key == NULL) {
        return no_key(c, arn);
    }
    *ret_key = key;
    return OK;
}

static status key_of_alias(struct call *c, const struct arn *arn, struct kms_key **ret_key)
{
    struct alias *alias = alias_find(kms_of(c), arn->account, arn->region, arn->resource);
    struct kms_key *key =
        alias == NULL ? NULL : key_find(kms_of(c), arn->account, arn->region, alias->key_id);

    if (key == NULL) {
        return fail(c, &KMS_NOT_FOUND, "Alias %.*s is not found.",
                    STR_ARG(arn_write(c->arena, arn)));
    }
    *ret_key = key;
    return OK;
}

static __attribute__((returns_nonnull)) status no_name(struct call *c, struct str name)
{
    return fail(c, &KMS_NOT_FOUND, "Invalid keyId '%.*s'", STR_ARG(name));
}

status key_named(struct call *c, struct str name, bool alias_too, struct kms_key **ret_key)
{
    struct arn arn = {arn_partition(c->region), STR("kms"), c->region, c->account, name};
    bool alias;

    if (name.bytes > NAME_BYTES_MAX) {
        return no_name(c, STR("…"));
    }
    if (str_starts(name, STR("arn:"))) {
        if (!arn_read(name, &arn) || !str_eq(arn.service, STR("kms"))) {
            return fail(c, &KMS_ARN, "Invalid arn %.*s", STR_ARG(name));
        }
        if (!str_eq(arn.region, c->region)) {
            return fail(c, &KMS_NOT_FOUND, "Invalid arn %.*s", STR_ARG(arn.region));
        }
    } else if (is_key_id(name)) {
        arn.resource = arena_printf(c->arena, "key/%.*s", STR_ARG(name));
    }
    alias = str_starts(arn.resource, STR("alias/"));
    if (alias && alias_too) {
        return key_of_alias(c, &arn, ret_key);
    }
    return !alias && str_starts(arn.resource, STR("key/")) ? key_of_arn(c, &arn, ret_key)
                                                           : no_name(c, name);
}

/* ---- states ---- */

/* Everything but what waits must be there. */
static bool is_whole(const struct kms_key *key)
{
    size_t current = 0;

    for (size_t i = 0; i < key->material_count; i++) {
        if (key->materials[i].state != MATERIAL_PENDING && !key->materials[i].present) {
            return false;
        }
        current += key->materials[i].state == MATERIAL_CURRENT;
    }
    return current > 0;
}

enum state key_state(const struct kms_key *key)
{
    if (key->deletion_ms > 0) {
        return STATE_PENDING_DELETION;
    }
    if (!is_whole(key)) {
        return STATE_PENDING_IMPORT;
    }
    return key->enabled ? STATE_ENABLED : STATE_DISABLED;
}

const char *state_name(enum state state)
{
    static const char *const names[] = {"Enabled", "Disabled", "PendingDeletion", "PendingImport"};

    return names[state];
}

static __attribute__((returns_nonnull)) status in_state(struct call *c, const struct kms_key *key,
                                                        const char *words)
{
    return fail(c, &KMS_STATE, "%.*s is %s.", STR_ARG(key_arn(c->arena, key)), words);
}

status key_not_deleted(struct call *c, const struct kms_key *key)
{
    return key->deletion_ms > 0 ? in_state(c, key, "pending deletion") : OK;
}

status key_usable(struct call *c, const struct kms_key *key)
{
    switch (key_state(key)) {
    case STATE_ENABLED:
        return OK;
    case STATE_PENDING_DELETION:
        return in_state(c, key, "pending deletion");
    case STATE_PENDING_IMPORT:
        return in_state(c, key, "pending import");
    case STATE_DISABLED:
        break;
    }
    return fail(c, &KMS_DISABLED, "%.*s is disabled.", STR_ARG(key_arn(c->arena, key)));
}

status key_used_for(struct call *c, const struct kms_key *key, uint8_t usage)
{
    if (key->usage == usage) {
        return OK;
    }
    return fail(c, &KMS_USAGE, "%.*s key usage is %s which is not valid for %.*s.",
                STR_ARG(key_arn(c->arena, key)), usage_name(key->usage), STR_ARG(call_name(c)));
}

status key_symmetric(struct call *c, const struct kms_key *key)
{
    return key->spec->kind == SPEC_AES
               ? OK
               : fail(c, &KMS_UNSUPPORTED,
                      "This operation is only supported on symmetric encryption KMS keys.");
}

status key_own(struct call *c, const struct kms_key *key)
{
    struct str name = call_name(c);

    if (!key->managed) {
        return OK;
    }
    return fail(c, &KMS_DENIED,
                "User: %.*s is not authorized to perform: kms:%.*s on resource: %.*s because no "
                "resource-based policy allows the kms:%.*s action",
                STR_ARG(c->principal), STR_ARG(name), STR_ARG(key_arn(c->arena, key)),
                STR_ARG(name));
}

/* ---- telling ---- */

static void tell_algorithms(struct call *c, const struct kms_key *key, struct value *metadata)
{
    static const struct {
        uint8_t usage;
        const char *member;
    } members[] = {
        {USAGE_ENCRYPT, "EncryptionAlgorithms"},
        {USAGE_SIGN, "SigningAlgorithms"},
        {USAGE_AGREE, "KeyAgreementAlgorithms"},
        {USAGE_MAC, "MacAlgorithms"},
    };
    const struct algorithm *algorithm;
    struct value *list = NULL;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (members[i].usage == key->usage) {
            list = set_list(c->arena, metadata, members[i].member, 8);
        }
    }
    for (uint32_t i = 0;
         list != NULL && (algorithm = algorithm_of(key->spec, key->usage, i)) != NULL; i++) {
        list_add_str(list, str_c(algorithm->name));
    }
}

static void tell_region_key(struct call *c, const struct kms_key *key, struct value *item)
{
    set_str(item, "Arn", key_arn(c->arena, key));
    set_str(item, "Region", key->region);
}

static void tell_regions(struct call *c, const struct kms_key *key, struct value *metadata)
{
    struct value *about = set_struct(c->arena, metadata, "MultiRegionConfiguration");
    struct kms_key *primary = key_find(kms_of(c), key->account, key->primary, key->id);
    struct value *replicas;
    struct str name;
    void *value;

    set_str(about, "MultiRegionKeyType",
            key->region_kind == REGION_PRIMARY ? STR("PRIMARY") : STR("REPLICA"));
    if (primary != NULL) {
        tell_region_key(c, primary, set_struct(c->arena, about, "PrimaryKey"));
    }
    replicas = set_list(c->arena, about, "ReplicaKeys", REGIONS_MAX);
    for (size_t i = 0; map_next(kms_of(c)->keys, &i, &name, &value);) {
        struct kms_key *other = value;

        if (other->region_kind == REGION_REPLICA && str_eq(other->id, key->id) &&
            str_eq(other->account, key->account) && replicas->count < REGIONS_MAX) {
            tell_region_key(c, other, list_add(c->arena, replicas));
        }
    }
}

static void tell_import(const struct kms_key *key, struct value *metadata)
{
    const struct material *current = material_current(key);

    if (key->origin != ORIGIN_EXTERNAL || current == NULL || !current->present) {
        return;
    }
    if (current->valid_to_ms > 0) {
        set_time(metadata, "ValidTo", current->valid_to_ms);
    }
    set_str(metadata, "ExpirationModel",
            current->valid_to_ms > 0 ? STR("KEY_MATERIAL_EXPIRES")
                                     : STR("KEY_MATERIAL_DOES_NOT_EXPIRE"));
}

void key_tell(struct call *c, const struct kms_key *key, struct value *metadata)
{
    const struct material *current = material_current(key);
    enum state state = key_state(key);
    struct str spec = str_c(key->spec->name);

    set_str(metadata, "AWSAccountId", key->account);
    set_str(metadata, "KeyId", key->id);
    set_str(metadata, "Arn", key_arn(c->arena, key));
    set_time(metadata, "CreationDate", key->created_ms);
    set_bool(metadata, "Enabled", state == STATE_ENABLED);
    set_str(metadata, "Description", key->description.bytes == 0 ? STR("") : key->description);
    set_str(metadata, "KeyUsage", str_c(usage_name(key->usage)));
    set_str(metadata, "KeyState", str_c(state_name(state)));
    if (state == STATE_PENDING_DELETION) {
        set_time(metadata, "DeletionDate", key->deletion_ms);
    }
    set_str(metadata, "Origin", key->origin == ORIGIN_KMS ? STR("AWS_KMS") : STR("EXTERNAL"));
    tell_import(key, metadata);
    set_str(metadata, "KeyManager", key->managed ? STR("AWS") : STR("CUSTOMER"));
    set_str(metadata, "CustomerMasterKeySpec", spec);
    set_str(metadata, "KeySpec", spec);
    tell_algorithms(c, key, metadata);
    set_bool(metadata, "MultiRegion", key->region_kind != REGION_SINGLE);
    if (key->region_kind != REGION_SINGLE) {
        tell_regions(c, key, metadata);
    }
    if (key->spec->kind == SPEC_AES && current != NULL && current->present) {
        set_str(metadata, "CurrentKeyMaterialId", material_id_text(c->arena, current));
    }
}
