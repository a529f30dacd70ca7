/* SPDX-License-Identifier: Apache-2.0
 *
 * The managed policies of AWS that weir knows: those that people's stacks lean on, for services
 * that weir has or will have.
 */
#ifndef WEIR_SVC_IAM_AWS_POLICIES_H
#define WEIR_SVC_IAM_AWS_POLICIES_H

#include <stddef.h>

struct aws_policy {
    const char *path;          /* "/", "/service-role/" */
    const char *name;          /* "AWSLambdaBasicExecutionRole" */
    const char *description;
    const char *actions;       /* allowed on everything, with a space between them; NULL: */
    const char *document;      /* the whole document */
};

/* By name, as listed. */
extern const struct aws_policy aws_policies[];
extern const size_t aws_policy_count;

#endif
