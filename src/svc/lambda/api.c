/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Lambda: the table of operations, in the order of the API reference, its errors, and the
 * service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/lambda/cfn.h"
#include "svc/lambda/lambda.h"
#include "svc/lambda/live.h"
#include "svc/lambda/mapping.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/package.h"
#include "svc/lambda/policy.h"
#include "svc/lambda/sink.h"
#include "svc/lambda/url.h"

#define TICK_ROOM 20000

const struct error LAMBDA_BAD_VALUE = {"InvalidParameterValueException", NULL, 400, false};
const struct error LAMBDA_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error LAMBDA_CONFLICT = {"ResourceConflictException", NULL, 409, false};
const struct error LAMBDA_NOT_FOUND = {"ResourceNotFoundException", NULL, 404, false};
const struct error LAMBDA_PRECONDITION = {"PreconditionFailedException", NULL, 412, false};
const struct error LAMBDA_IN_USE = {"ResourceInUseException", NULL, 400, false};
const struct error LAMBDA_TOO_MANY_REQUESTS = {"TooManyRequestsException", NULL, 429, true};
const struct error LAMBDA_TOO_LARGE = {"RequestTooLargeException", NULL, 413, false};
const struct error LAMBDA_ENTITY_TOO_LARGE = {"RequestEntityTooLargeException", NULL, 413, false};
const struct error LAMBDA_BAD_CONTENT = {"InvalidRequestContentException", NULL, 400, false};
const struct error LAMBDA_MEDIA_TYPE = {"UnsupportedMediaTypeException", NULL, 415, false};
const struct error LAMBDA_CODE_STORAGE = {"CodeStorageExceededException", NULL, 400, false};
const struct error LAMBDA_POLICY_LENGTH = {"PolicyLengthExceededException", NULL, 400, false};
const struct error LAMBDA_NO_PROVISIONED = {"ProvisionedConcurrencyConfigNotFoundException", NULL,
                                            404, false};
const struct error LAMBDA_NO_SIGNING = {"CodeSigningConfigNotFoundException", NULL, 404, false};
const struct error LAMBDA_RECURSION = {"RecursiveInvocationException", NULL, 400, false};
const struct error LAMBDA_SERVICE = {"ServiceException", NULL, 500, true};

