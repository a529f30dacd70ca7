/* SPDX-License-Identifier: Apache-2.0
 *
 * Replication between buckets of one account. Source: "Replicating objects within and across
 * Regions", AWS documentation.
 *
 * Rules
 *  1. A replica is made in the entry of the change itself, with the source's content (shared by its
 *     count) and its version id. So there is no state PENDING: whoever sees the object sees the
 *     replica.
 *  2. A rule is for what is written while it is there, never for what a replication wrote: there
 *     are no chains and no circles. Of several rules for one destination the highest priority's
 *     acts.
 *  3. A destination that is gone or not versioned any more does not stop the change: its status is
 *     FAILED.
 *  4. Delete markers go along where a rule says so; deletions of versions, and what lifecycle does,
 *     never do. New tags, ACLs and retentions of a version go to its replica.
 */
#include "svc/s3/settings_int.h"

#define RULES_MAX 1000
#define ID_BYTES_MAX 255
#define REFER "Please refer to S3 Developer Guide for more information."
#define VERSION_2                                                                                  \
    "must be specified for this version of Cross Region Replication configuration schema. " REFER

/* ---- rules ---- */

static const struct value *filter_of(const struct value *rule, const struct value **ret_all)
{
    const struct value *filter = get(rule, "Filter");

    *ret_all = filter == NULL ? NULL : get(filter, "And");
    return filter;
}

static bool has_tags(const struct value *rule)
{
    const struct value *all;
    const struct value *filter = filter_of(rule, &all);

    return (filter != NULL && has(filter, "Tag")) || (all != NULL && has(all, "Tags"));
}

static bool prefix_fits(const struct value *rule, struct str key)
{
    const struct value *all;
    const struct value *filter = filter_of(rule, &all);
    const struct value *says = all != NULL ? all : filter != NULL ? filter : rule;

    return str_starts(key, get_str(says, "Prefix"));
}

static bool tags_fit(const struct value *rule, const struct object *object)
{
    const struct value *all;
    const struct value *filter = filter_of(rule, &all);
    const struct value *tag = filter == NULL ? NULL : get(filter, "Tag");
    const struct value *tags = all == NULL ? NULL : get(all, "Tags");

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        if (!tags_have(object->tags, &tags->items[i])) {
            return false;
        }
    }
    return tag == NULL || tags_have(object->tags, tag);
}

static bool is_on(const struct value *structure, const char *member)
{
    const struct value *found = structure == NULL ? NULL : get(structure, member);

    return found != NULL && str_eq(get_str(found, "Status"), STR("Enabled"));
}

/* object NULL: for a delete marker of that key. */
static bool rule_is_for(const struct value *rule, struct str key, const struct object *object)
{
    if (!str_eq(get_str(rule, "Status"), STR("Enabled")) || !prefix_fits(rule, key)) {
        return false;
    }
    if (object == NULL) {
        return is_on(rule, "DeleteMarkerReplication");
    }
    if (object->encryption == ENCRYPTION_KMS || object->encryption == ENCRYPTION_KMS_DSSE) {
        return tags_fit(rule, object) &&
               is_on(get(rule, "SourceSelectionCriteria"), "SseKmsEncryptedObjects");
    }
    return tags_fit(rule, object);
}

static struct str target_of(const struct value *rule)
{
    struct arn arn = {.resource = STR_NONE};

    (void)arn_read(get_str(get(rule, "Destination"), "Bucket"), &arn);
    return arn.resource;
}

static const struct value *rules_of(const struct bucket *bucket)
{
    const struct value *configuration = setting_value(bucket, SETTING_REPLICATION);

    return configuration == NULL ? NULL : get(configuration, "Rules");
}

/* Is another rule for the same, to the same destination, before that one? */
static bool is_outdone(const struct value *rules, uint32_t at, struct str key,
                       const struct object *object)
{
    int64_t priority = get_int(&rules->items[at], "Priority", 0);

    for (uint32_t i = 0; i < rules->count; i++) {
        int64_t other = get_int(&rules->items[i], "Priority", 0);

        if ((other > priority || (other == priority && i < at)) &&
            str_eq(target_of(&rules->items[i]), target_of(&rules->items[at])) &&
            rule_is_for(&rules->items[i], key, object)) {
            return true;
        }
    }
    return false;
}

/* ---- acting ---- */

static struct bucket *target_ready(struct call *c, const struct value *rule)
{
    struct bucket *target = bucket_find(s3_of(c), target_of(rule));

