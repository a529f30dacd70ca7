/* SPDX-License-Identifier: Apache-2.0
 *
 * What this lab's functions share: the client, requests and answers of the HTTP API, event objects
 * as they come through topic and queue, and the checks of what comes from outside.
 */
#ifndef LAB_H
#define LAB_H

#include "weir_aws.h"
#include "weir_lambda.h"

#define LAB_REQUEST_BYTES_MAX ((size_t)4 << 20)

extern struct weir_aws *lab_aws;     /* the client */
extern const char *lab_table;        /* TABLE: cards, employees, buildings, scans, … */
extern const char *lab_store;        /* STORE: the bucket of event objects; NULL: not needed */
extern struct weir_buf lab_request;  /* to be filled for lab_call() */

/* Client, TABLE and STORE; then handles invocations. Gives main's result. */
int lab_run(weir_handler *handler);

/* ---- calls ---- */

/* Begins a request; lab_call() sends it. False: it failed, and the log says so, unless `expected`
 * is the error's code. */
struct weir_buf *lab_begin(void);
bool lab_call(const struct weir_invocation *in, const char *service, const char *operation,
              const char *expected, struct weir_aws_answer *ret_answer);
/* The code of a transaction's condition: "ConditionalCheckFailed", "None", … */
struct weir_text lab_cancelled(const struct weir_aws_answer *answer, int item);

enum lab_put { LAB_PUT, LAB_PUT_BEFORE, LAB_PUT_FAILED };
/* Puts an event object into the store, unless it is there: what is sent again changes nothing. */
enum lab_put lab_put_event(const struct weir_invocation *in, const char *key,
                           struct weir_text event);

/* ---- checks ---- */

/* A string without escapes; WEIR_NONE. */
struct weir_text lab_plain(struct weir_text document, const char *path);
/* Letters, digits and hyphens, 64 at most. */
bool lab_is_id(struct weir_text text);
/* "2026-12-01T08:12:33.123Z": so written moments sort as they follow one another. */
bool lab_is_moment(struct weir_text text);
/* "entry/2026/12/01/SCAN.json": where an event is. */
void lab_key(char to[160], const char *kind, struct weir_text moment, struct weir_text id);

/* ---- HTTP ---- */

/* The request's body as a document; WEIR_NONE: it is no JSON. */
struct weir_text lab_body(const struct weir_invocation *in);
void lab_answer(struct weir_invocation *in, int status, struct weir_text json);
/* Says no, with a word for programs and a sentence for people. */
void lab_refuse(struct weir_invocation *in, int status, const char *reason, const char *message);
/* Something behind did not work: the caller may try again. */
void lab_fail(struct weir_invocation *in);

/* ---- lists ---- */

/* What a client gives back for the next page: "next" of the answer, or nothing. */
void lab_add_start(struct weir_buf *request, const struct weir_invocation *in);
void lab_add_next(struct weir_buf *out, const struct weir_aws_answer *answer);
/* ,"name":"text" of an item's attribute, if it has it. */
void lab_add_text(struct weir_buf *out, struct weir_text item, const char *attribute);

/* ---- events ---- */

struct lab_event {
    struct weir_text key;  /* of the object */
    struct weir_text json; /* what it says */
    struct weir_text by;   /* who put it, as its metadata say; or nothing */
};

/* Hands each event object that a batch of messages tells of to take(). Messages whose event was
 * not taken come again, singly, and end in the dead-letter queue. */
typedef bool lab_taker(struct weir_invocation *in, const struct lab_event *event);
void lab_each_event(struct weir_invocation *in, lab_taker *take);

#endif
