/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads HTTP/1.1's answers: a head, then a body of a given length, in chunks, or to the end. Head
 * and body lie one behind the other in one buffer; chunks are moved together there.
 */
#include "net.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#define READ_BYTES 16384u
#define HEAD_BYTES_MAX (64u << 10)
#define LINE_BYTES_MAX 4096u

static enum net_result read_more(struct weir_link *link, struct weir_buf *in, size_t wanted)
{
    size_t count = wanted < READ_BYTES ? READ_BYTES : wanted;
    char *to = weir_buf_need(in, count);
    ssize_t got;

    if (to == NULL) {
        return NET_TOO_LARGE;
    }
    do {
        got = link->tls != NULL ? link->tls->read(link->session, to, count)
                                : recv(link->fd, to, count, 0);
    } while (got < 0 && link->tls == NULL && errno == EINTR);
    if (got < 0) {
        return link->tls == NULL && (errno == EAGAIN || errno == EWOULDBLOCK) ? NET_TIMEOUT
                                                                              : NET_BROKEN;
    }
    in->bytes += (size_t)got;
    in->at[in->bytes] = '\0';
    return got == 0 ? NET_CLOSED : NET_OK;
}

/* ---- heads ---- */

bool weir_http_next(struct weir_text *rest, struct weir_text *ret_name, struct weir_text *ret_value)
{
    while (rest->at != NULL) {
        struct weir_text line = weir_text_split(rest, '\n');
        struct weir_text name = weir_text_split(&line, ':');
        if (line.at != NULL) {
            *ret_name = name;
            *ret_value = weir_text_trim(line);
            return true;
        }
    }
    return false;
}

struct weir_text weir_http_header(struct weir_text head, const char *name)
{
    struct weir_text wanted = weir_text(name);
    struct weir_text found;
    struct weir_text value;

    while (weir_http_next(&head, &found, &value)) {
        if (weir_text_same(found, wanted)) {
            return value;
        }
    }
    return WEIR_NONE;
}

/* "HTTP/1.1 200 OK": 200; 0: it is none. */
static int status_of(struct weir_text head)
{
    int status = 0;

    if (head.bytes < 12 || !weir_text_starts(head, "HTTP/1.") || head.at[8] != ' ') {
        return 0;
    }
    for (int i = 9; i < 12; i++) {
        if (head.at[i] < '0' || head.at[i] > '9') {
            return 0;
        }
        status = status * 10 + (head.at[i] - '0');
    }
    return status < 100 ? 0 : status;
}

/* Reads until the head's empty line; *ret_bytes: with it. */
static enum net_result read_head(struct weir_link *link, struct weir_buf *in, size_t *ret_bytes)
{
    size_t looked = 0;

    for (;;) {
        const char *end =
            in->bytes == 0 ? NULL : memmem(in->at + looked, in->bytes - looked, "\r\n\r\n", 4);
        if (end != NULL) {
            *ret_bytes = (size_t)(end - in->at) + 4;
            return NET_OK;
        }
        if (in->bytes > HEAD_BYTES_MAX) {
            return NET_BAD;
        }
        looked = in->bytes < 3 ? 0 : in->bytes - 3;
        enum net_result result = read_more(link, in, 0);
        if (result != NET_OK) {
            return result == NET_CLOSED && in->bytes > 0 ? NET_BROKEN : result;
        }
    }
}

/* ---- bodies ---- */

static enum net_result read_until(struct weir_link *link, struct weir_buf *in, size_t bytes)
{
    while (in->bytes < bytes) {
        enum net_result result = read_more(link, in, bytes - in->bytes);
        if (result != NET_OK) {
            return result == NET_CLOSED ? NET_BROKEN : result;
        }
    }
    return NET_OK;
}

/* The line at a place, without its end; *ret_next is behind it. */
static enum net_result read_line(struct weir_link *link, struct weir_buf *in, size_t at,
                                 size_t *ret_next)
{
    for (;;) {
        const char *end = at < in->bytes ? memmem(in->at + at, in->bytes - at, "\r\n", 2) : NULL;
        if (end != NULL) {
            *ret_next = (size_t)(end - in->at) + 2;
            return NET_OK;
        }
        if (in->bytes > at + LINE_BYTES_MAX) {
            return NET_BAD;
        }
        enum net_result result = read_more(link, in, 0);
        if (result != NET_OK) {
            return result == NET_CLOSED ? NET_BROKEN : result;
        }
    }
}

