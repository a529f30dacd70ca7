/* SPDX-License-Identifier: Apache-2.0
 *
 * Buckets in memory: finding and checking them, their names.
 *
 * Rules of names ("General purpose bucket naming rules"): 3 to 63 of a-z 0-9 . -, beginning and
 * ending with a letter or digit, no two periods together, not an IPv4 address, no reserved
 * beginning or end.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "base/mem.h"
#include "svc/s3/s3_core.h"

#include <assert.h>
#include <stdlib.h>

void text_keep(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((void *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

void owner_id_of(struct str account, char ret_id[OWNER_ID_BYTES])
{
    uint8_t hash[SHA256_BYTES];
    char text[64] = "canonical user of account ";
    size_t bytes = strlen(text);
    size_t copied = account.bytes < sizeof(text) - bytes ? account.bytes : sizeof(text) - bytes;

    memcpy(text + bytes, account.at, copied);
    sha256(str_of(text, bytes + copied), hash);
    hex_encode(str_of(hash, sizeof(hash)), ret_id);
}

struct bucket *bucket_new(struct str name, struct str account, struct str region)
{
    struct bucket *bucket = MEM_NEW(struct bucket);

    text_keep(&bucket->name, name);
    text_keep(&bucket->account, account);
    text_keep(&bucket->region, region);
    owner_id_of(account, bucket->owner_id);
    return bucket;
}

void bucket_free(struct bucket *bucket)
{
    if (bucket == NULL) {
        return;
    }
    bucket_compiled_free(bucket->compiled);
    for (uint32_t i = 0; i < bucket->setting_count; i++) {
        text_keep(&bucket->settings[i].name, STR_NONE);
        text_keep(&bucket->settings[i].text, STR_NONE);
    }
    mem_free(bucket->settings);
    text_keep(&bucket->name, STR_NONE);
    text_keep(&bucket->account, STR_NONE);
    text_keep(&bucket->region, STR_NONE);
    mem_free(bucket);
}

bool bucket_add(struct s3 *s3, struct bucket *bucket)
{
    void *former = NULL;
    bool added = map_set(s3->buckets, bucket->name, bucket, &former);

    assert(former == NULL);
    return added;
}

struct bucket *bucket_find(const struct s3 *s3, struct str name)
{
    return map_get(s3->buckets, name);
}

struct str bucket_arn(struct arena *arena, struct str name)
{
    return arena_printf(arena, "arn:aws:s3:::%.*s", STR_ARG(name));
}

struct str object_arn(struct arena *arena, struct str bucket, struct str key)
{
    struct buf text;
    struct str arn;

    buf_init(&text, 8192);
    buf_add(&text, STR("arn:aws:s3:::"));
    buf_add(&text, bucket);
    buf_add_c(&text, '/');
    buf_add(&text, key);
    arn = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return arn;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(struct bucket *const *)a)->name, (*(struct bucket *const *)b)->name);
}

struct bucket **buckets_sorted(struct call *c, struct str account, size_t *ret_count)
{
    const struct s3 *s3 = s3_of(c);
    struct bucket **sorted =
        arena_alloc(c->arena, (map_count(s3->buckets) + 1) * sizeof(struct bucket *));
    size_t count = 0;
    struct str name;
    void *value;

    for (size_t i = 0; map_next(s3->buckets, &i, &name, &value);) {
        struct bucket *bucket = value;

        if (account.bytes == 0 || str_eq(bucket->account, account)) {
            sorted[count++] = bucket;
        }
    }
    if (count > 0) {
        qsort(sorted, count, sizeof(struct bucket *), by_name);
    }
    *ret_count = count;
    return sorted;
}

void put_owner(struct value *owner, const struct bucket *bucket)
{
    set_str(owner, "ID", str_of(bucket->owner_id, OWNER_ID_BYTES));
}

/* ---- names ---- */

static bool name_edge(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool name_characters(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char at = name.at[i];

        if (!name_edge(at) && at != '.' && at != '-') {
            return false;
        }
        if (at == '.' && i > 0 && name.at[i - 1] == '.') {
            return false;
        }
    }
    return name_edge(name.at[0]) && name_edge(name.at[name.bytes - 1]);
}

/* Four numbers of at most 255 between periods. */
static bool name_is_address(struct str name)
{
    int numbers = 0;

    while (name.at != NULL) {
        uint64_t number;

        if (!str_to_u64(str_split(&name, '.'), &number) || number > 255) {
            return false;
        }
        numbers++;
    }
    return numbers == 4;
}

