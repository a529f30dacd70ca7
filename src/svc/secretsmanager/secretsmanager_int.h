/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Secrets Manager: secrets, their versions and labels, rotation. Everything happens in the
 * cell; everything there is are rows (keys.c), read when they are asked for.
 *
 * Invariants between the files:
 *   1. A label is at one version at most, and which that is stands in the secret's own row
 *      (VersionIdsToStages); rows of versions know nothing of labels.
 *   2. A version is a row of its own, its value another: a rotation begins with a version without
 *      a value, which its function fills.
 *   3. A secret that is deleted keeps all its rows until its timer "purge" fires.
 *   4. A rotation under way is a row. What drives it is one of two: an invocation of this process,
 *      or its timer "retry"; rows without a timer are begun again when weir starts.
 */
#ifndef WEIR_SVC_SECRETSMANAGER_INT_H
#define WEIR_SVC_SECRETSMANAGER_INT_H

#include "base/time.h"
#include "cell/authorize.h"
#include "cell/doing.h"
#include "cell/shelf.h"
#include "svc/secretsmanager/secretsmanager.h"

#define SECRETS_SERVICE "secretsmanager"
#define LABELS_MAX 20          /* of a secret */
#define VERSIONS_KEPT 100      /* without labels, when they are older than a day */
#define TAGS_MAX 50            /* of a secret */
#define SECRETS_PAGE 100       /* of every list */
#define BATCH_MAX 20           /* of BatchGetSecretValue */
#define POLICY_BYTES_MAX 20480 /* of a resource policy */
#define WINDOW_DAYS_MIN 7      /* of recovery */
#define WINDOW_DAYS_MAX 30

extern const struct error SECRETS_NOT_FOUND, SECRETS_PARAMETER, SECRETS_REQUEST, SECRETS_EXISTS,
    SECRETS_LIMIT, SECRETS_POLICY, SECRETS_PUBLIC, SECRETS_TOKEN, SECRETS_VALIDATION,
    SECRETS_ACCESS,
    SECRETS_ENCRYPTION, SECRETS_DECRYPTION;

/* The service's state: nothing but what is derived. */
struct secrets {
    struct cell *cell;       /* whose service this is */
    struct timer resume;     /* once, after the start: rotations that were under way */
    struct shelf_told told;  /* tags that policies asked for */
};

struct secret {
    struct str account, region, name; /* where its rows are */
    struct value *about;     /* as DescribeSecret tells it */
};

/* ---- keys.c ---- */

/* By name, by ARN, by an ARN without its last seven characters: ResourceNotFoundException. */
status secret_of_id(struct call *c, struct str id, struct secret *ret_secret);
/* By SecretId, and it is not deleted: InvalidRequestException. */
status secret_of_call(struct call *c, struct secret *ret_secret);
bool secret_of_name(struct call *c, struct str name, struct secret *ret_secret);
/* Without a call; NULL: there is none. */
struct value *secret_peek(struct cell *cell, struct arena *arena, struct str arn);
struct value *secret_about_new(struct call *c);
void secret_save(struct call *c, const struct secret *secret);
void secret_purge(struct call *c, const struct secret *secret); /* all of its rows and timers */
struct str secret_arn(const struct secret *secret);
status secret_alive(struct call *c, const struct secret *secret);
/* All secrets of the call's account and region, by name; NULL: no more. */
struct txn_scan *secrets_scan(struct call *c);
bool secrets_next(struct call *c, struct txn_scan *scan, struct secret *ret_secret);

/* A version without its value: VersionId, CreatedDate, LastAccessedDate. NULL: none. */
struct value *version_load(struct call *c, const struct secret *secret, struct str id);
void version_save(struct call *c, const struct secret *secret, const struct value *version);
void version_erase(struct call *c, const struct secret *secret, struct str id);
struct txn_scan *versions_scan(struct call *c, const struct secret *secret);
struct value *versions_next(struct call *c, struct txn_scan *scan); /* NULL: no more */
/* As seal.c made it; NULL: it has none. */
struct value *value_load(struct call *c, const struct secret *secret, struct str id);
void value_save(struct call *c, const struct secret *secret, struct str id,
                const struct value *value);

