/* SPDX-License-Identifier: Apache-2.0
 *
 * Small things about texts that more than one file needs.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include "weir_json.h"

/* A character in UTF-8; half a surrogate pair is U+FFFD. How many bytes. */
size_t weir_utf8_of(uint32_t character, char utf8[4]);

/* Bytes of the UTF-8 character at the beginning; 0: it is none. */
size_t weir_utf8_bytes(struct weir_text text);

/* A text's characters as they stand between the quotes of a JSON string; and with the quotes. */
void weir_json_add_escaped(struct weir_buf *out, struct weir_text text);
void weir_json_add_string(struct weir_buf *out, struct weir_text text);

/* %XX for all but unreserved characters and those in `safe`. */
void weir_uri_add(struct weir_buf *out, struct weir_text text, const char *safe);

/* Adds after a printf pattern. */
void weir_buf_printf(struct weir_buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Empties what is needed again; if it had failed, so has what it is for. */
static inline void weir_buf_again(struct weir_buf *buf, bool *failed)
{
    *failed = *failed || buf->failed;
    weir_buf_clear(buf);
}

/* Frees what was needed for a moment; if it had failed, so has what it was for. */
static inline void weir_buf_drop(struct weir_buf *buf, bool *failed)
{
    *failed = *failed || buf->failed;
    weir_buf_done(buf);
}

static inline void weir_buf_add_text(struct weir_buf *out, struct weir_text text)
{
    weir_buf_add(out, text.at, text.bytes);
}

static inline char weir_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char weir_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Whether texts are the same but for the case of ASCII letters. */
bool weir_text_same(struct weir_text one, struct weir_text other);
bool weir_text_eq(struct weir_text one, struct weir_text other);
bool weir_text_starts(struct weir_text text, const char *beginning);
bool weir_text_ends(struct weir_text text, const char *end);
struct weir_text weir_text_trim(struct weir_text text);

/* The part before a character; *rest becomes what is behind it, WEIR_NONE when it was not there. */
struct weir_text weir_text_split(struct weir_text *rest, char at);

#endif
