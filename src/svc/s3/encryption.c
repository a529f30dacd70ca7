/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-side encryption. SSE-C is real: content is enciphered with the customer's key, which is
 * never stored; a proof (8 random bytes and 8 of their HMAC under the key) tells a wrong key from
 * the right one. SSE-S3 and SSE-KMS are recorded and told.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/s3/s3_core.h"

#define CUSTOMER                                                                                   \
    "Requests specifying Server Side Encryption with Customer provided keys must provide "

void key_proof_make(const uint8_t key[32], const uint8_t salt[8], uint8_t ret_proof[16])
{
    uint8_t hmac[SHA256_BYTES];

    hmac_sha256(str_of(key, 32), str_of(salt, 8), hmac);
    memmove(ret_proof, salt, 8);
    memcpy(ret_proof + 8, hmac, 8);
}

/* The sentence for what is missing, NULL when all three are there. */
static const char *missing(struct str algorithm, struct str key, struct str md5)
{
    if (algorithm.at == NULL) {
        return CUSTOMER "a valid encryption algorithm.";
    }
    if (key.at == NULL) {
        return CUSTOMER "an appropriate secret key.";
    }
    if (md5.at == NULL) {
        return CUSTOMER "the client calculated MD5 of the secret key.";
    }
    return NULL;
}

status customer_key_read(struct call *c, bool of_source, struct customer_key *ret_key)
{
    struct str algorithm =
        arg_str_if(c, of_source ? "CopySourceSSECustomerAlgorithm" : "SSECustomerAlgorithm");
    struct str base64 = arg_str_if(c, of_source ? "CopySourceSSECustomerKey" : "SSECustomerKey");
    struct str sent =
        arg_str_if(c, of_source ? "CopySourceSSECustomerKeyMD5" : "SSECustomerKeyMD5");
    const char *lacks = missing(algorithm, base64, sent);
    uint8_t hash[MD5_BYTES];

    *ret_key = (struct customer_key){.is = false};
    if (algorithm.at == NULL && base64.at == NULL && sent.at == NULL) {
        return OK;
    }
    if (lacks != NULL) {
        return fail_argument(c, "x-amz-server-side-encryption", STR("null"), "%s", lacks);
    }
    if (!str_eq(algorithm, STR("AES256"))) {
        return fail(c, &S3_INVALID_ENCRYPTION,
                    "The Encryption request you specified is not valid. Supported value: AES256.");
    }
    if (!base64_exactly(base64, ret_key->key, sizeof(ret_key->key))) {
        return fail_argument(c, "x-amz-server-side-encryption-customer-key", STR_NONE,
                             "The secret key was invalid for the specified algorithm.");
    }
    md5(str_of(ret_key->key, sizeof(ret_key->key)), hash);
    if (!str_eq(base64_text(c->arena, hash, sizeof(hash)), sent)) {
        return fail_argument(
            c, "x-amz-server-side-encryption-customer-key-MD5", sent,
            "The calculated MD5 hash of the key did not match the hash that was provided.");
    }
    ret_key->is = true;
    ret_key->md5 = sent;
    return OK;
}

status customer_key_check(struct call *c, const struct object *object,
                          const struct customer_key *key)
{
    uint8_t proof[16];

    if (object->encryption != ENCRYPTION_CUSTOMER) {
        return !key->is ? OK
                        : fail(c, &S3_INVALID_REQUEST, "The encryption parameters are not "
                                                       "applicable to this object.");
    }
    if (!key->is) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The object was stored using a form of Server Side Encryption. The correct "
                    "parameters must be provided to retrieve the object.");
    }
    key_proof_make(key->key, object->key_proof, proof);
    if (!bytes_eq_const_time(proof, object->key_proof, sizeof(proof))) {
        return fail(c, &S3_ACCESS_DENIED, CUSTOMER "the correct secret key.");
    }
    return OK;
}

/* ---- new objects ---- */

/* A key's ARN: as given, or made of an id; AWS's own key for S3 when none is given. */
static struct str kms_key(struct call *c, struct bucket *bucket, struct str given)
{
    if (given.bytes == 0) {
        uint8_t hash[MD5_BYTES];
        char hex[32];

        md5(arena_printf(c->arena, "aws/s3 %.*s %.*s", STR_ARG(bucket->account),
                         STR_ARG(bucket->region)),
            hash);
        hex_encode(str_of(hash, sizeof(hash)), hex);
        given = arena_printf(c->arena, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13,
                             hex + 17, hex + 20);
    }
    if (str_starts(given, STR("arn:"))) {
        return given;
    }
    return arena_printf(c->arena, "arn:aws:kms:%.*s:%.*s:%s%.*s", STR_ARG(bucket->region),
                        STR_ARG(bucket->account), str_starts(given, STR("alias/")) ? "" : "key/",
                        STR_ARG(given));
}

