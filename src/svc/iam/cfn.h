/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of IAM, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, AWS Identity and Access Management". A file per group; cfn.c has what they share and
 * the list.
 */
#ifndef WEIR_SVC_IAM_CFN_H
#define WEIR_SVC_IAM_CFN_H

#include "cell/resource.h"

#define IAM_TYPES 15
extern const struct resource_type *const iam_types[IAM_TYPES];

/* Who may have policies, and by which operations. */
struct cfn_kind {
    const char *name;     /* the member that names it: "RoleName" */
    const char *property; /* of policies: "Roles" */
    const char *attach;   /* a managed policy */
    const char *detach;   /* the same */
    const char *put;      /* an inline policy */
    const char *remove;   /* the same */
    const char *read;     /* the same */
    const char *list;     /* inline policies' names */
    const char *attached; /* lists managed ones */
    const char *bound;    /* sets its boundary; NULL: it has none */
    const char *unbound;  /* takes it away */
};
#define CFN_KINDS 3
extern const struct cfn_kind cfn_kinds[CFN_KINDS];
#define CFN_ROLE (&cfn_kinds[0])
#define CFN_USER (&cfn_kinds[1])
#define CFN_GROUP (&cfn_kinds[2])

/* ---- cfn.c ---- */

/* An operation that takes something away; what is not there is fine. */
status cfn_drop(struct resource *r, const char *operation, const struct resource_arg *args);
/* Puts an inline policy. */
status cfn_put(struct resource *r, const struct cfn_kind *kind, struct str name,
               struct str policy, struct str document);
/* Attaches (or detaches) a managed policy. */
status cfn_attach(struct resource *r, const struct cfn_kind *kind, struct str name,
                  struct str arn);
status cfn_detach(struct resource *r, const struct cfn_kind *kind, struct str name,
                  struct str arn);
/* ManagedPolicyArns and Policies of r->id, from what it had. */
status cfn_policies_change(struct resource *r, const struct cfn_kind *kind);
/* PermissionsBoundary, the same. */
status cfn_boundary_change(struct resource *r, const struct cfn_kind *kind);
/* All that cfn_policies_change() made. */
status cfn_policies_remove(struct resource *r, const struct cfn_kind *kind);
status cfn_policies_now(struct resource *r, const struct cfn_kind *kind,
                        struct value *ret_properties);
/* A document as IAM shows it, percent-encoded, as a tree. */
void cfn_put_document(struct resource *r, struct value *map, const char *key, struct str shown);
/* The text of a list's i-th item. */
struct str cfn_item(const struct resource *r, const struct value *list, uint32_t i);

extern const struct resource_type cfn_role;
extern const struct resource_type cfn_linked_role;
extern const struct resource_type cfn_instance_profile;
extern const struct resource_type cfn_user;
extern const struct resource_type cfn_group;
extern const struct resource_type cfn_access_key;
extern const struct resource_type cfn_user_to_group;
extern const struct resource_type cfn_policy;
extern const struct resource_type cfn_managed_policy;
extern const struct resource_type cfn_role_policy;
extern const struct resource_type cfn_user_policy;
extern const struct resource_type cfn_group_policy;
extern const struct resource_type cfn_oidc_provider;
extern const struct resource_type cfn_saml_provider;
extern const struct resource_type cfn_server_certificate;

#endif
