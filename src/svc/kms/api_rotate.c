/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation of symmetric keys, automatic and on demand. Of a multi-Region key the primary rotates,
 * and its replicas have what it has.
 */
#include "svc/kms/kms_ops.h"

#define ROTATIONS_PAGE 100

/* Symmetric; of KMS's own material where that is asked. */
static status rotating_key(struct call *c, const char *action, bool own_material,
                           struct kms_key **ret_key)
{
    struct kms_key *key;

    TRY(key_of_call(c, action, &key));
    TRY(key_symmetric(c, key));
    if (own_material && key->origin != ORIGIN_KMS) {
        return fail(c, &KMS_UNSUPPORTED,
                    "%.*s origin is EXTERNAL which is not valid for this operation.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    *ret_key = key;
    return OK;
}

static status is_no_replica(struct call *c, const struct kms_key *key)
{
    return key->region_kind == REGION_REPLICA
               ? fail(c, &KMS_UNSUPPORTED,
                      "%.*s is a replica key: rotation is a property of its primary key.",
                      STR_ARG(key_arn(c->arena, key)))
               : OK;
}

/* EnableKeyRotation; again, with another period, too. */
status kms_enable_rotation(struct call *c)
{
    struct kms_key *key;
    int64_t days;

    TRY(rotating_key(c, "kms:EnableKeyRotation", true, &key));
    TRY(key_own(c, key));
    TRY(is_no_replica(c, key));
    TRY(key_usable(c, key));
    days = arg_int(c, "RotationPeriodInDays", PERIOD_DAYS_DEFAULT);
    if (!key->rotates || key->period_days != days) {
        key->rotation_ms = c->now + days * MS_PER_DAY;
    }
    key->rotates = true;
    key->period_days = (uint32_t)days;
    key_changed(c, key);
    return OK;
}

/* DisableKeyRotation */
status kms_disable_rotation(struct call *c)
{
    struct kms_key *key;

    TRY(rotating_key(c, "kms:DisableKeyRotation", true, &key));
    TRY(key_own(c, key));
    TRY(is_no_replica(c, key));
    TRY(key_usable(c, key));
    key->rotates = false;
    key->rotation_ms = 0;
    key_changed(c, key);
    return OK;
}

/* GetKeyRotationStatus */
status kms_rotation_status(struct call *c)
{
    struct kms_key *key;
    const struct kms_key *who;

    TRY(key_of_call(c, "kms:GetKeyRotationStatus", &key));
    TRY(key_symmetric(c, key));
    who = key->region_kind == REGION_REPLICA
              ? key_find(kms_of(c), key->account, key->primary, key->id) : key;
    if (who == NULL || key->deletion_ms > 0) {
        who = NULL;
    }
    put_str(c, "KeyId", key_arn(c->arena, key));
    put_bool(c, "KeyRotationEnabled", who != NULL && who->rotates);
    if (who != NULL && who->rotates) {
        put_int(c, "RotationPeriodInDays", who->period_days);
        put_time(c, "NextRotationDate", who->rotation_ms);
    }
    return OK;
}

static struct material *pending(const struct kms_key *key)
{
    for (size_t i = 0; i < key->material_count; i++) {
        if (key->materials[i].state == MATERIAL_PENDING && key->materials[i].present) {
            return &key->materials[i];
        }
    }
    return NULL;
}

static status room_check(struct call *c, const struct kms_key *key)
{
    if (key->on_demand >= ON_DEMAND_MAX || key->material_count >= MATERIALS_MAX) {
        return fail(c, &KMS_LIMIT,
                    "The number of on-demand rotations of %.*s has reached its maximum, %d.",
                    STR_ARG(key_arn(c->arena, key)), ON_DEMAND_MAX);
    }
    return OK;
}

static status rotate_imported(struct call *c, struct kms_key *key)
{
    struct material *next = pending(key);

    if (next == NULL) {
        return fail(c, &KMS_STATE, "%.*s has no key material that is pending rotation.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    material_current(key)->state = MATERIAL_OLD;
    next->state = MATERIAL_CURRENT;
    next->rotation = ROTATION_ON_DEMAND;
    next->at_ms = c->now;
    return OK;
}

/* RotateKeyOnDemand */
status kms_rotate(struct call *c)
{
    struct kms_key *key;

    TRY(rotating_key(c, "kms:RotateKeyOnDemand", false, &key));
    TRY(key_own(c, key));
    TRY(is_no_replica(c, key));
    TRY(key_usable(c, key));
    TRY(room_check(c, key));
    if (key->origin == ORIGIN_EXTERNAL) {
        TRY(rotate_imported(c, key));
    } else {
        key_rotate(c, key, ROTATION_ON_DEMAND, c->now);
    }
    key->on_demand++;
    key_changed(c, key);
    put_str(c, "KeyId", key_arn(c->arena, key));
    return OK;
}

/* ---- listing ---- */

static void put_imported(struct value *item, const struct material *material)
{
    set_str(item, "ImportState", material->present ? STR("IMPORTED") : STR("PENDING_IMPORT"));
    if (material->description.bytes > 0) {
        set_str(item, "KeyMaterialDescription", material->description);
    }
    if (material->present) {
        set_str(item, "ExpirationModel",
                material->valid_to_ms > 0 ? STR("KEY_MATERIAL_EXPIRES")
                                          : STR("KEY_MATERIAL_DOES_NOT_EXPIRE"));
    }
    if (material->present && material->valid_to_ms > 0) {
        set_time(item, "ValidTo", material->valid_to_ms);
    }
}

static void put_rotation(struct call *c, struct value *item, const struct kms_key *key,
                         const struct material *material)
{
    static const char *const states[] = {"CURRENT", "NON_CURRENT", "PENDING_ROTATION"};

    set_str(item, "KeyId", key->id);
    set_str(item, "KeyMaterialId", material_id_text(c->arena, material));
    set_str(item, "KeyMaterialState", str_c(states[material->state]));
    if (key->origin == ORIGIN_EXTERNAL) {
        put_imported(item, material);
    }
    if (material->rotation != ROTATION_NONE) {
        set_time(item, "RotationDate", material->at_ms);
        set_str(item, "RotationType",
                material->rotation == ROTATION_AUTOMATIC ? STR("AUTOMATIC") : STR("ON_DEMAND"));
    }
}

/* ListKeyRotations: oldest first; the first material and one that waits when all are asked for. */
status kms_list_rotations(struct call *c)
{
    bool all = str_eq(arg_str(c, "IncludeKeyMaterial"), STR("ALL_KEY_MATERIAL"));
    struct kms_key *key;
    struct kms_page page;
    struct value *list;
    struct str last = STR_NONE;
    uint64_t behind = 0;

    TRY(key_of_call(c, "kms:ListKeyRotations", &key));
    TRY(key_symmetric(c, key));
    TRY(page_read(c, ROTATIONS_PAGE, &page));
    if (page.after.bytes > 0 && !str_to_u64(page.after, &behind)) {
        return fail(c, &KMS_MARKER, "Could not deserialize marker '%.*s'",
                    STR_ARG(arg_str(c, "Marker")));
    }
    list = put_list(c, "Rotations", page.limit);
    for (size_t i = 0; i < key->material_count; i++) {
        const struct material *material = &key->materials[i];

        if (material->number <= behind || (material->rotation == ROTATION_NONE && !all)) {
            continue;
        }
        if (list->count == page.limit) {
            last = arena_printf(c->arena, "%llu", (unsigned long long)behind);
            break;
        }
        put_rotation(c, list_add(c->arena, list), key, material);
        behind = material->number;
    }
    page_end(c, last);
    return OK;
}
