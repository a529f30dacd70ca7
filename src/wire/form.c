/* SPDX-License-Identifier: Apache-2.0
 *
 * A posted form, byte by byte or in any pieces:
 *
 *   --BOUNDARY \r\n  Content-Disposition: form-data; name="key" \r\n  \r\n  value
 *   \r\n--BOUNDARY \r\n  …; name="file"; filename="a.txt" \r\n …  \r\n  content
 *   \r\n--BOUNDARY-- …
 *
 *   before ─boundary─→ its line ─→ head ─empty─→ body ─boundary─→ …
 *                         └ "--" ─→ end
 *
 * Rules
 *  1. The delimiter is a line end, two dashes and the boundary; no line end stands in the boundary,
 *     so what turns out not to be one can begin anew only at a carriage return.
 *  2. Only the part "file" is a file. Behind it parts are passed over; a second file is refused.
 *  3. Names and values of fields count against FORM_BYTES_MAX, lines of heads against their own.
 */
#include "wire/form.h"

#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>

const struct error FORM_MALFORMED = {"MalformedPOSTRequest", NULL, 400, false};
const struct error FORM_TOO_LARGE = {"MaxPostPreDataLengthExceededError", NULL, 400, false};
const struct error FORM_FILE_COUNT = {"IncorrectNumberOfFilesInPostRequest", NULL, 400, false};

#define BOUNDARY_BYTES_MAX 70 /* RFC 2046 */
#define LINE_BYTES_MAX 4096
#define HEAD_LINES_MAX 32

enum place { AT_BEFORE, AT_BOUNDARY_LINE, AT_HEAD, AT_FIELD, AT_FILE, AT_IGNORED, AT_END };

/* Where in text a field lies. */
struct span {
    uint32_t name_at, name_bytes;   /* lower case */
    uint32_t value_at, value_bytes; /* as sent */
};

struct form {
    enum place place;                     /* see above */
    char delimiter[BOUNDARY_BYTES_MAX + 4]; /* "\r\n--" and the boundary */
    size_t delimiter_bytes;               /* of it; 0: there is no boundary */
    size_t matched;                       /* bytes of it seen last */
    struct buf line;                      /* of a head, or behind a boundary */
    size_t head_lines;                    /* of this part */
    struct buf text;                      /* names and values, one after the other */
    struct span spans[FORM_FIELDS_MAX];   /* fields in it */
    struct http_header fields[FORM_FIELDS_MAX]; /* the same as texts, once the file begins */
    size_t count;                         /* of either */
    struct buf name;                      /* this part's; empty: none */
    struct buf filename;                  /* the file's */
    size_t files;                         /* parts called "file" */
};

static status malformed(struct why *why)
{
    return why_set(why, &FORM_MALFORMED,
                   "The body of your POST request is not well-formed multipart/form-data.");
}

static status too_large(struct why *why)
{
    return why_set(why, &FORM_TOO_LARGE,
                   "Your POST request fields preceding the upload file were too large.");
}

/* ---- parameters of a head's field ---- */

/* The value of name="value" (or name=value) among a field's parameters, quotes and backslashes off,
 * added to out. */
static bool parameter(struct str rest, struct str name, struct buf *out)
{
    while (rest.at != NULL && rest.bytes > 0) {
        size_t i = str_find(rest, ';', 0);
        size_t equals;

        rest = str_trim(str_slice(rest, i + 1, rest.bytes));
        equals = str_find(rest, '=', 0);
        bool is = str_eq_nocase(str_trim(str_slice(rest, 0, equals)), name);

        rest = str_trim(str_slice(rest, equals + 1, rest.bytes));
        if (rest.bytes == 0 || rest.at[0] != '"') {
            if (is) {
                buf_add(out, str_trim(str_slice(rest, 0, str_find(rest, ';', 0))));
                return true;
            }
            continue;
        }
        for (i = 1; i < rest.bytes && rest.at[i] != '"'; i++) {
            if (rest.at[i] == '\\' && i + 1 < rest.bytes &&
                (rest.at[i + 1] == '"' || rest.at[i + 1] == '\\')) {
                i++;
            }
            if (is) {
                buf_add_c(out, rest.at[i]);
            }
        }
        if (is) {
            return i < rest.bytes;
        }
        rest = str_slice(rest, i + 1, rest.bytes);
    }
    return false;
}

