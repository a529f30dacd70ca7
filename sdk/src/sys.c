/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock, chance, files, the environment.
 */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES 16384

static int64_t clock_ms(clockid_t which)
{
    struct timespec now;

    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t weir_now_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t weir_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void weir_wait_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

uint64_t weir_random(void)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        number =
            (uint64_t)clock_ms(CLOCK_MONOTONIC) * 0x9E3779B97F4A7C15u; /* only for jitter, then */
    }
    return number;
}

bool weir_file_read(const char *path, struct weir_buf *buf)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    while (fd >= 0) {
        char *to = weir_buf_need(buf, PIECE_BYTES);
        got = to == NULL ? -1 : read(fd, to, PIECE_BYTES);
        if (got <= 0) {
            break;
        }
        buf->bytes += (size_t)got;
        buf->at[buf->bytes] = '\0';
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return got == 0;
}

const char *weir_env(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || *value == '\0' ? NULL : value;
}
