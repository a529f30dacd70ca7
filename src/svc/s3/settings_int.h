/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of bucket settings share among themselves, beyond s3_hooks.h.
 *
 * Settings are kept as texts (setting.c). What is asked often is read from them once, into
 * bucket->compiled, and dropped when any setting of the bucket changes: so nobody keeps a value of
 * it over bucket_set_setting().
 */
#ifndef WEIR_SVC_S3_SETTINGS_INT_H
#define WEIR_SVC_S3_SETTINGS_INT_H

#include "svc/s3/s3_core.h"
#include "svc/s3/s3_settings_ops.h"

struct notification_rules;

struct bucket_compiled {
    struct arena *arena;                      /* holds all of it */
    const struct value *values[SETTING_COUNT]; /* of those looked at; NULL: not set */
    uint32_t looked;                          /* bit per enum bucket_setting */
    struct notification_rules *notifications; /* NULL: not made ready yet */
};

/* ---- compiled.c ---- */

struct bucket_compiled *bucket_compiled_of(const struct bucket *bucket);
/* The structure of a setting there is one of; NULL: not set. A policy is a document. */
const struct value *setting_value(const struct bucket *bucket, enum bucket_setting kind);
/* The shape that a setting of that kind is kept in. */
uint32_t setting_shape(enum bucket_setting kind);

/* ---- pattern of texts ---- */

/* '*' stands for any characters, '?' (where single is set) for one. */
bool text_like(struct str pattern, struct str text, bool single);

/* ---- acl.c ---- */

#define ACL_GROUPS "http://acs.amazonaws.com/groups/"
#define ACL_ALL_USERS ACL_GROUPS "global/AllUsers"
#define ACL_SIGNED_USERS ACL_GROUPS "global/AuthenticatedUsers"
#define ACL_LOG_DELIVERY ACL_GROUPS "s3/LogDelivery"

/* Does the list (an AccessControlPolicy; NULL: the owner's only) let the caller do that? public:
 * grants to everybody count. */
bool acl_grants(struct call *c, const struct value *list, struct str permission, bool public);
bool acl_is_public(const struct value *list);
bool acl_is_enforced(const struct bucket *bucket); /* BucketOwnerEnforced: there are no ACLs */
/* An object's ACL as kept in its row; NULL: the owner's only. */
const struct value *acl_read(struct call *c, struct str text);

/* ---- policy.c ---- */

bool policy_is_public(const struct value *policy); /* a document */

/* ---- access.c ---- */

enum public_block { BLOCK_ACLS, IGNORE_ACLS, BLOCK_POLICY, RESTRICT_BUCKET };
bool public_access_blocked(const struct bucket *bucket, enum public_block what);

/* ---- lifecycle.c ---- */

/* When the newest version of a key expires; false: never. */
bool object_expires(const struct object *object, int64_t *ret_at_ms);

/* Do packed tags have that one (Key and Value)? */
bool tags_have(struct str tags, const struct value *tag);

/* ---- replication.c ---- */

void replication_changed(struct call *c, const struct object_change *change);

/* ---- access_log.c ---- */

/* A call of an operation ends: its line, where the bucket has logs. */
void access_log_called(struct call *c, status result);
/* The bucket goes, or its logging: nothing is gathered in the store any more. */
void access_log_drop(struct call *c, struct bucket *bucket);

/* ---- cors.c ---- */

/* A browser asks whether it may: the whole answer, or 403. */
status cors_preflight(struct call *c, const struct bucket *bucket, bool object);

#endif