static bool name_reserved(struct str name)
{
    static const struct str begins[] = {STR_INIT("xn--"), STR_INIT("sthree-"),
                                        STR_INIT("amzn-s3-demo-")};
    static const struct str ends[] = {STR_INIT("-s3alias"), STR_INIT("--ol-s3"), STR_INIT(".mrap"),
                                      STR_INIT("--x-s3"), STR_INIT("--table-s3")};

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (str_starts(name, begins[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (str_ends(name, ends[i])) {
            return true;
        }
    }
    return false;
}

status bucket_name_check(struct call *c, struct str name)
{
    if (name.bytes < 3 || name.bytes > 63 || !name_characters(name) || name_is_address(name) ||
        name_reserved(name)) {
        return fail_with(c, &S3_INVALID_BUCKET_NAME, "BucketName", name);
    }
    return OK;
}

/* ---- of a call ---- */

status bucket_of_name(struct call *c, struct str name, struct bucket **ret_bucket)
{
    struct bucket *bucket = bucket_find(s3_of(c), name);

    if (bucket == NULL) {
        TRY(bucket_name_check(c, name));
        return fail_with(c, &S3_NO_BUCKET, "BucketName", name);
    }
    *ret_bucket = bucket;
    return OK;
}

/* What IAM calls what the call does; a version by its id is another thing than the newest. */
static const char *action_of(struct call *c)
{
    static const struct str objects[] = {
        STR_INIT("GetObject"), STR_INIT("GetObjectAcl"), STR_INIT("GetObjectAttributes"),
        STR_INIT("GetObjectTagging"), STR_INIT("DeleteObject"), STR_INIT("DeleteObjectTagging"),
        STR_INIT("PutObjectAcl"), STR_INIT("PutObjectTagging")};
    struct str action = model_text(c->operation->action);
    size_t verb = str_find_str(action, STR("Object")) + 6;

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        if (str_eq(action, objects[i]) && arg_str_if(c, "VersionId").bytes > 0) {
            return arena_printf(c->arena, "s3:%.*sVersion%.*s",
                                STR_ARG(str_slice(action, 0, verb)),
                                STR_ARG(str_slice(action, verb, action.bytes))).at;
        }
    }
    return arena_printf(c->arena, "s3:%.*s", STR_ARG(action)).at;
}

/* What asks for more than its own action, by a member of its input. */
static status more_check(struct call *c, const struct bucket *bucket, const struct object *object)
{
    static const struct {
        const char *member;
        const char *action;
    } more[] = {
        {"Tagging", "s3:PutObjectTagging"},
        {"ACL", "s3:PutObjectAcl"},
        {"GrantFullControl", "s3:PutObjectAcl"},
        {"GrantRead", "s3:PutObjectAcl"},
        {"GrantReadACP", "s3:PutObjectAcl"},
        {"GrantWriteACP", "s3:PutObjectAcl"},
        {"ObjectLockMode", "s3:PutObjectRetention"},
        {"ObjectLockLegalHoldStatus", "s3:PutObjectLegalHold"},
    };

    if (arg_if(c, "BypassGovernanceRetention") != NULL &&
        arg_bool(c, "BypassGovernanceRetention", false)) {
        TRY(access_check(c, bucket, object, "s3:BypassGovernanceRetention"));
    }
    if (!str_eq(model_text(c->operation->action), STR("PutObject"))) {
        return OK;
    }
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        if (arg_if(c, more[i].member) != NULL) {
            TRY(access_check(c, bucket, object, more[i].action));
        }
    }
    return OK;
}

static bool is_operation(const struct call *c, const char *name)
{
    return str_eq(model_text(c->operation->name), str_c(name));
}

/* Nothing is asked of whoever is the owner where no signature was checked. */
static bool is_trusted(const struct call *c, const struct bucket *bucket)
{
    return str_eq(c->account, bucket->account) && !c->guarded;
}

static bool reads_object(const struct call *c)
{
    return str_eq(model_text(c->operation->action), STR("GetObject"));
}

static status caller_check(struct call *c, struct bucket *bucket)
{
    struct str key = arg_str_if(c, "Key");
    struct object object;
    bool there = true;

    if (is_trusted(c, bucket) || is_operation(c, "DeleteObjects")) { /* each key for itself */
        return OK;
    }
    if (key.bytes == 0 ||
        object_find(c, bucket, key, arg_str_if(c, "VersionId"), &object) != OK) {
        object = (struct object){.key = key};
        there = false;
    }
    c->why.text[0] = '\0'; /* what is not there, only who may know is told */
    c->more_count = 0;
    TRY(access_check(c, bucket, &object, action_of(c)));
    if (!there && reads_object(c) && !access_granted(c, bucket, NULL, "s3:ListBucket")) {
        return fail_s3(c, &S3_ACCESS_DENIED); /* that it is not there, only who may list is told */
    }
    if (is_operation(c, "GetObjectAttributes")) {
        TRY(access_check(c, bucket, &object,
                         arg_str(c, "VersionId").bytes > 0 ? "s3:GetObjectVersion"
                                                           : "s3:GetObject"));
    }
    return more_check(c, bucket, &object);
}

/* Where the requester pays, strangers say that they know; they are told that they did. */
static status payer_check(struct call *c, const struct bucket *bucket)
{
    struct str payment = bucket_setting(bucket, SETTING_REQUEST_PAYMENT, STR_NONE);

    if (str_find_str(payment, STR("\"Requester\"")) == payment.bytes ||
        str_eq(c->account, bucket->account)) {
        return OK;
    }
    if (!str_eq(arg_str_if(c, "RequestPayer"), STR("requester"))) {
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    set_if(c->out, "RequestCharged", STR("requester"));
    return OK;
}

status bucket_of_call(struct call *c, struct bucket **ret_bucket)
{
    struct bucket *bucket;
    struct str owner;

    TRY(bucket_of_name(c, arg_str(c, "Bucket"), &bucket));
    cors_answer(c, bucket);
    TRY(caller_check(c, bucket));
    owner = arg_str_if(c, "ExpectedBucketOwner");
    if (owner.bytes > 0 && !str_eq(owner, bucket->account)) {
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    if (c->operation != NULL) {
        TRY(payer_check(c, bucket));
    }
    *ret_bucket = bucket;
    return OK;
}