static const struct op ops[] = {
    {"AddLayerVersionPermission", lambda_add_layer_permission},
    {"AddPermission", lambda_add_permission},
    {"CreateAlias", lambda_create_alias},
    {"CreateCodeSigningConfig", lambda_create_signing_config},
    {"CreateEventSourceMapping", lambda_create_mapping},
    {"CreateFunction", lambda_create_function},
    {"CreateFunctionUrlConfig", lambda_create_url},
    {"DeleteAlias", lambda_delete_alias},
    {"DeleteCodeSigningConfig", lambda_delete_signing_config},
    {"DeleteEventSourceMapping", lambda_delete_mapping},
    {"DeleteFunction", lambda_delete_function},
    {"DeleteFunctionCodeSigningConfig", lambda_delete_function_signing},
    {"DeleteFunctionConcurrency", lambda_delete_concurrency},
    {"DeleteFunctionEventInvokeConfig", lambda_delete_invoke_config},
    {"DeleteFunctionUrlConfig", lambda_delete_url},
    {"DeleteLayerVersion", lambda_delete_layer_version},
    {"DeleteProvisionedConcurrencyConfig", lambda_delete_provisioned},
    {"DeleteResourcePolicy", lambda_delete_resource_policy},
    {"GetAccountSettings", lambda_get_account_settings},
    {"GetAlias", lambda_get_alias},
    {"GetCodeSigningConfig", lambda_get_signing_config},
    {"GetEventSourceMapping", lambda_get_mapping},
    {"GetFunction", lambda_get_function},
    {"GetFunctionCodeSigningConfig", lambda_get_function_signing},
    {"GetFunctionConcurrency", lambda_get_concurrency},
    {"GetFunctionConfiguration", lambda_get_function_configuration},
    {"GetFunctionEventInvokeConfig", lambda_get_invoke_config},
    {"GetFunctionRecursionConfig", lambda_get_recursion},
    {"GetFunctionScalingConfig", lambda_get_scaling},
    {"GetFunctionUrlConfig", lambda_get_url},
    {"GetLayerVersion", lambda_get_layer_version},
    {"GetLayerVersionByArn", lambda_get_layer_version_by_arn},
    {"GetLayerVersionPolicy", lambda_get_layer_policy},
    {"GetPolicy", lambda_get_policy},
    {"GetProvisionedConcurrencyConfig", lambda_get_provisioned},
    {"GetResourcePolicy", lambda_get_resource_policy},
    {"GetRuntimeManagementConfig", lambda_get_runtime_management},
    {"Invoke", lambda_invoke},
    {"InvokeAsync", lambda_invoke_async},
    {"InvokeWithResponseStream", lambda_invoke_with_response_stream},
    {"ListAliases", lambda_list_aliases},
    {"ListCodeSigningConfigs", lambda_list_signing_configs},
    {"ListEventSourceMappings", lambda_list_mappings},
    {"ListFunctionEventInvokeConfigs", lambda_list_invoke_configs},
    {"ListFunctionUrlConfigs", lambda_list_urls},
    {"ListFunctions", lambda_list_functions},
    {"ListFunctionsByCodeSigningConfig", lambda_list_functions_by_signing},
    {"ListLayerVersions", lambda_list_layer_versions},
    {"ListLayers", lambda_list_layers},
    {"ListProvisionedConcurrencyConfigs", lambda_list_provisioned},
    {"ListTags", lambda_list_tags},
    {"ListVersionsByFunction", lambda_list_versions},
    {"PublishLayerVersion", lambda_publish_layer_version},
    {"PublishVersion", lambda_publish_version},
    {"PutFunctionCodeSigningConfig", lambda_put_function_signing},
    {"PutFunctionConcurrency", lambda_put_concurrency},
    {"PutFunctionEventInvokeConfig", lambda_put_invoke_config},
    {"PutFunctionRecursionConfig", lambda_put_recursion},
    {"PutFunctionScalingConfig", lambda_put_scaling},
    {"PutProvisionedConcurrencyConfig", lambda_put_provisioned},
    {"PutResourcePolicy", lambda_put_resource_policy},
    {"PutRuntimeManagementConfig", lambda_put_runtime_management},
    {"RemoveLayerVersionPermission", lambda_remove_layer_permission},
    {"RemovePermission", lambda_remove_permission},
    {"TagResource", lambda_tag_resource},
    {"UntagResource", lambda_untag_resource},
    {"UpdateAlias", lambda_update_alias},
    {"UpdateCodeSigningConfig", lambda_update_signing_config},
    {"UpdateEventSourceMapping", lambda_update_mapping},
    {"UpdateFunctionCode", lambda_update_function_code},
    {"UpdateFunctionConfiguration", lambda_update_function_configuration},
    {"UpdateFunctionEventInvokeConfig", lambda_update_invoke_config},
    {"UpdateFunctionUrlConfig", lambda_update_url},
};

static const struct page pages[] = {
    {"/_weir/lambda/package/*", true, page_package},
    {"/_weir/lambda/mappings", false, page_mappings},
    {"/_weir/lambda/seek", false, page_seek},
    {"/_aws/lambda-url/*", PAGE_TOLD, page_url},
    {".lambda-url.", PAGE_TOLD, page_url},
};

static void lambda_close(void *state)
{
    struct lambda *lambda = state;

    if (lambda != NULL) {
        mappings_close(lambda);
        live_close(lambda->live);
        mem_free(lambda);
    }
}

static void lambda_settle(void *state)
{
    live_settle(((struct lambda *)state)->live);
}

static status lambda_open(struct cell *cell, void **ret_state)
{
    struct lambda *lambda = MEM_NEW(struct lambda);

    lambda->cell = cell;
    rand_secret(&lambda->run, sizeof(lambda->run));
    rand_secret(lambda->secret, sizeof(lambda->secret));
    policies_register(cell);
    *ret_state = lambda; /* closed by the cell also when opening failed */
    sink_open(cell);
    invoker_open(cell);
    TRY(live_open(lambda, cell));
    return mappings_open(cell, lambda);
}

static status lambda_tick(struct call *c)
{
    if (txn_room(c->txn) > TICK_ROOM) {
        packages_sweep(c);
    }
    return OK;
}

const struct service lambda_service = {
    .id = "lambda",
    OPS(ops),
    .open = lambda_open,
    .close = lambda_close,
    .settle = lambda_settle,
    .tick = lambda_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = lambda_types,
    .type_count = LAMBDA_TYPES,
};
