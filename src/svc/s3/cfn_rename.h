/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates and S3's operations say the same things in other words: "ExpirationInDays" is
 * Expiration.Days. A table of renames says both directions; what it does not name is the same in
 * both.
 */
#ifndef WEIR_SVC_S3_CFN_RENAME_H
#define WEIR_SVC_S3_CFN_RENAME_H

#include "cell/resource.h"

enum rename_how {
    RENAME_PLAIN,
    RENAME_ONE,    /* a text in templates, a list of one in S3 */
    RENAME_SWITCH, /* {EventBridgeEnabled: true} in templates, an empty structure in S3 */
    RENAME_THEIRS, /* S3 says it, templates never do */
    RENAME_FILTER, /* Prefix, TagFilters, sizes and the access point: one Filter in S3 */
};

struct rename {
    const char *ours;            /* in templates; NULL: behind the last one */
    const char *theirs;          /* in S3, perhaps a path: "Expiration.Days" */
    const struct rename *inside; /* of the map, or of each map of the list; NULL: as it is */
    uint8_t how;                 /* enum rename_how */
};

/* Lists give lists, maps give maps; anything else stays as it is. */
struct value *rename_to_s3(struct arena *arena, const struct rename *renames,
                           const struct value *document);
struct value *rename_from_s3(struct arena *arena, const struct rename *renames,
                             const struct value *document);

#endif
