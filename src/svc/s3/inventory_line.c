/* SPDX-License-Identifier: Apache-2.0
 *
 * The columns of an inventory report, in S3's order, whatever the order they were asked for in.
 * Every value stands in quotes; keys are URL-encoded, so nothing is to be escaped. What does not
 * apply to a version (a delete marker's size) is empty.
 */
#include "base/codec.h"
#include "svc/s3/inventory_int.h"
#include "wire/json.h"

#include <assert.h>

#define GRANTS_BYTES_MAX (48u * 1024)

static void add_stamp(struct buf *line, int64_t moment_ms)
{
    struct time_parts at = time_parts_of(moment_ms);

    buf_printf(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", at.year, at.month, at.day, at.hour,
               at.minute, at.second, at.ms);
}

static void add_size(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    buf_add_u64(line, object->size);
}

static void add_modified(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    add_stamp(line, object->modified_ms);
}

static void add_etag(struct call *c, struct buf *line, const struct object *object)
{
    struct str etag = object_etag(c->arena, object);

    buf_add(line, str_slice(etag, 1, etag.bytes - 1));
}

static void add_storage_class(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    buf_add(line, storage_class_text(object->storage_class));
}

static void add_multipart(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    buf_add(line, object->part_count > 0 ? STR("true") : STR("false"));
}

static void add_replication(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    buf_add(line, replication_text(object));
}

static void add_nothing(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    (void)line;
    (void)object;
}

static void add_encryption(struct call *c, struct buf *line, const struct object *object)
{
    static const char *const names[] = {[ENCRYPTION_S3] = "SSE-S3", [ENCRYPTION_KMS] = "SSE-KMS",
                                        [ENCRYPTION_KMS_DSSE] = "DSSE-KMS",
                                        [ENCRYPTION_CUSTOMER] = "SSE-C"};

    (void)c;
    buf_add(line, str_c(names[object->encryption]));
}

static void add_retain_until(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    if (object->lock_mode != LOCK_NONE) {
        add_stamp(line, object->retain_until_ms);
    }
}

static void add_lock_mode(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    if (object->lock_mode != LOCK_NONE) {
        buf_add(line, lock_mode_text(object->lock_mode));
    }
}

static void add_legal_hold(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    if (object->legal_hold_set) {
        buf_add(line, object->legal_hold ? STR("ON") : STR("OFF"));
    }
}

static void add_tier(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    if (object->storage_class == STORAGE_INTELLIGENT_TIERING) {
        buf_add(line, STR("FREQUENT"));
    }
}

static void add_bucket_key(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    buf_add(line, object->bucket_key ? STR("ENABLED") : STR("DISABLED"));
}

static void add_checksum(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    if (object->checksum.is) {
        buf_add(line, checksum_kind_text(object->checksum.kind));
    }
}

static void add_grant(struct buf *json, const struct value *grant)
{
    const struct value *grantee = get(grant, "Grantee");
    struct str uri = get_str(grantee, "URI");

    buf_printf(json, "{\"%s\":", uri.bytes > 0 ? "uri" : "canonicalId");
    json_write_str(json, uri.bytes > 0 ? uri : get_str(grantee, "ID"));
    buf_add(json, STR(",\"type\":"));
    json_write_str(json, get_str(grantee, "Type"));
    buf_add(json, STR(",\"permission\":"));
    json_write_str(json, get_str(grant, "Permission"));
    buf_add_c(json, '}');
}

static void add_acl(struct call *c, struct buf *line, const struct object *object)
{
    struct setting kept = {.kind = SETTING_ACL, .text = object->acl};
    const struct value *list =
        kept.text.bytes == 0 ? NULL : bucket_value(c->arena, &kept, setting_shape(SETTING_ACL));
    const struct value *grants = list == NULL ? NULL : get(list, "Grants");
    struct buf json;

    buf_init(&json, GRANTS_BYTES_MAX);
    buf_add(&json, STR("{\"version\":\"2022-11-10\",\"status\":\"AVAILABLE\",\"grants\":["));
    for (uint32_t i = 0; grants != NULL && i < grants->count; i++) {
        buf_add(&json, i > 0 ? STR(",") : STR_NONE);
        add_grant(&json, &grants->items[i]);
    }
    if (grants == NULL) {
        buf_printf(&json,
                   "{\"canonicalId\":\"%.*s\",\"type\":\"CanonicalUser\","
                   "\"permission\":\"FULL_CONTROL\"}",
                   OWNER_ID_BYTES, object->bucket->owner_id);
    }
    buf_add(&json, STR("]}"));
    if (!buf_spent(&json)) {
        buf_add_base64(line, buf_str(&json));
    }
    buf_done(&json);
}

