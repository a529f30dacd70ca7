/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameter Store of AWS Systems Manager: the table of operations, in the order of the API
 * reference, its errors, and the service's life.
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/ssm/cfn.h"
#include "svc/ssm/ssm_ops.h"

const struct error SSM_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error SSM_NOT_FOUND = {"ParameterNotFound", NULL, 400, false};
const struct error SSM_EXISTS = {"ParameterAlreadyExists", NULL, 400, false};
const struct error SSM_LEVELS = {"HierarchyLevelLimitExceededException", NULL, 400, false};
const struct error SSM_TYPE = {"HierarchyTypeMismatchException", NULL, 400, false};
const struct error SSM_PATTERN = {"InvalidAllowedPatternException", NULL, 400, false};
const struct error SSM_MISMATCH = {"ParameterPatternMismatchException", NULL, 400, false};
const struct error SSM_VERSIONS = {"ParameterMaxVersionLimitExceeded", NULL, 400, false};
const struct error SSM_NO_VERSION = {"ParameterVersionNotFound", NULL, 400, false};
const struct error SSM_LABELS = {"ParameterVersionLabelLimitExceeded", NULL, 400, false};
const struct error SSM_TOKEN = {"InvalidNextToken", NULL, 400, false};
const struct error SSM_FILTER_KEY = {"InvalidFilterKey", NULL, 400, false};
const struct error SSM_FILTER_OPTION = {"InvalidFilterOption", NULL, 400, false};
const struct error SSM_FILTER_VALUE = {"InvalidFilterValue", NULL, 400, false};
const struct error SSM_RESOURCE_ID = {"InvalidResourceId", NULL, 400, false};
const struct error SSM_RESOURCE_TYPE = {"InvalidResourceType", NULL, 400, false};
const struct error SSM_TAGS = {"TooManyTagsError", NULL, 400, false};
const struct error SSM_POLICY_TYPE = {"InvalidPolicyTypeException", NULL, 400, false};
const struct error SSM_POLICY_ATTRIBUTE = {"InvalidPolicyAttributeException", NULL, 400, false};
const struct error SSM_POLICY_BOTH = {"IncompatiblePolicyException", NULL, 400, false};
const struct error SSM_POLICIES = {"PoliciesLimitExceededException", NULL, 400, false};
const struct error SSM_NO_RESOURCE = {"ResourceNotFoundException", NULL, 400, false};
const struct error SSM_POLICY_TEXT = {"MalformedResourcePolicyDocumentException", NULL, 400, false};
const struct error SSM_POLICY_CONFLICT = {"ResourcePolicyConflictException", NULL, 400, false};
const struct error SSM_NO_POLICY = {"ResourcePolicyNotFoundException", NULL, 400, false};
const struct error SSM_POLICY_LIMIT = {"ResourcePolicyLimitExceededException", NULL, 400, false};
const struct error SSM_KEY = {"InvalidKeyId", NULL, 400, false};
const struct error SSM_DENIED = {"AccessDeniedException", NULL, 400, false};

static const struct op ops[] = {
    {"AddTagsToResource", ssm_add_tags},
    {"DeleteParameter", ssm_delete_parameter},
    {"DeleteParameters", ssm_delete_parameters},
    {"DeleteResourcePolicy", ssm_delete_policy},
    {"DescribeParameters", ssm_describe},
    {"GetParameter", ssm_get},
    {"GetParameterHistory", ssm_get_history},
    {"GetParameters", ssm_get_many},
    {"GetParametersByPath", ssm_get_by_path},
    {"GetResourcePolicies", ssm_get_policies},
    {"LabelParameterVersion", ssm_label},
    {"ListTagsForResource", ssm_list_tags},
    {"PutParameter", ssm_put},
    {"PutResourcePolicy", ssm_put_policy},
    {"RemoveTagsFromResource", ssm_remove_tags},
    {"UnlabelParameterVersion", ssm_unlabel},
};

static void service_close(void *state)
{
    struct ssm *ssm = state;

    shelf_told_done(&ssm->told);
    mem_free(ssm);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct ssm *ssm = MEM_NEW(struct ssm);

    ssm->cell = cell;
    bus_timer_owner(cell, SSM_SERVICE, ssm_timer);
    ssm_join_policies(cell);
    *ret_state = ssm;
    return OK;
}

const struct service ssm_service = {
    .id = SSM_SERVICE,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .types = ssm_types,
    .type_count = SSM_TYPES,
};
