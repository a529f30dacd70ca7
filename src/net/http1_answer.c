/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 answers.
 *
 * Rules
 *   1. Answers leave in the order of their requests. Only the first in line writes to c->out; the
 *      others gather in x->out until they are first.
 *   2. An answer's length is the body's, or what the app declared with content-length; else an
 *      answer in pieces is chunked, and for HTTP/1.0 ends with the connection.
 *   3. HEAD, 204 and 304 have no body. For HEAD and 304 the app's own content-length stands.
 *   4. date, connection and transfer-encoding are net's: the app's are dropped (its date is kept).
 *      Control characters in values become spaces, so that no value can end its field.
 *   5. The connection ends behind an answer when the peer asked for that, when what follows on it
 *      could not be told from the body, and when the server stops.
 */
#include "net/http1_int.h"

#include "net/http1_parse.h"

#define FIXED_BYTES 256 /* status line, date, framing and connection fields */

static struct str reason_of(int status_code)
{
    switch (status_code) {
    case 200: return STR("200 OK");
    case 201: return STR("201 Created");
    case 202: return STR("202 Accepted");
    case 204: return STR("204 No Content");
    case 206: return STR("206 Partial Content");
    case 301: return STR("301 Moved Permanently");
    case 302: return STR("302 Found");
    case 303: return STR("303 See Other");
    case 304: return STR("304 Not Modified");
    case 307: return STR("307 Temporary Redirect");
    case 308: return STR("308 Permanent Redirect");
    case 400: return STR("400 Bad Request");
    case 401: return STR("401 Unauthorized");
    case 403: return STR("403 Forbidden");
    case 404: return STR("404 Not Found");
    case 405: return STR("405 Method Not Allowed");
    case 406: return STR("406 Not Acceptable");
    case 408: return STR("408 Request Timeout");
    case 409: return STR("409 Conflict");
    case 410: return STR("410 Gone");
    case 411: return STR("411 Length Required");
    case 412: return STR("412 Precondition Failed");
    case 413: return STR("413 Content Too Large");
    case 414: return STR("414 URI Too Long");
    case 415: return STR("415 Unsupported Media Type");
    case 416: return STR("416 Range Not Satisfiable");
    case 417: return STR("417 Expectation Failed");
    case 429: return STR("429 Too Many Requests");
    case 431: return STR("431 Request Header Fields Too Large");
    case 500: return STR("500 Internal Server Error");
    case 501: return STR("501 Not Implemented");
    case 502: return STR("502 Bad Gateway");
    case 503: return STR("503 Service Unavailable");
    case 504: return STR("504 Gateway Timeout");
    case 505: return STR("505 HTTP Version Not Supported");
    default: return STR_NONE;
    }
}

static bool is_first(const struct exchange *x)
{
    return x->conn->exchanges.next == &x->link;
}

static struct chain *chain_of(struct exchange *x)
{
    return is_first(x) ? &x->conn->out : &x->out;
}

static char *put(char *to, struct str s)
{
    memcpy(to, s.at, s.bytes);
    return to + s.bytes;
}

static char *put_u64(char *to, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    return put(to, str_of(digits + at, sizeof digits - at));
}

