/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts, buffers and JSON, as handlers need them; weir_lambda.h and weir_aws.h bring this in.
 *
 * Reading takes no memory: a value is the piece of the document where it stands, and asking for
 * something in it reads that piece. What is not there, or not JSON, is WEIR_NONE, of which
 * everything else is WEIR_NONE again, so that one check at the end will do.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_JSON_DEPTH_MAX 128

/* Bytes that lie elsewhere; no NUL ends them. */
struct weir_text {
    const char *at; /* NULL: nothing */
    size_t bytes;   /* how many */
};

#define WEIR_NONE ((struct weir_text){NULL, 0})
#define WEIR_TEXT(literal) ((struct weir_text){"" literal, sizeof(literal) - 1})
#define WEIR_ARG(text) (int)(text).bytes, (text).at /* for printf's %.*s */

struct weir_text weir_text(const char *c);
bool weir_text_is(struct weir_text text, const char *c);

/* ---- buffers ---- */

/* Bytes that grow, up to a maximum. When memory or the maximum is reached, it has failed: what is
 * added after that is dropped, and `failed` says so until it is cleared. A NUL always follows. */
struct weir_buf {
    char *at;         /* NULL while nothing was added */
    size_t bytes;     /* how many there are */
    size_t room;      /* how many fit before it must grow */
    size_t bytes_max; /* how many there may be */
    bool failed;      /* something did not fit */
};

void weir_buf_init(struct weir_buf *buf, size_t bytes_max);
void weir_buf_done(struct weir_buf *buf);
void weir_buf_clear(struct weir_buf *buf); /* keeps the memory */
void weir_buf_add(struct weir_buf *buf, const void *bytes, size_t count);
void weir_buf_add_c(struct weir_buf *buf, const char *text);
/* Room for so many more bytes, to be written by the caller, who adds to `bytes`; NULL when it
 * failed. */
char *weir_buf_need(struct weir_buf *buf, size_t count);
struct weir_text weir_buf_text(const struct weir_buf *buf);

/* Base64: what blobs are in JSON. Decoding adds nothing and is false if the text is not base64. */
void weir_base64_add(struct weir_buf *buf, struct weir_text bytes);
bool weir_base64_decode(struct weir_buf *buf, struct weir_text text);

/* ---- reading ---- */

enum weir_json_kind {
    WEIR_JSON_NONE,
    WEIR_JSON_NULL,
    WEIR_JSON_BOOL,
    WEIR_JSON_NUMBER,
    WEIR_JSON_STRING,
    WEIR_JSON_ARRAY,
    WEIR_JSON_OBJECT
};

/* Whether it is one JSON value from end to end, no deeper than WEIR_JSON_DEPTH_MAX. */
bool weir_json_check(struct weir_text document);
enum weir_json_kind weir_json_kind(struct weir_text value);

/* weir_json_get(event, "Records[0].kinesis.data"): the value there. */
struct weir_text weir_json_get(struct weir_text document, const char *path);
/* A member by its name, which may have dots. */
struct weir_text weir_json_member(struct weir_text object, struct weir_text name);

/* One after the other:
 *     struct weir_json_each each = weir_json_each(weir_json_get(event, "Records"));
 *     while (weir_json_next(&each)) { … each.value … } */
struct weir_json_each {
    struct weir_text rest;  /* what comes after */
    struct weir_text key;   /* of an object: the member's name, a JSON string */
    struct weir_text value; /* the value */
    bool is_object;         /* whether there are keys */
};
struct weir_json_each weir_json_each(struct weir_text container);
bool weir_json_next(struct weir_json_each *each);

/* What a string says. Without escapes it is read in place; else it is put at the end of scratch,
 * and stays good until scratch changes. WEIR_NONE: it is no string. */
struct weir_text weir_json_string(struct weir_text value, struct weir_buf *scratch);
bool weir_json_string_is(struct weir_text value, const char *text);
/* A whole number that fits; or a string that is one, as DynamoDB and SQS have them. */
bool weir_json_int(struct weir_text value, int64_t *ret_number);
bool weir_json_double(struct weir_text value, double *ret_number);
bool weir_json_bool(struct weir_text value, bool *ret_bool);

/* ---- writing ---- */

/* Adds JSON after a pattern that looks like it, with ' for ":
 *
 *     weir_json_add(&out, "{'TableName':%s,'Item':{'id':{'S':%t},'n':{'N':'%d'}}}", name, id, 7);
 *
 *     %s const char *, a JSON string     %d int          %b int, true or false
 *     %t struct weir_text, the same      %l long long    %j struct weir_text that is JSON, as it is
 *     %v struct weir_text, in base64     %f double       %% a percent sign
 *
 * Between '…' texts are escaped, but have no quotes of their own: 'arn:aws:sns:%s:%s:cards'. A NULL
 * is null. Bytes that are not UTF-8 are replaced by U+FFFD. */
void weir_json_add(struct weir_buf *out, const char *pattern, ...);

#endif
