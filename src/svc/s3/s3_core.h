/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of buckets and objects share among themselves, beyond s3_int.h.
 */
#ifndef WEIR_SVC_S3_CORE_H
#define WEIR_SVC_S3_CORE_H

#include "base/time.h"
#include "svc/s3/s3_int.h"
#include "svc/s3/s3_rows.h"

#define PART_NUMBER_MAX 10000
#define PART_BYTES_MIN (UINT64_C(5) << 20)  /* of all but the last */
#define PART_BYTES_MAX (UINT64_C(5) << 30)
#define PIECES_SHARED_MAX 4                 /* a copied range of more is written anew */
#define PIECES_AT_ONCE_MAX 24               /* a list of more is removed by the minute's tick */
#define BYTES_IN_RECORD_MAX 4096            /* larger ones get a row of their own */
#define ROW_BYTES_MAX CALL_BODY_INLINE_MAX
#define CONTENT_IN_ROWS_MAX (64u * ROW_BYTES_MAX) /* what weir writes itself */
#define COMPLETED_KEPT_MS (24 * MS_PER_HOUR) /* a completion can be repeated that long */

/* ---- arg.c: members that not every operation has ---- */

bool has_member(const struct value *structure, const char *member);
/* STR_NONE where the shape has no such member or it is not set. */
struct str member_str(const struct value *structure, const char *member);
void set_if(struct value *structure, const char *member, struct str s); /* and s is not empty */
int64_t arg_time_if(const struct call *c, const char *member, int64_t fallback);

/* ---- bucket.c ---- */

struct bucket *bucket_new(struct str name, struct str account, struct str region);
void bucket_free(struct bucket *bucket);
bool bucket_add(struct s3 *s3, struct bucket *bucket); /* false: too many */
void setting_keep(struct bucket *bucket, const struct setting *setting); /* in memory only */
status bucket_name_check(struct call *c, struct str name);
/* The bucket of a request without the access check: CreateBucket's and the tests'. */
status bucket_of_name(struct call *c, struct str name, struct bucket **ret_bucket);
void text_keep(struct str *owned, struct str text);

/* ---- content.c ---- */

/* What was received; an empty body where the call has none. */
const struct call_body *body_of_call(struct call *c);
/* key: the customer's, or NULL. */
struct content content_of_bytes(struct call *c, struct str bytes, const uint8_t *key);
/* What the call brought, or somebody's; published here. */
struct content content_of_body(struct call *c, const uint8_t *key);
struct content content_of_received(struct call *c, const struct call_body *body,
                                   const uint8_t *key);
void content_share(struct call *c, const struct content *content);
void content_drop(struct call *c, const struct content *content);
void piece_share(struct call *c, const struct piece *piece);
void piece_drop(struct call *c, const struct piece *piece);
struct content content_of_parts(struct call *c, const struct part_list *list);
/* A part with that content, whose bytes become a row when they would stand in a record. */
struct part *part_of_content(struct call *c, const struct content *content, uint64_t size);
void content_parts(struct call *c, const struct content *content, struct part_list *ret_list);
/* The pieces of a stretch of a content that is not in the record itself. */
struct pieces {
    struct piece *items;        /* in order */
    size_t count;               /* of them */
};
void content_pieces(struct call *c, const struct object *object,
                    const struct content_range *range, struct pieces *ret_pieces);
void blob_id_text(const uint8_t id[PIECE_ID_BYTES], char ret_text[BLOB_ID_BYTES]);
void piece_id_new(struct call *c, uint8_t ret_id[PIECE_ID_BYTES]);
void cipher_bytes(const uint8_t key[32], const uint8_t iv[16], uint64_t offset, struct str in,
                  char *out);

/* ---- version.c ---- */

/* Makes *object the newest version of its key: chooses sequence and null_version by the bucket's
 * versioning, moves or removes what was there (newest: object_newest()'s; NULL: nothing). */
void object_push(struct call *c, struct object *object, struct object *newest);
/* The same with that sequence, if it is above the newest's; replication stays as it is. */
void object_push_at(struct call *c, struct object *object, struct object *newest,
                    uint64_t sequence);
