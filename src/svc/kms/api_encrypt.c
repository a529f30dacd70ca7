/* SPDX-License-Identifier: Apache-2.0
 *
 * Encrypt, Decrypt, ReEncrypt. AES happens at once; RSA outside the cell.
 */
#include "svc/kms/ciphertext.h"
#include "svc/kms/kms_ops.h"
#include "svc/kms/work.h"

/* One side: sealing, or opening. */
struct side {
    const char *key;                   /* members of the input */
    const char *algorithm_member;
    const char *context_member;
    const char *action;                /* of policies */
    enum grant_operation operation;    /* of grants */
    const struct algorithm *algorithm; /* what is used */
    struct kms_key *found;             /* the key */
    struct ciphertext blob;                  /* opening, of a symmetric key */
    const char *same_key;              /* kms:ReEncryptOnSameKey, or NULL */
};

/* ---- checking ---- */

static status side_algorithm(struct call *c, struct side *side)
{
    struct str name = arg_str(c, side->algorithm_member);

    side->algorithm = algorithm_named(name.bytes == 0 ? STR("SYMMETRIC_DEFAULT") : name);
    return side->algorithm != NULL && side->algorithm->usage == USAGE_ENCRYPT
               ? OK
               : fail(c, &KMS_USAGE, "weir has no algorithm %.*s.", STR_ARG(name));
}

static status side_context(struct call *c, const struct side *side)
{
    const struct value *context = arg(c, side->context_member);

    if (side->algorithm->kind != ALGORITHM_SYMMETRIC && context != NULL && context->count > 0) {
        return fail(c, &KMS_VALIDATION,
                    "You cannot specify an encryption context when performing a cryptographic "
                    "operation with an asymmetric KMS key.");
    }
    return OK;
}

/* The key is known: may it, can it? */
static status side_check(struct call *c, const struct side *side)
{
    struct may may = {.key = side->found, .action = side->action, .operation = side->operation,
                      .context = arg(c, side->context_member),
                      .algorithm = side->algorithm->name, .same_key = side->same_key};

    TRY(key_may(c, &may));
    TRY(key_usable(c, side->found));
    TRY(key_used_for(c, side->found, USAGE_ENCRYPT));
    if (!algorithm_fits(side->algorithm, side->found->spec, USAGE_ENCRYPT)) {
        return fail(c, &KMS_USAGE, "Algorithm %s is incompatible with key spec %s.",
                    side->algorithm->name, side->found->spec->name);
    }
    return side_context(c, side);
}

/* What that key may not be, when it is not there: AWS says so to anybody. */
static __attribute__((returns_nonnull)) status no_such_ciphertext_key(struct call *c)
{
    return fail(c, &KMS_DENIED,
                "The ciphertext refers to a customer master key that does not exist, does not "
                "exist in this region, or you are not allowed to access.");
}

/* The key that opens: named by the ciphertext, by the request, or both the same. */
static status opening_key(struct call *c, struct side *side)
{
    struct kms_key *named = NULL;
    struct kms_key *sealed_by = NULL;

    if (arg_has(c, side->key)) {
        TRY(key_named(c, arg_str(c, side->key), true, &named));
    }
    if (arg_has(c, "CiphertextBlob") && side->algorithm->kind == ALGORITHM_SYMMETRIC &&
        (named == NULL || named->spec->kind == SPEC_AES)) {
        if (!ciphertext_read(arg_str(c, "CiphertextBlob"), c->arena, &side->blob)) {
            return fail(c, &KMS_CIPHERTEXT, "%s", "");
        }
        sealed_by = ciphertext_key(c, &side->blob);
        if (sealed_by == NULL) {
            return no_such_ciphertext_key(c);
        }
    }
    if (named != NULL && sealed_by != NULL && named != sealed_by) {
        return fail(c, &KMS_INCORRECT_KEY,
                    "The key ID in the request does not identify a CMK that can perform this "
                    "operation.");
    }
    side->found = named != NULL ? named : sealed_by;
    return side->found != NULL
               ? OK
               : fail(c, &KMS_VALIDATION, "%s is required when using asymmetric algorithms.",
                      side->key);
}

