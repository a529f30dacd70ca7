/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::CDK::Metadata, which applications of the Cloud Development Kit carry along: it says which
 * constructs they are made of, to whom it may interest, and does nothing.
 */
#include "svc/cloudformation/custom.h"

#include "svc/cloudformation/cloudformation_int.h"
#include "sys/rand.h"

static const struct resource_property properties[] = {
    {"Analytics", "", RESOURCE_IN_PLACE, 0},
    {"Modules", "", RESOURCE_IN_PLACE, 0},
};

static status cdk_make(struct resource *r)
{
    char *id = arena_alloc(r->c->arena, 36);

    rand_uuid(r->c->rand, id);
    r->id = str_of(id, 36);
    return OK;
}

static status cdk_stay(struct resource *r)
{
    (void)r;
    return OK;
}

const struct resource_type cdk_type = {
    .name = "AWS::CDK::Metadata",
    .service = CFN_SERVICE,
    RESOURCE_TYPE_PROPERTIES(properties),
    .make = cdk_make,
    .change = cdk_stay,
    .remove = cdk_stay,
};
