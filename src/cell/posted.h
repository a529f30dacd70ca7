/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms with a file that browsers post to a service (S3's POST Object): no model has them. See
 * posted.c.
 */
#ifndef WEIR_CELL_POSTED_H
#define WEIR_CELL_POSTED_H

#include "cell/door_int.h"

/* Whether it is one, of a service that takes them; then *ret_route is its. */
bool posted_asked(struct door *door, struct exchange *x, struct route *ret_route,
                  const struct cell_service **ret_slot);
/* visit->route is posted_asked()'s. streams: only the head is here. */
status posted_begin(struct visit *visit, const struct cell_service *slot, bool streams);
void posted_end(struct posted *posted); /* takes NULL */

#endif
