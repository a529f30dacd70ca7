/* SPDX-License-Identifier: Apache-2.0
 *
 * What meets a request without knowing of calls: which route, texts with variables, throttling,
 * CORS. Pure.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_RUN_PURE_H
#define WEIR_SVC_APIGATEWAYV2_RUN_PURE_H

#include "bus/http_event.h"

#define RUN_SEGMENTS_MAX 64            /* of a path that routes are looked for */

/* ---- run_route.c ---- */

enum segment_kind { SEGMENT_TEXT, SEGMENT_PARAMETER, SEGMENT_GREEDY };

struct segment {
    struct str text;             /* the text, or the parameter's name */
    enum segment_kind kind;      /* greedy: this one and all behind it */
};

/* "GET /pets/{id}", compiled. */
struct route_key {
    struct str method;           /* "ANY": each; empty: it is $default */
    const struct segment *segments; /* of its path */
    size_t segment_count;        /* of them */
    bool slash;                  /* ends with one */
};
struct route_key route_key_read(struct str text, struct arena *arena);

/* A path cut into what routes look at: percent-decoded, without empty segments. */
struct route_path {
    struct str decoded;          /* whole, with its slashes as they came */
    struct str segments[RUN_SEGMENTS_MAX]; /* none is empty */
    size_t segment_count;        /* of them */
    bool slash;                  /* ends with one */
};
/* False: it is none, or one that may mean something else to whoever gets it: "." and "..", however
 * they are encoded, control characters, bytes that are no UTF-8. */
bool route_path_read(struct str raw, struct arena *arena, struct route_path *ret_path);
/* How well a key fits, bigger is more specific; 0: it does not. */
uint64_t route_fit(const struct route_key *key, struct str method, const struct route_path *path);
/* The parameters of a path that fits. */
size_t route_parameters(const struct route_key *key, const struct route_path *path,
                        struct arena *arena, struct http_pair **ret_pairs);

/* ---- run_text.c: "x ${request.header.a} $context.stage" ---- */

enum text_kind {
    TEXT_LITERAL,
    TEXT_HEADER, TEXT_QUERY, TEXT_PATH_PARAMETER, TEXT_PATH, TEXT_BODY, TEXT_BODY_AT,
    TEXT_CONTEXT, TEXT_STAGE_VARIABLE,
    TEXT_ANSWER_HEADER, TEXT_ANSWER_BODY, TEXT_ANSWER_BODY_AT,
};

struct text_piece {
    enum text_kind kind;         /* which */
    struct str text;             /* a literal; a name; a JSON path */
};

struct text {
    const struct text_piece *pieces; /* in order */
    size_t piece_count;          /* of them */
};
/* of_log: an access log's, where only $context.… is a variable. */
struct text text_read(struct str text, bool of_log, struct arena *arena);
/* A JSON path without its "$": ".a.b[0]['c']"; NULL: there is nothing. */
const struct value *text_json_at(const struct value *document, struct str path);

/* ---- run_limit.c: a token bucket ---- */

struct bucket {
    double rate;                 /* tokens a second; 0 with burst 0: nothing passes */
    double burst;                /* most it holds */
    double tokens;               /* there at at_ms */
    int64_t at_ms;               /* when */
    bool limited;                /* false: everything passes */
};
bool bucket_take(struct bucket *bucket, int64_t now_ms);

/* ---- run_cors.c ---- */

#define CORS_HEADERS_MAX 6
/* The answer's fields to a request with that origin; how many. cors: CorsConfiguration. */
size_t cors_headers(const struct value *cors, const struct http_request *http, bool preflight,
                    struct arena *arena, struct http_header *ret_headers);
bool cors_is_preflight(const struct http_request *http);
bool cors_is_own(struct str name); /* a header that the configuration answers for */

#endif
