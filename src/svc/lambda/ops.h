/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda's handlers, by file, and what they share.
 */
#ifndef WEIR_SVC_LAMBDA_OPS_H
#define WEIR_SVC_LAMBDA_OPS_H

#include "svc/lambda/lambda_int.h"

/* api_function.c */
status lambda_create_function(struct call *c);
status lambda_delete_function(struct call *c);
status lambda_get_function(struct call *c);
status lambda_get_function_configuration(struct call *c);
status lambda_list_functions(struct call *c);
status lambda_update_function_code(struct call *c);
status lambda_update_function_configuration(struct call *c);
void answer_config(struct call *c, const struct version *version); /* the output is it */
void answer_qualified(struct version *version, const struct target *asked, struct arena *arena);
/* Into a list of configurations, without states, as AWS lists them. */
void list_config(struct value *list, const struct version *version, struct arena *arena);

/* api_version.c */
status lambda_list_versions(struct call *c);
status lambda_publish_version(struct call *c);
status unqualified_check(struct call *c, const struct target *target); /* "functions only" */

/* api_alias.c */
status lambda_create_alias(struct call *c);
status lambda_delete_alias(struct call *c);
status lambda_get_alias(struct call *c);
status lambda_list_aliases(struct call *c);
status lambda_update_alias(struct call *c);
bool alias_uses(const struct value *alias, struct str version); /* it, or with a weight */

/* api_layer.c */
status lambda_add_layer_permission(struct call *c);
status lambda_delete_layer_version(struct call *c);
status lambda_get_layer_version(struct call *c);
status lambda_get_layer_version_by_arn(struct call *c);
status lambda_get_layer_policy(struct call *c);
status lambda_list_layer_versions(struct call *c);
status lambda_list_layers(struct call *c);
status lambda_publish_layer_version(struct call *c);
status lambda_remove_layer_permission(struct call *c);

/* api_permission.c */
status lambda_add_permission(struct call *c);
status lambda_delete_resource_policy(struct call *c);
status lambda_get_policy(struct call *c);
status lambda_get_resource_policy(struct call *c);
status lambda_put_resource_policy(struct call *c);
status lambda_remove_permission(struct call *c);

/* api_concurrency.c */
status lambda_delete_concurrency(struct call *c);
status lambda_delete_provisioned(struct call *c);
status lambda_get_account_settings(struct call *c);
status lambda_get_concurrency(struct call *c);
status lambda_get_provisioned(struct call *c);
status lambda_list_provisioned(struct call *c);
status lambda_put_concurrency(struct call *c);
status lambda_put_provisioned(struct call *c);
int64_t concurrency_reserved(struct call *c, const struct target *target); /* -1: nothing is */
/* So many bytes of zips more may be kept: CodeStorageExceededException. */
status code_storage_check(struct call *c, const struct target *target, uint64_t more_bytes);
/* What functions of the target's account and region may use that have nothing reserved. */
int64_t concurrency_unreserved(struct call *c, const struct target *target);

/* api_setting.c */
status lambda_get_recursion(struct call *c);
status lambda_get_runtime_management(struct call *c);
status lambda_get_scaling(struct call *c);
status lambda_put_recursion(struct call *c);
status lambda_put_runtime_management(struct call *c);
status lambda_put_scaling(struct call *c);

/* api_invoke_config.c */
status lambda_delete_invoke_config(struct call *c);
status lambda_get_invoke_config(struct call *c);
status lambda_list_invoke_configs(struct call *c);
status lambda_put_invoke_config(struct call *c);
status lambda_update_invoke_config(struct call *c);

/* api_url.c */
status lambda_create_url(struct call *c);
status lambda_delete_url(struct call *c);
status lambda_get_url(struct call *c);
status lambda_list_urls(struct call *c);
status lambda_update_url(struct call *c);
/* The function (and alias) of a URL's id, and its configuration, shaped as GetFunctionUrlConfig's
 * output (FunctionUrl is the id); false: nobody's. */
bool url_find(struct call *c, struct str id, struct target *ret_target, struct value **ret_url);
/* The ids of the URLs of a function (with a qualifier: of it) go. */
void urls_forget(struct call *c, const struct target *target);

/* api_code_signing.c */
status lambda_create_signing_config(struct call *c);
status lambda_delete_function_signing(struct call *c);
status lambda_delete_signing_config(struct call *c);
status lambda_get_function_signing(struct call *c);
status lambda_get_signing_config(struct call *c);
status lambda_list_functions_by_signing(struct call *c);
status lambda_list_signing_configs(struct call *c);
status lambda_put_function_signing(struct call *c);
status lambda_update_signing_config(struct call *c);
status signing_config_check(struct call *c, struct str arn); /* CodeSigningConfigNotFound… */

/* api_invoke.c, api_invoke_stream.c */
status lambda_invoke(struct call *c);
status lambda_invoke_async(struct call *c);
status lambda_invoke_with_response_stream(struct call *c);

/* api_tag.c */
status lambda_list_tags(struct call *c);
status lambda_tag_resource(struct call *c);
status lambda_untag_resource(struct call *c);
status tags_check(struct call *c, const struct value *tags); /* NULL is fine */

#endif
