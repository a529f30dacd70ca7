/* SPDX-License-Identifier: Apache-2.0
 *
 * A handler's log lines, in the two forms that Lambda knows.
 */
#include "weir_lambda.h"

#include "sys.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define MESSAGE_BYTES_MAX 16384
#define LINE_BYTES_MAX (128u << 10)

static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

static enum weir_level level_min(void)
{
    const char *asked = weir_env("AWS_LAMBDA_LOG_LEVEL");

    for (unsigned i = 0; asked != NULL && i < sizeof names / sizeof *names; i++) {
        if (weir_text_same(weir_text(asked), weir_text(names[i]))) {
            return (enum weir_level)i;
        }
    }
    return asked == NULL ? WEIR_TRACE : WEIR_INFO;
}

void weir_lambda_log(const struct weir_invocation *in, enum weir_level level, const char *format,
                     ...)
{
    static struct weir_buf line = {.bytes_max = LINE_BYTES_MAX};
    struct weir_text id = in == NULL ? WEIR_NONE : in->request_id;
    char message[MESSAGE_BYTES_MAX];
    char moment[WEIR_MOMENT_BYTES_MAX];
    const char *form = weir_env("AWS_LAMBDA_LOG_FORMAT");
    va_list args;

    if (level < level_min()) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    weir_moment_iso(weir_now_ms(), moment);
    weir_buf_clear(&line);
    if (form != NULL && weir_text_same(weir_text(form), WEIR_TEXT("JSON"))) {
        weir_json_add(&line, "{'timestamp':%s,'level':%s,'requestId':%t,'message':%s}\n", moment,
                      names[level], id, message);
    } else {
        weir_buf_printf(&line, "[%s]\t%s\t%.*s\t", names[level], moment, WEIR_ARG(id));
        weir_buf_add_c(&line, message);
        weir_buf_add(&line, "\n", 1);
    }
    for (size_t done = 0; done < line.bytes;) {
        ssize_t wrote = write(STDOUT_FILENO, line.at + done, line.bytes - done);
        if (wrote <= 0) {
            return;
        }
        done += (size_t)wrote;
    }
}