/* Without a ciphertext only whether it would be allowed is asked. */
static status ciphertext_check(struct call *c)
{
    const struct value *modifiers = arg(c, "DryRunModifiers");

    if (arg_has(c, "CiphertextBlob")) {
        return OK;
    }
    return modifiers != NULL && modifiers->count > 0 && arg_bool(c, "DryRun", false)
               ? OK
               : fail(c, &KMS_VALIDATION, "CiphertextBlob is required.");
}

static status plain_fits(struct call *c, const struct side *side, struct str plain)
{
    size_t most;

    if (side->algorithm->kind == ALGORITHM_SYMMETRIC) {
        return OK;
    }
    most = oaep_bytes_max(side->found->spec->bits, side->algorithm->hash_bytes);
    return plain.bytes <= most
               ? OK
               : fail(c, &KMS_VALIDATION,
                      "Algorithm %s and key spec %s cannot encrypt data larger than %zu bytes.",
                      side->algorithm->name, side->found->spec->name, most);
}

static status side_named(struct call *c, struct side *side)
{
    struct wanted wanted = {side->key, true, side->action, side->operation};
    struct str name = arg_str(c, side->key);
    status found = key_named(c, name, true, &side->found);

    /* Who may not even ask hears that first. */
    return found == OK ? OK : key_wanted(c, &wanted, &side->found);
}

/* ---- Encrypt ---- */

static void put_sealed(struct call *c, struct str sealed)
{
    set_blob(c->out, "CiphertextBlob", sealed);
}

static status encrypted_outside(struct call *c)
{
    struct work *work = c->kept;

    if (!work->good) {
        return fail(c, &KMS_INTERNAL, "The key could not encrypt.");
    }
    put_sealed(c, crypt_str(&work->out));
    put_str(c, "KeyId", work->key_arn);
    put_str(c, "EncryptionAlgorithm", str_c(work->algorithm->name));
    return OK;
}

/* Encrypt */
status kms_encrypt(struct call *c)
{
    struct side side = {.key = "KeyId", .algorithm_member = "EncryptionAlgorithm",
                        .context_member = "EncryptionContext", .action = "kms:Encrypt",
                        .operation = GRANT_ENCRYPT};
    struct str plain = arg_str(c, "Plaintext");

    TRY(tokens_check(c));
    TRY(side_algorithm(c, &side));
    TRY(side_named(c, &side));
    TRY(side_check(c, &side));
    TRY(plain_fits(c, &side, plain));
    TRY(dry_run(c));
    if (side.algorithm->kind != ALGORITHM_SYMMETRIC) {
        struct work *work = work_new(c, ACT_ENCRYPT, side.found);

        work->algorithm = side.algorithm;
        work->input = plain;
        return work_begin(c, work, side.found, encrypted_outside);
    }
    put_sealed(c, ciphertext_seal(c, side.found, arg(c, "EncryptionContext"), plain));
    put_str(c, "KeyId", key_arn(c->arena, side.found));
    put_str(c, "EncryptionAlgorithm", str_c(side.algorithm->name));
    return OK;
}

/* ---- Decrypt ---- */

static status decrypted_outside(struct call *c)
{
    struct work *work = c->kept;

    if (!work->good) {
        return fail(c, &KMS_CIPHERTEXT, "%s", "");
    }
    put_str(c, "KeyId", work->key_arn);
    set_blob(c->out, "Plaintext", crypt_str(&work->out));
    put_str(c, "EncryptionAlgorithm", str_c(work->algorithm->name));
    return OK;
}

static status opening_check(struct call *c, struct side *side)
{
    TRY(tokens_check(c));
    TRY(ciphertext_check(c));
    TRY(side_algorithm(c, side));
    TRY(opening_key(c, side));
    return side_check(c, side);
}

/* Decrypt */
status kms_decrypt(struct call *c)
{
    struct side side = {.key = "KeyId", .algorithm_member = "EncryptionAlgorithm",
                        .context_member = "EncryptionContext", .action = "kms:Decrypt",
                        .operation = GRANT_DECRYPT};
    const struct value *context = arg(c, "EncryptionContext");
    struct str plain = STR_NONE;

    TRY(no_recipient(c));
    TRY(opening_check(c, &side));
    if (side.algorithm->kind != ALGORITHM_SYMMETRIC) {
        struct work *work = work_new(c, ACT_DECRYPT, side.found);

        TRY(dry_run(c));
        work->algorithm = side.algorithm;
        work->input = arg_str(c, "CiphertextBlob");
        return work_begin(c, work, side.found, decrypted_outside);
    }
    if (arg_has(c, "CiphertextBlob")) {
        TRY(ciphertext_open(c, side.found, &side.blob, context, &plain));
    }
    TRY(dry_run(c));
    put_str(c, "KeyId", key_arn(c->arena, side.found));
    set_blob(c->out, "Plaintext", plain);
    put_str(c, "EncryptionAlgorithm", str_c(side.algorithm->name));
    put_str(c, "KeyMaterialId",
            material_id_text(c->arena, material_by_id(side.found, side.blob.material)));
    return OK;
}

