/* SPDX-License-Identifier: Apache-2.0
 *
 * The process among others: its memory, and being told to stop.
 */
#ifndef WEIR_SYS_OS_H
#define WEIR_SYS_OS_H

#include <stdint.h>

uint64_t os_resident_bytes(void); /* resident set; 0 when the system does not say */

/* Blocks above 4 MiB (the journal's groups under load) go back to the system when they are freed;
 * smaller ones (a request's arena) stay, for touching fresh pages costs more than the request. */
void os_tune_memory(void);
/* What only the start needed goes back now: blocks that were freed, and pages of code, which come
 * back from their files when they are touched. A debugger's breakpoints set before are gone with
 * them until it stops the process once and puts them in again. */
void os_give_back_memory(void);

/* SIGTERM and SIGINT wait for os_wait_for_stop(); SIGPIPE is ignored. Called before any thread is
 * started, which then inherit it. */
void os_hold_signals(void);
void os_wait_for_stop(void);

#endif
