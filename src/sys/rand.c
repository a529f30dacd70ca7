/* SPDX-License-Identifier: Apache-2.0
 *
 * xoshiro256** (Blackman and Vigna), seeded through splitmix64; secrets come from the kernel.
 */
#include "sys/rand.h"

#include "sys/log.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

void rand_init(struct rand *rand, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        rand->state[i] = z ^ z >> 31;
    }
}

void rand_init_system(struct rand *rand)
{
    rand_secret(rand->state, sizeof(rand->state));
    rand->state[0] |= 1; /* never all zero */
}

uint64_t rand_u64(struct rand *rand)
{
    uint64_t *s = rand->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t rand_below(struct rand *rand, uint64_t limit)
{
    uint64_t least; /* values below it would favour small results */
    uint64_t value;

    assert(limit > 0);
    least = (0 - limit) % limit;
    do {
        value = rand_u64(rand);
    } while (value < least);
    return value % limit;
}

void rand_fill(struct rand *rand, void *at, size_t bytes)
{
    unsigned char *out = at;

    while (bytes > 0) {
        uint64_t value = rand_u64(rand);
        size_t take = bytes < sizeof(value) ? bytes : sizeof(value);

        memcpy(out, &value, take);
        out += take;
        bytes -= take;
    }
}

void rand_uuid(struct rand *rand, char out[36])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    size_t at = 0;

    rand_fill(rand, bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[at++] = '-';
        }
        out[at++] = digits[bytes[i] >> 4];
        out[at++] = digits[bytes[i] & 15];
    }
}

void rand_secret(void *at, size_t bytes)
{
    unsigned char *out = at;

    while (bytes > 0) {
        ssize_t got = getrandom(out, bytes, 0);

        if (got < 0 && errno != EINTR) {
            sys_die("rand", "the kernel gives no random bytes: %s", strerror(errno));
        }
        if (got > 0) {
            out += got;
            bytes -= (size_t)got;
        }
    }
}
