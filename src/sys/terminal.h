/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal that a person looks at, and waiting between two looks.
 */
#ifndef WEIR_SYS_TERMINAL_H
#define WEIR_SYS_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Is standard output one, that can move its cursor? */
bool terminal_is_live(void);
/* Rows of it; 24 when it does not say. */
int terminal_rows(void);
/* For commands alone: nothing in a server waits like this. */
void terminal_pause(uint32_t ms);

#endif
