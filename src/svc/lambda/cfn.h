/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Lambda, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, AWS Lambda".
 */
#ifndef WEIR_SVC_LAMBDA_CFN_H
#define WEIR_SVC_LAMBDA_CFN_H

#include "cell/resource.h"

#define LAMBDA_TYPES 11
extern const struct resource_type *const lambda_types[LAMBDA_TYPES];

/* ---- between the files cfn*.c ---- */

extern const struct resource_type cfn_function_type, cfn_version_type, cfn_alias_type,
    cfn_mapping_type, cfn_url_type, cfn_invoke_config_type, cfn_layer_type,
    cfn_layer_permission_type, cfn_permission_type, cfn_signing_type, cfn_policy_type;

/* A Code property as CreateFunction and UpdateFunctionCode have it, into a structure with ZipFile,
 * S3Bucket, S3Key: source text is packed as AWS does it, in a file called index, with the module
 * that answers for custom resources beside it. */
status cfn_code_set(struct resource *r, struct value *code);
/* Packed without compressing; the same text gives the same bytes. */
struct cfn_file {
    const char *name;  /* "index.js" */
    struct str text;   /* its content */
};
struct str cfn_zip(struct arena *arena, const struct cfn_file *files, size_t count);
/* What inline functions of nodejs and python answer with: cfn-response.js, cfnresponse.py. */
extern const char cfn_response_js[], cfn_response_py[];

/* Provisioned concurrency of a version or an alias, as the property is: put, changed, taken away;
 * then RESOURCE_WAITS until it is there. */
status cfn_provisioned_put(struct resource *r, struct str function, struct str qualifier);
status cfn_provisioned_settled(struct resource *r, struct str function, struct str qualifier);

#endif
