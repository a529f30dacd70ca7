/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside KMS: keys, their material, aliases, grants. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Keys and aliases are in memory and mirror the store: changed in the same handler that stages
 *      the change (key_save). Grants and the bytes of key material are rows only.
 *   2. Key material leaves a row only to be used: rows have it sealed under the master key
 *      (master.c), and what was unsealed is wiped when it was used.
 *   3. The master key is on the disk before the first row that it sealed.
 *   4. What becomes of a key by itself (rotation, deletion, the end of imported material) happens
 *      when its timer fires (life.c), which is set whenever the key is saved.
 *   5. A key's state is never kept: key_state() tells it from what is.
 *   6. Whether a caller may use a key is asked in one place (guard.c).
 */
#ifndef WEIR_SVC_KMS_INT_H
#define WEIR_SVC_KMS_INT_H

#include "base/map.h"
#include "base/time.h"
#include "cell/call.h"
#include "cell/secret_key.h"
#include "cell/timer.h"
#include "store/store.h"
#include "svc/kms/crypt.h"
#include "svc/kms/kms.h"

#define KEYS_MAX 100000
#define ALIASES_MAX 100000
#define ALIASES_OF_KEY_MAX 50
#define GRANTS_MAX 50000           /* of a key */
#define TAGS_MAX 50
#define REGIONS_MAX 100           /* that a multi-Region key is in */
#define MATERIALS_MAX 1000         /* of a key, with those it had before */
#define ON_DEMAND_MAX 25           /* rotations of a key */
#define POLICY_BYTES_MAX 32768
#define PLAIN_BYTES_MAX 4096       /* Encrypt's */
#define MATERIAL_ID_BYTES 32
#define KEY_ID_BYTES_MAX 36
#define PERIOD_DAYS_DEFAULT 365
#define WINDOW_DAYS_DEFAULT 30
#define TOKEN_VALID_MS MS_PER_DAY  /* of an import token */

extern const struct error KMS_EXISTS, KMS_DRY_RUN, KMS_EXPIRED_TOKEN, KMS_INCORRECT_KEY,
    KMS_INCORRECT_MATERIAL, KMS_ALIAS_NAME, KMS_ARN, KMS_GRANT_TOKEN, KMS_IMPORT_TOKEN, KMS_MARKER,
    KMS_BAD_MAC, KMS_BAD_SIGNATURE, KMS_LIMIT, KMS_POLICY, KMS_TAG, KMS_UNSUPPORTED,
    KMS_VALIDATION, KMS_INTERNAL;
/* Those that others are told as well have names there. */
#define KMS_NOT_FOUND SECRET_NOT_FOUND
#define KMS_DISABLED SECRET_DISABLED
#define KMS_STATE SECRET_STATE
#define KMS_USAGE SECRET_USAGE
#define KMS_CIPHERTEXT SECRET_CIPHERTEXT
#define KMS_DENIED SECRET_DENIED

enum material_state { MATERIAL_CURRENT, MATERIAL_OLD, MATERIAL_PENDING };
enum rotation { ROTATION_NONE, ROTATION_AUTOMATIC, ROTATION_ON_DEMAND };

/* What a key is made of now, or was before. Its bytes are a row. */
struct material {
    uint8_t id[MATERIAL_ID_BYTES];  /* told in hex; ciphertexts begin with its begin */
    uint32_t number;                /* of its row */
    uint8_t state;                  /* enum material_state */
    uint8_t rotation;               /* enum rotation: how it became current */
    bool present;                   /* its row is there; imported ones may be gone */
    int64_t at_ms;                  /* when it became current */
    int64_t valid_to_ms;            /* imported; 0: for ever */
    struct str description;         /* imported; owned */
};

struct kms_tag {
    struct str key, value;          /* owned */
};

enum origin { ORIGIN_KMS, ORIGIN_EXTERNAL };
enum region_kind { REGION_SINGLE, REGION_PRIMARY, REGION_REPLICA };
enum state { STATE_ENABLED, STATE_DISABLED, STATE_PENDING_DELETION, STATE_PENDING_IMPORT };

struct kms_key {
    struct str account, region, id; /* owned */
    struct str description;         /* owned */
    struct str policy;              /* owned; empty: the default */
    const struct spec *spec;        /* what it is */
    uint8_t usage;                  /* enum usage */
    uint8_t origin;                 /* enum origin */
    uint8_t region_kind;            /* enum region_kind */
    struct str primary;             /* region of the primary, of multi-Region keys; owned */
    bool managed;                   /* an AWS managed key */
    bool enabled;                   /* not by DisableKey */
    int64_t created_ms;
    int64_t deletion_ms;            /* when it is deleted; 0: not scheduled */
    uint32_t window_days;           /* of ScheduleKeyDeletion */
    bool rotates;                   /* automatically */
    uint32_t period_days;           /* of rotation */
    int64_t rotation_ms;            /* of the next; 0: none */
    struct material *materials;     /* oldest first; owned */
    size_t material_count;          /* of them */
    uint32_t material_last;         /* number given last */
    uint32_t on_demand;             /* rotations on demand so far */
    struct kms_tag tags[TAGS_MAX];  /* in the order they were set */
    size_t tag_count;               /* of them */
    uint32_t grants;                /* how many it has */
    uint32_t aliases;               /* that lead to it; not in its row */
    struct timer timer;             /* for the soonest of what becomes of it by itself */
};

