/* SPDX-License-Identifier: Apache-2.0
 *
 * What a function (or a state machine) gives its events, and what the files behind sam_function.c
 * share.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_FUNCTION_H
#define WEIR_SVC_CLOUDFORMATION_SAM_FUNCTION_H

#include "svc/cloudformation/sam_int.h"

/* What events call: a function, its alias, or a state machine. */
struct sam_target {
    struct str id;         /* logical id of what is called */
    struct value name;     /* reference to its name, or to an alias's ARN */
    struct value arn;      /* reference to its ARN */
    struct sam_made *role; /* the role made for the function, used or not; NULL: state machine */
};

/* ---- code and what is published (sam_function_code.c) ---- */
/* {"S3Bucket", "S3Key", …} of "s3://…" or {"Bucket", "Key"}; refuses for id. */
struct value sam_s3_location(struct sam *s, struct str id, const struct value *uri,
                             const char *property);
/* "s3://bucket/key?versionId=v" as {"Bucket", "Key", "Version"}; VALUE_NONE: it is none. */
struct value sam_s3_pointer(struct sam *s, const struct value *uri);
struct value sam_function_code(struct sam *s);
/* Version and alias; NULL where none is asked for. */
struct sam_made *sam_function_alias(struct sam *s, struct sam_made *function);

/* ---- sam_function_more.c ---- */
void sam_function_url(struct sam *s, const struct sam_target *target);
/* Adds the inline policies that its destinations need. */
void sam_function_invoke_config(struct sam *s, const struct sam_made *alias,
                                struct value *documents);
/* The policy for a failed event's destination; VALUE_NONE for a type that needs none. */
struct value sam_destination_policy(struct sam *s, const struct value *type, struct str id,
                                    const struct value *arn);

/* ---- events (sam_event.c) ---- */
/* Whether all the unit's events may be what they are: before anything is made. machine: the unit is
 * a state machine. */
bool sam_events_look(struct sam *s, bool machine);
/* Makes what they stand for. */
void sam_events_make(struct sam *s, const struct sam_target *target, bool machine);

/* ---- sam_deploy.c ---- */
void sam_prefer(struct sam *s, struct sam_made *alias); /* alias NULL: none */

#endif
