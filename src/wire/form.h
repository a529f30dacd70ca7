/* SPDX-License-Identifier: Apache-2.0
 *
 * A form that a browser posts (multipart/form-data) with one file in it, taken off piece by piece:
 * the fields before the file are kept, the file's content is handed on as it comes, and what
 * follows the file is passed over, as S3 has it.
 *
 * Source: RFC 7578, RFC 2046 section 5.1; "POST Object", AWS documentation.
 */
#ifndef WEIR_WIRE_FORM_H
#define WEIR_WIRE_FORM_H

#include "base/error.h"
#include "net/http.h"

#define FORM_FIELDS_MAX 96
#define FORM_BYTES_MAX (20u * 1024) /* all fields before the file, S3's limit */

extern const struct error FORM_MALFORMED;  /* MalformedPOSTRequest, 400 */
extern const struct error FORM_TOO_LARGE;  /* MaxPostPreDataLengthExceededError, 400 */
extern const struct error FORM_FILE_COUNT; /* IncorrectNumberOfFilesInPostRequest, 400 */

/* Who takes it. Not OK ends the reading. */
struct form_sink {
    status (*begun)(void *arg, struct why *why);           /* the file begins: fields are whole */
    status (*content)(void *arg, struct str piece);        /* more of the file */
    void *arg;                                             /* first argument of both */
};

struct form;

/* POST, and its content type is a form's with files? */
bool form_is(const struct http_request *request);
/* content_type: the request's. Its boundary is looked at by the first feed. */
struct form *form_new(struct str content_type);
void form_free(struct form *form); /* takes NULL */

/* FORM_MALFORMED, FORM_TOO_LARGE, FORM_FILE_COUNT, or what the sink says. Not to be fed after. */
status form_feed(struct form *form, struct str piece, const struct form_sink *sink,
                 struct why *why);
/* There is no more: OK when the form was whole and had its file. */
status form_end(const struct form *form, struct why *why);

/* Once the file has begun: names in lower case, values as sent; they live as long as the form. */
size_t form_fields(const struct form *form, const struct http_header **ret_fields);
/* What the browser calls the file, without folders; empty: nothing. */
struct str form_filename(const struct form *form);

#endif
