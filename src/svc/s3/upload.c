/* SPDX-License-Identifier: Apache-2.0
 *
 * Multipart uploads: parts that wait to become an object. Parts are rows of their own from the
 * moment they are acknowledged, so an upload survives restarts; completing it writes a list of
 * their pieces and copies no bytes.
 */
#include "base/digest.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

#define PARTS_AT_ONCE_MAX 50 /* an upload of more is removed by the minute's tick */

status upload_of_call(struct call *c, struct bucket *bucket, struct upload *ret_upload)
{
    struct str id = arg_str(c, "UploadId");
    struct str key = arg_str(c, "Key");
    uint64_t sequence;

    TRY(key_check(c, key));
    if (!upload_text_read(id, &sequence) || !upload_get(c, bucket, key, sequence, ret_upload)) {
        return fail_with(c, &S3_NO_UPLOAD, "UploadId", id);
    }
    return OK;
}

void part_drop(struct call *c, const struct upload *upload, const struct part *part)
{
    for (uint32_t i = 0; i < part->piece_count; i++) {
        piece_drop(c, &part->pieces[i]);
    }
    part_row_delete(c, upload, part->number);
}

void upload_abort(struct call *c, const struct upload *upload)
{
    struct part_list list;

    parts_after(c, upload, 0, PARTS_AT_ONCE_MAX + 1, &list);
    upload_row_delete(c, upload);
    if (list.count > PARTS_AT_ONCE_MAX) {
        garbage_add_upload(c, upload);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        part_drop(c, upload, &list.parts[i]);
    }
}

/* ---- checksums of uploads ---- */

struct str lower_kind(struct call *c, uint8_t kind)
{
    struct str name = checksum_kind_text(kind);
    char *lower = arena_alloc(c->arena, name.bytes + 1);

    for (size_t i = 0; i < name.bytes; i++) {
        lower[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + 32 : name.at[i]);
    }
    return str_of(lower, name.bytes);
}

static status fail_type(struct call *c, const char *type, uint8_t kind)
{
    return fail(c, &S3_INVALID_REQUEST,
                "The %s checksum type cannot be used with the %.*s checksum algorithm.", type,
                STR_ARG(lower_kind(c, kind)));
}

status upload_checksum_read(struct call *c, struct upload *upload)
{
    struct str algorithm = arg_str(c, "ChecksumAlgorithm");
    struct str type = arg_str(c, "ChecksumType");

    upload->checksum_kind = CHECKSUM_CRC64NVME;
    if (algorithm.bytes == 0) {
        return type.bytes == 0 ? OK
                               : fail(c, &S3_INVALID_REQUEST,
                                      "The x-amz-checksum-type header can only be used with the "
                                      "x-amz-checksum-algorithm header.");
    }
    if (!checksum_kind_read(algorithm, &upload->checksum_kind)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Checksum algorithm provided is unsupported. Please try again with any of the "
                    "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    }
    upload->checksum_asked = true;
    upload->checksum_composite = upload->checksum_kind != CHECKSUM_CRC64NVME;
    if (str_eq(type, STR("FULL_OBJECT"))) {
        upload->checksum_composite = false;
        return checksum_is_crc(upload->checksum_kind) ? OK
                                             : fail_type(c, "FULL_OBJECT", upload->checksum_kind);
    }
    if (str_eq(type, STR("COMPOSITE"))) {
        return upload->checksum_composite ? OK : fail_type(c, "COMPOSITE", upload->checksum_kind);
    }
    return type.bytes == 0 ? OK
                           : fail_argument(c, "x-amz-checksum-type", type,
                                           "Value for x-amz-checksum-type header is invalid.");
}

static uint64_t crc_of(const struct object_checksum *checksum)
{
    uint64_t crc = 0;

    for (size_t i = 0; i < checksum_bytes(checksum->kind); i++) {
        crc = crc << 8 | checksum->sum[i];
    }
    return crc;
}

static void crc_set(struct object_checksum *checksum, uint64_t crc)
{
    for (size_t i = checksum_bytes(checksum->kind); i-- > 0;) {
        checksum->sum[i] = (uint8_t)crc;
        crc >>= 8;
    }
}

/* The sum of the parts' sums, as their bytes one after the other. */
static void composite(const struct part_list *list, struct object_checksum *checksum)
{
    struct checksum run;

    checksum_begin(&run, checksum->kind);
    for (size_t i = 0; i < list->count; i++) {
        checksum_add(&run, str_of(list->parts[i].checksum.sum, checksum_bytes(checksum->kind)));
    }
    checksum_end(&run, checksum->sum);
}

void upload_checksum(const struct upload *upload, const struct part_list *list,
                     struct object_checksum *ret_checksum)
{
    struct object_checksum checksum = {.is = true,
                                       .kind = upload->checksum_kind,
                                       .composite = upload->checksum_composite};
    uint64_t crc = 0;

    ret_checksum->is = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct part *part = &list->parts[i];

        if (!part->checksum.is || part->checksum.kind != checksum.kind) {
            return; /* nobody asked for it, and some parts came with sums of other kinds */
        }
        if (!checksum.composite) {
            crc = i == 0 ? crc_of(&part->checksum)
                         : checksum_combine(checksum.kind, crc, crc_of(&part->checksum),
                                            part->size);
        }
    }
    if (checksum.composite) {
        composite(list, &checksum);
    } else {
        crc_set(&checksum, crc);
    }
    *ret_checksum = checksum;
}

void upload_md5(struct call *c, const struct part_list *list, uint8_t ret_md5[16])
{
    char *all = arena_alloc(c->arena, 16 * list->count + 1);

    for (size_t i = 0; i < list->count; i++) {
        memcpy(all + 16 * i, list->parts[i].md5, 16);
    }
    md5(str_of(all, 16 * list->count), ret_md5);
}

status upload_key_check(struct call *c, const struct upload *upload,
                        const struct customer_key *key)
{
    if (upload->object.encryption == ENCRYPTION_CUSTOMER && !key->is) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The multipart upload initiate requested encryption. Subsequent part requests "
                    "must include the appropriate encryption parameters.");
    }
    if (upload->object.encryption != ENCRYPTION_CUSTOMER && key->is) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The multipart upload initiate did not request encryption. Please resend the "
                    "request without sending encryption parameters.");
    }
    if (customer_key_check(c, &upload->object, key) != OK) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The provided encryption parameters did not match the ones used originally.");
    }
    return OK;
}