static char *put_field(char *to, const struct http_header *field)
{
    for (size_t i = 0; i < field->name.bytes; i++) {
        unsigned char lower = http_token[(unsigned char)field->name.at[i]];

        *to++ = lower != 0 ? (char)lower : '-';
    }
    *to++ = ':';
    *to++ = ' ';
    for (size_t i = 0; i < field->value.bytes; i++) {
        unsigned char c = (unsigned char)field->value.at[i];

        *to++ = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

/* What the app's own fields say about framing. */
struct framing {
    uint64_t length; /* declared, UINT64_MAX: not */
    bool has_date;   /* the app gave one */
};

/* Whether a field goes out as the app gave it. */
static bool is_plain(const struct http_header *field, struct framing *framing)
{
    switch (field->name.bytes) {
    case 4:
        framing->has_date |= str_eq_nocase(field->name, STR("date"));
        return true;
    case 10:
        return !str_eq_nocase(field->name, STR("connection")) &&
               !str_eq_nocase(field->name, STR("keep-alive"));
    case 14:
        if (str_eq_nocase(field->name, STR("content-length"))) {
            (void)str_to_u64(field->value, &framing->length);
            return false;
        }
        return true;
    case 17:
        return !str_eq_nocase(field->name, STR("transfer-encoding"));
    default:
        return true;
    }
}

static char *put_status(char *to, int status_code)
{
    struct str reason = reason_of(status_code);

    to = put(to, STR("HTTP/1.1 "));
    if (reason.bytes > 0) {
        to = put(to, reason);
    } else {
        to = put_u64(to, (unsigned)status_code, 10);
        *to++ = ' ';
    }
    return put(to, STR("\r\n"));
}

static char *put_connection(char *to, const struct exchange *x)
{
    if (x->close_after) {
        return put(to, STR("connection: close\r\n"));
    }
    if (x->version_10) {
        return put(to, STR("connection: keep-alive\r\n"));
    }
    return to;
}

/* Whether the connection has to end behind this answer. */
static bool ends_connection(const struct exchange *x)
{
    const struct connection *c = x->conn;

    if (x->close_after) {
        return true;
    }
    if (!x->complete && !http1_may_skip(c)) {
        return true;
    }
    return c->finishing && c->exchanges.prev == &x->link;
}

/* The head. *length is the body's, UINT64_MAX when not known; on return what was declared. */
static void write_head(struct exchange *x, const struct answer *a, uint64_t *length)
{
    struct chain *chain = chain_of(x);
    struct framing framing = {UINT64_MAX, false};
    size_t bound = FIXED_BYTES;
    char *start, *to;
    bool own_length;

    for (size_t i = 0; i < a->header_count; i++) {
        bound += a->headers[i].name.bytes + a->headers[i].value.bytes + 4;
    }
    start = bound <= CHUNK_BYTES ? chain_reserve(chain, bound) : arena_alloc(x->arena, bound);
    to = put_status(start, a->status_code);
    for (size_t i = 0; i < a->header_count; i++) {
        if (is_plain(&a->headers[i], &framing)) {
            to = put_field(to, &a->headers[i]);
        }
    }
    if (!framing.has_date) {
        to = put(to, net_loop_date(x->net));
    }
    own_length = framing.length != UINT64_MAX && (x->head_only || *length == UINT64_MAX);
    if (own_length) {
        *length = framing.length;
    }
    x->close_after |= *length == UINT64_MAX && x->version_10 && !x->head_only;
    x->close_after |= ends_connection(x);
    if (a->status_code == 204 || (a->status_code == 304 && !own_length)) {
        *length = 0;
    } else if (*length != UINT64_MAX) {
        to = put(to, STR("content-length: "));
        to = put_u64(to, *length, 10);
        to = put(to, STR("\r\n"));
    } else if (!x->version_10) {
        to = put(to, STR("transfer-encoding: chunked\r\n"));
    }
    to = put_connection(to, x);
    to = put(to, STR("\r\n"));
    assert((size_t)(to - start) <= bound);
    if (bound <= CHUNK_BYTES) {
        chain_used(chain, (size_t)(to - start));
    } else {
        chain_add(chain, str_of(start, (size_t)(to - start)));
    }
}

/* The whole answer was said. */
static void said(struct exchange *x)
{
    struct connection *c = x->conn;

    x->answered = true;
    conn_dirty(c);
    if (x->close_after && !x->complete) {
        /* What is left of the request belongs to nobody. */
        x->complete = true;
        c->unread = true;
        http1_discard(c);
    }
    if (c->blocked) {
        conn_hungry(c); /* paused no longer counts, the rest of the body is skipped; or the next
                         * head waited for this */
    }
    http1_advance(c);
}

void http1_answer(struct exchange *x, const struct answer *answer)
{
    uint64_t length = answer->body.bytes;
    struct chain *chain = chain_of(x);

    x->head_only |= answer->status_code == 204 || answer->status_code == 304;
    write_head(x, answer, &length);
    x->continue_due = false;
    if (!x->head_only && answer->body.bytes > 0) {
        if (answer->body.bytes < BORROW_BYTES_MIN) {
            chain_add(chain, answer->body);
        } else {
            chain_borrow(chain, &x->body_chunk, answer->body, x);
        }
    }
    said(x);
}

void http1_begin(struct exchange *x, const struct answer *answer)
{
    uint64_t length = UINT64_MAX;

    x->head_only |= answer->status_code == 204 || answer->status_code == 304;
    write_head(x, answer, &length);
    x->continue_due = false;
    x->answer_left = length;
    conn_dirty(x->conn);
}

static bool is_chunked(const struct exchange *x)
{
    return x->answer_left == UINT64_MAX && !x->version_10 && !x->head_only;
}

void http1_send(struct exchange *x, struct str piece)
{
    struct chain *chain = chain_of(x);

    conn_dirty(x->conn);
    if (x->head_only) {
        return;
    }
    if (is_chunked(x)) {
        char size[20];
        char *to = put_u64(size, piece.bytes, 16);

        to = put(to, STR("\r\n"));
        chain_add(chain, str_of(size, (size_t)(to - size)));
        chain_add(chain, piece);
        chain_add(chain, STR("\r\n"));
        return;
    }
    if (x->answer_left != UINT64_MAX) {
        assert(piece.bytes <= x->answer_left); /* the app promised no more */
        x->answer_left -= piece.bytes;
    }
    chain_add(chain, piece);
}

void http1_send_file(struct exchange *x, int fd, uint64_t offset, uint64_t bytes)
{
    if (x->head_only) {
        return;
    }
    assert(x->answer_left != UINT64_MAX); /* declared … */
    assert(bytes <= x->answer_left);      /* … and no more than that */
    x->answer_left -= bytes;
    if (!chain_add_file(chain_of(x), fd, offset, bytes)) {
        conn_kill(x->conn); /* no descriptor left: half an answer is out, nothing can be said */
        return;
    }
    conn_dirty(x->conn);
}

void http1_end(struct exchange *x)
{
    if (is_chunked(x)) {
        chain_add(chain_of(x), STR("0\r\n\r\n"));
    } else if (x->answer_left != UINT64_MAX && x->answer_left > 0 && !x->head_only) {
        /* Shorter than promised: only a broken connection says so. */
        x->answered = true;
        conn_kill(x->conn);
        return;
    }
    said(x);
}

size_t http1_backlog(const struct exchange *x)
{
    const struct connection *c = x->conn;

    return x->out.bytes + (is_first(x) ? c->out.bytes + c->wire.bytes : 0);
}

void http1_continue(struct connection *c)
{
    struct exchange *x = LINK_OWNER(c->exchanges.next, struct exchange, link);

    if (c->exchange_count > 0 && x->continue_due && !x->answered) {
        x->continue_due = false;
        chain_add(&c->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
        conn_dirty(c);
    }
}

void http1_advance(struct connection *c)
{
    while (c->exchange_count > 0) {
        struct exchange *x = LINK_OWNER(c->exchanges.next, struct exchange, link);
        bool last = x->close_after;

        chain_splice(&c->out, &x->out);
        if (!x->answered || !x->complete) {
            break;
        }
        exchange_over(x);
        if (last) {
            conn_last(c, c->in.bytes > 0);
            http1_discard(c);
            while (c->exchange_count > 0) {
                exchange_detach(LINK_OWNER(c->exchanges.next, struct exchange, link));
            }
            return;
        }
        if (c->blocked && !c->hungry) {
            conn_hungry(c); /* there is a place free in the pipeline */
        }
    }
    http1_continue(c);
}
