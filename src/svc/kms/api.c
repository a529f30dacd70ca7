/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Key Management Service: the table of operations, in the order of the API reference, its
 * errors, and the service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/kms/cfn.h"
#include "svc/kms/kms_ops.h"

const struct error KMS_EXISTS = {"AlreadyExistsException", NULL, 400, false};
const struct error KMS_DRY_RUN = {"DryRunOperationException", NULL, 400, false};
const struct error KMS_EXPIRED_TOKEN = {"ExpiredImportTokenException", NULL, 400, false};
const struct error KMS_INCORRECT_KEY = {"IncorrectKeyException", NULL, 400, false};
const struct error KMS_INCORRECT_MATERIAL = {"IncorrectKeyMaterialException", NULL, 400, false};
const struct error KMS_ALIAS_NAME = {"InvalidAliasNameException", NULL, 400, false};
const struct error KMS_ARN = {"InvalidArnException", NULL, 400, false};
const struct error KMS_GRANT_TOKEN = {"InvalidGrantTokenException", NULL, 400, false};
const struct error KMS_IMPORT_TOKEN = {"InvalidImportTokenException", NULL, 400, false};
const struct error KMS_MARKER = {"InvalidMarkerException", NULL, 400, false};
const struct error KMS_BAD_MAC = {"KMSInvalidMacException", NULL, 400, false};
const struct error KMS_BAD_SIGNATURE = {"KMSInvalidSignatureException", NULL, 400, false};
const struct error KMS_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error KMS_POLICY = {"MalformedPolicyDocumentException", NULL, 400, false};
const struct error KMS_TAG = {"TagException", NULL, 400, false};
const struct error KMS_UNSUPPORTED = {"UnsupportedOperationException", NULL, 400, false};
const struct error KMS_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error KMS_INTERNAL = {"KMSInternalException", NULL, 500, true};

static const struct op ops[] = {
    {"CancelKeyDeletion", kms_cancel_deletion},
    {"CreateAlias", kms_create_alias},
    {"CreateGrant", kms_create_grant},
    {"CreateKey", kms_create_key},
    {"Decrypt", kms_decrypt},
    {"DeleteAlias", kms_delete_alias},
    {"DeleteImportedKeyMaterial", kms_delete_imported},
    {"DeriveSharedSecret", kms_derive},
    {"DescribeKey", kms_describe_key},
    {"DisableKey", kms_disable_key},
    {"DisableKeyRotation", kms_disable_rotation},
    {"EnableKey", kms_enable_key},
    {"EnableKeyRotation", kms_enable_rotation},
    {"Encrypt", kms_encrypt},
    {"GenerateDataKey", kms_data_key},
    {"GenerateDataKeyPair", kms_pair},
    {"GenerateDataKeyPairWithoutPlaintext", kms_pair_sealed},
    {"GenerateDataKeyWithoutPlaintext", kms_data_key_sealed},
    {"GenerateMac", kms_make_mac},
    {"GenerateRandom", kms_random},
    {"GetKeyPolicy", kms_get_policy},
    {"GetKeyRotationStatus", kms_rotation_status},
    {"GetParametersForImport", kms_import_parameters},
    {"GetPublicKey", kms_public_key},
    {"ImportKeyMaterial", kms_import},
    {"ListAliases", kms_list_aliases},
    {"ListGrants", kms_list_grants},
    {"ListKeyPolicies", kms_list_policies},
    {"ListKeyRotations", kms_list_rotations},
    {"ListKeys", kms_list_keys},
    {"ListResourceTags", kms_list_tags},
    {"ListRetirableGrants", kms_list_retirable},
    {"PutKeyPolicy", kms_put_policy},
    {"ReEncrypt", kms_re_encrypt},
    {"ReplicateKey", kms_replicate},
    {"RetireGrant", kms_retire_grant},
    {"RevokeGrant", kms_revoke_grant},
    {"RotateKeyOnDemand", kms_rotate},
    {"ScheduleKeyDeletion", kms_schedule_deletion},
    {"Sign", kms_sign},
    {"TagResource", kms_tag},
    {"UntagResource", kms_untag},
    {"UpdateAlias", kms_update_alias},
    {"UpdateKeyDescription", kms_update_description},
    {"UpdatePrimaryRegion", kms_update_primary},
    {"Verify", kms_verify},
    {"VerifyMac", kms_verify_mac},
};

static void service_close(void *state)
{
    struct kms *kms = state;
    struct str name;
    void *value;

    for (size_t i = 0; map_next(kms->keys, &i, &name, &value);) {
        key_free(value);
    }
    for (size_t i = 0; map_next(kms->aliases, &i, &name, &value);) {
        alias_free(value);
    }
    map_free(kms->keys);
    map_free(kms->aliases);
    crypt_wipe_str(str_of(kms->master, sizeof(kms->master)));
    mem_free(kms);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct kms *kms = MEM_NEW(struct kms);
    bool any = false;
    status loaded;

    kms->cell = cell;
    kms->keys = map_new(KEYS_MAX);
    kms->aliases = map_new(ALIASES_MAX);
    kms_join_policies(cell);
    kms_join_secrets(cell);
    *ret_state = kms; /* closed by the cell also when loading failed */
    loaded = kms_load(kms, &any);
    if (loaded == OK && any) {
        loaded = master_load(kms);
    }
    return loaded;
}

const struct service kms_service = {
    .id = "kms",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .types = kms_types,
    .type_count = KMS_TYPES,
};
