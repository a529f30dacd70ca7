/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Parameter Store: parameters, their versions, labels, policies. Everything happens in the
 * cell; everything there is are rows (keys.c), read when they are asked for.
 *
 * Invariants between the files:
 *   1. A parameter's row is what DescribeParameters tells, of its newest version; each version is a
 *      row as GetParameterHistory tells it, with its value and labels.
 *   2. Versions count from 1 without gaps; of a hundred the oldest goes, if it has no label.
 *   3. Policies stand in the parameter's row; each that is to act has a durable timer, which
 *      policy.c sets anew whenever the parameter changes.
 */
#ifndef WEIR_SVC_SSM_INT_H
#define WEIR_SVC_SSM_INT_H

#include "base/time.h"
#include "cell/call.h"
#include "cell/shelf.h"
#include "svc/ssm/ssm.h"

#define SSM_SERVICE "ssm"
#define STANDARD_BYTES_MAX 4096
#define ADVANCED_BYTES_MAX 8192
#define VERSIONS_MAX 100
#define LABELS_MAX 10         /* of a version */
#define LEVELS_MAX 15         /* of a hierarchy */
#define NAME_BYTES_MAX 1011   /* of a whole ARN */
#define TAGS_MAX 50
#define POLICIES_MAX 10       /* of a parameter */
#define HISTORY_PAGE 50
#define DESCRIBE_PAGE 50
#define BY_PATH_PAGE 10

extern const struct error SSM_VALIDATION, SSM_NOT_FOUND, SSM_EXISTS, SSM_LEVELS, SSM_TYPE,
    SSM_PATTERN, SSM_MISMATCH, SSM_VERSIONS, SSM_NO_VERSION, SSM_LABELS, SSM_TOKEN, SSM_FILTER_KEY,
    SSM_FILTER_OPTION, SSM_FILTER_VALUE, SSM_RESOURCE_ID, SSM_RESOURCE_TYPE, SSM_TAGS,
    SSM_POLICY_TYPE, SSM_POLICY_ATTRIBUTE, SSM_POLICY_BOTH, SSM_POLICIES, SSM_NO_RESOURCE,
    SSM_POLICY_TEXT, SSM_POLICY_CONFLICT, SSM_NO_POLICY, SSM_POLICY_LIMIT, SSM_KEY,
    SSM_DENIED;

/* The service's state: nothing but what is derived. */
struct ssm {
    struct cell *cell;       /* whose service this is */
    struct shelf_told told;  /* tags that policies asked for */
};

struct parameter {
    struct str account, region, name; /* where its rows are */
    struct value *about;     /* as DescribeParameters tells it */
};

/* ---- keys.c ---- */

bool parameter_of_name(struct call *c, struct str name, struct parameter *ret_parameter);
/* By its own or another account's ARN, or a name: ParameterNotFound. */
status parameter_of_text(struct call *c, struct str text, struct parameter *ret_parameter);
/* Without a call; NULL: there is none. */
struct value *parameter_peek(struct cell *cell, struct arena *arena, struct str arn,
                             struct parameter *ret_place);
struct value *parameter_about_new(struct call *c);
void parameter_save(struct call *c, const struct parameter *parameter);
void parameter_purge(struct call *c, const struct parameter *parameter);
struct str parameter_arn(struct call *c, struct str name);
/* Those whose names begin with prefix, from behind after, by name. */
struct txn_scan *parameters_scan(struct call *c, struct str prefix, struct str after);
bool parameters_next(struct call *c, struct txn_scan *scan, struct parameter *ret_parameter);

struct value *version_new(struct call *c);
/* NULL: there is none. */
struct value *version_load(struct call *c, const struct parameter *parameter, int64_t number);
void version_save(struct call *c, const struct parameter *parameter,
                  const struct value *version);
void version_erase(struct call *c, const struct parameter *parameter, int64_t number);
struct txn_scan *versions_scan(struct call *c, const struct parameter *parameter);
struct value *versions_next(struct call *c, struct txn_scan *scan); /* NULL: no more */

/* ListTagsForResource's tree; empty without tags. */
struct value *tags_load(struct call *c, const struct parameter *parameter);
struct value *tags_peek(struct cell *cell, struct arena *arena, const struct parameter *place);
void tags_save(struct call *c, const struct parameter *parameter, const struct value *tags);

/* Its resource policy, as GetResourcePolicies tells it; NULL: none. */
struct value *policy_load(struct call *c, const struct parameter *parameter);
struct value *policy_peek(struct cell *cell, struct arena *arena, const struct parameter *place);
void policy_save(struct call *c, const struct parameter *parameter, const struct value *policy);
void policy_erase(struct call *c, const struct parameter *parameter);

/* ---- name.c ---- */

/* May a parameter be called so: ValidationException, HierarchyLevelLimitExceededException. */
status name_check(struct call *c, struct str name);
/* "name:3", "name:label", an ARN with either: the name and what stands behind, or STR_NONE. */
void name_split(struct str text, struct str *ret_name, struct str *ret_selector);
bool label_is_good(struct str label);
bool is_path(struct str path);

/* ---- value.c ---- */

/* Value, type, tier, pattern of the call: what PutParameter refuses. old NULL: it is new. */
status value_check(struct call *c, const struct value *old);
/* "Standard" or "Advanced", as the call and what there was say. */
struct str tier_of_call(struct call *c, const struct value *old);

/* ---- seal.c ---- */

/* The call's value as rows have it; may stage, so nothing fails behind it. InvalidKeyId. */
status value_seal(struct call *c, const struct value *about, struct str *ret_value);
/* A version's value as the call may see it. InvalidKeyId, AccessDeniedException. */
status value_open(struct call *c, const struct parameter *parameter, const struct value *version,
                  struct str *ret_value);

/* ---- policy.c ---- */

/* The call's Policies as a list, POLICIES_MAX at most; without the member: those of old. */
status policies_of_call(struct call *c, const struct value *old, struct value *about);
void policies_plan(struct call *c, const struct parameter *parameter); /* timers */
void policies_forget(struct call *c, const struct parameter *parameter);
status ssm_timer(struct call *c, struct str name, struct str payload);

/* ---- event.c ---- */

/* Tells the default bus that a parameter was changed: "Create", "Update", "Delete",
 * "LabelParameterVersion". */
void event_change(struct call *c, const struct parameter *parameter, const char *operation);
/* That a policy of it acted. */
void event_policy(struct call *c, const struct parameter *parameter, const struct value *policy);

/* ---- filter.c ---- */

/* ParameterFilters; by_path: those of GetParametersByPath. InvalidFilterKey and others. */
status filters_check(struct call *c, bool by_path);
bool filters_match(struct call *c, const struct parameter *parameter);
/* Is it below that path, or right below it? */
bool is_below(struct str name, struct str path, bool recursive);

/* ---- reference.c ---- */

/* A name that stands for a secret, and what it is: ParameterNotFound. */
bool is_reference(struct str name);
status reference_tell(struct call *c, struct str text, struct value *out);

/* ---- api_read.c, guard.c ---- */

/* A version as GetParameter tells it. */
status parameter_tell(struct call *c, const struct parameter *parameter,
                      const struct value *version, struct value *out);
void ssm_join_policies(struct cell *cell);
/* Tags to be laid over old ones (NULL: none): TooManyTagsError and others. */
status tags_check(struct call *c, const struct value *old, const struct value *tags);

#endif