    return target != NULL && target->versioning == VERSIONING_ENABLED ? target : NULL;
}

static void push(struct call *c, struct object *replica, uint64_t sequence)
{
    struct object newest;
    bool there = object_newest(c, replica->bucket, replica->key, &newest);

    replica->replication = REPLICATION_REPLICA;
    object_push_at(c, replica, there ? &newest : NULL, sequence);
}

/* False: it could not be. */
static bool replicate(struct call *c, const struct value *rule, const struct object *object)
{
    const struct value *destination = get(rule, "Destination");
    const struct value *encryption = get(destination, "EncryptionConfiguration");
    struct object replica = *object;
    enum storage_class storage_class;

    replica.bucket = target_ready(c, rule);
    if (replica.bucket == NULL) {
        return false;
    }
    if (storage_class_read(get_str(destination, "StorageClass"), &storage_class)) {
        replica.storage_class = (uint8_t)storage_class;
    }
    if (encryption != NULL && replica.kms_key.bytes > 0) {
        replica.kms_key = get_str(encryption, "ReplicaKmsKeyID");
    }
    if (!replica.bucket->lock_enabled) {
        replica.lock_mode = LOCK_NONE;
        replica.legal_hold = false;
        replica.legal_hold_set = false;
    }
    content_share(c, &replica.content);
    push(c, &replica, object->sequence);
    object_told(c, &replica, "ObjectCreated:Put");
    return true;
}

static void replicate_new(struct call *c, const struct value *rules, const struct object *object)
{
    struct object source = *object;

    for (uint32_t i = 0; i < rules->count; i++) {
        if (!rule_is_for(&rules->items[i], object->key, object) ||
            is_outdone(rules, i, object->key, object)) {
            continue;
        }
        if (!replicate(c, &rules->items[i], object)) {
            source.replication = REPLICATION_FAILED;
        } else if (source.replication == REPLICATION_NONE) {
            source.replication = REPLICATION_COMPLETED;
        }
    }
    if (source.replication != REPLICATION_NONE) {
        object_save(c, &source);
    }
}

static void replicate_marker(struct call *c, const struct value *rules,
                             const struct object_change *change)
{
    for (uint32_t i = 0; i < rules->count; i++) {
        struct object marker = {.key = change->key, .delete_marker = true,
                                .modified_ms = whole_second(c->now)};

        if (!rule_is_for(&rules->items[i], change->key, NULL) ||
            is_outdone(rules, i, change->key, NULL)) {
            continue;
        }
        marker.bucket = target_ready(c, &rules->items[i]);
        if (marker.bucket != NULL) {
            push(c, &marker, change->sequence);
            struct object_change told = {
                .event = change->event,
                .bucket = marker.bucket,
                .key = marker.key,
                .version = answer_version(c, &marker),
                .sequence = marker.sequence,
                .object = &marker,
            };

            object_changed(c, &told);
        }
    }
}

/* The replicas of a version get what is new of it. */
static void replicate_attributes(struct call *c, const struct value *rules,
                                 const struct object *object)
{
    for (uint32_t i = 0; i < rules->count; i++) {
        struct bucket *target = target_ready(c, &rules->items[i]);
        struct object replica;

        if (target == NULL || !prefix_fits(&rules->items[i], object->key) ||
            !object_of_sequence(c, target, object->key, object->sequence, &replica) ||
            replica.replication != REPLICATION_REPLICA) {
            continue;
        }
        replica.tags = object->tags;
        replica.acl = object->acl;
        if (target->lock_enabled) {
            replica.lock_mode = object->lock_mode;
            replica.retain_until_ms = object->retain_until_ms;
        }
        object_save(c, &replica);
    }
}

void replication_changed(struct call *c, const struct object_change *change)
{
    const struct value *rules = rules_of(change->bucket);
    struct str event = str_c(change->event);

    if (rules == NULL) {
        return;
    }
    if (change->object == NULL) {
        if (str_eq(event, STR("ObjectRemoved:DeleteMarkerCreated"))) {
            replicate_marker(c, rules, change);
        }
    } else if (str_starts(event, STR("ObjectCreated:"))) {
        if (change->object->replication == REPLICATION_NONE) {
            replicate_new(c, rules, change->object);
        }
    } else if (change->object->replication == REPLICATION_COMPLETED &&
               (str_starts(event, STR("ObjectTagging:")) || str_starts(event, STR("ObjectAcl:")) ||
                str_starts(event, STR("ObjectRetention:")))) {
        replicate_attributes(c, rules, change->object);
    }
}

