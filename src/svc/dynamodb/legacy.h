/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters that were there before expressions: Expected, AttributeUpdates, ScanFilter,
 * QueryFilter, KeyConditions, ConditionalOperator, AttributesToGet. They become the same
 * conditions, updates and paths as expressions do. Sources: API reference; developer guide, "Legacy
 * conditional parameters".
 *
 * in is the operation's input; the members named here must be in its shape. What is not given makes
 * a NULL condition, no paths, no actions.
 */
#ifndef WEIR_SVC_DYNAMODB_LEGACY_H
#define WEIR_SVC_DYNAMODB_LEGACY_H

#include "svc/dynamodb/expr.h"

/* Which parameters an operation has, in the order AWS lists them; each ends with NULL. */
struct parameters {
    const char *expressions[4]; /* "UpdateExpression", "ConditionExpression" */
    const char *legacy[5];      /* "AttributeUpdates", "Expected", "ConditionalOperator" */
};

extern const struct parameters parameters_put_item; /* and DeleteItem */
extern const struct parameters parameters_update_item;
extern const struct parameters parameters_get_item; /* and a table of BatchGetItem */
extern const struct parameters parameters_query;
extern const struct parameters parameters_scan;
extern const struct parameters parameters_search;

/* Either kind, not both; names and values only with expressions. */
status parameters_check(struct arena *arena, const struct value *in,
                        const struct parameters *parameters, struct why *why);

/* Expected with ConditionalOperator. */
status legacy_expected(struct arena *arena, const struct value *in, struct why *why,
                       const struct expr **ret_condition);
/* member: "ScanFilter" or "QueryFilter", with ConditionalOperator. */
status legacy_filter(struct arena *arena, const struct value *in, const char *member,
                     struct why *why, const struct expr **ret_condition);
/* KeyConditions; bind it as any key condition. */
status legacy_key_condition(struct arena *arena, const struct value *in, struct why *why,
                            struct key_condition *ret_condition);
/* AttributeUpdates. */
status legacy_update(struct arena *arena, const struct value *in, struct why *why,
                     struct update *ret_update);
/* AttributesToGet. */
status legacy_paths(struct arena *arena, const struct value *in, struct why *why,
                    struct paths *ret_paths);

#endif
