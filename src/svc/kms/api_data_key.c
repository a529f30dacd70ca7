/* SPDX-License-Identifier: Apache-2.0
 *
 * Data keys, pairs of them, and chance. Pairs are made outside the cell.
 */
#include "svc/kms/ciphertext.h"
#include "svc/kms/kms_ops.h"
#include "svc/kms/work.h"
#include "sys/rand.h"

#define RANDOM_BYTES_MAX 1024

static status seals(struct call *c, const char *action, enum grant_operation operation,
                    struct kms_key **ret_key)
{
    struct may may = {.action = action, .operation = operation,
                      .context = arg(c, "EncryptionContext"), .algorithm = "SYMMETRIC_DEFAULT"};
    struct wanted wanted = {"KeyId", true, action, operation};
    struct kms_key *key;

    TRY(tokens_check(c));
    if (key_named(c, arg_str(c, "KeyId"), true, &key) != OK) {
        return key_wanted(c, &wanted, &key); /* which says why not */
    }
    may.key = key;
    TRY(key_may(c, &may));
    TRY(key_usable(c, key));
    TRY(key_used_for(c, key, USAGE_ENCRYPT));
    if (key->spec->kind != SPEC_AES) {
        return fail(c, &KMS_USAGE, "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec %s.",
                    key->spec->name);
    }
    *ret_key = key;
    return OK;
}

static void put_key(struct call *c, const struct kms_key *key)
{
    put_str(c, "KeyId", key_arn(c->arena, key));
    put_str(c, "KeyMaterialId", material_id_text(c->arena, material_current(key)));
}

/* ---- data keys ---- */

static status data_key_bytes(struct call *c, size_t *ret_bytes)
{
    if (arg_has(c, "KeySpec") == arg_has(c, "NumberOfBytes")) {
        return fail(c, &KMS_VALIDATION, "Please specify either number of bytes or key spec.");
    }
    *ret_bytes = (size_t)arg_int(c, "NumberOfBytes", 0);
    if (arg_has(c, "KeySpec")) {
        *ret_bytes = str_eq(arg_str(c, "KeySpec"), STR("AES_256")) ? 32 : 16;
    }
    return OK;
}

static status data_key(struct call *c, struct kms_key *key, bool plain_too)
{
    size_t bytes;
    uint8_t *plain;

    TRY(data_key_bytes(c, &bytes));
    TRY(dry_run(c));
    plain = arena_alloc(c->arena, bytes);
    rand_secret(plain, bytes);
    set_blob(c->out, "CiphertextBlob",
             ciphertext_seal(c, key, arg(c, "EncryptionContext"), str_of(plain, bytes)));
    if (plain_too) {
        set_blob(c->out, "Plaintext", str_of(plain, bytes));
    } else {
        crypt_wipe_str(str_of(plain, bytes));
    }
    put_key(c, key);
    return OK;
}

/* GenerateDataKey */
status kms_data_key(struct call *c)
{
    struct kms_key *key;

    TRY(no_recipient(c));
    TRY(seals(c, "kms:GenerateDataKey", GRANT_DATA_KEY, &key));
    return data_key(c, key, true);
}

/* GenerateDataKeyWithoutPlaintext */
status kms_data_key_sealed(struct call *c)
{
    struct kms_key *key;

    TRY(seals(c, "kms:GenerateDataKeyWithoutPlaintext", GRANT_DATA_KEY_SEALED, &key));
    return data_key(c, key, false);
}

/* ---- pairs ---- */

static const struct spec *pair_spec(struct call *c)
{
    const struct spec *spec = spec_named(arg_str(c, "KeyPairSpec"));

    return spec == NULL || (spec->kind != SPEC_RSA && spec->kind != SPEC_EC) ? NULL : spec;
}

static status pair_was_made(struct call *c, const char *action, enum grant_operation operation,
                            bool plain_too)
{
    struct work *work = c->kept;
    struct kms_key *key;
    status may;

    if (!work->good) {
        return fail(c, &KMS_INTERNAL, "The key pair could not be made.");
    }
    may = seals(c, action, operation, &key); /* again: it may have ended meanwhile */
    if (may != OK) {
        crypt_wipe(&work->secret);
        return may;
    }
    set_blob(c->out, "PrivateKeyCiphertextBlob",
             ciphertext_seal(c, key, arg(c, "EncryptionContext"), crypt_str(&work->secret)));
    if (plain_too) {
        set_blob(c->out, "PrivateKeyPlaintext", crypt_str(&work->secret));
    } else {
        crypt_wipe(&work->secret);
    }
    set_blob(c->out, "PublicKey", crypt_str(&work->out));
    put_str(c, "KeyPairSpec", str_c(work->spec->name));
    put_key(c, key);
    return OK;
}

static status make_pair(struct call *c, struct kms_key *key, status (*resume)(struct call *c))
{
    const struct spec *spec = pair_spec(c);
    struct work *work;

    if (spec == NULL) {
        return fail(c, &KMS_UNSUPPORTED, "weir has no key pairs of spec %.*s.",
                    STR_ARG(arg_str(c, "KeyPairSpec")));
    }
    TRY(dry_run(c));
    work = work_new(c, ACT_PAIR, key);
    work->spec = spec;
    return work_begin(c, work, key, resume);
}

static status plain_pair(struct call *c)
{
    return pair_was_made(c, "kms:GenerateDataKeyPair", GRANT_PAIR, true);
}

static status sealed_pair(struct call *c)
{
    return pair_was_made(c, "kms:GenerateDataKeyPairWithoutPlaintext", GRANT_PAIR_SEALED, false);
}

/* GenerateDataKeyPair */
status kms_pair(struct call *c)
{
    struct kms_key *key;

    TRY(no_recipient(c));
    TRY(seals(c, "kms:GenerateDataKeyPair", GRANT_PAIR, &key));
    return make_pair(c, key, plain_pair);
}

/* GenerateDataKeyPairWithoutPlaintext */
status kms_pair_sealed(struct call *c)
{
    struct kms_key *key;

    TRY(seals(c, "kms:GenerateDataKeyPairWithoutPlaintext", GRANT_PAIR_SEALED, &key));
    return make_pair(c, key, sealed_pair);
}

/* ---- chance ---- */

/* GenerateRandom */
status kms_random(struct call *c)
{
    size_t bytes = (size_t)arg_int(c, "NumberOfBytes", 0);
    uint8_t *at;

    TRY(no_recipient(c));
    if (!arg_has(c, "NumberOfBytes")) {
        return fail(c, &KMS_VALIDATION, "NumberOfBytes is required.");
    }
    if (arg_has(c, "CustomKeyStoreId")) {
        return fail(c, &KMS_UNSUPPORTED, "weir has no custom key stores.");
    }
    at = arena_alloc(c->arena, RANDOM_BYTES_MAX);
    rand_secret(at, bytes);
    set_blob(c->out, "Plaintext", str_of(at, bytes));
    return OK;
}