bool form_is(const struct http_request *request)
{
    return str_eq(request->method, STR("POST")) &&
           str_starts_nocase(http_header(request, STR("content-type")),
                             STR("multipart/form-data"));
}

struct form *form_new(struct str content_type)
{
    struct form *form = MEM_NEW(struct form);
    struct buf boundary;

    buf_init(&form->line, LINE_BYTES_MAX);
    buf_init(&form->text, FORM_BYTES_MAX);
    buf_init(&form->name, LINE_BYTES_MAX);
    buf_init(&form->filename, LINE_BYTES_MAX);
    buf_init(&boundary, BOUNDARY_BYTES_MAX);
    if (parameter(content_type, STR("boundary"), &boundary) && !buf_spent(&boundary) &&
        boundary.bytes > 0) {
        memcpy(form->delimiter, "\r\n--", 4);
        memcpy(form->delimiter + 4, boundary.at, boundary.bytes);
        form->delimiter_bytes = 4 + boundary.bytes;
        form->matched = 2; /* the first needs no line before it */
    }
    buf_done(&boundary);
    return form;
}

void form_free(struct form *form)
{
    if (form == NULL) {
        return;
    }
    buf_done(&form->line);
    buf_done(&form->text);
    buf_done(&form->name);
    buf_done(&form->filename);
    mem_free(form);
}

/* ---- parts ---- */

static void add_lower(struct buf *buf, struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        buf_add_c(buf, (char)(s.at[i] >= 'A' && s.at[i] <= 'Z' ? s.at[i] + 32 : s.at[i]));
    }
}

static void texts_of_spans(struct form *form)
{
    struct str all = buf_str(&form->text);

    for (size_t i = 0; i < form->count; i++) {
        const struct span *span = &form->spans[i];

        form->fields[i].name = str_slice(all, span->name_at, span->name_at + span->name_bytes);
        form->fields[i].value = str_slice(all, span->value_at, span->value_at + span->value_bytes);
    }
}

static status file_begins(struct form *form, const struct form_sink *sink, struct why *why)
{
    form->files++;
    if (form->files > 1) {
        return why_set(why, &FORM_FILE_COUNT,
                       "POST requires exactly one file upload per request.");
    }
    texts_of_spans(form);
    form->place = AT_FILE;
    return sink->begun(sink->arg, why);
}

static status field_begins(struct form *form, struct why *why)
{
    struct span *span = &form->spans[form->count];

    if (form->count == FORM_FIELDS_MAX) {
        return too_large(why);
    }
    form->count++;
    span->name_at = (uint32_t)form->text.bytes;
    add_lower(&form->text, buf_str(&form->name));
    span->name_bytes = (uint32_t)form->text.bytes - span->name_at;
    span->value_at = (uint32_t)form->text.bytes;
    span->value_bytes = 0;
    form->place = AT_FIELD;
    return buf_spent(&form->text) ? too_large(why) : OK;
}

/* Its head is over. */
static status part_begins(struct form *form, const struct form_sink *sink, struct why *why)
{
    bool is_file = str_eq_nocase(buf_str(&form->name), STR("file"));

    if (form->name.bytes == 0) {
        return malformed(why);
    }
    if (is_file) {
        return file_begins(form, sink, why);
    }
    if (form->files > 0) { /* rule 2 */
        form->place = AT_IGNORED;
        return OK;
    }
    return field_begins(form, why);
}

static status head_line(struct form *form, struct why *why)
{
    struct str line = buf_str(&form->line);
    struct str name = STR("content-disposition:");

    if (++form->head_lines > HEAD_LINES_MAX) {
        return malformed(why);
    }
    if (str_starts_nocase(line, name)) {
        buf_clear(&form->name);
        (void)parameter(line, STR("name"), &form->name);
        if (form->files == 0) {
            buf_clear(&form->filename);
            (void)parameter(line, STR("filename"), &form->filename);
        }
    }
    return OK;
}

/* A whole line, without its end. */
static status line_done(struct form *form, const struct form_sink *sink, struct why *why)
{
    struct str line = buf_str(&form->line);
    status done = OK;

    if (form->place == AT_BOUNDARY_LINE) {
        if (str_trim(line).bytes > 0) {
            return malformed(why);
        }
        form->place = AT_HEAD;
        form->head_lines = 0;
        buf_clear(&form->name);
    } else if (line.bytes == 0) {
        done = part_begins(form, sink, why);
    } else {
        done = head_line(form, why);
    }
    buf_clear(&form->line);
    return done;
}

