/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP requests as functions see them, and functions' answers as HTTP: what function URLs and HTTP
 * APIs share. Pure.
 *
 * Sources: "Invoking Lambda function URLs", "Request and response payloads", Lambda developer
 * guide; "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway developer guide.
 */
#ifndef WEIR_BUS_HTTP_EVENT_H
#define WEIR_BUS_HTTP_EVENT_H

#include "base/buf.h"
#include "net/http.h"
#include "wire/value.h"

#define HTTP_EVENT_BYTES_MAX (16u * 1024 * 1024)
#define HTTP_EVENT_QUERY_MAX 1000             /* pairs of a query; what is more is left out */
#define HTTP_ANSWER_HEADERS_MAX 56            /* of a function's answer; beside CORS's */
#define HTTP_PRELUDE_BYTES_MAX (16u * 1024)   /* of a streamed answer: status, fields, cookies */

struct http_pair {
    struct str name, value;      /* decoded */
};

/* What the event says of a request beside the request. */
struct http_event {
    const struct http_request *http; /* as it came */
    struct str route_key;        /* "GET /pets/{id}", "$default" */
    struct str stage;            /* "$default" */
    struct str path;             /* rawPath */
    struct str context_path;     /* requestContext's; STR_NONE: as path */
    struct str api;              /* its id */
    struct str host;             /* as it was called, without a port */
    struct str prefix;           /* first label of it */
    struct str request_id;       /* of the call */
    struct str trace;            /* X-Amzn-Trace-Id that it goes on with */
    struct str account;          /* the account that it says; "anonymous" */
    struct str authorizer;       /* JSON: who was let in; STR_NONE: nobody asked */
    const struct http_pair *parameters; /* of the path; NULL: none */
    size_t parameter_count;      /* of them */
    const struct http_pair *variables; /* of the stage; NULL: none */
    size_t variable_count;       /* of them */
    int64_t now_ms;              /* when */
    struct str head;             /* members of its own behind "version", with the comma */
    bool bodiless;               /* without a body: an authorizer's */
};

/* Payload format 2.0; STR_NONE: too large. */
struct str http_event_write(const struct http_event *event, struct arena *arena);

/* What a function's answer says. */
struct http_answer {
    int http;                    /* status */
    struct http_header headers[HTTP_ANSWER_HEADERS_MAX]; /* names in lower case */
    size_t header_count;         /* of them */
    struct str body;             /* decoded */
    bool bare;                   /* there was no statusCode: the body is the answer itself, which
                                  * who asked has to know for JSON */
    bool typed;                  /* it named its content-type itself */
};
/* A buffered answer: a structure with a statusCode, or the body itself. False: it is neither:
 * a bad gateway. */
bool http_answer_read(struct str json, struct arena *arena, struct http_answer *ret_answer);
/* A streamed answer's beginning; whether the prelude has come whole: *ret_bytes says where the body
 * begins. False with *ret_bytes 0: more is needed; with 1: it is none. */
bool http_prelude_read(struct str bytes, struct arena *arena, struct http_answer *ret_answer,
                       size_t *ret_bytes);

/* ---- pieces, for events of other formats ---- */

/* Bytes that may not be UTF-8, as a JSON string all the same. */
struct str http_readable(struct arena *arena, struct str s);
/* All values of the field at index, joined by commas; STR_NONE: its name came before already. */
struct str http_values(const struct http_request *http, size_t index, struct arena *arena);
/* Decoded pairs of a query in their order, names as often as they came; at most
 * HTTP_EVENT_QUERY_MAX. */
size_t http_query_pairs(struct str query, struct arena *arena, struct http_pair **ret_pairs);
/* In the order in which names came first, values of one name joined by commas. */
size_t http_query_joined(struct str query, struct arena *arena, struct http_pair **ret_pairs);
bool http_is_text(struct str content_type); /* a body of it travels as it is, not in base64 */
/* "name":"value", with the comma. */
void http_add_member(struct buf *text, const char *name, struct str value);
/* "name":"value", with a comma in front but for the first. */
void http_add_pair(struct buf *text, bool *first, struct str name, struct str value);
/* 12/Mar/2020:19:03:58 +0000 */
void http_add_clf_time(struct buf *text, int64_t moment_ms);
/* A field that could break the message it travels in is left out. */
void http_answer_add(struct http_answer *answer, struct str name, struct str value);
bool http_answer_status(const struct value *value, int *ret_http); /* 200 to 599 */

#endif
