/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures, MACs, public keys, shared secrets. What RSA and curves do happens outside the cell.
 */
#include "base/digest.h"
#include "svc/kms/kms_ops.h"
#include "svc/kms/work.h"

#include <assert.h>

/* The key that KeyId names, for an act of that usage by that algorithm. */
static status acting_key(struct call *c, const struct wanted *wanted, const char *member,
                         struct kms_key **ret_key)
{
    struct str name = arg_str(c, member);
    const struct algorithm *algorithm = algorithm_named(name);
    struct kms_key *key;
    uint8_t usage = algorithm == NULL ? USAGE_SIGN : algorithm->usage;

    TRY(tokens_check(c));
    TRY(key_wanted(c, wanted, &key));
    TRY(key_usable(c, key));
    TRY(key_used_for(c, key, usage));
    if (algorithm == NULL || !algorithm_fits(algorithm, key->spec, usage)) {
        return fail(c, &KMS_USAGE, "Algorithm %.*s is incompatible with key spec %s.",
                    STR_ARG(name), key->spec->name);
    }
    *ret_key = key;
    return OK;
}

/* ---- signatures ---- */

static status signing_work(struct call *c, enum act act, const struct kms_key *key,
                           struct work **ret_work)
{
    const struct algorithm *algorithm = algorithm_named(arg_str(c, "SigningAlgorithm"));
    struct str type = arg_str(c, "MessageType");
    bool digest = str_eq(type, STR("DIGEST"));
    struct work *work;

    if (str_eq(type, STR("EXTERNAL_MU"))) {
        return fail(c, &KMS_VALIDATION,
                    "MessageType EXTERNAL_MU is incompatible with signing algorithm %s.",
                    algorithm->name);
    }
    if (digest && arg_str(c, "Message").bytes != algorithm->hash_bytes) {
        return fail(c, &KMS_VALIDATION, "Digest is invalid length for algorithm %s.",
                    algorithm->name);
    }
    TRY(dry_run(c));
    work = work_new(c, act, key);
    work->algorithm = algorithm;
    work->input = arg_str(c, "Message");
    work->digest = digest;
    *ret_work = work;
    return OK;
}

static status was_signed(struct call *c)
{
    struct work *work = c->kept;

    if (!work->good) {
        return fail(c, &KMS_INTERNAL, "The key could not sign.");
    }
    put_str(c, "KeyId", work->key_arn);
    set_blob(c->out, "Signature", crypt_str(&work->out));
    put_str(c, "SigningAlgorithm", str_c(work->algorithm->name));
    return OK;
}

/* Sign */
status kms_sign(struct call *c)
{
    static const struct wanted wanted = {"KeyId", true, "kms:Sign", GRANT_SIGN};
    struct kms_key *key;
    struct work *work;

    TRY(acting_key(c, &wanted, "SigningAlgorithm", &key));
    TRY(signing_work(c, ACT_SIGN, key, &work));
    return work_begin(c, work, key, was_signed);
}

static status was_verified(struct call *c)
{
    struct work *work = c->kept;

    if (!work->good) {
        return fail(c, &KMS_BAD_SIGNATURE, "%s", "");
    }
    put_str(c, "KeyId", work->key_arn);
    put_bool(c, "SignatureValid", true);
    put_str(c, "SigningAlgorithm", str_c(work->algorithm->name));
    return OK;
}

/* Verify */
status kms_verify(struct call *c)
{
    static const struct wanted wanted = {"KeyId", true, "kms:Verify", GRANT_VERIFY};
    struct kms_key *key;
    struct work *work;

    TRY(acting_key(c, &wanted, "SigningAlgorithm", &key));
    TRY(signing_work(c, ACT_VERIFY, key, &work));
    work->other = arg_str(c, "Signature");
    return work_begin(c, work, key, was_verified);
}

/* ---- MACs ---- */

static size_t make_mac(struct call *c, const struct kms_key *key, uint8_t out[MAC_BYTES_MAX])
{
    struct str secret;
    bool there = material_open(c, key, material_current(key), &secret);
    size_t bytes;

    assert(there); /* the key is usable */
    bytes = mac_of(key->spec->hash, secret, arg_str(c, "Message"), out);
    crypt_wipe_str(secret);
    return bytes;
}