static status feed_line(struct form *form, struct str *piece, const struct form_sink *sink,
                        struct why *why)
{
    size_t end = str_find(*piece, '\n', 0);

    buf_add(&form->line, str_slice(*piece, 0, end));
    if (form->place == AT_BOUNDARY_LINE && str_starts(buf_str(&form->line), STR("--"))) {
        form->place = AT_END;
        return OK;
    }
    if (buf_spent(&form->line)) {
        return malformed(why);
    }
    if (end == piece->bytes) {
        *piece = STR_NONE;
        return OK;
    }
    *piece = str_slice(*piece, end + 1, piece->bytes);
    if (form->line.bytes > 0 && form->line.at[form->line.bytes - 1] == '\r') {
        form->line.bytes--;
    }
    return line_done(form, sink, why);
}

/* ---- bodies ---- */

static status add_content(struct form *form, struct str piece, const struct form_sink *sink,
                          struct why *why)
{
    if (piece.bytes == 0) {
        return OK;
    }
    if (form->place == AT_FILE) {
        return sink->content(sink->arg, piece);
    }
    if (form->place == AT_FIELD) {
        buf_add(&form->text, piece);
        form->spans[form->count - 1].value_bytes += (uint32_t)piece.bytes;
        return buf_spent(&form->text) ? too_large(why) : OK;
    }
    return OK;
}

/* A delimiter may be under way: one more byte of it, or what it turned out to be. */
static status match(struct form *form, struct str *piece, const struct form_sink *sink,
                    struct why *why)
{
    size_t seen;

    while (piece->bytes > 0 && form->matched < form->delimiter_bytes &&
           piece->at[0] == form->delimiter[form->matched]) {
        form->matched++;
        *piece = str_slice(*piece, 1, piece->bytes);
    }
    if (form->matched == form->delimiter_bytes) {
        form->matched = 0;
        form->place = AT_BOUNDARY_LINE;
        return OK;
    }
    if (piece->bytes == 0) {
        return OK;
    }
    seen = form->matched;
    form->matched = 0;
    return add_content(form, str_of(form->delimiter, seen), sink, why);
}

static status feed_body(struct form *form, struct str *piece, const struct form_sink *sink,
                        struct why *why)
{
    size_t end;

    if (form->matched > 0) {
        TRY(match(form, piece, sink, why));
        if (form->place == AT_BOUNDARY_LINE || piece->bytes == 0) {
            return OK;
        }
    }
    end = str_find(*piece, '\r', 0);
    TRY(add_content(form, str_slice(*piece, 0, end), sink, why));
    *piece = str_slice(*piece, end, piece->bytes);
    if (piece->bytes > 0) {
        form->matched = 1;
        *piece = str_slice(*piece, 1, piece->bytes);
    }
    return OK;
}

status form_feed(struct form *form, struct str piece, const struct form_sink *sink,
                 struct why *why)
{
    if (form->delimiter_bytes == 0) {
        return malformed(why);
    }
    while (piece.bytes > 0 && form->place != AT_END) {
        if (form->place == AT_BOUNDARY_LINE || form->place == AT_HEAD) {
            TRY(feed_line(form, &piece, sink, why));
        } else {
            TRY(feed_body(form, &piece, sink, why));
        }
    }
    return OK;
}

status form_end(const struct form *form, struct why *why)
{
    if (form->place != AT_END) {
        return malformed(why);
    }
    if (form->files != 1) {
        return why_set(why, &FORM_FILE_COUNT,
                       "POST requires exactly one file upload per request.");
    }
    return OK;
}

size_t form_fields(const struct form *form, const struct http_header **ret_fields)
{
    assert(form->files > 0);
    *ret_fields = form->fields;
    return form->count;
}

struct str form_filename(const struct form *form)
{
    struct str name = buf_str(&form->filename);
    size_t from = name.bytes;

    while (from > 0 && name.at[from - 1] != '/' && name.at[from - 1] != '\\') {
        from--;
    }
    return str_slice(name, from, name.bytes);
}
