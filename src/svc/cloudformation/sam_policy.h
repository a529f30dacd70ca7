/* SPDX-License-Identifier: Apache-2.0
 *
 * Execution roles, and what Policies may say: names and ARNs of managed policies, policy documents,
 * and SAM's policy templates.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_POLICY_H
#define WEIR_SVC_CLOUDFORMATION_SAM_POLICY_H

#include "svc/cloudformation/sam_int.h"

/* A line of sam_policy_table.c. */
struct sam_policy_template {
    const char *name;       /* "SQSPollerPolicy" */
    const char *parameters; /* "QueueName", with spaces between several */
    const char *statements; /* as the table's file says */
};

extern const struct sam_policy_template sam_policy_templates[]; /* NULL-ended */

/* A line of sam_policy_names.c. */
struct sam_policy_folder {
    const char *folder; /* "service-role/" */
    const char *names;  /* with spaces between them */
};

extern const struct sam_policy_folder sam_policy_folders[]; /* NULL-ended */

/* What a role is made from. */
struct sam_role {
    struct str id;                  /* of the role */
    const struct value *attributes; /* of the role */
    struct value assume;            /* AssumeRolePolicyDocument */
    const struct value *policies;   /* as the template has them, or NULL */
    struct value managed;           /* list of ARNs that come first */
    struct value documents;         /* list of inline policies that come first */
    const struct value *path;       /* or NULL */
    const struct value *boundary;   /* PermissionsBoundary, or NULL */
    struct value tags;              /* list; VALUE_NONE: none */
};

/* A role; it is not among what the unit made until sam_attach(). */
struct sam_made *sam_role_make(struct sam *s, const struct sam_role *role);
/* {"PolicyName": name, "PolicyDocument": {"Statement": [{Action, Effect: Allow, Resource}]}} */
struct value sam_inline_policy(struct sam *s, struct str name, const char *action,
                               const struct value *resource);
/* Who may assume a role: a service. */
struct value sam_assume(struct sam *s, const char *service);
/* "arn:aws:iam::aws:policy/…" */
struct value sam_managed_arn(struct sam *s, const char *path);
/* The policy that tracing needs in this partition. */
const char *sam_xray_policy(const struct sam *s);
/* A template's statements with the parameters that are given, or refuses. */
struct value sam_policy_statements(struct sam *s, const struct sam_policy_template *template,
                                   const struct value *given);
const struct sam_policy_template *sam_policy_template_find(struct str name);

#endif
