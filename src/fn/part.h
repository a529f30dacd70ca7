/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine as a part of the cell: one for all services. The program says how it is to run when it
 * knows where it listens; the first who asks for it starts it. Until then, and in tests without it,
 * fn_of() is NULL and nothing can be run.
 */
#ifndef WEIR_FN_PART_H
#define WEIR_FN_PART_H

#include "cell/service.h"
#include "fn/fn.h"

extern const struct service fn_service; /* no operations; before those that use it */

/* options' log, turn and ctx are the part's own; its texts live as long as the cell. Not in the
 * cell. */
void fn_part_options(struct cell *cell, const struct fn_options *options);

/* In the cell. NULL: it may not run, cannot be started (logged once), or was stopped. */
struct fn *fn_of(struct cell *cell);

/* The engine's folder, where what functions see of the disk may be put; NULL: nothing may run. From
 * any thread, once the program has said how it runs. */
const char *fn_dir(struct cell *cell);

/* Who hears of it; in a service's open(). On the engine's thread, outside the cell. */
struct fn_listener {
    void (*log)(void *state, const struct fn_line *line);
    void (*turn)(void *state);
    void (*ready)(void *state); /* it may be asked for from now on; not in the cell */
    void *state;             /* the service's */
};
void fn_listen(struct cell *cell, const struct fn_listener *listener);

#endif