static void add_owner(struct call *c, struct buf *line, const struct object *object)
{
    (void)c;
    buf_add(line, str_of(object->bucket->owner_id, OWNER_ID_BYTES));
}

static void add_expiration(struct call *c, struct buf *line, const struct object *object)
{
    int64_t at_ms;

    (void)c;
    if (object_expires(object, &at_ms)) {
        add_stamp(line, at_ms);
    }
}

static const struct column {
    struct str name;  /* as the configuration and the schema say */
    void (*add)(struct call *c, struct buf *line, const struct object *object);
    bool of_markers;  /* also delete markers have it */
} columns[] = {
    {STR_INIT("Size"), add_size, false},
    {STR_INIT("LastModifiedDate"), add_modified, true},
    {STR_INIT("ETag"), add_etag, false},
    {STR_INIT("StorageClass"), add_storage_class, false},
    {STR_INIT("IsMultipartUploaded"), add_multipart, false},
    {STR_INIT("ReplicationStatus"), add_replication, false},
    {STR_INIT("EncryptionStatus"), add_encryption, false},
    {STR_INIT("ObjectLockRetainUntilDate"), add_retain_until, false},
    {STR_INIT("ObjectLockMode"), add_lock_mode, false},
    {STR_INIT("ObjectLockLegalHoldStatus"), add_legal_hold, false},
    {STR_INIT("ObjectLockEventHoldStatus"), add_nothing, false},
    {STR_INIT("ObjectLockEventHoldDuration"), add_nothing, false},
    {STR_INIT("IntelligentTieringAccessTier"), add_tier, false},
    {STR_INIT("IntelligentTieringReferenceDate"), add_nothing, false},
    {STR_INIT("BucketKeyStatus"), add_bucket_key, false},
    {STR_INIT("ChecksumAlgorithm"), add_checksum, false},
    {STR_INIT("ObjectAccessControlList"), add_acl, false},
    {STR_INIT("ObjectOwner"), add_owner, true},
    {STR_INIT("LifecycleExpirationDate"), add_expiration, false},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

void inventory_fields_read(const struct value *configuration, struct inventory_fields *ret_fields)
{
    const struct value *asked = get(configuration, "OptionalFields");

    static_assert(COLUMNS <= 32, "a bit each");
    ret_fields->versions =
        str_eq(get_str(configuration, "IncludedObjectVersions"), STR("All"));
    ret_fields->chosen = 0;
    for (uint32_t i = 0; asked != NULL && i < asked->count; i++) {
        for (size_t k = 0; k < COLUMNS; k++) {
            if (str_eq(asked->items[i].str, columns[k].name)) {
                ret_fields->chosen |= UINT32_C(1) << k;
            }
        }
    }
}

void inventory_schema_add(struct buf *text, const struct inventory_fields *fields)
{
    buf_add(text, STR("Bucket, Key"));
    if (fields->versions) {
        buf_add(text, STR(", VersionId, IsLatest, IsDeleteMarker"));
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if ((fields->chosen >> i) & 1) {
            buf_add(text, STR(", "));
            buf_add(text, columns[i].name);
        }
    }
}

void inventory_line_add(struct call *c, struct buf *lines, const struct inventory_fields *fields,
                        const struct object *object)
{
    buf_printf(lines, "\"%.*s\",\"", STR_ARG(object->bucket->name));
    buf_add_percent(lines, object->key, true);
    buf_add_c(lines, '"');
    if (fields->versions) {
        struct str version =
            object->null_version ? STR_NONE : object_version_text(c->arena, object);

        buf_printf(lines, ",\"%.*s\",\"%s\",\"%s\"", STR_ARG(version),
                   object->latest ? "true" : "false", object->delete_marker ? "true" : "false");
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (((fields->chosen >> i) & 1) == 0) {
            continue;
        }
        buf_add(lines, STR(",\""));
        if (!object->delete_marker || columns[i].of_markers) {
            columns[i].add(c, lines, object);
        }
        buf_add_c(lines, '"');
    }
    buf_add_c(lines, '\n');
}