struct alias {
    struct str account, region, name; /* with "alias/"; owned */
    struct str key_id;              /* of the same account and region; owned */
    int64_t created_ms;
    int64_t updated_ms;
};

/* The service's state. */
struct kms {
    struct cell *cell;              /* whose service this is */
    struct map *keys;               /* "account/region/id" → struct kms_key */
    struct map *aliases;            /* "account/region/alias/name" → struct alias */
    bool master_known;              /* the next is set */
    uint8_t master[STORE_SECRET_BYTES]; /* seals key material */
};

static inline struct kms *kms_of(const struct call *c)
{
    return c->state;
}

/* ---- key.c ---- */

struct kms_key *key_new(struct str account, struct str region, struct str id);
void key_free(struct kms_key *key);
bool key_enter(struct kms *kms, struct kms_key *key); /* false: too many */
struct kms_key *key_find(const struct kms *kms, struct str account, struct str region,
                         struct str id);              /* NULL: none */
struct str key_arn(struct arena *arena, const struct kms_key *key);
struct str key_policy(struct arena *arena, const struct kms_key *key); /* as it is in force */
enum state key_state(const struct kms_key *key);
const char *state_name(enum state state);
/* Saved, its timer set, and named for the journal. */
void key_changed(struct call *c, struct kms_key *key);
void text_set(struct str *owned, struct str text);
struct str key_id_new(struct call *c, bool multi_region);

/* What a call names as a key: an id or ARN; when it says so an alias or an alias's ARN too.
 * NotFoundException, InvalidArnException. Nobody is asked whether the caller may. */
status key_named(struct call *c, struct str name, bool alias_too, struct kms_key **ret_key);
/* Members of KeyMetadata. */
void key_tell(struct call *c, const struct kms_key *key, struct value *metadata);

/* States: DisabledException, KMSInvalidStateException. */
status key_usable(struct call *c, const struct kms_key *key);      /* Enabled */
status key_not_deleted(struct call *c, const struct kms_key *key); /* not PendingDeletion */
/* InvalidKeyUsageException: the operation is for another usage. */
status key_used_for(struct call *c, const struct kms_key *key, uint8_t usage);
/* UnsupportedOperationException but for symmetric keys for encryption. */
status key_symmetric(struct call *c, const struct kms_key *key);
/* AccessDeniedException, as the policy of an AWS managed key says. */
status key_own(struct call *c, const struct kms_key *key);

/* ---- alias.c ---- */

void alias_free(struct alias *alias);
bool alias_enter(struct kms *kms, struct alias *alias);
struct alias *alias_find(const struct kms *kms, struct str account, struct str region,
                         struct str name);
struct str alias_arn(struct arena *arena, const struct alias *alias);
struct alias *alias_make(struct call *c, struct str name, struct kms_key *key); /* NULL: too many */
void alias_remove(struct call *c, struct alias *alias);   /* and frees it */
void aliases_remove(struct call *c, const struct kms_key *key);

/* ---- master.c, material.c ---- */

/* The master key is there, or is made. KMSInternalException: it cannot be written. */
status master_ready(struct call *c);
status master_load(struct kms *kms);                      /* when rows need it */

struct material *material_current(const struct kms_key *key); /* NULL: none */
struct material *material_by_id(const struct kms_key *key, struct str id); /* its begin; NULL */
struct str material_id_text(struct arena *arena, const struct material *material);
/* Its bytes, unsealed into the arena; the caller wipes them. False: not present. */
bool material_open(struct call *c, const struct kms_key *key, const struct material *material,
                   struct str *ret_secret);
/* One more, whose bytes are those: the current one from now on, or one that waits. */
struct material *material_add(struct call *c, struct kms_key *key, struct str secret,
                              uint8_t state);
/* An imported one that was deleted or expired comes back. */
void material_put(struct call *c, struct kms_key *key, struct material *material,
                  struct str secret);
void material_forget(struct call *c, struct kms_key *key, struct material *material);
void material_free(struct material *material);
/* The identity of those bytes as this key's material. */
void material_identify(const struct kms *kms, const struct kms_key *key, struct str secret,
                       uint8_t out[MATERIAL_ID_BYTES]);
/* Symmetric or HMAC keys: their first bytes, from the kernel. */
void material_make(struct call *c, struct kms_key *key);

/* ---- life.c ---- */

void life_set(struct cell *cell, struct kms_key *key); /* the timer */
/* New material now, however that came. */
void key_rotate(struct call *c, struct kms_key *key, uint8_t rotation, int64_t at_ms);
void key_delete(struct call *c, struct kms_key *key);  /* with everything; frees it */

/* ---- api_region.c ---- */

/* The replica gets the material of the primary that it does not have yet. */
void replica_take(struct call *c, const struct kms_key *primary, struct kms_key *replica);

/* ---- managed.c ---- */

/* The AWS managed key of an alias ("alias/aws/ssm"), made when it is not there yet. NULL: AWS has
 * none of that name, or there are too many keys. */
struct kms_key *managed_key(struct call *c, struct str alias);
/* The alias, when that name or ARN is the one of an AWS managed key that is not made yet. */
struct str managed_to_make(struct call *c, struct str name);
void kms_join_secrets(struct cell *cell);

#endif