/* The version with that sequence, whatever its id says; false: there is none. */
bool object_of_sequence(struct call *c, struct bucket *bucket, struct str key, uint64_t sequence,
                        struct object *ret_object);
struct str version_text(struct arena *arena, uint64_t sequence);
bool version_text_read(struct str text, uint64_t *ret_sequence);
struct str upload_text(struct arena *arena, uint64_t sequence);
bool upload_text_read(struct str text, uint64_t *ret_sequence);
/* The version for an answer: as objects of versioned buckets have one; else STR_NONE. */
struct str answer_version(struct call *c, const struct object *object);
void object_told(struct call *c, const struct object *object, const char *event);

/* ---- object.c ---- */

/* S3 tells moments in whole seconds. */
static inline int64_t whole_second(int64_t moment_ms)
{
    return moment_ms / MS_PER_SECOND * MS_PER_SECOND;
}
struct str http_date(struct arena *arena, int64_t moment_ms);
status key_check(struct call *c, struct str key);
/* The object a request reads: as object_find, and a delete marker is NoSuchKey or
 * MethodNotAllowed, with their headers. */
status object_of_call(struct call *c, struct bucket *bucket, struct object *ret_object);
/* Attributes that a PutObject, CopyObject or CreateMultipartUpload gives. */
status object_attributes(struct call *c, struct bucket *bucket, struct object *object);
status storage_class_of_call(struct call *c, struct object *object);
status metadata_of_call(struct call *c, struct object *object); /* and headers */
const char *object_header_member(enum object_header header);

/* ---- write.c ---- */

struct sink;
struct depot;
extern const struct sink s3_sink; /* a bucket as a target of the bus */
extern const struct depot s3_depot; /* a bucket as something to read from */

/* ---- encryption.c ---- */

/* The customer's key of a call, or of a copy's source. */
struct customer_key {
    bool is;                    /* given, and well */
    uint8_t key[32];            /* the key */
    struct str md5;             /* base64 of its MD5, as sent */
};
status customer_key_read(struct call *c, bool of_source, struct customer_key *ret_key);
/* Against what the object was stored with. */
status customer_key_check(struct call *c, const struct object *object,
                          const struct customer_key *key);
void key_proof_make(const uint8_t key[32], const uint8_t salt[8], uint8_t ret_proof[16]);
/* ServerSideEncryption, SSEKMS…: what a new object gets. */
status encryption_of_call(struct call *c, struct bucket *bucket, const struct customer_key *key,
                          struct object *object);
/* The same for what weir writes itself: the bucket's default. */
void encryption_standard(struct call *c, struct bucket *bucket, struct object *object);
/* The ETag's bytes of new content: its MD5, or, with keys that are not S3's own, anything. */
void tag_of_content(struct call *c, enum encryption encryption, const uint8_t md5[16],
                    uint8_t ret_tag[16]);
/* SSE members of an answer. */
void put_encryption(struct call *c, const struct object *object, const struct customer_key *key);

/* ---- checksum.c ---- */

/* Content-MD5 and the checksum of what was received must agree. (What was signed, the door has
 * compared.) */
status body_check(struct call *c, struct object_checksum *ret_checksum);
/* The Checksum… member of that kind and ChecksumType, where the structure has them. */
void set_checksum(struct call *c, struct value *structure, const struct object_checksum *checksum,
                  uint32_t part_count);
/* A checksum sent in Checksum… of the call or of a structure: false when none is there. */
bool checksum_sent(const struct value *structure, struct object_checksum *ret_kind,
                   struct str *ret_base64);
struct str base64_text(struct arena *arena, const void *at, size_t bytes);
/* That many bytes, strictly; false otherwise. At most CHECKSUM_BYTES_MAX. */
bool base64_exactly(struct str text, uint8_t *out, size_t bytes);
struct str checksum_text(struct arena *arena, const struct object_checksum *checksum);
const char *checksum_member(uint8_t kind);
bool checksum_kind_read(struct str text, uint8_t *ret_kind);
bool checksum_is_crc(uint8_t kind);
struct str checksum_kind_text(uint8_t kind);