/* ---- ReEncrypt ---- */

static status re_encrypt_to(struct call *c, struct side *to)
{
    to->key = "DestinationKeyId";
    to->algorithm_member = "DestinationEncryptionAlgorithm";
    to->context_member = "DestinationEncryptionContext";
    to->action = "kms:ReEncryptTo";
    to->operation = GRANT_RE_ENCRYPT_TO;
    TRY(side_algorithm(c, to));
    TRY(side_named(c, to));
    return side_check(c, to);
}

static status re_encrypted_outside(struct call *c)
{
    struct work *work = c->kept;

    if (!work->good) {
        return fail(c, &KMS_INTERNAL, "The key could not encrypt.");
    }
    put_sealed(c, crypt_str(&work->out));
    return OK;
}

/* The plain text is there; the other half. */
static status re_seal(struct call *c, const struct side *to, struct str plain)
{
    TRY(plain_fits(c, to, plain));
    put_str(c, "KeyId", key_arn(c->keep, to->found));
    put_str(c, "DestinationEncryptionAlgorithm", str_c(to->algorithm->name));
    if (to->algorithm->kind != ALGORITHM_SYMMETRIC) {
        struct work *work = work_new(c, ACT_ENCRYPT, to->found);

        work->algorithm = to->algorithm;
        work->input = arena_dup(c->keep, plain);
        return work_begin(c, work, to->found, re_encrypted_outside);
    }
    put_str(c, "DestinationKeyMaterialId",
            material_id_text(c->arena, material_current(to->found)));
    put_sealed(c, ciphertext_seal(c, to->found, arg(c, to->context_member), plain));
    return OK;
}

static status opened_outside(struct call *c)
{
    struct work *work = c->kept;
    struct side to = {.same_key = NULL};

    if (!work->good) {
        return fail(c, &KMS_CIPHERTEXT, "%s", "");
    }
    TRY(re_encrypt_to(c, &to)); /* again: it may have ended meanwhile */
    return re_seal(c, &to, crypt_str(&work->out));
}

/* ReEncrypt */
status kms_re_encrypt(struct call *c)
{
    struct side from = {.key = "SourceKeyId", .algorithm_member = "SourceEncryptionAlgorithm",
                        .context_member = "SourceEncryptionContext",
                        .action = "kms:ReEncryptFrom", .operation = GRANT_RE_ENCRYPT_FROM};
    struct side to = {.same_key = NULL};
    struct str plain = STR("");

    TRY(opening_check(c, &from));
    TRY(key_named(c, arg_str(c, "DestinationKeyId"), true, &to.found));
    to.same_key = to.found == from.found ? "true" : "false";
    TRY(re_encrypt_to(c, &to));
    if (from.algorithm->kind == ALGORITHM_SYMMETRIC && arg_has(c, "CiphertextBlob")) {
        TRY(ciphertext_open(c, from.found, &from.blob, arg(c, from.context_member), &plain));
    }
    TRY(dry_run(c));
    put_str(c, "SourceKeyId", key_arn(c->keep, from.found));
    put_str(c, "SourceEncryptionAlgorithm", str_c(from.algorithm->name));
    if (from.algorithm->kind != ALGORITHM_SYMMETRIC) {
        struct work *work = work_new(c, ACT_DECRYPT, from.found);

        work->algorithm = from.algorithm;
        work->input = arg_str(c, "CiphertextBlob");
        return work_begin(c, work, from.found, opened_outside);
    }
    put_str(c, "SourceKeyMaterialId",
            arena_dup(c->keep, material_id_text(c->arena, material_by_id(from.found,
                                                                         from.blob.material))));
    return re_seal(c, &to, plain);
}
