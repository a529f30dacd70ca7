/* SPDX-License-Identifier: Apache-2.0
 *
 * A time zone of the system's database, by its name ("Europe/Berlin").
 */
#ifndef WEIR_SYS_ZONE_FILE_H
#define WEIR_SYS_ZONE_FILE_H

#include "base/zone.h"

/* ERR_NOT_FOUND: there is no such zone. A name is letters, '/' and '_', and so stays within the
 * database. */
status zone_load(struct str name, struct zone **ret_zone);

#endif