/* ---- condition.c ---- */

struct conditions {
    struct str if_match;           /* STR_NONE: not asked */
    struct str if_none_match;
    int64_t if_modified_ms;        /* INT64_MIN: not asked */
    int64_t if_unmodified_ms;
    bool of_source;                /* of a copy */
};
bool etag_matches(struct call *c, struct str list, const struct object *object);
/* For reading: OK, PreconditionFailed or NotModified. */
status conditions_check(struct call *c, const struct conditions *conditions,
                        const struct object *object);
/* For writing over what is there (there: the newest, or NULL). */
status write_conditions_check(struct call *c, struct str key, const struct object *there);

/* ---- list.c: what lists share ---- */

/* The common prefix that a key is rolled up into; STR_NONE: none. */
struct str key_rolled(struct str key, struct str prefix, struct str delimiter);
struct str url_encoded(struct arena *arena, struct str text); /* keeps '/' */

/* Continuation tokens: the text to go on behind. */
struct str list_token_write(struct call *c, struct str text);
status list_token_read(struct call *c, struct str token, struct str *ret_text);

/* ---- range.c ---- */

enum range_kind { RANGE_NONE, RANGE_OK, RANGE_UNSATISFIABLE };
enum range_kind range_read(struct str header, uint64_t size, uint64_t *ret_offset,
                           uint64_t *ret_size);

/* ---- api_object.c ---- */

/* PutObject, and what does the same in other words; event: what is told of it. */
status object_put(struct call *c, const char *event);
/* ETag, checksum, version, encryption, expiration of a new object, where the output has them. */
void put_new_object(struct call *c, const struct object *object, const struct customer_key *key);

/* ---- form_policy.c ---- */

/* Do a form's fields and its file meet the conditions of the policy (base64) in it? */
status form_policy_check(struct call *c, struct str policy);
/* The form's first field of that name as it is meant, ${filename} replaced; STR_NONE: none. */
struct str form_field(struct call *c, const char *name);

/* ---- lock.c ---- */

bool lock_mode_read(struct str text, uint8_t *ret_mode);
struct str lock_mode_text(uint8_t mode);
status lock_of_call(struct call *c, const struct bucket *bucket, struct object *object);
/* May that version be deleted: OK or AccessDenied. bypass: x-amz-bypass-governance-retention. */
status lock_check(struct call *c, const struct object *object, bool bypass);

/* ---- restore.c ---- */

/* OK, or InvalidObjectState: archived and not restored. */
status archive_check(struct call *c, const struct object *object);
void restore_timer_set(struct call *c, const struct object *object, int64_t at_ms);
/* When a copy restored now for that many days ends: at a midnight. */
int64_t restore_end(const struct call *c, uint32_t days);
struct str restore_header(struct call *c, const struct object *object); /* STR_NONE: none */
status restore_timer(struct call *c, struct str name, struct str payload);

/* ---- upload.c ---- */

status upload_of_call(struct call *c, struct bucket *bucket, struct upload *ret_upload);
void part_drop(struct call *c, const struct upload *upload, const struct part *part);
struct str lower_kind(struct call *c, uint8_t kind); /* "crc32", for sentences */
/* ChecksumAlgorithm and ChecksumType of CreateMultipartUpload. */
status upload_checksum_read(struct call *c, struct upload *upload);
/* Of the object that these parts become; none when they have none of that kind. */
void upload_checksum(const struct upload *upload, const struct part_list *list,
                     struct object_checksum *ret_checksum);
void upload_md5(struct call *c, const struct part_list *list, uint8_t ret_md5[16]);
status upload_key_check(struct call *c, const struct upload *upload,
                        const struct customer_key *key);

/* ---- api_multipart.c ---- */

status part_number_of_call(struct call *c, uint32_t *ret_number);
void part_put(struct call *c, const struct upload *upload, struct part *part);
struct str part_etag(struct arena *arena, const struct part *part);

#endif
