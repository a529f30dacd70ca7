/* SPDX-License-Identifier: Apache-2.0
 *
 * Access logs: a line for each request, to a log group or a delivery stream, in the entry of the
 * request's end. A variable that there is not is "-"; in a line that is JSON what would break its
 * string is escaped.
 */
#include "base/time.h"
#include "bus/sink.h"
#include "svc/apigatewayv2/run.h"

#define LINE_BYTES_MAX (64u * 1024)

/* As inside a JSON string; a line stays one. */
static void add_escaped(struct buf *line, struct str value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        unsigned char c = (unsigned char)value.at[i];

        if (c == '"' || c == '\\') {
            buf_add_c(line, '\\');
            buf_add_c(line, (char)c);
        } else if (c < 0x20) {
            buf_printf(line, "\\u%04x", c);
        } else {
            buf_add_c(line, (char)c);
        }
    }
}

static struct str line_of(struct call *c, struct meeting *meeting)
{
    const struct text *format = &meeting->plan->log_format;
    struct buf line;
    struct str made;

    buf_init(&line, LINE_BYTES_MAX);
    for (size_t i = 0; i < format->piece_count; i++) {
        const struct text_piece *piece = &format->pieces[i];

        if (piece->kind == TEXT_LITERAL) {
            buf_add(&line, piece->text);
            continue;
        }
        struct str value = meeting_context(c, meeting, piece->text);
        bool whole = str_eq(piece->text, STR("error.messageString"));

        if (value.bytes == 0) {
            buf_add_c(&line, '-');
        } else if (whole) {
            buf_add(&line, value);
        } else {
            add_escaped(&line, http_readable(c->arena, value));
        }
    }
    made = arena_dup(c->arena, buf_str(&line));
    buf_done(&line);
    return made;
}

void meeting_log(struct call *c, struct meeting *meeting)
{
    struct str target = meeting->plan->log_target;
    struct time_parts t = time_parts_of(c->now);
    struct bus_event event = {
        .target = target,
        .principal = STR("apigateway.amazonaws.com"),
        .account = meeting->live->account,
        .quiet = true,
    };

    if (str_find_str(target, STR(":log-group:")) < target.bytes) {
        if (str_ends(target, STR(":*"))) {
            target = str_slice(target, 0, target.bytes - 2);
        }
        event.target = arena_printf(c->arena, "%.*s:log-stream:%.*s/%.*s/%04d-%02d-%02d",
                                    STR_ARG(target), STR_ARG(meeting->live->api_id),
                                    STR_ARG(meeting->live->stage_name), t.year, t.month, t.day);
    }
    event.source = event.target;
    event.body = line_of(c, meeting);
    (void)bus_send(c, &event); /* a group that is gone gets nothing */
    c->why.text[0] = '\0';
}
