/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of functions and state machines: each kind has its properties, may look at what it refers
 * to before anything is made, and makes resources below its id ("FThumbs" for the event Thumbs of
 * F).
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_EVENT_H
#define WEIR_SVC_CLOUDFORMATION_SAM_EVENT_H

#include "svc/cloudformation/sam_function.h"

struct sam_event {
    struct str id;                   /* "FThumbs" */
    struct str relative;             /* "Thumbs" */
    struct str type;                 /* "S3" */
    struct value *properties;        /* its Properties; never NULL */
    const struct sam_target *target; /* what it calls; NULL while it is only looked at */
};

/* A kind of event. */
struct sam_event_kind {
    const char *type;                                    /* "S3" */
    const struct sam_property *properties;               /* it may have */
    void (*look)(struct sam *s, struct sam_event *event); /* refuses; NULL: nothing to look at */
    void (*make)(struct sam *s, struct sam_event *event); /* makes what it stands for */
};

/* ---- what kinds share (sam_event.c) ---- */
struct value *sam_event_property(const struct sam_event *event, const char *name);
/* "FThumbsPermission", or with a suffix behind it (hashed where it is not alphanumeric). */
struct sam_made *sam_permission(struct sam *s, const struct sam_event *event,
                                const char *principal, struct str suffix);
struct value sam_sub(struct sam *s, struct str text, const char *name,
                     const struct value *value); /* Fn::Sub with one variable */

/* ---- sam_event_pull.c ---- */
extern const struct sam_event_kind sam_pull_kinds[]; /* NULL-ended */
/* The mapping of a queue that a topic's event made. */
void sam_queue_mapping(struct sam *s, const struct sam_event *event, const struct value *queue,
                       const struct value *batch);

/* ---- sam_event_rule.c: for functions and state machines ---- */
extern const struct sam_property sam_schedule_properties[];
extern const struct sam_property sam_rule_properties[];
extern const struct sam_property sam_schedule_v2_properties[];
extern const struct sam_property sam_machine_schedule_properties[];
extern const struct sam_property sam_machine_rule_properties[];
/* A role with which a service starts the machine; gives its ARN. */
struct value sam_machine_role(struct sam *s, const struct sam_event *event, const char *service);
void sam_schedule(struct sam *s, struct sam_event *event);
void sam_rule(struct sam *s, struct sam_event *event);
void sam_schedule_v2(struct sam *s, struct sam_event *event);

/* ---- sam_event_api.c ---- */
extern const struct sam_property sam_api_event_properties[];
extern const struct sam_property sam_machine_api_properties[];
extern const struct sam_property sam_http_event_properties[];
void sam_api_event_look(struct sam *s, struct sam_event *event);
void sam_api_event(struct sam *s, struct sam_event *event);
void sam_machine_api_event(struct sam *s, struct sam_event *event);
void sam_http_event_look(struct sam *s, struct sam_event *event);
void sam_http_event(struct sam *s, struct sam_event *event);

/* ---- sam_event_push.c ---- */
extern const struct sam_event_kind sam_push_kinds[]; /* NULL-ended */

#endif
