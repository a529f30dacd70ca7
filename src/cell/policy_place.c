/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the statements of a policy stand in its text. The text is well-formed JSON already; only
 * quotes, brackets and line ends are looked at.
 */
#include "cell/policy_int.h"

struct place_scan {
    struct str text;       /* of the document */
    size_t at;             /* of the next byte */
    uint32_t line, column; /* of it, from 1 */
};

static void step(struct place_scan *scan)
{
    if (scan->text.at[scan->at++] == '\n') {
        scan->line++;
        scan->column = 1;
    } else {
        scan->column++;
    }
}

/* Over a string, from its quote to behind its quote; gives what is inside, as it is written. */
static struct str string_skip(struct place_scan *scan)
{
    size_t begin = scan->at + 1;

    step(scan);
    while (scan->at < scan->text.bytes && scan->text.at[scan->at] != '"') {
        if (scan->text.at[scan->at] == '\\' && scan->at + 1 < scan->text.bytes) {
            step(scan);
        }
        step(scan);
    }
    struct str inside = str_slice(scan->text, begin, scan->at);

    if (scan->at < scan->text.bytes) {
        step(scan);
    }
    return inside;
}

/* Depths: 1 inside the document, 2 inside a list of statements or a statement by itself. */
void policy_places(struct str text, struct policy_statement *statements, uint32_t count)
{
    struct place_scan scan = {text, 0, 1, 1};
    struct str member = STR_NONE;
    uint32_t found = 0;
    uint32_t depth = 0;
    uint32_t depth_of = 0; /* of the statement that is open; 0: none */

    while (scan.at < text.bytes && found < count) {
        struct policy_place *place = &statements[found].place;
        char c = text.at[scan.at];

        if (c == '"') {
            struct str inside = string_skip(&scan);

            member = depth == 1 ? inside : member;
            continue;
        }
        if (c == '{' && depth_of == 0 && depth > 0 && str_eq(member, STR("Statement"))) {
            place->begin_line = scan.line;
            place->begin_column = scan.column;
            depth_of = depth + 1;
        }
        depth += c == '{' || c == '[';
        step(&scan);
        if ((c == '}' || c == ']') && depth-- == depth_of) {
            place->end_line = scan.line;
            place->end_column = scan.column;
            depth_of = 0;
            found++;
        }
        member = depth == 1 && c == ',' ? STR_NONE : member;
    }
}
