/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 as bytes: heads and chunked bodies, without connections. Strict: what two readers might
 * understand differently is refused, see the rules in http1_parse.c and http1_chunk.c.
 */
#ifndef WEIR_NET_HTTP1_PARSE_H
#define WEIR_NET_HTTP1_PARSE_H

#include "base/arena.h"
#include "net/http.h"
#include "net/net_int.h"

/* Where the lines of a head end: offsets of their CR, the request line's first. */
struct head_lines {
    uint32_t count;                       /* lines, the empty one at the end not counted */
    uint32_t ends[HTTP_HEADERS_MAX + 1];  /* of each */
};

enum head_scan {
    HEAD_MORE,  /* not all of it is there */
    HEAD_WHOLE, /* *ret_bytes long, with the empty line */
    HEAD_WRONG, /* *ret_status_code says how */
};

/* Looks for a head's end from where h left off. After HEAD_WHOLE, h's place is reset. */
enum head_scan http1_scan(struct http1 *h, struct str bytes, struct head_lines *ret_lines,
                          size_t *ret_bytes, int *ret_status_code);

/* What a head says about framing and the connection. */
struct http1_head {
    uint64_t content_length;  /* 0 without the field */
    struct str settings;      /* http2-settings, as sent */
    bool has_length;          /* content-length was there */
    bool chunked;             /* transfer-encoding: chunked */
    bool version_10;          /* HTTP/1.0 */
    bool expects_continue;    /* expect: 100-continue */
    bool says_close;          /* connection: close */
    bool says_keep_alive;     /* connection: keep-alive */
    bool says_upgrade;        /* connection: upgrade */
    bool upgrade_h2c;         /* upgrade: h2c */
};

/* Reads a scanned head in place (names become lower case). 0, or the status code to refuse with. */
int http1_parse(struct arena *arena, char *head, const struct head_lines *lines,
                struct http_request *ret_request, struct http1_head *ret_head);

/* Cuts r->target into path and query (and authority, when it has one). 0 or a status code. */
int http_target(struct http_request *r);
/* Only characters that may stand in an authority. */
bool http_is_authority(struct str s);

/* Reads on to the next piece of data, the end (state CHUNK_DONE) or the end of bytes. Returns how
 * many were read; *ret_data is the piece. False in *ret_fine: not a chunked body. */
size_t chunk_read(struct chunk_reader *reader, struct str bytes, struct str *ret_data,
                  bool *ret_fine);

/* The lower case of a token's characters, 0 for all others. */
extern const unsigned char http_token[256];

#endif
