/* SPDX-License-Identifier: Apache-2.0
 *
 * One simulation: who asks, which policies there are, what of the request is known.
 */
#ifndef WEIR_SVC_IAM_SIMULATE_H
#define WEIR_SVC_IAM_SIMULATE_H

#include "cell/policy.h"
#include "svc/iam/iam_int.h"

#define SIMULATED_PAIRS_MAX 10000     /* actions times resources */
#define SIMULATED_POLICIES_MAX 100    /* of each list */
#define MATCHED_MAX 100               /* statements in one result */
#define MISSING_MAX 100               /* context keys in one result */

struct simulation {
    struct policy_listener listener;  /* gathers matched and missing; first */
    struct policy_context context;    /* finds context keys of the call's */
    struct call *c;
    struct policy_set sets[PART_COUNT];
    struct policy_principal principal;
    struct str owner;          /* account that has the resources; empty: the caller's */
    struct policy **made;      /* compiled for this simulation: dropped at its end */
    size_t made_count;         /* of them */
    size_t made_room;          /* allocated */
    struct policy_heard matched[MATCHED_MAX]; /* of the current decision */
    size_t matched_count;      /* of them */
    struct str missing[MISSING_MAX]; /* keys asked for in vain, of the current decision */
    size_t missing_count;      /* of them */
};

void simulation_init(struct simulation *simulation, struct call *c);
void simulation_done(struct simulation *simulation);
/* The documents of an input's list join a set, named "PolicyInputList.1"; InvalidInput. */
status simulation_add(struct simulation *simulation, enum policy_part part, const char *member);
/* CallerArn, ResourcePolicy, ResourceOwner; without CallerArn the given one. InvalidInput. */
status simulation_caller(struct simulation *simulation, struct str fallback);
/* One result: an EvaluationResult. */
void simulation_run(struct simulation *simulation, struct str action, struct str resource,
                    struct value *out);

#endif
