/* SPDX-License-Identifier: Apache-2.0
 *
 * One line on standard error per event; written in one call, so that lines of threads do not mix.
 */
#include "sys/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES_MAX 2048
#define EXIT_DIED 70

static enum log_level shown = LOG_INFO;
static void (*die_hook)(void);

void log_set_level(enum log_level level)
{
    __atomic_store_n(&shown, level, __ATOMIC_RELAXED);
}

static void write_line(const char *area, const char *format, va_list args)
{
    char line[LINE_BYTES_MAX];
    size_t all;
    int head = snprintf(line, sizeof(line), "weir: %s: ", area);
    int bytes;

    assert(head > 0);
    assert((size_t)head < sizeof(line) / 2);
    bytes = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
    all = (size_t)head + (size_t)(bytes < 0 ? 0 : bytes);

    if (all > sizeof(line) - 2) {
        all = sizeof(line) - 2;
    }
    for (size_t i = 0; i < all; i++) { /* nothing in a text may begin a line of its own */
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = ' ';
        }
    }
    line[all] = '\n';
    if (write(STDERR_FILENO, line, all + 1) < 0) {
        return; /* nobody to tell */
    }
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
    va_list args;

    if (level > __atomic_load_n(&shown, __ATOMIC_RELAXED)) {
        return;
    }
    va_start(args, format);
    write_line(area, format, args);
    va_end(args);
}

void sys_die_hook(void (*hook)(void))
{
    __atomic_store_n(&die_hook, hook, __ATOMIC_SEQ_CST);
}

void sys_die(const char *area, const char *format, ...)
{
    void (*hook)(void) = __atomic_load_n(&die_hook, __ATOMIC_SEQ_CST);
    va_list args;

    va_start(args, format);
    write_line(area, format, args);
    va_end(args);
    if (hook != NULL) {
        hook();
    }
    _exit(EXIT_DIED);
}
