/* SPDX-License-Identifier: Apache-2.0
 *
 * What connectors may connect (sam_connector_table.c).
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_CONNECTOR_H
#define WEIR_SVC_CLOUDFORMATION_SAM_CONNECTOR_H

#include "svc/cloudformation/sam_int.h"

/* What a connection is made of. */
enum sam_profile_kind {
    SAM_ROLE,       /* a managed policy of a role */
    SAM_QUEUE,      /* a queue's policy */
    SAM_TOPIC,      /* a topic's policy */
    SAM_PERMISSION, /* a function's permission */
};

/* Who waits for what is made. */
enum sam_profile_wait {
    SAM_BY_NOBODY,
    SAM_BY_MAPPING, /* the event source mapping between the two */
    SAM_BY_SOURCE,  /* the source */
};

struct sam_profile {
    const char *source;         /* "AWS::Lambda::Function" */
    const char *destination;    /* "AWS::SQS::Queue" */
    enum sam_profile_kind kind; /* what is made */
    bool of_source;             /* whose role (or policy) it is: the source's */
    enum sam_profile_wait wait; /* who comes after it */
    const char *valid;          /* "Read Read+Write": which Permissions go together; NULL: any */
    struct {
        const char *name; /* "Read" */
        const char *text; /* as the table's file says */
    } access[2];                /* in the order in which they come */
};

extern const struct sam_profile sam_profiles[]; /* NULL-ended */

#endif
