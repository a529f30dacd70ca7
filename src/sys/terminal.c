/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal.
 */
#include "sys/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

bool terminal_is_live(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDOUT_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

int terminal_rows(void)
{
    struct winsize size = {0};

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

void terminal_pause(uint32_t ms)
{
    struct timespec rest = {ms / 1000, (long)(ms % 1000) * 1000000};

    (void)nanosleep(&rest, NULL);
}