static bool encryption_read(struct str text, uint8_t *ret_encryption)
{
    if (str_eq(text, STR("AES256"))) {
        *ret_encryption = ENCRYPTION_S3;
    } else if (str_eq(text, STR("aws:kms"))) {
        *ret_encryption = ENCRYPTION_KMS;
    } else if (str_eq(text, STR("aws:kms:dsse"))) {
        *ret_encryption = ENCRYPTION_KMS_DSSE;
    } else {
        return false;
    }
    return true;
}

static bool is_kms(const struct object *object)
{
    return object->encryption == ENCRYPTION_KMS || object->encryption == ENCRYPTION_KMS_DSSE;
}

static status customer_encryption(struct call *c, const struct customer_key *key,
                                  const struct default_encryption *standard,
                                  struct object *object)
{
    uint8_t salt[8];

    if (arg_str_if(c, "ServerSideEncryption").bytes > 0) {
        return fail_argument(c, "x-amz-server-side-encryption",
                             arg_str_if(c, "ServerSideEncryption"),
                             "Server Side Encryption with Customer provided key is incompatible "
                             "with the encryption method specified");
    }
    if (standard->customer_blocked) {
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    rand_fill(c->rand, salt, sizeof(salt));
    object->encryption = ENCRYPTION_CUSTOMER;
    key_proof_make(key->key, salt, object->key_proof);
    return OK;
}

status encryption_of_call(struct call *c, struct bucket *bucket, const struct customer_key *key,
                          struct object *object)
{
    struct str asked = arg_str_if(c, "ServerSideEncryption");
    struct str key_id = arg_str_if(c, "SSEKMSKeyId");
    const struct value *bucket_key = arg_if(c, "BucketKeyEnabled");
    struct default_encryption standard = {.encryption = ENCRYPTION_S3};

    bucket_default_encryption(c, bucket, &standard);
    if (key->is) {
        return customer_encryption(c, key, &standard, object);
    }
    object->encryption = standard.encryption;
    if (asked.bytes > 0 && !encryption_read(asked, &object->encryption)) {
        return fail_argument(c, "x-amz-server-side-encryption", asked,
                             "The encryption method specified is not supported");
    }
    if (asked.bytes == 0 || object->encryption == standard.encryption) {
        object->bucket_key = standard.bucket_key;
    }
    if (key_id.bytes > 0 && !is_kms(object)) {
        return fail_argument(c, "x-amz-server-side-encryption", asked,
                             "Server Side Encryption with AWS KMS managed key requires HTTP header "
                             "x-amz-server-side-encryption : aws:kms");
    }
    if (bucket_key != NULL) {
        object->bucket_key = bucket_key->truth;
    }
    object->bucket_key = object->bucket_key && object->encryption == ENCRYPTION_KMS;
    if (is_kms(object)) {
        if (key_id.bytes == 0 && asked.bytes == 0) {
            key_id = standard.kms_key;
        }
        object->kms_key = kms_key(c, bucket, key_id);
        object->kms_context = arg_str_if(c, "SSEKMSEncryptionContext");
    }
    return OK;
}

void encryption_standard(struct call *c, struct bucket *bucket, struct object *object)
{
    struct default_encryption standard = {.encryption = ENCRYPTION_S3};

    bucket_default_encryption(c, bucket, &standard);
    object->encryption = standard.encryption;
    object->bucket_key = standard.bucket_key && standard.encryption == ENCRYPTION_KMS;
    if (is_kms(object)) {
        object->kms_key = kms_key(c, bucket, standard.kms_key);
    }
}

void tag_of_content(struct call *c, enum encryption encryption, const uint8_t md5[16],
                    uint8_t ret_tag[16])
{
    if (encryption == ENCRYPTION_S3) {
        memcpy(ret_tag, md5, 16);
    } else {
        rand_fill(c->rand, ret_tag, 16);
    }
}

/* ---- answers ---- */

void put_encryption(struct call *c, const struct object *object, const struct customer_key *key)
{
    static const struct str texts[] = {[ENCRYPTION_S3] = STR_INIT("AES256"),
                                       [ENCRYPTION_KMS] = STR_INIT("aws:kms"),
                                       [ENCRYPTION_KMS_DSSE] = STR_INIT("aws:kms:dsse")};

    if (object->encryption == ENCRYPTION_CUSTOMER) {
        set_if(c->out, "SSECustomerAlgorithm", STR("AES256"));
        if (key != NULL && key->is) {
            set_if(c->out, "SSECustomerKeyMD5", key->md5);
        }
        return;
    }
    set_if(c->out, "ServerSideEncryption", texts[object->encryption]);
    if (is_kms(object)) {
        set_if(c->out, "SSEKMSKeyId", object->kms_key);
        set_if(c->out, "SSEKMSEncryptionContext", object->kms_context);
        if (object->bucket_key) {
            put_bool(c, "BucketKeyEnabled", true);
        }
    }
}
