/* SPDX-License-Identifier: Apache-2.0
 *
 * Imported key material. GetParametersForImport makes a pair; its private half travels in the
 * import token, sealed under the master key, so that nothing is kept here for those who never come
 * back:
 *
 *     "wki" and u8 1, then sealed: zigzag end of its validity, str algorithm, str PKCS #8
 *
 * Authenticated with it are account and id of the key.
 */
#include "base/cursor.h"
#include "svc/kms/import.h"
#include "svc/kms/kms_ops.h"

#include <assert.h>

#define TOKEN_MAGIC "wki\x01"
#define TOKEN_MAGIC_BYTES 4
#define VALID_DAYS_MAX 365

static status external_key(struct call *c, const char *action, struct kms_key **ret_key)
{
    struct kms_key *key;

    TRY(key_of_call(c, action, &key));
    if (key->origin != ORIGIN_EXTERNAL) {
        return fail(c, &KMS_UNSUPPORTED,
                    "%.*s origin is AWS_KMS which is not valid for this operation.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    TRY(key_not_deleted(c, key));
    *ret_key = key;
    return OK;
}

static struct str token_aad(struct call *c, const struct kms_key *key)
{
    return arena_printf(c->arena, "weir kms import 1/%.*s/%.*s/%.*s", STR_ARG(key->account),
                        STR_ARG(key->region), STR_ARG(key->id));
}

/* ---- GetParametersForImport ---- */

static status parameters_check(struct call *c, const struct kms_key *key)
{
    struct str algorithm = arg_str(c, "WrappingAlgorithm");
    struct str spec = arg_str(c, "WrappingKeySpec");

    if (spec_named(spec) == NULL || import_algorithm(algorithm) == NULL) {
        return fail(c, &KMS_UNSUPPORTED, "weir does not import with %.*s and %.*s.",
                    STR_ARG(algorithm), STR_ARG(spec));
    }
    if (key->spec->kind == SPEC_RSA && !import_algorithm(algorithm)->wraps) {
        return fail(c, &KMS_UNSUPPORTED,
                    "Wrapping algorithm %.*s is not supported for key spec %s.",
                    STR_ARG(algorithm), key->spec->name);
    }
    return OK;
}

static struct str token_make(struct call *c, const struct kms_key *key, const struct import *import)
{
    struct buf text;
    uint8_t *token;
    size_t bytes;

    buf_init(&text, 2 * CRYPT_BYTES_MAX);
    write_zigzag(&text, c->now + TOKEN_VALID_MS);
    write_str(&text, arg_str(c, "WrappingAlgorithm"));
    write_str(&text, crypt_str(&import->wrapping));
    assert(!buf_spent(&text));
    bytes = TOKEN_MAGIC_BYTES + text.bytes + GCM_EXTRA_BYTES;
    token = arena_alloc(c->arena, bytes);
    memcpy(token, TOKEN_MAGIC, TOKEN_MAGIC_BYTES);
    gcm_seal(kms_of(c)->master, token_aad(c, key), buf_str(&text), token + TOKEN_MAGIC_BYTES);
    crypt_wipe_str(buf_str(&text));
    buf_done(&text);
    return str_of(token, bytes);
}

static status parameters_were_made(struct call *c)
{
    struct import *import = c->kept;
    struct kms_key *key;

    if (!import->good) {
        return fail(c, &KMS_INTERNAL, "The wrapping key could not be made.");
    }
    TRY(external_key(c, "kms:GetParametersForImport", &key)); /* again */
    put_str(c, "KeyId", key_arn(c->arena, key));
    set_blob(c->out, "ImportToken", token_make(c, key, import));
    crypt_wipe(&import->wrapping);
    set_blob(c->out, "PublicKey", crypt_str(&import->out));
    put_time(c, "ParametersValidTo", c->now + TOKEN_VALID_MS);
    return OK;
}

/* GetParametersForImport */
status kms_import_parameters(struct call *c)
{
    struct import *import;
    struct kms_key *key;

    TRY(external_key(c, "kms:GetParametersForImport", &key));
    TRY(parameters_check(c, key));
    import = ARENA_NEW(c->keep, struct import);
    import->spec = spec_named(arg_str(c, "WrappingKeySpec"));
    c->kept = import;
    call_work(c, import_make, import, parameters_were_made);
    return OK;
}

/* ---- ImportKeyMaterial ---- */

static __attribute__((returns_nonnull)) status no_token(struct call *c)
{
    return fail(c, &KMS_IMPORT_TOKEN, "%s", "");
}

static status token_read(struct call *c, const struct kms_key *key, struct import *import)
{
    struct str token = arg_str(c, "ImportToken");
    struct str magic = STR(TOKEN_MAGIC);
    struct str algorithm, der;
    struct cursor cursor;
    uint8_t *plain;
    int64_t valid_ms;

    if (!str_starts(token, magic) || token.bytes < magic.bytes + GCM_EXTRA_BYTES) {
        return no_token(c);
    }
    token = str_slice(token, magic.bytes, token.bytes);
    plain = arena_alloc(c->arena, token.bytes);
    if (!gcm_open(kms_of(c)->master, token_aad(c, key), token, plain)) {
        return no_token(c);
    }
    cursor = cursor_of(str_of(plain, token.bytes - GCM_EXTRA_BYTES));
    valid_ms = read_zigzag(&cursor);
    algorithm = read_str(&cursor);
    der = read_str(&cursor);
    assert(cursor_done(&cursor)); /* we sealed it */
    assert(der.bytes <= CRYPT_BYTES_MAX);
    import->algorithm = import_algorithm(algorithm);
    memcpy(import->wrapping.at, der.at, der.bytes);
    import->wrapping.bytes = der.bytes;
    crypt_wipe_str(str_of(plain, token.bytes - GCM_EXTRA_BYTES));
    return valid_ms > c->now ? OK : fail(c, &KMS_EXPIRED_TOKEN, "%s", "");
}

static status validity_check(struct call *c)
{
    bool expires = !str_eq(arg_str(c, "ExpirationModel"), STR("KEY_MATERIAL_DOES_NOT_EXPIRE"));
    int64_t valid_ms = get_time(c->in, "ValidTo", 0);

    if (expires && !arg_has(c, "ValidTo")) {
        return fail(c, &KMS_VALIDATION,
                    "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
    }
    if (!expires && arg_has(c, "ValidTo")) {
        return fail(c, &KMS_VALIDATION,
                    "A validTo date must not be set if the ExpirationModel is "
                    "KEY_MATERIAL_DOES_NOT_EXPIRE");
    }
    if (expires && (valid_ms <= c->now || valid_ms > c->now + VALID_DAYS_MAX * MS_PER_DAY)) {
        return fail(c, &KMS_VALIDATION,
                    "The validTo date must be in the future, and within %d days.",
                    VALID_DAYS_MAX);
    }
    return OK;
}

static __attribute__((returns_nonnull)) status wrong_material(struct call *c, const char *words)
{
    return fail(c, &KMS_INCORRECT_MATERIAL, "%s", words);
}

/* NULL in *ret_material: it is new. */
static status place_of(struct call *c, const struct kms_key *key, struct str secret,
                       struct material **ret_material)
{
    bool fresh = str_eq(arg_str(c, "ImportType"), STR("NEW_KEY_MATERIAL"));
    uint8_t id[MATERIAL_ID_BYTES];
    struct material *material;

    material_identify(kms_of(c), key, secret, id);
    material = material_by_id(key, str_of(id, sizeof(id)));
    *ret_material = material;
    if (arg_has(c, "KeyMaterialId") &&
        (material == NULL || !str_eq(arg_str(c, "KeyMaterialId"),
                                     material_id_text(c->arena, material)))) {
        return wrong_material(c, "The key material is not the one of that key material ID.");
    }
    if (key->material_count == 0 || (material != NULL && !fresh)) {
        return OK;
    }
    if (!fresh) {
        return wrong_material(c, "The key material is not the same that was imported before.");
    }
    if (material != NULL) {
        return wrong_material(c, "The key material was imported into this key before.");
    }
    if (key->spec->kind != SPEC_AES || key->region_kind != REGION_SINGLE) {
        return fail(c, &KMS_UNSUPPORTED,
                    "New key material is for single-Region symmetric encryption KMS keys only.");
    }
    return key->material_count < MATERIALS_MAX
               ? OK
               : fail(c, &KMS_LIMIT, "At most %d key materials are kept.", MATERIALS_MAX);
}

/* One waits at a time: the next takes its place. */
static void forget_pending(struct call *c, struct kms_key *key)
{
    struct material *last = &key->materials[key->material_count - 1];

    if (key->material_count > 0 && last->state == MATERIAL_PENDING) {
        material_forget(c, key, last);
        material_free(last);
        key->material_count--;
    }
}

static status material_came(struct call *c)
{
    struct import *import = c->kept;
    struct material *material;
    struct kms_key *key;
    status placed;

    if (!import->good) {
        return fail(c, import->unwrapped ? &KMS_INCORRECT_MATERIAL : &KMS_CIPHERTEXT, "%s",
                    import->unwrapped ? "The key material is not valid for the key spec." : "");
    }
    TRY(external_key(c, "kms:ImportKeyMaterial", &key)); /* again */
    placed = place_of(c, key, crypt_str(&import->out), &material);
    if (placed != OK) {
        crypt_wipe(&import->out);
        return placed;
    }
    if (material == NULL) {
        bool first = key->material_count == 0;

        if (!first) {
            forget_pending(c, key);
        }
        material = material_add(c, key, crypt_str(&import->out),
                                first ? MATERIAL_CURRENT : MATERIAL_PENDING);
    } else {
        material_put(c, key, material, crypt_str(&import->out));
    }
    crypt_wipe(&import->out);
    material->valid_to_ms = get_time(c->in, "ValidTo", 0);
    if (arg_has(c, "KeyMaterialDescription")) {
        text_set(&material->description, arg_str(c, "KeyMaterialDescription"));
    }
    key_changed(c, key);
    put_str(c, "KeyId", key_arn(c->arena, key));
    put_str(c, "KeyMaterialId", material_id_text(c->arena, material));
    return OK;
}

/* ImportKeyMaterial */
status kms_import(struct call *c)
{
    struct import *import;
    struct kms_key *key;

    TRY(external_key(c, "kms:ImportKeyMaterial", &key));
    TRY(validity_check(c));
    import = ARENA_NEW(c->keep, struct import);
    TRY(token_read(c, key, import));
    import->spec = key->spec;
    import->input = arg_str(c, "EncryptedKeyMaterial");
    c->kept = import;
    call_work(c, import_take, import, material_came);
    return OK;
}

/* ---- DeleteImportedKeyMaterial ---- */

static struct material *material_of_call(struct call *c, const struct kms_key *key)
{
    for (size_t i = 0; arg_has(c, "KeyMaterialId") && i < key->material_count; i++) {
        if (str_eq(arg_str(c, "KeyMaterialId"),
                   material_id_text(c->arena, &key->materials[i]))) {
            return &key->materials[i];
        }
    }
    return arg_has(c, "KeyMaterialId") ? NULL : material_current(key);
}

/* DeleteImportedKeyMaterial */
status kms_delete_imported(struct call *c)
{
    struct material *material;
    struct kms_key *key;

    TRY(external_key(c, "kms:DeleteImportedKeyMaterial", &key));
    material = material_of_call(c, key);
    if (material == NULL && arg_has(c, "KeyMaterialId")) {
        return fail(c, &KMS_NOT_FOUND, "Key material %.*s is not found.",
                    STR_ARG(arg_str(c, "KeyMaterialId")));
    }
    put_str(c, "KeyId", key_arn(c->arena, key));
    if (material != NULL) {
        material_forget(c, key, material);
        put_str(c, "KeyMaterialId", material_id_text(c->arena, material));
        key_changed(c, key);
    }
    return OK;
}
