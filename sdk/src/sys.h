/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes from the system: the clock, chance, files, the environment.
 */
#ifndef WEIR_SYS_H
#define WEIR_SYS_H

#include "weir_json.h"

int64_t weir_now_ms(void);       /* since 1970 */
int64_t weir_monotonic_ms(void); /* since some moment */
void weir_wait_ms(int64_t ms);
uint64_t weir_random(void);

/* Adds a file; false: it cannot be read, or is too large for the buffer. */
bool weir_file_read(const char *path, struct weir_buf *buf);

/* A variable of the environment; "" counts as not set: NULL. */
const char *weir_env(const char *name);

/* ---- moments: milliseconds since 1970, UTC ---- */

#define WEIR_MOMENT_BYTES_MAX 40

/* "2026-11-23T08:00:00Z", with milliseconds when there are any. */
void weir_moment_iso(int64_t ms, char to[WEIR_MOMENT_BYTES_MAX]);
/* "Mon, 23 Nov 2026 08:00:00 GMT" */
void weir_moment_http(int64_t ms, char to[WEIR_MOMENT_BYTES_MAX]);
/* "20261123T080000Z" */
void weir_moment_basic(int64_t ms, char to[WEIR_MOMENT_BYTES_MAX]);

/* Reads ISO 8601 (a date, or with a time, a fraction and a zone) and HTTP's form. */
bool weir_moment_read(struct weir_text text, int64_t *ret_ms);

#endif