/* GenerateMac */
status kms_make_mac(struct call *c)
{
    static const struct wanted wanted = {"KeyId", true, "kms:GenerateMac", GRANT_MAC};
    uint8_t *mac = arena_alloc(c->arena, MAC_BYTES_MAX);
    struct kms_key *key;

    TRY(acting_key(c, &wanted, "MacAlgorithm", &key));
    TRY(dry_run(c));
    set_blob(c->out, "Mac", str_of(mac, make_mac(c, key, mac)));
    put_str(c, "MacAlgorithm", arg_str(c, "MacAlgorithm"));
    put_str(c, "KeyId", key_arn(c->arena, key));
    return OK;
}

/* VerifyMac */
status kms_verify_mac(struct call *c)
{
    static const struct wanted wanted = {"KeyId", true, "kms:VerifyMac", GRANT_VERIFY_MAC};
    struct str mac = arg_str(c, "Mac");
    uint8_t good[MAC_BYTES_MAX];
    struct kms_key *key;
    size_t bytes;

    TRY(acting_key(c, &wanted, "MacAlgorithm", &key));
    TRY(dry_run(c));
    bytes = make_mac(c, key, good);
    if (mac.bytes != bytes || !bytes_eq_const_time(mac.at, good, bytes)) {
        return fail(c, &KMS_BAD_MAC, "%s", "");
    }
    put_str(c, "KeyId", key_arn(c->arena, key));
    put_bool(c, "MacValid", true);
    put_str(c, "MacAlgorithm", arg_str(c, "MacAlgorithm"));
    return OK;
}

/* ---- public keys, shared secrets ---- */

static void put_algorithms(struct call *c, const struct kms_key *key)
{
    const char *member = key->usage == USAGE_ENCRYPT ? "EncryptionAlgorithms"
                         : key->usage == USAGE_SIGN  ? "SigningAlgorithms"
                                                     : "KeyAgreementAlgorithms";
    struct value *list = put_list(c, member, 8);
    const struct algorithm *algorithm;

    for (uint32_t i = 0; (algorithm = algorithm_of(key->spec, key->usage, i)) != NULL; i++) {
        list_add_str(list, str_c(algorithm->name));
    }
}

/* GetPublicKey */
status kms_public_key(struct call *c)
{
    static const struct wanted wanted = {"KeyId", true, "kms:GetPublicKey", GRANT_PUBLIC_KEY};
    struct crypt_bytes *half = ARENA_NEW(c->arena, struct crypt_bytes);
    struct kms_key *key;
    struct str secret;
    bool good;

    TRY(tokens_check(c));
    TRY(key_wanted(c, &wanted, &key));
    if (key->spec->kind != SPEC_RSA && key->spec->kind != SPEC_EC) {
        return fail(c, &KMS_UNSUPPORTED, "%.*s is not an asymmetric KMS key.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    TRY(key_usable(c, key));
    good = material_open(c, key, material_current(key), &secret) && pair_public(secret, half);
    assert(good); /* it was made here, or checked when it was imported */
    crypt_wipe_str(secret);
    put_str(c, "KeyId", key_arn(c->arena, key));
    set_blob(c->out, "PublicKey", crypt_str(half));
    put_str(c, "CustomerMasterKeySpec", str_c(key->spec->name));
    put_str(c, "KeySpec", str_c(key->spec->name));
    put_str(c, "KeyUsage", str_c(usage_name(key->usage)));
    put_algorithms(c, key);
    return OK;
}

static status was_derived(struct call *c)
{
    struct work *work = c->kept;

    if (!work->good) {
        return fail(c, &KMS_VALIDATION,
                    "PublicKey is not a DER-encoded public key of key spec %s.",
                    work->spec->name);
    }
    put_str(c, "KeyId", work->key_arn);
    set_blob(c->out, "SharedSecret", crypt_str(&work->out));
    put_str(c, "KeyAgreementAlgorithm", STR("ECDH"));
    put_str(c, "KeyOrigin", work->imported ? STR("EXTERNAL") : STR("AWS_KMS"));
    return OK;
}

/* DeriveSharedSecret */
status kms_derive(struct call *c)
{
    static const struct wanted wanted = {"KeyId", true, "kms:DeriveSharedSecret", GRANT_DERIVE};
    struct kms_key *key;
    struct work *work;

    TRY(no_recipient(c));
    TRY(acting_key(c, &wanted, "KeyAgreementAlgorithm", &key));
    TRY(dry_run(c));
    work = work_new(c, ACT_DERIVE, key);
    work->other = arg_str(c, "PublicKey");
    work->imported = key->origin == ORIGIN_EXTERNAL;
    return work_begin(c, work, key, was_derived);
}