/* A chunk's length; false: it has none, or one that nobody has. */
static bool chunk_bytes(const char *at, const char *end, size_t *ret_bytes)
{
    size_t bytes = 0;
    const char *from = at;

    for (; at < end; at++) {
        char c = weir_lower(*at);
        size_t digit = c >= '0' && c <= '9' ? (size_t)(c - '0') : (size_t)(c - 'a' + 10);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            break;
        }
        if (bytes > SIZE_MAX / 64) {
            return false;
        }
        bytes = bytes * 16 + digit;
    }
    *ret_bytes = bytes;
    return at > from;
}

/* The body becomes one piece from `start` on. */
static enum net_result read_chunks(struct weir_link *link, struct weir_buf *in, size_t start,
                                   size_t *ret_bytes)
{
    size_t done = start;
    size_t at = start;
    size_t next;
    size_t bytes;

    for (;;) {
        enum net_result result = read_line(link, in, at, &next);
        if (result != NET_OK) {
            return result;
        }
        if (!chunk_bytes(in->at + at, in->at + next, &bytes) || bytes > in->bytes_max) {
            return NET_BAD;
        }
        if (bytes == 0) {
            break;
        }
        result = read_until(link, in, next + bytes + 2);
        if (result != NET_OK) {
            return result;
        }
        memmove(in->at + done, in->at + next, bytes);
        done += bytes;
        at = next + bytes + 2;
    }
    do { /* trailers, to the empty line */
        at = next;
        enum net_result result = read_line(link, in, at, &next);
        if (result != NET_OK) {
            return result;
        }
    } while (next > at + 2);
    *ret_bytes = done - start;
    return next == in->bytes ? NET_OK : NET_BAD;
}

static enum net_result read_to_end(struct weir_link *link, struct weir_buf *in)
{
    enum net_result result;

    do {
        result = read_more(link, in, 0);
    } while (result == NET_OK);
    return result == NET_CLOSED ? NET_OK : result;
}

static enum net_result read_body(struct weir_link *link, struct weir_buf *in, size_t head_bytes,
                                 struct weir_http_answer *answer)
{
    struct weir_text head = {in->at, head_bytes};
    struct weir_text length = weir_http_header(head, "content-length");
    int64_t bytes = -1;
    size_t body_bytes;
    enum net_result result;

    if (weir_text_same(weir_http_header(head, "transfer-encoding"), WEIR_TEXT("chunked"))) {
        result = read_chunks(link, in, head_bytes, &body_bytes);
    } else if (length.at != NULL) {
        if (!weir_json_int(length, &bytes) || bytes < 0) {
            return NET_BAD;
        }
        if ((uint64_t)bytes > in->bytes_max) {
            return NET_TOO_LARGE;
        }
        body_bytes = (size_t)bytes;
        result = read_until(link, in, head_bytes + body_bytes);
        answer->keeps = answer->keeps && in->bytes == head_bytes + body_bytes;
    } else {
        result = read_to_end(link, in);
        body_bytes = in->bytes - head_bytes;
        answer->keeps = false;
    }
    if (result == NET_OK) {
        answer->body = (struct weir_text){in->at + head_bytes, body_bytes};
    }
    return result;
}

enum net_result weir_http_read(struct weir_link *link, struct weir_buf *in, bool of_head,
                               struct weir_http_answer *ret_answer)
{
    struct weir_http_answer answer = {.status = 0};
    size_t head_bytes = 0;
    enum net_result result;

    weir_buf_clear(in);
    for (;;) {
        result = read_head(link, in, &head_bytes);
        if (result != NET_OK) {
            return result;
        }
        answer.head = (struct weir_text){in->at, head_bytes};
        answer.status = status_of(answer.head);
        if (answer.status == 0) {
            return NET_BAD;
        }
        if (answer.status >= 200) {
            break;
        }
        memmove(in->at, in->at + head_bytes, in->bytes - head_bytes); /* 100: the real one comes */
        in->bytes -= head_bytes;
    }
    answer.keeps =
        !weir_text_same(weir_http_header(answer.head, "connection"), WEIR_TEXT("close")) &&
        !weir_text_starts(answer.head, "HTTP/1.0");
    answer.body = (struct weir_text){in->at + head_bytes, 0};
    if (of_head || answer.status == 204 || answer.status == 304) {
        answer.keeps = answer.keeps && in->bytes == head_bytes;
    } else {
        result = read_body(link, in, head_bytes, &answer);
    }
    answer.head = (struct weir_text){in->at, head_bytes};
    *ret_answer = answer;
    return result;
}