struct str replication_text(const struct object *object)
{
    static const struct str texts[] = {[REPLICATION_NONE] = {NULL, 0},
                                       [REPLICATION_COMPLETED] = STR_INIT("COMPLETED"),
                                       [REPLICATION_REPLICA] = STR_INIT("REPLICA"),
                                       [REPLICATION_FAILED] = STR_INIT("FAILED")};

    return texts[object->replication];
}

/* ---- PutBucketReplication ---- */

static status target_check(struct call *c, const struct bucket *bucket, const struct value *rule)
{
    const struct value *destination = get(rule, "Destination");
    struct arn arn;
    const struct bucket *target;

    if (!arn_read(get_str(destination, "Bucket"), &arn) || !str_eq(arn.service, STR("s3"))) {
        return fail_argument(c, "Bucket", get_str(destination, "Bucket"), "Invalid bucket ARN");
    }
    if (str_eq(arn.resource, bucket->name)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Destination bucket cannot be the same as the source bucket.");
    }
    target = bucket_find(s3_of(c), arn.resource);
    if (target == NULL) {
        return fail(c, &S3_INVALID_REQUEST, "Destination bucket must exist.");
    }
    if (target->versioning != VERSIONING_ENABLED) {
        return fail(c, &S3_INVALID_REQUEST, "Destination bucket must have versioning enabled.");
    }
    if (!str_eq(target->account, bucket->account)) {
        return fail(c, &S3_NOT_IMPLEMENTED, "weir replicates within an account only");
    }
    return OK;
}

static status rule_check(struct call *c, const struct bucket *bucket, const struct value *rule)
{
    if (get_str(rule, "ID").bytes > ID_BYTES_MAX) {
        return fail_argument(c, "ID", get_str(rule, "ID"),
                             "ID length should not exceed allowed limit of %d", ID_BYTES_MAX);
    }
    if (has(rule, "Filter") && !has(rule, "Priority")) {
        return fail(c, &S3_INVALID_REQUEST, "Priority " VERSION_2);
    }
    if (has(rule, "Filter") && !has(rule, "DeleteMarkerReplication")) {
        return fail(c, &S3_INVALID_REQUEST, "DeleteMarkerReplication " VERSION_2);
    }
    if (has_tags(rule) && is_on(rule, "DeleteMarkerReplication")) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Delete marker replication is not supported if any Tag filter is specified. "
                    REFER);
    }
    if (is_on(get(rule, "SourceSelectionCriteria"), "ReplicaModifications")) {
        return fail(c, &S3_NOT_IMPLEMENTED, "weir does not replicate changes of replicas");
    }
    return target_check(c, bucket, rule);
}

/* Ids and priorities are each one rule's. */
static status unique_check(struct call *c, const struct value *rules, uint32_t at)
{
    struct value *rule = &rules->items[at];

    if (get_str(rule, "ID").bytes == 0) {
        char *id = arena_alloc(c->arena, 36);

        rand_uuid(c->rand, id);
        set_str(rule, "ID", str_of(id, 36));
    }
    for (uint32_t i = 0; i < at; i++) {
        if (str_eq(get_str(&rules->items[i], "ID"), get_str(rule, "ID"))) {
            return fail_argument(c, "ID", get_str(rule, "ID"),
                                 "Rule ID must be unique. Found same ID for more than one rule");
        }
        if (has(rule, "Priority") && has(&rules->items[i], "Priority") &&
            get_int(&rules->items[i], "Priority", 0) == get_int(rule, "Priority", 0)) {
            return fail(c, &S3_INVALID_REQUEST, "Found duplicate priority %lld",
                        (long long)get_int(rule, "Priority", 0));
        }
    }
    return OK;
}

status replication_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *rules = get(value, "Rules");
    struct arn role;

    if (bucket->versioning != VERSIONING_ENABLED) {
        fail_more(c, "BucketName", bucket->name);
        return fail(c, &S3_INVALID_REQUEST,
                    "Versioning must be 'Enabled' on the bucket to apply a replication "
                    "configuration");
    }
    if (rules == NULL || rules->count == 0 || rules->count > RULES_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (!arn_read(get_str(value, "Role"), &role) || !str_eq(role.service, STR("iam"))) {
        return fail_argument(c, "Role", get_str(value, "Role"), "Invalid Role");
    }
    for (uint32_t i = 0; i < rules->count; i++) {
        TRY(rule_check(c, bucket, &rules->items[i]));
        TRY(unique_check(c, rules, i));
    }
    return OK;
}
