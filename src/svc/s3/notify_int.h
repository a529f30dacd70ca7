/* SPDX-License-Identifier: Apache-2.0
 *
 * Notification rules: read by notify.c, checked by notify_check.c.
 */
#ifndef WEIR_SVC_S3_NOTIFY_INT_H
#define WEIR_SVC_S3_NOTIFY_INT_H

#include "svc/s3/settings_int.h"

#define NOTIFICATION_RULES_MAX 100

struct notification_rule {
    struct str id;               /* configurationId */
    struct str arn;              /* destination */
    const struct value *events;  /* "s3:ObjectCreated:*", … */
    struct str prefix, suffix;   /* of keys; empty: any */
};

struct notification_rules {
    struct notification_rule *rules; /* in the order they are listed */
    size_t count;                /* of them */
    bool bridge;                 /* EventBridge hears of every change */
};

/* The kinds of destinations. */
struct notification_kind {
    const char *list;    /* of the configuration */
    const char *arn;     /* member of an item */
    const char *element; /* the same, as the wire and sentences have it */
    const char *service; /* of the ARN */
    const char *noun;    /* "The destination queue does not exist" */
};
#define NOTIFICATION_KINDS 3
extern const struct notification_kind notification_kinds[NOTIFICATION_KINDS];

/* Of a configuration, or NULL; the first NOTIFICATION_RULES_MAX. */
struct notification_rules *notification_rules_read(struct arena *arena,
                                                   const struct value *value);
/* notify_bridge.c: tells EventBridge. */
void object_bridged(struct call *c, const struct object_change *change);
/* "s3:ObjectCreated:*" takes "ObjectCreated:Put". */
bool notification_event_matches(struct str pattern, struct str event);

#endif
