/* SPDX-License-Identifier: Apache-2.0
 *
 * How every function of weir says how it went.
 *
 * A status is OK or a line of an error table: this file's for what can go wrong in any program,
 * a service's own for what its API documents. The sentence for a person travels beside it, in a
 * struct why that the caller owns. Three kinds of wrong are kept apart: a caller's mistake is a
 * service's error line; the environment's is one of the lines below; our own is an assert.
 */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of an error table. Lines are constants; a status points at one. */
struct error {
    const char *code;       /* the wire's code, such as "ResourceNotFoundException" */
    const char *query_code; /* code in the Query protocol when it differs, or NULL */
    uint16_t http;          /* HTTP status the code is answered with */
    bool retryable;         /* a client may send the same call again */
};

typedef const struct error *status;

#define OK ((status)0)

/* The one macro with hidden control flow: leave with a status that is not OK. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        status try_status_ = (call);                                                               \
        if (try_status_ != OK) {                                                                   \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

#define WHY_BYTES_MAX 2048

/* The sentence that goes with a status; cut at its size, always ended by a zero. */
struct why {
    char text[WHY_BYTES_MAX]; /* zero-ended */
};

/* Writes the sentence (why may be NULL) and returns code (never OK), so that it can be returned at
 * once. */
status why_set(struct why *why, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* What can go wrong in any layer. */
extern const struct error ERR_MALFORMED; /* bytes that break their format's rules */
extern const struct error ERR_LIMIT;     /* a stated maximum would be passed */
extern const struct error ERR_NOT_FOUND; /* what was named does not exist */
extern const struct error ERR_EXISTS;    /* what was to be made exists already */
extern const struct error ERR_IO;        /* the operating system refused; logged where it was */
extern const struct error ERR_FULL;      /* the disk's reserve would be touched */
extern const struct error ERR_CORRUPT;   /* a checksum or an index does not agree */
extern const struct error ERR_BUSY;      /* held by somebody else, as a locked data directory */
extern const struct error ERR_VERSION;   /* a format newer than this program */
extern const struct error ERR_CLOSED;    /* the other side went away */

#endif