struct str policy_load(struct call *c, const struct secret *secret); /* STR_NONE: none */
struct str policy_peek(struct cell *cell, struct arena *arena, struct str arn);
void policy_save(struct call *c, const struct secret *secret, struct str text);
void policy_erase(struct call *c, const struct secret *secret);

/* A rotation under way. */
struct rotation {
    struct str token;        /* the version that it makes */
    uint8_t step;            /* 0 to 3, of rotation.c's steps */
    bool test;               /* testSecret only */
    uint64_t attempts;       /* that failed */
    int64_t retry_ms;        /* when its timer fires; 0: an invocation drives it */
};
bool rotation_load(struct call *c, const struct secret *secret, struct rotation *ret_rotation);
void rotation_save(struct call *c, const struct secret *secret, const struct rotation *rotation);
void rotation_erase(struct call *c, const struct secret *secret);
/* Every rotation of every account, by name; the call's account and region become its. */
struct txn_scan *rotations_scan(struct call *c);
bool rotations_any(struct cell *cell);   /* as committed */
bool rotations_next(struct call *c, struct txn_scan *scan, struct secret *ret_secret);

/* ---- version.c ---- */

/* The version that has the label; STR_NONE: none has. */
struct str label_owner(const struct secret *secret, struct str label);
/* Labels of a version; NULL: none. */
const struct value *labels_of(const struct secret *secret, struct str id);
/* Moves a label, or takes it off (to STR_NONE); AWSPREVIOUS follows AWSCURRENT. */
void label_move(struct call *c, struct secret *secret, struct str label, struct str to);
/* With labels to be added: LimitExceededException. */
status labels_check(struct call *c, const struct secret *secret, const struct value *labels);
/* SecretString or SecretBinary of the call, not both. */
status value_check(struct call *c);
bool value_given(const struct call *c);
/* The call's ClientRequestToken, or a new id. */
struct str version_id_of_call(struct call *c);
/* Is that id free, or has it the very value (*ret_same)? ResourceExistsException. */
status version_check(struct call *c, const struct secret *secret, struct str id, bool *ret_same);
/* That value (of value_seal) as that version; without labels yet. Old ones without labels go. */
void version_add(struct call *c, struct secret *secret, struct str id,
                 const struct value *value);
/* A version without a value, for a rotation. */
void version_add_empty(struct call *c, const struct secret *secret, struct str id);
struct str uuid_new(struct call *c);

/* ---- seal.c ---- */

/* The call's value as rows have it; may stage, so nothing fails behind it. EncryptionFailure. */
status value_seal(struct call *c, const struct secret *secret, struct str id,
                  struct value **ret_value);
/* SecretString or SecretBinary, in GetSecretValue's shape; NULL in *ret_value: that version has
 * none. DecryptionFailure, AccessDeniedException. */
status value_open(struct call *c, const struct secret *secret, struct str id,
                  struct value **ret_value);

/* ---- rotation.c, schedule.c ---- */

/* Begins with what the secret's row says of its function: AccessDeniedException and others. */
status rotation_begin(struct call *c, struct secret *secret, struct rotation *rotation);
status rotation_timer(struct call *c, struct str name, struct str payload);
void rotation_resume(struct cell *cell, struct timer *timer); /* secrets->resume's fire */
void rotation_plan(struct call *c, struct secret *secret); /* NextRotationDate and its timer */
void rotation_forget(struct call *c, const struct secret *secret);

/* RotationRules: InvalidParameterException. */
status schedule_check(struct call *c, const struct value *rules);
/* The beginning of the next window behind that moment, and its end; false: there is none. */
bool schedule_next(const struct value *rules, int64_t after_ms, int64_t *ret_from_ms,
                   int64_t *ret_to_ms);

/* ---- others ---- */

/* The call's NextToken: InvalidNextTokenException. */
status secrets_page_check(struct call *c);
/* Secrets that fit the call's Filters, a page of them; says NextToken when there are more. */
size_t secrets_filtered(struct call *c, struct secret **ret_secrets, size_t count_max);

status secrets_timer(struct call *c, struct str name, struct str payload);
status secret_tags_check(struct call *c, const struct secret *secret, const struct value *tags);
void secrets_join_policies(struct cell *cell);

#endif
