/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Secrets Manager: the table of operations, in the order of the API reference, its errors, and
 * the service's life.
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/secretsmanager/cfn.h"
#include "svc/secretsmanager/secretsmanager_ops.h"

const struct error SECRETS_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error SECRETS_PARAMETER = {"InvalidParameterException", NULL, 400, false};
const struct error SECRETS_REQUEST = {"InvalidRequestException", NULL, 400, false};
const struct error SECRETS_EXISTS = {"ResourceExistsException", NULL, 400, false};
const struct error SECRETS_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error SECRETS_POLICY = {"MalformedPolicyDocumentException", NULL, 400, false};
const struct error SECRETS_PUBLIC = {"PublicPolicyException", NULL, 400, false};
const struct error SECRETS_TOKEN = {"InvalidNextTokenException", NULL, 400, false};
const struct error SECRETS_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error SECRETS_ACCESS = {"AccessDeniedException", NULL, 400, false};
const struct error SECRETS_ENCRYPTION = {"EncryptionFailure", NULL, 400, false};
const struct error SECRETS_DECRYPTION = {"DecryptionFailure", NULL, 400, false};

static const struct op ops[] = {
    {"BatchGetSecretValue", secrets_batch_get},
    {"CancelRotateSecret", secrets_cancel_rotate},
    {"CreateSecret", secrets_create},
    {"DeleteResourcePolicy", secrets_delete_policy},
    {"DeleteSecret", secrets_delete},
    {"DescribeSecret", secrets_describe},
    {"GetRandomPassword", secrets_random_password},
    {"GetResourcePolicy", secrets_get_policy},
    {"GetSecretValue", secrets_get_value},
    {"ListResourcePolicies", secrets_list_policies},
    {"ListSecretVersionIds", secrets_list_versions},
    {"ListSecrets", secrets_list},
    {"PutResourcePolicy", secrets_put_policy},
    {"PutSecretValue", secrets_put_value},
    {"RestoreSecret", secrets_restore},
    {"RotateSecret", secrets_rotate},
    {"TagResource", secrets_tag},
    {"UntagResource", secrets_untag},
    {"UpdateSecret", secrets_update},
    {"UpdateSecretVersionStage", secrets_update_stage},
    {"ValidateResourcePolicy", secrets_validate_policy},
};

static void service_close(void *state)
{
    struct secrets *secrets = state;

    cell_timer_unset(secrets->cell, &secrets->resume);
    shelf_told_done(&secrets->told);
    mem_free(secrets);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct secrets *secrets = MEM_NEW(struct secrets);

    secrets->cell = cell;
    secrets->resume.fire = rotation_resume;
    bus_timer_owner(cell, SECRETS_SERVICE, secrets_timer);
    secrets_join_policies(cell);
    if (rotations_any(cell)) {
        cell_timer_set(cell, &secrets->resume, cell_now(cell));
    }
    *ret_state = secrets;
    return OK;
}

const struct service secretsmanager_service = {
    .id = SECRETS_SERVICE,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .types = secretsmanager_types,
    .type_count = SECRETSMANAGER_TYPES,
};
