/* SPDX-License-Identifier: Apache-2.0
 *
 * S3's error lines and the ways to fail with them.
 */
#include "svc/s3/s3_core.h"

#include <assert.h>
#include <stdarg.h>

#define S3_ERROR_DEFINE(name, code, http, retryable, sentence)                                     \
    const struct error name = {code, NULL, http, retryable};
S3_ERRORS(S3_ERROR_DEFINE)

/* The sentences, beside their lines. */
static const struct {
    status code;          /* the line */
    const char *sentence; /* what S3 says */
} sentences[] = {
#define S3_ERROR_SENTENCE(name, code, http, retryable, sentence) {&name, sentence},
    S3_ERRORS(S3_ERROR_SENTENCE)
};

#define SENTENCES (sizeof(sentences) / sizeof(sentences[0]))

static const char *error_sentence(status code)
{
    size_t i = 0;

    while (i < SENTENCES && sentences[i].code != code) {
        i++;
    }
    assert(i < SENTENCES); /* an error of S3's has its line */
    return sentences[i].sentence;
}

status fail_s3(struct call *c, status code)
{
    return fail(c, code, "%s", error_sentence(code));
}

status fail_with(struct call *c, status code, const char *element, struct str value)
{
    c->more_count = 0; /* one of several failures of a batch is told */
    if (value.bytes > 0) {
        fail_more(c, element, value);
    }
    return fail_s3(c, code);
}

status fail_size(struct call *c, status code, const char *element, uint64_t size,
                 uint64_t size_max)
{
    status failed = fail_with(c, code, element,
                              arena_printf(c->arena, "%llu", (unsigned long long)size));

    fail_more(c, "MaxSizeAllowed",
              arena_printf(c->arena, "%llu", (unsigned long long)size_max));
    return failed;
}

status fail_argument(struct call *c, const char *name, struct str value, const char *format, ...)
{
    va_list args;

    c->more_count = 0;
    fail_more(c, "ArgumentName", str_c(name));
    if (value.at != NULL) {
        fail_more(c, "ArgumentValue", value);
    }
    va_start(args, format);
    struct str sentence = arena_vprintf(c->arena, format, args);
    va_end(args);
    return fail(c, &S3_INVALID_ARGUMENT, "%.*s", STR_ARG(sentence));
}
