/* SPDX-License-Identifier: Apache-2.0
 *
 * The error lines any layer may answer with, and the writing of their sentence.
 *
 * A service translates these into lines of its own table where its API documents the case. The
 * codes and HTTP figures here are what a client sees when nobody did: the environment's are 5xx
 * and retryable, because trying again later is what helps.
 */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const struct error ERR_MALFORMED = {"Malformed", NULL, 400, false};
const struct error ERR_LIMIT = {"LimitExceeded", NULL, 400, false};
const struct error ERR_NOT_FOUND = {"NotFound", NULL, 404, false};
const struct error ERR_EXISTS = {"AlreadyExists", NULL, 409, false};
const struct error ERR_IO = {"InternalFailure", NULL, 500, true};
const struct error ERR_FULL = {"ServiceUnavailable", NULL, 503, true};
const struct error ERR_CORRUPT = {"InternalFailure", NULL, 500, false};
const struct error ERR_BUSY = {"ServiceUnavailable", NULL, 503, true};
const struct error ERR_VERSION = {"InternalFailure", NULL, 500, false};
const struct error ERR_CLOSED = {"ServiceUnavailable", NULL, 503, true};

status why_set(struct why *why, status code, const char *format, ...)
{
    assert(format != NULL);
    if (why == NULL) {
        return code;
    }
    va_list args;
    va_start(args, format);
    int written = vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    if (written < 0) {
        why->text[0] = 0;
    }
    return code;
}
