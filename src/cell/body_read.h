/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a streaming payload: what its header fields announce, taking off aws-chunked, summing,
 * and holding the outcome against the announcement. On any thread, one piece after the other; what
 * becomes of the content is the caller's.
 */
#ifndef WEIR_CELL_BODY_READ_H
#define WEIR_CELL_BODY_READ_H

#include "base/arena.h"
#include "cell/body.h"
#include "wire/form.h"
#include "wire/sigv4.h"

#define BODY_BYTES_MAX (UINT64_C(5) << 30) /* S3's: an object in one PUT, a part */

extern const struct error BODY_TOO_LARGE_S3;   /* EntityTooLarge, 400 */
extern const struct error BODY_NO_LENGTH;      /* MissingContentLength, 411 */
extern const struct error BODY_TRAILER;        /* MalformedTrailerError, 400 */
extern const struct error BODY_SLOW_DOWN;      /* SlowDown, 503 */

/* Of a request; its strings lie there. */
struct body_read {
    struct call_body body;       /* the outcome; bytes and blob are the caller's */
    struct sigv4_chunks *chunks; /* takes off aws-chunked; NULL: no chunks */
    const struct body_form *form; /* takes the content out of a form; NULL: no form */
    const struct http_request *head; /* whose fields announce; a form's own once it has begun */
    struct str trailer;          /* name of the field promised behind the content; STR_NONE */
    struct checksum md5;         /* being made */
    struct checksum sum;         /* the same, of body.kind */
    struct sha256_run *sha256;   /* the same; NULL: not wanted */
    struct str hash_sent;        /* x-amz-content-sha256, to be compared; STR_NONE: not wanted */
    uint64_t size_max;           /* of the content */
    char sum_text[64];           /* body.sum_sent, when a trailer brought it */
};

/* A browser's form: its fields are the head that announces the file in it. */
struct body_form {
    struct form *form;                  /* being read; the source's own */
    /* The fields are whole: what a client would have sent as header fields. On whichever thread
     * reads. */
    status (*begun)(void *arg, const struct http_request **ret_head, struct why *why);
    void *arg;                          /* its argument */
};

/* Where a body comes from. */
struct body_source {
    const struct http_request *request; /* its head */
    const struct sigv4 *sigv4;          /* as read from that */
    const struct sigv4_seed *seed;      /* of its signature; NULL: nothing is checked */
    const struct body_form *form;       /* the content is a form's file; NULL: it is not */
};

/* Whether content is taken out of what comes; else it is what comes. */
static inline bool body_is_wrapped(const struct body_read *read)
{
    return read->chunks != NULL || read->form != NULL;
}

/* Takes in what the fields announce. */
status body_read_begin(struct body_read *read, const struct body_source *source, struct why *why);
/* The next bytes as they came; content goes to sink as it becomes sure. Not after a failure. */
status body_read_take(struct body_read *read, struct str raw,
                      status (*sink)(void *arg, struct str plain), void *arg, struct why *why);
/* It has ended: body is complete, but for bytes and blob. */
status body_read_end(struct body_read *read, struct why *why);
/* Frees what is held; the body stays. */
void body_read_done(struct body_read *read);

/* A whole body in memory, its plain hash compared already; bytes lie in it or in the arena. */
status body_read_whole(const struct body_source *source, struct arena *arena, struct why *why,
                       struct call_body **ret_body);

/* The key of SSE-C's fields, if they hold one. */
bool body_cipher_key(const struct http_request *request, uint8_t ret_key[32]);

#endif
