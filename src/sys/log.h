/* SPDX-License-Identifier: Apache-2.0
 *
 * Words to the operator, on standard error, one line each: "weir: journal: …". Never secrets, never
 * bodies. sys_die() is for what must not go on: a failed sync, a broken promise.
 */
#ifndef WEIR_SYS_LOG_H
#define WEIR_SYS_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says why and ends the process at once (exit code 70), without running exit handlers. */
_Noreturn void sys_die(const char *area, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Test door: calls hook instead of ending; the hook must not return (longjmp). NULL: ends. */
void sys_die_hook(void (*hook)(void));

#endif
