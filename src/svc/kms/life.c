/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of keys by themselves, by weir's clock:
 *
 *     rotation_ms     new material; the old one stays for what was sealed with it
 *     valid_to_ms     an imported material goes; the key waits for its import
 *     deletion_ms     the key goes, with its material, aliases and grants
 *
 * A key has one timer, for the soonest of them; it fires as an entry of its own. When the clock
 * jumps, each moment that was passed happens in turn, with its own time.
 *
 * A key with many grants goes in pieces: GRANTS_AT_ONCE are erased in an entry, the key with the
 * last of them.
 */
#include "base/list.h"
#include "base/mem.h"
#include "cell/doing.h"
#include "svc/kms/keys.h"

#define GRANTS_AT_ONCE 5000
#define AGAIN_MS MS_PER_SECOND /* when the disk was full */
#define ARENA_BYTES_MAX (64u * 1024 * 1024)

/* ---- rotation ---- */

static void replicas_take(struct call *c, const struct kms_key *primary)
{
    struct str name;
    void *value;

    for (size_t i = 0; map_next(kms_of(c)->keys, &i, &name, &value);) {
        struct kms_key *key = value;

        if (key != primary && str_eq(key->id, primary->id) &&
            str_eq(key->account, primary->account)) {
            replica_take(c, primary, key);
            key_changed(c, key);
        }
    }
}

void key_rotate(struct call *c, struct kms_key *key, uint8_t rotation, int64_t at_ms)
{
    struct material *material;

    material_make(c, key);
    material = material_current(key);
    material->rotation = rotation;
    material->at_ms = at_ms;
    if (key->region_kind == REGION_PRIMARY) {
        replicas_take(c, key);
    }
}

/* Also of a key that is disabled: AWS rotates those when they are enabled again; here the moment
 * just passes to the next period, and material is made for enabled keys only. */
static void rotate_due(struct call *c, struct kms_key *key)
{
    if (key_state(key) == STATE_ENABLED && key->material_count < MATERIALS_MAX) {
        key_rotate(c, key, ROTATION_AUTOMATIC, key->rotation_ms);
    }
    key->rotation_ms += key->period_days * MS_PER_DAY;
}

/* ---- the end of imported material ---- */

static struct material *expired(const struct kms_key *key, int64_t now_ms)
{
    for (size_t i = 0; i < key->material_count; i++) {
        struct material *material = &key->materials[i];

        if (material->present && material->valid_to_ms > 0 && material->valid_to_ms <= now_ms) {
            return material;
        }
    }
    return NULL;
}

/* ---- deletion ---- */

static bool erase_grants(struct call *c, struct kms_key *key)
{
    struct txn_scan *scan = grants_scan(c, key, STR_NONE);
    struct grant grant;
    size_t left = GRANTS_AT_ONCE;

    while (left > 0 && grants_next(c, scan, &grant)) {
        grant_erase(c, key, &grant);
        key->grants--;
        left--;
    }
    if (left == 0) {
        txn_scan_close(scan);
    }
    return left > 0;
}

void key_delete(struct call *c, struct kms_key *key)
{
    char name[ARN_NAME_KEY_BYTES_MAX];

    for (size_t i = 0; i < key->material_count; i++) {
        material_forget(c, key, &key->materials[i]);
    }
    aliases_remove(c, key);
    key_erase(c, key);
    cell_timer_unset(c->cell, &key->timer);
    (void)map_remove(kms_of(c)->keys,
                     arn_name_key(name, key->account, key->region, key->id));
    key_free(key);
}

/* ---- the timer ---- */

static int64_t soonest(const struct kms_key *key)
{
    int64_t at_ms = key->deletion_ms > 0 ? key->deletion_ms : INT64_MAX;

    if (key->rotates && key->deletion_ms == 0 && key->rotation_ms > 0 &&
        key->rotation_ms < at_ms) {
        at_ms = key->rotation_ms;
    }
    for (size_t i = 0; i < key->material_count; i++) {
        const struct material *material = &key->materials[i];

        if (material->present && material->valid_to_ms > 0 && material->valid_to_ms < at_ms) {
            at_ms = material->valid_to_ms;
        }
    }
    return at_ms;
}

static status happen(struct call *c, void *arg)
{
    struct kms_key *key = arg;
    struct material *material = expired(key, c->now);

    c->resource = key_arn(c->arena, key);
    if (key->deletion_ms > 0 && key->deletion_ms <= c->now) {
        if (erase_grants(c, key)) {
            key_delete(c, key);
            return OK;
        }
    } else if (material != NULL) {
        material_forget(c, key, material);
    } else if (key->rotates && key->rotation_ms <= c->now) {
        rotate_due(c, key);
    }
    key_changed(c, key);
    return OK;
}

static void fire(struct cell *cell, struct timer *timer)
{
    struct kms_key *key = LINK_OWNER(timer, struct kms_key, timer);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct doing doing = {.service = "kms", .run = happen, .arg = key};
    struct why why;

    doing.name = key->deletion_ms > 0 && key->deletion_ms <= cell_now(cell) ? "DeleteKey"
                                                                            : "RotateKey";
    doing.account = arena_dup(arena, key->account);
    doing.region = arena_dup(arena, key->region);
    if (cell_step(cell, &doing, arena, &why) != OK) {
        cell_timer_set(cell, timer, cell_now(cell) + AGAIN_MS);
    }
    arena_free(arena);
}

void life_set(struct cell *cell, struct kms_key *key)
{
    int64_t at_ms = soonest(key);

    key->timer.fire = fire;
    if (at_ms == INT64_MAX) {
        cell_timer_unset(cell, &key->timer);
    } else {
        cell_timer_set(cell, &key->timer, at_ms);
    }
}
