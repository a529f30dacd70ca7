/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes on later.
 */
#include "svc/cognito/later.h"

#include <assert.h>
#include <stdarg.h>

static status go_on(struct call *c)
{
    struct later *later = c->kept;

    assert(later != NULL);
    return later->run(c, later->arg);
}

static void keep(struct call *c, struct later then)
{
    struct later *later = ARENA_NEW(c->keep, struct later);

    *later = then;
    c->kept = later;
}

void later_work(struct call *c, void (*work)(void *arg), void *arg, struct later then)
{
    keep(c, then);
    call_work(c, work, arg, go_on);
}

void later_now(struct call *c, struct later then)
{
    keep(c, then);
    call_park(c, NULL, c->now, go_on);
}

/* An error that waits for the commit of its step. */
struct failure {
    status code;        /* the line */
    struct str words;   /* the sentence */
};

static status fail_now(struct call *c, void *arg)
{
    const struct failure *failure = arg;

    return fail(c, failure->code, "%.*s", STR_ARG(failure->words));
}

status later_fail(struct call *c, status code, const char *format, ...)
{
    struct failure *failure = ARENA_NEW(c->keep, struct failure);
    va_list args;

    failure->code = code;
    va_start(args, format);
    failure->words = arena_vprintf(c->keep, format, args);
    va_end(args);
    later_now(c, (struct later){fail_now, failure});
    return OK;
}
